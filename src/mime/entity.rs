//! An entity as a tree of spans over one buffer (RFC 2045, RFC 2046 §5.1). Nothing is copied, nothing decoded.
//!
//! A delimiter line is `--boundary` or `--boundary--` and nothing but white space after it: what mail programs take for one.
//! (RFC 2046 §5.1.1 would let any line that begins so be one, and Dovecot does; Thunderbird, which shows the View, does not.)
//! The octets are read once, whatever they hold: the work is bounded by their number times [`limits::MIME_DEPTH_MAX`].

use super::edit::is_message;
use super::header::{Header, is_blank, line_end};
use super::parameters::{TransferEncoding, transfer_encoding, typed};
use crate::base::limits;
use memchr::memchr;
use std::ops::Range;

/// One body part: where its header and its body stand in the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entity {
    /// The header with the empty line that ends it (RFC 9051 §6.4.5 `HEADER`, `MIME`).
    pub header: Range<usize>,
    /// What follows, without the CRLF that belongs to the next boundary.
    pub body: Range<usize>,
    /// Media type in lower case, `text/plain` when absent or unreadable (RFC 2045 §5.2).
    pub media_type: String,
    /// What is inside.
    pub kind: Kind,
}

/// What an entity holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Anything that is neither of the others, or lies too deep.
    Leaf,
    /// The parts of a multipart, preamble and epilogue left out.
    Multipart(Vec<Entity>),
    /// The message of a message/rfc822 (or message/global).
    Message(Box<Entity>),
}

/// Reads a message or a part.
pub fn parse(bytes: &[u8]) -> Entity {
    let mut reader = Reader {
        bytes,
        open: Vec::new(),
        parts: 1,
    };
    reader.entity(0, 0, "text/plain").0
}

impl Entity {
    /// Header and body.
    pub fn range(&self) -> Range<usize> {
        self.header.start..self.body.end
    }

