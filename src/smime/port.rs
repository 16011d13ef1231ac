//! What a private key can be asked, be it in a file or on a card. Calls may block: the relay runs them apart.

use crate::base::Secret;
use crate::pki::Certificate;
use crate::pki::algorithm::{Curve, Digest};
use crate::smime::agree::KeyWrap;
use crate::text::{Explain, Explanation};

/// How a signature of ours is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256: read everywhere.
    RsaPkcs1Sha256,
    /// RSASSA-PSS with SHA-256, MGF1-SHA-256, salt of 32.
    RsaPssSha256,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
}

/// Why a key did not sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// It awaits a PIN, a card or a password.
    #[error("the key is locked")]
    Locked,
    /// It is not made for this scheme.
    #[error("the key does not do this")]
    Unsupported,
    /// It tried and failed.
    #[error("the key failed")]
    Failed,
    /// Its owner reads without his card, and does nothing else.
    #[error("the key only reads")]
    ReadsOnly,
}

impl Explain for KeyError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Locked => crate::text::keys::locked(),
            Self::Unsupported => crate::text::keys::unsupported_key(),
            Self::Failed => crate::text::keys::failed(),
            Self::ReadsOnly => crate::text::keys::reads_only(),
        }
    }
}

/// Who a content key is wrapped for (RFC 5652 §6.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecipientId {
    /// IssuerAndSerialNumber in DER.
    IssuerAndSerial(Vec<u8>),
    /// subjectKeyIdentifier.
    SubjectKeyIdentifier(Vec<u8>),
}

impl RecipientId {
    /// True when it names this certificate.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial(der) => certificate.is_named_by(der),
            Self::SubjectKeyIdentifier(id) => certificate.subject_key_identifier() == Some(id),
        }
    }
}

/// A content key as it came, for one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrappedKey {
    /// For whom.
    pub recipient: RecipientId,
    /// How it is wrapped.
    pub wrapping: Wrapping,
    /// The wrapped octets.
    pub octets: Vec<u8>,
    /// How long the content key must be, where the content algorithm fixes it.
    pub length: Option<usize>,
}

/// How a content key is wrapped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrapping {
    /// RSAES-PKCS1-v1_5.
    RsaPkcs1,
    /// RSAES-OAEP (RFC 3560).
    RsaOaep {
        /// Hash of the label.
        digest: Digest,
        /// Hash of MGF1.
        mask: Digest,
        /// Label.
        label: Vec<u8>,
    },
    /// Agreement on a curve, then key wrap (RFC 5753, RFC 8418).
    Agreement {
        /// The originator's ephemeral public key.
        curve: AgreementCurve,
        /// Its point or octets.
        public_key: Vec<u8>,
        /// From the agreed secret to the key-encryption key.
        derivation: Derivation,
        /// Which wrap.
        wrap: KeyWrap,
        /// DER of ECC-CMS-SharedInfo.
        shared_info: Vec<u8>,
    },
}

/// Curves for agreement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AgreementCurve {
    /// NIST curve; the cofactor is 1, so both primitives are one.
    Nist(Curve),
    /// X25519.
    X25519,
}

/// Key derivation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Derivation {
    /// ANSI X9.63 (SEC 1 §3.6.1, RFC 5753).
    X963(Digest),
    /// HKDF without salt (RFC 8418 §2.2).
    Hkdf(Digest),
}

/// What a key says to a wrapped key.
#[derive(Clone, Debug)]
pub enum Unwrapped {
    /// Not for this key.
    NotMine,
    /// For this key, which awaits a PIN, a card or a password.
    Locked,
    /// For this key, in a way it does not know.
    Unsupported,
    /// For this key, and it does not open.
    Failed,
    /// The content key. **A PKCS#1 v1.5 failure must be answered with a random key of the right length** (RFC 3218), so
    /// that nobody learns from an answer whether the padding was right.
    Key(Secret),
}

/// A private key with its certificate.
pub trait PrivateKey: Send + Sync {
    /// Its certificate.
    fn certificate(&self) -> &Certificate;
    /// Issuers of its certificate, without the root if that is known.
    fn chain(&self) -> &[Certificate];
    /// Signs these octets (hashing is the key's part of the work).
    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError>;
    /// Unwraps a content key.
    fn unwrap(&self, key: &WrappedKey) -> Unwrapped;
    /// Serial number of the card that it is on.
    fn card(&self) -> Option<&str> {
        None
    }
    /// False for a key in this process; true where each use is an operation of a card, which may ask for a PIN.
    fn is_outside(&self) -> bool {
        false
    }
}
