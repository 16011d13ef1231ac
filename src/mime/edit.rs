//! The texts of an entity changed in place: every other octet stays as it is.
//!
//! A leaf whose text is changed is encoded anew: UTF-8, in the transfer encoding it had where that can carry it.

use super::encode::{base64_lines, charset_decode, qp_encode, transfer_decode, windows_1252};
use super::entity::{Entity, Kind, parse};
use super::header::{Field, Header};
use super::parameters::{Parameterized, TransferEncoding, content_type, disposition, transfer_encoding};
use std::borrow::Cow;

/// Octets of one line that every transport takes (RFC 5322 §2.1.1).
pub const LINE_MAX: usize = 998;

/// Messages attached in base64 inside each other that are looked into.
pub const ENCODED_MAX: usize = 3;

/// A leaf of type text, decoded.
#[derive(Debug)]
pub struct TextPart<'a> {
    /// Its place in the entity.
    pub entity: &'a Entity,
    /// Its text.
    pub text: &'a str,
    /// What may be put into it.
    pub repertoire: Repertoire,
}

/// Which characters a text can take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repertoire {
    /// All: it will be UTF-8.
    Unicode,
    /// Its charset is not known or its octets do not fit it: only ASCII can be added, the rest is kept octet for octet.
    AsciiOnly,
}

/// What becomes of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing.
    Keep,
    /// This text instead.
    Text(String),
    /// The same, and a parameter of the Content-Type set or taken out.
    Labelled(String, Label),
}

/// A parameter and its value; `None`: without it.
pub type Label = (&'static str, Option<&'static str>);

/// What is done to an entity.
pub trait Editor {
    /// Whether a field of any header inside stays. Fields of a message/rfc822 are seen too.
    fn keeps(&self, _field: &Field<'_>) -> bool {
        true
    }

    /// A field that stays, written anew with its line end; `None`: as it is.
    fn field(&self, _field: &Field<'_>) -> Option<Vec<u8>> {
        None
    }

    /// Whether leaves of this type are texts for it.
    fn reads(&self, media_type: &str) -> bool {
        is_text(media_type)
    }

    /// What becomes of a text.
    fn text(&mut self, part: &TextPart<'_>) -> Change;

    /// Whether a part of a multipart goes, with its delimiter. The last one that is left stays.
    fn drops(&self, _bytes: &[u8], _part: &Entity) -> bool {
        false
    }

    /// Where a multipart that was closed ends: the epilogue of one inside a message that this says true for is dropped.
    fn drops_epilogue(&self, _message: &Header<'_>) -> bool {
        false
    }
}

/// The entity after the editor; `None`: nothing changed.
pub fn edit(bytes: &[u8], editor: &mut dyn Editor) -> Option<Vec<u8>> {
    edit_tree(bytes, &parse(bytes), editor)
}

/// A message that was attached in base64 or quoted-printable (against RFC 2046 §5.2.1, yet seen), decoded.
pub fn encoded_message<'a>(bytes: &'a [u8], entity: &Entity) -> Option<Cow<'a, [u8]>> {
    if entity.kind != Kind::Leaf || !is_message(&entity.media_type) {
        return None;
    }
    let header = Header::parse(&bytes[entity.header.clone()]).0;
    transfer_decode(transfer_encoding(&header), &bytes[entity.body.clone()])
}

/// True for what is a whole message (RFC 2046 §5.2.1, RFC 6532 §3.7).
pub fn is_message(media_type: &str) -> bool {
    matches!(media_type, "message/rfc822" | "message/global")
}

/// A leaf's text; `None`: it is no text, or cannot be decoded without loss and takes no ASCII either.
pub fn text_of<'a>(bytes: &'a [u8], entity: &Entity) -> Option<(Cow<'a, str>, Repertoire)> {
    if is_text(&entity.media_type) {
        readable(bytes, entity)
    } else {
        None
    }
}

/// The text of a leaf that some mail program shows as one, whatever its type says it is: see [`is_readable`].
pub fn readable<'a>(bytes: &'a [u8], entity: &Entity) -> Option<(Cow<'a, str>, Repertoire)> {
    if entity.kind != Kind::Leaf || !is_readable(&entity.media_type) {
        return None;
    }
    let header = Header::parse(&bytes[entity.header.clone()]).0;
    let octets = transfer_decode(transfer_encoding(&header), &bytes[entity.body.clone()])?;
    decode_text(content_type(&header).parameter("charset"), octets)
}

