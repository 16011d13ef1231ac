//! What is older than it is to be kept goes, and an entry in the chain says up to where: what is left still follows upon it.

use super::chain::Place;
use super::entry::{Event, JournalEntry};
use super::file::{OnDisk, Trouble};
use super::lines::TAKEN_OVER;
use super::pen::{Chain, Pen};
use super::rows::Kept;
use crate::base::UnixTime;
use crate::base::limits::{JOURNAL_CUT_AT_ONCE, JOURNAL_ENTRIES_MAX, JOURNAL_PAGE_MAX};
use crate::store::{Home, Secrets, StoreError, hex};
use serde::Deserialize;

/// The code of such an entry; its digest is `number:hash` of the last one that went.
pub(super) const CUT: &str = "cut";

const DAY: i64 = 86_400;
/// Nobody leaves his mail alone for so long, most often; a clock that was wrong leaves more.
const JUMP: i64 = 45 * DAY;
/// How long what follows upon such a gap must have lasted, by its own times, to be believed.
const LASTED: i64 = 7 * DAY;

/// The time of an entry, whatever else it says.
#[derive(Deserialize)]
struct Dated {
    time: String,
    code: String,
}

/// What is kept, as times are written.
struct Span {
    limit: String,
    /// The end of today: what says a later time was written under a clock that was wrong.
    now: String,
}

/// Whether an entry is to go.
enum Age {
    Old,
    Young,
    /// What says no time of its own goes with an older one behind it.
    Neither,
}

/// Takes out what is older than so many months, by the time that was reached.
pub(super) fn cut(
    pen: &mut Pen,
    home: &Home,
    secrets: &Secrets,
    months: u32,
    (reached, now): (UnixTime, UnixTime),
) -> Result<bool, StoreError> {
    let span = Span {
        limit: limit(months, reached).rfc3339(),
        now: now.plus(DAY).rfc3339(),
    };
    let mut any = false;
    // Others write between two of these.
    while pen.changed(home, Some(secrets), OnDisk::Now, |chain| cut_once(chain, &span, now))? {
        any = true;
    }
    if any {
        pen.sweep()?;
    }
    Ok(any)
}

/// The beginning of the day (UTC), so many months ago.
pub(super) fn limit(months: u32, now: UnixTime) -> UnixTime {
    UnixTime(now.months_before(months).0.div_euclid(DAY) * DAY)
}

/// What a cut left behind, as its entry says it.
pub(super) fn boundary(digest: &str) -> Option<Place> {
    let (number, hash) = digest.split_once(':')?;
    Some(Place {
        number: number.parse().ok()?,
        hash: hex::decode(hash)?.try_into().ok()?,
    })
}

fn cut_once(chain: &mut Chain<'_>, span: &Span, now: UnixTime) -> Result<bool, Trouble> {
    let Some(last) = last_to_go(chain, span)? else {
        return Ok(false);
    };
    let (number, hash) = (last.number, hex::encode(&last.hash));
    chain.add(
        &JournalEntry {
            digest: Some(format!("{number}:{hash}")),
            ..JournalEntry::of_home(now, Event::Journal, CUT)
        }
        .json(),
    )?;
    chain.change().cut(number)?;
    Ok(true)
}

/// The time that counts for what is too old: that of the clock, unless it is far ahead of all that was written before, and has not
/// been so for long. A clock that jumped would take half a year of entries with it, which nobody brings back.
pub(super) fn reached(pen: &mut Pen, home: &Home, secrets: &Secrets, now: UnixTime) -> Result<UnixTime, StoreError> {
    pen.changed(home, Some(secrets), OnDisk::Soon, |chain| reached_in(chain, now))
}

fn reached_in(chain: &Chain<'_>, now: UnixTime) -> Result<UnixTime, Trouble> {
    let (mut first, mut before, mut below) = (now, None, u64::MAX);
    for _ in 0..JOURNAL_CUT_AT_ONCE / JOURNAL_PAGE_MAX {
        let page = chain.change().below(below, JOURNAL_PAGE_MAX)?;
        let Some(end) = page.last() else { return Ok(before.unwrap_or(now)) };
        below = end.number;
        // What says a later time was written under a clock that was wrong then.
        for at in page.iter().filter_map(written).filter(|at| *at <= now) {
            if at.plus(JUMP) >= first {
                first = first.min(at);
            } else {
                before = before.max(Some(at));
            }
            if first.plus(LASTED) <= now {
                return Ok(now);
            }
        }
    }
    // More than is looked at, and all of it of these days: what was before it is not known, and nothing is too old.
    Ok(before.unwrap_or(UnixTime(0)))
}

fn written(kept: &Kept) -> Option<UnixTime> {
    let dated = serde_json::from_str::<Dated>(&kept.entry).ok()?;
    UnixTime::from_rfc3339(&dated.time).filter(|_| dated.code != TAKEN_OVER)
}

/// The last of those that are too old or too many.
fn last_to_go(chain: &Chain<'_>, span: &Span) -> Result<Option<Kept>, Trouble> {
    // Whoever has no key can add entries, and leave out numbers: these push nothing out.
    let most = match chain.change().sealed()? > JOURNAL_ENTRIES_MAX {
        true => chain.tip().number.saturating_sub(JOURNAL_ENTRIES_MAX),
        false => 0,
    };
    let (mut last, mut above) = (None, 0);
    for _ in 0..JOURNAL_CUT_AT_ONCE / JOURNAL_PAGE_MAX {
        let page = chain.change().above(above, JOURNAL_PAGE_MAX)?;
        let Some(end) = page.last() else { break };
        above = end.number;
        for kept in page {
            match span.age(&kept) {
                _ if kept.number <= most => last = Some(kept),
                Age::Old => last = Some(kept),
                Age::Neither => {}
                Age::Young => return Ok(last),
            }
        }
    }
    Ok(last)
}

impl Span {
    fn age(&self, kept: &Kept) -> Age {
        match serde_json::from_str::<Dated>(&kept.entry) {
            Ok(Dated { time, code }) if time > self.now || code == TAKEN_OVER => Age::Neither,
            Ok(Dated { time, .. }) if time < self.limit => Age::Old,
            Ok(_) => Age::Young,
            Err(_) => Age::Neither,
        }
    }
}

pub(super) fn time(entry: &str) -> Option<String> {
    serde_json::from_str::<Dated>(entry).ok().map(|dated| dated.time)
}
