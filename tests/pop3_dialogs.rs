//! Dialogs of tests/dialogs/pop3/*.dlg, run on the pure session, however what is said is split.
//!
//! `C:` the client sends, `S:` it gets; `U>` the provider gets, `U<` it sends; lines end with CRLF unless `\c` ends them,
//! `\r \n \0` are read, `\t` is the first octet of TLS, `\*N` repeats the character before it. `X ...` is what the driver would say, listed in
//! [`Run::control`]. `~` at the end of an `S:` line: the rest of the line does not matter.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use souspli::base::{MessageKey, Place, Retry};
use souspli::config::ServerTls;
use souspli::pop3::capability::StartTls;
use souspli::pop3::known::Memory;
use souspli::pop3::session::{Action, Event, Session, Silent};
use souspli::pop3::shelf::{Found, Shelf};
use souspli::text::Explanation;
use souspli::view::View;
use std::path::Path;
use std::sync::Arc;

struct Fake;

impl Shelf for Fake {
    fn account(&self, login: &str) -> Found {
        match login {
            "alice" => Found::Account("alice@lab.test".into()),
            "bob" => Found::NoServer,
            _ => Found::Nobody,
        }
    }

    /// As if the message `seen` had been opened before the last restart.
    fn size(&self, key: &MessageKey, _: u64) -> Option<u64> {
        matches!(&key.place, Place::Maildrop { unique_id } if &**unique_id == "seen").then_some(777)
    }
}

/// What the fake relay shows: the content that stands behind `SEALED`, in two lines.
fn view(key: &MessageKey, stored: &[u8]) -> Arc<View> {
    let stored = String::from_utf8_lossy(stored);
    let clear = stored.split_once("SEALED ").unwrap().1.trim_end();
    let place = match &key.place {
        Place::Maildrop { unique_id } => unique_id.to_string(),
        Place::Nameless { .. } => "nameless".to_owned(),
        other => panic!("{other:?}"),
    };
    Arc::new(View::of(format!("Subject: {place}\r\n\r\n.{clear}\r\nfin\r\n").into_bytes()))
}

struct Run {
    session: Session,
    memory: Arc<Memory>,
    lock: Option<Explanation>,
    to_client: Vec<u8>,
    to_upstream: Vec<u8>,
    notes: Vec<String>,
    name: String,
}

impl Run {
    fn new(name: &str) -> Self {
        let memory = Arc::new(Memory::default());
        let (session, actions) = Session::new(Box::new(Fake), Arc::clone(&memory), StartTls::Offered);
        let mut run = Self {
            session,
            memory,
            lock: None,
            to_client: Vec::new(),
            to_upstream: Vec::new(),
            notes: Vec::new(),
            name: name.into(),
        };
        run.perform(actions);
        run
    }