/// True for the media types that mail programs show as text or HTML.
pub fn is_text(media_type: &str) -> bool {
    media_type == "text/plain" || is_html(media_type)
}

/// True for the media types that some mail program shows as text: an unknown subtype of text is text (RFC 2046 §4.1.4), and reports of
/// delivery are shown beside it (RFC 3464, RFC 8098).
pub fn is_readable(media_type: &str) -> bool {
    is_text(media_type) || media_type.starts_with("text/") || media_type.starts_with("message/")
}

/// True for the types whose words may have tags between them.
pub fn is_marked_up(media_type: &str) -> bool {
    is_html(media_type) || ["html", "xml", "enriched", "richtext"].iter().any(|kind| media_type.contains(kind))
}

/// True for HTML, under each of its names.
pub fn is_html(media_type: &str) -> bool {
    matches!(media_type, "text/html" | "application/xhtml+xml" | "text/xhtml")
}

/// True when a part asks to be listed rather than shown (RFC 2183 §2.2).
pub fn is_attachment(header: &Header<'_>) -> bool {
    disposition(header).is_some_and(|d| d.value != "inline" || d.parameter("filename").is_some())
}

/// The same of octets that have been read already.
pub fn edit_tree(bytes: &[u8], root: &Entity, editor: &mut dyn Editor) -> Option<Vec<u8>> {
    edited(bytes, root, editor, 0)
}

fn edited(bytes: &[u8], root: &Entity, editor: &mut dyn Editor, encoded: usize) -> Option<Vec<u8>> {
    let mut work = Work {
        bytes,
        editor,
        out: Written::new(bytes),
        encoded,
        unended: false,
    };
    work.message(root);
    work.out.changed()
}

/// What was written so far: nothing is copied while it is what stands in the original. Most messages stay as they are.
struct Written<'a> {
    original: &'a [u8],
    /// Octets that are the same.
    same: usize,
    out: Option<Vec<u8>>,
}

impl<'a> Written<'a> {
    fn new(original: &'a [u8]) -> Self {
        Self {
            original,
            same: 0,
            out: None,
        }
    }

    fn push(&mut self, octets: &[u8]) {
        if let Some(out) = &mut self.out {
            return out.extend_from_slice(octets);
        }
        let next = &self.original[self.same..];
        // Most octets are the original's own, and need not be compared.
        let own = next.as_ptr() == octets.as_ptr() && next.len() >= octets.len();
        if own || next.starts_with(octets) {
            self.same += octets.len();
            return;
        }
        let mut out = Vec::with_capacity(self.original.len() + 1024);
        out.extend_from_slice(&self.original[..self.same]);
        out.extend_from_slice(octets);
        self.out = Some(out);
    }

    /// Takes the last octets back.
    fn shorten(&mut self, by: usize) {
        match &mut self.out {
            Some(out) => out.truncate(out.len().saturating_sub(by)),
            None => self.same = self.same.saturating_sub(by),
        }
    }

    /// The whole; `None`: the original.
    fn changed(self) -> Option<Vec<u8>> {
        match self.out {
            Some(out) => (out != self.original).then_some(out),
            None => (self.same < self.original.len()).then(|| self.original[..self.same].to_vec()),
        }
    }
}

struct Work<'a, 'e> {
    bytes: &'a [u8],
    editor: &'e mut dyn Editor,
    out: Written<'a>,
    /// Encoded messages around this one.
    encoded: usize,
    /// The header just before was cut off: the blank line behind what comes now would be its own.
    unended: bool,
}

/// Whether a header has its blank line.
fn ends(header: &[u8]) -> bool {
    let fields: usize = Header::parse(header).0.fields().iter().map(|field| field.raw.len()).sum();
    fields < header.len()
}

impl Work<'_, '_> {
    fn entity(&mut self, entity: &Entity) {
        match &entity.kind {
            Kind::Leaf => self.leaf(entity),
            Kind::Multipart(_) => {
                self.header(entity);
                self.inside(entity);
            }
            Kind::Message(inner) => {
                self.header(entity);
                self.unended = !ends(&self.bytes[entity.header.clone()]);
                self.message(inner);
                self.unended = false;
            }
        }
    }

