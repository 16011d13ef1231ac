//! What one process has at a time: a lock on a file, which the system releases when that process ends, however it does.

use super::owner::private;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Whether it was had.
#[derive(Debug)]
pub(crate) enum Sole {
    /// By us, for as long as this is kept.
    Ours(#[allow(dead_code)] Hold),
    /// Another has it.
    Taken,
}

/// Held until it is dropped; nothing where the file system knows no locks, or takes no file: nobody is kept out there.
#[derive(Debug)]
pub(crate) struct Hold(#[allow(dead_code)] Option<File>);

impl Sole {
    /// Takes it, or says that another has it; nobody is waited for.
    pub(crate) fn of(path: &Path) -> Self {
        // Not truncated: it is never written.
        let opened = private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path);
        let Ok(file) = opened else { return Self::Ours(Hold(None)) };
        match file.try_lock() {
            Ok(()) => Self::Ours(Hold(Some(file))),
            Err(TryLockError::WouldBlock) => Self::Taken,
            Err(TryLockError::Error(_)) => Self::Ours(Hold(None)),
        }
    }

    /// Whether somebody has it, without taking it.
    pub(crate) fn is_taken(path: &Path) -> bool {
        path.exists() && matches!(Self::of(path), Self::Taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let guard = tempfile::tempdir().unwrap();
        let path = guard.path().join("held");
        assert!(!Sole::is_taken(&path));
        let first = Sole::of(&path);
        assert!(matches!(first, Sole::Ours(_)) && Sole::is_taken(&path));
        assert!(matches!(Sole::of(&path), Sole::Taken));
        drop(first);
        assert!(matches!(Sole::of(&path), Sole::Ours(_)));
        assert!(
            matches!(Sole::of(&guard.path().join("none/held")), Sole::Ours(_)),
            "nobody is kept out"
        );
    }
}
