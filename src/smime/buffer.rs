//! The octets of a message while it is opened: those received, then a buffer of our own in which every further layer is
//! decoded and decrypted where it stands.

use crate::smime::transfer;
use std::borrow::Cow;
use std::ops::Range;

/// One layer.
#[derive(Clone, Debug)]
pub enum Buffer<'a> {
    /// As it came.
    Received(&'a [u8]),
    /// From `start` to the end of what was made of it.
    Own {
        /// The buffer.
        octets: Vec<u8>,
        /// Where the layer begins in it.
        start: usize,
    },
}

/// What was found in a layer and takes its place.
#[derive(Debug)]
pub enum Found {
    /// A stretch of it.
    Within(Range<usize>),
    /// What it was made into.
    Anew(Vec<u8>),
}

impl<'a> Buffer<'a> {
    /// The octets of the layer.
    pub fn octets(&self) -> &[u8] {
        match self {
            Buffer::Received(octets) => octets,
            Buffer::Own { octets, start } => &octets[*start..],
        }
    }

    /// The same to be changed where they stand: those received are copied first.
    pub fn octets_mut(&mut self) -> &mut [u8] {
        if let Buffer::Received(octets) = self {
            *self = Buffer::from(octets.to_vec());
        }
        match self {
            Buffer::Received(_) => &mut [],
            Buffer::Own { octets, start } => &mut octets[*start..],
        }
    }

    /// Where `octets`, read from this layer, stand in it, unless they had to be put together.
    pub fn find(&self, octets: Cow<'_, [u8]>) -> Found {
        match octets {
            Cow::Owned(anew) => Found::Anew(anew),
            Cow::Borrowed(slice) => {
                let start = slice.first().and_then(|first| self.octets().element_offset(first));
                match start {
                    Some(start) => Found::Within(start..start + slice.len()),
                    None => Found::Anew(slice.to_vec()),
                }
            }
        }
    }

    /// The layer that was found in this one.
    pub fn keep(self, found: Found) -> Self {
        match (self, found) {
            (_, Found::Anew(octets)) => Self::from(octets),
            (Buffer::Received(octets), Found::Within(range)) => Buffer::Received(&octets[range]),
            (Buffer::Own { mut octets, start }, Found::Within(range)) => {
                octets.truncate(start + range.end);
                let start = start + range.start;
                Buffer::Own { octets, start }
            }
        }
    }

    /// What stands from `body` on, decoded (RFC 2045 §6).
    pub fn decoded(mut self, body: usize, encoding: &str) -> Self {
        let found = match (&self, encoding) {
            (Buffer::Own { .. }, "base64") => {
                let length = transfer::base64_in_place(&mut self.octets_mut()[body..]);
                Found::Within(body..body + length)
            }
            _ => self.find(transfer::decode(encoding, &self.octets()[body..])),
        };
        self.keep(found)
    }

    /// The octets of the layer, and nothing else held.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Buffer::Received(octets) => octets.to_vec(),
            Buffer::Own { mut octets, start } => {
                octets.drain(..start);
                octets.shrink_to_fit();
                octets
            }
        }
    }
}

impl From<Vec<u8>> for Buffer<'_> {
    fn from(octets: Vec<u8>) -> Self {
        Buffer::Own { octets, start: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_found_where_it_stands() {
        for buffer in [
            Buffer::Received(b"head\r\n\r\nYWJj\r\n"),
            Buffer::from(b"head\r\n\r\nYWJj\r\n".to_vec()),
        ] {
            let decoded = buffer.clone().decoded(8, "base64");
            assert_eq!(decoded.octets(), b"abc");
            let found = decoded.find(Cow::Borrowed(&decoded.octets()[1..]));
            assert!(matches!(&found, Found::Within(range) if *range == (1..3)));
            let mut inner = decoded.keep(found);
            inner.octets_mut()[1] = b'C';
            assert_eq!(inner.into_vec(), b"bC");
            let raw = buffer.decoded(2, "binary");
            assert_eq!(raw.octets(), b"ad\r\n\r\nYWJj\r\n");
        }
    }

    #[test]
    fn what_was_put_together_or_is_empty_stands_by_itself() {
        let buffer = Buffer::from(b"abc".to_vec());
        for octets in [
            Cow::Owned(b"xy".to_vec()),
            Cow::Borrowed(&b""[..]),
            Cow::Borrowed(&b"elsewhere"[..]),
        ] {
            let found = buffer.find(octets.clone());
            assert_eq!(buffer.clone().keep(found).octets(), &*octets);
        }
        let mut received = Buffer::Received(b"abc");
        received.octets_mut()[0] = b'x';
        assert_eq!(received.octets(), b"xbc");
    }
}
