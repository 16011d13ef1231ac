//! Accounts whose keys are in a held file: the way to each, what is refused in their names, and what goes when they close.

use super::Relay;
use super::gate::{Door, Gate, Lock};
use super::identities::{CardGate, Identity};
use super::incoming::Read;
use super::status::Questions;
use crate::base::limits::RESCUE_LOOKED_AT_SECONDS;
use crate::base::{Address, UnixTime};
use crate::config::{Account, Config, HeldAt};
use crate::keys::held::{Behind, HeldKey, HeldLock, Look, Opener, Stub, Unknown, Whose};
use crate::keys::pin::AsksPin;
use crate::pki::path::{self, Purpose};
use crate::pki::revocation::Status;
use crate::pki::select::Unfit;
use crate::pki::{Certificate, select};
use crate::policy::sender::{self, Under};
use crate::policy::{Space, Submission};
use crate::smime::port::PrivateKey;
use crate::store::{Event, HeldPlaces};
use crate::text::{Explain, Explanation, held as say};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The held files of a home.
pub(super) struct Held {
    places: HeldPlaces,
    pins: Arc<dyn AsksPin>,
    clock: fn() -> UnixTime,
    configured: BTreeMap<Address, HeldAt>,
    locks: Mutex<BTreeMap<Address, Arc<HeldLock>>>,
    /// Whether there is any, which does not end.
    holds: watch::Sender<bool>,
    /// Accounts that the user may read no more, and that nobody has heard of yet.
    ended: Mutex<Vec<Address>>,
}

impl Held {
    /// Nothing is read before it is needed.
    pub(super) fn new(places: HeldPlaces, pins: Arc<dyn AsksPin>, config: &Config, clock: fn() -> UnixTime) -> Self {
        let at = |account: &Account| Some((account.address.clone(), account.held.clone()?));
        let configured: BTreeMap<Address, HeldAt> = config.accounts.iter().filter_map(at).collect();
        Self {
            places,
            pins,
            clock,
            holds: watch::Sender::new(!configured.is_empty()),
            configured,
            locks: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// The way to the file of an account of one's own.
    pub(super) fn of_own(&self, account: &Address) -> Arc<HeldLock> {
        self.lock_of(account, Whose::Own, self.places.file(account))
    }

    fn lock_of(&self, account: &Address, whose: Whose, path: PathBuf) -> Arc<HeldLock> {
        let mut locks = self.locks();
        let made = || {
            let (places, pins) = (self.places.clone(), Arc::clone(&self.pins));
            Arc::new(HeldLock::new(account.clone(), whose, path, places, pins, self.clock))
        };
        let lock = Arc::clone(locks.entry(account.clone()).or_insert_with(made));
        self.holds.send_if_modified(|holds| !std::mem::replace(holds, true));
        lock
    }

    /// The ways to the files of others.
    pub(super) fn of_others(&self) -> Vec<Arc<HeldLock>> {
        let others = self.configured.iter().filter_map(|(account, at)| match at {
            HeldAt::Delegated(path) => Some(self.lock_of(account, Whose::Other, path.clone())),
            HeldAt::Own(_) => None,
        });
        others.collect()
    }

    /// Another number when the files of others have told something new.
    pub(super) fn news(&self) -> u64 {
        self.locks().values().map(|lock| lock.news()).sum()
    }

    /// Looks at the files of others, at all of them at once, and waits a moment for each.
    fn look(&self) {
        let looks: Vec<Look> = self.of_others().iter().map(HeldLock::ask_look).collect();
        looks.into_iter().for_each(Look::wait);
    }

    fn is_of_others(&self, account: &str) -> bool {
        let mut others = self.configured.iter().filter(|(_, at)| matches!(at, HeldAt::Delegated(_)));
        others.any(|(address, _)| address.folded() == account)
    }

    /// The certificates by which the mail of somebody else is known; none where he does not let the user read, or nobody can say.
    pub(super) fn known(&self, lock: &Arc<HeldLock>) -> Vec<Certificate> {
        match lock.known() {
            Ok(certificates) => certificates,
            Err(Unknown::CannotSay(_)) => Vec::new(),
            Err(Unknown::NotForUs(why)) => {
                if lock.forget() {
                    tracing::warn!(account = %lock.account(), code = why.code, "{}", why.fr.what);
                    self.ended
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(lock.account().clone());
                }
                Vec::new()
            }
        }
    }

    /// Why nobody can say which mail of that account is for the user, where it is so.
    pub(super) fn cannot_say(&self, account: &str) -> Option<Explanation> {
        let lock = self.of_others().into_iter().find(|lock| lock.account().folded() == account)?;
        lock.cannot_say()
    }

    /// Ready once there is any.
    async fn holds_something(&self) {
        // The sender is ours: it does not go.
        let _ = self.holds.subscribe().wait_for(|holds| *holds).await;
    }

    fn take_ended(&self) -> Vec<Address> {
        std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what the files have opened to.
    pub(super) fn close(&self) {
        self.all().iter().for_each(|lock| lock.close());
    }

    fn locks(&self) -> MutexGuard<'_, BTreeMap<Address, Arc<HeldLock>>> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<HeldLock>> {
        self.locks().values().cloned().collect()
    }
}

/// The user's own keys that may open a held file.
pub(super) fn openers<'a>(identities: impl Iterator<Item = &'a Identity>) -> Vec<Opener> {
    let opener = |identity: &Identity| Opener {
        key: Arc::clone(&identity.key),
        behind: match (&identity.on_card, &identity.held) {
            (Some(card), _) => Behind::Card(Arc::clone(card.lock())),
            (None, Some(file)) => Behind::File(Arc::clone(file)),
            (None, None) => Behind::Nothing,
        },
    };
    identities.map(opener).collect()
}

impl Identity {
    /// A key of the user's own, in a held file.
    pub(super) fn of_stub(account: Address, stub: &Stub, lock: &Arc<HeldLock>, gate: CardGate) -> Self {
        Self {
            held: Some(Arc::clone(lock)),
            card: Some(gate),
            ..Self::new(account, Arc::new(stub.behind(lock)))
        }
    }

