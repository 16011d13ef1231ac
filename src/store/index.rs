//! The texts of opened messages, sealed, so that they can be searched: a file of records that is only appended to, and
//! rewritten when it is full.
//!
//! In memory is only where each record stands. A record is opened when its mailbox is searched, and forgotten again.

mod file;
mod record;

use super::seal::{Opener, seal};
use super::{Home, Purpose, Secrets, StoreError};
use crate::base::limits::{INDEX_MESSAGES_MAX, INDEX_OCTETS_MAX};
use file::{Entry, IndexFile, Known};
use record::{Head, Record};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// A mailbox for as long as its UIDs mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Indexed<'a> {
    /// The account's address, in lower case.
    pub account: &'a str,
    /// The mailbox's name as written.
    pub mailbox: &'a str,
    /// UIDVALIDITY.
    pub uidvalidity: u32,
}

/// How much of an account is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Held {
    /// Messages.
    pub messages: u64,
    /// Octets on disk.
    pub octets: u64,
}

/// The index of a home, shared with other processes. The file is read at the first use: a start takes no longer for it.
#[derive(Debug)]
pub struct Index {
    file: IndexFile,
    secrets: Secrets,
    known: Mutex<Known>,
}

impl Index {
    /// That of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self::bounded(home, secrets, INDEX_OCTETS_MAX, INDEX_MESSAGES_MAX)
    }

    fn bounded(home: &Home, secrets: &Secrets, octets: u64, messages: usize) -> Self {
        Self {
            file: IndexFile::new(home, octets, messages),
            secrets: secrets.clone(),
            known: Mutex::default(),
        }
    }

    /// Reads it now, so that nobody waits for it later.
    pub fn read_ahead(&self) -> Result<(), StoreError> {
        self.file.refresh(&mut self.lock())
    }

    /// Keeps the text of a message. What is known of the mailbox under another UIDVALIDITY goes.
    pub fn put(&self, place: &Indexed<'_>, uid: u32, text: &[u8]) -> Result<(), StoreError> {
        self.put_all(place, [(uid, text)])
    }

    /// The same of several messages, which come to the disk together.
    pub fn put_all<'a>(&self, place: &Indexed<'_>, texts: impl IntoIterator<Item = (u32, &'a [u8])>) -> Result<(), StoreError> {
        let mut known = self.lock();
        // What others have written since is read when these are appended.
        if !known.is_read() {
            self.file.refresh(&mut known)?;
        }
        self.drop_outlived(&mut known, &self.head(place, 0)?)?;
        let sealed: Result<Vec<_>, _> = texts
            .into_iter()
            .filter_map(|(uid, text)| self.sealed_anew(&known, place, uid, text).transpose())
            .collect();
        match sealed? {
            none if none.is_empty() => Ok(()),
            some => self.file.append_all(&mut known, &some),
        }
    }

    /// The record of a text; `None`: it is known.
    fn sealed_anew(&self, known: &Known, place: &Indexed<'_>, uid: u32, text: &[u8]) -> Result<Option<(Head, Vec<u8>)>, StoreError> {
        let head = self.head(place, uid)?;
        let record = Record {
            uid,
            account: place.account,
            mailbox: place.mailbox,
            text,
        };
        let record = Zeroizing::new(record.to_bytes());
        if let Some(entry) = known.entries.get(&head.place)
            && self.is_same(known, entry, &record)?
        {
            return Ok(None);
        }
        let sealed = seal(&self.secrets.key(Purpose::Index)?, &head.name(), &record)?;
        Ok(Some((head, sealed)))
    }

    /// The text of each message of a mailbox that is known, with its UID.
    pub fn each(&self, place: &Indexed<'_>, mut take: impl FnMut(u32, &[u8])) -> Result<(), StoreError> {
        let mut known = self.lock();
        self.file.refresh(&mut known)?;
        let head = self.head(place, 0)?;
        self.drop_outlived(&mut known, &head)?;
        let entries = known.sorted(|entry| entry.head.mailbox == head.mailbox);
        self.open_each(&known, &entries, |_, record| take(record.uid, record.text))
    }

    /// What is known of each account.
    pub fn held(&self) -> Result<BTreeMap<String, Held>, StoreError> {
        let mut known = self.lock();
        self.file.refresh(&mut known)?;
        let mut out: BTreeMap<String, Held> = BTreeMap::new();
        let entries = known.sorted(|_| true);
        self.open_each(&known, &entries, |entry, record| {
            let held = out.entry(record.account.to_owned()).or_default();
            held.messages += 1;
            held.octets += entry.octets();
        })?;
        Ok(out)
    }

    /// Forgets these messages of a mailbox.
    pub fn forget(&self, place: &Indexed<'_>, uids: impl IntoIterator<Item = u32>) -> Result<(), StoreError> {
        let mut known = self.lock();
        self.file.refresh(&mut known)?;
        let mut gone = Vec::new();
        for uid in uids {
            let head = self.head(place, uid)?;
            if known.entries.contains_key(&head.place) {
                gone.push((head, Vec::new()));
            }
        }
        match gone.is_empty() {
            true => Ok(()),
            false => self.file.append_all(&mut known, &gone),
        }
    }

    /// Forgets all of these mailboxes of accounts.
    pub fn forget_mailboxes(&self, is_gone: impl Fn(&str, &str) -> bool) -> Result<(), StoreError> {
        let mut known = self.lock();
        self.file.refresh(&mut known)?;
        // One record of each says its name.
        let mut seen = HashSet::new();
        let mut one_of_each = known.sorted(|_| true);
        one_of_each.retain(|entry| seen.insert(entry.head.mailbox));
        let mut gone = HashSet::new();
        self.open_each(&known, &one_of_each, |entry, record| {
            if is_gone(record.account, record.mailbox) {
                gone.insert(entry.head.mailbox);
            }
        })?;
        match gone.is_empty() {
            true => Ok(()),
            false => self.file.rewrite(&mut known, |entry| !gone.contains(&entry.head.mailbox)),
        }
    }

    /// Whether another process has removed what was known, since this was asked last. Costs one look at the folder.
    pub fn was_removed(&self) -> bool {
        // Whoever reads or writes it now will see it himself.
        let Ok(mut known) = self.known.try_lock() else { return false };
        self.file.look(&mut known);
        known.take_replaced()
    }

    /// Removes all of it; another process that has the home open notices.
    pub fn wipe(&self) -> Result<(), StoreError> {
        self.file.remove(&mut self.lock())
    }

    /// UIDs of another UIDVALIDITY name nothing any more (RFC 9051 §2.3.1.1).
    fn drop_outlived(&self, known: &mut Known, head: &Head) -> Result<(), StoreError> {
        if !known.is_outlived(head) {
            return Ok(());
        }
        let outlived = |entry: &Entry| entry.head.mailbox == head.mailbox && entry.head.validity != head.validity;
        self.file.rewrite(known, |entry| !outlived(entry))
    }

    fn is_same(&self, known: &Known, entry: &Entry, record: &[u8]) -> Result<bool, StoreError> {
        let opener = Opener::new(&self.secrets.key(Purpose::Index)?)?;
        let mut same = false;
        self.file.read_each(known, &[*entry], |entry, sealed| {
            same = opener.open(&entry.head.name(), sealed) == Some(record);
        })?;
        Ok(same)
    }

    fn open_each(&self, known: &Known, entries: &[Entry], mut take: impl FnMut(&Entry, Record<'_>)) -> Result<(), StoreError> {
        let opener = Opener::new(&self.secrets.key(Purpose::Index)?)?;
        self.file.read_each(known, entries, |entry, sealed| {
            let plain = opener.open(&entry.head.name(), sealed);
            if let Some(record) = plain.and_then(Record::of) {
                take(entry, record);
            }
        })
    }

    fn head(&self, place: &Indexed<'_>, uid: u32) -> Result<Head, StoreError> {
        let Indexed {
            account,
            mailbox,
            uidvalidity,
        } = place;
        let (account, mailbox) = (account.as_bytes(), mailbox.as_bytes());
        let (validity, uid) = (uidvalidity.to_be_bytes(), uid.to_be_bytes());
        let mac = |parts: &[&[u8]]| self.secrets.mac(Purpose::Index, parts);
        let cut = || StoreError::Crypto;
        Ok(Head {
            mailbox: *mac(&[account, mailbox])?.first_chunk().ok_or_else(cut)?,
            validity: *mac(&[account, mailbox, &validity])?.first_chunk().ok_or_else(cut)?,
            place: *mac(&[account, mailbox, &validity, &uid])?.first_chunk().ok_or_else(cut)?,
        })
    }

    /// A panic of another thread leaves what was read: nothing is half done in memory.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
