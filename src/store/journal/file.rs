//! The file of the journal: a table of entries in SQLite, which several processes write. What is not that table, and nothing beside
//! it, is damaged and nobody's journal.

use super::rows::Change;
use super::volume;
use crate::base::limits::{JOURNAL_ENTRY_MAX, JOURNAL_WAIT_MILLISECONDS};
use crate::store::owner::private;
use crate::store::{Home, StoreError};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SCHEMA: &str = "CREATE TABLE entries (number INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash BLOB NOT NULL, seal BLOB) STRICT";
const VERSION: i64 = 1;

/// Why the file does not do.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is not what was written, and never will be again.
    Damaged,
    /// The disk, the system or another process stand in the way.
    Failed(StoreError),
}

impl Trouble {
    /// Whether it is the disk's, or another process's, and no fault of the connection.
    pub(super) fn passes(&self) -> bool {
        let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::ResourceBusy];
        matches!(self, Self::Failed(StoreError::Write { source, .. } | StoreError::Read { source, .. }) if kinds.contains(&source.kind()))
    }
}

/// Which file it is, whatever it is called.
pub(super) type Stamp = (u64, u64);

/// An open journal.
#[derive(Debug)]
pub(super) struct Book {
    connection: Connection,
    path: PathBuf,
    stamp: Stamp,
}

/// When a change must be on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OnDisk {
    /// Before the call returns.
    Now,
    /// When the system gets to it: the end of this program loses nothing, a power cut the last seconds.
    Soon,
}

impl Book {
    /// Opens the journal of a home; makes it the first time.
    pub(super) fn open(home: &Home) -> Result<Self, Trouble> {
        let path = home.journal();
        make(&path).map_err(|e| Trouble::Failed(StoreError::write(&path)(e)))?;
        let book = Self::opened(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        book.prepare(volume::is_of_another_machine(home.root()))?;
        Ok(book)
    }

    /// Opens it to be read, on a disk that takes nothing too; `None` where there is none.
    pub(super) fn to_read(home: &Home) -> Result<Option<Self>, Trouble> {
        let path = home.journal();
        match fs::metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Trouble::Failed(StoreError::read(&path)(e))),
            // Made, and not begun.
            Ok(found) if found.len() == 0 => return Ok(None),
            Ok(_) => {}
        }
        let whole = |book: Self| Ok(book.is_whole()?.then_some(book));
        match Self::opened(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(whole) {
            // Who holds it writes: what is there now is not what will have been written.
            Err(trouble) if trouble.passes() => Err(trouble),
            Err(Trouble::Failed(error)) => Self::still(&path).and_then(whole).map_err(|_| Trouble::Failed(error)),
            done => done,
        }
    }

