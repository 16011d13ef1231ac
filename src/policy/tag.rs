//! The tag at the start of a Subject that asks for sealing (`#med# Résultats`).
//!
//! The Subject is looked at as the doctor saw it: decoded, unfolded. The tag counts at its start, behind any number of
//! reply and forward prefixes. Whatever only resembles it is a [`Tag::NearMiss`], and so is the whole tag at another
//! place ("Résultats #med#"): someone who wrote it may well rely on it. Refusing costs a correction, sending in clear
//! costs a patient's secret, so nothing that holds the tag is ever [`Tag::None`].

mod resembling;
mod seen;

use self::resembling::resembles;
use self::seen::{is_blank, seen};
use crate::mime::header::{Field, Header};
use crate::mime::{escapes, words};
use crate::text::{subject, unaccent};
use std::borrow::Cow;
use std::ops::Range;

/// What the Subject asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tag {
    /// Nothing.
    None,
    /// Something that resembles the tag: refused with an explanation.
    NearMiss,
    /// To be sealed.
    Present(Glue),
}

/// What follows the tag.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Glue {
    /// A blank, or nothing.
    Apart,
    /// Text (`#med#objet`); the configuration says whether it is taken.
    Glued,
}

/// What a Subject's value asks; `value` is raw, as it follows the colon.
pub fn tag(value: &[u8], tag: &str) -> Tag {
    let text = words::decode(value);
    match in_text(&text, tag) {
        // A link, a page or a program has encoded what nobody decodes: it cannot be taken out again, and was meant.
        Tag::None if escapes::readings(&text).iter().any(|read| in_text(read, tag) != Tag::None) => Tag::NearMiss,
        asked => asked,
    }
}

/// True when the whole tag can be seen in a raw value, wherever it stands and however it is escaped.
pub fn stands_in(value: &[u8], tag: &str) -> bool {
    let (text, tag) = (words::decode(value), seen(tag));
    let holds = |text: &str| seen(text).contains(&tag);
    !tag.is_empty() && (holds(&text) || escapes::readings(&text).iter().any(|read| holds(read)))
}

/// True when a text that is no Subject begins with the tag.
pub fn begins(text: &str, tag: &str) -> bool {
    find(text, tag).is_some()
}

/// True when nothing can be read in the Subject, but for what programs put before one.
pub fn no_subject(message: &[u8]) -> bool {
    let (header, _) = Header::parse(message);
    let text = |field: &Field<'_>| words::decode(field.value);
    header.all("Subject").map(text).all(|text| after_prefixes(&text) == text.len())
}

/// What the message asks. Of several Subject fields the one that asks most counts.
pub fn of_message(message: &[u8], tag_text: &str) -> Tag {
    let (header, _) = Header::parse(message);
    let asked = header.all("Subject").map(|field| tag(field.value, tag_text));
    asked.max().unwrap_or(Tag::None)
}

/// The message with the tag taken out of its Subject fields; all else byte for byte.
pub fn removed<'a>(message: &'a [u8], tag: &str) -> Cow<'a, [u8]> {
    let (header, _) = Header::parse(message);
    let untagged = |field: &Field<'a>| without_tag(field.raw, tag);
    if !header.all("Subject").any(|field| untagged(field) != field.raw) {
        return Cow::Borrowed(message);
    }
    let fields = header
        .fields()
        .iter()
        .map(|field| if field.is("Subject") { untagged(field) } else { field.raw.to_vec() });
    let mut out: Vec<u8> = fields.flatten().collect();
    let octets: usize = header.fields().iter().map(|field| field.raw.len()).sum();
    out.extend_from_slice(&message[octets..]);
    Cow::Owned(out)
}

/// A Subject field without the tag and one blank behind it; prefixes stay. Plain ASCII keeps its other octets, the rest
/// is written anew as encoded words (RFC 2047). A field without the tag comes back as it is.
pub fn without_tag(field: &[u8], tag: &str) -> Vec<u8> {
    let Some(colon) = memchr::memchr(b':', field) else {
        return field.to_vec();
    };
    let (name, value) = (&field[..=colon], &field[colon + 1..]);
    let decoded = words::decode(value);
    let Some(found) = find(&decoded, tag) else { return field.to_vec() };
    let plain = value.is_ascii() && memchr::memmem::find(value, b"=?").is_none();
    if let Some(kept) = cut_raw(value, &found.span).filter(|_| plain) {
        return [name, &kept].concat();
    }
    let text = format!("{}{}", &decoded[..found.span.start], &decoded[found.span.end..]);
    [name, b" ", words::encode(text.trim()).as_bytes(), b"\r\n"].concat()
}

