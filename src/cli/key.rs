//! `souspli key`: own keys.

use super::{Cli, Failure};
use crate::base::{Address, Secret};
use crate::keys::SoftwareKey;
use crate::pki::Certificate;
use crate::relay::clock;
use crate::smime::port::PrivateKey;
use crate::store::{Event, Journal, JournalEntry, KeyId, KeysStore};
use crate::text::keys as say;
use clap::Subcommand;
use std::path::PathBuf;

/// Own keys.
#[derive(Subcommand, Debug)]
pub enum Key {
    /// Importe un fichier PKCS#12 / import a PKCS#12 file.
    Import {
        /// Whose key it is.
        #[arg(long, value_name = "ADDR", value_parser = Address::parse)]
        account: Address,
        /// A file whose first line is the password; asked on standard input without it.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// The .p12 or .pfx file.
        file: PathBuf,
    },
    /// Liste les clés / list the keys.
    List,
    /// Supprime une clé : les messages chiffrés pour elle ne s'ouvriront plus / remove a key.
    Remove {
        /// As `list` shows it.
        id: String,
    },
}

impl Key {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let home = cli.home()?;
        let secrets = cli.secrets(&home)?;
        let store = KeysStore::new(&home, secrets.clone());
        let journal = Journal::new(&home, &secrets);
        match self {
            Key::Import {
                account,
                password_file,
                file,
            } => {
                for key in read(file, password_file.as_ref())? {
                    let id = store.put(account, &key.to_bytes()).map_err(|e| Failure::from(&e))?;
                    note(&journal, account, "imported")?;
                    println!("{id}\t{account}\t{}", described(key.certificate()));
                }
                Ok(())
            }
            Key::List => list(&store),
            Key::Remove { id } => {
                let id = KeyId::parse(id).ok_or_else(|| Failure::from(say::no_such_key(id)))?;
                let listed = store.list().map_err(|e| Failure::from(&e))?;
                let account = listed.into_iter().find(|k| k.id == id).map(|k| k.account);
                store.remove(&id).map_err(|e| Failure::from(&e))?;
                account.map_or(Ok(()), |account| note(&journal, &account, "removed"))
            }
        }
    }
}

fn read(file: &PathBuf, password_file: Option<&PathBuf>) -> Result<Vec<SoftwareKey>, Failure> {
    let bytes = std::fs::read(file).map_err(|e| Failure(format!("{} : {e}", file.display())))?;
    let password = match password_file {
        Some(path) => std::fs::read_to_string(path).map_err(|e| Failure(format!("{} : {e}", path.display())))?,
        None => std::io::read_to_string(std::io::stdin().lock()).map_err(|e| Failure(e.to_string()))?,
    };
    let line = password.lines().next().unwrap_or_default();
    SoftwareKey::import(&bytes, &Secret::from(line)).map_err(|e| Failure::from(&e))
}

fn list(store: &KeysStore) -> Result<(), Failure> {
    for key in store.list().map_err(|e| Failure::from(&e))? {
        let bytes = store.load(&key.id).map_err(|e| Failure::from(&e))?;
        let software = SoftwareKey::from_bytes(&bytes).map_err(|e| Failure::from(&e))?;
        println!("{}\t{}\t{}", key.id, key.account, described(software.certificate()));
    }
    Ok(())
}

fn note(journal: &Journal, account: &Address, code: &str) -> Result<(), Failure> {
    journal
        .record(&JournalEntry::new(clock(), Event::Key, account, code))
        .map_err(|e| Failure::from(&e))
}

/// One line on a certificate: holder, issuer, end, serial number.
pub(super) fn described(certificate: &Certificate) -> String {
    format!(
        "{}\t{}\t{}\t{}",
        certificate.holder(),
        certificate.issuer_common_name(),
        certificate.not_after().civil().date(),
        certificate.serial_hex()
    )
}
