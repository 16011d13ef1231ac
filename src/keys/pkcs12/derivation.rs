//! Keys from a password as PKCS#12 has them of old (RFC 7292 §B); its MAC still is made by one.

use crate::pki::algorithm::Digest;
use zeroize::Zeroizing;

/// A password as it goes into the derivation: BMPString with its end (RFC 7292 §B.1).
pub(super) fn bmp(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bmp = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
    bmp.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    bmp.extend_from_slice(&[0, 0]);
    bmp
}

/// Diversifiers of RFC 7292 §B.3.
pub(super) const CIPHER_KEY: u8 = 1;
pub(super) const CIPHER_IV: u8 = 2;
pub(super) const MAC_KEY: u8 = 3;

/// The derivation of RFC 7292 §B.2.
pub(super) fn derive(digest: Digest, id: u8, password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Zeroizing<Vec<u8>> {
    let block = digest.lc().block_len();
    let diversifier = vec![id; block];
    let mut input = Zeroizing::new([filled(salt, block), filled(password, block)].concat());
    let mut out = Zeroizing::new(Vec::new());
    while out.len() < length {
        let mut hash = digest.of(&[&diversifier, &input]);
        for _ in 1..rounds {
            hash = digest.of(&[&hash]);
        }
        out.extend_from_slice(&hash);
        let addend: Vec<u8> = hash.iter().copied().cycle().take(block).collect();
        input.chunks_mut(block).for_each(|chunk| add_one_more(chunk, &addend));
    }
    out.truncate(length);
    out
}

/// `bytes` repeated to a multiple of `block`; nothing stays nothing.
fn filled(bytes: &[u8], block: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(bytes.len().div_ceil(block) * block).collect()
}

/// chunk = chunk + addend + 1, as big-endian numbers.
fn add_one_more(chunk: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (octet, a) in chunk.iter_mut().zip(addend).rev() {
        carry += u16::from(*octet) + u16::from(*a);
        *octet = carry as u8;
        carry >>= 8;
    }
}
