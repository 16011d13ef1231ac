//! Folders, and files, that other processes may change: read again only when they have changed.

use super::look;
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

/// Two changes within one tick of the clock by which a file system writes its times look like one: 4 to 16 ms where it keeps
/// parts of a second (ext4, NTFS, APFS), whole seconds where it does not (2 s on FAT).
const TICK: Duration = Duration::from_millis(100);
const TICK_OF_WHOLE_SECONDS: Duration = Duration::from_secs(2);

impl FolderStamp {
    /// Taken before the folder is read, so that a change during the reading is seen the next time.
    pub fn of(folder: &Path) -> Self {
        Self::seen(folder, SystemTime::now)
    }

    fn seen(folder: &Path, now: impl FnOnce() -> SystemTime) -> Self {
        let found = fs::metadata(folder).and_then(|found| found.modified());
        // What is not there has no time; when it comes, it has one.
        let absent = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let modified = found.ok();
        let age = modified.and_then(|at| now().duration_since(at).ok());
        Self {
            modified,
            settled: if absent || age.zip(modified).is_some_and(|(age, at)| age > tick(at)) {
                Settled::Yes
            } else {
                Settled::No
            },
        }
    }

    /// True when nothing has changed since, as the look that lives has it.
    pub fn still_holds(&self, folder: &Path) -> bool {
        self.settled == Settled::Yes && *self == look::stamp(folder, || Self::of(folder))
    }
}

/// How long after `at` a change may bear the same time. A whole second may be one by chance: it is only read once more then.
fn tick(at: SystemTime) -> Duration {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if since.subsec_nanos() == 0 { TICK_OF_WHOLE_SECONDS } else { TICK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_trusted_once_no_change_can_bear_it_again() {
        let guard = tempfile::tempdir().unwrap();
        let path = guard.path().join("file");
        let file = fs::File::create(&path).unwrap();
        let now = SystemTime::now();
        let whole = now - Duration::from_nanos(now.duration_since(SystemTime::UNIX_EPOCH).unwrap().subsec_nanos().into());
        for (modified, holds) in [
            (now + Duration::from_secs(9), false),
            (now, false),
            (now - Duration::from_millis(500) + Duration::from_nanos(100), true),
            (whole - Duration::from_secs(1), false),
            (whole - Duration::from_secs(3), true),
        ] {
            file.set_modified(modified).unwrap();
            // By the clock of the table: a computer at work takes longer than a tick from row to row.
            let stamp = FolderStamp::seen(&path, || now);
            assert_eq!(stamp.still_holds(&path), holds, "{modified:?}");
            file.set_modified(modified - Duration::from_secs(60)).unwrap();
            assert!(!stamp.still_holds(&path));
        }
        let absent = guard.path().join("absent");
        assert!(FolderStamp::of(&absent).still_holds(&absent));
    }
}
