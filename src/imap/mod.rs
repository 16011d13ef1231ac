//! IMAP4rev1 between a mail program and its provider (RFC 3501, RFC 9051): S/MIME messages are answered from their
//! View, everything else passes byte for byte. Pure but for `driver`.

pub mod address;
pub mod answer;
pub mod capability;
pub mod classes;
pub mod command;
pub mod driver;
pub mod fetch;
pub mod frame;
pub mod intake;
pub mod keywords;
pub mod line;
pub mod login;
pub mod numbers;
pub mod plan;
pub mod relay;
pub mod response;
pub mod retrieve;
pub mod search;
pub mod seek;
pub mod session;
pub mod structure;
pub mod upstream;
