//! The provider's side until it has said +OK to the client's credentials: greeting, STLS, capabilities, login.

use super::capability::Capabilities;
use super::login::{Credentials, Way};
use super::wire::{Heard, Replies, Reply, content};
use crate::base::Secret;
use crate::base::limits::POP3_LISTING_MAX;
use crate::config::ServerTls;
use crate::sasl::{self, Mechanism, Proved};
use crate::text::{Explanation, pop3 as text};
use std::collections::VecDeque;

/// One login at a provider.
#[derive(Debug)]
pub struct Joining {
    credentials: Credentials,
    proved: Proved,
    stage: Stage,
    tls: ServerTls,
    capabilities: Capabilities,
    /// The reply to CAPA as far as it has come.
    listing: Vec<u8>,
    /// What is sent next, once the provider agrees to what was sent before.
    steps: VecDeque<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Connecting,
    Greeting,
    StartTls,
    Handshake,
    Capa,
    Login,
}

/// A line of a login, and which reply it waits for.
#[derive(Debug)]
enum Step {
    /// After `+OK`.
    AfterOk(Secret),
    /// After `+`.
    AfterChallenge(Secret),
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Nothing yet.
    Wait,
    /// Send this to the provider.
    Send(Vec<u8>),
    /// Begin TLS.
    Secure,
    /// The provider accepted: its line, and what it can do.
    Joined(Vec<u8>, Capabilities),
    /// The provider refused the credentials: the client's line.
    Refused(Vec<u8>),
    /// It could not be asked.
    Failed(Explanation),
}

/// Octets of an AUTH command, CRLF included; what is longer is sent after a challenge (RFC 5034 §4).
const AUTH_MAX: usize = 255;

