//! The banner taken out again on the way out: of replies that quote it, of drafts, of a View that is forwarded.
//!
//! Only what stands between the two tokens goes, never a word that the doctor wrote around it.

use super::header::{is_ours, is_view};
use super::html::{self, ATTRIBUTE, Piece, Tag};
use super::report;
use crate::mime::edit::{Change, Editor, TextPart, edit_tree, is_html};
use crate::mime::entity::{Entity, parse};
use crate::mime::header::{Field, Header};
use crate::mime::words;
use crate::text::banner::{CLOSING, OPENING};
use crate::text::subject;
use std::ops::Range;

/// Octets from one token to the other, quoted and wrapped anew as it may be.
pub(super) const BANNER_MAX: usize = 3000;
/// Octets of a line that a banner stands on.
const LINE_MAX: usize = 1000;
/// Pieces of HTML from one token to the other.
const PIECES_MAX: usize = 200;

/// The message or entity without banners of ours, fields of ours, and the padding of Views in it; `None`: it has none.
pub fn strip(entity: &[u8]) -> Option<Vec<u8>> {
    strip_tree(entity, &parse(entity))
}

/// The same of octets that have been read already.
pub fn strip_tree(entity: &[u8], root: &Entity) -> Option<Vec<u8>> {
    edit_tree(entity, root, &mut Strip)
}

struct Strip;

impl Editor for Strip {
    fn keeps(&self, field: &Field<'_>) -> bool {
        !is_ours(field)
    }

    /// Where mail programs write the Subject of what they answer.
    fn field(&self, field: &Field<'_>) -> Option<Vec<u8>> {
        let named = ["Subject", "Thread-Topic"].iter().any(|name| field.is(name));
        let text = named.then(|| subject::without_marks(&field.text())).flatten()?;
        Some(format!("{}: {}\r\n", field.name, words::encode(text.trim())).into_bytes())
    }

    fn text(&mut self, part: &TextPart<'_>) -> Change {
        let html = is_html(&part.entity.media_type);
        let stripped = if html { strip_html(part.text) } else { strip_text(part.text) };
        // The header lines of a letter that is forwarded in the text.
        let unmarked = subject::without_marks(stripped.as_deref().unwrap_or(part.text));
        unmarked.or(stripped).map_or(Change::Keep, Change::Text)
    }

    fn drops(&self, bytes: &[u8], part: &Entity) -> bool {
        report::is_report(bytes, part)
    }

    fn drops_epilogue(&self, message: &Header<'_>) -> bool {
        is_view(message)
    }
}

pub(super) fn strip_text(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(n) = text[at..].find(OPENING) {
        let open = at + n;
        at = open + OPENING.len();
        if let Some(gone) = banner_lines(text, open).filter(|gone| gone.start >= kept) {
            out.push_str(&text[kept..gone.start]);
            kept = gone.end;
            at = gone.end.max(at);
        }
    }
    (kept > 0).then(|| out + &text[kept..])
}

/// What goes with the banner that begins at `open`: its lines whole where nothing else stands on them, and the empty
/// line after it.
fn banner_lines(text: &str, open: usize) -> Option<Range<usize>> {
    let close = closing(text, open)?;
    let (Some(line), Some(end)) = (line_start(text, open), next_line(text, close)) else {
        return Some(open..close);
    };
    let depth = quote_depth(&text[line..open]);
    // A line of another depth was written between by somebody.
    if text[open..close].split('\n').skip(1).any(|l| quote_depth(l) != depth) {
        return None;
    }
    let alone = is_quote(&text[line..open]) && text[close..end].trim().is_empty();
    if !alone {
        return Some(open..close);
    }
    let after = next_line(text, end).filter(|&after| is_quote(&text[end..after]));
    Some(line..after.unwrap_or(end))
}

/// The end of the closing token, if it comes before another opening one and not too far.
fn closing(text: &str, open: usize) -> Option<usize> {
    let start = open + OPENING.len();
    let window = &text[start..text.floor_char_boundary(start + BANNER_MAX)];
    let end = window.find(CLOSING)?;
    (!window[..end].contains(OPENING)).then_some(start + end + CLOSING.len())
}

