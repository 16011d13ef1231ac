//! A mail program that is told to go through Souspli: Thunderbird's own files, changed and changed back; what others import.
//!
//! `profiles` where Thunderbird keeps its accounts, `prefs` its settings line by line, `place` an account in them, `overrides` the certificates that it takes, `files` all of them while it is closed, `thunderbird` one account
//! switched and switched back, `ledger` what was changed; `authorities` what Windows trusts, `outlook` a profile for classic Outlook, `isp` settings that Thunderbird reads.

pub mod authorities;
mod files;
pub mod isp;
mod ledger;
pub mod outlook;
mod overrides;
mod place;
pub mod prefs;
mod profiles;
mod thunderbird;

pub use profiles::{Profile, found};
pub use thunderbird::{Standing, Switching, refresh};

use crate::base::Address;
use crate::config::ListenTls;
use std::net::SocketAddr;

/// What a mail program is told of an account.
#[derive(Clone, Debug)]
pub struct Told {
    /// Whose letters.
    pub address: Address,
    /// What it logs in with.
    pub login: String,
    /// Where it reads.
    pub imap: SocketAddr,
    /// Where it sends.
    pub smtp: SocketAddr,
    /// How it speaks TLS with both.
    pub tls: ListenTls,
}
