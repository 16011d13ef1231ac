//! A journal that is damaged: set aside under another name, for whoever can still read something in it, and forgotten in time.

use super::file::Stamp;
use super::{cut, file};
use crate::base::UnixTime;
use crate::store::{Home, StoreError, hex};
use aws_lc_rs::rand;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// What names of such files begin with, and those of lines that could not be taken over.
pub(super) const DAMAGED: &str = "journal.damaged-";
pub(super) const UNREAD: &str = "journal.unread-";

/// Gives the damaged file another name, which is returned; a file that somebody has made in its place meanwhile keeps its own.
pub(super) fn set_aside(home: &Home, damaged: Option<Stamp>) -> Result<Option<String>, StoreError> {
    let path = home.journal();
    let _lock = home.lock()?;
    let name = format!("{DAMAGED}{}.sqlite", unique().map_err(StoreError::write(&path))?);
    if damaged.is_some_and(|damaged| file::stamp_of(&path).is_ok_and(|now| now != damaged)) {
        return Ok(None);
    }
    let beside = |end: &str| (beside(&path, end), home.root().join(format!("{name}{end}")));
    // What the log holds belongs to it; the shared memory is nobody's.
    for (from, to) in [beside(""), beside("-wal")] {
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StoreError::write(&from)(error)),
            _ => {}
        }
    }
    let _ = fs::remove_file(self::beside(&path, "-shm"));
    Ok(Some(name))
}

/// Removes what was set aside longer ago than the journal is kept. What cannot be removed now is tried again tomorrow.
pub(super) fn forget(home: &Home, months: u32, now: UnixTime) {
    let limit = u64::try_from(cut::limit(months, now).0).unwrap_or_default();
    let old = |path: &Path| {
        let modified = fs::metadata(path).and_then(|found| found.modified());
        modified.is_ok_and(|at| at < UNIX_EPOCH + Duration::from_secs(limit))
    };
    for entry in fs::read_dir(home.root()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if (name.starts_with(DAMAGED) || name.starts_with(UNREAD)) && old(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// For a name that no other file has.
pub(super) fn unique() -> io::Result<String> {
    let mut bytes = [0; 6];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(hex::encode(&bytes))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
