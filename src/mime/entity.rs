//! An entity as a tree of spans over one buffer (RFC 2045, RFC 2046 §5.1). Nothing is copied, nothing decoded.

use std::ops::Range;

/// One body part: where its header and its body stand in the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entity {
    /// The header with the empty line that ends it (RFC 9051 §6.4.5 `HEADER`, `MIME`).
    pub header: Range<usize>,
    /// What follows, without the CRLF that belongs to the next boundary.
    pub body: Range<usize>,
    /// Media type in lower case, `text/plain` when absent or unreadable (RFC 2045 §5.2).
    pub media_type: String,
    /// What is inside.
    pub kind: Kind,
}

/// What an entity holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Anything that is neither of the others, or lies too deep.
    Leaf,
    /// The parts of a multipart, preamble and epilogue left out.
    Multipart(Vec<Entity>),
    /// The message of a message/rfc822 (or message/global).
    Message(Box<Entity>),
}
