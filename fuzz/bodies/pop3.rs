//! A POP3 dialogue, in the form of tests/dialogs/pop3: whatever both sides say, the provider hears known commands only, and
//! nothing is said after the end. Content keeps its end and its octets, however it is split.

use souspli::base::MessageKey;
use souspli::config::ServerTls;
use souspli::pop3::capability::StartTls;
use souspli::pop3::session::{Action, Event, Session, Silent};
use souspli::pop3::shelf::{Found, Shelf};
use souspli::pop3::wire::content::{EndFinder, message_of, stuffed};
use souspli::view::View;
use std::sync::Arc;

struct Alice;

impl Shelf for Alice {
    fn account(&self, login: &str) -> Found {
        match login {
            "alice" => Found::Account("alice@lab.test".into()),
            _ => Found::Nobody,
        }
    }

    fn size(&self, _: &MessageKey, stored: u64) -> Option<u64> {
        stored.is_multiple_of(2).then_some(stored)
    }
}

const KNOWN: [&str; 14] = [
    "CAPA\r\n",
    "STLS\r\n",
    "USER alice\r\n",
    "PASS ",
    "AUTH ",
    "UIDL",
    "LIST",
    "TOP ",
    "RETR ",
    "DELE ",
    "RSET\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
    "STAT\r\n",
];

/// One input.
pub fn run(data: &[u8]) {
    let (mut session, _) = Session::new(Box::new(Alice), Arc::default(), StartTls::Offered);
    let mut login = false;
    let mut closed = false;
    for line in data.split(|b| *b == b'\n') {
        let octets = [&line[line.len().min(3)..], b"\r\n"].concat();
        let first = match line.get(..2) {
            Some(b"C:") => Event::Client(&octets),
            Some(b"U<") => Event::Upstream(&octets),
            Some(b"X ") => match &line[2..] {
                b"connect implicit" => Event::Connected(ServerTls::Implicit),
                b"connect starttls" => Event::Connected(ServerTls::StartTls),
                b"secured" => Event::UpstreamSecured,
                b"client-secured" => Event::ClientSecured,
                b"reserved" => Event::Reserved,
                b"closed" => Event::UpstreamClosed,
                b"left" => Event::ClientClosed,
                _ => Event::TimedOut(Silent::Upstream),
            },
            _ => continue,
        };
        let mut actions = session.input(first);
        while !actions.is_empty() {
            assert!(!closed, "something is done after the end");
            let mut next = Vec::new();
            for action in actions {
                match action {
                    Action::ToUpstream(bytes) => check(&bytes, &mut login),
                    Action::Open(_, stored) => next.extend(session.input(Event::Opened(Ok(Arc::new(View::of(stored)))))),
                    Action::Close => closed = true,
                    _ => {}
                }
            }
            actions = next;
        }
    }
    check_content(data);
}

/// Answers to challenges are in base64, or end an exchange.
fn check(bytes: &[u8], login: &mut bool) {
    for line in String::from_utf8_lossy(bytes).split_inclusive("\r\n") {
        let known = KNOWN.iter().any(|known| line.starts_with(known));
        let answer = *login && line.trim_end().bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=*".contains(&b));
        assert!(line.ends_with("\r\n") && (known || answer), "{line:?}");
        *login |= ["AUTH ", "USER ", "PASS "].iter().any(|word| line.starts_with(word));
    }
}

fn check_content(data: &[u8]) {
    let whole = EndFinder::default().find(data);
    let (head, tail) = data.split_at(data.len() / 2);
    let mut finder = EndFinder::default();
    let split = finder.find(head).or_else(|| finder.find(tail).map(|end| end + head.len()));
    assert_eq!(whole, split);
    let content = stuffed(data);
    assert_eq!(EndFinder::default().find(&content), Some(content.len()));
    if !data.contains(&b'\n') {
        let message = message_of(content);
        assert!(message == data || message == [data, b"\r\n"].concat());
    }
}
