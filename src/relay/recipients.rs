//! Whom a submission can be sealed for: the certificate of each recipient, and the own one.

use super::Relay;
use crate::base::Address;
use crate::config::Account;
use crate::directory::port::Lookup;
use crate::pki::{Certificate, select};
use crate::policy::{Recipient, outgoing};
use crate::smime::encrypt;
use crate::text::Explanation;
use std::collections::BTreeMap;

/// What was found for each recipient.
pub(super) type Certificates = BTreeMap<Address, Certificate>;

/// The certificates of a submission's recipients.
#[derive(Default)]
pub(super) struct Found {
    pub chosen: Certificates,
    /// One answer for each recipient, in the order of the envelope.
    pub lookups: Vec<outgoing::Lookup>,
    /// Those that are known and will not do.
    pub refused: Vec<(Address, Certificate, select::Unfit)>,
}

impl Relay {
    /// The best certificate of each recipient.
    pub(super) async fn certificates(&self, recipients: &[Recipient]) -> Found {
        let mut found = Found::default();
        for recipient in recipients {
            let answer = self.lookup(&recipient.address, &mut found).await;
            found.lookups.push(answer);
        }
        found
    }

    async fn lookup(&self, address: &Address, found: &mut Found) -> outgoing::Lookup {
        // One of our own addresses (a note to oneself, a colleague of the same practice): its key is here.
        if let Ok(own) = self.identities.encryption(address, self.now()) {
            found.chosen.insert(address.clone(), own.key.certificate().clone());
            return outgoing::Lookup::Found;
        }
        match self.directory.find(address).await {
            Lookup::Unavailable(_) => outgoing::Lookup::Unavailable,
            Lookup::NotFound => outgoing::Lookup::NotFound,
            Lookup::Found(ders) => self.chosen(address, ders, found),
        }
    }

    fn chosen(&self, address: &Address, ders: Vec<Vec<u8>>, found: &mut Found) -> outgoing::Lookup {
        let Ok(trust) = self.trust() else {
            return outgoing::Lookup::Unavailable;
        };
        let candidates: Vec<Certificate> = ders.into_iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        match select::best(address, &candidates, &candidates, &trust, self.now()) {
            Ok(best) => {
                found.chosen.insert(address.clone(), best);
                outgoing::Lookup::Found
            }
            Err(none) => {
                let refused = none
                    .refused
                    .into_iter()
                    .map(|(certificate, why)| (address.clone(), certificate, why));
                found.refused.extend(refused);
                outgoing::Lookup::NotFound
            }
        }
    }

    /// AES-GCM only where every recipient is known to read it (requirements B.4); the sender reads through this relay.
    pub(super) fn cipher_for(&self, recipients: &[Recipient]) -> encrypt::Cipher {
        let reads = |r: &Recipient| self.config.policy.reads_gcm.iter().any(|c| c.include(&r.address));
        if recipients.iter().all(reads) {
            encrypt::Cipher::Aes256Gcm
        } else {
            encrypt::Cipher::Aes256Cbc
        }
    }

    pub(super) fn own_encryption_certificate(&self, account: &Account) -> Result<Certificate, Explanation> {
        Ok(self.identities.encryption(&account.address, self.now())?.key.certificate().clone())
    }
}
