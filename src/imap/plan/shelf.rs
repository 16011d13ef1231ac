//! What a plan asks of the relay, and what it knows of the mailbox that is open.

use super::super::classes::{Classes, Mailbox};
use super::super::command::Access;
use super::super::numbers::Ranges;
use crate::base::{MessageKey, Place};
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

/// The mailbox that is open.
#[derive(Clone, Debug)]
pub struct Selected {
    /// Which one.
    pub mailbox: Mailbox,
    /// Whether flags may be set.
    pub access: Access,
    /// No message has this UID or a larger one, as far as is known.
    pub uid_next: Option<u32>,
    /// What is known of its messages.
    pub classes: Arc<Classes>,
    /// The UID that was read last without its class being known.
    pub read: Option<u32>,
}

impl Selected {
    /// The message with that UID.
    pub fn key(&self, uid: u32) -> MessageKey {
        let Mailbox {
            account,
            name,
            uidvalidity,
        } = &self.mailbox;
        MessageKey {
            account: Arc::clone(account),
            place: Place::Mailbox {
                mailbox: Arc::clone(name),
                uidvalidity: *uidvalidity,
                uid,
            },
        }
    }
}
