//! From a certificate to a configured authority (RFC 5280 §6), for mail (RFC 8550). Pure: the moment comes in.
//!
//! Names chain as RFC 5280 §7.1 compares them, every signature on the way is checked, and a budget bounds what hostile bundles can cost.
//! Revocation is another matter.

use crate::base::UnixTime;
use crate::base::addr::fold;
use crate::base::limits::{CHECKED_SIGNATURES_MAX, PATH_SIGNATURES_MAX};
use crate::pki::algorithm::{Digest, KeyKind, Scheme, SignatureError};
use crate::pki::cert::{Certificate, KeyUsage, NameConstraints};
use crate::pki::name::DistinguishedName;
use crate::pki::oid;
use crate::text::{Explain, Explanation};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The authorities that are configured. A certificate that is itself in here needs no other.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Roots, or intermediates, or the very certificates of a demonstration.
    pub authorities: Vec<Certificate>,
    checked: Checked,
}

impl Trust {
    /// These authorities.
    pub fn of(authorities: Vec<Certificate>) -> Self {
        Self {
            authorities,
            checked: Checked::default(),
        }
    }
}

/// Signatures of issuers that were checked and hold: they do so for good, and the same few stand in most mail.
#[derive(Clone, Debug, Default)]
struct Checked(Arc<Mutex<HashSet<[u8; 64]>>>);

impl Checked {
    fn signed_by(&self, certificate: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
        let mut pair = [0; 64];
        pair[..32].copy_from_slice(&certificate.fingerprint());
        pair[32..].copy_from_slice(&issuer.fingerprint());
        let held = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held().contains(&pair) {
            return Ok(());
        }
        signed_by(certificate, issuer)?;
        let mut held = held();
        if held.len() >= CHECKED_SIGNATURES_MAX {
            held.clear();
        }
        held.insert(pair);
        Ok(())
    }
}

/// What a certificate is to be used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Its holder signed a message.
    Sign,
    /// A message is encrypted to its holder.
    Encrypt,
    /// It signs revocation lists.
    SignLists,
}

/// A way to an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The certificate first, the configured one last (the same one when it is itself configured).
    pub certificates: Vec<Certificate>,
}

/// Why there is no way; when several were tried, the one nearest to a way. Later variants are nearer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum PathError {
    /// No configured authority issued it, nor issued who issued it.
    #[error("no configured authority stands behind it")]
    UnknownAuthority {
        /// Common name of the issuer at the end of the way.
        issuer: String,
    },
    /// The issuer's signature on a certificate does not hold.
    #[error("the issuer did not sign it")]
    BadSignature,
    /// More signatures would have to be checked than the budget allows.
    #[error("too many certificates to try")]
    TooComplex,
    /// An algorithm that cannot be checked here.
    #[error("its algorithm is not supported")]
    Unsupported,
    /// Signed with SHA-1.
    #[error("it is signed with an obsolete algorithm")]
    Obsolete,
    /// RSA below 2048 bits.
    #[error("its key is too short")]
    WeakKey,
    /// An issuer that is no authority, or too long a chain.
    #[error("an issuer is not allowed to issue it")]
    NotAnAuthority,
    /// A critical extension that is not understood.
    #[error("it has a critical extension that is not understood")]
    UnknownExtension,
    /// A name that its authority may not certify.
    #[error("its authority may not certify its name")]
    NameNotPermitted,
    /// An authority on the way is not valid at that moment.
    #[error("an authority on the way is not valid at that moment")]
    AuthorityExpired,
    /// The certificate is for another use.
    #[error("it is made for another use")]
    WrongUsage,
    /// Not valid yet.
    #[error("it is not valid yet")]
    NotYetValid {
        /// notBefore.
        from: UnixTime,
    },
    /// Not valid any more.
    #[error("it has expired")]
    Expired {
        /// notAfter.
        until: UnixTime,
    },
}

impl Explain for PathError {
    fn explain(&self) -> Explanation {
        use crate::text::verdict as said;
        match self {
            Self::UnknownAuthority { issuer } => said::unknown_authority(issuer),
            Self::BadSignature => said::bad_chain_signature(),
            Self::TooComplex => said::chain_too_complex(),
            Self::Unsupported => said::chain_unsupported(),
            Self::Obsolete => said::chain_obsolete(),
            Self::WeakKey => said::weak_key(),
            Self::NotAnAuthority => said::not_an_authority(),
            Self::UnknownExtension => said::unknown_extension(),
            Self::NameNotPermitted => said::name_not_permitted(),
            Self::AuthorityExpired => said::authority_expired(),
            Self::WrongUsage => said::wrong_usage(),
            Self::NotYetValid { from } => said::not_yet_valid(*from),
            Self::Expired { until } => said::expired(*until),
        }
    }
}

