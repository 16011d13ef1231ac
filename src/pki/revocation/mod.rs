//! Whether the certificates of a path still stand at a moment (RFC 5280 §6.3, RFC 6960). Pure: what is held comes in through [`Held`].
//!
//! A certificate that is revoked is so for every message, whatever time its signature claims and whatever the reason: the time is
//! the signer's own word (RFC 5652 §11.3), and whoever has the key writes any. A message that was read while the certificate
//! stood keeps the verdict that it had (`view::frozen`).

mod answers;
mod lists;
mod loaded;
pub mod sources;

pub use loaded::Loaded;
pub use sources::{Sources, sources};

use crate::base::UnixTime;
use crate::base::limits::LIST_SIGNERS_DEPTH_MAX;
use crate::pki::cert::Certificate;
use crate::pki::crl::{Entry, Head, Reason};
use crate::pki::name::DistinguishedName;
use crate::pki::path::Path;
use crate::text::{Explain, Explanation, revocation as say};
use std::fmt::Debug;
use std::sync::Arc;

/// What is known of a path's certificates, the configured authority itself left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// None is revoked.
    Good(Proof),
    /// One is.
    Revoked(Revoked),
    /// The authority names no place where it would say so, and none is configured.
    NotPublished,
    /// It cannot be said.
    Unknown(Unknown),
}

/// By what it is known that nothing is revoked; of several proofs the weakest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proof {
    /// What it is.
    pub kind: ProofKind,
    /// When the authority said it (thisUpdate).
    pub as_of: UnixTime,
    /// Until when it says that it holds (nextUpdate).
    pub until: UnixTime,
    /// How it stands to that.
    pub age: Age,
}

/// Where a proof comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProofKind {
    /// A revocation list.
    List,
    /// A revocation list and the changes since.
    Delta,
    /// An answer about this certificate.
    Answer,
}

impl ProofKind {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Delta => "delta",
            Self::Answer => "ocsp",
        }
    }

    /// As shown, French and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::List => ("liste de révocation", "revocation list"),
            Self::Delta => ("liste de révocation et ses changements", "revocation list and its changes"),
            Self::Answer => ("réponse OCSP", "OCSP response"),
        }
    }
}

/// How what an authority said stands to the end that it gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Age {
    /// It holds.
    Fresh,
    /// It has ended, not longer ago than is allowed.
    Grace,
    /// It has ended.
    Stale,
}

impl Age {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Grace => "grace",
            Self::Stale => "stale",
        }
    }

    /// As shown, French and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Fresh => ("à jour", "up to date"),
            Self::Grace => ("échue, dans le délai de tolérance", "ended, within the time of grace"),
            Self::Stale => ("périmée", "stale"),
        }
    }

    /// At `at`, of what ends at `until`.
    pub fn of(until: UnixTime, at: UnixTime, rules: &Rules) -> Self {
        if at <= until {
            Self::Fresh
        } else if at <= until.plus(rules.grace) {
            Self::Grace
        } else {
            Self::Stale
        }
    }
}

/// A certificate of the path that is revoked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// revocationDate.
    pub since: UnixTime,
    /// reasonCode.
    pub reason: Reason,
    /// Whose certificate it is.
    pub holder: String,
    /// Its serial number in hexadecimal.
    pub serial: String,
}

/// A certificate of the path of which it cannot be said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// Why.
    pub why: Why,
    /// Common name of the authority that issued it.
    pub issuer: String,
}

/// Why it cannot be said; when there are several reasons, the one nearest to an answer. Later variants are nearer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// The place that the certificate names is at a host that no configured authority names.
    HostNotAllowed {
        /// The host.
        host: String,
    },
    /// What the certificate says of it cannot be read, or names no place that can be asked.
    NoUsableSource,
    /// Nothing has been fetched yet.
    NeverFetched,
    /// What is held is for other certificates, or for some reasons of revocation only.
    NotCovered,
    /// The certificate had expired when the list was made: such ones are taken off it (RFC 5280 §3.3).
    ExpiredBefore,
    /// What is held cannot be read.
    Unreadable,
    /// It is signed by nobody who may.
    WrongSigner,
    /// It is of the future: the clock here, or theirs, is wrong.
    NotYet,
    /// It has ended.
    Stale {
        /// When.
        until: UnixTime,
    },
    /// The authority's server says that it does not know the certificate.
    NotKnownThere,
}

impl Explain for Unknown {
    fn explain(&self) -> Explanation {
        match &self.why {
            Why::HostNotAllowed { host } => say::host_not_allowed(&self.issuer, host),
            Why::NoUsableSource => say::no_usable_source(&self.issuer),
            Why::NeverFetched => say::never_fetched(&self.issuer),
            Why::NotCovered => say::not_covered(&self.issuer),
            Why::ExpiredBefore => say::expired_before(&self.issuer),
            Why::Unreadable => say::unreadable(&self.issuer),
            Why::WrongSigner => say::wrong_signer(&self.issuer),
            Why::NotYet => say::not_yet(&self.issuer),
            Why::Stale { until } => say::stale(&self.issuer, *until),
            Why::NotKnownThere => say::not_known_there(&self.issuer),
        }
    }
}

impl Explain for Revoked {
    fn explain(&self) -> Explanation {
        say::revoked(&self.holder, self.since, self.reason.words())
    }
}

