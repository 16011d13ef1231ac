//! Smart cards by PKCS#11: `words` what is said to the process that holds the module, `host` that process, `token` the cards in it,
//! `module` the relay's end. Here: which cards there are, and that a PIN is asked once.

pub mod host;
mod key;
mod known;
pub mod module;
mod token;
pub mod words;

pub use key::{CardKey, CardLock, Wanted};
pub use known::installed_module;

use crate::base::Secret;
use crate::base::limits::PIN_PROMPTS_MAX;
use crate::config::CardRules;
use crate::keys::pin::{Again, AsksPin, NoPin, PinQuestion, Prompt};
use crate::text::card::{self as say, TriesLeft};
use crate::text::{Explain, Explanation};
use module::{Module, Silence};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};
use words::{Answer, CardSeen, Octets, PinLeft, Refused, Request, Seen, Shown};

/// The cards of this machine, as one user's relay sees them.
#[derive(Debug)]
pub struct Cards {
    /// `None`: no card software is installed.
    module: Option<Module>,
    pins: Arc<dyn AsksPin>,
    idle: Duration,
    /// When each card that is logged in was of use last.
    open: Mutex<HashMap<String, Used>>,
    /// The lock of each card whose keys are known: one, however many keys.
    locks: Mutex<HashMap<String, Weak<CardLock>>>,
}

/// When a card was of use last, by both clocks: one of them stops while the machine sleeps.
#[derive(Clone, Copy, Debug)]
struct Used(Instant, SystemTime);

impl Used {
    fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    fn is_within(self, idle: Duration) -> bool {
        // A clock that was set back says nothing.
        self.0.elapsed() < idle && self.1.elapsed().unwrap_or_default() < idle
    }
}

/// Why a card is closed yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotOpened {
    /// There was nothing to ask its holder about.
    NotAsked(Explanation),
    /// He was asked, in vain.
    Refused(Explanation),
}

impl NotOpened {
    /// In words.
    pub fn why(self) -> Explanation {
        match self {
            Self::NotAsked(why) | Self::Refused(why) => why,
        }
    }
}

impl Cards {
    /// By the rules of the configuration; nothing is begun before a card is needed. `program`: this one, which holds the module.
    pub fn new(program: PathBuf, rules: &CardRules) -> Self {
        let module = rules.module.clone().or_else(installed_module);
        Self {
            module: module.map(|path| Module::new(program, path)),
            pins: Arc::new(Prompt::new(rules.pinentry.clone())),
            idle: Duration::from_secs(rules.idle),
            open: Mutex::default(),
            locks: Mutex::default(),
        }
    }

    /// None of them, for who only looks at what is kept of their keys.
    pub fn out_of_reach() -> Arc<Self> {
        Arc::new(Self {
            module: None,
            pins: Arc::new(Prompt::new(None)),
            idle: Duration::ZERO,
            open: Mutex::default(),
            locks: Mutex::default(),
        })
    }

    /// Which readers there are, and which cards in them. Logins of cards that are gone are forgotten.
    pub fn look(&self) -> Result<Seen, Explanation> {
        let seen = match self.ask(&Request::Look) {
            Ok(Answer::Seen(seen)) => seen,
            Ok(_) => return Err(say::failed("C_GetSlotList")),
            Err(silence) => {
                // Its logins have gone with the process.
                if !matches!(silence, Silence::Refused(_)) {
                    self.opened().clear();
                }
                return Err(self.explained(&silence));
            }
        };
        self.opened()
            .retain(|serial, _| seen.cards.iter().any(|card| card.serial == *serial));
        Ok(seen)
    }

    /// The certificates of a card with their identifiers; nobody is asked for a PIN.
    pub fn certificates(&self, card: &str) -> Result<Vec<Shown>, Explanation> {
        match self.ask(&Request::Certificates { card: card.to_owned() }) {
            Ok(Answer::Certificates(found)) => Ok(found),
            Ok(_) => Err(say::failed("C_FindObjects")),
            Err(silence) => Err(self.explained(&silence)),
        }
    }

