//! The liste blanche of MSSanté: the domains of the space of trust, as their keeper publishes them in XML (requirements A.9).
//!
//! A document with a DOCTYPE or an entity of its own is refused; names are read whatever their namespace's prefix.

use crate::base::Domain;
use crate::base::limits::{WHITELIST_DEPTH_MAX, WHITELIST_DOMAINS_MAX, WHITELIST_FILE_MAX, WHITELIST_TEXT_MAX};
use crate::text::{Explain, Explanation, whitelist as words};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use std::collections::BTreeSet;

/// What a list says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whitelist {
    /// When its keeper made it, in the keeper's words; empty where that is not said.
    pub generated: String,
    /// Its domains, in ASCII.
    pub domains: BTreeSet<Domain>,
    /// Entries whose name is no domain name.
    pub unreadable: usize,
}

/// Why a document is no list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAList {
    /// Larger than any list.
    #[error("larger than any list")]
    TooLarge,
    /// Not XML in UTF-8, or cut short.
    #[error("no XML")]
    NotXml,
    /// A document type or an entity: a list needs none, an attack does.
    #[error("a document type or an entity")]
    Doctype,
    /// No domain in it.
    #[error("no domain")]
    NoDomain,
}

impl Explain for NotAList {
    fn explain(&self) -> Explanation {
        match self {
            NotAList::TooLarge => words::too_large(),
            NotAList::NotXml => words::not_xml(),
            NotAList::Doctype => words::doctype(),
            NotAList::NoDomain => words::no_domain(),
        }
    }
}

