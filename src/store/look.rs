//! One look at the disk for a stretch of work: who asks several times within it how a folder stands gets one answer.

use super::folder::FolderStamp;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What one stretch of work asks for, with room to spare; beyond, each question is a look of its own.
const HELD: usize = 16;

/// A look through which somebody is waited for, who types his PIN, is none any more behind that.
const LASTS: Duration = Duration::from_millis(100);

/// How often this process has written or removed something.
static WRITTEN: AtomicU64 = AtomicU64::new(0);
static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static HELD_HERE: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// What was seen of late, since the look began, and since this process wrote last.
struct Seen {
    number: u64,
    at: Instant,
    written: u64,
    folders: Vec<(PathBuf, FolderStamp)>,
}

impl Seen {
    fn nothing() -> Self {
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            at: Instant::now(),
            written: WRITTEN.load(Ordering::Acquire),
            folders: Vec::new(),
        }
    }
}

/// What the look that lives on this thread has seen and still holds.
fn held<T>(ask: impl FnOnce(&mut Seen) -> T) -> Option<T> {
    HELD_HERE.with_borrow_mut(|held| {
        let seen = held.as_mut()?;
        if seen.written != WRITTEN.load(Ordering::Acquire) || seen.at.elapsed() > LASTS {
            *seen = Seen::nothing();
        }
        Some(ask(seen))
    })
}

/// For as long as it lives, a moment at most, this thread asks the disk once how each folder stands. What this process changes
/// itself is seen at once; what others change meanwhile counts a moment later.
#[must_use]
pub struct Look {
    begun_here: bool,
    /// Another thread would not see it: it stays on this one, and lives across no `await`.
    stays: PhantomData<*const ()>,
}

impl Look {
    /// From here on; within another look it is that one.
    pub fn begin() -> Self {
        HELD_HERE.with_borrow_mut(|held| {
            let begun_here = held.is_none();
            held.get_or_insert_with(Seen::nothing);
            Self {
                begun_here,
                stays: PhantomData,
            }
        })
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        if self.begun_here {
            HELD_HERE.set(None);
        }
    }
}

/// How a folder stands: by the look that lives, or else as it is now.
pub(super) fn stamp(folder: &Path, now: impl FnOnce() -> FolderStamp) -> FolderStamp {
    let seen = held(|seen| seen.folders.iter().find(|(of, _)| of == folder).map(|(_, stamp)| *stamp));
    seen.flatten().unwrap_or_else(|| {
        let stamp = now();
        held(|seen| {
            if seen.folders.len() < HELD {
                seen.folders.push((folder.to_owned(), stamp));
            }
        });
        stamp
    })
}

/// Which look lives, for who remembers by himself what he saw; another one once this process has written.
pub(super) fn number() -> Option<u64> {
    held(|seen| seen.number)
}

/// Something was written or removed.
pub(super) fn forget() {
    WRITTEN.fetch_add(1, Ordering::AcqRel);
}

// Only a file's time can be set by the standard library on Windows.
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::atomic;
    use super::*;
    use std::fs::File;
    use std::time::SystemTime;

    fn settled(folder: &Path, seconds: u64) {
        let when = SystemTime::now() - Duration::from_secs(seconds);
        let set = File::open(folder).and_then(|folder| folder.set_modified(when));
        assert!(set.is_ok());
    }

    #[test]
    fn a_look_that_lasts_sees_what_others_have_changed() {
        let guard = tempfile::tempdir().unwrap();
        let folder = guard.path();
        settled(folder, 3600);
        let before = FolderStamp::of(folder);
        let _look = Look::begin();
        assert!(before.still_holds(folder));
        settled(folder, 1800);
        let end = Instant::now() + Duration::from_secs(9);
        while before.still_holds(folder) {
            assert!(Instant::now() < end);
        }
    }

    #[test]
    fn what_others_change_counts_from_the_next_look_on_and_what_we_change_at_once() {
        let guard = tempfile::tempdir().unwrap();
        let folder = guard.path();
        // Another test of this process may write just then, which ends what every look has seen.
        let one_look = || {
            settled(folder, 3600);
            let before = FolderStamp::of(folder);
            let look = Look::begin();
            let _ = before.still_holds(folder);
            settled(folder, 1800);
            let within = Look::begin();
            let is_one = before.still_holds(folder);
            drop(within);
            let is_one = is_one && before.still_holds(folder);
            drop(look);
            assert!(!before.still_holds(folder));
            is_one
        };
        assert!((0..1000).any(|_| one_look()));

        settled(folder, 3600);
        let before = FolderStamp::of(folder);
        let _look = Look::begin();
        assert!(before.still_holds(folder));
        atomic::write(&folder.join("own"), b"x").unwrap();
        assert!(!before.still_holds(folder));
        settled(folder, 3600);
        atomic::remove(&folder.join("own")).unwrap();
        assert!(!before.still_holds(folder));
    }
}