    /// On a disk that takes nothing, on which nobody else writes either: what processes share beside a log cannot be made there.
    fn still(path: &Path) -> Result<Self, Trouble> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Self::opened_as(path, &immutable(path), flags)
    }

    /// Whether the home still has that file under the journal's name.
    pub(super) fn is_in_place(&self) -> bool {
        stamp_of(&self.path).is_ok_and(|now| now == self.stamp)
    }

    /// Begins a change, once no other process is in the midst of one.
    pub(super) fn change(&mut self, when: OnDisk) -> Result<Change<'_>, Trouble> {
        let level = match when {
            OnDisk::Now => "PRAGMA synchronous = FULL",
            OnDisk::Soon => "PRAGMA synchronous = NORMAL",
        };
        let Self { connection, path, .. } = self;
        let begun = connection
            .execute_batch(level)
            .and_then(|()| Transaction::new_unchecked(connection, TransactionBehavior::Immediate));
        match begun {
            Ok(transaction) => Ok(Change { transaction, path }),
            Err(error) => Err(trouble(path, &error, StoreError::write)),
        }
    }

    /// Begins to read: what others write from now on is not seen.
    pub(super) fn look(&self) -> Result<Change<'_>, Trouble> {
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred);
        let transaction = begun.map_err(|e| trouble(&self.path, &e, StoreError::read))?;
        Ok(Change {
            transaction,
            path: &self.path,
        })
    }

    /// What was taken out leaves the disk too.
    pub(super) fn sweep(&self) -> Result<(), Trouble> {
        let swept = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        swept.map_err(|e| trouble(&self.path, &e, StoreError::write))
    }

    fn opened(path: &Path, flags: OpenFlags) -> Result<Self, Trouble> {
        Self::opened_as(path, path, flags)
    }

    fn opened_as(path: &Path, name: &Path, flags: OpenFlags) -> Result<Self, Trouble> {
        let failed = |e| trouble(path, &e, StoreError::read);
        let stamp = stamp_of(path).map_err(|e| Trouble::Failed(StoreError::read(path)(e)))?;
        let connection = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
        connection
            .busy_timeout(Duration::from_millis(JOURNAL_WAIT_MILLISECONDS))
            .map_err(failed)?;
        // A schema that somebody else wrote runs nothing, and a row is no larger than ours.
        let largest = i32::try_from(2 * JOURNAL_ENTRY_MAX).unwrap_or(i32::MAX);
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, largest).map_err(failed)?;
        connection
            .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON")
            .map_err(failed)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            stamp,
        })
    }

    fn prepare(&self, remote: bool) -> Result<(), Trouble> {
        // The memory that processes share beside a write-ahead log is one machine's. Where it cannot be had the mode before stays.
        let mode = if remote {
            "PRAGMA journal_mode = TRUNCATE"
        } else {
            "PRAGMA journal_mode = WAL"
        };
        match self.connection.query_row(mode, [], |_| Ok(())) {
            Err(error) if is_damage(&error) => return Err(Trouble::Damaged),
            _ => {}
        }
        if self.is_whole()? {
            return Ok(());
        }
        let make = || {
            let making = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            // Another process may have been first.
            if objects(&making)?.is_empty() {
                making.execute_batch(&format!("{SCHEMA}; PRAGMA user_version = {VERSION}"))?;
            }
            making.commit()
        };
        make().map_err(|e| trouble(&self.path, &e, StoreError::write))?;
        match self.is_whole()? {
            true => Ok(()),
            false => Err(Trouble::Damaged),
        }
    }

    /// Whether it has its table and nothing else; not where it is empty yet.
    fn is_whole(&self) -> Result<bool, Trouble> {
        let failed = |e| trouble(&self.path, &e, StoreError::read);
        let version: i64 = self
            .connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(failed)?;
        let objects = objects(&self.connection).map_err(failed)?;
        match (version, objects.as_slice()) {
            (0, []) => Ok(false),
            (VERSION, [only]) if only == SCHEMA => Ok(true),
            (later, _) if later > VERSION => Err(Trouble::Failed(StoreError::NewerJournal(self.path.clone()))),
            _ => Err(Trouble::Damaged),
        }
    }
}

/// A file as SQLite's URIs name one that nobody changes.
fn immutable(path: &Path) -> PathBuf {
    let mut name = String::from("file:");
    let text = path.to_string_lossy().replace('\\', "/");
    // `C:/` follows upon a slash.
    let start = if text.starts_with('/') { "" } else { "/" };
    for c in start.chars().chain(text.chars()) {
        match c {
            '?' => name.push_str("%3f"),
            '#' => name.push_str("%23"),
            '%' => name.push_str("%25"),
            other => name.push(other),
        }
    }
    name.push_str("?immutable=1");
    PathBuf::from(name)
}

fn objects(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut asking = connection.prepare("SELECT coalesce(sql, '') FROM sqlite_schema LIMIT 2")?;
    asking.query_map([], |row| row.get(0))?.collect()
}

/// Made by us where it is not there yet, for this user only; SQLite gives what it puts beside it the same rights. A file that is
/// there is not opened: to close it would end the locks of this process.
fn make(path: &Path) -> io::Result<()> {
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Which file stands there.
pub(super) fn stamp_of(path: &Path) -> io::Result<Stamp> {
    Ok(identity(&fs::metadata(path)?))
}

#[cfg(unix)]
fn identity(found: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

/// A file that is open cannot be replaced there; when it was made tells two apart that followed each other.
#[cfg(not(unix))]
fn identity(found: &Metadata) -> Stamp {
    let made = found.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    (made.map_or(0, |at| at.as_nanos() as u64), 0)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    // A row is larger than any of ours.
    let damage = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase, ErrorCode::TooBig];
    error.sqlite_error_code().is_some_and(|code| damage.contains(&code))
}

/// What an error means; its words may quote a statement, never a value.
pub(super) fn trouble<'p, F>(path: &'p Path, error: &rusqlite::Error, told: impl FnOnce(&'p Path) -> F) -> Trouble
where
    F: FnOnce(io::Error) -> StoreError,
{
    use rusqlite::Error;
    let of_another_kind = |e: &Error| {
        matches!(
            e,
            Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..) | Error::Utf8Error(..)
        )
    };
    if is_damage(error) || of_another_kind(error) {
        return Trouble::Damaged;
    }
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => io::ErrorKind::ResourceBusy,
        Some(ErrorCode::ReadOnly) => io::ErrorKind::ReadOnlyFilesystem,
        Some(ErrorCode::PermissionDenied) => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    Trouble::Failed(told(path)(io::Error::new(kind, error.to_string())))
}
