//! Which certificate of a person a message is encrypted to.

use crate::base::{Address, UnixTime};
use crate::pki::Certificate;
use crate::pki::algorithm::{Curve, KeyKind};
use crate::pki::path::{self, Path, PathError, Purpose, Trust};
use crate::pki::revocation::{Revoked, Unknown};
use crate::text::{Explain, Explanation, Tongue, directory};

/// Why a certificate was not chosen.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// It belongs to another address.
    #[error("it belongs to another address")]
    Address,
    /// Its key cannot be encrypted to (a signature key, an unusual curve).
    #[error("its key cannot be encrypted to")]
    Key,
    /// It leads to no authority, or not now, or is for another use.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It, or an authority on its way, is revoked.
    #[error("it is revoked")]
    Revoked(Box<Revoked>),
    /// Whether it is revoked cannot be said.
    #[error("whether it is revoked cannot be said")]
    Unproven(Box<Unknown>),
}

impl Explain for Unfit {
    fn explain(&self) -> Explanation {
        match self {
            Self::Address => crate::text::verdict::another_address(),
            Self::Key => crate::text::verdict::key_not_for_encryption(),
            Self::Path(error) => error.explain(),
            Self::Revoked(revoked) => revoked.explain(),
            Self::Unproven(unknown) => unknown.explain(),
        }
    }
}

/// Where a certificate came from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// The user has imported its file.
    Imported,
    /// It came with a signed message that was verified.
    Harvested,
    /// The user has bound it to the address; it need not name it.
    Confirmed,
    /// A directory has it under this address.
    Ldap {
        /// As the configuration calls that directory.
        name: String,
    },
}

impl Source {
    /// As JSON has it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Harvested => "harvested",
            Self::Confirmed => "confirmed",
            Self::Ldap { .. } => "directory",
        }
    }

    /// Which directory it was.
    pub fn directory(&self) -> Option<&str> {
        match self {
            Self::Ldap { name } => Some(name),
            Self::Imported | Self::Harvested | Self::Confirmed => None,
        }
    }

    /// As shown.
    pub fn words(&self, tongue: Tongue) -> String {
        match self {
            Self::Imported => tongue.of(directory::IMPORTED),
            Self::Harvested => tongue.of(directory::HARVESTED),
            Self::Confirmed => tongue.of(directory::CONFIRMED),
            Self::Ldap { name } => name.clone(),
        }
    }
}

/// A certificate that may serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it came from.
    pub source: Source,
    /// When that source was last seen to have it; `None`: it is kept here for good.
    pub as_of: Option<UnixTime>,
}

/// Candidates, those that will do apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sorted {
    /// What can be encrypted to, each with its way to an authority: those that name the address before those that the user has
    /// bound to it, then those that came with mail by an authority which nobody else stands for; the newest first. An expired
    /// one never shadows a valid one.
    pub fitting: Vec<(Candidate, Path)>,
    /// The others, each with its reason.
    pub refused: Vec<(Candidate, Unfit)>,
}

/// Which of the candidates can be encrypted to for `address` at `at`, revocation apart.
pub fn sorted(address: &Address, candidates: Vec<Candidate>, intermediates: &[Certificate], trust: &Trust, at: UnixTime) -> Sorted {
    let mut sorted = Sorted::default();
    for candidate in candidates {
        let is_theirs = match candidate.source {
            Source::Confirmed => can_be_bound(address, &candidate.certificate),
            Source::Imported | Source::Harvested | Source::Ldap { .. } => candidate.certificate.has_email(address.as_str()),
        };
        let way = match is_theirs {
            true => fits(&candidate.certificate, intermediates, trust, at),
            false => Err(Unfit::Address),
        };
        match way {
            Ok(path) => sorted.fitting.push((candidate, path)),
            Err(why) => sorted.refused.push((candidate, why)),
        }
    }
    let vouched: Vec<Vec<u8>> = sorted.fitting.iter().filter_map(|(candidate, _)| vouched_by(candidate)).collect();
    let by_rank = |(candidate, _): &(Candidate, Path)| (rank(candidate, &vouched), std::cmp::Reverse(candidate.certificate.not_before()));
    sorted.fitting.sort_by_key(by_rank);
    sorted
}

/// The authority of a certificate that the user or a directory stands for.
fn vouched_by(candidate: &Candidate) -> Option<Vec<u8>> {
    (candidate.source != Source::Harvested).then(|| candidate.certificate.issuer().to_vec())
}

/// What came with mail renews what is known, by the same authority, or is the first; by another it waits behind: whoever can read
/// somebody's mailbox for a moment may get a certificate for that address from some authority.
fn rank(candidate: &Candidate, vouched: &[Vec<u8>]) -> u8 {
    match candidate.source {
        Source::Harvested if !vouched.is_empty() && !vouched.iter().any(|issuer| issuer == candidate.certificate.issuer()) => 2,
        Source::Confirmed => 1,
        Source::Imported | Source::Harvested | Source::Ldap { .. } => 0,
    }
}

/// Whether the user may say that it is this address's: one that names others is theirs.
pub fn can_be_bound(address: &Address, certificate: &Certificate) -> bool {
    certificate.emails().is_empty() || certificate.has_email(address.as_str())
}

/// Whether one can encrypt to it at `at`, whosever it is.
pub fn fits(candidate: &Certificate, intermediates: &[Certificate], trust: &Trust, at: UnixTime) -> Result<Path, Unfit> {
    if !can_be_encrypted_to(candidate) {
        return Err(Unfit::Key);
    }
    Ok(path::validate(candidate, intermediates, trust, at, Purpose::Encrypt)?)
}

/// RSA, or a curve that `smime::encrypt` writes.
pub fn can_be_encrypted_to(certificate: &Certificate) -> bool {
    matches!(
        certificate.public_key().kind,
        KeyKind::Rsa { .. } | KeyKind::Ec(Curve::P256 | Curve::P384)
    )
}
