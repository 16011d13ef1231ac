//! The Subject written above the text for readers who open an envelope and know nothing of header protection (RFC 9788
//! §4.5.3, §5.2): put in as a letter leaves, taken out where a letter is shown with its own fields.

use super::banner::body_start;
use super::html::{self, Piece, Tag};
use crate::mime::edit::{Change, Editor, Repertoire, TextPart, edit_tree, is_attachment, is_html, is_text, text_of};
use crate::mime::encode::is_whole;
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::mime::parameters::{content_type, transfer_encoding};
use crate::text::unaccent;
use std::borrow::Cow;
use std::ops::Range;

/// Parameter of a part that begins with such lines (§2.1.2).
const PARAMETER: &str = "hp-legacy-display";
/// Class of the element that holds them in HTML (§5.2.2).
const CLASS: &str = "header-protection-legacy-display";

/// The message or payload with its Subject above each main text (§5.2.2); `None`: it has none that can take it.
pub fn insert(message: &[u8], subject: &str) -> Option<Vec<u8>> {
    insert_tree(message, &parse(message), subject)
}

/// The same of octets that have been read already.
pub fn insert_tree(message: &[u8], root: &Entity, subject: &str) -> Option<Vec<u8>> {
    edit_tree(
        message,
        root,
        &mut Insert {
            bytes: message,
            places: main_parts(message, root),
            line: format!("Subject: {}", one_line(subject)),
        },
    )
}

/// The payload without such lines (§4.5.3); `None`: it has none.
pub fn remove(payload: &[u8]) -> Option<Vec<u8>> {
    let root = parse(payload);
    let mut places = main_parts(payload, &root);
    places.retain(|header| is_labelled(&payload[header.clone()]));
    let any = !places.is_empty();
    any.then(|| edit_tree(payload, &root, &mut Remove { places })).flatten()
}

/// The payload without the part that the older scheme put first, if it only repeats these fields
/// (draft-autocrypt-lamps-protected-headers §5.2); `None`: there is none.
pub fn remove_older<'a>(payload: &'a [u8], fields: &Header<'_>) -> Option<Cow<'a, [u8]>> {
    let root = parse(payload);
    let [first, second, others @ ..] = root.children() else {
        return None;
    };
    let repeats = root.media_type == "multipart/mixed" && repeats_fields(payload, first, fields);
    match (repeats, others) {
        (false, _) => None,
        (true, []) => Some(Cow::Borrowed(&payload[second.range()])),
        // The part goes with the delimiter behind it.
        (true, _) => Some(Cow::Owned(
            [&payload[..first.header.start], &payload[second.header.start..]].concat(),
        )),
    }
}

struct Insert<'a> {
    bytes: &'a [u8],
    places: Vec<Range<usize>>,
    line: String,
}

/// False where nothing but the text as it stands says all that it says.
fn is_rewritable(bytes: &[u8], part: &Entity) -> bool {
    let header = Header::parse(&bytes[part.header.clone()]).0;
    is_whole(transfer_encoding(&header), &bytes[part.body.clone()])
}

impl Editor for Insert<'_> {
    fn text(&mut self, part: &TextPart<'_>) -> Change {
        if !self.places.contains(&part.entity.header) || !is_rewritable(self.bytes, part.entity) {
            return Change::Keep;
        }
        let text = if is_html(&part.entity.media_type) {
            let (before, after) = part.text.split_at(body_start(part.text));
            format!("{before}{}{after}", html_form(&self.line))
        } else {
            let line = match part.repertoire {
                Repertoire::Unicode => Cow::Borrowed(&self.line),
                Repertoire::AsciiOnly => Cow::Owned(ascii(&self.line)),
            };
            format!("{line}\r\n\r\n{}", part.text)
        };
        Change::Labelled(text, (PARAMETER, Some("1")))
    }
}

struct Remove {
    places: Vec<Range<usize>>,
}

/// Whether a part says that it begins with such lines.
fn is_labelled(header: &[u8]) -> bool {
    content_type(&Header::parse(header).0).parameter(PARAMETER) == Some("1")
}

impl Editor for Remove {
    fn text(&mut self, part: &TextPart<'_>) -> Change {
        if !self.places.contains(&part.entity.header) {
            return Change::Keep;
        }
        let gone = match is_html(&part.entity.media_type) {
            true => element(part.text),
            false => lines(part.text),
        };
        match gone {
            Some(gone) => Change::Labelled([&part.text[..gone.start], &part.text[gone.end..]].concat(), (PARAMETER, None)),
            None => Change::Keep,
        }
    }
}

/// The headers of the main body parts (RFC 9787 §7.1). What another signature covers is none of ours.
fn main_parts(bytes: &[u8], root: &Entity) -> Vec<Range<usize>> {
    fn collect(bytes: &[u8], entity: &Entity, found: &mut Vec<Range<usize>>) {
        match (&entity.kind, entity.media_type.as_str()) {
            (Kind::Message(_), _) | (_, "multipart/signed" | "multipart/encrypted") => {}
            (Kind::Multipart(parts), "multipart/alternative") => parts.iter().for_each(|part| collect(bytes, part, found)),
            (Kind::Multipart(parts), _) => parts.iter().take(1).for_each(|part| collect(bytes, part, found)),
            (Kind::Leaf, media_type) => {
                if is_text(media_type) && !is_attachment(&Header::parse(&bytes[entity.header.clone()]).0) {
                    found.push(entity.header.clone());
                }
            }
        }
    }
    let mut found = Vec::new();
    collect(bytes, root, &mut found);
    found
}

