//! `souspli key import`: a PKCS#12 file.

use super::super::out::{Out, complain};
use super::super::{Cli, Failure, input};
use super::{Keys, described};
use crate::base::Address;
use crate::base::limits::IMPORT_FILE_MAX;
use crate::desktop::own_keys::{self, OwnKey};
use crate::keys::SoftwareKey;
use crate::smime::port::PrivateKey;
use clap::Args;
use std::path::PathBuf;

/// A PKCS#12 file and whose keys are in it.
#[derive(Args, Debug)]
pub struct Import {
    /// À qui est la clé / whose key it is.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Address,
    /// Fichier dont la première ligne est le mot de passe ; sinon il est demandé / its first line is the password; asked without it.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Le fichier .p12 ou .pfx / the .p12 or .pfx file.
    file: PathBuf,
}

impl Import {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        // A file and its password are asked for first: what is wrong with them is told at once.
        let imported = self.read()?;
        let keys = Keys::open(cli)?;
        imported.iter().try_for_each(|key| keep(&keys, &self.account, key, "imported", out))
    }

    fn read(&self) -> Result<Vec<SoftwareKey>, Failure> {
        let file = input::file(&self.file, IMPORT_FILE_MAX)?;
        let password = input::password(self.password_file.as_deref(), &self.file)?;
        SoftwareKey::import(&file, &password).map_err(|e| Failure::from(&e))
    }
}

/// Seals it, writes it into the journal, says so.
pub(super) fn keep(keys: &Keys, account: &Address, key: &SoftwareKey, code: &'static str, out: &mut Out) -> Result<(), Failure> {
    let kept = own_keys::keep(&keys.home, &keys.store, account, OwnKey::Software(key, code))?;
    out.line(format_args!("{}\t{account}\t{}", kept.id, described(key.certificate())));
    kept.warnings.iter().for_each(complain);
    Ok(())
}
