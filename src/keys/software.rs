//! Keys of files: imported from PKCS#12, kept parsed (parsing costs as much as a signature), worked by aws-lc-rs.

use crate::base::Secret;
use crate::keys::pkcs12;
use crate::pki::algorithm::{Curve, KeyKind};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::rsa::{self as legacy, Wrapped};
use crate::pki::{Certificate, bundle, der};
use crate::smime::agree;
use crate::smime::port::{AgreementCurve, KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey, Wrapping};
use crate::text::{Explain, Explanation};
use aws_lc_rs::agreement;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
use std::fmt;
use zeroize::Zeroizing;

/// Why a key file was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ImportError {
    /// The password does not open it.
    #[error("wrong password")]
    WrongPassword,
    /// Not PKCS#12, or damaged.
    #[error("unreadable key file")]
    Unreadable,
    /// Protected by, or holding, something that is not known here.
    #[error("unsupported key file")]
    Unsupported,
    /// No key that has its certificate.
    #[error("no key with its certificate")]
    NoKey,
}

impl Explain for ImportError {
    fn explain(&self) -> Explanation {
        match self {
            Self::WrongPassword => crate::text::keys::wrong_password(),
            Self::Unreadable => crate::text::keys::unreadable_file(),
            Self::Unsupported => crate::text::keys::unsupported_key(),
            Self::NoKey => crate::text::keys::no_key_in_file(),
        }
    }
}

/// A private key in memory with its certificate.
pub struct SoftwareKey {
    certificate: Certificate,
    chain: Vec<Certificate>,
    pkcs8: Secret,
    engine: Engine,
}

enum Engine {
    Rsa {
        sign: rsa::KeyPair,
        pkcs1: Pkcs1PrivateDecryptingKey,
    },
    Ec {
        curve: Curve,
        sign: EcdsaKeyPair,
        agree: agreement::PrivateKey,
    },
    X25519(agreement::PrivateKey),
    /// RSA below 2048 bits: signs nothing, and still opens the mail of its day.
    ShortRsa,
    /// Ed25519 signs nothing here, but its certificate may come with the file.
    SignOnly,
}

impl SoftwareKey {
    /// Every key of a PKCS#12 file that has its certificate in it.
    pub fn import(file: &[u8], password: &Secret) -> Result<Vec<Self>, ImportError> {
        let contents = pkcs12::read(file, password)?;
        let mut found = Vec::new();
        let mut unsupported = false;
        for pkcs8 in &contents.keys {
            match Engine::read(pkcs8) {
                None => unsupported = true,
                Some((_, public)) => found.extend(Self::of_public(pkcs8, &public, &contents.certificates, &contents.certificates)),
            }
        }
        match (found.is_empty(), unsupported) {
            (false, _) => Ok(found),
            (true, true) => Err(ImportError::Unsupported),
            (true, false) => Err(ImportError::NoKey),
        }
    }

    /// This key with each of `certificates` that is its own and no authority's, the chain taken from `others`.
    pub fn certified(pkcs8: &Secret, certificates: &[Certificate], others: &[Certificate]) -> Vec<Self> {
        let Some((_, public)) = Engine::read(pkcs8) else {
            return Vec::new();
        };
        let mut keys = Self::of_public(pkcs8, &public, certificates, others);
        keys.retain(|key| !key.certificate.is_ca());
        keys
    }

    fn of_public(pkcs8: &Secret, public: &[u8], certificates: &[Certificate], others: &[Certificate]) -> Vec<Self> {
        let fitting = certificates.iter().filter(|c| c.public_key().bits == public);
        fitting
            .filter_map(|c| Self::new(c.clone(), chain(c, others), pkcs8.clone()))
            .collect()
    }

    /// A PKCS#12 file of these keys under a password. `None`: it could not be made, or does not give back what went in.
    pub fn export(keys: &[&Self], password: &Secret) -> Option<Vec<u8>> {
        let entries: Vec<pkcs12::Entry<'_>> = keys.iter().map(|key| key.entry()).collect();
        let file = pkcs12::write(&entries, password).ok()?;
        let read = pkcs12::read(&file, password).ok()?;
        pkcs12::holds(&read, &entries).then_some(file)
    }

    /// The same without a password, **in clear**: for what is encrypted as a whole. `None`: it does not give back what went in.
    pub fn in_clear(keys: &[&Self]) -> Option<Secret> {
        let entries: Vec<pkcs12::Entry<'_>> = keys.iter().map(|key| key.entry()).collect();
        let file = pkcs12::in_clear(&entries);
        let read = pkcs12::read(file.expose(), &Secret::from("")).ok()?;
        pkcs12::holds(&read, &entries).then_some(file)
    }

