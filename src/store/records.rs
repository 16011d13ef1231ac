//! Small sealed records, each named by what it is of: `<mac>.sealed`. Whoever reads the folder learns how many there are.

use super::folder::FolderStamp;
use super::lines::OnDisk;
use super::owner::create_private_folder;
use super::seal::{seal, unseal};
use super::{Home, Purpose, Secrets, StoreError, atomic, hex};
use crate::base::Secret;
use crate::base::limits::{RECORD_MAX, RECORDS_MAX};
use std::fs;
use std::path::PathBuf;

/// Octets are sealed in multiples of this: the length of a file tells little of what is in it.
const BLOCK: usize = 512;

/// A folder of records.
#[derive(Clone, Debug)]
pub struct Records {
    folder: PathBuf,
    secrets: Secrets,
    when: OnDisk,
}

impl Records {
    /// What cannot be had again: on disk when [`Records::put`] returns.
    pub fn lasting(home: &Home, name: &'static str, secrets: &Secrets) -> Self {
        Self::of(home, name, secrets, OnDisk::Now)
    }

    /// What can be had again: a power cut may take the last ones.
    pub fn cached(home: &Home, name: &'static str, secrets: &Secrets) -> Self {
        Self::of(home, name, secrets, OnDisk::Soon)
    }

    fn of(home: &Home, name: &'static str, secrets: &Secrets, when: OnDisk) -> Self {
        Self {
            folder: home.root().join(name),
            secrets: secrets.clone(),
            when,
        }
    }

    /// The record of these parts, spaces behind it; `None`: there is none, or none that was sealed here under this name.
    pub fn of_name(&self, name: &[&[u8]]) -> Result<Option<Secret>, StoreError> {
        let mac = self.mac(name)?;
        let file = atomic::read(&self.path(&mac), RECORD_MAX)?;
        file.map_or(Ok(None), |sealed| self.opened(&mac, &sealed))
    }

    /// To know later whether any record may say something else; taken before one is read.
    pub fn stamp(&self) -> FolderStamp {
        FolderStamp::of(&self.folder)
    }

    /// True when none does.
    pub fn are_unchanged(&self, stamp: &FolderStamp) -> bool {
        stamp.still_holds(&self.folder)
    }

    /// Keeps a record; the last one counts.
    pub fn put(&self, name: &[&[u8]], plain: &[u8]) -> Result<(), StoreError> {
        let mac = self.mac(name)?;
        let path = self.path(&mac);
        let mut padded = zeroize::Zeroizing::new(plain.to_vec());
        padded.resize(plain.len().next_multiple_of(BLOCK), b' ');
        let sealed = seal(&self.secrets.key(Purpose::Book)?, &self.bound(&mac), &padded)?;
        if sealed.len() as u64 > RECORD_MAX {
            return Err(StoreError::TooLarge(path));
        }
        create_private_folder(&self.folder).map_err(StoreError::write(&self.folder))?;
        match self.when {
            OnDisk::Now => atomic::write(&path, &sealed),
            OnDisk::Soon => atomic::write_unsynced(&path, &sealed),
        }
    }

    /// The same folder for what need not be on disk at once.
    pub fn unhurried(&self) -> Self {
        Self {
            when: OnDisk::Soon,
            ..self.clone()
        }
    }

    /// Removes one; `Absent` where there is none.
    pub fn remove(&self, name: &[&[u8]]) -> Result<(), StoreError> {
        atomic::remove(&self.path(&self.mac(name)?))
    }

    /// Every record that opens, in the order of their names.
    pub fn all(&self) -> Result<Vec<Secret>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::read(&self.folder)(error)),
        };
        let names = entries.flatten().filter_map(|entry| mac_of(&entry.path()));
        let mut names: Vec<[u8; 16]> = names.take(RECORDS_MAX).collect();
        names.sort_unstable();
        let mut found = Vec::with_capacity(names.len());
        for mac in names {
            if let Ok(Some(sealed)) = atomic::read(&self.path(&mac), RECORD_MAX) {
                found.extend(self.opened(&mac, &sealed)?);
            }
        }
        Ok(found)
    }

    fn opened(&self, mac: &[u8; 16], sealed: &[u8]) -> Result<Option<Secret>, StoreError> {
        Ok(unseal(&self.secrets.key(Purpose::Book)?, &self.bound(mac), sealed))
    }

    /// A file that was moved to another folder is none of that one.
    fn bound(&self, mac: &[u8; 16]) -> Vec<u8> {
        let folder = self.folder.file_name().unwrap_or_default().as_encoded_bytes();
        [folder, b"/", mac].concat()
    }

    fn mac(&self, name: &[&[u8]]) -> Result<[u8; 16], StoreError> {
        let mac = self.secrets.mac(Purpose::Book, name)?;
        mac.first_chunk().copied().ok_or(StoreError::Crypto)
    }

    fn path(&self, mac: &[u8; 16]) -> PathBuf {
        self.folder.join(format!("{}.sealed", hex::encode(mac)))
    }
}

fn mac_of(path: &std::path::Path) -> Option<[u8; 16]> {
    let stem = path.extension().filter(|e| *e == "sealed").and(path.file_stem())?;
    hex::decode(stem.to_str()?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_outlive_a_restart_and_tell_nothing() {
        let (_guard, home, secrets) = home();
        for records in [
            Records::lasting(&home, "kept", &secrets),
            Records::cached(&home, "lookups", &secrets),
        ] {
            assert!(records.all().unwrap().is_empty());
            records.put(&[b"a@b.fr"], b"one").unwrap();
            records.put(&[b"a@b.fr"], b"a@b.fr two").unwrap();
            records.put(&[b"c@d.fr"], b"three").unwrap();
            let again = records.clone();
            assert!(again.of_name(&[b"a@b.fr"]).unwrap().unwrap().expose().starts_with(b"a@b.fr two "));
            assert_eq!(again.all().unwrap().len(), 2);
            for entry in fs::read_dir(&records.folder).unwrap().flatten() {
                let sealed = fs::read(entry.path()).unwrap();
                assert_eq!(sealed.len(), BLOCK + super::super::seal::SEAL_OVERHEAD);
                assert!(!sealed.windows(4).any(|w| w == b"b.fr"));
            }
            records.remove(&[b"a@b.fr"]).unwrap();
            assert!(matches!(records.remove(&[b"a@b.fr"]), Err(StoreError::Absent)));
        }
    }

    #[test]
    fn a_record_in_the_place_of_another_does_not_open() {
        let (_guard, home, secrets) = home();
        let (kept, lookups) = (
            Records::lasting(&home, "kept", &secrets),
            Records::lasting(&home, "lookups", &secrets),
        );
        kept.put(&[b"a"], b"one").unwrap();
        lookups.put(&[b"a"], b"two").unwrap();
        kept.put(&[b"b"], b"three").unwrap();
        let path = |records: &Records, name: &[u8]| records.path(&records.mac(&[name]).unwrap());
        fs::copy(path(&lookups, b"a"), path(&kept, b"a")).unwrap();
        assert!(kept.of_name(&[b"a"]).unwrap().is_none());
        fs::copy(path(&kept, b"b"), path(&kept, b"a")).unwrap();
        assert!(kept.of_name(&[b"a"]).unwrap().is_none());
        fs::write(path(&kept, b"b"), b"").unwrap();
        fs::write(kept.folder.join("notes.sealed"), b"x").unwrap();
        assert!(kept.all().unwrap().is_empty());
    }

    fn home() -> (tempfile::TempDir, Home, Secrets) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        (guard, home, Secrets::ephemeral().unwrap())
    }
}
