//! What leaves: its length is known, its octets are made as they are asked for.
//!
//! A letter is signed, put into base64, encrypted and put into base64 again in one pass, some ten kilobytes at a time: its
//! sealed form is never held. It can be read more than once, and every reading gives the same octets: signature, content
//! key and initialisation vector were fixed before.

use crate::mime::Octets;
use crate::smime::encipher::{Cbc, Gcm, cbc_len, gcm_len};
use crate::smime::encrypt::{EncryptError, Material};
use crate::smime::transfer::{Lines, base64_len};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// A message, or an entity of one, on its way out.
#[derive(Clone, Debug, Default)]
pub struct Flow(Vec<Part>);

/// Some octets of it; an error: no more will come, and what came is worth nothing.
pub type Piece<'a> = Result<Cow<'a, [u8]>, EncryptError>;

/// Its octets in order.
pub type Pieces<'a> = Box<dyn Iterator<Item = Piece<'a>> + Send + 'a>;

#[derive(Clone, Debug)]
enum Part {
    Octets(Octets),
    /// In lines of base64.
    Base64(Flow),
    /// In AES-256-CBC, padded.
    Cbc(Flow, Arc<Material>),
    /// In AES-256-GCM, with its tag.
    Gcm(Flow, Arc<Material>),
}

/// Octets handed on at once: whole lines of base64, and few enough to stay in the processor's nearer cache through all layers.
pub(super) const CHUNK: usize = 57 * 256;

impl Flow {
    /// How many octets it has.
    pub fn len(&self) -> usize {
        self.0.iter().map(Part::len).sum()
    }

    /// True when it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Octets as they are, behind what there is.
    pub fn push(&mut self, octets: impl Into<Octets>) {
        self.0.push(Part::Octets(octets.into()));
    }

    /// Another flow in lines of base64.
    pub fn push_base64(&mut self, flow: Flow) {
        self.0.push(Part::Base64(flow));
    }

    /// Another flow encrypted.
    pub(super) fn push_cbc(&mut self, flow: Flow, material: Arc<Material>) {
        self.0.push(Part::Cbc(flow, material));
    }

    /// Another flow encrypted, and the OCTET STRING of its tag.
    pub(super) fn push_gcm(&mut self, flow: Flow, material: Arc<Material>) {
        self.0.push(Part::Gcm(flow, material));
    }

    /// Another flow as it is.
    pub fn append(&mut self, mut flow: Flow) {
        self.0.append(&mut flow.0);
    }

    /// The octets, from the first on.
    pub fn pieces(&self) -> Pieces<'_> {
        Box::new(self.0.iter().flat_map(Part::pieces))
    }

    /// All of them at once.
    pub fn to_vec(&self) -> Result<Vec<u8>, EncryptError> {
        let mut out = Vec::with_capacity(self.len());
        for piece in self.pieces() {
            out.extend_from_slice(&piece?);
        }
        Ok(out)
    }

    /// The octets in it that were given as they are; between them stand lines of base64 and nothing else.
    pub fn given(&self) -> impl Iterator<Item = &[u8]> {
        let octets = self.0.iter().filter_map(|part| match part {
            Part::Octets(octets) => Some(octets),
            Part::Base64(_) | Part::Cbc(..) | Part::Gcm(..) => None,
        });
        octets.flat_map(|octets| octets.stretches().iter().map(Bytes::as_ref))
    }
}

impl<T: Into<Octets>> From<T> for Flow {
    fn from(octets: T) -> Self {
        Self(vec![Part::Octets(octets.into())])
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Part::Octets(octets) => octets.len(),
            Part::Base64(inside) => base64_len(inside.len()),
            Part::Cbc(inside, _) => cbc_len(inside.len()),
            Part::Gcm(inside, _) => gcm_len(inside.len()),
        }
    }

    fn pieces(&self) -> Pieces<'_> {
        match self {
            Part::Octets(octets) => {
                let chunks = octets.stretches().iter().flat_map(|stretch| stretch.chunks(CHUNK));
                Box::new(chunks.map(|chunk| Ok(Cow::Borrowed(chunk))))
            }
            Part::Base64(inside) => Box::new(Lines::new(inside.pieces())),
            Part::Cbc(inside, material) => Box::new(Cbc::new(inside.pieces(), material)),
            Part::Gcm(inside, material) => Box::new(Gcm::new(inside.pieces(), material)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn material() -> Arc<Material> {
        Arc::new(Material {
            key: Secret::new(vec![7; 32]),
            iv: [9; 16],
        })
    }

    fn flow(stretches: &[&[u8]]) -> Flow {
        let mut octets = Octets::default();
        stretches.iter().for_each(|stretch| octets.push(stretch.to_vec()));
        octets.into()
    }

    #[test]
    fn every_reading_gives_the_same_octets_as_many_as_were_said() {
        let long = vec![b'x'; 3 * CHUNK + 17];
        for stretches in [
            &[&b""[..]][..],
            &[b"a"],
            &[&long],
            &[b"a", &long, b"", &long[..57], &long[..2 * CHUNK - 5]],
        ] {
            for layer in [Flow::push_cbc, Flow::push_gcm] {
                let mut inner = Flow::default();
                inner.push_base64(flow(stretches));
                let mut sealed = flow(&[b"head"]);
                layer(&mut sealed, inner, material());
                let mut whole = flow(&[b"Subject: s\r\n\r\n"]);
                whole.push_base64(sealed);
                let read = whole.to_vec().unwrap();
                assert_eq!((read.len(), whole.is_empty()), (whole.len(), false));
                assert_eq!(whole.to_vec().unwrap(), read);
            }
        }
    }

    #[test]
    fn octets_that_were_given_are_seen_and_none_of_what_is_encoded() {
        let mut whole = flow(&[b"head", b"er"]);
        whole.push_base64(flow(&[b"\xe9"]));
        whole.push("end");
        assert_eq!(whole.given().collect::<Vec<_>>(), [&b"head"[..], b"er", b"end"]);
        assert_eq!(whole.to_vec().unwrap(), b"header6Q==\r\nend");
    }
}
