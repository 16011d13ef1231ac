//! What Windows is asked beyond the standard library, and the only `unsafe` code for it: each call says what makes it sound.
//! Nothing is judged here: callers get texts and numbers, which code that is tested on every platform reads.

#![allow(unsafe_code)]

pub(crate) mod balloon;
pub(crate) mod certificates;
pub(crate) mod connections;
pub(crate) mod ending;
pub(crate) mod folders;
pub(crate) mod messages;
pub(crate) mod policy;
pub(crate) mod process;
pub(crate) mod rights;
pub(crate) mod session;
pub(crate) mod window;

use std::ffi::{OsStr, c_void};
use std::io;
use std::os::windows::ffi::OsStrExt;
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::core::BOOL;

/// A text as Windows reads it, with its NUL.
fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// What a function of Windows left in its thread's last error, where it said no.
fn done(said: BOOL) -> io::Result<()> {
    if said == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The same of the functions that return the error itself.
fn succeeded(error: u32) -> io::Result<()> {
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error.cast_signed()))
    }
}

/// Memory that Windows allocated for us, and wants back by `LocalFree`.
struct Local(*mut c_void);

impl Local {
    /// The text that stands there.
    ///
    /// # Safety
    /// The memory holds 16-bit words up to a NUL.
    unsafe fn text(&self) -> String {
        let start = self.0.cast::<u16>().cast_const();
        // SAFETY: the caller vouches for a NUL; nothing behind it is read, and `self` keeps the memory while the slice lives.
        let words = unsafe {
            let length = (0..).take_while(|at| *start.add(*at) != 0).count();
            std::slice::from_raw_parts(start, length)
        };
        String::from_utf16_lossy(words)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: it came from a function that says to free it so, and is freed once. NULL is allowed.
        unsafe { LocalFree(self.0) };
    }
}
