//! `souspli check`: every fault of the configuration with its line and the mend.

use super::{Cli, Failure, faults};
use crate::config::load::load;

pub(super) fn execute(cli: &Cli) -> Result<(), Failure> {
    let loaded = load(&cli.places(&cli.home()?)).map_err(|e| faults(&e))?;
    println!(
        "{} : configuration correcte, {} compte(s) / correct, {} account(s)",
        loaded.file.display(),
        loaded.config.accounts.len(),
        loaded.config.accounts.len()
    );
    Ok(())
}
