//! The ciphers of what leaves, over octets that come in pieces.

use crate::pki::der;
use crate::smime::encrypt::{EncryptError, Material};
use crate::smime::flow::{CHUNK, Piece, Pieces};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey};
use bytes::Bytes;
use std::borrow::Cow;

const AES_BLOCK: usize = 16;

/// Octets of so many in AES-CBC: one of padding at least (RFC 5652 §6.3).
pub fn cbc_len(octets: usize) -> usize {
    (octets / AES_BLOCK + 1) * AES_BLOCK
}

/// AES-256-CBC of octets that come in pieces.
pub struct Cbc<'a> {
    pieces: Pieces<'a>,
    /// Absent once the padding is written.
    key: Option<Result<StreamingEncryptingKey, EncryptError>>,
}

impl<'a> Cbc<'a> {
    /// Of these octets.
    pub fn new(pieces: Pieces<'a>, material: &Material) -> Self {
        let context = EncryptionContext::Iv128(material.iv.into());
        let key = UnboundCipherKey::new(&AES_256, material.key.expose())
            .and_then(|key| StreamingEncryptingKey::less_safe_cbc_pkcs7(key, context));
        Self {
            pieces,
            key: Some(key.map_err(|_| EncryptError::Failed)),
        }
    }
}

impl<'a> Iterator for Cbc<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        match (self.pieces.next(), &mut self.key) {
            (Some(Ok(octets)), Some(Ok(key))) => Some(encrypted(key, &octets)),
            (Some(_), _) => Some(Err(EncryptError::Failed)),
            (None, _) => self.key.take().map(padding),
        }
    }
}

fn encrypted<'a>(key: &mut StreamingEncryptingKey, octets: &[u8]) -> Piece<'a> {
    let mut out = vec![0; octets.len() + AES_BLOCK];
    let written = key.update(octets, &mut out).map_err(|_| EncryptError::Failed)?.written().len();
    out.truncate(written);
    Ok(Cow::Owned(out))
}

fn padding<'a>(key: Result<StreamingEncryptingKey, EncryptError>) -> Piece<'a> {
    let mut out = vec![0; AES_BLOCK];
    let (_, last) = key?.finish(&mut out).map_err(|_| EncryptError::Failed)?;
    let written = last.written().len();
    out.truncate(written);
    Ok(Cow::Owned(out))
}

/// Octets of a nonce (RFC 5084 §3.2).
pub const GCM_NONCE: usize = 12;
/// Octets of a tag.
pub const GCM_TAG: usize = 16;

/// Octets of so many in AES-GCM, and the OCTET STRING of the tag.
pub fn gcm_len(octets: usize) -> usize {
    octets + der::head_len(GCM_TAG) + GCM_TAG
}

/// AES-256-GCM and the OCTET STRING of its tag (RFC 5083 §2.1). The primitive wants all octets in one place: they are
/// gathered when the first is asked for.
pub struct Gcm<'a> {
    plain: Option<(Pieces<'a>, &'a Material)>,
    sealed: Bytes,
}

impl<'a> Gcm<'a> {
    /// Of these octets.
    pub fn new(pieces: Pieces<'a>, material: &'a Material) -> Self {
        Self {
            plain: Some((pieces, material)),
            sealed: Bytes::new(),
        }
    }
}

impl<'a> Iterator for Gcm<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some((pieces, material)) = self.plain.take() {
            match authenticated(pieces, material) {
                Ok(sealed) => self.sealed = sealed.into(),
                Err(error) => return Some(Err(error)),
            }
        }
        let chunk = self.sealed.split_to(self.sealed.len().min(CHUNK));
        (!chunk.is_empty()).then(|| Ok(Cow::Owned(chunk.to_vec())))
    }
}

fn authenticated(pieces: Pieces<'_>, material: &Material) -> Result<Vec<u8>, EncryptError> {
    let mut sealed = Vec::new();
    for piece in pieces {
        sealed.extend_from_slice(&piece?);
    }
    let key = UnboundKey::new(&AES_256_GCM, material.key.expose()).map_err(|_| EncryptError::Failed)?;
    let nonce = Nonce::try_assume_unique_for_key(&material.iv[..GCM_NONCE]).map_err(|_| EncryptError::Failed)?;
    let mac = LessSafeKey::new(key)
        .seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed)
        .map_err(|_| EncryptError::Failed)?;
    sealed.extend_from_slice(&der::octets(mac.as_ref()));
    Ok(sealed)
}
