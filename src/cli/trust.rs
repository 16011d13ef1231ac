//! `souspli trust`: the authorities whose certificates count.

use super::out::Out;
use super::trust_refresh::{self, Refresh};
use super::whitelist::{self, Whitelist};
use super::{Cli, Failure, cert};
use crate::pki::Certificate;
use crate::relay::clock;
use crate::store::{CertificateFolder, Event, Home, JournalEntry, journal};
use clap::Subcommand;
use std::path::PathBuf;

/// Authorities.
#[derive(Subcommand, Debug)]
pub enum Trust {
    /// Liste les autorités / list the authorities.
    List,
    /// Ajoute des autorités / add authorities.
    Add {
        /// Fichiers (.cer .pem .p7c .p7b) ou dossiers / files or folders.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Supprime une autorité / remove an authority.
    Remove {
        /// Telle que « list » la montre / as list shows it.
        fingerprint: String,
    },
    /// Met à jour les listes de révocation / update the revocation lists.
    Refresh(Refresh),
    /// Liste blanche MSSanté / the domains of the MSSanté space of trust.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Whitelist(Whitelist),
}

impl Trust {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        let folder = CertificateFolder::new(home.trust());
        match self {
            Trust::List => {
                cert::list(&folder, out)?;
                trust_refresh::show(cli, out)?;
                whitelist::show(&home, out)
            }
            Trust::Refresh(refresh) => refresh.execute(cli, out),
            Trust::Whitelist(command) => command.execute(cli, out),
            Trust::Add { files } => {
                for file in files {
                    for authority in cert::read(file)? {
                        cert::put(&folder, &authority, out)?;
                        note(&home, "added", Some(&authority))?;
                    }
                }
                Ok(())
            }
            Trust::Remove { fingerprint } => {
                let known = cert::find(&folder, fingerprint)?;
                cert::remove(&folder, fingerprint)?;
                note(&home, "removed", known.as_ref())
            }
        }
    }
}

/// Whom the doctor believes decides every verdict: the journal says since when.
fn note(home: &Home, code: &str, authority: Option<&Certificate>) -> Result<(), Failure> {
    let entry = JournalEntry {
        certificates: authority.iter().map(|c| c.serial_hex()).collect(),
        ..JournalEntry::of_home(clock(), Event::Trust, code)
    };
    journal::record(home, &entry).map_err(|e| Failure::from(&e))
}