impl Joining {
    /// With these credentials, at a provider that is being connected to.
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            proved: Proved::default(),
            stage: Stage::Connecting,
            tls: ServerTls::Implicit,
            capabilities: Capabilities::default(),
            listing: Vec::new(),
            steps: VecDeque::new(),
        }
    }

    /// What the client logs in with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Gives the provider these in place of what the client gave.
    pub fn prove(&mut self, given: sasl::Credentials) {
        self.proved = self.proved.by(&given);
        self.credentials = Credentials {
            sasl: given,
            way: Way::Sasl,
        };
    }

    /// Whether the client's own proof is still to be judged, by whoever serves the account.
    pub fn proved(&self) -> Proved {
        self.proved
    }

    /// Begins again, at a provider that is connected to once more.
    pub fn again(&mut self) {
        (self.stage, self.capabilities) = (Stage::Connecting, Capabilities::default());
        self.listing.clear();
        self.steps.clear();
    }

    /// The connection stands.
    pub fn connected(&mut self, tls: ServerTls) {
        self.tls = tls;
        self.stage = Stage::Greeting;
    }

    /// TLS stands, after [`Next::Secure`].
    pub fn secured(&mut self) -> Next {
        match self.stage {
            Stage::Handshake => self.ask_capabilities(),
            _ => Next::Failed(text::provider_garbled()),
        }
    }

    /// Takes what the provider said.
    pub fn heard(&mut self, heard: &Heard, replies: &mut Replies) -> Next {
        match heard {
            Heard::Line(line) => self.line(line, replies),
            Heard::Content(piece) | Heard::End(piece) if self.listing.len() + piece.len() > POP3_LISTING_MAX => {
                Next::Failed(text::provider_garbled())
            }
            Heard::Content(piece) => {
                self.listing.extend_from_slice(piece);
                Next::Wait
            }
            Heard::End(piece) => {
                self.listing.extend_from_slice(piece);
                self.capabilities = Capabilities::parse(&content::message_of(std::mem::take(&mut self.listing)));
                self.log_in()
            }
        }
    }

    fn line(&mut self, line: &[u8], replies: &mut Replies) -> Next {
        match (self.stage, Reply::of(line)) {
            (_, Reply::Garbage) => Next::Failed(text::provider_garbled()),
            (Stage::Greeting, Reply::Ok(_)) if self.tls == ServerTls::StartTls => {
                self.stage = Stage::StartTls;
                Next::Send(b"STLS\r\n".to_vec())
            }
            (Stage::Greeting, Reply::Ok(_)) => self.ask_capabilities(),
            (Stage::Greeting, Reply::Err(said)) => Next::Failed(text::provider_unwilling(&String::from_utf8_lossy(said))),
            (Stage::StartTls, Reply::Ok(_)) => {
                self.stage = Stage::Handshake;
                Next::Secure
            }
            (Stage::StartTls, Reply::Err(_)) => Next::Failed(text::provider_without_tls()),
            (Stage::Capa, Reply::Ok(_)) => {
                replies.expect_content();
                Next::Wait
            }
            (Stage::Capa, Reply::Err(_)) => self.log_in(),
            (Stage::Login, Reply::Ok(_)) => match self.steps.pop_front() {
                Some(Step::AfterOk(line)) => Next::Send(line.expose().to_vec()),
                Some(Step::AfterChallenge(_)) => Next::Failed(text::provider_garbled()),
                None => Next::Joined(line.to_vec(), self.capabilities.clone()),
            },
            (Stage::Login, Reply::Challenge) => self.challenged(),
            (Stage::Login, Reply::Err(said)) => Next::Refused(self.refusal(said)),
            (Stage::Connecting | Stage::Handshake, _) | (_, Reply::Challenge) => Next::Failed(text::provider_garbled()),
        }
    }

    fn ask_capabilities(&mut self) -> Next {
        self.stage = Stage::Capa;
        Next::Send(b"CAPA\r\n".to_vec())
    }

    /// A refusal that does not say why is one of the credentials, unless the provider would have said so (RFC 3206 §4).
    fn refusal(&self, said: &[u8]) -> Vec<u8> {
        let coded = said.starts_with(b"[") || self.capabilities.has("AUTH-RESP-CODE");
        let code: &[u8] = if coded { b"" } else { b"[AUTH] " };
        [b"-ERR ", code, said, b"\r\n"].concat()
    }

    /// A challenge after all was said is a refusal with details: it is acknowledged, -ERR follows (RFC 7628 §3.2.3).
    fn challenged(&mut self) -> Next {
        let over: &[u8] = match (self.credentials.way, self.credentials.sasl.mechanism) {
            (Way::Sasl, Mechanism::XOAuth2) => b"\r\n",
            (Way::Sasl, Mechanism::OAuthBearer) => b"AQ==\r\n",
            _ => b"*\r\n",
        };
        match self.steps.pop_front() {
            Some(Step::AfterChallenge(line)) => Next::Send(line.expose().to_vec()),
            Some(Step::AfterOk(_)) | None => Next::Send(over.to_vec()),
        }
    }

    fn log_in(&mut self) -> Next {
        self.stage = Stage::Login;
        let credentials = self.credentials.sasl.clone();
        let mechanism = credentials
            .mechanism
            .carriers()
            .iter()
            .copied()
            .find(|m| self.capabilities.takes(*m));
        // A provider that names nothing has USER (RFC 1939 §7); a line end in a password would begin another command.
        let user = self.capabilities.has("USER") || self.capabilities.is_empty();
        let writable = !credentials.secret.expose().iter().any(|b| matches!(b, b'\r' | b'\n' | 0));
        let password = user && writable && matches!(credentials.mechanism, Mechanism::Plain | Mechanism::Login);
        match mechanism {
            _ if password && (self.credentials.way == Way::Password || mechanism.is_none()) => self.user(),
            Some(mechanism) => self.auth(mechanism),
            None => Next::Failed(text::no_mechanism()),
        }
    }

    fn user(&mut self) -> Next {
        let sasl = &self.credentials.sasl;
        self.steps = [Step::AfterOk(line(&[b"PASS ", sasl.secret.expose()]))].into();
        Next::Send(line(&[b"USER ", sasl.login.as_bytes()]).expose().to_vec())
    }

    fn auth(&mut self, mechanism: Mechanism) -> Next {
        let sasl = &self.credentials.sasl;
        let name = mechanism.name().as_bytes();
        let Some(response) = sasl.initial_response(mechanism) else {
            self.steps = sasl
                .login_answers()
                .iter()
                .map(|a| Step::AfterChallenge(line(&[a.expose()])))
                .collect();
            return Next::Send(line(&[b"AUTH ", name]).expose().to_vec());
        };
        let at_once = line(&[b"AUTH ", name, b" ", response.expose()]);
        if at_once.expose().len() <= AUTH_MAX {
            return Next::Send(at_once.expose().to_vec());
        }
        self.steps = [Step::AfterChallenge(line(&[response.expose()]))].into();
        Next::Send(line(&[b"AUTH ", name]).expose().to_vec())
    }
}

