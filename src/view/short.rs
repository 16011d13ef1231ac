//! The View of a message that grows as it is opened, of the size all the same that a list has told of it unopened.
//!
//! Nobody who seals in earnest sends one: what was sealed is larger than what it holds, unless its octets were not written
//! for mail. What is left out stays at the provider. Files go first, then the end of the text, then all but the warning; at
//! last, where the header alone is the message, the fields that name nobody and nothing.

use super::Draft;
use super::build::{Part, ViewInput, assemble, fitting, text_part};
use super::header::{Detail, content_type_field, outer_fields, own_fields};
use crate::base::limits::ROOM_IS_SURE;
use crate::mime::header::Header;
use crate::mime::parameters::{TransferEncoding, content_type, disposition, transfer_encoding};
use crate::smime::class::{Class, classify};
use crate::text::banner as said;

/// Fields by which a message is known.
const NAMING: [&str; 5] = ["From", "To", "Subject", "Date", "Message-ID"];
/// Octets of such a field: all of them are a fraction of [`ROOM_IS_SURE`].
const FIELD_MAX: usize = 2048;

/// Whether a list tells the stored size without opening the message.
pub(super) fn is_told_unopened(stored: &[u8]) -> bool {
    stored.len() >= ROOM_IS_SURE && classify(stored) != Class::Compressed
}

/// As much of these parts, of which the first says the verdict, as there is room for; else `warning` alone.
pub(super) fn of_parts(input: &ViewInput<'_>, parts: &[Part<'_>], warning: &str) -> Draft {
    let octets: Vec<Vec<u8>> = parts.iter().map(Part::octets).collect();
    let texts: Vec<&[u8]> = octets.iter().map(Vec::as_slice).take_while(|part| is_text(part)).collect();
    let note = text_part(&said::cut_short());
    let try_with = |texts: &[&[u8]]| {
        let parts: Vec<Part<'_>> = texts.iter().copied().chain([note.as_slice()]).map(Part::from).collect();
        let draft = fitting(input, assemble(input, Detail::Least, &parts))?;
        (texts.len() == parts.len() - 1 && draft.has_parts(parts.len(), input.boundary)).then_some(draft)
    };
    let whole = || (!texts.is_empty()).then(|| try_with(&texts)).flatten();
    let cut = || {
        let bare = assemble(input, Detail::Least, &[Part::from(note.as_slice())]).len() + DELIMITER_MAX;
        let first = cut_to(texts.first()?, input.stored.len().checked_sub(bare)?)?;
        try_with(&[&first])
    };
    whole().or_else(cut).unwrap_or_else(|| of_warning(input, warning))
}

/// The warning, and that the rest is left out.
pub(super) fn of_warning(input: &ViewInput<'_>, warning: &str) -> Draft {
    let part = text_part(&format!("{warning}\r\n{}", said::cut_short()));
    let whole = fitting(input, assemble(input, Detail::Least, &[Part::from(part.as_slice())]));
    whole
        .filter(|draft| draft.has_parts(1, input.boundary))
        .unwrap_or_else(|| Draft::new(under_few_fields(input, &part), input.size))
}

/// A delimiter with its line ends (RFC 2046 §5.1.1: seventy characters), twice.
const DELIMITER_MAX: usize = 160;

fn is_text(part: &[u8]) -> bool {
    let header = Header::parse(part).0;
    let attached = disposition(&header).is_some_and(|d| d.value == "attachment");
    content_type(&header).value == "text/plain" && !attached
}

/// The part with its text up to a line end; `None`: not even the first lines, or they are not written as they are.
fn cut_to(part: &[u8], octets: usize) -> Option<Vec<u8>> {
    let (header, body) = Header::parse(part);
    let readable = matches!(transfer_encoding(&header), TransferEncoding::Identity);
    let held = part.get(..octets.min(part.len())).filter(|_| readable)?;
    let end = memchr::memrchr(b'\n', held)? + 1;
    // The verdict stands in the first lines.
    (end > body + BANNER_MAX).then(|| held[..end].to_vec())
}

const BANNER_MAX: usize = 2048;

