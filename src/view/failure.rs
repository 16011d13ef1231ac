//! The View of a message that cannot be shown: a warning, and the original as an attachment.
//!
//! A listing made before it was opened said the size of what is stored, so the longer forms give way to shorter ones: a
//! brief warning, and base64 written in the longest lines. Short messages have no room in any form.

use super::Draft;
use super::build::{ViewInput, assemble, fitting, report_part, text_part};
use super::header::Detail;
use super::short::{is_told_unopened, of_warning};
use super::verdict::{Grade, Verdict};
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::mime::{edit, encode, parameters};
use crate::smime::OpenError;
use crate::text::banner as said;
use crate::text::report::FILE;
use memchr::memmem;

/// A file whose octets are a message. As message/rfc822, or under a name in .eml, Thunderbird would show it under the
/// warning, attachment or not; only in base64 may it have that name.
const AS_FILE: &[u8] = b"Content-Type: application/octet-stream; name=original.eml.bin\r\nContent-Disposition: attachment; filename=original.eml.bin\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

/// The View: of the size that was told wherever it fits into it.
pub(super) fn of_failure(input: &ViewInput<'_>) -> Draft {
    let told = is_told_unopened(input.stored);
    brief(input)
        .or_else(|| told.then(|| of_warning(input, &warning(input.verdict))))
        .unwrap_or_else(|| whole(input))
        .showing(input)
}

/// The best form that has room.
fn brief(input: &ViewInput<'_>) -> Option<Draft> {
    let alone = sealed_file(input.stored).unwrap_or_else(|| inner_message(input.stored));
    if memmem::find(&alone, input.boundary.as_bytes()).is_some() {
        return None;
    }
    let Verdict { french, english, .. } = input.verdict;
    let (long, short) = (warning(input.verdict), said::brief_failure(french, english));
    let forms = [(&long, input.report), (&long, None), (&short, None)];
    let (draft, parts) = forms.iter().find_map(|(warning, report)| {
        let mut parts = vec![text_part(&reported(warning, *report)).into(), alone.as_slice().into()];
        parts.extend(report.map(|report| report_part(report).into()));
        Some((fitting(input, assemble(input, Detail::Least, &parts))?, parts.len()))
    })?;
    draft.has_parts(parts, input.boundary).then_some(draft)
}

/// The warning, and the name of the report beside it.
fn reported(warning: &str, report: Option<&str>) -> String {
    match report {
        Some(_) => format!("{warning}\r\n{}", said::see_report(FILE)),
        None => warning.to_owned(),
    }
}

/// Everything that there is to say, whatever the size.
fn whole(input: &ViewInput<'_>) -> Draft {
    let text = reported(&warning(input.verdict), input.report);
    let mut parts = vec![text_part(&text).into(), original_file(input.stored).into()];
    parts.extend(input.report.map(|report| report_part(report).into()));
    Draft::new(assemble(input, Detail::Full, &parts), input.size)
}

/// What could not be opened is not called suspect.
fn warning(verdict: &Verdict) -> String {
    let said = match verdict.grade {
        Grade::Unopenable if verdict.code == OpenError::CertificatesOnly.code() => said::certificates_only,
        Grade::Unopenable => said::unopenable,
        _ => said::altered,
    };
    said(&verdict.french, &verdict.english)
}

/// The base64 body of a sealed message as a file.
fn sealed_file(stored: &[u8]) -> Option<Vec<u8>> {
    let (header, body) = Header::parse(stored);
    let kind = parameters::content_type(&header).value;
    let sealed = matches!(kind.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime");
    if !sealed || parameters::transfer_encoding(&header) != parameters::TransferEncoding::Base64 {
        return None;
    }
    let mut out = b"Content-Type: application/octet-stream; name=smime.p7m\r\nContent-Disposition: attachment; filename=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
    out.extend(long_lines(&stored[body..])?);
    Some(out)
}

/// The message with the fields that say what its body is; the others stand in the View's own header.
fn inner_message(stored: &[u8]) -> Vec<u8> {
    let (header, body) = Header::parse(stored);
    let mut out = AS_FILE.to_vec();
    out.extend(header.retain(|field| field.begins("Content-") || field.is("MIME-Version")));
    out.extend_from_slice(b"\r\n");
    let mut at = body;
    for leaf in base64_leaves(stored, &parse(stored)) {
        if let Some(lines) = long_lines(&stored[leaf.body.clone()]) {
            out.extend_from_slice(&stored[at..leaf.body.start]);
            out.extend(lines);
            at = leaf.body.end;
        }
    }
    out.extend_from_slice(&stored[at..]);
    out
}

/// The parts whose octets stand in base64, in the order in which they stand.
fn base64_leaves<'a>(stored: &[u8], entity: &'a Entity) -> Vec<&'a Entity> {
    if entity.kind != Kind::Leaf {
        return entity.children().iter().flat_map(|child| base64_leaves(stored, child)).collect();
    }
    let header = Header::parse(&stored[entity.header.clone()]).0;
    match parameters::transfer_encoding(&header) {
        parameters::TransferEncoding::Base64 => vec![entity],
        _ => Vec::new(),
    }
}

