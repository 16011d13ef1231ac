//! The correspondents' certificates of the home, by address. Read again when the folder has changed.

use super::port::{Candidate, Source};
use crate::base::Address;
use crate::store::{CertificateFolder, FolderStamp, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// Reads the addresses of a certificate (`pki` does); none for what is no certificate.
pub type EmailsOf = fn(&[u8]) -> Vec<Address>;

/// The certificates of a folder.
#[derive(Debug)]
pub struct LocalDirectory {
    folder: CertificateFolder,
    emails_of: EmailsOf,
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    stamp: FolderStamp,
    by_address: BTreeMap<Address, Vec<Vec<u8>>>,
}

impl LocalDirectory {
    /// Nothing is read before the first question.
    pub fn new(folder: CertificateFolder, emails_of: EmailsOf) -> Self {
        Self {
            folder,
            emails_of,
            index: Mutex::default(),
        }
    }

    /// The certificates that name an address.
    pub(super) fn look(&self, address: &Address) -> Result<Vec<Candidate>, StoreError> {
        let mut index = self.lock();
        if !self.folder.is_unchanged(&index.stamp) {
            *index = self.read()?;
        }
        let found = index.by_address.get(address).into_iter().flatten();
        Ok(found.map(|der| Candidate::of_home(der.clone(), Source::Imported)).collect())
    }

    fn read(&self) -> Result<Index, StoreError> {
        let stamp = self.folder.stamp();
        let mut by_address: BTreeMap<Address, Vec<Vec<u8>>> = BTreeMap::new();
        for certificate in self.folder.list()? {
            let mut addresses = (self.emails_of)(&certificate.der);
            addresses.sort();
            addresses.dedup();
            for address in addresses {
                by_address.entry(address).or_default().push(certificate.der.clone());
            }
        }
        Ok(Index { stamp, by_address })
    }

    /// The index is replaced whole: a panic elsewhere leaves the former one.
    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_address_without_case_and_seen_once_put() {
        let guard = tempfile::tempdir().unwrap();
        let folder = CertificateFolder::new(guard.path().to_path_buf());
        let directory = LocalDirectory::new(folder.clone(), fake_emails);
        assert_eq!(find(&directory, "bob@lab.test"), Some(0));
        let first = folder.put(b"bob@lab.test bob@lab.test").unwrap();
        folder.put(b"carol@lab.test BOB@lab.test").unwrap();
        folder.put(b"no certificate").unwrap();
        assert_eq!(find(&directory, "Bob@Lab.test"), Some(2));
        folder.remove(&first).unwrap();
        assert_eq!(find(&directory, "bob@lab.test"), Some(1));
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_not_an_empty_one() {
        let guard = tempfile::tempdir().unwrap();
        let directory = LocalDirectory::new(CertificateFolder::new(guard.path().join("absent")), fake_emails);
        assert_eq!(find(&directory, "bob@lab.test"), None);
    }

    fn fake_emails(der: &[u8]) -> Vec<Address> {
        std::str::from_utf8(der)
            .unwrap()
            .split(' ')
            .filter_map(|word| Address::parse(word).ok())
            .collect()
    }

    fn find(directory: &LocalDirectory, address: &str) -> Option<usize> {
        let found = directory.look(&Address::parse(address).unwrap()).ok()?;
        Some(found.len())
    }
}
