//! The system's keyring: Secret Service, Windows Credential Manager, macOS Keychain.

use super::StoreError;
use crate::base::Secret;
use keyring::{Entry, Error};
use zeroize::Zeroizing;

const SERVICE: &str = "souspli";

/// Where master keys rest, so that a locked or absent keyring can be shown in tests.
pub(super) trait Keyring: Send + Sync {
    /// `None`: unlocked, and no such entry.
    fn read(&self, id: &str) -> Result<Option<Secret>, StoreError>;
    /// The same without a word to the user: [`StoreError::KeyringLocked`] where he would have to be asked, another error where
    /// this system cannot tell.
    fn read_quietly(&self, id: &str) -> Result<Option<Secret>, StoreError>;
    /// Returns only once the secret has been read back.
    fn write(&self, id: &str, secret: &Secret) -> Result<(), StoreError>;
    /// Removes an entry that was never used.
    fn forget(&self, id: &str);
}

/// The keyring of the session this program runs in.
pub(super) struct SystemKeyring;

impl Keyring for SystemKeyring {
    fn read(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        // A home that has its key in a keyring cannot do without: none at all is a failure of the session.
        let entry = Entry::new(SERVICE, id).map_err(|_| StoreError::KeyringFailed)?;
        match entry.get_secret() {
            Ok(bytes) => Ok(Some(Secret::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(Error::NoStorageAccess(_)) => Err(StoreError::KeyringLocked),
            Err(_) => Err(StoreError::KeyringFailed),
        }
    }

    fn read_quietly(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        quiet::read(id)
    }

    fn write(&self, id: &str, secret: &Secret) -> Result<(), StoreError> {
        let entry = Entry::new(SERVICE, id).map_err(|_| StoreError::NoSecretStore)?;
        match entry.set_secret(secret.expose()) {
            Ok(()) => {}
            // A daemon without a collection and one that stays locked answer alike; the sentence tells both ways out.
            Err(Error::NoStorageAccess(_)) => return Err(StoreError::NoSecretStore),
            Err(_) => return Err(StoreError::KeyringFailed),
        }
        let kept = Zeroizing::new(entry.get_secret().map_err(|_| StoreError::KeyringFailed)?);
        if kept.as_slice() == secret.expose() {
            Ok(())
        } else {
            Err(StoreError::KeyringFailed)
        }
    }

    fn forget(&self, id: &str) {
        if let Ok(entry) = Entry::new(SERVICE, id) {
            // An entry left over is harmless: nothing was sealed with it.
            let _ = entry.delete_credential();
        }
    }
}

/// The Secret Service tells which items are locked; `keyring` unlocks what it finds.
#[cfg(all(unix, not(target_os = "macos")))]
mod quiet {
    use super::{SERVICE, Secret, StoreError};
    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;
    use std::collections::HashMap;

    pub(super) fn read(id: &str) -> Result<Option<Secret>, StoreError> {
        let failed = |_| StoreError::KeyringFailed;
        let service = SecretService::connect(EncryptionType::Dh).map_err(failed)?;
        let named = HashMap::from([("service", SERVICE), ("username", id)]);
        let found = service.search_items(named).map_err(failed)?;
        match (found.unlocked.first(), found.locked.is_empty()) {
            (Some(item), _) => Ok(Some(Secret::new(item.get_secret().map_err(failed)?))),
            (None, true) => Ok(None),
            (None, false) => Err(StoreError::KeyringLocked),
        }
    }
}

/// The Credential Manager opens with the session, and never asks.
#[cfg(windows)]
mod quiet {
    use super::{Keyring, Secret, StoreError, SystemKeyring};

    pub(super) fn read(id: &str) -> Result<Option<Secret>, StoreError> {
        SystemKeyring.read(id)
    }
}

/// A Keychain tells nothing without asking.
#[cfg(target_os = "macos")]
mod quiet {
    use super::{Secret, StoreError};

    pub(super) fn read(_: &str) -> Result<Option<Secret>, StoreError> {
        Err(StoreError::KeyringFailed)
    }
}
