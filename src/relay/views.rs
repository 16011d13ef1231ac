//! Views in memory: bounded by octets, the least recently used one goes first, wiped as they go.

use super::port::MessageKey;
use crate::view::View;
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
    views: HashMap<MessageKey, (Arc<View>, u64)>,
    octets: usize,
    turn: u64,
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
        let (view, used) = held.views.get_mut(key)?;
        *used = turn;
        Some(Arc::clone(view))
    }

    /// Keeps a View and returns the one to serve: when two connections opened the same message, the first stays.
    pub fn keep(&self, key: &MessageKey, view: Arc<View>) -> Arc<View> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((present, _)) = held.views.get(key) {
            return Arc::clone(present);
        }
        if view.bytes().len() <= self.bound {
            held.turn += 1;
            let turn = held.turn;
            held.octets += view.bytes().len();
            held.views.insert(key.clone(), (Arc::clone(&view), turn));
            held.shrink(self.bound);
        }
        view
    }

    /// Forgets every View.
    pub fn wipe(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::default();
    }
}

impl Held {
    fn shrink(&mut self, bound: usize) {
        while self.octets > bound {
            let Some(oldest) = self.views.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some((view, _)) = self.views.remove(&oldest) {
                self.octets -= view.bytes().len();
            }
        }
    }
}