/// The same base64 in lines as long as mail may have (RFC 5322 §2.1.1); `None`: it holds something else.
fn long_lines(base64: &[u8]) -> Option<Vec<u8>> {
    let characters: Vec<u8> = base64.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let known = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if !characters.iter().all(known) {
        return None;
    }
    let mut out = Vec::with_capacity(characters.len() + characters.len() / 256);
    for line in characters.chunks(edit::LINE_MAX - 2) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    Some(out)
}

/// The whole stored message as a file. In base64 no octet of it can be taken for our structure.
fn original_file(stored: &[u8]) -> Vec<u8> {
    let mut out = b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=original.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
    out.extend(encode::base64_lines(stored));
    out
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::super::verdict::Grade;
    use super::*;
    use crate::config::BannerMode;
    use crate::view::tests::verdict;

    fn failed(stored: &[u8]) -> View {
        failed_of(stored, stored.len())
    }

    fn failed_of(stored: &[u8], size: usize) -> View {
        let verdict = Verdict {
            grade: Grade::Unopenable,
            french: "Ce message n'est chiffré pour aucune de vos clés.".to_owned(),
            english: "This message is not encrypted for any of your keys.".to_owned(),
            ..verdict()
        };
        of_failure(&ViewInput {
            stored,
            size,
            content: None,
            restored: &super::super::restored::UNCHANGED,
            header: super::super::letter::HeaderShown::Protected,
            verdict: &verdict,
            boundary: &format!("=_sp_{}", "0".repeat(40)),
            report: None,
            banner: BannerMode::Text,
            token: &"0".repeat(110),
        })
        .filled()
    }

    fn lines(octets: usize) -> String {
        format!("{}\r\n", "A".repeat(64)).repeat(octets / 66)
    }

    fn sealed(octets: usize) -> Vec<u8> {
        let header = "From: bob@x.fr\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";
        (header.to_owned() + &lines(octets)).into_bytes()
    }

    fn clear_signed(octets: usize) -> Vec<u8> {
        let header = "From: bob@x.fr\r\nContent-Type: multipart/signed; boundary=x\r\n\r\n--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        (header.to_owned() + &lines(octets) + "--x\r\n\r\nsignature\r\n--x--\r\n").into_bytes()
    }

    #[test]
    fn from_the_size_on_from_which_a_listing_is_believed_there_is_room() {
        for octets in (crate::base::limits::ROOM_IS_SURE..2 * crate::base::limits::ROOM_IS_SURE).step_by(1001) {
            for stored in [sealed(octets), clear_signed(octets)] {
                let view = failed(&stored);
                assert_eq!((view.bytes().len(), view.entity().children().len()), (stored.len(), 2), "{octets}");
            }
        }
    }

    /// What the attached file holds, which no mail program may take for a message (RFC 2046 §5.2.1).
    fn file_of(view: &View) -> Vec<u8> {
        let file = &view.entity().children()[1];
        assert_eq!(file.media_type, "application/octet-stream");
        encode::base64_decode(&view.bytes()[file.body.clone()])
    }

    #[test]
    fn short_messages_are_whole_and_longer() {
        for stored in [sealed(1000), clear_signed(1000)] {
            let view = failed(&stored);
            assert!(!view.size_preserved() && file_of(&view) == stored);
        }
    }

    #[test]
    fn a_view_made_again_for_the_size_that_was_told_is_the_same() {
        for octets in [1000, 10_000, 20_000, 60_000] {
            let stored = sealed(octets);
            let first = failed(&stored);
            assert_eq!(failed_of(&stored, first.bytes().len()).bytes(), first.bytes(), "{octets}");
        }
    }

    #[test]
    fn base64_that_holds_something_else_stays_as_it_is() {
        let stored = [clear_signed(40_000), b"Content-".to_vec()].concat();
        let stored = String::from_utf8_lossy(&stored).replacen("AAAA", "A*A\r\n", 1).into_bytes();
        assert_eq!(file_of(&failed(&stored)), stored);
    }
}
