//! souspli-session.exe: begins the relay with the session of its user, without a console window. Built by scripts/windows; it is no
//! part of the program, which the command line wants as a console program.

#![windows_subsystem = "windows"]
#![warn(missing_docs)]

use std::os::windows::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// Begins `souspli.exe run` of its own folder, and ends with its status.
fn main() -> ExitCode {
    let status = std::env::current_exe().and_then(|own| {
        Command::new(own.with_file_name("souspli.exe"))
            .arg("run")
            .args(std::env::args_os().skip(1))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .creation_flags(CREATE_NO_WINDOW)
            .status()
    });
    match status.map(|status| status.success()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
