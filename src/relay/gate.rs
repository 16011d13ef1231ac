//! A keyring or a card that waits for its user: asked once, whoever needs it, and not again behind the back of somebody who said no.
//!
//! A mail program that fetches a folder in the background would otherwise open a window for every message.

use crate::base::Asker;
use crate::base::limits::{KEY_LOOKED_AT_SECONDS, KEY_READER_PAUSE_SECONDS, KEY_REFUSED_SECONDS};
use crate::keys::card::{CardLock, NotOpened, Wanted};
use crate::keys::held::HeldLock;
use crate::store::{Secrets, StoreError};
use crate::text::{Explain, Explanation, card};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::time::{timeout, timeout_at};

/// What only the user can open.
pub trait Lock: Send + Sync + std::fmt::Debug {
    /// Whether the keys behind it are at hand.
    fn is_open(&self) -> bool;
    /// Asks the user; blocks for as long as he lets the window stand.
    fn unlock(&self) -> Result<(), Closed>;
    /// Looks, without a word to the user, whether other hands have opened it.
    fn looked_at(&self) -> LookedAt;
    /// What is said while nobody has answered.
    fn awaited(&self) -> Explanation;
}

/// One of which it is known whether somebody has wanted it in vain.
pub trait Door: Lock {
    /// What became of a key that was wanted a moment ago.
    fn wanted_of_late(&self) -> Option<Wanted>;
    /// The same, since then.
    fn wanted_since(&self, since: Instant) -> Option<Wanted>;
    /// Asks in front of a terminal; blocks.
    fn open_by_hand(&self) -> Result<(), Explanation>;
}

/// Why it did not open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The user is still awaited, or said no.
    Awaited(Explanation),
    /// There is a fault, which asking again does not mend.
    Fault(Explanation),
    /// There was nothing to ask him about: no card.
    NotAsked(Explanation),
}

/// What a look tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LookedAt {
    /// It is open.
    Open,
    /// It is closed yet.
    Closed,
    /// Nobody can tell without asking.
    Unknown,
}

impl Closed {
    fn why(self) -> Explanation {
        match self {
            Self::Awaited(why) | Self::Fault(why) | Self::NotAsked(why) => why,
        }
    }
}

impl Lock for Secrets {
    fn is_open(&self) -> bool {
        Secrets::is_open(self)
    }

    fn unlock(&self) -> Result<(), Closed> {
        Secrets::unlock(self).map_err(|error| match error {
            StoreError::KeyringLocked => Closed::Awaited(error.explain()),
            other => Closed::Fault(other.explain()),
        })
    }

    fn looked_at(&self) -> LookedAt {
        match self.unlock_quietly() {
            Ok(()) => LookedAt::Open,
            Err(StoreError::KeyringLocked) => LookedAt::Closed,
            Err(_) => LookedAt::Unknown,
        }
    }

    fn awaited(&self) -> Explanation {
        StoreError::KeyringLocked.explain()
    }
}

impl From<NotOpened> for Closed {
    fn from(not: NotOpened) -> Self {
        match not {
            NotOpened::NotAsked(why) => Self::NotAsked(why),
            NotOpened::Refused(why) => Self::Awaited(why),
        }
    }
}

impl Door for CardLock {
    fn wanted_of_late(&self) -> Option<Wanted> {
        CardLock::wanted_of_late(self)
    }

    fn wanted_since(&self, since: Instant) -> Option<Wanted> {
        CardLock::wanted_since(self, since)
    }

    fn open_by_hand(&self) -> Result<(), Explanation> {
        CardLock::unlock(self).map_err(NotOpened::why)
    }
}

impl Door for HeldLock {
    fn wanted_of_late(&self) -> Option<Wanted> {
        HeldLock::wanted_of_late(self)
    }

    fn wanted_since(&self, since: Instant) -> Option<Wanted> {
        HeldLock::wanted_since(self, since)
    }

    fn open_by_hand(&self) -> Result<(), Explanation> {
        HeldLock::unlock(self).map_err(NotOpened::why)
    }
}

impl Lock for HeldLock {
    fn is_open(&self) -> bool {
        HeldLock::is_open(self)
    }

    fn unlock(&self) -> Result<(), Closed> {
        Ok(HeldLock::unlock(self)?)
    }

    fn looked_at(&self) -> LookedAt {
        match HeldLock::is_open(self) {
            true => LookedAt::Open,
            false => LookedAt::Unknown,
        }
    }

    fn awaited(&self) -> Explanation {
        card::pin_awaited()
    }
}

impl Lock for CardLock {
    fn is_open(&self) -> bool {
        CardLock::is_open(self)
    }

    fn unlock(&self) -> Result<(), Closed> {
        Ok(CardLock::unlock(self)?)
    }

    /// No other hands type into our window.
    fn looked_at(&self) -> LookedAt {
        if CardLock::is_open(self) {
            LookedAt::Open
        } else {
            LookedAt::Unknown
        }
    }

    fn awaited(&self) -> Explanation {
        card::pin_awaited()
    }
}

