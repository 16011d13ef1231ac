//! Reading: the password checked by the MAC, then keys and certificates in whatever bags they stand. Modern files (PBES2) and
//! old ones (3DES, RC2) are read, DER and BER.

use super::derivation::{CIPHER_IV, CIPHER_KEY, MAC_KEY, bmp, derive};
use crate::base::Secret;
use crate::base::limits::{BER_DEPTH_MAX, CMS_PART_MAX, PKCS12_ITERATIONS_MAX};
use crate::keys::ImportError;
use crate::pki::Certificate;
use crate::pki::algorithm::{AlgorithmId, Digest};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid::{self, Oid};
use crate::smime::cipher::{CipherKind, ContentCipher, rc2_cbc};
use aws_lc_rs::{hmac, pbkdf2};
use std::borrow::Cow;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// Private keys in PKCS#8.
    pub keys: Vec<Secret>,
    /// Certificates, each once.
    pub certificates: Vec<Certificate>,
}

impl From<BerError> for ImportError {
    fn from(_: BerError) -> Self {
        Self::Unreadable
    }
}

/// Reads a PFX (RFC 7292 §4), also one in the armour of text in which some programs send it by mail.
pub fn read(bytes: &[u8], password: &Secret) -> Result<Contents, ImportError> {
    if bytes.len() > CMS_PART_MAX {
        return Err(ImportError::Unreadable);
    }
    let unarmoured = unarmoured(bytes);
    let bytes = unarmoured.as_ref().map_or(bytes, |octets| octets.as_slice());
    let mut pfx = Reader::new(bytes).sequence()?;
    if pfx.expect(tag::INTEGER)?.small()? != 3 {
        return Err(ImportError::Unreadable);
    }
    let safe = content(pfx.expect(tag::SEQUENCE)?)?.ok_or(ImportError::Unsupported)?;
    let passwords = Passwords::of(password)?;
    let bmp = match pfx.optional(tag::SEQUENCE)? {
        Some(mac) => passwords.checked(mac, &safe)?,
        // Without a MAC the ciphers' padding is what tells a wrong password.
        None => passwords.bmp.first().cloned().unwrap_or_default(),
    };
    let opener = Opener {
        utf8: password.expose(),
        bmp: &bmp,
    };
    let mut contents = Contents::default();
    let mut infos = Reader::new(&safe).sequence()?;
    while let Some(info) = infos.next_value()? {
        let bags = opener.safe_contents(info)?;
        opener.bags(&bags, &mut contents)?;
    }
    Ok(contents)
}

/// What stands between `-----BEGIN PKCS12-----` and its end (RFC 7468 §2); `None`: there is no such armour.
fn unarmoured(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const BEGIN: &[u8] = b"-----BEGIN PKCS12-----";
    const END: &[u8] = b"-----END PKCS12-----";
    let text = Some(bytes).filter(|bytes| bytes.first() != Some(&tag::SEQUENCE))?;
    let from = memchr::memmem::find(text, BEGIN)? + BEGIN.len();
    let length = memchr::memmem::find(&bytes[from..], END)?;
    let inside = bytes[from..from + length].iter().copied().filter(|b| !b.is_ascii_whitespace());
    let packed = Zeroizing::new(inside.collect::<Vec<_>>());
    base64_simd::STANDARD.decode_to_vec(&*packed).ok().map(Zeroizing::new)
}

/// The octets of a ContentInfo of id-data; `None`: another type.
fn content(info: Value<'_>) -> Result<Option<Cow<'_, [u8]>>, BerError> {
    let mut inside = info.inside();
    if inside.oid()? != oid::DATA {
        return Ok(None);
    }
    inside.expect(tag::context(0))?.inside().value()?.octets().map(Some)
}

/// The password in the forms of RFC 7292 §B.1.
struct Passwords<'a> {
    utf8: &'a [u8],
    bmp: Vec<Zeroizing<Vec<u8>>>,
}

impl<'a> Passwords<'a> {
    fn of(password: &'a Secret) -> Result<Self, ImportError> {
        let text = std::str::from_utf8(password.expose()).map_err(|_| ImportError::WrongPassword)?;
        let mut forms = vec![bmp(text)];
        // No password: some write it as nothing at all.
        if text.is_empty() {
            forms.push(Zeroizing::new(Vec::new()));
        }
        Ok(Self {
            utf8: password.expose(),
            bmp: forms,
        })
    }

