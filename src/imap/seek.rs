//! One SEARCH, SORT or THREAD whose answer is worked out here for the messages that the index of opened texts covers.
//!
//! The provider is asked the client's criteria, and their parts over all of those messages: what it is told hangs on the
//! criteria and on which messages were opened, never on which of them match. Questions name messages by number, for then no
//! EXPUNGE can cross them (RFC 9051 §7.5.1): numbers mean the same from the first question to the last. Whatever goes wrong,
//! the client's command goes to the provider as it came.

mod ask;
mod found;
mod tell;

use super::command::Command;
use super::fetch::Addressing;
use super::line::{Line, Span};
use super::numbers::Ranges;
use super::plan::ProviderAlone;
use super::response::{self, Fetched, Status};
use super::search::{Facts, Modseq, Search, Seeking, Wanted};
use crate::base::limits;
use found::Thread;
use std::collections::{HashMap, VecDeque};

/// What is known here, by UID.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The messages of which something is known.
    pub messages: Ranges,
    /// Which of them have each text.
    pub texts: Vec<Ranges>,
    /// Which of them have each verdict.
    pub verdicts: Vec<Ranges>,
}

/// How it ends.
#[derive(Debug)]
pub enum Outcome {
    /// The client is told this; these messages, of those that were known, are gone.
    Told(Vec<u8>, Ranges),
    /// The provider is to answer by itself.
    Alone(Box<Command>, ProviderAlone),
}

/// The search.
#[derive(Debug)]
pub struct Seek {
    command: Command,
    search: Search,
    known: Known,
    uid_next: u32,
    answering: Answering,
    stage: Stage,
    waiting: VecDeque<Question>,
    asked: VecDeque<Question>,
    count: u32,
    answers: Answers,
    /// Octets of answers.
    held: usize,
    failure: Option<ProviderAlone>,
}

/// How the provider answers a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answering {
    /// By `* ESEARCH`, which names it (RFC 4731 §3.2).
    Named,
    /// By `* SEARCH`: one is asked at a time, for servers are seen to say several answers, then that the questions are done.
    Unnamed,
}

/// What is being asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Which messages are there, and of what kind they are.
    Kinds,
    /// UIDs of those that are there: some are not.
    Names,
    /// The client's own criteria, and the order.
    Criteria,
    /// Mod-sequences of all that could be in the answer.
    Modseqs,
    /// That the result is kept.
    Saving,
}

/// A command of ours.
#[derive(Debug)]
struct Question {
    tag: String,
    about: About,
    line: Line,
}

/// What a question is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum About {
    Existence,
    Kind(usize),
    Names,
    Criteria,
    Order,
    Modseqs,
    Saving,
}

impl About {
    fn is_answered_by_numbers(self) -> bool {
        matches!(self, Self::Existence | Self::Kind(_) | Self::Criteria)
    }
}

/// What the provider has said.
#[derive(Debug, Default)]
struct Answers {
    /// Numbers of those that are there.
    existing: Ranges,
    /// Numbers for each question.
    kinds: Vec<Ranges>,
    /// Number and UID.
    names: Vec<(u32, u32)>,
    /// What the client's criteria name, as the client names it.
    criteria: Ranges,
    sorted: Vec<u32>,
    threads: Vec<Thread>,
    modseqs: HashMap<u32, u64>,
    /// What the client is told of the end.
    end: Option<(Status, Vec<u8>)>,
}

impl Seek {
    /// Begins one, in a mailbox where no message has this UID or a larger one; or says why it is the provider's alone.
    pub fn begin(
        command: Command,
        search: Search,
        known: Known,
        uid_next: Option<u32>,
        answering: Answering,
    ) -> Result<Self, (Box<Command>, ProviderAlone)> {
        let mut seek = Self {
            command,
            search,
            known,
            uid_next: uid_next.unwrap_or(0),
            answering,
            stage: Stage::Kinds,
            waiting: VecDeque::new(),
            asked: VecDeque::new(),
            count: 0,
            answers: Answers::default(),
            held: 0,
            failure: None,
        };
        match seek.ask_kinds() {
            Some(()) => Ok(seek),
            None => Err((Box::new(seek.search.alone(seek.command)), ProviderAlone::TooLong)),
        }
    }

