//! The protected fields of messages that were opened once, sealed: a listing after a restart says again what their Views say,
//! and opens none of them.

use super::lines::OnDisk;
use super::seal::{seal, unseal};
use super::table::{Key, Table};
use super::{Home, Purpose, Secrets, StoreError};
use crate::base::Secret;
use crate::base::limits::FIELDS_MAX;
use std::sync::OnceLock;

/// Octets are sealed in multiples of this: the length of a line tells little of the length of a subject.
const BLOCK: usize = 64;

/// The fields known to a home. The file is read at the first use: a start takes no longer for it.
#[derive(Debug)]
pub struct Fields {
    home: Home,
    secrets: Secrets,
    table: OnceLock<Table<String>>,
}

impl Fields {
    /// Those of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            home: home.clone(),
            secrets: secrets.clone(),
            table: OnceLock::new(),
        }
    }

    /// Keeps the fields of messages, each named by its parts; they come to the disk together.
    pub fn put_all<'a>(&self, all: impl IntoIterator<Item = (&'a [&'a [u8]], &'a [u8])>) -> Result<(), StoreError> {
        let sealed: Result<Vec<_>, _> = all.into_iter().map(|(message, fields)| self.sealed(message, fields)).collect();
        match sealed? {
            none if none.is_empty() => Ok(()),
            some => self.table()?.put_all(&some, OnDisk::Soon),
        }
    }

    fn sealed(&self, message: &[&[u8]], fields: &[u8]) -> Result<(Key, String), StoreError> {
        let name = self.name(message)?;
        let mut padded = zeroize::Zeroizing::new(fields.to_vec());
        padded.resize(fields.len().next_multiple_of(BLOCK), 0);
        let sealed = seal(&self.secrets.key(Purpose::Fields)?, &name, &padded)?;
        Ok((name, base64_simd::STANDARD.encode_to_string(sealed)))
    }

    /// Those fields, zeros behind them; `None`: they are not known, or were not sealed here for this message.
    pub fn of(&self, message: &[&[u8]]) -> Result<Option<Secret>, StoreError> {
        let name = self.name(message)?;
        let Some(line) = self.table()?.value(&name)? else {
            return Ok(None);
        };
        let sealed = base64_simd::STANDARD.decode_to_vec(line.as_bytes()).unwrap_or_default();
        Ok(unseal(&self.secrets.key(Purpose::Fields)?, &name, &sealed))
    }

    fn table(&self) -> Result<&Table<String>, StoreError> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let opened = Table::open(&self.home, self.home.fields(), FIELDS_MAX, |_| true)?;
        Ok(self.table.get_or_init(|| opened))
    }

    fn name(&self, message: &[&[u8]]) -> Result<Key, StoreError> {
        let mac = self.secrets.mac(Purpose::Fields, message)?;
        mac.first_chunk().copied().ok_or(StoreError::Crypto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_outlive_a_restart_and_cannot_be_read() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let (one, other): ([&[u8]; 2], [&[u8]; 2]) = ([b"INBOX", b"1"], [b"INBOX", b"2"]);
        Fields::new(&home, &secrets)
            .put_all([(&one[..], &b"Subject: Dupont\r\n"[..])])
            .unwrap();
        let fields = Fields::new(&home, &secrets);
        let kept = fields.of(&one).unwrap().unwrap();
        assert!(kept.expose().starts_with(b"Subject: Dupont\r\n\0") && kept.expose().len() == BLOCK);
        assert!(fields.of(&other).unwrap().is_none());
        let text = std::fs::read_to_string(home.fields()).unwrap();
        assert!(!text.contains("Dupont") && !text.contains(&base64_simd::STANDARD.encode_to_string("Subject: D")));
        let strangers = Fields::new(&home, &Secrets::ephemeral().unwrap());
        assert!(strangers.of(&one).unwrap().is_none());
    }

    #[test]
    fn a_line_put_in_the_place_of_another_does_not_open() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let (one, other): ([&[u8]; 1], [&[u8]; 1]) = ([b"1"], [b"2"]);
        let fields = Fields::new(&home, &secrets);
        fields.put_all([(&one[..], &b"one"[..]), (&other[..], &b"other"[..])]).unwrap();
        let text = std::fs::read_to_string(home.fields()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let (key, value) = (lines[1].split_once(' ').unwrap().0, lines[2].split_once(' ').unwrap().1);
        std::fs::write(home.fields(), format!("{}x\n{key} !\n{key} {value}\n", lines[0])).unwrap();
        assert!(Fields::new(&home, &secrets).of(&one).unwrap().is_none());
    }
}
