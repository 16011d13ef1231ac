//! What a submission needs before it may leave, and who gets which copy of it. Decisions only; nothing is looked up here.

mod copies;
mod decide;

pub use copies::{Copies, CopyKind, copies};
pub use decide::{Decision, Lookup, decide};

use super::near::near;
use super::readable::{self, HeaderFault};
use super::space::{Member, Space};
use super::tag::{self, Glue, Tag};
use super::{Submission, hidden};
use crate::base::{Address, Domain};
use crate::config::{Account, GluedTag, Policy};
use crate::mime::header::Header;
use crate::mime::parameters::content_type;
use crate::smime::sealed::is_sealed;
use crate::text::rule::{self, Rule};
use crate::text::{Explain, Explanation, outgoing as text, recipients, space};

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
    /// Its text, or most of it, is that of a sealed letter.
    SameText,
    /// A file of a sealed letter is attached.
    SameFile,
}

/// Why a message may not leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The Subject holds something that resembles the tag.
    NearMiss(String),
    /// An address that seems to be meant for this domain, and is not of it.
    NearDomain(Address, Domain),
    /// The tag stands where a Subject is not.
    Misplaced(String),
    /// The tag is glued to its text and the configuration refuses that.
    Glued(String),
    /// A patient's address on an ordinary channel (the addresses are not repeated: they hold the patient's number).
    PatientOrdinary,
    /// A patient cannot open what would have to be sealed, or is sealed already.
    PatientSealed(Option<Rule>),
    /// Mailboxes that a machine reads, on an ordinary channel.
    MachineOrdinary(Vec<Address>),
    /// S/MIME would hide from these machines what they are to read.
    MachineSealed(Vec<Address>, Option<Rule>),
    /// These recipients have no usable certificate.
    NoCertificate(Vec<Address>, Rule),
    /// The same, and they are within the space of trust, which an ordinary account cannot reach.
    SpaceOfTrust(Vec<Address>),
    /// Directories know people who may be meant by these, and the user has not said who it is.
    Ambiguous(Vec<Address>, Rule),
    /// Where certificates are looked up did not answer for these.
    DirectoryAway(Vec<Address>, Rule),
    /// Whether the certificates of these are revoked cannot be said now.
    StatusUnknown(Vec<Address>, Rule),
    /// What must be asked before it leaves cannot be asked now.
    Unknowable(Box<Explanation>),
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
    /// None was, and one left over the channel of the space of trust: within it that way is open to the others as well.
    OverChannel,
    /// Only of this very message it is known that it left so, or was to leave: another try of it is what the first one was.
    ItselfOverChannel,
}

/// Whether a message holds what was opened or sealed here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Banner {
    /// Nothing that is known.
    Absent,
    /// A banner or a mark of ours.
    Found,
    /// The text of a sealed letter, or most of it.
    SameText,
    /// A file of a sealed letter.
    SameFile,
}

/// What decides beside the account.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What the configuration asks.
    pub policy: &'a Policy,
    /// Who is in the space of trust.
    pub space: &'a Space,
}

/// What this submission needs (requirements M1-M3, M5, A.2, K.1, K.7).
pub fn need(submission: &Submission, account: &Account, rules: Rules<'_>, thread: Thread, banner: Banner) -> Need {
    if readable::is_too_long(&submission.message) {
        return Need::Refuse(Refusal::Header(HeaderFault::TooLong));
    }
    match asked(submission, account, rules, thread, banner) {
        Need::Secure(_) | Need::Sign if let Some(fault) = readable::fault(&submission.message) => Need::Refuse(Refusal::Header(fault)),
        need => need,
    }
}

fn asked(submission: &Submission, account: &Account, rules: Rules<'_>, thread: Thread, banner: Banner) -> Need {
    let policy = rules.policy;
    let closed = Closed::among(submission, rules.space);
    if closed.who != Who::Nobody && !account.reaches_space() {
        return Need::Refuse(closed.unreached());
    }
    // A line that is no field might be the letter itself: an envelope behind it seals nothing of it.
    if is_sealed(&submission.message) && readable::fault(&submission.message) != Some(HeaderFault::NotAField) {
        return match closed.who {
            Who::Nobody => Need::Clear,
            Who::All | Who::Some => Need::Refuse(closed.blinded(None)),
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
    let why = why(submission, account, rules, Marks { tag, thread, banner });
    // The channel of the space of trust protects what only a domain asks to protect: it may leave unencrypted too.
    let unsealed = matches!((&why, account.reaches_space()), (None, _) | (Some(Why::Domain(_)), true));
    if unsealed && hidden::begins_elsewhere(&submission.message, &policy.tag) {
        return Need::Refuse(Refusal::Misplaced(policy.tag.clone()));
    }
    let recipients = || submission.envelope.recipients.iter().map(|recipient| &recipient.address);
    if unsealed && let Some((address, meant)) = recipients().find_map(|address| Some((address, near(address, &policy.domains)?))) {
        return Need::Refuse(Refusal::NearDomain(address.clone(), meant.clone()));
    }
    match (closed.who, why) {
        (Who::Nobody, Some(why)) => Need::Secure(why),
        (Who::Nobody, None) if account.always_sign && !signed_by_client(&submission.message) => Need::Sign,
        // Over the operator's channel, as the space of trust foresees it for patients and machines: never S/MIME.
        (Who::All, None | Some(Why::AlwaysEncrypt | Why::Domain(_))) => Need::Clear,
        (Who::All | Who::Some, Some(why)) => Need::Refuse(closed.blinded(Some(why.rule(policy)))),
        (_, None) => Need::Clear,
    }
}

/// The domain, of the policy or of the space of trust, that this address falls under, by itself or by a route that a server
/// might follow.
pub fn within_sealed_domain(address: &Address, rules: Rules<'_>) -> Option<Domain> {
    let of_policy = rules.policy.domains.iter().find(|parent| leads_to(address, parent));
    of_policy.cloned().or_else(|| rules.space.led_to(address))
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
            Why::SameText => rule::same_text(),
            Why::SameFile => rule::same_file(),
        }
    }
}

