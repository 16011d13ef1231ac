//! Messages that are not S/MIME: marks of ours that somebody wrote into them are made harmless as they pass
//! ([`crate::view::foreign`]). Nothing else of them changes, and nothing that the provider tells of them: an ENVELOPE, BODY or
//! BODYSTRUCTURE is always his, whatever is asked beside it, each of its strings by itself without marks of ours.

use super::*;
use crate::imap::fetch::{Item, Rfc822};
use crate::imap::numbers::SequenceSet;
use crate::view::{SectionText, foreign};
use std::borrow::Cow;

/// When the marks in what a request asks can be found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Look {
    /// While it passes, if ever: messages and headers, whole.
    AsItPasses,
    /// Before: a part says nothing of how it is encoded, a partial may begin in the midst of a word.
    Before,
}

pub(super) fn look(request: &FetchRequest) -> Look {
    request.items.iter().map(of_item).max().unwrap_or(Look::AsItPasses)
}

fn of_item(item: &Item) -> Look {
    match item {
        Item::Dynamic(_) | Item::Size | Item::Envelope | Item::Structure(_) => Look::AsItPasses,
        Item::Rfc822(Rfc822::Whole | Rfc822::Header) => Look::AsItPasses,
        Item::Body { partial: Some(_), .. } | Item::Rfc822(Rfc822::Text) => Look::Before,
        Item::Body { section, .. } => match section.text {
            SectionText::Text => Look::Before,
            SectionText::Whole if !section.path.is_empty() => Look::Before,
            _ => Look::AsItPasses,
        },
    }
}

impl Plan {
    /// What is asked of the messages with these numbers, which are not S/MIME.
    pub(super) fn plan_plain(&mut self, plain: &Ranges) {
        match look(&self.request) {
            Look::AsItPasses => self.steps.extend(plain.sets(SET_OCTETS).into_iter().map(Step::Plain)),
            Look::Before => self.look_before(plain),
        }
    }

    fn look_before(&mut self, plain: &Ranges) {
        let known = self.selected.classes.marks();
        let (marked, harmless) = match self.request.by {
            Addressing::Uid => (plain.and(&known.marked), plain.and(&known.harmless)),
            Addressing::Sequence => {
                let numbers = |uids: &Ranges| {
                    self.found
                        .plain
                        .iter()
                        .filter(|(_, uid)| uids.contains(*uid))
                        .map(|(n, _)| *n)
                        .collect()
                };
                (numbers(&known.marked), numbers(&known.harmless))
            }
        };
        let pairs: Vec<(u32, u32)> = match self.request.by {
            Addressing::Uid => marked.iter().map(|uid| (uid, uid)).collect(),
            Addressing::Sequence => self.found.plain.iter().filter(|(n, _)| marked.contains(*n)).copied().collect(),
        };
        self.found.sealed.extend(pairs);
        let unknown = plain.minus(&marked).minus(&harmless);
        self.steps.extend(harmless.sets(SET_OCTETS).into_iter().map(Step::Plain));
        self.steps.extend(unknown.sets(SET_OCTETS).into_iter().map(Step::Beginning));
    }

    /// The beginning of a message: whether it holds marks.
    pub(super) fn begun(&mut self, answer: &Answer) {
        let Some(item) = answer.fetched.items.iter().find(|item| item.name.starts_with("BODY[]<0")) else {
            return;
        };
        let octets = answer.line.string(&item.value).unwrap_or_default();
        let marked = foreign::defanged(&octets).is_some();
        self.selected.classes.learn_marks(answer.uid, marked);
        if marked {
            self.found.sealed.push((self.number(answer), answer.uid));
        }
    }

    /// Those without marks pass, and those of which nothing came.
    pub(super) fn beginnings_completed(&mut self, set: &str, shelf: &dyn Shelf) {
        let marked: Ranges = self.found.sealed.iter().map(|(number, _)| *number).collect();
        let asked = SequenceSet::parse(set.as_bytes()).and_then(|set| set.closed());
        let plain = asked.map(|asked| asked.minus(&marked)).unwrap_or_default();
        self.steps.extend(plain.sets(SET_OCTETS).into_iter().map(Step::Plain));
        self.plan_sealed(shelf);
    }

