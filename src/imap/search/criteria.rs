//! The grammar of search keys (RFC 9051 §9 `search-key`, RFC 3501 §9, RFC 5032, RFC 7162 §3.1.5, RFC 8474 §5, RFC 8514).

use super::{Expression, Modseq, Search, Seeking, Sense, Verdict, Wanted};
use crate::base::limits;
use crate::imap::command::Command;
use crate::imap::fetch::Addressing;
use crate::imap::keywords;
use crate::imap::line::{Cursor, Line, Span, Value};
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
pub(super) fn read(by: Addressing, seeking: Seeking, command: &Command) -> Option<Search> {
    let mut cursor = command.arguments();
    cursor.space()?;
    let mut reader = Reader {
        line: &command.line,
        cursor,
        charset: None,
        modseq: Modseq::Untold,
        texts: Vec::new(),
        verdicts: Vec::new(),
        questions: Vec::new(),
    };
    let returns = reader.returns()?;
    if seeking == Seeking::Thread && returns.is_some() {
        return None;
    }
    let order = reader.order(seeking)?;
    let keys = reader.keys()?;
    reader.cursor.is_end().then_some(Search {
        seeking,
        by,
        returns,
        order,
        charset: reader.charset,
        modseq: reader.modseq,
        criteria: keys.span,
        expression: keys.expression,
        texts: reader.texts,
        verdicts: reader.verdicts,
        questions: reader.questions,
    })
}

struct Reader<'l> {
    line: &'l Line,
    cursor: Cursor<'l>,
    charset: Option<String>,
    modseq: Modseq,
    texts: Vec<Sought>,
    verdicts: Vec<Verdict>,
    questions: Vec<Span>,
}

/// A key, or several, and where they stand; without an expression nothing of it can be known here.
struct Key {
    span: Span,
    expression: Option<Expression>,
}

impl<'l> Reader<'l> {
    /// `RETURN (...)` (RFC 4731 §3.1).
    fn returns(&mut self) -> Option<Option<Vec<Wanted>>> {
        if self.word("RETURN").is_none() {
            return Some(None);
        }
        self.cursor.space()?;
        self.cursor.byte(b'(')?;
        let mut wanted = Vec::new();
        loop {
            let _ = self.cursor.space();
            if self.cursor.byte(b')').is_some() {
                self.cursor.space()?;
                return Some(Some(wanted));
            }
            wanted.push(option(self.cursor.atom()?)?);
        }
    }

    /// The order or the algorithm, and the charset.
    fn order(&mut self, seeking: Seeking) -> Option<Option<Span>> {
        let order = match seeking {
            Seeking::Search if self.word("CHARSET").is_none() => return Some(None),
            Seeking::Search => None,
            Seeking::Sort => Some(self.cursor.value().filter(|value| matches!(value, Value::List(_)))?),
            Seeking::Thread => Some(self.cursor.value().filter(|value| matches!(value, Value::Atom(_)))?),
        };
        self.cursor.space()?;
        let charset = String::from_utf8(self.cursor.astring()?.into_owned()).ok()?;
        let named = !charset.is_empty() && charset.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:+".contains(&b));
        self.charset = Some(charset).filter(|_| named);
        self.cursor.space()?;
        named.then(|| order.map(|value| value.span().clone()))
    }

    /// `search-key *(SP search-key)`.
    fn keys(&mut self) -> Option<Key> {
        let mut keys = vec![self.key(0)?];
        while self.cursor.space().is_some() && !self.cursor.is_end() {
            keys.push(self.key(0)?);
        }
        let span = keys.first()?.span.to(&keys.last()?.span);
        let expression = self.all(keys);
        Some(Key { span, expression })
    }

    fn key(&mut self, depth: usize) -> Option<Key> {
        if depth > limits::SEARCH_NESTING_MAX {
            return None;
        }
        let start = self.cursor.rest_span();
        let expression = if self.cursor.byte(b'(').is_some() {
            self.inside(depth + 1)?
        } else {
            self.named(&start, depth)?
        };
        Some(Key {
            span: start.before(&self.cursor.rest_span()),
            expression,
        })
    }

    fn named(&mut self, start: &Span, depth: usize) -> Option<Option<Expression>> {
        let atom = self.cursor.atom()?;
        let name = std::str::from_utf8(atom).ok()?.to_ascii_uppercase();
        match name.as_str() {
            "NOT" => Some(self.operand(depth)?.expression.map(|part| Expression::Not(Box::new(part)))),
            "OR" => self.either(depth),
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
            name if FLAGS.contains(&name) => Some(None),
            name if WITH_ONE.contains(&name) => self.string().map(|_| None),
            name => match Within::field(name.as_bytes()) {
                Some(within) => self.text(start, within),
                None => SequenceSet::parse(atom).map(|_| None),
            },
        }
    }

    /// `search-key *(SP search-key) ")"`.
    fn inside(&mut self, depth: usize) -> Option<Option<Expression>> {
        let mut keys = Vec::new();
        let _ = self.cursor.space();
        loop {
            keys.push(self.key(depth)?);
            let parted = self.cursor.space();
            if self.cursor.byte(b')').is_some() {
                return Some(self.all(keys));
            }
            parted?;
        }
    }

