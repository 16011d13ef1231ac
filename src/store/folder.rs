//! Folders, and files, that other processes may change: read again only when they have changed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// When a folder was last changed, as seen before it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FolderStamp {
    modified: Option<SystemTime>,
    settled: Settled,
}

/// Whether a later change is sure to have another time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Settled {
    Yes,
    #[default]
    No,
}

/// File systems keep times of 4 ms (ext4) to 2 s (FAT): two changes within that look like one.
const TICK: Duration = Duration::from_secs(2);

impl FolderStamp {
    /// Taken before the folder is read, so that a change during the reading is seen the next time.
    pub fn of(folder: &Path) -> Self {
        let found = fs::metadata(folder).and_then(|found| found.modified());
        // What is not there has no time; when it comes, it has one.
        let absent = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let modified = found.ok();
        let age = modified.and_then(|at| SystemTime::now().duration_since(at).ok());
        Self {
            modified,
            settled: if absent || age.is_some_and(|age| age > TICK) {
                Settled::Yes
            } else {
                Settled::No
            },
        }
    }

    /// True when nothing has changed since.
    pub fn still_holds(&self, folder: &Path) -> bool {
        self.settled == Settled::Yes && *self == Self::of(folder)
    }
}
