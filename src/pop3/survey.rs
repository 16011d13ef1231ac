//! STAT and LIST: the provider's sizes, those of S/MIME messages replaced by those of their Views (RFC 1939 §11).
//!
//! A View mostly has the size of what is stored. Where it may have no room (`limits::ROOM_IS_SURE`, compressed ones) the
//! message is opened first, once. It is read by TOP, never by RETR: a server that hides what was read once (EXPIRE 0, or a
//! setting of the mailbox) must not hide what nobody but us has read. Without TOP the size stays the provider's until the
//! message is read.

use super::collected::Collected;
use super::core::{Action, Core};
use super::known::{Maildrop, Sealed};
use super::reading::{ALL_LINES, Progress};
use super::wire::{Heard, Replies, Reply, content};
use crate::base::limits::{HEADER_MAX, POP3_CONTENT_MAX, POP3_LISTING_MAX, POP3_MESSAGES_MAX, ROOM_IS_SURE};
use crate::text::Explanation;
use crate::view::View;
use std::collections::VecDeque;
use std::sync::Arc;

/// The command in progress.
#[derive(Debug)]
pub struct Survey {
    asked: Asked,
    stage: Stage,
    tops: Tops,
    /// Number and size of each message, as the provider lists them.
    listed: Vec<(u32, u64)>,
    /// Content that is on its way.
    content: Vec<u8>,
    /// Octets of content that have come since the last status line.
    octets: usize,
    /// Messages of which something must be learnt yet, and those that were asked.
    waiting: VecDeque<u32>,
    flying: VecDeque<u32>,
    collected: Collected,
}

/// What the client asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// STAT.
    Sum,
    /// LIST.
    All,
    /// LIST of one message.
    One(u32),
}

/// Whether the provider answers TOP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tops {
    /// It has, or has said so. So many may be asked at once.
    There(usize),
    /// It has not been tried.
    Untried,
    /// It does not.
    Absent,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Listing,
    Headers,
    Sizes,
    Crowded,
    Opening,
}

impl Survey {
    /// Asks the provider.
    pub fn begin(asked: Asked, tops: Tops, core: &mut Core) -> Self {
        core.upstream(match asked {
            Asked::Sum | Asked::All => "LIST\r\n".to_owned(),
            Asked::One(number) => format!("LIST {number}\r\n"),
        });
        Self {
            asked,
            stage: Stage::Listing,
            tops,
            listed: Vec::new(),
            content: Vec::new(),
            octets: 0,
            waiting: VecDeque::new(),
            flying: VecDeque::new(),
            collected: Collected::new(None),
        }
    }

    /// Takes what the provider said.
    pub fn heard(&mut self, heard: Heard, replies: &mut Replies, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        self.octets = match &heard {
            Heard::Line(_) => 0,
            Heard::Content(piece) | Heard::End(piece) => self.octets + piece.len(),
        };
        match (self.stage, heard) {
            _ if self.octets > POP3_CONTENT_MAX => Progress::Garbled,
            (Stage::Listing, Heard::Line(line)) => self.listing_line(line, replies, maildrop, core),
            (Stage::Listing, Heard::Content(piece)) => self.hold(&piece, POP3_LISTING_MAX),
            (Stage::Listing, Heard::End(piece)) => match self.hold(&piece, POP3_LISTING_MAX) {
                Progress::More => {
                    self.listed = scan_listing(&content::message_of(std::mem::take(&mut self.content)));
                    match self.listed.len() > POP3_MESSAGES_MAX {
                        true => Progress::Garbled,
                        false => self.ask_headers(maildrop, core),
                    }
                }
                other => other,
            },
            (Stage::Headers | Stage::Sizes, Heard::Line(line)) => self.top_line(&line, replies, maildrop, core),
            (Stage::Headers, Heard::Content(piece)) => {
                if self.content.len() <= HEADER_MAX {
                    self.content.extend_from_slice(&piece);
                }
                Progress::More
            }
            (Stage::Headers, Heard::End(piece)) => {
                self.content.extend_from_slice(&piece);
                self.header(maildrop);
                self.ask_more_headers(maildrop, core)
            }
            (Stage::Sizes, Heard::Content(piece)) => {
                if let Some(octets) = self.collected.take(&piece) {
                    self.stage = Stage::Crowded;
                    core.act(Action::Reserve(octets));
                }
                Progress::More
            }
            (Stage::Sizes, Heard::End(piece)) => self.whole(&piece, maildrop, core),
            (Stage::Crowded | Stage::Opening, _) => Progress::Garbled,
        }
    }