    /// The form that fits MacData over `safe` (RFC 7292 §4, RFC 9579).
    fn checked(&self, mac: Value<'_>, safe: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let mut inside = mac.inside();
        let mut info = inside.sequence()?;
        let algorithm = AlgorithmId::read(&mut info)?;
        let expected = info.expect(tag::OCTET_STRING)?.octets()?;
        let salt = inside.expect(tag::OCTET_STRING)?.octets()?;
        let iterations = iterations(inside.optional(tag::INTEGER)?)?;
        if algorithm.oid == PBMAC1 {
            let key = pbmac1_key(&algorithm, self.utf8)?;
            return verified(&key, safe, &expected)
                .then(|| self.bmp[0].clone())
                .ok_or(ImportError::WrongPassword);
        }
        let digest = Digest::from_oid(algorithm.oid).ok_or(ImportError::Unsupported)?;
        for form in &self.bmp {
            let key = derive(digest, MAC_KEY, form, &salt, iterations, digest.lc().output_len());
            if verified(&hmac::Key::new(hmac_of(digest), &key), safe, &expected) {
                return Ok(form.clone());
            }
        }
        Err(ImportError::WrongPassword)
    }
}

const PBMAC1: Oid = Oid::new_unwrap("1.2.840.113549.1.5.14");

fn pbmac1_key(algorithm: &AlgorithmId<'_>, password: &[u8]) -> Result<hmac::Key, ImportError> {
    let mut parameters = algorithm.parameters.ok_or(ImportError::Unreadable)?.inside();
    let derivation = AlgorithmId::read(&mut parameters)?;
    let mac = AlgorithmId::read(&mut parameters)?;
    let digest = match mac.oid {
        oid::HMAC_SHA256 => Digest::Sha256,
        oid::HMAC_SHA384 => Digest::Sha384,
        oid::HMAC_SHA512 => Digest::Sha512,
        _ => return Err(ImportError::Unsupported),
    };
    let key = pbkdf2_key(&derivation, password, digest.lc().output_len())?;
    Ok(hmac::Key::new(hmac_of(digest), &key))
}

fn verified(key: &hmac::Key, safe: &[u8], expected: &[u8]) -> bool {
    hmac::verify(key, safe, expected).is_ok()
}

fn hmac_of(digest: Digest) -> hmac::Algorithm {
    match digest {
        Digest::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha224 => hmac::HMAC_SHA224,
        Digest::Sha256 => hmac::HMAC_SHA256,
        Digest::Sha384 => hmac::HMAC_SHA384,
        Digest::Sha512 => hmac::HMAC_SHA512,
    }
}

fn iterations(value: Option<Value<'_>>) -> Result<u32, ImportError> {
    let n = value.map_or(Ok(1), |v| v.small())?;
    if (1..=PKCS12_ITERATIONS_MAX).contains(&n) {
        Ok(n)
    } else {
        Err(ImportError::Unsupported)
    }
}

struct Opener<'a> {
    utf8: &'a [u8],
    bmp: &'a [u8],
}

