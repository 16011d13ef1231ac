//! RSA as old and unusual mail asks for it, where the safe interface of aws-lc-rs stops: private keys below 2048 bits, OAEP
//! with two hashes, PSS with any pair of hashes and any salt, PKCS#1 with SHA-224 (RFC 8017).
//!
//! The primitives are those of AWS-LC, the library under aws-lc-rs, which takes paddings away in constant time. Reading and
//! checking only: nothing is signed or encrypted here. This is the one file of the domain with `unsafe`; every call gets
//! pointers and lengths of slices that outlive it, and every object made is freed by the `Drop` of its owner.

#![allow(unsafe_code)]

use crate::base::Secret;
use crate::pki::algorithm::Digest;
use crate::pki::{der, oid};
use aws_lc_sys as lc;
use std::ffi::c_int;
use std::ptr::{NonNull, null_mut};
use zeroize::Zeroizing;

/// How a wrapped key was padded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrapped<'a> {
    /// RSAES-PKCS1-v1_5 (RFC 8017 §7.2.2).
    Pkcs1,
    /// RSAES-OAEP (RFC 8017 §7.1.2).
    Oaep {
        /// Hash of the label.
        digest: Digest,
        /// Hash of MGF1.
        mask: Digest,
        /// Label.
        label: &'a [u8],
    },
}

/// How a signature was padded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signed {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2).
    Pkcs1,
    /// RSASSA-PSS (RFC 8017 §8.1.2).
    Pss {
        /// Hash of MGF1.
        mask: Digest,
        /// Octets of salt.
        salt: u16,
    },
}

/// True when `pkcs8` is an RSA private key whose parts fit together.
pub fn is_private_key(pkcs8: &[u8]) -> bool {
    Key::private(pkcs8).is_some()
}

/// The octets that were wrapped; `None` says nothing about why.
pub fn decrypt(pkcs8: &[u8], wrapped: Wrapped<'_>, octets: &[u8]) -> Option<Secret> {
    let key = Key::private(pkcs8)?;
    let context = Decryption::new(&key)?;
    match wrapped {
        Wrapped::Pkcs1 => context.pad(lc::RSA_PKCS1_PADDING)?,
        Wrapped::Oaep { digest, mask, label } => context.oaep(digest, mask, label)?,
    }
    context.decrypt(key.size(), octets)
}

/// Whether `signature` over `message` fits an RSAPublicKey.
pub fn verifies(public: &[u8], digest: Digest, signed: Signed, message: &[u8], signature: &[u8]) -> bool {
    Key::public(public)
        .and_then(|key| Verification::new(&key, digest, signed)?.verify(message, signature))
        .is_some()
}

/// An EVP_PKEY that holds RSA.
struct Key(NonNull<lc::EVP_PKEY>);

impl Key {
    fn private(pkcs8: &[u8]) -> Option<Self> {
        Self::parsed(pkcs8, lc::EVP_parse_private_key)
    }

    fn public(public: &[u8]) -> Option<Self> {
        let spki = der::sequence(&[&der::algorithm(oid::RSA, &der::null()), &der::bits(public)]);
        Self::parsed(&spki, lc::EVP_parse_public_key)
    }

    fn parsed(bytes: &[u8], parse: unsafe extern "C" fn(*mut lc::CBS) -> *mut lc::EVP_PKEY) -> Option<Self> {
        let mut reader = std::mem::MaybeUninit::<lc::CBS>::uninit();
        // SAFETY: CBS_init fills `reader` with the slice, which outlives the parser; the parser copies what it keeps and
        // gives an object of our own, or null.
        let key = unsafe {
            lc::CBS_init(reader.as_mut_ptr(), bytes.as_ptr(), bytes.len());
            Self(NonNull::new(parse(reader.as_mut_ptr()))?)
        };
        // SAFETY: the key is alive.
        let kind = unsafe { lc::EVP_PKEY_id(key.0.as_ptr()) };
        (kind == lc::EVP_PKEY_RSA).then_some(key)
    }