    /// The lock of a card, the same for all of its keys.
    fn lock_of(self: &Arc<Self>, card: &str, holder: &str) -> Arc<CardLock> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(card).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::new(CardLock::new(self, card.to_owned(), holder.to_owned()));
        locks.insert(card.to_owned(), Arc::downgrade(&lock));
        lock
    }

    /// Whether the keys of a card can be used without a PIN.
    pub fn is_open(&self, card: &str) -> bool {
        self.opened().get(card).is_some_and(|used| used.is_within(self.idle))
    }

    /// Whether any card is logged in, so that its removal is to be noticed.
    pub fn has_open(&self) -> bool {
        !self.opened().is_empty()
    }

    /// Logs out those that nobody has used for long.
    pub fn close_idle(&self) {
        let idle: Vec<String> = {
            let opened = self.opened();
            let idle = opened.iter().filter(|(_, used)| !used.is_within(self.idle));
            idle.map(|(card, _)| card.clone()).collect()
        };
        for card in idle {
            self.opened().remove(&card);
            // A card that is gone has logged out by itself.
            let _ = self.ask(&Request::Logout { card });
        }
    }

    /// Asks for the PIN of a card and gives it, once; a wrong one is asked for again, and never given again by itself.
    fn unlock(&self, card: &str, holder: &str) -> Result<(), NotOpened> {
        let mut seen = self.present(card, holder).map_err(NotOpened::NotAsked)?;
        if seen.pin == PinLeft::Blocked {
            return Err(NotOpened::NotAsked(say::pin_blocked(holder)));
        }
        let (mut again, mut wrong) = (Again::No, None::<Secret>);
        for _ in 0..PIN_PROMPTS_MAX {
            let pin = match seen.on_reader {
                // It is typed on the reader, whose screen says what is wrong.
                true if again != Again::No => return Err(NotOpened::Refused(say::pin_wrong())),
                true => Secret::new(Vec::new()),
                false => self.pin(&seen, holder, again).map_err(NotOpened::Refused)?,
            };
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
                Ok(Again::No)
            }
            Err(Silence::Refused(Refused::PinWrong(_))) => Ok(Again::Wrong),
            Err(Silence::Refused(Refused::PinMalformed)) => Ok(Again::Malformed),
            Err(Silence::Refused(Refused::PinBlocked)) => Err(say::pin_blocked(holder)),
            Err(Silence::Refused(Refused::Cancelled)) => Err(say::pin_cancelled()),
            Err(Silence::Refused(Refused::Absent)) => Err(say::absent(holder)),
            Err(silence) => Err(self.explained(&silence)),
        }
    }

    fn pin(&self, seen: &CardSeen, holder: &str, again: Again) -> Result<Secret, Explanation> {
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

    /// The card, if it is in a reader.
    fn present(&self, card: &str, holder: &str) -> Result<CardSeen, Explanation> {
        let seen = self.look()?;
        if let Some(found) = seen.cards.iter().find(|c| c.serial == card) {
            return Ok(found.clone());
        }
        Err(match seen.cards.first() {
            Some(other) => say::other_card(holder, &other.label),
            None if seen.empty_readers == 0 => say::no_reader(),
            None => say::absent(holder),
        })
    }

    /// An operation of a key; a login that has ended is noticed.
    fn operate(&self, card: &str, request: &Request) -> Result<Octets, Silence> {
        let said = self.ask(request);
        match &said {
            Ok(_) => {
                if let Some(used) = self.opened().get_mut(card) {
                    *used = Used::now();
                }
            }
            Err(Silence::Refused(Refused::LoginFirst | Refused::Absent) | Silence::Crashed | Silence::Hung) => {
                self.opened().remove(card);
            }
            Err(_) => {}
        }
        match said? {
            Answer::Octets(octets) => Ok(octets),
            _ => Err(Silence::Refused(Refused::Failed)),
        }
    }

    fn ask(&self, request: &Request) -> Result<Answer, Silence> {
        let module = self.module.as_ref().ok_or(Silence::NoModule)?;
        module.ask(request)
    }

    fn explained(&self, silence: &Silence) -> Explanation {
        let file = self.module.as_ref().map_or_else(String::new, |m| m.path().display().to_string());
        match silence {
            Silence::NoModule => say::no_module(),
            Silence::Said(why) => (**why).clone(),
            Silence::Hung => say::hung(),
            Silence::Crashed => say::crashed(),
            Silence::NotStarted(error) => say::module_not_loaded(&file, &error.to_string()),
            Silence::Refused(Refused::NotLoaded(why)) => say::module_not_loaded(&file, why),
            Silence::Refused(Refused::Module(why)) => say::failed(why),
            Silence::Refused(Refused::PinWrong(_) | Refused::PinMalformed) => say::pin_wrong(),
            Silence::Refused(Refused::Cancelled) => say::pin_cancelled(),
            Silence::Refused(other) => say::failed(&format!("{other:?}")),
        }
    }

    /// Logs every card out: some software leaves a card open for whoever comes next.
    pub fn close(&self) {
        let open: Vec<String> = self.opened().drain().map(|(card, _)| card).collect();
        for card in open {
            // A card that is gone has logged out by itself.
            let _ = self.ask(&Request::Logout { card });
        }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<String, Used>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cards {
    fn drop(&mut self) {
        self.close();
    }
}
