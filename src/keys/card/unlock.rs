//! That the PIN of a card is asked for once, and given once for each time that its holder types it.

use super::module::Silence;
use super::words::{CardSeen, Octets, PinLeft, Refused, Request};
use super::{Cards, NotOpened, OtherThanPin, Used};
use crate::base::Secret;
use crate::base::limits::PIN_PROMPTS_MAX;
use crate::keys::pin::{Again, NoPin, PinQuestion};
use crate::text::card::{self as say, TriesLeft};
use crate::text::{Explain, Explanation};

impl Cards {
    /// Asks for the PIN of a card and gives it, once; a wrong one is asked for again, and never given again by itself.
    pub(super) fn unlock(&self, card: &str, holder: &str, other: &OtherThanPin<'_>) -> Result<(), NotOpened> {
        let mut seen = self.present(card, holder).map_err(NotOpened::NotAsked)?;
        if seen.pin == PinLeft::Blocked {
            return Err(NotOpened::NotAsked(say::pin_blocked(holder)));
        }
        let _asked = self.sight.asked(card);
        let (mut again, mut wrong) = (Again::No, None::<Secret>);
        for _ in 0..PIN_PROMPTS_MAX {
            let pin = match seen.on_reader {
                // It is typed on the reader, whose screen says what is wrong.
                true if again != Again::No => return Err(NotOpened::Refused(say::pin_wrong())),
                true => Secret::new(Vec::new()),
                false => self.pin(&seen, holder, again).map_err(NotOpened::Refused)?,
            };
            if let Some(why) = other(&pin) {
                return Err(NotOpened::Refused(why));
            }
            // One that was wrong a moment ago would cost another try.
            if !seen.on_reader && wrong.as_ref().is_some_and(|wrong| wrong.expose() == pin.expose()) {
                continue;
            }
            again = self.logged_in(card, holder, &pin).map_err(NotOpened::Refused)?;
            if again == Again::No {
                return Ok(());
            }
            wrong = Some(pin);
            seen = self.present(card, holder).map_err(NotOpened::Refused)?;
            if again == Again::Wrong && seen.pin == PinLeft::All {
                // Not every module tells that a try is lost.
                seen.pin = PinLeft::Fewer;
            }
        }
        Err(NotOpened::Refused(say::pin_wrong()))
    }

    /// One try.
    fn logged_in(&self, card: &str, holder: &str, pin: &Secret) -> Result<Again, Explanation> {
        let login = Request::Login {
            card: card.to_owned(),
            pin: Octets::from(pin),
        };
        match self.ask(&login) {
            Ok(_) => {
                self.opened().insert(card.to_owned(), Used::now());
                self.sight.blocked(card, false);
                self.sight.fails(card, false);
                Ok(Again::No)
            }
            Err(Silence::Refused(Refused::PinWrong(_))) => Ok(Again::Wrong),
            Err(Silence::Refused(Refused::PinMalformed)) => Ok(Again::Malformed),
            Err(Silence::Refused(Refused::PinBlocked)) => {
                self.sight.blocked(card, true);
                Err(say::pin_blocked(holder))
            }
            Err(Silence::Refused(Refused::Cancelled)) => Err(say::pin_cancelled()),
            Err(Silence::Refused(Refused::Absent)) => Err(say::absent(holder)),
            // During which it was pulled out.
            Err(silence @ Silence::GivenUp) => Err(self.explained(&silence)),
            Err(silence) => {
                self.sight.fails(card, true);
                Err(self.explained(&silence))
            }
        }
    }

    pub(super) fn pin(&self, seen: &CardSeen, holder: &str, again: Again) -> Result<Secret, Explanation> {
        let question = PinQuestion {
            card: holder.to_owned(),
            left: match seen.pin {
                PinLeft::All => TriesLeft::All,
                PinLeft::Fewer => TriesLeft::Fewer,
                PinLeft::One => TriesLeft::One,
                PinLeft::Blocked => return Err(say::pin_blocked(holder)),
            },
            again,
        };
        self.pins.ask(&question).map_err(|why: NoPin| why.explain())
    }
}
