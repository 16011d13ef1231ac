//! RETR and TOP of one message: its own header says whether it is read whole and shown as its View, or passes as it came.
//! What passes is held to its end too, up to a bound: marks of ours in it were written by others, and are made harmless.
//!
//! RETR is asked of the provider even where the View is here: servers keep count of what was read (RFC 2449 §6.7, EXPIRE).
//! For the same reason what only TOP was asked for is read by TOP.

use super::collected::Collected;
use super::core::{Action, Code, Core};
use super::known::{Maildrop, Sealed};
use super::wire::{Heard, Replies, Reply, content};
use crate::base::limits::{HEADER_MAX, LOOKED_AT_MAX, POP3_CONTENT_MAX};
use crate::text::{Explanation, pop3 as text};
use crate::view::{View, foreign};

/// The command in progress.
#[derive(Debug)]
pub struct Reading {
    number: u32,
    part: Part,
    stage: Stage,
    /// The provider's status line.
    status: Vec<u8>,
    /// The content up to the end of the header, and from where on that is searched.
    head: (Vec<u8>, usize),
    collected: Collected,
    listed: Option<u64>,
    /// Octets of content that have come and were not passed on.
    octets: usize,
}

/// What of the message was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// RETR.
    Whole,
    /// TOP, with so many lines of the body.
    Top(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The provider's status line is awaited.
    Status,
    /// The end of the header.
    Header,
    /// No S/MIME: held, and looked into for marks of ours.
    Looking,
    /// No S/MIME, and its beginning has been looked into: what comes goes.
    Passing,
    /// S/MIME, of which TOP has shown too little.
    Draining,
    /// The same message, whole: its status line.
    Again,
    /// S/MIME: what comes is held.
    Collecting,
    /// There is no room for more of it; what it was before.
    Crowded(Held),
    /// It is being opened.
    Opening,
}

/// Why a message is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    ToOpen,
    ToLookInto,
}

/// How far a command has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Something is awaited.
    More,
    /// The client has its answer.
    Done,
    /// The provider does not speak POP3.
    Garbled,
}

/// More lines than any message has, in the number that fetchmail has asked all servers for.
pub const ALL_LINES: u32 = 99_999_999;

impl Reading {
    /// Asks the provider. `listed`: the size that LIST said.
    pub fn begin(number: u32, part: Part, listed: Option<u64>, core: &mut Core) -> Self {
        core.upstream(match part {
            Part::Whole => format!("RETR {number}\r\n"),
            Part::Top(lines) => format!("TOP {number} {}\r\n", lines.min(ALL_LINES)),
        });
        Self {
            number,
            part,
            stage: Stage::Status,
            status: Vec::new(),
            head: (Vec::new(), 0),
            collected: Collected::new(listed),
            listed,
            octets: 0,
        }
    }

    /// Takes what the provider said.
    pub fn heard(&mut self, heard: Heard, replies: &mut Replies, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        let (piece, ends) = match heard {
            Heard::Line(line) => return self.line(line, replies, core),
            Heard::Content(piece) => (piece, Ends::NotYet),
            Heard::End(piece) => (piece, Ends::Here),
        };
        if self.stage == Stage::Passing {
            core.client_owned(piece);
            return ends.progress();
        }
        self.octets += piece.len();
        match self.octets > POP3_CONTENT_MAX {
            true => Progress::Garbled,
            false => self.piece(&piece, ends, maildrop, core),
        }
    }

    /// There is room, after [`Action::Reserve`].
    pub fn reserved(&mut self) {
        self.stage = match self.stage {
            Stage::Crowded(Held::ToLookInto) => Stage::Looking,
            _ => Stage::Collecting,
        };
    }

    /// Takes the View, after [`Action::Open`].
    pub fn opened(&mut self, opened: &Result<std::sync::Arc<View>, Explanation>, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        match opened {
            Ok(view) => {
                let size = view.bytes().len();
                maildrop.learn_size(self.number, size as u64);
                let (status, shown) = match self.part {
                    Part::Whole => (format!("+OK {size} octets\r\n"), view.bytes()),
                    Part::Top(lines) => ("+OK\r\n".to_owned(), content::top(view.bytes(), lines)),
                };
                core.client(status.as_bytes());
                core.client_owned(content::stuffed(shown));
            }
            Err(explanation) => core.refuse(Code::of(explanation), explanation),
        }
        Progress::Done
    }

    /// True while nothing more of the provider can be taken.
    pub fn is_held_up(&self) -> bool {
        matches!(self.stage, Stage::Crowded(_) | Stage::Opening)
    }

    /// True while a message is held that took room.
    pub fn holds_message(&self) -> bool {
        matches!(self.stage, Stage::Looking | Stage::Collecting | Stage::Crowded(_) | Stage::Opening)
    }

    /// True when the client has a part of the answer: what ends here is cut short.
    pub fn is_answering(&self) -> bool {
        self.stage == Stage::Passing
    }

