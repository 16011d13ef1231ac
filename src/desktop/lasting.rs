//! What stays while the relay begins again inside the program, with another configuration: ports, whom the dashboard has let in,
//! how far the assistant has come.

use super::assistant::Assistant;
use super::dashboard::admission::Admission;
use super::taken_up::TakenUp;
use crate::config::load::Places;
use crate::store::Home;
use crate::text::Explanation;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Shared by the rounds of a relay.
pub struct Lasting {
    places: Places,
    pub(super) admission: Admission,
    pub(super) assistant: Assistant,
    doors: Mutex<Doors>,
    /// Their listeners: nobody else can take the port of a door between two rounds, and who knocks then waits.
    listeners: Mutex<BTreeMap<&'static str, TcpListener>>,
    dashboard: Mutex<Option<TcpListener>>,
    /// What the next round is to stand on.
    taken_up: Mutex<Option<TakenUp>>,
    /// Why it could not.
    setback: Mutex<Option<Setback>>,
    again: Notify,
    is_between: AtomicBool,
}

/// Why a new configuration is not in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Setback {
    pub(super) what: Explanation,
    /// As the command line would say it.
    pub(super) why: String,
}

/// Where mail programs connect, by the name of the protocol.
pub type Doors = BTreeMap<&'static str, SocketAddr>;

impl Lasting {
    /// For a program that begins; its configuration is looked for there.
    pub fn new(places: Places, home: &Home) -> Arc<Self> {
        Arc::new(Self {
            places,
            admission: Admission::default(),
            assistant: Assistant::of(home),
            doors: Mutex::default(),
            listeners: Mutex::default(),
            dashboard: Mutex::default(),
            taken_up: Mutex::default(),
            setback: Mutex::default(),
            again: Notify::new(),
            is_between: AtomicBool::new(false),
        })
    }

    /// Where the configuration is looked for.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The listener of a door, if it is bound as is said: what knocked between two rounds is in its queue.
    pub fn listener(&self, door: &str, said: SocketAddr) -> Option<TcpListener> {
        fitting(locked(&self.listeners).get(door)?, said)
    }

    /// Keeps it.
    pub fn keep(&self, door: &'static str, listener: TcpListener) {
        locked(&self.listeners).insert(door, listener);
    }

    /// The doors that are open from now on; no other port is held.
    pub fn opened(&self, doors: Doors) {
        locked(&self.listeners).retain(|name, _| doors.contains_key(name));
        *locked(&self.doors) = doors;
        self.is_between.store(false, Ordering::Release);
    }

    /// Nobody is to knock any more.
    pub fn shut(&self) {
        locked(&self.listeners).clear();
    }

    /// Those.
    pub fn doors(&self) -> Doors {
        locked(&self.doors).clone()
    }

    /// Ready when the relay is to begin again.
    pub async fn wanted_again(&self) {
        self.again.notified().await;
    }

    /// Has the relay begin again, with what was written; what is in hand is finished first.
    pub(super) fn begin_again(&self, mut taken_up: TakenUp) {
        for (door, listener) in std::mem::take(&mut taken_up.held) {
            self.keep(door, listener);
        }
        let mut last = locked(&self.taken_up);
        *last = Some(taken_up.behind(last.take()));
        drop(last);
        *locked(&self.setback) = None;
        self.is_between.store(true, Ordering::Release);
        self.again.notify_one();
    }

    /// The next round stands.
    pub fn stands(&self) {
        *locked(&self.taken_up) = None;
    }

    /// The next round could not begin, says `why`: the file of before is put back, and its page tells it. False: nothing was written,
    /// so that the round before would be no better.
    pub fn take_back(&self, why: String) -> bool {
        let Some(taken_up) = locked(&self.taken_up).take() else {
            return false;
        };
        *locked(&self.setback) = Some(Setback {
            what: taken_up.undo(),
            why,
        });
        true
    }

    /// Why what was written last is not in force.
    pub(super) fn setback(&self) -> Option<Setback> {
        locked(&self.setback).clone()
    }

    /// Whether it is about to.
    pub(super) fn is_between(&self) -> bool {
        self.is_between.load(Ordering::Acquire)
    }

    /// The listener of the dashboard, if it is bound as the rules say: whoever asks between two rounds waits in its queue.
    pub(super) fn dashboard(&self, said: SocketAddr) -> Option<TcpListener> {
        fitting(locked(&self.dashboard).as_ref()?, said)
    }

    /// Keeps it.
    pub(super) fn keep_dashboard(&self, listener: TcpListener) {
        *locked(&self.dashboard) = Some(listener);
    }
}

/// A second handle of it, if it is where it is said to be; port 0 is any.
fn fitting(kept: &TcpListener, said: SocketAddr) -> Option<TcpListener> {
    let bound = kept.local_addr().ok()?;
    let fits = bound.ip().is_loopback() && bound.ip() == said.ip() && (said.port() == 0 || said.port() == bound.port());
    fits.then(|| kept.try_clone().ok())?
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_door_is_nobody_elses_until_it_is_shut() {
        let guard = tempfile::tempdir().unwrap();
        let lasting = Lasting::new(Places::default(), &Home::open(guard.path()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        lasting.keep("imap", listener);
        lasting.opened(Doors::from([("imap", at)]));
        assert!(TcpListener::bind(at).is_err());
        let any = SocketAddr::new(at.ip(), 0);
        for said in [at, any] {
            assert_eq!(lasting.listener("imap", said).unwrap().local_addr().unwrap(), at);
        }
        assert!(lasting.listener("smtp", any).is_none());
        assert!(lasting.listener("imap", SocketAddr::new(at.ip(), 1)).is_none());
        lasting.shut();
        assert!(TcpListener::bind(at).is_ok());
    }

    #[test]
    fn a_door_that_is_not_opened_again_is_let_go() {
        let guard = tempfile::tempdir().unwrap();
        let lasting = Lasting::new(Places::default(), &Home::open(guard.path()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        lasting.keep("pop3", listener);
        lasting.opened(Doors::new());
        assert!(TcpListener::bind(at).is_ok());
        assert!(!lasting.take_back(String::new()), "nothing was written");
    }
}