    fn entry(&self) -> pkcs12::Entry<'_> {
        pkcs12::Entry {
            pkcs8: &self.pkcs8,
            certificate: &self.certificate,
            chain: &self.chain,
        }
    }

    /// From its parts; `None`: the key is not that of the certificate, or not supported.
    pub fn new(certificate: Certificate, chain: Vec<Certificate>, pkcs8: Secret) -> Option<Self> {
        let (engine, public) = Engine::read(&pkcs8)?;
        (certificate.public_key().bits == public).then_some(Self {
            certificate,
            chain,
            pkcs8,
            engine,
        })
    }

    /// For storage, **in clear**: the store encrypts it. SEQUENCE { 1, PKCS#8, certificate, chain }.
    pub fn to_bytes(&self) -> Secret {
        let chain: Vec<&[u8]> = self.chain.iter().map(Certificate::der).collect();
        Secret::new(der::sequence(&[
            &der::small(1),
            &der::octets(self.pkcs8.expose()),
            self.certificate.der(),
            &der::sequence(&chain),
        ]))
    }

    /// What [`SoftwareKey::to_bytes`] wrote.
    pub fn from_bytes(bytes: &Secret) -> Result<Self, ImportError> {
        let mut reader = Reader::new(bytes.expose()).sequence()?;
        if reader.expect(tag::INTEGER)?.small()? != 1 {
            return Err(ImportError::Unsupported);
        }
        let pkcs8 = Secret::new(reader.expect(tag::OCTET_STRING)?.content.to_vec());
        let certificate = Certificate::from_der(reader.expect(tag::SEQUENCE)?.raw)?;
        let chain = bundle::certificate_set(reader.expect(tag::SEQUENCE)?);
        Self::new(certificate, chain, pkcs8).ok_or(ImportError::NoKey)
    }

    /// PKCS#8, for an export that the user asked for.
    pub fn pkcs8(&self) -> &Secret {
        &self.pkcs8
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({:?})", self.certificate)
    }
}

/// Issuers among `others`, nearest first.
fn chain(leaf: &Certificate, others: &[Certificate]) -> Vec<Certificate> {
    let mut out: Vec<Certificate> = Vec::new();
    let mut current = leaf;
    while let Some(issuer) = others.iter().find(|c| current.names_as_issuer(c) && *c != leaf && !out.contains(c)) {
        out.push(issuer.clone());
        current = issuer;
    }
    out
}

impl Engine {
    /// Reads PKCS#8; the public half as a certificate carries it.
    fn read(pkcs8: &Secret) -> Option<(Self, Vec<u8>)> {
        let bytes = pkcs8.expose();
        match kind(bytes).ok()? {
            KeyKind::Rsa { .. } => Self::rsa(bytes),
            KeyKind::Ec(curve) => Self::ec(bytes, curve),
            KeyKind::X25519 => Self::x25519(bytes),
            KeyKind::Ed25519 => {
                let pair = signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok()?;
                Some((Self::SignOnly, pair.public_key().as_ref().to_vec()))
            }
            KeyKind::Other => None,
        }
    }

    fn rsa(bytes: &[u8]) -> Option<(Self, Vec<u8>)> {
        let public = rsa_public(bytes).ok()?;
        let Ok(sign) = rsa::KeyPair::from_pkcs8(bytes) else {
            return legacy::is_private_key(bytes).then_some((Self::ShortRsa, public));
        };
        let pkcs1 = Pkcs1PrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(bytes).ok()?).ok()?;
        Some((Self::Rsa { sign, pkcs1 }, public))
    }

    fn ec(bytes: &[u8], curve: Curve) -> Option<(Self, Vec<u8>)> {
        let (signing, agreeing) = match curve {
            Curve::P256 => (&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &agreement::ECDH_P256),
            Curve::P384 => (&signature::ECDSA_P384_SHA384_ASN1_SIGNING, &agreement::ECDH_P384),
            Curve::P521 => (&signature::ECDSA_P521_SHA512_ASN1_SIGNING, &agreement::ECDH_P521),
        };
        let sign = EcdsaKeyPair::from_private_key_der(signing, bytes).ok()?;
        let agree = agreement::PrivateKey::from_private_key_der(agreeing, bytes).ok()?;
        let public = sign.public_key().as_ref().to_vec();
        Some((Self::Ec { curve, sign, agree }, public))
    }

    fn x25519(bytes: &[u8]) -> Option<(Self, Vec<u8>)> {
        let inner = private_octets(bytes).ok()?;
        let octets = Value::only(inner).ok()?.content;
        let key = agreement::PrivateKey::from_private_key(&agreement::X25519, octets).ok()?;
        let public = key.compute_public_key().ok()?.as_ref().to_vec();
        Some((Self::X25519(key), public))
    }
}

/// PrivateKeyInfo (RFC 5958 §2): which kind of key.
fn kind(pkcs8: &[u8]) -> Result<KeyKind, BerError> {
    use crate::pki::algorithm::AlgorithmId;
    use crate::pki::oid;
    let mut info = Reader::new(pkcs8).sequence()?;
    info.expect(tag::INTEGER)?;
    let algorithm = AlgorithmId::read(&mut info)?;
    let curve = algorithm.parameters.and_then(|p| p.oid().ok());
    Ok(match (algorithm.oid, curve) {
        (oid::RSA, _) => KeyKind::Rsa { bits: 0 },
        (oid::EC, Some(oid::P256)) => KeyKind::Ec(Curve::P256),
        (oid::EC, Some(oid::P384)) => KeyKind::Ec(Curve::P384),
        (oid::EC, Some(oid::P521)) => KeyKind::Ec(Curve::P521),
        (oid::ED25519, _) => KeyKind::Ed25519,
        (oid::X25519, _) => KeyKind::X25519,
        _ => KeyKind::Other,
    })
}

