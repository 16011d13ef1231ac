//! How a home at work stands, as its owner is shown it: own keys and their ends, lists, what was refused of late.

use super::Relay;
use super::card_states::CardStatus;
use crate::base::{Address, Realm, UnixTime};
use crate::config::Channel;
use crate::directory::ldap::LdapDirectory;
use crate::directory::lists::{Row, RowState};
use crate::keys::Own;
use crate::keys::shelf::{Limit, Shelved};
use crate::pki::life::{self, Stage};
use crate::pki::revocation::Age;
use crate::text::{Explain, Explanation};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How things stand.
#[derive(Clone, Debug)]
pub struct State {
    /// The realm whose authorities count.
    pub realm: Realm,
    /// Whether own keys wait for their keyring.
    pub is_locked: bool,
    /// Each account.
    pub accounts: Vec<AccountState>,
    /// Revocation lists.
    pub lists: Vec<Row>,
    /// What could not be looked at.
    pub faults: Vec<Explanation>,
}

/// One account.
#[derive(Clone, Debug)]
pub struct AccountState {
    /// Its address.
    pub address: Address,
    /// What kind of provider it has.
    pub channel: Channel,
    /// Its own keys, those in use first.
    pub keys: Vec<OwnKey>,
    /// Why nothing can be signed or encrypted for it now.
    pub hindrance: Option<Explanation>,
    /// How its cards stand.
    pub cards: Vec<CardStatus>,
    /// What was refused last since the start.
    pub refused: Option<Refused>,
}

/// An own key.
#[derive(Clone, Debug)]
pub struct OwnKey {
    /// Its name in the store.
    pub id: String,
    /// For whom its certificate is made.
    pub holder: String,
    /// By whom.
    pub issuer: String,
    /// The end of its certificate.
    pub until: UnixTime,
    /// Where it stands in its life.
    pub stage: KeyStage,
    /// Where its private half is.
    pub place: KeyPlace,
    /// What it does not do for its account.
    pub limit: Option<Limit>,
    /// That its end is near.
    pub warning: Option<Explanation>,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KeyStage {
    /// It signs, or is encrypted to.
    InUse,
    /// Its time has not come.
    Early,
    /// It opens old mail.
    Expired,
    /// The same, because its owner said so.
    Retired,
}

/// Where the private half of a key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyPlace {
    /// Sealed in the home.
    Home,
    /// On a card.
    Card,
    /// In the account's held file, for several persons.
    Held,
}

/// A letter that was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// When.
    pub at: UnixTime,
    /// Why.
    pub why: Explanation,
}

/// The last refusal of each account; in memory only, for it may name whom a letter was for.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<Address, Refused>>);

impl Refusals {
    pub(super) fn note(&self, account: &Address, at: UnixTime, why: &Explanation) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(account.clone(), Refused { at, why: why.clone() });
    }

    fn of(&self, account: &Address) -> Option<Refused> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned()
    }
}

/// Lists of revocation, by how they stand; one that never came and that its authority publishes at another place too, which has
/// come, is none of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListsCounted {
    /// They hold.
    pub holding: usize,
    /// They are stale, or never came though a certificate that was met names them.
    pub wanting: usize,
    /// They never came, and no certificate that was met names them.
    pub never_met: usize,
}

impl ListsCounted {
    /// All of them.
    pub fn expected(&self) -> usize {
        self.holding + self.wanting + self.never_met
    }
}

impl State {
    /// Lists that do not hold any more, or never came. One that never came is not wanting where no certificate that was met names it,
    /// nor where its authority publishes it at another place too, and that has come.
    pub fn lists_wanting(&self) -> usize {
        self.lists_counted().wanting
    }

    /// How each of them stands.
    pub fn lists_counted(&self) -> ListsCounted {
        let is_stale = |row: &Row| matches!(row.state, RowState::Held { age: Age::Stale, .. });
        let holds = |row: &Row| matches!(row.state, RowState::Held { .. }) && !is_stale(row);
        let is_elsewhere = |row: &Row| self.lists.iter().any(|other| other.authority == row.authority && holds(other));
        let mut counted = ListsCounted::default();
        for row in &self.lists {
            match row {
                row if holds(row) => counted.holding += 1,
                row if is_stale(row) => counted.wanting += 1,
                row if !row.authority.is_empty() && is_elsewhere(row) => {}
                row if row.is_met => counted.wanting += 1,
                _ => counted.never_met += 1,
            }
        }
        counted
    }
}

impl Relay {
    /// Why nothing can be signed for an account, or encrypted to it, now.
    pub fn hindrance(&self, address: &Address) -> Option<Explanation> {
        let now = self.now();
        let signs = || self.identities.signing(address, &[address.clone()].into(), now);
        match self.gate.is_open() {
            true => signs().and_then(|_| self.identities.encryption(address, now)).err(),
            false => None,
        }
    }

    /// Why a letter of an account was refused last.
    pub fn last_refusal(&self, account: &Address) -> Option<Explanation> {
        self.refusals.of(account).map(|refused| refused.why)
    }

    /// Who is asked for certificates of colleagues.
    pub fn directories(&self) -> &[Arc<LdapDirectory>] {
        self.directory.servers()
    }

    /// How things stand now. Opens every own key: not for the thread that serves others.
    pub fn state(&self) -> State {
        let mut faults = Vec::new();
        let now = self.now();
        let is_locked = !self.gate.is_open();
        let shelved = match is_locked {
            true => Vec::new(),
            false => self.identities.shelved().unwrap_or_else(|why| {
                faults.push(why);
                Vec::new()
            }),
        };
        let lists = match self.trust() {
            Ok(trust) => self.published.rows(&trust, now),
            Err(error) => {
                faults.push(error.explain());
                Vec::new()
            }
        };
        State {
            realm: self.config.trust.environment,
            is_locked,
            accounts: self
                .accounts
                .iter()
                .map(|account| self.account_state(&account.address, account.channel, &shelved))
                .collect(),
            lists,
            faults,
        }
    }

    fn account_state(&self, address: &Address, channel: Channel, shelved: &[Shelved]) -> AccountState {
        let now = self.now();
        let own = shelved.iter().filter(|key| key.account == *address);
        let mut keys: Vec<OwnKey> = own.map(|key| own_key(key, shelved, now)).collect();
        keys.sort_by_key(|key| (key.stage, std::cmp::Reverse(key.until)));
        AccountState {
            address: address.clone(),
            channel,
            keys,
            hindrance: self.hindrance(address),
            cards: self
                .card_states()
                .borrow()
                .iter()
                .filter(|card| card.account == *address)
                .cloned()
                .collect(),
            refused: self.refusals.of(address),
        }
    }
}

fn own_key(key: &Shelved, all: &[Shelved], now: UnixTime) -> OwnKey {
    let certificate = key.certificate();
    OwnKey {
        id: key.id.to_string(),
        holder: certificate.holder(),
        issuer: certificate.issuer_common_name().to_owned(),
        until: certificate.not_after(),
        stage: match (key.is_retired, life::stage(certificate, now)) {
            (true, _) => KeyStage::Retired,
            (false, Stage::Early) => KeyStage::Early,
            (false, Stage::Valid) => KeyStage::InUse,
            (false, Stage::Expired) => KeyStage::Expired,
        },
        place: match &key.key {
            Own::Software(_) => KeyPlace::Home,
            Own::Card(_) => KeyPlace::Card,
            Own::Held(_) => KeyPlace::Held,
        },
        limit: key.limit(now),
        warning: key.warning(all, now),
    }
}