/// Where the line begins that `at` stands on; `None`: too far for a quoted banner.
fn line_start(text: &str, at: usize) -> Option<usize> {
    let from = text.floor_char_boundary(at.saturating_sub(LINE_MAX));
    match text[from..at].rfind('\n') {
        Some(n) => Some(from + n + 1),
        None => (from == 0).then_some(0),
    }
}

/// Where the next line begins; `None`: too far.
fn next_line(text: &str, at: usize) -> Option<usize> {
    let to = text.floor_char_boundary(at + LINE_MAX);
    match text[at..to].find('\n') {
        Some(n) => Some(at + n + 1),
        None => (to == text.len()).then_some(to),
    }
}

fn is_quote(text: &str) -> bool {
    text.chars().all(|c| c == '>' || c == '|' || c.is_whitespace())
}

fn quote_depth(line: &str) -> usize {
    line.chars()
        .take_while(|&c| c == '>' || c == ' ' || c == '\u{a0}')
        .filter(|&c| c == '>')
        .count()
}

pub(super) fn strip_html(document: &str) -> Option<String> {
    let pieces: Vec<Piece> = html::scan(document).collect();
    let mut gone = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let Piece::Text(span) = piece {
            token_stretches(document, &pieces, index, span, &mut gone);
        }
    }
    marked_elements(document, &pieces, &mut gone);
    if gone.is_empty() { None } else { Some(without(document, gone)) }
}

/// The text from an opening token in this piece to its closing token, which may stand in a later one; line breaks
/// between go too, other tags stay.
fn token_stretches(document: &str, pieces: &[Piece], index: usize, span: &Range<usize>, gone: &mut Vec<Range<usize>>) {
    let mut at = span.start;
    while let Some(n) = document[at..span.end].find(OPENING) {
        let open = at + n;
        at = open + OPENING.len();
        if let Some(mut stretch) = stretch(document, &pieces[index..], open) {
            gone.append(&mut stretch);
        }
    }
}

fn stretch(document: &str, pieces: &[Piece], open: usize) -> Option<Vec<Range<usize>>> {
    let mut gone = Vec::new();
    let mut length = 0;
    for piece in pieces.iter().take(PIECES_MAX) {
        match piece {
            Piece::Tag(tag) if tag.name == "br" => gone.push(tag.span.clone()),
            Piece::Tag(_) | Piece::Hidden(_) => {}
            Piece::Text(span) => {
                let first = span.contains(&open);
                let start = if first { open } else { span.start };
                let text = &document[start..document.floor_char_boundary(span.end.min(start + BANNER_MAX + CLOSING.len()))];
                let end = text.find(CLOSING).map(|n| start + n + CLOSING.len());
                let again = text[if first { OPENING.len() } else { 0 }..]
                    .find(OPENING)
                    .map(|n| start + n + if first { OPENING.len() } else { 0 });
                if again.is_some_and(|again| end.is_none_or(|end| again < end)) {
                    return None;
                }
                gone.push(start..end.unwrap_or(span.end));
                length += end.unwrap_or(span.end) - start;
                if length > BANNER_MAX {
                    return None;
                }
                if end.is_some() {
                    return Some(gone);
                }
            }
        }
    }
    None
}

/// Elements that carry our attribute: gone when nothing is left in them, else without the attribute and its style.
fn marked_elements(document: &str, pieces: &[Piece], gone: &mut Vec<Range<usize>>) {
    gone.sort_by_key(|range| range.start);
    let texts = gone.clone();
    for (index, piece) in pieces.iter().enumerate() {
        let Piece::Tag(tag) = piece else { continue };
        if tag.ends || tag.attribute(ATTRIBUTE).is_none() {
            continue;
        }
        match emptied(document, &pieces[index + 1..], tag, &texts) {
            Some(end) => gone.push(tag.span.start..end),
            None => gone.extend([ATTRIBUTE, "style"].iter().filter_map(|name| tag.attribute(name).cloned())),
        }
    }
}

