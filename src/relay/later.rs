//! What serves later questions only - lists after a restart, searches, what the journal says was read - is written behind the
//! answer that it was learnt from, many messages together. Whoever asks for any of it waits until it is written.

use super::port::{Indexed, MessageKey, Place};
use super::seals;
use crate::base::limits::{LATER_MAX, LATER_MILLISECONDS};
use crate::store::{Fields, Index, Journal, StoreError};
use crate::text::Explain;
use crate::view::searchable::Searchable;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use zeroize::Zeroizing;

/// What is kept of a message once it has been shown.
pub(super) enum Learnt {
    /// The fields that its View changes.
    Fields(Zeroizing<Vec<u8>>),
    /// Its text.
    Text(Searchable),
    /// That it was opened: the entry is in the journal's queue.
    Opened,
}

impl Learnt {
    fn octets(&self) -> usize {
        match self {
            Self::Fields(octets) => octets.len(),
            Self::Text(text) => text.octets().len(),
            Self::Opened => 0,
        }
    }
}

/// Where it comes to.
#[derive(Debug)]
struct Stores {
    fields: Arc<Fields>,
    index: Arc<Index>,
    journal: Journal,
}

/// A thread that writes, begun when there is something to write.
pub(super) struct Later {
    shared: Arc<Shared>,
    thread: OnceLock<Option<JoinHandle<()>>>,
}

struct Shared {
    stores: Stores,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(MessageKey, Learnt)>,
    octets: usize,
    is_writing: bool,
    /// Somebody waits for it.
    is_wanted: bool,
    is_over: bool,
}

impl Later {
    pub(super) fn new(fields: &Arc<Fields>, index: &Arc<Index>, journal: &Journal) -> Self {
        let stores = Stores {
            fields: Arc::clone(fields),
            index: Arc::clone(index),
            journal: journal.clone(),
        };
        let shared = Shared {
            stores,
            queue: Mutex::default(),
            changed: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            thread: OnceLock::new(),
        }
    }

    /// Keeps what was learnt of a message.
    pub(super) fn keep(&self, key: &MessageKey, learnt: Learnt) {
        if !self.is_at_work() {
            return self.shared.stores.write(&[(key.clone(), learnt)]);
        }
        let mut queue = self.shared.lock();
        queue.octets += learnt.octets();
        queue.waiting.push((key.clone(), learnt));
        let is_full = queue.octets > LATER_MAX;
        // Who gathers is not woken for each.
        if queue.waiting.len() == 1 || is_full {
            self.shared.changed.notify_all();
        }
        drop(queue);
        if is_full {
            self.settle();
        }
    }

    /// Waits until all is written.
    pub(super) fn settle(&self) {
        let mut queue = self.shared.lock();
        while queue.is_writing || !queue.waiting.is_empty() {
            if !queue.is_wanted {
                queue.is_wanted = true;
                self.shared.changed.notify_all();
            }
            queue = self.shared.wait(queue);
        }
    }

