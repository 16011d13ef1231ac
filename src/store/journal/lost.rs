//! Entries that stand nowhere.

use super::entry::{Event, JournalEntry};
use super::pen::now;
use crate::text::journal as say;

/// How many, and since when.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Lost {
    pub(super) count: u64,
    /// When the first of them was to be written.
    pub(super) since: String,
}

impl Lost {
    /// One more.
    pub(super) fn add(&mut self, since: &str) {
        self.join(&Self {
            count: 1,
            since: since.to_owned(),
        });
    }

    /// Those as well.
    pub(super) fn join(&mut self, other: &Self) {
        let is_earlier = self.count == 0 || (!other.since.is_empty() && other.since < self.since);
        if other.count > 0 && is_earlier {
            self.since.clone_from(&other.since);
        }
        self.count = self.count.saturating_add(other.count);
    }

    /// As the journal says it.
    pub(super) fn entry(&self) -> Option<String> {
        let entry = || JournalEntry {
            digest: Some(format!("{}:{}", self.count, self.since)),
            ..JournalEntry::of_home(now(), Event::Journal, say::LOST)
        };
        (self.count > 0).then(|| entry().json())
    }
}
