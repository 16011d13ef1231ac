//! A master key under a passphrase, for machines without a keyring: Argon2id (RFC 9106), then AES-256-GCM.

use super::seal::{seal, unseal};
use super::{StoreError, hex};
use crate::base::Secret;
use crate::base::limits::{ARGON2_MEMORY_MAX_KIB, ARGON2_PASSES_MAX, PASSPHRASE_FILE_MAX};
use crate::text::Why;
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// Asked at every start: 60 ms of the 150 that a start may take. RFC 9106 §4 spends on memory first and then makes one pass;
/// OWASP asks 46 MiB for one pass (as much worth as 19 MiB for two). A home keeps the figures it was made with.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 1;
const LANES: u32 = 1;
const NAME: &[u8] = b"souspli master key 1";

/// What stands in `master.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct Sealed {
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    sealed: String,
}

impl Sealed {
    pub(super) fn new(passphrase: &Secret, salt: &[u8; 16], master: &Secret) -> Result<Self, StoreError> {
        let mut header = Self {
            salt: hex::encode(salt),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            sealed: String::new(),
        };
        let key = header.stretch(passphrase).ok_or(StoreError::Crypto)?;
        header.sealed = hex::encode(&seal(&key, NAME, master.expose())?);
        Ok(header)
    }

    pub(super) fn open(&self, passphrase: &Secret, path: &Path) -> Result<Secret, StoreError> {
        let damaged = || StoreError::Damaged(path.to_owned());
        let sealed = hex::decode(&self.sealed).ok_or_else(damaged)?;
        let key = self.stretch(passphrase).ok_or_else(damaged)?;
        unseal(&key, NAME, &sealed).ok_or(StoreError::WrongPassphrase)
    }

    /// `None`: parameters out of bounds; a header must not make this program take all memory or all time.
    fn stretch(&self, passphrase: &Secret) -> Option<Secret> {
        if self.memory_kib > ARGON2_MEMORY_MAX_KIB || self.passes > ARGON2_PASSES_MAX || self.lanes > 64 {
            return None;
        }
        let salt = hex::decode(&self.salt)?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose(), &salt, key.as_mut_slice())
            .ok()?;
        Some(Secret::new(key.to_vec()))
    }
}

/// The passphrase of a file: its content without the line end.
pub(super) fn read_passphrase(path: &Path) -> Result<Secret, StoreError> {
    let bad = |why: Why| StoreError::BadPassphraseFile {
        path: path.to_owned(),
        why,
    };
    let read = super::atomic::read(path, PASSPHRASE_FILE_MAX).map_err(|error| match error {
        StoreError::Read { source, .. } => bad(Why::from(&source)),
        _ => bad(Why::new("il est trop grand", "it is too large")),
    })?;
    let bytes = Zeroizing::new(read.ok_or_else(|| bad(Why::from(&io::ErrorKind::NotFound.into())))?);
    let end = bytes.iter().rposition(|b| !matches!(b, b'\r' | b'\n'));
    let end = end.ok_or_else(|| bad(Why::new("il est vide", "it is empty")))? + 1;
    Ok(Secret::new(bytes[..end].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_cannot_ask_for_all_memory() {
        let sealed = |memory_kib, passes, lanes| Sealed {
            salt: "00".repeat(16),
            memory_kib,
            passes,
            lanes,
            sealed: "00".repeat(60),
        };
        for header in [
            sealed(u32::MAX, 1, 1),
            sealed(64, u32::MAX, 1),
            sealed(64, 1, 1000),
            sealed(0, 0, 0),
        ] {
            let error = header.open(&Secret::from("x"), Path::new("m")).unwrap_err();
            assert!(matches!(error, StoreError::Damaged(_)));
        }
    }

    #[test]
    fn a_home_made_with_other_figures_opens() {
        let (passphrase, master) = (Secret::from("x"), Secret::new(vec![7; 32]));
        let mut older = Sealed {
            salt: "00".repeat(16),
            memory_kib: 1024,
            passes: 3,
            lanes: 4,
            sealed: String::new(),
        };
        let key = older.stretch(&passphrase).unwrap();
        older.sealed = hex::encode(&seal(&key, NAME, master.expose()).unwrap());
        assert_eq!(older.open(&passphrase, Path::new("m")).unwrap().expose(), master.expose());
    }

    #[test]
    fn a_passphrase_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        for (content, wanted) in [("a b \r\n", Some("a b ")), ("x", Some("x")), ("\n\n", None), ("", None)] {
            std::fs::write(&path, content).unwrap();
            let read = read_passphrase(&path).ok();
            assert_eq!(read.as_ref().map(|s| s.expose()), wanted.map(str::as_bytes), "{content:?}");
        }
        assert!(read_passphrase(&folder.path().join("absent")).is_err());
    }
}
