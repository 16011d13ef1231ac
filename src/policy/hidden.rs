//! A tag where no mail program reads it from: a Subject behind a byte order mark, a blank or a forgotten colon, folded into
//! the field before, or behind an empty line; the first line of the text; another field where there is no Subject. Who wrote
//! it relies on it, so it is never passed over.

use super::tag;
use crate::base::limits::HIDDEN_HEADER_MAX;
use crate::mime::edit::text_of;
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::{Field, Header};

/// True when the tag stands in what was meant for a Subject and is none.
pub fn hides_tag(message: &[u8], tag: &str) -> bool {
    let (header, body) = Header::parse(message);
    header.fields().iter().any(|field| in_field(field, tag)) || (header.first("From").is_none() && in_body(&message[body..], tag))
}

/// True when a text begins with the tag, as if that line were the Subject, or a field holds it and there is no Subject: a practice
/// program that knows no other place or lost a line end, a phone whose Subject was left out. A field beside a Subject is a copy of an earlier
/// one (Thread-Topic), which nobody can take out.
pub fn begins_elsewhere(message: &[u8], tag: &str) -> bool {
    let asks = |field: &Field<'_>| !field.is("Subject") && tag::stands_in(field.value, tag);
    let in_fields = || Header::parse(message).0.fields().iter().any(asks);
    (tag::no_subject(message) && in_fields()) || first_line(message, &parse(message)).is_some_and(|line| tag::begins(&line, tag))
}

/// The first line that is read of the first part; in HTML tags and blanks before it are passed.
fn first_line(bytes: &[u8], entity: &Entity) -> Option<String> {
    match &entity.kind {
        Kind::Multipart(parts) => first_line(bytes, parts.first()?),
        Kind::Message(_) => None,
        Kind::Leaf => {
            let (text, _) = text_of(bytes, entity)?;
            let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            while let Some(end) = rest.strip_prefix('<').and_then(|tag| tag.find('>')) {
                rest = rest[end + 2..].trim_start();
            }
            rest.lines().next().map(str::to_owned)
        }
    }
}

fn in_field(field: &Field<'_>, tag: &str) -> bool {
    if field.name.is_empty() {
        return tag::stands_in(field.value, tag);
    }
    if field.is("Subject") {
        return false;
    }
    let meant = ["subject", "objet", "sujet"].iter().any(|word| ends(field.name, word));
    let folded = field.value.split(|b| *b == b'\n').skip(1);
    meant && matches!(tag::tag(field.value, tag), tag::Tag::Present(_)) || folded.into_iter().any(|line| in_line(line, tag))
}

/// A header that an empty line was put before.
fn in_body(body: &[u8], tag: &str) -> bool {
    let head = &body[..body.len().min(HIDDEN_HEADER_MAX)];
    let lines = head.split(|b| *b == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    lines.into_iter().any(|line| in_line(line, tag))
}

/// `Subject:` and the tag, whatever is before it.
fn in_line(line: &[u8], tag: &str) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else { return false };
    let name = String::from_utf8_lossy(&line[..colon]);
    ends(name.trim_end(), "subject") && tag::stands_in(&line[colon..], tag)
}

fn ends(name: &str, word: &str) -> bool {
    let start = name.len().saturating_sub(word.len());
    name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_at_the_beginning_of_the_text_is_seen() {
        for (message, begins) in [
            ("Subject: x\r\n\r\n#med# Bonjour", true),
            ("\r\n\r\n  #MED#\r\nBonjour", true),
            ("Content-Type: text/html\r\n\r\n<html><body>\r\n<p>#med#</p>", true),
            (
                "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nI21lZCMgQm9uam91cg==",
                true,
            ),
            ("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n#med#\r\n--b--", true),
            ("Subject: RE:\r\nThread-Topic: #med# x\r\n\r\ny", true),
            ("X-Tag: =?utf-8?q?=23med=23?=\r\n\r\ny", true),
            ("MIME-Version: 1.0Subject: #med# x\r\n\r\ny", true),
            ("Subject\r\nX:: #med# x\r\n\r\ny", true),
            ("Subject: RE: x\r\nThread-Topic: #med# x\r\n\r\ny", false),
            ("Subject: x\r\n\r\nBonjour,\r\n#med# est la marque", false),
            ("Subject: x\r\n\r\n> #med# est la marque", false),
            ("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n#med#", false),
            ("Content-Type: text/html\r\n\r\n<", false),
            ("", false),
        ] {
            assert_eq!(begins_elsewhere(message.as_bytes(), "#med#"), begins, "{message:?}");
        }
    }

    #[test]
    fn a_subject_that_is_none_is_seen() {
        for (message, hidden) in [
            ("\u{feff}Subject: #med# x\r\nFrom: a@b\r\n\r\n", true),
            ("From: a@b\r\nSubject\u{a0}: #med# x\r\n\r\n", true),
            ("From: a@b\r\nSub\0ject: #med# x\r\n\r\n", true),
            ("From: a@b\r\nSub ject: #MED# x\r\n\r\n", true),
            ("From: a@b\r\nSubject #med# x\r\n\r\n", true),
            (" Subject: =?utf-8?q?=23med=23_x?=\r\nFrom: a@b\r\n\r\n", true),
            ("From: a@b\r\nX-A: 1\r\n Subject: #med# x\r\n\r\n", true),
            ("From: a@b\r\nX-A: 1\r\n\t\u{feff}subject : #med# x\r\n\r\n", true),
            ("From: a@b\r\nX-A: 1\r\n Subject: %23med%23 x\r\n\r\n", true),
            ("From: a@b\r\nObjet: #med# x\r\n\r\n", true),
            ("From: a@b\r\nResent-Subject: #med# x\r\n\r\n", true),
            ("\r\nSubject: #med# x\r\nFrom: a@b\r\n\r\nbody", true),
            ("From: a@b\r\nSubject: #med# x\r\n\r\n", false),
            // Copies of an earlier subject, which nobody can take out.
            ("From: a@b\r\nThread-Topic: #med# x\r\nSubject: RE: x\r\n\r\n", false),
            ("From: a@b\r\nX-Old-Subject: Re: question sur #med#\r\n\r\n", false),
            ("From: a@b\r\nno field\r\n\r\nSubject: #med# x\r\n", false),
            ("From: a@b\r\n\r\nSubject: #med# x\r\n", false),
            ("\r\nBonjour\r\n\r\nSubject: #med# x\r\n", false),
            ("", false),
        ] {
            assert_eq!(hides_tag(message.as_bytes(), "#med#"), hidden, "{message:?}");
        }
    }
}
