//! In which activity a card speaks for its holder (*situation d'exercice*): read from its certificates, for which no PIN is asked.
//!
//! A holder with several activities has a certificate of each for each use; what tells them apart is where he works (O, OU, L, ST).
//! The card's data objects say the same, those of activities behind the PIN (CPS_ACTIVITY_nn_PS): they are not needed.

use super::CardKey;
use super::words::CardSeen;
use crate::pki::{Certificate, oid};
use crate::smime::port::PrivateKey;
use std::sync::Arc;

/// The keys of a card for one activity.
#[derive(Debug)]
pub struct Situation {
    /// The card.
    pub card: CardSeen,
    /// Where the holder works, as the authority writes it; empty: the card does not say.
    pub place: Vec<String>,
    /// Its keys.
    pub keys: Vec<Arc<CardKey>>,
}

impl Situation {
    /// Those of a card, in the order of its certificates.
    pub fn of(card: &CardSeen, keys: Vec<CardKey>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for key in keys.into_iter().map(Arc::new) {
            let place = place(key.certificate());
            match all.iter_mut().find(|situation| situation.place == place) {
                Some(situation) => situation.keys.push(key),
                None => all.push(Self {
                    card: card.clone(),
                    place,
                    keys: vec![key],
                }),
            }
        }
        all
    }

    /// In a word.
    pub fn name(&self) -> String {
        match self.place.is_empty() {
            true => "–".to_owned(),
            false => self.place.join(", "),
        }
    }
}

/// Where the holder of a certificate works.
pub fn place(certificate: &Certificate) -> Vec<String> {
    let kinds = [oid::ORGANIZATION, oid::ORGANIZATIONAL_UNIT, oid::LOCALITY, oid::STATE];
    let attributes = certificate.subject_attributes().iter();
    attributes
        .filter(|(kind, _)| kinds.contains(kind))
        .map(|(_, value)| value.clone())
        .collect()
}
