//! Whether the chain is whole: every entry, from the first that is kept to the one that the head beside it names. Who has no key of
//! the home can make hashes, and neither seals nor the head.

use super::chain::{Digest, Place, Sealed, link};
use super::cut::{CUT, boundary, time};
use super::entry::{Event, JournalEntry};
use super::file::{Book, Trouble};
use super::head::{self, Head};
use super::reserve;
use super::rows::{Change, Kept};
use crate::base::limits::{JOURNAL_BREAKS_MAX, JOURNAL_PAGE_MAX};
use crate::store::{Home, Secrets, StoreError, hex};
use crate::text::{Explain, Explanation, journal as say};

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verification {
    /// How many entries there are.
    pub entries: u64,
    /// Number and time of the first.
    pub first: Option<(u64, String)>,
    /// Number and time of the last.
    pub last: Option<(u64, String)>,
    /// Hash of the last, in hexadecimal: noted down elsewhere, it stands for all before.
    pub hash: String,
    /// Entries before the first, which were cut away in time.
    pub cut: u64,
    /// Entries that stand in the reserve yet.
    pub reserved: u64,
    /// Entries behind the last one that is sealed: nobody with the key has confirmed them yet.
    pub unsealed: u64,
    /// What is not as it was written, in the order of the entries.
    pub breaks: Vec<Break>,
    /// How much more of that there is.
    pub more: u64,
}

/// What is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Break {
    /// The file is damaged.
    Unreadable,
    /// The entry of this number is not there.
    Missing(u64),
    /// The entry of this number says something else, or stands in another place, than when it was written.
    Changed(u64),
    /// The seal of this entry is not of this home.
    Forged(u64),
    /// What was before this entry is gone, and no cut of ours says so.
    Beginning(u64),
    /// The journal had come to the first number, and ends at the second.
    Shortened(u64, u64),
    /// At this number another entry was sealed.
    Replaced(u64),
    /// The head is gone.
    HeadGone,
    /// The head is not of this home.
    HeadForged,
    /// Nothing in it is sealed, in a home that has keys.
    NothingSealed,
    /// So many entries could be written nowhere since then, and the journal does not say it yet.
    Lost(u64, String),
    /// This entry says that Souspli has found the journal other than it left it.
    Told(u64),
}

impl Explain for Break {
    fn explain(&self) -> Explanation {
        match self {
            Break::Unreadable => say::unreadable(),
            Break::Missing(number) => say::missing(*number),
            Break::Changed(number) => say::changed(*number),
            Break::Forged(number) => say::forged(*number),
            Break::Beginning(number) => say::beginning(*number),
            Break::Shortened(wanted, found) => say::ends_early(*wanted, *found),
            Break::Replaced(number) => say::other_entry(*number),
            Break::HeadGone => say::head_gone(),
            Break::HeadForged => say::head_forged(),
            Break::NothingSealed => say::nothing_sealed(),
            Break::Lost(count, since) => say::lost(*count, since),
            Break::Told(number) => say::told(*number),
        }
    }
}

impl Verification {
    /// What lies beside it in the reserve.
    fn with(mut self, beside: &reserve::Found) -> Self {
        self.reserved = beside.entries.len() as u64 + beside.memory.count;
        if beside.lost.count > 0 {
            self.tell(Break::Lost(beside.lost.count, beside.lost.since.clone()));
        }
        self
    }

    fn tell(&mut self, why: Break) {
        match self.breaks.len() < JOURNAL_BREAKS_MAX {
            true => self.breaks.push(why),
            false => self.more += 1,
        }
    }
}

/// A look at the whole chain.
struct Walk<'a> {
    secrets: &'a Secrets,
    head: Head,
    /// What the last cut left behind.
    boundary: Option<Place>,
    /// Behind which the next entry must stand.
    before: Option<Place>,
    has_head: bool,
    has_seals: bool,
    found: Verification,
}

/// Looks at every entry; the key of the home must be at hand. A journal that is being written is looked at as it was at the start.
pub fn verify(home: &Home, secrets: &Secrets) -> Result<Verification, StoreError> {
    // First: it may lag behind the entries, and never runs ahead.
    let head = head::read(home, secrets)?;
    let beside = reserve::Found::look(home)?;
    match walked(home, secrets, head) {
        Ok(found) => Ok(found.with(&beside)),
        Err(Trouble::Failed(error)) => Err(error),
        Err(Trouble::Damaged) => Ok(Verification {
            breaks: vec![Break::Unreadable],
            ..Verification::default()
        }),
    }
}

fn walked(home: &Home, secrets: &Secrets, head: Head) -> Result<Verification, Trouble> {
    let mut walk = Walk {
        secrets,
        head,
        boundary: None,
        before: None,
        has_head: false,
        has_seals: false,
        found: Verification::default(),
    };
    if let Some(book) = Book::to_read(home)? {
        let look = book.look()?;
        walk.boundary = walk.last_cut(&look)?;
        let mut above = 0;
        // A number of 0 or less is none of ours: it would not be met above.
        loop {
            let page = look.above(above, JOURNAL_PAGE_MAX)?;
            let Some(last) = page.last() else { break };
            above = last.number;
            for kept in &page {
                walk.step(kept)?;
            }
        }
    }
    Ok(walk.end(Home::is_in_use(home.root())))
}

