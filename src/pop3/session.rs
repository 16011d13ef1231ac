//! One client connection and the provider's connection behind it (RFC 1939 §3): events in, actions out, no I/O.

mod stranger;

use super::capability::{self, StartTls};
pub use super::core::Action;
use super::core::{Code, Core};
use super::known::Memory;
use super::login::{self, Credentials, Login};
use super::shelf::{Found, Shelf};
use super::transaction::{After, Transaction};
use super::upstream::{self, Joining};
use super::wire::{Command, Lines, Replies, Syntax};
use crate::base::limits::{LOGIN_FAILURES_MAX, POP3_ERRORS_MAX};
use crate::config::ServerTls;
use crate::sasl;
use crate::text::{Explanation, pop3 as text};
use crate::view::View;
use std::sync::Arc;

/// What happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// The client sent this.
    Client(&'a [u8]),
    /// The client will send nothing more.
    ClientClosed,
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
    /// The answer to [`Action::Open`].
    Opened(Result<Arc<View>, Explanation>),
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

/// The session.
pub struct Session {
    core: Core,
    client: Lines,
    presence: Presence,
    upstream: Replies,
    phase: Phase,
    starttls: StartTls,
    memory: Arc<Memory>,
    login: Login,
    failures: u32,
    errors: u32,
}

enum Phase {
    Stranger,
    Joining(Box<Joining>, Arc<str>),
    Known(Box<Transaction>),
    /// TLS with the client is being agreed upon.
    Securing,
    Closed,
}

/// Whether the client is still there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Presence {
    Here,
    /// It has closed; what it sent ahead is obeyed.
    Leaving,
}

impl Session {
    /// For a client that has just connected; the first actions greet it. No timestamp: APOP cannot be passed on.
    pub fn new(shelf: Box<dyn Shelf>, memory: Arc<Memory>, starttls: StartTls) -> (Self, Vec<Action>) {
        let mut session = Self {
            core: Core::new(shelf),
            client: Lines::default(),
            presence: Presence::Here,
            upstream: Replies::default(),
            phase: Phase::Stranger,
            starttls,
            memory,
            login: Login::default(),
            failures: 0,
            errors: 0,
        };
        session.core.client(b"+OK Souspli\r\n");
        let actions = session.core.take();
        (session, actions)
    }

    /// Takes an event; what is to be done about it, in order.
    pub fn input(&mut self, event: Event<'_>) -> Vec<Action> {
        self.take(event);
        self.pump();
        self.core.take()
    }

    /// Whether the client may send more; else what it sends stays in its socket. It may while a command is in progress, so
    /// that its leaving is noticed: a provider may lock the maildrop until then.
    pub fn wants_client(&self) -> bool {
        let open = !matches!(self.phase, Phase::Securing | Phase::Closed);
        open && self.presence == Presence::Here && self.client.has_room()
    }

    /// Whether the next command of the client may be obeyed.
    fn obeys(&self) -> bool {
        match &self.phase {
            Phase::Stranger => true,
            Phase::Joining(..) | Phase::Securing | Phase::Closed => false,
            Phase::Known(transaction) => transaction.is_idle(),
        }
    }

    /// Whether the provider may send more.
    pub fn wants_upstream(&self) -> bool {
        match &self.phase {
            Phase::Known(transaction) => transaction.wants_upstream(),
            Phase::Joining(..) => true,
            Phase::Stranger | Phase::Securing | Phase::Closed => false,
        }
    }

    /// Whether a message that took room is still held.
    pub fn holds_message(&self) -> bool {
        match &self.phase {
            Phase::Known(transaction) => transaction.holds_message(),
            Phase::Stranger | Phase::Joining(..) | Phase::Securing | Phase::Closed => false,
        }
    }

    /// Whether the provider owes an answer.
    pub fn awaits_upstream(&self) -> bool {
        match &self.phase {
            Phase::Known(transaction) => !transaction.is_idle(),
            Phase::Joining(..) => true,
            Phase::Stranger | Phase::Securing | Phase::Closed => false,
        }
    }

