//! Somebody else's file, as it was seen last: who is let in, and the certificates by which the mail is known.

use super::HeldError;
use super::file::{certificate_set, certificates_of};
use super::lock::{HeldLock, lock};
use crate::pki::Certificate;
use crate::smime::lockbox::Lockbox;
use crate::text::{Explain, Explanation, held as say};
use std::sync::Arc;

/// What the last look at somebody else's file has told.
#[derive(Default)]
pub(super) enum Sight {
    #[default]
    NotYet,
    Readable(Arc<Lockbox>, Vec<u8>),
    OutOfReach(Explanation),
}

/// Why there is no certificate by which mail of somebody else's account is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// The file is there and names no key of the user's: he was let in and is not any more, or never was.
    NotForUs(Explanation),
    /// Neither the file nor what was noted of it can be read: nothing is said of the mail.
    CannotSay(Explanation),
}

/// What the next look is to ask again, though it may see the same.
#[derive(Default)]
pub(super) struct Doubt {
    /// Why nobody could say by which certificates the mail is known.
    cannot_say: Option<Explanation>,
    /// What was known should have gone, and the disk did not take it.
    is_kept: bool,
}

impl HeldLock {
    /// Takes what a look has told. Whether it is new.
    pub(super) fn see(&self, now: Sight) -> bool {
        let is_in_doubt = {
            let doubt = lock(&self.doubt);
            doubt.is_kept || doubt.cannot_say.is_some()
        };
        let mut sight = lock(&self.sight);
        let is_same = match (&*sight, &now) {
            (Sight::Readable(_, before), Sight::Readable(_, now)) => before == now,
            (Sight::OutOfReach(before), Sight::OutOfReach(now)) => before == now,
            _ => false,
        };
        *sight = now;
        !is_same || is_in_doubt
    }

    /// The certificates by which mail of somebody else's account is known, as far as its file lets the user in. Without the file,
    /// those that it had: its mail waits for it.
    pub fn known(&self) -> Result<Vec<Certificate>, Unknown> {
        let known = self.known_now();
        lock(&self.doubt).cannot_say = match &known {
            Err(Unknown::CannotSay(why)) => Some(why.clone()),
            Ok(_) | Err(Unknown::NotForUs(_)) => None,
        };
        known
    }

    fn known_now(&self) -> Result<Vec<Certificate>, Unknown> {
        let file = match &*lock(&self.sight) {
            Sight::Readable(file, _) => Ok(Arc::clone(file)),
            Sight::OutOfReach(why) => Err(why.clone()),
            Sight::NotYet => Err(self.no_file()),
        };
        match file {
            Ok(file) if self.lets_in(&file) => {
                self.note_seen(&file);
                Ok(file.owner.clone())
            }
            Ok(_) => Err(Unknown::NotForUs(HeldError::NotForUs(self.account.clone()).explain())),
            Err(why) => {
                let seen = self.places.seen(&self.account).unwrap_or_else(|error| {
                    tracing::warn!(%error, "what a delegate may read could not be looked up");
                    None
                });
                seen.map(|set| certificates_of(&set)).ok_or(Unknown::CannotSay(why))
            }
        }
    }

    /// For the day on which the file is out of reach; what cannot be read then is written anew.
    fn note_seen(&self, file: &Lockbox) {
        let set = certificate_set(&file.owner);
        if self.places.seen(&self.account).is_ok_and(|seen| seen.as_ref() == Some(&set)) {
            return;
        }
        let kept = self.places.put_seen(&self.account, &set);
        kept.unwrap_or_else(|error| tracing::warn!(%error, "what a delegate may read could not be noted"));
    }

    /// Why nobody can say by which certificates the mail is known, if nobody could when that was asked last.
    pub fn cannot_say(&self) -> Option<Explanation> {
        lock(&self.doubt).cannot_say.clone()
    }

    /// Nobody is let in any more: what was known of it goes. Whether anything was; what the disk does not take is tried again.
    pub fn forget(&self) -> bool {
        self.close();
        let forgotten = self.places.forget_seen(&self.account);
        lock(&self.doubt).is_kept = forgotten.is_err();
        forgotten.unwrap_or_else(|error| {
            tracing::warn!(%error, "what a delegate might read could not be forgotten");
            false
        })
    }

    pub(super) fn no_file(&self) -> Explanation {
        say::no_file(&self.account, &self.path.display().to_string())
    }

    fn lets_in(&self, file: &Lockbox) -> bool {
        lock(&self.openers).iter().any(|opener| file.is_for(opener.key.certificate()))
    }
}