    /// The next command for the provider. Not all at once: one that reads no more until its answers are taken would wait for
    /// ever.
    pub fn next_line(&mut self) -> Option<Line> {
        let under_way: usize = self.asked.iter().map(|question| question.line.octets()).sum();
        let is_unnamed = |question: &Question| self.answering == Answering::Unnamed && question.about.is_answered_by_numbers();
        let ambiguous = self.waiting.front().is_some_and(is_unnamed) && self.asked.iter().any(is_unnamed);
        if ambiguous || under_way > limits::SEARCH_AHEAD_MAX {
            return None;
        }
        let question = self.waiting.pop_front()?;
        let line = question.line.clone();
        self.asked.push_back(question);
        Some(line)
    }

    /// Takes an untagged response that is neither FETCH nor a status; true: it is not for the client.
    pub fn answer(&mut self, line: &[u8]) -> bool {
        if response::expunged(line).is_some() || found::is_vanished(line) {
            self.renumbered();
            return false;
        }
        let Some(answer) = found::read(line) else { return false };
        let Some(about) = self.about(&answer) else { return false };
        self.hold(line.len());
        if self.failure.is_none() {
            self.take(answer, about);
        }
        true
    }

    /// What is held is bounded, whatever the provider says.
    fn hold(&mut self, octets: usize) {
        self.held += octets;
        if self.held > limits::SEARCH_ANSWERS_MAX {
            self.give_up();
        }
    }

    fn take(&mut self, answer: found::Answer, about: About) {
        match (answer, about) {
            (found::Answer::Numbers(_), _) if self.answering == Answering::Named => self.give_up(),
            (found::Answer::Numbers(Some(found)) | found::Answer::Named(_, Some(found)), about) => self.add(&found, about),
            (found::Answer::Sorted(Some(sorted)), _) => self.answers.sorted.extend(sorted),
            (found::Answer::Threads(Some(threads)), _) => self.answers.threads.extend(threads),
            (found::Answer::Numbers(None) | found::Answer::Named(_, None), _) => self.give_up(),
            (found::Answer::Sorted(None) | found::Answer::Threads(None), _) => self.give_up(),
        }
    }

    fn add(&mut self, found: &Ranges, about: About) {
        let answer = match about {
            About::Existence => Some(&mut self.answers.existing),
            About::Criteria => Some(&mut self.answers.criteria),
            About::Kind(question) => self.answers.kinds.get_mut(question),
            About::Names | About::Order | About::Modseqs | About::Saving => None,
        };
        let Some(answer) = answer else { return };
        answer.add(found);
        if answer.count() > limits::SEARCH_FOUND_MAX {
            self.give_up();
        }
    }

    /// Which question it answers: of those with such an answer, the one that was asked first.
    fn about(&self, answer: &found::Answer) -> Option<About> {
        let answered = self.asked.iter().find(|question| match answer {
            found::Answer::Numbers(_) => question.about.is_answered_by_numbers(),
            found::Answer::Named(tag, _) => question.tag.as_bytes() == tag.as_slice() && question.about.is_answered_by_numbers(),
            found::Answer::Sorted(_) => question.about == About::Order && self.search.seeking == Seeking::Sort,
            found::Answer::Threads(_) => question.about == About::Order && self.search.seeking == Seeking::Thread,
        });
        answered.map(|question| question.about)
    }

    /// Takes a FETCH response; true: it is not for the client.
    pub fn fetched(&mut self, line: &[u8]) -> bool {
        let asked = self
            .asked
            .iter()
            .any(|question| matches!(question.about, About::Names | About::Modseqs));
        let line = Line::of(line);
        let Some(fetched) = Fetched::parse(&line).filter(|_| asked) else {
            return false;
        };
        self.hold(line.octets());
        let uid = fetched.uid(&line);
        let name = match self.search.by {
            Addressing::Uid => uid,
            Addressing::Sequence => Some(fetched.number),
        };
        match self.stage {
            Stage::Names => self.answers.names.extend(uid.map(|uid| (fetched.number, uid))),
            Stage::Modseqs => self.answers.modseqs.extend(name.zip(found::modseq(&line, &fetched))),
            Stage::Kinds | Stage::Criteria | Stage::Saving => {}
        }
        // Servers join news of flags to any FETCH response.
        fetched.items.iter().all(|item| matches!(item.name.as_str(), "UID" | "MODSEQ"))
    }

