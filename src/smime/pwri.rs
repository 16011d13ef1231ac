//! PasswordRecipientInfo (RFC 5652 §6.2.4): a content key under a passphrase, by PBKDF2 (RFC 8018 §5.2) and PWRI-KEK (RFC 3211
//! §2.3). Written as OpenSSL reads it.

use crate::base::Secret;
use crate::base::limits::{HELD_ITERATIONS_MIN, PKCS12_ITERATIONS, PKCS12_ITERATIONS_MAX};
use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{BerError, Value, tag};
use crate::pki::{der, oid};
use crate::smime::cipher::{CipherKind, ContentCipher};
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::pbkdf2;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// `[3] IMPLICIT` among RecipientInfos.
pub const TAG: u8 = tag::context(3);
const BLOCK: usize = 16;
/// Length and check octets in front of the key.
const HEAD: usize = 4;

/// Fresh random values for one passphrase.
#[derive(Debug)]
pub struct Fresh {
    /// Of PBKDF2.
    pub salt: [u8; 16],
    /// Of the key wrap.
    pub iv: [u8; BLOCK],
    /// What fills its last block.
    pub padding: [u8; 2 * BLOCK],
}

/// A content key as it came, under a passphrase.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ByPassphrase {
    /// The whole RecipientInfo: another file with the same content key may have it too.
    pub raw: Vec<u8>,
    salt: Vec<u8>,
    rounds: NonZeroU32,
    iv: [u8; BLOCK],
    octets: Vec<u8>,
}

/// The RecipientInfo of a passphrase; `None`: the key has no length that can be wrapped.
pub fn write(passphrase: &Secret, content_key: &Secret, fresh: &Fresh) -> Option<Vec<u8>> {
    let rounds = NonZeroU32::new(PKCS12_ITERATIONS)?;
    let kek = derived(passphrase, &fresh.salt, rounds);
    let octets = wrap(&kek, &fresh.iv, content_key.expose(), &fresh.padding)?;
    let prf = der::algorithm(oid::HMAC_SHA256, &der::null());
    let parameters = der::sequence(&[&der::octets(&fresh.salt), &der::unsigned(&PKCS12_ITERATIONS.to_be_bytes()), &prf]);
    // `[0] IMPLICIT` in place of the SEQUENCE.
    let derivation = der::tlv(tag::context(0), &[&der::oid(oid::PBKDF2), &parameters]);
    let cipher = der::algorithm(oid::AES256_CBC, &der::octets(&fresh.iv));
    let info = [
        &der::small(0)[..],
        &derivation,
        &der::algorithm(oid::PWRI_KEK, &cipher),
        &der::octets(&octets),
    ];
    Some(der::tlv(TAG, &info))
}

impl ByPassphrase {
    /// Reads one; `None`: by other means than are written here, or with a number of rounds that nobody means.
    pub fn read(info: Value<'_>) -> Result<Option<Self>, BerError> {
        let mut inside = info.inside();
        inside.expect(tag::INTEGER)?;
        let Some(derivation) = inside.optional(tag::context(0))? else {
            return Ok(None);
        };
        let wrapping = AlgorithmId::read(&mut inside)?;
        let octets = inside.expect(tag::OCTET_STRING)?.octets()?.into_owned();
        let mut derivation = derivation.inside();
        if derivation.oid()? != oid::PBKDF2 || wrapping.oid != oid::PWRI_KEK {
            return Ok(None);
        }
        let parts = pbkdf2_parameters(derivation.expect(tag::SEQUENCE)?)?.zip(iv(&wrapping)?);
        Ok(parts.map(|((salt, rounds), iv)| Self {
            raw: info.raw.to_vec(),
            salt,
            rounds,
            iv,
            octets,
        }))
    }

    /// The content key; `None`: the passphrase is another. One in 2^24 wrong ones gives some key: the cipher's tag tells.
    pub fn unwrap(&self, passphrase: &Secret) -> Option<Secret> {
        unwrap(&derived(passphrase, &self.salt, self.rounds), &self.iv, &self.octets)
    }
}

/// PBKDF2-params (RFC 8018 §A.2) with HMAC-SHA256.
fn pbkdf2_parameters(value: Value<'_>) -> Result<Option<(Vec<u8>, NonZeroU32)>, BerError> {
    let mut inside = value.inside();
    let salt = inside.expect(tag::OCTET_STRING)?.octets()?.into_owned();
    let rounds = inside.expect(tag::INTEGER)?.small()?;
    let length = inside.optional(tag::INTEGER)?.map(|n| n.small()).transpose()?;
    let prf = inside.optional(tag::SEQUENCE)?.map(AlgorithmId::from_value).transpose()?;
    let is_known = prf.is_some_and(|prf| prf.oid == oid::HMAC_SHA256) && length.is_none_or(|n| n == 32);
    let bounded = (HELD_ITERATIONS_MIN..=PKCS12_ITERATIONS_MAX).contains(&rounds);
    Ok(NonZeroU32::new(rounds).filter(|_| is_known && bounded).map(|rounds| (salt, rounds)))
}

/// The cipher of PWRI-KEK: AES-256-CBC only.
fn iv(wrapping: &AlgorithmId<'_>) -> Result<Option<[u8; BLOCK]>, BerError> {
    let Some(parameters) = wrapping.parameters else {
        return Ok(None);
    };
    let cipher = ContentCipher::read(&AlgorithmId::from_value(parameters)?)?;
    let cipher = cipher.filter(|cipher| cipher.kind == CipherKind::AesCbc(32));
    Ok(cipher.and_then(|cipher| cipher.iv.try_into().ok()))
}

fn derived(passphrase: &Secret, salt: &[u8], rounds: NonZeroU32) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase.expose(), &mut *key);
    key
}

