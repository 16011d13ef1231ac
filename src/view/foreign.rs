//! Marks of ours in a message that Souspli did not open: somebody wrote them to be believed, or quoted them. They are
//! made harmless octet for octet, so that every size, line count and structure that the provider tells stays true.
//!
//! The fields that a list shows may imitate the mark of a verdict: there, too, nothing is moved.

mod value;

pub use value::defanged_value;

use super::header::{PREFIX, is_shown};
use super::html::find_ignoring_case;
use super::lookalike;
use crate::mime::edit::{ENCODED_MAX, encoded_message, is_marked_up, readable};
use crate::mime::encode::transfer_decode;
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::mime::overwrite::{Change, overwrite};
use crate::mime::parameters::{TransferEncoding, transfer_encoding};
use std::ops::Range;

/// As long as [`PREFIX`].
const FOREIGN: &str = "X-Foreign-";

/// The message without marks of ours, of the same length and structure; `None`: it has none.
pub fn defanged(message: &[u8]) -> Option<Vec<u8>> {
    defanged_within(message, 0)
}

/// The same for a header alone, or some of its fields.
pub fn defanged_header(fields: &[u8]) -> Option<Vec<u8>> {
    let mut work = Work {
        message: fields,
        changed: None,
        encoded: 0,
    };
    work.header(0..fields.len());
    work.changed
}

fn defanged_within(message: &[u8], encoded: usize) -> Option<Vec<u8>> {
    let mut work = Work {
        message,
        changed: None,
        encoded,
    };
    work.entity(&parse(message));
    work.changed
}

struct Work<'a> {
    message: &'a [u8],
    /// Nothing is copied before something changes.
    changed: Option<Vec<u8>>,
    /// Encoded messages around this one.
    encoded: usize,
}

impl Work<'_> {
    fn entity(&mut self, entity: &Entity) {
        self.header(entity.header.clone());
        match &entity.kind {
            Kind::Leaf => self.leaf(entity),
            Kind::Multipart(parts) => parts.iter().for_each(|part| self.entity(part)),
            Kind::Message(inner) => self.entity(inner),
        }
    }

    /// Fields by their first octets alone: a header too long to be read as fields is shown by some.
    fn header(&mut self, span: Range<usize>) {
        let mut at = span.start;
        while let Some(n) = find_ignoring_case(&self.message[at..span.end], PREFIX.as_bytes()) {
            let found = at + n;
            at = found + PREFIX.len();
            if found == span.start || matches!(self.message[found - 1], b'\n' | b'\r') {
                self.out()[found..at].copy_from_slice(FOREIGN.as_bytes());
            }
        }
        let mut end = span.start;
        for field in Header::parse(&self.message[span]).0.fields() {
            end += field.raw.len();
            let value = end - field.raw.len() + field.raw.iter().position(|b| *b == b':').map_or(0, |colon| colon + 1);
            let changed = Some(&self.message[value..end]).filter(|_| is_shown(field)).and_then(defanged_value);
            if let Some(changed) = changed {
                self.out()[value..end].copy_from_slice(&changed);
            }
        }
    }

    fn leaf(&mut self, entity: &Entity) {
        let body = &self.message[entity.body.clone()];
        let coding = transfer_encoding(&Header::parse(&self.message[entity.header.clone()]).0);
        if let Some(inner) = encoded_message(self.message, entity).filter(|_| self.encoded < ENCODED_MAX) {
            if let Some(changed) = defanged_within(&inner, self.encoded + 1) {
                let differ = inner.iter().zip(&changed).enumerate().filter(|(_, (a, b))| a != b);
                let changes: Vec<Change> = differ.map(|(at, (_, b))| (at, *b)).collect();
                self.put(entity, coding, &changes);
            }
            return;
        }
        let Some((text, _)) = readable(self.message, entity) else { return };
        let changes = lookalike::overwritten(&text, is_marked_up(&entity.media_type));
        if changes.is_empty() {
            return;
        }
        match transfer_decode(coding, body).and_then(|octets| of_octets(&text, &octets, changes)) {
            Some(changes) if self.put(entity, coding, &changes) && self.is_clean(entity) => {}
            _ => self.wipe(entity),
        }
    }

    fn put(&mut self, entity: &Entity, coding: TransferEncoding, changes: &[Change]) -> bool {
        overwrite(coding, &mut self.out()[entity.body.clone()], changes)
    }

    fn is_clean(&mut self, entity: &Entity) -> bool {
        readable(self.out(), entity).is_some_and(|(text, _)| lookalike::overwritten(&text, is_marked_up(&entity.media_type)).is_empty())
    }

    /// A text whose marks cannot be reached in their place is not shown.
    fn wipe(&mut self, entity: &Entity) {
        let body = &mut self.out()[entity.body.clone()];
        body.iter_mut().filter(|b| !matches!(b, b'\r' | b'\n')).for_each(|b| *b = b' ');
    }

    fn out(&mut self) -> &mut Vec<u8> {
        self.changed.get_or_insert_with(|| self.message.to_vec())
    }
}