/// Where the element ends, if no text is left in it.
fn emptied(document: &str, pieces: &[Piece], tag: &Tag, gone: &[Range<usize>]) -> Option<usize> {
    if tag.is_void() {
        return Some(tag.span.end);
    }
    let mut depth = 1usize;
    for piece in pieces.iter().take(PIECES_MAX) {
        match piece {
            Piece::Tag(inner) if inner.name == tag.name && !inner.is_void() => {
                depth = if inner.ends { depth - 1 } else { depth + 1 };
                if depth == 0 {
                    return Some(inner.span.end);
                }
            }
            Piece::Tag(inner) if inner.is_void() && inner.name != "br" => return None,
            Piece::Text(span) if !is_empty(document, span, gone) => return None,
            _ => {}
        }
    }
    None
}

fn is_empty(document: &str, span: &Range<usize>, gone: &[Range<usize>]) -> bool {
    let mut at = span.start;
    let mut left = String::new();
    // The ranges stand in order and apart.
    let first = gone.partition_point(|g| g.end <= span.start);
    for range in gone[first..].iter().take_while(|g| g.start < span.end) {
        left.push_str(document.get(at..range.start).unwrap_or_default());
        at = range.end;
    }
    left.push_str(document.get(at..span.end).unwrap_or_default());
    left.replace("&nbsp;", "").trim().is_empty()
}

