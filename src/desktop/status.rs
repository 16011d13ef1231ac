//! How things stand as the icon beside the clock shows it: one value, worked out from the state of the relay. Plain data, compared in
//! tests; it holds no name of a correspondent and nothing of a letter.

use crate::base::{Address, Realm, UnixTime};
use crate::config::Config;
use crate::keys::card::state::CardState;
use crate::net::reached::{Away, Cause};
use crate::pki::life;
use crate::relay::state::{AccountState, KeyStage, State};
use crate::text::tray::Reason;
use std::collections::BTreeSet;

/// What the icon shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Whose authorities count.
    pub realm: Realm,
    /// How far the program is.
    pub phase: Phase,
    /// What concerns all accounts.
    pub matters: Vec<Matter>,
    /// Each account.
    pub accounts: Vec<AccountStatus>,
    /// Letters that are being sent.
    pub in_hand: usize,
}

/// One account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountStatus {
    /// Its address.
    pub address: Address,
    /// What is not as it should be.
    pub matters: Vec<Matter>,
    /// The last letter that was refused.
    pub refused: Option<Refusal>,
}

/// A letter that was refused: when, and why as a code. The sentence would name whom it was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// When.
    pub at: UnixTime,
    /// Why.
    pub code: &'static str,
}

impl Refusal {
    /// The kind of its reason.
    pub fn reason(&self) -> Reason {
        match self.code {
            "SP-NO-CERTIFICATE" | "SP-AMBIGUOUS-RECIPIENT" => Reason::NoCertificate,
            "SP-STATUS-UNKNOWN" => Reason::NotChecked,
            "SP-DIRECTORY-AWAY" => Reason::DirectoryAway,
            "SP-TAG-GLUED" | "SP-TAG-MISPLACED" | "SP-TAG-UNSURE" => Reason::Tag,
            "SP-SPACE-OF-TRUST" | "SP-PATIENT-CHANNEL" | "SP-MACHINE-CHANNEL" => Reason::SpaceOfTrust,
            "SP-PATIENT-SEALED" | "SP-MACHINE-SEALED" => Reason::ReadsNoSealed,
            "SP-SENDER" | "SP-COMPANION-SENDER" => Reason::Sender,
            "SP-TOO-LARGE" | "SP-TOO-LARGE-SEALED" | "SP-TOO-MANY-COPIES" => Reason::TooLarge,
            "SP-NO-ROOM" => Reason::NoRoom,
            "SP-LINE-END" | "SP-NUL" => Reason::Malformed,
            code if code.starts_with("SP-PIN-") || code.starts_with("SP-CARD-") => Reason::Card,
            code if code.starts_with("SP-KEY-") || code.starts_with("SP-OWN-") || code == "SP-NO-OWN-KEY" => Reason::OwnKey,
            code if ["SP-PROVIDER-", "SP-RECIPIENT-", "SP-TLS-"]
                .iter()
                .any(|kind| code.starts_with(kind)) =>
            {
                Reason::Provider
            }
            _ => Reason::Other,
        }
    }
}

/// How far the program is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It begins.
    Starting,
    /// It serves.
    Serving,
    /// It could not begin, and will try again.
    NotStarted,
    /// It ends.
    Ending,
}

/// Something that is not as it should be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Matter {
    /// Another program has the port.
    PortInUse(u16),
    /// It could not begin for another reason.
    NotStarted,
    /// Something of the home cannot be read.
    Fault,
    /// Own keys wait for their keyring.
    Locked,
    /// Nothing can be signed or encrypted.
    CannotSeal(Hindrance),
    /// Too many wrong PINs.
    CardBlocked,
    /// It cannot be read, or its software does not work.
    CardFault,
    /// Its PIN is being asked for.
    PinAwaited,
    /// A mail program waits for a card that is not there.
    CardWanted,
    /// It is not there.
    CardAbsent,
    /// Another one is in the reader.
    CardOther,
    /// No reader is connected.
    NoReader,
    /// A provider's server does not answer.
    ProviderAway(String),
    /// Who answers in its place does not prove to be it.
    ProviderUnsafe(String),
    /// An own certificate ends in so many days.
    EndsSoon(i64),
    /// Revocation lists do not hold.
    ListsStale,
}

/// Why nothing can be signed or encrypted for an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Hindrance {
    /// It has no key that could be used.
    NoKey,
    /// Its certificate has ended.
    Expired,
    /// Its certificate was taken back.
    Revoked,
}

/// The whole in one sign; later ones are worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Light {
    /// All is well.
    Ready,
    /// It works, and asks for attention.
    Attention,
    /// It waits for its user.
    Waiting,
    /// Letters cannot be sealed.
    Stopped,
}

/// What is known beside the relay's state.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Letters that are being sent.
    pub in_hand: usize,
    /// Providers' servers that do not answer.
    pub away: Away,
    /// Accounts whose card a mail program has asked for in vain.
    pub wanted: BTreeSet<Address>,
}

