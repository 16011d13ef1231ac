//! `souspli key`: own keys.

mod delegate;
mod export;
mod held;
mod hold;
mod import;
mod install;
mod list;
mod request;
mod rescue;

pub(super) use list::{described, warnings};

use super::out::Out;
use super::{Cli, Failure, content_keys};
use crate::base::Address;
use crate::keys::Own;
use crate::keys::card::Cards;
use crate::keys::shelf::{Shelved, shelved};
use crate::pki::Certificate;
use crate::relay::clock;
use crate::store::{Event, HeldPlaces, Home, Index, JournalEntry, KeyId, KeyNote, KeysStore, Secrets, StoredKey, journal};
use crate::text::{held as held_words, key_life, keys as say};
use clap::Subcommand;
use held::HeldAccount;
use std::sync::Arc;

/// Own keys.
#[derive(Subcommand, Debug)]
pub enum Key {
    /// Importe un fichier PKCS#12 / import a PKCS#12 file.
    Import(import::Import),
    /// Liste les cartes, ou prend les clés d’une carte pour un compte / list the cards, or take the keys of one for an account.
    Card(super::card::OwnCard),
    /// Liste les clés et leur état / list the keys and their state.
    List,
    /// Écrit les clés d’un compte dans un fichier PKCS#12 protégé / write the keys of an account to a protected PKCS#12 file.
    Export(export::Export),
    /// Fait une clé et la demande de son certificat (PKCS#10) / make a key and the request for its certificate (PKCS#10).
    Request(request::Request),
    /// Met en service le certificat reçu (.cer .pem .p7c .p7b .eml) / take the certificate that was received into use.
    Install(install::Install),
    /// « Ne plus utiliser » : la clé ne sert plus qu’à lire / “do not use any more”: the key serves for reading only.
    Retire {
        /// La remettre en service / take it back into use.
        #[arg(long)]
        undo: bool,
        /// Telle que « list » la montre, ou son début / as list shows it, or its beginning.
        id: String,
    },
    /// Supprime une clé : les messages chiffrés pour elle ne s’ouvriront plus / remove a key: its mail opens no more.
    Remove {
        /// Telle que « list » la montre, ou son début / as list shows it, or its beginning.
        id: String,
    },
    /// La carte tient les clés d’un compte : elles ne s’ouvrent plus sans elle / the card holds an account’s keys: they open no more without it.
    Hold(hold::Hold),
    /// Mode de secours : lire sans la carte, par une phrase / rescue mode: reading without the card, by a passphrase.
    Rescue(rescue::Rescue),
    /// Qui d’autre lit un compte / who else reads an account.
    #[command(subcommand, subcommand_help_heading = "Commandes / commands", disable_help_subcommand = true)]
    Delegate(delegate::Delegate),
    /// Oublie les clés des messages ouverts par une carte ; vos clés restent / forget the keys of messages that a card opened; yours stay.
    Wipe,
}

/// The keys of a home, those in use and those that wait.
struct Keys {
    home: Home,
    secrets: Secrets,
    store: KeysStore,
    requested: KeysStore,
}

impl Key {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        match self {
            Key::Import(import) => import.execute(cli, out),
            Key::Card(card) => card.execute(cli, out),
            Key::List => list::list(&Keys::open(cli)?, out),
            Key::Export(export) => export.execute(cli),
            Key::Request(request) => request.execute(cli, out),
            Key::Install(install) => install.execute(cli, out),
            Key::Retire { undo, id } => retire(&Keys::open(cli)?, id, *undo),
            Key::Remove { id } => remove(cli, &Keys::open(cli)?, id),
            Key::Hold(hold) => hold.execute(cli),
            Key::Rescue(rescue) => rescue.execute(cli, out),
            Key::Delegate(delegate) => delegate.execute(cli, out),
            Key::Wipe => content_keys::wipe(cli),
        }
    }
}

impl Keys {
    fn open(cli: &Cli) -> Result<Self, Failure> {
        let home = cli.home()?;
        let secrets = cli.secrets(&home)?;
        Ok(Self {
            store: KeysStore::new(&home, secrets.clone()),
            requested: KeysStore::requested(&home, secrets.clone()),
            home,
            secrets,
        })
    }

