//! What a mail program hands over: an envelope and the message as received (RFC 6409).

use crate::base::Address;
use bytes::Bytes;

/// One `RCPT TO`, with the DSN parameters of RFC 3461 as they were written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient {
    /// The forward-path.
    pub address: Address,
    /// `NOTIFY=` value, raw.
    pub notify: Option<String>,
    /// `ORCPT=` value, raw.
    pub orcpt: Option<String>,
}

impl Recipient {
    /// Without DSN parameters.
    pub fn plain(address: Address) -> Self {
        Self {
            address,
            notify: None,
            orcpt: None,
        }
    }
}

/// `MAIL FROM` and every `RCPT TO`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The reverse-path; `None` is `<>`.
    pub from: Option<Address>,
    /// In the order given.
    pub recipients: Vec<Recipient>,
    /// `BODY=8BITMIME` was given.
    pub eight_bit: bool,
    /// `SMTPUTF8` was given.
    pub smtputf8: bool,
    /// `RET=` value (`FULL` or `HDRS`), raw.
    pub ret: Option<String>,
    /// `ENVID=` value, raw.
    pub envid: Option<String>,
}

/// A whole submission: nothing of it has reached the provider.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who and to whom.
    pub envelope: Envelope,
    /// The message after dot-unstuffing, CRLF line ends, byte for byte as the client sent it.
    pub message: Bytes,
}