/// The way to the keys of a home, or of a card.
#[derive(Debug)]
pub struct Gate {
    lock: Arc<dyn Lock>,
    turns: Mutex<Turns>,
    /// How many tries have ended.
    ended: watch::Sender<u64>,
}

/// Whose turn it is to ask. Times come in as values.
#[derive(Debug, Default)]
struct Turns {
    /// Since when the user is being asked.
    asking: Option<Instant>,
    /// When, and why, it did not open.
    refused: Option<Refused>,
    /// When somebody who reads was last told no.
    told: Option<Instant>,
    watch: Watch,
}

#[derive(Clone, Debug)]
struct Refused {
    at: Instant,
    why: Explanation,
    /// Whether he was asked: who was not, as long as his card was away, may be asked at once.
    asked: bool,
}

/// Whether the keyring is looked at from time to time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Watch {
    #[default]
    NotYet,
    Kept,
}

/// What somebody who needs a key does.
#[derive(Debug, PartialEq)]
enum Turn {
    /// He asks.
    Ask,
    /// The user is being asked, since then.
    Join(Instant),
    /// Nothing: the answer is known.
    Refused(Explanation),
}

impl Turns {
    fn take(&mut self, asker: Asker, now: Instant) -> Turn {
        let seen = self.seen(asker, now);
        let quiet = self.refused.as_ref().filter(|no| no.asked && now.duration_since(no.at) < REFUSED);
        match (seen, quiet, self.asking) {
            (Asker::Program, Some(no), _) => {
                let why = no.why.clone();
                self.tell(asker, now);
                Turn::Refused(why)
            }
            (_, _, Some(since)) => Turn::Join(since),
            (Asker::Reader | Asker::Sender, _, None) | (Asker::Program, None, None) => {
                self.asking = Some(now);
                Turn::Ask
            }
        }
    }

    /// Nobody reads one message after another this fast: that is a program which fetches them one by one.
    fn seen(&self, asker: Asker, now: Instant) -> Asker {
        match self.told {
            Some(at) if asker == Asker::Reader && now.duration_since(at) < READER_PAUSE => Asker::Program,
            _ => asker,
        }
    }

    fn ended(&mut self, outcome: Result<(), Closed>, now: Instant) {
        self.asking = None;
        self.refused = outcome.err().map(|closed| Refused {
            at: now,
            asked: !matches!(closed, Closed::NotAsked(_)),
            why: closed.why(),
        });
    }

    fn refuse(&mut self, why: Explanation, asker: Asker, now: Instant) {
        self.refused = Some(Refused { at: now, why, asked: true });
        self.tell(asker, now);
    }

    fn tell(&mut self, asker: Asker, now: Instant) {
        if asker == Asker::Reader {
            self.told = Some(now);
        }
    }
}

/// For so long after a no a program asks nobody.
const REFUSED: Duration = Duration::from_secs(KEY_REFUSED_SECONDS);
/// A keyring that is open answers at once.
const QUIETLY: Duration = Duration::from_secs(2);
/// Whoever asks again sooner after a no is a program.
const READER_PAUSE: Duration = Duration::from_secs(KEY_READER_PAUSE_SECONDS);

impl Gate {
    /// For the keys behind a lock.
    pub fn new(lock: Arc<dyn Lock>) -> Arc<Self> {
        Arc::new(Self {
            lock,
            turns: Mutex::default(),
            ended: watch::Sender::new(0),
        })
    }

