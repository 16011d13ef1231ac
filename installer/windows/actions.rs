//! souspli-actions.dll: what the installer has done by the program and wants told in its own log, which a program cannot write to. Built
//! by scripts/windows; it is no part of what is installed.

#![warn(missing_docs)]

use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};

const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const INSTALLMESSAGE_INFO: u32 = 0x0400_0000;
/// Words of a path, with its NUL.
const PATH_MAX: u32 = 32_768;

#[link(name = "msi")]
unsafe extern "system" {
    fn MsiGetPropertyW(install: u32, name: *const u16, value: *mut u16, length: *mut u32) -> u32;
    fn MsiCreateRecord(fields: u32) -> u32;
    fn MsiRecordSetStringW(record: u32, field: u32, value: *const u16) -> u32;
    fn MsiProcessMessage(install: u32, kind: u32, record: u32) -> i32;
    fn MsiCloseHandle(handle: u32) -> u32;
}

/// Takes away everybody's home. The installer, which calls it, goes on whatever becomes of them: each is told in its log.
#[unsafe(no_mangle)]
pub extern "system" fn RemoveHomes(install: u32) -> u32 {
    let asked = Command::new(program(install))
        .arg("remove-homes")
        .stdin(Stdio::null())
        .creation_flags(CREATE_NO_WINDOW)
        .output();
    match asked {
        Ok(done) => {
            for line in [done.stdout, done.stderr].iter().flat_map(|said| String::from_utf8_lossy(said).lines().map(str::to_owned).collect::<Vec<_>>()) {
                tell(install, &line);
            }
        }
        Err(error) => tell(install, &format!("REMOVEHOMES: aucun dossier n'a été retiré / no home was removed ({error})")),
    }
    0
}

/// The path of souspli.exe, which the installer gives this action.
fn program(install: u32) -> String {
    let mut room = vec![0; PATH_MAX as usize];
    let mut length = PATH_MAX;
    let name = wide("CustomActionData");
    // SAFETY: `name` is a text with its NUL; `room` has `length` words, and no more are written.
    let failed = unsafe { MsiGetPropertyW(install, name.as_ptr(), room.as_mut_ptr(), &mut length) };
    if failed == 0 { String::from_utf16_lossy(&room[..length as usize]) } else { String::new() }
}

fn tell(install: u32, line: &str) {
    let (form, line) = (wide("Souspli: [1]"), wide(line));
    // SAFETY: both are texts with their NUL; the record is ours, has that field, and is closed once.
    unsafe {
        let record = MsiCreateRecord(1);
        MsiRecordSetStringW(record, 0, form.as_ptr());
        MsiRecordSetStringW(record, 1, line.as_ptr());
        MsiProcessMessage(install, INSTALLMESSAGE_INFO, record);
        MsiCloseHandle(record);
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
