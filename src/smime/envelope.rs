//! EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083) as they are read.

use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::der;
use crate::pki::oid::{self, Oid};
use crate::smime::cipher::{CipherKind, ContentCipher};
use crate::smime::opened::OpenError;
use crate::smime::recipient::{self, Recipients};
use std::borrow::Cow;

/// An EnvelopedData or AuthEnvelopedData but for what is encrypted in it.
#[derive(Debug)]
pub struct Envelope {
    /// For whom.
    pub recipients: Recipients,
    /// By which cipher.
    pub cipher: ContentCipher,
    /// authAttrs and mac, where the cipher has a tag.
    authenticated: Option<(Vec<u8>, Vec<u8>)>,
}

impl Envelope {
    /// EnvelopedData (RFC 5652 §6.1), AuthEnvelopedData (RFC 5083 §2.1), and the encrypted octets.
    pub fn read(kind: Oid, value: Value<'_>) -> Result<(Self, Cow<'_, [u8]>), OpenError> {
        let mut inside = value.inside();
        inside.expect(tag::INTEGER)?;
        inside.optional(tag::context(0))?;
        let recipients = inside.expect(tag::SET)?;
        let (cipher, octets) = encrypted_content(&mut inside)?;
        let authenticated = match kind == oid::AUTH_ENVELOPED_DATA {
            true => Some(authenticated(&mut inside)?),
            // An authenticated cipher without its tag (RFC 5084 §3.2 forbids it).
            false if matches!(cipher.kind, CipherKind::AesGcm(_)) => return Err(OpenError::Unsupported),
            false => None,
        };
        let envelope = Self {
            recipients: recipient::read(recipients, cipher.key_len())?,
            cipher,
            authenticated,
        };
        Ok((envelope, octets))
    }

    /// Decrypts where it stands: the first octets are the clear ones; how many. `None` says nothing about why, and what stands
    /// there then is of no use.
    pub fn decrypt(&self, key: &[u8], octets: &mut [u8]) -> Option<usize> {
        #[cfg(test)]
        work::note(octets.len());
        match &self.authenticated {
            None => self.cipher.decrypt_cbc_in_place(key, octets),
            Some((attributes, mac)) => self.cipher.decrypt_gcm_in_place(key, attributes, octets, mac),
        }
    }
}

/// EncryptedContentInfo (RFC 5652 §6.1).
fn encrypted_content<'a>(reader: &mut Reader<'a>) -> Result<(ContentCipher, Cow<'a, [u8]>), OpenError> {
    let mut inside = reader.sequence()?;
    let kind: Oid = inside.oid()?;
    let cipher = ContentCipher::read(&AlgorithmId::read(&mut inside)?)?.ok_or(OpenError::Unsupported)?;
    let octets = match inside.next_value()? {
        Some(v) if v.tag & !tag::CONSTRUCTED == tag::context_primitive(0) => v.octets()?,
        _ => return Err(OpenError::Damaged),
    };
    if kind != oid::DATA {
        return Err(OpenError::Unsupported);
    }
    Ok((cipher, octets))
}

/// authAttrs and mac.
fn authenticated(inside: &mut Reader<'_>) -> Result<(Vec<u8>, Vec<u8>), OpenError> {
    let attributes = inside.optional(tag::context(1))?.map(authenticated_attributes).transpose()?;
    let mac = inside.expect(tag::OCTET_STRING)?.octets()?;
    Ok((attributes.unwrap_or_default(), mac.into_owned()))
}

/// authAttrs as they are authenticated: a SET in DER (RFC 5083 §2.2).
fn authenticated_attributes(attributes: Value<'_>) -> Result<Vec<u8>, BerError> {
    let definite = attributes.to_der()?;
    let mut children = Vec::new();
    let mut inside = Value::only(&definite)?.inside();
    while let Some(child) = inside.next_value()? {
        children.push(child.raw.to_vec());
    }
    Ok(der::set(&children))
}

/// What a test counts.
#[cfg(test)]
pub(super) mod work {
    use std::cell::Cell;

    thread_local! {
        /// Octets handed to a cipher.
        pub static OCTETS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn note(octets: usize) {
        OCTETS.with(|count| count.set(count.get() + octets));
    }
}
