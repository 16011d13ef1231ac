//! Certificates learnt from verified mail: who has written can be answered, sealed (RFC 8551 §2.7.1).

use super::Relay;
use super::incoming::Read;
use crate::base::Address;
use crate::base::limits::HARVEST_SEEN_MAX;
use crate::directory::answer::Held;
use crate::directory::kept::{How, KeptCertificate};
use crate::pki::revocation::Status;
use crate::pki::{Certificate, select};
use crate::smime::open::Opened;
use crate::smime::verify::SignerReport;
use crate::store::{Event, JournalEntry};
use crate::view::letter::Agreement;
use crate::view::verdict::Grade;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// What was looked at today: the second message of the day costs nothing.
#[derive(Debug, Default)]
pub(super) struct Harvested(Mutex<Today>);

#[derive(Debug, Default)]
struct Today {
    day: i64,
    seen: HashSet<(Address, [u8; 32])>,
}

const DAY: i64 = 86_400;

impl Relay {
    /// Keeps the certificate that the sender of a message would be written to with. Only of one that is verified, by the trust of
    /// today; it must carry the sender's address, and hold for encryption now. What cannot be kept is learnt from the next.
    pub(super) fn harvest(&self, account: &str, read: &Read) {
        let verdict = &read.verdict;
        let trusted = verdict.grade == Grade::Verified && verdict.obsolete.is_empty() && !verdict.own;
        let (Some(opened), Some(from), Agreement::Same) = (&read.opened, &read.senders.from, read.senders.agreement) else {
            return;
        };
        if !trusted || !self.config.policy.harvest || self.account_of(from).is_ok() {
            return;
        }
        for signer in opened.inner_signers().unwrap_or_default() {
            self.harvest_of(account, from, signer, opened);
        }
    }

    fn harvest_of(&self, account: &str, from: &Address, signer: &SignerReport, opened: &Opened) {
        let Some(signing) = signer.certificate.as_ref().filter(|c| c.has_email(from.as_str())) else {
            return;
        };
        let Some(offered) = signer.offer.encryption_certificate(signing, &opened.certificates, from) else {
            return;
        };
        if !self.harvested.is_new(from, offered, self.now().0) || !self.holds(offered, &opened.certificates) {
            return;
        }
        // The mail of years ago says what held then.
        let now = self.now();
        let seen = signer.signing_time.filter(|at| *at < now).unwrap_or(now).0;
        let issuers = opened.certificates.iter().filter(|c| c.is_ca()).map(|c| c.der().to_vec());
        let kept = KeptCertificate {
            held: Held {
                der: offered.der().to_vec(),
                issuers: issuers.collect(),
            },
            how: How::Harvested,
            from: account.to_owned(),
            since: now.0,
            seen,
            capabilities: signer.offer.capabilities.iter().map(ToString::to_string).collect(),
        };
        match self.directory.kept().put(from, kept) {
            Ok(true) => self.note_harvest(account, offered),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a certificate could not be kept"),
        }
    }

    /// Whether one can encrypt to it today. A status that is not known now will be when it is used.
    fn holds(&self, certificate: &Certificate, came: &[Certificate]) -> bool {
        let Ok(trust) = self.trust() else { return false };
        let path = select::fits(certificate, came, &trust, self.now());
        path.is_ok_and(|path| !matches!(self.published.status(&path, &trust, self.now()), Status::Revoked(_)))
    }

    fn note_harvest(&self, account: &str, certificate: &Certificate) {
        self.note(&JournalEntry {
            account: account.to_owned(),
            certificates: vec![certificate.serial_hex()],
            ..JournalEntry::of_home(self.now(), Event::Certificate, "harvested")
        });
    }
}

impl Harvested {
    fn is_new(&self, of: &Address, certificate: &Certificate, now: i64) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let today = now.div_euclid(DAY);
        if held.day != today || held.seen.len() >= HARVEST_SEEN_MAX {
            *held = Today {
                day: today,
                seen: HashSet::new(),
            };
        }
        held.seen.insert((of.clone(), certificate.fingerprint()))
    }
}
