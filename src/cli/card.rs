//! `souspli key card`: the cards in the readers of this machine, whose they are, how those of the accounts stand, and their keys
//! for an account. `souspli card-host`: see `keys::card`.

use super::out::{Out, complain};
use super::{Cli, Failure, input};
use crate::base::Address;
use crate::desktop::own_keys::{self, OwnKey};
use crate::keys::Own;
use crate::keys::card::situation::Situation;
use crate::keys::card::{CardKey, CardLock, Cards, host};
use crate::keys::shelf::shelved;
use crate::smime::port::PrivateKey;
use crate::store::{Fingerprint, KeysStore};
use crate::text::{card as say, keys};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The cards that are there, or the keys of one for an account.
#[derive(Args, Debug)]
pub struct OwnCard {
    /// Le compte qui signe et lit avec cette carte ; sans lui, les cartes sont listées / the account that signs and reads with this card; without it the cards are listed.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Option<Address>,
    /// Seulement la situation d’exercice de ce numéro, tel que la liste le montre / the activity of that number only, as the list shows it.
    #[arg(long, value_name = "N", requires = "account", conflicts_with = "certificate")]
    situation: Option<usize>,
    /// Seulement ce certificat, tel que la liste le montre / this certificate only, as the list shows it.
    #[arg(long, value_name = "SHA256", requires = "account")]
    certificate: Option<String>,
}

/// What [`host`] is begun with.
#[derive(Args, Debug)]
pub struct CardHost {
    module: PathBuf,
}

impl CardHost {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        host::serve(&self.module).map_err(|e| Failure::system(&e))
    }
}

/// A key of a card, and the number of its situation.
type Numbered<'a> = (usize, &'a Situation, &'a Arc<CardKey>);

impl OwnCard {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let config = cli.config_or_default(self.account.as_ref())?;
        let program = std::env::current_exe().map_err(|e| Failure::system(&e))?;
        let cards = Arc::new(Cards::new(program, &config.card));
        let seen = cards.look();
        if self.account.is_none() {
            tell_states(cli, &cards, out)?;
        }
        let (situations, empty) = own_keys::situations(&cards, &seen?)?;
        empty.iter().for_each(complain);
        let keys = || {
            (1..)
                .zip(&situations)
                .flat_map(|(n, each)| each.keys.iter().map(move |key| (n, each, key)))
        };
        match &self.account {
            None => {
                keys().for_each(|key| out.line(line(key)));
                Ok(())
            }
            Some(account) => self.keep(cli, account, &situations, keys().collect(), out),
        }
    }

    fn keep(
        &self,
        cli: &Cli,
        account: &Address,
        situations: &[Situation],
        mut keys: Vec<Numbered<'_>>,
        out: &mut Out,
    ) -> Result<(), Failure> {
        match (&self.certificate, self.situation) {
            (Some(text), _) => {
                keys.retain(|(_, _, key)| Fingerprint::of(key.certificate().der()).begins_with(text));
                if keys.is_empty() {
                    return Err(keys::no_such_key(text).into());
                }
            }
            (None, Some(number)) => {
                keys.retain(|(n, _, _)| *n == number);
                if keys.is_empty() {
                    return Err(say::no_such_situation(number, &choice(situations)).into());
                }
            }
            (None, None) if situations.len() > 1 => return Err(say::several_situations(&choice(situations)).into()),
            (None, None) => {}
        }
        let home = cli.home()?;
        let store = KeysStore::new(&home, cli.secrets(&home)?);
        for key in &keys {
            let kept = own_keys::keep(&home, &store, account, OwnKey::Card(key.2))?;
            kept.warnings.iter().for_each(complain);
            out.line(line(*key));
        }
        let chosen: Vec<&Arc<CardKey>> = keys.iter().map(|(_, _, key)| *key).collect();
        Ok(own_keys::retire_other_situations(&store, account, &chosen)?)
    }
}

/// How the cards of the accounts of this home stand.
fn tell_states(cli: &Cli, cards: &Arc<Cards>, out: &mut Out) -> Result<(), Failure> {
    let home = cli.home()?;
    // Without a key of its own there is nothing to open the home for.
    if std::fs::read_dir(home.keys()).map_or(true, |mut files| files.next().is_none()) {
        return Ok(());
    }
    let store = KeysStore::new(&home, cli.secrets(&home)?);
    let mut own: BTreeMap<(Address, String), Arc<CardLock>> = BTreeMap::new();
    for key in shelved(&store, cards)?.into_iter().filter(|key| !key.is_retired) {
        if let Own::Card(card) = &key.key {
            own.insert((key.account, card.lock().card().to_owned()), Arc::clone(card.lock()));
        }
    }
    if own.is_empty() {
        return Ok(());
    }
    let serials: Vec<String> = own.keys().map(|(_, card)| card.clone()).collect();
    cards.look_at_readers();
    // Why it could not be looked is the state that is told.
    let _ = cards.look_for(&serials);
    for ((account, card), lock) in &own {
        let said = cards.state(card).explain(lock.holder());
        out.line(format_args!("{account}\t{} {} [{}]", said.fr.what, said.fr.todo, said.code));
    }
    Ok(())
}

/// The activities to choose from.
fn choice(situations: &[Situation]) -> String {
    let each = (1..).zip(situations).map(|(n, each)| {
        let holder = each.keys.first().map(|key| key.certificate().holder()).unwrap_or_default();
        format!("{n} : {holder}, {} ({})", each.name(), each.card.label)
    });
    each.collect::<Vec<String>>().join(" ; ")
}

fn line((number, situation, key): Numbered<'_>) -> String {
    let certificate = key.certificate();
    let fingerprint = Fingerprint::of(certificate.der()).short();
    format!(
        "{fingerprint}\t{}\t{}\t{}\tRPPS {}\t{number}\t{}",
        situation.card.label,
        super::key::described(certificate),
        certificate.profession().unwrap_or("–"),
        certificate.rpps().unwrap_or("–"),
        situation.name()
    )
}
