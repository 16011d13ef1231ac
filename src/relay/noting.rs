//! What goes into the journal: who, for whom, with which keys, under which configuration. Nothing here holds content.

use super::Relay;
use super::incoming::Read;
use super::later::Learnt;
use super::port::{GroupOutcome, MessageKey, SaidBy, Used};
use crate::base::limits::JOURNAL_CERTIFICATES_MAX;
use crate::base::{Address, UnixTime};
use crate::config::Account;
use crate::pki::Certificate;
use crate::policy::Recipient;
use crate::smime::port::PrivateKey;
use crate::store::journal::{Break, Order, Query, Reader, Verification};
use crate::store::{Event, Home, JournalEntry};
use crate::text::{Explain, Explanation, journal as say};
use aws_lc_rs::digest;

/// The provider has taken it (RFC 5321 §4.2.3).
pub(super) const TAKEN: u16 = 250;

/// Octets of a digest that tell one configuration from another.
const DIGEST: usize = 16;

/// How the journal stands.
#[derive(Clone, Debug)]
pub struct JournalStanding {
    /// How many entries it has.
    pub entries: u64,
    /// What is wrong now.
    pub bad: Vec<Explanation>,
    /// What was wrong, or will right itself.
    pub to_know: Vec<Explanation>,
}

impl Used {
    /// An own key, with its card.
    pub(super) fn key(&mut self, key: &dyn PrivateKey) {
        self.certificate(key.certificate());
        if let Some(card) = key.card() {
            self.card = Some(card.to_owned());
            self.rpps = key.certificate().rpps().map(str::to_owned);
        }
    }

    /// A certificate.
    pub(super) fn certificate(&mut self, certificate: &Certificate) {
        self.serial(certificate.serial_hex());
    }

    fn serial(&mut self, serial: String) {
        if self.certificates.len() < JOURNAL_CERTIFICATES_MAX && !self.certificates.contains(&serial) {
            self.certificates.push(serial);
        }
    }

    fn of(self, entry: JournalEntry) -> JournalEntry {
        JournalEntry {
            certificates: self.certificates,
            card: self.card,
            rpps: self.rpps,
            ..entry
        }
    }
}

impl Relay {
    /// What was opened, by which card, and whose certificates had signed it. A mailbox is read by the thousand: these entries
    /// are written together, a moment behind the answers.
    pub(super) fn note_opened(&self, key: &MessageKey, ids: &[String], read: &Read, code: &str) {
        let Ok(account) = Address::parse(&key.account) else { return };
        let mut used = Used::default();
        let by = read.opened.iter().flat_map(|opened| &opened.unwrapped).map(|by| &by.certificate);
        for certificate in by {
            let keys = self.identities.all().unwrap_or_default();
            match keys.iter().find(|own| own.key.certificate() == certificate) {
                Some(own) => used.key(own.key.as_ref()),
                None => used.certificate(certificate),
            }
        }
        let signers = &read.verdict.signers;
        signers.iter().for_each(|signer| used.serial(signer.serial.clone()));
        let entry = used.of(self.entry(Event::Open, &account, ids.first().map(String::as_str), 0, code));
        if let Err(error) = self.journal.queue(&entry) {
            tracing::error!(%error, "the journal could not be written");
        }
        self.later.keep(key, Learnt::Opened);
        self.write_what_waits();
    }

