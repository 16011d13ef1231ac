//! What can be said of an opened message, in one summary: never per part (RFC 9787 §3).

use crate::base::limits::SIGNED_APART_SECONDS;
use crate::base::{Address, Realm, UnixTime};
use crate::pki::authority::Profile;
use crate::pki::identity::{self, Named};
use crate::pki::revocation::Status;
use crate::pki::{Certificate, PathError};
use crate::smime::open::{Encryption, Layer, OpenError, Opened};
use crate::smime::verify::{Integrity, SignerReport};
use crate::smime::{classify, field};
use crate::text::subject::{self, Came, Doubt};
use crate::text::verdict as said;

/// How far the message can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// Signed by the person it comes from, by an authority that is configured.
    Verified,
    /// Right, but the status of the certificate could not be checked.
    Unchecked,
    /// Who sent it is not guaranteed: unsigned, unknown authority, another address, expired.
    Unassured,
    /// The signature does not fit the content, or the structure is dishonest.
    Altered,
    /// It could not be opened: not for one of our keys, or damaged.
    Unopenable,
    /// Not S/MIME.
    Plain,
}

/// Who signed, as the certificate says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// Holder's name, as shown to the doctor.
    pub name: String,
    /// Profession, where the certificate names it.
    pub profession: Option<String>,
    /// RPPS number, where the certificate is a health professional's.
    pub rpps: Option<String>,
    /// The address of the certificate that fits From, else its first, if it has one.
    pub address: Option<String>,
    /// Common name of the issuer.
    pub issuer: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    /// signingTime as claimed.
    pub signing_time: Option<UnixTime>,
}

/// The summary. Frozen when the View is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// How far it can be trusted.
    pub grade: Grade,
    /// Stable code of the case, documented in docs/verdicts.md: lower case words joined by `-`.
    pub code: &'static str,
    /// What the code says, in French, in at most 110 characters, without names.
    pub french: String,
    /// The same in English.
    pub english: String,
    /// Who signed; empty when nobody did.
    pub signers: Vec<Signer>,
    /// It came encrypted.
    pub encrypted: bool,
    /// `AES-256-CBC`, ...
    pub content_encryption: Option<String>,
    /// `RSA-PKCS1v1.5`, `RSA-OAEP-SHA256`, `ECDH-P256`, ...
    pub key_encryption: Option<String>,
    /// Algorithms in use that are obsolete, as shown (`3DES`, `SHA-1`, `RSA-1024`).
    pub obsolete: Vec<String>,
    /// A draft or a Sent copy that this installation stored for its owner: no banner.
    pub own: bool,
    /// Test: an authority for trials stands behind a signer, and nothing is proved.
    pub realm: Realm,
}

impl Grade {
    /// The word used in JSON, header fields and keywords.
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::Verified => "verified",
            Grade::Unchecked => "unchecked",
            Grade::Unassured => "unassured",
            Grade::Altered => "altered",
            Grade::Unopenable => "unopenable",
            Grade::Plain => "plain",
        }
    }
}

impl Verdict {
    /// Only text may be shown, HTML made text: nobody vouches for the content. What came by a cipher that does not notice
    /// changes could carry secrets away (EFAIL), and a style sheet could hide the banner or paint a better one.
    pub fn text_only(&self) -> bool {
        match self.grade {
            Grade::Verified | Grade::Unchecked | Grade::Plain => false,
            Grade::Unassured | Grade::Altered | Grade::Unopenable => !self.own,
        }
    }
}

impl Verdict {
    /// What stands in front of the Subject: a list of messages shows no banner. A message that could not be opened has none,
    /// for it may be opened yet.
    pub fn subject_mark(&self) -> Option<&'static str> {
        let doubt = match self.grade {
            Grade::Unassured if !self.own => Doubt::Unassured,
            Grade::Altered => Doubt::Altered,
            Grade::Verified | Grade::Unchecked | Grade::Unassured | Grade::Unopenable | Grade::Plain => return None,
        };
        let came = if self.encrypted { Came::Encrypted } else { Came::InClear };
        Some(subject::mark(doubt, came))
    }
}

impl Verdict {
    /// The same, unless the signers say that they signed on another day than `date`, the one that mail programs show. Nothing
    /// else ties a letter to its day: a right one of last year could come again under today's date.
    pub fn dated(mut self, date: Option<UnixTime>) -> Self {
        let near = |signed: UnixTime| date.is_some_and(|date| signed.0.abs_diff(date.0) <= SIGNED_APART_SECONDS);
        let apart = self.signers.iter().filter_map(|s| s.signing_time).any(|at| !near(at));
        if apart && matches!(self.grade, Grade::Verified | Grade::Unchecked) {
            self.say(Grade::Unassured, "signed-another-day");
        }
        self
    }
}

