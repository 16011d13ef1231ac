//! One FETCH that is not merely passed on: which commands go to the provider, and what each answer becomes.
//!
//! A plan owns the upstream connection until it is done. Sequence numbers stay sequence numbers: no EXPUNGE can cross a
//! FETCH or a STORE (RFC 9051 §7.5.1), so they mean the same from the first command of a plan to its last.

mod ask;
mod content;
mod listing;
pub(super) mod looks;
mod selected;
mod shelf;

pub use selected::Selected;
pub use shelf::{Indexed, ProviderAlone, Shelf};

use super::answer;
use super::classes::Sealed;
use super::command::Access;
use super::fetch::{Addressing, FetchRequest, Item, Kind};
use super::line::Line;
use super::numbers::Ranges;
use super::response::{Fetched, FetchedItem, Status};
use crate::base::{Asker, MessageKey, limits};
use crate::mime::header::Header;
use crate::smime::class::{Class, classify, needs_disposition};
use crate::text::{Explanation, imap as text, keys};
use crate::view::View;
use looks::Look;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// What a plan wants next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// This command, without tag and line end.
    Send(Vec<u8>),
    /// The keys, before anything else: [`Plan::unlocked`].
    Key(Asker),
    /// Nothing: this is the client's tagged response; the commands after it are nobody's to wait for.
    Done(Vec<u8>, Vec<Vec<u8>>),
}

/// Whether a FETCH needs a plan at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// It passes as it is.
    Pass,
    /// It does not.
    Plan,
}

/// What must happen before the plan goes on.
#[derive(Debug)]
pub enum Wants {
    /// This stored message, opened: [`Plan::opened`].
    Opened(MessageKey, Vec<u8>),
    /// Room for an answer made from a View in memory: [`Plan::roomy`]. In octets of a message to be opened.
    Room(u64),
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
    ahead: Option<Ranges>,
    found: Found,
    held: VecDeque<Held>,
    held_octets: usize,
    held_news: usize,
    openings: Openings,
    /// The client asks fields that an author may have protected.
    tells_author_fields: bool,
    waiting: Option<Answer>,
    forgotten: Ranges,
    unseen: Ranges,
    failure: Option<Explanation>,
    worst: Option<(Status, Vec<u8>)>,
    /// What the provider said last, while the keys are awaited.
    paused: Option<(Status, Vec<u8>)>,
    withheld: Withheld,
}

/// Whether a list has left messages out because the keys were locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Withheld {
    /// It has not.
    #[default]
    Nothing,
    /// It has: a client that believes to know them all would never ask again.
    Some,
}

#[derive(Debug)]
enum Step {
    /// The provider's own answer, rewritten.
    Listing,
    /// The classes of what a listing left open.
    LateClasses(String),
    /// S/MIME messages, whole, that must be opened before a list can tell of them.
    Unopened(String),
    /// The class of each message of the set.
    Classes,
    /// The client's items for messages that are not S/MIME.
    Plain(String),
    /// Whether messages that are not S/MIME hold marks of ours.
    Beginning(String),
    /// Messages that are not S/MIME and hold marks of ours, whole.
    Marked(String),
    /// S/MIME messages, whole.
    Fresh(String),
    /// S/MIME messages whose View is here; the UIDs that were not answered yet.
    Cached(String, HashSet<u32>),
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
    /// The same, and what the provider tells of it.
    Marked,
}

/// What a listing asks beyond the client's items, and takes out of the answers.
#[derive(Debug, Default)]
struct Added {
    uid: bool,
    class: bool,
}

/// What the answers have told so far.
#[derive(Debug, Default)]
struct Found {
    /// Numbers, in the client's addressing, of messages that are not S/MIME.
    plain: Vec<(u32, u32)>,
    /// Number and UID of those that are.
    sealed: Vec<(u32, u32)>,
    /// The largest number, and the largest UID, that was answered.
    max: u32,
    max_uid: u32,
    /// A message that has no content any more.
    gone: Gone,
}

