//! Before the login: what is answered here, and the way to the provider.

use super::*;

impl Session {
    pub(super) fn stranger(&mut self, mut command: Command) {
        let tag = command.tag.clone();
        match command.verb {
            Verb::Capability => {
                let line = format!(
                    "* CAPABILITY {}\r\n{tag} OK Capability completed.\r\n",
                    capability::before_login(self.starttls)
                );
                self.core.client(line.as_bytes());
            }
            Verb::Noop => self.core.client(format!("{tag} OK Noop completed.\r\n").as_bytes()),
            Verb::Id => self
                .core
                .client(format!("* ID (\"name\" \"Souspli\")\r\n{tag} OK Id completed.\r\n").as_bytes()),
            Verb::Logout => {
                self.core
                    .client(format!("* BYE Souspli\r\n{tag} OK Logout completed.\r\n").as_bytes());
                self.close();
            }
            Verb::StartTls if self.starttls == StartTls::Offered => {
                // Nothing that came before TLS may be taken for having come after it (RFC 9051 §6.2.1).
                self.intake.discard();
                self.core.client(format!("{tag} OK Begin TLS.\r\n").as_bytes());
                self.core.act(Action::SecureClient);
            }
            Verb::Login => {
                let step = login::login(&command);
                command.line.wipe();
                self.login(step);
            }
            Verb::Authenticate => {
                let step = login::authenticate(&command);
                command.line.wipe();
                self.login(step);
            }
            _ => {
                self.core.answer(&tag, "BAD", "CLIENTBUG", &text::login_first());
                self.count_failure();
            }
        }
    }

    pub(super) fn login(&mut self, step: Step) {
        match step {
            Step::Challenge(challenge, sasl) => {
                self.sasl = Some(sasl);
                self.intake.expect_raw();
                self.core.client(format!("+ {challenge}\r\n").as_bytes());
            }
            Step::Given(credentials) => self.given(credentials),
            Step::Unreadable(tag) => {
                self.core.answer(&tag, "BAD", "CLIENTBUG", &text::bad_login());
                self.count_failure();
            }
            Step::NoMechanism(tag) => {
                self.core.answer(&tag, "NO", "CANNOT", &text::no_mechanism());
                self.count_failure();
            }
        }
    }

    fn given(&mut self, credentials: Credentials) {
        if self.core.shelf.account(&credentials.login).is_none() {
            self.core
                .answer(&credentials.tag, "NO", "AUTHENTICATIONFAILED", &text::unknown_login());
            return self.count_failure();
        }
        self.core.act(Action::Connect(credentials.login.clone()));
        let login = credentials.login.clone();
        self.phase = Phase::Joining(Box::new(Joining::new(credentials)), login);
    }

    pub(super) fn join(&mut self, next: upstream::Next) {
        let Phase::Joining(joining, login) = &mut self.phase else { return };
        match next {
            upstream::Next::Wait => {}
            upstream::Next::Send(bytes) => self.core.upstream(bytes),
            upstream::Next::Pass(line) => self.core.client_owned(line),
            upstream::Next::Secure => {
                // Octets that arrived in clear after the OK were written by somebody else.
                if self.upstream.discard() {
                    return self.join(upstream::Next::Failed(text::provider_garbled()));
                }
                self.core.act(Action::SecureUpstream);
            }
            upstream::Next::Joined(line, capabilities) => {
                let login = std::mem::take(login);
                let Some(account) = self.core.shelf.account(&login) else {
                    return self.bye(&text::unknown_login());
                };
                self.core.act(Action::LoggedIn(joining.credentials().clone()));
                self.core.client_owned(line);
                self.intake.known();
                self.phase = Phase::Known(Box::new(Relay::new(account, capabilities)));
            }
            upstream::Next::Refused(_) if joining.proved() == Proved::Once => {
                joining.again();
                let login = login.clone();
                self.upstream.discard();
                self.core.act(Action::DropUpstream);
                self.core.act(Action::Connect(login));
            }
            upstream::Next::Refused(line) => {
                self.core.client_owned(line);
                self.leave_upstream();
                self.count_failure();
            }
            upstream::Next::Failed(explanation) => {
                let tag = joining.tag().to_owned();
                self.core.answer(&tag, "NO", "UNAVAILABLE", &explanation);
                self.leave_upstream();
            }
        }
    }

    pub(super) fn not_admitted(&mut self, explanation: &Explanation) {
        let Phase::Joining(joining, _) = &self.phase else { return };
        let tag = joining.tag().to_owned();
        self.core.answer(&tag, "NO", "AUTHENTICATIONFAILED", explanation);
        self.leave_upstream();
        self.count_failure();
    }

    /// What the client has given, while it is logged in, and whether it is to be judged here.
    pub fn offered(&self) -> Option<(&Credentials, Proved)> {
        match &self.phase {
            Phase::Joining(joining, _) => Some((joining.credentials(), joining.proved())),
            Phase::Stranger | Phase::Known(_) | Phase::Closed => None,
        }
    }

    fn leave_upstream(&mut self) {
        self.upstream.discard();
        self.core.act(Action::DropUpstream);
        self.phase = Phase::Stranger;
    }
}
