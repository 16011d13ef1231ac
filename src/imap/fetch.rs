//! What a client asks by FETCH (RFC 9051 §6.4.5, RFC 3501 macros and RFC822 items), and what kind of work it is.

use super::line::{Cursor, write_string};
use super::numbers::SequenceSet;
use crate::base::limits;
use crate::view::restored::may_change;
use crate::view::{Section, SectionText};

/// A FETCH command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchRequest {
    /// `UID FETCH` or `FETCH`.
    pub by: Addressing,
    /// The set.
    pub set: SequenceSet,
    /// The set as written.
    pub set_text: String,
    /// The items, macros expanded.
    pub items: Vec<Item>,
    /// `(CHANGEDSINCE n [VANISHED])` as written (RFC 7162 §3.1.4.1, §3.2.6).
    pub modifiers: Option<String>,
}

/// How messages are named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addressing {
    /// By UID.
    Uid,
    /// By message sequence number.
    Sequence,
}

/// One thing asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// Says nothing of the content: FLAGS, UID, INTERNALDATE and their kin, upper case.
    Dynamic(String),
    /// `RFC822.SIZE`.
    Size,
    /// `ENVELOPE`.
    Envelope,
    /// `BODY` or `BODYSTRUCTURE`.
    Structure(Extension),
    /// `BODY[...]`, `BODY.PEEK[...]`.
    Body {
        /// Which part.
        section: Section,
        /// `<origin.count>`.
        partial: Option<(u32, u32)>,
        /// Whether reading it marks the message as seen.
        seen: Seen,
    },
    /// `RFC822`, `RFC822.HEADER`, `RFC822.TEXT`.
    Rfc822(Rfc822),
}

/// Whether a structure carries its extension data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// `BODY`.
    Without,
    /// `BODYSTRUCTURE`.
    With,
}

/// Whether an item sets `\Seen`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It does.
    Sets,
    /// `.PEEK`: it does not.
    Peeks,
}

/// The three old items (RFC 3501 §6.4.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rfc822 {
    /// `RFC822`, as `BODY[]`.
    Whole,
    /// `RFC822.HEADER`, as `BODY.PEEK[HEADER]`.
    Header,
    /// `RFC822.TEXT`, as `BODY[TEXT]`.
    Text,
}

/// What answering takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Nothing: it passes.
    Dynamic,
    /// The provider's answer, rewritten without opening anything.
    Listing,
    /// The View, for S/MIME messages.
    Content,
}

const DYNAMIC: &[&str] = &[
    "FLAGS",
    "UID",
    "INTERNALDATE",
    "MODSEQ",
    "EMAILID",
    "THREADID",
    "SAVEDATE",
    "X-GM-MSGID",
    "X-GM-THRID",
    "X-GM-LABELS",
];

impl FetchRequest {
    /// Reads what follows `FETCH`; `None`: not of a form that is understood, which is refused rather than passed.
    pub fn parse(by: Addressing, cursor: &mut Cursor<'_>) -> Option<Self> {
        cursor.space()?;
        let set_text = cursor.atom()?;
        let set = SequenceSet::parse(set_text)?;
        cursor.space()?;
        let items = items(cursor)?;
        let modifiers = if cursor.space().is_some() && !cursor.is_end() {
            Some(modifiers(cursor)?)
        } else {
            None
        };
        cursor.is_end().then(|| Self {
            by,
            set,
            set_text: String::from_utf8_lossy(set_text).into_owned(),
            items,
            modifiers,
        })
    }

    /// The most demanding of its items.
    pub fn kind(&self) -> Kind {
        self.items.iter().map(Item::kind).max().unwrap_or(Kind::Dynamic)
    }

    /// Whether the answer carries the message's Content-Type field in any case.
    pub fn names_content_type(&self) -> bool {
        self.items.iter().any(|item| {
            matches!(item, Item::Body { section: Section { path, text: SectionText::HeaderFields(names) }, .. }
            if path.is_empty() && names.iter().any(|n| n.eq_ignore_ascii_case("Content-Type")))
        })
    }

    /// Whether a field is asked that a View may show otherwise than it is stored.
    pub fn names_author_fields(&self) -> bool {
        self.items.iter().any(|item| {
            matches!(item, Item::Body { section: Section { path, text: SectionText::HeaderFields(names) }, .. }
            if path.is_empty() && names.iter().any(|n| may_change(n)))
        })
    }

