//! The grammar of search keys (RFC 9051 §9 `search-key`, RFC 3501 §9, RFC 5032, RFC 7162 §3.1.5, RFC 8474 §5, RFC 8514).

use super::{Found, Key, Seeking, Sense};
use crate::base::limits;
use crate::imap::line::{Cursor, Value};
use crate::imap::numbers::SequenceSet;
use crate::mime::encode::charset_decode;
use crate::view::sought::{Sought, Within};
use std::borrow::Cow;

/// Keys without arguments.
const FLAGS: &[&str] = &[
    "ALL",
    "ANSWERED",
    "DELETED",
    "DRAFT",
    "FLAGGED",
    "NEW",
    "OLD",
    "RECENT",
    "SAVEDATESUPPORTED",
    "SEEN",
    "UNANSWERED",
    "UNDELETED",
    "UNDRAFT",
    "UNFLAGGED",
    "UNSEEN",
];

/// Keys with one argument that says nothing of a text.
const WITH_ONE: &[&str] = &[
    "BEFORE",
    "EMAILID",
    "LARGER",
    "OLDER",
    "ON",
    "SAVEDBEFORE",
    "SAVEDON",
    "SAVEDSINCE",
    "SENTBEFORE",
    "SENTON",
    "SENTSINCE",
    "SINCE",
    "SMALLER",
    "THREADID",
    "X-GM-LABELS",
    "X-GM-MSGID",
    "X-GM-RAW",
    "X-GM-THRID",
    "YOUNGER",
];

/// What follows the command's name, read to its end.
pub(super) fn read(seeking: Seeking, mut cursor: Cursor<'_>) -> Option<Vec<Found>> {
    cursor.space()?;
    let mut reader = Reader {
        cursor,
        charset: None,
        found: Vec::new(),
    };
    reader.options(seeking)?;
    reader.keys()?;
    reader.cursor.is_end().then_some(reader.found)
}

struct Reader<'l> {
    cursor: Cursor<'l>,
    charset: Option<String>,
    found: Vec<Found>,
}

impl<'l> Reader<'l> {
    /// `RETURN (...)` (RFC 4731 §3.1), the order, the algorithm, the charset.
    fn options(&mut self, seeking: Seeking) -> Option<()> {
        if self.word("RETURN").is_some() {
            self.cursor.space()?;
            self.list()?;
            self.cursor.space()?;
        }
        match seeking {
            Seeking::Search if self.word("CHARSET").is_none() => return Some(()),
            Seeking::Search => {}
            Seeking::Sort => self.list()?,
            Seeking::Thread => self.cursor.atom().map(drop)?,
        }
        self.cursor.space()?;
        self.charset = Some(String::from_utf8(self.cursor.astring()?.into_owned()).ok()?);
        self.cursor.space()
    }

    /// `search-key *(SP search-key)`.
    fn keys(&mut self) -> Option<()> {
        self.key(0)?;
        while self.cursor.space().is_some() && !self.cursor.is_end() {
            self.key(0)?;
        }
        Some(())
    }

    fn key(&mut self, depth: usize) -> Option<()> {
        if depth > limits::SEARCH_NESTING_MAX {
            return None;
        }
        if self.cursor.byte(b'(').is_some() {
            return self.inside(depth + 1);
        }
        let start = self.cursor.position();
        let atom = self.cursor.atom()?;
        let name = std::str::from_utf8(atom).ok()?.to_ascii_uppercase();
        match name.as_str() {
            "NOT" => self.operand(depth + 1),
            "OR" => {
                self.operand(depth + 1)?;
                self.operand(depth + 1)
            }
            "KEYWORD" => self.keyword(start, Sense::With),
            "UNKEYWORD" => self.keyword(start, Sense::Without),
            "HEADER" => {
                let field = self.string()?;
                let text = self.string()?;
                self.sought(start, Within::field(&field), &text)
            }
            "BODY" => self.text(start, Within::Body),
            "TEXT" => self.text(start, Within::Text),
            "UID" => self.set(),
            "MODSEQ" => self.modseq(),
            name if FLAGS.contains(&name) => Some(()),
            name if WITH_ONE.contains(&name) => self.string().map(drop),
            name => match Within::field(name.as_bytes()) {
                Some(within) => self.text(start, within),
                None => SequenceSet::parse(atom).map(drop),
            },
        }
    }

    /// `search-key *(SP search-key) ")"`.
    fn inside(&mut self, depth: usize) -> Option<()> {
        loop {
            let _ = self.cursor.space();
            self.key(depth)?;
            let _ = self.cursor.space();
            if self.cursor.byte(b')').is_some() {
                return Some(());
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Option<()> {
        self.cursor.space()?;
        self.key(depth)
    }

    fn text(&mut self, start: usize, within: Within) -> Option<()> {
        let text = self.string()?;
        self.sought(start, Some(within), &text)
    }

    fn sought(&mut self, start: usize, within: Option<Within>, text: &[u8]) -> Option<()> {
        let sought = within.and_then(|within| Sought::new(within, &self.decoded(text)?));
        sought.map_or(Some(()), |sought| self.push(Key::Text(sought), Sense::With, start))
    }

    fn keyword(&mut self, start: usize, sense: Sense) -> Option<()> {
        self.cursor.space()?;
        let name = String::from_utf8(self.cursor.atom()?.to_vec()).ok()?;
        self.push(Key::Keyword(name), sense, start)
    }

    fn push(&mut self, key: Key, sense: Sense, start: usize) -> Option<()> {
        let at = start..self.cursor.position();
        self.found.push(Found { key, sense, at });
        (self.found.len() <= limits::SEARCH_KEYS_MAX).then_some(())
    }

    /// A text in the charset of the command (RFC 9051 §6.4.4); none is named: US-ASCII, or UTF-8 where a client has more.
    fn decoded(&self, text: &[u8]) -> Option<String> {
        match &self.charset {
            Some(charset) if !text.is_ascii() => charset_decode(charset, text),
            _ => String::from_utf8(text.to_vec()).ok(),
        }
    }

    /// `SP sequence-set`.
    fn set(&mut self) -> Option<()> {
        self.cursor.space()?;
        SequenceSet::parse(self.cursor.atom()?).map(drop)
    }

    /// `SP [entry-name SP entry-type-req SP] mod-sequence-valzer`.
    fn modseq(&mut self) -> Option<()> {
        self.cursor.space()?;
        if self.cursor.peek() == Some(b'"') {
            self.cursor.value()?;
            self.string()?;
            self.cursor.space()?;
        }
        let number = self.cursor.atom()?;
        number.iter().all(u8::is_ascii_digit).then_some(())
    }

    fn string(&mut self) -> Option<Cow<'l, [u8]>> {
        self.cursor.space()?;
        self.cursor.astring()
    }

    fn list(&mut self) -> Option<()> {
        matches!(self.cursor.value()?, Value::List(_)).then_some(())
    }

    /// This word, if it is the next one.
    fn word(&mut self, word: &str) -> Option<()> {
        let mut ahead = self.cursor.clone();
        let found = ahead.atom()?.eq_ignore_ascii_case(word.as_bytes());
        found.then(|| self.cursor = ahead)
    }
}
