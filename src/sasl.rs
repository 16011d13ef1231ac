//! SASL as mail programs use it for sending and for POP3 (RFC 4954, RFC 5034, RFC 4616, RFC 7628): what the client gave is
//! what the provider gets.

use crate::base::Secret;

/// The mechanisms that can be carried to the provider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// draft-murchison-sasl-login.
    Login,
    /// Google's and Microsoft's.
    XOAuth2,
    /// RFC 7628.
    OAuthBearer,
    /// RFC 4422 §A: what TLS has shown is the proof. Of Souspli alone: a mail program's certificate ends at Souspli.
    External,
}

/// Who logs in, and the proof; kept in memory for a reconnect.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The mechanism of the mail program.
    pub mechanism: Mechanism,
    /// The authentication identity.
    pub login: String,
    /// The password, or for OAuth the client's whole response.
    pub secret: Secret,
}

/// Whether the provider is given what the mail program gave, or something in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Proved {
    /// What the mail program gave.
    #[default]
    ByClient,
    /// Something of Souspli's; another one may be had if it is refused.
    Once,
    /// Something of Souspli's, the last there is.
    AtLast,
}

impl Proved {
    /// What follows when these are given in the place of the client's: tokens end, and another one may be had, once.
    pub fn by(self, given: &Credentials) -> Self {
        match (self, given.mechanism) {
            (Proved::ByClient, Mechanism::XOAuth2) => Proved::Once,
            _ => Proved::AtLast,
        }
    }
}

/// The exchange with the mail program, from its `AUTH` to the credentials.
#[derive(Debug)]
pub enum Exchange {
    /// The whole response is awaited.
    Response(Mechanism),
    /// `LOGIN`: the user name is awaited.
    LoginUser,
    /// `LOGIN`: the password is awaited.
    LoginPassword(String),
}

/// What a line of the exchange leads to.
#[derive(Debug)]
pub enum Step {
    /// `334` with this challenge (already in base64).
    Challenge(&'static str, Exchange),
    /// All has been said.
    Done(Credentials),
    /// Not a response of this mechanism.
    Malformed,
}

impl Mechanism {
    /// Those that a mail program may use.
    pub const ALL: [Mechanism; 4] = [Mechanism::Plain, Mechanism::Login, Mechanism::XOAuth2, Mechanism::OAuthBearer];

    /// Reads its name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Its registered name.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
            Mechanism::XOAuth2 => "XOAUTH2",
            Mechanism::OAuthBearer => "OAUTHBEARER",
            Mechanism::External => "EXTERNAL",
        }
    }

    /// Those that may carry credentials of this one, the same first: a password fits PLAIN and LOGIN alike.
    pub fn carriers(self) -> &'static [Mechanism] {
        match self {
            Mechanism::Plain => &[Mechanism::Plain, Mechanism::Login],
            Mechanism::Login => &[Mechanism::Login, Mechanism::Plain],
            Mechanism::XOAuth2 => &[Mechanism::XOAuth2],
            Mechanism::OAuthBearer => &[Mechanism::OAuthBearer],
            Mechanism::External => &[Mechanism::External],
        }
    }
}

impl Exchange {
    /// Begins with the mechanism and the initial response, if there was one (`=` stands for an empty one).
    pub fn begin(mechanism: Mechanism, initial: Option<&Secret>) -> Step {
        match (mechanism, initial) {
            (Mechanism::Login, None) => Step::Challenge(USERNAME, Exchange::LoginUser),
            (Mechanism::Login, Some(user)) => Exchange::LoginUser.line(user.expose()),
            (_, None) => Step::Challenge("", Exchange::Response(mechanism)),
            (_, Some(response)) => Exchange::Response(mechanism).line(response.expose()),
        }
    }

    /// Takes the client's next line, in base64.
    pub fn line(self, line: &[u8]) -> Step {
        let line = if line == b"=" { b"" } else { line };
        let Ok(decoded) = base64_simd::STANDARD.decode_to_vec(line) else {
            return Step::Malformed;
        };
        let decoded = Secret::new(decoded);
        match self {
            Exchange::LoginUser => match text(decoded.expose()) {
                Some(user) => Step::Challenge(PASSWORD, Exchange::LoginPassword(user)),
                None => Step::Malformed,
            },
            Exchange::LoginPassword(login) => Step::Done(Credentials {
                mechanism: Mechanism::Login,
                login,
                secret: decoded,
            }),
            Exchange::Response(mechanism) => credentials(mechanism, decoded).map_or(Step::Malformed, Step::Done),
        }
    }
}

impl Credentials {
    /// A password.
    pub fn password(login: &str, secret: Secret) -> Self {
        Self {
            mechanism: Mechanism::Plain,
            login: login.to_owned(),
            secret,
        }
    }

    /// A bearer token, as XOAUTH2 has it.
    pub fn token(login: &str, token: &Secret) -> Self {
        let response = [b"user=", login.as_bytes(), b"\x01auth=Bearer ", token.expose(), b"\x01\x01"].concat();
        Self {
            mechanism: Mechanism::XOAuth2,
            login: login.to_owned(),
            secret: Secret::new(response),
        }
    }

    /// The client certificate, which says who it is.
    pub fn external(login: &str) -> Self {
        Self {
            mechanism: Mechanism::External,
            login: login.to_owned(),
            secret: Secret::new(Vec::new()),
        }
    }

