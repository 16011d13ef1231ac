//! What a submission needs before it may leave, and who gets which copy of it. Decisions only; nothing is looked up here.

use super::readable::{self, HeaderFault};
use super::tag::{self, Glue, Tag};
use super::{Recipient, Submission, hidden, visible};
use crate::base::{Address, Domain};
use crate::config::{Account, Channel, GluedTag, MissingCertificate, Policy};
use crate::mime::header::Header;
use crate::mime::parameters::content_type;
use crate::smime::sealed::is_sealed;
use crate::text::rule::{self, Rule};
use crate::text::{Explain, Explanation, outgoing as text};

/// What a submission needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need {
    /// Nothing: it passes byte for byte.
    Clear,
    /// A signature.
    Sign,
    /// A signature and encryption.
    Secure(Why),
    /// It may not leave.
    Refuse(Refusal),
}

/// The rule that asks for encryption; the first that fires.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// The tag in the Subject.
    Tag,
    /// A recipient's domain.
    Domain(Domain),
    /// The account seals everything.
    AlwaysEncrypt,
    /// It belongs to a thread that was sealed.
    Thread,
    /// It quotes a text that was opened here.
    Banner,
}

/// Why a message may not leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The Subject holds something that resembles the tag.
    NearMiss(String),
    /// The tag is glued to its text and the configuration refuses that.
    Glued(String),
    /// A patient's address on an ordinary channel (the addresses are not repeated: they hold the patient's number).
    PatientOrdinary,
    /// A patient cannot open what would have to be sealed, or is sealed already.
    PatientSealed(Option<Rule>),
    /// These recipients have no usable certificate.
    NoCertificate(Vec<Address>, Rule),
    /// The same, and they are within the space of trust, which an ordinary account cannot reach.
    SpaceOfTrust(Vec<Address>),
    /// Where certificates are looked up did not answer for these.
    DirectoryAway(Vec<Address>, Rule),
    /// The header cannot be read, or not be cut into what stays outside and what goes in.
    Header(HeaderFault),
}

/// What the thread memory says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thread {
    /// Nothing about it.
    Unknown,
    /// A message of it was sealed.
    Sealed,
}

/// Whether marks of an opened message stand in this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Banner {
    /// None.
    Absent,
    /// A banner or a mark of ours.
    Found,
}

/// What was found for one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// A certificate that may be used.
    Found,
    /// None.
    NotFound,
    /// It could not be asked.
    Unavailable,
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

/// Recipients that get the same octets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copies {
    /// Who.
    pub recipients: Vec<Recipient>,
    /// Whether they see each other.
    pub kind: CopyKind,
}

/// The two kinds of copies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopyKind {
    /// To and Cc; encrypted to the sender as well.
    Open,
    /// One Bcc alone: no other recipient may learn of it, nor it of their keys.
    Blind,
}

/// What this submission needs (requirements M1-M3, M5, A.2, K.1).
pub fn need(submission: &Submission, account: &Account, policy: &Policy, thread: Thread, banner: Banner) -> Need {
    if readable::is_too_long(&submission.message) {
        return Need::Refuse(Refusal::Header(HeaderFault::TooLong));
    }
    match asked(submission, account, policy, thread, banner) {
        Need::Secure(_) | Need::Sign if let Some(fault) = readable::fault(&submission.message) => Need::Refuse(Refusal::Header(fault)),
        need => need,
    }
}

fn asked(submission: &Submission, account: &Account, policy: &Policy, thread: Thread, banner: Banner) -> Need {
    let patients = Patients::among(submission);
    if patients != Patients::None && account.channel == Channel::Ordinary {
        return Need::Refuse(Refusal::PatientOrdinary);
    }
    // A line that is no field might be the letter itself: an envelope behind it seals nothing of it.
    if is_sealed(&submission.message) && readable::fault(&submission.message) != Some(HeaderFault::NotAField) {
        return if patients == Patients::None {
            Need::Clear
        } else {
            Need::Refuse(Refusal::PatientSealed(None))
        };
    }
    let tag = tag::of_message(&submission.message, &policy.tag);
    match (tag, policy.glued_tag) {
        (Tag::NearMiss, _) => return Need::Refuse(Refusal::NearMiss(policy.tag.clone())),
        (Tag::Present(Glue::Glued), GluedTag::Refuse) => return Need::Refuse(Refusal::Glued(policy.tag.clone())),
        _ if hidden::hides_tag(&submission.message, &policy.tag) => {
            return Need::Refuse(Refusal::Header(HeaderFault::NotAField));
        }
        _ => {}
    }
    let why = why(submission, account, policy, Marks { tag, thread, banner });
    match (patients, why) {
        (Patients::None, Some(why)) => Need::Secure(why),
        (Patients::None, None) if account.always_sign && !signed_by_client(&submission.message) => Need::Sign,
        // Over the operator's channel, as the space of trust foresees it for patients: never S/MIME.
        (Patients::Only, None | Some(Why::AlwaysEncrypt | Why::Domain(_))) => Need::Clear,
        (Patients::Only | Patients::WithOthers, Some(why)) => Need::Refuse(Refusal::PatientSealed(Some(why.rule(policy)))),
        (_, None) => Need::Clear,
    }
}