/// Reads a list: `DateDeGeneration`, and `Nom` of each `Domaine`.
pub fn parse(document: &[u8]) -> Result<Whitelist, NotAList> {
    if document.len() as u64 > WHITELIST_FILE_MAX {
        return Err(NotAList::TooLarge);
    }
    // Notepad begins a text with a byte order mark.
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let text = std::str::from_utf8(document).map_err(|_| NotAList::NotXml)?;
    let mut reader = Reader::from_str(text);
    let mut reading = Reading::default();
    loop {
        match reader.read_event().map_err(|_| NotAList::NotXml)? {
            Event::Start(tag) => reading.begin(tag.local_name().as_ref())?,
            Event::End(_) => reading.end()?,
            Event::Text(text) => reading.take(text.as_ref())?,
            Event::CData(text) => reading.take(text.as_ref())?,
            Event::GeneralRef(reference) => reading.refer(&reference)?,
            Event::DocType(_) => return Err(NotAList::Doctype),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    reading.done()
}

/// Where in the document we are.
#[derive(Default)]
struct Reading {
    open: Vec<Element>,
    text: String,
    list: Whitelist,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Domain,
    Name,
    Generated,
    Other,
}

impl Reading {
    fn begin(&mut self, name: &str) -> Result<(), NotAList> {
        if self.open.len() >= WHITELIST_DEPTH_MAX {
            return Err(NotAList::NotXml);
        }
        let within = self.open.last().copied();
        self.open.push(match (name, within) {
            ("Domaine", _) => Element::Domain,
            ("Nom", Some(Element::Domain)) => Element::Name,
            ("DateDeGeneration", _) => Element::Generated,
            _ => Element::Other,
        });
        self.text.clear();
        Ok(())
    }

    fn end(&mut self) -> Result<(), NotAList> {
        let text = std::mem::take(&mut self.text);
        match self.open.pop().ok_or(NotAList::NotXml)? {
            Element::Name => self.name(text.trim())?,
            Element::Generated => {
                let shown = text.trim().chars().filter(|c| !c.is_control()).take(GENERATED_CHARS).collect();
                self.list.generated = shown;
            }
            Element::Domain | Element::Other => {}
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), NotAList> {
        // `Domain::parse` takes what people write in lists of their own; a name of this one is a name.
        let written = name.starts_with(|c: char| c.is_alphanumeric()) && name.contains('.');
        match Domain::parse(name).ok().filter(|_| written) {
            Some(domain) => drop(self.list.domains.insert(domain)),
            None => self.list.unreadable += 1,
        }
        let entries = self.list.domains.len() + self.list.unreadable;
        if entries > WHITELIST_DOMAINS_MAX {
            Err(NotAList::TooLarge)
        } else {
            Ok(())
        }
    }

    /// Only what stands in a name or a date is kept.
    fn take(&mut self, text: &str) -> Result<(), NotAList> {
        if matches!(self.open.last(), Some(Element::Name | Element::Generated)) {
            self.text.push_str(text);
        }
        if self.text.len() > WHITELIST_TEXT_MAX {
            Err(NotAList::NotXml)
        } else {
            Ok(())
        }
    }

    /// A character, or one of the five entities that XML itself knows.
    fn refer(&mut self, reference: &BytesRef<'_>) -> Result<(), NotAList> {
        let character = reference.resolve_char_ref().map_err(|_| NotAList::NotXml)?;
        let character = match character {
            Some(character) => character,
            None => predefined(reference.as_ref()).ok_or(NotAList::Doctype)?,
        };
        self.take(character.encode_utf8(&mut [0; 4]))
    }

    fn done(self) -> Result<Whitelist, NotAList> {
        match (self.open.is_empty(), self.list.domains.is_empty()) {
            (false, _) => Err(NotAList::NotXml),
            (true, true) => Err(NotAList::NoDomain),
            (true, false) => Ok(self.list),
        }
    }
}

/// Characters of a date that are shown.
const GENERATED_CHARS: usize = 40;

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListeBlanche xmlns=\"https://listeblanche.mssante.fr/schema\">\n\
        <DateDeGeneration>2026-11-20 06:00:00</DateDeGeneration>\n\
        <Domaine><Nom>\n  Medecin.MSSante.fr </Nom><Description>Ordre &amp; co</Description>\
        <DNCertificatOperateur>CN=x,OU=y,O=z,ST=Paris (75),C=FR</DNCertificatOperateur></Domaine>\n\
        <Domaine><Nom>hôpital-évreux.fr</Nom><Contact><Nom>evil.example</Nom></Contact></Domaine>\n\
        <lb:Domaine xmlns:lb=\"x\"><lb:Nom><![CDATA[chu-exemple.fr]]></lb:Nom></lb:Domaine>\n\
        <Domaine><Nom>labo&#45;x.fr</Nom></Domaine><Domaine><Nom>pas un domaine</Nom></Domaine><Domaine><Nom/></Domaine></ListeBlanche>";

    #[test]
    fn names_are_trimmed_and_in_ascii() {
        let list = parse(LIST.as_bytes()).unwrap();
        let names: Vec<&str> = list.domains.iter().map(Domain::as_str).collect();
        assert_eq!(
            names,
            ["chu-exemple.fr", "labo-x.fr", "medecin.mssante.fr", "xn--hpital-vreux-heb1m.fr"]
        );
        assert_eq!((list.generated.as_str(), list.unreadable), ("2026-11-20 06:00:00", 1));
        assert_eq!(parse(format!("\u{feff}{LIST}").as_bytes()), Ok(list));
    }

    #[test]
    fn what_is_no_list_is_told_apart() {
        let doctype = "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>";
        let nested = format!("{}{}", "<a>".repeat(99_999), "</a>".repeat(99_999));
        for (document, wanted) in [
            (String::new(), NotAList::NoDomain),
            ("<html><body>Maintenance</body></html>".to_owned(), NotAList::NoDomain),
            ("<l><Domaine><Nom>fr</Nom></Domaine></l>".to_owned(), NotAList::NoDomain),
            (LIST.replace("<ListeBlanche", &format!("{doctype}<ListeBlanche")), NotAList::Doctype),
            (LIST.replace("&amp;", "&b;"), NotAList::Doctype),
            (LIST.replace("</Domaine></ListeBlanche>", ""), NotAList::NotXml),
            (LIST.replace("</ListeBlanche>", ""), NotAList::NotXml),
            (LIST.replace("</Nom>", "</nom>"), NotAList::NotXml),
            (LIST.replace("Medecin", &"x".repeat(WHITELIST_TEXT_MAX)), NotAList::NotXml),
            (nested, NotAList::NotXml),
        ] {
            assert_eq!(parse(document.as_bytes()), Err(wanted), "{}", &document[..document.len().min(200)]);
        }
        assert_eq!(parse(b"<l>\xe9</l>"), Err(NotAList::NotXml));
        assert_eq!(parse(&vec![b' '; WHITELIST_FILE_MAX as usize + 1]), Err(NotAList::TooLarge));
    }

    #[test]
    fn a_list_of_all_that_there_is_is_read() {
        let entries: String = (0..20_000).map(|n| format!("<Domaine><Nom>d{n}.fr</Nom></Domaine>")).collect();
        assert_eq!(parse(format!("<l>{entries}</l>").as_bytes()).unwrap().domains.len(), 20_000);
        let endless = "<Domaine><Nom>x</Nom></Domaine>".repeat(WHITELIST_DOMAINS_MAX + 1);
        assert_eq!(parse(format!("<l>{endless}</l>").as_bytes()), Err(NotAList::TooLarge));
    }
}
