//! Dialogs of tests/dialogs/imap/*.dlg, run on the pure session.
//!
//! `C:` the client sends, `S:` it gets; `U>` the provider gets, `U<` it sends; lines end with CRLF, `\r \n \\` are read.
//! `C: ` and `U< ` lines that follow each other are sent together. `X connect|tls|closed|locked NAME|append KIND` is what the
//! driver would say. `~` at the end of an `S:` line: the rest of the line does not matter.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use souspli::base::{MessageKey, Place, Retry};
use souspli::config::ServerTls;
use souspli::imap::capability::StartTls;
use souspli::imap::classes::{ClassMemory, Mailbox};
use souspli::imap::command::Inside;
use souspli::imap::numbers::Ranges;
use souspli::imap::plan::{Indexed, ProviderAlone, Shelf};
use souspli::imap::session::{Action, Event, Session, Silent, Stored};
use souspli::text::Explanation;
use souspli::view::sought::{Sought, Within};
use souspli::view::verdict::Grade;
use souspli::view::{Restored, View};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

type Cache = Arc<Mutex<HashMap<u32, Arc<View>>>>;

/// What there is to know: Views, what listings told before they were made, whether the home's keys are locked, and what the
/// session has noted.
struct Fake(Cache, Arc<Mutex<Vec<u32>>>, Arc<Mutex<bool>>, Arc<Mutex<Vec<String>>>);

impl Shelf for Fake {
    fn account(&self, login: &str) -> Option<Arc<str>> {
        (login == "alice").then(|| "alice@lab.test".into())
    }
    fn cached(&self, key: &MessageKey) -> Option<Arc<View>> {
        self.0.lock().unwrap().get(&uid(key)).cloned()
    }
    fn is_locked(&self) -> bool {
        *self.2.lock().unwrap()
    }
    fn boundary(&self, key: &MessageKey) -> Option<String> {
        (!self.is_locked()).then(|| format!("b{}", uid(key)))
    }
    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64> {
        match uid(key) {
            99 => Some(123),
            70..80 => self.0.lock().unwrap().get(&uid(key)).map(|view| view.bytes().len() as u64),
            _ => Some(stored),
        }
    }
    /// Those of 80 and more protect their Subject.
    fn header(&self, key: &MessageKey) -> Option<Restored> {
        match uid(key) {
            told @ 80..90 if self.1.lock().unwrap().contains(&told) => Some(Restored::default()),
            80..90 => self.cached(key).and_then(|_| Restored::from_bytes(SUBJECT)),
            _ => Some(Restored::default()),
        }
    }
    /// Of another mailbox nothing has been opened.
    fn grade(&self, key: &MessageKey) -> Option<Grade> {
        let here = matches!(key.place, Place::Mailbox { uidvalidity: 7, .. });
        self.cached(key).filter(|_| here).map(|view| view.grade())
    }
    fn stored_header_told(&self, key: &MessageKey) {
        self.1.lock().unwrap().push(uid(key));
    }
    /// Of 9, 11, 12 and 13 the texts are known: 9 and 11 have « clair » in their Subject, 12 in its text.
    fn sought(&self, mailbox: &Mailbox, texts: &[&Sought], _: &Ranges) -> Option<Indexed> {
        assert_eq!((&*mailbox.account, mailbox.uidvalidity), ("alice@lab.test", 7));
        let uids = |sought: &Sought| match (sought.within(), sought.folded()) {
            (Within::Subject, "CLAIR") => [9, 11].into_iter().collect(),
            (Within::Body, "CLAIR") => [12].into_iter().collect(),
            _ => Ranges::default(),
        };
        Some(Indexed {
            covered: [9, 11, 12, 13].into_iter().collect(),
            found: texts.iter().map(|sought| uids(sought)).collect(),
        })
    }
    fn provider_alone(&self, why: ProviderAlone) {
        self.3.lock().unwrap().push(format!("alone {why:?}"));
    }
    fn vanished(&self, _: &Mailbox, uids: &Ranges) {
        self.3.lock().unwrap().push(format!("vanished {}", uids.sets(100).join(" ")));
    }
    fn unnamed(&self, account: &str, mailbox: &str, inside: Inside) {
        self.3.lock().unwrap().push(format!("unnamed {account} {mailbox} {inside:?}"));
    }
}

