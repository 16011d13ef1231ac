//! One client connection and the provider's connection behind it (RFC 9051 §3): events in, actions out, no I/O.

mod stranger;

use super::capability::{self, StartTls};
use super::classes::ClassMemory;
use super::command::{Command, Verb};
use super::frame::{FrameError, Framer, Piece, Side, Sync};
use super::intake::{Intake, Refusal, Taken};
use super::login::{self, Credentials, Sasl, Step};
use super::plan::Shelf;
use super::relay::Relay;
use super::upstream::{self, Joining};
use crate::base::{Asker, MessageKey, limits};
use crate::config::ServerTls;
use crate::sasl::{self, Proved};
use crate::text::{Explanation, imap as text};
use crate::view::View;
use std::sync::Arc;

/// What happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// The client sent this.
    Client(&'a [u8]),
    /// TLS with the client stands.
    ClientSecured,
    /// The provider is connected; the configuration says which TLS it has or must have.
    Connected(ServerTls),
    /// The account logs in by itself: the provider is given these.
    Proved(sasl::Credentials),
    /// The account logs in by itself, and the mail program has not given the local password.
    NotAdmitted(Explanation),
    /// It could not be connected to, or TLS with it failed.
    ConnectFailed(Explanation),
    /// TLS with the provider stands, after [`Action::SecureUpstream`].
    UpstreamSecured,
    /// The provider sent this.
    Upstream(&'a [u8]),
    /// The provider closed.
    UpstreamClosed,
    /// There is room, after [`Action::Reserve`].
    Reserved,
    /// The answer to [`Action::Unlock`].
    Unlocked(Result<(), Explanation>),
    /// The answer to [`Action::Open`].
    Opened(Result<Arc<View>, Explanation>),
    /// The answer to [`Action::Append`].
    Appended(Stored),
    /// Some seconds have passed while an answer is awaited.
    Tick,
    /// A deadline has passed.
    TimedOut(Silent),
}

/// Who said nothing for too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Silent {
    /// The mail program.
    Client,
    /// The provider.
    Upstream,
}

/// What is stored for an APPEND.
#[derive(Debug)]
pub enum Stored {
    /// The same octets.
    AsIs,
    /// These octets.
    Instead(Vec<u8>),
    /// Nothing.
    Refused(Explanation),
}

/// What is to be done, in order.
#[derive(Debug)]
pub enum Action {
    /// Write to the client.
    ToClient(Vec<u8>),
    /// Write to the provider.
    ToUpstream(Vec<u8>),
    /// Begin TLS with the client.
    SecureClient,
    /// Connect to the provider of this login's account.
    Connect(String),
    /// Begin TLS with the provider.
    SecureUpstream,
    /// Close the provider's connection.
    DropUpstream,
    /// The provider has accepted these.
    LoggedIn(Credentials),
    /// Wait until there is room for a message of so many octets; nothing more of it is read before.
    Reserve(u64),
    /// Wait for the home's keys, which are locked.
    Unlock(Asker),
    /// Open a stored message.
    Open(MessageKey, Vec<u8>, Asker),
    /// Decide what is stored of a message for a mailbox.
    Append(String, Arc<Vec<u8>>),
    /// Write what is to be written, then close.
    Close,
}

/// The session.
pub struct Session {
    core: Core,
    intake: Intake,
    upstream: Framer,
    phase: Phase,
    starttls: StartTls,
    failures: u32,
    sasl: Option<Sasl>,
    upload: Upload,
}

/// A large message that the client wants to store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Upload {
    /// There is none.
    Absent,
    /// It waits until everything before it is done: whoever waits for room holds none.
    Announced(u64),
    /// It waits for room.
    Asked,
    /// It is being read.
    Read,
}

enum Phase {
    Stranger,
    Joining(Box<Joining>, String),
    Known(Box<Relay>),
    Closed,
}

/// What every part of a session writes to and asks.
pub(super) struct Core {
    pub(super) shelf: Box<dyn Shelf>,
    pub(super) memory: Arc<ClassMemory>,
    actions: Vec<Action>,
    /// Where the client is in what it reads.
    reads: Reads,
    /// What is said once the response under way is over: inside a literal it would be taken for octets of a message.
    later: Vec<u8>,
}

