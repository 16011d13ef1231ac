//! The View built of a stored message and what it opened to.
//!
//! ```text
//! fields of the stored message, its Content-Type replaced, Content-* removed
//! X-Souspli-* fields
//!
//! --boundary
//! each part of an opened multipart/mixed, or the opened entity as the one part
//! --boundary--
//! spaces, so that the View has as many octets as the stored message
//! ```
//!
//! The padding has n octets for every n and ends with a line end, as messages over POP3 must: full lines of 74 spaces and
//! CRLF, then a shorter one; where that had one octet only, it is a space before the CRLF that is there. It stands in the
//! epilogue (RFC 2046 §5.1.1), which no mail program shows.

use super::banner::Said;
use super::failure::of_failure;
use super::header::{Detail, outer_fields, own_fields};
use super::letter::HeaderShown;
use super::restored::{Restored, UNCHANGED};
use super::text_only::text_only;
use super::verdict::{Grade, Verdict};
use super::{Draft, View, banner, lookalike, short};
use crate::config::BannerMode;
use crate::mime::entity::{Kind, parse};
use crate::mime::header::{Header, without_line_end};
use crate::text::{banner as said, report as said_of_report};
use memchr::memmem;
use std::borrow::Cow;

/// What a View is made of. Time, keys and chance have no part in it: the same input gives the same octets.
#[derive(Clone, Copy, Debug)]
pub struct ViewInput<'a> {
    /// The message as the provider has it.
    pub stored: &'a [u8],
    /// How many octets the View shall have: as many as are stored, unless mail programs were told another number.
    pub size: usize,
    /// The entity that it opened to, header and body; `None`: it could not be opened.
    pub content: Option<&'a [u8]>,
    /// What stands in the header in place of fields of the stored message, where the content is shown.
    pub restored: &'a Restored,
    /// Whether the Subject may say more than it was told to say.
    pub header: HeaderShown,
    /// What can be said of it. `Altered` and `Unopenable`: the content is not shown.
    pub verdict: &'a Verdict,
    /// The boundary of this message's View (RFC 2046 §5.1.1 `boundary`), known before it is opened.
    pub boundary: &'a str,
    /// The report, where there is one and room for it.
    pub report: Option<&'a str>,
    /// Whether the text carries the banner.
    pub banner: BannerMode,
    /// The value of `X-Souspli-View`, by which a View that comes back is recognised.
    pub token: &'a str,
}

/// The View: of the stored message's size wherever it fits into it.
pub fn build(input: &ViewInput<'_>) -> View {
    draft(input).filled()
}

/// The same without its padding.
pub fn draft(input: &ViewInput<'_>) -> Draft {
    let verdict = match shown(input) {
        Ok(content) => {
            let restored = &marked(input, input.restored, input.verdict);
            match of_content(&ViewInput { restored, ..*input }, &content) {
                Some(draft) => return draft,
                None => Box::new(dishonest(input.verdict)),
            }
        }
        Err(verdict) => verdict,
    };
    of_failure(&ViewInput {
        // It says what was thought of the message before its structure was seen.
        report: input.report.filter(|_| verdict.code == input.verdict.code),
        verdict: &verdict,
        restored: &marked(input, &UNCHANGED, &verdict),
        ..*input
    })
}

/// What changes in the header, the mark of the verdict in front of the Subject: not where lists have told it without.
fn marked<'a>(input: &ViewInput<'_>, restored: &'a Restored, verdict: &Verdict) -> Cow<'a, Restored> {
    match verdict.subject_mark().filter(|_| input.header == HeaderShown::Protected) {
        Some(mark) => Cow::Owned(restored.marked(&Header::parse(input.stored).0, mark)),
        None => Cow::Borrowed(restored),
    }
}

/// The content that may be shown; `Err`: why it may not.
fn shown<'a>(input: &ViewInput<'a>) -> Result<Cow<'a, [u8]>, Box<Verdict>> {
    let failed = matches!(input.verdict.grade, Grade::Altered | Grade::Unopenable);
    let content = input.content.filter(|_| !failed).ok_or_else(|| Box::new(input.verdict.clone()))?;
    let content = with_crlf(content);
    let content = if input.verdict.own {
        content
    } else {
        apply(content, lookalike::neutralise)
    };
    let content = if input.verdict.text_only() {
        Cow::Owned(text_only(&content))
    } else {
        content
    };
    if memmem::find(&content, input.boundary.as_bytes()).is_some() {
        return Err(Box::new(dishonest(input.verdict)));
    }
    Ok(content)
}

