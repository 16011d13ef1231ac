//! Which message of which mailbox.

use std::sync::Arc;

/// One message of one mailbox, for good (RFC 9051 §2.3.1.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageKey {
    /// The account's address, in lower case.
    pub account: Arc<str>,
    /// The mailbox name as the client and the server write it (not decoded).
    pub mailbox: Arc<str>,
    /// UIDVALIDITY of that mailbox.
    pub uidvalidity: u32,
    /// UID of the message.
    pub uid: u32,
}
