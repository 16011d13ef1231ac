//! The journals of JSON lines that earlier versions wrote: taken over once, each file in one change, and marked as such.

use super::aside::{UNREAD, unique};
use super::entry::{Event, JournalEntry};
use super::file::{OnDisk, Trouble};
use super::pen::{Pen, now};
use super::rows::Change;
use crate::base::limits::{JOURNAL_ENTRY_MAX, JOURNAL_LINES_FILES, JOURNAL_LINES_MAX, JOURNAL_PAGE_MAX};
use crate::store::lines::ends_within_a_line;
use crate::store::owner::private;
use crate::store::{Home, Secrets, StoreError, atomic, hex};
use aws_lc_rs::digest;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The code of the entry behind those that were taken over; its digest is that of their file.
pub(super) const TAKEN_OVER: &str = "taken-over";

/// Takes over what is there, oldest first. Costs some looks at the folder where there is nothing.
pub(super) fn take_over(pen: &mut Pen, home: &Home, secrets: Option<&Secrets>) -> Result<(), StoreError> {
    if !is_there(home) {
        return Ok(());
    }
    put_out_of_reach(home)?;
    for path in files(home) {
        // Nothing that this program has put there.
        if path.is_dir() {
            put_aside(home, &path)?;
            continue;
        }
        match atomic::read(&path, JOURNAL_LINES_MAX) {
            Ok(Some(text)) => take(pen, home, secrets, &path, &text)?,
            Ok(None) => {}
            // Nothing that this program wrote.
            Err(StoreError::TooLarge(_)) => put_aside(home, &path)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes an entry that the journal does not take into such a file, which is taken over like those; bounded as they are.
pub(super) fn lay(home: &Home, entry: &str) -> Result<(), StoreError> {
    let path = current(home);
    let _lock = home.lock()?;
    let failed = StoreError::write(&path);
    let write = || {
        let mut file = private(OpenOptions::new().read(true).append(true).create(true)).open(&path)?;
        let before = file.metadata()?.len();
        if before + entry.len() as u64 >= JOURNAL_LINES_MAX {
            return Err(io::ErrorKind::StorageFull.into());
        }
        // A crash may have left half a line: it must not swallow this one.
        let start = if ends_within_a_line(&mut file)? { "\n" } else { "" };
        let written = file.write_all(format!("{start}{entry}\n").as_bytes());
        if written.is_err() {
            let _ = file.set_len(before);
            // Nothing is to be taken over from it.
            if before == 0 {
                let _ = fs::remove_file(&path);
            }
        }
        written?;
        file.sync_data()
    };
    write().map_err(failed)
}

/// Whether an earlier version has left something.
pub(super) fn is_there(home: &Home) -> bool {
    let [current, taking, first] = [current(home), taking(home), numbered(home, 1)];
    current.exists() || taking.exists() || first.exists()
}

/// An earlier version that is still at work, and holds the lock while it writes, goes on in a file of its own.
fn put_out_of_reach(home: &Home) -> Result<(), StoreError> {
    let _lock = home.lock()?;
    if taking(home).exists() {
        return Ok(());
    }
    moved(&current(home), &taking(home))
}

/// Oldest first; that with the number 1 is the last of those with one to go.
fn files(home: &Home) -> Vec<PathBuf> {
    let numbered = (1..=JOURNAL_LINES_FILES).rev().map(|number| numbered(home, number));
    numbered.chain([taking(home)]).collect()
}

fn take(pen: &mut Pen, home: &Home, secrets: Option<&Secrets>, path: &Path, text: &[u8]) -> Result<(), StoreError> {
    let file = hex::encode(digest::digest(&digest::SHA256, text).as_ref());
    let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    let entry = |line: &[u8]| serde_json::from_slice(line).ok().filter(|_| line.len() <= JOURNAL_ENTRY_MAX);
    let read: Vec<Option<JournalEntry>> = lines.map(entry).collect();
    let entries: Vec<String> = read.iter().flatten().map(marked).collect();
    let behind = JournalEntry {
        digest: Some(file.clone()),
        recipients: 0,
        ..JournalEntry::of_home(now(), Event::Journal, TAKEN_OVER)
    };
    pen.changed(home, secrets, OnDisk::Now, |chain| {
        // This program was ended between the change and the removal of the file.
        if has_taken(chain.change(), &file)? {
            return Ok(());
        }
        entries.iter().try_for_each(|entry| chain.add(entry))?;
        chain.add(&behind.json())
    })?;
    match read.iter().any(Option::is_none) {
        // Half a line of a power cut, most likely; who knows.
        true => put_aside(home, path),
        false => match atomic::remove(path) {
            Err(StoreError::Absent) => Ok(()),
            done => done,
        },
    }
}

fn marked(entry: &JournalEntry) -> String {
    let marked = JournalEntry {
        taken_over: true,
        ..entry.clone()
    };
    marked.json()
}

fn has_taken(change: &Change<'_>, file: &str) -> Result<bool, Trouble> {
    let mut above = 0;
    loop {
        let page = change.above(above, JOURNAL_PAGE_MAX)?;
        let Some(last) = page.last() else { return Ok(false) };
        above = last.number;
        if page.iter().any(|kept| kept.entry.contains(TAKEN_OVER) && kept.entry.contains(file)) {
            return Ok(true);
        }
    }
}

fn put_aside(home: &Home, path: &Path) -> Result<(), StoreError> {
    let name = format!("{UNREAD}{}.jsonl", unique().map_err(StoreError::write(path))?);
    moved(path, &home.root().join(name))
}

/// What somebody else has moved or removed meanwhile is out of the way as well.
fn moved(from: &Path, to: &Path) -> Result<(), StoreError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::write(from)(error)),
        _ => Ok(()),
    }
}

fn current(home: &Home) -> PathBuf {
    home.root().join("journal.jsonl")
}

fn taking(home: &Home) -> PathBuf {
    home.root().join("journal.taking.jsonl")
}

fn numbered(home: &Home, number: u32) -> PathBuf {
    home.root().join(format!("journal.{number}.jsonl"))
}
