//! What listings say of the header of an S/MIME message, so that its View says the same: known once it has been opened, and
//! kept for the next start.

use super::later::Learnt;
use super::port::MessageKey;
use super::views::{KeyRing, Lasts};
use super::{Relay, seals};
use crate::base::Secret;
use crate::base::limits::UNOPENED_MAX;
use crate::store::StoreError;
use crate::text::{Explain, Explanation};
use crate::view::letter::HeaderShown;
use crate::view::verdict::{Grade, Verdict};
use crate::view::{Draft, Restored};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept of a View that was shown, as one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shown {
    /// Place of the verdict's code in its list, which is shorter.
    verdict: u64,
    header: HeaderKept,
    /// What the View says, whatever made it of the verdict.
    grade: Option<Grade>,
    /// What the verdict was said of.
    evidence: u64,
}

/// What is known of the View's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HeaderKept {
    /// Nothing: a listing opens the message.
    Unknown,
    /// It has the fields of the stored message.
    Unchanged,
    /// What changed stands in `store::fields`.
    Changed,
}

/// Messages that none of these keys opened: another may be imported, so that nothing is kept of them on disk.
#[derive(Debug, Default)]
pub(super) struct Unopened(Mutex<(KeyRing, HashSet<MessageKey>)>);

impl Unopened {
    fn insert(&self, key: &MessageKey, keys: &KeyRing) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (ring, messages) = &mut *held;
        if messages.len() >= UNOPENED_MAX || !Arc::ptr_eq(ring, keys) {
            *ring = Arc::clone(keys);
            messages.clear();
        }
        messages.insert(key.clone());
    }

    /// Keys that cannot be read now open nothing more.
    fn contains(&self, key: &MessageKey, keys: Option<&KeyRing>) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (ring, messages) = &*held;
        keys.is_none_or(|keys| Arc::ptr_eq(ring, keys)) && messages.contains(key)
    }
}

impl Shown {
    fn of_mark(mark: u64) -> Self {
        Self {
            verdict: mark & 0x3f,
            header: match mark >> 6 & 3 {
                1 => HeaderKept::Unchanged,
                2 => HeaderKept::Changed,
                _ => HeaderKept::Unknown,
            },
            grade: usize::try_from(mark >> 8 & 7).ok().and_then(|at| GRADES.get(at)).copied(),
            evidence: mark >> 11,
        }
    }

    fn mark(self) -> u64 {
        let header = match self.header {
            HeaderKept::Unknown => 0,
            HeaderKept::Unchanged => 1,
            HeaderKept::Changed => 2,
        };
        let grade = GRADES.iter().position(|grade| Some(*grade) == self.grade).unwrap_or(GRADES.len()) as u64;
        self.verdict & 0x3f | header << 6 | grade << 8 | self.evidence << 11
    }
}

/// The place in this list is what is stored.
const GRADES: [Grade; 6] = [
    Grade::Plain,
    Grade::Verified,
    Grade::Unchecked,
    Grade::Unassured,
    Grade::Altered,
    Grade::Unopenable,
];

/// Names what is kept of a View. Another name than that of older versions, which put no mark in front of a Subject.
const SAID: &[u8] = b"said";

impl Relay {
    /// What the View of a message changes in its header; `None`: it must be opened to know.
    pub(super) fn known_header(&self, key: &MessageKey) -> Option<Restored> {
        if let Some(view) = self.known_view(key) {
            return Some(view.restored().clone());
        }
        if self.header_shown(key).ok()? == HeaderShown::Stored {
            return Some(Restored::default());
        }
        match self.shown(key).ok()?.map(|shown| shown.header) {
            Some(HeaderKept::Unchanged) => Some(Restored::default()),
            Some(HeaderKept::Changed) => Restored::from_bytes(self.kept_fields(key)?.expose()),
            Some(HeaderKept::Unknown) | None => {
                let keys = self.identities.all().ok();
                self.unopened.contains(key, keys.as_ref()).then(Restored::default)
            }
        }
    }

    fn kept_fields(&self, key: &MessageKey) -> Option<Secret> {
        self.later.settle();
        self.fields.of(&[&seals::place(key)]).ok()?
    }

