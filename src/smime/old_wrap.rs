//! Triple DES key wrap (RFC 3217 §3), which OpenSSL chose for keys on curves where a message was encrypted with Triple DES. It is
//! read only: own keys open their old mail.

// Triple DES is marked deprecated by aws-lc-rs.
#![allow(deprecated)]

use crate::base::Secret;
use crate::pki::algorithm::Digest;
use aws_lc_rs::cipher::{DES_EDE3_FOR_LEGACY_USE_ONLY, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

/// Octets of a Triple DES key.
const KEY: usize = 24;
/// Octets of an initialisation vector, of the key and its checksum, wrapped.
const WRAPPED: usize = 8 + KEY + 8;
/// The vector of the outer layer.
const INITIAL_VALUE: [u8; 8] = [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];

/// The Triple DES key that was wrapped; `None` when its checksum does not fit.
pub fn unwrap(kek: &[u8], wrapped: &[u8]) -> Option<Secret> {
    if wrapped.len() != WRAPPED {
        return None;
    }
    let mut octets = Zeroizing::new(wrapped.to_vec());
    decrypt(kek, INITIAL_VALUE, &mut octets)?;
    octets.reverse();
    let (vector, inner) = octets.split_at_mut(8);
    decrypt(kek, <[u8; 8]>::try_from(&*vector).ok()?, inner)?;
    let (key, checksum) = inner.split_at(KEY);
    verify_slices_are_equal(&Digest::Sha1.of(&[key])[..8], checksum).ok()?;
    Some(Secret::new(key.to_vec()))
}

/// CBC where it stands, without padding.
fn decrypt(kek: &[u8], vector: [u8; 8], octets: &mut [u8]) -> Option<()> {
    let key = UnboundCipherKey::new(&DES_EDE3_FOR_LEGACY_USE_ONLY, kek).ok()?;
    let key = DecryptingKey::cbc(key).ok()?;
    key.decrypt(octets, DecryptionContext::Iv64(vector.into())).ok().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// RFC 3217's own.
    #[test]
    fn the_example_of_the_rfc() {
        let key = hex("2923 bf85 e06d d6ae 5291 49f1 f1ba e9ea b3a7 da3d 860d 3e98");
        let kek = hex("255e 0d1c 07b6 46df b313 4cc8 43ba 8aa7 1f02 5b7c 0838 251f");
        let mut wrapped = hex("6901 0761 8ef0 92b3 b48c a179 6b23 4ae9 fa33 ebb4 1596 0403 7db5 d6a8 4eb3 aac2 768c 6327 75a4 67d4");
        assert_eq!(unwrap(&kek, &wrapped).unwrap().expose(), key);
        wrapped[9] ^= 1;
        assert!(unwrap(&kek, &wrapped).is_none());
        assert!(unwrap(&kek, &wrapped[..32]).is_none());
    }
}
