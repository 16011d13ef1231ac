//! `souspli run`: the listeners, until Ctrl-C or SIGTERM.

use super::serving::Serving;
use super::{Cli, Failure};
use crate::keys::HomeProofs;
use crate::relay::Relay;
use crate::store::Secrets;
use clap::Args;

/// Starts the relay.
#[derive(Args, Debug)]
pub struct Run {
    /// Sans icône (serveur, essai) / without the tray icon (a server, a test).
    #[arg(long)]
    headless: bool,
}

impl Run {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        start_log();
        let (home, config) = (cli.home()?, cli.config()?);
        if let Some(warning) = home.warning() {
            tracing::warn!("{warning}");
        }
        let secrets = Secrets::awaited(&home).map_err(|e| Failure::from(&e))?;
        let relay = Relay::open(config.clone(), &home, &secrets).map_err(|e| Failure::from(&e))?;
        relay.ask_at_start()?;
        let proofs = HomeProofs::new(&home, &secrets);
        cli.block_on(Serving::start(home, config, relay, proofs))?
    }
}

/// The log goes to standard error: codes, ports, hosts; never a subject, an address of a patient, content or a secret.
fn start_log() {
    let level = tracing_subscriber::EnvFilter::try_from_env("SOUSPLI_LOG").unwrap_or_else(|_| "souspli=info".into());
    // A second start in one process (a test) keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would panic where standard error is closed, in the midst of whatever was to be logged.
        .log_internal_errors(false)
        .try_init();
}