fn line(parts: &[&[u8]]) -> Secret {
    Secret::new([&parts.concat()[..], b"\r\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl;

    fn joining(mechanism: Mechanism, way: Way, secret: &str) -> Joining {
        let sasl = sasl::Credentials {
            mechanism,
            login: "al ice".into(),
            secret: secret.into(),
        };
        let mut joining = Joining::new(Credentials { sasl, way });
        joining.connected(ServerTls::Implicit);
        joining
    }

    /// What the provider hears, after it has said these lines.
    fn said(joining: &mut Joining, lines: &str) -> Vec<String> {
        let mut replies = Replies::default();
        replies.push(lines.as_bytes());
        let mut out = Vec::new();
        while let Ok(Some(heard)) = replies.next_heard() {
            match joining.heard(&heard, &mut replies) {
                Next::Wait => {}
                Next::Send(bytes) => out.push(String::from_utf8(bytes).unwrap().trim_end().to_owned()),
                Next::Secure => out.push("(tls)".to_owned()),
                Next::Joined(..) => out.push("(in)".to_owned()),
                Next::Refused(line) => out.push(String::from_utf8(line).unwrap().trim_end().to_owned()),
                Next::Failed(why) => out.push(format!("({})", why.code)),
            }
        }
        out
    }

    #[test]
    fn a_password_goes_the_way_it_came_where_it_can() {
        for (way, secret, offered, wanted) in [
            (Way::Password, "pw", "USER\r\nSASL PLAIN", "USER al ice"),
            (Way::Password, "pw", "SASL PLAIN", "AUTH PLAIN AGFsIGljZQBwdw=="),
            (Way::Sasl, "pw", "USER\r\nSASL PLAIN", "AUTH PLAIN AGFsIGljZQBwdw=="),
            (Way::Sasl, "pw", "USER\r\nSASL CRAM-MD5", "USER al ice"),
            (Way::Sasl, "pw", "SASL LOGIN", "AUTH LOGIN"),
            (Way::Sasl, "p\r\nDELE 1", "USER\r\nSASL", "(SP-POP3-MECHANISM)"),
            (
                Way::Sasl,
                "p\r\nDELE 1",
                "USER\r\nSASL PLAIN",
                "AUTH PLAIN AGFsIGljZQBwDQpERUxFIDE=",
            ),
            (Way::Password, "pw", "TOP", "(SP-POP3-MECHANISM)"),
        ] {
            let mut it = joining(Mechanism::Plain, way, secret);
            assert_eq!(
                said(&mut it, &format!("+OK hi\r\n+OK\r\n{offered}\r\n.\r\n")),
                ["CAPA", wanted],
                "{offered}"
            );
        }
        let mut it = joining(Mechanism::Plain, Way::Password, "p w");
        let all = said(&mut it, "+OK hi <1@x>\r\n-ERR what?\r\n+OK\r\n+OK in\r\n");
        assert_eq!(all, ["CAPA", "USER al ice", "PASS p w", "(in)"]);
    }

    #[test]
    fn a_long_token_comes_after_a_challenge_and_a_second_one_is_a_refusal() {
        let token = format!("user=al ice\u{1}auth=Bearer {}\u{1}\u{1}", "x".repeat(300));
        let mut it = joining(Mechanism::XOAuth2, Way::Sasl, &token);
        let all = said(&mut it, "+OK\r\n+OK\r\nSASL XOAUTH2\r\n.\r\n+ \r\n+ eyJ9\r\n-ERR no\r\n");
        let encoded = base64_simd::STANDARD.encode_to_string(token);
        assert_eq!(all, ["CAPA", "AUTH XOAUTH2", &encoded, "", "-ERR [AUTH] no"]);
    }

    #[test]
    fn a_refusal_keeps_what_the_provider_says_of_it() {
        for (offered, refusal, wanted) in [
            ("USER", "-ERR bad", "-ERR [AUTH] bad"),
            ("USER", "-ERR [IN-USE] locked", "-ERR [IN-USE] locked"),
            ("USER\r\nAUTH-RESP-CODE", "-ERR disk", "-ERR disk"),
        ] {
            let mut it = joining(Mechanism::Plain, Way::Password, "pw");
            let all = said(&mut it, &format!("+OK\r\n+OK\r\n{offered}\r\n.\r\n+OK\r\n{refusal}\r\n"));
            assert_eq!(all.last().map(String::as_str), Some(wanted));
        }
    }

    #[test]
    fn what_is_no_pop3_is_told() {
        for lines in ["* OK IMAP4rev1\r\n", "220 smtp\r\n", "+OK\n", "+ what\r\n", "+OK\r\n+ \r\n"] {
            let mut it = joining(Mechanism::Plain, Way::Password, "pw");
            assert_eq!(
                said(&mut it, lines).last().map(String::as_str),
                Some("(SP-POP3-GARBLED)"),
                "{lines}"
            );
        }
        let mut it = joining(Mechanism::Plain, Way::Password, "pw");
        it.connected(ServerTls::StartTls);
        assert_eq!(said(&mut it, "+OK\r\n-ERR no\r\n"), ["STLS", "(SP-POP3-TLS)"]);
    }
}
