//! A message read once for all who ask something of it: its tree, and what its files decode to.

use super::edit::{is_attachment, is_message, is_text};
use super::encode::{base64_read, transfer_decode};
use super::entity::{Entity, Kind, parse};
use super::header::{Field, Header};
use super::parameters::{TransferEncoding, content_type, transfer_encoding};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, Range};
use std::rc::Rc;

/// Octets in which the first fields of a message stand, where a file is one.
const MESSAGE_START: usize = 2 << 10;

/// A body, decoded; `None`: by no encoding that is known.
type Decoded<'a> = Option<Rc<Body<'a>>>;

/// The octets of a body.
#[derive(Debug)]
pub struct Body<'a> {
    octets: Cow<'a, [u8]>,
    /// What they were decoded from holds nothing but characters of base64 and line ends.
    pub is_plain_base64: bool,
}

impl Deref for Body<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets
    }
}

/// The message and its tree.
#[derive(Debug)]
pub struct Contents<'a> {
    /// The message.
    pub octets: &'a [u8],
    /// Its tree.
    pub root: Entity,
    /// By the place of the body.
    decoded: RefCell<BTreeMap<usize, Decoded<'a>>>,
}

impl<'a> Contents<'a> {
    /// Reads a message.
    pub fn of(octets: &'a [u8]) -> Self {
        Self {
            octets,
            root: parse(octets),
            decoded: RefCell::default(),
        }
    }

    /// The octets of a stretch of it.
    pub fn at(&self, range: &Range<usize>) -> &'a [u8] {
        &self.octets[range.clone()]
    }

    /// The header of one of its entities.
    pub fn header(&self, entity: &Entity) -> Header<'a> {
        Header::parse(self.at(&entity.header)).0
    }

    /// The body of one of its leaves, by the encoding that its header says first; decoded once, whoever asks.
    pub fn body(&self, entity: &Entity) -> Decoded<'a> {
        debug_assert!(entity.kind == Kind::Leaf);
        let decode = || decoded(transfer_encoding(&self.header(entity)), self.at(&entity.body)).map(Rc::new);
        self.decoded.borrow_mut().entry(entity.body.start).or_insert_with(decode).clone()
    }

    /// The same, if somebody has asked for it before.
    pub fn body_at_hand(&self, entity: &Entity) -> Decoded<'a> {
        self.decoded.borrow().get(&entity.body.start).cloned().flatten()
    }

    /// A message that one of its leaves is: attached in base64 or quoted-printable, or saved as a file and attached as any other.
    pub fn attached_message(&self, entity: &Entity) -> Decoded<'a> {
        (is_message(&entity.media_type) || self.is_saved_message(entity))
            .then(|| self.body(entity))
            .flatten()
    }

    fn is_saved_message(&self, entity: &Entity) -> bool {
        let header = self.header(entity);
        let body = self.at(&entity.body);
        let start = || transfer_decode(transfer_encoding(&header), &body[..body.len().min(MESSAGE_START)]);
        let is_file = is_attachment(&header) || content_type(&header).parameter("name").is_some();
        let is_the_letter = is_text(&entity.media_type) && !is_file;
        !is_the_letter && start().is_some_and(|start| begins_a_message(&start))
    }
}

/// Whether fields of a message stand there, behind the line that mailboxes put before it (RFC 4155).
fn begins_a_message(start: &[u8]) -> bool {
    const USUAL: [&str; 8] = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Received",
        "MIME-Version",
        "Content-Type",
    ];
    let start = match start.starts_with(b"From ") {
        true => start.splitn(2, |b| *b == b'\n').nth(1).unwrap_or_default(),
        false => start,
    };
    let header = Header::parse(start).0;
    let named = |field: &&Field<'_>| USUAL.iter().any(|usual| field.is(usual));
    header.fields().first().is_some_and(|field| !field.name.is_empty()) && header.fields().iter().filter(named).count() >= 2
}

fn decoded(coding: TransferEncoding, body: &[u8]) -> Option<Body<'_>> {
    let (octets, is_plain_base64) = match coding {
        TransferEncoding::Base64 => {
            let (octets, is_plain) = base64_read(body);
            (Cow::Owned(octets), is_plain)
        }
        _ => (transfer_decode(coding, body)?, false),
    };
    Some(Body { octets, is_plain_base64 })
}
