//! The end of the user's session. Windows tells a program that has windows so by a message, and no other way (`SetConsoleCtrlHandler`);
//! once it has been answered the program is killed.

use super::{done, wide};
use std::io;
use std::ptr;
use std::thread;
use std::time::Duration;
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::Shutdown::{ShutdownBlockReasonCreate, ShutdownBlockReasonDestroy};
use windows_sys::Win32::System::Threading::SetProcessShutdownParameters;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DispatchMessageW, GWLP_USERDATA, GetMessageW, GetWindowLongPtrW, MSG, RegisterClassW,
    SetWindowLongPtrW, WM_ENDSESSION, WM_QUERYENDSESSION, WNDCLASSW, WS_POPUP,
};

/// After the mail programs, which send as they end: theirs is 0x280, and below 0x100 is the system's.
const AFTER_OTHERS: u32 = 0x1ff;
const CLASS: &str = "Souspli.session";

/// What the window's procedure reads.
struct State<'a> {
    why: Vec<u16>,
    told: &'a dyn Fn(),
    patience: Duration,
}

/// Waits on this thread, for as long as the program runs. `told` is called when the session ends; then the program has `patience` to
/// end by itself. `why` is what the user reads meanwhile.
pub(crate) fn wait_for_end(why: &str, patience: Duration, told: &dyn Fn()) -> io::Result<()> {
    // SAFETY: takes numbers.
    done(unsafe { SetProcessShutdownParameters(AFTER_OTHERS, 0) })?;
    let why = wide(why);
    let state = State { why, told, patience };
    let window = window()?;
    // SAFETY: the window is ours and of this thread. Its procedure, which alone reads `state`, runs within the calls below only, and this
    // function does not end before they do; `message` is ours to write to.
    unsafe {
        SetWindowLongPtrW(window, GWLP_USERDATA, (&raw const state) as isize);
        let mut message = MSG::default();
        while GetMessageW(&mut message, ptr::null_mut(), 0, 0) > 0 {
            DispatchMessageW(&message);
        }
        SetWindowLongPtrW(window, GWLP_USERDATA, 0);
    }
    Ok(())
}

/// One that is never shown; not one for messages only, which is not told.
fn window() -> io::Result<HWND> {
    let name = wide(CLASS);
    let class = WNDCLASSW {
        lpfnWndProc: Some(procedure),
        lpszClassName: name.as_ptr(),
        ..WNDCLASSW::default()
    };
    // SAFETY: `name` is a text with its NUL and outlives both calls; the class is whole.
    let window = unsafe {
        RegisterClassW(&class);
        let (none, nothing) = (ptr::null_mut(), ptr::null());
        CreateWindowExW(0, name.as_ptr(), name.as_ptr(), WS_POPUP, 0, 0, 0, 0, none, none, none, nothing)
    };
    if window.is_null() {
        Err(io::Error::last_os_error())
    } else {
        Ok(window)
    }
}

/// # Safety
/// Called by Windows for a window of [`wait_for_end`], whose `State` lives as long as its messages are read.
unsafe extern "system" fn procedure(window: HWND, message: u32, what: WPARAM, more: LPARAM) -> LRESULT {
    // SAFETY: `window` is the one that Windows calls about; the pointer is NULL or that of a living `State`.
    unsafe {
        let state = (GetWindowLongPtrW(window, GWLP_USERDATA) as *const State<'_>).as_ref();
        match (message, state) {
            (WM_QUERYENDSESSION, Some(state)) => {
                // Without it Windows waits five seconds. Where that fails, it does.
                ShutdownBlockReasonCreate(window, state.why.as_ptr());
                1
            }
            (WM_ENDSESSION, Some(_)) if what == 0 => {
                ShutdownBlockReasonDestroy(window);
                0
            }
            (WM_ENDSESSION, Some(state)) => {
                (state.told)();
                // Its answer is the end of the program, from which this thread is not spared.
                thread::park_timeout(state.patience);
                0
            }
            _ => DefWindowProcW(window, message, what, more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use windows_sys::Win32::UI::WindowsAndMessaging::{FindWindowW, SendMessageW};

    #[test]
    fn the_end_of_a_session_is_told_and_one_that_goes_on_is_not() {
        let (give, told) = mpsc::channel();
        thread::spawn(move || {
            wait_for_end("essai", Duration::ZERO, &|| give.send(()).unwrap()).unwrap();
        });
        let name = wide(CLASS);
        let window = loop {
            // SAFETY: a text with its NUL.
            let found = unsafe { FindWindowW(name.as_ptr(), ptr::null()) };
            // SAFETY: a window of this program, or NULL.
            if !found.is_null() && unsafe { GetWindowLongPtrW(found, GWLP_USERDATA) } != 0 {
                break found;
            }
            thread::yield_now();
        };
        // SAFETY: numbers to a window of this program.
        let say = |message, what| unsafe { SendMessageW(window, message, what, 0) };
        assert_eq!(say(WM_QUERYENDSESSION, 0), 1);
        say(WM_ENDSESSION, 0);
        assert!(told.try_recv().is_err(), "somebody else has said no");
        assert_eq!(say(WM_QUERYENDSESSION, 0), 1);
        say(WM_ENDSESSION, 1);
        assert!(told.try_recv().is_ok());
    }
}
