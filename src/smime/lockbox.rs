//! A small secret for several persons and a passphrase: AuthEnvelopedData (RFC 5083) with AES-256-GCM, the certificates of its
//! owner in OriginatorInfo (RFC 5652 §6.1), where they can be read without opening it. `openssl cms -decrypt` opens it.

use crate::base::Secret;
use crate::base::limits::{CMS_PART_MAX, HELD_FILE_MAX};
use crate::pki::ber::{Reader, Value, tag};
use crate::pki::{Certificate, bundle, der, oid};
use crate::smime::cipher::CipherKind;
use crate::smime::encipher::{GCM_NONCE, GCM_TAG};
use crate::smime::encrypt::{EncryptError, Material, Transport, infos_of};
use crate::smime::envelope::Envelope;
use crate::smime::opened::OpenError;
use crate::smime::port::WrappedKey;
use crate::smime::pwri::{self, ByPassphrase};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// What may open it.
#[derive(Clone, Copy, Debug)]
pub struct Holders<'a> {
    /// Whose it is: readable by everybody.
    pub owner: &'a [&'a Certificate],
    /// To whose keys it is encrypted.
    pub holders: &'a [&'a Certificate],
    /// The RecipientInfo of a passphrase ([`pwri::write`]), of the same content key.
    pub passphrase: Option<&'a [u8]>,
}

/// A file as it came, not opened.
#[derive(Debug)]
pub struct Lockbox {
    /// Those of its owner, as the file says. **Nobody has vouched for them.**
    pub owner: Vec<Certificate>,
    /// The content key for each holder.
    pub keys: Vec<WrappedKey>,
    /// The same under a passphrase.
    pub passphrase: Option<ByPassphrase>,
    envelope: Envelope,
    sealed: Vec<u8>,
}

/// Encrypts `content`; the material is for this file alone, but for a content key that it has in common with the one before.
pub fn lock(content: &Secret, for_whom: &Holders<'_>, material: &Material) -> Result<Vec<u8>, EncryptError> {
    let (mut infos, _) = infos_of(for_whom.holders, Transport::Pkcs1, material)?;
    infos.extend(for_whom.passphrase.map(<[u8]>::to_vec));
    let mut sealed = Zeroizing::new(Vec::with_capacity(content.expose().len() + GCM_TAG));
    sealed.extend_from_slice(content.expose());
    let key = UnboundKey::new(&AES_256_GCM, material.key.expose()).map_err(|_| EncryptError::Failed)?;
    let nonce = Nonce::try_assume_unique_for_key(&material.iv[..GCM_NONCE]).map_err(|_| EncryptError::Failed)?;
    let mac = LessSafeKey::new(key)
        .seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed)
        .map_err(|_| EncryptError::Failed)?;
    let parameters = der::sequence(&[&der::octets(&material.iv[..GCM_NONCE]), &der::small(GCM_TAG as u8)]);
    let encrypted = der::sequence(&[
        &der::oid(oid::DATA),
        &der::algorithm(oid::AES256_GCM, &parameters),
        &der::tlv(tag::context_primitive(0), &[&sealed]),
    ]);
    let body = der::sequence(&[
        &der::small(0),
        &originator(for_whom.owner),
        &der::set(&infos),
        &encrypted,
        &der::octets(mac.as_ref()),
    ]);
    Ok(der::sequence(&[
        &der::oid(oid::AUTH_ENVELOPED_DATA),
        &der::tlv(tag::context(0), &[&body]),
    ]))
}

/// `[0] IMPLICIT OriginatorInfo`.
fn originator(owner: &[&Certificate]) -> Vec<u8> {
    let mut certificates: Vec<&[u8]> = owner.iter().map(|c| c.der()).collect();
    certificates.sort_unstable();
    certificates.dedup();
    der::tlv(tag::context(0), &[&der::tlv(tag::context(0), &certificates)])
}

impl Lockbox {
    /// Reads one; what is not authenticated is not taken.
    pub fn read(file: &[u8]) -> Result<Self, OpenError> {
        if file.len() as u64 > HELD_FILE_MAX.min(CMS_PART_MAX as u64) {
            return Err(OpenError::Damaged);
        }
        let mut info = Reader::new(file).sequence()?;
        let kind = info.oid()?;
        if kind != oid::AUTH_ENVELOPED_DATA {
            return Err(OpenError::Unsupported);
        }
        let value = Value::only(info.expect(tag::context(0))?.content)?;
        let (envelope, sealed) = Envelope::read(kind, value)?;
        if envelope.cipher.kind != CipherKind::AesGcm(32) {
            return Err(OpenError::Unsupported);
        }
        let sealed = sealed.into_owned();
        let mut inside = value.inside();
        inside.expect(tag::INTEGER)?;
        let owner = inside.optional(tag::context(0))?.map(certificates).transpose()?.unwrap_or_default();
        Ok(Self {
            owner,
            keys: envelope.recipients.keys.clone(),
            passphrase: by_passphrase(inside.expect(tag::SET)?)?,
            envelope,
            sealed,
        })
    }

    /// What it holds; `None`: that is not its content key, or it was changed.
    pub fn open(&self, content_key: &Secret) -> Option<Secret> {
        let mut octets = Zeroizing::new(self.sealed.clone());
        let length = self.envelope.decrypt(content_key.expose(), &mut octets)?;
        Some(Secret::new(octets.get(..length)?.to_vec()))
    }

    /// Whether the key of this certificate may open it.
    pub fn is_for(&self, certificate: &Certificate) -> bool {
        self.keys.iter().any(|key| key.recipient.names(certificate))
    }
}

fn certificates(originator: Value<'_>) -> Result<Vec<Certificate>, OpenError> {
    let certificates = originator.inside().optional(tag::context(0))?;
    Ok(certificates.map(bundle::certificate_set).unwrap_or_default())
}

/// The first that is understood: each costs as much as its rounds.
fn by_passphrase(infos: Value<'_>) -> Result<Option<ByPassphrase>, OpenError> {
    let mut infos = infos.inside();
    while let Some(info) = infos.next_value()? {
        if info.tag == pwri::TAG
            && let Some(read) = ByPassphrase::read(info)?
        {
            return Ok(Some(read));
        }
    }
    Ok(None)
}
