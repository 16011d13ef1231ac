//! The client side towards the provider (RFC 5321, RFC 6409), pure: octets come in, actions go out.
//!
//! STARTTLS, where configured, is not optional, and nothing that was said before it counts after it.

mod transaction;

pub use self::transaction::{Form, Refused, enhanced};
use self::transaction::{Next, Transaction};
use super::capabilities::Capabilities;
use super::wire::{Reply, ReplyReader};
use crate::config::ServerTls;
use crate::policy::{Envelope, Recipient};
use crate::sasl::{Credentials, Mechanism};
use crate::smime::Flow;

/// What happens to the connection.
#[derive(Debug)]
pub enum Event<'a> {
    /// The provider sent octets.
    Bytes(&'a [u8]),
    /// TLS stands, the provider's certificate is right.
    TlsReady,
}

/// What the driver does, or is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Write to the provider.
    Send(Vec<u8>),
    /// Write the group's message to the provider, and the end of data.
    SendContent,
    /// Speak TLS from here; answer with [`Event::TlsReady`].
    StartTls,
    /// Logged in (or, without credentials, greeted): groups can be handed over.
    Ready,
    /// The provider does not take the credentials.
    LoginRefused(Reply),
    /// How the group ended.
    Group(Result<(), Refused>),
    /// The connection is of no use any more.
    Failed(Failure),
}

/// Why a connection is of no use.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// No SMTP is spoken there.
    #[error("the provider sent something that is no SMTP reply")]
    NoReply,
    /// It does not want to serve.
    #[error("the provider does not serve: {0:?}")]
    Unwilling(Reply),
    /// STARTTLS is configured and refused or not offered.
    #[error("the provider does not offer STARTTLS")]
    NoStartTls,
    /// Octets followed the answer to STARTTLS in clear (RFC 3207 §6).
    #[error("octets in clear followed STARTTLS")]
    Injected,
    /// None of its mechanisms fits the credentials.
    #[error("the provider offers no authentication that fits")]
    NoMechanism,
}

/// What one group gets. The envelope's own recipients do not count here.
#[derive(Clone, Debug)]
pub struct GroupCopy<'a> {
    /// Who gets it.
    pub recipients: &'a [Recipient],
    /// What they get, CRLF line ends, not dot-stuffed.
    pub message: &'a Flow,
    /// What that is.
    pub form: Form,
}

/// How far a group is, for the time to wait and for what may be said if the connection breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The provider cannot have taken a message.
    Nothing,
    /// The whole message was given; its answer is awaited.
    Given,
}

/// One connection to a provider.
#[derive(Debug)]
pub struct Handover {
    tls: ServerTls,
    credentials: Option<Credentials>,
    reader: ReplyReader,
    capabilities: Capabilities,
    state: State,
}

#[derive(Debug)]
enum State {
    Greeting,
    Ehlo,
    StartTls,
    TlsHandshake,
    Auth {
        mechanism: Mechanism,
        asked: usize,
    },
    Ready,
    Group(Box<Transaction>),
    /// With what had been given by then.
    Ended(Progress),
}

impl Handover {
    /// A connection just made, by TLS already where the server speaks it from the first octet. Without credentials it
    /// only learns what the server offers.
    pub fn new(tls: ServerTls, credentials: Option<Credentials>) -> Self {
        Self {
            tls,
            credentials,
            reader: ReplyReader::default(),
            capabilities: Capabilities::default(),
            state: State::Greeting,
        }
    }