    /// How many tries have ended, and to be woken by the next.
    pub fn tries(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Whether the keys are at hand.
    pub fn is_open(&self) -> bool {
        self.lock.is_open()
    }

    /// Somebody has just sat down: what was refused before may be asked again.
    pub fn somebody_came(&self) {
        let mut turns = self.turns();
        (turns.refused, turns.told) = (None, None);
    }

    /// Waits until the keys are at hand, no longer than that.
    pub async fn pass(self: &Arc<Self>, asker: Asker, patience: Duration) -> Result<(), Explanation> {
        if self.is_open() {
            return Ok(());
        }
        let mut ended = self.ended.subscribe();
        let now = Instant::now();
        let turn = self.turns().take(asker, now);
        let until = match (turn, asker) {
            (Turn::Refused(why), _) => return self.unless_open_by_now(why).await,
            (Turn::Ask, _) => {
                self.ask();
                now + patience
            }
            // Who reads joins a window that is open already; what goes on in the background does not begin to wait anew.
            (Turn::Join(_), Asker::Reader | Asker::Sender) => now + patience,
            (Turn::Join(since), Asker::Program) => since + patience,
        };
        // A try that ended before the subscription has opened the gate, or has been refused by now.
        let in_time = timeout_at(until.into(), ended.changed()).await.is_ok();
        match self.outcome(in_time, asker) {
            Ok(()) => Ok(()),
            Err(why) => self.unless_open_by_now(why).await,
        }
    }

    /// The keyring may have been opened by other hands: nobody is asked.
    async fn unless_open_by_now(self: &Arc<Self>, why: Explanation) -> Result<(), Explanation> {
        let (gate, (tell, told)) = (Arc::clone(self), oneshot::channel());
        thread::spawn(move || {
            // Whoever waited for it may have gone on.
            let _ = tell.send(gate.lock.looked_at());
        });
        match timeout(QUIETLY, told).await {
            Ok(Ok(LookedAt::Open)) => Ok(()),
            _ => Err(why),
        }
    }

    /// Asks at the start of the program, and waits that long for an answer: one that comes later is waited for by those who
    /// need it.
    pub fn begin(self: &Arc<Self>, patience: Duration) -> Result<(), Closed> {
        if self.is_open() || !matches!(self.turns().take(Asker::Reader, Instant::now()), Turn::Ask) {
            return Ok(());
        }
        let (gate, (tell, told)) = (Arc::clone(self), std::sync::mpsc::channel());
        thread::spawn(move || {
            // Whoever waited for it may have gone on.
            let _ = tell.send(gate.try_once());
        });
        told.recv_timeout(patience).unwrap_or(Ok(()))
    }

    /// The window stays open for as long as its user lets it: a thread of its own, which the end of the program ends.
    fn ask(self: &Arc<Self>) {
        let gate = Arc::clone(self);
        thread::spawn(move || {
            if let Err(closed) = gate.try_once() {
                tracing::warn!(code = closed.why().code, "the keys could not be had");
            }
        });
    }

    /// A keyring that other hands open is noticed though nobody asks for it: a mail program that was told of some messages
    /// only believes to know all of them. One thread, for as long as the keys are away and this system can tell.
    fn watch(self: &Arc<Self>) {
        if std::mem::replace(&mut self.turns().watch, Watch::Kept) == Watch::Kept {
            return;
        }
        let gate = Arc::clone(self);
        thread::spawn(move || {
            while !gate.is_open() {
                thread::park_timeout(Duration::from_secs(KEY_LOOKED_AT_SECONDS));
                match gate.lock.looked_at() {
                    LookedAt::Closed => {}
                    LookedAt::Open => gate.ended.send_modify(|count| *count += 1),
                    LookedAt::Unknown => return,
                }
            }
        });
    }

    fn try_once(self: &Arc<Self>) -> Result<(), Closed> {
        self.watch();
        let outcome = self.lock.unlock();
        self.turns().ended(outcome.clone(), Instant::now());
        self.ended.send_modify(|count| *count += 1);
        outcome
    }

    fn outcome(&self, in_time: bool, asker: Asker) -> Result<(), Explanation> {
        if self.is_open() {
            return Ok(());
        }
        let now = Instant::now();
        let mut turns = self.turns();
        match turns.refused.clone() {
            Some(no) if in_time && !no.asked => Err(no.why),
            no => {
                let why = no.filter(|_| in_time).map_or_else(|| self.lock.awaited(), |no| no.why);
                turns.refuse(why.clone(), asker, now);
                Err(why)
            }
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no() -> Explanation {
        StoreError::KeyringLocked.explain()
    }

    #[test]
    fn one_window_at_a_time_whoever_asks() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        assert_eq!(turns.take(Asker::Program, now), Turn::Ask);
        for asker in [Asker::Program, Asker::Reader] {
            assert_eq!(turns.take(asker, now + Duration::from_secs(1)), Turn::Join(now));
        }
    }

    #[test]
    fn a_program_does_not_ask_again_after_a_no_and_a_person_does() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        turns.take(Asker::Program, now);
        turns.ended(Err(Closed::Awaited(no())), now);
        let soon = now + Duration::from_secs(30);
        assert_eq!(turns.take(Asker::Program, soon), Turn::Refused(no()));
        assert_eq!(turns.take(Asker::Reader, soon + READER_PAUSE), Turn::Ask);
        turns.ended(Err(Closed::Awaited(no())), soon + READER_PAUSE);
        assert_eq!(turns.take(Asker::Program, soon + READER_PAUSE + REFUSED), Turn::Ask);
    }

    #[test]
    fn messages_read_one_by_one_without_a_pause_are_a_program() {
        let (mut turns, mut now) = (Turns::default(), Instant::now());
        assert_eq!(turns.take(Asker::Reader, now), Turn::Ask);
        turns.ended(Err(Closed::Awaited(no())), now);
        turns.refuse(no(), Asker::Reader, now);
        for _ in 0..500 {
            now += Duration::from_millis(500);
            assert_eq!(turns.take(Asker::Reader, now), Turn::Refused(no()));
        }
        assert_eq!(turns.take(Asker::Sender, now), Turn::Ask, "nobody sends by accident");
        turns.ended(Err(Closed::Awaited(no())), now);
        assert_eq!(turns.take(Asker::Reader, now + READER_PAUSE), Turn::Ask);
    }

    #[test]
    fn a_window_that_nobody_answers_refuses_programs_and_is_joined_by_persons() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        turns.take(Asker::Program, now);
        let late = now + Duration::from_secs(120);
        turns.refuse(no(), Asker::Program, late);
        assert_eq!(turns.take(Asker::Program, late), Turn::Refused(no()));
        assert_eq!(turns.take(Asker::Reader, late), Turn::Join(now));
    }
}
