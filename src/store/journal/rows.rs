//! Entries in the file, read and written in one transaction.

use super::chain::{Digest, Place};
use super::file::{Trouble, trouble};
use crate::base::limits::JOURNAL_ENTRY_MAX;
use crate::store::StoreError;
use rusqlite::{OptionalExtension, Row, Transaction};
use std::path::Path;

const _: () = assert!(JOURNAL_ENTRY_MAX == 65536);

/// A row of an entry; what is larger than any of ours is not read: it is none.
macro_rules! bounded {
    () => {
        "SELECT number, iif(octet_length(entry) > 65536, '', entry), iif(octet_length(hash) > 64, x'', hash), \
         iif(octet_length(seal) > 64, x'', seal) FROM entries "
    };
}

/// A change that is made whole or not at all.
pub(super) struct Change<'b> {
    pub(super) transaction: Transaction<'b>,
    pub(super) path: &'b Path,
}

/// An entry as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Kept {
    pub(super) number: u64,
    pub(super) entry: String,
    pub(super) hash: Vec<u8>,
    pub(super) seal: Option<Vec<u8>>,
}

impl Change<'_> {
    /// The last entry's place.
    pub(super) fn tip(&self) -> Result<Option<Place>, Trouble> {
        let last = self.one(
            "SELECT number, iif(octet_length(hash) > 64, x'', hash) FROM entries ORDER BY number DESC LIMIT 1",
            [],
        )?;
        last.map(|(number, hash)| place(number, &hash)).transpose()
    }

    /// The hash of an entry.
    pub(super) fn hash(&self, number: u64) -> Result<Option<Vec<u8>>, Trouble> {
        let found = self.one(
            "SELECT number, iif(octet_length(hash) > 64, x'', hash) FROM entries WHERE number = ?1",
            [signed(number)],
        )?;
        Ok(found.map(|(_, hash)| hash))
    }

    /// Whether an entry was written by somebody who had the key.
    pub(super) fn has_seals(&self) -> Result<bool, Trouble> {
        let sealed = self.one(
            "SELECT number, iif(octet_length(hash) > 64, x'', hash) FROM entries WHERE seal IS NOT NULL LIMIT 1",
            [],
        )?;
        Ok(sealed.is_some())
    }

    /// How many entries were written by somebody who had the key, or vouched for since.
    pub(super) fn sealed(&self) -> Result<u64, Trouble> {
        let counted = self.one("SELECT count(*), x'' FROM entries WHERE seal IS NOT NULL", [])?;
        Ok(counted.map_or(0, |(sealed, _)| sealed.unsigned_abs()))
    }

    /// At most so many entries whose number is above, the lowest first.
    pub(super) fn above(&self, number: u64, most: usize) -> Result<Vec<Kept>, Trouble> {
        self.many(concat!(bounded!(), "WHERE number > ?1 ORDER BY number LIMIT ?2"), number, most)
    }

    /// At most so many entries whose number is below, the highest first.
    pub(super) fn below(&self, number: u64, most: usize) -> Result<Vec<Kept>, Trouble> {
        self.many(concat!(bounded!(), "WHERE number < ?1 ORDER BY number DESC LIMIT ?2"), number, most)
    }

    /// Adds one.
    pub(super) fn add(&self, place: &Place, entry: &str, seal: Option<&Digest>) -> Result<(), Trouble> {
        let add = || {
            let mut adding = self
                .transaction
                .prepare_cached("INSERT INTO entries (number, entry, hash, seal) VALUES (?1, ?2, ?3, ?4)")?;
            adding.execute((signed(place.number), entry, place.hash.as_slice(), seal.map(Digest::as_slice)))
        };
        add().map(drop).map_err(|e| trouble(self.path, &e, StoreError::write))
    }

    /// Takes out all up to that number.
    pub(super) fn cut(&self, number: u64) -> Result<(), Trouble> {
        let cut = self.transaction.execute("DELETE FROM entries WHERE number <= ?1", [signed(number)]);
        cut.map(drop).map_err(|e| trouble(self.path, &e, StoreError::write))
    }

    /// Makes it last.
    pub(super) fn done(self) -> Result<(), Trouble> {
        let path = self.path;
        self.transaction.commit().map_err(|e| trouble(path, &e, StoreError::write))
    }

    fn one(&self, query: &str, values: impl rusqlite::Params) -> Result<Option<(i64, Vec<u8>)>, Trouble> {
        let one = || {
            let mut asking = self.transaction.prepare_cached(query)?;
            asking.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()
        };
        one().map_err(|e| trouble(self.path, &e, StoreError::read))
    }

    fn many(&self, query: &str, number: u64, most: usize) -> Result<Vec<Kept>, Trouble> {
        let many = || {
            let mut asking = self.transaction.prepare_cached(query)?;
            let rows = asking.query_map((signed(number), most.min(i32::MAX as usize) as i64), kept)?;
            rows.collect::<rusqlite::Result<_>>()
        };
        many().map_err(|e| trouble(self.path, &e, StoreError::read))
    }
}

/// Far beyond what a journal comes to.
const NUMBER_MAX: u64 = 1 << 53;

/// SQLite counts in 64 bits with a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let number: i64 = row.get(0)?;
    Ok(Kept {
        // A number below one is none of ours: as 0 it follows upon nothing.
        number: u64::try_from(number).unwrap_or_default(),
        entry: row.get(1)?,
        hash: row.get(2)?,
        seal: row.get(3)?,
    })
}

fn place(number: i64, hash: &[u8]) -> Result<Place, Trouble> {
    match (u64::try_from(number), hash.try_into()) {
        // Behind the last number there would be no room for ours.
        (Ok(number), Ok(hash)) if number < NUMBER_MAX => Ok(Place { number, hash }),
        _ => Err(Trouble::Damaged),
    }
}
