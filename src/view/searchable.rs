//! The text of a View, as it is kept for searching: the author's fields and the texts, folded, bounded.
//!
//! `6 x u32: octets of each stretch | From | To | Cc | Bcc | Subject | texts`, zeros allowed behind them.

use super::Draft;
use super::page;
use super::sought::{Sought, Within, fold};
use super::strip::{strip_html, strip_text};
use crate::base::limits::{SEARCHABLE_FIELD_MAX, SEARCHABLE_MAX, SEARCHABLE_TEXT_MAX};
use crate::base::secret::wipe;
use crate::mime::edit::{is_attachment, is_html, text_of};
use crate::mime::entity::{Entity, Kind};
use crate::mime::header::Header;
use crate::text::banner;
use memchr::memmem::{self, Finder};

const FIELDS: [&str; 5] = ["From", "To", "Cc", "Bcc", "Subject"];
const STRETCHES: usize = FIELDS.len() + 1;

/// The text of one View.
#[derive(Debug)]
pub struct Searchable(Vec<u8>);

impl Drop for Searchable {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Searchable {
    /// Of a View: what it shows, without our banner and without attachments.
    pub fn of(view: &Draft) -> Self {
        let header = Header::parse(view.bytes()).0;
        let mut stretches: Vec<String> = FIELDS.iter().map(|name| field(&header, name)).collect();
        let mut texts = Texts::within(SEARCHABLE_MAX - stretches.iter().map(String::len).sum::<usize>());
        texts.collect(view.bytes(), view.entity());
        stretches.push(texts.folded);
        let mut out: Vec<u8> = stretches.iter().flat_map(|s| (s.len() as u32).to_be_bytes()).collect();
        for stretch in stretches {
            out.extend_from_slice(stretch.as_bytes());
            wipe(&mut stretch.into_bytes());
        }
        Self(out)
    }

    /// As it is kept.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// Looks for several texts in the texts of many Views.
pub struct Seeker<'s>(Vec<(Within, Finder<'s>)>);

impl<'s> Seeker<'s> {
    /// For these texts.
    pub fn new(texts: impl IntoIterator<Item = &'s Sought>) -> Self {
        let finder = |sought: &'s Sought| (sought.within(), Finder::new(sought.folded().as_bytes()));
        Self(texts.into_iter().map(finder).collect())
    }

    /// Which of them a View has, by the octets that were kept of it.
    pub fn found<'a>(&'a self, octets: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let stretches = stretches(octets).unwrap_or_default();
        let has = move |within: Within, finder: &Finder<'_>| match place(within) {
            Some(at) => finder.find(stretches[at]).is_some(),
            None => stretches.iter().any(|stretch| finder.find(stretch).is_some()),
        };
        let all = self.0.iter().enumerate();
        all.filter(move |(_, (within, finder))| has(*within, finder))
            .map(|(index, _)| index)
    }
}

/// Which stretch it is; `None`: all of them.
fn place(within: Within) -> Option<usize> {
    match within {
        Within::From => Some(0),
        Within::To => Some(1),
        Within::Cc => Some(2),
        Within::Bcc => Some(3),
        Within::Subject => Some(4),
        Within::Body => Some(5),
        Within::Text => None,
    }
}

fn stretches(octets: &[u8]) -> Option<[&[u8]; STRETCHES]> {
    let (lengths, mut rest) = octets.split_at_checked(4 * STRETCHES)?;
    let mut out = [&[][..]; STRETCHES];
    for (stretch, length) in out.iter_mut().zip(lengths.chunks_exact(4)) {
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        (*stretch, rest) = rest.split_at_checked(length)?;
    }
    Some(out)
}

/// Every field of that name, decoded.
fn field(header: &Header<'_>, name: &str) -> String {
    let mut out = String::new();
    for field in header.all(name) {
        fold(&field.text(), &mut out);
        out.push('\n');
    }
    truncate(&mut out, SEARCHABLE_FIELD_MAX);
    out
}

/// The texts that a mail program shows, up to a bound.
struct Texts {
    folded: String,
    max: usize,
}

impl Texts {
    fn within(max: usize) -> Self {
        Self {
            folded: String::new(),
            max,
        }
    }

    fn collect(&mut self, bytes: &[u8], entity: &Entity) {
        if self.folded.len() >= self.max || is_attachment(&Header::parse(&bytes[entity.header.clone()]).0) {
            return;
        }
        match &entity.kind {
            Kind::Multipart(parts) => parts.iter().for_each(|part| self.collect(bytes, part)),
            Kind::Message(inner) => self.collect(bytes, inner),
            Kind::Leaf => self.leaf(bytes, entity),
        }
    }

