//! The server side of one submission connection (RFC 6409), pure: octets and answers come in, actions go out.
//!
//! A whole submission is gathered before anything is decided. While an answer from outside is awaited no further octet is
//! looked at, so pipelined commands are answered in their order.

mod transaction;

use self::transaction::{Answer, Transaction};
use super::capabilities::Capabilities;
use super::wire::data::Fault;
use super::wire::{Command, Content, DataDecoder, Reply, Syntax};
use crate::base::Secret;
use crate::base::limits::{LOGIN_FAILURES_MAX, MESSAGE_WITHOUT_ASKING, SMTP_ERRORS_MAX, SMTP_LINE_MAX};
use crate::policy::Submission;
use crate::sasl::{Credentials, Exchange, Mechanism, Step};
use crate::text::{Explain, outgoing as text};

/// What happens to the session.
#[derive(Debug)]
pub enum Event<'a> {
    /// The mail program sent octets.
    Bytes(&'a [u8]),
    /// TLS stands.
    TlsReady,
    /// The provider took the credentials; this is what it offers.
    LoggedIn(Capabilities),
    /// The provider, or we, did not.
    LoginRefused(Reply),
    /// There is room for what [`Action::MakeRoom`] asked.
    Room,
    /// There is none, and none to wait for.
    NoRoom,
    /// The submission's outcome.
    Answered(Reply),
    /// The mail program was silent for too long.
    TimedOut,
    /// The program ends; what was handed over is done.
    Stopping,
}

/// What the driver does, in this order.
#[derive(Debug)]
pub enum Action {
    /// Write to the mail program.
    Send(Vec<u8>),
    /// Speak TLS from here; answer with [`Event::TlsReady`].
    StartTls,
    /// Try these on the provider; answer with [`Event::LoggedIn`] or [`Event::LoginRefused`].
    Login(Credentials),
    /// A message of so many octets is on its way: answer with [`Event::Room`] or [`Event::NoRoom`].
    MakeRoom(usize),
    /// Decide and hand over; answer with [`Event::Answered`].
    Submit(Submission),
    /// Close the connection.
    Close,
}

/// Whether STARTTLS is offered to the mail program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartTls {
    /// It is.
    Offered,
    /// TLS stands already, or there is none.
    NotOffered,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    offer: Capabilities,
    starttls: StartTls,
    phase: Phase,
    greeted: Greeted,
    login: Login,
    transaction: Transaction,
    /// Octets of a message that may be held.
    room: usize,
    buffer: Vec<u8>,
    overlong: bool,
    errors: u32,
    login_failures: u32,
    out: Vec<Action>,
}