/// Whether a message of the set was removed meanwhile by another client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Gone {
    #[default]
    No,
    Yes,
}

/// What waits for the class of a message, in the order in which it came.
#[derive(Debug)]
enum Held {
    Answer(Answer),
    Other(Line),
}

/// Messages of a listing that are opened before it tells of them.
#[derive(Debug, Default)]
struct Openings {
    planned: bool,
    /// UIDs of which no more can be learnt: opened, or not to be opened now.
    tried: Ranges,
}

#[derive(Clone, Debug)]
struct Answer {
    line: Line,
    fetched: Fetched,
    uid: u32,
}

const CLASS: &str = "BODY[HEADER.FIELDS (CONTENT-TYPE CONTENT-DISPOSITION)]";
const ASK_CLASS: &[u8] = b"BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE CONTENT-DISPOSITION)]";
/// UIDs of which the class is asked ahead.
const AHEAD: u32 = 100;
/// Octets of a set in one command: servers bound a command line, the strictest that is known at 8,192.
const SET_OCTETS: usize = 7_000;

/// Whether the provider may answer this request by itself.
pub fn need(request: &FetchRequest, selected: Option<&Selected>) -> Need {
    let Some(selected) = selected.filter(|_| request.kind() != Kind::Dynamic) else {
        return Need::Pass;
    };
    let all_plain = || {
        let asked = request.set.closed().filter(|_| request.by == Addressing::Uid)?;
        selected.classes.sealed_among(&asked).filter(Ranges::is_empty).map(|_| asked)
    };
    let harmless = |asked: &Ranges| match looks::look(request) {
        Look::AsItPasses => true,
        Look::Before => selected.classes.marks().harmless.covers(asked),
    };
    match all_plain() {
        Some(asked) if harmless(&asked) => Need::Pass,
        Some(_) | None => Need::Plan,
    }
}

impl Plan {
    /// Begins one; what to do first comes with it.
    pub fn begin(tag: String, request: FetchRequest, selected: Selected, shelf: &dyn Shelf) -> (Self, Next) {
        let tells_author_fields = request.names_author_fields();
        let mut plan = Self {
            tag,
            request,
            selected,
            current: Step::Classes,
            steps: VecDeque::new(),
            added: Added::default(),
            ahead: None,
            found: Found::default(),
            held: VecDeque::new(),
            held_octets: 0,
            held_news: 0,
            openings: Openings::default(),
            tells_author_fields,
            waiting: None,
            forgotten: Ranges::default(),
            unseen: Ranges::default(),
            failure: None,
            worst: None,
            paused: None,
            withheld: Withheld::Nothing,
        };
        if plan.request.kind() == Kind::Listing {
            plan.added.uid = plan.request.by == Addressing::Sequence && !plan.request.asks("UID");
            plan.added.class = !plan.request.names_content_type() && !plan.listing_is_known();
            plan.current = Step::Listing;
        } else if plan.sort_known(shelf) {
            let next = plan.advance(Status::Ok, b"Fetch completed.", shelf);
            return (plan, next);
        } else {
            plan.look_ahead();
        }
        let command = plan.command();
        (plan, Next::Send(command))
    }

    /// Whether FETCH responses are to be collected and given to [`Plan::answer`]; else they pass as they are.
    pub fn collects(&self) -> bool {
        !matches!(self.current, Step::Plain(_))
    }

    /// Takes a FETCH response; writes what the client gets now.
    pub fn answer(&mut self, line: Line, shelf: &dyn Shelf, out: &mut Vec<u8>) -> Option<Wants> {
        if !self.holds_news() {
            return self.taken(line, shelf, out);
        }
        // It may name a message by a number that it has since news which are held.
        let mut later = Vec::new();
        let wants = self.taken(line, shelf, &mut later);
        if !later.is_empty() {
            self.defer(Line::of(&later));
        }
        wants
    }

