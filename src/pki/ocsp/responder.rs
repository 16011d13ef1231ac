//! Whether an answer may be believed (RFC 6960 §3.2, §4.2.2.2): it is about this certificate, and signed by the authority itself or
//! by whom the authority itself, nobody in between, has named for it.

use super::Asked;
use super::response::{Basic, CertStatus, Responder, read};
use crate::base::UnixTime;
use crate::base::limits::{ANSWER_WITHOUT_END_SECONDS, CLOCK_SKEW_SECONDS};
use crate::pki::algorithm::Digest;
use crate::pki::ber::BerError;
use crate::pki::cert::{Certificate, KeyUsage};
use crate::pki::crl::{Entry, ListError, holds};
use crate::pki::oid;
use crate::text::{Explain, Explanation, revocation as say};

/// What an authority's server says of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The word itself.
    pub said: Said,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate; without it there is always something newer.
    pub next_update: Option<UnixTime>,
    /// Who signed it, where that is not the authority: its own status is to be asked.
    pub delegate: Option<Certificate>,
}

impl Answer {
    /// Until when it holds.
    pub fn end(&self) -> UnixTime {
        self.next_update
            .unwrap_or_else(|| self.this_update.plus(ANSWER_WITHOUT_END_SECONDS))
    }
}

/// Its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked(Entry),
    /// The server does not know the certificate.
    Unknown,
}

/// Why an answer says nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not an OCSP response that can be read.
    #[error("the answer cannot be read")]
    Unreadable,
    /// The server refuses (OCSPResponseStatus).
    #[error("the server refuses ({0})")]
    Refused(u8),
    /// About other certificates.
    #[error("the answer is about another certificate")]
    NotAbout,
    /// To another question.
    #[error("the answer is to another question")]
    OtherNonce,
    /// Signed by nobody who may.
    #[error("the answer is signed by nobody who may")]
    WrongSigner,
    /// Of the future.
    #[error("the answer is of the future")]
    NotYet,
}

impl Explain for AnswerError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreadable | Self::NotAbout => say::answer_unusable(),
            Self::Refused(_) => say::answer_refused(),
            Self::OtherNonce => say::answer_to_another(),
            Self::WrongSigner => say::answer_wrong_signer(),
            Self::NotYet => say::answer_not_yet(),
        }
    }
}

impl From<BerError> for AnswerError {
    fn from(_: BerError) -> Self {
        Self::Unreadable
    }
}

/// Reads what a server says of `certificate`. With a nonce: an answer to another question is refused; one without any is not, for
/// servers that prepare their answers cannot know it (RFC 9654 §2.1), and live by their nextUpdate.
pub fn answer(
    bytes: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    at: UnixTime,
    nonce: Option<&[u8]>,
) -> Result<Answer, AnswerError> {
    let basic = read(bytes)?;
    if nonce.zip(basic.nonce.as_deref()).is_some_and(|(asked, told)| asked != told) {
        return Err(AnswerError::OtherNonce);
    }
    let mut about = Vec::new();
    for single in &basic.singles {
        if Asked::names(single.id, certificate, issuer)? {
            about.push(single);
        }
    }
    // Said twice under two hashes, and once that it is revoked: it is.
    let revoked = about.iter().find(|single| matches!(single.status, CertStatus::Revoked(_)));
    let single = revoked.or(about.first()).ok_or(AnswerError::NotAbout)?;
    let signer = signer(&basic, issuer, at)?;
    if single.this_update > at.plus(CLOCK_SKEW_SECONDS) {
        return Err(AnswerError::NotYet);
    }
    Ok(Answer {
        said: match single.status {
            CertStatus::Good => Said::Good,
            CertStatus::Revoked(entry) => Said::Revoked(entry),
            CertStatus::Unknown => Said::Unknown,
        },
        this_update: single.this_update,
        next_update: single.next_update,
        delegate: (signer != *issuer).then_some(signer),
    })
}

fn signer(basic: &Basic<'_>, issuer: &Certificate, at: UnixTime) -> Result<Certificate, AnswerError> {
    let delegates = basic.certificates.iter().filter(|c| may_answer(c, issuer, at));
    let mut candidates = std::iter::once(issuer).chain(delegates).filter(|c| is_named(&basic.responder, c));
    let signed = |c: &&Certificate| holds(&basic.algorithm, c, basic.signed, basic.signature).is_ok();
    candidates.find(signed).cloned().ok_or(AnswerError::WrongSigner)
}

fn is_named(responder: &Responder<'_>, candidate: &Certificate) -> bool {
    match responder {
        Responder::Name(name) => candidate.subject_name() == name,
        Responder::Key(hash) => Digest::Sha1.of(&[candidate.public_key().bits]) == *hash,
    }
}

/// Issued by the very authority, for answering, and valid (RFC 6960 §4.2.2.2).
fn may_answer(delegate: &Certificate, issuer: &Certificate, at: UnixTime) -> bool {
    let named = delegate.extended_key_usage().is_some_and(|uses| uses.contains(&oid::OCSP_SIGNING));
    let signs = delegate
        .key_usage()
        .is_none_or(|u| u.has_one_of(&[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION]));
    let valid = delegate.not_before() <= at && at <= delegate.not_after();
    named && signs && valid && delegate.names_as_issuer(issuer) && is_issued_by(delegate, issuer).is_ok()
}

fn is_issued_by(delegate: &Certificate, issuer: &Certificate) -> Result<(), ListError> {
    let algorithm = delegate.signature_algorithm().map_err(|_| ListError::Unsupported)?;
    holds(&algorithm, issuer, delegate.tbs(), delegate.signature())
}
