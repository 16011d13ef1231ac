//! Who the client is, before any provider is asked: LOGIN and AUTHENTICATE (RFC 9051 §6.2, RFC 4616, RFC 7628).

use super::command::Command;
use crate::base::Secret;
use crate::sasl;

/// What a client logs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The tag that awaits the answer.
    pub tag: String,
    /// The login name, which chooses the account.
    pub login: String,
    /// The proof.
    pub proof: Proof,
}

/// The proof, for the provider to judge.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A password, and how the client gave it.
    Password(Secret, Way),
    /// A bearer token, as the whole SASL message.
    Token(TokenMechanism, Secret),
    /// The client certificate of Souspli's side of TLS.
    Certificate,
}

impl Credentials {
    /// The same with what Souspli gives in place of what the client gave.
    pub fn proved_by(self, given: sasl::Credentials) -> Self {
        let proof = match given.mechanism {
            sasl::Mechanism::Plain | sasl::Mechanism::Login => Proof::Password(given.secret, Way::Authenticate),
            sasl::Mechanism::XOAuth2 => Proof::Token(TokenMechanism::Xoauth2, given.secret),
            sasl::Mechanism::OAuthBearer => Proof::Token(TokenMechanism::OauthBearer, given.secret),
            sasl::Mechanism::External => Proof::Certificate,
        };
        Self {
            login: given.login,
            proof,
            ..self
        }
    }

    /// The password that the client gave; a token is none.
    pub fn password(&self) -> Option<&Secret> {
        match &self.proof {
            Proof::Password(password, _) => Some(password),
            Proof::Token(..) | Proof::Certificate => None,
        }
    }
}

/// How a password came: the provider is given it the same way if it can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The LOGIN command.
    Login,
    /// AUTHENTICATE.
    Authenticate,
}

/// Mechanisms of RFC 7628 and its forerunner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenMechanism {
    /// XOAUTH2.
    Xoauth2,
    /// OAUTHBEARER.
    OauthBearer,
}

impl TokenMechanism {
    /// As it is named.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenMechanism::Xoauth2 => "XOAUTH2",
            TokenMechanism::OauthBearer => "OAUTHBEARER",
        }
    }
}

/// An AUTHENTICATE in progress.
#[derive(Clone, Debug)]
pub struct Sasl {
    tag: String,
    mechanism: Mechanism,
    /// AUTH=LOGIN asks the name first.
    name: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mechanism {
    Plain,
    Login,
    Token(TokenMechanism),
}

/// What a step of a login comes to.
#[derive(Debug)]
pub enum Step {
    /// Send this challenge, read a raw line, and go on with [`Sasl::response`].
    Challenge(&'static str, Sasl),
    /// All is said.
    Given(Credentials),
    /// The client gave up, or wrote what cannot be read.
    Unreadable(String),
    /// A mechanism that is not offered.
    NoMechanism(String),
}

/// `LOGIN userid password`.
pub fn login(command: &Command) -> Step {
    let read = || {
        let mut cursor = command.arguments();
        cursor.space()?;
        let name = cursor.astring()?.into_owned();
        cursor.space()?;
        let password = Secret::new(cursor.astring()?.into_owned());
        cursor.is_end().then_some((name, password))
    };
    match read() {
        Some((name, password)) => given(&command.tag, name, Proof::Password(password, Way::Login)),
        None => Step::Unreadable(command.tag.clone()),
    }
}

/// `AUTHENTICATE mechanism [initial-response]`.
pub fn authenticate(command: &Command) -> Step {
    let tag = command.tag.clone();
    let mut cursor = command.arguments();
    let name = cursor
        .space()
        .and_then(|()| cursor.atom())
        .map(|name| String::from_utf8_lossy(name).to_ascii_uppercase());
    let mechanism = match name.as_deref() {
        Some("PLAIN") => Mechanism::Plain,
        Some("LOGIN") => Mechanism::Login,
        Some("XOAUTH2") => Mechanism::Token(TokenMechanism::Xoauth2),
        Some("OAUTHBEARER") => Mechanism::Token(TokenMechanism::OauthBearer),
        _ => return Step::NoMechanism(tag),
    };
    let sasl = Sasl {
        tag,
        mechanism,
        name: None,
    };
    match cursor.space() {
        None if cursor.is_end() => {
            let challenge = if mechanism == Mechanism::Login { USER_NAME } else { "" };
            Step::Challenge(challenge, sasl)
        }
        None => Step::Unreadable(sasl.tag),
        // A single `=` is an empty initial response (RFC 4959 §3).
        Some(()) if cursor.rest() == b"=" => sasl.message(Vec::new()),
        Some(()) => sasl.response(cursor.rest()),
    }
}

/// `User Name` and `Password` with their final NUL and colon as every server sends them, in base64.
const USER_NAME: &str = "VXNlcm5hbWU6";
const PASSWORD: &str = "UGFzc3dvcmQ6";

impl Sasl {
    /// Takes the client's line.
    pub fn response(self, line: &[u8]) -> Step {
        match base64_simd::STANDARD.decode_to_vec(line.trim_ascii()) {
            Ok(message) => self.message(message),
            Err(_) => Step::Unreadable(self.tag),
        }
    }