/// The summary of an opened message, or of one that was not. `from`: the addresses of the From field that is shown.
pub fn judge(result: &Result<Opened, OpenError>, from: &[Address]) -> Verdict {
    match result {
        Err(error) => said_of(Grade::Unopenable, error.code()),
        Ok(opened) => judge_opened(opened, from),
    }
}

fn judge_opened(opened: &Opened, from: &[Address]) -> Verdict {
    let (grade, code) = grade(opened, from);
    let encryptions: Vec<&Encryption> = opened.layers.iter().filter_map(encryption).collect();
    let mut obsolete: Vec<String> = encryptions.iter().flat_map(|e| e.obsolete.clone()).collect();
    obsolete.extend(opened.signers().flat_map(|s| s.obsolete.clone()));
    obsolete.sort_unstable();
    obsolete.dedup();
    Verdict {
        signers: judged(opened).filter_map(|s| signer(s, from)).collect(),
        encrypted: !encryptions.is_empty(),
        content_encryption: encryptions.first().map(|e| e.content.clone()),
        key_encryption: encryptions.first().map(|e| e.key.clone()),
        obsolete,
        realm: realm(opened.signers()),
        ..said_of(grade, code)
    }
}

/// Those nearest to the content; without them whoever signed anything.
pub(super) fn judged(opened: &Opened) -> impl Iterator<Item = &SignerReport> {
    let inner = opened.inner_signers();
    let others = opened.signers().filter(move |_| inner.is_none());
    inner.unwrap_or_default().iter().chain(others)
}

fn said_of(grade: Grade, code: &'static str) -> Verdict {
    let (french, english) = said::sentence(code);
    Verdict {
        grade,
        code,
        french: french.to_owned(),
        english: english.to_owned(),
        signers: Vec::new(),
        encrypted: matches!(code, "not-for-me" | "locked" | "undecryptable"),
        content_encryption: None,
        key_encryption: None,
        obsolete: Vec::new(),
        own: false,
        realm: Realm::Production,
    }
}

/// Test where one of the signers is known by an authority for trials.
fn realm<'a>(mut signers: impl Iterator<Item = &'a SignerReport>) -> Realm {
    let tried = |signer: &SignerReport| matches!(&signer.path, Some(Ok(path)) if path.realm == Realm::Test);
    if signers.any(tried) { Realm::Test } else { Realm::Production }
}

fn encryption(layer: &Layer) -> Option<&Encryption> {
    match layer {
        Layer::Encrypted(encryption) => Some(encryption),
        Layer::Signed(_) | Layer::Compressed => None,
    }
}

fn grade(opened: &Opened, from: &[Address]) -> (Grade, &'static str) {
    if opened.layers.is_empty() && !classify(field::split(&opened.content).0).is_smime() {
        return (Grade::Plain, "plain");
    }
    if opened.signers().any(|s| s.integrity == Integrity::Dishonest) {
        return (Grade::Altered, "dishonest-structure");
    }
    if opened.signers().any(|s| s.integrity == Integrity::Altered) {
        return (Grade::Altered, "altered");
    }
    let encrypted = opened.encryption().is_some();
    let Some(signers) = opened.inner_signers() else {
        let outside = opened.signers().next().is_some();
        return (
            Grade::Unassured,
            if outside {
                "signed-outside-only"
            } else if encrypted {
                "encrypted-unsigned"
            } else {
                "unsigned"
            },
        );
    };
    match doubt(signers, from) {
        Some(code) => (Grade::Unassured, code),
        None if signers.iter().any(is_unproven) => (
            Grade::Unchecked,
            if encrypted {
                "encrypted-signed-unchecked"
            } else {
                "signed-unchecked"
            },
        ),
        None => (Grade::Verified, if encrypted { "encrypted-signed" } else { "signed" }),
    }
}