    fn all(&self) -> Result<Vec<Shelved>, Failure> {
        Ok(shelved(&self.store, &no_cards())?)
    }

    fn note(&self, account: &Address, code: &str, certificate: Option<&Certificate>) -> Result<(), Failure> {
        let entry = JournalEntry {
            certificates: certificate.iter().map(|c| c.serial_hex()).collect(),
            ..JournalEntry::new(clock(), Event::Key, account, code)
        };
        journal::record(&self.home, &entry).map_err(|e| Failure::from(&e))
    }

    /// Whether the key itself rests in a held file.
    fn is_stub(&self, id: &KeyId) -> bool {
        let own = self.store.load(id).ok().and_then(|bytes| Own::from_bytes(&bytes, &no_cards()).ok());
        matches!(own, Some(Own::Held(_)))
    }

    /// The certificate of one, where it can be read.
    fn certificate(&self, id: &KeyId) -> Option<Certificate> {
        let bytes = self.store.load(id).ok()?;
        let own = Own::from_bytes(&bytes, &no_cards()).ok()?;
        Some(own.key().certificate().clone())
    }
}

/// For commands that ask no card for anything.
pub(super) fn no_cards() -> Arc<Cards> {
    Cards::out_of_reach()
}

/// The one of `store` that was meant.
fn named(store: &KeysStore, typed: &str) -> Result<StoredKey, Failure> {
    let mut fitting = store.list().map_err(|e| Failure::from(&e))?;
    fitting.retain(|key| key.id.begins_with(typed));
    match (fitting.pop(), fitting.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => Err(key_life::several_keys(typed).into()),
        (None, _) => Err(say::no_such_key(typed).into()),
    }
}

fn retire(keys: &Keys, typed: &str, undo: bool) -> Result<(), Failure> {
    let StoredKey { id, account } = named(&keys.store, typed)?;
    let (done, code) = match undo {
        true => (keys.store.forget_note(&id, KeyNote::Retired), "back-in-use"),
        false => (keys.store.put_note(&id, KeyNote::Retired, &clock().rfc3339()), "retired"),
    };
    done.map_err(|e| Failure::from(&e))?;
    keys.note(&account, code, keys.certificate(&id).as_ref())
}

/// Where the account has a held file, it goes on without the key first: else others, and the passphrase, would still open it.
fn left_out(cli: &Cli, keys: &Keys, account: &Address, certificate: Option<&Certificate>) -> Result<Option<HeldAccount>, Failure> {
    let Some(certificate) = certificate.filter(|_| HeldPlaces::new(&keys.home, &keys.secrets).file(account).exists()) else {
        return Ok(None);
    };
    let held = HeldAccount::to_change(cli, account)?;
    held.leave_out(certificate)?;
    Ok(Some(held))
}

fn remove(cli: &Cli, keys: &Keys, typed: &str) -> Result<(), Failure> {
    let StoredKey { id, account } = match named(&keys.store, typed) {
        Ok(key) => key,
        // A request that nobody will answer opens no mail.
        Err(unknown) => {
            let Ok(waiting) = named(&keys.requested, typed) else {
                return Err(unknown);
            };
            keys.requested.remove(&waiting.id).map_err(|e| Failure::from(&e))?;
            return keys.note(&waiting.account, "request-removed", None);
        }
    };
    // In the file it would stay; a damaged one can be removed too.
    if keys.is_stub(&id) {
        return Err(held_words::by_the_card(&account).into());
    }
    let certificate = keys.certificate(&id);
    let _turn = left_out(cli, keys, &account, certificate.as_ref())?;
    keys.store.remove(&id).map_err(|e| Failure::from(&e))?;
    // What it has opened must not stay to be searched; with which key a text was opened is not kept.
    let wiped = Index::new(&keys.home, &keys.secrets).wipe().map_err(|e| Failure::from(&e));
    let forgotten = content_keys::forget(&keys.home, &keys.secrets, certificate.as_ref());
    keys.note(&account, "removed", certificate.as_ref())?;
    wiped.and(forgotten)
}
