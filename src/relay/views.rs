//! Views in memory: bounded by octets, the least recently used one goes first, wiped as they go.

use super::port::MessageKey;
use crate::view::View;
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The cache. A View that is larger than the whole bound is not kept.
#[derive(Debug)]
pub struct Views {
    bound: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    views: HashMap<MessageKey, Kept>,
    octets: usize,
    turn: u64,
}

#[derive(Debug)]
struct Kept {
    view: Arc<View>,
    /// Of which stored octets it is the View.
    imprint: [u8; 32],
    used: u64,
}

impl Views {
    /// An empty cache of at most `bound` octets.
    pub fn new(bound: usize) -> Self {
        Self {
            bound,
            held: Mutex::default(),
        }
    }

    /// The View, if it is here.
    pub fn find(&self, key: &MessageKey) -> Option<Arc<View>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.turn += 1;
        let turn = held.turn;
        let kept = held.views.get_mut(key)?;
        kept.used = turn;
        Some(Arc::clone(&kept.view))
    }

    /// The View of these octets, if it is here: a server that gives their name to others does not get their View.
    pub fn find_of(&self, key: &MessageKey, stored: &[u8]) -> Option<Arc<View>> {
        let imprint = imprint(stored);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let same = held.views.get(key).is_some_and(|kept| kept.imprint == imprint);
        drop(held);
        self.find(key).filter(|_| same)
    }

    /// Keeps a View and returns the one to serve: when two connections opened the same message, the first stays.
    pub fn keep(&self, key: &MessageKey, stored: &[u8], view: Arc<View>) -> Arc<View> {
        let imprint = imprint(stored);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.views.get(key) {
            Some(kept) if kept.imprint == imprint => return Arc::clone(&kept.view),
            Some(_) => held.forget(key),
            None => {}
        }
        if view.bytes().len() <= self.bound {
            held.turn += 1;
            let kept = Kept {
                view: Arc::clone(&view),
                imprint,
                used: held.turn,
            };
            held.octets += view.bytes().len();
            held.views.insert(key.clone(), kept);
            held.shrink(self.bound);
        }
        view
    }

    /// Forgets every View.
    pub fn wipe(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::default();
    }
}

/// What tells a message from another: its length and both its ends. Whoever puts one in the place of another has the other
/// one shown as it was at worst, never this one.
fn imprint(stored: &[u8]) -> [u8; 32] {
    const END: usize = 64 << 10;
    let (head, tail) = (&stored[..stored.len().min(END)], &stored[stored.len().saturating_sub(END)..]);
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&stored.len().to_be_bytes());
    context.update(head);
    context.update(tail);
    let mut octets = [0; 32];
    octets.copy_from_slice(context.finish().as_ref());
    octets
}

impl Held {
    fn shrink(&mut self, bound: usize) {
        while self.octets > bound {
            let Some(oldest) = self.views.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| key.clone()) else {
                return;
            };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &MessageKey) {
        if let Some(kept) = self.views.remove(key) {
            self.octets -= kept.view.bytes().len();
        }
    }
}
