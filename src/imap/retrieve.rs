//! One stored message, fetched over a connection of its own: events in, actions out, no I/O.
//!
//! What a mail program drags elsewhere is a View; what is stored there must be the message behind it.

use super::frame::{Framer, Piece, Side};
use super::line::{Line, Value, write_string};
use super::login::Credentials;
use super::response::{self, Fetched, Response, Status};
use super::upstream::{self, Joining};
use crate::base::{MessageKey, Place, limits};
use crate::config::ServerTls;
use std::sync::Arc;

/// The dialogue.
pub struct Retrieval {
    mailbox: Arc<str>,
    uidvalidity: u32,
    uid: u32,
    stage: Stage,
    framer: Framer,
    line: Line,
    selected: Option<u32>,
    found: Option<Vec<u8>>,
}

enum Stage {
    Joining(Box<Joining>),
    /// What is sent when the provider says `+`: a name that stands in no quotes.
    Examine(Option<Vec<u8>>),
    Fetch,
    Over,
}

/// What to do next.
#[derive(PartialEq, Eq, Debug)]
pub enum Next {
    /// Read on.
    Wait,
    /// Send this.
    Send(Vec<u8>),
    /// Begin TLS.
    Secure,
    /// Send this, then close: the message.
    Done(Vec<u8>, Vec<u8>),
    /// Close: it cannot be had.
    Failed,
}

const TAG: &str = "souspli";

impl Retrieval {
    /// Of this message, with the credentials of its account. `None`: it lies in no mailbox.
    pub fn new(key: MessageKey, credentials: Credentials) -> Option<Self> {
        let Place::Mailbox { mailbox, uidvalidity, uid } = key.place else {
            return None;
        };
        Some(Self {
            mailbox,
            uidvalidity,
            uid,
            stage: Stage::Joining(Box::new(Joining::new(credentials))),
            framer: Framer::new(Side::Server),
            line: Line::default(),
            selected: None,
            found: None,
        })
    }

    /// The connection stands.
    pub fn connected(&mut self, tls: ServerTls) {
        if let Stage::Joining(joining) = &mut self.stage {
            joining.connected(tls);
        }
    }

    /// TLS stands, after [`Next::Secure`].
    pub fn secured(&mut self) -> Next {
        match &mut self.stage {
            Stage::Joining(joining) => {
                let next = joining.secured();
                self.joined(next)
            }
            Stage::Examine(_) | Stage::Fetch | Stage::Over => Next::Failed,
        }
    }

    /// Takes octets of the provider; with none, what is left of the last ones.
    pub fn input(&mut self, bytes: &[u8]) -> Next {
        self.framer.push(bytes);
        loop {
            let piece = match self.framer.next_piece() {
                Ok(Some(piece)) => piece,
                Ok(None) => return Next::Wait,
                Err(_) => return Next::Failed,
            };
            match self.piece(piece) {
                Next::Wait => {}
                next => return next,
            }
        }
    }

    fn piece(&mut self, piece: Piece) -> Next {
        let ends = matches!(piece, Piece::Text { literal: None, .. });
        self.line.push(piece);
        if self.line.octets() > limits::MESSAGE_MAX {
            return Next::Failed;
        }
        if !ends {
            return Next::Wait;
        }
        let line = std::mem::take(&mut self.line);
        match &mut self.stage {
            Stage::Joining(joining) => {
                let next = joining.line(line.text());
                self.joined(next)
            }
            Stage::Examine(_) => self.examined(&line),
            Stage::Fetch => self.fetched(line),
            Stage::Over => Next::Failed,
        }
    }

    fn joined(&mut self, next: upstream::Next) -> Next {
        match next {
            upstream::Next::Wait | upstream::Next::Pass(_) => Next::Wait,
            upstream::Next::Send(bytes) => Next::Send(bytes),
            // Octets that arrived in clear after the OK were written by somebody else.
            upstream::Next::Secure if self.framer.discard() => Next::Failed,
            upstream::Next::Secure => Next::Secure,
            upstream::Next::Joined(..) => self.examine(),
            upstream::Next::Refused(_) | upstream::Next::Failed(_) => Next::Failed,
        }
    }

    fn examine(&mut self) -> Next {
        let name = self.mailbox.as_bytes();
        let mut command = format!("{TAG} EXAMINE ").into_bytes();
        let mut literal = None;
        if name.iter().all(|b| (b' '..=b'~').contains(b)) {
            write_string(name, &mut command);
        } else {
            command.extend_from_slice(format!("{{{}}}", name.len()).as_bytes());
            literal = Some([name, b"\r\n"].concat());
        }
        command.extend_from_slice(b"\r\n");
        self.stage = Stage::Examine(literal);
        Next::Send(command)
    }

    fn examined(&mut self, line: &Line) -> Next {
        match response::look(line.text()) {
            Response::Continue(_) => match &mut self.stage {
                Stage::Examine(name) => name.take().map_or(Next::Failed, Next::Send),
                Stage::Joining(_) | Stage::Fetch | Stage::Over => Next::Failed,
            },
            Response::Untagged(Status::Bye, _) => Next::Failed,
            Response::Untagged(_, text) => {
                self.selected = response::code_number(text, "UIDVALIDITY").or(self.selected);
                Next::Wait
            }
            // A mailbox that was made anew: its UIDs name other messages.
            Response::Tagged(_, Status::Ok, _) if self.selected == Some(self.uidvalidity) => {
                self.stage = Stage::Fetch;
                Next::Send(format!("{TAG} UID FETCH {} (UID BODY.PEEK[])\r\n", self.uid).into_bytes())
            }
            Response::Tagged(..) | Response::Garbage => Next::Failed,
            Response::Fetch(_) | Response::Capability | Response::Other => Next::Wait,
        }
    }

