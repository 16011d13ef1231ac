//! A reader of a line, from left to right.

use super::super::frame::chomp;
use super::{Line, Span, Value};
use crate::base::limits;
use std::borrow::Cow;

/// Reads a line from left to right. Every reader returns `None`, and does not move, when something else stands there.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    pub(super) line: &'a Line,
    pub(super) end: usize,
    pub(super) at: usize,
    pub(super) literal: usize,
}

impl<'a> Cursor<'a> {
    /// The octet that is next.
    pub fn peek(&self) -> Option<u8> {
        self.line.text.get(self.at).copied().filter(|_| self.at < self.end)
    }

    /// Where it stands in the line's text.
    pub fn position(&self) -> usize {
        self.at
    }

    /// True at the end of the line.
    pub fn is_end(&self) -> bool {
        self.at >= self.end
    }

    /// This octet.
    pub fn byte(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A space. Servers are known to send several.
    pub fn space(&mut self) -> Option<()> {
        self.byte(b' ')?;
        while self.byte(b' ').is_some() {}
        Some(())
    }

    /// Octets up to a space, parenthesis, quote or brace; brackets are letters here (`[CODE]` is read by `response`).
    pub fn atom(&mut self) -> Option<&'a [u8]> {
        let rest = &self.line.text[self.at..self.end];
        let len = rest.iter().position(|b| is_special(*b)).unwrap_or(rest.len());
        if len == 0 {
            return None;
        }
        self.at += len;
        Some(&rest[..len])
    }

    /// A number.
    pub fn number(&mut self) -> Option<u32> {
        let rest = &self.line.text[self.at..self.end];
        let len = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        let number = std::str::from_utf8(&rest[..len]).ok()?.parse().ok()?;
        self.at += len;
        Some(number)
    }

    /// The text that is left.
    pub fn rest(&self) -> &'a [u8] {
        &self.line.text[self.at.min(self.end)..self.end]
    }

    /// Everything from here to the end of the line, line end included.
    pub fn rest_span(&self) -> Span {
        Span {
            text: self.at..self.line.text.len(),
            literals: self.literal..self.line.literals.len(),
        }
    }

    /// An `astring`, decoded.
    pub fn astring(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut ahead = self.clone();
        let value = ahead.value()?;
        let string = match &value {
            Value::Atom(span) => Cow::Borrowed(self.line.span_text(span)),
            Value::List(_) => return None,
            _ => self.line.string(&value)?,
        };
        *self = ahead;
        Some(string)
    }

    /// Any one value; lists are walked, not recursed into, down to `limits::IMAP_NESTING_MAX`.
    pub fn value(&mut self) -> Option<Value> {
        let (at, literal) = (self.at, self.literal);
        let span = |c: &Self| Span {
            text: at..c.at,
            literals: literal..c.literal,
        };
        let mut ahead = self.clone();
        let value = match ahead.peek()? {
            b'"' => {
                ahead.quoted()?;
                Value::Quoted(span(&ahead))
            }
            b'(' => {
                ahead.list()?;
                Value::List(span(&ahead))
            }
            b'{' | b'~' if ahead.take_literal().is_some() => Value::Literal(span(&ahead), literal),
            _ => {
                ahead.atom()?;
                Value::Atom(span(&ahead))
            }
        };
        *self = ahead;
        Some(value)
    }

    fn quoted(&mut self) -> Option<()> {
        self.byte(b'"')?;
        loop {
            match self.peek()? {
                b'"' => return self.byte(b'"'),
                b'\\' => self.at += 2,
                // A line end stands nowhere but behind the announcement of a literal.
                b'\r' | b'\n' => return None,
                _ => self.at += 1,
            }
        }
    }

    fn take_literal(&mut self) -> Option<()> {
        let held = self.line.literals.get(self.literal)?;
        let head = self.line.text.get(self.at..held.at)?;
        let head = chomp(head.strip_prefix(b"~").unwrap_or(head));
        let digits = head.strip_prefix(b"{")?.strip_suffix(b"}")?;
        let digits = digits.strip_suffix(b"+").unwrap_or(digits);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.at = held.at;
        self.literal += 1;
        Some(())
    }

    fn list(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'(' => {
                    depth += 1;
                    self.at += 1;
                }
                b')' => {
                    depth -= 1;
                    self.at += 1;
                }
                b'"' => self.quoted()?,
                b'{' | b'~' if self.take_literal().is_some() => {}
                _ => self.at += 1,
            }
            if depth == 0 {
                return Some(());
            }
            if depth > limits::IMAP_NESTING_MAX {
                return None;
            }
        }
    }
}

fn is_special(b: u8) -> bool {
    matches!(b, b' ' | b'(' | b')' | b'"' | b'{' | b'\r' | b'\n')
}