    /// An entry about what was for these recipients, made by these keys.
    pub(super) fn entry_for<'r>(
        &self,
        entry: JournalEntry,
        recipients: impl Iterator<Item = &'r Recipient>,
        used: &Used,
        reply: Option<u16>,
    ) -> JournalEntry {
        // Without the key there are no pseudonyms, and the number says how many there were.
        let ids: Vec<String> = recipients.filter_map(|r| self.journal.recipient_id(&r.address).ok()).collect();
        let entry = JournalEntry {
            recipient_ids: ids,
            reply,
            ..entry
        };
        used.clone().of(entry)
    }

    /// What was stored sealed for its owner.
    pub(super) fn note_stored(&self, account: &Account, id: Option<&str>) {
        let mut used = Used::default();
        if let Ok(own) = self.own_encryption_certificate(account) {
            used.certificate(&own);
        }
        self.note(&used.of(self.entry(Event::Store, &account.address, id, 0, "ok")));
    }

    /// The relay has begun; under which configuration, and whether that is another one than before.
    pub fn note_start(&self, home: &Home) {
        let digest = self.configuration();
        let before = last_configuration(home);
        let noted = |code: &str| JournalEntry {
            digest: Some(digest.clone()),
            ..JournalEntry::of_home(self.now(), Event::Service, code)
        };
        self.note(&noted("started"));
        if before.is_some_and(|before| before != digest) {
            self.note(&noted("configuration-changed"));
        }
    }

    /// The relay ends.
    pub fn note_stop(&self) {
        self.note(&JournalEntry::of_home(self.now(), Event::Service, "stopped"));
        self.journal.settle();
    }

    /// What its reader has to be told of the journal.
    pub fn journal_trouble(&self) -> Vec<Explanation> {
        self.journal.trouble()
    }

    /// All that is wrong with it, which opens its keys and reads every entry; and how many there are. What it says itself of a time
    /// before is told apart: nothing is to be done about it any more.
    pub fn look_at_journal(&self) -> Result<JournalStanding, Explanation> {
        let found = match self.gate.is_open() {
            true => self.journal.verify().map_err(|error| error.explain())?,
            false => Verification::default(),
        };
        let (of_before, broken): (Vec<_>, Vec<_>) = found.breaks.iter().partition(|why| matches!(why, Break::Told(_)));
        let waiting = self.journal.waiting_elsewhere().map_err(|error| error.explain())?;
        let reserved = (waiting > 0).then(|| say::reserved(waiting));
        let beside = self.journal.has_entries_beside().then(say::beside);
        Ok(JournalStanding {
            entries: found.entries,
            bad: broken
                .into_iter()
                .map(Explain::explain)
                .chain(reserved)
                .chain(self.journal.trouble())
                .collect(),
            to_know: of_before.into_iter().map(Explain::explain).chain(beside).collect(),
        })
    }

    /// What waits is tried again.
    pub fn write_journal(&self) {
        if let Err(error) = self.journal.write_queued() {
            tracing::warn!(%error, "the journal could not be written");
        }
    }

    /// What is older than the journal is kept goes.
    pub fn cut_journal(&self, now: UnixTime) {
        if let Err(error) = self.journal.cut(self.config.journal.months, now) {
            tracing::warn!(%error, "the journal could not be cut");
        }
    }

    /// A digest of the configuration in force, the machine policy applied.
    fn configuration(&self) -> String {
        let said = format!("{:?}", self.config);
        let hash = digest::digest(&digest::SHA256, said.as_bytes());
        hash.as_ref().iter().take(DIGEST).map(|b| format!("{b:02x}")).collect()
    }
}

/// The code of the provider's reply: of the first group that was not taken, where there is one.
pub(super) fn reply(outcomes: &[GroupOutcome]) -> Option<u16> {
    let failed = outcomes.iter().find_map(|outcome| outcome.result.as_ref().err());
    match failed {
        None => (!outcomes.is_empty()).then_some(TAKEN),
        Some(failed) => match (&failed.others.by, failed.others.said.get(..3)) {
            (SaidBy::Provider(_), Some(code)) => code.parse().ok(),
            _ => None,
        },
    }
}

/// Beginnings among which the last sealed one stands.
const STARTS_LOOKED_AT: usize = 20;

fn last_configuration(home: &Home) -> Option<String> {
    let query = Query {
        events: vec![Event::Service],
        code: Some("started".to_owned()),
        ..Query::default()
    };
    let page = Reader::open(home)
        .ok()??
        .page(&query, Order::NewestFirst, None, STARTS_LOOKED_AT)
        .ok()?;
    // Any program can write one without a seal, or lay a line beside that is sealed as it is taken over.
    let sealed = page.entries.into_iter().find(|noted| noted.is_sealed && !noted.entry.taken_over)?;
    sealed.entry.digest
}

#[cfg(test)]
mod tests {
    use super::super::port::{Failed, Reason};
    use super::*;

    #[test]
    fn the_code_of_the_reply_is_the_providers() {
        let outcome = |result| GroupOutcome {
            recipients: Vec::new(),
            result,
        };
        let failed = |said: &str, by| {
            Failed::all(
                "SP-X",
                Reason {
                    status: "5.1.1".into(),
                    said: said.into(),
                    by,
                },
            )
        };
        let provider = || SaidBy::Provider("mail.test".into());
        assert_eq!(reply(&[]), None);
        assert_eq!(reply(&[outcome(Ok(()))]), Some(250));
        let refused = Err(failed("550 5.1.1 nobody", provider()));
        assert_eq!(reply(&[outcome(Ok(())), outcome(refused)]), Some(550));
        assert_eq!(reply(&[outcome(Err(failed("550 ours", SaidBy::Souspli)))]), None);
        assert_eq!(reply(&[outcome(Err(failed("né", provider())))]), None);
    }
}
