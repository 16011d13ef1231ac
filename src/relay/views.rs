//! Views in memory: bounded by octets, the least recently used one goes first, wiped as they go.

use super::identities::Identity;
use super::port::MessageKey;
use crate::base::UnixTime;
use crate::view::View;
use aws_lc_rs::digest;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The cache. A View that is larger than the whole bound is not kept.
#[derive(Debug)]
pub struct Views {
    bound: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    views: HashMap<MessageKey, Kept>,
    /// By their last use: with a hundred thousand short messages the oldest is not looked for among them.
    order: BTreeMap<u64, MessageKey>,
    octets: usize,
    turn: u64,
    epoch: u64,
}

#[derive(Debug)]
struct Kept {
    view: Arc<View>,
    /// Of which stored octets it is the View.
    imprint: Imprint,
    lasts: Lasts,
    used: u64,
}

/// The keys of a home at one time.
pub type KeyRing = Arc<Vec<Identity>>;

/// How long a View is the right one.
#[derive(Clone, Debug)]
pub enum Lasts {
    /// For good.
    ForGood,
    /// It says that no key of these opens the message.
    While(KeyRing),
    /// Until then: a card is required for each reading.
    Until(UnixTime),
}

impl Views {
    /// An empty cache of at most `bound` octets.
    pub fn new(bound: usize) -> Self {
        Self {
            bound,
            held: Mutex::default(),
        }
    }

    /// The View, if it is here, and right by the keys that are there now.
    pub fn find(&self, key: &MessageKey, now: UnixTime, keys: impl FnOnce() -> Option<KeyRing>) -> Option<Arc<View>> {
        let (view, lasts) = self.used(key)?;
        let is_right = match lasts {
            Lasts::ForGood => true,
            // Keys that cannot be read now open nothing more.
            Lasts::While(then) => keys().is_none_or(|now| Arc::ptr_eq(&then, &now)),
            Lasts::Until(end) => now < end,
        };
        if !is_right {
            self.held().forget(key);
        }
        Some(view).filter(|_| is_right)
    }

    fn used(&self, key: &MessageKey) -> Option<(Arc<View>, Lasts)> {
        let mut held = self.held();
        let Held { views, order, turn, .. } = &mut *held;
        let kept = views.get_mut(key)?;
        *turn += 1;
        let key = order.remove(&kept.used)?;
        order.insert(*turn, key);
        kept.used = *turn;
        Some((Arc::clone(&kept.view), kept.lasts.clone()))
    }

    /// The same, if it is that of these octets: a server that gives their name to others does not get their View.
    pub fn find_of(&self, key: &MessageKey, stored: &[u8], now: UnixTime, keys: impl FnOnce() -> Option<KeyRing>) -> Option<Arc<View>> {
        let imprint = self.held().views.get(key).map(|kept| kept.imprint)?;
        (imprint == Imprint::of(stored)).then(|| self.find(key, now, keys)).flatten()
    }

    /// Keeps a View and returns the one to serve: when two connections opened the same message, the first stays. What began
    /// before a wipe is served, and not kept.
    pub fn keep(&self, key: &MessageKey, epoch: u64, imprint: Imprint, view: Arc<View>, lasts: Lasts) -> Arc<View> {
        let mut held = self.held();
        if held.epoch != epoch {
            return view;
        }
        match held.views.get(key) {
            Some(kept) if kept.imprint == imprint => return Arc::clone(&kept.view),
            Some(_) => held.forget(key),
            None => {}
        }
        if view.bytes().len() <= self.bound {
            held.turn += 1;
            held.octets += view.bytes().len();
            let kept = Kept {
                view: Arc::clone(&view),
                imprint,
                lasts,
                used: held.turn,
            };
            held.order.insert(kept.used, key.clone());
            held.views.insert(key.clone(), kept);
            held.shrink(self.bound);
        }
        view
    }

    /// Another one after each wipe: what was begun before is not kept after.
    pub fn epoch(&self) -> u64 {
        self.held().epoch
    }