/// Why intact signatures do not prove the sender.
fn doubt(signers: &[SignerReport], from: &[Address]) -> Option<&'static str> {
    for signer in signers {
        match signer.integrity {
            Integrity::Intact => {}
            Integrity::Unsupported => return Some("signature-not-checked"),
            Integrity::NoCertificate => return Some("signer-certificate-missing"),
            Integrity::Altered | Integrity::Dishonest => return Some("altered"),
        }
        if !signer.obsolete.is_empty() {
            return Some("signature-obsolete");
        }
        if let Some(code) = untrusted(signer) {
            return Some(code);
        }
    }
    let certificates: Vec<&Certificate> = signers.iter().filter_map(|s| s.certificate.as_ref()).collect();
    if !certificates.windows(2).all(|pair| identity::same_person(pair[0], pair[1])) {
        return Some("signers-differ");
    }
    let [sender] = from else { return Some("signer-is-not-sender") };
    let named: Vec<Named> = signers.iter().filter_map(|s| names(s, sender)).collect();
    match named.as_slice() {
        all if all.iter().all(|n| *n == Named::Address) => None,
        all if all.contains(&Named::Otherwise) => Some("signer-is-not-sender"),
        _ => Some("signer-without-address"),
    }
}

fn names(signer: &SignerReport, sender: &Address) -> Option<Named> {
    let path = signer.path.as_ref()?.as_ref().ok()?;
    match identity::named(signer.certificate.as_ref()?, sender, path.profile) {
        // It names nobody else, and the user knows whose it is.
        Named::Number if signer.is_bound => Some(Named::Address),
        named => Some(named),
    }
}

/// Why its certificate does not count: today, and on the day that the signature claims. The claim proves nothing by itself, for
/// whoever has an old key can claim any day; but one that the certificate denies is worse than none.
fn untrusted(signer: &SignerReport) -> Option<&'static str> {
    match (&signer.path, &signer.path_then) {
        // Whenever it says that it was made: whoever has a key that was taken back can claim any day.
        (Some(Ok(_)), _) if matches!(signer.status, Some(Status::Revoked(_))) => Some("certificate-revoked"),
        (Some(Ok(_)), Some(Err(_))) => Some("certificate-not-valid-then"),
        (Some(Ok(_)), Some(Ok(_)) | None) => None,
        (Some(Err(PathError::Expired { .. } | PathError::AuthorityExpired)), Some(Ok(_))) => Some("certificate-expired-since"),
        (Some(Err(error)), _) => Some(path_code(error)),
        (None, _) => Some("signer-certificate-missing"),
    }
}

/// Whether nobody knows if its certificate still stands.
fn is_unproven(signer: &SignerReport) -> bool {
    matches!(signer.status, Some(Status::Unknown(_)))
}

fn path_code(error: &PathError) -> &'static str {
    match error {
        PathError::UnknownAuthority { .. } => "unknown-authority",
        PathError::Expired { .. } => "certificate-expired",
        PathError::NotYetValid { .. } => "certificate-not-yet-valid",
        PathError::WrongUsage => "certificate-wrong-usage",
        PathError::OtherRealm { realm: Realm::Test } => "certificate-test",
        PathError::OtherRealm { realm: Realm::Production } => "certificate-not-test",
        PathError::BadSignature
        | PathError::TooComplex
        | PathError::Unsupported
        | PathError::Obsolete
        | PathError::WeakKey
        | PathError::NotAnAuthority
        | PathError::Contradictory
        | PathError::UnknownExtension
        | PathError::PolicyNotMet
        | PathError::NameNotPermitted
        | PathError::AuthorityExpired => "certificate-not-trusted",
    }
}

/// A number is one of health professionals where the authority is theirs: a pseudonym may be eleven digits as well. Where nobody
/// vouches for the signer it stands among words of others.
fn knows_numbers(report: &SignerReport) -> bool {
    report
        .path
        .as_ref()
        .is_none_or(|path| path.as_ref().map_or(true, |path| path.profile == Profile::IgcSante))
}

fn signer(report: &SignerReport, from: &[Address]) -> Option<Signer> {
    let certificate = report.certificate.as_ref()?;
    let emails = certificate.emails();
    let fitting = from
        .iter()
        .find(|f| certificate.has_email(f.as_str()))
        .map(|f| f.folded().to_owned());
    Some(Signer {
        name: identity::titled(certificate),
        profession: certificate.profession().map(str::to_owned),
        rpps: certificate.rpps().filter(|_| knows_numbers(report)).map(str::to_owned),
        address: fitting.or_else(|| emails.first().map(|e| (*e).to_owned())),
        issuer: certificate.issuer_common_name().to_owned(),
        serial: certificate.serial_hex(),
        signing_time: report.signing_time,
    })
}