    /// Keys side by side of which nothing is known are one question.
    fn all(&mut self, keys: Vec<Key>) -> Option<Expression> {
        if keys.iter().all(|key| key.expression.is_none()) {
            return None;
        }
        let mut parts = Vec::new();
        let mut unknown: Option<Span> = None;
        for Key { span, expression } in keys {
            match expression {
                None => unknown = Some(unknown.map_or_else(|| span.clone(), |before| before.to(&span))),
                Some(known) => {
                    parts.extend(unknown.take().map(|span| self.asked(span)));
                    parts.push(known);
                }
            }
        }
        parts.extend(unknown.map(|span| self.asked(span)));
        Some(Expression::All(parts))
    }

    fn either(&mut self, depth: usize) -> Option<Option<Expression>> {
        let keys = [self.operand(depth)?, self.operand(depth)?];
        if keys.iter().all(|key| key.expression.is_none()) {
            return Some(None);
        }
        let parts = keys.map(|Key { span, expression }| expression.unwrap_or_else(|| self.asked(span)));
        Some(Some(Expression::Either(Box::new(parts))))
    }

    fn operand(&mut self, depth: usize) -> Option<Key> {
        self.cursor.space()?;
        self.key(depth + 1)
    }

    fn text(&mut self, start: &Span, within: Within) -> Option<Option<Expression>> {
        let text = self.string()?;
        self.sought(start, Some(within), &text)
    }

    fn sought(&mut self, start: &Span, within: Option<Within>, text: &[u8]) -> Option<Option<Expression>> {
        let Some(sought) = within.and_then(|within| Sought::new(within, &self.decoded(text)?)) else {
            return Some(None);
        };
        self.texts.push(sought);
        let question = self.question(start.before(&self.cursor.rest_span()));
        self.bounded(Expression::Text(self.texts.len() - 1, question))
    }

    fn keyword(&mut self, start: &Span, sense: Sense) -> Option<Option<Expression>> {
        self.cursor.space()?;
        let name = self.cursor.atom()?;
        if !keywords::is_ours(name) {
            return Some(None);
        }
        self.verdicts.push(Verdict {
            name: String::from_utf8(name.to_vec()).ok()?,
            sense,
            at: start.before(&self.cursor.rest_span()),
        });
        let has = Expression::Verdict(self.verdicts.len() - 1);
        self.bounded(match sense {
            Sense::With => has,
            Sense::Without => Expression::Not(Box::new(has)),
        })
    }

    fn bounded(&self, expression: Expression) -> Option<Option<Expression>> {
        let known = self.texts.len() + self.verdicts.len();
        (known <= limits::SEARCH_KEYS_MAX).then_some(Some(expression))
    }

    fn asked(&mut self, span: Span) -> Expression {
        Expression::Asked(self.question(span))
    }

    /// The same words are one question.
    fn question(&mut self, span: Span) -> usize {
        let octets = |span: &Span| {
            let mut out = Vec::new();
            self.line.write(span, &mut out);
            out
        };
        let asked = octets(&span);
        let same = self.questions.iter().position(|other| octets(other) == asked);
        same.unwrap_or_else(|| {
            self.questions.push(span);
            self.questions.len() - 1
        })
    }

    /// A text in the charset of the command (RFC 9051 §6.4.4); none is named: US-ASCII, or UTF-8 where a client has more.
    fn decoded(&self, text: &[u8]) -> Option<String> {
        match &self.charset {
            Some(charset) if !text.is_ascii() => charset_decode(charset, text),
            _ => String::from_utf8(text.to_vec()).ok(),
        }
    }

    /// `SP sequence-set`.
    fn set(&mut self) -> Option<Option<Expression>> {
        self.cursor.space()?;
        SequenceSet::parse(self.cursor.atom()?).map(|_| None)
    }

    /// `SP [entry-name SP entry-type-req SP] mod-sequence-valzer`.
    fn modseq(&mut self) -> Option<Option<Expression>> {
        self.modseq = Modseq::Told;
        self.cursor.space()?;
        if self.cursor.peek() == Some(b'"') {
            self.cursor.value()?;
            self.string()?;
            self.cursor.space()?;
        }
        let number = self.cursor.atom()?;
        number.iter().all(u8::is_ascii_digit).then_some(None)
    }

    fn string(&mut self) -> Option<Cow<'l, [u8]>> {
        self.cursor.space()?;
        self.cursor.astring()
    }

    /// This word, if it is the next one.
    fn word(&mut self, word: &str) -> Option<()> {
        let mut ahead = self.cursor.clone();
        let found = ahead.atom()?.eq_ignore_ascii_case(word.as_bytes());
        found.then(|| self.cursor = ahead)
    }
}

fn option(word: &[u8]) -> Option<Wanted> {
    const WORDS: [(&[u8], Wanted); 5] = [
        (b"MIN", Wanted::Min),
        (b"MAX", Wanted::Max),
        (b"COUNT", Wanted::Count),
        (b"ALL", Wanted::All),
        (b"SAVE", Wanted::Save),
    ];
    let found = WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, wanted)| *wanted)
}
