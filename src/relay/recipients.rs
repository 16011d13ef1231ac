//! Whom a submission can be sealed for: the certificate of each recipient, and the own one.

use super::Relay;
use super::identities::Identity;
use super::status::Questions;
use crate::base::Address;
use crate::config::Account;
use crate::directory::port::{Candidate as Given, Directory, Lookup};
use crate::pki::path::Path;
use crate::pki::revocation::Status;
use crate::pki::select::{self, Candidate, Sorted, Source, Unfit};
use crate::pki::{Certificate, Trust};
use crate::policy::Recipient;
use crate::policy::resolution::{Away, Chosen, Missing, Outcome, Resolution};
use crate::smime::encrypt;
use crate::text::{Explain, Explanation, keys};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was found for each recipient.
pub(super) type Certificates = BTreeMap<Address, Certificate>;

/// Who is asked for certificates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Here,
    Everywhere,
}

impl Relay {
    /// What there is for each recipient, in the order of the envelope. Nobody outside is asked for those whom a certificate
    /// known here will do for.
    pub(super) async fn resolve(&self, recipients: &[Recipient]) -> Vec<Resolution> {
        let trust = match self.trust() {
            Ok(trust) => trust,
            Err(error) => return recipients.iter().map(|r| away(&r.address, error.explain())).collect(),
        };
        let questions = Questions::of_now();
        let keys = self.identities.all().unwrap_or_default();
        let is_own = |r: &&Recipient| keys.iter().any(|key| key.account == r.address);
        let own = |r: &Recipient| Some(r).filter(is_own).and_then(|r| self.own(&r.address));
        let mut answers: Vec<Option<Resolution>> = recipients.iter().map(own).collect();
        for asked in [Asked::Here, Asked::Everywhere] {
            let open: Vec<usize> = (0..recipients.len()).filter(|at| answers[*at].is_none()).collect();
            let addresses: Vec<Address> = open.iter().map(|at| recipients[*at].address.clone()).collect();
            let lookups = match asked {
                Asked::Here => self.directory.known(&addresses).await,
                Asked::Everywhere => self.directory.find(&addresses).await,
            };
            let resolved = addresses
                .iter()
                .zip(lookups)
                .map(|(a, found)| self.resolved(a, found, &trust, &questions));
            for (at, resolution) in open.into_iter().zip(join_all(resolved).await) {
                let is_final = asked == Asked::Everywhere || resolution.certificate().is_some();
                answers[at] = Some(resolution).filter(|_| is_final);
            }
        }
        let unanswered = |r: &Recipient| away(&r.address, crate::text::outgoing::sealing_failed());
        let pairs = answers.into_iter().zip(recipients);
        pairs.map(|(answer, r)| answer.unwrap_or_else(|| unanswered(r))).collect()
    }

    /// One of our own addresses (a note to oneself, a colleague of the same practice): its key is here. One that is taken back
    /// may be in other hands as well.
    fn own(&self, address: &Address) -> Option<Resolution> {
        let own = self.identities.encryption(address, self.now()).ok()?;
        let certificate = own.key.certificate().clone();
        let (outcome, refused) = match self.own_revoked(&own) {
            None => (Outcome::Own(Box::new(certificate)), Vec::new()),
            Some(revoked) => {
                let candidate = Candidate {
                    certificate,
                    source: Source::Imported,
                    as_of: None,
                };
                (
                    Outcome::Missing(Missing::None),
                    vec![(candidate, Unfit::Revoked(Box::new(revoked)))],
                )
            }
        };
        Some(Resolution {
            address: address.clone(),
            outcome,
            refused,
        })
    }

