//! Decoded octets changed where they stand, in the encoded body: its length and its lines stay (RFC 2045 §6.7, §6.8).

use super::encode::hex;
use super::header::without_line_end;
use super::parameters::TransferEncoding;

/// An octet of the decoded body, and what it becomes.
pub type Change = (usize, u8);

/// Applies the changes, which are in the order of their places, to the body. `false`: not all of them could be.
pub fn overwrite(coding: TransferEncoding, body: &mut [u8], changes: &[Change]) -> bool {
    match coding {
        TransferEncoding::Identity => identity(body, changes),
        TransferEncoding::QuotedPrintable => quoted_printable(body, changes),
        TransferEncoding::Base64 => base64(body, changes),
        TransferEncoding::Unknown => changes.is_empty(),
    }
}

fn identity(body: &mut [u8], changes: &[Change]) -> bool {
    changes
        .iter()
        .all(|&(at, octet)| body.get_mut(at).map(|place| *place = octet).is_some())
}

/// Counts octets as [`super::encode::qp_decode`] makes them.
fn quoted_printable(body: &mut [u8], changes: &[Change]) -> bool {
    let mut changes = changes.iter().peekable();
    let (mut decoded, mut start) = (0, 0);
    while start < body.len() && changes.peek().is_some() {
        let end = super::header::line_end(body, start);
        let bare = without_line_end(&body[start..end]).len();
        let trimmed = body[start..start + bare]
            .iter()
            .rposition(|b| !matches!(b, b' ' | b'\t'))
            .map_or(0, |n| n + 1);
        let soft = trimmed > 0 && body[start + trimmed - 1] == b'=';
        let mut at = start;
        while at < start + trimmed - usize::from(soft) {
            let escaped = body[at] == b'=' && at + 3 <= start + trimmed - usize::from(soft) && hex(&body[at + 1..at + 3]).is_some();
            if let Some((_, octet)) = changes.next_if(|(place, _)| *place == decoded) {
                match escaped {
                    true => body[at + 1..at + 3].copy_from_slice(format!("{octet:02X}").as_bytes()),
                    false => body[at] = *octet,
                }
            }
            at += if escaped { 3 } else { 1 };
            decoded += 1;
        }
        // A line end can be nothing else: it is counted, not changed.
        decoded += if soft { 0 } else { end - start - bare };
        start = end;
    }
    changes.peek().is_none()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Counts octets as [`super::encode::base64_decode`] makes them.
fn base64(body: &mut [u8], changes: &[Change]) -> bool {
    let mut changes = changes.iter().peekable();
    // The digit before, and how many of its lowest bits belong to the octet that begins there.
    let mut before: Option<(usize, u32)> = None;
    let mut decoded = 0;
    for at in 0..body.len() {
        if changes.peek().is_none() {
            return true;
        }
        if body[at] == b'=' {
            before = None;
            continue;
        }
        if digit(body[at]).is_none() {
            continue;
        }
        let Some((first, bits)) = before.replace((at, 6)) else { continue };
        let rest = 8 - bits;
        // Four digits hold three octets: 6 + 2, 4 + 4, 2 + 6 bits; after the last of them nothing is left over.
        before = (rest < 6).then_some((at, 6 - rest));
        if let Some(&(_, octet)) = changes.next_if(|(place, _)| *place == decoded) {
            put(&mut body[first], bits, 0, u32::from(octet) >> rest);
            put(&mut body[at], rest, 6 - rest, u32::from(octet) & ((1 << rest) - 1));
        }
        decoded += 1;
    }
    changes.peek().is_none()
}

/// Sets `bits` bits of a digit, `shift` bits above its lowest.
fn put(place: &mut u8, bits: u32, shift: u32, value: u32) {
    let Some(old) = digit(*place) else { return };
    let mask = ((1 << bits) - 1) << shift;
    let new = (u32::from(old) & !mask) | (value << shift);
    *place = ALPHABET[(new & 63) as usize];
}

fn digit(octet: u8) -> Option<u8> {
    Some(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::encode::{base64_decode, base64_lines, qp_decode, qp_encode};
    use proptest::prelude::*;

    /// What the body decodes to afterwards is what it decoded to, with the changes.
    fn holds(coding: TransferEncoding, body: &[u8], decode: fn(&[u8]) -> Vec<u8>, places: &[usize]) {
        let mut expected = decode(body);
        let mut changes: Vec<Change> = places
            .iter()
            .filter(|_| !expected.is_empty())
            .map(|n| (n % expected.len(), b'('))
            .filter(|(at, _)| !matches!(expected[*at], b'\r' | b'\n'))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        let mut changed = body.to_vec();
        assert!(overwrite(coding, &mut changed, &changes));
        for (at, octet) in changes {
            expected[at] = octet;
        }
        assert_eq!(decode(&changed), expected, "{:?}", String::from_utf8_lossy(body));
        let lines = |b: &[u8]| b.split(|b| *b == b'\n').map(<[u8]>::len).collect::<Vec<_>>();
        assert_eq!(lines(&changed), lines(body));
    }

    #[test]
    fn bodies_as_they_are_met() {
        for body in ["caf=C3=A9 = x=\r\ny =  \r\nz  \r\n=zz==41", "=5BSouspli=5D=\n x", "", "=", "= \r\n"] {
            for place in 0..20 {
                holds(TransferEncoding::QuotedPrintable, body.as_bytes(), qp_decode, &[place]);
            }
        }
        for body in ["Qm9u\r\nam91cg==\r\n", "Qm9u!!am91cg==", "Qm9uag==b3Vy", "Qm9uam91cg", "="] {
            for place in 0..10 {
                holds(TransferEncoding::Base64, body.as_bytes(), base64_decode, &[place, place + 1]);
            }
        }
    }

    proptest! {
        #[test]
        fn quoted_printable_and_base64(octets: Vec<u8>, places: Vec<usize>) {
            holds(TransferEncoding::QuotedPrintable, &qp_encode(&octets), qp_decode, &places);
            holds(TransferEncoding::Base64, &base64_lines(&octets), base64_decode, &places);
        }

        #[test]
        fn anything(body in "[=A-Fa-f0-9 \r\n!+/_-]{0,60}", places: Vec<usize>) {
            holds(TransferEncoding::QuotedPrintable, body.as_bytes(), qp_decode, &places);
            holds(TransferEncoding::Base64, body.as_bytes(), base64_decode, &places);
        }
    }
}
