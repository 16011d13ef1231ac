//! Standard output and standard error of a command. What was done is done, whether or not anybody reads about it.

use super::Failure;
use crate::text::{Why, command as say};
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Standard output. Writing never ends a command half way; what went wrong is told once, at the end.
#[derive(Default)]
pub(super) struct Out {
    failed: Option<io::Error>,
}

impl Out {
    /// A line.
    pub(super) fn line(&mut self, line: impl Display) {
        self.write(|out| writeln!(out, "{line}"));
    }

    /// Octets as they are.
    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.write(|out| out.write_all(octets));
    }

    fn write(&mut self, write: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>) {
        if self.failed.is_none() {
            let mut out = io::stdout().lock();
            self.failed = write(&mut out).and_then(|()| out.flush()).err();
        }
    }

    /// A reader who closes the pipe has seen what he wanted; that is no failure.
    pub(super) fn end(self) -> Result<(), Failure> {
        match self.failed {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(say::output(&Why::from(&error)).into()),
            _ => Ok(()),
        }
    }
}

/// A line on standard error. Nothing can be done about one that is closed.
pub(super) fn complain(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "souspli: {line}");
}
