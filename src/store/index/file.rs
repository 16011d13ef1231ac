//! The file of the index: a first line that no other file has, then records. What follows the last whole record, after a
//! crash, is dropped by the next one that is written.

use super::record::{HEAD, Head};
use crate::base::limits::SEARCHABLE_MAX;
use crate::base::secret::wipe;
use crate::store::lines::title;
use crate::store::owner::private;
use crate::store::{Home, StoreError, atomic};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Octets of one record that are believed: a text, the account, what sealing adds.
const SEALED_MAX: u32 = (SEARCHABLE_MAX + (1 << 17)) as u32;
const READ_AT_ONCE: usize = 1 << 16;
const TITLE: &str = "souspli-index 2 ";
/// Octets of the first line.
const TITLE_MAX: u64 = 128;

/// Where the index is.
#[derive(Debug)]
pub(super) struct IndexFile {
    home: Home,
    path: PathBuf,
    octets_max: u64,
    messages_max: usize,
}

/// What was read of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    title: Vec<u8>,
    /// Where the last whole record ends.
    end: u64,
    pub(super) entries: HashMap<[u8; 16], Entry>,
    /// The UIDVALIDITY of each mailbox.
    validities: HashMap<[u8; 16], [u8; 8]>,
    /// Octets of the records that count.
    live: u64,
    /// Set when another process has put another file, or none, in its place.
    replaced: bool,
}

/// Where a record stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) head: Head,
    offset: u64,
    sealed: u32,
}

impl Entry {
    /// Octets on disk.
    pub(super) fn octets(&self) -> u64 {
        HEAD as u64 + u64::from(self.sealed)
    }
}

impl Known {
    /// Those that are wanted, in the order of the file.
    pub(super) fn sorted(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut out: Vec<Entry> = self.entries.values().filter(|entry| wanted(entry)).copied().collect();
        out.sort_unstable_by_key(|entry| entry.offset);
        out
    }

    /// Whether the file has been read once.
    pub(super) fn is_read(&self) -> bool {
        !self.title.is_empty()
    }

    /// Nothing but the first line.
    fn anew(&self, title: Vec<u8>) -> Self {
        Self {
            end: title.len() as u64,
            replaced: self.replaced || !self.title.is_empty(),
            title,
            ..Self::default()
        }
    }

    /// Whether it was replaced since this was asked last.
    pub(super) fn take_replaced(&mut self) -> bool {
        std::mem::take(&mut self.replaced)
    }

    fn add(&mut self, entry: Entry) {
        self.end = entry.offset + entry.octets();
        let before = if entry.sealed == 0 {
            self.entries.remove(&entry.head.place)
        } else {
            self.live += entry.octets();
            self.validities.insert(entry.head.mailbox, entry.head.validity);
            self.entries.insert(entry.head.place, entry)
        };
        self.live -= before.map_or(0, |entry| entry.octets());
    }

    /// Whether the mailbox is known under another UIDVALIDITY.
    pub(super) fn is_outlived(&self, head: &Head) -> bool {
        self.validities
            .get(&head.mailbox)
            .is_some_and(|validity| *validity != head.validity)
    }

    /// Whether half of the file or more counts no longer.
    fn is_worn(&self) -> bool {
        self.end > 2 * self.live + (1 << 16)
    }
}

impl IndexFile {
    pub(super) fn new(home: &Home, octets_max: u64, messages_max: usize) -> Self {
        Self {
            home: home.clone(),
            path: home.index(),
            octets_max,
            messages_max,
        }
    }

    /// Notices whether the file is gone, without reading it.
    pub(super) fn look(&self, known: &mut Known) {
        if !known.title.is_empty() && !self.path.exists() {
            *known = known.anew(Vec::new());
        }
    }

    /// Reads what is new; all of it where the file is another one.
    pub(super) fn refresh(&self, known: &mut Known) -> Result<(), StoreError> {
        let first = known.title.is_empty();
        self.read_on(known).map_err(StoreError::read(&self.path))?;
        // A full disk is no reason not to read.
        if first && known.is_worn() && self.rewrite(known, |_| true).is_err() {
            self.read_on(known).map_err(StoreError::read(&self.path))?;
        }
        Ok(())
    }

    fn read_on(&self, known: &mut Known) -> io::Result<()> {
        let Some((file, title)) = self.open()? else {
            *known = known.anew(Vec::new());
            return Ok(());
        };
        let length = file.metadata()?.len();
        if title != known.title || length < known.end {
            *known = known.anew(title);
        }
        if length > known.end {
            let mut file = BufReader::with_capacity(READ_AT_ONCE, file);
            file.seek(SeekFrom::Start(known.end))?;
            while let Some(entry) = next_entry(&mut file, known.end, length)? {
                known.add(entry);
            }
        }
        Ok(())
    }

