//! `souspli key`: own keys.

use super::out::{Out, complain};
use super::{Cli, Failure, content_keys, input};
use crate::base::Address;
use crate::base::limits::IMPORT_FILE_MAX;
use crate::config::CardRules;
use crate::keys::card::Cards;
use crate::keys::{Own, SoftwareKey};
use crate::pki::Certificate;
use crate::relay::clock;
use crate::smime::port::PrivateKey;
use crate::store::{Event, Home, Index, JournalEntry, KeyId, KeysStore, Secrets, journal};
use crate::text::keys as say;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::sync::Arc;

/// Own keys.
#[derive(Subcommand, Debug)]
pub enum Key {
    /// Importe un fichier PKCS#12 / import a PKCS#12 file.
    Import(Import),
    /// Liste les cartes, ou prend les clés d’une carte pour un compte / list the cards, or take the keys of one for an account.
    Card(super::card::OwnCard),
    /// Liste les clés / list the keys.
    List,
    /// Supprime une clé : les messages chiffrés pour elle ne s’ouvriront plus / remove a key: its mail opens no more.
    Remove {
        /// Telle que « list » la montre / as list shows it.
        id: String,
    },
    /// Oublie les clés des messages ouverts par une carte ; vos clés restent / forget the keys of messages that a card opened; yours stay.
    Wipe,
}

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

impl Key {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        if let Key::Wipe = self {
            return content_keys::wipe(cli);
        }
        if let Key::Card(card) = self {
            return card.execute(cli, out);
        }
        let home = cli.home()?;
        // A file and its password are asked for first: what is wrong with them is told at once.
        let imported = match self {
            Key::Import(import) => import.read()?,
            Key::Card(_) | Key::List | Key::Remove { .. } | Key::Wipe => Vec::new(),
        };
        let store = KeysStore::new(&home, cli.secrets(&home)?);
        match self {
            Key::Import(import) => imported.iter().try_for_each(|key| keep(&home, &store, &import.account, key, out)),
            Key::Card(_) => Ok(()),
            Key::List => list(&store, out),
            Key::Remove { id } => remove(&home, &store, &cli.secrets(&home)?, id),
            Key::Wipe => Ok(()),
        }
    }
}

impl Import {
    fn read(&self) -> Result<Vec<SoftwareKey>, Failure> {
        let file = input::file(&self.file, IMPORT_FILE_MAX)?;
        let password = input::password(self.password_file.as_deref(), &self.file)?;
        SoftwareKey::import(&file, &password).map_err(|e| Failure::from(&e))
    }
}

fn keep(home: &Home, store: &KeysStore, account: &Address, key: &SoftwareKey, out: &mut Out) -> Result<(), Failure> {
    let certificate = key.certificate();
    let id = store.put(account, &key.to_bytes()).map_err(|e| Failure::from(&e))?;
    note(home, account, "imported", Some(certificate))?;
    out.line(format_args!("{id}\t{account}\t{}", described(certificate)));
    // A card's certificate may name no address at all: then there is nothing to compare.
    if !certificate.emails().is_empty() && !certificate.has_email(account.as_str()) {
        complain(say::for_another_address(account, &certificate.emails().join(", ")));
    }
    Ok(())
}

fn list(store: &KeysStore, out: &mut Out) -> Result<(), Failure> {
    for key in store.list().map_err(|e| Failure::from(&e))? {
        let own = load(store, &key.id)?;
        out.line(format_args!("{}\t{}\t{}", key.id, key.account, described(own.key().certificate())));
    }
    Ok(())
}

fn remove(home: &Home, store: &KeysStore, secrets: &Secrets, id: &str) -> Result<(), Failure> {
    let id = KeyId::parse(id).ok_or_else(|| say::no_such_key(id))?;
    let listed = store.list().map_err(|e| Failure::from(&e))?;
    let known = listed.into_iter().find(|k| k.id == id);
    let known = known.ok_or_else(|| say::no_such_key(&id.to_string()))?;
    // A damaged one can be removed too.
    let certificate = load(store, &id).ok().map(|own| own.key().certificate().clone());
    store.remove(&id).map_err(|e| Failure::from(&e))?;
    // What it has opened must not stay to be searched; with which key a text was opened is not kept.
    let wiped = Index::new(home, secrets).wipe().map_err(|e| Failure::from(&e));
    let forgotten = content_keys::forget(home, secrets, certificate.as_ref());
    note(home, &known.account, "removed", certificate.as_ref())?;
    wiped.and(forgotten)
}

/// A key as it is kept; no card is asked for.
fn load(store: &KeysStore, id: &KeyId) -> Result<Own, Failure> {
    let bytes = store.load(id).map_err(|e| Failure::from(&e))?;
    let cards = Arc::new(Cards::new(PathBuf::new(), &CardRules::default()));
    Own::from_bytes(&bytes, &cards).map_err(|e| Failure::from(&e))
}

fn note(home: &Home, account: &Address, code: &str, certificate: Option<&Certificate>) -> Result<(), Failure> {
    let entry = JournalEntry {
        certificates: certificate.iter().map(|c| c.serial_hex()).collect(),
        ..JournalEntry::new(clock(), Event::Key, account, code)
    };
    journal::record(home, &entry).map_err(|e| Failure::from(&e))
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
