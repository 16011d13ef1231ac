//! What real servers said to another client, through a whole session: all of it reaches the mail program as it was said, but for
//! the capabilities that Souspli withholds. The provider of these tests answers what Souspli asks for itself, then the transcript.

#![allow(clippy::unwrap_used, missing_docs)]

use souspli::base::MessageKey;
use souspli::config::ServerTls;
use souspli::imap::capability::{self, StartTls};
use souspli::imap::classes::ClassMemory;
use souspli::imap::frame::{Framer, Piece, Side};
use souspli::imap::line::Line;
use souspli::imap::plan::Shelf;
use souspli::imap::response::Fetched;
use souspli::imap::session::{Action, Event, Session};
use souspli::view::verdict::Grade;
use souspli::view::{Restored, View};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TAG: &str = "c7";
const GREETING: &[u8] = b"* OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE UIDPLUS] ready\r\n";

struct Empty;

impl Shelf for Empty {
    fn account(&self, login: &str) -> Option<Arc<str>> {
        (login == "alice").then(|| "alice@lab.test".into())
    }
    fn cached(&self, _: &MessageKey) -> Option<Arc<View>> {
        None
    }
    fn is_locked(&self) -> bool {
        false
    }
    fn boundary(&self, _: &MessageKey) -> Option<String> {
        Some("b".into())
    }
    fn size(&self, _: &MessageKey, stored: u64) -> Option<u64> {
        Some(stored)
    }
    fn header(&self, _: &MessageKey) -> Option<Restored> {
        Some(Restored::default())
    }
    fn grade(&self, _: &MessageKey) -> Option<Grade> {
        None
    }
    fn stored_header_told(&self, _: &MessageKey) {}
}

/// A session, what it said to both sides, and the provider that answers it.
struct Run<'a> {
    session: Session,
    to_client: Vec<u8>,
    asked: Vec<u8>,
    closed: bool,
    greeting: &'a [u8],
    transcript: &'a Transcript,
}

impl<'a> Run<'a> {
    fn new(transcript: &'a Transcript, greeting: &'a [u8]) -> Self {
        let (session, actions) = Session::new(Box::new(Empty), Arc::new(ClassMemory::default()), StartTls::Absent);
        let mut run = Self {
            session,
            to_client: Vec::new(),
            asked: Vec::new(),
            closed: false,
            greeting,
            transcript,
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
                Action::ToUpstream(bytes) => self.asked.extend(bytes),
                Action::Connect(_) => {
                    self.input(Event::Connected(ServerTls::Implicit));
                    let greeting = self.greeting;
                    self.input(Event::Upstream(greeting));
                }
                Action::Reserve(_) => self.input(Event::Reserved),
                Action::DropUpstream | Action::Close => self.closed = true,
                Action::LoggedIn(_) => {}
                other => panic!("{}: {other:?}", self.transcript.name),
            }
        }
    }

    /// The client says this; the provider answers until nothing is asked any more. What the client got.
    fn say(&mut self, line: &str) -> Vec<u8> {
        self.to_client.clear();
        self.input(Event::Client(line.as_bytes()));
        while let Some(end) = self.asked.windows(2).position(|w| w == b"\r\n") {
            let command: Vec<u8> = self.asked.drain(..end + 2).collect();
            let answer = self.answer(&String::from_utf8(command).unwrap());
            // In pieces, as a network brings them.
            for piece in answer.chunks(61) {
                self.input(Event::Upstream(piece));
            }
        }
        std::mem::take(&mut self.to_client)
    }

    fn answer(&self, command: &str) -> Vec<u8> {
        let (tag, rest) = command.trim_end().split_once(' ').unwrap_or(("", command));
        let ok = |tag: &str| format!("{tag} OK done\r\n").into_bytes();
        match rest.split(' ').next().unwrap_or_default() {
            "LOGIN" if self.transcript.is("authenticate") => self.transcript.with_tag(tag),
            "LOGIN" => ok(tag),
            "SELECT" if tag == "c2" => [b"* 40 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n".to_vec(), ok(tag)].concat(),
            "CAPABILITY" if tag != TAG => [b"* CAPABILITY IMAP4rev1 LITERAL+ IDLE UIDPLUS\r\n".to_vec(), ok(tag)].concat(),
            _ if rest.contains("HEADER.FIELDS (CONTENT-TYPE CONTENT-DISPOSITION)") => [self.transcript.classes(), ok(tag)].concat(),
            _ => self.transcript.with_tag(tag),
        }
    }

    fn login(&mut self) -> Vec<u8> {
        self.say("c1 LOGIN alice pw\r\n")
    }
}