    fn line(&mut self, line: Vec<u8>, replies: &mut Replies, core: &mut Core) -> Progress {
        match (self.stage, Reply::of(&line)) {
            (Stage::Status, Reply::Ok(said)) => {
                self.listed = self.listed.or_else(|| octets(said));
                self.collected = Collected::new(self.listed);
                self.stage = Stage::Header;
                self.status = line;
                replies.expect_content();
                Progress::More
            }
            (Stage::Status, Reply::Err(_)) => {
                core.client_owned(line);
                Progress::Done
            }
            (Stage::Again, Reply::Ok(_)) => {
                self.stage = Stage::Collecting;
                self.octets = 0;
                replies.expect_content();
                Progress::More
            }
            (Stage::Again, Reply::Err(_)) => {
                core.refuse(Code::Temporary, &text::message_withheld());
                Progress::Done
            }
            _ => Progress::Garbled,
        }
    }

    fn piece(&mut self, piece: &[u8], ends: Ends, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        match self.stage {
            Stage::Header => self.header(piece, ends, maildrop, core),
            Stage::Collecting => self.collect(piece, ends, maildrop, core),
            Stage::Looking => self.look(piece, ends, maildrop, core),
            Stage::Draining => {
                if ends == Ends::Here {
                    self.stage = Stage::Again;
                    core.upstream(format!("TOP {} {ALL_LINES}\r\n", self.number));
                }
                Progress::More
            }
            Stage::Status | Stage::Passing | Stage::Again | Stage::Crowded(_) | Stage::Opening => Progress::Garbled,
        }
    }

    /// A header without an end announces what it has, one beyond the bound what stands before it.
    fn header(&mut self, piece: &[u8], ends: Ends, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        let (head, searched) = &mut self.head;
        head.extend_from_slice(piece);
        let end = match content::header_end(head, *searched) {
            Ok(end) => end,
            Err(from) if ends == Ends::NotYet && head.len() <= HEADER_MAX => {
                *searched = from;
                return Progress::More;
            }
            Err(_) => head.len(),
        };
        let sealed = Sealed::of_content(&head[..end]);
        maildrop.learn(self.number, sealed, None);
        let head = std::mem::take(head);
        self.stage = match (sealed, self.part) {
            (Sealed::No, _) => Stage::Looking,
            (Sealed::Yes | Sealed::Packed, Part::Whole) => Stage::Collecting,
            (Sealed::Yes | Sealed::Packed, Part::Top(_)) => Stage::Draining,
        };
        self.piece(&head, ends, maildrop, core)
    }

    /// By the octets that came, not those that were announced: nobody passes unseen by calling himself large.
    fn look(&mut self, piece: &[u8], ends: Ends, maildrop: &Maildrop, core: &mut Core) -> Progress {
        let room = self.collected.take(piece);
        let large = self.collected.octets() > LOOKED_AT_MAX;
        if ends == Ends::NotYet && !large {
            return self.wait_for_room(room.map(|octets| octets.min(LOOKED_AT_MAX)), Held::ToLookInto, core);
        }
        let content = std::mem::replace(&mut self.collected, Collected::new(None)).into_content();
        core.client(&self.status);
        core.client_owned(match large {
            true => harmless_beginning(content),
            false => {
                let message = content::message_in(&content);
                core.shelf.passed(maildrop.account(), &message);
                foreign::defanged(&message).map_or(content, |message| content::stuffed(&message))
            }
        });
        self.stage = Stage::Passing;
        ends.progress()
    }

    fn wait_for_room(&mut self, room: Option<u64>, held: Held, core: &mut Core) -> Progress {
        if let Some(octets) = room {
            self.stage = Stage::Crowded(held);
            core.act(Action::Reserve(octets));
        }
        Progress::More
    }

    fn collect(&mut self, piece: &[u8], ends: Ends, maildrop: &Maildrop, core: &mut Core) -> Progress {
        let room = self.collected.take(piece);
        if ends == Ends::Here {
            let collected = std::mem::replace(&mut self.collected, Collected::new(None));
            return match collected.message() {
                Ok(stored) => {
                    self.stage = Stage::Opening;
                    core.act(Action::Open(maildrop.key(self.number, &stored), stored));
                    Progress::More
                }
                Err(_) => {
                    core.refuse(Code::Permanent, &text::message_too_large());
                    Progress::Done
                }
            };
        }
        self.wait_for_room(room, Held::ToOpen, core)
    }
}

/// The whole lines of content whose end has not come, without marks of ours, and what follows them.
fn harmless_beginning(mut content: Vec<u8>) -> Vec<u8> {
    let end = memchr::memmem::rfind(&content, b"\r\n").map_or(0, |at| at + 2);
    let rest = content.split_off(end);
    let Some(changed) = foreign::defanged(&content::unstuffed(content.clone())) else {
        content.extend_from_slice(&rest);
        return content;
    };
    let mut out = content::stuffed(&changed);
    // The dot that ends it comes with what ends it.
    out.truncate(out.len() - b".\r\n".len());
    out.extend_from_slice(&rest);
    out
}

/// Whether a piece is the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ends {
    Here,
    NotYet,
}

impl Ends {
    fn progress(self) -> Progress {
        match self {
            Self::Here => Progress::Done,
            Self::NotYet => Progress::More,
        }
    }
}

/// `+OK 120 octets`, as RFC 1939 shows it and many servers say it.
fn octets(said: &[u8]) -> Option<u64> {
    std::str::from_utf8(said).ok()?.split_ascii_whitespace().next()?.parse().ok()
}
