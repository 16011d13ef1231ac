//! After the login: commands and responses pass, but for those that a View, a filter or a refusal stands in for.
//!
//! One unit of work at a time: while a [`Plan`] or an APPEND is under way, later commands wait in the queue.

use super::capability::{self, Capabilities};
use super::classes::Mailbox;
use super::command::{Access, AppendRequest, Command, Verb};
use super::fetch::{FetchRequest, Kind};
use super::frame::Piece;
use super::intake::Refusal;
use super::line::Line;
use super::plan::{self, Need, Next, Plan, Selected};
use super::response::{self, Response, Status};
use super::session::{Action, Core, Stored};
use crate::base::{Retry, limits};
use crate::text::{Explanation, imap as text};
use crate::view::View;
use std::collections::VecDeque;
use std::sync::Arc;

/// One logged-in connection.
pub(super) struct Relay {
    account: Arc<str>,
    capabilities: Capabilities,
    queue: VecDeque<Queued>,
    queued_octets: usize,
    outstanding: VecDeque<Outstanding>,
    work: Work,
    sending: Sending,
    selected: Option<Selected>,
    opening: Opening,
    reading: Reading,
    leaving: bool,
}

/// What the session does after a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    Continue,
    Close,
    Garbled,
}

enum Queued {
    Command(Command),
    Done,
    Refused(String, Refusal),
}

struct Outstanding {
    tag: String,
    what: What,
}

enum What {
    Select(String, Access),
    Close,
    Logout,
    /// IDLE; whether DONE has been sent.
    Idle(bool),
    Other,
}

enum Work {
    None,
    /// A FETCH; whether a message is being opened.
    Fetch(Box<Plan>, bool),
    /// An APPEND whose message is being decided on.
    Append(Box<Command>, usize, Arc<Vec<u8>>),
}

/// A command whose literals the provider asks for one by one.
struct Sending {
    fragments: VecDeque<(Vec<u8>, Option<Vec<u8>>)>,
    awaited: Option<Vec<u8>>,
}

/// What the codes of a SELECT in progress have said.
#[derive(Default)]
struct Opening {
    uidvalidity: u32,
    uid_next: Option<u32>,
}

/// Where in a response the provider is.
enum Reading {
    Between,
    Passing,
    Collecting(Line, For),
}

#[derive(Clone, Copy)]
enum For {
    Answer,
    Deferral,
}

const TAG: &str = "souspli";

impl Relay {
    pub(super) fn new(account: Arc<str>, capabilities: Capabilities) -> Self {
        Self {
            account,
            capabilities,
            queue: VecDeque::new(),
            queued_octets: 0,
            outstanding: VecDeque::new(),
            work: Work::None,
            sending: Sending {
                fragments: VecDeque::new(),
                awaited: None,
            },
            selected: None,
            opening: Opening::default(),
            reading: Reading::Between,
            leaving: false,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < limits::IMAP_PIPELINE_MAX && self.queued_octets < limits::IMAP_LINE_MAX
    }

    pub(super) fn is_opening(&self) -> bool {
        matches!(self.work, Work::Fetch(_, true))
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving
    }

    pub(super) fn is_between_responses(&self) -> bool {
        !matches!(self.reading, Reading::Passing)
    }

    pub(super) fn awaits_upstream(&self) -> bool {
        let fetching = matches!(self.work, Work::Fetch(_, false));
        fetching || self.outstanding.iter().any(|o| !matches!(o.what, What::Idle(false)))
    }

    fn idling(&self) -> Option<bool> {
        self.outstanding
            .iter()
            .find_map(|o| if let What::Idle(done) = o.what { Some(done) } else { None })
    }
}

/// Commands.
impl Relay {
    pub(super) fn command(&mut self, command: Command, core: &mut Core) {
        self.queued_octets += command.line.octets();
        self.queue.push_back(Queued::Command(command));
        self.advance(core);
    }

    pub(super) fn done(&mut self, core: &mut Core) {
        self.queue.push_back(Queued::Done);
        self.advance(core);
    }

    pub(super) fn refused(&mut self, tag: String, refusal: Refusal, core: &mut Core) {
        self.queue.push_back(Queued::Refused(tag, refusal));
        self.advance(core);
    }

