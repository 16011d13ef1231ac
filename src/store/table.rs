//! Keyed values that outlive a restart, bounded: a line `key value` for each, the last one counts.

use super::lines::{LineFile, News, OnDisk, Reader, Seen};
use super::{Home, StoreError, hex};
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard};

/// Half of an HMAC: names something without telling what.
pub(super) type Key = [u8; 16];

/// What a line can hold: without white space as it is written.
pub(super) trait Value: Clone + PartialEq + Display + FromStr {}

impl Value for i64 {}
impl Value for String {}

/// A table in a home, shared with other processes.
pub(super) struct Table<V = i64> {
    file: LineFile,
    max: usize,
    /// What is not wanted any more is forgotten.
    keep: Box<dyn Fn(&V) -> bool + Send + Sync>,
    gone: Gone,
    state: Mutex<State<V>>,
}

/// What becomes of values that the disk has no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gone {
    /// They are known on, and given back to it, unless they were taken out here.
    Kept,
    /// They are forgotten, whoever took them away.
    Forgotten,
}

struct State<V> {
    seen: Seen,
    values: HashMap<Key, V>,
    /// What the disk did not take, or lost: known to this process until the disk has it.
    unwritten: HashMap<Key, V>,
    /// Of the file's lines, together.
    weight: usize,
    housekeeping: Housekeeping,
    /// The file was found empty, and nobody has asked for that since.
    was_emptied: bool,
}

impl<V> Default for State<V> {
    fn default() -> Self {
        Self {
            seen: Seen::default(),
            values: HashMap::new(),
            unwritten: HashMap::new(),
            weight: 0,
            housekeeping: Housekeeping::default(),
            was_emptied: false,
        }
    }
}

/// Whether what is worn was looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Housekeeping {
    #[default]
    Due,
    Done,
}

impl<V> fmt::Debug for Table<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("file", &self.file).finish_non_exhaustive()
    }
}

impl<V: Value> Table<V> {
    /// Sees that the table can be read. It is read when it is first asked: a start does not wait for a large one.
    pub(super) fn open(
        home: &Home,
        path: PathBuf,
        max: usize,
        keep: impl Fn(&V) -> bool + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let table = Self {
            file: LineFile::new(home, path),
            max,
            keep: Box::new(keep),
            gone: Gone::Kept,
            state: Mutex::default(),
        };
        table.file.is_readable()?;
        Ok(table)
    }

    /// The same, but that what is taken from the disk, by whomever, is forgotten at once.
    pub(super) fn forgetful(self) -> Self {
        Self {
            gone: Gone::Forgotten,
            ..self
        }
    }

    /// Reads it now, so that nobody waits for it later.
    pub(super) fn read_ahead(&self) -> Result<(), StoreError> {
        self.refresh(&mut self.lock())
    }

    /// The value, also where another process has put it.
    pub(super) fn value(&self, key: &Key) -> Result<Option<V>, StoreError> {
        let mut state = self.lock();
        self.refresh(&mut state)?;
        Ok(state.unwritten.get(key).or_else(|| state.values.get(key)).cloned())
    }