impl Walk<'_> {
    fn step(&mut self, kept: &Kept) -> Result<(), Trouble> {
        self.found.entries += 1;
        let at = (kept.number, time(&kept.entry).unwrap_or_default());
        if self.found.first.is_none() {
            self.begin(kept);
            self.found.first = Some(at.clone());
        }
        self.found.last = Some(at);
        if let Some(why) = self.fault(kept)? {
            self.found.tell(why);
        }
        // Whatever is wrong with this one is told: what follows is held against it as it stands.
        let place = place(kept);
        self.has_head |= place.is_some() && self.head == place.map_or(Head::Absent, Head::At);
        self.found.hash = hex::encode(&kept.hash);
        self.before = place;
        self.found.unsealed = if kept.seal.is_some() { 0 } else { self.found.unsealed + 1 };
        self.has_seals |= kept.seal.is_some();
        Ok(())
    }

    /// What the first entry stands behind.
    fn begin(&mut self, kept: &Kept) {
        let before = self.boundary.unwrap_or_default();
        self.found.cut = before.number;
        self.before = Some(before);
        if kept.number != before.number + 1 && !begins_anew(kept) {
            self.found.tell(Break::Beginning(kept.number));
        }
    }

    fn fault(&self, kept: &Kept) -> Result<Option<Break>, Trouble> {
        let number = kept.number;
        let Some(place) = place(kept) else {
            return Ok(Some(Break::Changed(number)));
        };
        if let Some(seal) = &kept.seal
            && !Sealed::Entry.is(seal, &place, self.secrets).map_err(Trouble::Failed)?
        {
            return Ok(Some(Break::Forged(number)));
        }
        // It stands where the one before it ended, of which nothing is left here.
        let begins = self.found.entries == 1 && begins_anew(kept);
        Ok(match self.before {
            _ if begins => Some(Break::Told(number)),
            Some(before) if before.number + 1 != number => Some(Break::Missing(before.number + 1)),
            Some(before) if link(number, &before.hash, &kept.entry) != place.hash => Some(Break::Changed(number)),
            _ => is_told(kept).then_some(Break::Told(number)),
        })
    }

    fn end(mut self, has_keys: bool) -> Verification {
        let last = self.found.last.as_ref().map_or(0, |(number, _)| *number);
        let why = match self.head {
            Head::Forged => Some(Break::HeadForged),
            Head::At(place) if place.number > last => Some(Break::Shortened(place.number, last)),
            Head::At(place) if place.number > 0 && !self.has_head => Some(Break::Replaced(place.number)),
            Head::Absent if self.has_seals => Some(Break::HeadGone),
            Head::At(place) if place.number > 0 || self.has_seals => None,
            Head::At(_) | Head::Absent => (has_keys && self.found.entries > 0).then_some(Break::NothingSealed),
        };
        if let Some(why) = why {
            self.found.tell(why);
        }
        self.found
    }

    /// The newest cut that somebody with the key has made.
    fn last_cut(&self, look: &Change<'_>) -> Result<Option<Place>, Trouble> {
        let mut below = u64::MAX;
        loop {
            let page = look.below(below, JOURNAL_PAGE_MAX)?;
            let Some(last) = page.last() else { return Ok(None) };
            below = last.number;
            for kept in &page {
                if let Some(boundary) = self.cut(kept)? {
                    return Ok(Some(boundary));
                }
            }
        }
    }

    fn cut(&self, kept: &Kept) -> Result<Option<Place>, Trouble> {
        let Some(entry) = ours(kept).filter(|entry| entry.code == CUT) else {
            return Ok(None);
        };
        let (Some(place), Some(seal)) = (place(kept), &kept.seal) else {
            return Ok(None);
        };
        let is_sealed = Sealed::Entry.is(seal, &place, self.secrets).map_err(Trouble::Failed)?;
        Ok(entry.digest.as_deref().filter(|_| is_sealed).and_then(boundary))
    }
}

fn place(kept: &Kept) -> Option<Place> {
    Some(Place {
        number: kept.number,
        hash: Digest::try_from(kept.hash.as_slice()).ok()?,
    })
}

/// An entry about the journal itself.
fn ours(kept: &Kept) -> Option<JournalEntry> {
    let entry = serde_json::from_str::<JournalEntry>(&kept.entry).ok()?;
    (entry.event == Event::Journal && !entry.taken_over).then_some(entry)
}

/// A new journal in the place of one that is gone says so itself; whether the seal holds is asked apart.
fn begins_anew(kept: &Kept) -> bool {
    kept.seal.is_some() && is_told(kept)
}

fn is_told(kept: &Kept) -> bool {
    ours(kept).is_some_and(|entry| entry.code.starts_with(say::TOLD))
}
