//! The banner put into the main text of an opened message.

use super::html::{self, ATTRIBUTE, Piece};
use super::verdict::{Grade, Signer, Verdict};
use crate::mime::edit::{Change, Editor, Repertoire, TextPart, edit, is_attachment, is_html};
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::text::banner::{self, Facts, Signed};

/// What a banner is made of.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The name of the report beside it, if there is one.
    pub report: Option<&'static str>,
}

impl<'a> From<&'a Verdict> for Said<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self { verdict, report: None }
    }
}

/// The content with the banner at the top of its main text and of its HTML twin; `None`: it has no text that can take one.
pub fn insert<'a>(content: &[u8], said: impl Into<Said<'a>>) -> Option<Vec<u8>> {
    let said = said.into();
    let root = parse(content);
    let mut places = Vec::new();
    main_texts(content, &root, &mut places);
    let facts = facts(said);
    edit(
        content,
        &mut Insert {
            places,
            facts,
            grade: said.verdict.grade,
        },
    )
}

/// Which part of a multipart/mixed has the main text; `None`: none has a text.
pub fn main_part(content: &[u8], root: &Entity) -> Option<usize> {
    root.children().iter().position(|part| {
        let mut found = Vec::new();
        main_texts(content, part, &mut found);
        !found.is_empty()
    })
}

/// The banner's lines, ended by CRLF, with the empty line that follows them.
pub fn paragraph(said: Said<'_>) -> String {
    text_form(&banner::lines(&facts(said)))
}

struct Insert {
    places: Vec<usize>,
    facts: Facts,
    grade: Grade,
}

impl Editor for Insert {
    fn text(&mut self, part: &TextPart<'_>) -> Change {
        if !self.places.contains(&part.entity.header.start) {
            return Change::Keep;
        }
        let html = is_html(&part.entity.media_type);
        let said = if html { banner::sentences } else { banner::lines }(&self.facts);
        let lines = match part.repertoire {
            Repertoire::Unicode => said,
            Repertoire::AsciiOnly => banner::ascii(said),
        };
        if html {
            let at = body_start(part.text);
            let (before, after) = part.text.split_at(at);
            return Change::Text(format!("{before}{}{after}", html_form(&lines, self.grade)));
        }
        Change::Text(text_form(&lines) + part.text)
    }
}

/// The texts that a mail program shows as the body: the first text position, all its alternatives.
fn main_texts(bytes: &[u8], entity: &Entity, found: &mut Vec<usize>) {
    match &entity.kind {
        Kind::Message(_) => {}
        Kind::Leaf => {
            let header = Header::parse(&bytes[entity.header.clone()]).0;
            if crate::mime::edit::is_text(&entity.media_type) && !is_attachment(&header) {
                found.push(entity.header.start);
            }
        }
        Kind::Multipart(parts) => match entity.media_type.as_str() {
            "multipart/alternative" => parts.iter().for_each(|p| main_texts(bytes, p, found)),
            "multipart/related" => parts.iter().take(1).for_each(|p| main_texts(bytes, p, found)),
            _ => {
                for part in parts {
                    main_texts(bytes, part, found);
                    if !found.is_empty() {
                        break;
                    }
                }
            }
        },
    }
}

fn facts(Said { verdict, report }: Said<'_>) -> Facts {
    Facts {
        sentence: verdict.french.clone(),
        assured: matches!(verdict.grade, Grade::Verified | Grade::Unchecked),
        signers: verdict.signers.iter().map(signed).collect(),
        encryption: verdict.encrypted.then(|| verdict.content_encryption.clone().unwrap_or_default()),
        obsolete: verdict.obsolete.clone(),
        report,
        realm: verdict.realm,
    }
}

fn signed(signer: &Signer) -> Signed {
    Signed {
        name: signer.name.clone(),
        profession: signer.profession.clone(),
        rpps: signer.rpps.clone(),
        address: signer.address.clone(),
        authority: signer.issuer.clone(),
        at: signer.signing_time,
    }
}

fn text_form(lines: &[String]) -> String {
    lines.join("\r\n") + "\r\n\r\n"
}

/// One `div`, its style set against the sender's own rules.
fn html_form(lines: &[String], grade: Grade) -> String {
    let (frame, ground) = match grade {
        Grade::Verified => ("#2e7d32", "#edf7ed"),
        Grade::Unchecked | Grade::Unassured | Grade::Plain => ("#b26a00", "#fff4e0"),
        Grade::Altered | Grade::Unopenable => ("#b00020", "#fdecea"),
    };
    let body: Vec<String> = lines.iter().map(|l| html::escape(l)).collect();
    format!(
        "<div {ATTRIBUTE}=\"{}\" style=\"all:initial!important;display:block!important;position:static!important;opacity:1!important;\
         font:13px/1.4 sans-serif!important;color:#000!important;background:{ground}!important;border:1px solid {frame}!important;\
         border-left-width:6px!important;padding:4px 8px!important;margin:0 0 12px!important\">{}</div>",
        grade.as_str(),
        body.join("<br>\r\n")
    )
}

/// Right after `<body>`, or where a browser would open the body by itself.
pub(super) fn body_start(document: &str) -> usize {
    let mut after_head = 0;
    for piece in html::scan(document) {
        match piece {
            // A tag cut short by a quote without end would swallow the banner.
            Piece::Tag(tag) if document.len() == tag.span.end && !document.ends_with('>') => return after_head,
            Piece::Tag(tag) if tag.name == "body" && !tag.ends => return tag.span.end,
            Piece::Tag(tag) if (tag.name == "head" && tag.ends) || (tag.name == "html" && !tag.ends) => after_head = tag.span.end,
            Piece::Hidden(span) if span.start == 0 && document.starts_with("<!") && !document.starts_with("<!--") => after_head = span.end,
            _ => {}
        }
    }
    after_head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::banner::{CLOSING, OPENING};
    use crate::view::tests::verdict;

    #[test]
    fn the_banner_stands_in_the_main_text_and_its_twin_only() {
        let mail = "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nT1\r\n--a\r\nContent-Type: text/html\r\n\r\n<html><body class=x>H1\r\n--a--\r\n--m\r\nContent-Type: text/plain\r\n\r\nT2\r\n--m--\r\n";
        let out = String::from_utf8(insert(mail.as_bytes(), &verdict()).unwrap()).unwrap();
        assert_eq!(out.matches(OPENING).count(), 2, "{out}");
        assert!(out.contains(&format!("{CLOSING}\r\n\r\nT1")), "{out}");
        assert!(out.contains("<body class=x><div data-souspli=\"verified\"") && out.contains(&format!("{CLOSING}</div>H1")));
        assert!(out.contains("\r\n\r\nT2"));
    }

    #[test]
    fn attachments_alone_take_no_banner() {
        for mail in [
            "Content-Type: application/pdf\r\n\r\n%PDF",
            "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx",
            "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny",
            "Content-Type: text/plain; charset=utf-16\r\n\r\n",
        ] {
            let changed = insert(mail.as_bytes(), &verdict());
            assert!(changed.is_none() || mail.contains("utf-16"), "{mail}");
        }
    }
}
