//! A writer of DER (X.690 §10): definite, shortest lengths.

use crate::pki::ber::tag;
use crate::pki::oid::Oid;

/// One value from its identifier octet and the parts of its content.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|p| p.len()).sum();
    let mut out = Vec::with_capacity(length + 8);
    head(&mut out, tag, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// Identifier and length octets of a value of `length` octets.
pub fn head(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let skip = bytes.iter().take_while(|b| **b == 0).count();
            out.push(0x80 | (bytes.len() - skip) as u8);
            out.extend_from_slice(&bytes[skip..]);
        }
    }
}

/// How many octets [`head`] writes.
pub fn head_len(length: usize) -> usize {
    if length < 0x80 {
        2
    } else {
        2 + (usize::BITS as usize - length.leading_zeros() as usize).div_ceil(8)
    }
}

/// SEQUENCE of values already written.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, parts)
}

/// SET OF values already written, in the order of DER (X.690 §11.6).
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    tlv(tag::SET, &sorted)
}

/// OBJECT IDENTIFIER.
pub fn oid(oid: Oid) -> Vec<u8> {
    tlv(tag::OID, &[oid.as_bytes()])
}

/// INTEGER of one octet below 128.
pub fn small(n: u8) -> Vec<u8> {
    tlv(tag::INTEGER, &[&[n & 0x7f]])
}

/// INTEGER of octets without a sign, the most significant first.
pub fn unsigned(octets: &[u8]) -> Vec<u8> {
    let first = octets.iter().position(|o| *o != 0).unwrap_or(octets.len().saturating_sub(1));
    let octets = octets.get(first..).unwrap_or_default();
    match octets.first() {
        Some(o) if *o < 0x80 => tlv(tag::INTEGER, &[octets]),
        _ => tlv(tag::INTEGER, &[&[0], octets]),
    }
}

/// OCTET STRING.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, &[bytes])
}

/// BIT STRING of whole octets.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(tag::BIT_STRING, &[&[0], bytes])
}

/// NULL.
pub fn null() -> Vec<u8> {
    vec![tag::NULL, 0]
}

/// AlgorithmIdentifier; the parameters already written, empty for absent ones.
pub fn algorithm(algorithm: Oid, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&oid(algorithm), parameters])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_the_shortest() {
        for (length, expected) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (256, &[4, 0x82, 1, 0]),
            (65536, &[4, 0x83, 1, 0, 0]),
        ] {
            let mut out = Vec::new();
            head(&mut out, 4, length);
            assert_eq!(out, expected);
            assert_eq!(head_len(length), expected.len());
        }
    }

    #[test]
    fn numbers_are_the_shortest_and_positive() {
        for (n, octets) in [(0_u32, &[2, 1, 0][..]), (128, &[2, 2, 0, 128]), (600_000, &[2, 3, 9, 0x27, 0xc0])] {
            assert_eq!(unsigned(&n.to_be_bytes()), octets);
        }
    }

    #[test]
    fn a_set_is_sorted() {
        assert_eq!(set(&[vec![4, 1, 9], vec![2, 1, 9]]), [0x31, 6, 2, 1, 9, 4, 1, 9]);
    }
}
