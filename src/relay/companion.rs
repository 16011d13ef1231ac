//! Mail for the space of trust from an ordinary account: through the channel of its companion, under its address (requirements
//! K.7). Told to the doctor, never silent.

use super::Relay;
use super::outgoing::Clear;
use super::port::{Group, Protection, SealedRecord, SealedSubmission, Way};
use crate::base::Address;
use crate::config::Account;
use crate::policy::outgoing::Copies;
use crate::policy::{Space, Submission, companion, threads};
use crate::store::Traits;
use crate::text::{Explanation, space as say};
use crate::view::strip;
use std::sync::Arc;

impl Relay {
    /// The account through which mail of this one goes into the space of trust.
    pub(super) fn companion(&self, account: &Account) -> Option<Arc<Account>> {
        let via = account.mssante_via.as_ref()?;
        self.accounts.iter().find(|other| other.address == *via).cloned()
    }

    /// The copies of the account's own channel, and those of its companion's: of every member of the space.
    pub(super) fn by_way(&self, account: &Account, space: &Space, copies: Vec<Copies>) -> (Vec<Copies>, Vec<Copies>) {
        if account.mssante_via.is_none() {
            return (copies, Vec::new());
        }
        let (mut own, mut via) = (Vec::new(), Vec::new());
        for Copies { recipients, kind } in copies {
            let (inside, outside): (Vec<_>, Vec<_>) = recipients.into_iter().partition(|r| space.holds(&r.address));
            for (side, recipients) in [(&mut via, inside), (&mut own, outside)] {
                if !recipients.is_empty() {
                    side.push(Copies { recipients, kind });
                }
            }
        }
        (own, via)
    }

    /// The same letter under the companion's address, which its key must cover.
    pub(super) fn renamed(&self, account: &Account, via: &Account, clear: &Clear) -> Result<Clear, Explanation> {
        let header = under(&clear.header, &account.address, &via.address)?;
        self.speaks_for(via, &header)?;
        Ok(Clear {
            header,
            message: clear.message.clone(),
            tree: clear.tree.clone(),
        })
    }

    /// The companion of what leaves in clear: all its recipients are patients and machines. What the mail program has sealed
    /// itself, for others, speaks for the ordinary address and stays with it.
    pub(super) fn clear_companion(&self, account: &Account, submission: &Submission) -> Option<Arc<Account>> {
        let companion = self.companion(account)?;
        let mut recipients = submission.envelope.recipients.iter();
        recipients.all(|r| self.is_closed_to(&r.address)).then_some(companion)
    }

    /// As submitted, but for the address and for what Souspli itself had put into it.
    pub(super) fn clear_through(
        &self,
        account: &Account,
        via: Arc<Account>,
        submission: &Submission,
        traits: Traits,
    ) -> Result<SealedSubmission, Explanation> {
        let stripped = strip(&submission.message);
        let message = stripped.as_deref().unwrap_or(&submission.message);
        let message = under(message, &account.address, &via.address)?;
        let recipients = submission.envelope.recipients.clone();
        let addresses = recipients.iter().map(|r| r.address.clone()).collect();
        let record = SealedRecord {
            message_id: threads::own(&submission.message),
            protection: Protection::Clear,
            via: Some((via.address.clone(), addresses)),
            traits,
            ..SealedRecord::default()
        };
        let group = Group {
            way: Way::Companion,
            recipients,
            message: message.into(),
        };
        Ok(SealedSubmission {
            groups: vec![group],
            record,
            companion: Some(via),
        })
    }
}

fn under(message: &[u8], own: &Address, via: &Address) -> Result<Vec<u8>, Explanation> {
    companion::under(message, own, via).ok_or_else(|| say::companion_of_another(own, via))
}
