//! One FETCH that is not merely passed on: which commands go to the provider, and what each answer becomes.
//!
//! A plan owns the upstream connection until it is done. Sequence numbers stay sequence numbers: no EXPUNGE can cross a
//! FETCH or a STORE (RFC 9051 §7.5.1), so they mean the same from the first command of a plan to its last.

use super::answer;
use super::classes::{Classes, Mailbox, Sealed};
use super::command::Access;
use super::fetch::{Addressing, FetchRequest, Item, Kind};
use super::line::Line;
use super::numbers::Ranges;
use super::response::{Fetched, FetchedItem, Status};
use crate::base::{MessageKey, limits};
use crate::smime::class::classify;
use crate::text::Explanation;
use crate::view::View;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What can be asked of the relay at once, without a key.
pub trait Shelf: Send {
    /// The address, in lower case, of the account that a login name belongs to.
    fn account(&self, login: &str) -> Option<Arc<str>>;
    /// A View that is in memory.
    fn cached(&self, key: &MessageKey) -> Option<Arc<View>>;
    /// The boundary of a message's View.
    fn boundary(&self, key: &MessageKey) -> String;
    /// RFC822.SIZE where it is not that of the stored message.
    fn true_size(&self, key: &MessageKey) -> Option<u64>;
}

/// The mailbox that is open.
#[derive(Clone, Debug)]
pub struct Selected {
    /// Which one.
    pub mailbox: Mailbox,
    /// Whether flags may be set.
    pub access: Access,
    /// No message has this UID or a larger one, as far as is known.
    pub uid_next: Option<u32>,
    /// What is known of its messages.
    pub classes: Arc<Classes>,
}

/// What a plan wants next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// This command, without tag and line end.
    Send(Vec<u8>),
    /// Nothing: this is the client's tagged response.
    Done(Vec<u8>),
}

/// Whether a FETCH needs a plan at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// It passes as it is.
    Pass,
    /// It does not.
    Plan,
}

/// A stored message that must be opened before the plan goes on.
#[derive(Debug)]
pub struct ToOpen {
    /// Which one.
    pub key: MessageKey,
    /// Its octets.
    pub stored: Vec<u8>,
}

/// The plan.
#[derive(Debug)]
pub struct Plan {
    tag: String,
    request: FetchRequest,
    selected: Selected,
    current: Step,
    steps: VecDeque<Step>,
    added: Added,
    found: Found,
    held: VecDeque<Held>,
    held_octets: usize,
    opening: Option<Answer>,
    unseen: Ranges,
    failure: Option<Explanation>,
    worst: Option<(Status, Vec<u8>)>,
}

#[derive(Debug)]
enum Step {
    /// The provider's own answer, rewritten.
    Listing,
    /// The classes of what a listing left open.
    LateClasses(String),
    /// The class of each message of the set.
    Classes,
    /// The client's items for messages that are not S/MIME.
    Plain(String),
    /// S/MIME messages, whole.
    Fresh(String),
    /// S/MIME messages whose View is here.
    Cached(String, HashMap<u32, Arc<View>>),
    /// `\Seen` for what was read.
    Seen(String),
}

/// Which of the client's items a command asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// All of them.
    Everything,
    /// Those that say nothing of the content.
    Dynamic,
    /// The same, and the stored message.
    Stored,
}

/// What a listing asks beyond the client's items, and takes out of the answers.
#[derive(Debug, Default)]
struct Added {
    uid: bool,
    content_type: bool,
}

#[derive(Debug, Default)]
struct Found {
    /// Numbers, in the client's addressing, of messages that are not S/MIME.
    plain: Vec<u32>,
    /// Number and UID of those that are.
    sealed: Vec<(u32, u32)>,
    /// The largest number, and the largest UID, that was answered.
    max: u32,
    max_uid: u32,
}

/// What waits for the class of a message, in the order in which it came.
#[derive(Debug)]
enum Held {
    Answer(Answer),
    Other(Line),
}

#[derive(Debug)]
struct Answer {
    line: Line,
    fetched: Fetched,
    uid: u32,
}

const CONTENT_TYPE: &str = "BODY[HEADER.FIELDS (CONTENT-TYPE)]";
const ASK_CONTENT_TYPE: &[u8] = b"BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]";
/// Octets of a set in one command: servers bound a command line, the strictest that is known at 8,192.
const SET_OCTETS: usize = 7_000;