    /// Whether this dynamic item is asked.
    pub fn asks(&self, name: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Dynamic(asked) if asked == name))
    }

    /// Whether reading marks the messages as seen.
    pub fn sets_seen(&self) -> bool {
        self.items.iter().any(Item::sets_seen)
    }

    /// `UID FETCH` or `FETCH`.
    pub fn verb(&self) -> &'static str {
        match self.by {
            Addressing::Uid => "UID FETCH",
            Addressing::Sequence => "FETCH",
        }
    }
}

impl Item {
    /// What answering it takes.
    pub fn kind(&self) -> Kind {
        match self {
            Item::Dynamic(_) => Kind::Dynamic,
            Item::Size => Kind::Listing,
            Item::Body {
                section: Section {
                    path,
                    text: SectionText::HeaderFields(names),
                },
                partial: None,
                ..
            } if path.is_empty() && !names.iter().any(|n| is_ours(n)) => Kind::Listing,
            Item::Envelope | Item::Structure(_) | Item::Body { .. } | Item::Rfc822(_) => Kind::Content,
        }
    }

    /// Whether it marks the message as seen.
    pub fn sets_seen(&self) -> bool {
        match self {
            Item::Body { seen, .. } => *seen == Seen::Sets,
            Item::Rfc822(which) => *which != Rfc822::Header,
            Item::Dynamic(_) | Item::Size | Item::Envelope | Item::Structure(_) => false,
        }
    }

    /// As a command asks it.
    pub fn ask(&self, out: &mut Vec<u8>) {
        match self {
            Item::Body { section, partial, seen } => {
                out.extend_from_slice(if *seen == Seen::Sets { b"BODY" } else { b"BODY.PEEK" });
                write_section(section, out);
                if let Some((origin, count)) = partial {
                    out.extend_from_slice(format!("<{origin}.{count}>").as_bytes());
                }
            }
            Item::Dynamic(name) => out.extend_from_slice(name.as_bytes()),
            Item::Size => out.extend_from_slice(b"RFC822.SIZE"),
            Item::Envelope => out.extend_from_slice(b"ENVELOPE"),
            Item::Structure(Extension::Without) => out.extend_from_slice(b"BODY"),
            Item::Structure(Extension::With) => out.extend_from_slice(b"BODYSTRUCTURE"),
            Item::Rfc822(Rfc822::Whole) => out.extend_from_slice(b"RFC822"),
            Item::Rfc822(Rfc822::Header) => out.extend_from_slice(b"RFC822.HEADER"),
            Item::Rfc822(Rfc822::Text) => out.extend_from_slice(b"RFC822.TEXT"),
        }
    }
}

/// `section`, in brackets, as commands and responses write it.
pub fn write_section(section: &Section, out: &mut Vec<u8>) {
    out.push(b'[');
    let path: Vec<String> = section.path.iter().map(u32::to_string).collect();
    out.extend_from_slice(path.join(".").as_bytes());
    if !path.is_empty() && section.text != SectionText::Whole {
        out.push(b'.');
    }
    match &section.text {
        SectionText::Whole => {}
        SectionText::Header => out.extend_from_slice(b"HEADER"),
        SectionText::Text => out.extend_from_slice(b"TEXT"),
        SectionText::Mime => out.extend_from_slice(b"MIME"),
        SectionText::HeaderFields(names) => write_names("HEADER.FIELDS", names, out),
        SectionText::HeaderFieldsNot(names) => write_names("HEADER.FIELDS.NOT", names, out),
    }
    out.push(b']');
}

fn write_names(word: &str, names: &[String], out: &mut Vec<u8>) {
    out.extend_from_slice(word.as_bytes());
    out.extend_from_slice(b" (");
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b"(){\"\\%*]".contains(&b)) {
            out.extend_from_slice(name.as_bytes());
        } else {
            write_string(name.as_bytes(), out);
        }
    }
    out.push(b')');
}

fn is_ours(name: &str) -> bool {
    name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("X-Souspli-"))
}

fn items(cursor: &mut Cursor<'_>) -> Option<Vec<Item>> {
    if cursor.byte(b'(').is_none() {
        return macro_items(cursor).or_else(|| item(cursor).map(|item| vec![item]));
    }
    let mut out = Vec::new();
    loop {
        let _ = cursor.space();
        if cursor.byte(b')').is_some() {
            return (!out.is_empty()).then_some(out);
        }
        if out.len() >= limits::IMAP_FETCH_ITEMS_MAX {
            return None;
        }
        out.push(item(cursor)?);
    }
}

