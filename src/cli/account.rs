//! `souspli account`: the passwords by which Souspli logs in, and the one by which mail programs log in to it.

use super::{Cli, Failure, input};
use crate::base::Address;
use crate::relay::clock;
use crate::store::{Event, Home, JournalEntry, Passwords, Whose, journal};
use crate::text::login as say;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// Accounts of the configuration.
#[derive(Subcommand, Debug)]
pub enum Account {
    /// Garde un mot de passe du compte, chiffré / keep a password of the account, sealed.
    Password(Password),
    /// Oublie tous les mots de passe du compte / forget every password of the account.
    Forget {
        /// Son adresse dans la configuration / its address in the configuration.
        #[arg(value_name = "ADDR", value_parser = input::address)]
        account: Address,
    },
}

/// Whose password, and what for.
#[derive(Args, Debug)]
pub struct Password {
    /// Celui que le logiciel de messagerie donnera à Souspli / the one that the mail program will give to Souspli.
    #[arg(long, conflicts_with = "certificate")]
    local: bool,
    /// Celui du fichier client_certificate / that of the file client_certificate.
    #[arg(long)]
    certificate: bool,
    /// Fichier dont la première ligne est le mot de passe ; sinon il est demandé / its first line is the password; asked without it.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// L’adresse du compte dans la configuration / the account's address in the configuration.
    #[arg(value_name = "ADDR", value_parser = input::address)]
    account: Address,
}

impl Account {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let home = cli.home()?;
        match self {
            Account::Password(password) => password.keep(cli, &home),
            Account::Forget { account } => {
                let forgotten = Passwords::new(&home, &cli.secrets(&home)?).forget(account);
                if !forgotten.map_err(|e| Failure::from(&e))? {
                    return Err(say::nothing_kept(account).into());
                }
                note(&home, account, "password-forgotten")
            }
        }
    }
}

impl Password {
    fn keep(&self, cli: &Cli, home: &Home) -> Result<(), Failure> {
        let given = input::password(self.password_file.as_deref(), Path::new(self.account.as_str()))?;
        let passwords = Passwords::new(home, &cli.secrets(home)?);
        let kept = match (self.local, self.certificate) {
            (true, _) => passwords.set_local(&self.account, &given),
            (false, true) => passwords.put(&self.account, Whose::Certificate, &given),
            (false, false) => passwords.put(&self.account, Whose::Provider, &given),
        };
        kept.map_err(|e| Failure::from(&e))?;
        note(home, &self.account, "password-kept")
    }
}

fn note(home: &Home, account: &Address, code: &str) -> Result<(), Failure> {
    let entry = JournalEntry::new(clock(), Event::Key, account, code);
    journal::record(home, &entry).map_err(|e| Failure::from(&e))
}
