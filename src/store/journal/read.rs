//! Reading: pages of entries, filtered, in either direction, in bounded memory. No key is needed.

use super::chain::Digest;
use super::entry::{Event, JournalEntry};
use super::file::{Book, Trouble};
use super::lines;
use super::pen::Pen;
use super::reserve;
use super::rows::{Change, Kept};
use crate::base::UnixTime;
use crate::base::limits::JOURNAL_PAGE_MAX;
use crate::store::{Home, StoreError, hex};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which entries are wanted; by default all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// Not before.
    pub since: Option<UnixTime>,
    /// Before.
    pub until: Option<UnixTime>,
    /// One of these; empty: any.
    pub events: Vec<Event>,
    /// Of this account.
    pub account: Option<String>,
    /// With this code.
    pub code: Option<String>,
    /// Of the message with this pseudonym.
    pub message: Option<String>,
    /// For the recipient with this pseudonym.
    pub recipient: Option<String>,
}

/// In which order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As they were written.
    OldestFirst,
    /// For a page that shows what happened of late.
    NewestFirst,
}

/// An entry with its place in the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// Its number.
    pub number: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// Whether its writer had the key of the home.
    pub is_sealed: bool,
    /// What it says.
    pub entry: JournalEntry,
}

/// Some entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// Those that are wanted.
    pub entries: Vec<Noted>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<u64>,
}

/// A journal that is read.
#[derive(Debug)]
pub struct Reader {
    book: Book,
    path: PathBuf,
}

impl Query {
    /// Whether an entry is wanted.
    pub fn wants(&self, entry: &JournalEntry) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        let time = entry.time.as_str();
        self.since.is_none_or(|since| time >= since.rfc3339().as_str())
            && self.until.is_none_or(|until| time < until.rfc3339().as_str())
            && (self.events.is_empty() || self.events.contains(&entry.event))
            && self
                .account
                .as_deref()
                .is_none_or(|wanted| entry.account.eq_ignore_ascii_case(wanted))
            && is(&self.code, Some(&entry.code))
            && is(&self.message, entry.message.as_deref())
            && self.recipient.as_ref().is_none_or(|wanted| entry.recipient_ids.contains(wanted))
    }
}

impl Reader {
    /// The journal of a home; `None`: nothing has been written yet.
    pub fn open(home: &Home) -> Result<Option<Self>, StoreError> {
        if lines::is_there(home) || reserve::Found::is_left(home) {
            // On a disk that takes nothing they are not read either.
            let _ = Pen::default().write_what_waits(home, None);
        }
        let path = home.journal();
        let book = Book::to_read(home).map_err(|trouble| told(trouble, &path))?;
        Ok(book.map(|book| Self { book, path }))
    }

    /// At most so many of the wanted entries, from the place that the page before names, or from the first.
    pub fn page(&self, query: &Query, order: Order, from: Option<u64>, most: usize) -> Result<Page, StoreError> {
        let look = self.book.look().map_err(|trouble| told(trouble, &self.path))?;
        let mut page = Page::default();
        let mut from = from;
        loop {
            let rows = rows(&look, order, from).map_err(|trouble| told(trouble, &self.path))?;
            let is_last = rows.len() < JOURNAL_PAGE_MAX;
            for kept in rows {
                if page.entries.len() == most.min(JOURNAL_PAGE_MAX) {
                    page.next = from;
                    return Ok(page);
                }
                from = Some(kept.number);
                page.entries.extend(noted(&kept).filter(|noted| query.wants(&noted.entry)));
            }
            if is_last {
                return Ok(page);
            }
        }
    }
}

/// How often each event came with each code; nothing else of any entry.
pub fn counted(home: &Home) -> Result<BTreeMap<(Event, String), usize>, StoreError> {
    let mut counts = BTreeMap::new();
    let Some(reader) = Reader::open(home)? else { return Ok(counts) };
    let mut from = None;
    loop {
        let page = reader.page(&Query::default(), Order::OldestFirst, from, JOURNAL_PAGE_MAX)?;
        for Noted { entry, .. } in page.entries {
            *counts.entry((entry.event, entry.code)).or_default() += 1;
        }
        from = page.next;
        if from.is_none() {
            return Ok(counts);
        }
    }
}

fn rows(look: &Change<'_>, order: Order, from: Option<u64>) -> Result<Vec<Kept>, Trouble> {
    match order {
        Order::OldestFirst => look.above(from.unwrap_or_default(), JOURNAL_PAGE_MAX),
        Order::NewestFirst => look.below(from.unwrap_or(u64::MAX), JOURNAL_PAGE_MAX),
    }
}

/// What is no entry of ours is left out; whoever verifies says so.
fn noted(kept: &Kept) -> Option<Noted> {
    Some(Noted {
        number: kept.number,
        hash: hex::encode(Digest::try_from(kept.hash.as_slice()).ok()?.as_slice()),
        is_sealed: kept.seal.is_some(),
        entry: serde_json::from_str(&kept.entry).ok()?,
    })
}

fn told(trouble: Trouble, path: &std::path::Path) -> StoreError {
    match trouble {
        Trouble::Damaged => StoreError::Damaged(path.to_owned()),
        Trouble::Failed(error) => error,
    }
}
