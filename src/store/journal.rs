//! What was sealed, opened or refused, when and for which account: JSON lines, rotated by size. Never content, subjects
//! or correspondents: a message is named by an HMAC of its Message-ID, certificates by their serial numbers.

use super::lines::{OnDisk, ends_within_a_line};
use super::owner::private;
use super::{Home, Purpose, Secrets, StoreError, hex};
use crate::base::limits::{JOURNAL_FILE_MAX, JOURNAL_FILES_KEPT};
use crate::base::{Address, UnixTime};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// The journal of a home.
#[derive(Clone, Debug)]
pub struct Journal {
    home: Home,
    secrets: Secrets,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JournalEntry {
    /// RFC 3339, UTC.
    pub time: String,
    /// What was done.
    pub event: Event,
    /// The doctor's own address; empty for what concerns no account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// HMAC of the Message-ID, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Serial numbers of the certificates used, in hexadecimal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Recipients it was for.
    #[serde(default)]
    pub recipients: usize,
    /// `SP-` code of a refusal, code of a verdict, or `ok`.
    pub code: String,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A message was sealed and accepted by the provider.
    Seal,
    /// A message was sealed and accepted for some of its recipients.
    SealPartly,
    /// A message was signed, not encrypted, and accepted.
    Sign,
    /// A message left as it was written, through the companion account.
    Pass,
    /// A message was refused.
    Refuse,
    /// A message was opened.
    Open,
    /// A message was stored sealed for its owner (Sent, Drafts).
    Store,
    /// An own key was imported, made or removed.
    Key,
    /// An authority was added or removed.
    Trust,
    /// A correspondent's certificate was harvested, confirmed, or one of these removed.
    Certificate,
}

impl Event {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Seal => "seal",
            Event::SealPartly => "seal-partly",
            Event::Sign => "sign",
            Event::Pass => "pass",
            Event::Refuse => "refuse",
            Event::Open => "open",
            Event::Store => "store",
            Event::Key => "key",
            Event::Trust => "trust",
            Event::Certificate => "certificate",
        }
    }
}

impl JournalEntry {
    /// An entry without message and certificates.
    pub fn new(time: UnixTime, event: Event, account: &Address, code: &str) -> Self {
        Self {
            account: account.as_str().to_owned(),
            ..Self::of_home(time, event, code)
        }
    }

    /// An entry that concerns no account.
    pub fn of_home(time: UnixTime, event: Event, code: &str) -> Self {
        Self {
            time: time.rfc3339(),
            event,
            account: String::new(),
            message: None,
            certificates: Vec::new(),
            recipients: 0,
            code: code.to_owned(),
        }
    }

    /// One line of JSON (docs/journal.md).
    pub fn json(&self) -> String {
        // Strings, numbers and lists of them: nothing that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Journal {
    /// The journal of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            home: home.clone(),
            secrets: secrets.clone(),
        }
    }

    /// What stands for a Message-ID in [`JournalEntry::message`].
    pub fn pseudonym(&self, message_id: &str) -> Result<String, StoreError> {
        let mac = self.secrets.mac(Purpose::Journal, &[message_id.trim().as_bytes()])?;
        Ok(hex::encode(&mac[..16]))
    }

    /// As [`record`].
    pub fn record(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        record(&self.home, entry)
    }
}

/// Adds a line; on disk when this returns, but for what was only read.
pub fn record(home: &Home, entry: &JournalEntry) -> Result<(), StoreError> {
    let line = entry.json() + "\n";
    let when = if entry.event == Event::Open { OnDisk::Soon } else { OnDisk::Now };
    let _lock = home.lock()?;
    rotate(home, JOURNAL_FILE_MAX)
        .and_then(|()| append(home, line.as_bytes(), when))
        .map_err(StoreError::write(&home.journal()))
}

/// Every entry, oldest first. A line that is none (half written before a power cut) is left out. No secret is needed.
pub fn entries(home: &Home) -> Result<Vec<JournalEntry>, StoreError> {
    // A home on a disk that is read-only is not rotated meanwhile either.
    let _lock = home.lock();
    let mut entries = Vec::new();
    for number in (0..=JOURNAL_FILES_KEPT).rev() {
        let path = path(home, number);
        let mut text = Vec::new();
        match fs::File::open(&path) {
            Ok(file) => file
                .take(2 * JOURNAL_FILE_MAX)
                .read_to_end(&mut text)
                .map_err(StoreError::read(&path))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(StoreError::read(&path)(e)),
        };
        entries.extend(text.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()));
    }
    Ok(entries)
}

fn append(home: &Home, line: &[u8], when: OnDisk) -> io::Result<()> {
    let mut file = private(OpenOptions::new().read(true).append(true).create(true)).open(home.journal())?;
    let start: &[u8] = if ends_within_a_line(&mut file)? { b"\n" } else { b"" };
    file.write_all(&[start, line].concat())?;
    when.sync(&file)
}

/// `journal.jsonl` becomes `journal.1.jsonl`, and so on; the last one is dropped.
fn rotate(home: &Home, max: u64) -> io::Result<()> {
    match fs::metadata(path(home, 0)) {
        Ok(found) if found.len() >= max => {}
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    }
    for number in (0..JOURNAL_FILES_KEPT).rev() {
        match fs::rename(path(home, number), path(home, number + 1)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

fn path(home: &Home, number: u32) -> PathBuf {
    let current = home.journal();
    if number == 0 {
        current
    } else {
        current.with_file_name(format!("journal.{number}.jsonl"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_oldest_first_over_rotations() {
        let (_guard, journal) = journal();
        for (n, code) in ["a", "b", "c"].into_iter().enumerate() {
            journal.record(&entry(n as i64, code)).unwrap();
            rotate(&journal.home, 1).unwrap();
        }
        journal.record(&entry(9, "d")).unwrap();
        let codes: Vec<String> = entries(&journal.home).unwrap().into_iter().map(|e| e.code).collect();
        assert_eq!(codes, ["a", "b", "c", "d"]);
        for _ in 0..2 * JOURNAL_FILES_KEPT {
            journal.record(&entry(1, "x")).unwrap();
            rotate(&journal.home, 1).unwrap();
        }
        assert_eq!(
            entries(&journal.home).unwrap().len(),
            JOURNAL_FILES_KEPT as usize,
            "the oldest are dropped"
        );
    }

    #[test]
    fn half_a_line_hides_nothing_and_a_message_is_not_named() {
        let (_guard, journal) = journal();
        let message = journal.pseudonym("<x@patient.fr>").unwrap();
        journal
            .record(&JournalEntry {
                message: Some(message),
                ..entry(0, "ok")
            })
            .unwrap();
        fs::OpenOptions::new()
            .append(true)
            .open(path(&journal.home, 0))
            .unwrap()
            .write_all(b"{\"time\":")
            .unwrap();
        journal.record(&entry(1, "ok")).unwrap();
        assert_eq!(entries(&journal.home).unwrap().len(), 2);
        assert!(!fs::read_to_string(path(&journal.home, 0)).unwrap().contains("patient"));
    }

    fn entry(at: i64, code: &str) -> JournalEntry {
        JournalEntry::new(UnixTime(at), Event::Seal, &Address::parse("a@b.fr").unwrap(), code)
    }

    fn journal() -> (tempfile::TempDir, Journal) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        (guard, Journal::new(&home, &secrets))
    }
}
