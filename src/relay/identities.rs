//! Own keys at hand: unsealed from the store once, read again when the store has changed.

use crate::base::{Address, UnixTime};
use crate::keys::software::SoftwareKey;
use crate::pki::Certificate;
use crate::pki::cert::KeyUsage;
use crate::smime::port::PrivateKey;
use crate::store::{FolderStamp, KeysStore, StoreError};
use crate::text::{Explain, Explanation, keys as say};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A key and whose it is.
#[derive(Clone)]
pub struct Identity {
    /// The account.
    pub account: Address,
    /// The key, which may be a card's.
    pub key: Arc<dyn PrivateKey>,
}

impl Identity {
    /// A key of an account.
    pub fn new(account: Address, key: Arc<dyn PrivateKey>) -> Self {
        Self { account, key }
    }

    /// True for the same certificate of the same account.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.account == other.account && self.key.certificate().der() == other.key.certificate().der()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The keys of a home, and of the cards that are known.
pub struct Identities {
    store: KeysStore,
    outside: Mutex<Vec<Identity>>,
    held: Mutex<(FolderStamp, Arc<Vec<Identity>>)>,
}

impl Identities {
    /// Nothing is unsealed before the first use.
    pub fn new(store: KeysStore) -> Self {
        Self {
            store,
            outside: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// The keys outside this process that are known from now on, in the place of those known before.
    pub fn replace_outside(&self, keys: Vec<Identity>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *self.outside.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        // All is read again at the next use.
        *held = Default::default();
    }

    /// Whether there are keys outside this process.
    pub fn any_outside(&self) -> bool {
        !self.outside.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Every key, past and present.
    pub fn all(&self) -> Result<Arc<Vec<Identity>>, Explanation> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.store.is_unchanged(&held.0) {
            let stamp = self.store.stamp();
            let read = self.read()?;
            // What was said with these keys holds for as long as they are these: a folder that changed a moment ago is read
            // more than once.
            let same = read.len() == held.1.len() && read.iter().zip(held.1.iter()).all(|(a, b)| a.is(b));
            *held = (stamp, if same { Arc::clone(&held.1) } else { Arc::new(read) });
        }
        Ok(Arc::clone(&held.1))
    }

    fn read(&self) -> Result<Vec<Identity>, Explanation> {
        let stored = self.store.list().map_err(|e: StoreError| e.explain())?;
        let mut all = Vec::with_capacity(stored.len());
        for key in stored {
            let bytes = self.store.load(&key.id).map_err(|e| e.explain())?;
            let software = SoftwareKey::from_bytes(&bytes).map_err(|e| e.explain())?;
            all.push(Identity {
                account: key.account,
                key: Arc::new(software),
            });
        }
        all.extend(self.outside.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        Ok(all)
    }

    /// The key that may sign and is valid whose certificate names these senders; else one that names nobody, as that of a
    /// card; the newest of those.
    pub fn signing(&self, account: &Address, from: &BTreeSet<Address>, now: UnixTime) -> Result<Identity, Explanation> {
        let may_sign = |c: &Certificate| usable_for(c, &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION]);
        self.best(account, now, may_sign, |c| match c.emails().is_empty() {
            true => Naming::Nobody,
            false if from.iter().all(|sender| c.has_email(sender.as_str())) => Naming::These,
            false => Naming::Others,
        })
    }

    /// The certificate that others, and the account itself, encrypt to.
    pub fn encryption(&self, account: &Address, now: UnixTime) -> Result<Identity, Explanation> {
        let usages = [KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
        let fits = |c: &Certificate| usable_for(c, &usages) && crate::pki::select::can_be_encrypted_to(c);
        self.best(account, now, fits, |_| Naming::These)
    }

    fn best(
        &self,
        account: &Address,
        now: UnixTime,
        fits: impl Fn(&Certificate) -> bool,
        naming: impl Fn(&Certificate) -> Naming,
    ) -> Result<Identity, Explanation> {
        let all = self.all()?;
        let valid = |c: &Certificate| c.not_before() <= now && now <= c.not_after();
        let own = || all.iter().filter(|i| i.account == *account && fits(i.key.certificate()));
        let best = own().filter(|i| valid(i.key.certificate())).max_by_key(|i| {
            let certificate = i.key.certificate();
            (naming(certificate), certificate.not_before())
        });
        best.cloned()
            .ok_or_else(|| match own().map(|i| i.key.certificate()).max_by_key(|c| c.not_after()) {
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

/// No keyUsage means any (RFC 5280 §4.2.1.3).
fn usable_for(certificate: &Certificate, usages: &[KeyUsage]) -> bool {
    certificate.key_usage().is_none_or(|usage| usage.has_one_of(usages))
}
