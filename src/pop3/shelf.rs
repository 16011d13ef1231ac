//! What can be asked of the relay at once, without a key.

use crate::base::MessageKey;
use std::sync::Arc;

/// The relay, as a session asks it.
pub trait Shelf: Send {
    /// The account that a login name belongs to.
    fn account(&self, login: &str) -> Found;
    /// Octets of the View of a message that is stored with that size; `None`: it has not been opened yet.
    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64>;
    /// Shown a message that is not S/MIME as it passes.
    fn passed(&self, _account: &str, _message: &[u8]) {}
}

/// What becomes of a login name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// The address, in lower case, of its account.
    Account(Arc<str>),
    /// Its account has no POP3 server.
    NoServer,
    /// Nobody has it.
    Nobody,
}