impl Opener<'_> {
    /// SafeContents of a ContentInfo: in clear or as EncryptedData (RFC 7292 §4.1).
    fn safe_contents(&self, info: Value<'_>) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        if let Some(clear) = content(info)? {
            return Ok(Zeroizing::new(clear.into_owned()));
        }
        let mut inside = info.inside();
        if inside.oid()? != oid::ENCRYPTED_DATA {
            return Err(ImportError::Unsupported);
        }
        let mut encrypted = inside.expect(tag::context(0))?.inside().sequence()?;
        encrypted.expect(tag::INTEGER)?;
        let mut content = encrypted.sequence()?;
        content.oid()?;
        let algorithm = AlgorithmId::read(&mut content)?;
        let octets = content.value()?.octets()?;
        self.decrypt(&algorithm, &octets)
    }

    /// SafeBags, with those inside SafeContents bags.
    fn bags(&self, safe_contents: &[u8], contents: &mut Contents) -> Result<(), ImportError> {
        let mut open = vec![Reader::new(safe_contents).sequence()?];
        while let Some(reader) = open.last_mut() {
            let Some(bag) = reader.next_value()? else {
                open.pop();
                continue;
            };
            let mut inside = bag.inside();
            let kind = inside.oid()?;
            let value = Value::only(inside.expect(tag::context(0))?.content)?;
            match kind {
                oid::KEY_BAG => contents.keys.push(Secret::new(value.to_der()?)),
                oid::SHROUDED_KEY_BAG => {
                    let mut shrouded = value.inside();
                    let algorithm = AlgorithmId::read(&mut shrouded)?;
                    let key = self.decrypt(&algorithm, &shrouded.expect_octets()?)?;
                    contents.keys.push(Secret::new(Value::only(&key)?.to_der()?));
                }
                oid::CERT_BAG => contents.certificates.extend(certificate(value)?),
                oid::SAFE_CONTENTS_BAG if open.len() < BER_DEPTH_MAX => open.push(value.inside()),
                // CRLs and secrets are not ours.
                _ => {}
            }
        }
        Ok(())
    }

    fn decrypt(&self, algorithm: &AlgorithmId<'_>, octets: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let clear = match algorithm.oid {
            oid::PBES2 => self.pbes2(algorithm, octets)?,
            oid::PBE_SHA_3DES => self.pbes1(algorithm, 24, |key, iv| {
                ContentCipher {
                    kind: CipherKind::TripleDesCbc,
                    iv: iv.to_vec(),
                }
                .decrypt_cbc(key, octets)
            })?,
            oid::PBE_SHA_RC2_40 => self.pbes1(algorithm, 5, |key, iv| rc2_cbc(key, 40, iv, octets))?,
            oid::PBE_SHA_RC2_128 => self.pbes1(algorithm, 16, |key, iv| rc2_cbc(key, 128, iv, octets))?,
            _ => return Err(ImportError::Unsupported),
        };
        clear.map(Zeroizing::new).ok_or(ImportError::WrongPassword)
    }

    /// pkcs-12PbeParams (RFC 7292 §C).
    fn pbes1(
        &self,
        algorithm: &AlgorithmId<'_>,
        key_len: usize,
        decrypt: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, ImportError> {
        let mut parameters = algorithm.parameters.ok_or(ImportError::Unreadable)?.inside();
        let salt = parameters.expect(tag::OCTET_STRING)?.octets()?;
        let rounds = iterations(Some(parameters.expect(tag::INTEGER)?))?;
        let key = derive(Digest::Sha1, CIPHER_KEY, self.bmp, &salt, rounds, key_len);
        let iv = derive(Digest::Sha1, CIPHER_IV, self.bmp, &salt, rounds, 8);
        Ok(decrypt(&key, &iv))
    }

    /// PBES2-params (RFC 8018 §A.4).
    fn pbes2(&self, algorithm: &AlgorithmId<'_>, octets: &[u8]) -> Result<Option<Vec<u8>>, ImportError> {
        let mut parameters = algorithm.parameters.ok_or(ImportError::Unreadable)?.inside();
        let derivation = AlgorithmId::read(&mut parameters)?;
        let cipher = ContentCipher::read(&AlgorithmId::read(&mut parameters)?)?.ok_or(ImportError::Unsupported)?;
        let key = pbkdf2_key(&derivation, self.utf8, cipher.key_len().ok_or(ImportError::Unsupported)?)?;
        Ok(cipher.decrypt_cbc(&key, octets))
    }
}

trait ExpectOctets<'a> {
    fn expect_octets(&mut self) -> Result<Cow<'a, [u8]>, BerError>;
}

impl<'a> ExpectOctets<'a> for Reader<'a> {
    fn expect_octets(&mut self) -> Result<Cow<'a, [u8]>, BerError> {
        let value = self.value()?;
        match value.tag & !tag::CONSTRUCTED {
            tag::OCTET_STRING => value.octets(),
            _ => Err(BerError::Unexpected),
        }
    }
}

fn certificate(bag: Value<'_>) -> Result<Option<Certificate>, ImportError> {
    let mut inside = bag.inside();
    if inside.oid()? != oid::X509_CERTIFICATE {
        return Ok(None);
    }
    let der = inside.expect(tag::context(0))?.inside().expect_octets()?;
    Ok(Certificate::from_der(der.into_owned()).ok())
}

/// PBKDF2-params (RFC 8018 §A.2).
fn pbkdf2_key(derivation: &AlgorithmId<'_>, password: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    if derivation.oid != oid::PBKDF2 {
        return Err(ImportError::Unsupported);
    }
    let mut parameters = derivation.parameters.ok_or(ImportError::Unreadable)?.inside();
    let salt = parameters.expect(tag::OCTET_STRING)?.octets()?;
    let rounds = iterations(Some(parameters.expect(tag::INTEGER)?))?;
    parameters.optional(tag::INTEGER)?;
    let prf = parameters
        .optional(tag::SEQUENCE)?
        .map(AlgorithmId::from_value)
        .transpose()?
        .map_or(oid::HMAC_SHA1, |a| a.oid);
    let algorithm = match prf {
        oid::HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        oid::HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        oid::HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
        oid::HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(ImportError::Unsupported),
    };
    let rounds = NonZeroU32::new(rounds).ok_or(ImportError::Unreadable)?;
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(algorithm, rounds, &salt, password, &mut key);
    Ok(key)
}
