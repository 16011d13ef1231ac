//! Own keys at hand: unsealed from the store once, read again when the store has changed.

use super::gate::{Gate, Lock};
use crate::base::{Address, Asker, UnixTime};
use crate::keys::Own;
use crate::keys::card::{CardLock, Cards, NotOpened, Wanted};
use crate::keys::shelf::{Shelved, shelved};
use crate::pki::Certificate;
use crate::pki::life::{self, Stage};
use crate::smime::port::PrivateKey;
use crate::store::{FolderStamp, KeysStore};
use crate::text::{Explanation, key_life, keys as say};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A key and whose it is.
#[derive(Clone)]
pub struct Identity {
    /// The account.
    pub account: Address,
    /// The key.
    pub key: Arc<dyn PrivateKey>,
    /// Its owner has said not to use it any more: it opens what was encrypted to it, and nothing else.
    pub is_retired: bool,
    /// What stands before it, where it is a card's.
    pub card: Option<CardGate>,
}

/// The way to a key of a card.
#[derive(Clone, Debug)]
pub struct CardGate {
    lock: Arc<CardLock>,
    gate: Arc<Gate>,
}

impl Identity {
    /// A key of an account, in use.
    pub fn new(account: Address, key: Arc<dyn PrivateKey>) -> Self {
        Self {
            account,
            key,
            is_retired: false,
            card: None,
        }
    }

    /// One that is in use.
    pub(super) fn of(account: Address, own: Own, gate: impl FnOnce(&Arc<CardLock>) -> CardGate) -> Self {
        let (key, card): (Arc<dyn PrivateKey>, _) = match own {
            Own::Software(key) => (Arc::new(key), None),
            Own::Card(key) => {
                let gate = gate(key.lock());
                (Arc::new(key), Some(gate))
            }
        };
        Self {
            account,
            key,
            is_retired: false,
            card,
        }
    }

    /// True for the same certificate of the same account.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.account == other.account && self.key.certificate().der() == other.key.certificate().der()
    }

    fn is_as(&self, other: &Self) -> bool {
        self.is(other) && self.is_retired == other.is_retired
    }
}

impl CardGate {
    /// The way to that lock.
    pub(super) fn new(lock: &Arc<CardLock>) -> Self {
        Self {
            lock: Arc::clone(lock),
            gate: Gate::new(Arc::clone(lock) as Arc<dyn Lock>),
        }
    }

    /// Waits for the card and its PIN, no longer than that.
    pub(super) async fn pass(&self, asker: Asker, patience: Duration) -> Result<(), Explanation> {
        self.gate.pass(asker, patience).await
    }

    /// Asks in front of a terminal.
    pub(super) fn open_by_hand(&self) -> Result<(), Explanation> {
        self.lock.unlock().map_err(NotOpened::why)
    }

