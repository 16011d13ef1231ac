//! Keys of an account in one file for several persons (requirements 0-09, 0-10, 0-55): its owner by his card, those whom he lets
//! read by theirs, and whoever has the rescue passphrase. The file is `smime::lockbox`, inside it is a PKCS#12: no format of ours.
//!
//! `file` makes one and opens one; `lock` keeps what an account's file has opened to, for as long as who opened it may; `key` is
//! one key behind it; `look` looks at somebody else's file, `sight` what was seen last; `stub` what the store keeps in place of a key that rests there.

mod file;
mod key;
mod lock;
mod look;
mod sight;
mod stub;

pub use file::{Behind, Made, Opened, Opener, Passphrase, certificates_of, make, open_by_key, open_by_passphrase, read};
pub use key::HeldKey;
pub use lock::{HeldLock, Whose};
pub use look::Look;
pub use sight::Unknown;
pub use stub::Stub;

use crate::base::Address;
use crate::store::StoreError;
use crate::text::{Explain, Explanation, held as say};
use std::path::PathBuf;

/// Why a held file gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// It is not there.
    #[error("{path}: no held file")]
    Absent {
        /// Whose.
        account: Address,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is no such file, or was changed.
    #[error("{path}: no readable held file")]
    Damaged {
        /// Whose.
        account: Address,
        /// Where.
        path: PathBuf,
    },
    /// It is for others.
    #[error("the held file is for others")]
    NotForUs(Address),
    /// A key that it names did not open it.
    #[error("the held file was not opened")]
    NotOpened(Address),
    /// The passphrase is another.
    #[error("wrong passphrase")]
    WrongPassphrase(Address),
    /// No passphrase opens it.
    #[error("no passphrase")]
    NoPassphrase(Address),
    /// It could not be made, or did not read back.
    #[error("the held file was not written")]
    NotWritten(Address),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for HeldError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Absent { account, path } => say::no_file(account, &path.display().to_string()),
            Self::Damaged { account, path } => say::damaged(account, &path.display().to_string()),
            Self::NotForUs(account) => say::not_for_you(account),
            Self::NotOpened(account) => say::not_opened(account),
            Self::WrongPassphrase(account) => say::wrong_passphrase(account),
            Self::NoPassphrase(account) => say::no_passphrase(account),
            Self::NotWritten(account) => say::not_written(account),
            Self::Store(error) => error.explain(),
        }
    }
}
