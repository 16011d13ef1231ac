//! One key of a held file, as `smime::port` knows keys: its certificate is known, its private half as long as the file is open.

use super::lock::{HeldLock, Shut};
use crate::pki::Certificate;
use crate::smime::port::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};
use std::sync::Arc;

/// A key that whoever opens the file may use.
pub struct HeldKey {
    certificate: Certificate,
    chain: Vec<Certificate>,
    lock: Arc<HeldLock>,
}

impl HeldKey {
    /// The key of that certificate, behind that lock.
    pub fn new(certificate: Certificate, chain: Vec<Certificate>, lock: Arc<HeldLock>) -> Self {
        Self { certificate, chain, lock }
    }
}

impl PrivateKey for HeldKey {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Only for the owner, by his card.
    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError> {
        if self.lock.reads_only() {
            return Err(KeyError::ReadsOnly);
        }
        match self.lock.key_of(&self.certificate) {
            Ok(key) => key.sign(scheme, to_be_signed),
            Err(Shut::Waits) => Err(KeyError::Locked),
            Err(Shut::NotInIt) => Err(KeyError::Failed),
        }
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Unwrapped {
        if !wrapped.recipient.names(&self.certificate) {
            return Unwrapped::NotMine;
        }
        match self.lock.key_of(&self.certificate) {
            Ok(key) => key.unwrap(wrapped),
            Err(Shut::Waits) => Unwrapped::Locked,
            Err(Shut::NotInIt) => Unwrapped::Failed,
        }
    }

    /// What it opens is no secret of this process for good: nothing of it is remembered.
    fn is_outside(&self) -> bool {
        true
    }
}
