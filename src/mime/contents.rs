//! A message read once for all who ask something of it: its tree, and what its files decode to.

use super::edit::encoded_message;
use super::encode::transfer_decode;
use super::entity::{Entity, Kind, parse};
use super::header::Header;
use super::parameters::transfer_encoding;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

/// The octets of a body, decoded; `None`: by no encoding that is known.
type Decoded<'a> = Option<Rc<Cow<'a, [u8]>>>;

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
        let decode = || transfer_decode(transfer_encoding(&self.header(entity)), self.at(&entity.body)).map(Rc::new);
        self.decoded.borrow_mut().entry(entity.body.start).or_insert_with(decode).clone()
    }

    /// A message that was attached in base64 or quoted-printable.
    pub fn encoded_message(&self, entity: &Entity) -> Option<Cow<'a, [u8]>> {
        encoded_message(self.octets, entity)
    }
}
