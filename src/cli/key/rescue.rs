//! `souspli key rescue`: the passphrase for the day on which the card is lost or broken, and that day itself.

use super::super::out::Out;
use super::super::{Cli, Failure, input};
use super::export::holds;
use super::held::{HeldAccount, Owner, Wanted};
use crate::base::Address;
use crate::base::limits::RESCUE_HOURS_MAX;
use crate::keys::held::Passphrase;
use crate::relay::clock;
use crate::text::{held as say, rescue};
use clap::Args;
use std::path::{Path, PathBuf};

/// Chooses the passphrase; or opens and closes the mode.
#[derive(Args, Debug)]
pub struct Rescue {
    /// Le compte / the account.
    #[arg(long, value_name = "ADDR", value_parser = input::address)]
    account: Address,
    /// La carte manque : lire par la phrase, qui sera demandée à la première lecture / the card is missing: read by the passphrase, asked when mail is first read.
    #[arg(long, conflicts_with_all = ["close", "passphrase_file"])]
    open: bool,
    /// Pendant tant d’heures (1 à 720) / for so many hours (1 to 720).
    #[arg(long, value_name = "N", default_value_t = 24, requires = "open", value_parser = clap::value_parser!(u32).range(1..=i64::from(RESCUE_HOURS_MAX)))]
    hours: u32,
    /// Revenir à la carte / back to the card.
    #[arg(long)]
    close: bool,
    /// Fichier dont la première ligne sera la phrase ; sinon elle est demandée / its first line will be the passphrase; asked without it.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Rescue {
    pub(super) fn execute(&self, cli: &Cli, out: &mut Out) -> Result<(), Failure> {
        let open = || HeldAccount::open(cli, &self.account);
        match (self.open, self.close) {
            (true, _) => self.begin(&open()?, out),
            (_, true) => end(&open()?),
            (false, false) => self.choose(&HeldAccount::to_change(cli, &self.account)?),
        }
    }

    fn choose(&self, held: &HeldAccount) -> Result<(), Failure> {
        let file = held.file()?;
        let opened = file.as_ref().map(|file| held.opened(file)).transpose()?;
        let keys = held.all(opened.as_ref())?;
        let passphrase = input::new_password(self.passphrase_file.as_deref(), Path::new(say::NEW_PASSPHRASE))?;
        holds(&passphrase)?;
        held.write(&Wanted {
            keys: &keys,
            delegates: &held.delegates()?,
            passphrase: Passphrase::Fresh(&passphrase),
            by: held.owner(),
        })?;
        held.note("rescue-chosen", None)
    }

    fn begin(&self, held: &HeldAccount, out: &mut Out) -> Result<(), Failure> {
        if held.stubs().next().is_none() {
            return Err(match held.cards().next() {
                // Nothing but the card's own key.
                Some(_) if held.at_hand().next().is_none() => say::nothing_to_hold(&self.account),
                _ => say::no_rescue_needed(&self.account),
            }
            .into());
        }
        if held.file()?.is_none_or(|file| file.passphrase.is_none()) {
            return Err(say::no_passphrase(&self.account).into());
        }
        // It would be closed again at once, and the user asked for a PIN where he means to type the passphrase.
        if let Some(card) = held.cards().find(|card| card.lock().works()) {
            return Err(rescue::card_is_there(&self.account, card.lock().holder()).into());
        }
        let until = clock().plus(i64::from(self.hours) * 3600);
        // First: nobody reads so that it is not told.
        held.note("rescue-opened", None)?;
        held.places.open_rescue(&self.account, until).map_err(|e| Failure::from(&e))?;
        out.line(say::rescue_opened(&self.account, until));
        Ok(())
    }
}

fn end(held: &HeldAccount) -> Result<(), Failure> {
    match held.places.close_rescue(&held.account).map_err(|e| Failure::from(&e))? {
        true => held.note("rescue-closed", None),
        false => Ok(()),
    }
}

impl HeldAccount {
    /// Who opens it: keys that the card holds are for the card.
    pub(super) fn owner(&self) -> Owner {
        match self.stubs().next() {
            Some(_) => Owner::Cards,
            None => Owner::Both,
        }
    }
}
