//! The file itself: made, read, opened by a key or by the passphrase.

use super::{HeldError, HeldLock};
use crate::base::limits::{CMS_TRIES_MAX, HELD_FILE_MAX};
use crate::base::{Address, Secret};
use crate::keys::card::{CardLock, NotOpened, OtherThanPin};
use crate::keys::{SoftwareKey, material};
use crate::pki::{Certificate, bundle, der};
use crate::smime::lockbox::{Holders, Lockbox, lock};
use crate::smime::port::{PrivateKey, Unwrapped, WrappedKey};
use crate::smime::pwri::{self, Fresh};
use crate::store::atomic;
use std::path::Path;
use std::sync::Arc;

/// A key that may open a file, and what it waits for itself.
#[derive(Clone)]
pub struct Opener {
    /// The key.
    pub key: Arc<dyn PrivateKey>,
    /// What must be open for it to be used.
    pub behind: Behind,
}

/// What a key waits for.
#[derive(Clone)]
pub enum Behind {
    /// Nothing: it is at hand.
    Nothing,
    /// Its card.
    Card(Arc<CardLock>),
    /// The file that it is in itself.
    File(Arc<HeldLock>),
}

impl Behind {
    /// Whether the key can be used at once.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Card(card) => card.is_open(),
            Self::File(file) => file.is_open(),
        }
    }

    /// Whether what opens the one opens the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Card(one), Self::Card(other)) => Arc::ptr_eq(one, other),
            (Self::File(one), Self::File(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Asks its user; blocks. What is typed goes to no card where it is something `other` than a PIN.
    pub(super) fn unlock(&self, other: &OtherThanPin<'_>) -> Result<(), NotOpened> {
        match self {
            Self::Nothing => Ok(()),
            Self::Card(card) => card.unlock_unless(other),
            Self::File(file) => file.unlock(),
        }
    }

    /// Something that it has opened was of use.
    pub(super) fn touch(&self) {
        if let Self::Card(card) = self {
            card.touch();
        }
    }
}

/// What a file has opened to.
pub struct Opened {
    /// The account's keys, of all generations.
    pub keys: Vec<Arc<SoftwareKey>>,
    /// The key of the file itself: somebody more may be let in by it.
    pub content_key: Secret,
}

/// A file to be written.
pub struct Made {
    /// Its octets.
    pub octets: Vec<u8>,
    /// Its key.
    pub content_key: Secret,
}

/// How a passphrase comes into a file that is made.
#[derive(Clone, Copy)]
pub enum Passphrase<'a> {
    /// None opens it.
    None,
    /// This one does, under a fresh key of the file.
    Fresh(&'a Secret),
    /// That of the file before still does: the file keeps its key.
    Kept(&'a Secret, &'a Lockbox),
}

/// A file of these keys for these holders; all that may open it is named here.
pub fn make(account: &Address, keys: &[&SoftwareKey], holders: &[&Certificate], passphrase: Passphrase<'_>) -> Result<Made, HeldError> {
    let failed = || HeldError::NotWritten(account.clone());
    let content = SoftwareKey::in_clear(keys).ok_or_else(failed)?;
    let mut material = material().ok_or_else(failed)?;
    let by_passphrase = match passphrase {
        Passphrase::None => None,
        Passphrase::Fresh(passphrase) => Some(written(passphrase, &material.key).ok_or_else(failed)?),
        Passphrase::Kept(content_key, before) => {
            material.key = content_key.clone();
            before.passphrase.as_ref().map(|kept| kept.raw.clone())
        }
    };
    let owner: Vec<&Certificate> = keys.iter().map(|key| key.certificate()).collect();
    let for_whom = Holders {
        owner: &owner,
        holders,
        passphrase: by_passphrase.as_deref(),
    };
    let octets = lock(&content, &for_whom, &material).map_err(|_| failed())?;
    Ok(Made {
        octets,
        content_key: material.key,
    })
}

fn written(passphrase: &Secret, content_key: &Secret) -> Option<Vec<u8>> {
    let mut fresh = Fresh {
        salt: [0; 16],
        iv: [0; 16],
        padding: [0; 32],
    };
    aws_lc_rs::rand::fill(&mut fresh.salt).ok()?;
    aws_lc_rs::rand::fill(&mut fresh.iv).ok()?;
    aws_lc_rs::rand::fill(&mut fresh.padding).ok()?;
    pwri::write(passphrase, content_key, &fresh)
}

/// Reads the file of an account; its octets too, by which it is known again.
pub fn read(account: &Address, path: &Path) -> Result<(Lockbox, Vec<u8>), HeldError> {
    let absent = || HeldError::Absent {
        account: account.clone(),
        path: path.to_owned(),
    };
    // A pipe would be waited for without end.
    if !path.metadata().is_ok_and(|found| found.is_file()) {
        return Err(absent());
    }
    let octets = atomic::read(path, HELD_FILE_MAX).map_err(|_| absent())?.ok_or_else(absent)?;
    let damaged = |_| HeldError::Damaged {
        account: account.clone(),
        path: path.to_owned(),
    };
    Ok((Lockbox::read(&octets).map_err(damaged)?, octets))
}

/// Opens it by one key. `None`: it is not for this key, or the key is closed, or did not open it.
pub fn open_by_key(file: &Lockbox, key: &dyn PrivateKey) -> Option<Opened> {
    let named = |wrapped: &&WrappedKey| wrapped.recipient.names(key.certificate());
    file.keys
        .iter()
        .filter(named)
        .take(CMS_TRIES_MAX)
        .find_map(|wrapped| match key.unwrap(wrapped) {
            Unwrapped::Key(content_key) => opened(file, content_key),
            _ => None,
        })
}

/// Opens it by its passphrase, which takes a while.
pub fn open_by_passphrase(account: &Address, file: &Lockbox, passphrase: &Secret) -> Result<Opened, HeldError> {
    let by_passphrase = file.passphrase.as_ref().ok_or_else(|| HeldError::NoPassphrase(account.clone()))?;
    let content_key = by_passphrase.unwrap(passphrase);
    let found = content_key.and_then(|content_key| opened(file, content_key));
    found.ok_or_else(|| HeldError::WrongPassphrase(account.clone()))
}

/// The content, by its key.
fn opened(file: &Lockbox, content_key: Secret) -> Option<Opened> {
    let content = file.open(&content_key)?;
    let keys = SoftwareKey::import(content.expose(), &Secret::from("")).ok()?;
    Some(Opened {
        keys: keys.into_iter().map(Arc::new).collect(),
        content_key,
    })
}

/// As they are kept: a CertificateSet.
pub fn certificates_of(octets: &[u8]) -> Vec<Certificate> {
    crate::pki::ber::Value::only(octets)
        .map(bundle::certificate_set)
        .unwrap_or_default()
}

/// The same, to be kept.
pub(super) fn certificate_set(certificates: &[Certificate]) -> Vec<u8> {
    let all: Vec<Vec<u8>> = certificates.iter().map(|c| c.der().to_vec()).collect();
    der::set(&all)
}