    pub(super) fn beginning() -> Vec<u8> {
        format!("UID BODY.PEEK[]<0.{}>", limits::LOOKED_AT_FIRST).into_bytes()
    }
}

impl Answer {
    /// The same without marks of ours in the fields, envelopes and structures that it tells, octet for octet.
    pub(super) fn harmless(&self) -> Cow<'_, Self> {
        let mut out = Cow::Borrowed(self);
        for item in &self.fetched.items {
            let change = match item.name.as_str() {
                "ENVELOPE" | "BODYSTRUCTURE" | "BODY" => Passing::Value,
                name if Passing::named(name.as_bytes()) == Some(Passing::Header) => Passing::Header,
                _ => continue,
            };
            let changed = out
                .line
                .with_changes(item.value.span(), |text| change.text(text), |octets| change.changed(octets));
            if let Some(line) = changed {
                out.to_mut().line = line;
            }
        }
        out
    }
}

/// A FETCH response that passes piece by piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Response {
    /// Nothing in its text is looked at: it is another response, or no envelope has begun.
    #[default]
    Other,
    /// It may tell one.
    Fetch,
    /// It has begun to: what is no item of its own is a string of one.
    Telling,
}

impl Response {
    /// The next piece of its text, of the same length, without marks of ours in its strings.
    pub fn harmless(&mut self, text: Vec<u8>) -> Vec<u8> {
        if *self == Self::Fetch && tells(&text) {
            *self = Self::Telling;
        }
        match self {
            Self::Telling => in_strings(&text).unwrap_or(text),
            Self::Fetch | Self::Other => text,
        }
    }

    /// What the literal holds that a piece of it announces.
    pub fn announced(self, text: &[u8]) -> Option<Passing> {
        Passing::announced(text).or_else(|| {
            let before = text[..text.iter().rposition(|b| *b == b'{')?].trim_ascii_end();
            // An item's name ends otherwise; numbers stand between the strings of a structure.
            let is_value = matches!(before.last(), None | Some(b'(' | b')' | b'"' | b'0'..=b'9')) || before.ends_with(b"NIL");
            (self == Self::Telling && is_value).then_some(Passing::Value)
        })
    }
}

fn tells(text: &[u8]) -> bool {
    let text = text.to_ascii_uppercase();
    [&b"ENVELOPE"[..], b"BODYSTRUCTURE", b"BODY ("]
        .iter()
        .any(|name| memchr::memmem::find(&text, name).is_some())
}

/// Each quoted string of a text without marks of ours; `None`: there is none. Word by word of different strings they are none.
fn in_strings(text: &[u8]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'"', &text[at..]).map(|n| at + n + 1) {
        let mut end = start;
        while end < text.len() && text[end] != b'"' {
            end += if text[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(text.len());
        if let Some(changed) = foreign::defanged_value(&text[start..end]) {
            out.get_or_insert_with(|| text.to_vec())[start..end].copy_from_slice(&changed);
        }
        at = (end + 1).min(text.len());
    }
    out
}

/// What a literal holds in which marks of ours are looked for as it passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passing {
    /// A message.
    Message,
    /// A header, or some of its fields.
    Header,
    /// A string of an envelope or a structure.
    Value,
}

impl Passing {
    /// What the literal holds that a piece of a FETCH response announces, by the name that stands before it.
    pub fn announced(text: &[u8]) -> Option<Self> {
        let name = &text[..text.iter().rposition(|b| *b == b'{')?];
        // As `literal8` (RFC 3516 §4.3.1) too.
        Self::named(name.strip_suffix(b"~").unwrap_or(name).trim_ascii_end())
    }

