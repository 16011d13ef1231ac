//! One connection to a provider: octets between it and the pure [`Handover`].

use super::patience::{self, Patience};
use super::{CHUNK, write};
use crate::config::Server;
use crate::net::port::Upstreams;
use crate::net::{BoxedStream, NetError};
use crate::policy::Envelope;
use crate::sasl::Credentials;
use crate::smime::Flow;
use crate::smtp::capabilities::Capabilities;
use crate::smtp::handover::{Action, Event, Failure, GroupCopy, Handover, Progress, Refused};
use crate::smtp::wire::Reply;
use crate::smtp::wire::data::DataEncoder;
use crate::text::{Explain, Explanation, outgoing as text, provider, smtp as login_text};
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// A connection that has logged in, or was only greeted.
pub(super) struct Upstream {
    /// Absent only during a handshake, or after a failed one.
    stream: Option<BoxedStream>,
    handover: Handover,
    server: Server,
    patience: Patience,
    /// When the provider has been silent for too long.
    deadline: Instant,
    /// The connection broke before the last octets of what was given: the provider cannot have seen the end of data.
    cut_short: bool,
    /// Why TLS could not be begun.
    unsecured: Option<Explanation>,
}

/// How an attempt to hand a group over ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The provider said 250.
    Accepted,
    /// It said something else, or we saw that it would.
    Refused(Refused),
    /// The connection broke before the content was given.
    Gone,
    /// The connection broke after that: the provider may have it.
    Unknown,
    /// It was not begun: there was no time left.
    NotTried,
    /// There was no connection.
    NoConnection(LoginFailure),
}

/// Why there is no connection to the provider.
#[derive(Debug)]
pub(super) enum LoginFailure {
    /// It cannot be reached, or is not who it says.
    Unreached(Explanation),
    /// The card that its TLS asks for is not there, or closed.
    Unready(Explanation),
    /// It went away.
    Away,
    /// There is nothing to log in with.
    NoProof(Explanation),
    /// It does not take the credentials.
    Refused(Reply),
    /// It does not take what Souspli has itself.
    ProofRefused(Explanation),
    /// It broke the protocol.
    Protocol(Failure),
}

impl Upstream {
    /// How long it may take from now on.
    pub(super) fn be_patient(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Connects, secures and logs in (without credentials: learns only what is offered).
    pub(super) async fn open(
        upstreams: &dyn Upstreams,
        server: &Server,
        credentials: Option<Credentials>,
        patience: Patience,
    ) -> Result<Self, LoginFailure> {
        let deadline = Instant::now() + patience.silence;
        let connected = timeout(patience::CONNECT.min(patience.silence), upstreams.connect(server)).await;
        let stream = connected.map_err(|_| LoginFailure::Away)?.map_err(LoginFailure::Unreached)?;
        let handover = Handover::new(server.tls, credentials);
        let mut upstream = Self {
            stream: Some(stream),
            handover,
            server: server.clone(),
            patience,
            deadline,
            cut_short: false,
            unsecured: None,
        };
        match upstream.drive(upstreams, Vec::new(), &Flow::default()).await {
            Some(Action::Ready) => Ok(upstream),
            Some(Action::LoginRefused(reply)) => Err(LoginFailure::Refused(reply)),
            Some(Action::Failed(failure)) => Err(LoginFailure::Protocol(failure)),
            _ => Err(upstream.unsecured.map_or(LoginFailure::Away, LoginFailure::Unreached)),
        }
    }

    pub(super) fn capabilities(&self) -> &Capabilities {
        self.handover.capabilities()
    }

    pub(super) fn is_usable(&self) -> bool {
        self.stream.is_some() && self.handover.is_usable()
    }

    pub(super) async fn hand_over(&mut self, upstreams: &dyn Upstreams, envelope: &Envelope, group: &GroupCopy<'_>) -> Attempt {
        self.deadline = Instant::now() + self.patience.silence;
        let begun = self.handover.begin(envelope, group);
        match self.drive(upstreams, begun, group.message).await {
            Some(Action::Group(Ok(()))) => Attempt::Accepted,
            Some(Action::Group(Err(refused))) => Attempt::Refused(refused),
            _ => {
                self.stream = None;
                // What it had said already counts, whatever became of the connection then.
                if let Some(refused) = self.handover.refused() {
                    return Attempt::Refused(refused);
                }
                if self.handover.progress() == Progress::Given && !self.cut_short {
                    Attempt::Unknown
                } else {
                    Attempt::Gone
                }
            }
        }
    }

    /// Leaves politely, without waiting for the answer.
    pub(super) async fn quit(mut self) {
        if let Some(stream) = self.stream.as_mut().filter(|_| self.handover.is_usable()) {
            let _ = write(stream, b"QUIT\r\n").await;
        }
    }

    /// Runs until the handover has something to tell; `None`: the connection broke.
    async fn drive(&mut self, upstreams: &dyn Upstreams, actions: Vec<Action>, message: &Flow) -> Option<Action> {
        let mut actions = VecDeque::from(actions);
        let mut buffer = vec![0; CHUNK];
        loop {
            while let Some(action) = actions.pop_front() {
                let given = match action {
                    Action::Send(octets) => self.give(&octets).await,
                    Action::SendContent => self.give_content(message).await,
                    Action::StartTls => {
                        let clear = self.stream.take()?;
                        let secured = timeout(patience::CONNECT, upstreams.secure(&self.server, clear)).await.ok()?;
                        self.stream = Some(secured.map_err(|why| self.unsecured = Some(why)).ok()?);
                        actions.extend(self.handover.input(Event::TlsReady));
                        Some(())
                    }
                    told => return Some(told),
                };
                // A provider that closes while it is written to has often said why.
                if given.is_none() {
                    return self.last_words(&mut buffer).await;
                }
            }
            let until = match self.handover.progress() {
                Progress::Nothing if self.handover.is_refused() => self.deadline.min(Instant::now() + patience::RESET),
                Progress::Nothing => self.deadline.min(Instant::now() + self.patience.reply),
                Progress::Given => self.deadline,
            };
            let read = timeout_at(until, self.stream.as_mut()?.read(&mut buffer)).await.ok()?;
            let octets = read.map_err(|error| self.alerted(error)).ok().filter(|n| *n > 0)?;
            actions.extend(self.handover.input(Event::Bytes(&buffer[..octets])));
        }
    }

    /// With TLS 1.3 a server says only after the handshake that it does not take our certificate, or that it wants one.
    fn alerted(&mut self, error: io::Error) {
        if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
            self.unsecured = Some(NetError::of_handshake(&self.server, error).explain());
        }
    }