    /// The file and its first line; `None`: there is none that can be read.
    fn open(&self) -> io::Result<Option<(File, Vec<u8>)>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut title = Vec::new();
        BufReader::with_capacity(TITLE_MAX as usize, (&file).take(TITLE_MAX)).read_until(b'\n', &mut title)?;
        // Half a first line, after a crash, or that of another version.
        let ours = title.starts_with(TITLE.as_bytes()) && title.ends_with(b"\n");
        Ok(ours.then_some((file, title)))
    }

    /// Gives the sealed octets of each of these records, which stand in order.
    pub(super) fn read_each(&self, known: &Known, entries: &[Entry], take: impl FnMut(&Entry, &mut [u8])) -> Result<(), StoreError> {
        self.read_records(known, entries, take).map_err(StoreError::read(&self.path))
    }

    fn read_records(&self, known: &Known, entries: &[Entry], mut take: impl FnMut(&Entry, &mut [u8])) -> io::Result<()> {
        // Another file meanwhile: it was wiped, or rewritten, and will be read the next time.
        let Some((file, _)) = self.open()?.filter(|(_, title)| *title == known.title) else {
            return Ok(());
        };
        let mut file = BufReader::with_capacity(READ_AT_ONCE, file);
        file.seek(SeekFrom::Start(known.title.len() as u64))?;
        let mut buffer = Vec::new();
        let mut at = known.title.len() as u64;
        for entry in entries {
            let start = entry.offset + HEAD as u64;
            file.seek_relative(i64::try_from(start - at).map_err(io::Error::other)?)?;
            buffer.resize(entry.sealed as usize, 0);
            file.read_exact(&mut buffer)?;
            at = start + u64::from(entry.sealed);
            take(entry, &mut buffer);
        }
        wipe(&mut buffer);
        Ok(())
    }

    /// Adds records, sealed. The oldest go where there is no room.
    pub(super) fn append_all(&self, known: &mut Known, records: &[(Head, Vec<u8>)]) -> Result<(), StoreError> {
        let octets: u64 = records.iter().map(|(_, sealed)| (HEAD + sealed.len()) as u64).sum();
        if known.end + octets > self.octets_max || known.entries.len() + records.len() > self.messages_max {
            let oldest = self.beyond_room(known);
            self.rewrite(known, |entry| entry.offset >= oldest)?;
        }
        let _lock = self.home.lock()?;
        self.append_locked(known, records).map_err(StoreError::write(&self.path))
    }

    fn append_locked(&self, known: &mut Known, records: &[(Head, Vec<u8>)]) -> io::Result<()> {
        // Nobody else writes meanwhile: what follows the last whole record is half of one.
        self.read_on(known)?;
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(false)).open(&self.path)?;
        if known.end == 0 {
            file.set_len(0)?;
            known.title = title(TITLE)?.into_bytes();
            file.write_all(&known.title)?;
            known.end = known.title.len() as u64;
        } else if file.metadata()?.len() > known.end {
            file.set_len(known.end)?;
        }
        let mut octets = Vec::new();
        let mut entries = Vec::with_capacity(records.len());
        for (head, sealed) in records {
            let offset = known.end + octets.len() as u64;
            let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
            octets.extend_from_slice(&head.to_bytes(length));
            octets.extend_from_slice(sealed);
            entries.push(Entry {
                head: *head,
                offset,
                sealed: length,
            });
        }
        file.seek(SeekFrom::Start(known.end))?;
        // In one write: a crash leaves whole records more often than not.
        file.write_all(&octets)?;
        entries.into_iter().for_each(|entry| known.add(entry));
        Ok(())
    }

    /// Where the newest records begin that take three quarters of the room: not at each message once it is full.
    fn beyond_room(&self, known: &Known) -> u64 {
        let (mut octets, mut messages) = (self.octets_max / 4 * 3, self.messages_max / 4 * 3);
        let mut oldest = known.end;
        for entry in known.sorted(|_| true).iter().rev() {
            (octets, messages) = match (octets.checked_sub(entry.octets()), messages.checked_sub(1)) {
                (Some(octets), Some(messages)) => (octets, messages),
                _ => break,
            };
            oldest = entry.offset;
        }
        oldest
    }

    /// The file again with the records that are wanted, in their order. Other processes wait.
    pub(super) fn rewrite(&self, known: &mut Known, wanted: impl Fn(&Entry) -> bool) -> Result<(), StoreError> {
        let _lock = self.home.lock()?;
        let read = StoreError::read(&self.path);
        self.read_on(known).map_err(read)?;
        let kept = known.sorted(wanted);
        let written = atomic::write_with(&self.path, |out| {
            let mut out = io::BufWriter::with_capacity(1 << 16, out);
            out.write_all(title(TITLE)?.as_bytes())?;
            let mut failed = Ok(());
            self.read_records(known, &kept, |entry, sealed| {
                if failed.is_ok() {
                    let head = entry.head.to_bytes(entry.sealed);
                    failed = out.write_all(&head).and_then(|()| out.write_all(sealed));
                }
            })?;
            failed?;
            out.flush()
        });
        written.map_err(StoreError::write(&self.path))?;
        let replaced = known.replaced;
        let read = self.read_on(known).map_err(StoreError::read(&self.path));
        // By this process, that is.
        known.replaced = replaced;
        read
    }

    /// Removes the file.
    pub(super) fn remove(&self, known: &mut Known) -> Result<(), StoreError> {
        let _lock = self.home.lock()?;
        *known = Known::default();
        match atomic::remove(&self.path) {
            Ok(()) | Err(StoreError::Absent) => Ok(()),
            failed => failed,
        }
    }
}

/// The record that begins at `at`; `None`: none, or half of one, or nothing that was written here.
fn next_entry(file: &mut BufReader<File>, at: u64, length: u64) -> io::Result<Option<Entry>> {
    if length - at < HEAD as u64 {
        return Ok(None);
    }
    let mut bytes = [0; HEAD];
    file.read_exact(&mut bytes)?;
    let Some((head, sealed)) = Head::of(&bytes) else { return Ok(None) };
    let entry = Entry { head, offset: at, sealed };
    if sealed > SEALED_MAX || at + entry.octets() > length {
        return Ok(None);
    }
    file.seek_relative(i64::from(sealed))?;
    Ok(Some(entry))
}