fn private_octets(pkcs8: &[u8]) -> Result<&[u8], BerError> {
    let mut info = Reader::new(pkcs8).sequence()?;
    info.expect(tag::INTEGER)?;
    info.expect(tag::SEQUENCE)?;
    Ok(info.expect(tag::OCTET_STRING)?.content)
}

/// RSAPublicKey of an RSAPrivateKey (RFC 8017 §A.1).
fn rsa_public(pkcs8: &[u8]) -> Result<Vec<u8>, BerError> {
    let mut key = Reader::new(private_octets(pkcs8)?).sequence()?;
    key.expect(tag::INTEGER)?;
    let modulus = key.expect(tag::INTEGER)?;
    let exponent = key.expect(tag::INTEGER)?;
    Ok(der::sequence(&[modulus.raw, exponent.raw]))
}

impl PrivateKey for SoftwareKey {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match (&self.engine, scheme) {
            (Engine::Rsa { sign, .. }, SignatureScheme::RsaPkcs1Sha256) => rsa_sign(sign, &signature::RSA_PKCS1_SHA256, to_be_signed),
            (Engine::Rsa { sign, .. }, SignatureScheme::RsaPssSha256) => rsa_sign(sign, &signature::RSA_PSS_SHA256, to_be_signed),
            (
                Engine::Ec {
                    curve: Curve::P256, sign, ..
                },
                SignatureScheme::EcdsaP256Sha256,
            )
            | (
                Engine::Ec {
                    curve: Curve::P384, sign, ..
                },
                SignatureScheme::EcdsaP384Sha384,
            ) => sign
                .sign(&random, to_be_signed)
                .map(|s| s.as_ref().to_vec())
                .map_err(|_| KeyError::Failed),
            _ => Err(KeyError::Unsupported),
        }
    }

    fn unwrap(&self, key: &WrappedKey) -> Unwrapped {
        if !key.recipient.names(&self.certificate) {
            return Unwrapped::NotMine;
        }
        match (&self.engine, &key.wrapping) {
            (Engine::Rsa { pkcs1, .. }, Wrapping::RsaPkcs1) => {
                let mut buffer = Zeroizing::new(vec![0; pkcs1.min_output_size()]);
                let octets = pkcs1.decrypt(&key.octets, &mut buffer).ok();
                or_random(octets.map(|o| Secret::new(o.to_vec())), key.length)
            }
            (Engine::ShortRsa, Wrapping::RsaPkcs1) => {
                or_random(legacy::decrypt(self.pkcs8.expose(), Wrapped::Pkcs1, &key.octets), key.length)
            }
            (Engine::Rsa { .. } | Engine::ShortRsa, Wrapping::RsaOaep { digest, mask, label }) => {
                let (digest, mask) = (*digest, *mask);
                legacy::decrypt(self.pkcs8.expose(), Wrapped::Oaep { digest, mask, label }, &key.octets)
                    .map_or(Unwrapped::Failed, Unwrapped::Key)
            }
            (engine, Wrapping::Agreement { .. }) => unwrap_agreed(engine, key),
            _ => Unwrapped::Unsupported,
        }
    }
}

fn rsa_sign(pair: &rsa::KeyPair, padding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut out = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut out)
        .map_err(|_| KeyError::Failed)?;
    Ok(out)
}

/// A wrong padding or length is answered with a random key (RFC 3218 §2.3.2), made in either case.
pub(super) fn or_random(content_key: Option<Secret>, length: Option<usize>) -> Unwrapped {
    let mut stand_in = vec![0; length.unwrap_or(16)];
    if aws_lc_rs::rand::fill(&mut stand_in).is_err() {
        return Unwrapped::Failed;
    }
    let stand_in = Secret::new(stand_in);
    let right = content_key.filter(|k| length.is_none_or(|n| n == k.expose().len()));
    Unwrapped::Key(right.unwrap_or(stand_in))
}

fn unwrap_agreed(engine: &Engine, key: &WrappedKey) -> Unwrapped {
    let Wrapping::Agreement {
        curve,
        public_key,
        derivation,
        wrap,
        shared_info,
    } = &key.wrapping
    else {
        return Unwrapped::Unsupported;
    };
    let private = match (engine, curve) {
        (Engine::Ec { curve: ours, agree, .. }, AgreementCurve::Nist(theirs)) if ours == theirs => agree,
        (Engine::X25519(agree), AgreementCurve::X25519) => agree,
        _ => return Unwrapped::Unsupported,
    };
    let peer = agreement::UnparsedPublicKey::new(private.algorithm(), public_key);
    let content_key = agreement::agree(private, peer, (), |secret| {
        let kek = agree::derive(*derivation, secret, shared_info, wrap.key_len()).ok_or(())?;
        agree::unwrap(*wrap, kek.expose(), &key.octets).ok_or(())
    });
    content_key.map_or(Unwrapped::Failed, Unwrapped::Key)
}