    /// The same of several, with one look at the disk for all.
    pub(super) fn values(&self, keys: &[Key]) -> Result<Vec<Option<V>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut state = self.lock();
        self.refresh(&mut state)?;
        let known = |key| state.unwritten.get(key).or_else(|| state.values.get(key)).cloned();
        Ok(keys.iter().map(known).collect())
    }

    /// True when it holds nothing.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        let mut state = self.lock();
        self.refresh(&mut state)?;
        Ok(state.values.is_empty() && state.unwritten.is_empty())
    }

    /// Keeps a value; the last one counts. What may come to the disk soon is kept in memory while the disk takes nothing, or
    /// the file cannot be read: that must not hide the mail. What must be there now is an error.
    pub(super) fn put(&self, key: &Key, value: V, when: OnDisk) -> Result<(), StoreError> {
        self.put_all(&[(*key, value)], when)
    }

    /// The same of several, which come to the disk together.
    pub(super) fn put_all(&self, entries: &[(Key, V)], when: OnDisk) -> Result<(), StoreError> {
        let mut state = self.lock();
        match self.write(&mut state, entries, when) {
            Err(error @ (StoreError::Write { .. } | StoreError::Read { .. }))
                if when == OnDisk::Soon && state.unwritten.len() < self.max =>
            {
                if state.unwritten.is_empty() {
                    tracing::warn!(%error, "what is to be remembered is kept in memory until the disk takes it");
                }
                state.unwritten.extend(entries.iter().cloned());
                Ok(())
            }
            Ok(()) => {
                entries.iter().for_each(|(key, _)| {
                    state.unwritten.remove(key);
                });
                self.catch_up(&mut state);
                Ok(())
            }
            failed => failed,
        }
    }

    /// Takes out what is not wanted, of the disk and of memory.
    pub(super) fn retain(&self, wanted: impl Fn(&V) -> bool) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.unwritten.retain(|_, value| wanted(value));
        self.refresh(&mut state)?;
        match state.values.values().all(&wanted) {
            true => Ok(()),
            false => self.rewrite(&mut state, wanted),
        }
    }

    /// Takes out everything. Another process that has read the table notices, even where it was empty.
    pub(super) fn clear(&self) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.unwritten.clear();
        self.rewrite(&mut state, |_| false)
    }

    fn rewrite(&self, state: &mut State<V>, wanted: impl Fn(&V) -> bool) -> Result<(), StoreError> {
        self.file.rewrite(|lines| compact::<V>(lines, self.max, wanted))?;
        self.refresh(state)
    }

    /// Whether everything was taken out, here or elsewhere, since this was asked last. Costs one look at the folder.
    pub(super) fn was_emptied(&self) -> bool {
        let mut state = self.lock();
        // What cannot be read now is not gone.
        let _ = self.refresh(&mut state);
        std::mem::take(&mut state.was_emptied)
    }

    /// Gives the disk what it did not take before; for moments in which it has taken something else.
    pub(super) fn write_what_waits(&self) {
        self.catch_up(&mut self.lock());
    }

    fn catch_up(&self, state: &mut State<V>) {
        if state.unwritten.is_empty() {
            return;
        }
        let waiting: Vec<(Key, V)> = state.unwritten.iter().map(|(key, value)| (*key, value.clone())).collect();
        // Where it fails again it waits on.
        if self.write(state, &waiting, OnDisk::Soon).is_ok() {
            state.unwritten.clear();
        }
    }

    fn write(&self, state: &mut State<V>, entries: &[(Key, V)], when: OnDisk) -> Result<(), StoreError> {
        self.refresh(state)?;
        let new: Vec<&(Key, V)> = entries.iter().filter(|(key, value)| state.values.get(key) != Some(value)).collect();
        if new.is_empty() {
            return Ok(());
        }
        if state.weight >= self.max {
            // A quarter at once: not at each line once the table is full.
            self.file.rewrite(|lines| compact::<V>(lines, self.max - self.max / 4, |_| true))?;
        }
        let lines: Vec<String> = new.iter().map(|(key, value)| format!("{} {value}", hex::encode(key))).collect();
        match self.file.append(&lines.join("\n"), &mut state.seen, when)? {
            Reader::Behind => return self.refresh(state),
            Reader::UpToDate => {}
        }
        state.weight += lines.iter().map(|line| weight_of(line)).sum::<usize>();
        state.values.extend(new.into_iter().cloned());
        Ok(())
    }

    fn refresh(&self, state: &mut State<V>) -> Result<(), StoreError> {
        self.read_on(state)?;
        if state.housekeeping == Housekeeping::Due {
            state.housekeeping = Housekeeping::Done;
            // A full disk is no reason not to read.
            if self.is_worn(state) && self.file.rewrite(|lines| compact::<V>(lines, self.max, &self.keep)).is_ok() {
                self.read_on(state)?;
            }
        }
        Ok(())
    }

    fn is_worn(&self, state: &State<V>) -> bool {
        let needed: usize = state.values.values().map(|value| weight_of(&value.to_string())).sum();
        state.weight > self.max || state.weight > 2 * needed + 64 || !state.values.values().all(&self.keep)
    }

    fn read_on(&self, state: &mut State<V>) -> Result<(), StoreError> {
        let lines = match self.file.read_on(&mut state.seen)? {
            News::More(lines) => lines,
            News::Lost(lines) if self.gone == Gone::Kept => {
                // Who was told of a sealed letter once must not be told otherwise because a disk was unplugged.
                for (key, value) in std::mem::take(&mut state.values) {
                    state.unwritten.entry(key).or_insert(value);
                }
                state.weight = 0;
                lines
            }
            News::Afresh(lines) | News::Lost(lines) => {
                state.values.clear();
                if self.gone == Gone::Forgotten {
                    state.unwritten.clear();
                }
                state.weight = 0;
                state.was_emptied |= lines.is_empty();
                lines
            }
        };
        state.weight += lines.iter().map(|line| weight_of(line)).sum::<usize>();
        state.values.extend(lines.iter().filter_map(|line| entry(line)));
        Ok(())
    }

    /// A panic of another thread leaves the table as it was read: nothing is half done in memory.
    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// `None` for half a line after a power cut, and for whatever else is no entry.
