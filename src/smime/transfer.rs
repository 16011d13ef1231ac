//! Content-Transfer-Encoding of CMS bodies (RFC 2045 §6): fast base64 both ways, and quoted-printable for reading.

use crate::mime::base64::Blocks;
use crate::smime::flow::{Piece, Pieces};
use std::borrow::Cow;

/// Columns of a base64 line (RFC 2045 §6.8).
const COLUMNS: usize = 76;

/// A body as octets.
pub fn decode<'a>(encoding: &str, body: &'a [u8]) -> Cow<'a, [u8]> {
    match encoding {
        "base64" => Cow::Owned(base64(body)),
        "quoted-printable" => Cow::Owned(quoted_printable(body)),
        _ => Cow::Borrowed(body),
    }
}

/// Base64 in lines; what stands outside the alphabet is left out (RFC 2045 §6.8), and nothing after the padding counts.
pub fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let mut blocks = Blocks::default();
    let mut rest = body;
    while let Some((octets, used)) = blocks.next(rest) {
        out.extend_from_slice(octets);
        rest = &rest[used..];
    }
    match blocks.last(rest) {
        Some(octets) => out.extend_from_slice(octets),
        None => out.extend(careless_base64(rest)),
    }
    out
}

/// The same where the text stands: its first octets are what it held; how many.
pub fn base64_in_place(text: &mut [u8]) -> usize {
    let (mut read, mut written) = (0, 0);
    let mut put = |text: &mut [u8], octets: &[u8]| {
        text[written..written + octets.len()].copy_from_slice(octets);
        written += octets.len();
    };
    let mut blocks = Blocks::default();
    while let Some((octets, used)) = blocks.next(&text[read..]) {
        read += used;
        put(text, octets);
    }
    let last = match blocks.last(&text[read..]) {
        Some(octets) => octets.to_vec(),
        None => careless_base64(&text[read..]),
    };
    put(text, &last);
    written
}

fn careless_base64(text: &[u8]) -> Vec<u8> {
    let known = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let mut packed: Vec<u8> = text.iter().copied().filter(known).take_while(|b| *b != b'=').collect();
    // A single left-over character holds less than an octet.
    if packed.len() % 4 == 1 {
        packed.pop();
    }
    base64_simd::forgiving_decode_to_vec(&packed).unwrap_or_default()
}

/// Octets of a line.
const OCTETS: usize = COLUMNS / 4 * 3;
/// Lines encoded at once: they stay in the processor's nearest cache.
const BATCH: usize = 64;

/// Lines of 76 ended by CRLF, of octets that come in pieces of any length.
pub struct Lines<'a> {
    pieces: Pieces<'a>,
    /// Octets that do not fill a line yet.
    begun: Vec<u8>,
    desk: Desk,
}

/// Where lines are made: every reading has one, for its pieces may be many and small.
struct Desk {
    text: Vec<u8>,
    /// Each has its line end already.
    lines: Vec<[u8; COLUMNS + 2]>,
}

impl<'a> Lines<'a> {
    /// The lines of these octets.
    pub fn new(pieces: Pieces<'a>) -> Self {
        Self {
            pieces,
            begun: Vec::with_capacity(OCTETS),
            desk: Desk::new(),
        }
    }

    fn of(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(base64_len(self.begun.len() + octets.len()));
        let mut rest = octets;
        if !self.begun.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(OCTETS - self.begun.len()));
            self.begun.extend_from_slice(now);
            if self.begun.len() < OCTETS {
                return out;
            }
            self.desk.encode(&self.begun, &mut out);
            self.begun.clear();
            rest = later;
        }
        let (whole, begun) = rest.split_at(rest.len() / OCTETS * OCTETS);
        self.desk.encode(whole, &mut out);
        self.begun.extend_from_slice(begun);
        out
    }

    fn last(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.desk.encode(&std::mem::take(&mut self.begun), &mut out);
        (!out.is_empty()).then_some(out)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        match self.pieces.next() {
            Some(piece) => Some(piece.map(|octets| Cow::Owned(self.of(&octets)))),
            None => self.last().map(|lines| Ok(Cow::Owned(lines))),
        }
    }
}

