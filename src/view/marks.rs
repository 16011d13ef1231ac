//! What the marks of ours in a message on its way out tell of where its text comes from.
//!
//! They are the banner, the fields `X-Souspli-*` and the attribute of the HTML banner. Others cannot write them into a View:
//! look-alikes are defanged before ours are put in.

use super::header::{self, is_ours};
use super::html::{self, ATTRIBUTE};
use super::strip::BANNER_MAX;
use crate::mime::Contents;
use crate::mime::edit::{ENCODED_MAX, is_html, text_of};
use crate::mime::encode::transfer_decode;
use crate::mime::entity::{Entity, Kind};
use crate::mime::header::Header;
use crate::mime::packed::unpacked;
use crate::mime::parameters::{TransferEncoding, stated_encoding};
use crate::mime::words::octets_to_text;
use crate::text::banner::{CLOSING, NOT_ENCRYPTED, OPENING};
use crate::text::subject::{self, Came};
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
    marks_in(&Contents::of(message))
}

/// The same of a message that has been read.
pub fn marks_in(message: &Contents<'_>) -> Marks {
    of_message(message, 0)
}

/// True when there is any, also one that cannot be taken out.
pub fn holds_banner(message: &[u8]) -> bool {
    marks(message) != Marks::Absent
}

fn of_message(message: &Contents<'_>, encoded: usize) -> Marks {
    of_entity(message, &message.root, encoded)
}

fn of_entity(message: &Contents<'_>, entity: &Entity, encoded: usize) -> Marks {
    let header = of_header(&message.header(entity));
    let body = match &entity.kind {
        Kind::Leaf => of_leaf(message, entity, encoded),
        Kind::Message(inner) => of_entity(message, inner, encoded),
        Kind::Multipart(parts) => of_parts(message, entity, parts, encoded),
    };
    header.max(body)
}

/// The parts, and what stands between them and around them.
fn of_parts(message: &Contents<'_>, entity: &Entity, parts: &[Entity], encoded: usize) -> Marks {
    let mut found = Marks::Absent;
    let mut at = entity.body.start;
    for part in parts {
        found = found
            .max(of_octets(message.at(&(at..part.header.start))))
            .max(of_entity(message, part, encoded));
        at = part.body.end;
    }
    found.max(of_octets(message.at(&(at..entity.body.end))))
}

fn of_leaf(message: &Contents<'_>, entity: &Entity, encoded: usize) -> Marks {
    let text = text_of(message.octets, entity).map(|(text, _)| match is_html(&entity.media_type) {
        true => of_html(&text),
        false => of_text(&text),
    });
    let inner = message.attached_message(entity).filter(|_| encoded < ENCODED_MAX);
    let inner = inner.map(|inner| of_message(&Contents::of(&inner), encoded + 1));
    let told = text.max(inner).unwrap_or(Marks::Absent);
    if told != Marks::Absent {
        return told;
    }
    // What it says of its charset and encoding may be wrong; and any file may be a View or a text saved from one.
    let header = message.header(entity);
    let body = message.at(&entity.body);
    let as_it_is = || of_file(body, encoded);
    let mut codings = header.all("Content-Transfer-Encoding").map(|field| stated_encoding(field.value));
    let told = match codings.next() {
        None | Some(TransferEncoding::Identity) => as_it_is(),
        Some(_) => match message.body(entity) {
            Some(octets) if octets.is_plain_base64 => of_file(&octets, encoded),
            Some(octets) => as_it_is().max(of_file(&octets, encoded)),
            None => as_it_is(),
        },
    };
    let decoded = codings.filter_map(|coding| transfer_decode(coding, body));
    decoded.map(|octets| of_file(&octets, encoded)).fold(told, Marks::max)
}

/// Marks in a file as it is. Plain base64 need not be asked: every mark has a bracket or a dash, and the one thing packed that
/// begins with letters alone, compressed RTF, makes of letters and of its window neither of them, nor a colon or a tag.
fn of_file(octets: &[u8], encoded: usize) -> Marks {
    of_octets(octets).max(of_packed(octets, encoded))
}