/// `None`: the content's own structure reaches into ours.
fn of_content(input: &ViewInput<'_>, content: &[u8]) -> Option<Draft> {
    // A warning stands in the text whatever the setting: nobody reads header fields.
    let spoken = input.banner == BannerMode::Text || input.verdict.text_only();
    let speaks = spoken && !input.verdict.own && input.verdict.grade != Grade::Plain;
    let said = speaks.then_some(Said::from(input.verdict));
    let full = || with_banner(content, said);
    let reported = input.report.zip(said).map(|(report, said)| with_report(content, said, report));
    let fitting = |detail, parts: &[Part<'_>]| Some((fitting(input, assemble(input, detail, parts))?, parts.len()));
    let fitting_full = || {
        let parts = full();
        fitting(Detail::Full, &parts).or_else(|| fitting(Detail::Least, &parts))
    };
    // What is not assured is never shown without a word: a forger would leave no room for it. Should it fit in no form,
    // nothing is gained by leaving something out.
    let (draft, parts) = reported
        .as_deref()
        .and_then(|parts| fitting(Detail::Full, parts))
        .or_else(fitting_full)
        .or_else(|| fitting(Detail::Least, &with_banner(content, None)).filter(|_| !input.verdict.text_only()))
        .or_else(|| Some((short(input, &full())?, 0)))
        .unwrap_or_else(|| {
            let all = reported.unwrap_or_else(full);
            (Draft::new(assemble(input, Detail::Full, &all), input.size), all.len())
        });
    (parts == 0 || draft.has_parts(parts, input.boundary)).then(|| draft.showing(input))
}

/// The parts with the banner in their text, or in one of ours where they have none.
fn with_banner<'a>(content: &'a [u8], said: Option<Said<'_>>) -> Vec<Part<'a>> {
    parts_of(content, said).unwrap_or_else(|| {
        let mut parts = parts_of(content, None).unwrap_or_default();
        parts.splice(0..0, said.map(|said| own_text(said).into()));
        parts
    })
}

/// The same, and the report that the banner names.
fn with_report<'a>(content: &'a [u8], said: Said<'_>, report: &str) -> Vec<Part<'a>> {
    let named = Said {
        report: Some(said_of_report::FILE),
        ..said
    };
    let mut parts = with_banner(content, Some(named));
    parts.push(report_part(report).into());
    parts
}

/// Of what is not assured as much as fits, where a list has told the size.
fn short(input: &ViewInput<'_>, parts: &[Part<'_>]) -> Option<Draft> {
    let told = input.verdict.text_only() && short::is_told_unopened(input.stored);
    told.then(|| short::of_parts(input, parts, &banner::paragraph(input.verdict.into())))
}

/// The draft of a View; `None`: it is larger than what is stored. The choice between forms must not hang on the size that
/// was told: after a restart it would be another.
pub(super) fn fitting(input: &ViewInput<'_>, bytes: Vec<u8>) -> Option<Draft> {
    (bytes.len() <= input.stored.len()).then(|| Draft::new(bytes, input.size))
}

/// The verdict on a content that uses the View's own boundary.
fn dishonest(verdict: &Verdict) -> Verdict {
    let mut dishonest = verdict.clone();
    dishonest.say(Grade::Altered, "boundary-in-content");
    dishonest
}

/// A part of the View: its header, and what follows. Its octets may be one stretch as well.
pub(super) struct Part<'a>([Cow<'a, [u8]>; 2]);

impl Part<'_> {
    /// All of it.
    pub(super) fn octets(&self) -> Vec<u8> {
        self.0.concat()
    }
}

impl<'a> From<&'a [u8]> for Part<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self([Cow::Borrowed(octets), Cow::Borrowed(&[])])
    }
}

