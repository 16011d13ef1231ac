//! Which message of which account.

use std::sync::Arc;

/// One message of one account, for good.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageKey {
    /// The account's address, in lower case.
    pub account: Arc<str>,
    /// Where it lies there.
    pub place: Place,
}

/// Where a message lies, in the words by which its server knows it in every session.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// In a mailbox (RFC 9051 §2.3.1.1).
    Mailbox {
        /// Its name as the client and the server write it (not decoded).
        mailbox: Arc<str>,
        /// UIDVALIDITY of that mailbox.
        uidvalidity: u32,
        /// UID of the message.
        uid: u32,
    },
    /// In the maildrop of POP3, under the unique-id of its UIDL (RFC 1939 §7).
    Maildrop {
        /// The unique-id.
        unique_id: Arc<str>,
    },
    /// In a maildrop whose server gives it no unique-id of its own: SHA-256 of what is stored.
    Nameless {
        /// The digest.
        digest: [u8; 32],
    },
}
