//! Keys of the doctor. `software` holds those of a file, `pkcs12` reads and writes such files, `request` makes one and asks for its
//! certificate; `held` those of an account for several persons; `card` those that stay on a card, `pin` asks for what opens it; `shelf` says of each where it stands in its life.
//! `proofs` is what providers know him by, `token` what a program of his prints for that.

pub(crate) mod begin;
pub mod card;
pub mod held;
pub mod pin;
pub mod pkcs12;
pub mod proofs;
pub mod request;
pub mod shelf;
pub mod software;
pub mod token;

pub use proofs::HomeProofs;
pub use software::{ImportError, SoftwareKey};

use crate::smime::port::PrivateKey;
use std::sync::Arc;

use crate::base::Secret;
use crate::smime::encrypt::Material;

/// An own key of either kind, as the store keeps it.
#[derive(Debug)]
pub enum Own {
    /// Its private half rests in the store.
    Software(SoftwareKey),
    /// It stays on its card.
    Card(card::CardKey),
    /// It is in the account's held file.
    Held(held::Stub),
}

impl Own {
    /// What `to_bytes` of either kind wrote.
    pub fn from_bytes(bytes: &Secret, cards: &Arc<card::Cards>) -> Result<Self, ImportError> {
        if let Some(stub) = held::Stub::from_bytes(bytes)? {
            return Ok(Self::Held(stub));
        }
        match card::CardKey::from_bytes(bytes, cards)? {
            Some(key) => Ok(Self::Card(key)),
            None => SoftwareKey::from_bytes(bytes).map(Self::Software),
        }
    }

    /// Where its private half rests in the store.
    pub fn software(&self) -> Option<&SoftwareKey> {
        match self {
            Self::Software(key) => Some(key),
            Self::Card(_) | Self::Held(_) => None,
        }
    }

    /// As mail needs it.
    pub fn key(&self) -> &dyn PrivateKey {
        match self {
            Self::Software(key) => key,
            Self::Card(key) => key,
            Self::Held(stub) => stub,
        }
    }
}

/// Fresh random values to encrypt one message with; `None`: the system gives no randomness.
pub fn material() -> Option<Material> {
    let mut key = vec![0; 32];
    let mut iv = [0; 16];
    aws_lc_rs::rand::fill(&mut key).ok()?;
    aws_lc_rs::rand::fill(&mut iv).ok()?;
    Some(Material { key: Secret::new(key), iv })
}
