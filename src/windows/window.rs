//! A small window that asks for a PIN. Not the system's dialog for passwords: that one waits without end, and offers to remember.

use super::wide;
use crate::base::Secret;
use std::os::windows::ffi::OsStrExt;
use std::ptr;
use windows_sys::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    BS_DEFPUSHBUTTON, DLGTEMPLATE, DS_CENTER, DS_MODALFRAME, DS_SETFONT, DS_SETFOREGROUND, DialogBoxIndirectParamW, ES_AUTOHSCROLL,
    ES_PASSWORD, EndDialog, GetDlgItemTextW, GetWindowLongPtrW, IDCANCEL, IDOK, SendDlgItemMessageW, SetDlgItemTextW, SetForegroundWindow,
    SetTimer, SetWindowLongPtrW, WM_COMMAND, WM_INITDIALOG, WM_TIMER, WS_BORDER, WS_CAPTION, WS_CHILD, WS_EX_TOPMOST, WS_POPUP, WS_SYSMENU,
    WS_TABSTOP, WS_VISIBLE,
};
use zeroize::{Zeroize, Zeroizing};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    /// Above the window.
    pub(crate) title: &'a str,
    /// What is asked, and why; several lines.
    pub(crate) question: &'a str,
    /// Beside the field.
    pub(crate) label: &'a str,
    /// The button that says no.
    pub(crate) cancel: &'a str,
}

/// What the user did.
#[derive(Debug)]
pub(crate) enum Typed {
    /// What stands in the field.
    Text(Secret),
    /// He said no, or closed the window.
    Cancelled,
    /// Nothing, until the time was over.
    Nothing,
    /// This session shows no windows.
    NoWindow,
}

const FIELD: i32 = 100;
const NO_CONTROL: u16 = u16::MAX;
/// Where a dialog keeps what is the caller's (`DWLP_USER` of a 64-bit system).
const OURS: i32 = 16;
const EM_LIMITTEXT: u32 = 0x00c5;
const LATE: isize = 3;

/// What the window's procedure reads and writes.
struct State {
    typed: Zeroizing<Vec<u16>>,
    milliseconds: u32,
}

/// Shows the window, above all others, and waits; `characters` at most are taken.
pub(crate) fn ask(shown: Shown<'_>, characters: usize, seconds: u64) -> Typed {
    let template = template(shown);
    let mut state = State {
        typed: Zeroizing::new(vec![0; characters + 1]),
        milliseconds: u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX),
    };
    // SAFETY: the template is whole and aligned, and outlives the call; `state` does too, and only the window's own procedure, which
    // runs within this call on this thread, touches it meanwhile.
    let ended = unsafe {
        let template = template.as_ptr().cast::<DLGTEMPLATE>();
        DialogBoxIndirectParamW(
            ptr::null_mut(),
            template,
            ptr::null_mut(),
            Some(procedure),
            (&raw mut state) as LPARAM,
        )
    };
    match ended {
        ended if ended == IDOK as isize => {
            let end = state.typed.iter().position(|word| *word == 0).unwrap_or(0);
            Typed::Text(utf8(&state.typed[..end]))
        }
        ended if ended == IDCANCEL as isize => Typed::Cancelled,
        LATE => Typed::Nothing,
        _ => Typed::NoWindow,
    }
}

