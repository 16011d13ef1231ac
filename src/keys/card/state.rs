//! How a card stands, as its user is told: a value, worked out from what is known of readers, module and PIN.

use super::readers::{Readers, Service};
use super::words::{PinLeft, Seen};
use crate::text::{Explanation, card as say};

/// How the card of an account stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CardState {
    /// It has not been looked for yet.
    Unknown,
    /// No card software is installed.
    NoSoftware,
    /// The service that knows the readers does not run.
    NoService,
    /// No reader is connected.
    NoReader,
    /// The reader is empty.
    NoCard,
    /// A card is in the reader that does not answer, or that the card software does not know.
    Unreadable,
    /// Another card is: whose.
    Other(String),
    /// It is there; its PIN is asked for when it is needed.
    Closed,
    /// Its PIN is being asked for.
    PinAwaited,
    /// It is there, and its PIN was given.
    Open,
    /// Too many wrong PINs.
    Blocked,
    /// The card software does not work: it hangs, has crashed, cannot be loaded.
    Fault(Explanation),
}

/// What is known at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// By PC/SC.
    pub readers: &'a Readers,
    /// By the module, the last time that it was asked.
    pub looked: &'a Looked,
    /// Whether the PIN of this card is being asked for.
    pub is_asked: bool,
    /// Whether it was given.
    pub is_open: bool,
    /// Whether the card has said that it is blocked: not every module tells it by a flag.
    pub is_blocked: bool,
}

/// What the module last said of its cards.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Looked {
    /// It has not been asked.
    #[default]
    NotYet,
    /// There is none.
    NoSoftware,
    /// Those that it sees.
    Seen(Seen),
    /// It does not work.
    Fault(Explanation),
}

impl CardState {
    /// Of the card with that serial number; `named`: what another one is called.
    pub fn of(card: &str, facts: &Facts<'_>, named: impl Fn(&str) -> Option<String>) -> Self {
        let seen = match facts.looked {
            Looked::NotYet => return Self::Unknown,
            Looked::NoSoftware => return Self::NoSoftware,
            Looked::Fault(why) => return Self::Fault(why.clone()),
            Looked::Seen(seen) => seen,
        };
        let Some(found) = seen.cards.iter().find(|each| each.serial == card) else {
            return Self::missing(seen, facts.readers, named);
        };
        match found.pin {
            PinLeft::Blocked => Self::Blocked,
            _ if facts.is_blocked => Self::Blocked,
            _ if facts.is_asked => Self::PinAwaited,
            _ if facts.is_open => Self::Open,
            _ => Self::Closed,
        }
    }

    /// Why it is not there.
    pub(super) fn missing(seen: &Seen, readers: &Readers, named: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(other) = seen.cards.first() {
            return Self::Other(named(&other.serial).unwrap_or_else(|| other.label.clone()));
        }
        match readers.service {
            // Slots that are no devices are no readers of PC/SC: its service says nothing of them.
            _ if seen.is_fixed => Self::NoCard,
            Service::Stopped | Service::NotInstalled => Self::NoService,
            Service::Running if readers.readers.is_empty() => Self::NoReader,
            Service::Running if readers.has_cards() => Self::Unreadable,
            Service::Running => Self::NoCard,
            Service::Unknown if seen.empty_readers == 0 => Self::NoReader,
            Service::Unknown => Self::NoCard,
        }
    }

    /// In words, with what to do.
    pub fn explain(&self, holder: &str) -> Explanation {
        match self {
            Self::Unknown => say::not_looked_for(holder),
            Self::NoSoftware => say::no_module(),
            Self::NoService => say::no_service(),
            Self::NoReader => say::no_reader(),
            Self::NoCard => say::absent(holder),
            Self::Unreadable => say::unreadable(),
            Self::Other(whose) => say::other_card(holder, whose),
            Self::Closed => say::closed(holder),
            Self::PinAwaited => say::pin_awaited(),
            Self::Open => say::open(holder),
            Self::Blocked => say::pin_blocked(holder),
            Self::Fault(why) => why.clone(),
        }
    }

