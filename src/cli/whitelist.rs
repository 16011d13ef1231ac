//! `souspli trust whitelist`: the domains of the MSSanté space of trust.

use super::out::Out;
use super::{Cli, Failure, input};
use crate::base::limits::WHITELIST_FILE_MAX;
use crate::directory::whitelist::parse;
use crate::relay::clock;
use crate::store::whitelist::{KeptList, Shrunk, WhitelistFile};
use crate::store::{Event, Home, JournalEntry, journal};
use crate::text::whitelist as say;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The liste blanche.
#[derive(Subcommand, Debug)]
pub enum Whitelist {
    /// Importe la liste d’un fichier, pour un poste sans accès / import the list from a file, for a site that is offline.
    Import {
        /// La prend même si elle a perdu la moitié de ses domaines / take it even with half of its domains gone.
        #[arg(long)]
        force: bool,
        /// Le fichier XML / the XML file.
        file: PathBuf,
    },
    /// Montre ce qui est gardé / show what is kept.
    Show,
}

impl Whitelist {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        if let Whitelist::Import { force, file } = self {
            let shrunk = if *force { Shrunk::Taken } else { Shrunk::Refused };
            import(&home, file, shrunk, out)?;
        }
        show(&home, out)
    }
}

fn import(home: &Home, file: &Path, shrunk: Shrunk, out: &mut Out) -> Result<(), Failure> {
    let list = parse(&input::file(file, WHITELIST_FILE_MAX)?).map_err(|e| Failure::from(&e))?;
    let origin = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let kept = KeptList {
        domains: Arc::new(list.domains),
        generated: list.generated,
        taken: clock(),
        origin,
    };
    WhitelistFile::new(home).keep(&kept, shrunk).map_err(|e| Failure::from(&e))?;
    if list.unreadable > 0 {
        out.line(say::unreadable_entries(list.unreadable));
    }
    let entry = JournalEntry::of_home(clock(), Event::Trust, "whitelist");
    journal::record(home, &entry).map_err(|e| Failure::from(&e))
}

/// One line, which `trust list` says too.
pub(super) fn show(home: &Home, out: &mut Out) -> Result<(), Failure> {
    match WhitelistFile::new(home).kept().map_err(|_| say::unreadable())? {
        Some(kept) => out.line(described(&kept)),
        None => out.line(say::none_kept()),
    }
    Ok(())
}

fn described(kept: &KeptList) -> String {
    let days = (clock().0 - kept.taken.0).div_euclid(86_400);
    say::kept(kept.domains.len(), &kept.generated, &kept.origin, days)
}
