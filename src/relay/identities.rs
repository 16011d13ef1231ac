//! Own keys at hand: unsealed from the store once, read again when the store has changed.

use crate::base::{Address, UnixTime};
use crate::keys::shelf::shelved;
use crate::pki::Certificate;
use crate::pki::life::{self, Stage};
use crate::smime::port::PrivateKey;
use crate::store::{FolderStamp, KeysStore};
use crate::text::{Explanation, key_life, keys as say};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A key and whose it is.
#[derive(Clone)]
pub struct Identity {
    /// The account.
    pub account: Address,
    /// The key, which may one day be a card's.
    pub key: Arc<dyn PrivateKey>,
    /// Its owner has said not to use it any more: it opens what was encrypted to it, and nothing else.
    pub is_retired: bool,
}

impl Identity {
    /// True for the same certificate of the same account.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.account == other.account && self.key.certificate().der() == other.key.certificate().der()
    }

    fn is_as(&self, other: &Self) -> bool {
        self.is(other) && self.is_retired == other.is_retired
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
    held: Mutex<(FolderStamp, Arc<Vec<Identity>>)>,
}

impl Identities {
    /// Nothing is unsealed before the first use.
    pub fn new(store: KeysStore) -> Self {
        Self {
            store,
            held: Mutex::default(),
        }
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

    fn read(&self) -> Result<Vec<Identity>, Explanation> {
        let all = shelved(&self.store)?.into_iter().map(|shelved| Identity {
            account: shelved.account,
            key: Arc::new(shelved.key),
            is_retired: shelved.is_retired,
        });
        Ok(all.collect())
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
            (naming(certificate), certificate.not_before())
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
