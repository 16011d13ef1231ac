//! What was found for one recipient, and everything that was looked at on the way. The decision, the refusal, the notice and
//! `souspli explain` speak from this one value.

use crate::base::Address;
use crate::pki::Certificate;
use crate::pki::path::Path;
use crate::pki::revocation::{Status, Unknown};
use crate::pki::select::{Candidate, Unfit};
use crate::policy::outgoing::Lookup;
use crate::text::{Explain, Explanation, recipients as text};

/// What was found for one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolution {
    /// Who it is.
    pub address: Address,
    /// What came of it.
    pub outcome: Outcome,
    /// The certificates that will not do, each with its reason.
    pub refused: Vec<(Candidate, Unfit)>,
}

/// What came of looking for a recipient's certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// One of our own addresses: its key is here.
    Own(Box<Certificate>),
    /// This one.
    Chosen(Box<Chosen>),
    /// None that will do; nothing was left unasked.
    Missing(Missing),
    /// It cannot be said now.
    Away(Away),
}

/// The certificate that is encrypted to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// It, and where it came from.
    pub candidate: Candidate,
    /// Its way to an authority.
    pub path: Path,
    /// Why it is believed to stand.
    pub status: Status,
    /// How many others would have done as well: it is the newest.
    pub others: usize,
}

/// Why there is none, for good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Nobody has one, or none of those will do.
    None,
    /// A directory knows people who may be meant, and the user has not said that it is one of them.
    Ambiguous(Vec<String>),
}

/// Why it cannot be said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Away {
    /// A directory did not answer, or what is kept here cannot be read.
    Directory(Box<Explanation>),
    /// Whether the certificate is revoked is not known.
    Status(Box<Unknown>),
}

impl Resolution {
    /// What is encrypted to.
    pub fn certificate(&self) -> Option<&Certificate> {
        match &self.outcome {
            Outcome::Own(certificate) => Some(certificate),
            Outcome::Chosen(chosen) => Some(&chosen.candidate.certificate),
            Outcome::Missing(_) | Outcome::Away(_) => None,
        }
    }

    /// As the decision asks it.
    pub fn lookup(&self) -> Lookup {
        match &self.outcome {
            Outcome::Own(_) | Outcome::Chosen(_) => Lookup::Found,
            Outcome::Missing(Missing::None) => Lookup::NotFound,
            Outcome::Missing(Missing::Ambiguous(_)) => Lookup::Ambiguous,
            Outcome::Away(Away::Directory(_)) => Lookup::Unavailable,
            Outcome::Away(Away::Status(_)) => Lookup::Unproven,
        }
    }

    /// Why this recipient cannot be written to, alone; `None`: it can.
    pub fn cause(&self) -> Option<Explanation> {
        Some(match &self.outcome {
            Outcome::Own(_) | Outcome::Chosen(_) => return None,
            Outcome::Missing(Missing::Ambiguous(names)) => text::ambiguous_person(&self.address, names),
            Outcome::Missing(Missing::None) => match self.refused.first() {
                Some((_, why)) => why.explain(),
                None => text::nobody_has_one(&self.address),
            },
            Outcome::Away(Away::Directory(why)) => (**why).clone(),
            Outcome::Away(Away::Status(unknown)) => unknown.explain(),
        })
    }
}