    /// The message, made as it goes, and the end of data with its last octets.
    async fn give_content(&mut self, message: &Flow) -> Option<()> {
        self.cut_short = true;
        let mut encoder = DataEncoder::default();
        let mut ready = Vec::with_capacity(4 * CHUNK);
        for piece in message.pieces() {
            encoder.feed(&piece.ok()?, &mut ready);
            if ready.len() >= CHUNK {
                self.write(&ready).await?;
                ready.clear();
            }
        }
        encoder.end(&mut ready);
        let (before, last) = ready.split_at(ready.len().saturating_sub(CHUNK));
        self.write(before).await?;
        self.cut_short = false;
        self.give(last).await
    }

    async fn give(&mut self, octets: &[u8]) -> Option<()> {
        self.write(octets).await?;
        timeout(patience::WRITE, self.stream.as_mut()?.flush()).await.ok()?.ok()
    }

    /// Octets that get through begin the silence anew.
    async fn write(&mut self, octets: &[u8]) -> Option<()> {
        let stream = self.stream.as_mut()?;
        for piece in octets.chunks(CHUNK) {
            timeout(patience::WRITE, stream.write_all(piece)).await.ok()?.ok()?;
            if piece.len() == CHUNK {
                self.deadline = Instant::now() + self.patience.silence;
            }
        }
        Some(())
    }

    async fn last_words(&mut self, buffer: &mut [u8]) -> Option<Action> {
        let octets = timeout(patience::LAST_WORDS, self.stream.as_mut()?.read(buffer)).await.ok()?.ok()?;
        let told = self.handover.input(Event::Bytes(&buffer[..octets]));
        self.stream = None;
        told.into_iter().find(|action| matches!(action, Action::Group(Err(_))))
    }
}

impl Attempt {
    /// What the mail program is told.
    pub(super) fn reply(&self, host: &str) -> Reply {
        match (self, self.explain(host)) {
            (Attempt::Accepted, _) => Reply::new(250, "2.0.0 Message accepte par le serveur"),
            (Attempt::Refused(refused), _) => refused.reply(),
            // Only what the provider took is 250, even were there no word for why it did not.
            (_, why) => Reply::explained(451, self.enhanced(), &why.unwrap_or_else(|| text::provider_away(host))),
        }
    }

