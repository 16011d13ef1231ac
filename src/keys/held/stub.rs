//! What the store keeps of a key that rests in a held file: its certificate, by which it is known, and no secret.

use crate::base::Secret;
use crate::keys::{ImportError, SoftwareKey};
use crate::pki::ber::{Reader, tag};
use crate::pki::{Certificate, bundle, der};
use crate::smime::port::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};

/// A key that is elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stub {
    certificate: Certificate,
    chain: Vec<Certificate>,
}

const KIND: u8 = 3;

impl Stub {
    /// In place of that key.
    pub fn of(key: &SoftwareKey) -> Self {
        Self {
            certificate: key.certificate().clone(),
            chain: key.chain().to_vec(),
        }
    }

    /// For storage: SEQUENCE { 3, certificate, chain }.
    pub fn to_bytes(&self) -> Secret {
        let chain: Vec<&[u8]> = self.chain.iter().map(Certificate::der).collect();
        Secret::new(der::sequence(&[&der::small(KIND), self.certificate.der(), &der::sequence(&chain)]))
    }

    /// What [`Stub::to_bytes`] wrote; `None`: it is another kind of key.
    pub fn from_bytes(bytes: &Secret) -> Result<Option<Self>, ImportError> {
        let mut reader = Reader::new(bytes.expose()).sequence()?;
        if reader.expect(tag::INTEGER)?.small()? != u32::from(KIND) {
            return Ok(None);
        }
        Ok(Some(Self {
            certificate: Certificate::from_der(reader.expect(tag::SEQUENCE)?.raw)?,
            chain: bundle::certificate_set(reader.expect(tag::SEQUENCE)?),
        }))
    }
}

/// Where nobody opens the file, it is a key that waits.
impl PrivateKey for Stub {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Locked)
    }

    fn unwrap(&self, key: &WrappedKey) -> Unwrapped {
        match key.recipient.names(&self.certificate) {
            true => Unwrapped::Locked,
            false => Unwrapped::NotMine,
        }
    }

    fn is_outside(&self) -> bool {
        true
    }
}
