//! Own private keys, sealed: `keys/<id>.sealed`. What is inside is opaque here (see `keys`).
//!
//! A file is `SPK1`, the length of the account (two octets), the account, then the sealed octets. File name and account
//! are bound to the content: a file renamed, or given to another account, does not open.

use super::folder::FolderStamp;
use super::{Home, Purpose, Secrets, StoreError, atomic, hex};
use crate::base::limits::SEALED_KEY_MAX;
use crate::base::{Address, Secret};
use std::fmt;
use std::fs;
use std::path::PathBuf;

const MAGIC: &[u8] = b"SPK1";

/// The sealed keys of a home.
#[derive(Clone, Debug)]
pub struct KeysStore {
    folder: PathBuf,
    secrets: Secrets,
}

/// Names a sealed key; the same octets for the same account have the same name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(String);

/// A sealed key, not opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredKey {
    /// Its name.
    pub id: KeyId,
    /// Whose it is. Not proven until the key has been loaded.
    pub account: Address,
}

impl KeysStore {
    /// The keys of this home.
    pub fn new(home: &Home, secrets: Secrets) -> Self {
        Self {
            folder: home.keys(),
            secrets,
        }
    }

    /// Seals and keeps.
    pub fn put(&self, account: &Address, plain: &Secret) -> Result<KeyId, StoreError> {
        let mac = self.secrets.mac(Purpose::OwnKeys, &[account.folded().as_bytes(), plain.expose()])?;
        let id = KeyId(hex::encode(&mac[..16]));
        let header = header(account);
        let sealed = self.secrets.seal(&bound(&id, &header), plain.expose())?;
        let file = [header, sealed].concat();
        if file.len() as u64 > SEALED_KEY_MAX {
            return Err(StoreError::TooLarge(self.path(&id)));
        }
        atomic::write(&self.path(&id), &file)?;
        Ok(id)
    }

    /// Every key, by name. A file that is no sealed key is an error: a key must not vanish in silence.
    pub fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        let entries = fs::read_dir(&self.folder).map_err(StoreError::read(&self.folder))?;
        let mut keys = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|e| e != "sealed") {
                continue;
            }
            let id = path.file_stem().and_then(|s| s.to_str()).and_then(KeyId::parse);
            let id = id.ok_or_else(|| StoreError::Damaged(path.clone()))?;
            // Removed meanwhile by another process.
            let Some(file) = atomic::read(&path, SEALED_KEY_MAX)? else {
                continue;
            };
            let (account, _) = split(&file).ok_or(StoreError::Damaged(path))?;
            keys.push(StoredKey { id, account });
        }
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(keys)
    }

    /// Opens one.
    pub fn load(&self, id: &KeyId) -> Result<Secret, StoreError> {
        let path = self.path(id);
        let file = atomic::read(&path, SEALED_KEY_MAX)?.ok_or(StoreError::Absent)?;
        let Some((account, sealed)) = split(&file) else {
            return Err(StoreError::Damaged(path));
        };
        let opened = self.secrets.unseal(&bound(id, &header(&account)), sealed)?;
        opened.ok_or(StoreError::Damaged(path))
    }

    /// Removes one for good; old mail that was encrypted to it cannot be read any more.
    pub fn remove(&self, id: &KeyId) -> Result<(), StoreError> {
        atomic::remove(&self.path(id))
    }

    /// To know later whether keys were put or removed.
    pub fn stamp(&self) -> FolderStamp {
        FolderStamp::of(&self.folder)
    }

    /// True when nothing was put or removed since.
    pub fn is_unchanged(&self, stamp: &FolderStamp) -> bool {
        stamp.still_holds(&self.folder)
    }

    fn path(&self, id: &KeyId) -> PathBuf {
        self.folder.join(format!("{}.sealed", id.0))
    }
}

impl KeyId {
    /// As [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        (hex::decode(text)?.len() == 16).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn header(account: &Address) -> Vec<u8> {
    let account = account.as_str().as_bytes();
    // An address has at most 254 octets.
    let length = u16::try_from(account.len()).unwrap_or(u16::MAX);
    [MAGIC, &length.to_be_bytes(), account].concat()
}

fn split(file: &[u8]) -> Option<(Address, &[u8])> {
    let (length, rest) = file.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let (account, sealed) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((Address::parse(std::str::from_utf8(account).ok()?).ok()?, sealed))
}

fn bound(id: &KeyId, header: &[u8]) -> Vec<u8> {
    [id.0.as_bytes(), b".sealed", header].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_list_load_remove() {
        let (_guard, store) = store();
        let alice = Address::parse("Alice@lab.test").unwrap();
        let id = store.put(&alice, &Secret::from("key one")).unwrap();
        assert_eq!(store.put(&alice, &Secret::from("key one")).unwrap(), id);
        store
            .put(&Address::parse("bob@lab.test").unwrap(), &Secret::from("key one"))
            .unwrap();
        assert_eq!(store.list().unwrap().len(), 2);
        assert_eq!(store.load(&id).unwrap().expose(), b"key one");
        assert_eq!(KeyId::parse(&id.to_string()), Some(id.clone()));
        store.remove(&id).unwrap();
        assert!(matches!(store.load(&id), Err(StoreError::Absent)));
    }

    #[test]
    fn the_file_holds_nothing_in_clear() {
        let (_guard, store) = store();
        let id = store
            .put(&Address::parse("a@b.fr").unwrap(), &Secret::from("very private key"))
            .unwrap();
        let file = fs::read(store.path(&id)).unwrap();
        assert!(!file.windows(7).any(|w| w == b"private"));
    }

    #[test]
    fn another_name_account_or_home_does_not_open() {
        let (_guard, store) = store();
        let id = store.put(&Address::parse("a@b.fr").unwrap(), &Secret::from("k")).unwrap();
        let file = fs::read(store.path(&id)).unwrap();
        let other = KeyId("00".repeat(16));
        fs::write(store.path(&other), &file).unwrap();
        assert!(matches!(store.load(&other), Err(StoreError::Damaged(_))));
        let mut given = file.clone();
        given[6] = b'z';
        fs::write(store.path(&id), &given).unwrap();
        assert!(matches!(store.load(&id), Err(StoreError::Damaged(_))));
        fs::write(store.path(&id), &file).unwrap();
        let foreign = KeysStore {
            secrets: Secrets::ephemeral().unwrap(),
            ..store.clone()
        };
        assert!(matches!(foreign.load(&id), Err(StoreError::Damaged(_))));
        for end in 0..file.len() {
            fs::write(store.path(&id), &file[..end]).unwrap();
            assert!(store.load(&id).is_err(), "cut at {end}");
        }
    }

    fn store() -> (tempfile::TempDir, KeysStore) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        (guard, KeysStore::new(&home, Secrets::ephemeral().unwrap()))
    }
}
