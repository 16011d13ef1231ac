//! Own keys at hand: unsealed from the store once, read again when the store has changed.

use crate::base::{Address, UnixTime};
use crate::keys::software::SoftwareKey;
use crate::pki::Certificate;
use crate::pki::cert::KeyUsage;
use crate::smime::port::PrivateKey;
use crate::store::{FolderStamp, KeysStore, StoreError};
use crate::text::{Explain, Explanation, keys as say};
use std::sync::{Arc, Mutex, PoisonError};

/// A key and whose it is.
#[derive(Clone)]
pub struct Identity {
    /// The account.
    pub account: Address,
    /// The key, which may one day be a card's.
    pub key: Arc<dyn PrivateKey>,
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
            *held = (stamp, Arc::new(self.read()?));
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
        Ok(all)
    }

    /// The newest key of the account that may sign and is valid.
    pub fn signing(&self, account: &Address, now: UnixTime) -> Result<Identity, Explanation> {
        self.newest(account, now, |c| {
            usable_for(c, &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION])
        })
    }

    /// The certificate that others, and the account itself, encrypt to.
    pub fn encryption(&self, account: &Address, now: UnixTime) -> Result<Identity, Explanation> {
        let usages = [KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
        self.newest(account, now, |c| {
            usable_for(c, &usages) && crate::pki::select::can_be_encrypted_to(c)
        })
    }

    fn newest(&self, account: &Address, now: UnixTime, fits: impl Fn(&Certificate) -> bool) -> Result<Identity, Explanation> {
        let all = self.all()?;
        let valid = |c: &Certificate| c.not_before() <= now && now <= c.not_after();
        let own = || all.iter().filter(|i| i.account == *account && fits(i.key.certificate()));
        let newest = own()
            .filter(|i| valid(i.key.certificate()))
            .max_by_key(|i| i.key.certificate().not_before());
        newest
            .cloned()
            .ok_or_else(|| match own().map(|i| i.key.certificate()).max_by_key(|c| c.not_after()) {
                Some(early) if early.not_before() > now => say::own_certificate_not_yet_valid(account, early.not_before()),
                Some(expired) => say::own_certificate_expired(account, expired.not_after()),
                None => crate::text::outgoing::no_own_key(account),
            })
    }
}

/// No keyUsage means any (RFC 5280 §4.2.1.3).
fn usable_for(certificate: &Certificate, usages: &[KeyUsage]) -> bool {
    certificate.key_usage().is_none_or(|usage| usage.has_one_of(usages))
}
