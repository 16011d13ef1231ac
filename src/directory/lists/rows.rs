//! The lists as people read them: of whom, how old, what to do.

use super::Published;
use crate::base::UnixTime;
use crate::pki::Trust;
use crate::pki::revocation::{Age, List};
use std::collections::BTreeSet;

/// One list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its place.
    pub url: String,
    /// Common name of its authority, where it is known.
    pub authority: String,
    /// Whether a certificate that was met names it.
    pub is_met: bool,
    /// What is held.
    pub state: RowState,
    /// When it was last asked.
    pub tried: Option<UnixTime>,
    /// The code of what went wrong then.
    pub failed: Option<String>,
}

/// What is held of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowState {
    /// Nothing.
    Absent,
    /// A list.
    Held {
        /// How it stands to its end.
        age: Age,
        /// thisUpdate.
        as_of: UnixTime,
        /// nextUpdate.
        until: UnixTime,
        /// Certificates on it.
        entries: usize,
    },
}

impl Published {
    /// Every list that is held or expected, in the order of their places.
    pub fn rows(&self, trust: &Trust, now: UnixTime) -> Vec<Row> {
        let places = self.places(trust);
        let held = self.lists.all();
        let urls: BTreeSet<&str> = places
            .keys()
            .map(String::as_str)
            .chain(held.iter().map(|l| l.origin().url.as_str()))
            .collect();
        let rules = self.rules();
        let row = |url: &str| {
            let watch = places.get(url).cloned().unwrap_or_default();
            let list = held.iter().find(|l| l.origin().url == url);
            let state = list.map_or(RowState::Absent, |list| {
                let head = list.head();
                let until = head.next_update.unwrap_or(head.this_update);
                RowState::Held {
                    age: Age::of(until, now, &rules),
                    as_of: head.this_update,
                    until,
                    entries: list.entries(),
                }
            });
            let signer = list.and_then(|l| l.signer().certificates.first().map(|c| c.holder()));
            Row {
                url: url.to_owned(),
                is_met: watch.was_met(),
                authority: signer.unwrap_or(watch.authority),
                state,
                tried: watch.tried.map(UnixTime),
                failed: watch.failed,
            }
        };
        urls.into_iter().map(row).collect()
    }
}