    /// A key of somebody else's, who lets the user read.
    pub(super) fn of_other(certificate: Certificate, lock: &Arc<HeldLock>, gate: CardGate) -> Self {
        let key = HeldKey::new(certificate, Vec::new(), Arc::clone(lock));
        Self {
            held: Some(Arc::clone(lock)),
            card: Some(gate),
            ..Self::new(lock.account().clone(), Arc::new(key) as Arc<dyn PrivateKey>)
        }
    }

    /// Whether it opens somebody else's mail, and does nothing in his name.
    pub(super) fn is_delegated(&self) -> bool {
        self.held.as_ref().is_some_and(|lock| lock.whose() == Whose::Other)
    }
}

impl CardGate {
    /// The way to a held file.
    pub(super) fn of_held(lock: &Arc<HeldLock>) -> Self {
        let door = Arc::clone(lock) as Arc<dyn Door>;
        Self::of_door(door, Gate::new(Arc::clone(lock) as Arc<dyn Lock>))
    }
}

/// Whose held file opened a message, of the keys that it was opened with: by now they may have left. `None`: no such file did.
pub(super) fn held_by(read: &Read, keys: &[Identity]) -> Option<Whose> {
    let unwrapped = &read.opened.as_ref()?.unwrapped;
    let of = |certificate: &Certificate| {
        let behind = keys.iter().filter(|own| own.key.certificate() == certificate);
        behind.filter_map(|own| own.held.as_ref()).map(|lock| lock.whose()).next()
    };
    unwrapped.iter().find_map(|by| of(&by.certificate))
}

impl Relay {
    /// What may not be done in the names that a submission goes under: those of others whom the user reads for, and his own in
    /// rescue mode.
    pub(super) fn reads_only(&self, account: &Account, submission: &Submission, space: &Space) -> Option<Explanation> {
        let mut named: BTreeSet<Address> = sender::named(&submission.message);
        named.extend(submission.envelope.from.clone());
        named.insert(account.address.clone());
        if submission.envelope.recipients.iter().any(|r| space.holds(&r.address)) {
            named.extend(account.mssante_via.clone());
        }
        let by_name = named.iter().find_map(|name| self.only_read(name));
        by_name.or_else(|| self.only_read_by_nobody(&submission.message))
    }