fn entry<V: Value>(line: &str) -> Option<(Key, V)> {
    let (key, value) = line.split_once(' ')?;
    Some((hex::decode(key)?.try_into().ok()?, value.parse().ok()?))
}

/// A line of usual length weighs 1: the bound is one on octets too.
fn weight_of(line: &str) -> usize {
    1 + line.len() / 512
}

/// The last line of each key, in the order of the file, the last of them that weigh `max` together.
fn compact<V: Value>(lines: Vec<String>, max: usize, keep: impl Fn(&V) -> bool) -> Vec<String> {
    let mut last: HashMap<Key, usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some((key, _)) = entry::<V>(line) {
            last.insert(key, at);
        }
    }
    let wanted = |at: usize, line: &str| entry::<V>(line).is_some_and(|(key, value)| last.get(&key) == Some(&at) && keep(&value));
    let kept: Vec<String> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| wanted(*at, line))
        .map(|(_, line)| line.clone())
        .collect();
    let mut room = max;
    let fitting = kept.iter().rev().take_while(|line| {
        let weight = weight_of(line);
        let fits = weight <= room;
        room = room.saturating_sub(weight);
        fits
    });
    let skip = kept.len() - fitting.count();
    kept.into_iter().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_also_for_other_processes() {
        let (_guard, home) = home();
        let (one, other) = (open(&home, 100), open(&home, 100));
        one.put(&[1; 16], 5, OnDisk::Now).unwrap();
        one.put(&[1; 16], 6, OnDisk::Now).unwrap();
        assert_eq!(other.value(&[1; 16]).unwrap(), Some(6));
        other.put(&[2; 16], -7, OnDisk::Now).unwrap();
        assert_eq!(one.value(&[2; 16]).unwrap(), Some(-7));
        assert_eq!(open(&home, 100).value(&[1; 16]).unwrap(), Some(6));
    }

    #[test]
    fn a_full_table_forgets_the_oldest() {
        let (_guard, home) = home();
        let table = open(&home, 8);
        for n in 0..20u8 {
            table.put(&[n; 16], 1, OnDisk::Now).unwrap();
            assert_eq!(table.value(&[n; 16]).unwrap(), Some(1));
            assert!(table.lock().values.len() <= 8);
        }
        assert_eq!(table.value(&[0; 16]).unwrap(), None);
    }

    #[test]
    fn what_is_too_old_is_dropped_when_it_is_first_read() {
        let (_guard, home) = home();
        let table = open(&home, 8);
        table.put(&[1; 16], 1, OnDisk::Now).unwrap();
        table.put(&[2; 16], 2, OnDisk::Now).unwrap();
        let table = Table::open(&home, home.marks(), 8, |v: &i64| *v > 1).unwrap();
        assert_eq!((table.value(&[1; 16]).unwrap(), table.value(&[2; 16]).unwrap()), (None, Some(2)));
        assert!(!std::fs::read_to_string(home.marks()).unwrap().contains("0101"));
    }

    #[test]
    fn a_damaged_file_keeps_its_good_lines() {
        let (_guard, home) = home();
        let good = "02".repeat(16);
        std::fs::write(
            home.marks(),
            format!("x\n\u{0}\n{good} 3\n{good}\n{good} x\n{good} 99999999999999999999\n"),
        )
        .unwrap();
        assert_eq!(open(&home, 8).value(&[2; 16]).unwrap(), Some(3));
    }

    #[test]
    fn what_the_disk_did_not_take_comes_to_it_later() {
        let (_guard, home) = home();
        let table = open(&home, 8);
        table.put(&[1; 16], 1, OnDisk::Now).unwrap();
        // A folder in the place of the file: neither read nor written.
        let aside = home.root().join("aside");
        std::fs::rename(home.marks(), &aside).unwrap();
        std::fs::create_dir(home.marks()).unwrap();
        assert!(table.put(&[2; 16], 2, OnDisk::Now).is_err());
        table.put(&[3; 16], 3, OnDisk::Soon).unwrap();
        assert!(table.value(&[3; 16]).is_err(), "nobody knows what stands there");
        std::fs::remove_dir(home.marks()).unwrap();
        std::fs::rename(&aside, home.marks()).unwrap();
        assert_eq!(table.value(&[3; 16]).unwrap(), Some(3));
        table.write_what_waits();
        let later = open(&home, 8);
        let values = [1, 2, 3].map(|n| later.value(&[n; 16]).unwrap());
        assert_eq!(values, [Some(1), None, Some(3)]);
    }

    #[test]
    fn what_was_known_outlives_its_file() {
        for empty in [false, true] {
            let (_guard, home) = home();
            let table = open(&home, 8);
            table.put(&[1; 16], 1, OnDisk::Now).unwrap();
            assert_eq!(table.value(&[1; 16]).unwrap(), Some(1));
            match empty {
                true => std::fs::write(home.marks(), "").unwrap(),
                false => std::fs::remove_file(home.marks()).unwrap(),
            }
            assert_eq!(table.value(&[1; 16]).unwrap(), Some(1));
            table.put(&[2; 16], 2, OnDisk::Now).unwrap();
            let later = open(&home, 8);
            assert_eq!((later.value(&[1; 16]).unwrap(), later.value(&[2; 16]).unwrap()), (Some(1), Some(2)));
        }
    }

    #[test]
    fn a_forgetful_table_gives_nothing_back() {
        let (_guard, home) = home();
        let (one, other) = (open(&home, 8).forgetful(), open(&home, 8).forgetful());
        let put = |n: u8| one.put(&[n; 16], i64::from(n), OnDisk::Soon).unwrap();
        let known = || [1, 2, 3].map(|n| one.value(&[n; 16]).unwrap());
        [1, 2, 3].into_iter().for_each(put);
        assert!(!one.was_emptied());
        other.retain(|value| *value != 2).unwrap();
        assert_eq!((known(), one.was_emptied()), ([Some(1), None, Some(3)], false));
        other.clear().unwrap();
        assert_eq!((one.was_emptied(), one.was_emptied(), known()), (true, false, [None; 3]));
        put(1);
        std::fs::remove_file(home.marks()).unwrap();
        assert_eq!((known(), one.was_emptied()), ([None; 3], true));
    }

    #[test]
    fn what_a_forgetful_table_could_not_write_goes_with_the_rest() {
        let (_guard, home) = home();
        let table = open(&home, 8).forgetful();
        std::fs::create_dir(home.marks()).unwrap();
        table.put(&[1; 16], 1, OnDisk::Soon).unwrap();
        std::fs::remove_dir(home.marks()).unwrap();
        assert_eq!(table.value(&[1; 16]).unwrap(), Some(1));
        open(&home, 8).forgetful().clear().unwrap();
        assert!(table.was_emptied());
        assert_eq!(table.value(&[1; 16]).unwrap(), None);
        table.put(&[2; 16], 2, OnDisk::Soon).unwrap();
        assert_eq!(open(&home, 8).value(&[1; 16]).unwrap(), None);
    }

    #[test]
    fn a_table_that_cannot_be_read_is_told_at_the_start() {
        let (_guard, home) = home();
        std::fs::create_dir(home.marks()).unwrap();
        assert!(matches!(
            Table::<i64>::open(&home, home.marks(), 8, |_| true),
            Err(StoreError::Read { .. })
        ));
    }

    fn open(home: &Home, max: usize) -> Table {
        Table::open(home, home.marks(), max, |_| true).unwrap()
    }

    fn home() -> (tempfile::TempDir, Home) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        (guard, home)
    }
}
