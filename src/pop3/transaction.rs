//! After the login (RFC 1939 §5): one command at a time. Sizes and content are answered here, DELE, RSET, NOOP, UIDL and QUIT
//! are the provider's as they are: nothing is deleted but by its UPDATE state.

use super::capability::{self, Capabilities};
use super::core::{Code, Core};
use super::known::{Maildrop, Memory};
use super::reading::{Part, Progress, Reading};
use super::survey::{Asked, Survey, Tops};
use super::wire::{Command, Heard, Replies, Reply, content};
use crate::base::limits::{POP3_HEADERS_AT_ONCE, POP3_LISTING_MAX};
use crate::text::{Explanation, pop3 as text};
use crate::view::View;
use std::collections::HashMap;
use std::sync::Arc;

/// The maildrop that is open, and the command in progress.
#[derive(Debug)]
pub struct Transaction {
    maildrop: Maildrop,
    tops: Tops,
    /// Sizes that the provider listed.
    listed: HashMap<u32, u64>,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Idle,
    /// The provider's unique-ids are asked first; the command waits.
    Naming(Command, Vec<u8>),
    /// A reply that passes as it comes.
    Passing(Form),
    /// The reply passes with content.
    PassingContent,
    /// What the provider offers now.
    Offering(Vec<u8>),
    Surveying(Box<Survey>),
    Reading(Box<Reading>),
    Leaving,
}

/// Whether content follows the status line of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Line,
    Content,
}

/// How the session goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// As before.
    Continue,
    /// All is said.
    Close,
    /// The provider does not speak POP3.
    Garbled,
}

impl Transaction {
    /// For this account, at a provider that can do that.
    pub fn new(account: Arc<str>, capabilities: &Capabilities, shared: Arc<Memory>) -> Self {
        let at_once = if capabilities.has("PIPELINING") { POP3_HEADERS_AT_ONCE } else { 1 };
        let tops = match (capabilities.is_empty(), capabilities.has("TOP")) {
            (true, _) => Tops::Untried,
            (false, true) => Tops::There(at_once),
            (false, false) => Tops::Absent,
        };
        Self {
            maildrop: Maildrop::new(account, shared),
            tops,
            listed: HashMap::new(),
            work: Work::Idle,
        }
    }

    /// Whether the next command may be given.
    pub fn is_idle(&self) -> bool {
        matches!(self.work, Work::Idle)
    }

    /// Whether the provider may say more.
    pub fn wants_upstream(&self) -> bool {
        match &self.work {
            Work::Surveying(survey) => !survey.is_held_up(),
            Work::Reading(reading) => !reading.is_held_up(),
            _ => true,
        }
    }

    /// Whether a message that took room is still held.
    pub fn holds_message(&self) -> bool {
        match &self.work {
            Work::Surveying(survey) => survey.holds_message(),
            Work::Reading(reading) => reading.holds_message(),
            _ => false,
        }
    }

    /// Whether the client awaits an answer of which it has nothing yet.
    pub fn owes_answer(&self) -> bool {
        match &self.work {
            Work::Idle | Work::PassingContent => false,
            Work::Reading(reading) => !reading.is_answering(),
            Work::Naming(..) | Work::Passing(_) | Work::Offering(_) | Work::Surveying(_) | Work::Leaving => true,
        }
    }

    /// Whether what is in progress serves nobody once the client has left: DELE and QUIT still do what was asked.
    pub fn is_for_the_client_only(&self) -> bool {
        !matches!(self.work, Work::Passing(_) | Work::Leaving)
    }

    /// Begins a command.
    pub fn command(&mut self, command: Command, core: &mut Core) {
        self.work = match command {
            // Once for the session, and before anything is marked as deleted: such messages are not named any more.
            Command::Stat | Command::List(_) | Command::Retr(_) | Command::Top(..) | Command::Dele(_) if !self.maildrop.is_named() => {
                core.upstream("UIDL\r\n".to_owned());
                Work::Naming(command, Vec::new())
            }
            Command::Stat => self.survey(Asked::Sum, core),
            Command::List(None) => self.survey(Asked::All, core),
            Command::List(Some(number)) => self.survey(Asked::One(number), core),
            Command::Retr(number) => self.read(number, Part::Whole, core),
            Command::Top(number, lines) => self.read(number, Part::Top(lines), core),
            Command::Dele(number) => pass(format!("DELE {number}\r\n"), Form::Line, core),
            Command::Uidl(Some(number)) => pass(format!("UIDL {number}\r\n"), Form::Line, core),
            Command::Uidl(None) => pass("UIDL\r\n".to_owned(), Form::Content, core),
            Command::Rset => pass("RSET\r\n".to_owned(), Form::Line, core),
            Command::Noop => pass("NOOP\r\n".to_owned(), Form::Line, core),
            Command::Capa => {
                core.upstream("CAPA\r\n".to_owned());
                Work::Offering(Vec::new())
            }
            Command::Quit => {
                core.upstream("QUIT\r\n".to_owned());
                Work::Leaving
            }
            Command::User(_) | Command::Pass(_) | Command::Auth(_) | Command::Apop | Command::Stls => {
                core.refuse(Code::None, &text::not_now());
                Work::Idle
            }
        };
    }