/// Files inside a file, one level of them: a View in an archive, the text of a `winmail.dat`, uuencode in a text.
fn of_packed(octets: &[u8], encoded: usize) -> Marks {
    if encoded + 2 > ENCODED_MAX {
        return Marks::Absent;
    }
    let told = |file: &Vec<u8>| {
        // The texts of office programs are XML; encapsulated HTML keeps its tags.
        let page = html::find_ignoring_case(file, b"</").map(|_| of_html(&octets_to_text(file)));
        of_octets(file)
            .max(page.unwrap_or(Marks::Absent))
            .max(of_message(&Contents::of(file), encoded + 2))
    };
    unpacked(octets).iter().map(told).max().unwrap_or(Marks::Absent)
}

/// Marks in octets of which nothing is known: a View saved as a file, or a banner in ASCII, UTF-8, UTF-16 or UTF-32.
fn of_octets(octets: &[u8]) -> Marks {
    let (mut plain, mut wide) = (false, false);
    // The field is looked for by its first dash, every form of the token by its bracket: both in one pass.
    for at in memchr::memchr2_iter(b'-', b'[', octets) {
        let here = &octets[at..];
        match octets[at] {
            b'-' if is_own_field(octets, at) => return Marks::Sealed,
            b'-' => {}
            _ => {
                plain |= is_token(here, 0);
                wide |= is_token(here, 1) || is_token(here, 3);
            }
        }
    }
    if plain {
        of_text(&octets_to_text(octets))
    } else if wide {
        let narrow: Vec<u8> = octets.iter().copied().filter(|b| *b != 0).collect();
        of_text(&octets_to_text(&narrow))
    } else {
        Marks::Absent
    }
}

/// Whether the first dash in a line that begins with the name of the field by which a View is known, and its colon, stands
/// there: programs fold long fields anew, some right after the name.
fn is_own_field(octets: &[u8], dash: usize) -> bool {
    let Some(start) = dash.checked_sub(1) else { return false };
    let begins_line = start == 0 || octets[start - 1] == b'\n';
    let named = || {
        let (name, rest) = octets[start..].split_at_checked(header::MARK.len())?;
        (name.eq_ignore_ascii_case(header::MARK.as_bytes()) && rest.first() == Some(&b':')).then_some(())
    };
    begins_line && named().is_some()
}

/// Whether octets begin with the token in ASCII with so many NULs between its letters: UTF-16 and UTF-32 of either order.
fn is_token(octets: &[u8], nuls: usize) -> bool {
    let length = (OPENING.len() - 1) * (nuls + 1) + 1;
    let is_letter = |(unit, letter): (&[u8], u8)| unit[0] == letter && unit[1..].iter().all(|b| *b == 0);
    octets
        .get(..length)
        .is_some_and(|units| units.chunks(nuls + 1).zip(OPENING.bytes()).all(is_letter))
}

fn of_header(header: &Header<'_>) -> Marks {
    let subjects = header.all("Subject").map(|field| of_subject(&field.text()));
    subjects.fold(of_fields(header), Marks::max)
}

/// Marks in front of a Subject, or of one that a text quotes.
fn of_subject(text: &str) -> Marks {
    let told = subject::marks(text).map(|mark| match mark.came {
        Came::InClear => Marks::Clear,
        Came::Encrypted => Marks::Sealed,
    });
    told.max().unwrap_or(Marks::Absent)
}

