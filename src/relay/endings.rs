//! Own certificates that end soon: told thirty, fifteen and seven days before, each once, over restarts too.

use super::Relay;
use super::happened::Happened;
use crate::base::UnixTime;
use crate::keys::shelf::Shelved;
use crate::pki::life;
use crate::store::{Event, JournalEntry, KeyNote};

impl Relay {
    /// Tells what is due and has not been told. Where the keys are locked nobody is asked for them: there is another hour.
    pub fn tell_endings(&self) {
        self.tell_endings_at(self.now());
    }

    fn tell_endings_at(&self, now: UnixTime) {
        if !self.gate.is_open() {
            return;
        }
        match self.identities.shelved() {
            Ok(all) => {
                all.iter().for_each(|key| self.tell_ending(key, &all, now));
                tracing::debug!(keys = all.len(), "the ends of own certificates were looked at");
            }
            Err(why) => tracing::warn!(code = why.code, "the ends of own certificates could not be looked at"),
        }
    }

    fn tell_ending(&self, key: &Shelved, all: &[Shelved], now: UnixTime) {
        let certificate = key.certificate();
        let Some(notice) = life::news(certificate.not_after(), now, key.told) else {
            return;
        };
        let Some(said) = key.warning(all, now) else { return };
        tracing::warn!(account = %key.account, code = said.code, "{}", said.fr.what);
        self.note(&JournalEntry {
            certificates: vec![certificate.serial_hex()],
            ..JournalEntry::new(now, Event::Key, &key.account, said.code)
        });
        if let Some(days) = life::days_left(certificate.not_after(), now) {
            self.tell(Happened::EndsSoon(key.account.clone(), days));
        }
        if let Err(error) = self.identities.store().put_note(&key.id, KeyNote::Told, notice.as_str()) {
            tracing::warn!(%error, "that the end of an own certificate was told could not be noted");
        }
    }
}
