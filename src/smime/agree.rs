//! From an agreed secret to a content key: X9.63 KDF and HKDF, ECC-CMS-SharedInfo (RFC 5753 §7.2), AES key wrap (RFC 3394).

use crate::base::Secret;
use crate::pki::algorithm::Digest;
use crate::pki::ber::tag;
use crate::pki::der;
use crate::pki::oid::{self, Oid};
use crate::smime::old_wrap;
use crate::smime::port::Derivation;
use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::hkdf;

/// Key wrap algorithms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyWrap {
    /// id-aes128-wrap.
    Aes128,
    /// id-aes192-wrap.
    Aes192,
    /// id-aes256-wrap.
    Aes256,
    /// Obsolete, read only.
    TripleDes,
}

impl KeyWrap {
    /// From its identifier.
    pub fn from_oid(id: Oid) -> Option<Self> {
        match id {
            oid::AES128_WRAP => Some(Self::Aes128),
            oid::AES192_WRAP => Some(Self::Aes192),
            oid::AES256_WRAP => Some(Self::Aes256),
            oid::TRIPLE_DES_WRAP => Some(Self::TripleDes),
            _ => None,
        }
    }

    /// Octets of the key-encryption key.
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
        }
    }

    fn key(self, kek: &[u8]) -> Option<UnboundCipherKey> {
        let algorithm = match self {
            Self::Aes128 => &AES_128,
            Self::Aes192 => &AES_192,
            Self::Aes256 => &AES_256,
            Self::TripleDes => return None,
        };
        UnboundCipherKey::new(algorithm, kek).ok()
    }
}

/// ECC-CMS-SharedInfo in DER. `wrap` is the AlgorithmIdentifier of the key wrap as it stands in the message.
pub fn shared_info(wrap: &[u8], ukm: Option<&[u8]>, key_len: usize) -> Vec<u8> {
    let bits = u32::try_from(key_len * 8).unwrap_or_default().to_be_bytes();
    let entity = ukm.map(|u| der::tlv(tag::context(0), &[&der::octets(u)])).unwrap_or_default();
    der::sequence(&[wrap, &entity, &der::tlv(tag::context(2), &[&der::octets(&bits)])])
}

/// The key-encryption key.
pub fn derive(derivation: Derivation, agreed: &[u8], info: &[u8], length: usize) -> Option<Secret> {
    match derivation {
        Derivation::X963(digest) => Some(x963(digest, agreed, info, length)),
        Derivation::Hkdf(digest) => hkdf_of(digest, agreed, info, length),
    }
}

/// SEC 1 §3.6.1: hashes of secret, counter, info, one after the other.
fn x963(digest: Digest, agreed: &[u8], info: &[u8], length: usize) -> Secret {
    let mut out = Vec::new();
    let mut counter = 1_u32;
    while out.len() < length {
        out.extend_from_slice(&digest.of(&[agreed, &counter.to_be_bytes(), info]));
        counter += 1;
    }
    out.truncate(length);
    Secret::new(out)
}

fn hkdf_of(digest: Digest, agreed: &[u8], info: &[u8], length: usize) -> Option<Secret> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let algorithm = match digest {
        Digest::Sha256 => hkdf::HKDF_SHA256,
        Digest::Sha384 => hkdf::HKDF_SHA384,
        Digest::Sha512 => hkdf::HKDF_SHA512,
        Digest::Sha1 | Digest::Sha224 => return None,
    };
    let mut out = vec![0; length];
    let extracted = hkdf::Salt::new(algorithm, &[]).extract(agreed);
    extracted.expand(&[info], Length(length)).and_then(|okm| okm.fill(&mut out)).ok()?;
    Some(Secret::new(out))
}

const INITIAL_VALUE: [u8; 8] = [0xa6; 8];

/// RFC 3394 §2.2.1.
pub fn wrap(wrap: KeyWrap, kek: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    if !key.len().is_multiple_of(8) || key.len() < 16 {
        return None;
    }
    let cipher = EncryptingKey::ecb(wrap.key(kek)?).ok()?;
    let n = key.len() / 8;
    let mut out = [&INITIAL_VALUE[..], key].concat();
    for step in 1..=6 * n as u64 {
        let at = 8 * (((step - 1) as usize % n) + 1);
        let mut block = [0; 16];
        block[..8].copy_from_slice(&out[..8]);
        block[8..].copy_from_slice(&out[at..at + 8]);
        cipher.encrypt(&mut block).ok()?;
        mix(&mut block, step);
        out[..8].copy_from_slice(&block[..8]);
        out[at..at + 8].copy_from_slice(&block[8..]);
    }
    Some(out)
}

/// RFC 3394 §2.2.2, RFC 3217 §3.2; `None` when the check value is not there.
pub fn unwrap(wrap: KeyWrap, kek: &[u8], wrapped: &[u8]) -> Option<Secret> {
    if wrap == KeyWrap::TripleDes {
        return old_wrap::unwrap(kek, wrapped);
    }
    if !wrapped.len().is_multiple_of(8) || !(24..=264).contains(&wrapped.len()) {
        return None;
    }
    let cipher = DecryptingKey::ecb(wrap.key(kek)?).ok()?;
    let n = wrapped.len() / 8 - 1;
    let mut out = zeroize::Zeroizing::new(wrapped.to_vec());
    for step in (1..=6 * n as u64).rev() {
        let at = 8 * (((step - 1) as usize % n) + 1);
        let mut block = zeroize::Zeroizing::new([0; 16]);
        block[..8].copy_from_slice(&out[..8]);
        block[8..].copy_from_slice(&out[at..at + 8]);
        mix(&mut block, step);
        cipher.decrypt(&mut block[..], DecryptionContext::None).ok()?;
        out[..8].copy_from_slice(&block[..8]);
        out[at..at + 8].copy_from_slice(&block[8..]);
    }
    let intact = aws_lc_rs::constant_time::verify_slices_are_equal(&out[..8], &INITIAL_VALUE).is_ok();
    intact.then(|| Secret::new(out[8..].to_vec()))
}

fn mix(block: &mut [u8; 16], step: u64) {
    for (octet, s) in block.iter_mut().zip(step.to_be_bytes()) {
        *octet ^= s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    /// RFC 3394 §4.1, §4.2, §4.6.
    #[test]
    fn the_vectors_of_the_rfc() {
        let kek = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
        let key = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
        for (kind, key, wrapped) in [
            (KeyWrap::Aes128, &key[..16], "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"),
            (KeyWrap::Aes192, &key[..16], "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D"),
            (
                KeyWrap::Aes256,
                &key[..],
                "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
            ),
        ] {
            let kek = &kek[..kind.key_len()];
            let mut wrapped = hex(wrapped);
            assert_eq!(wrap(kind, kek, key).unwrap(), wrapped);
            assert_eq!(unwrap(kind, kek, &wrapped).unwrap().expose(), key);
            wrapped[3] ^= 1;
            assert!(unwrap(kind, kek, &wrapped).is_none());
        }
    }
}