/// A file of what a server said to one command.
struct Transcript {
    name: String,
    bytes: Vec<u8>,
    lines: Vec<(Vec<u8>, Option<Said>)>,
}

/// What a FETCH response says: which message, and the names of the items.
struct Said {
    number: u32,
    uid: Option<u32>,
    items: Vec<String>,
}

impl Transcript {
    fn read(path: &Path) -> Self {
        let server = path.parent().and_then(Path::file_name).unwrap_or_default();
        let name = Path::new(server).join(path.file_name().unwrap_or_default());
        let text = std::fs::read(path).unwrap();
        // They were written down with CRLF, which the literals count, and are kept without.
        let mut bytes = Vec::new();
        for line in text.split_inclusive(|b| *b == b'\n') {
            bytes.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            bytes.extend_from_slice(b"\r\n");
        }
        let lines = framed(&bytes, &name.display().to_string());
        Self {
            name: name.display().to_string(),
            bytes,
            lines,
        }
    }

    fn is(&self, part: &str) -> bool {
        self.name.contains(part)
    }

    fn fetched(&self) -> impl Iterator<Item = &Said> {
        self.lines.iter().filter_map(|(_, fetched)| fetched.as_ref())
    }

    /// With this tag; the OK that another client got at its end is the end here too.
    fn with_tag(&self, tag: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for (line, _) in &self.lines {
            match line.strip_prefix(b"A########") {
                Some(rest) => out.extend([tag.as_bytes(), rest].concat()),
                None => out.extend_from_slice(line),
            }
        }
        if !self.lines.iter().any(|(line, _)| line.starts_with(b"A########")) {
            out.extend(format!("{tag} OK done\r\n").bytes());
        }
        out
    }

    /// What the provider says of the type of every message in it: an ordinary text.
    fn classes(&self) -> Vec<u8> {
        let head = "BODY[HEADER.FIELDS (CONTENT-TYPE CONTENT-DISPOSITION)] {26}\r\nContent-Type: text/plain\r\n";
        self.fetched()
            .flat_map(|said| format!("* {} FETCH (UID {} {head})\r\n", said.number, said.uid.unwrap_or(said.number)).into_bytes())
            .collect()
    }

    /// The command that another client may have sent to get it.
    fn command(&self) -> String {
        if self.is("select") || self.is("examine") {
            return format!("{TAG} SELECT INBOX\r\n");
        }
        if self.is("notify-idle") {
            return format!("{TAG} IDLE\r\n");
        }
        let Some(first) = self.fetched().next() else {
            return format!("{TAG} NOOP\r\n");
        };
        let uids: Vec<String> = self.fetched().filter_map(|said| said.uid).map(|uid| uid.to_string()).collect();
        let items: Vec<String> = first.items.iter().map(|name| asked(name)).filter(|name| is_known(name)).collect();
        match uids.is_empty() {
            true => format!("{TAG} FETCH {} ({})\r\n", first.number, items.join(" ")),
            false => format!("{TAG} UID FETCH {} ({})\r\n", uids.join(","), items.join(" ")),
        }
    }
}

/// The item that asks for what an answer names.
fn asked(name: &str) -> String {
    let peek = name.replacen("BODY[", "BODY.PEEK[", 1);
    match peek.strip_suffix('>') {
        Some(partial) => format!("{partial}.64>"),
        None => peek,
    }
}

fn is_known(item: &str) -> bool {
    let plain = [
        "UID",
        "FLAGS",
        "MODSEQ",
        "INTERNALDATE",
        "RFC822.SIZE",
        "ENVELOPE",
        "BODYSTRUCTURE",
        "BODY",
    ];
    plain.contains(&item) || item.starts_with("BODY.PEEK[")
}