/// RFC 3211 §2.3.1: length, three check octets, key, padding; encrypted twice, the second time with the last block of the first as
/// its vector.
fn wrap(kek: &[u8; 32], iv: &[u8; BLOCK], key: &[u8], padding: &[u8; 2 * BLOCK]) -> Option<Vec<u8>> {
    let length = u8::try_from(key.len()).ok().filter(|n| *n >= 3)?;
    let mut out = Zeroizing::new(vec![length, !key[0], !key[1], !key[2]]);
    out.extend_from_slice(key);
    let whole = out.len().next_multiple_of(BLOCK).max(2 * BLOCK);
    let missing = whole - out.len();
    out.extend_from_slice(padding.get(..missing)?);
    let cipher = EncryptingKey::ecb(UnboundCipherKey::new(&AES_256, kek).ok()?).ok()?;
    let mut previous = *iv;
    for _ in 0..2 {
        for block in out.chunks_exact_mut(BLOCK) {
            block.iter_mut().zip(previous).for_each(|(octet, p)| *octet ^= p);
            cipher.encrypt(block).ok()?;
            previous.copy_from_slice(block);
        }
    }
    Some(out.to_vec())
}

/// RFC 3211 §2.3.2.
fn unwrap(kek: &[u8; 32], iv: &[u8; BLOCK], wrapped: &[u8]) -> Option<Secret> {
    let fits = wrapped.len().is_multiple_of(BLOCK) && (2 * BLOCK..=WRAPPED_MAX).contains(&wrapped.len());
    if !fits {
        return None;
    }
    let mut out = Zeroizing::new(wrapped.to_vec());
    // The last block of the inner layer is the vector of the outer one: it is had first, by the block before it.
    let last = out.len() - BLOCK;
    let before: [u8; BLOCK] = out[last - BLOCK..last].try_into().ok()?;
    let mut outer: [u8; BLOCK] = out[last..].try_into().ok()?;
    decrypt(kek, &before, &mut outer)?;
    decrypt(kek, &outer, &mut out[..last])?;
    out[last..].copy_from_slice(&outer);
    decrypt(kek, iv, &mut out)?;
    let length = usize::from(out[0]);
    let key = out.get(HEAD..HEAD + length).filter(|key| key.len() >= 3)?;
    let is_right = out[1..HEAD].iter().zip(key).all(|(check, octet)| *check == !octet);
    is_right.then(|| Secret::new(key.to_vec()))
}

/// A key of 255 octets.
const WRAPPED_MAX: usize = 272;

/// AES-256-CBC without padding, where it stands.
fn decrypt(kek: &[u8; 32], iv: &[u8; BLOCK], octets: &mut [u8]) -> Option<()> {
    let cipher = DecryptingKey::ecb(UnboundCipherKey::new(&AES_256, kek).ok()?).ok()?;
    let mut previous = *iv;
    for block in octets.chunks_exact_mut(BLOCK) {
        let sealed: [u8; BLOCK] = (&*block).try_into().ok()?;
        cipher.decrypt(block, DecryptionContext::None).ok()?;
        block.iter_mut().zip(previous).for_each(|(octet, p)| *octet ^= p);
        previous = sealed;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Fresh {
        Fresh {
            salt: [7; 16],
            iv: [9; 16],
            padding: [3; 32],
        }
    }

    #[test]
    fn a_key_comes_back_by_its_passphrase_alone() {
        let (passphrase, key) = (Secret::from("quatre mots sans rapport"), Secret::new((1..=32).collect()));
        let raw = write(&passphrase, &key, &fresh()).unwrap();
        let read = ByPassphrase::read(Value::only(&raw).unwrap()).unwrap().unwrap();
        assert_eq!(read.raw, raw);
        assert_eq!(read.unwrap(&passphrase).unwrap().expose(), key.expose());
        assert!(read.unwrap(&Secret::from("quatre mots sans rapports")).is_none());
        for at in 0..read.octets.len() {
            let mut changed = read.clone();
            changed.octets[at] ^= 1;
            let found = changed.unwrap(&passphrase);
            assert!(found.is_none_or(|found| found.expose() != key.expose()), "octet {at}");
        }
        for end in 0..raw.len() {
            let whole = Value::only(&raw[..end])
                .ok()
                .and_then(|value| ByPassphrase::read(value).ok().flatten());
            assert!(whole.is_none(), "cut at {end}");
        }
    }

    #[test]
    fn keys_of_every_length_are_wrapped() {
        let kek = [1; 32];
        for length in [3, 12, 13, 16, 24, 28, 29, 32, 64, 255] {
            let key: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let wrapped = wrap(&kek, &[2; 16], &key, &[0; 32]).unwrap();
            assert_eq!(unwrap(&kek, &[2; 16], &wrapped).unwrap().expose(), key, "{length}");
            assert!(unwrap(&kek, &[2; 16], &wrapped[1..]).is_none());
        }
        assert!(wrap(&kek, &[2; 16], &[1, 2], &[0; 32]).is_none());
    }

    #[test]
    fn rounds_are_bounded_both_ways() {
        let rounds = |n: u32| {
            let prf = der::algorithm(oid::HMAC_SHA256, &der::null());
            let written = der::sequence(&[&der::octets(b"salt"), &der::unsigned(&n.to_be_bytes()), &prf]);
            pbkdf2_parameters(Value::only(&written).unwrap()).unwrap().is_some()
        };
        let asked = [
            1,
            HELD_ITERATIONS_MIN - 1,
            HELD_ITERATIONS_MIN,
            PKCS12_ITERATIONS_MAX,
            PKCS12_ITERATIONS_MAX + 1,
        ];
        assert_eq!(asked.map(rounds), [false, false, true, true, false]);
    }
}
