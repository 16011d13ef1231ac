//! A SEARCH, SORT or THREAD widened by messages of which the provider cannot know that they match (RFC 9051 §6.4.4,
//! RFC 5256 §3, RFC 4731).
//!
//! Each key K for which messages are known here becomes `(OR K UID set)`. Everything else stays octet for octet, so that
//! NOT, OR, what is returned, sorted and saved (`$`) stay the provider's, and stay right.

mod criteria;

use super::command::Command;
use super::line::Line;
use super::numbers::Ranges;
use crate::base::limits;
use crate::view::sought::Sought;
use std::ops::Range;

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

/// The keys of a command that may be known here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    found: Vec<Found>,
}

/// A key of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// A text: FROM, TO, CC, BCC, SUBJECT, BODY, TEXT, or HEADER of such a field.
    Text(Sought),
    /// KEYWORD, or UNKEYWORD, which is widened as its opposite.
    Keyword(String),
}

/// A key and where it stands in the text of the line, its literals left out.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Found {
    key: Key,
    sense: Sense,
    at: Range<usize>,
}

/// Whether messages are sought that have it, or that have not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sense {
    With,
    Without,
}

/// What becomes of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Widened {
    /// It goes as it came: nothing is known here.
    AsItCame,
    /// This line goes instead.
    Instead(Line),
    /// It goes as it came: a server might not take the longer line.
    TooLong,
}

impl Search {
    /// Reads a command. `None`: not of a form that is understood.
    pub fn parse(seeking: Seeking, command: &Command) -> Option<Self> {
        let found = criteria::read(seeking, command.arguments())?;
        Some(Self { found })
    }

    /// The keys, as they stand.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.found.iter().map(|found| &found.key)
    }

    /// The texts among them.
    pub fn texts(&self) -> impl Iterator<Item = &Sought> {
        self.keys().filter_map(|key| match key {
            Key::Text(sought) => Some(sought),
            Key::Keyword(_) => None,
        })
    }

    /// The command with the UIDs of messages that are known to match a key, beside what the provider finds; of a keyword of
    /// ours, in its place. It is asked for each key, in order; none: the key stays.
    pub fn widened(&self, line: &Line, mut known: impl FnMut(&Key) -> Option<Ranges>) -> Widened {
        let mut insertions = Vec::new();
        for Found { key, sense, at } in &self.found {
            let Some(uids) = known(key) else { continue };
            let mut sets = uids.sets(limits::SEARCH_LINE_MAX);
            let set = sets.pop().map(|set| format!("UID {set}"));
            if sets.pop().is_some() {
                return Widened::TooLong;
            }
            let Some((before, after)) = around(key, *sense, set) else {
                continue;
            };
            insertions.push((at.start, before));
            insertions.push((at.end, after));
        }
        if insertions.is_empty() {
            return Widened::AsItCame;
        }
        let longer = line.text().len() + insertions.iter().map(|(_, text)| text.len()).sum::<usize>();
        if longer > limits::SEARCH_LINE_MAX {
            return Widened::TooLong;
        }
        Widened::Instead(line.with_insertions(&insertions))
    }
}

/// What stands before and behind a key so that these messages match, or none; `None`: the key stays. A text is sought at the
/// provider too; a keyword of ours, which others may have stored there, only here.
fn around(key: &Key, sense: Sense, set: Option<String>) -> Option<(String, String)> {
    let (before, after) = match (key, sense, set) {
        (Key::Text(_), _, None) => return None,
        (Key::Text(_), Sense::With, Some(set)) => ("(OR ".to_owned(), format!(" {set})")),
        (Key::Text(_), Sense::Without, Some(set)) => ("(".to_owned(), format!(" NOT {set})")),
        (Key::Keyword(_), Sense::With, Some(set)) => (format!("({set} OR ALL "), ")".to_owned()),
        (Key::Keyword(_), Sense::With, None) => ("(NOT ALL OR ALL ".to_owned(), ")".to_owned()),
        (Key::Keyword(_), Sense::Without, Some(set)) => (format!("(NOT {set} OR ALL "), ")".to_owned()),
        (Key::Keyword(_), Sense::Without, None) => ("(OR ALL ".to_owned(), ")".to_owned()),
    };
    Some((before, after))
}

#[cfg(test)]
mod tests;