/// Looks for a way from `leaf` to an authority of `trust` that holds at `at`.
pub fn validate(
    leaf: &Certificate,
    intermediates: &[Certificate],
    trust: &Trust,
    at: UnixTime,
    purpose: Purpose,
) -> Result<Path, PathError> {
    let path = if trust.authorities.contains(leaf) {
        Path {
            certificates: vec![leaf.clone()],
        }
    } else {
        let mut search = Search {
            intermediates,
            trust,
            at,
            budget: PATH_SIGNATURES_MAX,
            worst: None,
        };
        match search.climb(&mut vec![leaf.clone()]) {
            Some(path) => path,
            None => return Err(search.worst.unwrap_or_else(|| unknown(leaf))),
        }
    };
    fit(leaf, at, purpose)?;
    Ok(path)
}

fn unknown(certificate: &Certificate) -> PathError {
    PathError::UnknownAuthority {
        issuer: certificate.issuer_common_name().to_owned(),
    }
}

/// What the certificate itself must be, whoever issued it (RFC 8550 §4.4).
fn fit(leaf: &Certificate, at: UnixTime, purpose: Purpose) -> Result<(), PathError> {
    if at > leaf.not_after() {
        return Err(PathError::Expired { until: leaf.not_after() });
    }
    if at < leaf.not_before() {
        return Err(PathError::NotYetValid { from: leaf.not_before() });
    }
    if !leaf.key_usage().is_none_or(|u| u.has_one_of(usages(purpose))) || !(purpose == Purpose::SignLists || for_mail(leaf)) {
        return Err(PathError::WrongUsage);
    }
    sound(leaf)
}

fn usages(purpose: Purpose) -> &'static [KeyUsage] {
    match purpose {
        Purpose::Sign => &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION],
        Purpose::Encrypt => &[KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT],
        Purpose::SignLists => &[KeyUsage::CRL_SIGN],
    }
}

fn for_mail(certificate: &Certificate) -> bool {
    certificate.extended_key_usage().is_none_or(|purposes| {
        purposes
            .iter()
            .any(|p| matches!(*p, oid::EMAIL_PROTECTION | oid::ANY_EXTENDED_KEY_USAGE))
    })
}

/// Conditions on every certificate of a path.
fn sound(certificate: &Certificate) -> Result<(), PathError> {
    if !certificate.unknown_critical().is_empty() {
        return Err(PathError::UnknownExtension);
    }
    match certificate.public_key().kind {
        KeyKind::Rsa { bits } if bits < 2048 => Err(PathError::WeakKey),
        KeyKind::Other => Err(PathError::Unsupported),
        _ => Ok(()),
    }
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    trust: &'a Trust,
    at: UnixTime,
    budget: usize,
    worst: Option<PathError>,
}

/// Certificates of one path; deeper ones are not followed, which also bounds the recursion.
const PATH_LENGTH_MAX: usize = 10;

