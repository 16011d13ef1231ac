//! The command line: one file per subcommand. Results on standard output, what went wrong on standard error.

mod account;
mod card;
mod cert;
mod check;
mod content_keys;
mod dashboard;
mod doctor;
mod dumps;
mod explain;
mod index;
mod input;
mod journal;
mod key;
mod last;
mod memory;
mod open;
mod out;
#[cfg(windows)]
mod policy;
#[cfg(windows)]
mod remove_homes;
mod run;
mod seal;
mod serving;
mod signals;
#[cfg(windows)]
mod stop;
mod table;
mod trust;
mod trust_refresh;
mod whitelist;

use crate::base::Address;
use crate::config::load::{LoadError, Places, load, ruled};
use crate::config::{Account, Channel, Config, Server, ServerTls};
use crate::keys::card::reader_host;
use crate::net::NetError;
use crate::relay::Relay;
use crate::store::{Home, Secrets};
use crate::text::{Explain, Explanation, Why, command as say, config as config_words};
use clap::{ArgAction, Parser, Subcommand};
use out::{Out, complain};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// `souspli`.
#[derive(Parser, Debug)]
#[command(
    name = "souspli",
    version,
    about = "Relais S/MIME sur le poste du médecin : met sous pli ce qui part, ouvre ce qui arrive\nS/MIME relay on the doctor's computer: seals what leaves, opens what arrives",
    subcommand_help_heading = "Commandes / commands",
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct Cli {
    /// Dossier de tout ce que Souspli garde ; sinon SOUSPLI_HOME, sinon celui du système / where all state is kept.
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Fichier de configuration ; sinon souspli.toml dans ce dossier / the configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Affiche cette aide / print this help.
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Affiche la version / print the version.
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Démarre le relais / start the relay.
    Run(run::Run),
    /// Arrête vos relais ; administrateur : ceux de tous / end your relays; administrator: everybody’s.
    #[cfg(windows)]
    Stop,
    /// Administrateur : la politique de cet ordinateur / administrator: the policy of this computer.
    #[cfg(windows)]
    Policy(policy::MachinePolicy),
    /// Pour le programme de désinstallation / for the uninstaller.
    #[cfg(windows)]
    #[command(hide = true)]
    RemoveHomes,
    /// Ouvre le tableau de bord dans le navigateur / open the dashboard in the browser.
    Dashboard(dashboard::OpenDashboard),
    /// Diagnostic : tout ce dont Souspli a besoin, avec le remède / diagnosis: all that Souspli needs, with the mend.
    Doctor(doctor::Doctor),
    /// Vérifie la configuration / check the configuration.
    Check,
    /// Met sous pli le message lu sur l’entrée standard / seal the message on standard input.
    Seal(seal::Seal),
    /// Ouvre un message reçu / open a stored message.
    Open(open::Open),
    /// Pourquoi ? Ce qui serait décidé pour ce message ; n’envoie rien / what would be decided, and why; sends nothing.
    Explain(explain::ExplainMessage),
    /// Mots de passe des comptes / passwords of the accounts.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Account(account::Account),
    /// Vos clés / own keys.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Key(key::Key),
    /// Certificats des correspondants / correspondents’ certificates.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Cert(cert::Cert),
    /// Autorités de certification / authorities.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Trust(trust::Trust),
    /// Textes gardés pour la recherche : compte, messages, octets / texts kept for searching: account, messages, octets.
    #[command(subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Index(index::TextIndex),
    /// Pour Souspli lui-même / for Souspli itself.
    #[command(hide = true)]
    CardHost(card::CardHost),
    /// Pour Souspli lui-même / for Souspli itself.
    #[command(hide = true)]
    CardReaders,
    /// Ce qui a été mis sous pli, ouvert, refusé / what was sealed, opened, refused.
    Journal(journal::Journal),
}

/// What a command could not do, as said on standard error.
#[derive(Debug)]
pub struct Failure {
    status: Status,
    text: String,
    /// The port that another program has, where this is why.
    port: Option<u16>,
}

/// Exit status of a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    /// It could not be done.
    NotDone = 1,
    /// It was not asked for as it must be.
    Usage = 2,
}

impl Failure {
    fn usage(explanation: &Explanation) -> Self {
        Self {
            status: Status::Usage,
            text: explanation.to_string(),
            port: None,
        }
    }

    /// A door that could not be opened.
    fn door(error: &NetError) -> Self {
        Self {
            port: error.taken_port(),
            ..Self::from(error)
        }
    }

