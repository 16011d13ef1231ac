//! Content ciphers of EnvelopedData and AuthEnvelopedData. Only AES-256 is written; the rest is read.

// Triple DES is marked deprecated by aws-lc-rs: it is used for reading old mail only.
#![allow(deprecated)]

use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{BerError, tag};
use crate::pki::oid;
use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DES_EDE3_FOR_LEGACY_USE_ONLY, DecryptionContext, PaddedBlockDecryptingKey, StreamingDecryptingKey,
    UnboundCipherKey,
};
use cipher::{Block, BlockCipherDecrypt};
use rc2::Rc2;

/// A content-encryption algorithm with its parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContentCipher {
    /// Which.
    pub kind: CipherKind,
    /// Initialisation vector or nonce.
    pub iv: Vec<u8>,
}

/// Content-encryption algorithms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CipherKind {
    /// AES-CBC (RFC 3565) with a key of so many octets.
    AesCbc(usize),
    /// AES-GCM (RFC 5084) with a key of so many octets.
    AesGcm(usize),
    /// Obsolete.
    TripleDesCbc,
    /// Obsolete; effective key bits (RFC 2268 §6).
    Rc2Cbc(usize),
}

impl ContentCipher {
    /// From a contentEncryptionAlgorithm; `None`: not known here.
    pub fn read(algorithm: &AlgorithmId<'_>) -> Result<Option<Self>, BerError> {
        let kind = match algorithm.oid {
            oid::AES128_CBC => CipherKind::AesCbc(16),
            oid::AES192_CBC => CipherKind::AesCbc(24),
            oid::AES256_CBC => CipherKind::AesCbc(32),
            oid::AES128_GCM => CipherKind::AesGcm(16),
            oid::AES192_GCM => CipherKind::AesGcm(24),
            oid::AES256_GCM => CipherKind::AesGcm(32),
            oid::DES_EDE3_CBC => CipherKind::TripleDesCbc,
            oid::RC2_CBC => return rc2_parameters(algorithm),
            _ => return Ok(None),
        };
        let parameters = algorithm.parameters.ok_or(BerError::Malformed)?;
        let iv = match kind {
            CipherKind::AesGcm(_) => parameters.inside().expect(tag::OCTET_STRING)?.octets()?.into_owned(),
            _ => parameters.octets()?.into_owned(),
        };
        Ok(Some(Self { kind, iv }))
    }

    /// As shown: `AES-256-CBC`.
    pub fn name(&self) -> String {
        match self.kind {
            CipherKind::AesCbc(octets) => format!("AES-{}-CBC", octets * 8),
            CipherKind::AesGcm(octets) => format!("AES-{}-GCM", octets * 8),
            CipherKind::TripleDesCbc => "3DES".to_owned(),
            CipherKind::Rc2Cbc(bits) => format!("RC2-{bits}"),
        }
    }

    /// Not to be relied upon.
    pub fn is_obsolete(&self) -> bool {
        matches!(self.kind, CipherKind::TripleDesCbc | CipherKind::Rc2Cbc(_))
    }

    /// Octets of its key; `None`: RC2, whose effective bits say nothing of the length (RFC 2268 §2).
    pub fn key_len(&self) -> Option<usize> {
        match self.kind {
            CipherKind::AesCbc(octets) | CipherKind::AesGcm(octets) => Some(octets),
            CipherKind::TripleDesCbc => Some(24),
            CipherKind::Rc2Cbc(_) => None,
        }
    }

    /// Decrypts CBC where it stands: the first octets are the clear ones; how many. `None` says nothing about why, and what
    /// stands there then is of no use.
    pub fn decrypt_cbc_in_place(&self, key: &[u8], octets: &mut [u8]) -> Option<usize> {
        let algorithm = match self.kind {
            CipherKind::AesCbc(16) => &AES_128,
            CipherKind::AesCbc(24) => &AES_192,
            CipherKind::AesCbc(_) => &AES_256,
            CipherKind::TripleDesCbc | CipherKind::Rc2Cbc(_) => {
                let plain = self.decrypt_cbc(key, octets)?;
                octets.get_mut(..plain.len())?.copy_from_slice(&plain);
                return Some(plain.len());
            }
            CipherKind::AesGcm(_) => return None,
        };
        let context = DecryptionContext::Iv128(<[u8; 16]>::try_from(self.iv.as_slice()).ok()?.into());
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
        Some(key.decrypt(octets, context).ok()?.len())
    }

