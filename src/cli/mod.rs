//! The command line: one file per subcommand. Results on standard output, what went wrong on standard error.

mod cert;
mod check;
mod explain;
mod journal;
mod key;
mod open;
mod run;
mod seal;
mod serving;
mod trust;

use crate::base::Address;
use crate::config::load::{LoadError, Places, load};
use crate::config::{Account, Channel, Config, Server, ServerTls};
use crate::relay::Relay;
use crate::store::{Home, Secrets};
use crate::text::{Explain, Explanation};
use clap::{Parser, Subcommand};
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

/// `souspli`.
#[derive(Parser, Debug)]
#[command(
    name = "souspli",
    version,
    about = "Relais S/MIME sur le poste du médecin : met sous pli ce qui part, ouvre ce qui arrive"
)]
pub struct Cli {
    /// Where all state is kept (or SOUSPLI_HOME); the platform's folders without it.
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// The configuration file; souspli.toml in the home without it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Démarre le relais / start the relay.
    Run(run::Run),
    /// Vérifie la configuration / check the configuration.
    Check,
    /// Met sous pli le message lu sur l'entrée standard / seal the message on standard input.
    Seal(seal::Seal),
    /// Ouvre un message reçu / open a stored message.
    Open(open::Open),
    /// Pourquoi ? : ce qui serait décidé pour ce message / what would be decided, and why; sends nothing.
    Explain(explain::ExplainMessage),
    /// Vos clés / own keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Certificats des correspondants / correspondents' certificates.
    #[command(subcommand)]
    Cert(cert::Cert),
    /// Autorités de certification / authorities.
    #[command(subcommand)]
    Trust(trust::Trust),
    /// Ce qui a été mis sous pli, ouvert, refusé / what was sealed, opened, refused.
    Journal(journal::Journal),
}

/// What could not be done, as said on standard error. Exit status 1.
#[derive(Debug)]
pub struct Failure(pub String);

impl From<Explanation> for Failure {
    fn from(explanation: Explanation) -> Self {
        Self(explanation.to_string())
    }
}

impl<E: Explain> From<&E> for Failure {
    fn from(error: &E) -> Self {
        Self(error.explain().to_string())
    }
}

/// Reads the arguments, runs the command. Exit status: 0 done, 1 could not be done, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match cli.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(text)) => {
            eprintln!("souspli: {text}");
            ExitCode::from(1)
        }
    }
}

impl Cli {
    fn execute(&self) -> Result<(), Failure> {
        match &self.command {
            Command::Run(run) => run.execute(self),
            Command::Check => check::execute(self),
            Command::Seal(seal) => seal.execute(self),
            Command::Open(open) => open.execute(self),
            Command::Explain(explain) => explain.execute(self),
            Command::Key(key) => key.execute(self),
            Command::Cert(cert) => cert.execute(self),
            Command::Trust(trust) => trust.execute(self),
            Command::Journal(journal) => journal.execute(self),
        }
    }
}

impl Cli {
    fn home(&self) -> Result<Home, Failure> {
        Home::locate(self.home.as_deref()).map_err(|e| Failure::from(&e))
    }

    fn secrets(&self, home: &Home) -> Result<Secrets, Failure> {
        Secrets::open(home).map_err(|e| Failure::from(&e))
    }

    fn places(&self, home: &Home) -> Places {
        Places::of_platform(self.config.clone(), Some(home.root().to_path_buf()))
    }

    fn config(&self) -> Result<Config, Failure> {
        load(&self.places(&self.home()?))
            .map(|loaded| loaded.config)
            .map_err(|e| faults(&e))
    }

    /// For commands that need no server: without a file, the defaults and an account for `from`.
    fn config_or_default(&self, from: Option<&Address>) -> Result<Config, Failure> {
        match load(&self.places(&self.home()?)) {
            Ok(loaded) => Ok(loaded.config),
            Err(LoadError::NoFile(_)) if self.config.is_none() => Ok(Config {
                accounts: from.map(offline_account).into_iter().collect(),
                ..Config::default()
            }),
            Err(error) => Err(faults(&error)),
        }
    }

    fn relay(&self, config: Config) -> Result<Relay, Failure> {
        let home = self.home()?;
        let secrets = self.secrets(&home)?;
        Relay::open(config, &home, &secrets).map_err(|e| Failure::from(&e))
    }

    fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Ok(runtime.map_err(|e| Failure(e.to_string()))?.block_on(future))
    }
}

/// Every fault of a configuration, not the first alone.
fn faults(error: &LoadError) -> Failure {
    let texts: Vec<String> = error.explanations().iter().map(ToString::to_string).collect();
    Failure(texts.join("\n"))
}

/// An account that only seals: it has no servers.
fn offline_account(address: &Address) -> Account {
    let nowhere = Server {
        host: String::new(),
        port: 0,
        tls: ServerTls::Implicit,
    };
    Account {
        address: address.clone(),
        login: address.as_str().to_owned(),
        channel: Channel::Ordinary,
        smtp: nowhere.clone(),
        imap: nowhere,
        pop3: None,
        always_sign: false,
        always_encrypt: false,
    }
}
