//! What a SEARCH, SORT or THREAD seeks, and which messages that is (RFC 9051 §6.4.4, RFC 5256 §3, RFC 4731).
//!
//! Texts and verdicts are known here of some messages. Every maximal stretch of the criteria without either is a question to
//! the provider, and so is each text, which the stored message may have too.

mod criteria;

use super::command::Command;
use super::fetch::Addressing;
use super::line::{Line, Span};
use super::numbers::Ranges;
use crate::view::sought::Sought;

/// Which of the commands with search keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seeking {
    /// `SEARCH`.
    Search,
    /// `SORT`.
    Sort,
    /// `THREAD`.
    Thread,
}

/// What `RETURN` asks (RFC 4731 §3.1, RFC 5182 §2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// `MIN`.
    Min,
    /// `MAX`.
    Max,
    /// `COUNT`.
    Count,
    /// `ALL`.
    All,
    /// `SAVE`.
    Save,
}

/// Whether the criteria name mod-sequences, so that the answer does too (RFC 7162 §3.1.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Modseq {
    /// They do.
    Told,
    /// They do not.
    Untold,
}

/// A command, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// Which one.
    pub seeking: Seeking,
    /// How it names messages in its answer.
    pub by: Addressing,
    /// What stands in `RETURN (...)`; `None`: there is none.
    pub returns: Option<Vec<Wanted>>,
    /// The order of a SORT, or the algorithm of a THREAD.
    pub order: Option<Span>,
    /// The charset.
    pub charset: Option<String>,
    /// Whether mod-sequences are told.
    pub modseq: Modseq,
    criteria: Span,
    expression: Option<Expression>,
    texts: Vec<Sought>,
    verdicts: Vec<Verdict>,
    questions: Vec<Span>,
}

/// Criteria of which something is known here.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Expression {
    All(Vec<Expression>),
    Either(Box<[Expression; 2]>),
    Not(Box<Expression>),
    /// A text, and the question whether what is stored has it.
    Text(usize, usize),
    /// A keyword of ours.
    Verdict(usize),
    /// A question.
    Asked(usize),
}

/// KEYWORD or UNKEYWORD with a keyword of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Verdict {
    name: String,
    sense: Sense,
    at: Span,
}

/// Whether messages are sought that have it, or that have not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sense {
    With,
    Without,
}

/// What is known of the messages of which the criteria are worked out here, all by UID.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Those messages.
    pub among: &'a Ranges,
    /// Which have each text, by what was opened.
    pub texts: &'a [Ranges],
    /// Which have each verdict.
    pub verdicts: &'a [Ranges],
    /// Which the provider has named to each question.
    pub answers: &'a [Ranges],
}

impl Search {
    /// Reads a command. `None`: not of a form that is understood.
    pub fn parse(by: Addressing, seeking: Seeking, command: &Command) -> Option<Self> {
        criteria::read(by, seeking, command)
    }

    /// Whether anything of it may be known here.
    pub fn is_known_here(&self) -> bool {
        self.expression.is_some()
    }

    /// The texts that it seeks.
    pub fn texts(&self) -> impl Iterator<Item = &Sought> {
        self.texts.iter()
    }

    /// The keywords of ours that it names.
    pub fn verdicts(&self) -> impl Iterator<Item = &str> {
        self.verdicts.iter().map(|verdict| verdict.name.as_str())
    }

    /// What the provider must be asked.
    pub fn questions(&self) -> &[Span] {
        &self.questions
    }

    /// Whether `RETURN` asks this.
    pub fn wants(&self, wanted: Wanted) -> bool {
        self.returns.as_ref().is_some_and(|returns| returns.contains(&wanted))
    }

    /// The messages that the criteria name.
    pub fn found(&self, facts: &Facts<'_>) -> Ranges {
        self.expression.as_ref().map(|all| facts.of(all)).unwrap_or_default()
    }

    /// Writes the criteria as they came; but no keyword of ours is sought at the provider, where others may have stored it.
    pub fn write_criteria(&self, line: &Line, out: &mut Line) {
        let Some(first) = self.verdicts.first() else {
            return out.add_span(line, &self.criteria);
        };
        out.add_span(line, &self.criteria.before(&first.at));
        for (index, verdict) in self.verdicts.iter().enumerate() {
            out.add(match verdict.sense {
                Sense::With => b"(NOT ALL OR ALL ",
                Sense::Without => b"(OR ALL ",
            });
            out.add_span(line, &verdict.at);
            out.add(b")");
            match self.verdicts.get(index + 1) {
                Some(next) => out.add_span(line, &verdict.at.between(&next.at)),
                None => out.add_span(line, &verdict.at.behind(&self.criteria)),
            }
        }
    }

    /// The command for the provider alone.
    pub fn alone(&self, command: Command) -> Command {
        if self.verdicts.is_empty() {
            return command;
        }
        let mut line = Line::default();
        let whole = command.line.whole();
        line.add_span(&command.line, &whole.before(&self.criteria));
        self.write_criteria(&command.line, &mut line);
        line.add_span(&command.line, &self.criteria.behind(&whole));
        Command { line, ..command }
    }
}

impl Facts<'_> {
    fn of(&self, expression: &Expression) -> Ranges {
        let answer = |question: &usize| self.answers.get(*question).map(|told| told.and(self.among)).unwrap_or_default();
        let known = |of: &[Ranges], index: &usize| of.get(*index).map(|known| known.and(self.among)).unwrap_or_default();
        match expression {
            Expression::All(parts) => parts.iter().fold(self.among.clone(), |all, part| all.and(&self.of(part))),
            Expression::Either(parts) => {
                let [one, other] = parts.as_ref();
                self.of(one).or(&self.of(other))
            }
            Expression::Not(part) => self.among.minus(&self.of(part)),
            Expression::Text(text, question) => known(self.texts, text).or(&answer(question)),
            Expression::Verdict(index) => known(self.verdicts, index),
            Expression::Asked(question) => answer(question),
        }
    }
}

#[cfg(test)]
mod tests;
