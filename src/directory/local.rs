//! The correspondents' certificates of the home, by address. Read again when the folder has changed.

use super::port::{Candidate, Source};
use crate::base::Address;
use crate::base::limits::IMPORTED_AUTHORITIES_MAX;
use crate::store::{CertificateFolder, FolderStamp, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// What is asked of a certificate (`pki` reads it).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// The addresses that it names; none for what is no certificate.
    pub addresses: Vec<Address>,
    /// Whether it is an authority's.
    pub is_authority: bool,
}

/// Reads a certificate.
pub type Read = fn(&[u8]) -> Reading;

/// The certificates of a folder.
#[derive(Debug)]
pub struct LocalDirectory {
    folder: CertificateFolder,
    read: Read,
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    stamp: FolderStamp,
    by_address: BTreeMap<Address, Vec<Vec<u8>>>,
    /// What was imported along: the middle of somebody's path, perhaps.
    authorities: Vec<Vec<u8>>,
}

impl LocalDirectory {
    /// Nothing is read before the first question.
    pub fn new(folder: CertificateFolder, read: Read) -> Self {
        Self {
            folder,
            read,
            index: Mutex::default(),
        }
    }

    /// The certificates that name an address.
    pub(super) fn look(&self, address: &Address) -> Result<Vec<Candidate>, StoreError> {
        let mut index = self.lock();
        if !self.folder.is_unchanged(&index.stamp) {
            *index = self.index()?;
        }
        let found = index.by_address.get(address).into_iter().flatten();
        let candidate = |der: &Vec<u8>| Candidate {
            issuers: index.authorities.clone(),
            ..Candidate::of_home(der.clone(), Source::Imported)
        };
        Ok(found.map(candidate).collect())
    }

    fn index(&self) -> Result<Index, StoreError> {
        let stamp = self.folder.stamp();
        let mut index = Index { stamp, ..Index::default() };
        for certificate in self.folder.list()? {
            let Reading {
                mut addresses,
                is_authority,
            } = (self.read)(&certificate.der);
            addresses.sort();
            addresses.dedup();
            for address in addresses {
                index.by_address.entry(address).or_default().push(certificate.der.clone());
            }
            if is_authority && index.authorities.len() < IMPORTED_AUTHORITIES_MAX {
                index.authorities.push(certificate.der);
            }
        }
        Ok(index)
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
        folder.put(b"authority in the middle").unwrap();
        let found = directory.look(&Address::parse("bob@lab.test").unwrap()).unwrap();
        assert_eq!(found[0].issuers, [b"authority in the middle"]);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_not_an_empty_one() {
        let guard = tempfile::tempdir().unwrap();
        let directory = LocalDirectory::new(CertificateFolder::new(guard.path().join("absent")), fake_emails);
        assert_eq!(find(&directory, "bob@lab.test"), None);
    }

    fn fake_emails(der: &[u8]) -> Reading {
        let words = std::str::from_utf8(der).unwrap().split(' ');
        Reading {
            addresses: words.filter_map(|word| Address::parse(word).ok()).collect(),
            is_authority: der.starts_with(b"authority"),
        }
    }

    fn find(directory: &LocalDirectory, address: &str) -> Option<usize> {
        let found = directory.look(&Address::parse(address).unwrap()).ok()?;
        Some(found.len())
    }
}
