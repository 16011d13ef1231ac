//! The View's header: the stored message's own fields, those that its author protected in their places, the media type
//! replaced, and what Souspli says.
//!
//! [`rewrite_fields`] does to the fields that a provider returned what [`crate::view::build`] does to the whole header, so that a
//! listing agrees with the View. For that reason no field that the stored header lacks is added, but those named `X-Souspli-`
//! and those that [`Restored`] knows.

use super::lookalike;
use super::restored::Restored;
use super::verdict::Verdict;
use crate::base::{Address, Realm};
use crate::mime::header::{Field, Header};
use crate::mime::words;

/// Names of every field of ours begin so; in mail of others they are look-alikes.
pub const PREFIX: &str = "X-Souspli-";
/// Marks a View: a message that carries it is an opened one.
pub const MARK: &str = "X-Souspli-View";

/// The fields of a View: what the provider answered for the stored message (fields and the empty line) when it was asked for
/// fields of these names, rewritten.
pub fn rewrite_fields(fields: &[u8], boundary: &str, restored: &Restored, asked: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut out = some_fields(&Header::parse(fields).0, boundary, restored, asked);
    out.extend_from_slice(b"\r\n");
    out
}

/// The View's Content-Type, the same for every message but for the boundary.
pub fn content_type_field(boundary: &str) -> String {
    format!("Content-Type: multipart/mixed;\r\n boundary=\"{boundary}\"\r\n")
}

/// The stored fields as the View has them, without the empty line.
pub fn outer_fields(header: &Header<'_>, boundary: &str, restored: &Restored) -> Vec<u8> {
    some_fields(header, boundary, restored, |_| true)
}

fn some_fields(header: &Header<'_>, boundary: &str, restored: &Restored, asked: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut typed = false;
    restored.apply(header, asked, &mut out, |field, out| {
        if field.is("Content-Type") {
            if !std::mem::replace(&mut typed, true) {
                out.extend_from_slice(content_type_field(boundary).as_bytes());
            }
        } else if is_kept(field) {
            push_shown(out, field);
        }
    });
    out
}

/// True when that header is a View's.
pub fn is_view(header: &Header<'_>) -> bool {
    header.first(MARK).is_some()
}

/// True for a field that only Souspli may write.
pub fn is_ours(field: &Field<'_>) -> bool {
    field.begins(PREFIX)
}

/// What the verdict's field says of a message that came in clear.
pub const NOT_ENCRYPTED: &str = "; encrypted=no";

/// How much of the summary is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// All there is to say.
    Full,
    /// The verdict and the mark only.
    Least,
}

/// Souspli's own fields: always the verdict and the mark, the rest as room allows.
pub fn own_fields(verdict: &Verdict, token: &str, detail: Detail) -> String {
    let mut out = format!(
        "{PREFIX}Verdict: {}; code={}{}{}\r\n{MARK}: {}\r\n",
        verdict.grade.as_str(),
        verdict.code,
        if verdict.realm == Realm::Test { "; realm=test" } else { "" },
        if verdict.encrypted { "" } else { NOT_ENCRYPTED },
        folded(token)
    );
    if detail == Detail::Least {
        return out;
    }
    let names: Vec<&str> = verdict.signers.iter().map(|s| s.name.as_str()).collect();
    if !names.is_empty() {
        let names: String = names.join(", ").chars().take(120).collect();
        out.push_str(&format!("{PREFIX}Signer: {}\r\n", words::encode(&names)));
    }
    if verdict.encrypted {
        let ciphers = [verdict.content_encryption.as_deref(), verdict.key_encryption.as_deref()];
        let ciphers: Vec<&str> = ciphers.into_iter().flatten().collect();
        let ciphers: String = ciphers.join("; ").chars().filter(|c| (' '..='~').contains(c)).take(70).collect();
        out.push_str(&format!(
            "{PREFIX}Encryption: {}\r\n",
            if ciphers.is_empty() { "yes" } else { &ciphers }
        ));
    }
    out
}

/// In lines that mail may have (RFC 5322 §2.1.1): the name of a mailbox, which the token holds, may be long. A short one stands
/// on one line.
fn folded(token: &str) -> String {
    let pieces: Vec<&str> = token
        .as_bytes()
        .chunks(TOKEN_LINE)
        .filter_map(|piece| std::str::from_utf8(piece).ok())
        .collect();
    pieces.join("\r\n ")
}

const TOKEN_LINE: usize = 900;

fn is_kept(field: &Field<'_>) -> bool {
    !field.name.is_empty() && !field.begins("Content-") && !is_ours(field)
}

/// Fields that a mail program shows, where a token of ours would pass for ours.
const TEXTS: [&str; 4] = ["Subject", "Comments", "Keywords", "Organization"];
const PEOPLE: [&str; 6] = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];

/// The field without tokens of ours in it.
pub(super) fn push_shown(out: &mut Vec<u8>, field: &Field<'_>) {
    match defanged(field) {
        Some(anew) => out.extend(anew),
        None => push_lines(out, field),
    }
}

