//! What the relay and the process that holds the module say to each other: a length of four octets, then JSON.

use crate::base::Secret;
use crate::base::limits::CARD_FRAME_MAX;
use crate::pki::algorithm::{Curve, Digest};
use crate::smime::port::SignatureScheme;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};
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
    /// How the keys of a card that is open can sign, as far as its module tells.
    Ways {
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
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Octets(Zeroizing<Vec<u8>>);

/// Room for what is secret and short: a vector that grows leaves its octets behind unwiped.
const ROOM: usize = 16 << 10;

/// How a signature is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// RSASSA-PSS; MGF1 by the same hash, a salt of its length.
    RsaPss(Hash),
    /// ECDSA on P-256, SHA-256.
    EcdsaP256,
    /// ECDSA on P-384, SHA-384.
    EcdsaP384,
}

impl Scheme {
    /// Every one that signatures of ours are made by.
    pub const ALL: [Self; 8] = [
        Self::RsaPkcs1(Hash::Sha256),
        Self::RsaPkcs1(Hash::Sha384),
        Self::RsaPkcs1(Hash::Sha512),
        Self::RsaPss(Hash::Sha256),
        Self::RsaPss(Hash::Sha384),
        Self::RsaPss(Hash::Sha512),
        Self::EcdsaP256,
        Self::EcdsaP384,
    ];
}

/// How a content key was encrypted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Padding {
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// RSAES-OAEP: hash of the label, of MGF1, the label.
    Oaep(Hash, Hash, Vec<u8>),
}

/// A hash, as RSA names it.
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
    /// To [`Request::Ways`].
    Ways(Vec<Scheme>),
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
    /// Whether there are slots, and none that is a device (CKF_HW_SLOT): they are no readers of PC/SC.
    pub is_fixed: bool,
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
            Self::Certificates { card } | Self::Login { card, .. } | Self::Logout { card } | Self::Ways { card } => Some(card),
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

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Wiping).map(Self)
    }
}

/// Reads octets; where they outgrow their room, those of the smaller one are wiped.
struct Wiping;

impl<'de> Visitor<'de> for Wiping {
    type Value = Zeroizing<Vec<u8>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("octets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut octets: A) -> Result<Self::Value, A::Error> {
        let mut read = Zeroizing::new(Vec::with_capacity(ROOM));
        while let Some(octet) = octets.next_element()? {
            if read.len() == read.capacity() {
                let mut larger = Zeroizing::new(Vec::with_capacity(2 * read.len()));
                larger.extend_from_slice(&read);
                read = larger;
            }
            read.push(octet);
        }
        Ok(read)
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

impl From<Zeroizing<Vec<u8>>> for Octets {
    fn from(octets: Zeroizing<Vec<u8>>) -> Self {
        Self(octets)
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
            SignatureScheme::RsaPkcs1Sha256 => Self::RsaPkcs1(Hash::Sha256),
            SignatureScheme::RsaPssSha256 => Self::RsaPss(Hash::Sha256),
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
    let mut octets = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *octets, said)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_any_length_come_as_they_went() {
        for length in [0, 1, 4, ROOM, ROOM + 1, 5 * ROOM] {
            let sent: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut line = Vec::new();
            write(&mut line, &Answer::Octets(Octets::from(sent.clone()))).unwrap();
            let Answer::Octets(read) = read(&mut line.as_slice()).unwrap() else {
                panic!("another answer");
            };
            assert_eq!(read.expose(), sent);
        }
    }

    #[test]
    fn a_frame_is_bounded_and_whole() {
        let too_long = u32::try_from(CARD_FRAME_MAX + 1).unwrap().to_be_bytes();
        for said in [&too_long[..], &[0, 0, 0, 9, b'"'], &[0, 0, 0, 2, b'[', b'1'], &[0, 0]] {
            assert!(read::<Answer>(&mut &said[..]).is_err());
        }
    }
}
