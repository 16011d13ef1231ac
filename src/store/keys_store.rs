//! Own private keys, sealed: `keys/<id>.sealed`, and those whose certificate has been asked for: `keys/<id>.requested`.
//! What is inside is opaque here (see `keys`).
//!
//! A file is `SPK1`, the length of the account (two octets), the account, then the sealed octets. File name and account
//! are bound to the content: a file renamed, or given to another account, does not open.
//!
//! Beside a key stand its notes, in clear (`<id>.retired`, `<id>.told`): they hold no secret, and whoever could take one away
//! could as well put back the file of yesterday.

use super::folder::FolderStamp;
use super::{Home, Purpose, Secrets, StoreError, atomic, hex};
use crate::base::limits::{KEY_NOTE_MAX, SEALED_KEY_MAX};
use crate::base::{Address, Secret};
use std::fmt;
use std::fs;
use std::path::PathBuf;

const MAGIC: &[u8] = b"SPK1";
/// Digits of a name that are shown, and enough to name a key.
const SHORT: usize = 8;

/// The sealed keys of a home, or those that have been requested.
#[derive(Clone, Debug)]
pub struct KeysStore {
    folder: PathBuf,
    secrets: Secrets,
    extension: &'static str,
}

/// What is noted beside a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyNote {
    /// Not to be used any more, but for reading; that it is there counts, whatever it holds.
    Retired,
    /// What the owner has been told of its end.
    Told,
}

impl KeyNote {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Retired, Self::Told];

    fn extension(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Told => "told",
        }
    }
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
            extension: "sealed",
        }
    }

    /// The keys of this home that have no certificate yet.
    pub fn requested(home: &Home, secrets: Secrets) -> Self {
        Self {
            extension: "requested",
            ..Self::new(home, secrets)
        }
    }

    /// Seals and keeps.
    pub fn put(&self, account: &Address, plain: &Secret) -> Result<KeyId, StoreError> {
        let mac = self.secrets.mac(Purpose::OwnKeys, &[account.folded().as_bytes(), plain.expose()])?;
        let id = KeyId(hex::encode(&mac[..16]));
        let header = header(account);
        let sealed = self.secrets.seal(&self.bound(&id, &header), plain.expose())?;
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
        for entry in entries {
            let path = entry.map_err(StoreError::read(&self.folder))?.path();
            if path.extension().is_none_or(|e| e != self.extension) {
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
        let opened = self.secrets.unseal(&self.bound(id, &header(&account)), sealed)?;
        opened.ok_or(StoreError::Damaged(path))
    }

    /// Removes one for good; old mail that was encrypted to it cannot be read any more.
    pub fn remove(&self, id: &KeyId) -> Result<(), StoreError> {
        atomic::remove(&self.path(id))?;
        // Last: a key that is still there must not lose the note that holds it back.
        KeyNote::ALL.into_iter().try_for_each(|kind| self.forget_note(id, kind))
    }

    /// Notes something of a key.
    pub fn put_note(&self, id: &KeyId, kind: KeyNote, text: &str) -> Result<(), StoreError> {
        atomic::write(&self.note_path(id, kind), text.as_bytes())
    }

    /// What is noted; one that cannot be read as text is noted all the same.
    pub fn note(&self, id: &KeyId, kind: KeyNote) -> Result<Option<String>, StoreError> {
        let path = self.note_path(id, kind);
        let octets = match atomic::read(&path, KEY_NOTE_MAX) {
            Err(StoreError::TooLarge(_)) => Some(Vec::new()),
            other => other?,
        };
        Ok(octets.map(|octets| String::from_utf8(octets).unwrap_or_default()))
    }

    /// Takes a note away; there may be none.
    pub fn forget_note(&self, id: &KeyId, kind: KeyNote) -> Result<(), StoreError> {
        match atomic::remove(&self.note_path(id, kind)) {
            Err(StoreError::Absent) => Ok(()),
            other => other,
        }
    }

    /// To know later whether keys or notes were put or removed.
    pub fn stamp(&self) -> FolderStamp {
        FolderStamp::of(&self.folder)
    }

    /// True when nothing was put or removed since.
    pub fn is_unchanged(&self, stamp: &FolderStamp) -> bool {
        stamp.still_holds(&self.folder)
    }

    fn path(&self, id: &KeyId) -> PathBuf {
        self.folder.join(format!("{}.{}", id.0, self.extension))
    }

    fn note_path(&self, id: &KeyId, kind: KeyNote) -> PathBuf {
        self.folder.join(format!("{}.{}", id.0, kind.extension()))
    }

    fn bound(&self, id: &KeyId, header: &[u8]) -> Vec<u8> {
        [id.0.as_bytes(), b".", self.extension.as_bytes(), header].concat()
    }
}

impl KeyId {
    /// As [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        (hex::decode(text)?.len() == 16).then(|| Self(text.to_owned()))
    }

    /// True when what the user has typed is its beginning.
    pub fn begins_with(&self, typed: &str) -> bool {
        typed.len() >= SHORT && self.0.starts_with(&typed.to_ascii_lowercase())
    }

    /// As it is shown: enough to tell the keys of a home apart.
    pub fn short(&self) -> &str {
        &self.0[..SHORT]
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

    #[test]
    fn what_is_noted_of_a_key_goes_with_it() {
        let (_guard, store) = store();
        let alice = Address::parse("alice@lab.test").unwrap();
        let id = store.put(&alice, &Secret::from("key one")).unwrap();
        assert_eq!(store.note(&id, KeyNote::Retired).unwrap(), None);
        store.forget_note(&id, KeyNote::Retired).unwrap();
        store.put_note(&id, KeyNote::Retired, "2026").unwrap();
        assert_eq!(store.note(&id, KeyNote::Retired).unwrap().as_deref(), Some("2026"));
        // Whatever a disk has made of it, it holds the key back.
        fs::write(store.note_path(&id, KeyNote::Retired), [0xff; 4096]).unwrap();
        assert_eq!(store.note(&id, KeyNote::Retired).unwrap().as_deref(), Some(""));
        assert_eq!(store.list().unwrap().len(), 1);
        store.remove(&id).unwrap();
        assert_eq!(store.put(&alice, &Secret::from("key one")).unwrap(), id);
        assert_eq!(store.note(&id, KeyNote::Retired).unwrap(), None);
    }

    #[test]
    fn a_requested_key_is_not_among_those_in_use() {
        let (_guard, keys) = store();
        let requested = KeysStore {
            extension: "requested",
            ..keys.clone()
        };
        let id = requested.put(&Address::parse("a@b.fr").unwrap(), &Secret::from("k")).unwrap();
        assert_eq!((requested.list().unwrap().len(), keys.list().unwrap().len()), (1, 0));
        fs::rename(requested.path(&id), keys.path(&id)).unwrap();
        assert!(matches!(keys.load(&id), Err(StoreError::Damaged(_))), "not by renaming it");
    }

    fn store() -> (tempfile::TempDir, KeysStore) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        (guard, KeysStore::new(&home, Secrets::ephemeral().unwrap()))
    }
}
