//! `souspli trust refresh`: the revocation lists, side by side, each with its line.

use super::out::Out;
use super::{Cli, Failure, signals, table};
use crate::base::UnixTime;
use crate::base::limits::STOP_SECONDS_MAX;
use crate::directory::lists::{Event, Outcome, Published, Row, RowState, Summary, Which};
use crate::directory::reach::Reach;
use crate::pki::Trust;
use crate::pki::revocation::{Age, List};
use crate::relay::authorities::Authorities;
use crate::relay::clock;
use crate::store::{Event as Noted, JournalEntry, journal};
use crate::text::{revocation as say, trust};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Fetches lists.
#[derive(Args, Debug)]
pub struct Refresh {
    /// Une ligne JSON par événement / one line of JSON for each event.
    #[arg(long)]
    json: bool,
    /// Adresses des listes ; sinon toutes / places of the lists; else all.
    #[arg(value_name = "URL")]
    places: Vec<String>,
}

impl Refresh {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let (published, trust) = lists(cli)?;
        published.note_imported(&trust, clock()).map_err(|e| Failure::from(&e))?;
        let summary = cli.block_on(self.run(published, trust, out))??;
        if summary.is_some_and(|s| s.kept > 0) {
            let entry = JournalEntry::of_home(clock(), Noted::Trust, "lists-updated");
            journal::record(&cli.home()?, &entry).map_err(|e| Failure::from(&e))?;
        }
        match summary {
            Some(summary) if summary == Summary::default() && !self.places.is_empty() => Err(say::lists_unknown().into()),
            Some(summary) if summary.failed == 0 => Ok(()),
            Some(summary) => Err(say::lists_failed(summary.failed).into()),
            None => Err(say::lists_cancelled().into()),
        }
    }

    /// `None`: the user stopped it; what has come is kept, and goes on where it is the next time.
    async fn run(&self, published: Arc<Published>, trust: Arc<Trust>, out: &mut Out) -> Result<Option<Summary>, Failure> {
        let (tell, told) = unbounded_channel();
        let tell = Mutex::new(Some(tell));
        let see = Arc::new(move |event: Event| {
            let tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(tell) = &*tell {
                // Nobody listens any more once the command has been stopped.
                let _ = tell.send(event);
            }
        });
        let which = match self.places.is_empty() {
            true => Which::All,
            false => Which::These(self.places.clone()),
        };
        let round = tokio::spawn(async move { published.refresh(trust, which, clock(), see).await });
        let stop = round.abort_handle();
        let end = signals::end().map_err(|e| Failure::system(&e))?;
        let shown = self.show(told, out);
        tokio::pin!(end);
        tokio::pin!(shown);
        tokio::select! {
            () = &mut shown => {}
            () = &mut end => {
                stop.abort();
                // Those that are being written finish; nothing new begins.
                let _ = tokio::time::timeout(Duration::from_secs(STOP_SECONDS_MAX), &mut shown).await;
            }
        }
        Ok(round.await.ok())
    }

    async fn show(&self, mut told: UnboundedReceiver<Event>, out: &mut Out) {
        let mut bars = Bars::new(!self.json && std::io::stderr().is_terminal());
        while let Some(event) = told.recv().await {
            if self.json {
                out.line(json(&event));
                continue;
            }
            bars.show(&event);
            if let Event::Done { url, authority, outcome } = &event {
                out.line(sentence(url, authority, outcome));
            }
        }
        bars.clear();
    }
}

/// One event (docs/revocation.md).
fn json(event: &Event) -> serde_json::Value {
    match event {
        Event::Begun { lists } => serde_json::json!({"event": "begun", "lists": lists}),
        Event::Came { url, octets, total } => serde_json::json!({"event": "came", "url": url, "octets": octets, "total": total}),
        Event::Done { url, authority, outcome } => {
            let mut row = serde_json::json!({"event": "done", "url": url, "authority": authority, "outcome": word(outcome)});
            match outcome {
                Outcome::Kept(list) => {
                    let head = list.head();
                    row["entries"] = list.entries().into();
                    row["this_update"] = head.this_update.rfc3339().into();
                    row["next_update"] = head.next_update.map(|t| t.rfc3339()).into();
                }
                Outcome::Failed(why) => {
                    row["code"] = why.code.into();
                    row["french"] = format!("{} {}", why.fr.what, why.fr.todo).into();
                    row["english"] = format!("{} {}", why.en.what, why.en.todo).into();
                }
                Outcome::Unchanged | Outcome::Elsewhere => {}
            }
            row
        }
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Kept(_) => "updated",
        Outcome::Unchanged => "unchanged",
        Outcome::Elsewhere => "elsewhere",
        Outcome::Failed(_) => "failed",
    }
}

