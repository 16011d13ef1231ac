//! Names: what a person reads of a Name (RFC 5280 §4.1.2.4), and the addresses of a SubjectAltName.

use crate::pki::ber::{BerError, Reader, Value, tag};
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

/// rfc822Name and SmtpUTF8Mailbox of a GeneralNames content (RFC 5280 §4.2.1.6, RFC 9598).
pub fn mailboxes(general_names: Reader<'_>) -> Result<Vec<String>, BerError> {
    let mut out = Vec::new();
    let mut names = general_names;
    while let Some(name) = names.next_value()? {
        if name.tag == tag::context_primitive(1) {
            out.push(text(name));
        } else if name.tag == tag::context(0) {
            out.extend(smtp_utf8_mailbox(name)?);
        }
    }
    out.retain(|address| address.contains('@'));
    Ok(out)
}

fn smtp_utf8_mailbox(other_name: Value<'_>) -> Result<Option<String>, BerError> {
    let mut inside = other_name.inside();
    if inside.oid()? != oid::SMTP_UTF8_MAILBOX {
        return Ok(None);
    }
    Ok(Some(text(inside.expect(tag::context(0))?.inside().expect(tag::UTF8_STRING)?)))
}

/// A directory string as text fit to be shown: no control or direction characters, at most [`SHOWN_MAX`] of them.
pub fn text(value: Value<'_>) -> String {
    const BMP: u8 = 0x1e;
    const UNIVERSAL: u8 = 0x1c;
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
