//! What a card has opened once is opened again without it: its content keys are remembered (`store::content_keys`).
//!
//! Keys in this process are never looked up, and a card is asked only where neither they nor the memory will do.

use super::Relay;
use super::held::held_by;
use super::identities::Identity;
use super::incoming::Read;
use super::views::Lasts;
use crate::base::UnixTime;
use crate::base::limits::CARD_READING_SECONDS;
use crate::config::Config;
use crate::pki::{Certificate, Trust};
use crate::smime::open::{OpenError, Opened, open};
use crate::smime::port::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};
use crate::store::content_keys::Held;
use crate::store::{ContentKeys, StoreError};
use crate::text::Explain;

/// Days in which content keys are remembered; 0: they are not.
pub(super) fn days(config: &Config) -> u32 {
    match config.policy.card_for_each_reading {
        true => 0,
        false => config.keys.remember_days,
    }
}

/// A key outside this process, with what is remembered of its answers.
struct Recalling<'a> {
    key: &'a dyn PrivateKey,
    kept: &'a ContentKeys,
    now: UnixTime,
    unknown: Unknown,
}

/// What becomes of a question whose answer is not remembered.
#[derive(Clone, Copy)]
enum Unknown {
    /// It waits: something else may open the message.
    Waits,
    /// The key itself is asked.
    Asked,
}

impl Recalling<'_> {
    fn ask(&self, wrapped: &WrappedKey) -> Unwrapped {
        match self.unknown {
            Unknown::Waits => Unwrapped::Locked,
            Unknown::Asked => self.key.unwrap(wrapped),
        }
    }
}

impl PrivateKey for Recalling<'_> {
    fn certificate(&self) -> &Certificate {
        self.key.certificate()
    }

    fn chain(&self) -> &[Certificate] {
        self.key.chain()
    }

    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key.sign(scheme, to_be_signed)
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Unwrapped {
        match self.kept.of(self.certificate(), wrapped, self.now) {
            Ok(Some(content_key)) => Unwrapped::Key(content_key),
            Ok(None) => self.ask(wrapped),
            // Nobody is asked for a PIN because the memory waits for the keyring.
            Err(StoreError::KeyringLocked) => Unwrapped::Locked,
            Err(error) => {
                told(Err(error));
                self.ask(wrapped)
            }
        }
    }

    fn is_outside(&self) -> bool {
        self.key.is_outside()
    }
}

impl Relay {
    /// Opens a message by what needs no card; else by all keys.
    pub(super) fn opened(&self, stored: &[u8], identities: &[Identity], trust: &Trust) -> Result<Opened, OpenError> {
        if identities.iter().all(|identity| !identity.key.is_outside()) {
            let keys: Vec<&dyn PrivateKey> = identities.iter().map(|identity| identity.key.as_ref()).collect();
            return open(stored, &keys, trust, self.now());
        }
        match self.opened_where(Unknown::Waits, stored, identities, trust) {
            Err(OpenError::Locked) => self.opened_where(Unknown::Asked, stored, identities, trust),
            done => done,
        }
    }

    fn opened_where(&self, unknown: Unknown, stored: &[u8], identities: &[Identity], trust: &Trust) -> Result<Opened, OpenError> {
        let now = self.now();
        let recalling: Vec<Recalling<'_>> = identities
            .iter()
            .map(|identity| Recalling {
                key: identity.key.as_ref(),
                kept: &self.content_keys,
                now,
                unknown,
            })
            .collect();
        let keys: Vec<&dyn PrivateKey> = recalling
            .iter()
            .map(|recalling| match recalling.is_outside() {
                true => recalling,
                false => recalling.key,
            })
            .collect();
        open(stored, &keys, trust, now)
    }

    /// Keeps what cards have unwrapped for a message that was opened by it. What cannot be kept is asked of the card again.
    /// What a held file has opened is remembered by nobody: its owner's card is wanted for it, or he may take it back.
    pub(super) fn remember_content_keys(&self, read: &Read, keys: &[Identity]) {
        if held_by(read, keys).is_some() {
            return;
        }
        let unwrapped = read.opened.iter().flat_map(|opened| &opened.unwrapped);
        for by in unwrapped {
            if let Some(content_key) = &by.content_key {
                told(self.content_keys.put(&by.certificate, &by.wrapped, content_key, self.now()));
            }
        }
    }

    /// Whether a card is required to read this once more: then nothing is kept by which it could be read without one.
    pub(super) fn needs_card_again(&self, read: &Read) -> bool {
        let by_card = read.opened.as_ref().is_some_and(|opened| !opened.unwrapped.is_empty());
        by_card && self.config.policy.card_for_each_reading
    }

    /// How long the View of an opened message stays in memory.
    pub(super) fn lasts(&self, read: &Read) -> Lasts {
        match self.needs_card_again(read) {
            true => Lasts::Until(self.now().plus(CARD_READING_SECONDS)),
            false => Lasts::ForGood,
        }
    }

    /// Where nothing is to be kept, what was kept once goes; where the card is required for each reading the texts go along,
    /// for which of them it has opened is not known.
    pub(super) fn begin_content_keys(&self) {
        if self.content_keys.keeps() {
            return;
        }
        let wiped = self.content_keys.wipe();
        if self.config.policy.card_for_each_reading && !matches!(wiped, Ok(Held::Nothing)) {
            told(self.index.wipe());
        }
        told(wiped.map(|_| ()));
    }

    /// Who has wiped them wants the card to be asked again: what it has opened leaves memory as well.
    pub(super) fn notice_wiped_keys(&self) {
        if self.content_keys.was_wiped() {
            self.views.wipe();
        }
    }
}

/// The log is told what could not be done, and nothing of what is in it.
fn told(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::warn!(code = error.explain().code, %error, "the memory of content keys");
    }
}