    fn message(mut self, message: Vec<u8>) -> Step {
        match (self.mechanism, self.name.take()) {
            (Mechanism::Login, None) => {
                self.name = Some(message);
                Step::Challenge(PASSWORD, self)
            }
            (Mechanism::Login, Some(name)) => given(&self.tag, name, Proof::Password(Secret::new(message), Way::Authenticate)),
            (Mechanism::Plain, _) => self.plain(Secret::new(message)),
            (Mechanism::Token(mechanism), _) => self.token(mechanism, Secret::new(message)),
        }
    }

    /// `[authzid] NUL authcid NUL passwd`; acting for somebody else is not offered.
    fn plain(self, message: Secret) -> Step {
        let parts: Vec<&[u8]> = message.expose().split(|b| *b == 0).collect();
        match parts[..] {
            [other, name, password] if (other.is_empty() || other == name) && !name.is_empty() => given(
                &self.tag,
                name.to_vec(),
                Proof::Password(Secret::new(password.to_vec()), Way::Authenticate),
            ),
            _ => Step::Unreadable(self.tag),
        }
    }

    fn token(self, mechanism: TokenMechanism, message: Secret) -> Step {
        let name = match mechanism {
            TokenMechanism::Xoauth2 => between(message.expose(), b"user=", 1),
            TokenMechanism::OauthBearer => between(message.expose(), b"a=", b','),
        };
        match name {
            Some(name) => given(&self.tag, name, Proof::Token(mechanism, message)),
            None => Step::Unreadable(self.tag),
        }
    }
}

fn between(message: &[u8], start: &[u8], end: u8) -> Option<Vec<u8>> {
    let at = memchr::memmem::find(message, start)? + start.len();
    let len = memchr::memchr(end, &message[at..])?;
    (len > 0).then(|| message[at..at + len].to_vec())
}

fn given(tag: &str, name: Vec<u8>, proof: Proof) -> Step {
    match String::from_utf8(name) {
        // A line end or NUL would end the line in which the provider is told the name.
        Ok(login) if !login.chars().any(char::is_control) => Step::Given(Credentials {
            tag: tag.to_owned(),
            login,
            proof,
        }),
        _ => Step::Unreadable(tag.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Side;
    use super::super::line::lines;
    use super::*;

    fn step(text: &str) -> Step {
        let command = Command::parse(lines(Side::Client, text.as_bytes()).remove(0)).unwrap();
        if text.contains(" LOGIN ") && !text.contains("AUTHENTICATE") {
            login(&command)
        } else {
            authenticate(&command)
        }
    }

    fn base64(text: &str) -> String {
        base64_simd::STANDARD.encode_to_string(text)
    }

    #[test]
    fn every_way_to_say_a_password() {
        let plain = base64("\0a@b.fr\0p w");
        for first in [
            "a LOGIN a@b.fr \"p w\"\r\n".to_owned(),
            "a LOGIN {6+}\r\na@b.fr {3+}\r\np w\r\n".to_owned(),
            format!("a AUTHENTICATE PLAIN {plain}\r\n"),
        ] {
            let Step::Given(Credentials {
                login,
                proof: Proof::Password(password, _),
                ..
            }) = step(&first)
            else {
                panic!("{first}")
            };
            assert_eq!((login.as_str(), password.expose()), ("a@b.fr", &b"p w"[..]));
        }
        let Step::Challenge(USER_NAME, sasl) = step("a AUTHENTICATE LOGIN\r\n") else {
            panic!()
        };
        let Step::Challenge(PASSWORD, sasl) = sasl.response(base64("a@b.fr").as_bytes()) else {
            panic!()
        };
        assert!(matches!(sasl.response(base64("p").as_bytes()), Step::Given(c) if c.login == "a@b.fr"));
    }

    #[test]
    fn tokens_name_their_owner() {
        let old = base64("user=a@b.fr\u{1}auth=Bearer x\u{1}\u{1}");
        let new = base64("n,a=a@b.fr,\u{1}host=h\u{1}auth=Bearer x\u{1}\u{1}");
        for line in [
            format!("a AUTHENTICATE XOAUTH2 {old}\r\n"),
            format!("a AUTHENTICATE OAUTHBEARER {new}\r\n"),
        ] {
            assert!(matches!(step(&line), Step::Given(c) if c.login == "a@b.fr"), "{line}");
        }
    }

    #[test]
    fn what_is_no_login() {
        for line in [
            "a LOGIN x\r\n".to_owned(),
            "a LOGIN x y z\r\n".to_owned(),
            "a LOGIN {4+}\r\nx\r\ny z\r\n".to_owned(),
            "a AUTHENTICATE PLAIN *\r\n".to_owned(),
            "a AUTHENTICATE PLAIN =\r\n".to_owned(),
            format!("a AUTHENTICATE PLAIN {}\r\n", base64("b\0a\0p")),
            format!("a AUTHENTICATE PLAIN {}\r\n", base64("\0a")),
        ] {
            assert!(matches!(step(&line), Step::Unreadable(_)), "{line}");
        }
        assert!(matches!(step("a AUTHENTICATE GSSAPI\r\n"), Step::NoMechanism(_)));
    }
}