/// Whether the provider may answer this request by itself.
pub fn need(request: &FetchRequest, selected: Option<&Selected>) -> Need {
    let Some(selected) = selected.filter(|_| request.kind() != Kind::Dynamic) else {
        return Need::Pass;
    };
    let all_plain = || {
        let asked = request.set.closed().filter(|_| request.by == Addressing::Uid)?;
        selected.classes.sealed_among(&asked).filter(Ranges::is_empty)
    };
    if all_plain().is_some() { Need::Pass } else { Need::Plan }
}

impl Plan {
    /// Begins one; what to do first comes with it.
    pub fn begin(tag: String, request: FetchRequest, selected: Selected, shelf: &dyn Shelf) -> (Self, Next) {
        let mut plan = Self {
            tag,
            request,
            selected,
            current: Step::Classes,
            steps: VecDeque::new(),
            added: Added::default(),
            found: Found::default(),
            held: VecDeque::new(),
            held_octets: 0,
            opening: None,
            unseen: Ranges::default(),
            failure: None,
            worst: None,
        };
        if plan.request.kind() == Kind::Listing {
            plan.added.uid = plan.request.by == Addressing::Sequence && !plan.request.asks("UID");
            plan.added.content_type = !plan.request.names_content_type() && !plan.listing_is_known();
            plan.current = Step::Listing;
        } else if plan.sort_known(shelf) {
            let next = plan.advance(b"Fetch completed.");
            return (plan, next);
        }
        let command = plan.command();
        (plan, Next::Send(command))
    }

    /// Whether FETCH responses are to be collected and given to [`Plan::answer`]; else they pass as they are.
    pub fn collects(&self) -> bool {
        !matches!(self.current, Step::Plain(_) | Step::Seen(_))
    }

    /// Takes a FETCH response; writes what the client gets now.
    pub fn answer(&mut self, line: Line, shelf: &dyn Shelf, out: &mut Vec<u8>) -> Option<ToOpen> {
        let Some(fetched) = Fetched::parse(&line) else {
            line.write(&line.whole(), out);
            return None;
        };
        let Some(uid) = fetched.uid(&line) else {
            line.write(&line.whole(), out);
            return None;
        };
        let answer = Answer { line, fetched, uid };
        match &self.current {
            Step::Listing => self.listed(answer, shelf, out),
            Step::LateClasses(_) | Step::Classes => self.learn(&answer, out),
            Step::Fresh(_) => return self.fresh(answer, out),
            Step::Cached(..) => self.cached(answer, out),
            Step::Plain(_) | Step::Seen(_) => answer.line.write(&answer.line.whole(), out),
        }
        None
    }

    /// Takes the outcome of what [`Plan::answer`] asked to open.
    pub fn opened(&mut self, opened: Result<Arc<View>, Explanation>, out: &mut Vec<u8>) {
        let Some(answer) = self.opening.take() else { return };
        match opened {
            Ok(view) => self.deliver(&answer, &view, out),
            Err(explanation) => {
                // What the provider says of the flags it says once only.
                answer::write_dynamic(&answer.line, &answer.fetched, out);
                self.failure = Some(explanation);
            }
        }
    }

    /// Takes the tagged response to the last command.
    pub fn completed(&mut self, status: Status, text: &[u8], shelf: &dyn Shelf, out: &mut Vec<u8>) -> Next {
        if status != Status::Ok && !matches!(self.current, Step::Seen(_)) && self.worst.is_none() {
            self.worst = Some((status, text.to_vec()));
        }
        match &self.current {
            Step::Listing => self.listing_completed(status, shelf, out),
            Step::LateClasses(_) => self.release(shelf, out),
            Step::Classes => self.classes_completed(status, shelf),
            Step::Plain(_) | Step::Fresh(_) | Step::Cached(..) => {}
            Step::Seen(_) => self.unseen = Ranges::default(),
        }
        if status == Status::Bad {
            self.steps.clear();
        }
        if self.steps.is_empty() && self.selected.access == Access::Write {
            self.steps.extend(self.unseen.sets(SET_OCTETS).into_iter().map(Step::Seen));
            self.unseen = Ranges::default();
        }
        self.advance(text)
    }

