//! Whose signature a list carries: the authority itself, another key of it, or somebody to whom it left the lists (RFC 5280 §6.3.3
//! (f), (g)).

use super::Crl;
use crate::base::UnixTime;
use crate::base::limits::LIST_SIGNERS_MAX;
use crate::pki::cert::{Certificate, KeyUsage};
use crate::pki::path::{self, Path, Purpose, Trust};

/// Why a list cannot be taken for its issuer's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum ListError {
    /// Nobody of its issuer's name stands behind a configured authority.
    #[error("no configured authority stands behind its issuer")]
    UnknownIssuer,
    /// Whoever bears the name may not sign lists.
    #[error("its issuer may not sign lists")]
    NotAllowed,
    /// Signed by an algorithm that is not known here.
    #[error("its signature algorithm is not supported")]
    Unsupported,
    /// SHA-1, or a short key.
    #[error("its signature algorithm is obsolete")]
    Obsolete,
    /// The signature does not hold.
    #[error("its signature does not hold")]
    BadSignature,
}

/// The way from whoever signed `crl`, one of `candidates` or an authority, to an authority.
pub fn signer(crl: &Crl, candidates: &[Certificate], trust: &Trust, at: UnixTime) -> Result<Path, ListError> {
    let mut nearest = ListError::UnknownIssuer;
    let mut known: Vec<&Certificate> = Vec::new();
    for candidate in trust
        .authorities()
        .map(|a| &a.certificate)
        .chain(candidates)
        .filter(|c| may_be(crl, c))
    {
        if !known.contains(&candidate) {
            known.push(candidate);
        }
    }
    for candidate in known.into_iter().take(LIST_SIGNERS_MAX) {
        match checked(crl, candidate, candidates, trust, at) {
            Ok(path) => return Ok(path),
            Err(error) => nearest = nearest.max(error),
        }
    }
    Err(nearest)
}

fn may_be(crl: &Crl, candidate: &Certificate) -> bool {
    let keys = crl.head().authority_key.as_deref().zip(candidate.subject_key_identifier());
    *candidate.subject_name() == crl.head().issuer && keys.is_none_or(|(named, own)| named == own)
}

fn checked(crl: &Crl, signer: &Certificate, others: &[Certificate], trust: &Trust, at: UnixTime) -> Result<Path, ListError> {
    if !signer.key_usage().is_none_or(|u| u.has_one_of(&[KeyUsage::CRL_SIGN])) {
        return Err(ListError::NotAllowed);
    }
    crl.is_signed_by(signer)?;
    path::validate(signer, others, trust, at, Purpose::SignLists).map_err(|_| ListError::UnknownIssuer)
}
