//! What the journal has not taken, on its way into it: in the reserve at once, so that the end of the program takes nothing along;
//! what finds no room there waits in memory, and a file beside the journal takes what is too much; what nothing takes is counted.

use super::file::OnDisk;
use super::lost::Lost;
use super::pen::{Pen, Waiting};
use super::reserve::Reserve;
use super::{cut, lines};
use crate::base::limits::JOURNAL_WAITING_MAX;
use crate::store::{Home, Secrets, StoreError};

impl Pen {
    /// Whoever ends without having written it leaves it here.
    pub(super) fn keep_what_waits(&mut self, home: &Home) {
        self.take_reserve(home);
        if let Some(reserve) = &mut self.reserve {
            for waiting in self.waiting.iter_mut().filter(|waiting| !waiting.is_kept) {
                waiting.is_kept = reserve.keep(&waiting.entry);
            }
        }
        self.lay_beside(home, JOURNAL_WAITING_MAX);
        self.tell_reserve();
    }

    /// At the end of the program: what could not be written until then lies beside the journal, or is counted.
    pub(super) fn settle(&mut self, home: &Home, secrets: Option<&Secrets>) {
        if self.write_queued(home, secrets).is_err() {
            self.lay_beside(home, 0);
            self.tell_reserve();
            self.waiting.clear();
            // What stands in the reserve is for whoever opens it next.
            if self.reserve.take().is_some() {
                self.lost = Lost::default();
            }
        }
        self.reserve = None;
    }

    /// What waits, beyond so many, is written as lines into a file that the next writer takes over.
    fn lay_beside(&mut self, home: &Home, most: usize) {
        while self.waiting.len() > most
            && let Some(first) = self.waiting.iter().position(|waiting| !waiting.is_kept)
            && let Some(Waiting { entry, .. }) = self.waiting.remove(first)
        {
            if let Err(error) = lines::lay(home, &entry) {
                tracing::error!(%error, "an entry of the journal that could not be written is lost");
                let since = cut::time(&entry).unwrap_or_default();
                self.lost.add(&since);
                self.all_lost.add(&since);
            }
        }
    }

    /// The reserve that is there; what another process has left in it waits from now on, ahead of all else.
    pub(super) fn take_reserve(&mut self, home: &Home) {
        if self.reserve.is_some() {
            return;
        }
        match Reserve::open(home) {
            Ok(Some((reserve, found))) => {
                self.reserve = Some(reserve);
                self.lost.join(&found.lost);
                self.all_lost.join(&found.lost);
                for entry in found.entries.into_iter().rev() {
                    self.waiting.push_front(Waiting {
                        entry,
                        when: OnDisk::Now,
                        is_kept: true,
                    });
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the reserve of the journal could not be read"),
        }
    }

    /// While there is room; by whoever has the key of the home, and stays.
    pub(super) fn make_reserve(&mut self, home: &Home, secrets: Option<&Secrets>) {
        if secrets.is_none() {
            return;
        }
        let made = match &mut self.reserve {
            Some(reserve) => reserve.fill().map_err(StoreError::write(&home.journal_reserve())),
            None if home.journal_reserve().exists() => Ok(()),
            None => Reserve::make(home).map(|made| self.reserve = made),
        };
        if let Err(error) = made {
            tracing::warn!(%error, "the reserve of the journal could not be made");
        }
    }

    /// Everything is in the journal.
    pub(super) fn wipe_reserve(&mut self) {
        if let Some(reserve) = &mut self.reserve
            && let Err(error) = reserve.wipe()
        {
            tracing::warn!(%error, "the reserve of the journal could not be made empty");
        }
    }

    /// What stands nowhere on the disk, where a full one can still say so.
    fn tell_reserve(&mut self) {
        let Some(reserve) = &mut self.reserve else { return };
        let mut memory = Lost::default();
        for waiting in self.waiting.iter().filter(|waiting| !waiting.is_kept) {
            memory.add(&cut::time(&waiting.entry).unwrap_or_default());
        }
        if let Err(error) = reserve.tell(&self.lost, &memory) {
            tracing::error!(%error, "what the journal has lost could not be told");
        }
    }
}
