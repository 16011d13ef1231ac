//! Before the login (RFC 1939 §4): what is answered here, and the way to the provider.

use super::*;
use crate::sasl::Proved;

impl Session {
    pub(super) fn stranger(&mut self, command: Command) {
        match command {
            Command::Capa => {
                let content = capability::before_login(self.starttls);
                self.core.client(format!("+OK\r\n{content}").as_bytes());
            }
            Command::User(name) => {
                self.login.user(name);
                // Whether there is such an account is said with the password.
                self.core.client(b"+OK\r\n");
            }
            Command::Pass(password) => {
                let next = self.login.pass(password);
                self.log_in(next);
            }
            Command::Auth(Some((mechanism, initial))) => {
                let next = self.login.auth(&mechanism, initial.as_ref());
                self.log_in(next);
            }
            Command::Auth(None) => self.core.client(format!("+OK\r\n{}", capability::mechanisms()).as_bytes()),
            Command::Apop => {
                self.core.refuse(Code::None, &text::apop());
                self.count_failure();
            }
            Command::Stls if self.starttls == StartTls::Offered => {
                self.core.client(b"+OK\r\n");
                self.core.act(Action::SecureClient);
                self.phase = Phase::Securing;
            }
            Command::Quit => {
                self.core.client(b"+OK\r\n");
                self.close();
            }
            Command::Stls
            | Command::Stat
            | Command::List(_)
            | Command::Uidl(_)
            | Command::Retr(_)
            | Command::Top(..)
            | Command::Dele(_)
            | Command::Rset
            | Command::Noop => self.fault(&text::not_now()),
        }
    }

    /// Nothing that was said before TLS may be taken for having been said after it (RFC 2595 §4).
    pub(super) fn secured(&mut self) {
        self.client.discard();
        self.login = Login::default();
        self.starttls = StartTls::Absent;
        self.phase = Phase::Stranger;
    }

    pub(super) fn log_in(&mut self, next: login::Next) {
        match next {
            login::Next::Challenge(challenge) => self.core.client(format!("+ {challenge}\r\n").as_bytes()),
            login::Next::Given(credentials) => self.given(credentials),
            login::Next::NoName => self.fault(&text::not_now()),
            login::Next::NoMechanism => self.refused(Code::None, &text::no_mechanism()),
            login::Next::Unreadable => self.refused(Code::None, &text::bad_login()),
        }
    }

    fn given(&mut self, credentials: Credentials) {
        match self.core.shelf.account(&credentials.sasl.login) {
            Found::Nobody => self.refused(Code::Auth, &text::unknown_login()),
            Found::NoServer => self.refused(Code::Permanent, &text::no_server()),
            Found::Account(account) => {
                self.core.act(Action::Connect(credentials.sasl.login.clone()));
                self.phase = Phase::Joining(Box::new(Joining::new(credentials)), account);
            }
        }
    }

    fn refused(&mut self, code: Code, explanation: &Explanation) {
        self.core.refuse(code, explanation);
        self.count_failure();
    }

    fn count_failure(&mut self) {
        self.failures += 1;
        if self.failures >= LOGIN_FAILURES_MAX {
            self.close();
        }
    }

    pub(super) fn join(&mut self, next: upstream::Next) {
        let Phase::Joining(joining, account) = &mut self.phase else {
            return;
        };
        match next {
            upstream::Next::Wait => {}
            upstream::Next::Send(bytes) => self.core.act(Action::ToUpstream(bytes)),
            upstream::Next::Secure => {
                // Octets that arrived in clear after the +OK were written by somebody else.
                if self.upstream.discard() {
                    return self.join(upstream::Next::Failed(text::provider_garbled()));
                }
                self.core.act(Action::SecureUpstream);
            }
            upstream::Next::Joined(line, capabilities) => {
                let transaction = Transaction::new(Arc::clone(account), &capabilities, Arc::clone(&self.memory));
                self.core.client_owned(line);
                self.phase = Phase::Known(Box::new(transaction));
            }
            upstream::Next::Refused(_) if joining.proved() == Proved::Once => {
                joining.again();
                let login = joining.credentials().sasl.login.clone();
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
                self.core.refuse(Code::Temporary, &explanation);
                self.leave_upstream();
            }
        }
    }

    pub(super) fn not_admitted(&mut self, explanation: &Explanation) {
        self.leave_upstream();
        self.refused(Code::Auth, explanation);
    }

    fn leave_upstream(&mut self) {
        self.upstream.discard();
        self.core.act(Action::DropUpstream);
        self.phase = Phase::Stranger;
    }
}
