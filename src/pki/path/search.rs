//! The climb from issuer to issuer, depth first, each signature checked before it goes on, within a budget.

use super::constraints::{self, Allowance};
use super::{Path, PathError, Question, Trust, fit, policy};
use crate::base::Realm;
use crate::base::limits::{PATH_CERTIFICATES_MAX, PATH_NAMES_MAX, PATH_SIGNATURES_MAX, PATH_STEPS_MAX};
use crate::pki::algorithm::{Digest, Scheme, SignatureError};
use crate::pki::authority::{Authority, Standing, realm_in_names};
use crate::pki::cert::Certificate;

pub(super) struct Search<'a> {
    /// Those that are no anchors themselves.
    intermediates: Vec<&'a Certificate>,
    trust: &'a Trust,
    question: &'a Question,
    signatures: usize,
    steps: usize,
    names: Allowance,
    nearest: Option<PathError>,
}

/// A certificate that may have issued another one; with the authority that it is, where paths may end.
struct Candidate<'a> {
    certificate: &'a Certificate,
    anchor: Option<&'a Authority>,
}

impl<'a> Search<'a> {
    pub(super) fn new(intermediates: &'a [Certificate], trust: &'a Trust, question: &'a Question) -> Self {
        Self {
            intermediates: intermediates.iter().filter(|c| trust.anchor(c).is_none()).collect(),
            trust,
            question,
            signatures: PATH_SIGNATURES_MAX,
            steps: PATH_STEPS_MAX,
            names: Allowance(PATH_NAMES_MAX),
            nearest: None,
        }
    }

    /// The way from `leaf`, or the error that came nearest to one.
    pub(super) fn from(mut self, leaf: &Certificate) -> Result<Path, PathError> {
        if let Some(itself) = self.trust.anchor(leaf) {
            self.in_realm(itself.realm)?;
            fit::leaf(leaf, self.question.at, self.question.purpose)?;
            return Ok(Path {
                certificates: vec![leaf.clone()],
                realm: itself.realm,
                profile: itself.profile,
            });
        }
        let found = self.climb(&mut vec![leaf.clone()]);
        found.ok_or_else(|| self.nearest.unwrap_or_else(|| unknown(leaf)))
    }

    /// `path` ends with the certificate whose issuer is looked for.
    fn climb(&mut self, path: &mut Vec<Certificate>) -> Option<Path> {
        let current = path.last()?.clone();
        let candidates = self.candidates(path, &current);
        if candidates.is_empty() {
            self.note(unknown(&current));
        }
        for candidate in candidates {
            if let Err(error) = self.step(path, &current, candidate.certificate) {
                self.note(error);
                continue;
            }
            path.push(candidate.certificate.clone());
            let way = match candidate.anchor {
                Some(anchor) => self.arrived(path, anchor),
                None => self.further(path),
            };
            if way.is_some() {
                return way;
            }
            path.pop();
        }
        None
    }

    /// Whoever bears the issuer's name and is not on the way yet: anchors first, of the trusted realm first, then those whose key
    /// identifier is the one that the certificate names.
    fn candidates(&mut self, path: &[Certificate], current: &Certificate) -> Vec<Candidate<'a>> {
        let known = self.trust.called(current.issuer_name()).map(|authority| Candidate {
            certificate: &authority.certificate,
            anchor: Some(authority).filter(|a| a.standing == Standing::Anchor),
        });
        let given = self.intermediates.iter().filter(|c| current.names_as_issuer(c));
        let given = given.map(|certificate| Candidate { certificate, anchor: None });
        let mut found: Vec<Candidate<'a>> = known
            .chain(given)
            .filter(|candidate| !path.iter().skip(1).any(|c| is_same_authority(c, candidate.certificate)))
            .filter(|candidate| path.first() != Some(candidate.certificate))
            .take(self.steps)
            .collect();
        self.steps -= found.len();
        found.sort_by_key(|c| {
            let trusted = c.anchor.map_or(2, |a| u8::from(a.realm != self.trust.realm()));
            (trusted, !is_meant(current, c.certificate))
        });
        found
    }

    fn further(&mut self, path: &mut Vec<Certificate>) -> Option<Path> {
        if path.len() >= PATH_CERTIFICATES_MAX || self.steps == 0 {
            self.note(PathError::TooComplex);
            return None;
        }
        self.climb(path)
    }

    fn arrived(&mut self, path: &[Certificate], anchor: &Authority) -> Option<Path> {
        match self.holds(path, anchor) {
            Ok(()) => Some(Path {
                certificates: path.to_vec(),
                realm: anchor.realm,
                profile: anchor.profile,
            }),
            Err(error) => {
                self.note(error);
                None
            }
        }
    }

    /// What is asked of a way as a whole.
    fn holds(&mut self, path: &[Certificate], anchor: &Authority) -> Result<(), PathError> {
        let Question { at, purpose, policies } = self.question;
        let [leaf, ..] = path else { return Ok(()) };
        fit::leaf(leaf, *at, *purpose)?;
        fit::consistent(leaf)?;
        fit::profile(anchor.profile, path, *purpose)?;
        self.in_realm(anchor.realm)?;
        if path.iter().any(|c| realm_in_names(c) == Realm::Test) {
            self.in_realm(Realm::Test)?;
        }
        constraints::permitted(path, &mut self.names)?;
        policy::followed(path, policies)
    }

    fn in_realm(&self, realm: Realm) -> Result<(), PathError> {
        match realm == self.trust.realm() {
            true => Ok(()),
            false => Err(PathError::OtherRealm { realm }),
        }
    }

    /// May `issuer` stand above `current`, and did it sign it?
    fn step(&mut self, path: &[Certificate], current: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
        let below = path.iter().skip(1).filter(|c| !c.is_self_issued()).count();
        fit::issuer(issuer, below, self.question.at)?;
        if !fit::allows(issuer, self.question.purpose) {
            return Err(PathError::NotAnAuthority);
        }
        self.signatures = self.signatures.checked_sub(1).ok_or(PathError::TooComplex)?;
        self.trust.signed_by(current, issuer)
    }

    fn note(&mut self, error: PathError) {
        if self.nearest.as_ref().is_none_or(|nearest| *nearest < error) {
            self.nearest = Some(error);
        }
    }
}

fn unknown(certificate: &Certificate) -> PathError {
    PathError::UnknownAuthority {
        issuer: certificate.issuer_common_name().to_owned(),
    }
}

/// One name and one key are one authority, however often it was certified: a way that comes back to it leads nowhere.
fn is_same_authority(a: &Certificate, b: &Certificate) -> bool {
    a.spki() == b.spki() && a.subject_name() == b.subject_name()
}

/// The key identifiers fit; a hint that decides nothing but the order.
fn is_meant(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate.authority_key_identifier().is_some() && certificate.authority_key_identifier() == issuer.subject_key_identifier()
}

/// Whether the signature on `certificate` is by the key of `issuer`; SHA-1 is never believed.
pub(super) fn signed_by(certificate: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
    let algorithm = certificate.signature_algorithm().map_err(|_| PathError::Unsupported)?;
    let scheme = Scheme::read(&algorithm, None).map_err(|_| PathError::Unsupported)?;
    if scheme.digest() == Some(Digest::Sha1) {
        return Err(PathError::Obsolete);
    }
    scheme
        .verify(&issuer.public_key(), certificate.tbs(), certificate.signature())
        .map_err(|e| match e {
            SignatureError::Unsupported => PathError::Unsupported,
            SignatureError::Wrong => PathError::BadSignature,
        })
}