    /// The entities directly inside.
    pub fn children(&self) -> &[Entity] {
        match &self.kind {
            Kind::Leaf => &[],
            Kind::Multipart(parts) => parts,
            Kind::Message(inner) => std::slice::from_ref(inner),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// Boundaries of the multiparts around, outermost first.
    open: Vec<Vec<u8>>,
    parts: usize,
}

/// A line that ends what stands before it.
#[derive(Clone, Copy, Debug)]
struct Delimiter {
    /// Which of the open boundaries.
    level: usize,
    /// `--boundary--`.
    closes: bool,
    /// Where the line begins, and where what follows it begins.
    start: usize,
    end: usize,
}

/// What ended an entity; `None`: the end of the octets.
type End = Option<Delimiter>;

impl Reader<'_> {
    fn entity(&mut self, start: usize, depth: usize, default_type: &str) -> (Entity, End) {
        let (body, cut) = self.header_end(start);
        let fields = Header::parse(&self.bytes[start..body]).0;
        let declared = typed(&fields);
        let media_type = declared.as_ref().map_or_else(|| default_type.to_owned(), |t| t.value.clone());
        let boundary = declared.and_then(|mut t| t.parameters.remove("boundary")).unwrap_or_default();
        let identity = transfer_encoding(&fields) == TransferEncoding::Identity;
        let deep = depth >= limits::MIME_DEPTH_MAX;
        let (kind, end) = if cut.is_some() {
            (Kind::Leaf, cut)
        } else if media_type.starts_with("multipart/") && is_boundary(&boundary) && !deep {
            self.multipart(body, depth, boundary.trim_end().as_bytes().to_vec(), &media_type)
        } else if is_message(&media_type) && identity && !deep {
            let (inner, end) = self.entity(body, depth + 1, "text/plain");
            (Kind::Message(Box::new(inner)), end)
        } else {
            (Kind::Leaf, self.delimiter(body))
        };
        let body_end = self.body_end(end_of_children(&kind).max(body), end);
        let entity = Entity {
            header: start..body,
            body: body..body_end,
            media_type,
            kind,
        };
        (entity, end)
    }

    fn multipart(&mut self, body: usize, depth: usize, boundary: Vec<u8>, media_type: &str) -> (Kind, End) {
        let default_type = if media_type == "multipart/digest" {
            "message/rfc822"
        } else {
            "text/plain"
        };
        let level = self.open.len();
        self.open.push(boundary);
        let mut parts = Vec::new();
        let mut end = self.delimiter(body);
        while let Some(d) = end.filter(|d| d.level == level && !d.closes) {
            let (part, next) = self.entity(d.end, depth + 1, default_type);
            parts.push(part);
            self.parts += 1;
            end = next;
        }
        self.open.truncate(level);
        // After its own closing delimiter only what stands around can end the epilogue.
        let end = match end {
            Some(d) if d.level == level => self.delimiter(d.end),
            other => other,
        };
        (if parts.is_empty() { Kind::Leaf } else { Kind::Multipart(parts) }, end)
    }

    /// Where the body begins; a delimiter met before it ends the part there.
    fn header_end(&self, start: usize) -> (usize, End) {
        let mut at = start;
        while at < self.bytes.len() {
            if let Some(d) = self.delimiter_at(at) {
                return (at, Some(d));
            }
            let end = line_end(self.bytes, at);
            if is_blank(&self.bytes[at..end]) {
                return (end, None);
            }
            at = end;
        }
        (at, None)
    }

    /// The next line from `from` on that is a delimiter of an open boundary.
    fn delimiter(&self, from: usize) -> End {
        if self.open.is_empty() {
            return None;
        }
        if let Some(d) = self.delimiter_at(from) {
            return Some(d);
        }
        // Dashes are looked for, and not line ends: there is none in base64, which is most of what is large.
        let mut at = from;
        while let Some(n) = memchr(b'-', &self.bytes[at..]) {
            let dash = at + n;
            if dash > from
                && self.bytes[dash - 1] == b'\n'
                && let Some(d) = self.delimiter_at(dash)
            {
                return Some(d);
            }
            // Whatever else stands on this line begins none.
            at = line_end(self.bytes, dash);
        }
        None
    }

    fn delimiter_at(&self, start: usize) -> End {
        if !self.bytes[start..].starts_with(b"--") || self.open.is_empty() {
            return None;
        }
        let end = line_end(self.bytes, start);
        let line = self.bytes[start + 2..end].trim_ascii_end();
        let (level, closes) = self.open.iter().enumerate().rev().find_map(|(level, boundary)| {
            let rest = line.strip_prefix(boundary.as_slice())?;
            matches!(rest, b"" | b"--").then_some((level, rest == b"--"))
        })?;
        let full = self.parts >= limits::MIME_PARTS_MAX;
        (closes || !full).then_some(Delimiter { level, closes, start, end })
    }

    /// The line end before a delimiter belongs to it (RFC 2046 §5.1.1), unless it is the empty line of a header, from
    /// whose end, `floor`, on this looks.
    fn body_end(&self, floor: usize, end: End) -> usize {
        let Some(d) = end else {
            return self.bytes.len();
        };
        let inside = &self.bytes[floor..d.start.max(floor)];
        floor + super::header::without_line_end(inside).len()
    }
}

fn end_of_children(kind: &Kind) -> usize {
    match kind {
        Kind::Leaf => 0,
        Kind::Multipart(parts) => parts.last().map_or(0, |p| p.body.end),
        Kind::Message(inner) => inner.body.end,
    }
}

fn is_boundary(boundary: &str) -> bool {
    !boundary.trim_end().is_empty() && boundary.len() <= limits::BOUNDARY_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(bytes: &[u8], entity: &Entity) -> String {
        let inside: Vec<String> = entity.children().iter().map(|c| outline(bytes, c)).collect();
        match &entity.kind {
            Kind::Leaf => format!("{}<{}>", entity.media_type, String::from_utf8_lossy(&bytes[entity.body.clone()])),
            Kind::Multipart(_) => format!("{}({})", entity.media_type, inside.join(" ")),
            Kind::Message(_) => format!("message[{}]", inside.join("")),
        }
    }

    #[test]
    fn trees() {
        for (mail, tree) in [
            ("", "text/plain<>"),
            ("A: 1\r\n\r\nx", "text/plain<x>"),
            (
                "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n\r\n--b--\r\nepi\r\n--b\r\n\r\nno",
                "multipart/mixed(text/plain<one> text/html<two\r\n>)",
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b  \r\n\r\n--b--not\r\n--bb\r\n--b-- \r\n",
                "multipart/mixed(text/plain<--b--not\r\n--bb>)",
            ),
            (
                "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nx\n--o\n\ny",
                "multipart/mixed(multipart/alternative(text/plain<x>) text/plain<y>)",
            ),
            (
                "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: s\r\n\r\nin\r\n--b--",
                "multipart/digest(message[text/plain<in>])",
            ),
            (
                "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3Vi",
                "message/rfc822<U3Vi>",
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: 1\r\n--b--\r\n",
                "multipart/mixed(text/plain<>)",
            ),
            ("Content-Type: multipart/mixed\r\n\r\n--\r\n", "multipart/mixed<--\r\n>"),
            (
                "Content-Type: multipart/mixed; boundary=b\r\n\r\nnothing",
                "multipart/mixed<nothing>",
            ),
        ] {
            assert_eq!(outline(mail.as_bytes(), &parse(mail.as_bytes())), tree, "{mail:?}");
        }
    }

    /// RFC 2046 §5.1.1: `close-delimiter`, then the CRLF of the next delimiter. Dovecot counts these two octets in.
    #[test]
    fn the_line_end_after_a_nested_multipart_belongs_to_the_delimiter_around() {
        let inner = "Content-Type: multipart/mixed; boundary=2\r\n\r\n--2\r\n\r\nx\r\n--2--";
        for (epilogue, body) in [
            ("", inner.to_owned()),
            ("\r\n", format!("{inner}\r\n")),
            ("\r\nend", format!("{inner}\r\nend")),
        ] {
            let mail = format!("Content-Type: multipart/digest; boundary=1\r\n\r\n--1\r\n\r\n{inner}{epilogue}\r\n--1--\r\n");
            let part = &parse(mail.as_bytes()).children()[0].clone();
            assert_eq!(
                (&mail[part.body.clone()], part.media_type.as_str()),
                (body.as_str(), "message/rfc822")
            );
            assert_eq!(part.children()[0].body.end, part.body.end);
        }
    }

    #[test]
    fn nesting_without_end_takes_linear_time() {
        let mut mail = String::new();
        for n in 0..10_000 {
            mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"));
        }
        let mut depth = 0;
        let mut entity = &parse(mail.as_bytes());
        while let Some(inner) = entity.children().first() {
            entity = inner;
            depth += 1;
        }
        assert_eq!(depth, limits::MIME_DEPTH_MAX);
    }

    #[test]
    fn parts_beyond_the_limit_belong_to_the_last() {
        let mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned() + &"--b\r\n\r\nx\r\n".repeat(10_000) + "--b--\r\n";
        let entity = parse(mail.as_bytes());
        assert_eq!(entity.children().len(), limits::MIME_PARTS_MAX);
        assert!(entity.children().last().is_some_and(|p| p.body.len() > 8_000));
    }
}
