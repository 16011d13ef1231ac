//! A notification, which Windows shows beside the icon that it belongs to.

use std::io;
use std::sync::atomic::{AtomicIsize, Ordering};
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::UI::Shell::{NIF_INFO, NIIF_INFO, NIIF_RESPECT_QUIET_TIME, NIM_MODIFY, NOTIFYICONDATAW, Shell_NotifyIconW};

/// The window of the icon; 0: there is none.
static WINDOW: AtomicIsize = AtomicIsize::new(0);
/// The first icon that the library makes in a process.
const FIRST: u32 = 1;

/// From now on notifications are those of the icon that has this window.
pub(crate) fn belong_to(window: HWND) {
    WINDOW.store(window as isize, Ordering::Release);
}

/// Shows one, in the user's quiet hours later.
pub(crate) fn show(title: &str, text: &str) -> io::Result<()> {
    let window = WINDOW.load(Ordering::Acquire);
    if window == 0 {
        return Err(io::ErrorKind::NotConnected.into());
    }
    let mut icon = NOTIFYICONDATAW {
        cbSize: size_of::<NOTIFYICONDATAW>() as u32,
        hWnd: window as HWND,
        uID: FIRST,
        uFlags: NIF_INFO,
        dwInfoFlags: NIIF_INFO | NIIF_RESPECT_QUIET_TIME,
        ..NOTIFYICONDATAW::default()
    };
    put(&mut icon.szInfoTitle, title);
    put(&mut icon.szInfo, text);
    // SAFETY: the structure is whole and says its own size; a window that has gone is refused.
    match unsafe { Shell_NotifyIconW(NIM_MODIFY, &icon) } {
        0 => Err(io::ErrorKind::NotFound.into()),
        _ => Ok(()),
    }
}

/// What has room, with its NUL, and no half of a character.
fn put(room: &mut [u16], text: &str) {
    let mut at = 0;
    for c in text.chars() {
        let mut words = [0; 2];
        let words = c.encode_utf16(&mut words);
        if at + words.len() >= room.len() {
            break;
        }
        room[at..at + words.len()].copy_from_slice(words);
        at += words.len();
    }
    room[at] = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_left_out_whole() {
        let mut room = [7; 4];
        put(&mut room, "ab😀");
        assert_eq!(room[..3], [u16::from(b'a'), u16::from(b'b'), 0]);
        put(&mut room, "abcdef");
        assert_eq!(room, [u16::from(b'a'), u16::from(b'b'), u16::from(b'c'), 0]);
    }
}
