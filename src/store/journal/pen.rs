//! Who writes: one transaction for what waits, behind what others have written meanwhile.

use super::chain::{Digest, Place, Sealed};
use super::entry::{Event, JournalEntry};
use super::file::{Book, OnDisk, Trouble};
use super::head::{self, Head};
use super::lost::Lost;
use super::reserve::Reserve;
use super::rows::Change;
use super::{aside, file, lines};
use crate::base::UnixTime;
use crate::base::limits::JOURNAL_ENTRY_MAX;
use crate::store::{Home, Secrets, StoreError};
use crate::text::{Explain, Explanation, journal as say};
use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

/// A writer of the journal.
#[derive(Debug, Default)]
pub(super) struct Pen {
    book: Option<Book>,
    /// Where the last entry of this writer stands.
    known: Option<Place>,
    /// What the disk has not taken yet.
    pub(super) waiting: VecDeque<Waiting>,
    /// Why it has not.
    pub(super) stuck: Option<Explanation>,
    /// What was lost and stands nowhere yet, and all that this writer has lost.
    pub(super) lost: Lost,
    pub(super) all_lost: Lost,
    /// Room on the disk for what waits.
    pub(super) reserve: Option<Reserve>,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: String,
    pub(super) when: OnDisk,
    /// Whether it stands in the reserve.
    pub(super) is_kept: bool,
}

/// Entries on their way into a change.
pub(super) struct Chain<'c> {
    change: &'c Change<'c>,
    secrets: Option<&'c Secrets>,
    tip: Place,
}

impl Chain<'_> {
    /// Adds one behind the last.
    pub(super) fn add(&mut self, entry: &str) -> Result<(), Trouble> {
        let place = self.tip.followed_by(entry);
        self.change.add(&place, entry, seal(&place, self.secrets)?.as_ref())?;
        self.tip = place;
        Ok(())
    }

    /// Where the last one stands.
    pub(super) fn tip(&self) -> Place {
        self.tip
    }

    /// The file, for who takes something out.
    pub(super) fn change(&self) -> &Change<'_> {
        self.change
    }
}

impl Pen {
    /// Adds an entry, and what waits ahead of it.
    pub(super) fn write(&mut self, home: &Home, secrets: Option<&Secrets>, entry: &JournalEntry) -> Result<(), StoreError> {
        self.queue(entry);
        self.write_queued(home, secrets)
    }

    /// Puts an entry behind those that wait, and says how many do; whoever writes next writes it.
    pub(super) fn queue(&mut self, entry: &JournalEntry) -> usize {
        let when = if entry.is_urgent() { OnDisk::Now } else { OnDisk::Soon };
        let entry = bounded(entry);
        self.waiting.push_back(Waiting {
            entry,
            when,
            is_kept: false,
        });
        self.waiting.len()
    }

