//! The relay's end of the process that holds a module: begun when it is needed, ended when it does not answer.

use super::words::{self, Answer, Refused, Request, Said};
use crate::base::limits::{CARD_HUNG_SECONDS, CARD_LOOK_SECONDS, CARD_SECONDS, CARD_TYPING_SECONDS};
use crate::text::Explanation;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A module, in a process of its own.
#[derive(Debug)]
pub struct Module {
    /// The program: this one.
    program: PathBuf,
    /// The file of the module.
    path: PathBuf,
    state: Mutex<State>,
    /// What is being asked.
    asked: Mutex<Option<Asked>>,
}

/// A question without an answer yet, from outside.
#[derive(Debug)]
struct Asked {
    what: Stake,
    since: Instant,
    child: Arc<Mutex<Child>>,
    is_given_up: bool,
}

/// What is lost with a question that is given up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stake {
    /// A look, which can be had again.
    Look,
    /// An operation of a card.
    Operation,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    /// When it last did not answer.
    hung: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    child: Arc<Mutex<Child>>,
    requests: Option<ChildStdin>,
    answers: Receiver<std::io::Result<Said>>,
    is_well: bool,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// No card software is installed.
    #[error("no card software")]
    NoModule,
    /// The card or the module said why.
    #[error("{0:?}")]
    Refused(Refused),
    /// What else kept it from being asked.
    #[error("{}", .0.code)]
    Said(Box<Explanation>),
    /// The module did not answer; its process was ended.
    #[error("the module hangs")]
    Hung,
    /// The process ended.
    #[error("the module crashed")]
    Crashed,
    /// A card was pulled meanwhile, and the question given up.
    #[error("given up")]
    GivenUp,
    /// There is no process to be had.
    #[error("not started: {0}")]
    NotStarted(std::io::Error),
}

impl Module {
    /// `path`, held by `program`; nothing is begun yet.
    pub fn new(program: PathBuf, path: PathBuf) -> Self {
        Self {
            program,
            path,
            state: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// The file of the module.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Asks; blocks, no longer than a card may take. One question at a time: modules are not re-entrant.
    pub fn ask(&self, request: &Request) -> Result<Answer, Silence> {
        let mut state = self.state();
        // Whoever queued behind a question that hung does not wait for the next one to hang.
        if state.hung.is_some_and(|at| at.elapsed() < Duration::from_secs(CARD_HUNG_SECONDS)) {
            return Err(Silence::Hung);
        }
        let (mut running, time) = match state.running.take() {
            Some(running) => (running, time_for(request)),
            // Its module is loaded first, and finds its readers.
            None => (self.start()?, time_for(request).max(Duration::from_secs(CARD_SECONDS))),
        };
        let said = self.asked_of(&mut running, request, time);
        match said {
            Ok(said) => {
                (state.running, state.hung) = (Some(running), None);
                said.map_err(Silence::Refused)
            }
            Err(silence) => {
                running.is_well = false;
                state.hung = matches!(silence, Silence::Hung).then(Instant::now);
                Err(silence)
            }
        }
    }

    fn asked_of(&self, running: &mut Running, request: &Request, time: Duration) -> Result<Said, Silence> {
        *locked(&self.asked) = Some(Asked {
            what: match request {
                Request::Look => Stake::Look,
                _ => Stake::Operation,
            },
            since: Instant::now(),
            child: Arc::clone(&running.child),
            is_given_up: false,
        });
        let said = running.ask(request, time);
        match locked(&self.asked).take() {
            Some(asked) if asked.is_given_up && said.is_err() => Err(Silence::GivenUp),
            _ => said,
        }
    }

    /// Gives up a question that was put before then, if no more is at stake: some modules never come back where a card is pulled.
    pub fn give_up(&self, put_before: Instant, at_stake: Stake) {
        let mut asked = locked(&self.asked);
        if let Some(asked) = asked.as_mut().filter(|asked| asked.since <= put_before && asked.what <= at_stake) {
            asked.is_given_up = true;
            // It may have ended by itself.
            let _ = locked(&asked.child).kill();
        }
    }

    fn start(&self) -> Result<Running, Silence> {
        let mut child = crate::keys::begin::program(&self.program)
            .arg("card-host")
            .arg(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What a module says when it is made talkative may hold a PIN.
            .stderr(Stdio::null())
            .spawn()
            .map_err(Silence::NotStarted)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Silence::Crashed);
        };
        Ok(Running {
            child: Arc::new(Mutex::new(child)),
            requests: Some(requests),
            answers: read_apart(answers),
            is_well: true,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pipe knows no deadline: it is read on a thread of its own, which ends with the process.
fn read_apart(from: ChildStdout) -> Receiver<std::io::Result<Said>> {
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        loop {
            let said = words::read::<Said>(&mut from);
            let ends = said.is_err();
            if give.send(said).is_err() || ends {
                return;
            }
        }
    });
    take
}

fn time_for(request: &Request) -> Duration {
    Duration::from_secs(match request {
        Request::Look => CARD_LOOK_SECONDS,
        // Somebody types it on the reader.
        Request::Login { pin, .. } if pin.expose().is_empty() => CARD_TYPING_SECONDS,
        Request::Login { .. }
        | Request::Certificates { .. }
        | Request::Ways { .. }
        | Request::Logout { .. }
        | Request::Sign { .. }
        | Request::Decrypt { .. }
        | Request::Agree { .. } => CARD_SECONDS,
    })
}

impl Running {
    fn ask(&mut self, request: &Request, time: Duration) -> Result<Said, Silence> {
        let requests = self.requests.as_mut().ok_or(Silence::Crashed)?;
        words::write(requests, request).map_err(|_| Silence::Crashed)?;
        match self.answers.recv_timeout(time) {
            Ok(Ok(said)) => Ok(said),
            Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => Err(Silence::Crashed),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(Silence::Hung),
        }
    }
}

impl Drop for Running {
    /// With its process goes every login of its cards: by itself where it is well, for a process that is killed leaves them open.
    fn drop(&mut self) {
        drop(self.requests.take());
        let end = Instant::now() + CLOSING;
        let mut child = locked(&self.child);
        while self.is_well && Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
            // The standard library waits for a process for ever, or not at all.
            std::thread::park_timeout(Duration::from_millis(5));
        }
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// How long a process may take to close its sessions.
const CLOSING: Duration = Duration::from_millis(1500);