/// Where the client stands in a response of the provider that passes piece by piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reads {
    /// Between two responses.
    Between,
    /// Inside one.
    Inside,
}

impl Core {
    /// A piece of a response that passes, and whether it is the last one.
    pub(super) fn pass(&mut self, piece: Vec<u8>, then: Reads) {
        self.write(piece);
        self.reads = then;
        if then == Reads::Between {
            let later = std::mem::take(&mut self.later);
            self.write(later);
        }
    }

    /// A whole response, or several.
    pub(super) fn client(&mut self, bytes: &[u8]) {
        self.client_owned(bytes.to_vec());
    }

    pub(super) fn client_owned(&mut self, bytes: Vec<u8>) {
        match self.reads {
            Reads::Between => self.write(bytes),
            Reads::Inside => self.later.extend_from_slice(&bytes),
        }
    }

    fn write(&mut self, bytes: Vec<u8>) {
        match self.actions.last_mut() {
            Some(Action::ToClient(out)) if bytes.len() < JOIN_MAX => out.extend_from_slice(&bytes),
            _ if bytes.is_empty() => {}
            _ => self.actions.push(Action::ToClient(bytes)),
        }
    }

    pub(super) fn upstream(&mut self, bytes: Vec<u8>) {
        match self.actions.last_mut() {
            Some(Action::ToUpstream(out)) if bytes.len() < JOIN_MAX => out.extend_from_slice(&bytes),
            _ => self.actions.push(Action::ToUpstream(bytes)),
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// A tagged answer of ours.
    pub(super) fn answer(&mut self, tag: &str, status: &str, code: &str, explanation: &Explanation) {
        let code = if code.is_empty() { String::new() } else { format!("[{code}] ") };
        self.client(format!("{tag} {status} {code}{}\r\n", explanation.wire()).as_bytes());
    }

    /// The answer to a command that is not taken; nothing has a tag `*`.
    pub(super) fn refuse(&mut self, tag: &str, refusal: Refusal) {
        match refusal {
            Refusal::Unreadable => self.answer(tag, "BAD", "CLIENTBUG", &text::unreadable_command()),
            Refusal::CommandTooLarge => self.answer(tag, "BAD", "TOOBIG", &text::command_too_large()),
            Refusal::MessageTooLarge => self.answer(tag, "NO", "TOOBIG", &text::message_too_large()),
        }
    }
}

/// Writes below this many octets are joined; a message is moved, not copied.
const JOIN_MAX: usize = 16 * 1024;

impl Session {
    /// For a client that has just connected; the first actions greet it.
    pub fn new(shelf: Box<dyn Shelf>, memory: Arc<ClassMemory>, starttls: StartTls) -> (Self, Vec<Action>) {
        let core = Core {
            shelf,
            memory,
            actions: Vec::new(),
            reads: Reads::Between,
            later: Vec::new(),
        };
        let mut session = Self {
            core,
            intake: Intake::new(),
            upstream: Framer::new(Side::Server),
            phase: Phase::Stranger,
            starttls,
            failures: 0,
            sasl: None,
            upload: Upload::Absent,
        };
        let greeting = format!("* OK [CAPABILITY {}] Souspli\r\n", capability::before_login(starttls));
        session.core.client(greeting.as_bytes());
        let actions = std::mem::take(&mut session.core.actions);
        (session, actions)
    }

    /// Takes an event; what is to be done about it, in order.
    pub fn input(&mut self, event: Event<'_>) -> Vec<Action> {
        self.take(event);
        std::mem::take(&mut self.core.actions)
    }

    /// Whether the client may send more; else what it sends stays in its socket.
    pub fn wants_client(&self) -> bool {
        match &self.phase {
            Phase::Stranger => true,
            Phase::Joining(..) | Phase::Closed => false,
            Phase::Known(relay) => relay.has_room() && !self.intake.is_held_back(),
        }
    }

    /// Whether the provider may send more.
    pub fn wants_upstream(&self) -> bool {
        match &self.phase {
            Phase::Known(relay) => relay.reads_upstream(),
            Phase::Joining(..) => true,
            Phase::Stranger | Phase::Closed => false,
        }
    }

    /// Whether a message that took room is still held.
    pub fn holds_message(&self) -> bool {
        match &self.phase {
            Phase::Known(relay) => self.upload == Upload::Read || relay.holds_message(),
            Phase::Stranger | Phase::Joining(..) | Phase::Closed => false,
        }
    }

    /// Whether the provider owes an answer.
    pub fn awaits_upstream(&self) -> bool {
        match &self.phase {
            Phase::Known(relay) => relay.awaits_upstream(),
            Phase::Joining(..) => true,
            Phase::Stranger | Phase::Closed => false,
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Client(bytes) => self.intake.push(bytes),
            Event::ClientSecured => self.starttls = StartTls::Absent,
            Event::Upstream(bytes) => self.upstream.push(bytes),
            Event::Connected(tls) => {
                if let Phase::Joining(joining, _) = &mut self.phase {
                    joining.connected(tls);
                }
            }
            Event::Proved(given) => {
                if let Phase::Joining(joining, _) = &mut self.phase {
                    joining.prove(given);
                }
            }
            Event::NotAdmitted(explanation) => self.not_admitted(&explanation),
            Event::UpstreamSecured => {
                if let Phase::Joining(joining, _) = &mut self.phase {
                    let next = joining.secured();
                    self.join(next);
                }
            }
            Event::ConnectFailed(explanation) => self.join(upstream::Next::Failed(explanation)),
            Event::UpstreamClosed => return self.upstream_closed(),
            Event::Opened(opened) => {
                if let Phase::Known(relay) = &mut self.phase {
                    relay.opened(opened, &mut self.core);
                }
            }
            Event::Unlocked(outcome) => {
                if let Phase::Known(relay) = &mut self.phase {
                    relay.unlocked(outcome, &mut self.core);
                }
            }
            Event::Appended(stored) => {
                if let Phase::Known(relay) = &mut self.phase {
                    relay.appended(stored, &mut self.core);
                }
            }
            Event::Reserved => self.reserved(),
            Event::Tick => return self.tick(),
            Event::TimedOut(Silent::Client) => return self.bye(&text::client_silent()),
            Event::TimedOut(Silent::Upstream) => return self.upstream_failed(text::provider_silent()),
        }
        self.pump();
    }

    /// Reads both sides as far as they go.
    fn pump(&mut self) {
        loop {
            let moved = self.pump_upstream() | self.pump_client();
            if !moved {
                return self.ask_room();
            }
        }
    }

    fn ask_room(&mut self) {
        if let (Upload::Announced(octets), Phase::Known(relay)) = (self.upload, &self.phase)
            && relay.is_quiet()
        {
            self.upload = Upload::Asked;
            self.core.act(Action::Reserve(octets));
        }
    }

    fn reserved(&mut self) {
        match &mut self.phase {
            Phase::Known(_) if self.upload == Upload::Asked => {
                self.upload = Upload::Read;
                if self.intake.go_on() == Some(Sync::Waits) {
                    self.core.client(b"+ OK\r\n");
                }
            }
            Phase::Known(relay) => relay.reserved(&mut self.core),
            Phase::Stranger | Phase::Joining(..) | Phase::Closed => {}
        }
    }

    fn pump_client(&mut self) -> bool {
        let mut moved = false;
        while self.wants_client() {
            match self.intake.take() {
                Ok(None) => return moved,
                Ok(Some(taken)) => self.taken(taken),
                Err(FrameError::LineTooLong) => self.bye(&text::command_too_large()),
                Err(FrameError::LiteralSize | FrameError::BareLineEnd) => self.bye(&text::unreadable_command()),
            }
            moved = true;
        }
        moved
    }

    fn taken(&mut self, taken: Taken) {
        if self.upload == Upload::Read && !matches!(taken, Taken::Waits) {
            self.upload = Upload::Absent;
        }
        match (&mut self.phase, taken) {
            (_, Taken::Waits) => self.core.client(b"+ OK\r\n"),
            (_, Taken::Large(octets)) => self.upload = Upload::Announced(octets),
            (_, Taken::Refused(tag, refusal)) => self.refused(&tag, refusal),
            (Phase::Known(relay), Taken::Command(command)) if command.verb != Verb::Logout && relay.is_behind(&self.core) => {
                self.bye(&text::list_again());
            }
            (Phase::Known(relay), Taken::Command(command)) => relay.command(command, &mut self.core),
            (Phase::Known(relay), Taken::Done) => relay.done(&mut self.core),
            (Phase::Stranger, Taken::Command(command)) => self.stranger(command),
            (Phase::Stranger, Taken::Raw(line)) => {
                if let Some(sasl) = self.sasl.take() {
                    self.login(sasl.response(&line));
                }
            }
            (Phase::Known(_), Taken::Raw(_)) | (Phase::Stranger, Taken::Done) | (Phase::Joining(..) | Phase::Closed, _) => {}
        }
    }

    fn refused(&mut self, tag: &str, refusal: Refusal) {
        match &mut self.phase {
            Phase::Known(relay) => relay.refused(tag.to_owned(), refusal, &mut self.core),
            _ => {
                self.core.refuse(tag, refusal);
                self.count_failure();
            }
        }
    }

    fn count_failure(&mut self) {
        self.failures += 1;
        if self.failures >= limits::LOGIN_FAILURES_MAX {
            self.bye(&text::too_many_logins());
        }
    }

    /// Says why, unless a literal is being written, and closes.
    fn bye(&mut self, explanation: &Explanation) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        if self.core.reads == Reads::Between {
            self.core.client(format!("* BYE {}\r\n", explanation.wire()).as_bytes());
        }
        self.close();
    }

    fn close(&mut self) {
        self.phase = Phase::Closed;
        self.core.act(Action::Close);
    }

    fn tick(&mut self) {
        let words = match &self.phase {
            Phase::Known(relay) if relay.awaits_key() => text::awaiting_key(),
            Phase::Known(_) | Phase::Joining(..) => text::working(),
            Phase::Stranger | Phase::Closed => return,
        };
        if self.core.reads == Reads::Between {
            self.core.client(format!("* OK {words}\r\n").as_bytes());
        }
    }
}

/// The provider's side.
impl Session {
    fn pump_upstream(&mut self) -> bool {
        let mut moved = false;
        while self.wants_upstream() {
            match self.upstream.next_piece() {
                Ok(None) => {
                    self.upstream.shrink();
                    return moved;
                }
                Ok(Some(piece)) => self.piece(piece),
                Err(_) => self.upstream_failed(text::provider_garbled()),
            }
            moved = true;
        }
        moved
    }

    fn piece(&mut self, piece: Piece) {
        match &mut self.phase {
            Phase::Known(relay) => match relay.piece(piece, &mut self.core) {
                super::relay::After::Continue => {}
                super::relay::After::Close => self.close(),
                super::relay::After::Garbled => self.upstream_failed(text::provider_garbled()),
            },
            Phase::Joining(joining, _) => match piece {
                Piece::Text { bytes, literal: None } => {
                    let next = joining.line(&bytes);
                    self.join(next);
                }
                // Nothing that matters before a login comes in a literal.
                Piece::Text { .. } | Piece::Literal { .. } => self.upstream_failed(text::provider_garbled()),
            },
            Phase::Stranger | Phase::Closed => {}
        }
    }

    fn upstream_closed(&mut self) {
        match &self.phase {
            Phase::Known(relay) if relay.is_leaving() => self.close(),
            _ => self.upstream_failed(text::provider_closed()),
        }
    }

    fn upstream_failed(&mut self, explanation: Explanation) {
        match self.phase {
            Phase::Joining(..) => self.join(upstream::Next::Failed(explanation)),
            Phase::Known(_) => self.bye(&explanation),
            Phase::Stranger | Phase::Closed => {}
        }
    }
}