    /// Takes what the provider said.
    pub fn heard(&mut self, heard: Heard, replies: &mut Replies, core: &mut Core) -> After {
        let progress = match &mut self.work {
            Work::Idle => Progress::Garbled,
            Work::Naming(..) => return self.named(heard, replies, core),
            Work::Passing(form) => match pass_line(heard, *form, core) {
                Progress::More => {
                    replies.expect_content();
                    self.work = Work::PassingContent;
                    return After::Continue;
                }
                other => other,
            },
            Work::PassingContent => pass_content(heard, core),
            Work::Offering(listing) => offer(listing, heard, replies, core),
            Work::Surveying(survey) => survey.heard(heard, replies, &mut self.maildrop, core),
            Work::Reading(reading) => reading.heard(heard, replies, &mut self.maildrop, core),
            Work::Leaving => match heard {
                Heard::Line(line) if !matches!(Reply::of(&line), Reply::Garbage | Reply::Challenge) => {
                    core.client_owned(line);
                    return After::Close;
                }
                _ => Progress::Garbled,
            },
        };
        self.after(progress)
    }

    /// There is room.
    pub fn reserved(&mut self) {
        match &mut self.work {
            Work::Surveying(survey) => survey.reserved(),
            Work::Reading(reading) => reading.reserved(),
            _ => {}
        }
    }

    /// Takes the outcome of an opening.
    pub fn opened(&mut self, opened: &Result<Arc<View>, Explanation>, core: &mut Core) {
        let progress = match &mut self.work {
            Work::Surveying(survey) => survey.opened(opened, &mut self.maildrop, core),
            Work::Reading(reading) => reading.opened(opened, &mut self.maildrop, core),
            _ => Progress::More,
        };
        self.after(progress);
    }

    fn after(&mut self, progress: Progress) -> After {
        match progress {
            Progress::More => After::Continue,
            Progress::Garbled => After::Garbled,
            Progress::Done => {
                if let Work::Surveying(survey) = std::mem::replace(&mut self.work, Work::Idle) {
                    self.tops = survey.tops();
                    self.listed.extend(survey.listed().iter().copied());
                }
                After::Continue
            }
        }
    }

    fn survey(&self, asked: Asked, core: &mut Core) -> Work {
        Work::Surveying(Box::new(Survey::begin(asked, self.tops, core)))
    }

    fn read(&self, number: u32, part: Part, core: &mut Core) -> Work {
        let listed = self.listed.get(&number).copied();
        Work::Reading(Box::new(Reading::begin(number, part, listed, core)))
    }

    fn named(&mut self, heard: Heard, replies: &mut Replies, core: &mut Core) -> After {
        let Work::Naming(command, listing) = &mut self.work else {
            return After::Garbled;
        };
        let listing = match &heard {
            Heard::Line(line) => match Reply::of(line) {
                Reply::Ok(_) => {
                    replies.expect_content();
                    return After::Continue;
                }
                Reply::Err(_) => None,
                Reply::Challenge | Reply::Garbage => return After::Garbled,
            },
            Heard::Content(piece) | Heard::End(piece) => {
                listing.extend_from_slice(piece);
                match (&heard, listing.len() > POP3_LISTING_MAX) {
                    (_, true) => return After::Garbled,
                    (Heard::End(_), false) => Some(content::message_of(std::mem::take(listing))),
                    _ => return After::Continue,
                }
            }
        };
        let command = command.clone();
        self.maildrop.name(listing.as_deref());
        self.command(command, core);
        After::Continue
    }
}

fn pass(command: String, form: Form, core: &mut Core) -> Work {
    core.upstream(command);
    Work::Passing(form)
}

/// A status line; more of it is to come where it has content.
fn pass_line(heard: Heard, form: Form, core: &mut Core) -> Progress {
    let Heard::Line(line) = heard else {
        return Progress::Garbled;
    };
    let progress = match (Reply::of(&line), form) {
        (Reply::Ok(_), Form::Content) => Progress::More,
        (Reply::Ok(_), Form::Line) | (Reply::Err(_), _) => Progress::Done,
        (Reply::Challenge | Reply::Garbage, _) => return Progress::Garbled,
    };
    core.client_owned(line);
    progress
}

fn pass_content(heard: Heard, core: &mut Core) -> Progress {
    match heard {
        Heard::Content(piece) => {
            core.client_owned(piece);
            Progress::More
        }
        Heard::End(piece) => {
            core.client_owned(piece);
            Progress::Done
        }
        Heard::Line(_) => Progress::Garbled,
    }
}

/// A provider without CAPA says so; the client gets what everybody has.
fn offer(listing: &mut Vec<u8>, heard: Heard, replies: &mut Replies, core: &mut Core) -> Progress {
    let ended = match heard {
        Heard::Line(line) => match Reply::of(&line) {
            Reply::Ok(_) => {
                replies.expect_content();
                return Progress::More;
            }
            Reply::Err(_) => true,
            Reply::Challenge | Reply::Garbage => return Progress::Garbled,
        },
        Heard::Content(piece) => {
            listing.extend_from_slice(&piece);
            false
        }
        Heard::End(piece) => {
            listing.extend_from_slice(&piece);
            true
        }
    };
    if listing.len() > POP3_LISTING_MAX {
        return Progress::Garbled;
    }
    if !ended {
        return Progress::More;
    }
    let provider = Capabilities::parse(&content::message_of(std::mem::take(listing)));
    core.client(format!("+OK\r\n{}", capability::after_login(&provider)).as_bytes());
    Progress::Done
}