fn in_text(text: &str, tag: &str) -> Tag {
    match find(text, tag) {
        Some(found) => Tag::Present(found.glue),
        None if resembles(text, tag) => Tag::NearMiss,
        None => Tag::None,
    }
}

struct Found {
    span: Range<usize>,
    glue: Glue,
}

/// The tag at the start of decoded text, with the one blank that follows it.
fn find(text: &str, tag: &str) -> Option<Found> {
    let start = after_prefixes(text);
    let end = start + match_fold(&text[start..], tag)?;
    let blank = text[end..].chars().next().filter(|c| is_blank(*c));
    let glue = if blank.is_some() || end == text.len() {
        Glue::Apart
    } else {
        Glue::Glued
    };
    Some(Found {
        span: start..end + blank.map_or(0, char::len_utf8),
        glue,
    })
}

/// Octets of `text` that are `tag` without regard to case.
fn match_fold(text: &str, tag: &str) -> Option<usize> {
    let mut rest = text.chars();
    for wanted in tag.chars() {
        let found = rest.next()?;
        if found != wanted && !found.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    (!tag.is_empty()).then(|| text.len() - rest.as_str().len())
}

/// Where the text begins once blanks, prefixes such as `RE:`, `Tr :`, `Re[2]:`, and marks of ours are passed.
fn after_prefixes(text: &str) -> usize {
    let mut at = 0;
    loop {
        at = text.len() - text[at..].trim_start_matches(is_blank).len();
        match prefix(&text[at..]).or_else(|| subject::length(&text[at..])) {
            Some(length) => at += length,
            None => return at,
        }
    }
}

/// What mail programs put before the subject of a reply or a forward, in lower case and without accents.
const PREFIXES: &[&str] = &[
    "re",
    "r",
    "ref",
    "rep",
    "reponse",
    "tr",
    "trans",
    "transfert",
    "fwd",
    "fw",
    "f",
    "i",
    "aw",
    "antw",
    "wg",
    "wtr",
    "sv",
    "vs",
    "vb",
    "vl",
    "rv",
    "rif",
    "res",
    "enc",
    "odp",
    "pd",
    "ynt",
    "ilt",
    "doorst",
    "fs",
    "va",
    "accepte",
    "lu",
    "automatique",
    "reponse automatique",
];

/// `word ["[" digits "]" / "(" digits ")" / digits / "*"] [blanks] ":"`, also with the full-width colon.
fn prefix(text: &str) -> Option<usize> {
    let colon = text.char_indices().take(40).find(|(_, c)| matches!(c, ':' | '：'))?;
    let head = text[..colon.0].trim_end_matches(is_blank);
    let word = head
        .trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^*.".contains(c))
        .trim_end_matches(is_blank);
    let word = unaccent(&word.to_lowercase());
    PREFIXES.contains(&word.as_str()).then(|| colon.0 + colon.1.len_utf8())
}

/// The raw value without the span of its unfolded text; `None` when a line of blanks would be left.
fn cut_raw(value: &[u8], span: &Range<usize>) -> Option<Vec<u8>> {
    // What is decoded begins at the first octet that is shown.
    let lead = value.len() - value.trim_ascii_start().len();
    let places: Vec<usize> = (lead..value.len()).filter(|at| !matches!(value[*at], b'\r' | b'\n')).collect();
    let start = *places.get(span.start)?;
    let end = places.get(span.end.checked_sub(1)?)? + 1;
    let kept = [&value[..start], &value[end..]].concat();
    let lines_hold_text = kept.split(|b| *b == b'\n').rev().skip(1).all(|line| !line.trim_ascii().is_empty());
    lines_hold_text.then_some(kept)
}

#[cfg(test)]
mod tests;