/// The leading lines up to the first empty one, that one included (§4.5.3.2).
fn lines(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if matches!(line, "\r\n" | "\n") {
            return Some(0..at);
        }
    }
    None
}

/// The first element of the body, if it is the one of that class (§4.5.3.3).
fn element(document: &str) -> Option<Range<usize>> {
    let start = body_start(document);
    let mut start_tag: Option<Tag> = None;
    let mut depth = 0usize;
    for piece in html::scan(document) {
        match (piece, &start_tag) {
            (Piece::Tag(tag), None) if tag.span.start >= start => {
                let ours = tag.name == "div" && !tag.ends && tag.attribute_value(document, "class") == Some(CLASS);
                start_tag = Some(tag).filter(|_| ours);
                start_tag.as_ref()?;
                depth = 1;
            }
            (Piece::Text(span), None) if span.start >= start && !document[span.clone()].trim().is_empty() => return None,
            (Piece::Tag(tag), Some(first)) if tag.name == "div" => {
                depth = if tag.ends { depth - 1 } else { depth + 1 };
                if depth == 0 {
                    return Some(first.span.start..tag.span.end);
                }
            }
            _ => {}
        }
    }
    None
}

/// Every line of the part is a field that stands in the payload's header as well: nothing of the letter is lost with it.
fn repeats_fields(payload: &[u8], part: &Entity, fields: &Header<'_>) -> bool {
    let kind = content_type(&Header::parse(&payload[part.header.clone()]).0);
    let labelled = matches!(kind.value.as_str(), "text/plain" | "text/rfc822-headers") && kind.parameter("protected-headers") == Some("v1");
    let Some((text, _)) = text_of(payload, part).filter(|_| labelled) else {
        return labelled && repeats(&payload[part.body.clone()], fields);
    };
    repeats(text.as_bytes(), fields)
}

fn repeats(text: &[u8], fields: &Header<'_>) -> bool {
    let (repeated, end) = Header::parse(text);
    let known = |name: &str, text: String| fields.all(name).any(|field| field.text() == text);
    text[end..].trim_ascii().is_empty()
        && !repeated.fields().is_empty()
        && repeated.fields().iter().all(|f| !f.name.is_empty() && known(f.name, f.text()))
}

/// As in RFC 9788, appendix E.2; characters by their number, so that any charset can hold them.
fn html_form(line: &str) -> String {
    let spelled: String = html::escape(line)
        .chars()
        .map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                format!("&#{};", u32::from(c))
            }
        })
        .collect();
    format!("<div class=\"{CLASS}\">\r\n<pre>{spelled}</pre>\r\n</div>")
}

fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

