//! Own keys at hand: unsealed from the store once, read again when the store has changed.

use super::gate::{Door, Gate, Lock};
use super::held::{Held, openers};
use crate::base::{Address, Asker, UnixTime};
use crate::keys::Own;
use crate::keys::card::{CardKey, CardLock, Cards, Wanted};
use crate::keys::held::HeldLock;
use crate::keys::shelf::{Shelved, shelved};
use crate::pki::Certificate;
use crate::pki::life::{self, Stage};
use crate::smime::port::PrivateKey;
use crate::store::{FolderStamp, KeysStore};
use crate::text::{Explanation, held as say_held, key_life, keys as say, login};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A key and whose it is.
#[derive(Clone)]
pub struct Identity {
    /// The account.
    pub account: Address,
    /// The key.
    pub key: Arc<dyn PrivateKey>,
    /// Its owner has said not to use it any more: it opens what was encrypted to it, and nothing else.
    pub is_retired: bool,
    /// What stands before it, where it is a card's or in a held file.
    pub card: Option<CardGate>,
    /// Itself, where it is a card's.
    pub(super) on_card: Option<Arc<CardKey>>,
    /// The file that it is in.
    pub(super) held: Option<Arc<HeldLock>>,
}

/// The way to a key of a card, or of a held file.
#[derive(Clone, Debug)]
pub struct CardGate {
    door: Arc<dyn Door>,
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
            on_card: None,
            held: None,
        }
    }

    /// One that is on a card.
    fn of_card(account: Address, key: CardKey, gate: CardGate) -> Self {
        let key = Arc::new(key);
        Self {
            card: Some(gate),
            on_card: Some(Arc::clone(&key)),
            ..Self::new(account, key)
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
        let door = Arc::clone(lock) as Arc<dyn Door>;
        Self::of_door(door, Gate::new(Arc::clone(lock) as Arc<dyn Lock>))
    }

    /// The way through that door.
    pub(super) fn of_door(door: Arc<dyn Door>, gate: Arc<Gate>) -> Self {
        Self { door, gate }
    }

    /// Waits for the card and its PIN, no longer than that.
    pub(super) async fn pass(&self, asker: Asker, patience: Duration) -> Result<(), Explanation> {
        self.gate.pass(asker, patience).await
    }

    /// Whether it is the same way.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.gate, &other.gate)
    }

    /// Asks in front of a terminal.
    pub(super) fn open_by_hand(&self) -> Result<(), Explanation> {
        self.door.open_by_hand()
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
    files: Held,
    held: Mutex<AtHand>,
}

/// What was read, and the folder and files that it was read from.
#[derive(Default)]
struct AtHand {
    folder: FolderStamp,
    files: u64,
    keys: Arc<Vec<Identity>>,
}

impl Identities {
    /// Nothing is unsealed before the first use.
    pub(super) fn new(store: KeysStore, cards: Arc<Cards>, files: Held) -> Self {
        Self {
            store,
            outside: Mutex::default(),
            cards,
            gates: Mutex::default(),
            files,
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
        if !self.store.is_unchanged(&held.folder) || held.files != self.files.news() {
            let (folder, files) = (self.store.stamp(), self.files.news());
            let read = self.read()?;
            // What was said with these keys holds for as long as they are these: a folder that changed a moment ago is read
            // more than once.
            let same = read.len() == held.keys.len() && read.iter().zip(held.keys.iter()).all(|(a, b)| a.is_as(b));
            let keys = if same { Arc::clone(&held.keys) } else { Arc::new(read) };
            *held = AtHand { folder, files, keys };
        }
        Ok(Arc::clone(&held.keys))
    }

    /// The files that hold keys for several persons.
    pub(super) fn held(&self) -> &Held {
        &self.files
    }

    /// The ways to keys that were wanted in vain since then, and what became of each: those of the reader's own account first.
    pub(super) fn missed(&self, since: Instant, first: Option<&Address>) -> Vec<(CardGate, Wanted)> {
        let own = first.map(|account| self.gates_of(account)).unwrap_or_default();
        let mut missed = self.wanted(|door| door.wanted_since(since));
        missed.sort_by_key(|(gate, _)| !own.iter().any(|other| other.is(gate)));
        missed
    }

    /// Those of that account alone.
    pub(super) fn missed_of(&self, account: &Address, since: Instant) -> Vec<(CardGate, Wanted)> {
        let own = self.gates_of(account);
        let mut missed = self.wanted(|door| door.wanted_since(since));
        missed.retain(|(gate, _)| own.iter().any(|other| other.is(gate)));
        missed
    }

    /// Those that were wanted a moment ago, for a program that does one thing.
    pub(super) fn missed_of_late(&self) -> Vec<(CardGate, Wanted)> {
        self.wanted(|door| door.wanted_of_late())
    }

    fn wanted(&self, wanted: impl Fn(&dyn Door) -> Option<Wanted>) -> Vec<(CardGate, Wanted)> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = gates.values().filter_map(|gate| Some((gate.clone(), wanted(&*gate.door)?)));
        missed.collect()
    }

