//! What the relay and the process that holds the module say to each other: a length of four octets, then JSON.

use crate::base::Secret;
use crate::base::limits::CARD_FRAME_MAX;
use crate::pki::algorithm::{Curve, Digest};
use crate::smime::port::SignatureScheme;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// What the module is asked.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Which readers there are, and which cards in them.
    Look,
    /// The certificates of a card; nobody is asked for a PIN.
    Certificates {
        /// Its serial number.
        card: String,
    },
    /// Opens its private keys.
    Login {
        /// Its serial number.
        card: String,
        /// The PIN.
        pin: Octets,
    },
    /// Closes them.
    Logout {
        /// Its serial number.
        card: String,
    },
    /// Signs.
    Sign {
        /// With which key.
        key: OnCard,
        /// How.
        scheme: Scheme,
        /// What.
        octets: Vec<u8>,
        /// For a key that asks each time.
        pin: Option<Octets>,
    },
    /// Decrypts a content key.
    Decrypt {
        /// With which key.
        key: OnCard,
        /// How it was encrypted.
        padding: Padding,
        /// What.
        octets: Vec<u8>,
    },
    /// Agrees on a secret (ECDH), which is given as it is, for the derivation outside.
    Agree {
        /// With which key.
        key: OnCard,
        /// The other's point.
        point: Vec<u8>,
        /// Octets of the secret.
        length: usize,
    },
}

/// A private key of a card: the certificate beside it has the same identifier (CKA_ID).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OnCard {
    /// Serial number of the card.
    pub card: String,
    /// CKA_ID.
    pub id: Vec<u8>,
}

/// Octets that are wiped, in either process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Octets(Zeroizing<Vec<u8>>);

/// How a signature is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5, SHA-256.
    RsaPkcs1,
    /// RSASSA-PSS, SHA-256.
    RsaPss,
    /// ECDSA on P-256, SHA-256.
    EcdsaP256,
    /// ECDSA on P-384, SHA-384.
    EcdsaP384,
}

/// How a content key was encrypted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Padding {
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// RSAES-OAEP: hash of the label, of MGF1, the label.
    Oaep(Hash, Hash, Vec<u8>),
}

/// A hash of OAEP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Hash {
    /// SHA-1.
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

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Request::Look`].
    Seen(Seen),
    /// To [`Request::Certificates`].
    Certificates(Vec<Shown>),
    /// It is done.
    Done,
    /// A signature, a content key, a secret.
    Octets(Octets),
}

/// A certificate of a card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// CKA_ID: that of its private key.
    pub id: Vec<u8>,
    /// In DER.
    pub der: Vec<u8>,
}

/// Readers and cards.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Readers without a card.
    pub empty_readers: usize,
    /// The cards.
    pub cards: Vec<CardSeen>,
}

/// A card in a reader.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CardSeen {
    /// Its serial number.
    pub serial: String,
    /// What it is called.
    pub label: String,
    /// Which model.
    pub model: String,
    /// How its PIN stands.
    pub pin: PinLeft,
    /// Whether the PIN is typed on the reader (CKF_PROTECTED_AUTHENTICATION_PATH).
    pub on_reader: bool,
}

/// How many tries a PIN has left, as far as PKCS#11 tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum PinLeft {
    /// All of them.
    #[default]
    All,
    /// Fewer: a wrong one was given.
    Fewer,
    /// One: the next wrong one blocks the card.
    One,
    /// None.
    Blocked,
}

/// Why it did not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Refused {
    /// The module cannot be loaded: why, in its words.
    NotLoaded(String),
    /// That card is in no reader, or was taken out.
    Absent,
    /// A PIN is to be given first.
    LoginFirst,
    /// This key asks for the PIN at each use.
    PinEachTime,
    /// It is wrong.
    PinWrong(PinLeft),
    /// It has not the length of one, or signs that none has: no try was lost.
    PinMalformed,
    /// Too many wrong ones.
    PinBlocked,
    /// The user said no on the reader.
    Cancelled,
    /// No such key.
    NoKey,
    /// The card does not do this.
    Unsupported,
    /// It tried and failed.
    Failed,
    /// The module says this of itself (CKR_...).
    Module(String),
}

/// An answer, or why there is none.
pub type Said = Result<Answer, Refused>;

impl Request {
    /// The card that it concerns.
    pub fn card(&self) -> Option<&str> {
        match self {
            Self::Look => None,
            Self::Certificates { card } | Self::Login { card, .. } | Self::Logout { card } => Some(card),
            Self::Sign { key, .. } | Self::Decrypt { key, .. } | Self::Agree { key, .. } => Some(&key.card),
        }
    }
}

impl Octets {
    /// For the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<&Secret> for Octets {
    fn from(secret: &Secret) -> Self {
        Self(Zeroizing::new(secret.expose().to_vec()))
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl From<Octets> for Secret {
    fn from(octets: Octets) -> Self {
        Secret::new(octets.0.to_vec())
    }
}

impl std::fmt::Debug for Octets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Octets(…)")
    }
}

impl From<SignatureScheme> for Scheme {
    fn from(scheme: SignatureScheme) -> Self {
        match scheme {
            SignatureScheme::RsaPkcs1Sha256 => Self::RsaPkcs1,
            SignatureScheme::RsaPssSha256 => Self::RsaPss,
            SignatureScheme::EcdsaP256Sha256 => Self::EcdsaP256,
            SignatureScheme::EcdsaP384Sha384 => Self::EcdsaP384,
        }
    }
}

impl From<Digest> for Hash {
    fn from(digest: Digest) -> Self {
        match digest {
            Digest::Sha1 => Self::Sha1,
            Digest::Sha224 => Self::Sha224,
            Digest::Sha256 => Self::Sha256,
            Digest::Sha384 => Self::Sha384,
            Digest::Sha512 => Self::Sha512,
        }
    }
}

/// Octets of a secret agreed on a curve: those of its field.
pub fn field_octets(curve: Curve) -> usize {
    match curve {
        Curve::P256 => 32,
        Curve::P384 => 48,
        Curve::P521 => 66,
    }
}

/// Writes one.
pub fn write(to: &mut impl Write, said: &impl Serialize) -> io::Result<()> {
    let octets = Zeroizing::new(serde_json::to_vec(said)?);
    let length = u32::try_from(octets.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    if octets.len() > CARD_FRAME_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&octets)?;
    to.flush()
}

/// Reads one; bounded, for the module shares the process that writes.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > CARD_FRAME_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut octets = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut octets)?;
    Ok(serde_json::from_slice(&octets)?)
}
