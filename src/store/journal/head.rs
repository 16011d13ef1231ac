//! How far the journal has come, kept beside it and sealed: entries cut off at its end are missed. Two slots, of which the newer
//! counts: a power cut spoils one at most. Written in place and not synced, behind entries that are on the disk: it may lag behind
//! them and never runs ahead.

use super::chain::{Place, Sealed};
use crate::store::owner::private;
use crate::store::{Home, Secrets, StoreError, atomic, hex};
use std::fs::OpenOptions;
use std::io::{self, Seek, SeekFrom, Write};

/// `number hash seal`, in decimal and hexadecimal, and a line end.
const SLOT: usize = 20 + 1 + 64 + 1 + 64 + 1;

/// What stands beside the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Head {
    /// No file.
    Absent,
    /// A file in which no slot is of this home.
    Forged,
    /// So far it had come.
    At(Place),
}

/// A slot as it is read.
struct Slot {
    place: Place,
    seal: Vec<u8>,
}

/// What the file says, its seals checked.
pub(super) fn read(home: &Home, secrets: &Secrets) -> Result<Head, StoreError> {
    let Some(bytes) = bytes(home)? else { return Ok(Head::Absent) };
    let mut newest = None;
    for slot in slots(&bytes) {
        if Sealed::Head.is(&slot.seal, &slot.place, secrets)? {
            newest = newest.max_by_number(slot.place);
        }
    }
    Ok(newest.map_or(Head::Forged, Head::At))
}

/// What it says, believed: for whoever has no key and only wants to go on counting.
pub(super) fn unchecked(home: &Home) -> Place {
    let bytes = bytes(home).ok().flatten().unwrap_or_default();
    let newest = slots(&bytes).map(|slot| slot.place).max_by_key(|place| place.number);
    newest.unwrap_or_default()
}

/// Writes the place into the slot that is not the newest.
pub(super) fn write(home: &Home, place: &Place, secrets: &Secrets) -> Result<(), StoreError> {
    let seal = Sealed::Head.seal(place, secrets)?;
    let line = format!("{:020} {} {}\n", place.number, hex::encode(&place.hash), hex::encode(&seal));
    let known = bytes(home)?.unwrap_or_default();
    let of = |at: usize| known.get(at * SLOT..).and_then(slot).map(|slot| slot.place.number);
    let at = if of(0) > of(1) { SLOT } else { 0 };
    put(home, at as u64, line.as_bytes()).map_err(StoreError::write(&home.journal_head()))
}

fn put(home: &Home, at: u64, line: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = private(options.write(true).create(true).truncate(false)).open(home.journal_head())?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(line)
}

fn bytes(home: &Home) -> Result<Option<Vec<u8>>, StoreError> {
    match atomic::read(&home.journal_head(), 2 * SLOT as u64) {
        // Nothing of ours is so large.
        Err(StoreError::TooLarge(_)) => Ok(Some(Vec::new())),
        read => read,
    }
}

fn slots(bytes: &[u8]) -> impl Iterator<Item = Slot> + '_ {
    [0, 1].into_iter().filter_map(|at| slot(bytes.get(at * SLOT..)?))
}

fn slot(bytes: &[u8]) -> Option<Slot> {
    let line = std::str::from_utf8(bytes.get(..SLOT)?).ok()?.strip_suffix('\n')?;
    let mut words = line.split(' ');
    let (number, hash, seal) = (words.next()?, words.next()?, words.next()?);
    let place = Place {
        number: number.parse().ok()?,
        hash: hex::decode(hash)?.try_into().ok()?,
    };
    Some(Slot {
        place,
        seal: hex::decode(seal)?,
    })
}

trait Newest {
    fn max_by_number(self, other: Place) -> Option<Place>;
}

impl Newest for Option<Place> {
    fn max_by_number(self, other: Place) -> Option<Place> {
        self.filter(|known| known.number > other.number).or(Some(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_newer_of_two_slots_counts_and_half_a_slot_spoils_nothing() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        assert_eq!(read(&home, &secrets).unwrap(), Head::Absent);
        let mut place = Place::default();
        for text in ["a", "b", "c", "d", "e"] {
            place = place.followed_by(text);
            write(&home, &place, &secrets).unwrap();
            assert_eq!(read(&home, &secrets).unwrap(), Head::At(place));
            assert_eq!(unchecked(&home), place);
        }
        let mut bytes = fs::read(home.journal_head()).unwrap();
        assert_eq!(bytes.len(), 2 * SLOT);
        let newest = if bytes.starts_with(b"00000000000000000005") { 0 } else { SLOT };
        bytes[newest + 30] ^= 1;
        fs::write(home.journal_head(), &bytes).unwrap();
        let Head::At(older) = read(&home, &secrets).unwrap() else {
            panic!("the other slot is whole")
        };
        assert_eq!(older.number, 4);
        for forged in [b"".as_slice(), b"x", &[b'0'; 2 * SLOT], &[0; 3 * SLOT]] {
            fs::write(home.journal_head(), forged).unwrap();
            assert_eq!(read(&home, &secrets).unwrap(), Head::Forged);
        }
        assert_eq!(read(&home, &Secrets::ephemeral().unwrap()).unwrap(), Head::Forged);
    }
}