impl Explain for Refusal {
    fn explain(&self) -> Explanation {
        match self {
            Refusal::NearMiss(tag) => text::near_miss(tag),
            Refusal::NearDomain(address, meant) => text::near_domain(address, meant),
            Refusal::Misplaced(tag) => text::misplaced_tag(tag),
            Refusal::Glued(tag) => text::glued_tag(tag),
            Refusal::PatientOrdinary => space::patient_on_ordinary_channel(),
            Refusal::PatientSealed(rule) => space::patient_cannot_open(rule.as_ref()),
            Refusal::MachineOrdinary(addresses) => space::machine_on_ordinary_channel(addresses),
            Refusal::MachineSealed(addresses, rule) => space::machine_cannot_open(addresses, rule.as_ref()),
            Refusal::NoCertificate(addresses, rule) => text::no_certificate(addresses, rule),
            Refusal::SpaceOfTrust(addresses) => space::space_of_trust(addresses),
            Refusal::Ambiguous(addresses, rule) => recipients::ambiguous(addresses, rule),
            Refusal::DirectoryAway(addresses, rule) => text::directory_away(addresses, rule),
            Refusal::StatusUnknown(addresses, rule) => recipients::status_unknown(addresses, rule),
            Refusal::Unknowable(why) => why.as_ref().clone(),
            Refusal::Header(_) => text::header_unreadable(),
        }
    }
}

/// The recipients to whom S/MIME is closed.
struct Closed {
    who: Who,
    patients: bool,
    machines: Vec<Address>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    All,
    Some,
}

impl Closed {
    fn among(submission: &Submission, space: &Space) -> Self {
        let recipients = &submission.envelope.recipients;
        let of = |member: Member| recipients.iter().filter(move |r| space.member(&r.address) == member);
        let machines: Vec<Address> = of(Member::Machine).map(|r| r.address.clone()).collect();
        let patients = of(Member::Patient).count();
        let who = match machines.len() + patients {
            0 => Who::Nobody,
            n if n == recipients.len() => Who::All,
            _ => Who::Some,
        };
        Self {
            who,
            patients: patients > 0,
            machines,
        }
    }

    /// An ordinary channel does not lead to them.
    fn unreached(self) -> Refusal {
        match self.patients {
            true => Refusal::PatientOrdinary,
            false => Refusal::MachineOrdinary(self.machines),
        }
    }

    /// They could not read it.
    fn blinded(self, rule: Option<Rule>) -> Refusal {
        match self.patients {
            true => Refusal::PatientSealed(rule),
            false => Refusal::MachineSealed(self.machines, rule),
        }
    }
}

struct Marks {
    tag: Tag,
    thread: Thread,
    banner: Banner,
}

fn why(submission: &Submission, account: &Account, rules: Rules<'_>, marks: Marks) -> Option<Why> {
    let domain = || {
        submission
            .envelope
            .recipients
            .iter()
            .find_map(|r| within_sealed_domain(&r.address, rules))
    };
    match marks {
        Marks {
            tag: Tag::Present(_) | Tag::NearMiss,
            ..
        } => Some(Why::Tag),
        // Before the domain: a patient's address alone lifts the domain rule, never these.
        Marks {
            thread: Thread::Sealed, ..
        } => Some(Why::Thread),
        Marks {
            thread: Thread::OverChannel,
            ..
        } if !stays_in_trust(submission, account, rules.space) => Some(Why::Thread),
        Marks {
            thread: Thread::ItselfOverChannel,
            ..
        } if !stays_in_trust(submission, account, rules.space) && domain().is_none() => Some(Why::Thread),
        Marks { banner: Banner::Found, .. } => Some(Why::Banner),
        Marks {
            banner: Banner::SameText, ..
        } => Some(Why::SameText),
        Marks {
            banner: Banner::SameFile, ..
        } => Some(Why::SameFile),
        // Before the domain too: what the channel of the space of trust protects is not encrypted.
        _ => account
            .always_encrypt
            .then_some(Why::AlwaysEncrypt)
            .or_else(|| domain().map(Why::Domain)),
    }
}

fn stays_in_trust(submission: &Submission, account: &Account, space: &Space) -> bool {
    account.reaches_space() && submission.envelope.recipients.iter().all(|r| space.holds(&r.address))
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