    fn leaf(&mut self, bytes: &[u8], entity: &Entity) {
        let Some((text, _)) = text_of(bytes, entity) else { return };
        let shown = &text[..text.floor_char_boundary(SEARCHABLE_TEXT_MAX)];
        let html = is_html(&entity.media_type);
        let stripped = if html { strip_html(shown) } else { strip_text(shown) };
        let shown = stripped.as_deref().unwrap_or(shown);
        let mut folded = String::new();
        match html {
            true => fold(&page::plain(shown), &mut folded),
            false if shown.trim() == banner::attachments_only().trim() => {}
            false => fold(shown, &mut folded),
        }
        self.push(folded.trim());
        wipe(&mut folded.into_bytes());
    }

    /// An alternative that says the same is not kept twice.
    fn push(&mut self, text: &str) {
        if text.is_empty() || memmem::find(self.folded.as_bytes(), text.as_bytes()).is_some() {
            return;
        }
        self.folded.push_str(text);
        self.folded.push('\n');
        truncate(&mut self.folded, self.max);
    }
}

fn truncate(text: &mut String, max: usize) {
    text.truncate(text.floor_char_boundary(max));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::build::{ViewInput, draft};
    use crate::view::letter::HeaderShown;
    use crate::view::restored::UNCHANGED;
    use crate::view::tests::verdict;

    fn searchable(header: &str, content: &str) -> Searchable {
        let stored = format!("{header}Content-Type: application/pkcs7-mime\r\n\r\n{}", "A".repeat(9_000));
        Searchable::of(&draft(&ViewInput {
            stored: stored.as_bytes(),
            size: stored.len(),
            content: Some(content.as_bytes()),
            restored: &UNCHANGED,
            header: HeaderShown::Protected,
            verdict: &verdict(),
            report: None,
            boundary: "souspli-b",
            banner: crate::config::BannerMode::Text,
            token: "t",
        }))
    }

    fn has(text: &Searchable, within: Within, sought: &str) -> bool {
        let sought = Sought::new(within, sought).unwrap();
        Seeker::new([&sought]).found(text.octets()).count() == 1
    }

    const HEADER: &str =
        "From: =?utf-8?q?Zo=C3=A9?= <zoe@x.fr>\r\nTo: b@x.fr\r\nTo: c@x.fr\r\nSubject: =?utf-8?q?R=C3=A9sultat?=\r\n de Mme Durand\r\n";

    #[test]
    fn what_is_shown_is_found_where_it_is_shown() {
        let mail = "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGlyc=C3=A9mie =\r\n5,4\r\n--a\r\nContent-Type: text/html\r\n\r\n<p title=caché>Glyc&eacute;mie <b>5</b>,4<p>en page<table><td>INR<td>2</table>\r\n--a--\r\n--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nannexe\r\n--m\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ntransmis\r\n--m--\r\n";
        let text = searchable(HEADER, mail);
        for (within, sought) in [
            (Within::From, "zoé"),
            (Within::From, "ZOE@X"),
            (Within::To, "c@x.fr"),
            (Within::Subject, "résultat DE mme"),
            (Within::Body, "glycémie 5,4"),
            (Within::Body, "en page"),
            (Within::Body, "INR 2"),
            (Within::Body, "transmis"),
            (Within::Text, "durand"),
            (Within::Text, "glycémie"),
        ] {
            assert!(has(&text, within, sought), "{sought}");
        }
        for (within, sought) in [
            (Within::Body, "durand"),
            (Within::Subject, "glycémie"),
            (Within::Cc, "x"),
            (Within::Text, "annexe"),
            (Within::Text, "caché"),
            (Within::Text, "souspli"),
            (Within::Text, "signature vérifiée"),
            (Within::Text, "c@x.fr b@x.fr"),
        ] {
            assert!(!has(&text, within, sought), "{sought}");
        }
    }

    #[test]
    fn attachments_alone_have_no_text() {
        let text = searchable(HEADER, "Content-Type: application/pdf\r\n\r\n%PDF");
        assert_eq!(stretches(text.octets()).unwrap()[5], b"");
    }

    #[test]
    fn a_long_text_is_cut_and_its_alternative_is_not_kept_twice() {
        let long = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{}", "é ".repeat(SEARCHABLE_MAX));
        let text = searchable(HEADER, &long);
        let octets: usize = stretches(text.octets()).unwrap().iter().map(|s| s.len()).sum();
        assert!((SEARCHABLE_MAX - 4..=SEARCHABLE_MAX).contains(&octets), "{octets}");
        assert!(std::str::from_utf8(text.octets().split_at(4 * STRETCHES).1).is_ok());
        let twice = "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nBonjour, ça va ?\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Bonjour,<br>ça va&nbsp;?\r\n--a--\r\n";
        let text = searchable(HEADER, twice);
        assert_eq!(stretches(text.octets()).unwrap()[5].len(), "BONJOUR, CA\u{327} VA ?\n".len());
    }

    #[test]
    fn what_is_damaged_has_nothing() {
        let sought = Sought::new(Within::Text, "a").unwrap();
        for octets in [&b""[..], &[0, 0, 0, 9, 0], &[0xff; 40], &[b'A'; 30]] {
            assert_eq!(Seeker::new([&sought]).found(octets).count(), 0);
        }
    }
}
