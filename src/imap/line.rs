//! One command or response held whole: its text with the announcements, its literals beside it, and a reader of both.

mod changed;
mod cursor;
mod span;

use super::frame::{Announced, Piece, Sync, chomp};
use crate::base::limits;
use std::borrow::Cow;
use std::collections::VecDeque;
use zeroize::Zeroize;

pub use cursor::Cursor;
pub use span::Span;

/// A complete line. The literal of an announcement stands in `literals`, so that a message can be moved out uncopied.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Line {
    text: Vec<u8>,
    literals: Vec<Held>,
    /// Octets of all literals: asked at every piece of a response, which may have as many literals as it has words.
    literal_octets: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Held {
    /// Where in `text` the announcement's line end stops.
    at: usize,
    announced: Announced,
    bytes: Vec<u8>,
}

/// Text of a command and the literal that follows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// The text, without the announcement.
    pub text: Vec<u8>,
    /// The literal, and whether its sender waited for `+`; `None`: the command ends.
    pub literal: Option<(Vec<u8>, Sync)>,
}

/// One value of the grammar (RFC 9051 §9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// An atom or number; `NIL` too.
    Atom(Span),
    /// A quoted string, quotes included.
    Quoted(Span),
    /// The literal of this index.
    Literal(Span, usize),
    /// Parentheses and what they hold.
    List(Span),
}

impl Line {
    /// Adds the next piece.
    pub fn push(&mut self, piece: Piece) {
        match piece {
            Piece::Text { bytes, literal } => {
                self.text.extend_from_slice(&bytes);
                if let Some(announced) = literal {
                    self.literals.push(Held {
                        at: self.text.len(),
                        announced,
                        bytes: Vec::new(),
                    });
                }
            }
            Piece::Literal { bytes, left } => {
                if let Some(held) = self.literals.last_mut() {
                    self.literal_octets += bytes.len();
                    if held.bytes.is_empty() {
                        held.bytes = bytes;
                        // One allocation for one message; a size is only a promise, so never for more than a message may have.
                        held.bytes
                            .reserve_exact(usize::try_from(left).unwrap_or(0).min(limits::MESSAGE_MAX));
                    } else {
                        held.bytes.extend_from_slice(&bytes);
                    }
                }
            }
        }
    }

    /// A line without literals, as tests and internal commands write it.
    pub fn of(text: &[u8]) -> Self {
        Self {
            text: text.to_vec(),
            literals: Vec::new(),
            literal_octets: 0,
        }
    }

    /// The text with the announcements, without the literals.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// All octets that it holds.
    pub fn octets(&self) -> usize {
        self.text.len() + self.literal_octets
    }

    /// How many literals.
    pub fn literal_count(&self) -> usize {
        self.literals.len()
    }

    /// What was announced for a literal.
    pub fn announced(&self, index: usize) -> Option<Announced> {
        self.literals.get(index).map(|l| l.announced)
    }

    /// The octets of a literal.
    pub fn literal(&self, index: usize) -> &[u8] {
        self.literals.get(index).map_or(&[], |l| &l.bytes)
    }

    /// Takes a literal's octets out.
    pub fn take_literal(&mut self, index: usize) -> Vec<u8> {
        let bytes = self
            .literals
            .get_mut(index)
            .map(|l| std::mem::take(&mut l.bytes))
            .unwrap_or_default();
        self.literal_octets -= bytes.len();
        bytes
    }

    /// A reader that stands at the beginning.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor {
            line: self,
            end: chomp(&self.text).len(),
            at: 0,
            literal: 0,
        }
    }

    /// The whole line.
    pub fn whole(&self) -> Span {
        Span {
            text: 0..self.text.len(),
            literals: 0..self.literals.len(),
        }
    }

    /// The text of a span, announcements included.
    pub fn span_text(&self, span: &Span) -> &[u8] {
        self.text.get(span.text.clone()).unwrap_or_default()
    }

    /// Writes a span with its literals, octet for octet as it came.
    pub fn write(&self, span: &Span, out: &mut Vec<u8>) {
        let mut from = span.text.start;
        for held in self.literals.get(span.literals.clone()).unwrap_or_default() {
            out.extend_from_slice(self.text.get(from..held.at).unwrap_or_default());
            out.extend_from_slice(&held.bytes);
            from = held.at;
        }
        out.extend_from_slice(self.text.get(from..span.text.end).unwrap_or_default());
    }

    /// The octets of a string (`NIL`: none; an atom: itself).
    pub fn string(&self, value: &Value) -> Option<Cow<'_, [u8]>> {
        match value {
            Value::Literal(_, index) => Some(Cow::Borrowed(self.literal(*index))),
            Value::Quoted(span) => Some(unquote(self.span_text(span))),
            Value::Atom(span) => {
                let text = self.span_text(span);
                if text.eq_ignore_ascii_case(b"NIL") {
                    None
                } else {
                    Some(Cow::Borrowed(text))
                }
            }
            Value::List(_) => None,
        }
    }

    /// Puts other octets in a literal's place, to be sent when the server has said `+`.
    pub fn set_literal(&mut self, index: usize, bytes: Vec<u8>) {
        if let Some(held) = self.literals.get_mut(index) {
            self.literal_octets = self.literal_octets - held.bytes.len() + bytes.len();
            held.bytes = bytes;
            held.announced.sync = Sync::Waits;
        }
    }

    /// Forgets what it holds, octet by octet: it may be a password.
    pub fn wipe(&mut self) {
        self.text.zeroize();
        self.literals.iter_mut().for_each(|held| held.bytes.zeroize());
        self.literals.clear();
        self.literal_octets = 0;
    }

    /// The text between literals, announcements left out, each with the literal that follows it: what is sent one by
    /// one where the server is to say `+` first.
    pub fn fragments(self) -> VecDeque<Fragment> {
        let mut out = VecDeque::with_capacity(self.literals.len() + 1);
        let mut from = 0;
        for held in self.literals {
            let text = &self.text[from..held.at];
            let open = memchr::memrchr(b'{', text).unwrap_or(text.len());
            out.push_back(Fragment {
                text: text[..open].to_vec(),
                literal: Some((held.bytes, held.announced.sync)),
            });
            from = held.at;
        }
        out.push_back(Fragment {
            text: self.text[from..].to_vec(),
            literal: None,
        });
        out
    }
}

