//! A sealed submission handed over group by group: the first one decides, what follows can only add to a notice.

use super::login::Entry;
use super::upstream::{Attempt, LoginFailure};
use super::{LoggedIn, Patience, Submissions};
use crate::base::Address;
use crate::policy::{Envelope, Recipient};
use crate::relay::port::{Group, GroupOutcome, Protection, SealedRecord, SealedSubmission, Way};
use crate::smtp::handover::{Form, GroupCopy, Refused};
use crate::smtp::wire::Reply;
use crate::text::{outgoing as text, provider};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A companion is logged in while the mail program waits: what is left must do for the first part.
const COMPANION_LOGIN: Duration = Duration::from_secs(30);
/// Of this, a card of its may take so much: what is wrong with it is told.
const COMPANION_CARD: Duration = Duration::from_secs(20);

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
        let form = form(sealed.record.protection);
        let begun = Instant::now();
        let (mut companion, mut unready) = self.ready(shared, envelope, sealed, form).await;
        let mut outcomes = Vec::new();
        let mut first: Option<Reply> = None;
        for (at, group) in sealed.groups.iter().enumerate() {
            // The first answer is the mail program's: it must hear it before it gives up and sends everything again.
            let late = first.is_some() && begun.elapsed() > self.patience.later_groups;
            let (attempt, host) = match (unready.take(), &mut companion) {
                (Some(unready), _) => unready,
                (None, Some(companion)) if group.way == Way::Companion => {
                    let envelope = companion.envelope(envelope);
                    companion.attempt(shared, &envelope, group, form, late).await
                }
                (None, _) => self.attempt(shared, envelope, group, form, late).await,
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
        if let Some(upstream) = companion.and_then(|companion| companion.upstream) {
            upstream.quit().await;
        }
        (first, outcomes)
    }

    async fn attempt(&mut self, shared: &Submissions, envelope: &Envelope, group: &Group, form: Form, late: bool) -> (Attempt, String) {
        let attempt = match late {
            true => Attempt::NotTried,
            false => self.hand_over(shared, envelope, &copy(group, form)).await,
        };
        (attempt, self.account.smtp.host.clone())
    }

    /// All or nothing here too: every part is measured, the companion logged in, and its part held against what its operator takes,
    /// before the first part leaves. What stands in the way, and at which server, is the answer for all.
    async fn ready(
        &mut self,
        shared: &Submissions,
        envelope: &Envelope,
        sealed: &SealedSubmission,
        form: Form,
    ) -> (Option<LoggedIn>, Option<(Attempt, String)>) {
        let of = |way: Way| sealed.groups.iter().filter(move |group| group.way == way);
        if let Some(refused) = self.too_large(shared, of(Way::Own), form) {
            return (None, Some((Attempt::Refused(refused), self.account.smtp.host.clone())));
        }
        let Some(account) = sealed.companion.as_ref().filter(|_| of(Way::Companion).next().is_some()) else {
            return (None, None);
        };
        let begun = Instant::now();
        let patience = Patience {
            card: self.patience.card.min(COMPANION_CARD),
            ..self.patience
        };
        let login = shared.log_in_as(Arc::clone(account), Entry::OfOurOwn, patience);
        let companion = timeout(COMPANION_LOGIN, login).await.unwrap_or(Err(LoginFailure::Away));
        // The mail program waits for all of it.
        self.be_patient(self.patience.after(begun.elapsed()));
        match companion {
            Err(failure) => (None, Some((Attempt::NoConnection(failure), account.smtp.host.clone()))),
            Ok(companion) => {
                let refused = companion.unfit(envelope, of(Way::Companion), form);
                let unready = refused.map(|refused| (Attempt::Refused(refused), account.smtp.host.clone()));
                (Some(companion), unready)
            }
        }
    }

    /// The envelope under this account's address. An empty reverse-path stays empty.
    fn envelope(&self, submitted: &Envelope) -> Envelope {
        Envelope {
            from: submitted.from.as_ref().map(|_| self.account.address.clone()),
            ..submitted.clone()
        }
    }

    /// A later group must not turn out too large once the first has left.
    fn too_large<'g>(&self, shared: &Submissions, mut groups: impl Iterator<Item = &'g Group>, form: Form) -> Option<Refused> {
        let offered = match &self.upstream {
            Some(upstream) => upstream.capabilities().clone(),
            None => shared.offers.known(&self.account.smtp)?,
        };
        groups.find_map(|group| copy(group, form).too_large(&offered))
    }

    /// What the server of this connection would not even be offered.
    fn unfit<'g>(&self, submitted: &Envelope, mut groups: impl Iterator<Item = &'g Group>, form: Form) -> Option<Refused> {
        let offered = self.upstream.as_ref()?.capabilities();
        let envelope = self.envelope(submitted);
        groups.find_map(|group| copy(group, form).unfit_for(&envelope, offered))
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
        matches!(self.hand_over(shared, &envelope, &notice).await, Attempt::Accepted)
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
    addresses(
        failed
            .flat_map(|outcome| &outcome.recipients)
            .chain(record.left_out.iter().map(|left| &left.recipient)),
    )
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
