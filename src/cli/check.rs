//! `souspli check`: every fault of the configuration with its line and the mend. Makes and changes nothing.

use super::out::Out;
use super::{Cli, Failure, faults};
use crate::config::load::load;
use crate::net::tls;

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
    }
    Ok(())
}