    fn inside(&mut self, entity: &Entity) {
        let mut at = entity.body.start;
        let mut left = entity.children().len();
        // What stands before the first part that goes stands before the next one that stays.
        let mut before = None;
        for part in entity.children() {
            let between = at..part.header.start;
            at = part.body.end;
            if left > 1 && self.editor.drops(self.bytes, part) {
                left -= 1;
                before = before.or(Some(between));
            } else {
                self.out.push(&self.bytes[before.take().unwrap_or(between)]);
                self.entity(part);
            }
        }
        self.out.push(&self.bytes[at..entity.body.end]);
    }

    fn message(&mut self, inner: &Entity) {
        let header = Header::parse(&self.bytes[inner.header.clone()]).0;
        let trim = self.editor.drops_epilogue(&header) && matches!(inner.kind, Kind::Multipart(_));
        self.entity(inner);
        if trim && let Some(last) = inner.children().last() {
            // After the last part stand its line end and the closing delimiter's line; what follows is the epilogue.
            let tail = &self.bytes[last.body.end..inner.body.end];
            let closing = memchr::memmem::find(tail, b"\n--").map_or(tail.len(), |n| super::header::line_end(tail, n + 1));
            self.out.shorten(tail.len() - closing);
        }
    }

    fn kept(&self, header: &Header<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for field in header.fields().iter().filter(|f| self.editor.keeps(f)) {
            match self.editor.field(field) {
                Some(anew) => out.extend(anew),
                None => out.extend_from_slice(field.raw),
            }
        }
        out
    }

    fn header(&mut self, entity: &Entity) {
        let raw = &self.bytes[entity.header.clone()];
        let (header, _) = Header::parse(raw);
        let fields: usize = header.fields().iter().map(|f| f.raw.len()).sum();
        let kept = self.kept(&header);
        self.out.push(&kept);
        self.out.push(&raw[fields..]);
    }

    fn leaf(&mut self, entity: &Entity) {
        let inner = encoded_message(self.bytes, entity).filter(|_| self.encoded < ENCODED_MAX);
        if let Some(edited) = inner.and_then(|message| edited(&message, &parse(&message), self.editor, self.encoded + 1)) {
            let kept = self.kept(&Header::parse(&self.bytes[entity.header.clone()]).0);
            return self
                .out
                .push(&assemble(&Header::parse(&kept).0, None, "base64", &base64_lines(&edited)));
        }
        let text = if self.editor.reads(&entity.media_type) {
            readable(self.bytes, entity)
        } else {
            None
        };
        let change = match text {
            Some((text, repertoire)) => {
                let part = TextPart {
                    entity,
                    text: &text,
                    repertoire,
                };
                (self.editor.text(&part), repertoire)
            }
            None => (Change::Keep, Repertoire::Unicode),
        };
        let (change, repertoire) = change;
        let (text, label) = match change {
            Change::Keep => {
                self.header(entity);
                self.out.push(&self.bytes[entity.body.clone()]);
                return;
            }
            Change::Text(text) => (text, None),
            Change::Labelled(text, label) => (text, Some(label)),
        };
        let kept = self.kept(&Header::parse(&self.bytes[entity.header.clone()]).0);
        let header = Header::parse(&kept).0;
        // The delimiter before a part that was cut off may have no line end: a text put behind it would be part of it.
        let start = entity.header.start;
        if start > 0 && self.bytes[start - 1] != b'\n' {
            self.out.push(b"\r\n");
        }
        if self.unended {
            self.out.push(b"\r\n");
        }
        self.out.push(&match repertoire {
            Repertoire::AsciiOnly => octets_part(&header, &text, label),
            Repertoire::Unicode => text_part(&header, &text, label),
        });
        // The delimiter behind an empty part has no line end of its own: what stands there now must not lose its last one.
        if entity.body.is_empty() && self.bytes[entity.body.end..].starts_with(b"--") {
            self.out.push(b"\r\n");
        }
    }
}

/// The part whose text is a picture of its octets, one character each: see `decode_text`.
fn octets_part(header: &Header<'_>, text: &str, label: Option<Label>) -> Vec<u8> {
    let octets: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let (coding, body) = encode_text(transfer_encoding(header), &octets);
    let kind = label.map(|label| with_label(content_type(header), label));
    assemble(header, kind.as_ref(), coding, &body)
}

fn with_label(mut kind: Parameterized, (name, value): Label) -> Parameterized {
    match value {
        Some(value) => kind.parameters.insert(name.to_owned(), value.to_owned()),
        None => kind.parameters.remove(name),
    };
    kind
}

