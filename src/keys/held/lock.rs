//! What stands between the keys of a held file and their use: the owner's card, a delegate's key, or the passphrase.
//!
//! What was opened stays in memory as long as who opened it may: a card until it is pulled out or idle, a delegate until the file is
//! another one, rescue mode until its time is over or the card is back.
//!
//! Somebody else's file may stand in a folder that hangs: it is looked at by [`HeldLock::ask_look`] alone, and who asks whether the
//! file is open waits for no disk.

use super::file::{Behind, Opened, Opener, open_by_key, open_by_passphrase, read};
use super::look::Looks;
use super::sight::{Doubt, Sight};
use super::{HeldError, Stub};
use crate::base::limits::{CARD_WANTED_SECONDS, EXPORT_PASSWORD_MIN, RESCUE_HOURS_MAX};
use crate::base::{Address, Secret, UnixTime};
use crate::keys::SoftwareKey;
use crate::keys::card::{NotOpened, Wanted};
use crate::keys::pin::AsksPin;
use crate::pki::Certificate;
use crate::smime::lockbox::Lockbox;
use crate::smime::port::PrivateKey;
use crate::store::{Event, HeldPlaces, JournalEntry, StoreError, journal};
use crate::text::{Explain, Explanation, rescue as say};
use aws_lc_rs::digest;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whose account it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// The user's own.
    Own,
    /// Somebody else's, who lets him read.
    Other,
}

/// The way to the keys of one account's file.
pub struct HeldLock {
    pub(super) account: Address,
    whose: Whose,
    pub(super) path: PathBuf,
    pub(super) places: HeldPlaces,
    pins: Arc<dyn AsksPin>,
    clock: fn() -> UnixTime,
    pub(super) openers: Mutex<Vec<Opener>>,
    pub(super) looks: Looks,
    pub(super) sight: Mutex<Sight>,
    pub(super) doubt: Mutex<Doubt>,
    pub(super) open: Mutex<Open>,
    wanted: Mutex<Option<(Instant, Wanted)>>,
    /// One window, and one try to open it, at a time.
    asking: Mutex<()>,
}

#[derive(Default)]
pub(super) struct Open {
    pub(super) held: Option<InMemory>,
    /// Something left memory since this was asked last.
    pub(super) has_closed: bool,
}

pub(super) struct InMemory {
    keys: Vec<Arc<SoftwareKey>>,
    by: By,
    imprint: Vec<u8>,
}

/// Who opened it.
enum By {
    Key(Behind),
    /// Until then, and for so long: a clock that is set back gives no more of it.
    Passphrase(UnixTime, Instant),
}

/// Why there is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shut {
    /// A card, a passphrase or the file is awaited.
    Waits,
    /// The file has none for that certificate.
    NotInIt,
}

/// Why the file is not open.
enum Closed {
    /// Somebody is to be asked.
    Waits,
    /// Asking mends nothing.
    Fault(Box<Explanation>),
}

impl From<HeldError> for Closed {
    fn from(error: HeldError) -> Self {
        Self::Fault(Box::new(error.explain()))
    }
}

impl HeldLock {
    /// Nothing is read before it is needed.
    pub fn new(account: Address, whose: Whose, path: PathBuf, places: HeldPlaces, pins: Arc<dyn AsksPin>, clock: fn() -> UnixTime) -> Self {
        Self {
            account,
            whose,
            path,
            places,
            pins,
            clock,
            openers: Mutex::default(),
            looks: Looks::default(),
            sight: Mutex::default(),
            doubt: Mutex::default(),
            open: Mutex::default(),
            wanted: Mutex::default(),
            asking: Mutex::default(),
        }
    }

    /// Whose keys are behind it.
    pub fn account(&self) -> &Address {
        &self.account
    }

    /// Whether the account is the user's own.
    pub fn whose(&self) -> Whose {
        self.whose
    }

    /// The keys that may open it.
    pub fn give(&self, openers: Vec<Opener>) {
        *lock(&self.openers) = openers;
    }

    /// Until when rescue mode was asked for, if that is yet to come.
    pub fn rescue(&self) -> Option<UnixTime> {
        let until = match self.whose {
            Whose::Own => self.places.rescue_until(&self.account),
            Whose::Other => None,
        };
        let now = (self.clock)();
        // A mark beyond all that can be asked for was not asked for.
        until.filter(|until| now < *until && *until <= now.plus(i64::from(RESCUE_HOURS_MAX) * 3600))
    }

    /// Whether its keys do nothing but open mail.
    pub fn reads_only(&self) -> bool {
        self.whose == Whose::Other || self.rescue().is_some()
    }

    /// Whether the keys can be used at once.
    pub fn is_open(&self) -> bool {
        self.checked().held.is_some()
    }

    /// Whether keys have left memory since this was asked last: what they opened is to go along.
    pub fn has_closed(&self) -> bool {
        std::mem::take(&mut self.checked().has_closed)
    }

    /// What became of a key that was wanted in vain a moment ago.
    pub fn wanted_of_late(&self) -> Option<Wanted> {
        let wanted = lock(&self.wanted).clone()?;
        (wanted.0.elapsed() < Duration::from_secs(CARD_WANTED_SECONDS)).then_some(wanted.1)
    }