impl Desk {
    fn new() -> Self {
        let mut line = [0; COLUMNS + 2];
        line[COLUMNS..].copy_from_slice(b"\r\n");
        Self {
            text: vec![0; BATCH * COLUMNS],
            lines: vec![line; BATCH],
        }
    }

    /// Octets that begin a line, in lines.
    fn encode(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        for batch in octets.chunks(BATCH * OCTETS) {
            let text = base64_simd::STANDARD.encode(batch, base64_simd::Out::from_slice(&mut self.text));
            let (whole, last) = text.as_chunks::<COLUMNS>();
            for (line, written) in self.lines.iter_mut().zip(whole) {
                line[..COLUMNS].copy_from_slice(written);
            }
            out.extend_from_slice(self.lines[..whole.len()].as_flattened());
            if !last.is_empty() {
                out.extend_from_slice(last);
                out.extend_from_slice(b"\r\n");
            }
        }
    }
}

/// How long the lines of so many octets are.
pub fn base64_len(octets: usize) -> usize {
    let characters = octets.div_ceil(3) * 4;
    characters + characters.div_ceil(COLUMNS) * 2
}

/// RFC 2045 §6.7, tolerant: what is no escape stays.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let digit = |i: usize| rest.get(i).and_then(|b| char::from(*b).to_digit(16));
        if let (Some(high), Some(low)) = (digit(0), digit(1)) {
            out.push((high * 16 + low) as u8);
            rest = &rest[2..];
        } else if rest.starts_with(b"\r\n") {
            rest = &rest[2..];
        } else if rest.starts_with(b"\n") {
            rest = &rest[1..];
        } else {
            out.push(b'=');
        }
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways_at_every_length() {
        for n in [0, 1, 2, 3, 56, 57, 58, 57 * 512 - 1, 57 * 512, 57 * 512 + 1, 100_000] {
            let bytes: Vec<u8> = (0..n).map(|i| (i * 7) as u8).collect();
            for size in [1, 50, 57, 1000 + n / 3] {
                let pieces = bytes.chunks(size).map(|piece| Ok(Cow::Borrowed(piece)));
                let text: Vec<u8> = Lines::new(Box::new(pieces)).flat_map(|lines| lines.unwrap().into_owned()).collect();
                assert_eq!(text.len(), base64_len(n));
                assert!(text.split(|b| *b == b'\n').all(|l| l.len() <= 77));
                assert_eq!(base64(&text), bytes);
            }
        }
    }

    /// Read both ways, behind texts of any length.
    fn read(text: &str) -> Vec<u8> {
        let octets = base64(text.as_bytes());
        for line in ["A".repeat(76) + "\r\n", "A".repeat(64) + "\n", "AAAA".to_owned()] {
            for lines in [0, 1, 107, 108, 109, 500] {
                let mut whole = (line.repeat(lines) + text).into_bytes();
                let zeros = vec![0; line.trim_end().len() / 4 * 3 * lines];
                assert_eq!(base64(&whole), [&zeros, &octets[..]].concat(), "{lines} {text}");
                let length = base64_in_place(&mut whole);
                assert_eq!(whole[..length], [&zeros, &octets[..]].concat(), "{lines} {text}");
            }
        }
        octets
    }

    #[test]
    fn careless_base64_is_read() {
        for text in [
            "YWJj",
            "YWJj\n",
            "Y W\tJ j",
            "YWJj\r\n--",
            "YWJjZ",
            "YW\rJj",
            "YWJj\r\n=\r\nYWJj",
            "YW-_Jj",
            "\0YWJj",
        ] {
            assert_eq!(read(text), b"abc", "{text}");
        }
        for text in [
            "YWI=\r\ntrailer",
            "YWI",
            "YWI=",
            "YWI==",
            "YWJ=",
            "YWI=YWJj",
            "YWI=\r\n\r\nYWJj\r\n",
        ] {
            assert_eq!(read(text), b"ab", "{text}");
        }
        for text in ["", "=", "Y", "\r\n", "=YWJj"] {
            assert_eq!(read(text), b"", "{text}");
        }
    }

    #[test]
    fn quoted_printable_is_read() {
        assert_eq!(quoted_printable(b"a=3D=\r\nb=zz=4"), b"a=b=zz=4");
    }
}