    /// The same of a text that ends with the name of an item.
    fn named(text: &[u8]) -> Option<Self> {
        let name = text.to_ascii_uppercase();
        let fields = name.ends_with(b")]") && memchr::memmem::find(&name, b"HEADER.FIELDS").is_some();
        let ends = |words: &[&[u8]]| words.iter().any(|word| name.ends_with(word));
        match () {
            () if name == b"RFC822" || ends(&[b"BODY[]", b" RFC822", b"(RFC822"]) => Some(Self::Message),
            () if fields || ends(&[b"BODY[HEADER]", b"RFC822.HEADER", b".MIME]", b".HEADER]"]) => Some(Self::Header),
            () => None,
        }
    }

    /// The literal without marks of ours, of the same length.
    pub fn harmless(self, octets: Vec<u8>) -> Vec<u8> {
        self.changed(&octets).unwrap_or(octets)
    }

    fn changed(self, octets: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Message => foreign::defanged(octets),
            Self::Header => foreign::defanged_header(octets),
            Self::Value => foreign::defanged_value(octets),
        }
    }

    /// The same of the text around literals.
    fn text(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Value => in_strings(text),
            Self::Message | Self::Header => self.changed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Passing, Response};

    #[test]
    fn strings_that_pass_hold_no_mark_each_by_itself() {
        let mut passes = Response::Fetch;
        let mut pass = |text: &str| {
            let out = passes.harmless(text.as_bytes().to_vec());
            (String::from_utf8(out).unwrap(), passes.announced(text.as_bytes()))
        };
        let same = |text: &str, holds| (text.to_owned(), holds);
        assert_eq!(
            pass("* 1 FETCH (X (\"[Souspli]\") {3}\r\n"),
            same("* 1 FETCH (X (\"[Souspli]\") {3}\r\n", None)
        );
        assert_eq!(
            pass(" ENVELOPE (NIL \"[Souspli] \\\"x\" ((\"=?utf-8?q?a\" NIL \"b?=\" {5}\r\n"),
            same(
                " ENVELOPE (NIL \"(faux)    \\\"x\" ((\"=?utf-8?q?a\" NIL \"b?=\" {5}\r\n",
                Some(Passing::Value)
            )
        );
        for (text, holds) in [
            (")) {3}\r\n", Some(Passing::Value)),
            (" NIL {3}\r\n", Some(Passing::Value)),
            (" 20 {3}\r\n", Some(Passing::Value)),
            (" {3}\r\n", Some(Passing::Value)),
            (") BODY[] {3}\r\n", Some(Passing::Message)),
            (") BODY[HEADER] {3}\r\n", Some(Passing::Header)),
            (") BODY[1] {3}\r\n", None),
            (") RFC822.TEXT {3}\r\n", None),
            (") BODY[]<0> {3}\r\n", None),
            (" \"open \\", None),
        ] {
            assert_eq!(pass(text), same(text, holds), "{text}");
        }
    }

    #[test]
    fn what_a_literal_holds() {
        for (text, holds) in [
            ("* 1 FETCH (UID 7 RFC822.SIZE 20 BODY[] {20}\r\n", Some(Passing::Message)),
            ("* 1 FETCH (rfc822 {20}\r\n", Some(Passing::Message)),
            ("* 1 FETCH (BODY[] ~{20}\r\n", Some(Passing::Message)),
            (" \"a\") body[] {20}\r\n", Some(Passing::Message)),
            ("* 1 FETCH (RFC822.HEADER {20}\r\n", Some(Passing::Header)),
            ("* 1 FETCH (BODY[1.MIME] {20}\r\n", Some(Passing::Header)),
            ("* 1 FETCH (BODY[HEADER.FIELDS.NOT (TO)] {20}\r\n", Some(Passing::Header)),
            ("* 1 FETCH (BODY[]<0> {20}\r\n", None),
            ("* 1 FETCH (BODY[1] {20}\r\n", None),
            ("* LIST () \"/\" {20}\r\n", None),
        ] {
            assert_eq!(Passing::announced(text.as_bytes()), holds, "{text}");
        }
    }
}
