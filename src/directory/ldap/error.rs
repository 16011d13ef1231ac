//! Why a directory gave no answer.

use super::wire::Outcome;
use crate::config::DirectoryServer;
use crate::text::{Explanation, directory as say};

/// What went wrong with one directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LdapError {
    /// It could not be reached, or TLS not be verified.
    Net(Explanation),
    /// It offers no StartTLS.
    NoStartTls,
    /// Its password is kept nowhere.
    NoPassword,
    /// The program that gives the password failed.
    Command,
    /// It refuses name or password.
    Password,
    /// It has no such base.
    NoBase,
    /// It refuses what was asked.
    Refused(Outcome),
    /// It says what is no LDAP.
    Unreadable,
    /// It sends more than is read.
    TooMuch,
    /// It ended the connection.
    Cut,
    /// It did not answer in time.
    Late,
}

impl LdapError {
    /// The sentence for it.
    pub fn explain(&self, of: &DirectoryServer) -> Explanation {
        let name = &of.name;
        match self {
            Self::Net(explanation) => explanation.clone(),
            Self::NoStartTls => say::no_starttls(name),
            Self::NoPassword => say::no_password(name),
            Self::Command => say::command_failed(name),
            Self::Password => say::wrong_password(name),
            Self::NoBase => say::no_base(name, &of.base),
            Self::Refused(outcome) => say::refused(name, outcome.code, &outcome.diagnostic),
            Self::Unreadable => say::unreadable(name),
            Self::TooMuch => say::too_much(name),
            Self::Cut => say::cut(name),
            Self::Late => say::not_in_time(name),
        }
    }
}
