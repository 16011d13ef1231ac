//! The authorities in force, and what is known of signatures by them.

use super::error::PathError;
use super::search::signed_by;
use crate::base::Realm;
use crate::base::limits::CHECKED_SIGNATURES_MAX;
use crate::pki::authority::{Authority, Standing};
use crate::pki::cert::Certificate;
use crate::pki::name::DistinguishedName;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The authorities that are configured, of which those of one realm are trusted. A certificate that is itself an anchor in here
/// needs no other.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    authorities: Vec<Authority>,
    realm: Realm,
    by_subject: HashMap<DistinguishedName, Vec<usize>>,
    checked: Checked,
}

impl Trust {
    /// These certificates, as a user would add them; those that are meant count.
    pub fn of(certificates: Vec<Certificate>) -> Self {
        Self::among(certificates.into_iter().map(Authority::of_user).collect(), Realm::default())
    }

    /// Those of `authorities` that are of this realm; the others are known, to say so.
    pub fn among(authorities: Vec<Authority>, realm: Realm) -> Self {
        let mut by_subject: HashMap<DistinguishedName, Vec<usize>> = HashMap::new();
        for (index, authority) in authorities.iter().enumerate() {
            by_subject
                .entry(authority.certificate.subject_name().clone())
                .or_default()
                .push(index);
        }
        Self {
            authorities,
            realm,
            by_subject,
            checked: Checked::default(),
        }
    }

    /// The realm whose authorities count.
    pub fn realm(&self) -> Realm {
        self.realm
    }

    /// Every authority that counts, those known in between as well.
    pub fn authorities(&self) -> impl Iterator<Item = &Authority> {
        self.authorities.iter().filter(|authority| authority.realm == self.realm)
    }

    /// The authority, of either realm, that a path may end with this certificate as; one of the trusted realm first.
    pub(super) fn anchor(&self, certificate: &Certificate) -> Option<&Authority> {
        let mut of_name: Vec<&Authority> = self
            .called(certificate.subject_name())
            .filter(|a| a.standing == Standing::Anchor && a.certificate == *certificate)
            .collect();
        of_name.sort_by_key(|a| a.realm != self.realm);
        of_name.first().copied()
    }

    /// Those of either realm that bear this name.
    pub(super) fn called(&self, name: &DistinguishedName) -> impl Iterator<Item = &Authority> {
        let found = self.by_subject.get(name).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|index| self.authorities.get(*index))
    }

    pub(super) fn signed_by(&self, certificate: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
        self.checked.signed_by(certificate, issuer)
    }
}

/// Signatures of issuers that were checked and hold: they do so for good, and the same few stand in most mail.
#[derive(Clone, Debug, Default)]
struct Checked(Arc<Mutex<HashSet<[u8; 64]>>>);

impl Checked {
    fn signed_by(&self, certificate: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
        let mut pair = [0; 64];
        pair[..32].copy_from_slice(&certificate.fingerprint());
        pair[32..].copy_from_slice(&issuer.fingerprint());
        let held = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held().contains(&pair) {
            return Ok(());
        }
        signed_by(certificate, issuer)?;
        let mut held = held();
        if held.len() >= CHECKED_SIGNATURES_MAX {
            held.clear();
        }
        held.insert(pair);
        Ok(())
    }
}
