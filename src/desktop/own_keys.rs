//! Own keys taken into a home: from a file, from a card, or made here. Each is sealed and in the journal; what its owner should know
//! beside comes back as warnings.

use crate::base::{Address, Secret};
use crate::keys::card::situation::{Situation, place};
use crate::keys::card::words::{CardSeen, OnCard, Seen};
use crate::keys::card::{CardKey, Cards};
use crate::keys::request::{Asked, KeyType, RequestedKey};
use crate::keys::shelf::{Shelved, shelved};
use crate::keys::{Own, SoftwareKey};
use crate::pki::Certificate;
use crate::pki::life::{self, Stage};
use crate::pki::request::{KeyUse, armoured};
use crate::pki::subject::Subject;
use crate::relay::clock;
use crate::smime::port::PrivateKey;
use crate::store::{Event, Home, JournalEntry, KeyId, KeyNote, KeysStore, Secrets, StoreError, journal};
use crate::text::{Explain, Explanation, card as say, key_life, keys, requests};
use std::sync::Arc;

/// A key that is taken in.
#[derive(Clone, Copy, Debug)]
pub enum OwnKey<'a> {
    /// Of a file, with the word that the journal has for it.
    Software(&'a SoftwareKey, &'static str),
    /// On a card: its private half stays there.
    Card(&'a CardKey),
}

/// A key that is in the home.
#[derive(Debug)]
pub struct Kept {
    /// Its name.
    pub id: KeyId,
    /// What its owner should know.
    pub warnings: Vec<Explanation>,
}

impl OwnKey<'_> {
    fn certificate(&self) -> &Certificate {
        match self {
            Self::Software(key, _) => key.certificate(),
            Self::Card(key) => key.certificate(),
        }
    }

    fn bytes(&self) -> Secret {
        match self {
            Self::Software(key, _) => key.to_bytes(),
            Self::Card(key) => key.to_bytes(),
        }
    }
}

/// Seals it and writes it into the journal.
pub fn keep(home: &Home, store: &KeysStore, account: &Address, key: OwnKey<'_>) -> Result<Kept, Explanation> {
    let certificate = key.certificate();
    let id = put(store, account, &key)?;
    let mut warnings = Vec::new();
    let code = match key {
        OwnKey::Software(_, code) => code,
        OwnKey::Card(_) => {
            // It is chosen: that another one was before counts no more.
            store.forget_note(&id, KeyNote::Retired).map_err(told)?;
            "card"
        }
    };
    note(home, account, code, Some(certificate))?;
    if life::stage(certificate, clock()) == Stage::Expired {
        warnings.push(key_life::opens_old_mail(certificate.not_after()));
    }
    // A card has keys for other uses beside.
    if matches!(key, OwnKey::Software(..)) && !life::is_for_mail(certificate) {
        warnings.push(key_life::not_for_mail());
    }
    // A card's certificate may name no address at all: then there is nothing to compare.
    if !certificate.emails().is_empty() && !certificate.has_email(account.as_str()) {
        warnings.push(keys::for_another_address(account, &certificate.emails().join(", ")));
    }
    // Brought in again, it stays what its owner made it.
    if store.note(&id, KeyNote::Retired).map_err(told)?.is_some() {
        warnings.push(key_life::still_retired(id.short()));
    }
    Ok(Kept { id, warnings })
}

/// With another chain a key is the same key: the fuller chain stays.
fn put(store: &KeysStore, account: &Address, key: &OwnKey<'_>) -> Result<KeyId, Explanation> {
    let OwnKey::Software(new, _) = key else {
        return store.put(account, &key.bytes()).map_err(told);
    };
    // One that cannot be opened keeps nobody from bringing another.
    let held = shelved(store, &Cards::out_of_reach()).unwrap_or_default();
    let is_same = |other: &&Shelved| {
        let certificate = other.software().map(PrivateKey::certificate);
        other.account == *account && certificate == Some(new.certificate())
    };
    let same: Vec<&Shelved> = held.iter().filter(is_same).collect();
    if let Some(fuller) = same.iter().find(|other| other.key.key().chain().len() >= new.chain().len()) {
        return Ok(fuller.id.clone());
    }
    let id = store.put(account, &key.bytes()).map_err(told)?;
    for old in same {
        for kind in KeyNote::ALL {
            if let Some(text) = store.note(&old.id, kind).map_err(told)? {
                store.put_note(&id, kind, &text).map_err(told)?;
            }
        }
        store.remove(&old.id).map_err(told)?;
    }
    Ok(id)
}