    /// Untagged data that must not overtake what is held: held answers name messages by their numbers of before it.
    pub fn defers(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes such data.
    pub fn defer(&mut self, line: Line) {
        self.held.push_back(Held::Other(line));
    }

    fn advance(&mut self, text: &[u8]) -> Next {
        match self.steps.pop_front() {
            Some(step) => {
                self.current = step;
                Next::Send(self.command())
            }
            None => Next::Done(self.tagged(text)),
        }
    }

    /// The largest UID that was seen on the way.
    pub fn max_uid(&self) -> u32 {
        self.found.max_uid
    }

    fn tagged(&self, text: &[u8]) -> Vec<u8> {
        let line = match (&self.failure, &self.worst) {
            (Some(explanation), _) => format!("{} NO [UNAVAILABLE] {}", self.tag, explanation.wire()).into_bytes(),
            (None, Some((status, text))) => [self.tag.as_bytes(), b" ", status.as_str().as_bytes(), b" ", text].concat(),
            (None, None) => [self.tag.as_bytes(), b" OK ", text].concat(),
        };
        [&line[..], b"\r\n"].concat()
    }

    fn key(&self, uid: u32) -> MessageKey {
        let Mailbox {
            account,
            name,
            uidvalidity,
        } = &self.selected.mailbox;
        MessageKey {
            account: Arc::clone(account),
            mailbox: Arc::clone(name),
            uidvalidity: *uidvalidity,
            uid,
        }
    }

    /// The number by which the client names the message of an answer.
    fn number(&self, answer: &Answer) -> u32 {
        match self.request.by {
            Addressing::Uid => answer.uid,
            Addressing::Sequence => answer.fetched.number,
        }
    }
}

/// The commands.
impl Plan {
    fn command(&self) -> Vec<u8> {
        let by = match self.request.by {
            Addressing::Uid => "UID ",
            Addressing::Sequence => "",
        };
        match &self.current {
            Step::Listing => self.fetch(&self.request.set_text, &self.listing_items(), self.request.modifiers.as_deref()),
            Step::LateClasses(set) => self.fetch(set, &[b"UID ", ASK_CONTENT_TYPE].concat(), None),
            Step::Classes => self.fetch(
                &self.request.set_text,
                &[b"UID ", ASK_CONTENT_TYPE].concat(),
                self.request.modifiers.as_deref(),
            ),
            Step::Plain(set) => self.fetch(set, &self.asked(Asked::Everything), None),
            Step::Fresh(set) => self.fetch(set, &self.asked(Asked::Stored), None),
            Step::Cached(set, _) => self.fetch(set, &self.asked(Asked::Dynamic), None),
            Step::Seen(set) => format!("{by}STORE {set} +FLAGS (\\Seen)").into_bytes(),
        }
    }

    fn fetch(&self, set: &str, items: &[u8], modifiers: Option<&str>) -> Vec<u8> {
        let modifiers = modifiers.map(|m| format!(" {m}")).unwrap_or_default();
        [
            self.request.verb().as_bytes(),
            b" ",
            set.as_bytes(),
            b" (",
            items,
            b")",
            modifiers.as_bytes(),
        ]
        .concat()
    }

    fn listing_items(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.added.uid {
            out.extend_from_slice(b"UID ");
        }
        join(self.request.items.iter(), &mut out);
        if self.added.content_type {
            out.push(b' ');
            out.extend_from_slice(ASK_CONTENT_TYPE);
        }
        out
    }

    /// The client's items with what a second command must repeat of the first one's promises.
    fn asked(&self, which: Asked) -> Vec<u8> {
        let mut more: Vec<&str> = Vec::new();
        let opens = which != Asked::Everything;
        if opens && !self.request.asks("UID") {
            more.push("UID");
        }
        if opens && self.request.sets_seen() && !self.request.asks("FLAGS") {
            more.push("FLAGS");
        }
        // CHANGEDSINCE promises MODSEQ (RFC 7162 §3.1.4.1); the set is explicit by now.
        if self.request.modifiers.is_some() && !self.request.asks("MODSEQ") {
            more.push("MODSEQ");
        }
        if which == Asked::Stored {
            more.push("BODY.PEEK[]");
        }
        let mut out = Vec::new();
        join(
            self.request.items.iter().filter(|item| !opens || item.kind() == Kind::Dynamic),
            &mut out,
        );
        for name in more {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        }
        out
    }
}

/// Listing.
impl Plan {
    fn listing_is_known(&self) -> bool {
        let Some(max) = self.selected.uid_next.map(|n| n.saturating_sub(1)) else {
            return false;
        };
        let asked = match self.request.by {
            Addressing::Uid => self.request.set.resolve(max).map(|asked| asked.up_to(max)),
            Addressing::Sequence => Some([(1, max.max(1))].into_iter().collect()),
        };
        asked.is_some_and(|asked| !asked.is_empty() && self.selected.classes.sealed_among(&asked).is_some())
    }