/// The Subject of the author, as it is kept.
const SUBJECT: &[u8] = b"\x07Subject\x00\x00\x00\x10Subject: clair\r\n";

fn uid(key: &MessageKey) -> u32 {
    match &key.place {
        Place::Mailbox { uid, .. } => *uid,
        other => panic!("no UID: {other:?}"),
    }
}

/// What the fake relay shows for every sealed message.
fn view(key: &MessageKey) -> Arc<View> {
    let text = format!(
        "From: a@b.fr\r\nSubject: clair {0}\r\nContent-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n\r\nbonjour\r\n--b{0}--\r\n   \r\n",
        uid(key)
    );
    // Those from 40 to 49 say something of their sender.
    Arc::new(View::of(text.into_bytes()).saying(match uid(key) {
        40..50 => Grade::Verified,
        _ => Grade::Plain,
    }))
}

struct Run {
    session: Session,
    cache: Cache,
    locked: bool,
    home_locked: Arc<Mutex<bool>>,
    noted: Arc<Mutex<Vec<String>>>,
    append: String,
    to_client: Vec<u8>,
    to_upstream: Vec<u8>,
    notes: Vec<String>,
    name: String,
}

impl Run {
    fn new(name: &str) -> Self {
        let (cache, home_locked) = (Cache::default(), Arc::<Mutex<bool>>::default());
        let noted = Arc::<Mutex<Vec<String>>>::default();
        let (session, actions) = Session::new(
            Box::new(Fake(
                Arc::clone(&cache),
                Arc::default(),
                Arc::clone(&home_locked),
                Arc::clone(&noted),
            )),
            Arc::new(ClassMemory::default()),
            StartTls::Offered,
        );
        let mut run = Self {
            session,
            cache,
            locked: false,
            home_locked,
            noted,
            append: "asis".into(),
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
                Action::Unlock(asker) => self.notes.push(format!("unlock {asker:?}")),
                Action::Open(key, stored, _) => self.open(&key, &stored),
                Action::Append(mailbox, message) => self.append(&mailbox, &message),
                Action::Connect(login) => self.notes.push(format!("connect {login}")),
                Action::SecureClient => {
                    self.notes.push("secure-client".into());
                    self.input(Event::ClientSecured);
                }
                Action::SecureUpstream => self.notes.push("secure".into()),
                Action::DropUpstream => self.notes.push("drop".into()),
                Action::LoggedIn(_) => {}
                Action::Reserve(octets) => self.notes.push(format!("reserve {octets}")),
                Action::Close => self.notes.push("close".into()),
            }
        }
    }

    fn open(&mut self, key: &MessageKey, stored: &[u8]) {
        assert!(
            stored.starts_with(b"SEALED"),
            "{}: what was opened is the stored message",
            self.name
        );
        if self.locked {
            return self.input(Event::Opened(Err(locked())));
        }
        let view = view(key);
        self.cache.lock().unwrap().insert(uid(key), Arc::clone(&view));
        self.input(Event::Opened(Ok(view)));
    }

    fn append(&mut self, mailbox: &str, message: &[u8]) {
        self.notes.push(format!("append {mailbox} {}", message.len()));
        let stored = match self.append.as_str() {
            "asis" => Stored::AsIs,
            "sealed" => Stored::Instead(b"SEALED!".to_vec()),
            _ => Stored::Refused(Explanation::new("SP-NO", Retry::Never, ("Non.", "Voyez."), ("", ""))),
        };
        self.input(Event::Appended(stored));
    }

    fn expect(&mut self, whose: &str, want: &str, at: usize) {
        let buffer = if whose == "S:" {
            &mut self.to_client
        } else {
            &mut self.to_upstream
        };
        let context = format!("{}:{at}: {whose} {want:?}", self.name);
        if let Some(start) = want.strip_suffix('~') {
            let end = buffer
                .windows(2)
                .position(|w| w == b"\r\n")
                .unwrap_or_else(|| panic!("{context}\n got {:?}", String::from_utf8_lossy(buffer)))
                + 2;
            let line: Vec<u8> = buffer.drain(..end).collect();
            assert!(
                line.starts_with(start.as_bytes()),
                "{context}\n got {:?}",
                String::from_utf8_lossy(&line)
            );
            return;
        }
        let want = unescape(want);
        assert!(buffer.starts_with(&want), "{context}\n got {:?}", String::from_utf8_lossy(buffer));
        buffer.drain(..want.len());
    }

    fn control(&mut self, words: &str, at: usize) {
        match words.split_once(' ').unwrap_or((words, "")) {
            ("connect", tls) => self.input(Event::Connected(if tls == "starttls" {
                ServerTls::StartTls
            } else {
                ServerTls::Implicit
            })),
            ("secured", _) => self.input(Event::UpstreamSecured),
            ("closed", _) => self.input(Event::UpstreamClosed),
            ("reserved", _) => self.input(Event::Reserved),
            ("silent", _) => self.input(Event::TimedOut(Silent::Upstream)),
            ("tick", _) => self.input(Event::Tick),
            ("lock", _) => self.locked = true,
            ("home", "locked") => *self.home_locked.lock().unwrap() = true,
            ("home", "opened") => {
                *self.home_locked.lock().unwrap() = false;
                self.input(Event::Unlocked(Ok(())));
            }
            ("home", "refused") => self.input(Event::Unlocked(Err(locked()))),
            ("append", kind) => self.append = kind.to_owned(),
            ("note", note) => {
                self.notes.append(&mut self.noted.lock().unwrap());
                let found = self.notes.iter().position(|n| n == note);
                self.notes
                    .remove(found.unwrap_or_else(|| panic!("{}:{at}: {note} not among {:?}", self.name, self.notes)));
            }
            _ => panic!("{}:{at}: {words}", self.name),
        }
    }
}