    /// The enhanced code of what is no reply of the provider's (RFC 3463).
    fn enhanced(&self) -> &'static str {
        match self {
            Attempt::Unknown => "4.4.2",
            Attempt::NotTried => "4.4.7",
            Attempt::NoConnection(failure) => failure.enhanced(),
            Attempt::Accepted | Attempt::Refused(_) | Attempt::Gone => "4.4.1",
        }
    }

    /// Why the provider has not taken it; `None`: it has.
    pub(super) fn explain(&self, host: &str) -> Option<Explanation> {
        Some(match self {
            Attempt::Accepted => return None,
            Attempt::Refused(refused) => refused.explain(),
            Attempt::Gone | Attempt::NoConnection(LoginFailure::Away) => text::provider_away(host),
            Attempt::Unknown => text::outcome_unknown(host),
            Attempt::NotTried => text::not_in_time(),
            Attempt::NoConnection(failure) => provider::not_sent(failure.explain(host)),
        })
    }
}

impl LoginFailure {
    /// What the mail program is told at AUTH.
    pub(super) fn reply(&self, host: &str) -> Reply {
        let (code, enhanced) = match self {
            LoginFailure::Refused(reply) if reply.code >= 500 => (535, "5.7.8"),
            LoginFailure::ProofRefused(_) => (535, "5.7.8"),
            LoginFailure::Protocol(Failure::NoMechanism) => (504, "5.5.4"),
            LoginFailure::Unreached(_)
            | LoginFailure::Unready(_)
            | LoginFailure::NoProof(_)
            | LoginFailure::Away
            | LoginFailure::Refused(_)
            | LoginFailure::Protocol(_) => (454, "4.7.0"),
        };
        Reply::explained(code, enhanced, &self.explain(host))
    }

    /// The enhanced code where a message was to be handed over (RFC 3463).
    fn enhanced(&self) -> &'static str {
        match self {
            LoginFailure::Refused(_) | LoginFailure::ProofRefused(_) | LoginFailure::NoProof(_) | LoginFailure::Unready(_) => "4.7.8",
            LoginFailure::Protocol(failure) if failure.is_unsafe() => "4.7.5",
            LoginFailure::Unreached(_) | LoginFailure::Away | LoginFailure::Protocol(_) => "4.4.1",
        }
    }

    fn explain(&self, host: &str) -> Explanation {
        match self {
            LoginFailure::Unreached(why) | LoginFailure::Unready(why) | LoginFailure::NoProof(why) | LoginFailure::ProofRefused(why) => {
                why.clone()
            }
            LoginFailure::Refused(reply) if reply.code >= 500 => login_text::login_refused(&said(reply)),
            LoginFailure::Refused(reply) => provider::login_deferred(&said(reply)),
            LoginFailure::Protocol(Failure::NoMechanism) => login_text::no_mechanism(host),
            LoginFailure::Protocol(Failure::NoStartTls | Failure::Injected) => provider::connection_unsafe(host),
            LoginFailure::Protocol(Failure::Unwilling(reply)) => provider::unwilling(host, &said(reply)),
            LoginFailure::Away | LoginFailure::Protocol(Failure::NoReply) => login_text::login_provider_away(host),
        }
    }
}

/// The provider's words, short enough for a window.
pub(super) fn said(reply: &Reply) -> String {
    format!("{} {}", reply.code, reply.text()).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_has_its_words() {
        let explained: fn(&Attempt) -> (u16, String) = |attempt| {
            let reply = attempt.reply("mail.test");
            (reply.code, reply.text())
        };
        let (code, said) = explained(&Attempt::Unknown);
        assert!(code == 451 && said.contains("peut-etre parti"), "{said}");
        let (code, said) = explained(&Attempt::Gone);
        assert!(code == 451 && said.contains("Rien n'est parti"), "{said}");
        let refused = |code| LoginFailure::Refused(Reply::new(code, "4.7.0 words"));
        let unwilling = LoginFailure::Protocol(Failure::Unwilling(Reply::new(554, "blocked")));
        let stripped = LoginFailure::Protocol(Failure::NoStartTls);
        let expired = LoginFailure::Unreached(crate::text::net::expired("mail.test"));
        for (failure, code, words) in [
            (refused(454), "454 4.7.0", "mot de passe n'est pas en cause"),
            (refused(535), "535 5.7.8", "Verifiez le mot de passe"),
            (unwilling, "454 4.7.0", "(554 blocked)"),
            (stripped, "454 4.7.0", "n'est pas sure"),
            (expired, "454 4.7.0", "est expire"),
            (LoginFailure::Away, "454 4.7.0", "ne repond pas"),
        ] {
            let reply = failure.reply("mail.test");
            let said = format!("{} {}", reply.code, reply.text());
            assert!(
                said.starts_with(code) && said.contains(words) && !said.contains("Message"),
                "{said}"
            );
            let (code, said) = explained(&Attempt::NoConnection(failure));
            assert!(
                code == 451 && said.contains("Message non envoye") && said.contains("Rien n'est parti"),
                "{said}"
            );
        }
    }
}
