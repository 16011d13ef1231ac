//! What the marks of ours in a message on its way out tell of where its text comes from.
//!
//! They are the banner, the fields `X-Souspli-*` and the attribute of the HTML banner. Others cannot write them into a View:
//! look-alikes are defanged before ours are put in.

use super::header::{self, is_ours};
use super::html::{self, ATTRIBUTE};
use super::strip::BANNER_MAX;
use crate::mime::edit::{ENCODED_MAX, encoded_message, is_html, text_of};
use crate::mime::encode::transfer_decode;
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::mime::parameters::transfer_encoding;
use crate::text::banner::{CLOSING, NOT_ENCRYPTED, OPENING};
use crate::text::unaccent;

/// What stands in the message; the strongest counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Marks {
    /// None of ours.
    Absent,
    /// Only of messages that came in clear, signed.
    Clear,
    /// Of a message that came encrypted, or that cannot be told: it must not leave in clear.
    Sealed,
}

/// The marks in a message.
pub fn marks(message: &[u8]) -> Marks {
    of_entity(message, &parse(message), 0)
}

/// True when there is any, also one that cannot be taken out.
pub fn holds_banner(message: &[u8]) -> bool {
    marks(message) != Marks::Absent
}

fn of_entity(bytes: &[u8], entity: &Entity, encoded: usize) -> Marks {
    let header = of_header(&Header::parse(&bytes[entity.header.clone()]).0);
    let body = if let Some((text, _)) = text_of(bytes, entity) {
        if is_html(&entity.media_type) {
            of_html(&text)
        } else {
            of_text(&text)
        }
    } else if let Some(message) = encoded_message(bytes, entity).filter(|_| encoded < ENCODED_MAX) {
        of_entity(&message, &parse(&message), encoded + 1)
    } else if holds_view(bytes, entity) {
        Marks::Sealed
    } else {
        let parts = entity.children().iter().map(|part| of_entity(bytes, part, encoded));
        parts.max().unwrap_or(Marks::Absent)
    };
    header.max(body)
}

/// A View saved as a file and attached under another type than message/rfc822.
fn holds_view(bytes: &[u8], entity: &Entity) -> bool {
    if entity.kind != Kind::Leaf {
        return false;
    }
    let header = Header::parse(&bytes[entity.header.clone()]).0;
    let octets = transfer_decode(transfer_encoding(&header), &bytes[entity.body.clone()]);
    // Programs fold long fields anew, some right after the name.
    octets.is_some_and(|octets| html::find_ignoring_case(&octets, format!("\n{}:", header::MARK).as_bytes()).is_some())
}

fn of_header(header: &Header<'_>) -> Marks {
    if !header.fields().iter().any(is_ours) {
        return Marks::Absent;
    }
    match header.text(&format!("{}Verdict", header::PREFIX)) {
        Some(verdict) if verdict.ends_with(header::NOT_ENCRYPTED) => Marks::Clear,
        _ => Marks::Sealed,
    }
}

fn of_html(document: &str) -> Marks {
    let text = of_text(&html::to_text(document));
    let marked = document.contains(OPENING) || html::find_ignoring_case(document.as_bytes(), ATTRIBUTE.as_bytes()).is_some();
    // A banner whose words are gone tells nothing.
    if marked && text == Marks::Absent { Marks::Sealed } else { text }
}

/// Every banner must say that it is of a message in clear; quoting and new line breaks do not matter.
fn of_text(text: &str) -> Marks {
    let mut found = Marks::Absent;
    let mut rest = text;
    while let Some(at) = rest.find(OPENING) {
        rest = &rest[at + OPENING.len()..];
        let window = &rest[..rest.floor_char_boundary(BANNER_MAX)];
        let clear = window.find(CLOSING).is_some_and(|end| says_clear(&window[..end]));
        found = found.max(if clear { Marks::Clear } else { Marks::Sealed });
    }
    found
}

fn says_clear(banner: &str) -> bool {
    let flat = |text: &str| {
        unaccent(&text.replace(['>', '\u{a0}'], " "))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    !banner.contains(OPENING) && flat(banner).ends_with(&flat(NOT_ENCRYPTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_banner_of_a_message_in_clear_may_leave_in_clear() {
        for (text, marks) in [
            ("Bonjour", Marks::Absent),
            ("[Souspli] Signé. Chiffrement : aucun. [/Souspli]\r\n\r\nx", Marks::Clear),
            (
                "> [Souspli] Signé : Dr B. Chiffrement :\r\n> aucun. [/Souspli]\r\n> x",
                Marks::Clear,
            ),
            ("> [Souspli] Message chiffré. [/Souspli]\r\n> x", Marks::Sealed),
            (
                "[Souspli] Chiffrement : aucun. [/Souspli] [Souspli] Chiffré. [/Souspli]",
                Marks::Sealed,
            ),
            ("[Souspli] x [Souspli] Chiffrement : aucun. [/Souspli]", Marks::Sealed),
            ("[Souspli] Chiffrement : aucun.", Marks::Sealed),
        ] {
            let mail = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}");
            assert_eq!(super::marks(mail.as_bytes()), marks, "{text}");
        }
    }

    #[test]
    fn a_view_attached_as_a_file_is_known() {
        let mail = |content: &[u8]| {
            let head = b"Content-Type: application/octet-stream; name=l.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n";
            [&head[..], &crate::mime::encode::base64_lines(content)].concat()
        };
        for field in ["X-Souspli-View: t", "X-Souspli-View:\r\n t", "x-souspli-view:\n\tt"] {
            let view = format!("Subject: x\r\n{field}\r\n\r\n[Souspli] a [/Souspli]\r\n");
            assert_eq!(marks(&mail(view.as_bytes())), Marks::Sealed, "{field:?}");
        }
        assert_eq!(marks(&mail(b"Subject: x\r\n\r\nX-Souspli\r\n")), Marks::Absent);
    }

    #[test]
    fn html_and_fields_tell_it_too() {
        for (mail, marks) in [
            (
                "Content-Type: text/html\r\n\r\n<div data-souspli=\"verified\">[Souspli] a Chiffrement : aucun. [/Souspli]</div>",
                Marks::Clear,
            ),
            (
                "Content-Type: text/html\r\n\r\n<div data-souspli=\"verified\">[Souspli] a [/Souspli]</div>",
                Marks::Sealed,
            ),
            (
                "Content-Type: text/html\r\n\r\n<p>[Souspli] a Chiffrement&nbsp;: aucun.<br>\r\n[/Souspli]</p>",
                Marks::Clear,
            ),
            (
                "Content-Type: text/html\r\n\r\n<div data-souspli=\"verified\"></div>",
                Marks::Sealed,
            ),
            (
                "X-Souspli-Verdict: verified; code=signed; encrypted=no\r\nX-Souspli-View: t\r\n\r\nx",
                Marks::Clear,
            ),
            (
                "X-Souspli-Verdict: verified; code=encrypted-signed\r\nX-Souspli-View: t\r\n\r\nx",
                Marks::Sealed,
            ),
            ("X-Souspli-View: t\r\n\r\nx", Marks::Sealed),
        ] {
            assert_eq!(super::marks(mail.as_bytes()), marks, "{mail}");
        }
    }
}
