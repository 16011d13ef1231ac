//! Whom a submission can be sealed for: the certificate of each recipient, and the own one.

use super::Relay;
use crate::base::Address;
use crate::config::Account;
use crate::directory::port::{Candidate, Lookup};
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

/// Certificates that are known and will not do.
type Unfitting = Vec<(Certificate, select::Unfit)>;

/// Who is asked for certificates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Here,
    Everywhere,
}

impl Relay {
    /// The best certificate of each recipient. Nobody outside is asked for those whom a certificate known here will do for.
    pub(super) async fn certificates(&self, recipients: &[Recipient]) -> Found {
        let mut found = Found::default();
        let mut answers: Vec<Option<outgoing::Lookup>> = recipients.iter().map(|r| self.own(&r.address, &mut found)).collect();
        for asked in [Asked::Here, Asked::Everywhere] {
            let open: Vec<usize> = (0..recipients.len()).filter(|at| answers[*at].is_none()).collect();
            let addresses: Vec<Address> = open.iter().map(|at| recipients[*at].address.clone()).collect();
            let lookups = match asked {
                Asked::Here => self.directory.known(&addresses).await,
                Asked::Everywhere => self.directory.find(&addresses).await,
            };
            for ((at, address), lookup) in open.into_iter().zip(&addresses).zip(lookups) {
                answers[at] = self.answer(address, lookup, asked, &mut found);
            }
        }
        found.lookups = answers.into_iter().map(|a| a.unwrap_or(outgoing::Lookup::Unavailable)).collect();
        found
    }

    /// One of our own addresses (a note to oneself, a colleague of the same practice): its key is here.
    fn own(&self, address: &Address, found: &mut Found) -> Option<outgoing::Lookup> {
        let own = self.identities.encryption(address, self.now()).ok()?;
        found.chosen.insert(address.clone(), own.key.certificate().clone());
        Some(outgoing::Lookup::Found)
    }

    /// `None`: others are to be asked.
    fn answer(&self, address: &Address, lookup: Lookup, asked: Asked, found: &mut Found) -> Option<outgoing::Lookup> {
        let (candidates, otherwise) = match lookup {
            Lookup::Found(candidates) => (candidates, outgoing::Lookup::NotFound),
            Lookup::FoundPartly(candidates, _) => (candidates, outgoing::Lookup::Unavailable),
            Lookup::Ambiguous(_) | Lookup::NotFound => (Vec::new(), outgoing::Lookup::NotFound),
            Lookup::Unavailable(_) => (Vec::new(), outgoing::Lookup::Unavailable),
        };
        match self.chosen(&candidates, address) {
            Ok(best) => {
                found.chosen.insert(address.clone(), best);
                Some(outgoing::Lookup::Found)
            }
            Err(_) if asked == Asked::Here => None,
            Err(Some(refused)) => {
                let refused = refused.into_iter().map(|(certificate, why)| (address.clone(), certificate, why));
                found.refused.extend(refused);
                Some(otherwise)
            }
            Err(None) => Some(outgoing::Lookup::Unavailable),
        }
    }

    /// `None`: the authorities cannot be read.
    fn chosen(&self, candidates: &[Candidate], address: &Address) -> Result<Certificate, Option<Unfitting>> {
        let trust = self.trust().map_err(|_| None)?;
        let read = |der: &Vec<u8>| Certificate::from_der(der.clone()).ok();
        let (confirmed, named): (Vec<&Candidate>, Vec<&Candidate>) = candidates.iter().partition(|c| c.is_confirmed());
        let [confirmed, named] = [confirmed, named].map(|of| of.iter().filter_map(|c| read(&c.der)).collect::<Vec<_>>());
        let issuers = candidates.iter().flat_map(|c| &c.issuers).filter_map(read);
        let intermediates: Vec<Certificate> = named.iter().chain(&confirmed).cloned().chain(issuers).collect();
        let refused = match select::best(address, &named, &intermediates, &trust, self.now()) {
            Ok(best) => return Ok(best),
            Err(none) => none.refused,
        };
        select::best_confirmed(address, &confirmed, &intermediates, &trust, self.now())
            .map_err(|none| Some(refused.into_iter().chain(none.refused).collect()))
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
