//! Public keys as the library reads them, kept for a while: a reader's or a signer's key meets again with the next letter, and
//! half of an RSA operation with such a key is making it ready.

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};
use std::collections::VecDeque;
use std::ptr;
use std::sync::{Mutex, PoisonError};

/// Correspondents of a morning and their authorities; each takes some kilobytes.
const KEPT: usize = 64;

static ENCRYPTING: Recent<PublicEncryptingKey> = Recent::new();
static VERIFYING: Recent<ParsedPublicKey> = Recent::new();

/// An RSA key to encrypt with, from a SubjectPublicKeyInfo; `None`: it is none.
pub fn encrypting(spki: &[u8]) -> Option<PublicEncryptingKey> {
    ENCRYPTING.of(spki, |_| true, || PublicEncryptingKey::from_der(spki).ok())
}

/// Whether `signature` over `message` fits the key of these octets, as `algorithm` reads them.
pub fn verifies(algorithm: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    // The same octets read by another algorithm are another key.
    let is_of_it = |kept: &ParsedPublicKey| ptr::addr_eq(kept.algorithm(), algorithm);
    let kept = VERIFYING.of(key, is_of_it, || ParsedPublicKey::new(algorithm, key).ok());
    kept.is_some_and(|key| key.verify_sig(message, signature).is_ok())
}

/// What was read last, by the octets that it was read from.
struct Recent<V>(Mutex<VecDeque<(Box<[u8]>, V)>>);

impl<V: Clone> Recent<V> {
    const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// What `octets` are; only what could be read is kept.
    fn of(&self, octets: &[u8], fits: impl Fn(&V) -> bool, read: impl FnOnce() -> Option<V>) -> Option<V> {
        if let Some(kept) = self.kept(octets, fits) {
            return Some(kept);
        }
        let value = read()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.truncate(KEPT - 1);
        all.push_front((octets.into(), value.clone()));
        Some(value)
    }

    /// It goes to the front: those that are asked for stay.
    fn kept(&self, octets: &[u8], fits: impl Fn(&V) -> bool) -> Option<V> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(of, value)| **of == *octets && fits(value))?;
        let found = all.remove(at)?;
        let value = found.1.clone();
        all.push_front(found);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256};

    #[test]
    fn what_was_asked_for_last_is_kept() {
        let recent: Recent<usize> = Recent::new();
        let ask = |n: usize| recent.of(&n.to_be_bytes(), |_| true, || Some(n));
        (0..KEPT).for_each(|n| assert_eq!(ask(n), Some(n)));
        ask(0);
        ask(KEPT);
        let known = |n: usize| recent.kept(&n.to_be_bytes(), |_| true);
        assert_eq!((known(0), known(1), known(2), known(KEPT)), (Some(0), None, Some(2), Some(KEPT)));
        assert_eq!(recent.of(b"none", |_| true, || None), None);
    }

    #[test]
    fn a_kept_key_is_of_one_algorithm_and_no_key_is_none() {
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let mut signature = vec![0; 256];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"letter", &mut signature)
            .unwrap();
        let key = pair.public_key().as_ref();
        for _ in 0..2 {
            assert!(verifies(&RSA_PKCS1_2048_8192_SHA256, key, b"letter", &signature));
            assert!(!verifies(&RSA_PKCS1_2048_8192_SHA512, key, b"letter", &signature));
            assert!(!verifies(&RSA_PKCS1_2048_8192_SHA256, key, b"lettre", &signature));
            assert!(!verifies(&RSA_PKCS1_2048_8192_SHA256, &key[1..], b"letter", &signature));
        }
    }
}
