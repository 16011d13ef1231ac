//! A pull reader of BER (X.690 §8) over bytes in memory: nothing is copied but strings that came in pieces.
//!
//! Indefinite lengths, lengths longer than needed and strings in pieces are read; high tag numbers, which neither X.509
//! nor CMS use, are refused. Walks are loops with a depth bound, so no input can exhaust the stack.

use crate::base::limits::{BER_DEPTH_MAX, CMS_PART_MAX};
use crate::pki::der;
use crate::pki::oid::Oid;
use std::borrow::Cow;

/// Identifier octets of the universal types in use (X.690 §8.1.2).
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;
    /// SET.
    pub const SET: u8 = 0x31;
    /// The bit that says constructed.
    pub const CONSTRUCTED: u8 = 0x20;

    /// `[n]` constructed, context-specific.
    pub const fn context(n: u8) -> u8 {
        0xa0 | n
    }

    /// `[n]` primitive, context-specific.
    pub const fn context_primitive(n: u8) -> u8 {
        0x80 | n
    }
}

/// Why bytes are no ASN.1 that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BerError {
    /// The bytes end inside a value.
    #[error("the value is cut short")]
    Truncated,
    /// Not an encoding that is read here.
    #[error("the value is malformed")]
    Malformed,
    /// Another type stands where this one is asked.
    #[error("another type was expected")]
    Unexpected,
    /// Deeper or longer than the limits.
    #[error("the value is too deep or too long")]
    TooLarge,
}

/// One value as it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value<'a> {
    /// Identifier octet.
    pub tag: u8,
    /// Content octets, without the end-of-contents of an indefinite length.
    pub content: &'a [u8],
    /// Everything: identifier, length, content, end-of-contents.
    pub raw: &'a [u8],
}

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads the values that stand in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The identifier octet of the next value.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value; an error when there is none.
    pub fn value(&mut self) -> Result<Value<'a>, BerError> {
        let head = Head::read(self.rest)?;
        let after = &self.rest[head.size..];
        let (content, whole) = match head.length {
            Some(n) => (after.get(..n).ok_or(BerError::Truncated)?, head.size + n),
            None => {
                let n = indefinite_length(after)?;
                (&after[..n], head.size + n + 2)
            }
        };
        let raw = &self.rest[..whole];
        self.rest = &self.rest[whole..];
        Ok(Value {
            tag: head.tag,
            content,
            raw,
        })
    }

    /// The next value, if there is one.
    pub fn next_value(&mut self) -> Result<Option<Value<'a>>, BerError> {
        if self.rest.is_empty() { Ok(None) } else { self.value().map(Some) }
    }

    /// The next value, which has this identifier octet.
    pub fn expect(&mut self, tag: u8) -> Result<Value<'a>, BerError> {
        if self.peek() == Some(tag) {
            self.value()
        } else {
            Err(BerError::Unexpected)
        }
    }

    /// The next value if it has this identifier octet (OPTIONAL, DEFAULT).
    pub fn optional(&mut self, tag: u8) -> Result<Option<Value<'a>>, BerError> {
        if self.peek() == Some(tag) {
            self.value().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The content of the next value, a SEQUENCE.
    pub fn sequence(&mut self) -> Result<Reader<'a>, BerError> {
        Ok(Reader::new(self.expect(tag::SEQUENCE)?.content))
    }

    /// The next value, an OBJECT IDENTIFIER.
    pub fn oid(&mut self) -> Result<Oid, BerError> {
        self.expect(tag::OID)?.oid()
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), BerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(BerError::Malformed) }
    }
}

impl<'a> Value<'a> {
    /// The only value in `bytes`.
    pub fn only(bytes: &'a [u8]) -> Result<Self, BerError> {
        let mut reader = Reader::new(bytes);
        let value = reader.value()?;
        reader.end()?;
        Ok(value)
    }

    /// The values inside; nothing for a primitive.
    pub fn inside(&self) -> Reader<'a> {
        Reader::new(if self.tag & tag::CONSTRUCTED == 0 { &[] } else { self.content })
    }

    /// As an OBJECT IDENTIFIER.
    pub fn oid(&self) -> Result<Oid, BerError> {
        Oid::from_bytes(self.content).map_err(|_| BerError::Malformed)
    }

    /// As a small INTEGER that is not negative.
    pub fn small(&self) -> Result<u32, BerError> {
        if self.content.is_empty() || self.content[0] & 0x80 != 0 || self.content.len() > 5 {
            return Err(BerError::Malformed);
        }
        let n = self.content.iter().fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        u32::try_from(n).map_err(|_| BerError::TooLarge)
    }

    /// As a BIT STRING of whole octets.
    pub fn bits(&self) -> Result<&'a [u8], BerError> {
        match self.content.split_first() {
            Some((0, octets)) if self.tag & tag::CONSTRUCTED == 0 => Ok(octets),
            _ => Err(BerError::Malformed),
        }
    }

    /// The octets of an OCTET STRING, also an implicitly tagged one, also in pieces (X.690 §8.7).
    pub fn octets(&self) -> Result<Cow<'a, [u8]>, BerError> {
        if self.tag & tag::CONSTRUCTED == 0 {
            return Ok(Cow::Borrowed(self.content));
        }
        let mut out = Vec::with_capacity(self.content.len());
        let mut open = vec![Reader::new(self.content)];
        while let Some(reader) = open.last_mut() {
            match reader.next_value()? {
                None => drop(open.pop()),
                Some(piece) if piece.tag == tag::OCTET_STRING => out.extend_from_slice(piece.content),
                Some(piece) if piece.tag == tag::OCTET_STRING | tag::CONSTRUCTED && open.len() < BER_DEPTH_MAX => {
                    open.push(Reader::new(piece.content));
                }
                Some(_) => return Err(BerError::Unexpected),
            }
        }
        Ok(Cow::Owned(out))
    }

    /// The same value with definite, shortest lengths and whole strings; the order of a SET stays as it came.
    pub fn to_der(&self) -> Result<Vec<u8>, BerError> {
        if self.raw.len() > CMS_PART_MAX {
            return Err(BerError::TooLarge);
        }
        transcode(*self, 0)
    }
}