    fn listed(&mut self, answer: Answer, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if !answer
            .fetched
            .items
            .iter()
            .any(|item| item.name == "RFC822.SIZE" || item.name.starts_with("BODY["))
        {
            return answer.line.write(&answer.line.whole(), out);
        }
        self.found.max = self.found.max.max(self.number(&answer));
        self.found.max_uid = self.found.max_uid.max(answer.uid);
        if let Some(header) = announced_type(&answer) {
            self.selected.classes.learn(answer.uid, class_of(&header));
        }
        match self.selected.classes.of(answer.uid) {
            Some(sealed) if self.held.is_empty() => self.list(&answer, sealed, shelf, out),
            _ if self.held_octets > limits::IMAP_RESPONSE_MAX => self.list(&answer, Sealed::No, shelf, out),
            _ => {
                self.held_octets += answer.line.octets();
                self.held.push_back(Held::Answer(answer));
            }
        }
    }

    fn list(&self, answer: &Answer, sealed: Sealed, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if sealed == Sealed::No && !self.added.uid && !self.added.content_type {
            return answer.line.write(&answer.line.whole(), out);
        }
        let strip = |item: &FetchedItem| (self.added.uid && item.name == "UID") || (self.added.content_type && item.name == CONTENT_TYPE);
        match sealed {
            Sealed::No => answer::write_without(&answer.line, &answer.fetched, &strip, out),
            Sealed::Yes => {
                let key = self.key(answer.uid);
                answer::write_listing(
                    &answer.line,
                    &answer.fetched,
                    &strip,
                    &shelf.boundary(&key),
                    shelf.true_size(&key),
                    out,
                );
            }
        }
    }

    fn listing_completed(&mut self, status: Status, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        if status == Status::Ok && self.held.is_empty() {
            self.cover();
        }
        let unknown = |held: &Held| match held {
            Held::Answer(answer) if self.selected.classes.of(answer.uid).is_none() => Some(self.number(answer)),
            Held::Answer(_) | Held::Other(_) => None,
        };
        let numbers: Ranges = self.held.iter().filter_map(unknown).collect();
        if status == Status::Ok {
            self.steps.extend(numbers.sets(SET_OCTETS).into_iter().map(Step::LateClasses));
        } else {
            self.release(shelf, out);
        }
    }

    /// What was held, up to the first message that has no class yet; at the last chance, everything.
    fn release(&mut self, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        let last = self.steps.is_empty();
        while let Some(held) = self.held.pop_front() {
            match held {
                Held::Other(line) => line.write(&line.whole(), out),
                Held::Answer(answer) => match self.selected.classes.of(answer.uid) {
                    Some(sealed) => self.list(&answer, sealed, shelf, out),
                    None if last => self.list(&answer, Sealed::No, shelf, out),
                    None => return self.held.push_front(Held::Answer(answer)),
                },
            }
        }
    }
}

/// Content.
impl Plan {
    fn learn(&mut self, answer: &Answer, out: &mut Vec<u8>) {
        let Some(header) = announced_type(answer) else {
            return answer.line.write(&answer.line.whole(), out);
        };
        let (number, class) = (self.number(answer), class_of(&header));
        self.selected.classes.learn(answer.uid, class);
        self.found.max = self.found.max.max(number);
        self.found.max_uid = self.found.max_uid.max(answer.uid);
        match class {
            Sealed::Yes => self.found.sealed.push((number, answer.uid)),
            Sealed::No => self.found.plain.push(number),
        }
        // Servers join news of flags to any FETCH response; what was asked here only for the class is not passed on.
        if answer.fetched.find("FLAGS").is_some() {
            answer::write_without(&answer.line, &answer.fetched, &|item| item.name == CONTENT_TYPE, out);
        }
    }

    /// Keeps that a whole set has been classified: UIDs of it that no message has will never have one.
    fn cover(&self) {
        let max = self.found.max;
        let asked = self
            .request
            .set
            .resolve(max)
            .filter(|_| self.request.modifiers.is_none() && max > 0);
        let Some(asked) = asked.map(|asked| asked.up_to(max)) else { return };
        match self.request.by {
            Addressing::Uid => self.selected.classes.cover(&asked),
            Addressing::Sequence if asked.covers(&[(1, max)].into_iter().collect()) && self.request.set.closed().is_none() => {
                self.selected.classes.cover(&[(1, self.found.max_uid)].into_iter().collect());
            }
            Addressing::Sequence => {}
        }
    }

