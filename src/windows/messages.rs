//! A thread that waits for Windows' messages, and can be woken: the icon beside the clock lives on one.

use std::ptr;
use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, TranslateMessage, WM_APP,
};

/// The messages of the thread that made it.
#[derive(Debug)]
pub(crate) struct Turns {
    thread: u32,
}

impl Turns {
    /// Of this thread, which waits for them from now on.
    pub(crate) fn new() -> Self {
        let mut message = MSG::default();
        // SAFETY: `message` is ours to fill in. The look makes Windows give this thread a queue, so that nobody wakes it in vain.
        unsafe { PeekMessageW(&mut message, ptr::null_mut(), 0, 0, PM_NOREMOVE) };
        Self {
            // SAFETY: takes and changes nothing.
            thread: unsafe { GetCurrentThreadId() },
        }
    }

    /// Wakes that thread from any other.
    pub(crate) fn waker(&self) -> impl Fn() + Send + Sync + 'static {
        let thread = self.thread;
        move || {
            // SAFETY: takes values only. A thread that has ended is not woken, which Windows says and nobody needs to know.
            unsafe { PostThreadMessageW(thread, WM_APP, 0, 0) };
        }
    }

    /// Serves one message; whoever waits looks after each what has changed, for one that came while a menu was open is lost.
    pub(crate) fn wait(&self) {
        let mut message = MSG::default();
        // SAFETY: `message` is ours, filled in before it is read; windows of this thread are served on it.
        unsafe {
            if GetMessageW(&mut message, ptr::null_mut(), 0, 0) > 0 {
                TranslateMessage(&message);
                DispatchMessageW(&message);
            }
        }
    }
}