fn without(document: &str, mut gone: Vec<Range<usize>>) -> String {
    gone.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(document.len());
    let mut at = 0;
    for range in gone {
        if range.start > at {
            out.push_str(&document[at..range.start]);
        }
        at = at.max(range.end);
    }
    out.push_str(&document[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::banner;
    use crate::view::tests::verdict;
    use crate::view::{Marks, holds_banner, marks};
    use proptest::prelude::*;

    #[test]
    fn quoted_banners_go_whatever_was_done_to_them() {
        for (before, after) in [
            ("[Souspli] a\r\nb. [/Souspli]\r\n\r\ntext", "text"),
            (
                "Bonjour\r\n\r\nLe 1/1, Bob a écrit :\r\n> [Souspli] a\r\n> b. [/Souspli]\r\n>\r\n> texte",
                "Bonjour\r\n\r\nLe 1/1, Bob a écrit :\r\n> texte",
            ),
            (">> [Souspli] a : Dr \r\n>> Bob TEST, b. [/Souspli] \r\n>> \r\n>> x", ">> x"),
            ("> > [Souspli] a [/Souspli]\n> >\n> > x\n", "> > x\n"),
            ("x [Souspli] a [/Souspli] y", "x  y"),
            ("[Souspli] never closed\r\n", ""),
            ("> [Souspli] a\r\nmon texte\r\n> b [/Souspli]\r\n", ""),
            ("nothing", ""),
        ] {
            assert_eq!(strip_text(before).unwrap_or_default(), after, "{before}");
        }
    }

    #[test]
    fn html_banners_go_and_what_was_typed_in_them_stays() {
        for (before, after) in [
            (
                "<p>a</p><blockquote><div style='x' data-souspli=verified>[Souspli] a<br>b [/Souspli]</div>t</blockquote>",
                "<p>a</p><blockquote>t</blockquote>",
            ),
            ("<DIV DATA-SOUSPLI=\"x\"><div>[Souspli] a</div> [/Souspli]\r\n</DIV>t", "t"),
            (
                "<div data-souspli=\"v\" style=\"all:initial\">[Souspli] a [/Souspli]<br>Cher confrère</div>",
                "<div><br>Cher confrère</div>",
            ),
            (
                "<div data-souspli=\"v\" style=\"s\" class=c>Cher confrère</div>",
                "<div class=c>Cher confrère</div>",
            ),
            ("<p>[Souspli] <b>a</b> b [/Souspli]</p>t", "<p><b></b></p>t"),
            ("<div data-souspli=v><img src=cid:a></div>", "<div><img src=cid:a></div>"),
            ("<p>nothing", ""),
        ] {
            assert_eq!(strip_html(before).unwrap_or_default(), after, "{before}");
        }
    }

    #[test]
    fn a_forwarded_view_loses_its_marks_and_padding() {
        let mail = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nvoir\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nX-Souspli-View: t\r\nContent-Type: multipart/mixed; boundary=v\r\n\r\n--v\r\n\r\n[Souspli] a [/Souspli]\r\n\r\nx\r\n--v--\r\n     \r\n    \r\n--o--\r\nend";
        assert!(holds_banner(mail));
        let out = String::from_utf8(strip(mail).unwrap()).unwrap();
        assert!(
            out.ends_with("\r\nx\r\n--v--\r\n\r\n--o--\r\nend") && !out.contains("ouspli"),
            "{out}"
        );
        assert!(!holds_banner(out.as_bytes()));
    }

    #[test]
    fn the_mark_of_a_subject_goes_wherever_it_was_carried() {
        let mail = "Subject: =?utf-8?Q?Re=3A_=5BSouspli_=3A_ALT=C3=89R=C3=89?=\r\n =?utf-8?Q?=5D_Dose_=C3=A9lev=C3=A9e?=\r\nThread-Topic: [Souspli : non garanti]\r\n Bilan\r\nX: [Souspli : non garanti] x\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/html\r\n\r\n<p>Sujet : [Souspli : non garanti] Bilan\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: [Souspli : non garanti, en clair] Bilan\r\n\r\nx\r\n--o--\r\n";
        let out = String::from_utf8(strip(mail.as_bytes()).unwrap()).unwrap();
        assert!(
            out.starts_with("Subject: =?utf-8?Q?Re=3A_Dose_=C3=A9lev=C3=A9e?=\r\nThread-Topic: Bilan\r\nX: [Souspli"),
            "{out}"
        );
        assert!(
            out.contains("<p>Sujet : Bilan\r\n") && out.contains("\r\n\r\nSubject: Bilan\r\n\r\nx"),
            "{out}"
        );
        assert!(holds_banner(mail.as_bytes()) && !holds_banner(out.as_bytes()));
    }

    #[test]
    fn a_report_goes_with_its_part_and_nothing_else_does() {
        let report = crate::view::build::report_part(&(crate::text::report::opening(false) + "VERDICT\r\n"));
        let report = String::from_utf8(report).unwrap();
        let other = "Content-Type: text/plain; name=rapport-souspli.txt\r\nContent-Disposition: attachment\r\n\r\nmoi\r\n";
        let mail = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
            format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", parts.concat())
        };
        let text = "\r\nvoir";
        for (before, after) in [
            (mail(&[text, &report]), mail(&[text])),
            (mail(&[&report, text, &report, other]), mail(&[text, other])),
            (mail(&[text, other]), String::new()),
        ] {
            assert_eq!(
                String::from_utf8(strip(before.as_bytes()).unwrap_or_default()).unwrap(),
                after,
                "{before}"
            );
            assert_eq!(marks(before.as_bytes()) == Marks::Clear, !after.is_empty());
        }
        // Alone it stays a part; its first line goes.
        let alone = strip(mail(&[&report]).as_bytes()).unwrap();
        assert!(alone.ends_with(b"\r\n\r\nVERDICT\r\n\r\n--b--\r\n") && !holds_banner(&alone));
    }

    #[test]
    fn a_view_attached_in_base64_is_found() {
        let inner = b"X-Souspli-View: t\r\n\r\n[Souspli] a [/Souspli]\r\n\r\nx";
        let mut mail = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
        mail.extend(crate::mime::encode::base64_lines(inner));
        assert!(holds_banner(&mail));
        let out = strip(&mail).unwrap();
        assert!(!holds_banner(&out), "{}", String::from_utf8_lossy(&out));
    }

    #[test]
    fn hostile_repetition_takes_linear_time() {
        for unit in [
            "[Souspli]",
            "[Souspli][/Souspli]",
            "<div data-souspli=x>[Souspli]",
            "<p data-souspli>[Souspli]a[/Souspli]</p>",
        ] {
            let text = unit.repeat(20_000);
            strip_text(&text);
            strip_html(&text);
        }
    }

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(text in "[a-zé<> >\r\n&;=]{0,80}", html: bool) {
            let kind = if html { "html" } else { "plain" };
            let mail = format!("Content-Type: text/{kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n").into_bytes();
            let mail = [mail, crate::mime::encode::qp_encode(text.as_bytes())].concat();
            let with = banner::insert(&mail, &verdict()).unwrap();
            prop_assert!(holds_banner(&with));
            prop_assert_eq!(String::from_utf8(strip(&with).unwrap()), String::from_utf8(mail));
        }
    }
}
