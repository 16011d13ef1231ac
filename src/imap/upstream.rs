//! The provider's side until it has said OK to the client's credentials: greeting, STARTTLS, capabilities, login.

use super::capability::{self, Capabilities};
use super::frame::chomp;
use super::login::{Credentials, Proof, TokenMechanism, Way};
use super::response::{self, Response, Status};
use crate::config::ServerTls;
use crate::sasl::{self, Proved};
use crate::text::{Explanation, imap as text};
use std::collections::VecDeque;

/// One login at a provider.
#[derive(Debug)]
pub struct Joining {
    credentials: Credentials,
    proved: Proved,
    stage: Stage,
    tls: ServerTls,
    capabilities: Capabilities,
    /// What answers each `+` to come.
    replies: VecDeque<Vec<u8>>,
    /// The provider's OK, while its capabilities are asked.
    accepted: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Connecting,
    Greeting,
    StartTls,
    Handshake,
    Capability,
    Auth,
    CapabilityAfter,
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Nothing yet.
    Wait,
    /// Send this to the provider.
    Send(Vec<u8>),
    /// Let this untagged line reach the client.
    Pass(Vec<u8>),
    /// Begin TLS.
    Secure,
    /// The provider accepted: the client's tagged line, and what the provider can do.
    Joined(Vec<u8>, Capabilities),
    /// The provider refused the credentials: the client's tagged line.
    Refused(Vec<u8>),
    /// It could not be asked.
    Failed(Explanation),
}

const TAG: &str = "souspli";