    /// Where nobody can read whose name it is, it may be that of one who is only read.
    fn only_read_by_nobody(&self, message: &[u8]) -> Option<Explanation> {
        if sender::under(message, |_| true) != Under::Nobody {
            return None;
        }
        let others = self.identities.held().configured.keys();
        let mut all = others.chain(self.accounts.iter().map(|account| &account.address));
        all.find_map(|name| self.only_read(name))
    }

    fn only_read(&self, name: &Address) -> Option<Explanation> {
        let held = self.identities.held();
        match held.configured.get(name) {
            Some(HeldAt::Delegated(_)) => Some(say::delegate_reads_only(name)),
            _ if self.accounts.iter().any(|a| a.address == *name) => held.of_own(name).rescue().map(|_| say::rescue_reads_only(name)),
            _ => None,
        }
    }

    /// Whether the keys of an account may be given to the holder of a certificate: an authority of today answers for it, and it
    /// can be encrypted to.
    pub async fn may_hold(&self, certificate: &Certificate, issuers: &[Certificate]) -> Result<(), Explanation> {
        if !select::can_be_encrypted_to(certificate) {
            return Err(Unfit::Key.explain());
        }
        let trust = self.trust().map_err(|e| e.explain())?;
        let path = path::validate(certificate, issuers, &trust, self.now(), Purpose::Any).map_err(|e| e.explain())?;
        match self.status_of(&path, &trust, &Questions::of_now()).await {
            Status::Good(_) | Status::NotPublished => Ok(()),
            Status::Revoked(revoked) => Err(revoked.explain()),
            Status::Unknown(unknown) => Err(unknown.explain()),
        }
    }

    /// Before a message of that account is told: whether the user may still read it.
    pub(super) fn look_at_file(&self, account: &str) {
        let held = self.identities.held();
        if held.is_of_others(account) {
            tokio::task::block_in_place(|| held.look());
        }
        self.notice_closed_files();
    }

    /// The same of all files, in front of a terminal or at the start.
    pub(super) fn look_at_files(&self) {
        self.identities.held().look();
        self.notice_closed_files();
    }

    /// Ready once an account is held for several persons, or read for somebody else: until then nobody looks after any.
    pub(super) async fn holds_something(&self) {
        self.identities.held().holds_something().await;
    }

    /// What was opened by keys that have left memory leaves it too; of accounts that the user may read no more, it is noted.
    pub(super) fn notice_closed_files(&self) {
        let held = self.identities.held();
        if !held.configured.is_empty() {
            // Whom the files let in is looked at by this.
            let _ = self.identities.all();
        }
        for account in held.take_ended() {
            self.note(&self.entry(Event::Key, &account, None, 0, "delegation-ended"));
        }
        let closed = held.all().iter().filter(|lock| lock.has_closed()).count();
        if closed > 0 {
            self.views.wipe();
        }
    }

    /// Ends rescue mode when the card is back or its time is over, for as long as the relay runs.
    pub async fn keep_held(self: Arc<Self>) {
        self.holds_something().await;
        loop {
            tokio::time::sleep(Duration::from_secs(RESCUE_LOOKED_AT_SECONDS)).await;
            let relay = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                relay.identities.held().all().iter().for_each(|lock| lock.look_after_rescue());
                relay.look_at_files();
            });
            if let Err(error) = looked.await {
                tracing::warn!(%error, "rescue mode could not be looked after");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::pin::Prompt;
    use crate::store::{Home, Secrets};
    use futures_util::FutureExt;

    #[test]
    fn whoever_looks_after_held_accounts_begins_with_the_first() {
        let guard = tempfile::tempdir().unwrap();
        let places = HeldPlaces::new(&Home::open(guard.path()).unwrap(), &Secrets::ephemeral().unwrap());
        let held = Held::new(places, Arc::new(Prompt::new(None)), &Config::default(), || UnixTime(0));
        let mut begins = Box::pin(held.holds_something());
        assert!((&mut begins).now_or_never().is_none());
        held.of_own(&Address::parse("alice@lab.test").unwrap());
        assert!(begins.now_or_never().is_some());
        // So does who comes later.
        assert!(held.holds_something().now_or_never().is_some());
    }
}
