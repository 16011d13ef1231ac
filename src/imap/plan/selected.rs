//! The mailbox that a client has open.

use crate::base::{MessageKey, Place};
use crate::imap::classes::{Classes, Mailbox};
use crate::imap::command::Access;
use std::sync::Arc;

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
