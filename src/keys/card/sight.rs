//! What is known of the cards without asking anybody: kept as it is learnt, and told to whoever watches.

use super::readers::Readers;
use super::state::{CardState, Facts, Looked};
use super::words::CardSeen;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What was last seen.
#[derive(Debug)]
pub(super) struct Sight {
    readers: watch::Sender<Readers>,
    learnt: Mutex<Learnt>,
    /// How often something has changed.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Learnt {
    looked: Looked,
    asked: BTreeSet<String>,
    blocked: BTreeSet<String>,
    /// Cards that failed when they were wanted last.
    failing: BTreeSet<String>,
    /// What the cards in the readers are called, by serial number.
    names: BTreeMap<String, String>,
}

/// That the PIN of a card is being asked for, as long as this lives.
pub(super) struct Asked<'a> {
    sight: &'a Sight,
    card: &'a str,
}

impl Default for Sight {
    fn default() -> Self {
        Self {
            readers: watch::Sender::new(Readers::default()),
            learnt: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Sight {
    /// What PC/SC tells of the readers.
    pub(super) fn readers(&self) -> &watch::Sender<Readers> {
        &self.readers
    }

    /// To be woken when anything has changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Something has, that is not kept here.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// What a look has brought.
    pub(super) fn looked(&self, looked: Looked) {
        if self.learnt().looked == looked {
            return;
        }
        self.learn(|learnt| {
            if let Looked::Seen(seen) = &looked {
                let is_there = |serial: &String| seen.cards.iter().any(|card| card.serial == *serial);
                learnt.blocked.retain(is_there);
                learnt.failing.retain(is_there);
                learnt.names.retain(|serial, _| is_there(serial));
            }
            learnt.looked = looked;
        });
    }

    /// Whether the slots that were seen are no readers of PC/SC.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(&self.learnt().looked, Looked::Seen(seen) if seen.is_fixed)
    }

    /// A card has said that it is blocked, or that it is not.
    pub(super) fn blocked(&self, card: &str, is_blocked: bool) {
        self.learn(|learnt| {
            learnt.blocked.remove(card);
            learnt.blocked.extend(is_blocked.then(|| card.to_owned()));
        });
    }

    /// A card has failed, or serves again.
    pub(super) fn fails(&self, card: &str, is_failing: bool) {
        if self.learnt().failing.contains(card) == is_failing {
            return;
        }
        self.learn(|learnt| {
            learnt.failing.remove(card);
            learnt.failing.extend(is_failing.then(|| card.to_owned()));
        });
    }

    /// Whether a card is there and nothing is known against it.
    pub(super) fn works(&self, card: &str) -> bool {
        let state = self.state(card, false);
        matches!(state, CardState::Closed | CardState::PinAwaited) && !self.learnt().failing.contains(card)
    }

    /// Its user is asked from now on.
    pub(super) fn asked<'a>(&'a self, card: &'a str) -> Asked<'a> {
        self.learn(|learnt| {
            learnt.asked.insert(card.to_owned());
        });
        Asked { sight: self, card }
    }

    /// What a card is called, if that is known.
    pub(super) fn name(&self, card: &CardSeen) -> Option<String> {
        self.learnt().names.get(&card.serial).cloned()
    }

    /// A card is called so.
    pub(super) fn named(&self, card: &CardSeen, name: String) {
        self.learn(|learnt| drop(learnt.names.insert(card.serial.clone(), name)));
    }

    /// How a card stands.
    pub(super) fn state(&self, card: &str, is_open: bool) -> CardState {
        let learnt = self.learnt();
        let facts = Facts {
            readers: &self.readers.borrow(),
            looked: &learnt.looked,
            is_asked: learnt.asked.contains(card),
            is_open,
            is_blocked: learnt.blocked.contains(card),
        };
        CardState::of(card, &facts, |serial| learnt.names.get(serial).cloned())
    }

    fn learn(&self, learn: impl FnOnce(&mut Learnt)) {
        learn(&mut self.learnt());
        self.changed();
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.sight.learn(|learnt| {
            learnt.asked.remove(self.card);
        });
    }
}
