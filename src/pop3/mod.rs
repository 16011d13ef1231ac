//! POP3 between a mail program and its provider (RFC 1939, RFC 2449, RFC 2595, RFC 5034): S/MIME messages are answered from
//! their View, everything else passes byte for byte. Pure but for `driver`.

pub mod capability;
pub mod collected;
pub mod core;
pub mod driver;
pub mod known;
pub mod login;
pub mod reading;
pub mod session;
pub mod shelf;
pub mod survey;
pub mod transaction;
pub mod upstream;
pub mod wire;