fn macro_items(cursor: &mut Cursor<'_>) -> Option<Vec<Item>> {
    let mut ahead = cursor.clone();
    let word = ahead.atom()?.to_ascii_uppercase();
    let mut out = vec![Item::Dynamic("FLAGS".into()), Item::Dynamic("INTERNALDATE".into()), Item::Size];
    match word.as_slice() {
        b"FAST" => {}
        b"ALL" => out.push(Item::Envelope),
        b"FULL" => out.extend([Item::Envelope, Item::Structure(Extension::Without)]),
        _ => return None,
    }
    *cursor = ahead;
    Some(out)
}

fn item(cursor: &mut Cursor<'_>) -> Option<Item> {
    let mut name = Vec::new();
    while let Some(b) = cursor.peek().filter(|b| b.is_ascii_alphanumeric() || b".-".contains(b)) {
        name.push(b.to_ascii_uppercase());
        cursor.byte(b)?;
    }
    let name = String::from_utf8(name).ok()?;
    let bracket = cursor.peek() == Some(b'[');
    match (name.as_str(), bracket) {
        ("BODY", true) => body(cursor, Seen::Sets),
        ("BODY.PEEK", true) => body(cursor, Seen::Peeks),
        (_, true) => None,
        ("RFC822.SIZE", _) => Some(Item::Size),
        ("ENVELOPE", _) => Some(Item::Envelope),
        ("BODY", _) => Some(Item::Structure(Extension::Without)),
        ("BODYSTRUCTURE", _) => Some(Item::Structure(Extension::With)),
        ("RFC822", _) => Some(Item::Rfc822(Rfc822::Whole)),
        ("RFC822.HEADER", _) => Some(Item::Rfc822(Rfc822::Header)),
        ("RFC822.TEXT", _) => Some(Item::Rfc822(Rfc822::Text)),
        (name, _) if DYNAMIC.contains(&name) => Some(Item::Dynamic(name.to_owned())),
        _ => None,
    }
}

fn body(cursor: &mut Cursor<'_>, seen: Seen) -> Option<Item> {
    let section = section(cursor)?;
    let partial = if cursor.peek() == Some(b'<') {
        Some(partial(cursor)?)
    } else {
        None
    };
    Some(Item::Body { section, partial, seen })
}

/// `section-spec = section-msgtext / (section-part ["." section-text])`.
fn section(cursor: &mut Cursor<'_>) -> Option<Section> {
    cursor.byte(b'[')?;
    let mut path = Vec::new();
    while cursor.peek()?.is_ascii_digit() {
        path.push(cursor.number().filter(|n| *n > 0)?);
        if path.len() > limits::MIME_DEPTH_MAX * 2 {
            return None;
        }
        if cursor.byte(b'.').is_none() {
            break;
        }
        if !cursor.peek()?.is_ascii_alphanumeric() {
            return None;
        }
    }
    let mut word = Vec::new();
    while let Some(b) = cursor.peek().filter(|b| b.is_ascii_alphabetic() || *b == b'.') {
        word.push(b.to_ascii_uppercase());
        cursor.byte(b)?;
    }
    let text = match word.as_slice() {
        b"" => SectionText::Whole,
        b"HEADER" => SectionText::Header,
        b"TEXT" => SectionText::Text,
        b"MIME" if !path.is_empty() => SectionText::Mime,
        b"HEADER.FIELDS" => SectionText::HeaderFields(names(cursor)?),
        b"HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(names(cursor)?),
        _ => return None,
    };
    cursor.byte(b']')?;
    Some(Section { path, text })
}

fn names(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    cursor.space()?;
    cursor.byte(b'(')?;
    let mut out = Vec::new();
    loop {
        let _ = cursor.space();
        if cursor.byte(b')').is_some() {
            return (!out.is_empty()).then_some(out);
        }
        let name = String::from_utf8(cursor.astring()?.into_owned()).ok()?;
        // A name with a line end or a colon would be another line in the response, or no field at all.
        if out.len() >= limits::IMAP_FETCH_ITEMS_MAX || name.bytes().any(|b| !b.is_ascii_graphic() || b == b':') {
            return None;
        }
        out.push(name);
    }
}

