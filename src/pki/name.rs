//! Names: what a person reads of a Name (RFC 5280 §4.1.2.4), and the addresses of a SubjectAltName.

use crate::base::Address;
use crate::base::addr::fold;
use crate::base::limits::{CERTIFICATE_NAMES_MAX, NAME_OCTETS_MAX};
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
    if name.raw.len() > NAME_OCTETS_MAX {
        return Err(BerError::TooLarge);
    }
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
    /// dNSName in lower case.
    pub hosts: Vec<String>,
    /// uniformResourceIdentifier.
    pub uris: Vec<String>,
    /// iPAddress, four or sixteen octets.
    pub addresses: Vec<Vec<u8>>,
    /// Every other form that occurs, and the forms of names that cannot be read.
    pub others: Vec<Form>,
}

/// Forms of GeneralName, by their tag.
const OTHER: u8 = 0;
/// rfc822Name.
pub const MAILBOX: u8 = 1;
/// dNSName.
pub const HOST: u8 = 2;
/// directoryName.
pub const DIRECTORY: u8 = 4;
/// uniformResourceIdentifier.
pub const URI: u8 = 6;
/// iPAddress.
pub const ADDRESS: u8 = 7;

/// A form of GeneralName; of an otherName its type as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// Its tag.
    pub tag: u8,
    /// type-id of an otherName.
    pub kind: Option<Oid>,
}

impl Form {
    /// One that its tag tells.
    pub fn of(tag: u8) -> Self {
        Self { tag, kind: None }
    }

    /// Of this GeneralName.
    pub fn read(name: Value<'_>) -> Self {
        let tag = name.tag & 0x1f;
        let kind = (tag == OTHER).then(|| name.inside().oid().ok()).flatten();
        Self { tag, kind }
    }
}

/// Reads the content of a GeneralNames.
pub fn alternative(mut names: Reader<'_>) -> Result<AlternativeNames, BerError> {
    let mut found = AlternativeNames::default();
    let mut count = 0;
    while let Some(name) = names.next_value()? {
        count += 1;
        if count > CERTIFICATE_NAMES_MAX {
            return Err(BerError::TooLarge);
        }
        let form = Form::read(name);
        let text = || std::str::from_utf8(name.content).ok().filter(|t| t.is_ascii());
        let read = match form.tag {
            MAILBOX => text().and_then(address).map(|a| found.mailboxes.push(a)),
            HOST => text().and_then(host_or_all_below).map(|h| found.hosts.push(h)),
            URI => text().map(|u| found.uris.push(u.to_owned())),
            ADDRESS => matches!(name.content.len(), 4 | 16).then(|| found.addresses.push(name.content.to_vec())),
            DIRECTORY => {
                found.directories.push(comparable(Value::only(name.content)?)?);
                Some(())
            }
            _ => {
                found.mailboxes.extend(smtp_utf8_mailbox(form, name)?);
                None
            }
        };
        if read.is_none() && !found.others.contains(&form) {
            found.others.push(form);
        }
    }
    Ok(found)
}

/// The name of a host, in lower case.
pub fn host(name: &str) -> Option<String> {
    let label =
        |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    (name.len() <= 253 && name.split('.').all(label)).then(|| name.to_ascii_lowercase())
}

/// The same, or `*.` and all of the hosts below it (RFC 6125 §6.4.3).
fn host_or_all_below(name: &str) -> Option<String> {
    match name.strip_prefix("*.") {
        Some(parent) => host(parent).map(|parent| format!("*.{parent}")),
        None => host(name),
    }
}

/// The host that a URI names, where it is a name (RFC 3986 §3.2.2).
pub fn host_of(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let named = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = named.split_once(':').map_or(named, |(host, _)| host);
    host(name).filter(|name| name.parse::<std::net::IpAddr>().is_err())
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

fn smtp_utf8_mailbox(form: Form, other_name: Value<'_>) -> Result<Option<String>, BerError> {
    if form.kind != Some(oid::SMTP_UTF8_MAILBOX) {
        return Ok(None);
    }
    let mut inside = other_name.inside();
    inside.oid()?;
    let value = inside.expect(tag::context(0))?.inside().expect(tag::UTF8_STRING)?;
    Ok(std::str::from_utf8(value.content).ok().and_then(address))
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
