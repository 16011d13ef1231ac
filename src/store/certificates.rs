//! Certificates as files named by what they are: `<sha256>.der`. Correspondents' and authorities' folders are alike.
//! Reading what a certificate says is not done here (see `pki`).

use super::folder::FolderStamp;
use super::{StoreError, atomic, hex};
use crate::base::limits::{CERTIFICATE_FILE_MAX, CERTIFICATES_MAX, NOTE_FILE_MAX};
use aws_lc_rs::digest;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Digits that name a certificate among those of a home.
const FINGERPRINT_DIGITS_MIN: usize = 8;

/// A folder of certificates.
#[derive(Clone, Debug)]
pub struct CertificateFolder {
    folder: PathBuf,
}

/// SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// A certificate of the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredCertificate {
    /// Its name.
    pub fingerprint: Fingerprint,
    /// As it was put there.
    pub der: Vec<u8>,
}

impl CertificateFolder {
    /// A folder of the home: `home.certificates()` or `home.trust()`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a certificate; the same one twice is one file.
    pub fn put(&self, der: &[u8]) -> Result<Fingerprint, StoreError> {
        let fingerprint = Fingerprint::of(der);
        let path = self.path(&fingerprint);
        if der.len() as u64 > CERTIFICATE_FILE_MAX {
            return Err(StoreError::TooLarge(path));
        }
        atomic::write(&path, der)?;
        Ok(fingerprint)
    }

    /// Keeps what is said beside a certificate; before the certificate itself, so that nobody sees it without.
    pub fn put_note(&self, fingerprint: &Fingerprint, note: &str) -> Result<(), StoreError> {
        atomic::write(&self.note_path(fingerprint), note.as_bytes())
    }

    /// What is said beside a certificate. One that is there and cannot be read is an empty text in no language.
    pub fn note(&self, fingerprint: &Fingerprint) -> Option<String> {
        let found = atomic::read(&self.note_path(fingerprint), NOTE_FILE_MAX).transpose()?;
        let read = found.ok().and_then(|octets| String::from_utf8(octets).ok());
        Some(read.unwrap_or_else(|| "\0".to_owned()))
    }

    /// Every certificate, in the order of the fingerprints. A file that is not what its name says is left out.
    pub fn list(&self) -> Result<Vec<StoredCertificate>, StoreError> {
        let names = self.fingerprints()?;
        Ok(names.into_iter().filter_map(|fingerprint| self.read(fingerprint)).collect())
    }

    /// Removes one; `Absent` where there is none.
    pub fn remove(&self, fingerprint: &Fingerprint) -> Result<(), StoreError> {
        atomic::remove(&self.path(fingerprint))?;
        self.remove_note(fingerprint)
    }

    /// Removes what is said beside a certificate, if anything is.
    pub fn remove_note(&self, fingerprint: &Fingerprint) -> Result<(), StoreError> {
        match atomic::remove(&self.note_path(fingerprint)) {
            Err(StoreError::Absent) => Ok(()),
            other => other,
        }
    }

    /// To know later, cheaply, whether [`CertificateFolder::list`] would answer otherwise.
    pub fn stamp(&self) -> FolderStamp {
        FolderStamp::of(&self.folder)
    }

    /// True when nothing was put or removed since.
    pub fn is_unchanged(&self, stamp: &FolderStamp) -> bool {
        stamp.still_holds(&self.folder)
    }

    fn fingerprints(&self) -> Result<Vec<Fingerprint>, StoreError> {
        let entries = fs::read_dir(&self.folder).map_err(StoreError::read(&self.folder))?;
        let names = entries.flatten().filter_map(|entry| Fingerprint::of_file(&entry.path()));
        let mut names: Vec<Fingerprint> = names.take(CERTIFICATES_MAX).collect();
        names.sort();
        Ok(names)
    }

    /// `None`: removed meanwhile, unreadable or altered. One bad file must not hide all others.
    fn read(&self, fingerprint: Fingerprint) -> Option<StoredCertificate> {
        let der = atomic::read(&self.path(&fingerprint), CERTIFICATE_FILE_MAX).ok()??;
        (Fingerprint::of(&der) == fingerprint).then_some(StoredCertificate { fingerprint, der })
    }