    /// Where no thread can be had, who learns writes.
    fn is_at_work(&self) -> bool {
        let begin = || {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new().name("later".to_owned()).spawn(move || shared.work()).ok()
        };
        self.thread.get_or_init(begin).is_some()
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take().flatten() {
            // It writes what waits; were it to panic, there is nothing left to do here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut queue = self.lock();
        loop {
            if !queue.waiting.is_empty() {
                queue = self.gathered(queue);
                let batch = std::mem::take(&mut queue.waiting);
                (queue.octets, queue.is_writing) = (0, true);
                drop(queue);
                self.stores.write(&batch);
                drop(batch);
                queue = self.lock();
                (queue.is_writing, queue.is_wanted) = (false, false);
                self.changed.notify_all();
            } else if queue.is_over {
                return;
            } else {
                queue = self.wait(queue);
            }
        }
    }

    /// A moment for others to come.
    fn gathered<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        let moment = Duration::from_millis(LATER_MILLISECONDS);
        let is_waiting = |queue: &mut Queue| !(queue.is_wanted || queue.is_over || queue.octets > LATER_MAX);
        let (queue, _) = self
            .changed
            .wait_timeout_while(queue, moment, is_waiting)
            .unwrap_or_else(PoisonError::into_inner);
        queue
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stores {
    /// What cannot be written hides no mail: a list opens the message again, a search is the provider's.
    fn write(&self, batch: &[(MessageKey, Learnt)]) {
        if let Err(error) = self.journal.write_queued() {
            tracing::error!(%error, "the journal could not be written");
        }
        let places: Vec<(Vec<u8>, &Zeroizing<Vec<u8>>)> = batch
            .iter()
            .filter_map(|(key, learnt)| match learnt {
                Learnt::Fields(octets) => Some((seals::place(key), octets)),
                Learnt::Text(_) | Learnt::Opened => None,
            })
            .collect();
        let names: Vec<[&[u8]; 1]> = places.iter().map(|(place, _)| [place.as_slice()]).collect();
        let fields = names.iter().zip(&places).map(|(name, (_, octets))| (&name[..], octets.as_slice()));
        told(self.fields.put_all(fields));
        let texts: Vec<(Indexed<'_>, u32, &[u8])> = batch.iter().filter_map(text_of).collect();
        for of_one_mailbox in texts.chunk_by(|a, b| a.0 == b.0) {
            if let [(place, ..), ..] = of_one_mailbox {
                told(self.index.put_all(place, of_one_mailbox.iter().map(|(_, uid, text)| (*uid, *text))));
            }
        }
    }
}

fn text_of((key, learnt): &(MessageKey, Learnt)) -> Option<(Indexed<'_>, u32, &[u8])> {
    let (Learnt::Text(text), Place::Mailbox { mailbox, uidvalidity, uid }) = (learnt, &key.place) else {
        return None;
    };
    let place = Indexed {
        account: &key.account,
        mailbox,
        uidvalidity: *uidvalidity,
    };
    Some((place, *uid, text.octets()))
}

fn told(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::warn!(code = error.explain().code, %error, "what was learnt of messages could not be kept");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Home, Secrets};

    fn key(uid: u32) -> MessageKey {
        MessageKey {
            account: "a@b.fr".into(),
            place: Place::Mailbox {
                mailbox: "INBOX".into(),
                uidvalidity: 1,
                uid,
            },
        }
    }

    fn fields(text: &str) -> Learnt {
        Learnt::Fields(text.as_bytes().to_vec().into())
    }

    fn known(fields: &Fields, uid: u32) -> Option<Vec<u8>> {
        let known = fields.of(&[&seals::place(&key(uid))]).unwrap()?;
        Some(known.expose().iter().copied().take_while(|b| *b != 0).collect())
    }

    #[test]
    fn what_was_learnt_is_there_for_who_asks_and_after_the_end() {
        let guard = tempfile::tempdir().unwrap();
        let (home, secrets) = (Home::open(guard.path()).unwrap(), Secrets::ephemeral().unwrap());
        let kept = Arc::new(Fields::new(&home, &secrets));
        let later = Later::new(&kept, &Arc::new(Index::new(&home, &secrets)), &Journal::new(&home, &secrets));
        for uid in 1..100 {
            later.keep(&key(uid), fields(&format!("Subject: {uid}")));
        }
        later.settle();
        assert!((1..100).all(|uid| known(&kept, uid) == Some(format!("Subject: {uid}").into_bytes())));
        // More than waits at once.
        for uid in 1..4 {
            later.keep(&key(uid), fields(&"x".repeat(LATER_MAX - 1)));
        }
        later.keep(&key(1), fields("the last counts"));
        drop(later);
        assert_eq!(known(&Fields::new(&home, &secrets), 1).as_deref(), Some(&b"the last counts"[..]));
    }
}
