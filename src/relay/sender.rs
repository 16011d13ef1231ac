//! Under whose name a letter goes: what an own key covers, and the rules of the account that it names.

use super::Relay;
use super::identities::Identity;
use crate::base::Address;
use crate::config::Account;
use crate::policy::outgoing::Refusal;
use crate::policy::readable::HeaderFault;
use crate::policy::sender::{self, Under};
use crate::policy::{Space, Submission};
use crate::text::{Explain, Explanation, outgoing as say};
use std::borrow::Cow;

impl Relay {
    /// Refuses to sign under a name that the key does not cover.
    pub(super) fn speaks_for(&self, account: &Account, message: &[u8]) -> Result<(), Explanation> {
        let signer = self.signer(account, message)?;
        match sender::under(message, |address| signer.covers(address)) {
            Under::Own => Ok(()),
            Under::Others(others) => Err(say::another_sender(&Vec::from_iter(others), &signer.addresses())),
            Under::Nobody => Err(Refusal::Header(HeaderFault::NoFrom).explain()),
        }
    }

    /// The key that may sign a message which is signed and not encrypted.
    pub(super) fn signs_for(&self, account: &Account, message: &[u8]) -> Result<Identity, Explanation> {
        self.speaks_for(account, message)?;
        let signer = self.signer(account, message)?;
        self.still_own(&signer)?;
        Ok(signer)
    }

    /// True when a message is under the account's own name alone.
    pub(super) fn is_from(&self, message: &[u8], account: &Account) -> bool {
        let signer = self.signer(account, message).ok();
        let covers = |address: &Address| match &signer {
            Some(signer) => signer.covers(address),
            None => *address == account.address,
        };
        sender::under(message, covers) == Under::Own
    }

    /// The own key that signs a message with that header.
    pub(super) fn signer(&self, account: &Account, header: &[u8]) -> Result<Identity, Explanation> {
        self.identities.signing(&account.address, &sender::addresses(header), self.now())
    }

    /// The account with the rules of every other one whose address the letter goes under: a program that knows one
    /// submission server for all must not be a way around them. The companion's address is another one, where a part goes under it.
    pub(super) fn strictest<'a>(&self, account: &'a Account, submission: &Submission, space: &Space) -> Cow<'a, Account> {
        let mut named = sender::addresses(&submission.message);
        named.extend(submission.envelope.from.clone());
        if submission.envelope.recipients.iter().any(|r| space.holds(&r.address)) {
            named.extend(account.mssante_via.clone());
        }
        let mut account = Cow::Borrowed(account);
        for other in self.accounts.iter().filter(|other| named.contains(&other.address)) {
            if (other.always_sign && !account.always_sign) || (other.always_encrypt && !account.always_encrypt) {
                let strict = account.to_mut();
                strict.always_sign |= other.always_sign;
                strict.always_encrypt |= other.always_encrypt;
            }
        }
        account
    }
}

impl Identity {
    /// The account's address, which a card without one is bound to, and those of the certificate.
    pub(super) fn covers(&self, address: &Address) -> bool {
        !self.is_delegated() && (*address == self.account || self.key.certificate().has_email(address.as_str()))
    }

    fn addresses(&self) -> Vec<Address> {
        let certificate = self.key.certificate();
        let mut all = vec![self.account.clone()];
        let named = certificate.emails().into_iter().filter_map(|email| Address::parse(email).ok());
        all.extend(named.filter(|address| *address != self.account));
        all
    }
}