impl From<Vec<u8>> for Part<'_> {
    fn from(octets: Vec<u8>) -> Self {
        Self([Cow::Owned(octets), Cow::Borrowed(&[])])
    }
}

/// The parts of a multipart/mixed with their octets, or the entity as one part; what is said stands in the main text.
/// `None`: there is no text that it can stand in.
fn parts_of<'a>(content: &'a [u8], said: Option<Said<'_>>) -> Option<Vec<Part<'a>>> {
    let root = parse(content);
    match &root.kind {
        Kind::Multipart(parts) if root.media_type == "multipart/mixed" => {
            let mut out: Vec<Part<'_>> = parts.iter().map(|part| Part::from(&content[part.range()])).collect();
            if let Some(said) = said {
                let main = banner::main_part(content, &root)?;
                out[main] = banner::insert(&content[parts[main].range()], said)?.into();
            }
            Some(out)
        }
        _ => match said {
            Some(said) => banner::insert(content, said).map(|bannered| vec![as_part(Cow::Owned(bannered))]),
            None => Some(vec![as_part(Cow::Borrowed(content))]),
        },
    }
}

/// A text of our own, before the parts of a content that has none.
fn own_text(said: Said<'_>) -> Vec<u8> {
    text_part(&(banner::paragraph(said) + said::attachments_only()))
}

/// Of a part's header only `Content-*` means something (RFC 2046 §5.1): protected copies of From, Subject and the like stay out.
fn as_part(content: Cow<'_, [u8]>) -> Part<'_> {
    let (header, body) = Header::parse(&content);
    let mut fields = header.retain(|f| f.begins("Content-"));
    if !fields.is_empty() && !fields.ends_with(b"\n") {
        fields.extend_from_slice(b"\r\n");
    }
    fields.extend_from_slice(b"\r\n");
    let rest = match content {
        Cow::Borrowed(octets) => Cow::Borrowed(&octets[body..]),
        Cow::Owned(mut octets) => Cow::Owned(octets.split_off(body)),
    };
    Part([Cow::Owned(fields), rest])
}

/// The report as a file.
pub(super) fn report_part(report: &str) -> Vec<u8> {
    let name = said_of_report::FILE;
    format!(
        "Content-Type: text/plain; charset=utf-8; name={name}\r\nContent-Disposition: attachment; filename={name}\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{report}"
    )
    .into_bytes()
}

pub(super) fn text_part(text: &str) -> Vec<u8> {
    format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}").into_bytes()
}

pub(super) fn assemble(input: &ViewInput<'_>, detail: Detail, parts: &[Part<'_>]) -> Vec<u8> {
    let fields = outer_fields(&Header::parse(input.stored).0, input.boundary, input.restored);
    // With room for the padding: a View has the size of what is stored.
    let mut out = Vec::with_capacity(input.stored.len());
    out.extend_from_slice(&fields);
    out.extend_from_slice(own_fields(input.verdict, input.token, detail).as_bytes());
    for part in parts {
        out.extend_from_slice(format!("\r\n--{}\r\n", input.boundary).as_bytes());
        part.0.iter().for_each(|stretch| out.extend_from_slice(stretch));
    }
    out.extend_from_slice(format!("\r\n--{}--\r\n", input.boundary).as_bytes());
    out
}

fn apply<'a>(content: Cow<'a, [u8]>, change: fn(&[u8]) -> Option<Vec<u8>>) -> Cow<'a, [u8]> {
    match change(&content) {
        Some(changed) => Cow::Owned(changed),
        None => content,
    }
}

/// Content that was sealed with bare line feeds throughout (`openssl cms` without `-crlfeol`) gets the line ends of mail.
fn with_crlf(content: &[u8]) -> Cow<'_, [u8]> {
    let foreign = content.contains(&b'\n') && !content.contains(&b'\r') && !content.contains(&0);
    if !foreign {
        return Cow::Borrowed(content);
    }
    let mut out = Vec::with_capacity(content.len() + content.len() / 32);
    for line in content.split_inclusive(|&b| b == b'\n') {
        out.extend_from_slice(without_line_end(line));
        out.extend_from_slice(if line.ends_with(b"\n") { b"\r\n" } else { b"" });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