    async fn resolved(&self, address: &Address, lookup: Lookup, trust: &Arc<Trust>, questions: &Questions) -> Resolution {
        let missing = |why| Outcome::Missing(why);
        let (given, otherwise) = match lookup {
            Lookup::Found(given) => (given, missing(Missing::None)),
            Lookup::FoundPartly(given, why) => (given, Outcome::Away(Away::Directory(why))),
            Lookup::Ambiguous(people) => (
                Vec::new(),
                missing(Missing::Ambiguous(people.into_iter().map(|person| person.name).collect())),
            ),
            Lookup::NotFound => (Vec::new(), missing(Missing::None)),
            Lookup::Unavailable(why) => (Vec::new(), Outcome::Away(Away::Directory(why))),
        };
        let Sorted { fitting, mut refused } = self.sorted(address, given, trust);
        let outcome = match self.standing(fitting, trust, &mut refused, questions).await {
            Some(chosen) => Outcome::Chosen(Box::new(chosen)),
            // Another source would have to be asked again anyway.
            None if matches!(otherwise, Outcome::Away(_)) => otherwise,
            None => unproven(&refused).unwrap_or(otherwise),
        };
        Resolution {
            address: address.clone(),
            outcome,
            refused,
        }
    }

    fn sorted(&self, address: &Address, given: Vec<Given>, trust: &Trust) -> Sorted {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut issuers: Vec<Certificate> = Vec::new();
        for Given {
            der,
            issuers: along,
            source,
            as_of,
        } in given
        {
            issuers.extend(along.into_iter().filter_map(|der| Certificate::from_der(der).ok()));
            // An own one that is not to be used any more may have been harvested, or stand in a directory.
            if let Ok(certificate) = Certificate::from_der(der)
                && !self.identities.are_done_with(&certificate)
            {
                candidates.push(Candidate {
                    certificate,
                    source,
                    as_of,
                });
            }
        }
        issuers.extend(candidates.iter().map(|c| c.certificate.clone()));
        select::sorted(address, candidates, &issuers, trust, self.now())
    }

    /// The first of these that is known to stand.
    async fn standing(
        &self,
        fitting: Vec<(Candidate, Path)>,
        trust: &Trust,
        refused: &mut Vec<(Candidate, Unfit)>,
        questions: &Questions,
    ) -> Option<Chosen> {
        let mut fitting = fitting.into_iter();
        while let Some((candidate, path)) = fitting.next() {
            match self.status_of(&path, trust, questions).await {
                status @ (Status::Good(_) | Status::NotPublished) => {
                    return Some(Chosen {
                        candidate,
                        path,
                        status,
                        others: fitting.len(),
                    });
                }
                Status::Revoked(revoked) => refused.push((candidate, Unfit::Revoked(Box::new(revoked)))),
                Status::Unknown(unknown) => refused.push((candidate, Unfit::Unproven(Box::new(unknown)))),
            }
        }
        None
    }

    /// AES-GCM only where every recipient is known to read it (requirements B.4): the configuration says so, or what they signed.
    /// The sender reads through this relay.
    pub(super) fn cipher_for(&self, recipients: &[Recipient]) -> encrypt::Cipher {
        let configured = |of: &Address| self.config.policy.reads_gcm.iter().any(|c| c.include(of));
        let announced = |of: &Address| self.directory.kept().of(of).is_ok_and(|kept| kept.is_some_and(|k| k.prefers_gcm()));
        if recipients.iter().all(|r| configured(&r.address) || announced(&r.address)) {
            encrypt::Cipher::Aes256Gcm
        } else {
            encrypt::Cipher::Aes256Cbc
        }
    }

    /// Refuses to write under a key that is taken back: readers would be warned, and whoever has it might be another.
    pub(super) fn still_own(&self, own: &Identity) -> Result<(), Explanation> {
        let revoked = self.own_revoked(own);
        revoked.map_or(Ok(()), |r| {
            Err(keys::own_certificate_revoked(&own.account, r.since, r.reason.words()))
        })
    }

    pub(super) fn own_encryption_certificate(&self, account: &Account) -> Result<Certificate, Explanation> {
        Ok(self.identities.encryption(&account.address, self.now())?.key.certificate().clone())
    }
}

fn away(address: &Address, why: Explanation) -> Resolution {
    Resolution {
        address: address.clone(),
        outcome: Outcome::Away(Away::Directory(Box::new(why))),
        refused: Vec::new(),
    }
}

/// One of which it is not known whether it stands may do in a moment.
fn unproven(refused: &[(Candidate, Unfit)]) -> Option<Outcome> {
    refused.iter().find_map(|(_, why)| match why {
        Unfit::Unproven(unknown) => Some(Outcome::Away(Away::Status(unknown.clone()))),
        _ => None,
    })
}
