//! A View that is put together but for its padding.
//!
//! The padding is nearly half of a sealed message. It is added when what the View was made of has been let go.

use super::build::ViewInput;
use super::verdict::{Grade, Verdict};
use super::{Restored, View};
use crate::mime::entity::{Entity, Kind, parse};

/// A View without its padding.
#[derive(Debug)]
pub struct Draft {
    bytes: Vec<u8>,
    entity: Entity,
    /// How many octets the View shall have.
    told: usize,
    restored: Restored,
    verdict: Option<Verdict>,
}

impl Draft {
    /// Of these octets, to be filled up to the size that was told.
    pub(super) fn new(bytes: Vec<u8>, told: usize) -> Self {
        let entity = parse(&bytes);
        Self {
            bytes,
            entity,
            told,
            restored: Restored::default(),
            verdict: None,
        }
    }

    /// The same, with the fields that it shows and what it says.
    pub(super) fn showing(mut self, input: &ViewInput<'_>) -> Self {
        self.restored = input.restored.clone();
        self.verdict = Some(input.verdict.clone());
        self
    }

    /// What it says of the message.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// How far, by that, the message can be trusted.
    pub fn grade(&self) -> Grade {
        self.verdict().map_or(Grade::Plain, |verdict| verdict.grade)
    }

    /// The author's fields that it shows in place of those outside.
    pub fn restored(&self) -> &Restored {
        &self.restored
    }

    /// What it is made of, without its padding.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its structure, spans over [`Draft::bytes`].
    pub(super) fn entity(&self) -> &Entity {
        &self.entity
    }

    /// How many octets the View will have.
    pub fn view_len(&self) -> usize {
        self.told.max(self.bytes.len())
    }

    /// True when it reads as it was put together: that many parts, the last one ended by our closing delimiter.
    pub(super) fn has_parts(&self, parts: usize, boundary: &str) -> bool {
        let read = self.entity.children();
        let end = read.last().map_or(0, |part| part.body.end);
        let tail = &self.bytes[end..];
        let closing = format!("--{boundary}--\r\n");
        read.len() == parts && tail.strip_prefix(b"\r\n").unwrap_or(tail) == closing.as_bytes()
    }

    /// The View: of the size that was told, where it is not larger already.
    pub fn filled(mut self) -> View {
        let grade = self.grade();
        let room = self.told.checked_sub(self.bytes.len());
        pad(&mut self.bytes, room.unwrap_or_default());
        match &self.entity.kind {
            // Behind the closing delimiter nothing is looked for.
            Kind::Multipart(_) => self.entity.body.end = self.bytes.len(),
            Kind::Leaf | Kind::Message(_) => self.entity = parse(&self.bytes),
        }
        debug_assert_eq!(self.entity, parse(&self.bytes));
        View::filled(self.bytes, self.entity, room.is_some())
            .showing(&self.restored)
            .saying(grade)
    }
}

fn pad(out: &mut Vec<u8>, mut octets: usize) {
    const LINE: [u8; 76] = *b"                                                                          \r\n";
    out.reserve_exact(octets);
    while octets >= LINE.len() {
        out.extend_from_slice(&LINE);
        octets -= LINE.len();
    }
    match octets {
        0 => {}
        1 => {
            out.truncate(out.len() - 2);
            out.extend_from_slice(b" \r\n");
        }
        _ => out.extend_from_slice(&LINE[LINE.len() - octets..]),
    }
}