impl Status {
    /// Before anything is known.
    pub fn starting(realm: Realm) -> Self {
        Self {
            realm,
            phase: Phase::Starting,
            matters: Vec::new(),
            accounts: Vec::new(),
            in_hand: 0,
        }
    }

    /// It could not begin; `code` of the reason, and the port where it is one.
    pub fn not_started(realm: Realm, port: Option<u16>) -> Self {
        Self {
            phase: Phase::NotStarted,
            matters: vec![port.map_or(Matter::NotStarted, Matter::PortInUse)],
            ..Self::starting(realm)
        }
    }

    /// Of a relay that serves.
    pub fn of(state: &State, config: &Config, around: &Around, now: UnixTime) -> Self {
        let mut matters = Vec::new();
        if !state.faults.is_empty() {
            matters.push(Matter::Fault);
        }
        if state.is_locked {
            matters.push(Matter::Locked);
        }
        if state.lists_wanting() > 0 {
            matters.push(Matter::ListsStale);
        }
        Self {
            realm: state.realm,
            phase: Phase::Serving,
            matters,
            accounts: state
                .accounts
                .iter()
                .map(|account| of_account(account, config, around, now))
                .collect(),
            in_hand: around.in_hand,
        }
    }

    /// The same while it ends.
    pub fn ending(self) -> Self {
        Self {
            phase: Phase::Ending,
            ..self
        }
    }

    /// The whole in one sign.
    pub fn light(&self) -> Light {
        let all = self.matters.iter().chain(self.accounts.iter().flat_map(|account| &account.matters));
        all.map(Matter::light).max().unwrap_or(Light::Ready)
    }

    /// Everything that is not as it should be, with the account that it concerns.
    pub fn all_matters(&self) -> impl Iterator<Item = (Option<&Address>, &Matter)> {
        let own = self
            .accounts
            .iter()
            .flat_map(|account| account.matters.iter().map(|matter| (Some(&account.address), matter)));
        self.matters.iter().map(|matter| (None, matter)).chain(own)
    }
}

impl Matter {
    /// How bad it is.
    pub fn light(&self) -> Light {
        match self {
            Self::PortInUse(_) | Self::NotStarted | Self::CannotSeal(_) | Self::CardBlocked => Light::Stopped,
            Self::Locked | Self::PinAwaited | Self::CardWanted | Self::CardAbsent | Self::CardOther | Self::NoReader => Light::Waiting,
            Self::Fault | Self::CardFault | Self::ProviderAway(_) | Self::ProviderUnsafe(_) | Self::EndsSoon(_) | Self::ListsStale => {
                Light::Attention
            }
        }
    }
}

fn of_account(account: &AccountState, config: &Config, around: &Around, now: UnixTime) -> AccountStatus {
    let mut matters = BTreeSet::new();
    matters.extend(account.hindrance.as_ref().map(|why| Matter::CannotSeal(hindrance(why.code))));
    for card in &account.cards {
        matters.extend(of_card(&card.state, around.wanted.contains(&account.address)));
    }
    let known = config.accounts.iter().find(|known| known.address == account.address);
    let away = known.into_iter().flat_map(|known| known.servers());
    matters.extend(away.filter_map(|server| {
        let lost = around.away.get(&(server.host.clone(), server.port))?;
        Some(match lost.cause {
            Cause::Silent => Matter::ProviderAway(server.host.clone()),
            Cause::Unsafe => Matter::ProviderUnsafe(server.host.clone()),
        })
    }));
    let ending = account
        .keys
        .iter()
        .filter(|key| key.warning.is_some() && key.stage == KeyStage::InUse);
    let soonest = ending.filter_map(|key| life::days_left(key.until, now)).min();
    matters.extend(soonest.map(Matter::EndsSoon));
    AccountStatus {
        address: account.address.clone(),
        matters: matters.into_iter().collect(),
        refused: account.refused.as_ref().map(|refused| Refusal {
            at: refused.at,
            code: refused.why.code,
        }),
    }
}

fn hindrance(code: &str) -> Hindrance {
    match code {
        "SP-OWN-EXPIRED" => Hindrance::Expired,
        "SP-OWN-REVOKED" => Hindrance::Revoked,
        _ => Hindrance::NoKey,
    }
}

fn of_card(state: &CardState, is_wanted: bool) -> Option<Matter> {
    let matter = match state {
        CardState::Unknown | CardState::Closed | CardState::Open => return None,
        CardState::NoReader => Matter::NoReader,
        CardState::Other(_) => Matter::CardOther,
        CardState::NoCard if is_wanted => Matter::CardWanted,
        CardState::NoCard => Matter::CardAbsent,
        CardState::PinAwaited => Matter::PinAwaited,
        CardState::Blocked => Matter::CardBlocked,
        CardState::NoSoftware | CardState::NoService | CardState::Unreadable | CardState::Fault(_) => Matter::CardFault,
    };
    Some(matter)
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