    /// What the client has given, while it is logged in, and whether it is to be judged here.
    pub fn offered(&self) -> Option<(&sasl::Credentials, sasl::Proved)> {
        match &self.phase {
            Phase::Joining(joining, _) => Some((&joining.credentials().sasl, joining.proved())),
            Phase::Stranger | Phase::Known(_) | Phase::Securing | Phase::Closed => None,
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match (event, &mut self.phase) {
            (Event::Client(bytes), _) => self.client.push(bytes),
            (Event::ClientClosed, _) => self.client_closed(),
            (Event::ClientSecured, Phase::Securing) => self.secured(),
            (Event::Upstream(bytes), _) => self.upstream.push(bytes),
            (Event::Connected(tls), Phase::Joining(joining, _)) => joining.connected(tls),
            (Event::Proved(given), Phase::Joining(joining, _)) => joining.prove(given),
            (Event::NotAdmitted(explanation), Phase::Joining(..)) => self.not_admitted(&explanation),
            (Event::UpstreamSecured, Phase::Joining(joining, _)) => {
                let next = joining.secured();
                self.join(next);
            }
            (Event::ConnectFailed(explanation), _) => self.join(upstream::Next::Failed(explanation)),
            (Event::UpstreamClosed, _) => self.upstream_failed(&text::provider_closed()),
            (Event::Reserved, Phase::Known(transaction)) => transaction.reserved(),
            (Event::Opened(opened), Phase::Known(transaction)) => transaction.opened(&opened, &mut self.core),
            // RFC 1939 §3: without a word, and without QUIT nothing is deleted.
            (Event::TimedOut(Silent::Client), _) => self.close(),
            (Event::TimedOut(Silent::Upstream), _) => self.upstream_failed(&text::provider_silent()),
            (Event::ClientSecured | Event::Connected(_) | Event::UpstreamSecured | Event::Reserved | Event::Opened(_), _) => {}
            (Event::Proved(_) | Event::NotAdmitted(_), _) => {}
        }
    }

    /// Reads both sides as far as they go.
    fn pump(&mut self) {
        while self.pump_upstream() | self.pump_client() {}
    }

    fn pump_client(&mut self) -> bool {
        let mut moved = false;
        while self.obeys() {
            if matches!(self.phase, Phase::Stranger) && self.client.begins_tls() {
                self.close();
                return true;
            }
            match self.client.next_line() {
                None if self.presence == Presence::Leaving => self.close(),
                None => return moved,
                Some(Ok(line)) => self.line(&line),
                Some(Err(_)) => self.fault(&text::unreadable_command()),
            }
            moved = true;
        }
        moved
    }

    /// What serves nobody any more ends at once, what was sent ahead is obeyed first: a QUIT may be among it.
    fn client_closed(&mut self) {
        self.presence = Presence::Leaving;
        let idle = match &self.phase {
            Phase::Known(transaction) => transaction.is_for_the_client_only(),
            Phase::Stranger | Phase::Joining(..) | Phase::Securing | Phase::Closed => true,
        };
        if idle && self.client.is_empty() && !matches!(self.phase, Phase::Closed) {
            self.close();
        }
    }

    fn line(&mut self, line: &[u8]) {
        if self.login.is_exchanging() {
            let next = self.login.line(line);
            return self.log_in(next);
        }
        if is_http(line) {
            return self.close();
        }
        match (Command::parse(line), &mut self.phase) {
            (Ok(command), Phase::Known(transaction)) => transaction.command(command, &mut self.core),
            (Ok(command), _) => self.stranger(command),
            (Err(Syntax::Unknown), _) => self.fault(&text::unknown_command()),
            (Err(Syntax::Arguments), _) => self.fault(&text::unreadable_command()),
        }
    }

    fn fault(&mut self, explanation: &Explanation) {
        self.login = Login::default();
        self.core.refuse(Code::None, explanation);
        self.errors += 1;
        if self.errors >= POP3_ERRORS_MAX {
            self.close();
        }
    }

    fn close(&mut self) {
        self.phase = Phase::Closed;
        self.core.act(Action::Close);
    }
}

/// The provider's side.
impl Session {
    fn pump_upstream(&mut self) -> bool {
        let mut moved = false;
        while self.wants_upstream() {
            // What nobody asked for must not become the answer to the next command.
            if self.is_idle() && !self.upstream.is_empty() {
                self.upstream_failed(&text::provider_garbled());
                return true;
            }
            match self.upstream.next_heard() {
                Ok(None) => return moved,
                Ok(Some(heard)) => match &mut self.phase {
                    Phase::Known(transaction) => match transaction.heard(heard, &mut self.upstream, &mut self.core) {
                        After::Continue => {}
                        After::Close => self.close(),
                        After::Garbled => self.upstream_failed(&text::provider_garbled()),
                    },
                    Phase::Joining(joining, _) => {
                        let next = joining.heard(&heard, &mut self.upstream);
                        self.join(next);
                    }
                    Phase::Stranger | Phase::Securing | Phase::Closed => {}
                },
                Err(_) => self.upstream_failed(&text::provider_garbled()),
            }
            moved = true;
        }
        moved
    }

    fn is_idle(&self) -> bool {
        matches!(&self.phase, Phase::Known(transaction) if transaction.is_idle())
    }

    /// Without the provider there is no maildrop: the client is told, unless it has a part of an answer, and must log in anew.
    fn upstream_failed(&mut self, explanation: &Explanation) {
        match &self.phase {
            Phase::Joining(..) => self.join(upstream::Next::Failed(explanation.clone())),
            Phase::Known(transaction) => {
                if transaction.owes_answer() {
                    self.core.refuse(Code::Temporary, explanation);
                }
                self.close();
            }
            Phase::Stranger | Phase::Securing | Phase::Closed => {}
        }
    }
}

/// A web page that posts to this port (cross-protocol request): its first line closes the connection.
fn is_http(line: &[u8]) -> bool {
    let verb = line.split(|b| *b == b' ').next().unwrap_or_default();
    [&b"GET"[..], b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"PATCH", b"DELETE"].contains(&verb)
}
