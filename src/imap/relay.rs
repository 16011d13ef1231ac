//! After the login: commands and responses pass, but for those that a View, a filter or a refusal stands in for.
//!
//! One unit of work at a time: while a [`Plan`] or an APPEND is under way, later commands wait in the queue.

mod commands;
mod flags;
mod responses;
mod seeking;

use super::capability::{self, Capabilities};
use super::classes::Mailbox;
use super::command::{Access, AppendRequest, Command, Inside, Verb};
use super::fetch::{Addressing, FetchRequest, Kind};
use super::frame::{Piece, Sync};
use super::intake::Refusal;
use super::line::{Fragment, Line};
use super::plan::looks::{self, Passing};
use super::plan::{self, Need, Next, Plan, Selected, Withheld};
use super::response::{self, Response, Status};
use super::seek::Seek;
use super::session::{Action, Core, Reads, Stored};
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
    passes: looks::Response,
    flags: flags::Flags,
    reserving: bool,
    leaving: bool,
    withheld: Withheld,
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
    /// DELETE or RENAME of this mailbox.
    Unnamed(String, Inside),
    /// IDLE; whether DONE has been sent.
    Idle(bool),
    /// A command that no client has sent: nobody is told how it ended.
    Ours,
    Other,
}

enum Work {
    None,
    /// A FETCH, and what it waits for.
    Fetch(Box<Plan>, Waits),
    /// A search that is worked out here.
    Seek(Box<Seek>),
    /// An APPEND whose message is being decided on.
    Append(Box<Command>, usize, Arc<Vec<u8>>),
}

/// What must happen before more of the provider is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Waits {
    /// Nothing.
    No,
    /// A message is being opened.
    Opened,
    /// There must be room for an answer.
    Room,
    /// The keys are locked.
    Key,
}

/// A command whose literals the provider asks for one by one.
struct Sending {
    fragments: VecDeque<Fragment>,
    awaited: Option<Vec<u8>>,
}

/// What the codes of a SELECT in progress have said.
#[derive(Default)]
struct Opening {
    /// The mailbox, once its UIDs mean something.
    mailbox: Option<Selected>,
    uid_next: Option<u32>,
}

/// Where in a response the provider is.
enum Reading {
    Between,
    Passing,
    /// In a literal of which so many octets are looked into.
    Looking(Passing, Vec<u8>, u64),
    Collecting(Line, For),
}

#[derive(Clone, Copy)]
enum For {
    Answer,
    Deferral,
}

const TAG: &str = "souspli";
/// Of commands for which nobody waits.
const TAG_AFTER: &str = "souspli-after";

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
            passes: looks::Response::default(),
            flags: flags::Flags::default(),
            reserving: false,
            leaving: false,
            withheld: Withheld::Nothing,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < limits::IMAP_PIPELINE_MAX && self.queued_octets < limits::IMAP_LINE_MAX
    }

    /// Whether the provider may send more.
    pub(super) fn reads_upstream(&self) -> bool {
        !self.reserving && !matches!(self.work, Work::Fetch(_, Waits::Opened | Waits::Room | Waits::Key))
    }

    /// Whether the client holds a list that lacks what could be told by now: it must begin anew.
    pub(super) fn is_behind(&self, core: &Core) -> bool {
        self.withheld == Withheld::Some && self.is_quiet() && !core.shelf.is_locked()
    }

    /// Whether the client waits for somebody who unlocks a key.
    pub(super) fn awaits_key(&self) -> bool {
        matches!(self.work, Work::Fetch(_, Waits::Key))
    }

    pub(super) fn unlocked(&mut self, outcome: Result<(), Explanation>, core: &mut Core) {
        let Work::Fetch(plan, waits @ Waits::Key) = &mut self.work else {
            return;
        };
        *waits = Waits::No;
        let mut out = Vec::new();
        let next = plan.unlocked(outcome, core.shelf.as_ref(), &mut out);
        core.client_owned(out);
        self.next(next, core);
    }

    pub(super) fn reserved(&mut self, core: &mut Core) {
        self.reserving = false;
        if let Work::Fetch(plan, waits @ Waits::Room) = &mut self.work {
            *waits = Waits::No;
            let mut out = Vec::new();
            plan.roomy(core.shelf.as_ref(), &mut out);
            self.flags.say(out, core);
        }
    }

    pub(super) fn holds_message(&self) -> bool {
        let working = matches!(self.work, Work::Append(..) | Work::Fetch(_, Waits::Opened | Waits::Room));
        working || matches!(self.reading, Reading::Collecting(..) | Reading::Looking(..)) || self.sending.awaited.is_some()
    }

    /// Whether nothing of the client is under way or waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && matches!(self.work, Work::None) && self.sending.awaited.is_none() && !self.client_waits()
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving
    }

    pub(super) fn awaits_upstream(&self) -> bool {
        let asking = matches!(self.work, Work::Fetch(_, Waits::No) | Work::Seek(_));
        asking || self.outstanding.iter().any(|o| !matches!(o.what, What::Idle(false)))
    }

    /// Whether a command of the client is under way at the provider.
    fn client_waits(&self) -> bool {
        self.outstanding.iter().any(|o| !matches!(o.what, What::Ours))
    }

    /// The mailbox of which the provider speaks now: with QRESYNC it tells of messages before it has answered the SELECT
    /// (RFC 7162 §3.2.5).
    fn spoken_of(&self) -> Option<&Selected> {
        match self.outstanding.front() {
            Some(Outstanding {
                what: What::Select(..), ..
            }) => self.opening.mailbox.as_ref(),
            Some(_) | None => self.selected.as_ref(),
        }
    }

    fn idling(&self) -> Option<bool> {
        self.outstanding
            .iter()
            .find_map(|o| if let What::Idle(done) = o.what { Some(done) } else { None })
    }
}