    /// Numbers mean other messages now. Before the first answer that may be: a command of before is not done yet.
    fn renumbered(&mut self) {
        let by_number = match self.stage {
            Stage::Kinds => self.held > 0,
            Stage::Names => true,
            Stage::Criteria | Stage::Modseqs | Stage::Saving => self.search.by == Addressing::Sequence,
        };
        if by_number {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.failure = Some(ProviderAlone::Refused);
        self.waiting.clear();
    }

    /// Whether the tag is one of a question.
    pub fn has_asked(&self, tag: &[u8]) -> bool {
        self.asked.iter().any(|question| question.tag.as_bytes() == tag)
    }

    /// Whether it is the tag of the last one.
    pub fn is_last(&self, tag: &[u8]) -> bool {
        self.asked.back().is_some_and(|question| question.tag.as_bytes() == tag)
    }

    /// Takes the tagged response to a question.
    pub fn completed(&mut self, tag: &[u8], status: Status, text: &[u8]) -> Option<Outcome> {
        let at = self.asked.iter().position(|question| question.tag.as_bytes() == tag)?;
        let about = self.asked.remove(at)?.about;
        match (about, status) {
            (About::Criteria | About::Order, Status::Ok) => self.answers.end = Some((status, text.to_vec())),
            // What was found is told; that it is not kept is the provider's to say.
            (About::Saving, status) if status != Status::Ok => {
                self.waiting.clear();
                self.answers.end = Some((status, text.to_vec()));
            }
            (_, Status::Ok) => {}
            _ => self.give_up(),
        }
        if !self.asked.is_empty() || !self.waiting.is_empty() {
            return None;
        }
        self.stage_over()
    }

    fn stage_over(&mut self) -> Option<Outcome> {
        if self.failure.is_none() {
            self.go_on();
        }
        if let Some(why) = self.failure {
            let command = self.search.alone(self.command.clone());
            return Some(Outcome::Alone(Box::new(command), why));
        }
        let over = self.waiting.is_empty();
        over.then(|| Outcome::Told(self.told(), self.gone()))
    }

    /// What is asked next; nothing: all is known.
    fn go_on(&mut self) {
        if self.stage == Stage::Kinds {
            self.stage = Stage::Names;
            match self.paired() {
                Some(()) => {}
                None => return self.ask_names(),
            }
        }
        if self.stage == Stage::Names {
            self.stage = Stage::Criteria;
            return self.ask_criteria();
        }
        if self.stage == Stage::Criteria {
            self.stage = Stage::Modseqs;
            if self.search.modseq == Modseq::Told {
                self.ask_modseqs();
            }
            if !self.waiting.is_empty() {
                return;
            }
        }
        if self.stage == Stage::Modseqs {
            self.stage = Stage::Saving;
            if self.search.wants(Wanted::Save) {
                self.ask_saving();
            }
        }
    }

    /// Where all that are known are there, the smallest number is the smallest UID's, and so on (RFC 9051 §2.3.1.1).
    /// `None`: it must be asked.
    fn paired(&mut self) -> Option<()> {
        let existing = &self.answers.existing;
        match existing.count().cmp(&self.known.messages.count()) {
            std::cmp::Ordering::Equal => self.answers.names = existing.iter().zip(self.known.messages.iter()).collect(),
            std::cmp::Ordering::Greater => self.give_up(),
            std::cmp::Ordering::Less if existing.is_empty() => {}
            std::cmp::Ordering::Less => return None,
        }
        Some(())
    }

    /// Those of the messages that are known which are there.
    fn here(&self) -> Ranges {
        let named: Ranges = self.answers.names.iter().map(|(_, uid)| *uid).collect();
        named.and(&self.known.messages)
    }

    /// Those that are not. A new one, of which this connection has not been told yet, is not gone.
    fn gone(&self) -> Ranges {
        let here = self.here();
        let known = self.uid_next.saturating_sub(1).max(here.max().unwrap_or(0));
        self.known.messages.up_to(known).minus(&here)
    }

    /// The messages that the client's criteria name, as the client names them.
    fn found(&self) -> Ranges {
        let here = self.here();
        let uids = |numbers: &Ranges| {
            let named = self.answers.names.iter().filter(|(number, _)| numbers.contains(*number));
            named.map(|(_, uid)| *uid).collect()
        };
        let answers: Vec<Ranges> = self.answers.kinds.iter().map(uids).collect();
        let found = self.search.found(&Facts {
            among: &here,
            texts: &self.known.texts,
            verdicts: &self.known.verdicts,
            answers: &answers,
        });
        let theirs = &self.answers.criteria;
        theirs.minus(&self.as_client(&here)).or(&self.as_client(&found))
    }

    fn as_client(&self, uids: &Ranges) -> Ranges {
        match self.search.by {
            Addressing::Uid => uids.clone(),
            Addressing::Sequence => {
                let named = self.answers.names.iter().filter(|(_, uid)| uids.contains(*uid));
                named.map(|(number, _)| *number).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