    fn input(&mut self, event: Event<'_>) {
        let actions = self.session.input(event);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::ToClient(bytes) => self.to_client.extend(bytes),
                Action::ToUpstream(bytes) => self.to_upstream.extend(bytes),
                Action::Open(key, stored) => {
                    let opened = self.lock.clone().map_or_else(|| Ok(view(&key, &stored)), Err);
                    self.input(Event::Opened(opened));
                }
                Action::Connect(login) => self.notes.push(format!("connect {login}")),
                Action::SecureClient => self.notes.push("secure-client".into()),
                Action::SecureUpstream => self.notes.push("secure".into()),
                Action::DropUpstream => self.notes.push("drop".into()),
                Action::Reserve(octets) => self.notes.push(format!("reserve {octets}")),
                Action::Close => self.notes.push("close".into()),
            }
        }
    }

    fn expect(&mut self, whose: &str, want: &str, at: usize) {
        let buffer = if whose == "S:" {
            &mut self.to_client
        } else {
            &mut self.to_upstream
        };
        let context = format!("{}:{at}: {whose} {want:?}", self.name);
        let got = String::from_utf8_lossy(buffer).into_owned();
        let (want, all) = match want.strip_suffix('~') {
            Some(start) => (
                start.as_bytes().to_vec(),
                got.find("\r\n").unwrap_or_else(|| panic!("{context}\n got {got:?}")) + 2,
            ),
            None => (unescape(want), unescape(want).len()),
        };
        assert!(
            buffer.starts_with(&want),
            "{context}\n got {:?}",
            got.chars().take(400).collect::<String>()
        );
        buffer.drain(..all);
    }

    fn control(&mut self, words: &str, at: usize) {
        match words.split_once(' ').unwrap_or((words, "")) {
            ("connect", tls) => self.input(Event::Connected(match tls {
                "starttls" => ServerTls::StartTls,
                _ => ServerTls::Implicit,
            })),
            ("connect-failed", _) => self.input(Event::ConnectFailed(sentence("SP-AWAY"))),
            ("secured", _) => self.input(Event::UpstreamSecured),
            ("client-secured", _) => self.input(Event::ClientSecured),
            ("closed", _) => self.input(Event::UpstreamClosed),
            ("left", _) => self.input(Event::ClientClosed),
            ("reserved", _) => self.input(Event::Reserved),
            ("silent", "client") => self.input(Event::TimedOut(Silent::Client)),
            ("silent", _) => self.input(Event::TimedOut(Silent::Upstream)),
            ("lock", "off") => self.lock = None,
            ("lock", _) => self.lock = Some(sentence("SP-LOCKED")),
            // A new connection of the same program.
            ("again", _) => {
                let (session, actions) = Session::new(Box::new(Fake), Arc::clone(&self.memory), StartTls::Absent);
                self.session = session;
                self.perform(actions);
            }
            // Done or not, as what was said was split.
            ("perhaps", note) => self.notes.retain(|n| n != note),
            ("note", note) => {
                let found = self.notes.iter().position(|n| n == note);
                self.notes
                    .remove(found.unwrap_or_else(|| panic!("{}:{at}: {note} not among {:?}", self.name, self.notes)));
            }
            _ => panic!("{}:{at}: {words}", self.name),
        }
    }
}

fn sentence(code: &'static str) -> Explanation {
    Explanation::new(code, Retry::AfterUser, ("Clé verrouillée.", "Ouvrez-la."), ("", ""))
}

fn unescape(line: &str) -> Vec<u8> {
    let (line, end) = match line.strip_suffix("\\c") {
        Some(line) => (line, ""),
        None => (line, "\r\n"),
    };
    let line = match line.split_once("\\*") {
        Some((start, count)) => start.to_owned() + &start[start.len() - 1..].repeat(count.parse().unwrap()),
        None => line.to_owned(),
    };
    (line
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\0", "\0")
        .replace("\\t", "\u{16}")
        + end)
        .into_bytes()
}

fn dialog(path: &Path, step: usize) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut run = Run::new(&name);
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<(usize, &str)> = text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect();
    let mut sent = Vec::new();
    for (place, (at, line)) in lines.iter().enumerate() {
        let Some((whose, rest)) = line.split_once(' ').or((!line.is_empty()).then_some((*line, ""))) else {
            continue;
        };
        match whose {
            "#" => {}
            "C:" | "U<" => {
                // Lines of one side that follow each other are sent together.
                sent.extend(unescape(rest));
                if lines.get(place + 1).is_some_and(|(_, next)| next.starts_with(whose)) {
                    continue;
                }
                // What is large is not sent octet by octet.
                let step = if sent.len() > 100_000 { step.saturating_mul(1000) } else { step };
                for bytes in std::mem::take(&mut sent).chunks(step) {
                    run.input(if whose == "C:" {
                        Event::Client(bytes)
                    } else {
                        Event::Upstream(bytes)
                    });
                }
            }
            "S:" | "U>" => run.expect(whose, rest, *at),
            "X" => run.control(rest, *at),
            _ => panic!("{name}:{at}: {line}"),
        }
    }
    for (left, who) in [(&run.to_client, "the client"), (&run.to_upstream, "the provider")] {
        assert_eq!(String::from_utf8_lossy(left), "", "{name}: said to {who} and not expected");
    }
    run.notes.retain(|note| !note.starts_with("connect"));
    assert_eq!(run.notes, Vec::<String>::new(), "{name}: done and not expected");
}

#[test]
fn every_dialog_however_it_is_split() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogs/pop3");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "dlg"));
    paths.sort();
    assert!(paths.len() >= 15, "the dialogs are missing");
    for path in paths {
        for step in [usize::MAX, 1, 7] {
            dialog(&path, step);
        }
    }
}