/// Each response, and what a FETCH response says; all octets are in one of them.
fn framed(bytes: &[u8], name: &str) -> Vec<(Vec<u8>, Option<Said>)> {
    let (mut framer, mut out, mut line) = (Framer::new(Side::Server), Vec::new(), Line::default());
    framer.push(bytes);
    while let Some(piece) = framer.next_piece().unwrap_or_else(|e| panic!("{name}: {e}")) {
        let ends = matches!(piece, Piece::Text { literal: None, .. });
        line.push(piece);
        if ends {
            let whole = std::mem::take(&mut line);
            let mut written = Vec::new();
            whole.write(&whole.whole(), &mut written);
            let said = Fetched::parse(&whole).map(|fetched| Said {
                number: fetched.number,
                uid: fetched.uid(&whole),
                items: fetched.items.iter().map(|item| item.name.clone()).collect(),
            });
            out.push((written, said));
        }
    }
    let all: Vec<u8> = out.iter().flat_map(|(line, _)| line.clone()).collect();
    assert_eq!(String::from_utf8_lossy(&all), String::from_utf8_lossy(bytes), "{name}");
    out
}

fn transcripts() -> Vec<Transcript> {
    let root =
        std::env::var_os("SOUSPLI_CORPORA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let mut paths = Vec::new();
    for server in std::fs::read_dir(root.join("mailkit-imap")).into_iter().flatten().flatten() {
        let files = std::fs::read_dir(server.path()).into_iter().flatten().flatten();
        paths.extend(files.map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "txt")));
    }
    if paths.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "no transcripts in {}", root.display());
        println!("skipped: no transcripts in {}", root.display());
    }
    paths.sort();
    paths.iter().map(|path| Transcript::read(path)).collect()
}

/// What the client must get: the transcript with its tag, capabilities filtered.
fn expected(transcript: &Transcript) -> Vec<u8> {
    let lines = framed(&transcript.with_tag(TAG), &transcript.name);
    lines
        .into_iter()
        .flat_map(|(line, _)| capability::rewrite(&line).unwrap_or(line))
        .collect()
}

#[test]
fn what_real_servers_said_reaches_the_client() {
    let mut read = 0;
    for transcript in transcripts().iter().filter(|t| !t.is("greeting")) {
        let mut run = Run::new(transcript, GREETING);
        assert!(run.login().starts_with(b"c1 OK"), "{}", transcript.name);
        assert!(run.say("c2 SELECT INBOX\r\n").ends_with(b"c2 OK done\r\n"), "{}", transcript.name);
        let command = transcript.command();
        let got = run.say(&command);
        assert_eq!(
            String::from_utf8_lossy(&got),
            String::from_utf8_lossy(&expected(transcript)),
            "{}: {command}",
            transcript.name
        );
        read += transcript.lines.len();
    }
    assert!(read == 0 || read > 300, "{read} lines");
}

#[test]
fn every_answer_to_a_login_is_understood() {
    for transcript in transcripts().iter().filter(|t| t.is("authenticate")) {
        let mut run = Run::new(transcript, GREETING);
        let got = String::from_utf8_lossy(&run.login()).into_owned();
        assert!(
            got.lines().last().is_some_and(|line| line.starts_with("c1 OK")),
            "{}: {got}",
            transcript.name
        );
        let told = capability::named_in(got.as_bytes()).unwrap_or_default();
        assert!(
            told.has("IDLE") && told.iter().all(capability::is_allowed),
            "{}: {got}",
            transcript.name
        );
    }
}

#[test]
fn every_greeting_is_understood() {
    for transcript in transcripts().iter().filter(|t| t.is("greeting")) {
        let mut run = Run::new(transcript, &transcript.bytes);
        let got = String::from_utf8_lossy(&run.login()).into_owned();
        if transcript.is("preauth") {
            // Somebody is logged in already, and nobody knows who: not with these credentials.
            assert!(got.starts_with("c1 NO [UNAVAILABLE] "), "{}: {got}", transcript.name);
        } else {
            assert!(got.starts_with("c1 OK"), "{}: {got}", transcript.name);
            assert!(!run.closed, "{}", transcript.name);
        }
    }
}