impl Value {
    /// Where it stands.
    pub fn span(&self) -> &Span {
        match self {
            Value::Atom(span) | Value::Quoted(span) | Value::Literal(span, _) | Value::List(span) => span,
        }
    }
}

fn unquote(quoted: &[u8]) -> Cow<'_, [u8]> {
    let inside = quoted.strip_prefix(b"\"").unwrap_or(quoted);
    let inside = inside.strip_suffix(b"\"").unwrap_or(inside);
    if memchr::memchr(b'\\', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(&b) = bytes.next() {
        out.push(if b == b'\\' { bytes.next().copied().unwrap_or(b'\\') } else { b });
    }
    Cow::Owned(out)
}

/// `string`: quoted when it can be, else a literal (RFC 9051 §4.3).
pub fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    let quotable = bytes.len() <= 1000 && bytes.iter().all(|b| (b' '..=b'~').contains(b));
    if !quotable {
        return write_literal(bytes, out);
    }
    out.push(b'"');
    for &b in bytes {
        if b == b'"' || b == b'\\' {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
}

/// `literal`.
pub fn write_literal(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{{}}}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
}

/// Cuts bytes into lines, as the framer does, for tests of what reads lines.
#[cfg(test)]
pub(crate) fn lines(side: super::frame::Side, stream: &[u8]) -> Vec<Line> {
    let mut framer = super::frame::Framer::new(side);
    framer.push(stream);
    let (mut out, mut line) = (Vec::new(), Line::default());
    while let Some(piece) = framer.next_piece().unwrap() {
        let done = matches!(piece, Piece::Text { literal: None, .. });
        line.push(piece);
        if done {
            out.push(std::mem::take(&mut line));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::frame::Side;
    use super::*;

    #[test]
    fn values_are_found_and_written_back_as_they_came() {
        let stream = b"a (x \"q\\\"(\" {3}\r\n(\r\n y) ~{2}\r\n)) \"b\\\\\" NIL\r\n";
        let line = lines(Side::Server, &[b"* ", &stream[..]].concat()).remove(0);
        let mut cursor = line.cursor();
        cursor.byte(b'*').unwrap();
        let mut seen = Vec::new();
        while cursor.space().is_some() {
            let value = cursor.value().unwrap();
            let mut out = Vec::new();
            line.write(value.span(), &mut out);
            seen.push(String::from_utf8(out).unwrap());
        }
        assert_eq!(seen, ["a", "(x \"q\\\"(\" {3}\r\n(\r\n y)", "~{2}\r\n))", "\"b\\\\\"", "NIL"]);
        assert!(cursor.is_end());
        let mut all = Vec::new();
        line.write(&line.whole(), &mut all);
        assert_eq!(all, [b"* ", &stream[..]].concat());
    }

    /// The octets of that literal would be nowhere: neither in the string nor beside it.
    #[test]
    fn no_string_goes_on_behind_a_literal() {
        for stream in ["a TEXT \"{3+}\r\nmot\" x\r\n", "a TEXT (\"b\\\\{3}\r\nmot\")\r\n"] {
            let line = lines(Side::Client, stream.as_bytes()).remove(0);
            let mut cursor = line.cursor();
            assert!(cursor.atom().and(cursor.space()).and(cursor.atom()).and(cursor.space()).is_some());
            assert_eq!(cursor.value(), None, "{stream}");
        }
    }

    #[test]
    fn depth_and_missing_ends_are_refused() {
        let deep = [vec![b'('; limits::IMAP_NESTING_MAX + 1], vec![b')'; limits::IMAP_NESTING_MAX + 1]].concat();
        for text in [&deep[..], b"(a", b"\"a", b"\"a\\", b"", b")"] {
            assert_eq!(Line::of(text).cursor().value(), None, "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn strings() {
        for (bytes, want) in [
            (&b"a \"b\\"[..], &b"\"a \\\"b\\\\\""[..]),
            (b"", b"\"\""),
            (b"\xe9", b"{1}\r\n\xe9"),
            (b"a\r\nb", b"{4}\r\na\r\nb"),
        ] {
            let mut out = Vec::new();
            write_string(bytes, &mut out);
            assert_eq!(out, want);
        }
    }
}