    /// The same, since then.
    pub fn wanted_since(&self, since: Instant) -> Option<Wanted> {
        let wanted = lock(&self.wanted).clone()?;
        (wanted.0 >= since).then_some(wanted.1)
    }

    /// The key of a certificate; opens the file where nobody needs to be asked.
    pub fn key_of(&self, certificate: &Certificate) -> Result<Arc<SoftwareKey>, Shut> {
        match self.key_at_hand(certificate) {
            Ok(key) => return Ok(key),
            // The owner has put a new one into it since.
            Err(Shut::NotInIt) if self.whose == Whose::Own => lock(&self.open).held = None,
            Err(Shut::NotInIt) => return Err(Shut::NotInIt),
            Err(Shut::Waits) => {}
        }
        // Where somebody is being asked, nobody waits here for his answer.
        let tried = match self.asking.try_lock() {
            Ok(_alone) => self.open_quietly(),
            Err(_) => Err(Closed::Waits),
        };
        if let Err(why) = tried {
            self.miss(why);
        }
        self.key_at_hand(certificate)
    }

    fn key_at_hand(&self, certificate: &Certificate) -> Result<Arc<SoftwareKey>, Shut> {
        let open = self.checked();
        let held = open.held.as_ref().ok_or(Shut::Waits)?;
        if let By::Key(behind) = &held.by {
            behind.touch();
        }
        let found = held.keys.iter().find(|key| key.certificate() == certificate);
        found.cloned().ok_or(Shut::NotInIt)
    }

    fn miss(&self, why: Closed) {
        let wanted = match why {
            Closed::Waits => Wanted::Closed,
            Closed::Fault(why) => Wanted::Fault(*why),
        };
        *lock(&self.wanted) = Some((Instant::now(), wanted));
    }

    /// The file, to be opened.
    fn file(&self) -> Result<(Arc<Lockbox>, Vec<u8>), Closed> {
        match (self.whose, &*lock(&self.sight)) {
            (Whose::Other, Sight::Readable(file, imprint)) => Ok((Arc::clone(file), imprint.clone())),
            (Whose::Other, Sight::OutOfReach(why)) => Err(Closed::Fault(Box::new(why.clone()))),
            (Whose::Other, Sight::NotYet) => Err(Closed::Waits),
            (Whose::Own, _) => {
                let (file, octets) = read(&self.account, &self.path)?;
                Ok((Arc::new(file), imprint(&octets)))
            }
        }
    }

    /// By keys that ask nobody for anything.
    fn open_quietly(&self) -> Result<(), Closed> {
        if self.is_open() {
            return Ok(());
        }
        let (file, imprint) = self.file()?;
        let openers = self.openers_of(&file)?;
        let ready = |opener: &&Opener| opener.behind.is_open();
        let opened = openers
            .iter()
            .filter(ready)
            .find_map(|opener| Some((open_by_key(&file, opener.key.as_ref())?, opener)));
        let (opened, opener) = opened.ok_or(Closed::Waits)?;
        self.keep(opened, By::Key(opener.behind.clone()), imprint);
        Ok(())
    }

    /// Those whom the file names.
    fn openers_of(&self, file: &Lockbox) -> Result<Vec<Opener>, HeldError> {
        let mut openers = lock(&self.openers).clone();
        openers.retain(|opener| file.is_for(opener.key.certificate()));
        match openers.is_empty() && self.whose == Whose::Other {
            true => Err(HeldError::NotForUs(self.account.clone())),
            false => Ok(openers),
        }
    }

    /// Asks whoever can open it; blocks.
    pub fn unlock(&self) -> Result<(), NotOpened> {
        let _alone = lock(&self.asking);
        match self.open_quietly() {
            Ok(()) => return Ok(()),
            Err(Closed::Waits) => {}
            Err(Closed::Fault(why)) => return Err(NotOpened::NotAsked(*why)),
        }
        let not_opened = || HeldError::NotOpened(self.account.clone()).explain();
        let not_asked = |why: Closed| match why {
            Closed::Waits => NotOpened::NotAsked(not_opened()),
            Closed::Fault(why) => NotOpened::NotAsked(*why),
        };
        let (file, imprint) = self.file().map_err(not_asked)?;
        let openers = self.openers_of(&file).map_err(|error| not_asked(error.into()))?;
        match self.rescue() {
            // Who expects the window for his passphrase is not shown that for the PIN.
            Some(_) if self.is_card_back(&openers) => return Err(NotOpened::NotAsked(say::rescue_ended_by_card(&self.account))),
            Some(until) => return self.unlock_by_passphrase(&file, imprint, until),
            None => {}
        }
        let other = |typed: &Secret| self.is_passphrase(&file, typed).then(|| say::passphrase_for_pin(&self.account));
        let mut closed = None;
        for (at, opener) in openers.iter().enumerate() {
            // Who said no for one key of a card is not asked for the next.
            if openers[..at].iter().any(|other| other.behind.is_same(&opener.behind)) {
                continue;
            }
            match opener.behind.unlock(&other) {
                Ok(()) if self.open_quietly().is_ok() => return Ok(()),
                Ok(()) => {}
                Err(why) => closed = closed.or(Some(why)),
            }
        }
        Err(closed.unwrap_or_else(|| NotOpened::Refused(not_opened())))
    }