    fn taken(&mut self, line: Line, shelf: &dyn Shelf, out: &mut Vec<u8>) -> Option<Wants> {
        let Some(fetched) = Fetched::parse(&line) else {
            self.unreadable(&line, out);
            return None;
        };
        let uid = match (fetched.uid(&line), &self.current) {
            (Some(uid), _) => uid,
            // Asked by number, and nothing hangs on it.
            (None, Step::Plain(_)) => 0,
            (None, _) => {
                self.nameless(&line, &fetched, out);
                return None;
            }
        };
        let answer = Answer { line, fetched, uid };
        match &self.current {
            Step::Listing => self.listed(answer, shelf, out),
            Step::LateClasses(_) | Step::Classes => self.learn(&answer, out),
            Step::Marked(_) | Step::Fresh(_) | Step::Unopened(_) => return self.fresh(answer, out),
            Step::Cached(..) => return self.cached(answer, shelf, out),
            Step::Beginning(_) => self.begun(&answer),
            Step::Plain(_) => {
                let answer = answer.harmless();
                answer.line.write(&answer.line.whole(), out);
            }
        }
        None
    }

    /// News of flags need no UID; an answer with content does.
    fn nameless(&mut self, line: &Line, fetched: &Fetched, out: &mut Vec<u8>) {
        match fetched.items.iter().any(|item| !answer::is_dynamic(item)) {
            true => self.unreadable(line, out),
            false => line.write(&line.whole(), out),
        }
    }

    /// What cannot be read may be a sealed message, and a mail program keeps what it is given: none of it is passed on
    /// where content was asked.
    fn unreadable(&mut self, line: &Line, out: &mut Vec<u8>) {
        match self.current {
            Step::Listing | Step::LateClasses(_) | Step::Plain(_) => line.write(&line.whole(), out),
            Step::Unopened(_) | Step::Beginning(_) => {}
            Step::Classes | Step::Marked(_) | Step::Fresh(_) | Step::Cached(..) => self.failure = Some(text::unreadable_answer()),
        }
    }

    /// Takes the outcome of what [`Plan::answer`] asked to open.
    pub fn opened(&mut self, opened: Result<Arc<View>, Explanation>, shelf: &dyn Shelf, out: &mut Vec<u8>) {
        let Some(answer) = self.waiting.take() else { return };
        if let Step::Unopened(_) = self.current {
            // A key that is locked is no reason to refuse a list: the stored size is the likely one.
            self.openings.tried.insert(answer.uid);
            return self.release(false, shelf, out);
        }
        match opened {
            Ok(view) => self.deliver(&answer, &view, answer::TellsEnvelope::View, out),
            Err(explanation) => {
                // What the provider says of the flags it says once only.
                answer::write_dynamic(&answer.line, &answer.fetched, out);
                self.failure = Some(explanation);
            }
        }
    }

    /// Takes the tagged response to the last command.
    pub fn completed(&mut self, status: Status, text: &[u8], shelf: &dyn Shelf, out: &mut Vec<u8>) -> Next {
        if status != Status::Ok && self.worst.is_none() {
            self.worst = Some((status, text.to_vec()));
        }
        match &self.current {
            Step::Listing => self.listing_completed(status),
            Step::Classes => self.classes_completed(status, shelf),
            Step::Cached(..) => self.fetch_forgotten(),
            Step::Marked(_) | Step::Fresh(_) => self.fresh_completed(text),
            Step::Beginning(set) => self.beginnings_completed(&set.clone(), shelf),
            Step::LateClasses(_) | Step::Unopened(_) | Step::Plain(_) => {}
        }
        let blind = matches!(self.current, Step::Classes) && self.failure.is_some();
        if status == Status::Bad || blind {
            self.steps.clear();
        }
        if self.lists() {
            if self.steps.is_empty() && self.holds_locked(shelf) {
                self.paused = Some((status, text.to_vec()));
                return Next::Key(Asker::Program);
            }
            self.plan_openings(status, shelf);
            self.release(self.steps.is_empty(), shelf, out);
        }
        self.advance(status, text, shelf)
    }