    /// Begins what can begin, in order.
    fn advance(&mut self, core: &mut Core) {
        while matches!(self.work, Work::None) && self.sending.awaited.is_none() && self.idling() != Some(true) {
            match self.queue.pop_front() {
                None => return,
                Some(Queued::Done) => self.end_idle(core),
                Some(Queued::Refused(tag, refusal)) => core.refuse(&tag, refusal),
                Some(Queued::Command(command)) => {
                    let octets = command.line.octets();
                    if let Some(command) = self.begin(command, core) {
                        return self.queue.push_front(Queued::Command(command));
                    }
                    self.queued_octets -= octets;
                }
            }
        }
    }

    fn end_idle(&mut self, core: &mut Core) {
        // A DONE after the provider has ended IDLE by itself has nothing to end.
        for outstanding in &mut self.outstanding {
            if let What::Idle(done @ false) = &mut outstanding.what {
                *done = true;
                core.upstream(b"DONE\r\n".to_vec());
            }
        }
    }

    /// Begins a command, or hands it back when it must wait.
    fn begin(&mut self, command: Command, core: &mut Core) -> Option<Command> {
        if self.idling().is_some() {
            core.refuse(&command.tag, Refusal::Unreadable);
            return None;
        }
        match command.verb {
            Verb::Refused | Verb::StartTls | Verb::Login | Verb::Authenticate => {
                core.answer(&command.tag, "BAD", "CANNOT", &text::refused_command())
            }
            Verb::Fetch(by) => return self.fetch(by, command, core),
            Verb::Append => self.append(command, core),
            Verb::Enable => self.enable(command, core),
            Verb::Select(access) => match command.mailbox() {
                Some(mailbox) => self.pass(command, What::Select(mailbox, access), core),
                None => core.refuse(&command.tag, Refusal::Unreadable),
            },
            Verb::Close => self.pass(command, What::Close, core),
            Verb::Logout => self.pass(command, What::Logout, core),
            Verb::Idle => self.pass(command, What::Idle(false), core),
            Verb::Capability | Verb::Noop | Verb::Id | Verb::Pass => self.pass(command, What::Other, core),
        }
        None
    }

    fn pass(&mut self, command: Command, what: What, core: &mut Core) {
        self.outstanding.push_back(Outstanding { tag: command.tag, what });
        self.sending.fragments = command.line.fragments();
        self.send(core);
    }

    /// Sends up to the next literal that the provider must ask for (RFC 7888).
    fn send(&mut self, core: &mut Core) {
        while let Some((text, literal)) = self.sending.fragments.pop_front() {
            core.upstream(text);
            let Some(literal) = literal else { return };
            let flows = self.capabilities.literal_flows(literal.len());
            core.upstream(format!("{{{}{}}}\r\n", literal.len(), if flows { "+" } else { "" }).into_bytes());
            if !flows {
                self.sending.awaited = Some(literal);
                return;
            }
            core.upstream(literal);
        }
    }

    /// ENABLE of what Souspli knows; the rest was never offered.
    fn enable(&mut self, command: Command, core: &mut Core) {
        let names = String::from_utf8_lossy(command.arguments().rest()).into_owned();
        let kept: Vec<&str> = names
            .split_ascii_whitespace()
            .filter(|name| capability::is_allowed(name) && !name.eq_ignore_ascii_case("IMAP4rev1"))
            .collect();
        if kept.is_empty() {
            return core.client(format!("* ENABLED\r\n{} OK Enable completed.\r\n", command.tag).as_bytes());
        }
        let line = Line::of(format!("{} ENABLE {}\r\n", command.tag, kept.join(" ")).as_bytes());
        self.pass(Command { line, ..command }, What::Other, core);
    }

    fn fetch(&mut self, by: super::fetch::Addressing, command: Command, core: &mut Core) -> Option<Command> {
        let Some(request) = FetchRequest::parse(by, &mut command.arguments()) else {
            core.refuse(&command.tag, Refusal::Unreadable);
            return None;
        };
        let choosing = self.outstanding.iter().any(|o| matches!(o.what, What::Select(..) | What::Close));
        if request.kind() != Kind::Dynamic && choosing {
            return Some(command);
        }
        match (plan::need(&request, self.selected.as_ref()), self.selected.clone()) {
            (Need::Plan, Some(selected)) => {
                if !self.outstanding.is_empty() {
                    return Some(command);
                }
                let (plan, next) = Plan::begin(command.tag, request, selected, core.shelf.as_ref());
                self.work = Work::Fetch(Box::new(plan), false);
                self.next(next, core);
            }
            (Need::Pass, _) | (Need::Plan, None) => self.pass(command, What::Other, core),
        }
        None
    }

