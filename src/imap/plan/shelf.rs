//! What a session asks of the relay: no key, no waiting.

use crate::base::MessageKey;
use crate::imap::classes::Mailbox;
use crate::imap::numbers::Ranges;
use crate::view::sought::Sought;
use crate::view::verdict::Grade;
use crate::view::{Restored, View};
use std::sync::Arc;

/// What can be asked of the relay at once, without a key.
pub trait Shelf: Send {
    /// The address, in lower case, of the account that a login name belongs to.
    fn account(&self, login: &str) -> Option<Arc<str>>;
    /// A View that is in memory.
    fn cached(&self, key: &MessageKey) -> Option<Arc<View>>;
    /// Whether nothing can be told of S/MIME messages before the keys are there.
    fn is_locked(&self) -> bool;
    /// The boundary of a message's View; `None`: the keys are not there.
    fn boundary(&self, key: &MessageKey) -> Option<String>;
    /// RFC822.SIZE of the View of a message that is stored with that size; `None`: it has not been opened yet.
    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64>;
    /// What the View of a message changes in its header; `None`: it has not been opened yet.
    fn header(&self, key: &MessageKey) -> Option<Restored>;
    /// What the View of a message says of it; `None`: it has not been opened yet.
    fn grade(&self, key: &MessageKey) -> Option<Grade>;
    /// Takes note that a client was told the fields of the stored message: the View keeps to them.
    fn stored_header_told(&self, key: &MessageKey);
    /// For each of these texts, in order, the UIDs of messages whose View has it, as far as that is known; none at all where
    /// nothing is kept. `sealed`: those that are known to be S/MIME.
    fn sought(&self, _mailbox: &Mailbox, _texts: &[&Sought], _sealed: &Ranges) -> Vec<Ranges> {
        Vec::new()
    }
    /// Takes note that a search went to the provider as it came.
    fn not_widened(&self, _why: Unwidened) {}
    /// Takes note that these messages are gone.
    fn vanished(&self, _mailbox: &Mailbox, _uids: &Ranges) {}
}

/// Why a search is the provider's alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unwidened {
    /// It is not of a form that is understood.
    Unread,
    /// It would become longer than every provider takes.
    TooLong,
}