/// The field with CRLF line ends: what a server sends of a message that was stored with bare line feeds. A bare CR or a NUL,
/// which some mail programs take for the end of a line, would let one field be another; each becomes a space.
pub(super) fn push_lines(out: &mut Vec<u8>, field: &Field<'_>) {
    for line in field.raw.split_inclusive(|&b| b == b'\n') {
        let bare = crate::mime::header::without_line_end(line);
        out.extend(bare.iter().map(|b| if matches!(b, b'\r' | 0) { b' ' } else { *b }));
        out.extend_from_slice(b"\r\n");
    }
}

/// A field that is shown and held a token of ours, without it; `None`: it holds none.
pub(super) fn defanged(field: &Field<'_>) -> Option<Vec<u8>> {
    Some(format!("{}: {}\r\n", field.name, defanged_value(field)?).into_bytes())
}

/// True for a field that mail programs show as words.
pub(super) fn is_shown(field: &Field<'_>) -> bool {
    TEXTS.iter().chain(&PEOPLE).any(|name| field.is(name))
}

/// Addresses stay what they are.
fn defanged_value(field: &Field<'_>) -> Option<String> {
    if !is_shown(field) {
        return None;
    }
    let people = PEOPLE.iter().any(|name| field.is(name));
    let text = lookalike::defanged(&field.text())?;
    let mailboxes = if people { field.addresses() } else { Vec::new() };
    if mailboxes.is_empty() {
        return Some(words::encode(&text));
    }
    let write = |(name, address): &(Option<String>, Address)| {
        let name = name.as_deref().map(|name| lookalike::defanged(name).unwrap_or(name.to_owned()));
        let name = name.map(|name| words::encode_phrase(&name) + " ").unwrap_or_default();
        format!("{name}<{address}>")
    };
    Some(mailboxes.iter().map(write).collect::<Vec<_>>().join(",\r\n "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::verdict;

    #[test]
    fn fields_of_a_listing() {
        for (fields, expected) in [
            ("Subject: x\r\n\r\n", "Subject: x\r\n\r\n"),
            ("Content-Transfer-Encoding: base64\r\n\r\n", "\r\n"),
            ("\r\n", "\r\n"),
            (
                "From: a\r\nCONTENT-TYPE: application/pkcs7-mime;\r\n name=a\r\nX-souspli-Verdict: verified\r\nTo: b\r\n\r\n",
                "From: a\r\nContent-Type: multipart/mixed;\r\n boundary=\"bb\"\r\nTo: b\r\n\r\n",
            ),
            (
                "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
                "Content-Type: multipart/mixed;\r\n boundary=\"bb\"\r\n\r\n",
            ),
        ] {
            assert_eq!(
                String::from_utf8_lossy(&rewrite_fields(fields.as_bytes(), "bb", &Restored::default(), |_| true)),
                expected
            );
        }
    }

    #[test]
    fn no_field_is_another_or_speaks_for_us() {
        for (fields, expected) in [
            (
                "X: a\rFrom: chef@x.fr\r\nTo: b\0@x.fr\r\r\n\r\n",
                "X: a From: chef@x.fr\r\nTo: b @x.fr \r\n\r\n",
            ),
            ("Subject: [Souspli] ok [/Souspli]\r\n\r\n", "Subject: (faux) ok (faux)\r\n\r\n"),
            (
                "Subject: =?utf-8?q?=5BSouspli=5D?=\r\n =?utf-8?q?_v=C3=A9rifi=C3=A9?=\r\n\r\n",
                "Subject: =?utf-8?Q?=28faux=29_v=C3=A9rifi=C3=A9?=\r\n\r\n",
            ),
            (
                "From: \"[Souspli] Dr B\" <b@x.fr>, Eve <e@x.fr>\r\n\r\n",
                "From: =?utf-8?Q?=28faux=29_Dr_B?= <b@x.fr>,\r\n Eve <e@x.fr>\r\n\r\n",
            ),
            ("Received: from [Souspli]\r\n\r\n", "Received: from [Souspli]\r\n\r\n"),
        ] {
            assert_eq!(
                String::from_utf8_lossy(&rewrite_fields(fields.as_bytes(), "bb", &Restored::default(), |_| true)),
                expected
            );
        }
    }

    #[test]
    fn own_fields_are_one_header_whatever_the_names() {
        let mut verdict = verdict();
        verdict.signers[0].name = "Zoé\r\nBcc: x@y".to_owned();
        verdict.content_encryption = Some("AES\r\nBcc: z".to_owned());
        let text = own_fields(&verdict, "t0ken", Detail::Full);
        let header = Header::parse(text.as_bytes()).0;
        assert!(header.fields().iter().all(|f| is_ours(f)), "{text}");
        assert_eq!(header.text("x-souspli-verdict").as_deref(), Some("verified; code=signed-verified"));
        assert!(own_fields(&verdict, "t0ken", Detail::Least).len() < text.len());
    }
}