    /// Adds what was queued.
    pub(super) fn write_queued(&mut self, home: &Home, secrets: Option<&Secrets>) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let done = self.write_what_waits(home, secrets);
        self.stuck = done.as_ref().err().map(Explain::explain);
        match &done {
            Ok(()) => self.make_reserve(home, secrets),
            Err(_) => self.keep_what_waits(home),
        }
        done
    }

    /// What its reader has to be told of this writer.
    pub(super) fn trouble(&self) -> Vec<Explanation> {
        let lost = (self.all_lost.count > 0).then(|| say::lost(self.all_lost.count, &self.all_lost.since));
        let waits = self.stuck.as_ref().map(|why| say::waits(self.waiting.len(), why));
        lost.into_iter().chain(waits).collect()
    }

    /// Adds what waits; takes over what was written by an earlier version.
    pub(super) fn write_what_waits(&mut self, home: &Home, secrets: Option<&Secrets>) -> Result<(), StoreError> {
        // What stands in their way stops nothing that is new; and while nothing is taken they are not read again and again.
        if self.stuck.is_none()
            && let Err(error) = lines::take_over(self, home, secrets)
        {
            tracing::warn!(%error, "the lines of an earlier journal could not be taken over");
        }
        self.take_reserve(home);
        let when = match self.waiting.iter().any(|waiting| waiting.when == OnDisk::Now) {
            true => OnDisk::Now,
            false => OnDisk::Soon,
        };
        let lost = self.lost.entry();
        let texts: Vec<String> = lost
            .into_iter()
            .chain(self.waiting.iter().map(|waiting| waiting.entry.clone()))
            .collect();
        self.changed(home, secrets, when, |chain| texts.iter().try_for_each(|text| chain.add(text)))?;
        self.waiting.clear();
        self.lost = Lost::default();
        self.stuck = None;
        self.wipe_reserve();
        Ok(())
    }

    /// One change to the chain, in a file that is set aside and made anew where it is damaged.
    pub(super) fn changed<T>(
        &mut self,
        home: &Home,
        secrets: Option<&Secrets>,
        when: OnDisk,
        change: impl Fn(&mut Chain<'_>) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        let secrets = secrets.filter(|secrets| secrets.is_open());
        let found = file::stamp_of(&home.journal()).ok();
        match self.change_once(home, secrets, when, &change) {
            Ok(done) => Ok(done),
            Err(Trouble::Failed(error)) => Err(error),
            Err(Trouble::Damaged) => {
                self.book = None;
                if let Some(name) = aside::set_aside(home, found)? {
                    tell(&say::set_aside(&name));
                }
                match self.change_once(home, secrets, when, &change) {
                    Ok(done) => Ok(done),
                    Err(Trouble::Failed(error)) => Err(error),
                    Err(Trouble::Damaged) => Err(StoreError::Damaged(home.journal())),
                }
            }
        }
    }

    /// The file is swept of what was taken out.
    pub(super) fn sweep(&mut self) -> Result<(), StoreError> {
        match self.book.as_ref().map(Book::sweep) {
            Some(Err(Trouble::Failed(error))) => Err(error),
            // A reader holds it back; or it is damaged, which the next entry finds.
            _ => Ok(()),
        }
    }

    fn change_once<T>(
        &mut self,
        home: &Home,
        secrets: Option<&Secrets>,
        when: OnDisk,
        change: &impl Fn(&mut Chain<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        // Removed, or set aside by somebody else.
        let mut book = match self.book.take().filter(Book::is_in_place) {
            Some(book) => book,
            None => Book::open(home)?,
        };
        let done = self.change_in(&mut book, home, secrets, when, change);
        // To close it would give the room of its log to whoever finds a full disk next.
        if done.as_ref().err().is_none_or(Trouble::passes) {
            self.book = Some(book);
        }
        done
    }

    fn change_in<T>(
        &mut self,
        book: &mut Book,
        home: &Home,
        secrets: Option<&Secrets>,
        when: OnDisk,
        change: &impl Fn(&mut Chain<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let begun = book.change(when)?;
        let tip = begun.tip()?;
        let found = match secrets {
            Some(secrets) => self.suspicion(home, secrets, &begun, tip)?,
            None => None,
        };
        let mut chain = Chain {
            change: &begun,
            secrets,
            // A new file goes on where the one before it ended.
            tip: tip.or(self.known).unwrap_or_else(|| head::unchecked(home)),
        };
        if let Some(found) = &found {
            chain.add(&JournalEntry::of_home(now(), Event::Journal, found.code).json())?;
        }
        let done = change(&mut chain)?;
        let tip = chain.tip();
        begun.done()?;
        if let Some(secrets) = secrets {
            self.known = Some(tip);
            // Never ahead of what is on the disk.
            if when == OnDisk::Now
                && let Err(error) = head::write(home, &tip, secrets)
            {
                tracing::warn!(%error, "how far the journal has come could not be written");
            }
        }
        found.iter().for_each(tell);
        Ok(done)
    }

    /// Before anything is sealed on top: whether the chain still holds what was there.
    fn suspicion(&self, home: &Home, secrets: &Secrets, change: &Change<'_>, tip: Option<Place>) -> Result<Option<Explanation>, Trouble> {
        let known = match self.known {
            Some(known) => known,
            None => match head::read(home, secrets) {
                Ok(Head::At(place)) => place,
                Ok(Head::Forged) | Err(_) => return Ok(Some(say::head_forged())),
                Ok(Head::Absent) if change.has_seals()? => return Ok(Some(say::head_gone())),
                Ok(Head::Absent) => {
                    // Ahead of the first seal, and while nobody else writes: who comes next finds one.
                    begin_head(home, secrets);
                    return Ok(None);
                }
            },
        };
        let held = known.number == 0 || change.hash(known.number)?.is_some_and(|hash| hash == known.hash);
        Ok(match tip {
            _ if held => None,
            None => Some(say::gone()),
            Some(tip) if tip.number < known.number => Some(say::shortened()),
            Some(_) => Some(say::replaced()),
        })
    }
}

/// A head that promises nothing yet.
fn begin_head(home: &Home, secrets: &Secrets) {
    if let Err(error) = head::write(home, &Place::default(), secrets) {
        tracing::warn!(%error, "how far the journal has come could not be begun");
    }
}

fn tell(news: &Explanation) {
    tracing::error!(code = news.code, "{} {}", news.fr.what, news.fr.todo);
}

fn seal(place: &Place, secrets: Option<&Secrets>) -> Result<Option<Digest>, Trouble> {
    let sealed = secrets.map(|secrets| Sealed::Entry.seal(place, secrets));
    sealed.transpose().map_err(Trouble::Failed)
}

/// The text of an entry; what is too long for one goes without its lists.
fn bounded(entry: &JournalEntry) -> String {
    let text = entry.json();
    if text.len() <= JOURNAL_ENTRY_MAX {
        return text;
    }
    let short = JournalEntry {
        certificates: Vec::new(),
        recipient_ids: Vec::new(),
        ..entry.clone()
    };
    short.json()
}

/// The store says by itself only what happened to the journal.
pub(super) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
