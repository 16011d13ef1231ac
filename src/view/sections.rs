//! `BODY[section]` of a View (RFC 9051 §6.4.5, RFC 3501 §6.4.5): every answer is a range of the one buffer, or fields of it.

use super::{Section, SectionText, View};
use crate::mime::entity::{Entity, Kind};
use crate::mime::header::{Field, Header};
use std::borrow::Cow;
use std::ops::Range;

impl View {
    /// The octets of a section; `None`: there is no such part (`NIL`).
    pub fn section(&self, section: &Section) -> Option<Cow<'_, [u8]>> {
        let root = self.entity();
        if section.path.is_empty() {
            return match section.text {
                SectionText::Whole => Some(self.octets(root.range())),
                // A MIME header is a part's (RFC 9051: "MIME" needs a part number).
                SectionText::Mime => None,
                _ => self.of_message(root, &section.text),
            };
        }
        let part = part(root, &section.path)?;
        match section.text {
            SectionText::Whole => Some(self.octets(part.body.clone())),
            SectionText::Mime => Some(self.octets(part.header.clone())),
            _ => match &part.kind {
                Kind::Message(inner) => self.of_message(inner, &section.text),
                Kind::Leaf | Kind::Multipart(_) => None,
            },
        }
    }

    fn of_message(&self, message: &Entity, text: &SectionText) -> Option<Cow<'_, [u8]>> {
        let named = |names: &[String], field: &Field<'_>| names.iter().any(|n| field.is(n));
        match text {
            SectionText::Header => Some(self.octets(message.header.clone())),
            SectionText::Text => Some(self.octets(message.body.clone())),
            SectionText::HeaderFields(names) => Some(self.fields(message, |f| named(names, f))),
            SectionText::HeaderFieldsNot(names) => Some(self.fields(message, |f| !named(names, f))),
            SectionText::Whole | SectionText::Mime => None,
        }
    }

    /// The fields that are asked, in their order, and the empty line, which is always there.
    fn fields(&self, message: &Entity, wanted: impl Fn(&Field<'_>) -> bool) -> Cow<'_, [u8]> {
        let header = Header::parse(&self.bytes()[message.header.clone()]).0;
        let mut out = header.retain(|f| !f.name.is_empty() && wanted(f));
        out.extend_from_slice(b"\r\n");
        Cow::Owned(out)
    }

    fn octets(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes()[range])
    }
}

/// The part with that number. Part 1 of what is no multipart is its body (RFC 9051 §6.4.5); the numbers of a
/// message/rfc822's parts are those of the message in it.
fn part<'e>(root: &'e Entity, path: &[u32]) -> Option<&'e Entity> {
    let mut message = root;
    let mut part = child(message, *path.first()?)?;
    for &number in &path[1..] {
        match &part.kind {
            Kind::Multipart(_) if !std::ptr::eq(part, message) => part = child(part, number)?,
            Kind::Message(inner) => {
                message = inner;
                part = child(message, number)?;
            }
            Kind::Leaf | Kind::Multipart(_) => return None,
        }
    }
    Some(part)
}

fn child(entity: &Entity, number: u32) -> Option<&Entity> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    match &entity.kind {
        Kind::Multipart(parts) => parts.get(index),
        Kind::Leaf | Kind::Message(_) => (index == 0).then_some(entity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::View;

    const MAIL: &str = "Subject: top\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nX: 1\r\n\r\none\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nTo: z\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: single\r\n\r\nbody\r\n--o--\r\n   ";

    #[test]
    fn every_section() {
        let view = View::of(MAIL.as_bytes().to_vec());
        let subject = || SectionText::HeaderFields(vec!["subject".to_owned()]);
        for (path, text, expected) in [
            (&[][..], subject(), Some("Subject: top\r\n\r\n")),
            (&[], SectionText::Mime, None),
            (&[1], SectionText::Whole, Some("one")),
            (&[1], SectionText::Mime, Some("X: 1\r\n\r\n")),
            (&[1], SectionText::Header, None),
            (&[1], SectionText::Text, None),
            (&[1, 1], SectionText::Whole, None),
            (&[2], SectionText::Mime, Some("Content-Type: message/rfc822\r\n\r\n")),
            (&[2], subject(), Some("Subject: in\r\n\r\n")),
            (
                &[2],
                SectionText::HeaderFieldsNot(vec!["SUBJECT".into(), "content-type".into()]),
                Some("To: z\r\n\r\n"),
            ),
            (
                &[2],
                SectionText::Text,
                Some("--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--"),
            ),
            (&[2, 1], SectionText::Whole, Some("plain")),
            (&[2, 1], SectionText::Mime, Some("\r\n")),
            (&[2, 2], SectionText::Whole, Some("<p>")),
            (&[2, 3], SectionText::Whole, None),
            (&[3], SectionText::Text, Some("body")),
            (&[3], SectionText::Whole, Some("Subject: single\r\n\r\nbody")),
            (&[3, 1], SectionText::Whole, Some("body")),
            (&[3, 1], SectionText::Mime, Some("Subject: single\r\n\r\n")),
            (&[3, 1, 1], SectionText::Whole, None),
            (&[3, 2], SectionText::Whole, None),
            (&[4], SectionText::Whole, None),
            (&[0], SectionText::Whole, None),
        ] {
            let section = Section { path: path.to_vec(), text };
            let got = view.section(&section);
            assert_eq!(got.as_deref().map(String::from_utf8_lossy).as_deref(), expected, "{section:?}");
        }
    }

    #[test]
    fn a_message_without_parts_has_part_one() {
        let view = View::of(b"A: 1\r\n\r\nbody".to_vec());
        let whole = |path: &[u32]| {
            view.section(&Section {
                path: path.to_vec(),
                text: SectionText::Whole,
            })
        };
        assert_eq!(whole(&[1]).as_deref(), Some(&b"body"[..]));
        assert_eq!(whole(&[1, 1]), None);
        assert_eq!(whole(&[2]), None);
    }
}