#[derive(Debug)]
enum Phase {
    Commands,
    Auth(Exchange),
    Data(DataDecoder),
    /// Within a message, until there is room for more of it.
    Crowded(DataDecoder),
    Waiting,
    Closed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Greeted {
    No,
    Yes,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Login {
    None,
    Done,
}

impl Session {
    /// A session that offers what `offer` allows; the greeting is in the actions.
    pub fn new(offer: Capabilities, starttls: StartTls) -> (Self, Vec<Action>) {
        let mut session = Self {
            offer,
            starttls,
            phase: Phase::Commands,
            greeted: Greeted::No,
            login: Login::None,
            transaction: Transaction::default(),
            room: MESSAGE_WITHOUT_ASKING,
            buffer: Vec::new(),
            overlong: false,
            errors: 0,
            login_failures: 0,
            out: Vec::new(),
        };
        session.say("220 localhost ESMTP Souspli");
        let greeting = std::mem::take(&mut session.out);
        (session, greeting)
    }

    /// True while octets of the mail program are wanted.
    pub fn wants_bytes(&self) -> bool {
        !matches!(self.phase, Phase::Waiting | Phase::Crowded(_) | Phase::Closed)
    }

    /// True from DATA to the answer: room that was made is in use.
    pub fn holds_message(&self) -> bool {
        matches!(self.phase, Phase::Data(_) | Phase::Crowded(_) | Phase::Waiting)
    }

    /// Takes an event; what to do about it comes out.
    pub fn input(&mut self, event: Event<'_>) -> Vec<Action> {
        match event {
            Event::Bytes(bytes) => self.buffer.extend_from_slice(bytes),
            Event::TlsReady => self.tls_ready(),
            Event::LoggedIn(offer) => self.logged_in(offer),
            Event::LoginRefused(reply) => self.login_refused(&reply),
            Event::Room => self.go_on(None),
            Event::NoRoom => self.go_on(Some(Fault::NoRoom)),
            Event::Answered(reply) => self.answered(&reply),
            Event::TimedOut => self.close("421 4.4.2 Delai depasse"),
            Event::Stopping => self.close("421 4.3.2 Souspli s'arrete"),
        }
        self.advance();
        std::mem::take(&mut self.out)
    }

    fn advance(&mut self) {
        while !self.buffer.is_empty() && self.wants_bytes() {
            if let Phase::Data(decoder) = &mut self.phase {
                let (used, content) = decoder.feed(&self.buffer);
                self.buffer.drain(..used);
                let held = decoder.held();
                match content {
                    Some(content) => self.content(content),
                    None if held > self.room => self.make_room(),
                    None => {}
                }
                continue;
            }
            // A TLS client on the clear port: nothing it could read would help it.
            if self.greeted == Greeted::No && self.buffer[0] == 0x16 {
                return self.close("421 4.7.0 TLS: utilisez STARTTLS");
            }
            let Some(line) = self.next_line() else { return };
            match line {
                Ok(line) => self.line(&line),
                Err(syntax) => {
                    // An exchange does not survive it (RFC 4954 §4).
                    self.phase = Phase::Commands;
                    self.transaction.spoil();
                    self.fault(&syntax.to_string());
                }
            }
        }
    }

    /// The next line without its CRLF. A line that ends with a bare LF is no command.
    fn next_line(&mut self) -> Option<Result<Vec<u8>, Syntax>> {
        let Some(lf) = memchr::memchr(b'\n', &self.buffer) else {
            if self.buffer.len() > SMTP_LINE_MAX {
                self.overlong = true;
                self.buffer.clear();
            }
            return None;
        };
        let mut line: Vec<u8> = self.buffer.drain(..=lf).collect();
        let overlong = std::mem::take(&mut self.overlong) || line.len() > SMTP_LINE_MAX;
        if overlong || !line.ends_with(b"\r\n") {
            return Some(Err(Syntax::Line));
        }
        line.truncate(line.len() - 2);
        Some(Ok(line))
    }

    fn line(&mut self, line: &[u8]) {
        if let Phase::Auth(exchange) = std::mem::replace(&mut self.phase, Phase::Commands) {
            return if line == b"*" {
                self.fault("501 5.7.0 Authentification annulee")
            } else {
                self.auth_step(exchange.line(line))
            };
        }
        if is_http(line) {
            return self.close("421 4.7.0 Ce n'est pas un serveur web");
        }
        match Command::parse(line) {
            Ok(command) => self.command(command),
            Err(syntax) => {
                self.transaction.spoil();
                self.fault(&syntax.to_string());
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Ehlo => self.ehlo(),
            Command::Helo => {
                self.greet();
                self.say("250 localhost");
            }
            Command::StartTls => self.start_tls(),
            Command::Auth(mechanism, initial) => self.auth(&mechanism, initial.as_ref()),
            Command::Mail(mail) => self.in_order(|transaction, offer| transaction.mail(mail, offer)),
            Command::Rcpt(recipient) => self.in_order(|transaction, _| transaction.rcpt(recipient)),
            Command::Data => self.data(),
            // The chunk behind it would be read as commands (RFC 3030 §2): whoever wrote the letter could have put some there.
            Command::Bdat => self.close("503 5.5.1 BDAT n'est pas propose ici"),
            Command::Rset => {
                self.transaction = Transaction::default();
                self.say("250 2.0.0 OK");
            }
            Command::Noop => self.say("250 2.0.0 OK"),
            Command::Vrfy => self.say("252 2.1.5 Verification impossible"),
            Command::Help => self.say("214 2.0.0 Souspli, RFC 6409"),
            Command::Quit => self.close("221 2.0.0 Au revoir"),
        }
    }

    fn greet(&mut self) {
        self.greeted = Greeted::Yes;
        self.transaction = Transaction::default();
    }

    fn ehlo(&mut self) {
        self.greet();
        let mut lines = vec![
            "localhost".to_owned(),
            "PIPELINING".to_owned(),
            format!("SIZE {}", self.offer.submission_max()),
        ];
        let offered = [
            ("8BITMIME", self.offer.eight_bit),
            ("SMTPUTF8", self.offer.smtputf8),
            ("DSN", self.offer.dsn),
        ];
        lines.extend(offered.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()));
        if self.starttls == StartTls::Offered {
            lines.push("STARTTLS".to_owned());
        }
        let mechanisms: Vec<_> = Mechanism::ALL
            .into_iter()
            .filter(|m| self.offers(*m))
            .map(Mechanism::name)
            .collect();
        lines.push(format!("AUTH {}", mechanisms.join(" ")));
        lines.push("ENHANCEDSTATUSCODES".to_owned());
        self.out.push(Action::Send(Reply { code: 250, lines }.encode()));
    }

    /// Passwords are always taken (they fit PLAIN and LOGIN alike); OAuth where the provider takes it.
    fn offers(&self, mechanism: Mechanism) -> bool {
        matches!(mechanism, Mechanism::Plain | Mechanism::Login) || self.offer.auth.contains(&mechanism)
    }

    fn start_tls(&mut self) {
        if self.starttls == StartTls::NotOffered {
            return self.fault("503 5.5.1 TLS n'est pas propose ici");
        }
        self.say("220 2.0.0 TLS");
        // What was sent with STARTTLS came in clear and might be anybody's (RFC 3207 §4.2).
        self.buffer.clear();
        self.phase = Phase::Waiting;
        self.out.push(Action::StartTls);
    }

    fn tls_ready(&mut self) {
        self.starttls = StartTls::NotOffered;
        self.greeted = Greeted::No;
        self.login = Login::None;
        self.transaction = Transaction::default();
        self.phase = Phase::Commands;
    }

    fn auth(&mut self, mechanism: &str, initial: Option<&Secret>) {
        if self.greeted == Greeted::No || self.login == Login::Done || self.transaction.is_open() {
            return self.fault("503 5.5.1 AUTH n'est pas permis maintenant");
        }
        match Mechanism::parse(mechanism).filter(|m| self.offers(*m)) {
            Some(mechanism) => self.auth_step(Exchange::begin(mechanism, initial)),
            None => self.fault("504 5.5.4 Methode d'authentification inconnue"),
        }
    }

    fn auth_step(&mut self, step: Step) {
        match step {
            Step::Challenge(challenge, exchange) => {
                self.phase = Phase::Auth(exchange);
                self.say(&format!("334 {challenge}"));
            }
            Step::Done(credentials) => {
                self.phase = Phase::Waiting;
                self.out.push(Action::Login(credentials));
            }
            Step::Malformed => self.fault("501 5.5.2 Reponse d'authentification incorrecte"),
        }
    }

    fn logged_in(&mut self, offer: Capabilities) {
        self.offer = offer;
        self.login = Login::Done;
        self.phase = Phase::Commands;
        self.say("235 2.7.0 Authentifie");
    }

    fn login_refused(&mut self, reply: &Reply) {
        self.phase = Phase::Commands;
        self.out.push(Action::Send(reply.encode()));
        self.login_failures += 1;
        if self.login_failures >= LOGIN_FAILURES_MAX {
            self.close("421 4.7.0 Trop d'essais");
        }
    }

    /// MAIL and RCPT: after EHLO and a login only.
    fn in_order(&mut self, step: impl FnOnce(&mut Transaction, &Capabilities) -> Answer) {
        if let Some(out_of_order) = self.out_of_order() {
            return self.fault(out_of_order);
        }
        match step(&mut self.transaction, &self.offer) {
            Ok(said) => self.say(said),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    fn out_of_order(&self) -> Option<&'static str> {
        match (self.greeted, self.login) {
            (Greeted::No, _) => Some("503 5.5.1 EHLO d'abord"),
            (_, Login::None) => Some("530 5.7.0 Authentification requise"),
            (Greeted::Yes, Login::Done) => None,
        }
    }

    fn data(&mut self) {
        if let Some(said) = self.out_of_order() {
            return self.fault(said);
        }
        if let Some(refusal) = self.transaction.unready() {
            return self.refuse(&refusal);
        }
        self.say("354 Terminez par un point seul sur sa ligne");
        let most = usize::try_from(self.offer.submission_max()).unwrap_or(usize::MAX);
        self.phase = Phase::Data(DataDecoder::new(most));
    }

    /// What was declared and a little more, for programs count differently; else, and the second time, the most there is.
    fn make_room(&mut self) {
        let most = usize::try_from(self.offer.submission_max()).unwrap_or(usize::MAX);
        let declared = self.transaction.declared().map(|size| size + size / 8);
        self.room = declared
            .filter(|size| *size > self.room)
            .unwrap_or(most)
            .min(most)
            .max(self.room + 1);
        if let Phase::Data(decoder) = std::mem::replace(&mut self.phase, Phase::Waiting) {
            self.phase = Phase::Crowded(decoder);
            self.out.push(Action::MakeRoom(self.room));
        }
    }

    fn go_on(&mut self, fault: Option<Fault>) {
        if let Phase::Crowded(mut decoder) = std::mem::replace(&mut self.phase, Phase::Commands) {
            if let Some(fault) = fault {
                decoder.give_up(fault);
            }
            self.phase = Phase::Data(decoder);
        }
    }

    fn content(&mut self, content: Content) {
        self.room = MESSAGE_WITHOUT_ASKING;
        let envelope = std::mem::take(&mut self.transaction).envelope();
        self.phase = Phase::Commands;
        let refusal = match content {
            Content::Message(message) => {
                self.phase = Phase::Waiting;
                let message = message.into();
                return self.out.push(Action::Submit(Submission { envelope, message }));
            }
            Content::Faulty(Fault::Unfit(unfit)) => Reply::explained(550, "5.6.0", &unfit.explain()),
            Content::Faulty(Fault::NoRoom) => Reply::explained(452, "4.3.1", &text::no_room()),
            Content::Faulty(Fault::TooLarge) => Reply::explained(552, "5.3.4", &text::too_large(self.offer.submission_max())),
        };
        self.out.push(Action::Send(refusal.encode()));
    }

    fn answered(&mut self, reply: &Reply) {
        self.phase = Phase::Commands;
        self.out.push(Action::Send(reply.encode()));
    }

    fn say(&mut self, line: &str) {
        self.out.push(Action::Send(format!("{line}\r\n").into_bytes()));
    }

    fn refuse(&mut self, reply: &Reply) {
        self.out.push(Action::Send(reply.encode()));
        self.count_error();
    }

    fn fault(&mut self, line: &str) {
        self.say(line);
        self.count_error();
    }

    fn count_error(&mut self) {
        self.errors += 1;
        if self.errors >= SMTP_ERRORS_MAX {
            self.close("421 4.7.0 Trop d'erreurs");
        }
    }

    fn close(&mut self, line: &str) {
        self.say(line);
        self.out.push(Action::Close);
        self.phase = Phase::Closed;
        self.buffer = Vec::new();
    }
}

/// A web page that posts to this port (cross-protocol request): its first line closes the connection.
fn is_http(line: &[u8]) -> bool {
    let verb = line.split(|b| *b == b' ').next().unwrap_or_default();
    [
        b"GET".as_slice(),
        b"POST",
        b"PUT",
        b"HEAD",
        b"OPTIONS",
        b"CONNECT",
        b"PATCH",
        b"DELETE",
    ]
    .contains(&verb)
}

#[cfg(test)]
mod tests;
