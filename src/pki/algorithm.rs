//! Digests, public keys and signature checks, under the identifiers that certificates and CMS use. aws-lc-rs does the work.

use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid::{self, Oid};
use crate::pki::public_keys;
use crate::pki::rsa::{self, Signed};
use aws_lc_rs::signature::{self as lc, VerificationAlgorithm};

/// AlgorithmIdentifier (RFC 5280 §4.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlgorithmId<'a> {
    /// algorithm.
    pub oid: Oid,
    /// parameters.
    pub parameters: Option<Value<'a>>,
}

impl<'a> AlgorithmId<'a> {
    /// Reads the next value as an AlgorithmIdentifier.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, BerError> {
        Self::from_value(reader.expect(tag::SEQUENCE)?)
    }

    /// From a value whose content is an AlgorithmIdentifier, whatever its tag.
    pub fn from_value(value: Value<'a>) -> Result<Self, BerError> {
        let mut inside = Reader::new(value.content);
        let oid = inside.oid()?;
        let parameters = inside.next_value()?;
        inside.end()?;
        Ok(Self { oid, parameters })
    }
}

/// Hash functions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Digest {
    /// Obsolete; read, never written, never trusted.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// From its own identifier.
    pub fn from_oid(id: Oid) -> Option<Self> {
        match id {
            oid::SHA1 => Some(Self::Sha1),
            oid::SHA224 => Some(Self::Sha224),
            oid::SHA256 => Some(Self::Sha256),
            oid::SHA384 => Some(Self::Sha384),
            oid::SHA512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// As shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Hash of the concatenated parts.
    pub fn of(self, parts: &[impl AsRef<[u8]>]) -> Vec<u8> {
        let mut context = aws_lc_rs::digest::Context::new(self.lc());
        for part in parts {
            context.update(part.as_ref());
        }
        context.finish().as_ref().to_vec()
    }

    /// The primitive.
    pub fn lc(self) -> &'static aws_lc_rs::digest::Algorithm {
        use aws_lc_rs::digest as d;
        match self {
            Self::Sha1 => &d::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &d::SHA224,
            Self::Sha256 => &d::SHA256,
            Self::Sha384 => &d::SHA384,
            Self::Sha512 => &d::SHA512,
        }
    }
}

/// Named curves for signature and agreement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

/// What a public key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// RSA of so many bits.
    Rsa {
        /// Length of the modulus.
        bits: u32,
    },
    /// A point on a named curve.
    Ec(Curve),
    /// Ed25519 (signature).
    Ed25519,
    /// X25519 (agreement).
    X25519,
    /// Not used here.
    Other,
}

impl KeyKind {
    /// As shown: `RSA-2048`, `EC-P256`.
    pub fn name(self) -> String {
        match self {
            Self::Rsa { bits } => format!("RSA-{bits}"),
            Self::Ec(Curve::P256) => "EC-P256".to_owned(),
            Self::Ec(Curve::P384) => "EC-P384".to_owned(),
            Self::Ec(Curve::P521) => "EC-P521".to_owned(),
            Self::Ed25519 => "Ed25519".to_owned(),
            Self::X25519 => "X25519".to_owned(),
            Self::Other => "?".to_owned(),
        }
    }
}

/// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
#[derive(Clone, Copy, Debug)]
pub struct PublicKey<'a> {
    /// What it is.
    pub kind: KeyKind,
    /// subjectPublicKey: RSAPublicKey, an EC point, or raw octets.
    pub bits: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo.
    pub fn read(spki: Value<'a>) -> Result<Self, BerError> {
        let mut reader = spki.inside();
        let algorithm = AlgorithmId::read(&mut reader)?;
        let bits = reader.expect(tag::BIT_STRING)?.bits()?;
        Ok(Self {
            kind: kind(&algorithm, bits)?,
            bits,
        })
    }
}

fn kind(algorithm: &AlgorithmId<'_>, bits: &[u8]) -> Result<KeyKind, BerError> {
    Ok(match algorithm.oid {
        oid::RSA | oid::PSS | oid::OAEP => KeyKind::Rsa { bits: modulus_bits(bits)? },
        oid::EC => match algorithm.parameters.map(|p| p.oid()).transpose().unwrap_or(None) {
            Some(oid::P256) => KeyKind::Ec(Curve::P256),
            Some(oid::P384) => KeyKind::Ec(Curve::P384),
            Some(oid::P521) => KeyKind::Ec(Curve::P521),
            _ => KeyKind::Other,
        },
        oid::ED25519 => KeyKind::Ed25519,
        oid::X25519 => KeyKind::X25519,
        _ => KeyKind::Other,
    })
}

