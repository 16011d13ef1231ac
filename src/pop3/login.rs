//! Who the client is, before any provider is asked: USER and PASS, and AUTH (RFC 1939 §7, RFC 5034 §4).

use crate::base::Secret;
use crate::sasl::{self, Exchange, Mechanism, Step};

/// What a client logs in with, for the provider to judge.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name, which chooses the account, and the proof.
    pub sasl: sasl::Credentials,
    /// How the client gave them: the provider is given them the same way if it can be.
    pub way: Way,
}

/// How a proof came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// USER and PASS.
    Password,
    /// AUTH.
    Sasl,
}

/// A login in progress.
#[derive(Debug, Default)]
pub enum Login {
    /// Nothing was said yet.
    #[default]
    Begin,
    /// USER was.
    Named(String),
    /// AUTH was, and the client's next line is not a command.
    Exchange(Exchange),
}

/// What a step comes to.
#[derive(Debug)]
pub enum Next {
    /// Send `+` and this.
    Challenge(&'static str),
    /// All is said.
    Given(Credentials),
    /// PASS without USER.
    NoName,
    /// A mechanism that is not offered.
    NoMechanism,
    /// Not a response of the mechanism, or the client gave up.
    Unreadable,
}

impl Login {
    /// `USER name`.
    pub fn user(&mut self, name: String) {
        *self = Self::Named(name);
    }

    /// `PASS string`.
    pub fn pass(&mut self, secret: Secret) -> Next {
        match std::mem::take(self) {
            Self::Named(login) => Next::Given(Credentials {
                sasl: sasl::Credentials {
                    mechanism: Mechanism::Plain,
                    login,
                    secret,
                },
                way: Way::Password,
            }),
            Self::Begin | Self::Exchange(_) => Next::NoName,
        }
    }

    /// `AUTH mechanism [initial-response]`.
    pub fn auth(&mut self, name: &str, initial: Option<&Secret>) -> Next {
        *self = Self::Begin;
        match Mechanism::parse(name) {
            Some(mechanism) => self.step(Exchange::begin(mechanism, initial)),
            None => Next::NoMechanism,
        }
    }

    /// Whether the client's next line belongs to AUTH.
    pub fn is_exchanging(&self) -> bool {
        matches!(self, Self::Exchange(_))
    }

    /// That line.
    pub fn line(&mut self, line: &[u8]) -> Next {
        match std::mem::take(self) {
            Self::Exchange(exchange) if line != b"*" => self.step(exchange.line(line)),
            Self::Exchange(_) | Self::Begin | Self::Named(_) => Next::Unreadable,
        }
    }

    fn step(&mut self, step: Step) -> Next {
        match step {
            Step::Challenge(challenge, exchange) => {
                *self = Self::Exchange(exchange);
                Next::Challenge(challenge)
            }
            Step::Done(sasl) => Next::Given(Credentials { sasl, way: Way::Sasl }),
            Step::Malformed => Next::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(next: Next) -> (String, Vec<u8>) {
        match next {
            Next::Given(credentials) => (credentials.sasl.login, credentials.sasl.secret.expose().to_vec()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_way_names_an_account() {
        let mut login = Login::default();
        login.user("a@b.fr".into());
        assert_eq!(given(login.pass("p w".into())), ("a@b.fr".into(), b"p w".to_vec()));
        let plain = Secret::from(base64_simd::STANDARD.encode_to_string(b"\0a@b.fr\0pw").as_str());
        assert_eq!(given(login.auth("PLAIN", Some(&plain))).0, "a@b.fr");
        assert!(matches!(login.auth("PLAIN", None), Next::Challenge("")));
        assert!(login.is_exchanging());
        assert_eq!(given(login.line(plain.expose())).0, "a@b.fr");
    }

    #[test]
    fn a_password_without_a_name_is_nobodys() {
        let mut login = Login::default();
        assert!(matches!(login.pass("pw".into()), Next::NoName));
        login.user("a".into());
        assert!(matches!(login.auth("GSSAPI", None), Next::NoMechanism));
        assert!(matches!(login.pass("pw".into()), Next::NoName));
        assert!(matches!(login.auth("PLAIN", None), Next::Challenge("")));
        assert!(matches!(login.line(b"*"), Next::Unreadable));
        assert!(matches!(login.line(b"x"), Next::Unreadable));
    }
}
