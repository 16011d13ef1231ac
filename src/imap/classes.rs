//! Which messages of a mailbox are S/MIME: learnt once, since the content of a UID never changes (RFC 9051 §2.3.1.1).

use super::numbers::Ranges;
use crate::base::limits;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Mailboxes remembered at once.
const MAILBOXES_MAX: usize = 512;

/// The memory that all connections share.
#[derive(Debug, Default)]
pub struct ClassMemory(Mutex<HashMap<Mailbox, Arc<Classes>>>);

/// A mailbox for as long as its UIDs mean the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Mailbox {
    /// The account's address, in lower case.
    pub account: Arc<str>,
    /// Its name as written.
    pub name: Arc<str>,
    /// UIDVALIDITY.
    pub uidvalidity: u32,
}

/// What is known of one mailbox.
#[derive(Debug, Default)]
pub struct Classes(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// UIDs whose class is known, and UIDs that no message has or will have.
    covered: Ranges,
    sealed: Ranges,
    packed: Ranges,
    marks: Marks,
}

/// What is known of marks of ours in messages that are not S/MIME.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// UIDs of those that hold none.
    pub harmless: Ranges,
    /// UIDs of those that do.
    pub marked: Ranges,
}

/// What an outer Content-Type announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sealed {
    /// S/MIME: answered from its View.
    Yes,
    /// The same, and compressed: what is stored says nothing of its size.
    Packed,
    /// Anything else: passed as it is.
    No,
}

impl ClassMemory {
    /// What is known of a mailbox, shared by every connection that has it open.
    pub fn mailbox(&self, mailbox: &Mailbox) -> Arc<Classes> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MAILBOXES_MAX && !held.contains_key(mailbox) {
            held.retain(|_, classes| Arc::strong_count(classes) > 1);
        }
        Arc::clone(held.entry(mailbox.clone()).or_default())
    }
}

impl Classes {
    /// Keeps the class of one message.
    pub fn learn(&self, uid: u32, sealed: Sealed) {
        let mut known = self.known();
        if known.covered.range_count() > limits::UID_RANGES_MAX {
            *known = Known::default();
        }
        known.covered.insert(uid);
        if sealed != Sealed::No {
            known.sealed.insert(uid);
        }
        if sealed == Sealed::Packed {
            known.packed.insert(uid);
        }
    }

    /// Keeps whether a message that is not S/MIME holds marks of ours.
    pub fn learn_marks(&self, uid: u32, marked: bool) {
        let mut known = self.known();
        let marks = &mut known.marks;
        if marked { &mut marks.marked } else { &mut marks.harmless }.insert(uid);
    }

    /// What is known of such marks.
    pub fn marks(&self) -> Marks {
        self.known().marks.clone()
    }

    /// Keeps that every message among these UIDs has been learnt.
    pub fn cover(&self, uids: &Ranges) {
        self.known().covered.add(uids);
    }

    /// The class of a message.
    pub fn of(&self, uid: u32) -> Option<Sealed> {
        let known = self.known();
        let class = match (known.sealed.contains(uid), known.packed.contains(uid)) {
            (false, _) => Sealed::No,
            (true, false) => Sealed::Yes,
            (true, true) => Sealed::Packed,
        };
        known.covered.contains(uid).then_some(class)
    }

    /// The S/MIME messages among these UIDs, when all of them are known.
    pub fn sealed_among(&self, uids: &Ranges) -> Option<Ranges> {
        let known = self.known();
        known.covered.covers(uids).then(|| known.sealed.and(uids))
    }

    /// Those that are known to be S/MIME.
    pub fn sealed(&self) -> Ranges {
        self.known().sealed.clone()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_with_another_uidvalidity_is_another_mailbox() {
        let memory = ClassMemory::default();
        let mailbox = |uidvalidity| Mailbox {
            account: "a@b.fr".into(),
            name: "INBOX".into(),
            uidvalidity,
        };
        memory.mailbox(&mailbox(1)).learn(7, Sealed::Yes);
        assert_eq!(memory.mailbox(&mailbox(1)).of(7), Some(Sealed::Yes));
        assert_eq!(memory.mailbox(&mailbox(2)).of(7), None);
    }

    #[test]
    fn sets_are_known_when_all_of_them_are() {
        let classes = Classes::default();
        classes.learn(5, Sealed::Yes);
        classes.learn(9, Sealed::No);
        let asked: Ranges = [(5, 9)].into_iter().collect();
        assert_eq!(classes.sealed_among(&asked), None);
        classes.cover(&asked);
        assert_eq!(classes.sealed_among(&asked), Some([5].into_iter().collect()));
        assert_eq!(classes.of(6), Some(Sealed::No));
    }
}