    /// The initial response for a provider's mechanism, in base64; `None` for LOGIN, which is asked in two steps.
    pub fn initial_response(&self, mechanism: Mechanism) -> Option<Secret> {
        let secret = self.secret.expose();
        let clear = match mechanism {
            Mechanism::Login => return None,
            Mechanism::Plain => Secret::new([b"\0".as_slice(), self.login.as_bytes(), b"\0", secret].concat()),
            // An empty one is written `=` (RFC 4954 §4).
            Mechanism::External => return Some(Secret::from("=")),
            Mechanism::XOAuth2 | Mechanism::OAuthBearer => self.secret.clone(),
        };
        Some(base64(clear.expose()))
    }

    /// The two answers of LOGIN, in base64.
    pub fn login_answers(&self) -> [Secret; 2] {
        [base64(self.login.as_bytes()), base64(self.secret.expose())]
    }
}

/// `Username:` and `Password:`.
const USERNAME: &str = "VXNlcm5hbWU6";
const PASSWORD: &str = "UGFzc3dvcmQ6";

fn base64(octets: &[u8]) -> Secret {
    Secret::new(base64_simd::STANDARD.encode_to_string(octets).into_bytes())
}

fn text(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn credentials(mechanism: Mechanism, response: Secret) -> Option<Credentials> {
    match mechanism {
        Mechanism::Plain => plain(response.expose()),
        Mechanism::Login | Mechanism::External => None,
        Mechanism::XOAuth2 => {
            let user = response.expose().split(|b| *b == 1).find_map(|part| part.strip_prefix(b"user="))?;
            Some(Credentials {
                mechanism,
                login: text(user)?,
                secret: response,
            })
        }
        Mechanism::OAuthBearer => {
            // gs2-header = "n,a=" authzid "," (RFC 7628 §3.1)
            let header = response.expose().split(|b| *b == 1).next()?;
            let user = header.split(|b| *b == b',').find_map(|part| part.strip_prefix(b"a="))?;
            let login = text(user)?.replace("=2C", ",").replace("=3D", "=");
            Some(Credentials {
                mechanism,
                login,
                secret: response,
            })
        }
    }
}

/// `[authzid] NUL authcid NUL passwd` (RFC 4616 §2); acting for somebody else is not carried.
fn plain(response: &[u8]) -> Option<Credentials> {
    let mut parts = response.splitn(3, |b| *b == 0);
    let (acting_for, login, password) = (parts.next()?, parts.next()?, parts.next()?);
    if !acting_for.is_empty() && acting_for != login {
        return None;
    }
    if password.contains(&0) {
        return None;
    }
    Some(Credentials {
        mechanism: Mechanism::Plain,
        login: text(login)?,
        secret: Secret::new(password.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(clear: &[u8]) -> Vec<u8> {
        base64_simd::STANDARD.encode_to_string(clear).into_bytes()
    }

    fn done(step: Step) -> Credentials {
        match step {
            Step::Done(credentials) => credentials,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_mechanism_gives_its_login() {
        let oauth = b"user=me@x.fr\x01auth=Bearer t\x01\x01".as_slice();
        let bearer = b"n,a=me@x.fr,\x01host=h\x01auth=Bearer t\x01\x01".as_slice();
        for (mechanism, clear, login, secret) in [
            (Mechanism::Plain, b"\0me\0p w".as_slice(), "me", b"p w".as_slice()),
            (Mechanism::Plain, b"me\0me\0", "me", b""),
            (Mechanism::XOAuth2, oauth, "me@x.fr", oauth),
            (Mechanism::OAuthBearer, bearer, "me@x.fr", bearer),
        ] {
            let got = done(Exchange::begin(mechanism, Some(&Secret::new(encoded(clear)))));
            assert_eq!((got.login.as_str(), got.secret.expose()), (login, secret));
            if mechanism != Mechanism::Plain {
                assert_eq!(got.initial_response(mechanism).unwrap().expose(), encoded(clear));
            }
        }
    }

    #[test]
    fn login_asks_twice() {
        let Step::Challenge(USERNAME, exchange) = Exchange::begin(Mechanism::Login, None) else {
            panic!()
        };
        let Step::Challenge(PASSWORD, exchange) = exchange.line(&encoded(b"me")) else {
            panic!()
        };
        let got = done(exchange.line(&encoded("pé".as_bytes())));
        assert_eq!(
            got.initial_response(Mechanism::Plain).unwrap().expose(),
            encoded("\0me\0pé".as_bytes())
        );
        assert!(got.initial_response(Mechanism::Login).is_none());
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for (mechanism, line) in [
            (Mechanism::Plain, b"***".as_slice()),
            (Mechanism::Plain, b"="),
            (Mechanism::Plain, &encoded(b"boss\0me\0p")),
            (Mechanism::Plain, &encoded(b"\0me")),
            (Mechanism::Plain, &encoded(b"\0me\r\n\0p")),
            (Mechanism::XOAuth2, &encoded(b"auth=Bearer t\x01\x01")),
            (Mechanism::OAuthBearer, &encoded(b"n,,\x01auth=Bearer t\x01\x01")),
            (Mechanism::Login, &encoded(b"")),
        ] {
            assert!(
                matches!(Exchange::begin(mechanism, Some(&Secret::new(line.to_vec()))), Step::Malformed),
                "{line:?}"
            );
        }
    }
}
