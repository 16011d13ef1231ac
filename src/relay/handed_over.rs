//! What is done once the provider has answered: the journal, and what the sender is told.

use super::notice::{Notice, Told};
use super::port::{Failed, Group, GroupOutcome, Protection, Reason, SaidBy, SealedRecord, Way};
use super::{Relay, noting, seals};
use crate::config::Account;
use crate::policy::Recipient;
use crate::store::Event;
use crate::text::{Explanation, provider};

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
        if event == Event::Refuse {
            self.show_provider_refusal(account, outcomes);
        }
        let through = self.note_companion(done, record, outcomes);
        let told = self.told(record, outcomes);
        let unencrypted = told.iter().any(|(_, told)| matches!(told, Told::OverChannel));
        let wanted = event == Event::SealPartly || ((unencrypted || through) && self.config.policy.mssante_notice);
        wanted.then(|| self.notice(account, record, told))
    }

    /// What will not be taken later either. The provider's words may name whom the letter was for, and are not kept.
    fn show_provider_refusal(&self, account: &Account, outcomes: &[GroupOutcome]) {
        let failed = outcomes.iter().find_map(|outcome| outcome.result.as_ref().err());
        if let Some((code, status)) = failed.and_then(for_good) {
            self.show_refusal(account, &provider::not_taken(code, status));
        }
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

/// The code and the status (RFC 3463) of a refusal that stays one.
fn for_good(failed: &Failed) -> Option<(&'static str, &str)> {
    let reason = failed.named.first().map_or(&failed.others, |(_, reason)| reason);
    reason.status.starts_with('5').then_some((failed.code, &reason.status))
}

/// RFC 3463 §3.8: "necessary information such as key was not available". What happened, and what to do about it.
fn not_reached(why: &Explanation) -> Reason {
    Reason {
        status: "5.7.5".to_owned(),
        said: format!("{} {} [{}]", why.fr.what, why.fr.todo, why.code),
        by: SaidBy::Souspli,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Address;

    #[test]
    fn what_may_go_later_is_no_refusal_and_a_name_is_not_kept() {
        let reason = |status: &str| Reason {
            status: status.to_owned(),
            said: "550 jeanne.canari@patient.example is unknown".to_owned(),
            by: SaidBy::Provider("mail.test".to_owned()),
        };
        assert_eq!(for_good(&Failed::all("SP-PROVIDER-DEFERRED", reason("4.2.1"))), None);
        let named = |status: &str| Failed {
            named: vec![(Address::parse("jeanne.canari@patient.example").unwrap(), reason(status))],
            ..Failed::all("SP-RECIPIENT-REFUSED", reason("5.1.0"))
        };
        assert_eq!(for_good(&named("4.2.1")), None);
        let refused = named("5.1.1");
        let (code, status) = for_good(&refused).unwrap();
        let told = provider::not_taken(code, status);
        assert_eq!((told.code, told.fr.what.contains("(5.1.1)")), ("SP-RECIPIENT-REFUSED", true));
        assert!(!format!("{told:?}").contains("canari"));
    }
}