impl Search<'_> {
    /// Depth first; `path` ends with the certificate whose issuer is looked for.
    fn climb(&mut self, path: &mut Vec<Certificate>) -> Option<Path> {
        let current = path.last()?.clone();
        let (trust, intermediates) = (self.trust, self.intermediates);
        let anchors = trust.authorities.iter().map(|c| (c, true));
        let others = intermediates.iter().filter(|c| !trust.authorities.contains(c)).map(|c| (c, false));
        let mut found_issuer = false;
        for (issuer, is_anchor) in anchors.chain(others) {
            if !current.names_as_issuer(issuer) || path.contains(issuer) {
                continue;
            }
            found_issuer = true;
            if let Err(error) = self.step(path, &current, issuer) {
                self.note(error);
                continue;
            }
            path.push(issuer.clone());
            let way = if is_anchor { self.arrived(path) } else { self.further(path) };
            if way.is_some() {
                return way;
            }
            path.pop();
        }
        if !found_issuer {
            self.note(unknown(&current));
        }
        None
    }

    fn further(&mut self, path: &mut Vec<Certificate>) -> Option<Path> {
        if path.len() >= PATH_LENGTH_MAX {
            self.note(PathError::TooComplex);
            return None;
        }
        self.climb(path)
    }

    fn arrived(&mut self, path: &[Certificate]) -> Option<Path> {
        match names_permitted(path) {
            true => Some(Path {
                certificates: path.to_vec(),
            }),
            false => {
                self.note(PathError::NameNotPermitted);
                None
            }
        }
    }

    /// May `issuer` stand above `current`, and did it sign it?
    fn step(&mut self, path: &[Certificate], current: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
        let certifies = issuer.is_ca() && issuer.key_usage().is_none_or(|u| u.has_one_of(&[KeyUsage::KEY_CERT_SIGN]));
        let below = path.iter().skip(1).filter(|c| !c.is_self_issued()).count();
        let long = issuer.path_length().is_some_and(|max| below > max as usize);
        if !certifies || long || !for_mail(issuer) {
            return Err(PathError::NotAnAuthority);
        }
        sound(issuer)?;
        if self.at < issuer.not_before() || self.at > issuer.not_after() {
            return Err(PathError::AuthorityExpired);
        }
        self.budget = self.budget.checked_sub(1).ok_or(PathError::TooComplex)?;
        self.trust.checked.signed_by(current, issuer)
    }

    fn note(&mut self, error: PathError) {
        if self.worst.as_ref().is_none_or(|w| *w < error) {
            self.worst = Some(error);
        }
    }
}

fn signed_by(certificate: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
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

/// Every authority's nameConstraints against the names of every certificate below it (RFC 5280 §6.1.3 (b), (c)).
fn names_permitted(path: &[Certificate]) -> bool {
    path.iter().enumerate().skip(1).all(|(level, authority)| {
        authority.name_constraints().is_none_or(|constraints| {
            let below = path[..level].iter().enumerate().filter(|(i, c)| *i == 0 || !c.is_self_issued());
            below.map(|(_, c)| c).all(|c| permitted(constraints, c))
        })
    })
}

fn permitted(constraints: &NameConstraints, certificate: &Certificate) -> bool {
    let names = certificate.alternative_names();
    let subject = Some(certificate.subject_name()).filter(|n| !n.is_empty());
    let (permitted, excluded) = (&constraints.permitted, &constraints.excluded);
    let mail = |address: &&str, subtrees: &[String]| subtrees.iter().any(|s| mail_within(address, s));
    let directory = |name: &DistinguishedName, subtrees: &[DistinguishedName]| subtrees.iter().any(|s| name.starts_with(s));
    certificate
        .emails()
        .iter()
        .all(|a| (permitted.mail.is_empty() || mail(a, &permitted.mail)) && !mail(a, &excluded.mail))
        && subject.into_iter().chain(&names.directories).all(|n| {
            (permitted.directories.is_empty() || directory(n, &permitted.directories)) && !directory(n, &excluded.directories)
        })
        // What is constrained and not computed here is refused (RFC 5280 §4.2.1.10).
        && !names.others.iter().any(|form| permitted.others.contains(form) || excluded.others.contains(form))
}

/// A mailbox, all of a host, or with a leading dot all below a domain (RFC 5280 §4.2.1.10).
fn mail_within(address: &str, subtree: &str) -> bool {
    let address = fold(address);
    let host = address.rsplit_once('@').map_or("", |(_, host)| host);
    match subtree {
        mailbox if mailbox.contains('@') => address == mailbox,
        domain if domain.starts_with('.') => host.ends_with(domain),
        "" => true,
        only => host == only,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_within_subtrees() {
        for (address, subtree, within) in [
            ("A@b.fr", "a@b.fr", true),
            ("a@b.fr", "b.fr", true),
            ("a@x.b.fr", "b.fr", false),
            ("a@x.b.fr", ".b.fr", true),
            ("a@b.fr", ".b.fr", false),
            ("a@xb.fr", ".b.fr", false),
        ] {
            assert_eq!(mail_within(address, subtree), within, "{address} {subtree}");
        }
    }

    #[test]
    fn nearer_errors_win() {
        let far = PathError::UnknownAuthority { issuer: "z".to_owned() };
        assert!(far < PathError::BadSignature);
        assert!(PathError::BadSignature < PathError::Expired { until: UnixTime(0) });
    }
}
