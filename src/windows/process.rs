//! Processes: whose they are; and what ours leaves behind where it fails.

use super::{Local, done};
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use windows_sys::Win32::Foundation::{FILETIME, HANDLE};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{
    CheckTokenMembership, CreateWellKnownSid, GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser, WinBuiltinAdministratorsSid,
};
use windows_sys::Win32::System::Console::{STD_OUTPUT_HANDLE, SetStdHandle};
use windows_sys::Win32::System::Diagnostics::Debug::{SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX, SetErrorMode};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

/// A process that is held: while it is, its number is nobody else's.
#[derive(Debug)]
pub(crate) struct Process(OwnedHandle);

impl Process {
    /// The process of this number, to ask whose it is. Another user's is refused, but to administrators.
    pub(crate) fn open(number: u32) -> io::Result<Self> {
        Self::open_to(number, PROCESS_QUERY_LIMITED_INFORMATION)
    }

    /// The same, to wait for its end, and to ask when it began.
    pub(super) fn open_to_wait(number: u32) -> io::Result<Self> {
        Self::open_to(number, PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION)
    }

    fn open_to(number: u32, access: u32) -> io::Result<Self> {
        // SAFETY: takes values only; what it returns is NULL or a handle that is ours to close.
        owned(unsafe { OpenProcess(access, 0, number) }).map(Self)
    }

    /// The security identifier of its user, as text (`S-1-5-21-…`).
    pub(crate) fn user(&self) -> io::Result<String> {
        let mut token: HANDLE = ptr::null_mut();
        // SAFETY: the process is held by `self`; `token` is ours to write to, and holds a handle of ours if it succeeds.
        done(unsafe { OpenProcessToken(self.0.as_raw_handle(), TOKEN_QUERY, &mut token) })?;
        let token = owned(token)?;
        // A TOKEN_USER and its identifier have 84 octets at most; words of eight octets, for the pointer in it.
        let mut room = [0_u64; 32];
        let mut used = 0;
        // SAFETY: `room` has as many octets as is said, aligned for TOKEN_USER; Windows writes no more.
        done(unsafe {
            GetTokenInformation(
                token.as_raw_handle(),
                TokenUser,
                room.as_mut_ptr().cast(),
                size_of_val(&room) as u32,
                &mut used,
            )
        })?;
        let mut text = ptr::null_mut();
        // SAFETY: Windows has filled `room` with a TOKEN_USER, whose identifier lies in `room` too; `text` is ours to write to.
        done(unsafe { ConvertSidToStringSidW((*room.as_ptr().cast::<TOKEN_USER>()).User.Sid, &mut text) })?;
        // SAFETY: it succeeded, so that `text` is a text with its NUL, to be freed by LocalFree.
        Ok(unsafe { Local(text.cast()).text() })
    }

    /// When it began, in steps of 100 nanoseconds.
    pub(super) fn began(&self) -> io::Result<u64> {
        let mut times = [FILETIME::default(); 4];
        let [began, ended, kernel, user] = &mut times;
        // SAFETY: the process is held by `self`; the four are ours to write to.
        done(unsafe { GetProcessTimes(self.0.as_raw_handle(), began, ended, kernel, user) })?;
        Ok(u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime))
    }

    /// Waits until it has ended; whether it has, by then.
    pub(super) fn has_ended_within(&self, time: std::time::Duration) -> bool {
        let time = u32::try_from(time.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: the handle is held by `self`. Zero is WAIT_OBJECT_0.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), time) == 0 }
    }
}

/// Whether this program runs as an administrator: with User Account Control, whether it was started as one.
pub(crate) fn is_administrator() -> io::Result<bool> {
    // A security identifier has 68 octets at most; words, for its alignment.
    let mut room = [0_u32; 17];
    let mut used = size_of_val(&room) as u32;
    let mut is_member = 0;
    // SAFETY: `room` has as many octets as is said, and holds an identifier after the first call succeeded; NULL is this program's own
    // token; `is_member` is ours to write to.
    unsafe {
        let administrators = room.as_mut_ptr().cast();
        done(CreateWellKnownSid(
            WinBuiltinAdministratorsSid,
            ptr::null_mut(),
            administrators,
            &mut used,
        ))?;
        done(CheckTokenMembership(ptr::null_mut(), administrators, &mut is_member))?;
    }
    Ok(is_member != 0)
}

/// The security identifier of this program's user.
pub(crate) fn own_user() -> io::Result<String> {
    Process::open(std::process::id())?.user()
}

/// No report of Windows' about a crash of this program, or of what it starts: it would hold keys, letters and PINs.
pub(crate) fn leave_no_reports() {
    // SAFETY: takes and returns a number.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX) };
}

/// From now on, what is printed in this process, also by modules in C, goes to standard error.
pub(crate) fn print_to_standard_error() -> io::Result<()> {
    let error = io::stderr();
    // SAFETY: the handle is the process's own standard error, which stays open as long as the process.
    done(unsafe { SetStdHandle(STD_OUTPUT_HANDLE, error.as_raw_handle()) })?;
    // SAFETY: takes two numbers. Where the C library has no such files it says so, and nothing can be printed to them.
    let _ = unsafe { libc::dup2(2, 1) };
    Ok(())
}

/// A handle that Windows has given us, NULL where it has not.
pub(super) fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: callers pass what a function has just returned to be closed by CloseHandle, and keep no copy.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