fn partial(cursor: &mut Cursor<'_>) -> Option<(u32, u32)> {
    cursor.byte(b'<')?;
    let origin = cursor.number()?;
    cursor.byte(b'.')?;
    let count = cursor.number().filter(|n| *n > 0)?;
    cursor.byte(b'>')?;
    Some((origin, count))
}

fn modifiers(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = cursor.clone();
    ahead.value()?;
    let start = cursor.rest();
    let text = std::str::from_utf8(&start[..start.len() - ahead.rest().len()]).ok()?;
    let inside = text.strip_prefix('(')?.strip_suffix(')')?;
    let words: Vec<String> = inside.split_ascii_whitespace().map(str::to_ascii_uppercase).collect();
    let number = |w: &str| w.bytes().all(|b| b.is_ascii_digit());
    let known = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["CHANGEDSINCE", n] | ["CHANGEDSINCE", n, "VANISHED"] | ["VANISHED", "CHANGEDSINCE", n] => number(n),
        _ => false,
    };
    known.then(|| {
        *cursor = ahead;
        text.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;

    fn parse(text: &str) -> Option<FetchRequest> {
        FetchRequest::parse(Addressing::Uid, &mut Line::of(text.as_bytes()).cursor())
    }

    #[test]
    fn what_clients_ask() {
        for (text, kind, seen, ct) in [
            (" 1:* (FLAGS)", Kind::Dynamic, false, false),
            (" 1:* FLAGS", Kind::Dynamic, false, false),
            (" 1 FAST", Kind::Listing, false, false),
            (" 1 all", Kind::Content, false, false),
            (
                " 1 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From Content-Type)])",
                Kind::Listing,
                false,
                true,
            ),
            (" 1 (BODY[HEADER.FIELDS (\"From\" To)])", Kind::Listing, true, false),
            (" 1 (BODY.PEEK[HEADER.FIELDS (X-Souspli-Verdict)])", Kind::Content, false, false),
            (" 1 BODY.PEEK[HEADER.FIELDS (From)]<0.10>", Kind::Content, false, false),
            (" 1 BODY.PEEK[HEADER.FIELDS.NOT (From)]", Kind::Content, false, false),
            (" 1 (UID RFC822.SIZE BODY[]<0.65536>)", Kind::Content, true, false),
            (" 1 RFC822.HEADER", Kind::Content, false, false),
            (" 1 RFC822", Kind::Content, true, false),
            (" 1 (ENVELOPE BODYSTRUCTURE)", Kind::Content, false, false),
            (" 1 BODY", Kind::Content, false, false),
            (" 1 (BODY[1.2.MIME] BODY[1.HEADER] BODY[2.3])", Kind::Content, true, false),
            (" $ (FLAGS) (CHANGEDSINCE 12 VANISHED)", Kind::Dynamic, false, false),
        ] {
            let request = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (request.kind(), request.sets_seen(), request.names_content_type()),
                (kind, seen, ct),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_refused() {
        for text in [
            " 1 ()",
            " 1",
            " 0 FLAGS",
            " 1 (BINARY[1])",
            " 1 BINARY.SIZE[1]",
            " 1 PREVIEW",
            " 1 (PREVIEW (LAZY))",
            " 1 SNIPPET",
            " 1 (FLAGS ALL)",
            " 1 BODY[0]",
            " 1 BODY[1.]",
            " 1 BODY[MIME]",
            " 1 BODY[HEADER.FIELDS ()]",
            " 1 BODY[HEADER.FIELDS (a:b)]",
            " 1 BODY[]<0.0>",
            " 1 BODY[",
            " 1 (FLAGS",
            " 1 FLAGS (PARTIAL 1:5)",
            " 1 FLAGS x",
            " 1 FLAGS(",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn items_are_asked_as_they_were_written() {
        for text in [
            "BODY.PEEK[HEADER.FIELDS (From Content-Type)]",
            "BODY[1.2.MIME]",
            "BODY[]<0.65536>",
            "BODY[3]",
            "BODY.PEEK[1.HEADER.FIELDS.NOT (\"a]\")]",
            "RFC822.TEXT",
            "BODYSTRUCTURE",
            "X-GM-LABELS",
        ] {
            let mut out = Vec::new();
            parse(&format!(" 1 {text}")).unwrap().items[0].ask(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