/// Never in a room that grows: what is left of a smaller one would not be wiped.
fn utf8(words: &[u16]) -> Secret {
    let mut octets = Vec::with_capacity(words.len() * 3);
    for c in char::decode_utf16(words.iter().copied()) {
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Secret::new(octets)
}

/// # Safety
/// Called by Windows for a window of [`ask`], whose `State` lives as long as the window.
unsafe extern "system" fn procedure(window: HWND, message: u32, what: WPARAM, more: LPARAM) -> isize {
    // SAFETY: `window` is the one that Windows calls about; the pointer is that of `ask`'s state.
    unsafe {
        match message {
            WM_INITDIALOG => {
                SetWindowLongPtrW(window, OURS, more);
                let state = &*(more as *const State);
                SendDlgItemMessageW(window, FIELD, EM_LIMITTEXT, state.typed.len() - 1, 0);
                SetTimer(window, 1, state.milliseconds, None);
                SetForegroundWindow(window);
                1
            }
            WM_COMMAND if what & 0xffff == IDOK as usize => {
                let state = GetWindowLongPtrW(window, OURS) as *mut State;
                if let Some(state) = state.as_mut() {
                    let room = i32::try_from(state.typed.len()).unwrap_or(0);
                    GetDlgItemTextW(window, FIELD, state.typed.as_mut_ptr(), room);
                    // The field's own copy is written over before it goes.
                    let nothing = vec![u16::from(b' '); state.typed.len()];
                    SetDlgItemTextW(window, FIELD, nothing.iter().copied().chain([0]).collect::<Vec<u16>>().as_ptr());
                }
                EndDialog(window, IDOK as isize);
                1
            }
            WM_COMMAND if what & 0xffff == IDCANCEL as usize => {
                SetDlgItemTextW(window, FIELD, wide("").as_ptr());
                EndDialog(window, IDCANCEL as isize);
                1
            }
            WM_TIMER => {
                EndDialog(window, LATE);
                1
            }
            _ => 0,
        }
    }
}

/// The window in the form that Windows reads: DLGTEMPLATE, then a DLGITEMTEMPLATE for each control, each at a multiple of 4 octets.
fn template(shown: Shown<'_>) -> Vec<u32> {
    const BUTTON: u16 = 0x0080;
    const EDIT: u16 = 0x0081;
    const STATIC: u16 = 0x0082;
    let mut words = Words(Vec::new());
    let style = DS_MODALFRAME as u32 | DS_CENTER as u32 | DS_SETFONT as u32 | DS_SETFOREGROUND as u32 | WS_POPUP | WS_CAPTION | WS_SYSMENU;
    let lines = u16::try_from(shown.question.lines().map(|line| 1 + line.len() / 60).sum::<usize>()).unwrap_or(8);
    let below = 12 + lines * 9;
    words.head(style, WS_EX_TOPMOST, 5, [0, 0, 260, below + 58]);
    // No menu, the class of dialogs, the title, the font.
    words.0.extend([0, 0]);
    words.text(shown.title);
    words.0.push(9);
    words.text("Segoe UI");
    words.control(STATIC, 0, [8, 8, 244, lines * 9], NO_CONTROL, shown.question);
    words.control(STATIC, 0, [8, below + 3, 84, 10], NO_CONTROL, shown.label);
    let field = WS_TABSTOP | WS_BORDER | ES_PASSWORD as u32 | ES_AUTOHSCROLL as u32;
    words.control(EDIT, field, [96, below, 100, 13], FIELD as u16, "");
    words.control(
        BUTTON,
        WS_TABSTOP | BS_DEFPUSHBUTTON as u32,
        [138, below + 30, 54, 15],
        IDOK as u16,
        "OK",
    );
    words.control(BUTTON, WS_TABSTOP, [198, below + 30, 54, 15], IDCANCEL as u16, shown.cancel);
    words.aligned()
}

struct Words(Vec<u16>);

impl Words {
    fn long(&mut self, value: u32) {
        self.0.extend([value as u16, (value >> 16) as u16]);
    }

    fn text(&mut self, text: &str) {
        self.0.extend(std::ffi::OsStr::new(text).encode_wide().chain([0]));
    }

    fn head(&mut self, style: u32, extended: u32, controls: u16, place: [u16; 4]) {
        self.long(style);
        self.long(extended);
        self.0.push(controls);
        self.0.extend(place);
    }

    fn control(&mut self, class: u16, style: u32, place: [u16; 4], number: u16, text: &str) {
        if self.0.len() % 2 == 1 {
            self.0.push(0);
        }
        self.long(style | WS_CHILD | WS_VISIBLE);
        self.long(0);
        self.0.extend(place);
        self.0.extend([number, 0xffff, class]);
        self.text(text);
        // Nothing of the control's own.
        self.0.push(0);
    }

    fn aligned(self) -> Vec<u32> {
        self.0
            .chunks(2)
            .map(|pair| u32::from(pair[0]) | u32::from(pair.get(1).copied().unwrap_or(0)) << 16)
            .collect()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.typed.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::UI::WindowsAndMessaging::{FindWindowW, PostMessageW};

    const SHOWN: Shown<'_> = Shown {
        title: "",
        question: "Code de la carte « Dr ESSAI »\nDERNIER ESSAI",
        label: "Code porteur (PIN) :",
        cancel: "Annuler",
    };

    /// Types into the window of this title as soon as it is there, and presses a button.
    fn answer(title: &'static str, typed: &'static str, button: i32) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            let title = wide(title);
            let window = loop {
                // SAFETY: a text with its NUL.
                let found = unsafe { FindWindowW(ptr::null(), title.as_ptr()) };
                if !found.is_null() {
                    break found;
                }
                std::thread::yield_now();
            };
            // SAFETY: the window waits for its user; the text has its NUL. The field comes a moment after the window.
            unsafe {
                while SetDlgItemTextW(window, FIELD, wide(typed).as_ptr()) == 0 {
                    std::thread::yield_now();
                }
                PostMessageW(window, WM_COMMAND, button as usize, 0);
            }
        })
    }

    #[test]
    fn what_is_typed_comes_back_and_a_no_is_a_no() {
        let user = answer("essai OK", "1234é", IDOK);
        let said = ask(
            Shown {
                title: "essai OK",
                ..SHOWN
            },
            64,
            60,
        );
        assert!(
            matches!(&said, Typed::Text(text) if text.expose() == "1234é".as_bytes()),
            "{said:?}"
        );
        user.join().unwrap();
        let user = answer("essai non", "1234", IDCANCEL);
        let said = ask(
            Shown {
                title: "essai non",
                ..SHOWN
            },
            64,
            60,
        );
        assert!(matches!(said, Typed::Cancelled), "{said:?}");
        user.join().unwrap();
    }

    #[test]
    fn nobody_is_waited_for_without_end() {
        let said = ask(
            Shown {
                title: "essai seul",
                ..SHOWN
            },
            64,
            1,
        );
        assert!(matches!(said, Typed::Nothing), "{said:?}");
    }
}
