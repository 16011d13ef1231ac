//! The process that watches the readers: `souspli card-readers`, begun by [`super::readers`] and by nobody else.
//!
//! Waiting for a reader blocks for hours, in a library that is not ours: this process is ended, and nothing is left of it.

use super::host::{standard_input, standard_output};
use super::pcsc::{Context, Pcsc, Watched, Woken};
use super::readers::{InReader, Reader, Readers, Service};
use super::words;
use crate::base::limits::{READERS_LISTED_MILLISECONDS, READERS_SERVICE_MILLISECONDS};
use std::fs::File;
use std::io;
use std::thread;
use std::time::Duration;

/// Tells what is new of the readers on standard output, until standard input ends.
pub fn serve() -> io::Result<()> {
    let out = standard_output()?;
    thread::spawn(move || watch(&mut Telling { out, told: None }));
    io::copy(&mut standard_input()?, &mut io::sink()).map(drop)
}

/// What was told last is not told again.
struct Telling {
    out: File,
    told: Option<Readers>,
}

impl Telling {
    /// True: it was new.
    fn tell(&mut self, readers: Readers) -> io::Result<bool> {
        let is_new = self.told.as_ref() != Some(&readers);
        if is_new {
            words::write(&mut self.out, &readers)?;
            self.told = Some(readers);
        }
        Ok(is_new)
    }
}

/// Ends when nobody listens any more.
fn watch(telling: &mut Telling) -> io::Result<()> {
    let Some(pcsc) = Pcsc::load() else {
        return telling.tell(Readers::without(Service::NotInstalled)).map(drop);
    };
    loop {
        if let Some(context) = pcsc.connect() {
            follow(&context, telling)?;
        }
        telling.tell(Readers::without(Service::Stopped))?;
        thread::park_timeout(Duration::from_millis(READERS_SERVICE_MILLISECONDS));
    }
}

/// Until the service has gone.
fn follow(context: &Context<'_>, telling: &mut Telling) -> io::Result<()> {
    let mut watched = vec![Watched::arrivals()];
    while let Some(names) = context.readers() {
        // The first of them is no reader.
        let mut at = 0;
        watched.retain(|each| {
            at += 1;
            at == 1 || names.iter().any(|name| name.as_c_str() == each.name())
        });
        let new = names
            .into_iter()
            .filter(|name| watched.iter().all(|each| each.name() != name.as_c_str()));
        let new: Vec<Watched> = new.map(Watched::new).collect();
        watched.extend(new);
        let is_new = match watched[1..].iter().all(Watched::is_known) {
            true => telling.tell(seen(&watched[1..]))?,
            false => true,
        };
        match context.wait(&mut watched, READERS_LISTED_MILLISECONDS) {
            Woken::Ended => break,
            // A service that wakes us for nothing does not keep the processor busy.
            Woken::Changed if !is_new => thread::park_timeout(Duration::from_millis(50)),
            Woken::Changed | Woken::Quiet => {}
        }
    }
    Ok(())
}

fn seen(watched: &[Watched]) -> Readers {
    let there = watched.iter().filter(|each| each.is_there());
    Readers {
        service: Service::Running,
        readers: there.map(reader).collect(),
    }
}

fn reader(each: &Watched) -> Reader {
    Reader {
        name: each.name().to_string_lossy().into_owned(),
        card: match (each.has_card(), each.is_mute()) {
            (false, _) => InReader::Nothing,
            (true, false) => InReader::Card,
            (true, true) => InReader::Mute,
        },
        changes: each.changes(),
    }
}
