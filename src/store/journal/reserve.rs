//! Room that was taken on the disk while there was some, for entries that the journal does not take: a file beside it of always the
//! same length, written in place, which a full disk allows. Its first line says how many entries stand nowhere. Only one process
//! writes it at a time, and has in memory what stands in it; who finds entries there writes them into the journal.

use super::entry::JournalEntry;
use super::lost::Lost;
use super::pen::now;
use crate::base::limits::JOURNAL_RESERVE;
use crate::store::owner::private;
use crate::store::sole::{Hold, Sole};
use crate::store::{Home, StoreError, atomic};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};

/// The first line: `lost 5 2026-11-23T08:00:00Z memory 2 2026-11-23T08:01:00Z`, filled with line ends as all the rest.
const HEAD: usize = 128;
/// As disks give it.
const BLOCK: usize = 4096;
/// A `since` of nothing.
const NEVER: &str = "-";

/// The file, at work.
#[derive(Debug)]
pub(super) struct Reserve {
    file: File,
    _hold: Hold,
    /// Where the next entry goes.
    end: usize,
    length: usize,
    /// What its first line says.
    told: (Lost, Lost),
}

/// What stands in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// Entries, marked as what nothing protected.
    pub(super) entries: Vec<String>,
    /// What stands nowhere: not even in the memory of a process that could still write it.
    pub(super) lost: Lost,
    /// What only the process has that writes here.
    pub(super) memory: Lost,
}

impl Reserve {
    /// The file that is there, and what another process has left in it; `None` where there is none, or another has it.
    pub(super) fn open(home: &Home) -> Result<Option<(Self, Found)>, StoreError> {
        let path = home.journal_reserve();
        if !path.is_file() {
            return Ok(None);
        }
        let Sole::Ours(hold) = Sole::of(&home.journal_reserve_lock()) else {
            return Ok(None);
        };
        let open = || OpenOptions::new().read(true).write(true).open(&path);
        let octets = read(home)?;
        let mut found = Found::read(&octets);
        found.lost.join(&std::mem::take(&mut found.memory));
        let used = octets.iter().rposition(|b| *b != b'\n').map_or(0, |last| last + 2);
        let reserve = Self {
            file: open().map_err(StoreError::write(&path))?,
            _hold: hold,
            end: used.max(HEAD),
            length: octets.len(),
            told: (found.lost.clone(), Lost::default()),
        };
        Ok(Some((reserve, found)))
    }

    /// Makes it, or as much of it as there is room for.
    pub(super) fn make(home: &Home) -> Result<Option<Self>, StoreError> {
        let path = home.journal_reserve();
        let made = || {
            let Sole::Ours(hold) = Sole::of(&home.journal_reserve_lock()) else {
                return Ok(None);
            };
            let file = private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
            let mut reserve = Self {
                file,
                _hold: hold,
                end: HEAD,
                length: 0,
                told: <(Lost, Lost)>::default(),
            };
            let filled = reserve.fill();
            if reserve.length == 0 {
                let _ = fs::remove_file(&path);
            }
            filled.map(|()| (reserve.length > 0).then_some(reserve))
        };
        made().map_err(StoreError::write(&path))
    }

    /// Whether a part of it could not be had.
    pub(super) fn is_short(&self) -> bool {
        self.length < JOURNAL_RESERVE
    }

    /// Octets that are there, not a hole; what there is no room for is had another time.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        let before = self.length;
        while self.is_short() {
            let some = BLOCK.min(JOURNAL_RESERVE - self.length);
            if self.put(self.length, &[b'\n'; BLOCK][..some]).is_err() {
                self.file.set_len(self.length as u64)?;
                break;
            }
            self.length += some;
        }
        if self.length == before {
            return Ok(());
        }
        let synced = self.file.sync_all();
        if synced.is_err() {
            // Some disks find out only now that they are full.
            self.length = before;
            self.file.set_len(before as u64)?;
        }
        synced
    }

    /// Writes an entry; whether there was room for it.
    pub(super) fn keep(&mut self, entry: &str) -> bool {
        let end = self.end + entry.len() + 1;
        let is_kept = end <= self.length && self.put(self.end, entry.as_bytes()).is_ok();
        if is_kept {
            self.end = end;
        }
        is_kept
    }

    /// Says what stands nowhere, and what only in memory; all of it is on the disk when this returns.
    pub(super) fn tell(&mut self, lost: &Lost, memory: &Lost) -> io::Result<()> {
        if (&self.told.0, &self.told.1) != (lost, memory) {
            let since = |lost: &Lost| {
                if lost.since.is_empty() {
                    NEVER.to_owned()
                } else {
                    lost.since.clone()
                }
            };
            let mut line = format!("lost {} {} memory {} {}", lost.count, since(lost), memory.count, since(memory)).into_bytes();
            line.resize(HEAD, b'\n');
            self.put(0, &line)?;
            self.told = (lost.clone(), memory.clone());
        }
        self.file.sync_data()
    }

    /// All of it is in the journal.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        let is_blank = self.end == HEAD && self.told == <(Lost, Lost)>::default();
        if is_blank {
            return Ok(());
        }
        self.put(0, &vec![b'\n'; self.end.min(self.length)])?;
        self.file.sync_data()?;
        self.end = HEAD;
        self.told = <(Lost, Lost)>::default();
        Ok(())
    }

    fn put(&mut self, at: usize, octets: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at as u64))?;
        self.file.write_all(octets)
    }
}

impl Found {
    /// What stands there now, whoever writes; what only a process has that is no more is lost.
    pub(super) fn look(home: &Home) -> Result<Self, StoreError> {
        let mut found = Self::read(&read(home)?);
        if found.memory.count > 0 && !Sole::is_taken(&home.journal_reserve_lock()) {
            found.lost.join(&std::mem::take(&mut found.memory));
        }
        Ok(found)
    }

    /// Whether a process that is no more has left something there.
    pub(super) fn is_left(home: &Home) -> bool {
        let is_blank = read(home).is_ok_and(|octets| octets.iter().all(|b| *b == b'\n'));
        !is_blank && !Sole::is_taken(&home.journal_reserve_lock())
    }

    fn read(octets: &[u8]) -> Self {
        let (head, rest) = octets.split_at(HEAD.min(octets.len()));
        let (lost, memory) = counts(head).unwrap_or_else(|| (one(), Lost::default()));
        let mut found = Self {
            lost,
            memory,
            ..Self::default()
        };
        for line in rest.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice::<JournalEntry>(line) {
                Ok(entry) => found.entries.push(JournalEntry { taken_over: true, ..entry }.json()),
                // Half a line of a power cut.
                Err(_) => found.lost.join(&one()),
            }
        }
        found
    }
}

fn read(home: &Home) -> Result<Vec<u8>, StoreError> {
    atomic::read(&home.journal_reserve(), JOURNAL_RESERVE as u64).map(Option::unwrap_or_default)
}

fn counts(head: &[u8]) -> Option<(Lost, Lost)> {
    let text = std::str::from_utf8(head).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let lost = |count: &str, since: &str| {
        Some(Lost {
            count: count.parse().ok()?,
            since: if since == NEVER { String::new() } else { since.to_owned() },
        })
    };
    match words.as_slice() {
        [] => Some(<(Lost, Lost)>::default()),
        ["lost", count, since, "memory", kept, begun] => Some((lost(count, since)?, lost(kept, begun)?)),
        _ => None,
    }
}

fn one() -> Lost {
    Lost {
        count: 1,
        since: now().rfc3339(),
    }
}