fn ascii(line: &str) -> String {
    unaccent(line).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Content-Type: text/plain; charset=us-ascii\r\n\r\nBonjour\r\n\r\nfin";

    fn text(octets: Vec<u8>) -> String {
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn a_text_gets_its_subject_and_gives_it_back() {
        let out = text(insert(TEXT.as_bytes(), "Bilan\r\nde M.").unwrap());
        let kind = "Content-Type: text/plain;\r\n charset=\"us-ascii\";\r\n hp-legacy-display=\"1\"\r\n";
        assert_eq!(out, format!("{kind}\r\nSubject: Bilan  de M.\r\n\r\nBonjour\r\n\r\nfin"));
        let back = text(remove(out.as_bytes()).unwrap());
        assert_eq!(back, "Content-Type: text/plain;\r\n charset=\"us-ascii\"\r\n\r\nBonjour\r\n\r\nfin");
        assert_eq!(remove(back.as_bytes()), None);
    }

    #[test]
    fn a_subject_with_accents_stands_in_any_charset() {
        for (charset, body, line) in [
            ("us-ascii", "x", "Subject: Été".as_bytes()),
            ("iso-8859-1", "\u{e9}", "Subject: Été".as_bytes()),
            ("x-unknown", "\u{e9}", b"Subject: Ete"),
        ] {
            let octets: Vec<u8> = body.chars().map(|c| c as u8).collect();
            let mail = [format!("Content-Type: text/plain; charset={charset}\r\n\r\n").as_bytes(), &octets].concat();
            let out = insert(&mail, "Été").unwrap();
            assert!(
                memchr::memmem::find(&out, line).is_some(),
                "{charset}: {}",
                String::from_utf8_lossy(&out)
            );
            assert!(remove(&out).is_some());
        }
    }

    /// RFC 9788, appendix E.2.
    #[test]
    fn html_gets_an_element_first_in_its_body() {
        let mail = "Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title></title></head><body class=x>\r\n<p>Bonjour</p></body></html>";
        let out = text(insert(mail.as_bytes(), "Été <1> & 2").unwrap());
        let div = "<div class=\"header-protection-legacy-display\">\r\n<pre>Subject: &#201;t&#233; &lt;1&gt; &amp; 2</pre>\r\n</div>";
        assert!(out.contains(&format!("<body class=x>{div}\r\n<p>Bonjour")), "{out}");
        let back = text(remove(out.as_bytes()).unwrap());
        assert!(back.ends_with("<body class=x>\r\n<p>Bonjour</p></body></html>"), "{back}");
    }

    #[test]
    fn only_what_is_labelled_and_first_is_taken_out() {
        let html = |body: &str| format!("Content-Type: text/html; hp-legacy-display=1\r\n\r\n{body}");
        for mail in [
            "Content-Type: text/plain\r\n\r\nSubject: x\r\n\r\ny".to_owned(),
            "Content-Type: text/plain; hp-legacy-display=0\r\n\r\nSubject: x\r\n\r\ny".to_owned(),
            "Content-Type: text/plain; hp-legacy-display=1\r\n\r\nno empty line".to_owned(),
            "Content-Type: text/plain; hp-legacy-display=1\r\nContent-Disposition: attachment\r\n\r\nSubject: x\r\n\r\ny".to_owned(),
            html("words <div class=header-protection-legacy-display>x</div>"),
            html("<p></p><div class=header-protection-legacy-display>x</div>"),
            html("<div class=\"other header-protection-legacy-display-2\">x</div>"),
            html("<div class=header-protection-legacy-display>never closed"),
            html("<span class=header-protection-legacy-display>x</span>"),
            // An attachment behind the text, and a message inside.
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: text/plain; hp-legacy-display=1\r\n\r\na\r\n\r\nb\r\n--b--\r\n".to_owned(),
            "Content-Type: message/rfc822\r\n\r\nContent-Type: text/plain; hp-legacy-display=1\r\n\r\na\r\n\r\nb".to_owned(),
        ] {
            assert_eq!(remove(mail.as_bytes()), None, "{mail}");
        }
        let nested = html("<!-- c --> <DIV CLASS='header-protection-legacy-display'><div>a</div>b</div>text");
        assert!(text(remove(nested.as_bytes()).unwrap()).ends_with("<!-- c --> text"));
    }

    #[test]
    fn every_alternative_and_no_attachment() {
        let mail = "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nT\r\n--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\nH\r\n--r\r\nContent-Type: text/html\r\n\r\nno\r\n--r--\r\n--a--\r\n--m\r\nContent-Type: text/plain\r\n\r\nno\r\n--m--\r\n";
        let out = text(insert(mail.as_bytes(), "S").unwrap());
        assert_eq!(
            (out.matches("hp-legacy-display").count(), out.matches("Subject: S").count()),
            (2, 2),
            "{out}"
        );
        let signed = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nT\r\n--s\r\n\r\nsig\r\n--s--\r\n";
        assert_eq!(insert(signed.as_bytes(), "S"), None);
        assert_eq!(insert(b"Content-Type: application/pdf\r\n\r\n%PDF", "S"), None);
    }

    #[test]
    fn the_older_part_goes_only_if_it_repeats_the_fields() {
        let fields = Header::parse(b"Subject: =?utf-8?q?=C3=A9?= s\r\nTo: b\r\n").0;
        let mail = |part: &str, others: &str| {
            format!(
                "Content-Type: multipart/mixed; boundary=b; protected-headers=v1\r\n\r\n--b\r\n{part}\r\n--b\r\nContent-Type: text/html\r\n\r\nletter{others}\r\n--b--\r\n"
            )
        };
        let kind = "Content-Type: text/plain; protected-headers=\"v1\"; charset=utf-8\r\n\r\n";
        let older = mail(&format!("{kind}Subject: é s\r\nTo: b\r\n"), "");
        assert_eq!(
            remove_older(older.as_bytes(), &fields).unwrap().as_ref(),
            b"Content-Type: text/html\r\n\r\nletter"
        );
        let more = mail(&format!("{kind}Subject: é s"), "\r\n--b\r\n\r\nmore");
        let left = remove_older(more.as_bytes(), &fields).unwrap().into_owned();
        assert_eq!(parse(&left).children().len(), 2);
        for part in [
            format!("{kind}Subject: other\r\n"),
            format!("{kind}Subject: é s\r\n\r\nand words"),
            format!("{kind}words"),
            kind.to_owned(),
            "\r\nSubject: é s\r\n".to_owned(),
        ] {
            assert_eq!(remove_older(mail(&part, "").as_bytes(), &fields), None, "{part}");
        }
    }

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(body in "[a-zé<> >\r\n&;=]{0,60}", subject in "[ -~é]{1,40}", html: bool) {
            let kind = if html { "html" } else { "plain" };
            let mail = format!("Content-Type: text/{kind};\r\n charset=\"utf-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n").into_bytes();
            let mail = [mail, crate::mime::encode::qp_encode(body.as_bytes())].concat();
            let with = insert(&mail, &subject).unwrap();
            let back = text(remove(&with).unwrap());
            prop_assert_eq!(back, text(mail));
        }
    }
}
