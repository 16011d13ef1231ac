//! Everything that is decided of a submission before anything of it is remembered, signed or sent: sealing acts by it, and
//! `souspli explain` tells it.

use super::Relay;
use super::outgoing::Clear;
use super::port::LeftOut;
use super::recipients::Certificates;
use crate::base::Address;
use crate::config::Account;
use crate::policy::outgoing::{self, Copies, CopyKind, Decision, Lookup, Refusal, Why};
use crate::policy::resolution::Resolution;
use crate::policy::{Recipient, Submission, readable};
use crate::store::Look;
use crate::text::{Explain, Explanation, outgoing as say};
use std::sync::Arc;

/// A refusal is a few lines in a window.
const UNFIT_SAID: usize = 3;

/// What was decided, and by what.
pub(super) struct Decided {
    /// What was found for each recipient, in the order of the envelope.
    pub resolutions: Vec<Resolution>,
    /// What is to be done. `Err`: nobody gets it.
    pub plan: Result<Plan, Explanation>,
}

/// Who gets what.
pub(super) struct Plan {
    /// These get nothing, and the sender is told.
    pub left_out: Vec<LeftOut>,
    /// These get it signed, over the channel of the space of trust.
    pub trusted: Vec<Address>,
    /// These get it encrypted.
    pub certificates: Certificates,
    /// What leaves by the account's own channel.
    pub own: Vec<Copies>,
    /// What leaves by its companion's.
    pub via: Vec<Copies>,
    /// The letter.
    pub clear: Clear,
    /// The companion, and the letter under its address.
    pub through: Option<(Arc<Account>, Clear)>,
}

impl Relay {
    pub(super) async fn decided(&self, account: &Account, submission: &Submission, why: &Why, copies: Vec<Copies>) -> Decided {
        // `need` has looked already; the command line has not asked it.
        if let Some(fault) = readable::fault(&submission.message) {
            return Decided {
                resolutions: Vec::new(),
                plan: Err(Refusal::Header(fault).explain()),
            };
        }
        let resolutions = self.resolve(&submission.envelope.recipients).await;
        let plan = self.plan(account, submission, why, copies, &resolutions);
        Decided { resolutions, plan }
    }

    fn plan(
        &self,
        account: &Account,
        submission: &Submission,
        why: &Why,
        copies: Vec<Copies>,
        resolutions: &[Resolution],
    ) -> Result<Plan, Explanation> {
        let _look = Look::begin();
        let space = self.space()?;
        let lookups: Vec<Lookup> = resolutions.iter().map(Resolution::lookup).collect();
        let (left_out, trusted) = match outgoing::decide(submission, account, self.rules(&space), why, &lookups) {
            Decision::Seal => (Vec::new(), Vec::new()),
            Decision::SealExcept(addresses) => (left_out(submission, &addresses, resolutions), Vec::new()),
            Decision::SealOrTrust(addresses) => (Vec::new(), addresses),
            Decision::Refuse(refusal) => return Err(with_causes(refusal.explain(), resolutions)),
        };
        let certificates: Certificates = resolutions
            .iter()
            .filter_map(|r| Some((r.address.clone(), r.certificate()?.clone())))
            .collect();
        let copies = reached(copies, |r| certificates.contains_key(&r.address) || trusted.contains(&r.address));
        let (own, via) = self.by_way(account, &space, copies);
        if !own.is_empty() {
            self.speaks_for(account, &submission.message)?;
        }
        // Milliseconds of computing for each megabyte: not on the thread that serves the others.
        let clear = tokio::task::block_in_place(|| self.clear(account, &submission.message))?;
        let through = match via.is_empty() {
            true => None,
            // The configuration was checked: were the account gone all the same, nobody's copy may be dropped unsaid.
            false => {
                let companion = self.companion(account).ok_or_else(say::sealing_failed)?;
                let clear = self.renamed(account, &companion, &clear)?;
                Some((companion, clear))
            }
        };
        let has_keys = |account: &Account, clear: &Clear, copies: &[Copies]| self.has_keys(account, clear, copies, &certificates);
        has_keys(account, &clear, &own)?;
        through.iter().try_for_each(|(companion, clear)| has_keys(companion, clear, &via))?;
        Ok(Plan {
            left_out,
            trusted,
            certificates,
            own,
            via,
            clear,
            through,
        })
    }

    /// A key that signs, and one to read what was sent, neither of them taken back: said before anything else, not in the midst.
    fn has_keys(&self, account: &Account, clear: &Clear, copies: &[Copies], certificates: &Certificates) -> Result<(), Explanation> {
        if copies.is_empty() {
            return Ok(());
        }
        let signer = self.signer(account, &clear.header)?;
        self.still_own(&signer)?;
        let mut open = copies.iter().filter(|copies| copies.kind == CopyKind::Open);
        if open.any(|copies| copies.recipients.iter().any(|r| certificates.contains_key(&r.address))) {
            let reader = self.identities.encryption(&account.address, self.now())?;
            // One certificate for both is common, and was looked at.
            if !reader.is(&signer) {
                self.still_own(&reader)?;
            }
        }
        Ok(())
    }
}

/// Those who get nothing, each with its own cause.
fn left_out(submission: &Submission, addresses: &[Address], resolutions: &[Resolution]) -> Vec<LeftOut> {
    let both = submission.envelope.recipients.iter().zip(resolutions);
    let told = |(recipient, found): (&Recipient, &Resolution)| LeftOut {
        recipient: recipient.clone(),
        why: found.cause().unwrap_or_else(say::left_out),
    };
    both.filter(|(r, _)| addresses.contains(&r.address)).map(told).collect()
}

/// Those who get something.
fn reached(copies: Vec<Copies>, gets: impl Fn(&Recipient) -> bool) -> Vec<Copies> {
    let kept = copies.into_iter().map(|mut copies| {
        copies.recipients.retain(&gets);
        copies
    });
    kept.filter(|copies| !copies.recipients.is_empty()).collect()
}

/// Where a certificate is known that will not do, the wrong one would be looked for, were it not said.
fn with_causes(refusal: Explanation, resolutions: &[Resolution]) -> Explanation {
    let unfit = resolutions.iter().filter(|r| r.certificate().is_none());
    let causes = unfit.flat_map(|r| r.refused.iter().map(|(_, why)| (&r.address, why.explain())));
    causes
        .take(UNFIT_SAID)
        .fold(refusal, |refusal, (address, why)| say::known_but_unfit(refusal, address, &why))
}
