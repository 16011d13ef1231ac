//! Own keys as they lie in the store, each with where it stands in its life.

use super::card::Cards;
use super::{Own, SoftwareKey};
use crate::base::{Address, UnixTime};
use crate::pki::Certificate;
use crate::pki::life::{self, Notice, Stage};
use crate::store::{KeyId, KeyNote, KeysStore};
use crate::text::{Explain, Explanation, held, key_life as words};
use std::sync::Arc;

/// A key of the store.
#[derive(Debug)]
pub struct Shelved {
    /// Its name.
    pub id: KeyId,
    /// Whose it is.
    pub account: Address,
    /// The key.
    pub key: Own,
    /// Whether its owner said not to use it any more.
    pub is_retired: bool,
    /// What its owner has been told of its end.
    pub told: Option<Notice>,
}

/// What keeps a key from doing all that an account needs of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Its owner has said not to use it any more.
    Retired,
    /// Its time has not come.
    Early,
    /// Its time is over: it opens old mail.
    Expired,
    /// It was made for something else, a server of the web most often.
    NotForMail,
    /// It names other addresses.
    OtherAddress,
    /// Nobody encrypts to it.
    SignsOnly,
    /// It does not sign.
    OpensOnly,
}

/// Whether the keys of one account do together what it needs; else what is missing.
pub fn suffice(account: &Address, keys: &[Shelved], now: UnixTime) -> Result<(), Explanation> {
    let serves = |key: &&Shelved| matches!(key.limit(now), None | Some(Limit::SignsOnly | Limit::OpensOnly));
    let serving: Vec<&Certificate> = keys.iter().filter(serves).map(Shelved::certificate).collect();
    let any = |does: fn(&Certificate) -> bool| serving.iter().any(|certificate| does(certificate));
    match (any(life::signs), any(life::is_encrypted_to)) {
        (true, true) => Ok(()),
        (true, false) => Err(words::none_opens(account)),
        (false, true) => Err(words::none_signs(account)),
        (false, false) => Err(words::none_serves(account)),
    }
}

/// Every key of a home, opened; no card is asked for.
pub fn shelved(store: &KeysStore, cards: &Arc<Cards>) -> Result<Vec<Shelved>, Explanation> {
    let stored = store.list().map_err(|e| e.explain())?;
    let mut all = Vec::with_capacity(stored.len());
    for key in stored {
        let bytes = store.load(&key.id).map_err(|e| e.explain())?;
        let note = |kind| store.note(&key.id, kind).map_err(|e| e.explain());
        all.push(Shelved {
            key: Own::from_bytes(&bytes, cards).map_err(|e| e.explain())?,
            is_retired: note(KeyNote::Retired)?.is_some(),
            told: note(KeyNote::Told)?.as_deref().and_then(Notice::parse),
            id: key.id,
            account: key.account,
        });
    }
    Ok(all)
}

impl Shelved {
    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        self.key.key().certificate()
    }

    /// The key itself; `None`: it stays on its card.
    pub fn software(&self) -> Option<&SoftwareKey> {
        self.key.software()
    }

    /// Its state in a list.
    pub fn state(&self, now: UnixTime) -> &'static str {
        match (self.is_retired, life::stage(self.certificate(), now)) {
            (true, _) => words::RETIRED,
            (false, Stage::Early) => words::EARLY,
            (false, Stage::Valid) if matches!(self.key, Own::Held(_)) => held::BY_CARD,
            (false, Stage::Valid) => words::IN_USE,
            (false, Stage::Expired) => words::EXPIRED,
        }
    }

    /// What it does not do for its account; a card's certificate may name no address at all.
    pub fn limit(&self, now: UnixTime) -> Option<Limit> {
        let certificate = self.certificate();
        let is_theirs = certificate.emails().is_empty() || certificate.has_email(self.account.as_str());
        match (
            life::stage(certificate, now),
            life::signs(certificate),
            life::is_encrypted_to(certificate),
        ) {
            _ if self.is_retired => Some(Limit::Retired),
            (Stage::Early, ..) => Some(Limit::Early),
            (Stage::Expired, ..) => Some(Limit::Expired),
            (_, false, false) => Some(Limit::NotForMail),
            _ if !life::is_for_mail(certificate) => Some(Limit::NotForMail),
            _ if !is_theirs => Some(Limit::OtherAddress),
            (_, true, false) => Some(Limit::SignsOnly),
            (_, false, true) => Some(Limit::OpensOnly),
            (_, true, true) => None,
        }
    }

    /// True where its end concerns its owner: it is in use, and no other key of his does the same for longer.
    pub fn is_needed(&self, all: &[Self]) -> bool {
        let others = all.iter().filter(|other| other.account == self.account && !other.is_retired);
        let others: Vec<&Certificate> = others.map(Self::certificate).collect();
        !self.is_retired && !life::is_replaced(self.certificate(), &others)
    }

    /// That its end is near, where it is and concerns its owner.
    pub fn warning(&self, all: &[Self], now: UnixTime) -> Option<Explanation> {
        let end = self.certificate().not_after();
        life::due(end, now).filter(|_| self.is_needed(all))?;
        Some(words::ends_soon(&self.account, end, life::days_left(end, now)?))
    }
}