    fn fetched(&mut self, mut line: Line) -> Next {
        match response::look(line.text()) {
            Response::Tagged(_, Status::Ok, _) => {
                self.stage = Stage::Over;
                let logout = format!("{TAG} LOGOUT\r\n").into_bytes();
                self.found.take().map_or(Next::Failed, |message| Next::Done(logout, message))
            }
            Response::Tagged(..) | Response::Garbage | Response::Untagged(Status::Bye, _) => Next::Failed,
            Response::Fetch(_) => {
                self.found = self.found.take().or_else(|| message(&mut line, self.uid));
                Next::Wait
            }
            Response::Continue(_) | Response::Untagged(..) | Response::Capability | Response::Other => Next::Wait,
        }
    }
}

/// `BODY[]` of this message.
fn message(line: &mut Line, uid: u32) -> Option<Vec<u8>> {
    let fetched = Fetched::parse(line).filter(|fetched| fetched.uid(line) == Some(uid))?;
    match &fetched.find("BODY[]")?.value {
        Value::Literal(_, index) => Some(line.take_literal(*index)),
        value => line.string(value).map(std::borrow::Cow::into_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::{Proof, Way};
    use super::*;
    use crate::base::Secret;

    fn retrieval(mailbox: &str) -> Retrieval {
        let key = MessageKey {
            account: "a@b.fr".into(),
            place: Place::Mailbox {
                mailbox: mailbox.into(),
                uidvalidity: 7,
                uid: 12,
            },
        };
        let proof = Proof::Password(Secret::from("pw"), Way::Login);
        let login = "a@b.fr".to_owned();
        Retrieval::new(
            key,
            Credentials {
                tag: "1".to_owned(),
                login,
                proof,
            },
        )
        .unwrap()
    }

    /// The last thing to do after these lines, sent octet by octet.
    fn after(lines: &str) -> Next {
        after_in("Mes \"plis\"", lines)
    }

    fn after_in(mailbox: &str, lines: &str) -> Next {
        let mut it = retrieval(mailbox);
        it.connected(ServerTls::Implicit);
        let mut last = Next::Wait;
        for byte in lines.bytes() {
            match it.input(&[byte]) {
                Next::Wait => {}
                next => last = next,
            }
        }
        last
    }

    const LOGIN: &str = "* OK [CAPABILITY IMAP4rev1] hi\r\nsouspli OK [CAPABILITY IMAP4rev1] in\r\n";
    const EXAMINED: &str = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nsouspli OK [READ-ONLY] x\r\n";

    #[test]
    fn a_message_is_examined_and_fetched() {
        let send = |text: &str| Next::Send(text.as_bytes().to_vec());
        assert_eq!(after(LOGIN), send("souspli EXAMINE \"Mes \\\"plis\\\"\"\r\n"));
        assert_eq!(
            after(&[LOGIN, EXAMINED].concat()),
            send("souspli UID FETCH 12 (UID BODY.PEEK[])\r\n")
        );
        let answer = "* 4 EXISTS\r\n* 1 FETCH (UID 11 BODY[] {1}\r\nx)\r\n* 2 FETCH (UID 12 BODY[] {6}\r\nA: b\r\n)\r\nsouspli OK done\r\n";
        assert_eq!(
            after(&[LOGIN, EXAMINED, answer].concat()),
            Next::Done(b"souspli LOGOUT\r\n".to_vec(), b"A: b\r\n".to_vec())
        );
    }

    #[test]
    fn what_is_not_that_message_is_not_had() {
        for lines in [
            [LOGIN, "* OK [UIDVALIDITY 8] x\r\nsouspli OK x\r\n"].concat(),
            [LOGIN, "souspli OK x\r\n"].concat(),
            [LOGIN, "souspli NO gone\r\n"].concat(),
            [LOGIN, EXAMINED, "souspli OK nothing\r\n"].concat(),
            [LOGIN, EXAMINED, "* 1 FETCH (UID 12 BODY[] NIL)\r\nsouspli OK x\r\n"].concat(),
            [LOGIN, EXAMINED, "* BYE x\r\n"].concat(),
            "* OK [CAPABILITY IMAP4rev1] hi\r\nsouspli NO pw\r\n".to_owned(),
            "HTTP/1.1 400\r\n".to_owned(),
        ] {
            assert_eq!(after(&lines), Next::Failed, "{lines}");
        }
    }

    #[test]
    fn a_name_that_stands_in_no_quotes_is_asked_for() {
        let send = |text: &str| Next::Send(text.as_bytes().to_vec());
        assert_eq!(after_in("Résultats", LOGIN), send("souspli EXAMINE {10}\r\n"));
        assert_eq!(after_in("Résultats", &[LOGIN, "+ go\r\n"].concat()), send("Résultats\r\n"));
        let all = [LOGIN, "+ go\r\n", EXAMINED].concat();
        assert_eq!(after_in("Résultats", &all), send("souspli UID FETCH 12 (UID BODY.PEEK[])\r\n"));
        assert_eq!(after_in("Résultats", &[LOGIN, "+ a\r\n", "+ b\r\n"].concat()), Next::Failed);
    }
}