    /// Forgets every View.
    pub fn wipe(&self) {
        let mut held = self.held();
        *held = Held {
            epoch: held.epoch.wrapping_add(1),
            ..Held::default()
        };
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells a message from another: its length and both its ends. Whoever puts one in the place of another has the other
/// one shown as it was at worst, never this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Imprint([u8; 32]);

impl Imprint {
    /// Of a stored message.
    pub fn of(stored: &[u8]) -> Self {
        const END: usize = 8 << 10;
        let (head, rest) = stored.split_at(stored.len().min(END));
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&stored.len().to_be_bytes());
        context.update(head);
        context.update(&rest[rest.len().saturating_sub(END)..]);
        let mut octets = [0; 32];
        octets.copy_from_slice(context.finish().as_ref());
        Self(octets)
    }
}

impl Held {
    fn shrink(&mut self, bound: usize) {
        while self.octets > bound {
            let Some((_, oldest)) = self.order.pop_first() else { return };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &MessageKey) {
        if let Some(kept) = self.views.remove(key) {
            self.order.remove(&kept.used);
            self.octets -= kept.view.bytes().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;

    const NOW: UnixTime = UnixTime(1_795_400_000);

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

    fn view(octets: usize) -> Arc<View> {
        Arc::new(View::of(vec![b' '; octets]))
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let views = Views::new(100);
        let find = |uid| views.find(&key(uid), NOW, || None).is_some();
        for uid in 1..=3 {
            views.keep(&key(uid), 0, Imprint::of(b""), view(30), Lasts::ForGood);
        }
        assert!(find(1));
        views.keep(&key(4), 0, Imprint::of(b""), view(30), Lasts::ForGood);
        assert_eq!([find(1), find(2), find(3), find(4)], [true, false, true, true]);
        views.keep(&key(5), 0, Imprint::of(b""), view(101), Lasts::ForGood);
        assert_eq!([find(1), find(5)], [true, false]);
    }

    #[test]
    fn what_began_before_a_wipe_is_not_kept_after_it() {
        let views = Views::new(100);
        let epoch = views.epoch();
        views.wipe();
        assert_eq!(
            views.keep(&key(1), epoch, Imprint::of(b""), view(10), Lasts::ForGood).bytes().len(),
            10
        );
        assert!(views.find(&key(1), NOW, || None).is_none());
        views.keep(&key(1), views.epoch(), Imprint::of(b""), view(10), Lasts::ForGood);
        assert!(views.find(&key(1), NOW, || None).is_some());
    }

    #[test]
    fn other_octets_under_one_name_are_another_message() {
        let views = Views::new(100);
        views.keep(&key(1), 0, Imprint::of(b"a"), view(10), Lasts::ForGood);
        assert!(views.find_of(&key(1), b"a", NOW, || None).is_some());
        assert!(views.find_of(&key(1), b"b", NOW, || None).is_none());
        assert_eq!(
            views.keep(&key(1), 0, Imprint::of(b"b"), view(20), Lasts::ForGood).bytes().len(),
            20
        );
        assert_eq!(views.held().octets, 20);
    }

    #[test]
    fn what_no_key_opened_is_forgotten_when_there_is_another_key() {
        let views = Views::new(100);
        let (then, now) = (KeyRing::default(), Arc::new(Vec::with_capacity(1)));
        views.keep(&key(1), 0, Imprint::of(b""), view(10), Lasts::While(Arc::clone(&then)));
        assert!(views.find(&key(1), NOW, || Some(Arc::clone(&then))).is_some());
        assert!(views.find(&key(1), NOW, || None).is_some());
        assert!(views.find(&key(1), NOW, || Some(Arc::clone(&now))).is_none());
        assert!(views.find(&key(1), NOW, || Some(then)).is_none());
        assert_eq!(views.held().octets, 0);
    }

    #[test]
    fn what_a_card_has_opened_leaves_when_its_time_is_over() {
        let views = Views::new(100);
        views.keep(&key(1), 0, Imprint::of(b""), view(10), Lasts::Until(NOW.plus(60)));
        assert!(views.find(&key(1), NOW.plus(59), || None).is_some());
        assert!(views.find(&key(1), NOW.plus(60), || None).is_none());
        assert_eq!(views.held().octets, 0);
    }
}