/// The part with that text: in UTF-8, unless its charset is one that can stay.
fn text_part(header: &Header<'_>, text: &str, label: Option<Label>) -> Vec<u8> {
    let mut kind = content_type(header);
    let charset = kind.parameter("charset").unwrap_or("us-ascii").to_ascii_lowercase();
    let fits = charset == "utf-8" || (text.is_ascii() && charset == "us-ascii");
    let (coding, body) = encode_text(transfer_encoding(header), text.as_bytes());
    if !fits {
        kind.parameters.insert("charset".to_owned(), "utf-8".to_owned());
    }
    let kind = match label {
        Some(label) => Some(with_label(kind, label)),
        None => (!fits).then_some(kind),
    };
    assemble(header, kind.as_ref(), coding, &body)
}

/// The text, or a picture of the octets (one character of U+0000 to U+00FF for each) where the charset does not help.
pub fn decode_text<'a>(charset: Option<&str>, octets: Cow<'a, [u8]>) -> Option<(Cow<'a, str>, Repertoire)> {
    let name = charset.unwrap_or("us-ascii").to_ascii_lowercase();
    let picture = |octets: &[u8]| Cow::Owned(octets.iter().map(|&b| b as char).collect::<String>());
    let wide = name.contains("utf-16") || name.contains("utf-32") || name.contains("utf-7") || name.contains("ucs-");
    if matches!(name.as_str(), "us-ascii" | "ascii" | "utf-8" | "utf8") || (octets.is_ascii() && !wide && !name.starts_with("iso-2022")) {
        return Some(match as_utf8(octets) {
            Ok(text) => (text, Repertoire::Unicode),
            Err(octets) if name.ends_with("ascii") => (Cow::Owned(windows_1252(&octets)), Repertoire::Unicode),
            Err(octets) => (picture(&octets), Repertoire::AsciiOnly),
        });
    }
    match charset_decode(&name, &octets) {
        Some(text) if !text.contains('\u{fffd}') => Some((Cow::Owned(text), Repertoire::Unicode)),
        _ if wide => None,
        _ => Some((picture(&octets), Repertoire::AsciiOnly)),
    }
}

fn as_utf8(octets: Cow<'_, [u8]>) -> Result<Cow<'_, str>, Cow<'_, [u8]>> {
    match octets {
        Cow::Borrowed(b) => std::str::from_utf8(b).map(Cow::Borrowed).map_err(|_| Cow::Borrowed(b)),
        Cow::Owned(v) => String::from_utf8(v).map(Cow::Owned).map_err(|e| Cow::Owned(e.into_bytes())),
    }
}

/// The encoding that the part had, where it can carry the octets.
fn encode_text(before: TransferEncoding, octets: &[u8]) -> (&'static str, Vec<u8>) {
    let long = octets.split(|&b| b == b'\n').any(|l| l.len() > LINE_MAX);
    let odd = octets.contains(&0);
    match before {
        TransferEncoding::Base64 => ("base64", base64_lines(octets)),
        TransferEncoding::QuotedPrintable => ("quoted-printable", qp_encode(octets)),
        _ if long || odd => ("quoted-printable", qp_encode(octets)),
        _ if octets.is_ascii() => ("7bit", octets.to_vec()),
        _ => ("8bit", octets.to_vec()),
    }
}

/// The part with that body; fields that say something else of it are written anew where they stood, or at the end.
fn assemble(header: &Header<'_>, kind: Option<&Parameterized>, coding: &str, body: &[u8]) -> Vec<u8> {
    let mut kind = kind.map(|k| format!("Content-Type: {}\r\n", k.write()));
    let stated = header
        .first("Content-Transfer-Encoding")
        .map(|f| Parameterized::parse(f.value).value);
    let same = stated.as_deref().unwrap_or("7bit") == coding;
    let mut coding = (!same).then(|| format!("Content-Transfer-Encoding: {coding}\r\n"));
    let (retyped, recoded) = (kind.is_some(), coding.is_some());
    let mut out = Vec::with_capacity(body.len() + 512);
    for field in header.fields() {
        if retyped && field.is("Content-Type") {
            out.extend(kind.take().unwrap_or_default().into_bytes());
        } else if recoded && field.is("Content-Transfer-Encoding") {
            out.extend(coding.take().unwrap_or_default().into_bytes());
        } else {
            out.extend_from_slice(field.raw);
        }
    }
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend(kind.unwrap_or_default().into_bytes());
    out.extend(coding.unwrap_or_default().into_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests;