fn locked() -> Explanation {
    Explanation::new("SP-LOCKED", Retry::AfterUser, ("Clé verrouillée.", "Ouvrez-la."), ("", ""))
}

fn unescape(line: &str) -> Vec<u8> {
    let (line, end) = match line.strip_suffix("\\c") {
        Some(line) => (line, ""),
        None => (line, "\r\n"),
    };
    let mut text = line.replace("\\r", "\r").replace("\\n", "\n");
    text.push_str(end);
    text.into_bytes()
}

fn dialog(path: &Path, step: usize) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut run = Run::new(&name);
    let text = std::fs::read_to_string(path).unwrap();
    for (at, line) in text.lines().enumerate() {
        let at = at + 1;
        let Some((whose, rest)) = line.split_once(' ').or((!line.is_empty()).then_some((line, ""))) else {
            continue;
        };
        match whose {
            "#" => {}
            "C:" => unescape(rest).chunks(step).for_each(|bytes| run.input(Event::Client(bytes))),
            "U<" => unescape(rest).chunks(step).for_each(|bytes| run.input(Event::Upstream(bytes))),
            "S:" | "U>" => run.expect(whose, rest, at),
            "X" => run.control(rest, at),
            _ => panic!("{name}:{at}: {line}"),
        }
        if whose == "C:" || whose == "U<" {
            continue;
        }
    }
    assert_eq!(
        String::from_utf8_lossy(&run.to_client),
        "",
        "{name}: said to the client and not expected"
    );
    assert_eq!(
        String::from_utf8_lossy(&run.to_upstream),
        "",
        "{name}: said to the provider and not expected"
    );
}

#[test]
fn every_dialog_however_it_is_split() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogs/imap");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "dlg"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 10, "the dialogs are missing");
    for path in paths {
        for step in [usize::MAX, 1, 7] {
            dialog(&path, step);
        }
    }
}
