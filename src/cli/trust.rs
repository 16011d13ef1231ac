//! `souspli trust`: the authorities whose certificates count.

use super::{Cli, Failure, cert};
use crate::store::CertificateFolder;
use clap::Subcommand;
use std::path::PathBuf;

/// Authorities.
#[derive(Subcommand, Debug)]
pub enum Trust {
    /// Liste les autorités / list the authorities.
    List,
    /// Ajoute des autorités / add authorities.
    Add {
        /// PEM or DER files, or folders.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Supprime une autorité / remove an authority.
    Remove {
        /// As `list` shows it.
        fingerprint: String,
    },
}

impl Trust {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let folder = CertificateFolder::new(cli.home()?.trust());
        match self {
            Trust::List => cert::list(&folder),
            Trust::Add { files } => files.iter().try_for_each(|file| cert::import(&folder, file)),
            Trust::Remove { fingerprint } => cert::remove(&folder, fingerprint),
        }
    }
}
