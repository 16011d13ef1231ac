//! A sealed submission handed over group by group: the first one decides, what follows can only add to a notice.

use super::upstream::Attempt;
use super::{LoggedIn, Submissions};
use crate::base::Address;
use crate::policy::{Envelope, Recipient};
use crate::relay::port::{Group, GroupOutcome, Protection, SealedRecord, SealedSubmission};
use crate::smtp::handover::{Form, GroupCopy, Refused};
use crate::smtp::wire::Reply;
use crate::text::{outgoing as text, provider};
use std::sync::Arc;
use tokio::time::Instant;

impl LoggedIn {
    /// The answer for the mail program, once every group has had its turn and the sender his notice.
    pub(super) async fn hand_over_sealed(&mut self, shared: &Submissions, envelope: &Envelope, sealed: SealedSubmission) -> Reply {
        let (first, outcomes) = self.hand_over_groups(shared, envelope, &sealed).await;
        let Some(reply) = first else {
            return Reply::refusal(&provider::not_sent(text::sealing_failed()));
        };
        let account = Arc::clone(&self.account);
        let notice = shared.sealing.handed_over(&account, &sealed.record, &outcomes).await;
        match notice {
            Some(notice) if !self.hand_over_notice(shared, &notice).await => {
                tracing::warn!(code = "SP-NOTICE", "the notice for the sender was not accepted");
                match without_it(&sealed.record, &outcomes) {
                    // Everybody has it: an error would make the mail program send it again.
                    without if without.is_empty() => reply,
                    // Nobody else would say it.
                    without => Reply::explained(554, "5.5.0", &provider::partly_delivered(&without)),
                }
            }
            Some(_) | None => reply,
        }
    }

    async fn hand_over_groups(
        &mut self,
        shared: &Submissions,
        envelope: &Envelope,
        sealed: &SealedSubmission,
    ) -> (Option<Reply>, Vec<GroupOutcome>) {
        let (host, form) = (self.account.smtp.host.clone(), form(sealed.record.protection));
        let mut too_large = self.too_large(shared, &sealed.groups, form);
        let mut outcomes = Vec::new();
        let mut first: Option<Reply> = None;
        let begun = Instant::now();
        for (at, group) in sealed.groups.iter().enumerate() {
            // The first answer is the mail program's: it must hear it before it gives up and sends everything again.
            let late = first.is_some() && begun.elapsed() > self.patience.later_groups;
            let attempt = match too_large.take() {
                Some(refused) => Attempt::Refused(refused),
                None if late => Attempt::NotTried,
                None => self.hand_over(&*shared.upstreams, envelope, &copy(group, form)).await,
            };
            outcomes.push(attempt.of(&group.recipients, &host));
            let reply = first.get_or_insert_with(|| reply(&attempt, &host, &sealed.groups[at + 1..]));
            if !reply.is_positive() {
                break;
            }
            if !matches!(attempt, Attempt::Accepted) {
                tracing::warn!(code = "SP-PARTIAL", "a later group was not accepted");
            }
        }
        (first, outcomes)
    }

    /// All or nothing here too: a later group must not turn out too large once the first has left.
    fn too_large(&self, shared: &Submissions, groups: &[Group], form: Form) -> Option<Refused> {
        let offered = match &self.upstream {
            Some(upstream) => upstream.capabilities().clone(),
            None => shared.offers.known(&self.account.smtp)?,
        };
        groups.iter().find_map(|group| copy(group, form).too_large(&offered))
    }

    /// To the sender from the sender: many submission servers refuse an empty reverse-path. Whether it was accepted.
    async fn hand_over_notice(&mut self, shared: &Submissions, notice: &Group) -> bool {
        let envelope = Envelope {
            from: Some(self.account.address.clone()),
            recipients: Vec::new(),
            eight_bit: false,
            smtputf8: false,
            ret: None,
            envid: None,
        };
        let notice = copy(notice, Form::AsSubmitted);
        matches!(self.hand_over(&*shared.upstreams, &envelope, &notice).await, Attempt::Accepted)
    }
}

/// The first group's answer; where nobody knows whether it has left, those of the later ones certainly have nothing.
fn reply(attempt: &Attempt, host: &str, later: &[Group]) -> Reply {
    match attempt {
        Attempt::Unknown if !later.is_empty() => {
            let without: Vec<Address> = addresses(later.iter().flat_map(|group| &group.recipients));
            Reply::explained(451, "4.4.2", &provider::outcome_unknown_but(host, &without))
        }
        _ => attempt.reply(host),
    }
}

/// Who has not got it.
fn without_it(record: &SealedRecord, outcomes: &[GroupOutcome]) -> Vec<Address> {
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err());
    addresses(failed.flat_map(|outcome| &outcome.recipients).chain(&record.left_out))
}

fn addresses<'a>(recipients: impl Iterator<Item = &'a Recipient>) -> Vec<Address> {
    recipients.map(|recipient| recipient.address.clone()).collect()
}

/// What left in clear but for a banner of ours is what was submitted.
fn form(protection: Protection) -> Form {
    match protection {
        Protection::Sealed | Protection::Signed => Form::Sealed,
        Protection::Clear => Form::AsSubmitted,
    }
}

pub(super) fn copy(group: &Group, form: Form) -> GroupCopy<'_> {
    GroupCopy {
        recipients: &group.recipients,
        message: &group.message,
        form,
    }
}
