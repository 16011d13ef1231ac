//! `souspli key hold`: the card holds an account's keys; or gives them back to the keyring.

use super::super::{Cli, Failure, input};
use super::export::holds;
use super::held::{HeldAccount, Owner, Wanted, in_place_of};
use crate::base::Address;
use crate::keys::SoftwareKey;
use crate::keys::held::{Passphrase, Stub};
use crate::keys::shelf::Shelved;
use crate::smime::port::PrivateKey;
use crate::store::{Index, KeyId, KeyNote, content_keys};
use crate::text::held as say;
use clap::Args;
use std::path::{Path, PathBuf};

/// Whose keys, and the passphrase for the day on which the card is gone.
#[derive(Args, Debug)]
pub struct Hold {
    /// Les clés de ce compte / the keys of this account.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Address,
    /// Les rendre au trousseau / give them back to the keyring.
    #[arg(long)]
    undo: bool,
    /// Fichier dont la première ligne est la phrase de secours ; sinon elle est demandée / its first line is the rescue passphrase; asked without it.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Hold {
    pub(super) fn execute(&self, cli: &Cli) -> Result<(), Failure> {
        let held = HeldAccount::to_change(cli, &self.account)?;
        match self.undo {
            true => give_back(&held),
            false => self.hold(&held),
        }
    }

    /// A lost card must not take mail along: nothing is held without a passphrase. It also lets a new card take the place of one
    /// that is lost.
    fn hold(&self, held: &HeldAccount) -> Result<(), Failure> {
        if held.cards().next().is_none() {
            return Err(say::no_card(&self.account).into());
        }
        if held.at_hand().next().is_none() && held.stubs().next().is_none() {
            return Err(say::nothing_to_hold(&self.account).into());
        }
        let passphrase = input::new_password(self.passphrase_file.as_deref(), Path::new(say::NEW_PASSPHRASE))?;
        holds(&passphrase)?;
        let opened = match held.file()? {
            None => None,
            Some(file) => match held.opened_by_passphrase(&file, &passphrase) {
                Some(opened) => Some(opened),
                None => Some(held.opened(&file)?),
            },
        };
        let delegates = held.delegates()?;
        let keys = held.all(opened.as_ref())?;
        held.write(&Wanted {
            keys: &keys,
            delegates: &delegates,
            passphrase: Passphrase::Fresh(&passphrase),
            by: Owner::Cards,
        })?;
        // From here on the file has been read back by the card and by the passphrase.
        for (shelved, key) in held.at_hand() {
            put_stub(held, shelved, key)?;
            held.note("held", Some(key.certificate()))?;
        }
        forget_what_was_opened(held)
    }
}

/// The stub first: a key that is in both places is in one too many, never in none.
fn put_stub(held: &HeldAccount, shelved: &Shelved, key: &SoftwareKey) -> Result<(), Failure> {
    let store = &held.keys.store;
    let put = store.put(&held.account, &Stub::of(key).to_bytes()).map_err(|e| Failure::from(&e))?;
    copy_notes(held, &shelved.id, &put)?;
    store.remove(&shelved.id).map_err(|e| Failure::from(&e))
}

/// "Do not use any more" stays said.
fn copy_notes(held: &HeldAccount, from: &KeyId, to: &KeyId) -> Result<(), Failure> {
    for kind in [KeyNote::Retired, KeyNote::Told] {
        if let Some(text) = held.keys.store.note(from, kind).map_err(|e| Failure::from(&e))? {
            held.keys.store.put_note(to, kind, &text).map_err(|e| Failure::from(&e))?;
        }
    }
    Ok(())
}

/// What the keyring alone would open again goes.
fn forget_what_was_opened(held: &HeldAccount) -> Result<(), Failure> {
    let wiped = Index::new(&held.keys.home, &held.keys.secrets).wipe();
    let forgotten = content_keys::wipe(&held.keys.home);
    wiped.and(forgotten).map_err(|e| Failure::from(&e))
}

fn put_back(held: &HeldAccount, key: &SoftwareKey) -> Result<KeyId, Failure> {
    let put = held.keys.store.put(&held.account, &key.to_bytes());
    put.map_err(|e| Failure::from(&e))
}

/// The key first, then its stub goes.
fn give_back(held: &HeldAccount) -> Result<(), Failure> {
    let stubs: Vec<&Shelved> = held.stubs().collect();
    let file = held.file()?.filter(|file| !stubs.is_empty() || held.names_unknown(file));
    let Some(file) = file else {
        return Err(say::no_rescue_needed(&held.account).into());
    };
    let opened = held.opened(&file)?;
    // All of them are there before one is put.
    let found = stubs.iter().map(|stub| Some((*stub, in_place_of(stub, &opened)?)));
    let found: Option<Vec<(&Shelved, &SoftwareKey)>> = found.collect();
    for (stub, key) in found.ok_or_else(|| say::not_opened(&held.account))? {
        let put = put_back(held, key)?;
        copy_notes(held, &stub.id, &put)?;
        held.keys.store.remove(&stub.id).map_err(|e| Failure::from(&e))?;
        held.note("given-back", Some(stub.certificate()))?;
    }
    // A stub was lost, by a cleaner or a backup that was put back in part.
    for key in held.unknown(&opened) {
        put_back(held, key)?;
        held.note("given-back", Some(key.certificate()))?;
    }
    held.places.close_rescue(&held.account).map_err(|e| Failure::from(&e))?;
    Ok(())
}