    fn classes_completed(&mut self, status: Status, shelf: &dyn Shelf) {
        if status == Status::Ok {
            self.cover();
        }
        let sealed: Ranges = self.found.sealed.iter().map(|(number, _)| *number).collect();
        let exact: Ranges = self.found.plain.iter().copied().collect();
        let asked = self
            .request
            .set
            .resolve(self.found.max)
            .filter(|_| self.request.by == Addressing::Uid && self.request.modifiers.is_none());
        // A UID range keeps its holes: the command stays short. Nothing beyond the last answer: it has no class yet.
        let plain = match asked {
            Some(asked) if status == Status::Ok && !exact.is_empty() => asked.up_to(self.found.max).minus(&sealed),
            _ => exact,
        };
        self.steps.extend(plain.sets(SET_OCTETS).into_iter().map(Step::Plain));
        self.plan_sealed(shelf);
    }

    /// Plans without asking, when the class of every message of the set is known.
    fn sort_known(&mut self, shelf: &dyn Shelf) -> bool {
        let asked = self
            .request
            .set
            .closed()
            .filter(|_| self.request.by == Addressing::Uid && self.request.modifiers.is_none());
        let Some(asked) = asked else { return false };
        let Some(sealed) = self.selected.classes.sealed_among(&asked) else {
            return false;
        };
        self.steps
            .extend(asked.minus(&sealed).sets(SET_OCTETS).into_iter().map(Step::Plain));
        self.found.sealed = sealed.iter().map(|uid| (uid, uid)).collect();
        self.plan_sealed(shelf);
        true
    }

    fn plan_sealed(&mut self, shelf: &dyn Shelf) {
        let mut views = HashMap::new();
        let (mut fresh, mut cached) = (Vec::new(), Vec::new());
        for (number, uid) in std::mem::take(&mut self.found.sealed) {
            match shelf.cached(&self.key(uid)) {
                Some(view) => {
                    views.insert(uid, view);
                    cached.push(number);
                }
                None => fresh.push(number),
            }
        }
        let (fresh, cached): (Ranges, Ranges) = (fresh.into_iter().collect(), cached.into_iter().collect());
        self.steps.extend(fresh.sets(SET_OCTETS).into_iter().map(Step::Fresh));
        self.steps
            .extend(cached.sets(SET_OCTETS).into_iter().map(|set| Step::Cached(set, views.clone())));
    }

    fn fresh(&mut self, mut answer: Answer, out: &mut Vec<u8>) -> Option<ToOpen> {
        let index = match answer.fetched.find("BODY[]").map(|item| &item.value) {
            Some(super::line::Value::Literal(_, index)) => Some(*index),
            _ => None,
        };
        let Some(stored) = index.map(|index| answer.line.take_literal(index)) else {
            answer::write_dynamic(&answer.line, &answer.fetched, out);
            return None;
        };
        let key = self.key(answer.uid);
        self.opening = Some(answer);
        Some(ToOpen { key, stored })
    }

    fn cached(&mut self, answer: Answer, out: &mut Vec<u8>) {
        let view = match &mut self.current {
            Step::Cached(_, views) => views.remove(&answer.uid),
            _ => None,
        };
        match view {
            Some(view) => self.deliver(&answer, &view, out),
            None => answer.line.write(&answer.line.whole(), out),
        }
    }

    fn deliver(&mut self, answer: &Answer, view: &View, out: &mut Vec<u8>) {
        answer::write_view(&answer.line, &answer.fetched, answer.uid, &self.request, view, out);
        if self.request.sets_seen() && answer.fetched.seen(&answer.line) == Some(false) {
            let number = self.number(answer);
            self.unseen.insert(number);
        }
    }
}

fn join<'a>(items: impl Iterator<Item = &'a Item>, out: &mut Vec<u8>) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        item.ask(out);
    }
}

fn class_of(header: &[u8]) -> Sealed {
    if classify(header).is_smime() { Sealed::Yes } else { Sealed::No }
}

/// The header fields of an answer among which Content-Type was asked.
fn announced_type(answer: &Answer) -> Option<Vec<u8>> {
    let item = answer.fetched.items.iter().find(|item| {
        let fields = item
            .name
            .strip_prefix("BODY[HEADER.FIELDS (")
            .and_then(|rest| rest.strip_suffix(")]"));
        fields.is_some_and(|fields| fields.split(' ').any(|f| f == "CONTENT-TYPE"))
    })?;
    Some(answer.line.string(&item.value).unwrap_or_default().into_owned())
}