/// The changes of a text as those of the octets that it was decoded from; `None`: a charset of several octets to a letter.
fn of_octets(text: &str, octets: &[u8], changes: Vec<Change>) -> Option<Vec<Change>> {
    if text.as_bytes() == octets {
        return Some(changes);
    }
    let mut places = text.char_indices().map(|(at, _)| at).enumerate();
    let one_to_one = text.chars().count() == octets.len();
    let mut out = Vec::with_capacity(changes.len());
    for (at, octet) in changes.into_iter().filter(|_| one_to_one) {
        // The further octets of a letter of UTF-8 are none of the body.
        let found = places.find(|(_, place)| *place >= at);
        out.extend(found.filter(|(_, place)| *place == at).map(|(n, _)| (n, octet)));
    }
    one_to_one.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::encode::{base64_lines, qp_encode};

    #[test]
    fn marks_in_the_beginning_of_a_message_that_is_cut_anywhere() {
        let text = format!("[Souspli] Signature vérifiée. [/Souspli]\r\n{}", "Bonjour.\r\n".repeat(40));
        for (coding, body) in [
            ("base64", base64_lines(text.as_bytes())),
            ("quoted-printable", qp_encode(text.as_bytes())),
            ("8bit", text.clone().into_bytes()),
        ] {
            let head = format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {coding}\r\n\r\n"
            );
            let message = [head.as_bytes(), &body, b"\r\n--b--\r\n"].concat();
            for end in head.len() + 100..message.len() {
                let changed = defanged(&message[..end]).unwrap_or_else(|| panic!("{coding} cut at {end}"));
                assert_eq!(changed.len(), end);
            }
        }
    }

    fn shown(message: &[u8]) -> String {
        let entity = parse(message);
        readable(message, &entity).unwrap().0.into_owned()
    }

    #[test]
    fn marks_in_every_coding_lose_nothing_but_themselves() {
        for (charset, octets) in [
            ("utf-8", "> [Souspli] Signé é.\r\n> [/Souspli] x".as_bytes().to_vec()),
            ("iso-8859-1", b"> [Souspli] Sign\xe9 \xe9.\r\n> [/Souspli] x".to_vec()),
            ("utf-8", "> ［Ѕоuspli］ Signé é.\r\n> [/Sous\u{200b}pli] x".as_bytes().to_vec()),
        ] {
            for (coding, body) in [
                ("8bit", octets.clone()),
                ("base64", base64_lines(&octets)),
                ("quoted-printable", qp_encode(&octets)),
            ] {
                let head = format!("Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {coding}\r\n\r\n");
                let mail = [head.as_bytes(), &body].concat();
                let out = defanged(&mail).unwrap();
                let lines = |mail: &[u8]| mail.split(|b| *b == b'\n').map(<[u8]>::len).collect::<Vec<_>>();
                assert_eq!(lines(&out), lines(&mail));
                let text: String = shown(&out).chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect();
                assert_eq!(text, ">(faux)Signéé.>(faux)x", "{charset} {coding}");
                assert_eq!(defanged(&out), None);
            }
        }
    }

    #[test]
    fn whatever_is_shown_as_text_is_one() {
        for kind in [
            "text/markdown",
            "text/x-foo",
            "text/csv",
            "text/calendar",
            "text/vcard",
            "text/rfc822-headers",
            "message/delivery-status",
            "text/enriched",
            "text/richtext",
            "text/xml",
            "text/watch-html",
        ] {
            let token = if is_marked_up(kind) {
                "[Sous<bold></bold>pli] ok"
            } else {
                "[Sous\r\n pli] ok"
            };
            let mail = format!("Content-Type: {kind}; charset=utf-8\r\n\r\n{token} [Souspli] vérifiée\r\n");
            let out = defanged(mail.as_bytes()).unwrap_or_else(|| panic!("{kind}"));
            assert_eq!(out.len(), mail.len());
            let text = String::from_utf8_lossy(&out).replace("<bold></bold>", "");
            assert!(!text.contains("pli]") && text.contains("(faux) "), "{kind}: {text}");
            assert_eq!(defanged(&out), None, "{kind}");
            let neutral = lookalike::neutralise(mail.as_bytes()).unwrap_or_else(|| panic!("{kind}"));
            assert!(!String::from_utf8_lossy(&neutral).contains("pli]"), "{kind}");
        }
    }

    #[test]
    fn fields_and_attributes_and_messages_inside() {
        let inner = "Subject: x\r\nx-souspli-verdict: verified\r\nContent-Type: text/html\r\n\r\n<div DATA-souspli=verified>&#91;Souspli&#93; ok</div>\r\n";
        let coded = String::from_utf8(base64_lines(inner.as_bytes())).unwrap();
        for (kind, inner) in [("7bit", inner), ("base64", &coded)] {
            let mail = format!(
                "X-Souspli-View: t\r\nSubject: y\r\n X-Souspli-View: folded\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-SOUSPLI-SIGNER: Dr B\r\n\r\nX-Souspli-View: text\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: {kind}\r\n\r\n{inner}\r\n--b--\r\n"
            );
            let out = defanged(mail.as_bytes()).unwrap();
            assert_eq!(out.len(), mail.len());
            let text = String::from_utf8(out).unwrap();
            assert!(
                text.starts_with("X-Foreign-View: t\r\nSubject: y\r\n X-Souspli-View: folded"),
                "{text}"
            );
            assert!(
                text.contains("X-Foreign-SIGNER") && text.contains("\r\n\r\nX-Souspli-View: text"),
                "{text}"
            );
            assert_eq!(defanged(text.as_bytes()), None);
        }
    }

    #[test]
    fn a_field_that_imitates_the_mark_of_a_verdict() {
        for (field, expected) in [
            (
                "Subject: [Souspli : v\u{e9}rifi\u{e9}] x",
                "Subject: (faux)   : v\u{e9}rifi\u{e9}] x",
            ),
            ("SUBJECT:[Sous\r\n pli : sur] x", "SUBJECT:(faux\r\n )   : sur] x"),
            ("From: \"[Souspli] Dr B\" <b@x.fr>", "From: \"(faux)    Dr B\" <b@x.fr>"),
            ("Subject: a =?utf-8?q?=5BSouspli=5D?= b", "Subject: a                           b"),
            (
                "Subject: [=?utf-8?q?Sous?= =?utf-8?q?pli?=] b",
                "Subject: [                                ] b",
            ),
            ("Subject: =?x?q?y?= [Souspli]", "Subject: =?x?q?y?= (faux)   "),
            ("Subject: [Sous=?x?q?=5BSouspli=5D?=pli]", "Subject: (faux                     )   "),
            ("From: =?utf-8?b?W1NvdXNwbGld?= <b@x.fr>", "From:                          <b@x.fr>"),
            (
                "Subject: =?utf-8?q?=5BSous\r\n pli=5D?= b",
                "Subject:                  \r\n          b",
            ),
            ("Received: from [Souspli]", "Received: from [Souspli]"),
            ("Subject: souspli [1]", "Subject: souspli [1]"),
        ] {
            let mail = format!("{field}\r\nTo: c@x.fr\r\n\r\n[");
            let out = defanged(mail.as_bytes()).unwrap_or(mail.clone().into_bytes());
            assert_eq!(out.len(), mail.len(), "{field}");
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("{expected}\r\nTo: c@x.fr\r\n\r\n["),
                "{field}"
            );
            let fields = defanged_header(mail.as_bytes()).unwrap_or(mail.into_bytes());
            assert!(fields.starts_with(expected.as_bytes()));
        }
    }

    #[test]
    fn what_cannot_be_reached_is_not_shown() {
        let wide: Vec<u8> = "[Souspli] ok".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mail = [
            b"Content-Type: text/plain; charset=utf-16be\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec(),
            base64_lines(&wide),
        ]
        .concat();
        let out = defanged(&mail).unwrap();
        assert_eq!(out.len(), mail.len());
        assert_eq!(shown(&out).trim(), "");
    }

    #[test]
    fn other_mail_is_left_alone() {
        for mail in [
            "Subject: Souspli\r\n\r\nLe bandeau de Souspli (vérifié)\r\n",
            "",
            "\r\n",
            "X-Sous: a\r\n\r\n[Souspl",
        ] {
            assert_eq!(defanged(mail.as_bytes()), None);
        }
    }
}