fn sentence(url: &str, authority: &str, outcome: &Outcome) -> String {
    let name = if authority.is_empty() { url } else { authority };
    match outcome {
        Outcome::Kept(list) => {
            let until = list.head().next_update.unwrap_or(list.head().this_update);
            say::list_updated(name, list.entries(), until)
        }
        Outcome::Unchanged => say::list_unchanged(name),
        Outcome::Elsewhere => say::list_elsewhere(name),
        Outcome::Failed(why) => say::list_failed(name, why),
    }
}

/// Progress on a terminal: one line for each list that is coming, drawn anew in place.
struct Bars {
    on: bool,
    coming: Vec<(String, u64, Option<u64>)>,
    drawn: usize,
}

impl Bars {
    fn new(on: bool) -> Self {
        Self {
            on,
            coming: Vec::new(),
            drawn: 0,
        }
    }

    fn show(&mut self, event: &Event) {
        self.clear();
        match event {
            Event::Begun { .. } => {}
            Event::Came { url, octets, total } => match self.coming.iter_mut().find(|(u, _, _)| u == url) {
                Some(bar) => (bar.1, bar.2) = (*octets, *total),
                None => self.coming.push((url.clone(), *octets, *total)),
            },
            Event::Done { url, .. } => self.coming.retain(|(u, _, _)| u != url),
        }
        // The line of what is done comes first, on standard output.
        if !matches!(event, Event::Done { .. }) {
            self.draw();
        }
    }

    fn draw(&mut self) {
        if self.on {
            let lines: String = self
                .coming
                .iter()
                .map(|(url, octets, total)| bar(url, *octets, *total) + "\n")
                .collect();
            let _ = std::io::stderr().lock().write_all(lines.as_bytes());
            self.drawn = self.coming.len();
        }
    }

    /// Up and empty, line by line.
    fn clear(&mut self) {
        let up = "\x1b[1A\x1b[2K".repeat(std::mem::take(&mut self.drawn));
        let _ = std::io::stderr().lock().write_all(up.as_bytes());
    }
}

/// `[#####.....]  52 % 1 024 KiB ACI-EL-ORG.crl`
fn bar(url: &str, octets: u64, total: Option<u64>) -> String {
    const WIDTH: u64 = 20;
    let name = url.rsplit('/').next().unwrap_or(url);
    let share = total.filter(|t| *t > 0).map(|total| (octets.min(total) * 100) / total);
    let full = share.unwrap_or(0) * WIDTH / 100;
    let drawn: String = (0..WIDTH).map(|n| if n < full { '#' } else { '.' }).collect();
    let share = share.map_or_else(|| "  ? ".to_owned(), |s| format!("{s:3} "));
    format!(
        "[{drawn}] {share}% {:>6} Kio {}",
        octets >> 10,
        name.chars().take(40).collect::<String>()
    )
}

/// The lists for `souspli trust list`: of whom, how old, what to do.
pub(super) fn show(cli: &Cli, out: &mut Out) -> Result<(), Failure> {
    let (published, trust) = lists(cli)?;
    let rows: Vec<[String; 6]> = published.rows(&trust, clock()).iter().map(cells).collect();
    if !rows.is_empty() {
        table::lines(say::COLUMNS, &rows).iter().for_each(|line| out.line(line));
    }
    Ok(())
}

/// Those of the home, under the authorities in force: no key is needed for them.
fn lists(cli: &Cli) -> Result<(Arc<Published>, Arc<Trust>), Failure> {
    let (home, config) = (cli.home()?, cli.config_or_default(None)?);
    let trust = Authorities::of(&home, config.trust.environment)
        .trust()
        .map_err(|e| Failure::from(&e))?;
    let reach = Arc::new(Reach::new(config.upstream_authorities));
    Ok((Arc::new(Published::new(&home, config.revocation, reach)), trust))
}

fn cells(row: &Row) -> [String; 6] {
    let name = if row.authority.is_empty() { "?" } else { &row.authority };
    let failed = row.failed.as_deref();
    let (state, as_of, until, entries) = match row.state {
        RowState::Absent => (say::ListState::Absent, None, None, None),
        RowState::Held {
            age,
            as_of,
            until,
            entries,
        } => {
            let state = match age {
                Age::Fresh => say::ListState::Fresh,
                Age::Grace => say::ListState::Grace,
                Age::Stale => say::ListState::Stale,
            };
            (state, Some(as_of), Some(until), Some(entries))
        }
    };
    let date = |at: Option<UnixTime>| at.map(trust::day).unwrap_or_default();
    let count = entries.map(|n| n.to_string()).unwrap_or_default();
    [
        name.to_owned(),
        say::list_state(state, failed),
        date(as_of),
        date(until),
        count,
        row.url.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_for_what_is_coming() {
        assert_eq!(
            bar("http://a/b/C.crl", 512 << 10, Some(1 << 20)),
            "[##########..........]  50 %    512 Kio C.crl"
        );
        assert_eq!(bar("http://a/b/C.crl", 0, None), "[....................]   ? %      0 Kio C.crl");
        assert!(bar("x", 9, Some(3)).contains("100 %"));
    }
}
