//! `souspli check`: every fault of the configuration with its line and the mend. Makes and changes nothing.

use super::out::Out;
use super::{Cli, Failure, faults, key};
use crate::config::load::load;
use crate::keys::shelf::{Shelved, shelved};
use crate::net::tls;
use crate::relay::clock;
use crate::store::{Home, KeysStore, Secrets, StoreError};
use crate::text::{Explain, Explanation, key_life};
use std::path::Path;

pub(super) fn execute(cli: &Cli, out: &mut Out) -> Result<(), Failure> {
    let places = cli.places()?;
    let loaded = load(&places).map_err(|e| faults(&e))?;
    // What TLS towards the providers stands on is named in the configuration, and read at the start only.
    tls::platform(&loaded.config.upstream_authorities).map_err(|e| Failure::from(&e))?;
    tls::authorities(&loaded.config.mssante.authorities).map_err(|e| Failure::from(&e))?;
    let accounts = loaded.config.accounts.len();
    out.line(format_args!(
        "{} : configuration correcte, {accounts} compte(s) / correct, {accounts} account(s)",
        loaded.file.display()
    ));
    if let Some(policy) = loaded.policy {
        out.line(format_args!("Politique de la machine / machine policy : {}", policy.display()));
    }
    if let Some(home) = places.home {
        out.line(format_args!("Dossier de Souspli / Souspli's folder : {}", home.display()));
        tell_endings(&home, out);
    }
    Ok(())
}

/// Which own certificates end soon: a warning, and no fault of the configuration.
fn tell_endings(home: &Path, out: &mut Out) {
    if !Home::is_in_use(home) {
        return;
    }
    match own_keys(home) {
        Ok(all) => key::warnings(&all, clock()).for_each(|warning| out.line(warning)),
        Err(why) => out.line(key_life::not_looked_at(&why)),
    }
}

/// A keyring that is locked is not opened for this.
fn own_keys(home: &Path) -> Result<Vec<Shelved>, Explanation> {
    let opened = || {
        let home = Home::open(home)?;
        let secrets = Secrets::awaited(&home)?;
        secrets.unlock_quietly()?;
        Ok::<_, StoreError>(KeysStore::new(&home, secrets))
    };
    shelved(&opened().map_err(|e| e.explain())?, &key::no_cards())
}