    /// Whether the software does not work, so that looking again now and then may find it well.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}

#[cfg(test)]
mod tests {
    use super::super::readers::{InReader, Reader};
    use super::super::words::CardSeen;
    use super::*;

    fn card(serial: &str, pin: PinLeft) -> CardSeen {
        CardSeen {
            serial: serial.to_owned(),
            label: format!("CPS {serial}"),
            model: "IAS ECC".to_owned(),
            pin,
            on_reader: false,
        }
    }

    fn seen(cards: Vec<CardSeen>) -> Looked {
        Looked::Seen(Seen {
            empty_readers: 1,
            is_fixed: false,
            cards,
        })
    }

    fn running(cards: &[InReader]) -> Readers {
        let reader = |card: &InReader| Reader {
            name: "Lecteur".to_owned(),
            card: *card,
            changes: 0,
        };
        Readers {
            service: Service::Running,
            readers: cards.iter().map(reader).collect(),
        }
    }

    fn state(readers: &Readers, looked: &Looked, (is_asked, is_open, is_blocked): (bool, bool, bool)) -> CardState {
        let facts = Facts {
            readers,
            looked,
            is_asked,
            is_open,
            is_blocked,
        };
        CardState::of("1", &facts, |serial| (serial == "2").then(|| "DOMINIQUE AUTRE".to_owned()))
    }

    #[test]
    fn each_cause_is_told_apart() {
        let none = seen(Vec::new());
        let shut = (false, false, false);
        let full = running(&[InReader::Card]);
        let one = |pin| seen(vec![card("1", pin)]);
        for (readers, looked, flags, wanted) in [
            (Readers::default(), Looked::NotYet, shut, CardState::Unknown),
            (full.clone(), Looked::NoSoftware, shut, CardState::NoSoftware),
            (Readers::without(Service::Stopped), none.clone(), shut, CardState::NoService),
            (Readers::without(Service::NotInstalled), none.clone(), shut, CardState::NoService),
            (running(&[]), none.clone(), shut, CardState::NoReader),
            (running(&[InReader::Nothing]), none.clone(), shut, CardState::NoCard),
            (
                running(&[InReader::Nothing, InReader::Mute]),
                none.clone(),
                shut,
                CardState::Unreadable,
            ),
            (Readers::default(), none, shut, CardState::NoCard),
            (full.clone(), one(PinLeft::All), shut, CardState::Closed),
            (full.clone(), one(PinLeft::One), (true, false, false), CardState::PinAwaited),
            (full.clone(), one(PinLeft::All), (false, true, false), CardState::Open),
            // A key that asks at each use asks while the card is open.
            (full.clone(), one(PinLeft::All), (true, true, false), CardState::PinAwaited),
            (full.clone(), one(PinLeft::Blocked), shut, CardState::Blocked),
            (full.clone(), one(PinLeft::All), (false, false, true), CardState::Blocked),
            (
                full.clone(),
                seen(vec![card("2", PinLeft::All)]),
                shut,
                CardState::Other("DOMINIQUE AUTRE".to_owned()),
            ),
            (
                full.clone(),
                seen(vec![card("3", PinLeft::All)]),
                shut,
                CardState::Other("CPS 3".to_owned()),
            ),
            // Two readers: the right one counts.
            (
                full,
                seen(vec![card("2", PinLeft::All), card("1", PinLeft::All)]),
                shut,
                CardState::Closed,
            ),
        ] {
            assert_eq!(state(&readers, &looked, flags), wanted, "{readers:?} {looked:?} {flags:?}");
        }
    }

    #[test]
    fn slots_that_are_no_readers_ask_for_no_service() {
        let token_gone = Looked::Seen(Seen {
            empty_readers: 1,
            is_fixed: true,
            cards: Vec::new(),
        });
        for service in [Service::Stopped, Service::NotInstalled, Service::Running, Service::Unknown] {
            assert_eq!(
                state(&Readers::without(service), &token_gone, (false, false, false)),
                CardState::NoCard
            );
        }
    }
}