impl Reason {
    /// As shown, French and English; `None`: nothing to say.
    pub fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Unspecified | Self::Removed => None,
            Self::KeyCompromise => Some(("clé compromise", "key compromised")),
            Self::AuthorityCompromise | Self::AttributeAuthorityCompromise => Some(("autorité compromise", "authority compromised")),
            Self::AffiliationChanged => Some(("situation changée", "affiliation changed")),
            Self::Superseded => Some(("certificat remplacé", "certificate replaced")),
            Self::CessationOfOperation => Some(("activité cessée", "activity ended")),
            Self::Hold => Some(("certificat suspendu", "certificate suspended")),
            Self::PrivilegeWithdrawn => Some(("droits retirés", "rights withdrawn")),
        }
    }
}

/// What the configuration says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Seconds beyond nextUpdate in which a proof is still one.
    pub grace: i64,
    /// What is looked at first.
    pub prefer: Prefer,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            grace: 24 * 3600,
            prefer: Prefer::default(),
        }
    }
}

/// What is looked at first; the other one where it says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Prefer {
    /// Revocation lists: the authority does not learn whose letters are read.
    #[default]
    Lists,
    /// OCSP: the newest there is.
    Ocsp,
}

/// A list that is held, its signature checked.
pub trait List: Debug + Send + Sync {
    /// What it says of itself.
    fn head(&self) -> &Head;
    /// From the certificate with whose key it is signed to an authority.
    fn signer(&self) -> &Path;
    /// What it says of a certificate; an error when it cannot be read.
    fn find(&self, issuer: &DistinguishedName, serial: &[u8]) -> Result<Option<Entry>, Unreadable>;
}

/// A list that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the list cannot be read")]
pub struct Unreadable;

/// What has been fetched, and what was not.
pub trait Held {
    /// The lists, complete and delta, that bear this name as their issuer.
    fn lists(&self, issuer: &DistinguishedName) -> Vec<Arc<dyn List>>;
    /// OCSP responses about a certificate, as they came.
    fn answers(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>>;
    /// Whether it is known from elsewhere that what `issuer` takes back is published, and nothing of it has come: where lists are
    /// configured, nobody knows yet of whom they speak.
    fn awaits_word_of(&self, _issuer: &Certificate) -> bool {
        false
    }
    /// Why nothing is held of what these places publish.
    fn missing(&self, _sources: &Sources) -> Why {
        Why::NeverFetched
    }
}

/// What is known of the certificates of `path` at `at`.
pub fn status(path: &Path, at: UnixTime, held: &dyn Held, rules: &Rules) -> Status {
    of_path(path, at, held, rules, LIST_SIGNERS_DEPTH_MAX)
}

/// One thing known of one certificate.
type Known = Result<Option<Proof>, Bad>;

/// What speaks against a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Bad {
    Revoked(Entry),
    Unknown(Why),
}

/// Everything that the look at one certificate hangs on.
struct Question<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    path: &'a Path,
    sources: &'a Sources,
    at: UnixTime,
    held: &'a dyn Held,
    rules: &'a Rules,
    depth: usize,
}

fn of_path(path: &Path, at: UnixTime, held: &dyn Held, rules: &Rules, depth: usize) -> Status {
    let mut proofs = Vec::new();
    let mut unknown = None;
    for pair in path.certificates.windows(2) {
        let [certificate, issuer] = pair else { continue };
        let sources = sources(certificate);
        let question = Question {
            certificate,
            issuer,
            path,
            sources: &sources,
            at,
            held,
            rules,
            depth,
        };
        match question.answer() {
            Ok(proof) => proofs.push(proof),
            Err(Bad::Revoked(entry)) => return Status::Revoked(revoked(certificate, entry)),
            Err(Bad::Unknown(why)) => {
                let issuer = certificate.issuer_common_name().to_owned();
                unknown.get_or_insert(Unknown { why, issuer });
            }
        }
    }
    // An authority that is known to stand proves nothing of a certificate that nobody keeps a list of.
    let published = proofs.first().is_some_and(Option::is_some);
    match (unknown, proofs.into_iter().flatten().max_by_key(|p| (p.age, -p.as_of.0))) {
        (Some(unknown), _) => Status::Unknown(unknown),
        (None, Some(weakest)) if published => Status::Good(weakest),
        (None, _) => Status::NotPublished,
    }
}

fn revoked(certificate: &Certificate, entry: Entry) -> Revoked {
    Revoked {
        since: entry.since,
        reason: entry.reason,
        holder: certificate.holder(),
        serial: certificate.serial_hex(),
    }
}

impl Question<'_> {
    /// `Ok(None)`: not published. Who says that it is revoked is believed before who says that it is not.
    fn answer(&self) -> Known {
        let (lists, answers) = (self.by_lists(), self.by_answers());
        let is_revoked = |known: &Known| matches!(known, Err(Bad::Revoked(_)));
        let is_proof = |known: &Known| matches!(known, Ok(Some(_)));
        let (first, second) = match self.rules.prefer {
            Prefer::Lists => (lists, answers),
            Prefer::Ocsp => (answers, lists),
        };
        if is_revoked(&first) || (is_proof(&first) && !is_revoked(&second)) {
            return first;
        }
        if is_revoked(&second) || is_proof(&second) {
            return second;
        }
        match (first, second) {
            (Err(Bad::Unknown(one)), Err(Bad::Unknown(other))) => Err(Bad::Unknown(one.max(other))),
            (Err(why), _) | (_, Err(why)) => Err(why),
            _ if self.held.awaits_word_of(self.issuer) => Err(Bad::Unknown(Why::NeverFetched)),
            _ => Ok(None),
        }
    }
}
