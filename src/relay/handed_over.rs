//! What is done once the provider has answered: the journal, and what the sender is told.

use super::notice::{Notice, Told};
use super::port::{Group, GroupOutcome, Protection, Reason, SaidBy, SealedRecord, Way};
use super::{Relay, noting, seals};
use crate::config::Account;
use crate::policy::Recipient;
use crate::store::Event;
use crate::text::Explanation;

impl Relay {
    /// The entry of the journal; the notice, where there is something to tell.
    pub(super) fn after_handover(&self, account: &Account, record: &SealedRecord, outcomes: &[GroupOutcome]) -> Option<Group> {
        let accepted: usize = outcomes.iter().filter(|o| o.result.is_ok()).map(|o| o.recipients.len()).sum();
        let complete = record.left_out.is_empty() && outcomes.iter().all(|o| o.result.is_ok());
        if accepted > 0 {
            self.remember_clear(&record.traits);
        }
        if record.protection == Protection::Clear && record.via.is_none() {
            return None;
        }
        let done = match record.protection {
            Protection::Signed => Event::Sign,
            Protection::Sealed => Event::Seal,
            Protection::Clear => Event::Pass,
        };
        let (event, code) = match (accepted, complete, why_not(outcomes)) {
            // It may have left: nobody may read one day that it was refused.
            (0, _, Some(code @ UNCONFIRMED)) => (done, code),
            (0, _, code) => (Event::Refuse, code.unwrap_or_default()),
            (_, true, _) if !record.over_channel.is_empty() => (done, "SP-OVER-CHANNEL"),
            (_, true, _) => (done, "ok"),
            (_, false, _) => (Event::SealPartly, "SP-PARTLY"),
        };
        let recipients = match (accepted, event == done) {
            (0, true) => outcomes.iter().map(|o| o.recipients.len()).sum(),
            (accepted, _) => accepted,
        };
        let entry = self.entry(event, &account.address, record.message_id.as_deref(), recipients, code);
        let theirs = outcomes
            .iter()
            .filter(|o| accepted == 0 || o.result.is_ok())
            .flat_map(|o| &o.recipients);
        self.note(&self.entry_for(entry, theirs, &record.used, noting::reply(outcomes)));
        let through = self.note_companion(done, record, outcomes);
        let told = self.told(record, outcomes);
        let unencrypted = told.iter().any(|(_, told)| matches!(told, Told::OverChannel));
        let wanted = event == Event::SealPartly || ((unencrypted || through) && self.config.policy.mssante_notice);
        wanted.then(|| self.notice(account, record, told))
    }

    /// What left under the companion's address is in the journal under that address too; whether something did.
    fn note_companion(&self, done: Event, record: &SealedRecord, outcomes: &[GroupOutcome]) -> bool {
        let Some((companion, through)) = &record.via else { return false };
        let accepted = outcomes.iter().filter(|o| o.result.is_ok()).flat_map(|o| &o.recipients);
        let accepted: Vec<&Recipient> = accepted.filter(|r| through.contains(&r.address)).collect();
        if !accepted.is_empty() {
            let entry = self.entry(done, companion, record.message_id.as_deref(), accepted.len(), "SP-VIA-COMPANION");
            self.note(&self.entry_for(entry, accepted.iter().copied(), &record.used, Some(noting::TAKEN)));
        }
        !accepted.is_empty()
    }

    fn told<'a>(&self, record: &'a SealedRecord, outcomes: &'a [GroupOutcome]) -> Vec<(&'a Recipient, Told)> {
        let of_group = |outcome: &'a GroupOutcome| {
            outcome.recipients.iter().map(move |recipient| {
                let told = match &outcome.result {
                    Err(failed) => Told::Failed(failed.reason(&recipient.address).clone()),
                    Ok(()) if record.over_channel.contains(&recipient.address) => Told::OverChannel,
                    Ok(()) if record.protection == Protection::Clear => Told::AsItIs,
                    Ok(()) => Told::Sealed,
                };
                (recipient, told)
            })
        };
        let left_out = record
            .left_out
            .iter()
            .map(|left| (&left.recipient, Told::Failed(not_reached(&left.why))));
        outcomes.iter().flat_map(of_group).chain(left_out).collect()
    }

    fn notice(&self, account: &Account, record: &SealedRecord, told: Vec<(&Recipient, Told)>) -> Group {
        let unique = seals::unique().unwrap_or_default();
        let notice = Notice {
            sender: &account.address,
            told: &told,
            via: record.via.as_ref().map(|(companion, through)| (companion, through.as_slice())),
            message_id: record.message_id.as_deref(),
            unique: &unique,
            at: self.now(),
        };
        Group {
            way: Way::Own,
            recipients: vec![Recipient::plain(account.address.clone())],
            message: notice.message().into(),
        }
    }
}

/// `text::outgoing::outcome_unknown`.
const UNCONFIRMED: &str = "SP-OUTCOME-UNKNOWN";

/// The code of the first group that was not taken.
fn why_not(outcomes: &[GroupOutcome]) -> Option<&'static str> {
    let failed = outcomes.iter().find_map(|outcome| outcome.result.as_ref().err());
    failed.map(|failed| failed.code)
}

/// RFC 3463 §3.8: "necessary information such as key was not available". What happened, and what to do about it.
fn not_reached(why: &Explanation) -> Reason {
    Reason {
        status: "5.7.5".to_owned(),
        said: format!("{} {} [{}]", why.fr.what, why.fr.todo, why.code),
        by: SaidBy::Souspli,
    }
}
