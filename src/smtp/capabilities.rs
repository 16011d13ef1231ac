//! What a provider offers and what is offered to the mail program: an allow-list (RFC 5321 §4.1.1.1).

use super::wire::Reply;
use crate::base::limits::{MESSAGE_MAX, SEALING_GROWTH_PERCENT};
use crate::config::Account;
use crate::sasl::Mechanism;
use smtp_proto::{EXT_8BIT_MIME, EXT_DSN, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8, EXT_START_TLS, EhloResponse};
use std::collections::BTreeSet;

/// The extensions that are understood here; all else is neither read nor offered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capabilities {
    /// `SIZE` (RFC 1870): the most octets, `None` when no bound is given.
    pub size: Option<u64>,
    /// `SIZE` was there, with or without a number.
    pub declares_size: bool,
    /// `8BITMIME` (RFC 6152).
    pub eight_bit: bool,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
    /// `DSN` (RFC 3461).
    pub dsn: bool,
    /// `PIPELINING` (RFC 2920).
    pub pipelining: bool,
    /// `STARTTLS` (RFC 3207).
    pub starttls: bool,
    /// `AUTH` (RFC 4954), those that are known here.
    pub auth: BTreeSet<Mechanism>,
}

impl Capabilities {
    /// From the reply to EHLO; its first line is the greeting.
    pub fn from_reply(reply: &Reply) -> Self {
        let mut out = Self::default();
        reply.lines.iter().skip(1).for_each(|line| out.read(line));
        out
    }

    /// Line by line, so that one that cannot be read hides no other.
    fn read(&mut self, line: &str) {
        let alone = format!("250-provider\r\n250 {line}\r\n");
        let Ok(read) = EhloResponse::parse(&mut alone.as_bytes().iter()) else {
            return;
        };
        let has = |extension: u32| read.capabilities & extension != 0;
        self.eight_bit |= has(EXT_8BIT_MIME);
        self.smtputf8 |= has(EXT_SMTP_UTF8);
        self.dsn |= has(EXT_DSN);
        self.pipelining |= has(EXT_PIPELINING);
        self.starttls |= has(EXT_START_TLS);
        if has(EXT_SIZE) {
            self.declares_size = true;
            self.size = size(line);
        }
        let all = Mechanism::ALL.into_iter().chain([Mechanism::External]);
        let known = all.filter(|m| read.auth_mechanisms & bit(*m) != 0);
        self.auth.extend(known);
    }

    /// What two providers have in common: said before it is known whose account it is.
    pub fn common(&self, other: &Self) -> Self {
        Self {
            size: [self.size, other.size].into_iter().flatten().min(),
            declares_size: self.declares_size && other.declares_size,
            eight_bit: self.eight_bit && other.eight_bit,
            smtputf8: self.smtputf8 && other.smtputf8,
            dsn: self.dsn && other.dsn,
            pipelining: self.pipelining && other.pipelining,
            starttls: self.starttls && other.starttls,
            auth: self.auth.intersection(&other.auth).copied().collect(),
        }
    }

    /// What is offered to this account. Where everything is sealed, room is left for the growth; else a message of which
    /// nobody knows yet whether it will be sealed may be as large as the provider takes, and one that sealing makes too
    /// large is refused with a reason.
    pub fn offered_to(self, account: &Account) -> Self {
        let sealed = |size: u64| (u128::from(size) * 100 / u128::from(SEALING_GROWTH_PERCENT)) as u64;
        Self {
            size: self.size.map(|size| if account.always_encrypt { sealed(size) } else { size }),
            ..self
        }
    }

    /// The most octets of a message that a mail program may submit.
    pub fn submission_max(&self) -> u64 {
        self.size.unwrap_or(u64::MAX).min(MESSAGE_MAX as u64)
    }
}

/// A mechanism's bit in what smtp-proto reads of an `AUTH` line.
fn bit(mechanism: Mechanism) -> u64 {
    match mechanism {
        Mechanism::Plain => smtp_proto::AUTH_PLAIN,
        Mechanism::Login => smtp_proto::AUTH_LOGIN,
        Mechanism::XOAuth2 => smtp_proto::AUTH_XOAUTH2,
        Mechanism::OAuthBearer => smtp_proto::AUTH_OAUTHBEARER,
        Mechanism::External => smtp_proto::AUTH_EXTERNAL,
    }
}

/// The number is read here: smtp-proto makes a small one of a number that is too large for it.
fn size(line: &str) -> Option<u64> {
    let number = line.split_ascii_whitespace().nth(1)?;
    number.parse().ok().filter(|octets| *octets > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::outgoing::tests::account;

    fn from(lines: &[&str]) -> Capabilities {
        let lines = std::iter::once("mail.test")
            .chain(lines.iter().copied())
            .map(str::to_owned)
            .collect();
        Capabilities::from_reply(&Reply { code: 250, lines })
    }

    #[test]
    fn only_what_is_known_is_read() {
        let got = from(&[
            "size 1000",
            "8bitmime",
            "CHUNKING",
            "AUTH PLAIN SCRAM-SHA-256-PLUS",
            "AUTH=LOGIN",
            "XCLIENT",
        ]);
        let auth = [Mechanism::Plain, Mechanism::Login].into();
        assert_eq!(
            got,
            Capabilities {
                size: Some(1000),
                declares_size: true,
                eight_bit: true,
                auth,
                ..Capabilities::default()
            }
        );
        assert_eq!(got.submission_max(), 1000);
        assert_eq!(from(&["SIZE"]).submission_max(), MESSAGE_MAX as u64);
        assert_eq!(from(&["SIZE 0"]).size, None);
        assert_eq!(from(&["SIZE 18446744073709551615"]).submission_max(), MESSAGE_MAX as u64);
        assert_eq!(from(&["SIZE 99999999999999999999999"]).submission_max(), MESSAGE_MAX as u64);
        let odd = from(&[
            "",
            " ",
            "FUTURERELEASE x y",
            "8BITMIMES",
            "STARTTLSX",
            "é",
            "DSN  ",
            "AUTH  xoauth2  OAUTHBEARER",
        ]);
        let auth = [Mechanism::XOAuth2, Mechanism::OAuthBearer].into();
        assert_eq!(
            odd,
            Capabilities {
                dsn: true,
                auth,
                ..Capabilities::default()
            }
        );
    }

    #[test]
    fn room_for_sealing_is_left_where_everything_is_sealed() {
        let careful = Account {
            always_encrypt: true,
            ..account()
        };
        assert_eq!(from(&["SIZE 1001"]).offered_to(&careful).submission_max(), 500);
        assert_eq!(from(&["SIZE 1001"]).offered_to(&account()).submission_max(), 1001);
        assert_eq!(
            from(&["SIZE 18446744073709551615"]).offered_to(&careful).submission_max(),
            MESSAGE_MAX as u64
        );
    }

    #[test]
    fn the_least_is_common() {
        let both = from(&["SIZE 10", "DSN", "AUTH PLAIN LOGIN"]).common(&from(&["SIZE 20", "8BITMIME", "AUTH PLAIN"]));
        assert_eq!(both, from(&["SIZE 10", "AUTH PLAIN"]));
    }
}