/// What the look-ups allow, all or nothing unless the policy says otherwise (requirements K.5). `lookups` stand in the
/// order of the envelope's recipients.
pub fn decide(submission: &Submission, account: &Account, policy: &Policy, why: &Why, lookups: &[Lookup]) -> Decision {
    let with = |wanted: Lookup| -> Vec<Address> {
        let answers = lookups.iter().copied().chain(std::iter::repeat(Lookup::Unavailable));
        let pairs = submission.envelope.recipients.iter().zip(answers);
        pairs
            .filter(|(_, found)| *found == wanted)
            .map(|(r, _)| r.address.clone())
            .collect()
    };
    let (missing, away) = (with(Lookup::NotFound), with(Lookup::Unavailable));
    if !away.is_empty() {
        return Decision::Refuse(Refusal::DirectoryAway(away, why.rule(policy)));
    }
    if missing.is_empty() {
        return Decision::Seal;
    }
    let trusted = missing.iter().all(|a| within(a, TRUST));
    // The channel protects what only its domain asked to protect; a doctor who asked for encryption is told instead.
    if trusted && account.channel == Channel::Mssante && matches!(why, Why::Domain(_)) {
        return Decision::SealOrTrust(missing);
    }
    let reached = lookups.contains(&Lookup::Found);
    match policy.missing_certificate {
        MissingCertificate::Partial if reached => Decision::SealExcept(missing),
        _ if account.channel == Channel::Ordinary && missing.iter().any(|a| within(a, TRUST)) => {
            Decision::Refuse(Refusal::SpaceOfTrust(missing))
        }
        _ => Decision::Refuse(Refusal::NoCertificate(missing, why.rule(policy))),
    }
}

/// Who gets which copy: those whom To and Cc name together, each other recipient alone.
pub fn copies(submission: &Submission) -> Vec<Copies> {
    let named = visible::addresses(&submission.message, &["To", "Cc"]);
    let (open, blind): (Vec<_>, Vec<_>) = submission
        .envelope
        .recipients
        .iter()
        .cloned()
        .partition(|r| named.contains(&r.address));
    let open = (!open.is_empty()).then_some(Copies {
        recipients: open,
        kind: CopyKind::Open,
    });
    let mut all: Vec<Copies> = open.into_iter().collect();
    for recipient in blind {
        // An address given twice is one person: one copy.
        if !all
            .iter()
            .any(|copies| copies.recipients.iter().any(|r| r.address == recipient.address))
        {
            all.push(Copies {
                recipients: vec![recipient],
                kind: CopyKind::Blind,
            });
        }
    }
    all
}

/// The domain of the policy that this address falls under, by itself or by a route that a server might follow.
pub fn within_sealed_domain(address: &Address, policy: &Policy) -> Option<Domain> {
    policy.domains.iter().find(|parent| leads_to(address, parent)).cloned()
}

impl Why {
    /// The rule in words.
    pub fn rule(&self, policy: &Policy) -> Rule {
        match self {
            Why::Tag => rule::tag(&policy.tag),
            Why::Domain(domain) => rule::domain(domain),
            Why::AlwaysEncrypt => rule::account(),
            Why::Thread => rule::thread(),
            Why::Banner => rule::marks(),
        }
    }
}

impl Explain for Refusal {
    fn explain(&self) -> Explanation {
        match self {
            Refusal::NearMiss(tag) => text::near_miss(tag),
            Refusal::Glued(tag) => text::glued_tag(tag),
            Refusal::PatientOrdinary => text::patient_on_ordinary_channel(),
            Refusal::PatientSealed(rule) => text::patient_cannot_open(rule.as_ref()),
            Refusal::NoCertificate(addresses, rule) => text::no_certificate(addresses, rule),
            Refusal::SpaceOfTrust(addresses) => text::space_of_trust(addresses),
            Refusal::DirectoryAway(addresses, rule) => text::directory_away(addresses, rule),
            Refusal::Header(_) => text::header_unreadable(),
        }
    }
}

const TRUST: &str = "mssante.fr";
const PATIENT: &str = "patient.mssante.fr";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Patients {
    None,
    Only,
    WithOthers,
}

impl Patients {
    fn among(submission: &Submission) -> Self {
        let recipients = &submission.envelope.recipients;
        match recipients.iter().filter(|r| within(&r.address, PATIENT)).count() {
            0 => Patients::None,
            n if n == recipients.len() => Patients::Only,
            _ => Patients::WithOthers,
        }
    }
}

struct Marks {
    tag: Tag,
    thread: Thread,
    banner: Banner,
}

fn why(submission: &Submission, account: &Account, policy: &Policy, marks: Marks) -> Option<Why> {
    let domain = || {
        submission
            .envelope
            .recipients
            .iter()
            .find_map(|r| within_sealed_domain(&r.address, policy))
    };
    match marks {
        Marks {
            tag: Tag::Present(_) | Tag::NearMiss,
            ..
        } => Some(Why::Tag),
        // Before the domain: a patient's address alone lifts the domain rule, never these two.
        Marks {
            thread: Thread::Sealed, ..
        } => Some(Why::Thread),
        Marks { banner: Banner::Found, .. } => Some(Why::Banner),
        // Before the domain too: what the channel of the space of trust protects is not encrypted.
        _ => account
            .always_encrypt
            .then_some(Why::AlwaysEncrypt)
            .or_else(|| domain().map(Why::Domain)),
    }
}

fn within(address: &Address, parent: &str) -> bool {
    Domain::parse(parent).is_ok_and(|parent| address.domain().is_within(&parent))
}

/// Asks for protection only: what is not itself of the domain never passes for a member of it.
fn leads_to(address: &Address, parent: &Domain) -> bool {
    address.domain().is_within(parent) || address.routed_domains().any(|domain| domain.is_within(parent))
}

fn signed_by_client(message: &[u8]) -> bool {
    let media = content_type(&Header::parse(message).0).value;
    media == "multipart/signed" || media.ends_with("pkcs7-mime")
}

#[cfg(test)]
pub(crate) mod tests;
