//! What the mail program gets for an S/MIME message: one immutable buffer from which every answer is computed.

pub mod verdict;

use crate::mime::entity::Entity;
use std::borrow::Cow;

/// An opened message as it is shown. Never changes once a client has seen any of it.
#[derive(Debug)]
pub struct View {
    bytes: Vec<u8>,
    entity: Entity,
}

/// `BODY[...]`'s section-spec (RFC 9051 §6.4.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Part numbers, `1.2` as `[1, 2]`; empty: the message itself.
    pub path: Vec<u32>,
    /// What of that part.
    pub text: SectionText,
}

/// What of a part is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SectionText {
    /// The whole (`BODY[]`, `BODY[1]`: the body of the part).
    Whole,
    /// `HEADER`.
    Header,
    /// `HEADER.FIELDS (...)`, names as asked.
    HeaderFields(Vec<String>),
    /// `HEADER.FIELDS.NOT (...)`.
    HeaderFieldsNot(Vec<String>),
    /// `TEXT`.
    Text,
    /// `MIME`.
    Mime,
}

impl View {
    /// The whole message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its structure, spans over [`View::bytes`].
    pub fn entity(&self) -> &Entity {
        &self.entity
    }

    /// The octets of a section; `None`: there is no such part (`NIL`).
    pub fn section(&self, _section: &Section) -> Option<Cow<'_, [u8]>> {
        Some(Cow::Borrowed(&self.bytes))
    }
}
