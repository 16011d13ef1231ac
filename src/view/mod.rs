//! What the mail program gets for an S/MIME message: one immutable buffer from which every answer is computed.

pub mod banner;
pub mod build;
mod draft;
mod failure;
pub mod foreign;
pub mod frozen;
pub mod header;
pub mod html;
pub mod legacy_display;
pub mod letter;
pub mod likeness;
pub mod lookalike;
pub mod marks;
pub mod page;
pub mod report;
pub mod restored;
pub mod searchable;
pub mod sections;
pub mod sender;
mod short;
pub mod sought;
pub mod strip;
pub mod text_only;
pub mod verdict;

pub use build::{ViewInput, build, draft};
pub use draft::Draft;
pub use header::rewrite_fields;
pub use marks::{Marks, holds_banner, marks, marks_in};
pub use restored::Restored;
pub use strip::{strip, strip_tree};

use crate::base::secret::wipe;
use crate::mime::entity::{Entity, parse};
use verdict::Grade;

/// An opened message as it is shown. Never changes once a client has seen any of it.
#[derive(Debug)]
pub struct View {
    bytes: Vec<u8>,
    entity: Entity,
    size: Size,
    restored: Restored,
    grade: Grade,
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

/// What was opened is not left behind in memory.
impl Drop for View {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
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

    /// True when it has as many octets as it was to have: a listing made before it was opened said the truth.
    pub fn size_preserved(&self) -> bool {
        self.size == Size::Stored
    }

    /// What stands in its header in place of fields of the stored message.
    pub fn restored(&self) -> &Restored {
        &self.restored
    }

    /// What it says of the message.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    /// A View of those octets, its size not that of the stored message.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self::sized(bytes, Size::Own)
    }

    /// An ordinary message, marks of ours in it made harmless: nothing else of it changes.
    pub fn ordinary(message: &[u8]) -> Self {
        Self::padded(foreign::defanged(message).unwrap_or_else(|| message.to_vec()))
    }

    fn padded(bytes: Vec<u8>) -> Self {
        Self::sized(bytes, Size::Stored)
    }

    fn filled(bytes: Vec<u8>, entity: Entity, preserved: bool) -> Self {
        let size = if preserved { Size::Stored } else { Size::Own };
        Self {
            bytes,
            entity,
            size,
            restored: Restored::default(),
            grade: Grade::Plain,
        }
    }

    fn sized(bytes: Vec<u8>, size: Size) -> Self {
        let entity = parse(&bytes);
        Self {
            bytes,
            entity,
            size,
            restored: Restored::default(),
            grade: Grade::Plain,
        }
    }

    fn showing(mut self, restored: &Restored) -> Self {
        self.restored = restored.clone();
        self
    }

    /// The same, which says that.
    pub fn saying(mut self, grade: Grade) -> Self {
        self.grade = grade;
        self
    }
}

/// Whose size a View has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Size {
    /// The stored message's.
    Stored,
    /// Its own.
    Own,
}

#[cfg(test)]
mod tests {
    use super::verdict::{Grade, Signer, Verdict};

    /// A good message of Bob's.
    pub fn verdict() -> Verdict {
        Verdict {
            grade: Grade::Verified,
            code: "signed-verified",
            french: "Signature vérifiée, message intact.".to_owned(),
            english: "Signature verified, message intact.".to_owned(),
            signers: vec![Signer {
                name: "Dr Bob TEST".to_owned(),
                profession: None,
                rpps: None,
                address: Some("bob@x.fr".to_owned()),
                issuer: "AC TEST".to_owned(),
                serial: "01".to_owned(),
                signing_time: None,
            }],
            encrypted: true,
            content_encryption: Some("AES-256-CBC".to_owned()),
            key_encryption: Some("RSA-OAEP-SHA256".to_owned()),
            obsolete: Vec::new(),
            own: false,
            realm: crate::base::Realm::Production,
        }
    }
}