    /// Whether that opens the file; what is shorter is none.
    fn is_passphrase(&self, file: &Lockbox, typed: &Secret) -> bool {
        typed.expose().len() >= EXPORT_PASSWORD_MIN && open_by_passphrase(&self.account, file, typed).is_ok()
    }

    /// A wrong one is told, and asked for again by nobody but the user.
    fn unlock_by_passphrase(&self, file: &Lockbox, imprint: Vec<u8>, until: UnixTime) -> Result<(), NotOpened> {
        let refused = |why: Explanation| NotOpened::Refused(why);
        let asked = self.pins.ask_passphrase(&self.account);
        let passphrase = asked.map_err(|why| refused(why.explain()))?;
        let opened = open_by_passphrase(&self.account, file, &passphrase).map_err(|error| {
            self.note(error.explain().code);
            refused(error.explain())
        })?;
        // First: nothing opens so that it is not told.
        self.journalled("rescue-begun").map_err(|error| refused(error.explain()))?;
        let left = u64::try_from(until.0 - (self.clock)().0).unwrap_or(0);
        let ends = Instant::now() + Duration::from_secs(left);
        self.keep(opened, By::Passphrase(until, ends), imprint);
        Ok(())
    }

    /// The card ends rescue mode by being there; not one that is known to be blocked, or to fail.
    fn is_card_back(&self, openers: &[Opener]) -> bool {
        let is_back = openers.iter().any(|opener| match &opener.behind {
            Behind::Card(card) => card.works(),
            Behind::Nothing | Behind::File(_) => false,
        });
        if is_back {
            self.close_rescue();
        }
        is_back
    }

    /// Looks whether the card of an account in rescue mode is back, or the time is over; blocks.
    pub fn look_after_rescue(&self) {
        if self.whose == Whose::Other || self.places.rescue_until(&self.account).is_none() {
            return;
        }
        match self.rescue() {
            None => self.close_rescue(),
            Some(_) => {
                let openers = lock(&self.openers).clone();
                self.is_card_back(&openers);
            }
        }
    }

    fn close_rescue(&self) {
        // Whoever notices meanwhile that the keys have to go says so after this entry.
        let open = lock(&self.open);
        match self.places.close_rescue(&self.account) {
            Ok(true) => self.note("rescue-closed"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "rescue mode could not be closed"),
        }
        drop(open);
        drop(self.checked());
    }

    fn keep(&self, opened: Opened, by: By, imprint: Vec<u8>) {
        let held = InMemory {
            keys: opened.keys,
            by,
            imprint,
        };
        lock(&self.open).held = Some(held);
    }

    /// What is open, if who opened it still may.
    fn checked(&self) -> MutexGuard<'_, Open> {
        let mut open = lock(&self.open);
        let Some(held) = &open.held else { return open };
        let may = match &held.by {
            By::Key(behind) => behind.is_open(),
            By::Passphrase(until, ends) => Instant::now() < *ends && self.rescue().is_some_and(|now| now == *until),
        };
        if may && self.is_same_file(held) {
            return open;
        }
        self.forget_opened(&mut open);
        open
    }

    /// Forgets what was opened, whoever has opened it. The mark of rescue mode stays: the passphrase is asked for anew.
    pub fn close(&self) {
        self.forget_opened(&mut lock(&self.open));
    }

    fn forget_opened(&self, open: &mut Open) {
        let Some(ended) = open.held.take() else { return };
        open.has_closed = true;
        if matches!(ended.by, By::Passphrase(..)) {
            self.note("rescue-ended");
        }
    }

    /// One of somebody else's that was written anew has to be opened anew: the user may have been taken out.
    fn is_same_file(&self, held: &InMemory) -> bool {
        match (self.whose, &*lock(&self.sight)) {
            (Whose::Own, _) => true,
            (Whose::Other, Sight::Readable(_, imprint)) => *imprint == held.imprint,
            (Whose::Other, Sight::NotYet | Sight::OutOfReach(_)) => false,
        }
    }

    fn note(&self, code: &str) {
        if let Err(error) = self.journalled(code) {
            tracing::error!(%error, "the journal could not be written");
        }
    }

    fn journalled(&self, code: &str) -> Result<(), StoreError> {
        let entry = JournalEntry::new((self.clock)(), Event::Key, &self.account, code);
        journal::record(self.places.home(), &entry)
    }
}

impl fmt::Debug for HeldLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldLock").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Stub {
    /// The key that it stands for, behind that lock.
    pub fn behind(&self, lock: &Arc<HeldLock>) -> super::HeldKey {
        super::HeldKey::new(self.certificate().clone(), self.chain().to_vec(), Arc::clone(lock))
    }
}

pub(super) fn imprint(octets: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, octets).as_ref().to_vec()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