    /// Decrypts CBC. `None` says nothing about why.
    pub fn decrypt_cbc(&self, key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
        match self.kind {
            CipherKind::AesCbc(_) => {
                let mut octets = ciphertext.to_vec();
                let length = self.decrypt_cbc_in_place(key, &mut octets)?;
                octets.truncate(length);
                Some(octets)
            }
            CipherKind::TripleDesCbc => triple_des_cbc(key, &self.iv, ciphertext),
            CipherKind::Rc2Cbc(bits) => rc2_cbc(key, bits, &self.iv, ciphertext),
            CipherKind::AesGcm(_) => None,
        }
    }

    /// Decrypts GCM where it stands. `None`: the tag does not fit, and what stands there is not to be used.
    pub fn decrypt_gcm_in_place(&self, key: &[u8], aad: &[u8], octets: &mut [u8], mac: &[u8]) -> Option<usize> {
        let algorithm = match self.kind {
            CipherKind::AesGcm(16) => &aead::AES_128_GCM,
            CipherKind::AesGcm(24) => &aead::AES_192_GCM,
            CipherKind::AesGcm(_) => &aead::AES_256_GCM,
            _ => return None,
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
        let nonce = Nonce::try_assume_unique_for_key(&self.iv).ok()?;
        let plain = key.open_in_place_separate_tag(nonce, Aad::from(aad), mac, octets).ok()?;
        Some(plain.len())
    }
}

/// Triple DES in CBC with PKCS#7 padding.
fn triple_des_cbc(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let context = DecryptionContext::Iv64(<[u8; 8]>::try_from(iv).ok()?.into());
    let key = UnboundCipherKey::new(&DES_EDE3_FOR_LEGACY_USE_ONLY, key).ok()?;
    let mut stream = StreamingDecryptingKey::cbc_pkcs7(key, context).ok()?;
    let mut out = vec![0; ciphertext.len() + 16];
    let mut written = 0;
    // The primitive counts in 32 bits.
    for chunk in ciphertext.chunks(CHUNK) {
        written += stream.update(chunk, &mut out[written..]).ok()?.written().len();
    }
    written += stream.finish(&mut out[written..]).ok()?.written().len();
    out.truncate(written);
    Some(out)
}

/// Octets handed to the primitive at once.
const CHUNK: usize = 64 * 1024;

/// RC2-CBCParameter (RFC 3370 §5.2).
fn rc2_parameters(algorithm: &AlgorithmId<'_>) -> Result<Option<ContentCipher>, BerError> {
    let parameters = algorithm.parameters.ok_or(BerError::Malformed)?;
    if parameters.tag == tag::OCTET_STRING {
        return Ok(Some(ContentCipher {
            kind: CipherKind::Rc2Cbc(32),
            iv: parameters.octets()?.into_owned(),
        }));
    }
    let mut inside = parameters.inside();
    let bits = match inside.expect(tag::INTEGER)?.small()? {
        160 => 40,
        120 => 64,
        58 => 128,
        n @ 256..=1024 => n as usize,
        _ => return Ok(None),
    };
    Ok(Some(ContentCipher {
        kind: CipherKind::Rc2Cbc(bits),
        iv: inside.expect(tag::OCTET_STRING)?.octets()?.into_owned(),
    }))
}

/// RC2 in CBC with PKCS#7 padding.
pub fn rc2_cbc(key: &[u8], bits: usize, iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let mut previous = <[u8; 8]>::try_from(iv).ok()?;
    if key.is_empty() || key.len() > 128 || bits == 0 || bits > 1024 || ciphertext.is_empty() || !ciphertext.len().is_multiple_of(8) {
        return None;
    }
    let rc2 = Rc2::new_with_eff_key_len(key, bits);
    let mut out = Vec::with_capacity(ciphertext.len());
    for chunk in ciphertext.chunks_exact(8) {
        let sealed = <[u8; 8]>::try_from(chunk).ok()?;
        let mut block = Block::<Rc2>::from(sealed);
        rc2.decrypt_block(&mut block);
        out.extend(block.iter().zip(previous).map(|(b, p)| b ^ p));
        previous = sealed;
    }
    let padding = usize::from(*out.last()?);
    let kept = out.len().checked_sub(padding)?;
    let right = (1..=8).contains(&padding) && out[kept..].iter().all(|b| usize::from(*b) == padding);
    out.truncate(kept);
    right.then_some(out)
}