    fn append(&mut self, mut command: Command, core: &mut Core) {
        let Some(AppendRequest { mailbox, literal }) = AppendRequest::parse(&command) else {
            return core.answer(&command.tag, "BAD", "CANNOT", &text::refused_command());
        };
        let message = command.line.take_literal(literal);
        if message.len() > limits::MESSAGE_MAX {
            return core.refuse(&command.tag, Refusal::MessageTooLarge);
        }
        let message = Arc::new(message);
        core.act(Action::Append(mailbox, Arc::clone(&message)));
        self.work = Work::Append(Box::new(command), literal, message);
    }

    pub(super) fn appended(&mut self, stored: Stored, core: &mut Core) {
        let Work::Append(mut command, literal, message) = std::mem::replace(&mut self.work, Work::None) else {
            return;
        };
        let bytes = match stored {
            Stored::AsIs => Arc::try_unwrap(message).unwrap_or_else(|shared| shared.to_vec()),
            Stored::Instead(bytes) => bytes,
            Stored::Refused(explanation) => {
                core.answer(&command.tag, "NO", code(&explanation), &explanation);
                return self.advance(core);
            }
        };
        command.line.set_literal(literal, bytes);
        self.pass(*command, What::Other, core);
        self.advance(core);
    }

    fn next(&mut self, next: Next, core: &mut Core) {
        match next {
            Next::Send(command) => core.upstream([TAG.as_bytes(), b" ", &command, b"\r\n"].concat()),
            Next::Done(line) => {
                if let (Work::Fetch(plan, _), Some(selected)) = (&self.work, &mut self.selected) {
                    selected.uid_next = selected.uid_next.max(Some(plan.max_uid().saturating_add(1)));
                }
                self.work = Work::None;
                core.client_owned(line);
                self.advance(core);
            }
        }
    }
}

fn code(explanation: &Explanation) -> &'static str {
    match explanation.retry {
        Retry::Never => "CANNOT",
        Retry::Later | Retry::AfterUser => "UNAVAILABLE",
    }
}

/// Responses.
impl Relay {
    pub(super) fn piece(&mut self, piece: Piece, core: &mut Core) -> After {
        let ends = matches!(piece, Piece::Text { literal: None, .. });
        match std::mem::replace(&mut self.reading, Reading::Between) {
            Reading::Between => match piece {
                Piece::Text { bytes, literal } => return self.first(Piece::Text { bytes, literal }, ends, core),
                Piece::Literal { .. } => return After::Garbled,
            },
            Reading::Passing => {
                let (Piece::Text { bytes, .. } | Piece::Literal { bytes, .. }) = piece;
                core.client_owned(bytes);
                if !ends {
                    self.reading = Reading::Passing;
                }
            }
            Reading::Collecting(mut line, purpose) => {
                line.push(piece);
                if line.octets() > limits::IMAP_RESPONSE_MAX {
                    return After::Garbled;
                }
                if ends {
                    self.collected(line, purpose, core);
                } else {
                    self.reading = Reading::Collecting(line, purpose);
                }
            }
        }
        After::Continue
    }

    /// The first piece of a response.
    fn first(&mut self, piece: Piece, ends: bool, core: &mut Core) -> After {
        let Piece::Text { bytes, .. } = &piece else { return After::Garbled };
        let (collects, defers) = match &self.work {
            Work::Fetch(plan, _) => (plan.collects(), plan.defers()),
            Work::None | Work::Append(..) => (false, false),
        };
        match response::look(bytes) {
            Response::Garbage => After::Garbled,
            Response::Continue(_) => {
                self.continued(bytes, core);
                After::Continue
            }
            Response::Tagged(tag, status, text) => self.tagged(tag, status, text, bytes, core),
            Response::Fetch(_) if collects => self.collect(piece, ends, For::Answer, core),
            _ if defers => self.collect(piece, ends, For::Deferral, core),
            Response::Untagged(status, text) => {
                self.untagged(status, text, core);
                core.client_owned(capability::rewrite(bytes).unwrap_or_else(|| bytes.clone()));
                After::Continue
            }
            Response::Capability => {
                core.client_owned(capability::rewrite(bytes).unwrap_or_else(|| bytes.clone()));
                After::Continue
            }
            Response::Fetch(_) | Response::Other => {
                let Piece::Text { bytes, .. } = piece else { return After::Garbled };
                core.client_owned(bytes);
                if !ends {
                    self.reading = Reading::Passing;
                }
                After::Continue
            }
        }
    }

