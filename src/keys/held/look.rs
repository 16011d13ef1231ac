//! A look at somebody else's file, on a thread of its own: the folder of the network that it may stand in may hang. Each file has its
//! own, so that one that hangs is nobody else's.

use super::file::read;
use super::lock::{HeldLock, imprint, lock};
use super::sight::Sight;
use crate::base::limits::HELD_LOOK_MILLISECONDS;
use crate::text::Explain;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The looks at one file: one at a time, however many ask.
#[derive(Default)]
pub(super) struct Looks {
    turn: Mutex<Turn>,
    ended: Condvar,
}

#[derive(Default)]
struct Turn {
    /// Since when somebody looks.
    since: Option<Instant>,
    /// Looks that have ended.
    count: u64,
    /// How often something new was told.
    news: u64,
}

/// A look that was asked for.
pub struct Look {
    lock: Arc<HeldLock>,
    /// As many have ended when it has.
    wanted: u64,
    until: Instant,
}

const PATIENCE: Duration = Duration::from_millis(HELD_LOOK_MILLISECONDS);

impl HeldLock {
    /// Asks for a look at somebody else's file that begins from now on.
    pub fn ask_look(self: &Arc<Self>) -> Look {
        let mut turn = lock(&self.looks.turn);
        let wanted = turn.count + 1 + u64::from(turn.since.is_some());
        if turn.since.is_none() {
            self.begin_look(&mut turn);
        }
        Look {
            lock: Arc::clone(self),
            wanted,
            until: Instant::now() + PATIENCE,
        }
    }

    /// Another number when a look has told something new.
    pub fn news(&self) -> u64 {
        lock(&self.looks.turn).news
    }

    fn begin_look(self: &Arc<Self>, turn: &mut Turn) {
        let held = Arc::clone(self);
        let begun: io::Result<_> = thread::Builder::new().name("look".to_owned()).spawn(move || {
            let now = match read(&held.account, &held.path) {
                Ok((file, octets)) => Sight::Readable(Arc::new(file), imprint(&octets)),
                Err(error) => Sight::OutOfReach(error.explain()),
            };
            let mut turn = lock(&held.looks.turn);
            turn.since = None;
            turn.count += 1;
            turn.news += u64::from(held.see(now));
            held.looks.ended.notify_all();
        });
        turn.since = begun.is_ok().then(Instant::now);
    }
}

impl Look {
    /// Waits a moment for its end. Where that is not enough nobody can say whether the user is still let in, and he is not.
    pub fn wait(self) {
        let looks = &self.lock.looks;
        let mut turn = lock(&looks.turn);
        while turn.count < self.wanted {
            if turn.since.is_none() {
                self.lock.begin_look(&mut turn);
            }
            // One that is known to hang is not waited for by each who comes.
            let until = turn.since.map(|since| self.until.min(since + PATIENCE));
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let Some(left) = left.filter(|left| !left.is_zero()) else {
                turn.news += u64::from(self.lock.see(Sight::OutOfReach(self.lock.no_file())));
                return;
            };
            turn = looks.ended.wait_timeout(turn, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
