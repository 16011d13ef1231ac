//! Names: what a person reads of a Name (RFC 5280 §4.1.2.4), and the addresses of a SubjectAltName.

use crate::base::Address;
use crate::base::addr::fold;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::der;
use crate::pki::oid::{self, Oid};

/// The attributes of a Name in order, whatever RDN they stand in (CPS cards put CN, SN and GN into one).
pub fn attributes(name: Value<'_>) -> Result<Vec<(Oid, String)>, BerError> {
    let mut out = Vec::new();
    let mut rdns = name.inside();
    while let Some(rdn) = rdns.next_value()? {
        let mut pairs = rdn.inside();
        while let Some(pair) = pairs.next_value()? {
            let mut inside = pair.inside();
            let kind = inside.oid()?;
            out.push((kind, text(inside.value()?)));
        }
    }
    Ok(out)
}

/// The first attribute of a kind.
pub fn first(attributes: &[(Oid, String)], kind: Oid) -> Option<&str> {
    attributes
        .iter()
        .find(|(k, _)| *k == kind)
        .map(|(_, v)| v.as_str())
        .filter(|v| !v.is_empty())
}

/// Relative names, each made comparable.
pub type DistinguishedName = Vec<Vec<u8>>;

/// A Name as RFC 5280 §7.1 compares it: whatever string type a value has, in any case, white space runs as one space. Values
/// that are no text are compared as they came.
pub fn comparable(name: Value<'_>) -> Result<DistinguishedName, BerError> {
    let mut out = Vec::new();
    let mut rdns = name.inside();
    while let Some(rdn) = rdns.next_value()? {
        let mut pairs = Vec::new();
        let mut inside = rdn.inside();
        while let Some(pair) = inside.next_value()? {
            let mut inside = pair.inside();
            let kind = inside.expect(tag::OID)?;
            let value = inside.value()?;
            let folded = decoded(value).map(|t| fold(&t.split_whitespace().collect::<Vec<_>>().join(" ")));
            let compared = folded.map_or_else(|| value.raw.to_vec(), |t| der::tlv(tag::UTF8_STRING, &[t.as_bytes()]));
            pairs.push(der::sequence(&[kind.raw, &compared]));
        }
        out.push(der::set(&pairs));
    }
    Ok(out)
}

/// What a subjectAltName says (RFC 5280 §4.2.1.6), as far as mail and name constraints ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlternativeNames {
    /// rfc822Name and SmtpUTF8Mailbox (RFC 9598).
    pub mailboxes: Vec<String>,
    /// directoryName.
    pub directories: Vec<DistinguishedName>,
    /// Tags of every other form that occurs.
    pub others: Vec<u8>,
}

/// Forms of GeneralName, by their tag.
pub const MAILBOX: u8 = 1;
/// directoryName.
pub const DIRECTORY: u8 = 4;

/// The form of a GeneralName, without class and construction.
pub fn form(identifier: u8) -> u8 {
    identifier & 0x1f
}

/// Reads the content of a GeneralNames.
pub fn alternative(mut names: Reader<'_>) -> Result<AlternativeNames, BerError> {
    let mut found = AlternativeNames::default();
    while let Some(name) = names.next_value()? {
        match form(name.tag) {
            MAILBOX => found.mailboxes.extend(ascii(name)),
            DIRECTORY => found.directories.push(comparable(Value::only(name.content)?)?),
            other => {
                if name.tag == tag::context(0) {
                    found.mailboxes.extend(smtp_utf8_mailbox(name)?);
                }
                found.others.push(other);
            }
        }
    }
    Ok(found)
}

/// emailAddress attributes of a Name.
pub fn emails(name: Value<'_>) -> Result<Vec<String>, BerError> {
    let mut out = Vec::new();
    let mut rdns = name.inside();
    while let Some(rdn) = rdns.next_value()? {
        let mut pairs = rdn.inside();
        while let Some(pair) = pairs.next_value()? {
            let mut inside = pair.inside();
            if inside.oid()? == oid::EMAIL_ADDRESS {
                out.extend(decoded(inside.value()?).and_then(|text| address(&text)));
            }
        }
    }
    Ok(out)
}