/// The keys of a PKCS#12 file, kept for an account.
pub fn import(home: &Home, secrets: &Secrets, account: &Address, file: &[u8], password: &Secret) -> Result<Vec<Kept>, Explanation> {
    let found = SoftwareKey::import(file, password).map_err(|e| e.explain())?;
    let store = KeysStore::new(home, secrets.clone());
    let kept = found
        .iter()
        .map(|key| keep(home, &store, account, OwnKey::Software(key, "imported")));
    kept.collect()
}

/// Makes a key for an account; the request for its certificate, in PEM. The key waits in the home for the answer.
pub fn request(home: &Home, secrets: &Secrets, account: &Address, subject: &str) -> Result<String, Explanation> {
    let subject = Subject::parse(subject).map_err(|e| e.explain())?;
    let asked = Asked {
        key_type: KeyType::Rsa3072,
        subject: &subject,
        address: account,
        key_use: KeyUse::Both,
    };
    let key = RequestedKey::make(&asked, clock()).map_err(|_| requests::not_made())?;
    // The key rests before its request leaves: an answer to a key that is lost is worth nothing.
    let store = KeysStore::requested(home, secrets.clone());
    store.put(account, &key.to_bytes()).map_err(told)?;
    note(home, account, "requested", None)?;
    Ok(armoured(key.csr()))
}

/// The keys of one activity on a card, kept for an account; those of its others serve for reading only.
pub fn take_from_card(home: &Home, secrets: &Secrets, account: &Address, situation: &Situation) -> Result<Vec<Kept>, Explanation> {
    let store = KeysStore::new(home, secrets.clone());
    let kept = situation.keys.iter().map(|key| keep(home, &store, account, OwnKey::Card(key)));
    let kept = kept.collect::<Result<Vec<Kept>, Explanation>>()?;
    retire_other_situations(&store, account, &situation.keys.iter().collect::<Vec<_>>())?;
    Ok(kept)
}

/// One activity is chosen for an account: the keys of the same card for another one serve for reading only.
pub fn retire_other_situations(store: &KeysStore, account: &Address, chosen: &[&Arc<CardKey>]) -> Result<(), Explanation> {
    for other in shelved(store, &Cards::out_of_reach())? {
        let Own::Card(key) = &other.key else { continue };
        let same_card = |own: &&&Arc<CardKey>| own.lock().card() == key.lock().card();
        let mut beside = chosen.iter().filter(same_card).peekable();
        let is_other = beside.peek().is_some() && beside.all(|own| place(own.certificate()) != place(key.certificate()));
        if other.account == *account && is_other && !other.is_retired {
            store.put_note(&other.id, KeyNote::Retired, &clock().rfc3339()).map_err(told)?;
        }
    }
    Ok(())
}

/// The activities of all cards that are there, and which cards have nothing.
pub fn situations(cards: &Arc<Cards>, seen: &Seen) -> Result<(Vec<Situation>, Vec<Explanation>), Explanation> {
    let Some(first) = seen.cards.first() else {
        return Err(cards.nothing_there(seen));
    };
    let (mut all, mut empty) = (Vec::new(), Vec::new());
    for card in &seen.cards {
        let keys = on(cards, card)?;
        if keys.is_empty() {
            empty.push(say::nothing_on_card(&card.label));
        }
        all.extend(Situation::of(card, keys));
    }
    // Modules show them in any order, and a number must mean the same the next time.
    all.sort_by(|a, b| {
        let order = |each: &Situation| (each.card.label.clone(), each.card.serial.clone(), each.place.clone());
        order(a).cmp(&order(b))
    });
    match all.is_empty() {
        true => Err(say::nothing_on_card(&first.label)),
        false => Ok((all, empty)),
    }
}

/// The keys beside the certificates of a card: those of authorities are there for the way to them.
fn on(cards: &Arc<Cards>, card: &CardSeen) -> Result<Vec<CardKey>, Explanation> {
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

fn note(home: &Home, account: &Address, code: &str, certificate: Option<&Certificate>) -> Result<(), Explanation> {
    let entry = JournalEntry {
        certificates: certificate.iter().map(|c| c.serial_hex()).collect(),
        ..JournalEntry::new(clock(), Event::Key, account, code)
    };
    journal::record(home, &entry).map_err(told)
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` gives it
fn told(error: StoreError) -> Explanation {
    error.explain()
}
