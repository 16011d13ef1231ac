//! Smart cards by PKCS#11: `words` what is said to the process that holds the module, `host` that process, `token` the cards in it,
//! `way` by which mechanism they sign, `module` the relay's end, `handshake` TLS that they sign; `readers` what PC/SC tells of the
//! readers, `reader_host` the process that watches them by `pcsc`; `state` how a card stands, by what was seen (`sight`). Here: which
//! cards there are; `unlock`: that a PIN is asked once.

mod handshake;
pub mod host;
mod key;
mod known;
pub mod module;
mod one_step;
mod pcsc;
pub mod reader_host;
pub mod readers;
mod sight;
pub mod situation;
pub mod state;
mod token;
mod unlock;
mod way;
pub mod words;

pub use key::{CardKey, CardLock, OtherThanPin, Wanted};
pub use known::installed_module;

use crate::base::limits::CARD_PULLED_MILLISECONDS;
use crate::config::CardRules;
use crate::keys::pin::{AsksPin, Prompt};
use crate::pki::Certificate;
use crate::text::Explanation;
use crate::text::card as say;
use module::{Module, Silence, Stake};
use sight::Sight;
use state::{CardState, Looked};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use words::{Answer, CardSeen, Octets, Refused, Request, Seen, Shown};

/// The cards of this machine, as one user's relay sees them.
#[derive(Debug)]
pub struct Cards {
    /// This one: the processes that hold the module and watch the readers are begun by it.
    program: PathBuf,
    /// `None`: no card software is installed.
    module: Option<Module>,
    pins: Arc<dyn AsksPin>,
    idle: Duration,
    /// When each card that is logged in was of use last.
    open: Mutex<HashMap<String, Used>>,
    /// The lock of each card whose keys are known: one, however many keys.
    locks: Mutex<HashMap<String, Weak<CardLock>>>,
    sight: Sight,
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
            module: module.map(|path| Module::new(program.clone(), path)),
            program,
            pins: Arc::new(Prompt::new(rules.pinentry.clone())),
            idle: Duration::from_secs(rules.idle),
            open: Mutex::default(),
            locks: Mutex::default(),
            sight: Sight::default(),
        }
    }

    /// None of them, for who only looks at what is kept of their keys.
    pub fn out_of_reach() -> Arc<Self> {
        Arc::new(Self {
            program: PathBuf::new(),
            module: None,
            pins: Arc::new(Prompt::new(None)),
            idle: Duration::ZERO,
            open: Mutex::default(),
            locks: Mutex::default(),
            sight: Sight::default(),
        })
    }

    /// Which readers there are, and which cards in them. Logins of cards that are gone are forgotten.
    pub fn look(&self) -> Result<Seen, Explanation> {
        let said = match self.ask(&Request::Look) {
            Err(Silence::GivenUp) => {
                // With its process went the logins of the other cards.
                self.opened().clear();
                self.ask(&Request::Look)
            }
            said => said,
        };
        match said {
            Ok(Answer::Seen(seen)) => {
                self.opened()
                    .retain(|serial, _| seen.cards.iter().any(|card| card.serial == *serial));
                self.sight.looked(Looked::Seen(seen.clone()));
                Ok(seen)
            }
            Ok(_) => Err(say::failed("another answer to Look")),
            Err(silence) => {
                // Its logins have gone with the process.
                if !matches!(silence, Silence::Refused(_)) {
                    self.opened().clear();
                }
                let why = self.explained(&silence);
                self.sight.looked(match silence {
                    Silence::NoModule => Looked::NoSoftware,
                    _ => Looked::Fault(why.clone()),
                });
                Err(why)
            }
        }
    }

    /// The same, and what the cards are called that are none of `own`.
    pub fn look_for(&self, own: &[String]) -> Result<(), Explanation> {
        let seen = self.look()?;
        for other in seen.cards.iter().filter(|card| !own.contains(&card.serial)) {
            self.named(other);
        }
        Ok(())
    }

    /// What PC/SC tells of the readers, for as long as it is polled.
    pub async fn follow_readers(&self) {
        tokio::join!(readers::follow(&self.program, self.sight.readers()), self.give_up_questions());
    }

    /// A question during which a card was pulled may never end (OpenSC 0.23 waits for a lock of its own): it is given up soon.
    async fn give_up_questions(&self) {
        let mut told = self.readers();
        let mut before = told.borrow_and_update().clone();
        while let (Some(module), Ok(())) = (&self.module, told.changed().await) {
            let (now, pulled) = (told.borrow_and_update().clone(), Instant::now());
            if now.has_lost_a_card_of(&before) {
                tokio::time::sleep(Duration::from_millis(CARD_PULLED_MILLISECONDS)).await;
                // With a card left somewhere an operation may be that one's.
                let is_void = !now.has_cards() && !self.sight.is_fixed();
                module.give_up(pulled, if is_void { Stake::Operation } else { Stake::Look });
            }
            before = now;
        }
    }

    /// To hear of the readers.
    pub fn readers(&self) -> watch::Receiver<readers::Readers> {
        self.sight.readers().subscribe()
    }

    /// To be woken when a card stands otherwise than before.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.sight.changes()
    }

    /// How a card stands, by what was last seen.
    pub fn state(&self, card: &str) -> CardState {
        self.sight.state(card, self.is_open(card))
    }

    /// Whose card it is, by its certificates; nobody is asked for a PIN.
    pub fn named(&self, card: &CardSeen) -> String {
        if let Some(name) = self.sight.name(card) {
            return name;
        }
        let found = self.certificates(&card.serial).unwrap_or_default();
        let mut own = found.into_iter().filter_map(|shown| Certificate::from_der(shown.der).ok());
        let name = own.find(|certificate| !certificate.is_ca()).map(|c| c.holder());
        let name = name.unwrap_or_else(|| card.label.clone());
        self.sight.named(card, name.clone());
        name
    }

    /// The certificates of a card with their identifiers; nobody is asked for a PIN.
    pub fn certificates(&self, card: &str) -> Result<Vec<Shown>, Explanation> {
        match self.ask(&Request::Certificates { card: card.to_owned() }) {
            Ok(Answer::Certificates(found)) => Ok(found),
            Ok(_) => Err(say::failed("another answer to Certificates")),
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

    /// A key that the card has opened was of use: so was the card.
    fn touch(&self, card: &str) {
        if let Some(used) = self.opened().get_mut(card) {
            *used = Used::now();
        }
    }

    /// Who asks for PINs.
    pub fn pins(&self) -> &Arc<dyn AsksPin> {
        &self.pins
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
            self.sight.changed();
            // A card that is gone has logged out by itself.
            let _ = self.ask(&Request::Logout { card });
        }
    }

    /// The card, if it is in a reader.
    fn present(&self, card: &str, holder: &str) -> Result<CardSeen, Explanation> {
        let seen = self.look()?;
        let found = seen.cards.iter().find(|c| c.serial == card);
        found.cloned().ok_or_else(|| self.missing(&seen, holder))
    }

    /// Asks PC/SC of the readers, where nobody watches them.
    pub fn look_at_readers(&self) {
        if self.readers().borrow().service == readers::Service::Unknown {
            self.sight.readers().send_replace(readers::Readers::now(&self.program));
        }
    }

    /// Why no card at all is there.
    pub fn nothing_there(&self, seen: &Seen) -> Explanation {
        self.look_at_readers();
        match CardState::missing(seen, &self.readers().borrow(), |_| None) {
            CardState::NoCard => say::empty_reader(),
            other => other.explain(""),
        }
    }

    /// Why that card is not there.
    fn missing(&self, seen: &Seen, holder: &str) -> Explanation {
        if seen.cards.is_empty() {
            self.look_at_readers();
        }
        let readers = self.readers().borrow().clone();
        let named = |serial: &str| seen.cards.iter().find(|c| c.serial == serial).map(|c| self.named(c));
        CardState::missing(seen, &readers, named).explain(holder)
    }

    /// Whether a card is in a reader and, as far as is known, works: neither blocked, nor failing when it was wanted last.
    fn works(&self, card: &str) -> bool {
        self.look().is_ok() && self.sight.works(card)
    }

    /// An operation of a key.
    fn operate(&self, card: &str, request: &Request) -> Result<Octets, Silence> {
        match self.used(card, request)? {
            Answer::Octets(octets) => Ok(octets),
            _ => Err(Silence::Refused(Refused::Failed)),
        }
    }

    /// Asks a card that is open; a login that has ended is noticed.
    fn used(&self, card: &str, request: &Request) -> Result<Answer, Silence> {
        let said = self.ask(request);
        match &said {
            Ok(_) => {
                if let Some(used) = self.opened().get_mut(card) {
                    *used = Used::now();
                }
            }
            Err(Silence::Refused(Refused::LoginFirst | Refused::Absent) | Silence::Crashed | Silence::Hung | Silence::GivenUp) => {
                self.opened().remove(card);
                self.sight.changed();
            }
            Err(Silence::Refused(Refused::PinBlocked)) => self.sight.blocked(card, true),
            Err(_) => {}
        }
        if let Err(silence @ (Silence::Crashed | Silence::Hung)) = &said {
            self.sight.looked(Looked::Fault(self.explained(silence)));
            self.sight.fails(card, true);
        }
        said
    }

    fn ask(&self, request: &Request) -> Result<Answer, Silence> {
        let module = self.module.as_ref().ok_or(Silence::NoModule)?;
        module.ask(request).inspect_err(|silence| {
            // The user is told in words; these are for who knows about modules.
            if let Silence::Refused(Refused::Module(why) | Refused::NotLoaded(why)) = silence {
                tracing::warn!(%why, "the card software refused");
            }
        })
    }

    fn explained(&self, silence: &Silence) -> Explanation {
        let file = self.module.as_ref().map_or_else(String::new, |m| m.path().display().to_string());
        match silence {
            Silence::NoModule => say::no_module(),
            Silence::Said(why) => (**why).clone(),
            Silence::GivenUp => say::gone(),
            Silence::Hung => say::hung(),
            Silence::Crashed => say::crashed(),
            Silence::NotStarted(error) => say::module_not_loaded(&file, &error.to_string()),
            Silence::Refused(Refused::NotLoaded(why)) => say::module_not_loaded(&file, why),
            Silence::Refused(Refused::Module(why)) => say::failed(why),
            Silence::Refused(Refused::PinWrong(_) | Refused::PinMalformed) => say::pin_wrong(),
            Silence::Refused(Refused::PinBlocked) => say::pin_blocked_somehow(),
            Silence::Refused(Refused::Cancelled) => say::pin_cancelled(),
            Silence::Refused(Refused::NoKey) => say::key_not_there(),
            Silence::Refused(Refused::Unsupported) => say::not_able(),
            Silence::Refused(Refused::LoginFirst | Refused::PinEachTime) => say::pin_awaited(),
            Silence::Refused(Refused::Absent) => say::gone(),
            Silence::Refused(Refused::Failed) => say::failed("no reason given"),
        }
    }

    /// Logs every card out: some software leaves a card open for whoever comes next.
    pub fn close(&self) {
        let open: Vec<String> = self.opened().drain().map(|(card, _)| card).collect();
        for card in open {
            // A card that is gone has logged out by itself.
            let _ = self.ask(&Request::Logout { card });
        }
        self.sight.changed();
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