    /// What the View of a message says; `None`: it has not been opened.
    pub(super) fn known_grade(&self, key: &MessageKey) -> Option<Grade> {
        match self.known_view(key) {
            Some(view) => Some(view.grade()),
            None => self.shown(key).ok()??.grade,
        }
    }

    /// Whether it has been opened once.
    pub(super) fn has_been_shown(&self, key: &MessageKey) -> bool {
        self.shown(key).is_ok_and(|shown| shown.is_some())
    }

    /// A mail program was told the fields of the stored message before it could be opened: its View keeps to them.
    pub(super) fn tell_stored_header(&self, key: &MessageKey) {
        // What cannot be kept is told: the View may say another subject than the list.
        if let Err(error) = self.marks.put(&[b"stored-header", &seals::place(key)], 1) {
            tracing::warn!(%error, "what a listing said could not be kept");
        }
    }

    pub(super) fn header_shown(&self, key: &MessageKey) -> Result<HeaderShown, StoreError> {
        let told = self.marks.size(&[b"stored-header", &seals::place(key)])?;
        Ok(if told.is_some() {
            HeaderShown::Stored
        } else {
            HeaderShown::Protected
        })
    }

    fn shown(&self, key: &MessageKey) -> Result<Option<Shown>, StoreError> {
        Ok(self.marks.size(&[SAID, &seals::place(key)])?.map(Shown::of_mark))
    }

    /// A verdict depends on the day and on the authorities configured; the View that a client has seen does not. What was
    /// said first is said again, as long as the same signatures stand in the same place.
    pub(super) fn recall(&self, key: &MessageKey, verdict: &mut Verdict, evidence: u64) -> Result<(), Explanation> {
        if verdict.grade != Grade::Unopenable
            && let Some(shown) = self.shown(key).map_err(|e| e.explain())?.filter(|shown| shown.evidence == evidence)
        {
            verdict.regrade(shown.verdict);
        }
        Ok(())
    }

    /// Keeps what a View says; its fields where they `may_stay` on this disk. A message that could not be opened is not frozen: its key may still be imported.
    pub(super) fn freeze(
        &self,
        key: &MessageKey,
        verdict: &Verdict,
        evidence: u64,
        view: &Draft,
        may_stay: bool,
    ) -> Result<(), Explanation> {
        let Some(index) = verdict.index().filter(|_| verdict.grade != Grade::Unopenable) else {
            return Ok(());
        };
        let header = match may_stay {
            true => self.keep_header(key, view),
            false => HeaderKept::Unknown,
        };
        let shown = Shown {
            verdict: index,
            header,
            grade: Some(view.grade()),
            evidence,
        };
        self.marks.put(&[SAID, &seals::place(key)], shown.mark()).map_err(|e| e.explain())
    }

    /// A View that says that no key of these opens the message has the stored header.
    pub(super) fn remember_unopened(&self, key: &MessageKey, lasts: &Lasts) {
        if let Lasts::While(keys) = lasts {
            self.unopened.insert(key, keys);
        }
    }

    /// Where the fields are not kept after all, a list opens the message to know them.
    fn keep_header(&self, key: &MessageKey, view: &Draft) -> HeaderKept {
        if view.restored().is_empty() {
            return HeaderKept::Unchanged;
        }
        let Some(octets) = view.restored().to_bytes() else {
            return HeaderKept::Unknown;
        };
        self.later.keep(key, Learnt::Fields(octets.into()));
        HeaderKept::Changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        for header in [HeaderKept::Unknown, HeaderKept::Unchanged, HeaderKept::Changed] {
            for (verdict, evidence) in [(0, 0), (1, 5), (63, u64::MAX >> 12)] {
                let grade = Some(Grade::Altered).filter(|_| verdict > 0);
                let shown = Shown {
                    verdict,
                    header,
                    grade,
                    evidence,
                };
                assert_eq!(Shown::of_mark(shown.mark()), shown);
                assert!(i64::try_from(shown.mark()).is_ok());
            }
        }
    }
}