/// Recursion is bounded by [`BER_DEPTH_MAX`].
fn transcode(value: Value<'_>, depth: usize) -> Result<Vec<u8>, BerError> {
    if depth > BER_DEPTH_MAX {
        return Err(BerError::TooLarge);
    }
    if value.tag == tag::OCTET_STRING | tag::CONSTRUCTED {
        return Ok(der::tlv(tag::OCTET_STRING, &[&value.octets()?]));
    }
    if value.tag & tag::CONSTRUCTED == 0 {
        return Ok(der::tlv(value.tag, &[value.content]));
    }
    let mut content = Vec::with_capacity(value.content.len());
    let mut inside = value.inside();
    while let Some(child) = inside.next_value()? {
        content.extend_from_slice(&transcode(child, depth + 1)?);
    }
    Ok(der::tlv(value.tag, &[&content]))
}

struct Head {
    tag: u8,
    size: usize,
    /// `None`: indefinite.
    length: Option<usize>,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, BerError> {
        let (&tag, rest) = bytes.split_first().ok_or(BerError::Truncated)?;
        if tag & 0x1f == 0x1f || tag == 0 {
            return Err(BerError::Malformed);
        }
        let (&first, rest) = rest.split_first().ok_or(BerError::Truncated)?;
        let (size, length) = match first {
            0..=0x7f => (2, Some(usize::from(first))),
            0x80 if tag & tag::CONSTRUCTED != 0 => (2, None),
            0x80 => return Err(BerError::Malformed),
            _ => {
                let n = usize::from(first & 0x7f);
                let octets = rest.get(..n).ok_or(BerError::Truncated)?;
                (2 + n, Some(long_length(octets)?))
            }
        };
        Ok(Self { tag, size, length })
    }
}

fn long_length(octets: &[u8]) -> Result<usize, BerError> {
    octets.iter().try_fold(0_usize, |n, b| {
        if n >> 40 != 0 {
            return Err(BerError::TooLarge);
        }
        Ok((n << 8) | usize::from(*b))
    })
}

/// Octets before the end-of-contents that closes the value whose content starts here (X.690 §8.1.5).
fn indefinite_length(bytes: &[u8]) -> Result<usize, BerError> {
    let mut at = 0_usize;
    let mut open = 1_usize;
    loop {
        let rest = bytes.get(at..).ok_or(BerError::Truncated)?;
        if rest.starts_with(&[0, 0]) {
            open -= 1;
            if open == 0 {
                return Ok(at);
            }
            at += 2;
            continue;
        }
        let head = Head::read(rest)?;
        match head.length {
            Some(n) => at = at.checked_add(head.size).and_then(|a| a.checked_add(n)).ok_or(BerError::TooLarge)?,
            None if open >= BER_DEPTH_MAX => return Err(BerError::TooLarge),
            None => {
                open += 1;
                at += head.size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_in_pieces_is_joined() {
        let bytes = [0x24, 0x80, 0x04, 1, b'a', 0x24, 0x80, 0x04, 2, b'b', b'c', 0, 0, 0x04, 0, 0, 0];
        let value = Value::only(&bytes).unwrap();
        assert_eq!(value.octets().unwrap().as_ref(), b"abc");
        assert_eq!(value.to_der().unwrap(), [4, 3, b'a', b'b', b'c']);
    }

    #[test]
    fn content_that_looks_like_a_piece_stays_content() {
        let bytes = [0x04, 3, 0x04, 1, b'a'];
        assert_eq!(Value::only(&bytes).unwrap().octets().unwrap().as_ref(), [0x04, 1, b'a']);
    }

    #[test]
    fn lengths_longer_than_needed_are_read() {
        let bytes = [0x30, 0x84, 0, 0, 0, 3, 0x02, 0x81, 0x00];
        assert_eq!(Value::only(&bytes).unwrap().to_der().unwrap(), [0x30, 2, 2, 0]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 5, 0],
            &[0x30, 0x80],
            &[0x30, 0x80, 0x04, 1, 0, 0],
            &[0x04, 0x80, 0, 0],
            &[0x1f, 1, 0],
            &[0x04, 0xff],
            &[0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(Value::only(bytes).is_err(), "{bytes:x?}");
        }
        let pieces = [0x24, 3, 0x02, 1, 0];
        assert_eq!(Value::only(&pieces).unwrap().octets(), Err(BerError::Unexpected));
    }

    #[test]
    fn depth_is_bounded() {
        let mut bomb = [0x24, 0x80].repeat(100_000);
        assert_eq!(Value::only(&bomb), Err(BerError::TooLarge));
        bomb = Vec::new();
        for _ in 0..60 {
            bomb = der::tlv(0x30, &[&bomb]);
        }
        assert_eq!(Value::only(&bomb).unwrap().to_der(), Err(BerError::TooLarge));
    }
}
