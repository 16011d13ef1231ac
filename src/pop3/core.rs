//! What a session has done by its driver, and how it refuses (RFC 2449 §8).

use super::shelf::Shelf;
use crate::base::{MessageKey, Retry};
use crate::text::Explanation;

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
    /// Wait until there is room for a message of so many octets; nothing more of it is read before.
    Reserve(u64),
    /// Open a stored message.
    Open(MessageKey, Vec<u8>),
    /// Write what is to be written, then close.
    Close,
}

/// What every part of a session writes to and asks.
pub struct Core {
    /// The relay.
    pub shelf: Box<dyn Shelf>,
    actions: Vec<Action>,
}

/// The response code of a refusal (RFC 2449 §8, RFC 3206).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// The command itself is wrong.
    None,
    /// The credentials are.
    Auth,
    /// It may be mended by waiting, or by the user.
    Temporary,
    /// It may not.
    Permanent,
}

impl Code {
    /// Whether trying again makes sense.
    pub fn of(explanation: &Explanation) -> Self {
        match explanation.retry {
            Retry::Never => Self::Permanent,
            Retry::Later | Retry::AfterUser => Self::Temporary,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Auth => "[AUTH] ",
            Self::Temporary => "[SYS/TEMP] ",
            Self::Permanent => "[SYS/PERM] ",
        }
    }
}

/// Writes below this many octets are joined; a message is moved, not copied.
const JOIN_MAX: usize = 16 * 1024;

impl Core {
    /// Nothing is to be done yet.
    pub fn new(shelf: Box<dyn Shelf>) -> Self {
        Self {
            shelf,
            actions: Vec::new(),
        }
    }

    /// What is to be done by now.
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// To the client.
    pub fn client(&mut self, bytes: &[u8]) {
        match self.actions.last_mut() {
            Some(Action::ToClient(out)) => out.extend_from_slice(bytes),
            _ => self.actions.push(Action::ToClient(bytes.to_vec())),
        }
    }

    /// The same, without a copy where it is large.
    pub fn client_owned(&mut self, bytes: Vec<u8>) {
        match self.actions.last_mut() {
            Some(Action::ToClient(out)) if bytes.len() < JOIN_MAX => out.extend_from_slice(&bytes),
            _ if bytes.is_empty() => {}
            _ => self.actions.push(Action::ToClient(bytes)),
        }
    }

    /// To the provider, a line with its end.
    pub fn upstream(&mut self, line: String) {
        match self.actions.last_mut() {
            Some(Action::ToUpstream(out)) => out.extend_from_slice(line.as_bytes()),
            _ => self.actions.push(Action::ToUpstream(line.into_bytes())),
        }
    }

    /// Anything else.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// `-ERR`, in ASCII.
    pub fn refuse(&mut self, code: Code, explanation: &Explanation) {
        self.client(format!("-ERR {}{}\r\n", code.as_str(), explanation.wire()).as_bytes());
    }
}