    fn path(&self, fingerprint: &Fingerprint) -> PathBuf {
        self.folder.join(format!("{fingerprint}.der"))
    }

    fn note_path(&self, fingerprint: &Fingerprint) -> PathBuf {
        self.folder.join(format!("{fingerprint}.toml"))
    }
}

impl Fingerprint {
    /// Of these octets.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(bytes)
    }

    /// As [`fmt::Display`] writes it; colons and capitals, as other programs show them, are understood.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.trim().replace(':', "").to_ascii_lowercase();
        hex::decode(&plain)?.try_into().ok().map(Self)
    }

    /// Whether `text` is it, or the first eight digits of it or more: enough to name one of those that are known.
    pub fn begins_with(&self, text: &str) -> bool {
        let plain = text.trim().replace(':', "").to_ascii_lowercase();
        plain.len() >= FINGERPRINT_DIGITS_MIN && self.to_string().starts_with(&plain)
    }

    /// As a table shows it.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..8])
    }

    fn of_file(path: &Path) -> Option<Self> {
        if path.extension()? != "der" {
            return None;
        }
        hex::decode(path.file_stem()?.to_str()?)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_list_remove() {
        let (_guard, folder) = folder();
        let one = folder.put(b"one").unwrap();
        folder.put(b"two").unwrap();
        assert_eq!(folder.put(b"one").unwrap(), one);
        assert_eq!(folder.list().unwrap().len(), 2);
        folder.remove(&one).unwrap();
        assert!(matches!(folder.remove(&one), Err(StoreError::Absent)));
        assert_eq!(folder.list().unwrap()[0].der, b"two");
    }

    #[test]
    fn a_note_comes_and_goes_with_its_certificate() {
        let (guard, folder) = folder();
        let one = Fingerprint::of(b"one");
        folder.put_note(&one, "realm").unwrap();
        assert_eq!((folder.list().unwrap().len(), folder.note(&one).as_deref()), (0, Some("realm")));
        folder.put(b"one").unwrap();
        folder.remove(&one).unwrap();
        assert_eq!((folder.note(&one), fs::read_dir(guard.path()).unwrap().count()), (None, 0));
        fs::write(guard.path().join(format!("{one}.toml")), [0xff]).unwrap();
        assert!(folder.note(&one).is_some());
    }

    #[test]
    fn what_is_not_what_its_name_says_is_left_out() {
        let (guard, folder) = folder();
        let one = folder.put(b"one").unwrap();
        folder.put(b"two").unwrap();
        fs::write(guard.path().join(format!("{one}.der")), "other").unwrap();
        fs::write(guard.path().join("notes.der"), "x").unwrap();
        fs::create_dir(guard.path().join(format!("{}.der", Fingerprint::of(b"dir")))).unwrap();
        let listed = folder.list().unwrap();
        assert_eq!(listed.iter().map(|c| &c.der[..]).collect::<Vec<_>>(), [b"two"]);
        assert!(matches!(
            folder.put(&vec![0; CERTIFICATE_FILE_MAX as usize + 1]),
            Err(StoreError::TooLarge(_))
        ));
    }

    #[test]
    fn a_folder_just_changed_is_read_again() {
        let (_guard, folder) = folder();
        let stamp = folder.stamp();
        folder.put(b"one").unwrap();
        assert!(!folder.is_unchanged(&stamp));
    }

    #[test]
    fn fingerprints_are_read_as_others_write_them() {
        let one = Fingerprint::of(b"one");
        let shown: Vec<String> = one.0.iter().map(|b| format!("{b:02X}")).collect();
        assert_eq!(Fingerprint::parse(&shown.join(":")), Some(one));
        assert_eq!(Fingerprint::parse("../../etc/passwd"), None);
        assert!(one.begins_with(&shown[..6].join(":")) && one.begins_with(&one.short()) && one.begins_with(&one.to_string()));
        assert!(!one.begins_with(&one.to_string()[..6]) && !one.begins_with(&one.to_string()[1..]));
    }

    fn folder() -> (tempfile::TempDir, CertificateFolder) {
        let guard = tempfile::tempdir().unwrap();
        let folder = CertificateFolder::new(guard.path().to_path_buf());
        (guard, folder)
    }
}
