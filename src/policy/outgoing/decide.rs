//! What follows once every recipient's certificate has been looked for.

use super::{Refusal, Rules, Why};
use crate::base::Address;
use crate::config::{Account, MissingCertificate};
use crate::policy::Submission;

/// What was found for one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// A certificate that may be used.
    Found,
    /// None.
    NotFound,
    /// None, but people who may be meant: the user has to say who it is.
    Ambiguous,
    /// It could not be asked.
    Unavailable,
    /// One of which it cannot be said whether it is revoked.
    Unproven,
}

/// What follows from the look-ups.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Everyone gets it sealed.
    Seal,
    /// `missing_certificate = "partial"`: sealed for the others, these get nothing and the sender is told.
    SealExcept(Vec<Address>),
    /// Sealed for the others; these get it signed, over the operator's channel of the space of trust (requirements K.1).
    SealOrTrust(Vec<Address>),
    /// Nobody gets it.
    Refuse(Refusal),
}

/// What the look-ups allow, all or nothing unless the policy says otherwise (requirements K.5). `lookups` stand in the
/// order of the envelope's recipients.
pub fn decide(submission: &Submission, account: &Account, rules: Rules<'_>, why: &Why, lookups: &[Lookup]) -> Decision {
    let Rules { policy, space } = rules;
    let with = |wanted: Lookup| -> Vec<Address> {
        let answers = lookups.iter().copied().chain(std::iter::repeat(Lookup::Unavailable));
        let pairs = submission.envelope.recipients.iter().zip(answers);
        pairs
            .filter(|(_, found)| *found == wanted)
            .map(|(r, _)| r.address.clone())
            .collect()
    };
    let (away, unproven, ambiguous) = (with(Lookup::Unavailable), with(Lookup::Unproven), with(Lookup::Ambiguous));
    if !away.is_empty() {
        return Decision::Refuse(Refusal::DirectoryAway(away, why.rule(policy)));
    }
    if !unproven.is_empty() {
        return Decision::Refuse(Refusal::StatusUnknown(unproven, why.rule(policy)));
    }
    let missing: Vec<Address> = with(Lookup::NotFound).into_iter().chain(ambiguous.iter().cloned()).collect();
    if missing.is_empty() {
        return Decision::Seal;
    }
    let trusted = missing.iter().all(|a| space.holds(a));
    // The channel protects what only its domain asked to protect; a doctor who asked for encryption is told instead.
    if trusted && !policy.mssante_requires_certificate && account.reaches_space() && matches!(why, Why::Domain(_)) {
        return Decision::SealOrTrust(missing);
    }
    let reached = lookups.contains(&Lookup::Found);
    match policy.missing_certificate {
        MissingCertificate::Partial if reached => Decision::SealExcept(missing),
        _ if !account.reaches_space() && missing.iter().any(|a| space.holds(a)) => Decision::Refuse(Refusal::SpaceOfTrust(missing)),
        // What the user can mend himself, where that is all.
        _ if missing.len() == ambiguous.len() => Decision::Refuse(Refusal::Ambiguous(ambiguous, why.rule(policy))),
        _ => Decision::Refuse(Refusal::NoCertificate(missing, why.rule(policy))),
    }
}
