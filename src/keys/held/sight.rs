//! Somebody else's file, as it was seen last: who is let in, and the certificates by which the mail is known.

use super::file::{certificate_set, certificates_of, read};
use super::lock::{HeldLock, imprint, lock};
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

impl HeldLock {
    /// Looks at somebody else's file; may block for as long as its disk does. Whether it tells something new.
    pub fn look(&self) -> bool {
        let now = match read(&self.account, &self.path) {
            Ok((file, octets)) => Sight::Readable(Arc::new(file), imprint(&octets)),
            Err(error) => Sight::OutOfReach(error.explain()),
        };
        self.see(now)
    }

    /// The look takes too long: whether anybody is still let in cannot be said. Whether that is new.
    pub fn cannot_look(&self) -> bool {
        let why = say::no_file(&self.account, &self.path.display().to_string());
        self.see(Sight::OutOfReach(why))
    }

    fn see(&self, now: Sight) -> bool {
        let mut sight = lock(&self.sight);
        let is_same = match (&*sight, &now) {
            (Sight::Readable(_, before), Sight::Readable(_, now)) => before == now,
            (Sight::OutOfReach(before), Sight::OutOfReach(now)) => before == now,
            _ => false,
        };
        *sight = now;
        !is_same
    }

    /// The certificates by which mail of somebody else's account is known, as far as its file lets the user in. Without the file,
    /// those that it had: its mail waits for it. `Err`: the user was let in, and is not any more, or never was.
    pub fn known(&self) -> Result<Vec<Certificate>, Explanation> {
        let file = match &*lock(&self.sight) {
            Sight::Readable(file, _) => Some(Arc::clone(file)),
            Sight::NotYet | Sight::OutOfReach(_) => None,
        };
        let seen = self.places.seen(&self.account).map_err(|e| e.explain())?;
        match file {
            Some(file) if self.lets_in(&file) => {
                let set = certificate_set(&file.owner);
                if seen.as_ref() != Some(&set) {
                    let kept = self.places.put_seen(&self.account, &set);
                    kept.unwrap_or_else(|error| tracing::warn!(%error, "what a delegate may read could not be noted"));
                }
                Ok(file.owner.clone())
            }
            Some(_) => Err(say::not_for_you(&self.account)),
            None => Ok(seen.map(|set| certificates_of(&set)).unwrap_or_default()),
        }
    }

    /// Nobody is let in any more: what was known of it goes. Whether anything was.
    pub fn forget(&self) -> bool {
        let mut open = lock(&self.open);
        open.has_closed |= open.held.take().is_some();
        drop(open);
        self.places.forget_seen(&self.account).unwrap_or_else(|error| {
            tracing::warn!(%error, "what a delegate might read could not be forgotten");
            false
        })
    }

    fn lets_in(&self, file: &Lockbox) -> bool {
        lock(&self.openers).iter().any(|opener| file.is_for(opener.key.certificate()))
    }
}