    /// Somebody has sat down.
    fn somebody_came(&self) {
        self.gate.somebody_came();
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The keys of a home.
pub struct Identities {
    store: KeysStore,
    /// Those that rest elsewhere.
    outside: Mutex<Vec<Identity>>,
    cards: Arc<Cards>,
    /// One for each card, however many keys and accounts it has.
    gates: Mutex<BTreeMap<String, CardGate>>,
    held: Mutex<(FolderStamp, Arc<Vec<Identity>>)>,
}

impl Identities {
    /// Nothing is unsealed before the first use.
    pub fn new(store: KeysStore, cards: Arc<Cards>) -> Self {
        Self {
            store,
            outside: Mutex::default(),
            cards,
            gates: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// Keys that are at hand from now on and rest elsewhere than in the store, in the place of those before.
    pub fn replace_outside(&self, keys: Vec<Identity>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *self.outside.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        // All is read again at the next use.
        *held = Default::default();
    }

    /// Every key, past and present.
    pub fn all(&self) -> Result<Arc<Vec<Identity>>, Explanation> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.store.is_unchanged(&held.0) {
            let stamp = self.store.stamp();
            let read = self.read()?;
            // What was said with these keys holds for as long as they are these: a folder that changed a moment ago is read
            // more than once.
            let same = read.len() == held.1.len() && read.iter().zip(held.1.iter()).all(|(a, b)| a.is_as(b));
            *held = (stamp, if same { Arc::clone(&held.1) } else { Arc::new(read) });
        }
        Ok(Arc::clone(&held.1))
    }

    /// The ways to keys of cards that were wanted in vain, and what became of each.
    pub(super) fn missed(&self) -> Vec<(CardGate, Wanted)> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = gates.values().filter_map(|card| Some((card.clone(), card.lock.wanted_of_late()?)));
        missed.collect()
    }

    /// Somebody has sat down: what he was asked in vain may be asked again.
    pub(super) fn somebody_came(&self) {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.values().for_each(CardGate::somebody_came);
    }

    fn read(&self) -> Result<Vec<Identity>, Explanation> {
        let identity = |shelved: Shelved| Identity {
            is_retired: shelved.is_retired,
            ..Identity::of(shelved.account, shelved.key, |lock| self.gate_of(lock))
        };
        let mut all: Vec<Identity> = self.shelved()?.into_iter().map(identity).collect();
        all.extend(self.outside.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        Ok(all)
    }

    fn gate_of(&self, lock: &Arc<CardLock>) -> CardGate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(lock.card().to_owned()).or_insert_with(|| CardGate::new(lock));
        gate.clone()
    }

    /// Those of the store, each with where it stands in its life.
    pub(super) fn shelved(&self) -> Result<Vec<Shelved>, Explanation> {
        shelved(&self.store, &self.cards)
    }

    /// The store behind them.
    pub(super) fn store(&self) -> &KeysStore {
        &self.store
    }

    /// Whether this is the certificate of a key that is not to be used any more, wherever else it was found.
    pub(super) fn are_done_with(&self, certificate: &Certificate) -> bool {
        let retired = |own: &Identity| own.is_retired && own.key.certificate() == certificate;
        self.all().is_ok_and(|all| all.iter().any(retired))
    }

    /// The key that may sign and is valid whose certificate names these senders; else one that names nobody, as that of a
    /// card; the newest of those.
    pub fn signing(&self, account: &Address, from: &BTreeSet<Address>, now: UnixTime) -> Result<Identity, Explanation> {
        self.best(account, now, life::signs, |c| match c.emails().is_empty() {
            true => Naming::Nobody,
            false if from.iter().all(|sender| c.has_email(sender.as_str())) => Naming::These,
            false => Naming::Others,
        })
    }

    /// The certificate that others, and the account itself, encrypt to.
    pub fn encryption(&self, account: &Address, now: UnixTime) -> Result<Identity, Explanation> {
        self.best(account, now, life::is_encrypted_to, |_| Naming::These)
    }

    fn best(
        &self,
        account: &Address,
        now: UnixTime,
        fits: impl Fn(&Certificate) -> bool,
        naming: impl Fn(&Certificate) -> Naming,
    ) -> Result<Identity, Explanation> {
        let all = self.all()?;
        let valid = |i: &&Identity| life::stage(i.key.certificate(), now) == Stage::Valid;
        let fitting = || all.iter().filter(|i| i.account == *account && fits(i.key.certificate()));
        let own = || fitting().filter(|i| !i.is_retired);
        let best = own().filter(valid).max_by_key(|i| {
            let certificate = i.key.certificate();
            // A card has one pair to log in with as well.
            (naming(certificate), life::is_for_mail(certificate), certificate.not_before())
        });
        best.cloned()
            .ok_or_else(|| match own().map(|i| i.key.certificate()).max_by_key(|c| c.not_after()) {
                _ if fitting().filter(valid).any(|i| i.is_retired) => key_life::retired(account),
                Some(early) if early.not_before() > now => say::own_certificate_not_yet_valid(account, early.not_before()),
                Some(expired) => say::own_certificate_expired(account, expired.not_after()),
                None => crate::text::outgoing::no_own_key(account),
            })
    }
}

/// Whom a certificate names, the least fitting first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Naming {
    Others,
    Nobody,
    These,
}
