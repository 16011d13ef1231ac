//! Answers of authorities that come by mail: certificates of keys that were requested here.
//!
//! Who sends such a message proves nothing, and need not: what counts is the certificate. It is taken into use by itself where all
//! of this holds: it is of a key that this home made and that waits for it, the message came to that key's account, a way leads
//! to a configured authority of the chosen realm, it names the account's address, and is not known to be revoked. Then it is what
//! was asked for, whoever carried it. Any other is told, once, with how to install it by hand: a stranger who has seen the
//! request (it is no secret) could have one issued by an authority of his own.

use super::Relay;
use super::identities::Identity;
use crate::base::Address;
use crate::keys::SoftwareKey;
use crate::keys::request::RequestedKey;
use crate::pki::life;
use crate::pki::path::{Purpose, validate};
use crate::smime::brought::certificates_brought;
use crate::store::{Event, FolderStamp, JournalEntry, KeyId, KeyNote, KeysStore, StoreError};
use crate::text::{Explain, Explanation, requests as say};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys of a home whose certificates have been asked for.
#[derive(Debug)]
pub(super) struct Answers {
    store: KeysStore,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    stamp: FolderStamp,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: KeyId,
    account: Address,
    key: RequestedKey,
}

impl Answers {
    /// Those of that store.
    pub(super) fn new(store: KeysStore) -> Self {
        Self {
            store,
            held: Mutex::default(),
        }
    }

    /// What waits, read again when it has changed. Whoever has it is alone with it: an answer is taken once.
    fn waiting(&self) -> Result<MutexGuard<'_, Held>, Explanation> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.store.is_unchanged(&held.stamp) {
            let stamp = self.store.stamp();
            let waiting = self.read()?;
            *held = Held { stamp, waiting };
        }
        Ok(held)
    }

    fn read(&self) -> Result<Vec<Waiting>, Explanation> {
        let stored = self.store.list().map_err(|e| e.explain())?;
        let read = stored.into_iter().map(|stored| {
            let bytes = self.store.load(&stored.id).map_err(|e| e.explain())?;
            Ok(Waiting {
                key: RequestedKey::from_bytes(&bytes).map_err(|e| e.explain())?,
                id: stored.id,
                account: stored.account,
            })
        });
        read.collect()
    }
}

impl Relay {
    /// Whether that account waits for a certificate. What cannot be read now is looked for in the next message.
    pub(super) fn awaits_answer(&self, account: &str) -> bool {
        let waiting = self.answers.waiting();
        waiting.is_ok_and(|held| held.waiting.iter().any(|waiting| waiting.account.folded() == account))
    }

    /// Looks for the answer in a message that has come to that account.
    pub(super) fn look_for_answer(&self, account: &str, message: &[u8]) {
        if !self.awaits_answer(account) {
            return;
        }
        let brought = certificates_brought(message);
        if brought.is_empty() {
            return;
        }
        let Ok(mut held) = self.answers.waiting() else { return };
        let mut taken = false;
        for waiting in held.waiting.iter().filter(|waiting| waiting.account.folded() == account) {
            for key in waiting.key.certified(&brought, &brought) {
                taken |= self.take_answer(waiting, key);
            }
        }
        if taken {
            held.stamp = FolderStamp::default();
        }
    }

    /// True where it is in use now.
    fn take_answer(&self, waiting: &Waiting, key: SoftwareKey) -> bool {
        let own = Identity::new(waiting.account.clone(), Arc::new(key));
        let serial = own.key.certificate().serial_hex();
        let proven = self.proves_itself(&own);
        let done = match proven {
            true => self
                .install(waiting, &own)
                .map(|()| Some(say::installed(&waiting.account, &serial))),
            false => self
                .is_new(waiting, &serial)
                .map(|new| new.then(|| say::came(&waiting.account, &serial))),
        };
        match done {
            Ok(Some(said)) => self.tell_answer(waiting, serial, &said),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a certificate that came could not be kept");
                return false;
            }
        }
        proven
    }

    fn tell_answer(&self, waiting: &Waiting, serial: String, said: &Explanation) {
        tracing::warn!(account = %waiting.account, code = said.code, "{} {}", said.fr.what, said.fr.todo);
        self.note(&JournalEntry {
            certificates: vec![serial],
            ..JournalEntry::new(self.now(), Event::Key, &waiting.account, said.code)
        });
    }

    fn proves_itself(&self, own: &Identity) -> bool {
        let certificate = own.key.certificate();
        let Ok(trust) = self.trust() else { return false };
        let uses = [
            (life::signs(certificate), Purpose::Sign),
            (life::is_encrypted_to(certificate), Purpose::Encrypt),
        ];
        let mut purposes = uses.into_iter().filter(|(does, _)| *does).map(|(_, purpose)| purpose).peekable();
        // One that is good for nothing in mail is no answer.
        let leads = purposes.peek().is_some()
            && purposes.all(|purpose| validate(certificate, own.key.chain(), &trust, self.now(), purpose).is_ok());
        leads && certificate.has_email(own.account.as_str()) && self.own_revoked(own).is_none()
    }

    fn install(&self, waiting: &Waiting, own: &Identity) -> Result<(), StoreError> {
        let certificate = own.key.certificate().clone();
        for key in waiting.key.certified(&[certificate], own.key.chain()) {
            self.identities.store().put(&waiting.account, &key.to_bytes())?;
        }
        match self.answers.store.remove(&waiting.id) {
            // By other hands meanwhile.
            Err(StoreError::Absent) => Ok(()),
            other => other,
        }
    }

    /// Whether this certificate has not been told of; it has then.
    fn is_new(&self, waiting: &Waiting, serial: &str) -> Result<bool, StoreError> {
        let told = self.answers.store.note(&waiting.id, KeyNote::Told)?;
        if told.is_some_and(|told| told == serial) {
            return Ok(false);
        }
        self.answers.store.put_note(&waiting.id, KeyNote::Told, serial)?;
        Ok(true)
    }
}
