//! True sizes of messages whose View has not the size of what is stored (CMS compressed data).

use super::lines::OnDisk;
use super::table::{Key, Table};
use super::{Home, Purpose, Secrets, StoreError};
use crate::base::limits::MARKS_MAX;

/// The sizes known to a home.
#[derive(Debug)]
pub struct Marks {
    table: Table,
    secrets: Secrets,
}

impl Marks {
    /// Opens what is known.
    pub fn open(home: &Home, secrets: &Secrets) -> Result<Self, StoreError> {
        let table = Table::open(home, home.marks(), MARKS_MAX, |_| true)?;
        Ok(Self {
            table,
            secrets: secrets.clone(),
        })
    }

    /// Reads them now, so that nobody waits for it later.
    pub fn read_ahead(&self) -> Result<(), StoreError> {
        self.table.read_ahead()
    }

    /// Remembers the size of the View of a message, named by its parts (account, mailbox, UIDVALIDITY, UID).
    pub fn put(&self, message: &[&[u8]], size: u64) -> Result<(), StoreError> {
        self.table
            .put(&self.key(message)?, i64::try_from(size).unwrap_or(i64::MAX), OnDisk::Soon)
    }

    /// That size, where it is known.
    pub fn size(&self, message: &[&[u8]]) -> Result<Option<u64>, StoreError> {
        Ok(self.table.value(&self.key(message)?)?.and_then(|size| u64::try_from(size).ok()))
    }

    fn key(&self, message: &[&[u8]]) -> Result<Key, StoreError> {
        let mac = self.secrets.mac(Purpose::Marks, message)?;
        mac.first_chunk().copied().ok_or(StoreError::Crypto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_outlives_a_restart() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        Marks::open(&home, &secrets)
            .unwrap()
            .put(&[b"a@b.fr", b"INBOX", b"1", b"23"], 4711)
            .unwrap();
        let marks = Marks::open(&home, &secrets).unwrap();
        assert_eq!(marks.size(&[b"a@b.fr", b"INBOX", b"1", b"23"]).unwrap(), Some(4711));
        assert_eq!(marks.size(&[b"a@b.fr", b"INBOX", b"12", b"3"]).unwrap(), None);
    }
}