impl Joining {
    /// With these credentials, at a provider that is being connected to.
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            proved: Proved::default(),
            stage: Stage::Connecting,
            tls: ServerTls::Implicit,
            capabilities: Capabilities::default(),
            replies: VecDeque::new(),
            accepted: Vec::new(),
        }
    }

    /// The tag that awaits the answer.
    pub fn tag(&self) -> &str {
        &self.credentials.tag
    }

    /// What the client logs in with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Gives the provider these in place of what the client gave.
    pub fn prove(&mut self, given: sasl::Credentials) {
        self.proved = self.proved.by(&given);
        self.credentials = self.credentials.clone().proved_by(given);
    }

    /// Whether the client's own proof is still to be judged, by whoever serves the account.
    pub fn proved(&self) -> Proved {
        self.proved
    }

    /// Begins again, at a provider that is connected to once more.
    pub fn again(&mut self) {
        (self.stage, self.capabilities) = (Stage::Connecting, Capabilities::default());
        self.replies.clear();
    }

    /// The connection stands.
    pub fn connected(&mut self, tls: ServerTls) {
        (self.stage, self.tls) = (Stage::Greeting, tls);
    }

    /// TLS stands; what was said before it is not believed.
    pub fn secured(&mut self) -> Next {
        self.capabilities = Capabilities::default();
        self.ask_capabilities(Stage::Capability)
    }

    /// Takes one complete line.
    pub fn line(&mut self, line: &[u8]) -> Next {
        if let Some(named) = capability::named_in(line) {
            self.capabilities = named;
        }
        match response::look(line) {
            Response::Untagged(Status::Bye, _) => Next::Failed(text::provider_closed()),
            Response::Garbage => Next::Failed(text::provider_garbled()),
            response if self.stage == Stage::Greeting => self.greeting(&response),
            Response::Tagged(tag, status, rest) if tag == TAG.as_bytes() => self.tagged(status, rest, line),
            Response::Tagged(..) => Next::Failed(text::provider_garbled()),
            Response::Continue(_) => self.challenge(),
            // An alert is for the user; what else is said before TLS is nobody's.
            Response::Untagged(_, rest) if self.stage == Stage::Auth && response::has_code(rest, "ALERT") => Next::Pass(line.to_vec()),
            Response::Untagged(..) | Response::Capability | Response::Other | Response::Fetch(_) => Next::Wait,
        }
    }

    fn greeting(&mut self, response: &Response<'_>) -> Next {
        match response {
            Response::Untagged(Status::Ok, _) if self.tls == ServerTls::StartTls => {
                self.stage = Stage::StartTls;
                Next::Send(format!("{TAG} STARTTLS\r\n").into_bytes())
            }
            Response::Untagged(Status::Ok, _) if self.capabilities.is_empty() => self.ask_capabilities(Stage::Capability),
            Response::Untagged(Status::Ok, _) => self.authenticate(),
            Response::Untagged(Status::Preauth, _) => Next::Failed(text::provider_preauth()),
            _ => Next::Failed(text::provider_garbled()),
        }
    }

    fn tagged(&mut self, status: Status, rest: &[u8], line: &[u8]) -> Next {
        match (self.stage, status) {
            (Stage::StartTls, Status::Ok) => {
                self.stage = Stage::Handshake;
                Next::Secure
            }
            (Stage::StartTls, _) => Next::Failed(text::provider_without_tls()),
            (Stage::Capability, Status::Ok) => self.authenticate(),
            (Stage::Auth, Status::Ok) => {
                self.accepted = rest.to_vec();
                self.capabilities = capability::named_in(line).unwrap_or_default();
                if self.capabilities.is_empty() {
                    self.ask_capabilities(Stage::CapabilityAfter)
                } else {
                    self.joined()
                }
            }
            (Stage::Auth, _) => {
                let code = if rest.starts_with(b"[") { "" } else { "[AUTHENTICATIONFAILED] " };
                Next::Refused([self.tag().as_bytes(), b" NO ", code.as_bytes(), rest, b"\r\n"].concat())
            }
            (Stage::CapabilityAfter, Status::Ok) => self.joined(),
            _ => Next::Failed(text::provider_garbled()),
        }
    }

    fn joined(&self) -> Next {
        let words = capability::filter(self.capabilities.iter());
        // A response carries one code: an ALERT of the provider goes before our list.
        let named = self.accepted.len() > 11 && self.accepted[..11].eq_ignore_ascii_case(b"[CAPABILITY");
        let text = match memchr::memchr(b']', &self.accepted) {
            Some(end) if named => self.accepted[end + 1..].trim_ascii(),
            _ => self.accepted.trim_ascii(),
        };
        let code = if text.starts_with(b"[") {
            String::new()
        } else {
            format!("[CAPABILITY {words}] ")
        };
        let text = if text.is_empty() { b"Logged in." } else { text };
        let line = [self.tag().as_bytes(), b" OK ", code.as_bytes(), chomp(text), b"\r\n"].concat();
        Next::Joined(line, self.capabilities.clone())
    }

    fn ask_capabilities(&mut self, stage: Stage) -> Next {
        self.stage = stage;
        Next::Send(format!("{TAG} CAPABILITY\r\n").into_bytes())
    }

    /// An unexpected `+` after all was said is a refusal with details: it is acknowledged, the tagged NO follows
    /// (RFC 7628 §3.2.3).
    fn challenge(&mut self) -> Next {
        if self.stage != Stage::Auth {
            return Next::Failed(text::provider_garbled());
        }
        let over = match self.credentials.proof {
            Proof::Token(TokenMechanism::Xoauth2, _) => &b"\r\n"[..],
            Proof::Token(TokenMechanism::OauthBearer, _) => b"AQ==\r\n",
            Proof::Password(..) | Proof::Certificate => b"*\r\n",
        };
        Next::Send(self.replies.pop_front().unwrap_or_else(|| over.to_vec()))
    }

    fn authenticate(&mut self) -> Next {
        self.stage = Stage::Auth;
        let login = self.credentials.login.clone();
        let has = |name: &str| self.capabilities.has(name);
        let sent = match self.credentials.proof.clone() {
            Proof::Token(mechanism, message) if has(&format!("AUTH={}", mechanism.as_str())) => {
                Some(self.sasl(mechanism.as_str(), message.expose()))
            }
            Proof::Token(..) => None,
            Proof::Certificate => has("AUTH=EXTERNAL").then(|| self.external()),
            Proof::Password(password, way) => {
                let (plain, command) = (has("AUTH=PLAIN"), !has("LOGINDISABLED"));
                if command && (way == Way::Login || !plain) {
                    Some(self.login(login.as_bytes(), password.expose()))
                } else if plain {
                    let message = [b"\0", login.as_bytes(), b"\0", password.expose()].concat();
                    Some(self.sasl("PLAIN", &message))
                } else if has("AUTH=LOGIN") {
                    Some(self.sasl_login(login.as_bytes(), password.expose()))
                } else {
                    None
                }
            }
        };
        sent.map_or_else(|| Next::Failed(text::no_mechanism()), Next::Send)
    }

    fn sasl(&mut self, mechanism: &str, message: &[u8]) -> Vec<u8> {
        let message = base64(message);
        if self.capabilities.has("SASL-IR") {
            return format!("{TAG} AUTHENTICATE {mechanism} {message}\r\n").into_bytes();
        }
        self.replies = [format!("{message}\r\n").into_bytes()].into();
        format!("{TAG} AUTHENTICATE {mechanism}\r\n").into_bytes()
    }

    /// RFC 4422 §A: the certificate says who it is, the response is empty (`=`, RFC 4959 §3).
    fn external(&mut self) -> Vec<u8> {
        if self.capabilities.has("SASL-IR") {
            return format!("{TAG} AUTHENTICATE EXTERNAL =\r\n").into_bytes();
        }
        self.replies = [b"\r\n".to_vec()].into();
        format!("{TAG} AUTHENTICATE EXTERNAL\r\n").into_bytes()
    }

    fn sasl_login(&mut self, login: &[u8], password: &[u8]) -> Vec<u8> {
        self.replies = [login, password].map(|part| format!("{}\r\n", base64(part)).into_bytes()).into();
        format!("{TAG} AUTHENTICATE LOGIN\r\n").into_bytes()
    }

    /// `LOGIN`, quoted where that can be, else by literals that the provider asks for one by one.
    fn login(&mut self, login: &[u8], password: &[u8]) -> Vec<u8> {
        let quotable = |text: &[u8]| text.iter().all(|b| (b' '..=b'~').contains(b));
        if quotable(login) && quotable(password) {
            return [TAG.as_bytes(), b" LOGIN ", &quoted(login), b" ", &quoted(password), b"\r\n"].concat();
        }
        let size = |text: &[u8]| format!("{{{}}}\r\n", text.len()).into_bytes();
        self.replies = [[login, b" ", &size(password)].concat(), [password, b"\r\n"].concat()].into();
        [TAG.as_bytes(), b" LOGIN ", &size(login)].concat()
    }
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &b in text {
        if b == b'"' || b == b'\\' {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
    out
}
