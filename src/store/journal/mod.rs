//! What was sealed, opened or refused, when, for which account and under whom: a chain of entries in SQLite (docs/journal.md), kept
//! for some months. Never content, subjects or correspondents: a message is named by an HMAC of its Message-ID, a recipient by one
//! of the address, certificates and cards by their serial numbers.

mod aside;
mod chain;
mod cut;
mod entry;
mod file;
mod head;
mod lines;
mod lost;
mod pen;
mod read;
mod reserve;
mod rows;
mod shown;
mod verify;
mod volume;
mod waiting;
mod who;

pub use entry::{Event, JournalEntry};
pub use read::{Noted, Order, Page, Query, Reader, counted};
pub use verify::{Break, Verification, verify};
pub use who::at_the_wall;

use super::{Home, Purpose, Secrets, StoreError, hex};
use crate::base::limits::JOURNAL_QUEUE_MAX;
use crate::base::{Address, UnixTime};
use crate::text::Explanation;
use pen::Pen;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The journal of a home, as whoever has its keys writes it.
#[derive(Clone, Debug)]
pub struct Journal {
    home: Home,
    secrets: Secrets,
    pen: Arc<Mutex<Pen>>,
}

impl Journal {
    /// The journal of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            home: home.clone(),
            secrets: secrets.clone(),
            pen: Arc::default(),
        }
    }

    /// What stands for a Message-ID in [`JournalEntry::message`].
    pub fn pseudonym(&self, message_id: &str) -> Result<String, StoreError> {
        pseudonym(&self.secrets, message_id)
    }

    /// What stands for an address in [`JournalEntry::recipient_ids`].
    pub fn recipient_id(&self, address: &Address) -> Result<String, StoreError> {
        recipient_id(&self.secrets, address)
    }

    /// Adds an entry, sealed where the key is at hand; on disk when this returns, but for what was only read. One that cannot be
    /// written now waits in memory for the next, up to [`crate::base::limits::JOURNAL_WAITING_MAX`] of them.
    pub fn record(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        self.pen().write(&self.home, Some(&self.secrets), entry)
    }

    /// The same for what was only read: it stands behind those before it, and [`Journal::write_queued`] writes it, or whoever
    /// records something before that. When many wait, because whoever was to write them is kept waiting, they are written at once.
    pub fn queue(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let mut pen = self.pen();
        match pen.queue(entry) < JOURNAL_QUEUE_MAX {
            true => Ok(()),
            false => pen.write_queued(&self.home, Some(&self.secrets)),
        }
    }

    /// Writes what was queued, many entries in one go.
    pub fn write_queued(&self) -> Result<(), StoreError> {
        self.pen().write_queued(&self.home, Some(&self.secrets))
    }

    /// Takes out what is older than so many months, once a day; whether something was. Without the key nothing is.
    pub fn cut(&self, months: u32, now: UnixTime) -> Result<bool, StoreError> {
        if !self.secrets.is_open() {
            return Ok(false);
        }
        let mut pen = self.pen();
        let reached = cut::reached(&mut pen, &self.home, &self.secrets, now)?;
        aside::forget(&self.home, months, reached);
        cut::cut(&mut pen, &self.home, &self.secrets, months, (reached, now))
    }

    /// At the end of the program: what waits yet, and cannot be written now either, is laid beside the journal, for the next.
    pub fn settle(&self) {
        self.pen().settle(&self.home, Some(&self.secrets));
    }

    /// Whether it is whole, by the keys of its home.
    pub fn verify(&self) -> Result<Verification, StoreError> {
        verify(&self.home, &self.secrets)
    }

    /// Whether entries lie beside it that it has not taken yet.
    pub fn has_entries_beside(&self) -> bool {
        lines::is_there(&self.home)
    }

    /// How many entries wait that this writer has not: of another that is at work, or of one that has ended.
    pub fn waiting_elsewhere(&self) -> Result<u64, StoreError> {
        let is_ours = self.pen().reserve.is_some();
        let found = reserve::Found::look(&self.home)?;
        let count = found.entries.len() as u64 + found.memory.count;
        Ok(if is_ours { 0 } else { count })
    }

    /// What has been lost or waits to be written, to be told.
    pub fn trouble(&self) -> Vec<Explanation> {
        self.pen().trouble()
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds an entry by hand of a command, which needs no key: whoever has it seals it with the next.
pub fn record(home: &Home, entry: &JournalEntry) -> Result<(), StoreError> {
    Pen::default().write(home, None, entry)
}

/// What stands for a Message-ID in [`JournalEntry::message`].
pub fn pseudonym(secrets: &Secrets, message_id: &str) -> Result<String, StoreError> {
    named(secrets, &[message_id.trim().as_bytes()])
}

/// What stands for an address in [`JournalEntry::recipient_ids`].
pub fn recipient_id(secrets: &Secrets, address: &Address) -> Result<String, StoreError> {
    named(secrets, &[b"recipient", address.as_str().to_lowercase().as_bytes()])
}

fn named(secrets: &Secrets, parts: &[&[u8]]) -> Result<String, StoreError> {
    let mac = secrets.mac(Purpose::Journal, parts)?;
    Ok(hex::encode(&mac[..16]))
}

#[cfg(test)]
mod tests;