fn of_fields(header: &Header<'_>) -> Marks {
    if !header.fields().iter().any(is_ours) {
        // Text where a header should be.
        let no_fields = header.fields().iter().filter(|field| field.name.is_empty());
        return no_fields.map(|line| of_octets(line.raw)).max().unwrap_or(Marks::Absent);
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
    found.max(of_subject(text))
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
    use proptest::prelude::*;

    proptest! {
        /// What is not asked of plain base64.
        #[test]
        fn letters_alone_are_no_mark_whatever_they_unpack_to(before in "[A-Za-z0-9+/\r\n]{0,40}", after in "[A-Za-z0-9+/=\r\n]{0,2000}") {
            let text = format!("{before}LZFu{after}");
            prop_assert_eq!(of_file(text.as_bytes(), 0), Marks::Absent);
            let signs = unpacked(text.as_bytes()).concat().into_iter().find(|b| b"[-:<".contains(b));
            prop_assert_eq!(signs, None);
        }
    }

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
    fn the_mark_of_a_subject_says_where_the_text_is_from() {
        for (subject, text, marks) in [
            ("Re: [Souspli : non garanti] Bilan", "x", Marks::Sealed),
            ("=?utf-8?Q?=5BSouspli_=3A_ALT=C3=89R=C3=89=5D?= Bilan", "x", Marks::Sealed),
            ("Re: [Souspli : non garanti, en clair] Bilan", "x", Marks::Clear),
            ("Re: [Souspli : non gara", "x", Marks::Sealed),
            ("Bilan", "> Sujet : [Souspli : non\r\n> garanti] Bilan", Marks::Sealed),
            ("Bilan", "> Sujet : [Souspli : non garanti, en clair] Bilan", Marks::Clear),
            ("[cabinet] Bilan", "x", Marks::Absent),
        ] {
            let mail = format!("Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}");
            assert_eq!(super::marks(mail.as_bytes()), marks, "{subject}: {text}");
        }
    }

    #[test]
    fn a_view_attached_as_a_file_is_known() {
        let mail = |content: &[u8]| {
            let head = b"Content-Type: application/octet-stream; name=l.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n";
            [&head[..], &crate::mime::encode::base64_lines(content)].concat()
        };
        for field in ["X-Souspli-View: t", "X-Souspli-View:\r\n t", "x-souspli-view:\n\tt"] {
            for first in ["", "Subject: x\r\n"] {
                let view = format!("{first}{field}\r\n\r\nbase64, not read\r\n");
                assert_eq!(marks(&mail(view.as_bytes())), Marks::Sealed, "{view:?}");
            }
        }
        assert_eq!(marks(&mail(b"Subject: x\r\n\r\nX-Souspli\r\n")), Marks::Absent);
        let coded = crate::mime::encode::base64_lines("[Souspli] Message chiffré. [/Souspli]".as_bytes());
        let saved = [
            b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            &coded[..],
        ]
        .concat();
        assert_eq!(marks(&mail(&saved)), Marks::Sealed);
    }

    #[test]
    fn marks_are_known_in_whatever_a_text_is_written() {
        let banner = "> [Souspli] Message chiffré.\r\n> Chiffrement : AES-256-CBC. [/Souspli]\r\n> x";
        let clear = banner.replace("AES-256-CBC", "aucun");
        let units = |text: &str, write: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(write).collect::<Vec<u8>>();
        let wide = |text: &str| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<u8>>();
        let coded = |octets: &[u8]| String::from_utf8(crate::mime::encode::base64_lines(octets)).unwrap();
        let head = |kind: &str, coding: &str| format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {coding}\r\n\r\n");
        let check = |mail: String, wanted| assert_eq!(super::marks(mail.as_bytes()), wanted, "{mail}");
        for (text, wanted) in [(banner, Marks::Sealed), (clear.as_str(), Marks::Clear)] {
            for kind in [
                "text/plain; charset=utf-16",
                "text/plain; charset=utf-32",
                "text/calendar",
                "application/octet-stream",
            ] {
                for octets in [
                    units(text, u16::to_le_bytes),
                    units(text, u16::to_be_bytes),
                    wide(text),
                    text.as_bytes().to_vec(),
                ] {
                    check(head(kind, "base64") + &coded(&octets), wanted);
                }
            }
            check(head("text/plain; charset=utf-16", "8bit") + text, wanted);
            check(head("text/plain", "base64") + text, wanted);
            check(head("text/plain", "x-unknown") + text, wanted);
            check(
                head("text/plain", "7bit\r\nContent-Transfer-Encoding: base64") + &coded(text.as_bytes()),
                wanted,
            );
            check(head("multipart/mixed; boundary=no", "8bit") + text, wanted);
            check(
                head("multipart/mixed; boundary=b", "8bit") + text + "\r\n--b\r\n\r\nx\r\n--b--\r\n",
                wanted,
            );
            check(
                head("multipart/mixed; boundary=b", "8bit") + "--b\r\n\r\nx\r\n--b--\r\n" + text,
                wanted,
            );
        }
        check(head("message/rfc822", "base64") + banner, Marks::Sealed);
        check(head("message/rfc822", "7bit") + "From: a@b\r\n" + banner, Marks::Sealed);
        let named = "<p>&lsqb;Souspli&rsqb; Message chiffré. &lbrack;&sol;Souspli&rbrack;</p>";
        check(head("text/html; charset=utf-8", "8bit") + named, Marks::Sealed);
        check(
            head("application/octet-stream", "base64") + &coded(b"X-Souspli-View: t\nSubject: x\n\nx"),
            Marks::Sealed,
        );
    }

    #[test]
    fn marks_packed_in_a_file_are_known() {
        let mail = |kind: &str, content: &[u8]| {
            let head = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n");
            [head.into_bytes(), crate::mime::encode::base64_lines(content)].concat()
        };
        let coded = String::from_utf8(crate::mime::encode::base64_lines(
            "> [Souspli] Message chiffré. [/Souspli]".as_bytes(),
        ))
        .unwrap();
        let inside = format!("From: a@b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}");
        let zip = |content: &str| {
            let mut zip = [
                b"PK\x03\x04".as_slice(),
                &[0; 14],
                &(content.len() as u32).to_le_bytes(),
                &[0; 4],
                &[1, 0, 0, 0, b'a'],
            ]
            .concat();
            zip.extend_from_slice(content.as_bytes());
            zip
        };
        for content in [
            inside.as_str(),
            "X-Souspli-View: t\r\nSubject: x\r\n\r\nx",
            "<w:t>[</w:t><w:t>Souspli</w:t><w:t>] Message chiffr&#233;.</w:t>",
        ] {
            assert_eq!(marks(&mail("application/zip", &zip(content))), Marks::Sealed, "{content}");
        }
        assert_eq!(marks(&mail("application/zip", &zip("From: a@b\r\n\r\nx"))), Marks::Absent);
        // Literals only: each group of eight behind a zero.
        let rtf: Vec<u8> = "{\\rtf1 [Sous\\b pli] Message chiffr\\'e9.}"
            .as_bytes()
            .chunks(8)
            .flat_map(|eight| [&[0], eight].concat())
            .collect();
        let winmail = [b"\x78\x9f\x3e\x22\x01\x00 LZFu".as_slice(), &[0; 4], &rtf].concat();
        assert_eq!(marks(&mail("application/ms-tnef", &winmail)), Marks::Sealed);
        let letter = inside.replace("\r\n", "\n");
        let lines = letter.as_bytes().chunks(45).map(|line| {
            let sixes = line.chunks(3).flat_map(|three| {
                let bits = (0..3).fold(0u32, |bits, n| (bits << 8) | u32::from(*three.get(n).unwrap_or(&0)));
                [18, 12, 6, 0].map(|shift| ((bits >> shift) & 63) as u8 + 0x20)
            });
            String::from_utf8(std::iter::once(line.len() as u8 + 0x20).chain(sixes).collect()).unwrap()
        });
        let text = format!(
            "Content-Type: text/plain\r\n\r\nvoir\r\nbegin 644 l.eml\r\n{}\r\n`\r\nend\r\n",
            lines.collect::<Vec<_>>().join("\r\n")
        );
        assert_eq!(marks(text.as_bytes()), Marks::Sealed);
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
