//! When a notification rings: once for each thing that changes, some of them only when they last. Pure: times come in as values.

use super::status::{Matter, Phase, Status};
use crate::base::UnixTime;
use crate::text::dashboard::Language;
use crate::text::tray::{self as words, Ringing};
use std::collections::BTreeMap;

/// What one notification is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ring {
    /// A letter was refused.
    Refused,
    /// A mail program waits for a card.
    CardWanted,
    /// A PIN is asked for, and nobody types it.
    PinAwaited,
    /// An own certificate ends in so many days.
    EndsSoon(i64),
    /// Lists do not hold, and do not come.
    ListsStale,
    /// A provider does not answer for long.
    ProviderAway,
    /// Souspli could not begin.
    NotStarted,
}

/// Since when each thing that may ring lasts, and whether it has.
#[derive(Debug, Default)]
pub struct Bell(BTreeMap<Ring, Lasting>);

#[derive(Debug)]
struct Lasting {
    since: UnixTime,
    has_rung: bool,
}

impl Ring {
    /// What is said. Nothing of it hangs on whom a letter is for.
    pub fn said(self, language: Language) -> Ringing {
        match self {
            Self::Refused => words::rings_refused(language),
            Self::CardWanted => words::rings_card(language),
            Self::PinAwaited => words::rings_pin(language),
            Self::EndsSoon(days) => words::rings_ending(days, language),
            Self::ListsStale => words::rings_lists(language),
            Self::ProviderAway => words::rings_away(language),
            Self::NotStarted => words::rings_not_started(language),
        }
    }

    /// Seconds that it must last: a network that comes back by itself rings nobody.
    fn patience(self) -> i64 {
        match self {
            Self::Refused | Self::CardWanted | Self::EndsSoon(_) | Self::NotStarted => 0,
            Self::PinAwaited => 20,
            Self::ProviderAway => 300,
            Self::ListsStale => 900,
        }
    }

    fn of(matter: &Matter) -> Option<Self> {
        match matter {
            Matter::CardWanted => Some(Self::CardWanted),
            Matter::PinAwaited => Some(Self::PinAwaited),
            Matter::ListsStale => Some(Self::ListsStale),
            Matter::ProviderAway(_) => Some(Self::ProviderAway),
            Matter::PortInUse(_) | Matter::NotStarted => Some(Self::NotStarted),
            // Told by the relay on its days, over restarts too.
            Matter::EndsSoon(_) => None,
            // The user has done these himself, or learns of them by what he does next.
            Matter::Fault
            | Matter::Locked
            | Matter::ProviderUnsafe(_)
            | Matter::CannotSeal(_)
            | Matter::CardBlocked
            | Matter::CardFault
            | Matter::CardAbsent
            | Matter::CardOther
            | Matter::NoReader => None,
        }
    }
}

impl Bell {
    /// What rings now. What is over is forgotten: it rings when it begins again.
    pub fn heard(&mut self, status: &Status, now: UnixTime) -> Vec<Ring> {
        let present: Vec<Ring> = match status.phase {
            Phase::Serving | Phase::NotStarted => status.all_matters().filter_map(|(_, matter)| Ring::of(matter)).collect(),
            Phase::Starting | Phase::Ending => Vec::new(),
        };
        self.0.retain(|ring, _| present.contains(ring));
        for ring in present {
            let lasting = Lasting {
                since: now,
                has_rung: false,
            };
            self.0.entry(ring).or_insert(lasting);
        }
        let due = self
            .0
            .iter_mut()
            .filter(|(ring, lasting)| !lasting.has_rung && now.0 - lasting.since.0 >= ring.patience());
        due.map(|(ring, lasting)| {
            lasting.has_rung = true;
            *ring
        })
        .collect()
    }

    /// In how many seconds something that lasts will ring; `None`: nothing will.
    pub fn rings_in(&self, now: UnixTime) -> Option<u64> {
        let waiting = self.0.iter().filter(|(_, lasting)| !lasting.has_rung);
        let left = waiting.map(|(ring, lasting)| (lasting.since.0 + ring.patience() - now.0).max(1));
        left.min().and_then(|seconds| u64::try_from(seconds).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Realm;

    fn with(matters: &[Matter]) -> Status {
        Status {
            phase: Phase::Serving,
            matters: matters.to_vec(),
            ..Status::starting(Realm::Production)
        }
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime(1_000_000 + seconds)
    }

    #[test]
    fn each_thing_rings_once_for_as_long_as_it_lasts() {
        let mut bell = Bell::default();
        assert_eq!(bell.heard(&with(&[]), at(0)), []);
        assert_eq!(bell.heard(&with(&[Matter::CardWanted]), at(1)), [Ring::CardWanted]);
        assert_eq!(bell.heard(&with(&[Matter::CardWanted]), at(2)), []);
        assert_eq!(bell.heard(&with(&[Matter::CardAbsent]), at(3)), []);
        assert_eq!(bell.heard(&with(&[Matter::CardWanted]), at(4)), [Ring::CardWanted]);
    }

    #[test]
    fn what_comes_back_by_itself_rings_nobody() {
        let away = |host: &str| with(&[Matter::ProviderAway(host.to_owned())]);
        let mut bell = Bell::default();
        assert_eq!(bell.heard(&away("a"), at(0)), []);
        assert_eq!(bell.rings_in(at(0)), Some(300));
        assert_eq!(bell.heard(&with(&[]), at(299)), []);
        assert_eq!(bell.rings_in(at(299)), None);
        assert_eq!(bell.heard(&away("a"), at(300)), []);
        // Another server meanwhile: the provider is away all the same.
        assert_eq!(bell.heard(&away("b"), at(599)), []);
        assert_eq!(bell.heard(&away("b"), at(600)), [Ring::ProviderAway]);
        assert_eq!((bell.heard(&away("b"), at(9000)), bell.rings_in(at(9000))), (vec![], None));
    }

    #[test]
    fn some_ring_at_once_and_others_when_they_last() {
        for (matter, ring, seconds) in [
            (Matter::CardWanted, Ring::CardWanted, 0),
            (Matter::PortInUse(2587), Ring::NotStarted, 0),
            (Matter::PinAwaited, Ring::PinAwaited, 20),
            (Matter::ProviderAway("a".to_owned()), Ring::ProviderAway, 300),
            (Matter::ListsStale, Ring::ListsStale, 900),
        ] {
            let mut bell = Bell::default();
            let status = with(&[matter]);
            let early: Vec<Ring> = (0..seconds).step_by(10).flat_map(|s| bell.heard(&status, at(s))).collect();
            assert_eq!((early, bell.heard(&status, at(seconds))), (vec![], vec![ring]));
        }
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_awake() {
        let mut bell = Bell::default();
        bell.heard(&with(&[Matter::ListsStale]), at(0));
        assert_eq!(bell.heard(&with(&[Matter::ListsStale]), at(-100_000)), []);
        assert!(bell.rings_in(at(-100_000)).is_some_and(|seconds| seconds > 1));
    }

    #[test]
    fn nothing_rings_while_it_begins_or_ends() {
        let mut bell = Bell::default();
        let ending = with(&[Matter::CardWanted]).ending();
        assert_eq!(bell.heard(&ending, at(0)), []);
    }
}
