//! The keyring that waits for its user: asked once, whoever needs it, and not again behind the back of somebody who said no.
//!
//! A mail program that fetches a folder in the background would otherwise open a window for every message.

use crate::base::Asker;
use crate::base::limits::{KEY_LOOKED_AT_SECONDS, KEY_READER_PAUSE_SECONDS, KEY_REFUSED_SECONDS};
use crate::store::{Secrets, StoreError};
use crate::text::{Explain, Explanation};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use tokio::time::{timeout, timeout_at};

/// The way to the keys of a home.
#[derive(Debug)]
pub struct Gate {
    secrets: Secrets,
    turns: Mutex<Turns>,
    /// How many tries have ended.
    ended: watch::Sender<u64>,
}

/// Whose turn it is to ask. Times come in as values.
#[derive(Debug, Default)]
struct Turns {
    /// Since when the user is being asked.
    asking: Option<Instant>,
    /// When, and why, he was asked in vain.
    refused: Option<(Instant, Explanation)>,
    /// When somebody who reads was last told no.
    told: Option<Instant>,
    watch: Watch,
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
        let quiet = self.refused.as_ref().filter(|(at, _)| now.duration_since(*at) < REFUSED);
        match (seen, quiet, self.asking) {
            (Asker::Program, Some((_, why)), _) => {
                let why = why.clone();
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

    fn ended(&mut self, outcome: Result<(), Explanation>, now: Instant) {
        self.asking = None;
        self.refused = outcome.err().map(|why| (now, why));
    }

    fn refuse(&mut self, why: Explanation, asker: Asker, now: Instant) {
        self.refused = Some((now, why));
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
    /// For the keys of a home.
    pub fn new(secrets: Secrets) -> Arc<Self> {
        Arc::new(Self {
            secrets,
            turns: Mutex::default(),
            ended: watch::Sender::new(0),
        })
    }

    /// Whether the keys are at hand.
    pub fn is_open(&self) -> bool {
        self.secrets.is_open()
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
            let _ = tell.send(gate.secrets.unlock_quietly());
        });
        match timeout(QUIETLY, told).await {
            Ok(Ok(Ok(()))) => Ok(()),
            _ => Err(why),
        }
    }

    /// Asks at the start of the program, and waits that long for an answer: one that comes later is waited for by those who
    /// need it.
    pub fn begin(self: &Arc<Self>, patience: Duration) -> Result<(), StoreError> {
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
            if let Err(error) = gate.try_once() {
                tracing::warn!(%error, "the keys could not be had");
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
                match gate.secrets.unlock_quietly() {
                    Err(StoreError::KeyringLocked) => {}
                    Ok(()) => gate.ended.send_modify(|count| *count += 1),
                    Err(_) => return,
                }
            }
        });
    }

    fn try_once(self: &Arc<Self>) -> Result<(), StoreError> {
        self.watch();
        let outcome = self.secrets.unlock();
        let said = outcome.as_ref().copied().map_err(Explain::explain);
        self.turns().ended(said, Instant::now());
        self.ended.send_modify(|count| *count += 1);
        outcome
    }

    fn outcome(&self, in_time: bool, asker: Asker) -> Result<(), Explanation> {
        if self.is_open() {
            return Ok(());
        }
        let now = Instant::now();
        let mut turns = self.turns();
        let why = match &turns.refused {
            Some((_, why)) if in_time => why.clone(),
            _ => StoreError::KeyringLocked.explain(),
        };
        turns.refuse(why.clone(), asker, now);
        Err(why)
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
        turns.ended(Err(no()), now);
        let soon = now + Duration::from_secs(30);
        assert_eq!(turns.take(Asker::Program, soon), Turn::Refused(no()));
        assert_eq!(turns.take(Asker::Reader, soon + READER_PAUSE), Turn::Ask);
        turns.ended(Err(no()), soon + READER_PAUSE);
        assert_eq!(turns.take(Asker::Program, soon + READER_PAUSE + REFUSED), Turn::Ask);
    }

    #[test]
    fn messages_read_one_by_one_without_a_pause_are_a_program() {
        let (mut turns, mut now) = (Turns::default(), Instant::now());
        assert_eq!(turns.take(Asker::Reader, now), Turn::Ask);
        turns.ended(Err(no()), now);
        turns.refuse(no(), Asker::Reader, now);
        for _ in 0..500 {
            now += Duration::from_millis(500);
            assert_eq!(turns.take(Asker::Reader, now), Turn::Refused(no()));
        }
        assert_eq!(turns.take(Asker::Sender, now), Turn::Ask, "nobody sends by accident");
        turns.ended(Err(no()), now);
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