fn smtp_utf8_mailbox(other_name: Value<'_>) -> Result<Option<String>, BerError> {
    let mut inside = other_name.inside();
    if inside.oid()? != oid::SMTP_UTF8_MAILBOX {
        return Ok(None);
    }
    let value = inside.expect(tag::context(0))?.inside().expect(tag::UTF8_STRING)?;
    Ok(std::str::from_utf8(value.content).ok().and_then(address))
}

fn ascii(name: Value<'_>) -> Option<String> {
    std::str::from_utf8(name.content).ok().filter(|t| t.is_ascii()).and_then(address)
}

/// An address is taken exactly as it stands or not at all: with a NUL or an invisible character left out it would become
/// somebody else's.
fn address(text: &str) -> Option<String> {
    let text = text.trim_matches(' ');
    (Address::parse(text).is_ok() && text.chars().all(is_shown)).then(|| text.to_owned())
}

/// A string of any type exactly as it stands; `None`: not a string, or not one of its type.
fn decoded(value: Value<'_>) -> Option<String> {
    const NUMERIC: u8 = 0x12;
    const PRINTABLE: u8 = 0x13;
    const VISIBLE: u8 = 0x1a;
    match value.tag {
        tag::UTF8_STRING => String::from_utf8(value.content.to_vec()).ok(),
        NUMERIC | PRINTABLE | VISIBLE | tag::IA5_STRING => {
            std::str::from_utf8(value.content).ok().filter(|t| t.is_ascii()).map(str::to_owned)
        }
        TELETEX => Some(value.content.iter().map(|b| char::from(*b)).collect()),
        BMP => decoded_in(value.content, |c: [u8; 2]| char::from_u32(u16::from_be_bytes(c).into())),
        UNIVERSAL => decoded_in(value.content, |c: [u8; 4]| char::from_u32(u32::from_be_bytes(c))),
        _ => None,
    }
}

fn decoded_in<const N: usize>(content: &[u8], decode: impl Fn([u8; N]) -> Option<char>) -> Option<String> {
    let (units, rest) = content.as_chunks::<N>();
    rest.is_empty().then(|| units.iter().map(|u| decode(*u)).collect()).flatten()
}

const TELETEX: u8 = 0x14;
const BMP: u8 = 0x1e;
const UNIVERSAL: u8 = 0x1c;

/// A directory string as text fit to be shown: no control or direction characters, at most [`SHOWN_MAX`] of them.
pub fn text(value: Value<'_>) -> String {
    let all: String = match value.tag {
        BMP => char::decode_utf16(value.content.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]])))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        UNIVERSAL => value
            .content
            .chunks_exact(4)
            .filter_map(|c| char::from_u32(u32::from_be_bytes([c[0], c[1], c[2], c[3]])))
            .collect(),
        _ => match std::str::from_utf8(value.content) {
            Ok(text) => text.to_owned(),
            // TeletexString and careless authorities: Latin-1.
            Err(_) => value.content.iter().map(|b| char::from(*b)).collect(),
        },
    };
    all.chars()
        .filter(|c| is_shown(*c))
        .take(SHOWN_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Characters of a name that are kept.
const SHOWN_MAX: usize = 256;

fn is_shown(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::der;

    #[test]
    fn strings_of_every_kind_are_read_and_made_harmless() {
        for (tag, content, expected) in [
            (tag::UTF8_STRING, "Zoé\u{202e}\r\n".as_bytes(), "Zoé"),
            (0x14, b"Zo\xe9", "Zoé"),
            (0x1e, b"\0Z\0o\0\xe9", "Zoé"),
            (0x13, b" A B ", "A B"),
        ] {
            let bytes = der::tlv(tag, &[content]);
            assert_eq!(text(Value::only(&bytes).unwrap()), expected);
        }
    }
}