    /// What the provider offers, since the last EHLO.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// False once the provider has said that it closes, or has broken the protocol.
    pub fn is_usable(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// How far the group in hand is.
    pub fn progress(&self) -> Progress {
        match &self.state {
            State::Group(transaction) => transaction.progress(),
            State::Ended(progress) => *progress,
            _ => Progress::Nothing,
        }
    }

    /// Why the group in hand will be refused, when that is known before the connection is ready for the next.
    pub fn refused(&self) -> Option<Refused> {
        match &self.state {
            State::Group(transaction) => transaction.refused(),
            _ => None,
        }
    }

    /// True from a refusal to the answer to RSET.
    pub fn is_refused(&self) -> bool {
        matches!(&self.state, State::Group(transaction) if transaction.is_refused())
    }

    /// Hands over one group; [`Action::Group`] will tell how it ended. Only when [`Handover::is_usable`].
    pub fn begin(&mut self, envelope: &Envelope, copy: &GroupCopy<'_>) -> Vec<Action> {
        match Transaction::new(envelope, copy, &self.capabilities) {
            Ok(mut transaction) => {
                let first = transaction.next_commands();
                self.state = State::Group(Box::new(transaction));
                vec![Action::Send(first)]
            }
            Err(refused) => vec![Action::Group(Err(refused))],
        }
    }

    /// Takes an event; what to do about it comes out.
    pub fn input(&mut self, event: Event<'_>) -> Vec<Action> {
        match event {
            Event::Bytes(bytes) => {
                self.reader.feed(bytes);
                self.replies()
            }
            Event::TlsReady => {
                // Nothing said before TLS is believed (RFC 3207 §4.2).
                self.capabilities = Capabilities::default();
                self.state = State::Ehlo;
                vec![Action::Send(EHLO.to_vec())]
            }
        }
    }

    fn replies(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        loop {
            match self.reader.next_reply() {
                Ok(Some(reply)) => out.extend(self.reply(reply)),
                Ok(None) => return out,
                Err(_) => {
                    out.push(self.fail(Failure::NoReply));
                    return out;
                }
            }
        }
    }

    fn reply(&mut self, reply: Reply) -> Option<Action> {
        match std::mem::replace(&mut self.state, State::Ended(Progress::Nothing)) {
            State::Greeting => Some(self.greeting(reply)),
            State::Ehlo => Some(self.ehlo(reply)),
            State::StartTls => Some(self.start_tls(&reply)),
            State::Auth { mechanism, asked } => Some(self.auth(mechanism, asked, reply)),
            State::Group(transaction) => self.group(transaction, reply),
            // A reply to nothing: 421 before an idle connection is closed, or an attempt to get out of step.
            State::TlsHandshake | State::Ready => Some(self.fail(Failure::Unwilling(reply))),
            State::Ended(_) => None,
        }
    }

    fn greeting(&mut self, reply: Reply) -> Action {
        if reply.code != 220 {
            return self.fail(Failure::Unwilling(reply));
        }
        self.state = State::Ehlo;
        Action::Send(EHLO.to_vec())
    }

    fn ehlo(&mut self, reply: Reply) -> Action {
        if reply.code != 250 {
            return self.fail(Failure::Unwilling(reply));
        }
        self.capabilities = Capabilities::from_reply(&reply);
        match (self.tls, self.capabilities.starttls) {
            (ServerTls::StartTls, true) => {
                self.state = State::StartTls;
                Action::Send(b"STARTTLS\r\n".to_vec())
            }
            (ServerTls::StartTls, false) => self.fail(Failure::NoStartTls),
            (ServerTls::Implicit | ServerTls::Plain, _) => self.begin_auth(),
        }
    }

    fn start_tls(&mut self, reply: &Reply) -> Action {
        if reply.code != 220 {
            return self.fail(Failure::NoStartTls);
        }
        if self.reader.holds_more() {
            return self.fail(Failure::Injected);
        }
        // From here on it is TLS, as if it had been from the first octet.
        self.tls = ServerTls::Implicit;
        self.state = State::TlsHandshake;
        Action::StartTls
    }

    fn begin_auth(&mut self) -> Action {
        let Some(credentials) = &self.credentials else {
            self.state = State::Ready;
            return Action::Ready;
        };
        let offered = credentials.mechanism.carriers().iter().find(|m| self.capabilities.auth.contains(m));
        let Some(&mechanism) = offered else {
            return self.fail(Failure::NoMechanism);
        };
        let initial = credentials.initial_response(mechanism);
        let asked = usize::from(initial.is_some());
        self.state = State::Auth { mechanism, asked };
        match initial {
            Some(response) => Action::Send([b"AUTH ", mechanism.name().as_bytes(), b" ", response.expose(), b"\r\n"].concat()),
            None => Action::Send(format!("AUTH {}\r\n", mechanism.name()).into_bytes()),
        }
    }

    fn auth(&mut self, mechanism: Mechanism, asked: usize, reply: Reply) -> Action {
        match reply.code {
            235 => {
                self.state = State::Ready;
                Action::Ready
            }
            334 => {
                self.state = State::Auth {
                    mechanism,
                    asked: asked + 1,
                };
                Action::Send([self.auth_answer(mechanism, asked).as_slice(), b"\r\n"].concat())
            }
            _ => Action::LoginRefused(reply),
        }
    }

    /// What is said to the `asked`-th challenge.
    fn auth_answer(&self, mechanism: Mechanism, asked: usize) -> Vec<u8> {
        match (mechanism, asked, &self.credentials) {
            (Mechanism::Login, 0 | 1, Some(credentials)) => credentials.login_answers()[asked].expose().to_vec(),
            // The challenge holds the reason in JSON; a refusal follows an empty answer, or a lone ^A (RFC 7628 §3.2.3).
            (Mechanism::XOAuth2, 1, _) => Vec::new(),
            (Mechanism::OAuthBearer, 1, _) => b"AQ==".to_vec(),
            _ => b"*".to_vec(),
        }
    }

    fn group(&mut self, mut transaction: Box<Transaction>, reply: Reply) -> Option<Action> {
        if reply.code == 421 && transaction.progress() == Progress::Nothing {
            let refused = transaction.refused().unwrap_or(Refused::Closing(reply));
            return Some(Action::Group(Err(refused)));
        }
        let closing = reply.code == 421;
        let next = transaction.reply(reply);
        if matches!(next, Next::Send(_) | Next::Content) && self.reader.holds_more() {
            // An answer to what was not asked yet: taken in turn it would accept a message that was never given.
            return Some(self.fail(Failure::NoReply));
        }
        self.state = match next {
            Next::Send(_) | Next::Content | Next::Wait => State::Group(transaction),
            Next::NoOutcome => State::Ended(Progress::Given),
            Next::Done(_) if closing => State::Ended(Progress::Nothing),
            Next::Done(_) => State::Ready,
        };
        match next {
            Next::Send(octets) => Some(Action::Send(octets)),
            Next::Content => Some(Action::SendContent),
            Next::Wait => None,
            Next::Done(result) => Some(Action::Group(result)),
            Next::NoOutcome => Some(self.fail(Failure::NoReply)),
        }
    }

    fn fail(&mut self, failure: Failure) -> Action {
        if let Some(refused) = self.refused() {
            self.state = State::Ended(Progress::Nothing);
            return Action::Group(Err(refused));
        }
        self.state = State::Ended(self.progress());
        Action::Failed(failure)
    }
}

impl Failure {
    /// True where somebody between may be at work.
    pub fn is_unsafe(&self) -> bool {
        match self {
            Failure::NoStartTls | Failure::Injected => true,
            Failure::NoReply | Failure::Unwilling(_) | Failure::NoMechanism => false,
        }
    }
}

/// The PC's name is nobody's business.
const EHLO: &[u8] = b"EHLO [127.0.0.1]\r\n";