fn modulus_bits(key: &[u8]) -> Result<u32, BerError> {
    let modulus = Reader::new(key).sequence()?.expect(tag::INTEGER)?.content;
    let octets = &modulus[modulus.iter().take_while(|b| **b == 0).count()..];
    let top = octets.first().ok_or(BerError::Malformed)?.leading_zeros();
    u32::try_from(octets.len())
        .ok()
        .and_then(|n| n.checked_mul(8))
        .map(|n| n - top)
        .ok_or(BerError::TooLarge)
}

/// How a signature is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Digest),
    /// RSASSA-PSS.
    RsaPss {
        /// Hash of the message.
        digest: Digest,
        /// Hash of MGF1.
        mask: Digest,
        /// Octets of salt.
        salt: u16,
    },
    /// ECDSA.
    Ecdsa(Digest),
    /// Ed25519.
    Ed25519,
}

/// Why a signature could not be checked or does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm or its parameters are not known here.
    #[error("the algorithm is not supported")]
    Unsupported,
    /// It does not fit what it stands over.
    #[error("the signature does not fit")]
    Wrong,
}

impl Scheme {
    /// From a signatureAlgorithm; CMS may name the hash beside it (`rsaEncryption`).
    pub fn read(algorithm: &AlgorithmId<'_>, beside: Option<Digest>) -> Result<Self, SignatureError> {
        use SignatureError::Unsupported;
        Ok(match algorithm.oid {
            oid::RSA => Self::RsaPkcs1(beside.ok_or(Unsupported)?),
            oid::SHA1_RSA => Self::RsaPkcs1(Digest::Sha1),
            oid::SHA224_RSA => Self::RsaPkcs1(Digest::Sha224),
            oid::SHA256_RSA => Self::RsaPkcs1(Digest::Sha256),
            oid::SHA384_RSA => Self::RsaPkcs1(Digest::Sha384),
            oid::SHA512_RSA => Self::RsaPkcs1(Digest::Sha512),
            oid::PSS => pss(algorithm).map_err(|_| Unsupported)?.ok_or(Unsupported)?,
            oid::EC => Self::Ecdsa(beside.ok_or(Unsupported)?),
            oid::ECDSA_SHA1 => Self::Ecdsa(Digest::Sha1),
            oid::ECDSA_SHA224 => Self::Ecdsa(Digest::Sha224),
            oid::ECDSA_SHA256 => Self::Ecdsa(Digest::Sha256),
            oid::ECDSA_SHA384 => Self::Ecdsa(Digest::Sha384),
            oid::ECDSA_SHA512 => Self::Ecdsa(Digest::Sha512),
            oid::ED25519 => Self::Ed25519,
            _ => return Err(Unsupported),
        })
    }

    /// Its hash; Ed25519 has its own inside.
    pub fn digest(self) -> Option<Digest> {
        match self {
            Self::RsaPkcs1(d) | Self::RsaPss { digest: d, .. } | Self::Ecdsa(d) => Some(d),
            Self::Ed25519 => None,
        }
    }

    /// As shown.
    pub fn name(self) -> String {
        match self {
            Self::RsaPkcs1(d) => format!("RSA-PKCS1v1.5-{}", d.name()),
            Self::RsaPss { digest, mask, .. } if digest == mask => format!("RSA-PSS-{}", digest.name()),
            Self::RsaPss { digest, mask, .. } => format!("RSA-PSS-{}-MGF1-{}", digest.name(), mask.name()),
            Self::Ecdsa(d) => format!("ECDSA-{}", d.name()),
            Self::Ed25519 => "Ed25519".to_owned(),
        }
    }