    fn collect(&mut self, piece: Piece, ends: bool, purpose: For, core: &mut Core) -> After {
        let mut line = Line::default();
        line.push(piece);
        if ends {
            self.collected(line, purpose, core);
        } else {
            self.reading = Reading::Collecting(line, purpose);
        }
        After::Continue
    }

    fn collected(&mut self, line: Line, purpose: For, core: &mut Core) {
        let Work::Fetch(plan, opening) = &mut self.work else { return };
        if let For::Deferral = purpose {
            return plan.defer(line);
        }
        let mut out = Vec::new();
        let to_open = plan.answer(line, core.shelf.as_ref(), &mut out);
        core.client_owned(out);
        if let Some(plan::ToOpen { key, stored }) = to_open {
            *opening = true;
            core.act(Action::Open(key, stored));
        }
    }

    pub(super) fn opened(&mut self, opened: Result<Arc<View>, Explanation>, core: &mut Core) {
        let Work::Fetch(plan, opening) = &mut self.work else { return };
        *opening = false;
        let mut out = Vec::new();
        plan.opened(opened, core.shelf.as_ref(), &mut out);
        core.client_owned(out);
    }

    fn continued(&mut self, line: &[u8], core: &mut Core) {
        match self.sending.awaited.take() {
            Some(literal) => {
                core.upstream(literal);
                self.send(core);
                self.advance(core);
            }
            None if self.idling() == Some(false) => core.client(line),
            None => {}
        }
    }

    fn untagged(&mut self, status: Status, text: &[u8], core: &mut Core) {
        if status == Status::Bye {
            self.leaving = true;
        }
        let choosing = self.outstanding.iter().any(|o| matches!(o.what, What::Select(..)));
        if let Some(uidvalidity) = response::code_number(text, "UIDVALIDITY") {
            if choosing {
                self.opening.uidvalidity = uidvalidity;
            } else if let Some(selected) = &mut self.selected {
                selected.mailbox.uidvalidity = uidvalidity;
                selected.classes = core.memory.mailbox(&selected.mailbox);
            }
        }
        if let Some(uid_next) = response::code_number(text, "UIDNEXT") {
            if choosing {
                self.opening.uid_next = Some(uid_next);
            } else if let Some(selected) = &mut self.selected {
                selected.uid_next = selected.uid_next.max(Some(uid_next));
            }
        }
    }

    fn tagged(&mut self, tag: &[u8], status: Status, text: &[u8], line: &[u8], core: &mut Core) -> After {
        if let Work::Fetch(plan, _) = &mut self.work
            && tag == TAG.as_bytes()
        {
            let mut out = Vec::new();
            let next = plan.completed(status, text, core.shelf.as_ref(), &mut out);
            core.client_owned(out);
            self.next(next, core);
            return After::Continue;
        }
        let Some(at) = self.outstanding.iter().position(|o| o.tag.as_bytes() == tag) else {
            return After::Garbled;
        };
        let Some(outstanding) = self.outstanding.remove(at) else {
            return After::Garbled;
        };
        if at == self.outstanding.len() && self.sending.awaited.take().is_some() {
            self.sending.fragments.clear();
        }
        core.client_owned(capability::rewrite(line).unwrap_or_else(|| line.to_vec()));
        match outstanding.what {
            What::Select(name, access) => self.chosen(name, access, status, text, core),
            What::Close if status == Status::Ok => self.selected = None,
            What::Logout if status == Status::Ok => return After::Close,
            What::Close | What::Logout | What::Idle(_) | What::Other => {}
        }
        self.advance(core);
        After::Continue
    }

    fn chosen(&mut self, name: String, access: Access, status: Status, text: &[u8], core: &mut Core) {
        let Opening { uidvalidity, uid_next } = std::mem::take(&mut self.opening);
        if status == Status::Bad {
            return;
        }
        let access = if response::has_code(text, "READ-ONLY") {
            Access::Read
        } else {
            access
        };
        let mailbox = Mailbox {
            account: Arc::clone(&self.account),
            name: name.into(),
            uidvalidity,
        };
        self.selected = (status == Status::Ok).then(|| Selected {
            classes: core.memory.mailbox(&mailbox),
            mailbox,
            access,
            uid_next,
        });
    }
}