    /// There is room, after [`Action::Reserve`].
    pub fn reserved(&mut self) {
        self.stage = Stage::Sizes;
    }

    /// Takes the View, after [`Action::Open`]. A key that is locked is no reason to refuse a list, and is locked for the
    /// others too: the stored size is the likely one.
    pub fn opened(&mut self, opened: &Result<Arc<View>, Explanation>, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        self.stage = Stage::Sizes;
        match (opened, self.flying.pop_front()) {
            (Ok(view), Some(number)) => maildrop.learn_size(number, view.bytes().len() as u64),
            _ => self.waiting.clear(),
        }
        self.ask_next_size(maildrop, core)
    }

    /// True while nothing more of the provider can be taken.
    pub fn is_held_up(&self) -> bool {
        matches!(self.stage, Stage::Crowded | Stage::Opening)
    }

    /// True while a message is held that took room.
    pub fn holds_message(&self) -> bool {
        matches!(self.stage, Stage::Sizes | Stage::Crowded | Stage::Opening)
    }

    /// Whether the provider answers TOP, as far as is known by now.
    pub fn tops(&self) -> Tops {
        self.tops
    }

    /// What the provider listed.
    pub fn listed(&self) -> &[(u32, u64)] {
        &self.listed
    }

    fn hold(&mut self, piece: &[u8], most: usize) -> Progress {
        self.content.extend_from_slice(piece);
        match self.content.len() > most {
            true => Progress::Garbled,
            false => Progress::More,
        }
    }

    fn listing_line(&mut self, line: Vec<u8>, replies: &mut Replies, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        match (Reply::of(&line), self.asked) {
            (Reply::Ok(said), Asked::One(_)) => {
                self.listed = scan_listing(said);
                match self.listed.is_empty() {
                    true => Progress::Garbled,
                    false => self.ask_headers(maildrop, core),
                }
            }
            (Reply::Ok(_), Asked::Sum | Asked::All) => {
                replies.expect_content();
                Progress::More
            }
            (Reply::Err(_), _) => {
                core.client_owned(line);
                Progress::Done
            }
            (Reply::Challenge | Reply::Garbage, _) => Progress::Garbled,
        }
    }

    fn ask_headers(&mut self, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        self.stage = Stage::Headers;
        if self.tops != Tops::Absent {
            let unknown = self
                .listed
                .iter()
                .map(|(number, _)| *number)
                .filter(|number| maildrop.of(*number).is_none());
            self.waiting = unknown.collect();
        }
        self.ask_more_headers(maildrop, core)
    }

    fn ask_more_headers(&mut self, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        let most = match self.tops {
            Tops::There(at_once) => at_once,
            Tops::Untried | Tops::Absent => 1,
        };
        // Many in one go: asked one by one as they are answered, each would travel alone.
        if self.flying.len() <= most / 2 {
            for number in self.waiting.drain(..self.waiting.len().min(most - self.flying.len())) {
                core.upstream(format!("TOP {number} 0\r\n"));
                self.flying.push_back(number);
            }
        }
        match self.flying.is_empty() {
            true => self.ask_sizes(maildrop, core),
            false => Progress::More,
        }
    }

    fn top_line(&mut self, line: &[u8], replies: &mut Replies, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        match Reply::of(line) {
            Reply::Ok(_) => {
                if self.tops == Tops::Untried {
                    self.tops = Tops::There(1);
                }
                replies.expect_content();
                Progress::More
            }
            Reply::Err(_) => {
                if self.tops == Tops::Untried {
                    self.tops = Tops::Absent;
                    self.waiting.clear();
                }
                self.flying.pop_front();
                match self.stage {
                    Stage::Headers => self.ask_more_headers(maildrop, core),
                    _ => self.ask_next_size(maildrop, core),
                }
            }
            Reply::Challenge | Reply::Garbage => Progress::Garbled,
        }
    }

