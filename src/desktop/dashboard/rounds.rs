//! How far a round over the revocation lists is that somebody has begun here, and the taking of the liste blanche.

use crate::directory::lists::{Event, Outcome, Summary};
use crate::text::Explanation;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The round that is under way, or the last one.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds(Arc<Mutex<Round>>);

/// One round.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    is_under_way: bool,
    /// Each list by its place.
    pub(super) lists: BTreeMap<String, Bar>,
    /// What it came to; `None`: it has not ended, or nothing was begun.
    pub(super) ended: Option<Result<Summary, Explanation>>,
}

/// One list.
#[derive(Clone, Debug)]
pub(super) enum Bar {
    /// Octets that have come, and of how many.
    Coming(u64, Option<u64>),
    /// How it came.
    Done(Came),
}

/// How a list came.
#[derive(Clone, Debug)]
pub(super) enum Came {
    Updated,
    Unchanged,
    Elsewhere,
    Not(&'static str),
}

impl Rounds {
    /// False: one is under way already.
    pub(super) fn begin(&self) -> bool {
        let mut round = self.locked();
        if round.is_under_way {
            return false;
        }
        *round = Round {
            is_under_way: true,
            ..Round::default()
        };
        true
    }

    pub(super) fn see(&self, event: &Event) {
        let mut round = self.locked();
        match event {
            Event::Begun { .. } => {}
            Event::Came { url, octets, total } => {
                round.lists.insert(url.clone(), Bar::Coming(*octets, *total));
            }
            Event::Done { url, outcome, .. } => {
                round.lists.insert(url.clone(), Bar::Done(Came::of(outcome)));
            }
        }
    }

    pub(super) fn end(&self, ended: Result<Summary, Explanation>) {
        let mut round = self.locked();
        round.is_under_way = false;
        round.ended = Some(ended);
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.locked().is_under_way
    }

    pub(super) fn round(&self) -> Round {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Round> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Came {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Kept(_) => Self::Updated,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Elsewhere => Self::Elsewhere,
            Outcome::Failed(why) => Self::Not(why.code),
        }
    }
}

/// The liste blanche, when somebody has asked for it here.
#[derive(Clone, Debug, Default)]
pub(super) struct Taking(Arc<Mutex<Taken>>);

/// How far that is.
#[derive(Clone, Debug, Default)]
pub(super) enum Taken {
    /// Nobody has asked.
    #[default]
    NotAsked,
    UnderWay,
    Ended(Result<(), Explanation>),
}

impl Taking {
    /// False: it is under way already.
    pub(super) fn begin(&self) -> bool {
        let mut taken = self.locked();
        !matches!(std::mem::replace(&mut *taken, Taken::UnderWay), Taken::UnderWay)
    }

    pub(super) fn end(&self, ended: Result<(), Explanation>) {
        *self.locked() = Taken::Ended(ended);
    }

    pub(super) fn taken(&self) -> Taken {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_at_a_time() {
        let rounds = Rounds::default();
        assert!(!rounds.is_under_way() && rounds.begin() && !rounds.begin());
        let url = "http://a.test/a.crl".to_owned();
        rounds.see(&Event::Came {
            url: url.clone(),
            octets: 1,
            total: Some(2),
        });
        assert!(matches!(rounds.round().lists[&url], Bar::Coming(1, Some(2))));
        let (authority, outcome) = (String::new(), Outcome::Unchanged);
        rounds.see(&Event::Done {
            url: url.clone(),
            authority,
            outcome,
        });
        assert!(matches!(rounds.round().lists[&url], Bar::Done(Came::Unchanged)));
        rounds.end(Ok(Summary::default()));
        assert!(!rounds.is_under_way() && rounds.begin() && rounds.round().lists.is_empty());
    }
}
