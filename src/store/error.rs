//! What can go wrong with the home and its files.

use crate::text::{Explain, Explanation, Why, journal, store as words};
use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be kept or read back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The platform names no folder for the home.
    #[error("no home folder")]
    NoHome,
    /// The home belongs to another user.
    #[error("{0}: belongs to another user")]
    NotOurs(PathBuf),
    /// It binds every user of this computer, and others than administrators may change it.
    #[error("{0}: others than administrators may change it")]
    Changeable(PathBuf),
    /// The home cannot be made.
    #[error("making {path}: {source}")]
    NotMade {
        /// The home.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("reading {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written; what stood there before is intact.
    #[error("writing {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{0}: damaged")]
    Damaged(PathBuf),
    /// A journal that a later Souspli has written.
    #[error("{0}: of a later version")]
    NewerJournal(PathBuf),
    /// Larger than what the store takes.
    #[error("{0}: too large")]
    TooLarge(PathBuf),
    /// There is no such entry.
    #[error("no such entry")]
    Absent,
    /// The keyring is locked, or asks the user something.
    #[error("the keyring is locked")]
    KeyringLocked,
    /// Neither a keyring nor a passphrase file.
    #[error("no keyring and no passphrase file")]
    NoSecretStore,
    /// The keyring answers, but in an unexpected way.
    #[error("the keyring failed")]
    KeyringFailed,
    /// The keyring no longer holds this home's master key.
    #[error("the master key is gone from the keyring")]
    MasterKeyGone,
    /// This home was made with a passphrase file, and none is named.
    #[error("no passphrase file")]
    PassphraseWanted,
    /// The passphrase file is absent, unreadable, empty or too large.
    #[error("{path}: not a passphrase file")]
    BadPassphraseFile {
        /// The file.
        path: PathBuf,
        /// Why.
        why: Why,
    },
    /// The passphrase does not open this home.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The cryptographic library or the system's randomness refused.
    #[error("cryptography failed")]
    Crypto,
}

impl StoreError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| StoreError::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| StoreError::Write {
            path: path.to_owned(),
            source,
        }
    }
}

impl Explain for StoreError {
    fn explain(&self) -> Explanation {
        match self {
            StoreError::NoHome => words::no_home(),
            StoreError::NotOurs(path) => words::not_ours(&shown(path)),
            StoreError::Changeable(path) => crate::text::config::changeable(&shown(path)),
            StoreError::NotMade { path, source } => words::home_not_made(&shown(path), &Why::from(source)),
            StoreError::Read { path, source } => words::unreadable(&shown(path), &Why::from(source)),
            StoreError::Write { path, source } if is_full(source) => words::disk_full(&shown(path)),
            StoreError::Write { path, source } => words::unwritable(&shown(path), &Why::from(source)),
            StoreError::Damaged(path) => words::damaged(&shown(path)),
            StoreError::NewerJournal(path) => journal::newer(&shown(path)),
            StoreError::TooLarge(path) => words::too_large(&shown(path)),
            StoreError::Absent => words::absent(),
            StoreError::KeyringLocked => words::keyring_locked(),
            StoreError::NoSecretStore => words::no_secret_store(),
            StoreError::KeyringFailed => words::keyring_failed(),
            StoreError::MasterKeyGone => words::master_key_gone(),
            StoreError::PassphraseWanted => words::passphrase_wanted(),
            StoreError::BadPassphraseFile { path, why } => words::bad_passphrase_file(&shown(path), why),
            StoreError::WrongPassphrase => words::wrong_passphrase(),
            StoreError::Crypto => words::crypto(),
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
