//! Small secrets sealed for the disk: AES-256-GCM (NIST SP 800-38D) under a key of the home, a random nonce, and the
//! file's name as associated data, so that a blob moved to another name does not open.

use super::StoreError;
use crate::base::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// Octets that sealing adds: the nonce and the tag.
pub const SEAL_OVERHEAD: usize = NONCE_LEN + 16;

/// `nonce | ciphertext | tag`.
pub fn seal(key: &Secret, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map_err(|_| StoreError::Crypto)?;
    let mut body = zeroize::Zeroizing::new(plain.to_vec());
    let (nonce, tag) = key
        .seal_in_place_separate_tag(Aad::from(name), body.as_mut_slice())
        .map_err(|_| StoreError::Crypto)?;
    Ok([&nonce.as_ref()[..], &body[..], tag.as_ref()].concat())
}

/// What was sealed; `None`: another key, another name, or changed since.
pub fn unseal(key: &Secret, name: &[u8], sealed: &[u8]) -> Option<Secret> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key.expose()).ok()?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = zeroize::Zeroizing::new(body.to_vec());
    let plain = key.open_in_place(nonce, Aad::from(name), &mut body).ok()?;
    Some(Secret::new(plain.to_vec()))
}

/// Opens many blobs of one key, each where it stands.
pub(super) struct Opener(RandomizedNonceKey);

impl Opener {
    /// With that key.
    pub(super) fn new(key: &Secret) -> Result<Self, StoreError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.expose());
        key.map(Self).map_err(|_| StoreError::Crypto)
    }

    /// What was sealed, in the place of the blob, which the caller wipes.
    pub(super) fn open<'b>(&self, name: &[u8], sealed: &'b mut [u8]) -> Option<&'b [u8]> {
        let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        self.0.open_in_place(nonce, Aad::from(name), body).ok().map(|plain| &*plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_its_key_and_its_name_only() {
        let (key, other) = (Secret::new(vec![1; 32]), Secret::new(vec![2; 32]));
        let sealed = seal(&key, b"a", b"secret").unwrap();
        assert_eq!(sealed.len(), 6 + SEAL_OVERHEAD);
        assert_eq!(unseal(&key, b"a", &sealed).unwrap().expose(), b"secret");
        assert!(unseal(&key, b"b", &sealed).is_none());
        assert!(unseal(&other, b"a", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(unseal(&key, b"a", &changed).is_none(), "octet {at}");
            assert!(unseal(&key, b"a", &sealed[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let key = Secret::new(vec![1; 32]);
        assert_ne!(seal(&key, b"a", b"x").unwrap(), seal(&key, b"a", b"x").unwrap());
    }
}
