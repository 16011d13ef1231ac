//! `souspli journal`: what was sealed, opened, refused, by filters; and whether it is whole. The journal never holds content or
//! subjects.

use super::out::{Out, complain};
use super::{Cli, Failure, input};
use crate::base::limits::JOURNAL_PAGE_MAX;
use crate::base::{Address, UnixTime};
use crate::store::journal::{self, Noted, Order, Query, Reader};
use crate::store::{Event, Home};
use crate::text::{Explain, journal as say};
use clap::Args;

const DAY: i64 = 86_400;

/// Prints the journal, oldest first.
#[derive(Args, Debug)]
pub struct Journal {
    /// Un objet JSON par ligne (docs/journal.md) / one JSON object a line.
    #[arg(long, conflicts_with_all = ["csv", "verify"])]
    json: bool,
    /// Un tableau pour un tableur / a table for a spreadsheet.
    #[arg(long, conflicts_with = "verify")]
    csv: bool,
    /// Vérifie que rien n’a été modifié, retiré ou ajouté / verify that nothing was changed, taken out or put in.
    #[arg(long)]
    verify: bool,
    /// Depuis ce jour ou ce moment / from that day or moment on.
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<UnixTime>,
    /// Jusqu’à la fin de ce jour, ou ce moment / to the end of that day, or that moment.
    #[arg(long, value_name = "DATE", value_parser = until)]
    until: Option<UnixTime>,
    /// Ces événements seulement / these events only.
    #[arg(long = "event", value_name = "EVENT", value_delimiter = ',', value_parser = event)]
    events: Vec<Event>,
    /// Ce compte seulement / this account only.
    #[arg(long, value_name = "ADDR")]
    account: Option<String>,
    /// Ce code seulement / this code only.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Ce qui a concerné ce destinataire / what concerned that recipient.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    recipient: Option<Address>,
    /// Ce qui a concerné le message de ce Message-ID / what concerned the message of that Message-ID.
    #[arg(long, value_name = "ID")]
    message: Option<String>,
}

impl Journal {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        if self.verify {
            return verify(cli, &home, out);
        }
        let query = self.query(cli, &home)?;
        if self.csv {
            out.line(say::CSV_HEAD);
        }
        let Some(reader) = Reader::open(&home).map_err(|e| Failure::from(&e))? else {
            return Ok(());
        };
        let mut from = None;
        loop {
            let page = reader.page(&query, Order::OldestFirst, from, JOURNAL_PAGE_MAX);
            let page = page.map_err(|e| Failure::from(&e))?;
            page.entries.iter().for_each(|noted| out.line(self.line(noted)));
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    fn query(&self, cli: &Cli, home: &Home) -> Result<Query, Failure> {
        let mut query = Query {
            since: self.since,
            until: self.until,
            events: self.events.clone(),
            account: self.account.clone(),
            code: self.code.clone(),
            ..Query::default()
        };
        // Only they who have the key know whose pseudonym is whose.
        if self.recipient.is_some() || self.message.is_some() {
            let secrets = cli.secrets(home)?;
            let recipient = self.recipient.as_ref().map(|address| journal::recipient_id(&secrets, address));
            let message = self.message.as_ref().map(|id| journal::pseudonym(&secrets, id));
            query.recipient = recipient.transpose().map_err(|e| Failure::from(&e))?;
            query.message = message.transpose().map_err(|e| Failure::from(&e))?;
        }
        Ok(query)
    }

    fn line(&self, noted: &Noted) -> String {
        let entry = &noted.entry;
        match (self.json, self.csv) {
            (true, _) => noted.json(),
            (false, true) => noted.csv(),
            (false, false) => {
                let (event, recipients) = (entry.event.as_str(), entry.recipients);
                format!("{}\t{event}\t{}\t{recipients}\t{}", entry.time, entry.account, entry.code)
            }
        }
    }
}

/// What there is, and what is not as it was written.
fn verify(cli: &Cli, home: &Home, out: &mut Out) -> Result<(), Failure> {
    // A home without keys gets none by being looked at, and has sealed nothing.
    let secrets = match Home::is_in_use(home.root()) {
        true => cli.secrets(home)?,
        false => crate::store::Secrets::ephemeral().map_err(|e| Failure::from(&e))?,
    };
    let found = journal::verify(home, &secrets).map_err(|e| Failure::from(&e))?;
    match (&found.first, &found.last) {
        (Some((_, first)), Some((_, last))) => out.line(say::verified(found.entries, first, last, &found.hash)),
        _ => out.line(say::EMPTY),
    }
    if found.cut > 0 {
        out.line(say::cut(found.cut));
    }
    if found.unsealed > 0 {
        out.line(say::unsealed(found.unsealed));
    }
    if found.reserved > 0 {
        complain(say::reserved(found.reserved));
    }
    let Some((last, others)) = found.breaks.split_last() else {
        out.line(say::WHOLE);
        return Ok(());
    };
    others.iter().for_each(|why| complain(why.explain()));
    if found.more > 0 {
        complain(last.explain());
        return Err(say::more_breaks(found.more).into());
    }
    Err(Failure::from(last))
}

fn event(word: &str) -> Result<Event, String> {
    Event::parse(word).ok_or_else(|| say::no_event(&Event::ALL.map(Event::as_str).join(", ")))
}

fn since(word: &str) -> Result<UnixTime, String> {
    moment(word, 0)
}

fn until(word: &str) -> Result<UnixTime, String> {
    moment(word, DAY)
}

/// A moment with its offset; or a day of the clock on the wall, and so much later.
fn moment(word: &str, later: i64) -> Result<UnixTime, String> {
    let day = || UnixTime::from_rfc3339(&format!("{word}T00:00:00Z")).map(|day| journal::at_the_wall(day.plus(later)));
    UnixTime::from_rfc3339(word).or_else(day).ok_or_else(|| say::NO_MOMENT.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_here_and_moments_are_moments() {
        let at = since("2026-11-23T14:30:00+01:00").unwrap();
        assert_eq!(at.rfc3339(), "2026-11-23T13:30:00Z");
        assert_eq!(until("2026-11-23T14:30:00+01:00").unwrap(), at);
        let day = until("2026-11-23").unwrap().0 - since("2026-11-23").unwrap().0;
        assert_eq!(day, DAY);
        assert!(since("yesterday").is_err() && since("2026-13-01").is_err());
        assert!(event("seal").is_ok() && event("x").is_err());
    }
}
