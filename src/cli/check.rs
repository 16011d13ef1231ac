//! `souspli check`: every fault of the configuration with its line and the mend. Makes and changes nothing.

use super::out::Out;
use super::{Cli, Failure, faults, key};
use crate::base::Address;
use crate::config::load::load;
use crate::config::{ClientCertificate, Config, HeldAt};
use crate::keys::card::CardKey;
use crate::keys::held::read;
use crate::keys::shelf::{Shelved, shelved};
use crate::net::tls;
use crate::relay::clock;
use crate::store::{HeldPlaces, Home, KeysStore, Secrets, StoreError};
use crate::text::{Explain, Explanation, held, key_life, login};
use std::path::Path;

pub(super) fn execute(cli: &Cli, out: &mut Out) -> Result<(), Failure> {
    let places = cli.places()?;
    let loaded = load(&places).map_err(|e| faults(&e))?;
    // What TLS towards the providers stands on is named in the configuration, and read at the start only.
    tls::platform(&loaded.config.upstream_authorities).map_err(|e| Failure::from(&e))?;
    tls::authorities(&loaded.config.mssante.authorities).map_err(|e| Failure::from(&e))?;
    let accounts = loaded.config.accounts.len();
    out.line(format_args!(
        "{} : configuration correcte, {accounts} compte(s) / correct, {accounts} account(s)",
        loaded.file.display()
    ));
    for policy in loaded.policies {
        out.line(format_args!("Politique de la machine / machine policy : {}", policy.display()));
    }
    if let Some(home) = places.home {
        out.line(format_args!("Dossier de Souspli / Souspli's folder : {}", home.display()));
        tell_of_keys(&home, &loaded.config, out);
        tell_held(&loaded.config, &home, out);
    }
    Ok(())
}

/// Which accounts are read for others, and where rescue mode is open: no fault of the configuration either.
fn tell_held(config: &Config, home: &Path, out: &mut Out) {
    if !Home::is_in_use(home) {
        return;
    }
    let Ok((places, own)) = opened(home).and_then(|(home, secrets)| {
        let places = HeldPlaces::new(&home, &secrets);
        let own = shelved(&KeysStore::new(&home, secrets), &key::no_cards())?;
        Ok((places, own))
    }) else {
        return;
    };
    for account in &config.accounts {
        let address = &account.address;
        match &account.held {
            Some(HeldAt::Delegated(path)) => match lets_in(address, path, &own) {
                Ok(()) => out.line(held::read_as_delegate(address)),
                Err(why) => out.line(why),
            },
            _ if places.rescue_until(address).is_some_and(|until| clock() < until) => {
                out.line(format_args!("{address} : {}", held::IN_RESCUE));
            }
            _ => {}
        }
    }
}

fn lets_in(account: &Address, path: &Path, own: &[Shelved]) -> Result<(), Explanation> {
    let (file, _) = read(account, path).map_err(|e| e.explain())?;
    match own.iter().any(|key| file.is_for(key.certificate())) {
        true => Ok(()),
        false => Err(held::not_for_you(account)),
    }
}

/// Which own certificates end soon, and who has not got the card yet that he logs in with: warnings, and no fault of the configuration.
fn tell_of_keys(home: &Path, config: &Config, out: &mut Out) {
    if !Home::is_in_use(home) {
        return;
    }
    match own_keys(home) {
        Ok(all) => {
            key::warnings(&all, clock()).for_each(|warning| out.line(warning));
            without_card(&all, config).for_each(|account| out.line(login::no_key_on_card(account)));
        }
        Err(why) => out.line(key_life::not_looked_at(&why)),
    }
}

/// The accounts that are to log in with a card of which no key is known that could.
fn without_card<'a>(all: &'a [Shelved], config: &'a Config) -> impl Iterator<Item = &'a Address> {
    let could = |key: &Shelved| !key.is_retired && key.software().is_none() && CardKey::signs_handshakes(key.certificate());
    let with_card = config
        .accounts
        .iter()
        .filter(|a| a.client_certificate == Some(ClientCertificate::Card));
    let addresses = with_card.map(|account| &account.address);
    addresses.filter(move |address| !all.iter().any(|key| key.account == **address && could(key)))
}

fn own_keys(home: &Path) -> Result<Vec<Shelved>, Explanation> {
    let (home, secrets) = opened(home)?;
    shelved(&KeysStore::new(&home, secrets), &key::no_cards())
}

/// A keyring that is locked is not opened for this.
fn opened(home: &Path) -> Result<(Home, Secrets), Explanation> {
    let opened = || {
        let home = Home::open(home)?;
        let secrets = Secrets::awaited(&home)?;
        secrets.unlock_quietly()?;
        Ok::<_, StoreError>((home, secrets))
    };
    opened().map_err(|e| e.explain())
}
