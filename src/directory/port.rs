//! What is asked of a directory.

use crate::base::{Address, UnixTime};
pub use crate::pki::select::Source;
use crate::relay::port::Pending;
use crate::text::Explanation;

/// Certificates by address. Both answer for each address, in their order.
pub trait Directory: Send + Sync {
    /// What is known here, without a question to anybody: certificates of the home, and answers that are fresh yet.
    fn known<'a>(&'a self, addresses: &'a [Address]) -> Pending<'a, Vec<Lookup>>;
    /// Every certificate that any source has, good or not: which one serves is decided by `pki::select`. Asked where none will do
    /// that is known here. Ends by a deadline.
    fn find<'a>(&'a self, addresses: &'a [Address]) -> Pending<'a, Vec<Lookup>>;
}

/// What a directory answers. `NotFound` is final; `Unavailable` may be otherwise later, and is never taken for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// At least one; every source has answered.
    Found(Vec<Candidate>),
    /// At least one, and a source did not answer: where none of these will do, it is as [`Lookup::Unavailable`].
    FoundPartly(Vec<Candidate>, Box<Explanation>),
    /// Only people who may be the one meant: their certificates do not name the address, and nothing of them is used before
    /// the user has bound one to it.
    Ambiguous(Vec<Person>),
    /// Every source answered, and none has one.
    NotFound,
    /// A source could not be asked, and no other has one.
    Unavailable(Box<Explanation>),
}

/// A certificate that may serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// As it came.
    pub der: Vec<u8>,
    /// Certificates that came along: its issuers, perhaps.
    pub issuers: Vec<Vec<u8>>,
    /// Where it came from.
    pub source: Source,
    /// When that source was last seen to have it; `None`: it is kept here for good.
    pub as_of: Option<UnixTime>,
}

/// Somebody in a directory who may be the one meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// As the directory calls him or her.
    pub name: String,
    /// Which directory.
    pub directory: String,
    /// The addresses that it gives.
    pub addresses: Vec<String>,
    /// The certificates that it gives.
    pub candidates: Vec<Candidate>,
}

impl Candidate {
    /// A certificate of the home.
    pub fn of_home(der: Vec<u8>, source: Source) -> Self {
        Self {
            der,
            issuers: Vec::new(),
            source,
            as_of: None,
        }
    }

    /// Whether the user has said himself that it is this address's.
    pub fn is_confirmed(&self) -> bool {
        self.source == Source::Confirmed
    }
}