    /// Checks `signature` over `message`.
    pub fn verify(self, key: &PublicKey<'_>, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let fits = match (self, key.kind) {
            (_, KeyKind::Rsa { bits }) if !is_rsa_size(bits) => return Err(SignatureError::Unsupported),
            (Self::RsaPkcs1(digest), KeyKind::Rsa { bits }) => match rsa_pkcs1(digest, bits) {
                Some(algorithm) => verified(algorithm, key, message, signature),
                None => rsa::verifies(key.bits, digest, Signed::Pkcs1, message, signature),
            },
            (Self::RsaPss { digest, mask, salt }, KeyKind::Rsa { .. }) => {
                rsa::verifies(key.bits, digest, Signed::Pss { mask, salt }, message, signature)
            }
            (Self::Ecdsa(digest), KeyKind::Ec(curve)) => {
                let algorithm = ecdsa(curve, digest).ok_or(SignatureError::Unsupported)?;
                verified(algorithm, key, message, signature)
            }
            (Self::Ed25519, KeyKind::Ed25519) => verified(&lc::ED25519, key, message, signature),
            _ => return Err(SignatureError::Unsupported),
        };
        fits.then_some(()).ok_or(SignatureError::Wrong)
    }
}

fn verified(algorithm: &'static dyn VerificationAlgorithm, key: &PublicKey<'_>, message: &[u8], signature: &[u8]) -> bool {
    public_keys::verifies(algorithm, key.bits, message, signature)
}

/// What aws-lc-rs itself would take: below, anybody factors it; above, a hostile key costs seconds.
fn is_rsa_size(bits: u32) -> bool {
    (1024..=8192).contains(&bits)
}

/// RSASSA-PSS-params (RFC 4055 §3.1); `None`: a hash, mask or salt that is not known here.
fn pss(algorithm: &AlgorithmId<'_>) -> Result<Option<Scheme>, BerError> {
    let mut reader = algorithm.parameters.ok_or(BerError::Malformed)?.inside();
    let hash = match reader.optional(tag::context(0))? {
        Some(v) => Digest::from_oid(AlgorithmId::read(&mut v.inside())?.oid),
        None => Some(Digest::Sha1),
    };
    let mask = match reader.optional(tag::context(1))? {
        Some(v) => mgf1(&AlgorithmId::read(&mut v.inside())?)?,
        None => Some(Digest::Sha1),
    };
    let salt = match reader.optional(tag::context(2))? {
        Some(v) => v.inside().expect(tag::INTEGER)?.small()?,
        None => 20,
    };
    let salt = u16::try_from(salt).ok().filter(|s| *s <= PSS_SALT_MAX);
    // trailerField: there is but one.
    if let Some(v) = reader.optional(tag::context(3))?
        && v.inside().expect(tag::INTEGER)?.small()? != 1
    {
        return Ok(None);
    }
    reader.end()?;
    Ok(hash
        .zip(mask)
        .zip(salt)
        .map(|((digest, mask), salt)| Scheme::RsaPss { digest, mask, salt }))
}

/// The hash of a MaskGenAlgorithm (RFC 4055 §2.1); `None`: not MGF1, or an unknown hash.
pub fn mgf1(algorithm: &AlgorithmId<'_>) -> Result<Option<Digest>, BerError> {
    if algorithm.oid != oid::MGF1 {
        return Ok(None);
    }
    let hash = AlgorithmId::from_value(algorithm.parameters.ok_or(BerError::Malformed)?)?;
    Ok(Digest::from_oid(hash.oid))
}

fn rsa_pkcs1(digest: Digest, bits: u32) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (digest, bits < 2048) {
        (Digest::Sha1, _) => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Digest::Sha256, true) => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Digest::Sha512, true) => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Digest::Sha256, false) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (Digest::Sha384, false) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (Digest::Sha512, false) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (Digest::Sha224, _) | (Digest::Sha384, true) => return None,
    })
}

fn ecdsa(curve: Curve, digest: Digest) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, digest) {
        (Curve::P256, Digest::Sha1) => &lc::ECDSA_P256_SHA1_ASN1,
        (Curve::P256, Digest::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Digest::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Digest::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Digest::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Digest::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Digest::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, Digest::Sha1) => &lc::ECDSA_P521_SHA1_ASN1,
        (Curve::P521, Digest::Sha224) => &lc::ECDSA_P521_SHA224_ASN1,
        (Curve::P521, Digest::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Digest::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Digest::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// The largest salt that an RSA key of 8192 bits leaves room for.
const PSS_SALT_MAX: u16 = 1022;