    /// Takes the answer to [`Next::Key`]. Without the keys all but what needs them is answered.
    pub fn unlocked(&mut self, outcome: Result<(), Explanation>, shelf: &dyn Shelf, out: &mut Vec<u8>) -> Next {
        let Some((status, text)) = self.paused.take() else {
            return self.advance(Status::Ok, b"Fetch completed.", shelf);
        };
        if let Err(explanation) = outcome {
            self.failure = Some(explanation);
            self.steps.retain(|step| !step.needs_keys());
        }
        if self.lists() {
            self.plan_openings(status, shelf);
            self.release(self.steps.is_empty(), shelf, out);
        }
        self.advance(status, &text, shelf)
    }

    fn lists(&self) -> bool {
        matches!(self.current, Step::Listing | Step::LateClasses(_) | Step::Unopened(_))
    }

    /// Untagged data that must not overtake what is held: held answers name messages by their numbers of before it.
    pub fn defers(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether more is held than any honest answer needs.
    pub fn is_overfull(&self) -> bool {
        self.held_octets > limits::IMAP_RESPONSE_MAX
    }

    /// Takes such data.
    pub fn defer(&mut self, line: Line) {
        self.held_news += 1;
        self.held_octets += line.octets();
        self.held.push_back(Held::Other(line));
    }

    fn advance(&mut self, status: Status, text: &[u8], shelf: &dyn Shelf) -> Next {
        if self.steps.front().is_some_and(Step::needs_keys) && shelf.is_locked() {
            self.paused = Some((status, text.to_vec()));
            return Next::Key(self.asker());
        }
        match self.steps.pop_front() {
            Some(step) => {
                self.current = step;
                Next::Send(self.command())
            }
            None => Next::Done(self.tagged(text), self.marking()),
        }
    }

    /// `\Seen` for what was read. By UID, for the client may go on before it is done.
    fn marking(&self) -> Vec<Vec<u8>> {
        let sets = self.unseen.sets(SET_OCTETS);
        sets.iter()
            .map(|set| format!("UID STORE {set} +FLAGS.SILENT (\\Seen)").into_bytes())
            .collect()
    }

    /// The mailbox, with what was learnt of it on the way.
    pub fn learnt(&self, selected: &mut Selected) {
        selected.uid_next = selected.uid_next.max(Some(self.found.max_uid.saturating_add(1)));
        selected.read = self.selected.read;
    }

    /// Whether a list is not whole.
    pub fn withheld(&self) -> Withheld {
        self.withheld
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
        self.selected.key(uid)
    }

    /// One message that is read is somebody's who reads it.
    pub fn asker(&self) -> Asker {
        let one = |set: &Ranges| set.min().is_some() && set.min() == set.max();
        match self.request.set.closed() {
            Some(set) if one(&set) && !self.lists() => Asker::Reader,
            _ => Asker::Program,
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

impl Step {
    /// Whether S/MIME messages are opened by it.
    fn needs_keys(&self) -> bool {
        matches!(self, Step::Fresh(_) | Step::Cached(..) | Step::Unopened(_))
    }
}

/// The class that an answer tells, whatever other fields a client asked for: two listings must not come to two classes.
/// `None`: the fields that decide were not asked.
fn announced(answer: &Answer) -> Option<Sealed> {
    answer.fetched.items.iter().find_map(|item| {
        let fields = item.name.strip_prefix("BODY[HEADER.FIELDS (")?.strip_suffix(")]")?;
        let asked = |name| fields.split(' ').any(|field| field == name);
        if !asked("CONTENT-TYPE") {
            return None;
        }
        let header = answer.line.string(&item.value).unwrap_or_default();
        let header = Header::parse(&header)
            .0
            .retain(|field| field.is("Content-Type") || field.is("Content-Disposition"));
        let known = asked("CONTENT-DISPOSITION") || !needs_disposition(&header);
        let sealed = match classify(&header) {
            Class::Compressed => Sealed::Packed,
            class if class.is_smime() => Sealed::Yes,
            _ => Sealed::No,
        };
        known.then_some(sealed)
    })
}
