//! Which certificate of a person a message is encrypted to.

use crate::base::{Address, UnixTime};
use crate::pki::Certificate;
use crate::pki::algorithm::{Curve, KeyKind};
use crate::pki::path::{self, PathError, Purpose, Trust};
use crate::text::{Explain, Explanation};

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
}

impl Explain for Unfit {
    fn explain(&self) -> Explanation {
        match self {
            Self::Address => crate::text::verdict::another_address(),
            Self::Key => crate::text::verdict::key_not_for_encryption(),
            Self::Path(error) => error.explain(),
        }
    }
}

/// No certificate will do; each one with its reason. Empty: there was none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("none of the certificates can be encrypted to")]
pub struct NoneFits {
    /// Certificates looked at.
    pub refused: Vec<(Certificate, Unfit)>,
}

/// The newest certificate of `address` that is valid for encryption at `at`. An expired one never shadows a valid one.
pub fn best(
    address: &Address,
    candidates: &[Certificate],
    intermediates: &[Certificate],
    trust: &Trust,
    at: UnixTime,
) -> Result<Certificate, NoneFits> {
    newest(candidates, |candidate| match candidate.has_email(address.as_str()) {
        true => fits(candidate, intermediates, trust, at),
        false => Err(Unfit::Address),
    })
}

/// The same among certificates that the user has bound to the address himself: they name none, as those of cards, or this one.
pub fn best_confirmed(
    address: &Address,
    candidates: &[Certificate],
    intermediates: &[Certificate],
    trust: &Trust,
    at: UnixTime,
) -> Result<Certificate, NoneFits> {
    newest(candidates, |candidate| match can_be_bound(address, candidate) {
        true => fits(candidate, intermediates, trust, at),
        false => Err(Unfit::Address),
    })
}

/// Whether the user may say that it is this address's: one that names others is theirs.
pub fn can_be_bound(address: &Address, certificate: &Certificate) -> bool {
    certificate.emails().is_empty() || certificate.has_email(address.as_str())
}

fn newest(candidates: &[Certificate], fits: impl Fn(&Certificate) -> Result<(), Unfit>) -> Result<Certificate, NoneFits> {
    let mut refused = Vec::new();
    let mut fitting: Option<&Certificate> = None;
    for candidate in candidates {
        match fits(candidate) {
            Err(why) => refused.push((candidate.clone(), why)),
            Ok(()) if fitting.is_none_or(|f| candidate.not_before() > f.not_before()) => fitting = Some(candidate),
            Ok(()) => {}
        }
    }
    fitting.cloned().ok_or(NoneFits { refused })
}

/// Whether one can encrypt to it at `at`, whosever it is.
pub fn fits(candidate: &Certificate, intermediates: &[Certificate], trust: &Trust, at: UnixTime) -> Result<(), Unfit> {
    if !can_be_encrypted_to(candidate) {
        return Err(Unfit::Key);
    }
    path::validate(candidate, intermediates, trust, at, Purpose::Encrypt)?;
    Ok(())
}

/// RSA, or a curve that `smime::encrypt` writes.
pub fn can_be_encrypted_to(certificate: &Certificate) -> bool {
    matches!(
        certificate.public_key().kind,
        KeyKind::Rsa { .. } | KeyKind::Ec(Curve::P256 | Curve::P384)
    )
}
