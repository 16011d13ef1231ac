//! `souspli trust whitelist`: the domains of the MSSanté space of trust.

use super::out::Out;
use super::{Cli, Failure, input};
use crate::base::limits::WHITELIST_FILE_MAX;
use crate::directory::listed::ListServer;
use crate::directory::whitelist::parse;
use crate::net::provider::Providers;
use crate::relay::authorities::Authorities;
use crate::relay::clock;
use crate::relay::trusting::{fetch_whitelist, take_whitelist};
use crate::store::Home;
use crate::store::whitelist::{KeptList, Shrunk, WhitelistFile};
use crate::text::{Tongue, whitelist as say};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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
    /// La prend à l’adresse de la configuration / take it from the address of the configuration.
    Fetch,
    /// Montre ce qui est gardé / show what is kept.
    Show,
}

impl Whitelist {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        match self {
            Whitelist::Import { force, file } => {
                let shrunk = if *force { Shrunk::Taken } else { Shrunk::Refused };
                import(&home, file, shrunk, out)?;
            }
            Whitelist::Fetch => fetch(cli, &home)?,
            Whitelist::Show => {}
        }
        show(&home, out)
    }
}

fn import(home: &Home, file: &Path, shrunk: Shrunk, out: &mut Out) -> Result<(), Failure> {
    let list = parse(&input::file(file, WHITELIST_FILE_MAX)?).map_err(|e| Failure::from(&e))?;
    let origin = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if list.unreadable > 0 {
        out.line(say::unreadable_entries(list.unreadable));
    }
    take_whitelist(home, list, &origin, shrunk).map_err(Failure::from)
}

fn fetch(cli: &Cli, home: &Home) -> Result<(), Failure> {
    let config = cli.config()?;
    let url = config.mssante.whitelist.clone().ok_or_else(say::no_address)?;
    let operators = Authorities::of(home, config.trust.environment).of_operators(&config.mssante.authorities)?;
    let providers = Providers::new(&config, operators, None).map_err(|e| Failure::from(&e))?;
    let server = ListServer::new(Arc::new(providers), &url).ok_or_else(say::no_address)?;
    cli.block_on(fetch_whitelist(home, &server))?.map_err(Failure::from)
}

/// Every day, while the relay runs. What does not come is asked for again later; the last good list counts until then.
pub(super) async fn keep_fresh(home: Home, server: ListServer) {
    let file = WhitelistFile::new(&home);
    loop {
        let due = file.kept().ok().flatten().is_none_or(|kept| kept.is_due(clock()));
        if due && let Err(why) = fetch_whitelist(&home, &server).await {
            tracing::warn!(code = why.code, "the liste blanche could not be taken");
        }
        tokio::time::sleep(LOOKED_AT).await;
    }
}

/// How often its age is looked at.
const LOOKED_AT: Duration = Duration::from_secs(3600);

/// One line, which `trust list` says too.
pub(super) fn show(home: &Home, out: &mut Out) -> Result<(), Failure> {
    match WhitelistFile::new(home).kept().map_err(|_| say::unreadable())? {
        Some(kept) => out.line(described(&kept)),
        None => out.line(say::none_kept()),
    }
    Ok(())
}

fn described(kept: &KeptList) -> String {
    say::kept(Tongue::Both, kept.domains.len(), &kept.generated, &kept.origin, kept.days(clock()))
}
