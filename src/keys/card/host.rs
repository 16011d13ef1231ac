//! The process that holds a PKCS#11 module: `souspli card-host MODULE`, begun by [`super::module`] and by nobody else.
//!
//! A module is somebody else's code in our memory. Where it crashes, this process ends; where it hangs, this process is ended; the
//! relay, its keys in memory and the other accounts do not notice. It asks nobody for anything and knows no account.

use super::token::Module;
use super::words::{self, Refused, Request, Said};
use std::fs::File;
use std::io;
use std::path::Path;

/// Answers requests from standard input until it ends.
pub fn serve(module: &Path) -> io::Result<()> {
    let mut out = standard_output()?;
    let mut input = standard_input()?;
    let mut loaded = Module::load(module);
    loop {
        let request: Request = match words::read(&mut input) {
            Ok(request) => request,
            // The relay has gone, or does not want this process any more.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let said: Said = match &mut loaded {
            Ok(module) => module.answer(&request),
            Err(why) => Err(Refused::clone(why)),
        };
        words::write(&mut out, &said)?;
    }
}

/// Unbuffered: a buffer would keep what was asked last, a PIN.
#[cfg(unix)]
pub(super) fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
pub(super) fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// For our words alone: what the module prints goes to standard error.
#[cfg(unix)]
pub(super) fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    let ours = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
    Ok(File::from(ours))
}

#[cfg(windows)]
pub(super) fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    let ours = io::stdout().as_handle().try_clone_to_owned()?;
    crate::windows::process::print_to_standard_error()?;
    Ok(File::from(ours))
}
