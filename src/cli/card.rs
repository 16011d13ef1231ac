//! `souspli key card`: the cards in the readers of this machine, and their keys for an account. `souspli card-host`: see `keys::card`.

use super::out::{Out, complain};
use super::{Cli, Failure, input};
use crate::base::Address;
use crate::keys::card::words::{CardSeen, OnCard};
use crate::keys::card::{CardKey, Cards, host};
use crate::pki::Certificate;
use crate::smime::port::PrivateKey;
use crate::store::{Event, Fingerprint, JournalEntry, KeysStore, journal};
use crate::text::{card as say, keys};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

/// The cards that are there, or the keys of one for an account.
#[derive(Args, Debug)]
pub struct OwnCard {
    /// Le compte qui signe et lit avec cette carte ; sans lui, les cartes sont listées / the account that signs and reads with this card; without it the cards are listed.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Option<Address>,
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

impl OwnCard {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let config = cli.config_or_default(self.account.as_ref())?;
        let program = std::env::current_exe().map_err(|e| Failure::system(&e))?;
        let cards = Arc::new(Cards::new(program, &config.card));
        let seen = cards.look()?;
        if seen.cards.is_empty() {
            return Err(match seen.empty_readers {
                0 => say::no_reader().into(),
                _ => say::empty_reader().into(),
            });
        }
        let mut found = Vec::new();
        for card in &seen.cards {
            let keys = on(&cards, card)?;
            if keys.is_empty() {
                complain(say::nothing_on_card(&card.label));
            }
            found.extend(keys.into_iter().map(|key| (card, key)));
        }
        match &self.account {
            None => {
                found.iter().for_each(|(card, key)| out.line(line(card, key.certificate())));
                Ok(())
            }
            Some(account) => self.keep(cli, account, &found, out),
        }
    }

    fn keep(&self, cli: &Cli, account: &Address, found: &[(&CardSeen, CardKey)], out: &mut Out) -> Result<(), Failure> {
        let home = cli.home()?;
        let store = KeysStore::new(&home, cli.secrets(&home)?);
        let chosen = |key: &CardKey| {
            let fingerprint = Fingerprint::of(key.certificate().der());
            self.certificate.as_ref().is_none_or(|text| fingerprint.begins_with(text))
        };
        let mut kept = 0;
        for (card, key) in found.iter().filter(|(_, key)| chosen(key)) {
            store.put(account, &key.to_bytes()).map_err(|e| Failure::from(&e))?;
            let entry = JournalEntry {
                certificates: vec![key.certificate().serial_hex()],
                ..JournalEntry::new(crate::relay::clock(), Event::Key, account, "card")
            };
            journal::record(&home, &entry).map_err(|e| Failure::from(&e))?;
            out.line(line(card, key.certificate()));
            kept += 1;
        }
        match (kept, &self.certificate) {
            (0, Some(text)) => Err(keys::no_such_key(text).into()),
            (0, None) => Err(say::nothing_on_card(account.as_str()).into()),
            _ => Ok(()),
        }
    }
}

/// The keys beside the certificates of a card: those of authorities are there for the way to them.
fn on(cards: &Arc<Cards>, card: &CardSeen) -> Result<Vec<CardKey>, Failure> {
    let found = cards.certificates(&card.serial)?;
    let read = found
        .into_iter()
        .filter_map(|shown| Some((shown.id, Certificate::from_der(shown.der).ok()?)));
    let (authorities, own): (Vec<_>, Vec<_>) = read.partition(|(_, certificate)| certificate.is_ca());
    let authorities: Vec<Certificate> = authorities.into_iter().map(|(_, certificate)| certificate).collect();
    let key = |(id, certificate): (Vec<u8>, Certificate)| {
        let on = OnCard {
            card: card.serial.clone(),
            id,
        };
        CardKey::new(cards, on, certificate, authorities.clone())
    };
    Ok(own.into_iter().map(key).collect())
}

fn line(card: &CardSeen, certificate: &Certificate) -> String {
    let fingerprint = Fingerprint::of(certificate.der()).short();
    format!("{fingerprint}\t{}\t{}", card.label, super::key::described(certificate))
}
