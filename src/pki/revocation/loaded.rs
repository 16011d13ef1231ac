//! A list held whole in memory: for what is small or looked at once.

use super::{List, Unreadable};
use crate::base::limits::LIST_ENTRIES_MAX;
use crate::pki::ber::BerError;
use crate::pki::crl::{Crl, Entry, Head};
use crate::pki::name::DistinguishedName;
use crate::pki::path::Path;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A list whose signature was checked, and all its entries.
#[derive(Debug)]
pub struct Loaded {
    head: Head,
    signer: Path,
    entries: BTreeMap<(Arc<DistinguishedName>, Vec<u8>), Entry>,
}

impl Loaded {
    /// Reads every entry; `signer`: from the certificate with whose key it is signed to an authority.
    pub fn of(crl: &Crl, signer: Path) -> Result<Self, BerError> {
        let mut entries = BTreeMap::new();
        for (count, listed) in crl.entries().enumerate() {
            let listed = listed?;
            if count == LIST_ENTRIES_MAX {
                return Err(BerError::TooLarge);
            }
            entries.insert((listed.issuer, listed.serial.to_vec()), listed.entry);
        }
        Ok(Self {
            head: crl.head().clone(),
            signer,
            entries,
        })
    }
}

impl List for Loaded {
    fn head(&self) -> &Head {
        &self.head
    }

    fn signer(&self) -> &Path {
        &self.signer
    }

    fn find(&self, issuer: &DistinguishedName, serial: &[u8]) -> Result<Option<Entry>, Unreadable> {
        let key = (Arc::new(issuer.clone()), serial.to_vec());
        Ok(self.entries.get(&key).copied())
    }
}