    fn gates_of(&self, account: &Address) -> Vec<CardGate> {
        let all = self.all().unwrap_or_default();
        let own = all.iter().filter(|own| own.account == *account);
        own.filter_map(|own| own.card.clone()).collect()
    }

    /// Somebody has sat down: what he was asked in vain may be asked again.
    pub(super) fn somebody_came(&self) {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.values().for_each(CardGate::somebody_came);
    }

    /// The cards of accounts whose keys are in use: whose mail, which card, whose card.
    pub(super) fn cards(&self) -> Result<Vec<(Address, String, String)>, Explanation> {
        let all = self.all()?;
        let locks = all
            .iter()
            .filter(|own| !own.is_retired)
            .filter_map(|own| Some((own, own.on_card.as_ref()?.lock())));
        let cards: BTreeSet<_> = locks
            .map(|(own, lock)| (own.account.clone(), lock.card().to_owned(), lock.holder().to_owned()))
            .collect();
        Ok(cards.into_iter().collect())
    }

    fn read(&self) -> Result<Vec<Identity>, Explanation> {
        let mut all: Vec<Identity> = self.shelved()?.into_iter().map(|shelved| self.identity(shelved)).collect();
        all.extend(self.outside.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        for lock in all.iter().filter_map(|identity| identity.held.as_ref()) {
            // A file that opens itself would be opened by nobody.
            let may_open = |other: &&Identity| other.account == *lock.account() && other.held.is_none();
            lock.give(openers(all.iter().filter(may_open)));
        }
        let own = openers(all.iter());
        for lock in self.files.of_others() {
            lock.give(own.clone());
            for certificate in self.files.known(&lock) {
                // Whoever writes that file may name anybody in it: what the user has himself, and what was named, stays what it is.
                if !all.iter().any(|known| *known.key.certificate() == certificate) {
                    all.push(Identity::of_other(certificate, &lock, self.gate_of_file(&lock)));
                }
            }
        }
        Ok(all)
    }

    fn identity(&self, shelved: Shelved) -> Identity {
        let account = shelved.account;
        let identity = match shelved.key {
            Own::Software(key) => Identity::new(account, Arc::new(key)),
            Own::Card(key) => {
                let gate = self.gate_of(key.lock());
                Identity::of_card(account, key, gate)
            }
            Own::Held(stub) => {
                let lock = self.files.of_own(&account);
                Identity::of_stub(account, &stub, &lock, self.gate_of_file(&lock))
            }
        };
        Identity {
            is_retired: shelved.is_retired,
            ..identity
        }
    }

    fn gate_of(&self, lock: &Arc<CardLock>) -> CardGate {
        self.gate_named(lock.card().to_owned(), || CardGate::new(lock))
    }

    fn gate_of_file(&self, lock: &Arc<HeldLock>) -> CardGate {
        // No serial number of a card has such a sign.
        self.gate_named(format!("\n{}", lock.account().folded()), || CardGate::of_held(lock))
    }

    fn gate_named(&self, name: String, made: impl FnOnce() -> CardGate) -> CardGate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(name).or_insert_with(made).clone()
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

    /// The key on a card by which the account's provider knows its owner: the newest of those made for it, else of those that can.
    pub(super) fn on_card(&self, account: &Address, now: UnixTime) -> Result<(Arc<CardKey>, CardGate), Explanation> {
        let all = self.all()?;
        let fits = |i: &&Identity| i.account == *account && !i.is_retired && CardKey::signs_handshakes(i.key.certificate());
        let on_card = all.iter().filter(fits).filter_map(|i| Some((i.on_card.clone()?, i.card.clone()?)));
        let rank = |(key, _): &(Arc<CardKey>, CardGate)| {
            let certificate = key.certificate();
            let is_valid = life::stage(certificate, now) == Stage::Valid;
            (is_valid, life::is_for_login(certificate), certificate.not_before())
        };
        let (key, gate) = on_card.max_by_key(rank).ok_or_else(|| login::no_key_on_card(account))?;
        match life::stage(key.certificate(), now) {
            Stage::Valid => Ok((key, gate)),
            Stage::Early => Err(say::own_certificate_not_yet_valid(account, key.certificate().not_before())),
            Stage::Expired => Err(login::certificate_on_card_expired(account, key.certificate().not_after())),
        }
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
        if all.iter().any(|i| i.account == *account && i.is_delegated()) {
            return Err(say_held::delegate_reads_only(account));
        }
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