    fn header(&mut self, maildrop: &mut Maildrop) {
        let content = std::mem::take(&mut self.content);
        let Some(number) = self.flying.pop_front() else { return };
        maildrop.learn(number, Sealed::of_content(&content), None);
    }

    fn ask_sizes(&mut self, maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        self.stage = Stage::Sizes;
        if self.tops != Tops::Absent {
            let unsure = self
                .listed
                .iter()
                .filter(|(number, listed)| is_unsure(*number, *listed, maildrop, core));
            self.waiting = unsure.map(|(number, _)| *number).collect();
        }
        self.ask_next_size(maildrop, core)
    }

    fn ask_next_size(&mut self, maildrop: &Maildrop, core: &mut Core) -> Progress {
        let Some(number) = self.waiting.pop_front() else {
            self.answer(maildrop, core);
            return Progress::Done;
        };
        let size = self.listed.iter().find(|(listed, _)| *listed == number).map(|(_, size)| *size);
        self.collected = Collected::new(size);
        self.flying.push_back(number);
        core.upstream(format!("TOP {number} {ALL_LINES}\r\n"));
        Progress::More
    }

    fn whole(&mut self, piece: &[u8], maildrop: &mut Maildrop, core: &mut Core) -> Progress {
        self.collected.take(piece);
        let collected = std::mem::replace(&mut self.collected, Collected::new(None));
        match (collected.message(), self.flying.front()) {
            (Ok(stored), Some(number)) => {
                self.stage = Stage::Opening;
                core.act(Action::Open(maildrop.key(*number, &stored), stored));
                Progress::More
            }
            _ => {
                self.flying.pop_front();
                self.ask_next_size(maildrop, core)
            }
        }
    }

    fn answer(&self, maildrop: &Maildrop, core: &mut Core) {
        let sizes: Vec<(u32, u64)> = self
            .listed
            .iter()
            .map(|(n, listed)| (*n, told(*n, *listed, maildrop, core)))
            .collect();
        let line = |(number, size): &(u32, u64)| format!("{number} {size}\r\n");
        core.client_owned(match (self.asked, sizes.first()) {
            (Asked::Sum, _) => {
                let sum = sizes.iter().fold(0u64, |sum, (_, size)| sum.saturating_add(*size));
                format!("+OK {} {sum}\r\n", sizes.len()).into_bytes()
            }
            (Asked::One(_), Some(one)) => format!("+OK {}", line(one)).into_bytes(),
            (Asked::All | Asked::One(_), _) => {
                let lines: String = sizes.iter().map(line).collect();
                format!("+OK {} messages\r\n{lines}.\r\n", sizes.len()).into_bytes()
            }
        });
    }
}

/// Whether the message must be opened before its size can be told.
fn is_unsure(number: u32, listed: u64, maildrop: &Maildrop, core: &Core) -> bool {
    let unsure = match maildrop.of(number).map(|known| known.sealed) {
        Some(Sealed::Yes) => listed < ROOM_IS_SURE as u64,
        Some(Sealed::Packed) => true,
        Some(Sealed::No) | None => false,
    };
    unsure && size_of_view(number, listed, maildrop, core).is_none()
}

fn told(number: u32, listed: u64, maildrop: &Maildrop, core: &Core) -> u64 {
    match maildrop.of(number).map(|known| known.sealed) {
        Some(Sealed::Yes | Sealed::Packed) => size_of_view(number, listed, maildrop, core).unwrap_or(listed),
        Some(Sealed::No) | None => listed,
    }
}

fn size_of_view(number: u32, listed: u64, maildrop: &Maildrop, core: &Core) -> Option<u64> {
    let seen = maildrop.of(number).and_then(|known| known.size);
    seen.or_else(|| core.shelf.size(&maildrop.key_unseen(number)?, listed))
}

/// `number SP size` each, and what a server may add; what is neither is passed over.
fn scan_listing(listing: &[u8]) -> Vec<(u32, u64)> {
    let line = |line: &[u8]| {
        let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
        Some((words.next()?.parse().ok().filter(|n| *n > 0)?, words.next()?.parse().ok()?))
    };
    listing.split(|b| *b == b'\n').filter_map(line).collect()
}
