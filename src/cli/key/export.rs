//! `souspli key export`: a PKCS#12 file for safekeeping, or for another program.

use super::super::{Cli, Failure, input};
use super::{Keys, named};
use crate::base::limits::EXPORT_PASSWORD_MIN;
use crate::base::{Address, Secret};
use crate::keys::pkcs12::{Weak, strength};
use crate::keys::shelf::Shelved;
use crate::keys::{Own, SoftwareKey};
use crate::text::{held, key_life as say, outgoing};
use clap::Args;
use std::path::PathBuf;

/// Which keys, and where they go.
#[derive(Args, Debug)]
pub struct Export {
    /// Les clés de ce compte / the keys of this account.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Address,
    /// Celle-ci seulement, telle que « list » la montre ; sinon toutes / this one only, as list shows it; else all of them.
    #[arg(long)]
    id: Option<String>,
    /// Fichier dont la première ligne sera le mot de passe ; sinon il est demandé / its first line will be the password; asked without it.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Remplace le fichier s’il existe / replace the file where there is one.
    #[arg(long)]
    replace: bool,
    /// Le fichier .p12 à écrire / the .p12 file to be written.
    file: PathBuf,
}

impl Export {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let target = input::Target::new(&self.file, self.replace)?;
        let keys = Keys::open(cli)?;
        let chosen = self.chosen(&keys)?;
        let password = input::new_password(self.password_file.as_deref(), &self.file)?;
        holds(&password)?;
        let software: Vec<&SoftwareKey> = chosen.iter().filter_map(Shelved::software).collect();
        let file = SoftwareKey::export(&software, &password).ok_or_else(say::not_exported)?;
        // First: no key leaves that nobody hears of.
        for key in &chosen {
            keys.note(&key.account, "exported", Some(key.certificate()))?;
        }
        target.write(&file)
    }

    fn chosen(&self, keys: &Keys) -> Result<Vec<Shelved>, Failure> {
        let wanted = self.id.as_deref().map(|typed| named(&keys.store, typed)).transpose()?;
        let mut chosen = keys.all()?;
        chosen.retain(|key| key.account == self.account && wanted.as_ref().is_none_or(|wanted| wanted.id == key.id));
        let none = match &self.id {
            _ if !chosen.is_empty() => say::stays_on_its_card(),
            Some(typed) => crate::text::keys::no_such_key(typed),
            None => outgoing::no_own_key(&self.account),
        };
        if chosen.iter().any(|key| matches!(key.key, Own::Held(_))) {
            return Err(held::by_the_card(&self.account).into());
        }
        chosen.retain(|key| key.software().is_some());
        match chosen.is_empty() {
            false => Ok(chosen),
            true => Err(none.into()),
        }
    }
}

/// Whether a password can hold off somebody who has the file.
pub(super) fn holds(password: &Secret) -> Result<(), Failure> {
    strength(password).map_err(|weak| {
        let why = match weak {
            Weak::Short => say::short_password(EXPORT_PASSWORD_MIN),
            Weak::Monotonous => say::monotonous_password(),
            Weak::NotText => say::untypable_password(),
        };
        why.into()
    })
}