fn under_few_fields(input: &ViewInput<'_>, part: &[u8]) -> Vec<u8> {
    let fields = outer_fields(&Header::parse(input.stored).0, input.boundary, input.restored);
    let header = Header::parse(&fields).0;
    let mut out = Vec::new();
    for field in NAMING.iter().filter_map(|name| header.first(name)) {
        if field.raw.len() <= FIELD_MAX {
            out.extend_from_slice(field.raw);
        }
    }
    out.extend_from_slice(content_type_field(input.boundary).as_bytes());
    out.extend_from_slice(own_fields(input.verdict, input.token, Detail::Least).as_bytes());
    let boundary = input.boundary;
    out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    out.extend_from_slice(part);
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::super::restored::UNCHANGED;
    use super::super::verdict::{Grade, Verdict};
    use super::super::{View, build};
    use super::*;
    use crate::config::BannerMode;
    use crate::view::letter::HeaderShown;
    use crate::view::tests::verdict;

    fn view(stored: &[u8], content: Option<&[u8]>, grade: Grade) -> View {
        let verdict = Verdict {
            grade,
            code: "signed-unknown-authority",
            ..verdict()
        };
        build::build(&ViewInput {
            stored,
            size: stored.len(),
            content,
            restored: &UNCHANGED,
            header: HeaderShown::Protected,
            verdict: &verdict,
            report: None,
            boundary: "=_sp_0000",
            banner: BannerMode::Text,
            token: &"0".repeat(3000),
        })
    }

    /// A message of that size whose header has so many octets.
    fn stored(header: usize, octets: usize) -> Vec<u8> {
        let mut out = b"From: bob@x.fr\r\nSubject: s\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: binary\r\n".to_vec();
        while out.len() < header {
            out.extend_from_slice(format!("X-Filler: {}\r\n", "x".repeat(900)).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.resize(octets.max(out.len()), 0x30);
        out
    }

    fn contents(octets: usize) -> Vec<Vec<u8>> {
        let line = "Bonjour, le résultat.\r\n";
        let text = format!(
            "Content-Type: text/plain; charset=utf-8\r\n\r\n{}",
            line.repeat(octets / line.len())
        );
        let file = |start: &str| [start.as_bytes(), &vec![0x80; octets], b"\r\n--i--\r\n"].concat();
        vec![
            text.clone().into_bytes(),
            file(
                "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nLe mot\r\n--i\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n",
            ),
            [&b"Content-Type: text/plain\r\n\r\n"[..], &vec![b'\n'; octets]].concat(),
            [&b"Content-Type: text/html\r\n\r\n"[..], "&#x2022;=_".repeat(octets / 10).as_bytes()].concat(),
            file("Content-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\n\r\n"),
        ]
    }

    #[test]
    fn what_a_list_has_told_is_the_size_whatever_is_inside() {
        for octets in [ROOM_IS_SURE, ROOM_IS_SURE + 1, 100_000] {
            for header in [0, octets / 2, octets - 300] {
                let stored = stored(header, octets);
                for (at, content) in contents(octets - 200).iter().enumerate() {
                    for grade in [Grade::Unassured, Grade::Altered, Grade::Unopenable] {
                        let view = view(&stored, Some(content), grade);
                        assert_eq!(view.bytes().len(), stored.len(), "{octets} {header} {at} {grade:?}");
                        assert!(!view.entity().children().is_empty());
                    }
                }
                assert_eq!(view(&stored, None, Grade::Unopenable).bytes().len(), stored.len());
            }
        }
    }

    #[test]
    fn the_text_stays_as_far_as_there_is_room_and_the_verdict_always() {
        let stored = stored(0, 100_000);
        let said = |content: &[u8]| String::from_utf8_lossy(view(&stored, Some(content), Grade::Unassured).bytes()).into_owned();
        let all = contents(99_800);
        let long = said(&all[0]);
        assert!(
            long.contains("Souspli]") && long.contains("le résultat.") && long.contains("resté chez"),
            "{long}"
        );
        let mixed = said(&all[1]);
        assert!(mixed.contains("Le mot") && mixed.contains("Souspli]") && !mixed.contains("image/png"));
        assert!(said(&all[4]).contains("Souspli]"));
    }
}
