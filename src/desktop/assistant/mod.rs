//! From nothing to a sealed letter: address, servers, key, configuration, mail program, a test letter.
//!
//! `draft` how far it has come, `discover` servers proposed, `attempt` tried, `take_up` the configuration written, `trial` a letter to oneself, `refusal` why it was not taken, `talk` the
//! little SMTP and IMAP that these need. Passwords are used for the one connection that they were typed for, and kept nowhere.

pub(super) mod attempt;
pub(super) mod discover;
mod draft;
pub(super) mod refusal;
pub(super) mod take_up;
mod talk;
pub(super) mod trial;

pub(super) use draft::{Draft, Known, Place, Step};

use crate::base::limits::ASSISTANT_FILE_MAX;
use crate::store::{Home, StoreError, atomic};
use discover::Offer;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use trial::Trials;

/// How far a set-up has come; its draft waits in the home, and holds no secret.
pub(super) struct Assistant {
    file: PathBuf,
    draft: Mutex<Draft>,
    /// What was found for the address of the draft.
    offers: Mutex<Vec<Offer>>,
    pub(super) trials: Arc<Trials>,
}

impl Assistant {
    /// That of a home; one that cannot be read is begun anew.
    pub(super) fn of(home: &Home) -> Self {
        let file = home.assistant();
        let octets = atomic::read(&file, ASSISTANT_FILE_MAX).ok().flatten().unwrap_or_default();
        Self {
            draft: Mutex::new(serde_json::from_slice(&octets).unwrap_or_default()),
            file,
            offers: Mutex::default(),
            trials: Arc::default(),
        }
    }

    /// As far as it has come.
    pub(super) fn draft(&self) -> Draft {
        self.held().clone()
    }

    /// Changes it, here and in the home.
    pub(super) fn change(&self, change: impl FnOnce(&mut Draft)) -> Result<(), StoreError> {
        let mut held = self.held();
        let mut changed = held.clone();
        change(&mut changed);
        if changed != *held {
            // Text and numbers: nothing that JSON could not say.
            atomic::write(&self.file, &serde_json::to_vec(&changed).unwrap_or_default())?;
            *held = changed;
        }
        Ok(())
    }

    /// What was found.
    pub(super) fn offers(&self) -> Vec<Offer> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// See [`Assistant::offers`].
    pub(super) fn found(&self, offers: Vec<Offer>) {
        *self.offers.lock().unwrap_or_else(PoisonError::into_inner) = offers;
    }

    fn held(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