    /// What the system refused to the program itself: threads, signals.
    fn system(error: &std::io::Error) -> Self {
        say::system(&Why::from(error)).into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Explanation> for Failure {
    fn from(explanation: Explanation) -> Self {
        Self {
            status: Status::NotDone,
            text: explanation.to_string(),
            port: None,
        }
    }
}

impl<E: Explain> From<&E> for Failure {
    fn from(error: &E) -> Self {
        error.explain().into()
    }
}

/// Reads the arguments, runs the command. Exit status: 0 done, 1 could not be done, 2 wrong usage.
pub fn main() -> ExitCode {
    dumps::forbid();
    memory::stay_small();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    let mut out = Out::default();
    let done = cli.execute(&mut out);
    match done.and_then(|()| out.end()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.status as u8)
        }
    }
}

/// Help that was asked for, or arguments that are none.
fn misread(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if error.use_stderr() && error.kind() != DisplayHelpOnMissingArgumentOrSubcommand {
        complain(say::usage());
    }
    // Nothing can be done about a closed terminal.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(Status::Usage as u8)
    } else {
        ExitCode::SUCCESS
    }
}

impl Cli {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        match &self.command {
            Command::Run(run) => run.execute(self),
            #[cfg(windows)]
            Command::Stop => stop::execute(),
            #[cfg(windows)]
            Command::Policy(policy) => policy.execute(),
            #[cfg(windows)]
            Command::RemoveHomes => remove_homes::execute(out),
            Command::Dashboard(dashboard) => dashboard.execute(self, out),
            Command::Doctor(doctor) => doctor.execute(self, out),
            Command::Check => check::execute(self, out),
            Command::Seal(seal) => seal.execute(self, out),
            Command::Open(open) => open.execute(self, out),
            Command::Explain(explain) => explain.execute(self, out),
            Command::Account(account) => account.execute(self),
            Command::Key(key) => key.execute(self, out),
            Command::Cert(cert) => cert.execute(self, out),
            Command::Trust(trust) => trust.execute(self, out),
            Command::Index(index) => index.execute(self, out),
            Command::CardHost(host) => host.execute(),
            Command::CardReaders => reader_host::serve().map_err(|e| Failure::system(&e)),
            Command::Journal(journal) => journal.execute(self, out),
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

    /// Looking for the configuration makes no home.
    fn places(&self) -> Result<Places, Failure> {
        let home = Home::place(self.home.as_deref()).map_err(|e| Failure::from(&e))?;
        Ok(Places::of_platform(self.config.clone(), Some(home)))
    }

    fn config(&self) -> Result<Config, Failure> {
        load(&self.places()?).map(|loaded| loaded.config).map_err(|e| faults(&e))
    }

    /// For commands that need no server: without a file, the defaults and an account for `from`.
    fn config_or_default(&self, from: Option<&Address>) -> Result<Config, Failure> {
        let places = self.places()?;
        match load(&places) {
            Ok(loaded) => Ok(loaded.config),
            Err(LoadError::NoFile(_)) if self.config.is_none() => {
                let config = Config {
                    accounts: from.map(offline_account).into_iter().collect(),
                    ..Config::default()
                };
                ruled(&places, config).map_err(|e| faults(&e))
            }
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
        let runtime = runtime.map_err(|e| Failure::system(&e))?;
        let done = runtime.block_on(future);
        // A name that is looked up without a network would hold the end up for half a minute; what is written is written whole.
        runtime.shutdown_timeout(Duration::from_secs(2));
        Ok(done)
    }
}

/// Every fault of a configuration, not the first alone, under the name of the file: it may be the machine's policy.
fn faults(error: &LoadError) -> Failure {
    let mut texts: Vec<String> = error.explanations().iter().map(ToString::to_string).collect();
    if let LoadError::Faults { path, faults } = error {
        texts.insert(0, config_words::faulty(&path.display().to_string(), faults.len()));
    }
    Failure {
        status: Status::NotDone,
        text: texts.join("\n"),
        port: None,
    }
}

/// An account that only seals: it has no servers.
fn offline_account(address: &Address) -> Account {
    let nowhere = Server {
        host: String::new(),
        port: 0,
        tls: ServerTls::Implicit,
        terms: crate::config::Terms::default(),
    };
    Account {
        address: address.clone(),
        login: address.as_str().to_owned(),
        channel: Channel::Ordinary,
        smtp: nowhere,
        imap: None,
        pop3: None,
        always_sign: false,
        always_encrypt: false,
        mssante_via: None,
        token_command: Vec::new(),
        client_certificate: None,
        held: None,
    }
}