    /// Octets of the modulus.
    fn size(&self) -> usize {
        // SAFETY: the key is alive.
        usize::try_from(unsafe { lc::EVP_PKEY_size(self.0.as_ptr()) }).unwrap_or_default()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: ours, freed once; contexts hold references of their own.
        unsafe { lc::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

struct Decryption(NonNull<lc::EVP_PKEY_CTX>);

impl Decryption {
    fn new(key: &Key) -> Option<Self> {
        // SAFETY: the key is alive; the context takes a reference to it, and is ours.
        unsafe {
            let context = Self(NonNull::new(lc::EVP_PKEY_CTX_new(key.0.as_ptr(), null_mut()))?);
            done(lc::EVP_PKEY_decrypt_init(context.0.as_ptr()))?;
            Some(context)
        }
    }

    fn pad(&self, padding: c_int) -> Option<()> {
        // SAFETY: the context is alive.
        done(unsafe { lc::EVP_PKEY_CTX_set_rsa_padding(self.0.as_ptr(), padding) })
    }

    fn oaep(&self, digest: Digest, mask: Digest, label: &[u8]) -> Option<()> {
        self.pad(lc::RSA_PKCS1_OAEP_PADDING)?;
        // SAFETY: the context is alive, digests are static.
        unsafe {
            done(lc::EVP_PKEY_CTX_set_rsa_oaep_md(self.0.as_ptr(), md(digest)))?;
            done(lc::EVP_PKEY_CTX_set_rsa_mgf1_md(self.0.as_ptr(), md(mask)))?;
        }
        if label.is_empty() { Some(()) } else { self.label(label) }
    }

    fn label(&self, label: &[u8]) -> Option<()> {
        // SAFETY: the copy is made by the library's allocator; the context owns it once the call succeeds, else we free it.
        unsafe {
            let copy = NonNull::new(lc::OPENSSL_memdup(label.as_ptr().cast(), label.len()))?;
            let taken = done(lc::EVP_PKEY_CTX_set0_rsa_oaep_label(
                self.0.as_ptr(),
                copy.as_ptr().cast(),
                label.len(),
            ));
            if taken.is_none() {
                lc::OPENSSL_free(copy.as_ptr());
            }
            taken
        }
    }

    fn decrypt(&self, size: usize, octets: &[u8]) -> Option<Secret> {
        let mut out = Zeroizing::new(vec![0; size]);
        let mut length = out.len();
        // SAFETY: `out` has `length` octets, at most so many are written; `octets` is a slice.
        let result = unsafe { lc::EVP_PKEY_decrypt(self.0.as_ptr(), out.as_mut_ptr(), &mut length, octets.as_ptr(), octets.len()) };
        done(result)?;
        out.get(..length).map(|key| Secret::new(key.to_vec()))
    }
}

impl Drop for Decryption {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { lc::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

struct Verification(NonNull<lc::EVP_MD_CTX>);

impl Verification {
    fn new(key: &Key, digest: Digest, signed: Signed) -> Option<Self> {
        // SAFETY: the key is alive and referenced by the context, digests are static; `settings` belongs to the context.
        unsafe {
            let context = Self(NonNull::new(lc::EVP_MD_CTX_new())?);
            let mut settings = null_mut();
            done(lc::EVP_DigestVerifyInit(
                context.0.as_ptr(),
                &mut settings,
                md(digest),
                null_mut(),
                key.0.as_ptr(),
            ))?;
            match signed {
                Signed::Pkcs1 => done(lc::EVP_PKEY_CTX_set_rsa_padding(settings, lc::RSA_PKCS1_PADDING))?,
                Signed::Pss { mask, salt } => {
                    done(lc::EVP_PKEY_CTX_set_rsa_padding(settings, lc::RSA_PKCS1_PSS_PADDING))?;
                    done(lc::EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, c_int::from(salt)))?;
                    done(lc::EVP_PKEY_CTX_set_rsa_mgf1_md(settings, md(mask)))?;
                }
            }
            Some(context)
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Option<()> {
        // SAFETY: the context is alive and set up; both are slices.
        done(unsafe {
            lc::EVP_DigestVerify(
                self.0.as_ptr(),
                signature.as_ptr(),
                signature.len(),
                message.as_ptr(),
                message.len(),
            )
        })
    }
}

impl Drop for Verification {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { lc::EVP_MD_CTX_free(self.0.as_ptr()) }
    }
}

/// The library says 1 for success, and nothing else does.
fn done(result: c_int) -> Option<()> {
    (result == 1).then_some(())
}

fn md(digest: Digest) -> *const lc::EVP_MD {
    // SAFETY: these give addresses of static tables.
    unsafe {
        match digest {
            Digest::Sha1 => lc::EVP_sha1(),
            Digest::Sha224 => lc::EVP_sha224(),
            Digest::Sha256 => lc::EVP_sha256(),
            Digest::Sha384 => lc::EVP_sha384(),
            Digest::Sha512 => lc::EVP_sha512(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_none() {
        for bytes in [&b""[..], b"\x30\x80", &[0x30; 64]] {
            assert!(!is_private_key(bytes));
            assert!(decrypt(bytes, Wrapped::Pkcs1, bytes).is_none());
            assert!(!verifies(bytes, Digest::Sha256, Signed::Pkcs1, b"", bytes));
        }
    }
}
