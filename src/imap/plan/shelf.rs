//! What a session asks of the relay: no key, no waiting.

use crate::base::MessageKey;
use crate::imap::classes::Mailbox;
use crate::imap::command::Inside;
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
    /// What is known of the texts of a mailbox; `None`: nothing is kept. `sealed`: those that are known to be S/MIME.
    fn sought(&self, _mailbox: &Mailbox, _texts: &[&Sought], _sealed: &Ranges) -> Option<Indexed> {
        None
    }
    /// Shown a message that is not S/MIME, or its beginning, as it passes.
    fn passed(&self, _account: &str, _message: &[u8]) {}
    /// Takes note that the provider alone has searched.
    fn provider_alone(&self, _why: ProviderAlone) {}
    /// Takes note that these messages are gone.
    fn vanished(&self, _mailbox: &Mailbox, _uids: &Ranges) {}
    /// Takes note that this mailbox of an account is none any more.
    fn unnamed(&self, _account: &str, _mailbox: &str, _inside: Inside) {}
}

/// What is known of the texts of a mailbox, by UID.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Indexed {
    /// The messages whose text is known.
    pub covered: Ranges,
    /// For each text that is sought, in order, which of them have it.
    pub found: Vec<Ranges>,
}

/// Why a search is the provider's alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProviderAlone {
    /// It is not of a form that is understood.
    Unread,
    /// It would take more, or longer, questions than a provider should be asked.
    TooLong,
    /// A question was not answered, or not so that the answer means anything.
    Refused,
}
