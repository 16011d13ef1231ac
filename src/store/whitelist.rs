//! The liste blanche as it is kept: the last good copy, replaced whole or not at all.

use super::{Home, StoreError, atomic};
use crate::base::limits::{WHITELIST_FILE_MAX, WHITELIST_SHRINK_PERCENT};
use crate::base::{Domain, UnixTime};
use crate::directory::whitelist::Whitelist;
use crate::text::{Explain, Explanation, whitelist as words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A list and where it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptList {
    /// Its domains.
    pub domains: Arc<BTreeSet<Domain>>,
    /// When its keeper made it, in the keeper's words.
    pub generated: String,
    /// When it was taken in.
    pub taken: UnixTime,
    /// The file, or the host that was asked.
    pub origin: String,
}

/// Why a list does not take the place of the one that is kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It has lost more domains than a day can take away.
    #[error("{given} domains in place of {held}")]
    Shrunk {
        /// Domains of the one that is kept.
        held: usize,
        /// Domains of the new one.
        given: usize,
    },
    /// It cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for NotKept {
    fn explain(&self) -> Explanation {
        match self {
            NotKept::Shrunk { held, given } => words::shrunk(*held, *given),
            NotKept::Store(error) => error.explain(),
        }
    }
}

/// Whether a list that has shrunk is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shrunk {
    /// The one that is kept stays.
    Refused,
    /// Whoever gives it answers for it.
    Taken,
}

/// The list of a home, read again when it has changed.
#[derive(Debug)]
pub struct WhitelistFile {
    path: PathBuf,
    held: Mutex<Option<(Stamp, Option<KeptList>)>>,
}

/// A rename makes another file: time and length would do, were there no clocks that stand still.
type Stamp = (Option<SystemTime>, u64, u64);

#[derive(Serialize, Deserialize)]
struct OnDisk {
    generated: String,
    taken: i64,
    origin: String,
    domains: Vec<String>,
}

impl KeptList {
    /// A list that was just read.
    pub fn of(list: Whitelist, taken: UnixTime, origin: &str) -> Self {
        Self {
            domains: Arc::new(list.domains),
            generated: list.generated,
            taken,
            origin: origin.to_owned(),
        }
    }

    /// Whole days since it was taken in.
    pub fn days(&self, now: UnixTime) -> i64 {
        (now.0 - self.taken.0).div_euclid(DAY)
    }

    /// One is published every day.
    pub fn is_due(&self, now: UnixTime) -> bool {
        self.days(now) != 0
    }
}

const DAY: i64 = 86_400;

impl WhitelistFile {
    /// That of this home.
    pub fn new(home: &Home) -> Self {
        Self {
            path: home.whitelist(),
            held: Mutex::default(),
        }
    }

    /// What is kept; `None`: no list was ever taken in.
    pub fn kept(&self) -> Result<Option<KeptList>, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        if let Some((_, list)) = held.as_ref().filter(|(read, _)| *read == stamp) {
            return Ok(list.clone());
        }
        let list = self.read()?;
        *held = Some((stamp, list.clone()));
        Ok(list)
    }

    /// Keeps a list in place of the one before.
    pub fn keep(&self, list: &KeptList, shrunk: Shrunk) -> Result<(), NotKept> {
        // A damaged one gives way: it says nothing any more.
        let held = self.read().ok().flatten().map_or(0, |held| held.domains.len());
        let given = list.domains.len();
        if shrunk == Shrunk::Refused && given * 100 < held * WHITELIST_SHRINK_PERCENT {
            return Err(NotKept::Shrunk { held, given });
        }
        let file = OnDisk {
            generated: list.generated.clone(),
            taken: list.taken.0,
            origin: list.origin.clone(),
            domains: list.domains.iter().map(ToString::to_string).collect(),
        };
        let text = serde_json::to_vec(&file).map_err(|_| StoreError::Damaged(self.path.clone()))?;
        Ok(atomic::write(&self.path, &text)?)
    }

    fn read(&self) -> Result<Option<KeptList>, StoreError> {
        let Some(text) = atomic::read(&self.path, WHITELIST_FILE_MAX)? else {
            return Ok(None);
        };
        let damaged = || StoreError::Damaged(self.path.clone());
        let file: OnDisk = serde_json::from_slice(&text).map_err(|_| damaged())?;
        let domains: Result<BTreeSet<Domain>, _> = file.domains.iter().map(|name| Domain::parse(name)).collect();
        Ok(Some(KeptList {
            domains: Arc::new(domains.map_err(|_| damaged())?),
            generated: file.generated,
            taken: UnixTime(file.taken),
            origin: file.origin,
        }))
    }
}

#[cfg(unix)]
fn stamp(path: &std::path::Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map_or((None, 0, 0), |found| (found.modified().ok(), found.len(), found.ino()))
}

#[cfg(not(unix))]
fn stamp(path: &std::path::Path) -> Stamp {
    std::fs::metadata(path).map_or((None, 0, 0), |found| (found.modified().ok(), found.len(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_replaced_whole_and_not_by_half_of_it() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let (file, other) = (WhitelistFile::new(&home), WhitelistFile::new(&home));
        assert_eq!(file.kept().unwrap(), None);
        file.keep(&list(100), Shrunk::Refused).unwrap();
        assert_eq!(other.kept().unwrap(), Some(list(100)));
        for given in [0, 49] {
            let refused = file.keep(&list(given), Shrunk::Refused);
            assert!(matches!(refused, Err(NotKept::Shrunk { held: 100, given: g }) if g == given));
            assert_eq!(other.kept().unwrap(), Some(list(100)));
        }
        file.keep(&list(50), Shrunk::Refused).unwrap();
        file.keep(&list(1), Shrunk::Taken).unwrap();
        assert_eq!(other.kept().unwrap(), Some(list(1)), "another process sees it");
    }

    #[test]
    fn a_damaged_list_is_no_empty_one() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let file = WhitelistFile::new(&home);
        for text in ["", "{}", "{\"generated\":\"\",\"taken\":0,\"origin\":\"\",\"domains\":[\"a b\"]}"] {
            std::fs::write(home.whitelist(), text).unwrap();
            assert!(matches!(file.kept(), Err(StoreError::Damaged(_))), "{text}");
        }
        file.keep(&list(3), Shrunk::Refused).unwrap();
        assert_eq!(file.kept().unwrap(), Some(list(3)));
    }

    fn list(domains: usize) -> KeptList {
        KeptList {
            domains: Arc::new((0..domains).map(|n| Domain::parse(&format!("d{n}.fr")).unwrap()).collect()),
            generated: "hier".to_owned(),
            taken: UnixTime(7),
            origin: "liste.xml".to_owned(),
        }
    }
}
