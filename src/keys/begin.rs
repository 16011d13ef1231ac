//! Programs that Souspli begins beside itself.

use std::ffi::OsStr;
use std::process::Command;

/// To begin `program`. On Windows without a console: a doctor would see a black window come and go.
pub(crate) fn program(program: impl AsRef<OsStr>) -> Command {
    #[cfg_attr(not(windows), allow(unused_mut))]
    let mut command = Command::new(program);
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt;
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        command.creation_flags(CREATE_NO_WINDOW);
    }
    command
}
