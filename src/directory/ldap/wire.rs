//! The messages of LDAP (RFC 4511 §4) that a search needs: bytes and values, nothing else.
//!
//! Filters go as BER, where what is sought is an octet string like any other: no word of a user can become part of one.

use crate::base::limits::{LDAP_ATTRIBUTES_MAX, LDAP_DIAGNOSTIC_MAX, LDAP_MESSAGE_MAX, LDAP_VALUES_MAX};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::der;

/// Identifier octets of the operations (RFC 4511 §4.2 to §4.12).
mod op {
    pub const BIND: u8 = 0x60;
    pub const BOUND: u8 = 0x61;
    pub const UNBIND: u8 = 0x42;
    pub const SEARCH: u8 = 0x63;
    pub const ENTRY: u8 = 0x64;
    pub const DONE: u8 = 0x65;
    pub const REFERENCE: u8 = 0x73;
    pub const EXTENDED: u8 = 0x77;
    pub const EXTENDED_DONE: u8 = 0x78;
}

const BOOLEAN: u8 = tag::BOOLEAN;
const ENUMERATED: u8 = 0x0a;
/// `LDAPOID` of StartTLS (RFC 4511 §4.14.1).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Filter {
    /// Attribute and value, as the server's rule for that attribute compares them.
    Equal(String, String),
    /// One of these.
    Any(Vec<Filter>),
    /// All of these.
    All(Vec<Filter>),
}

/// A search of a whole subtree.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// Where the subtree begins.
    pub base: &'a str,
    /// What is sought.
    pub filter: &'a Filter,
    /// Which attributes are wanted.
    pub attributes: &'a [&'a str],
    /// Entries that are wanted at most.
    pub most: u32,
    /// Seconds that the server may take.
    pub seconds: u32,
}

/// A message of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Of the request that it answers; 0: of none.
    pub id: u32,
    /// What it says.
    pub said: Said,
}

/// What a server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// The end of a bind.
    Bound(Outcome),
    /// An entry of a search.
    Entry(Entry),
    /// Part of the subtree is with another server (RFC 4511 §4.5.3): its address is not looked at.
    Elsewhere,
    /// The end of a search.
    Done(Outcome),
    /// The end of an extended operation; with id 0 a notice, such as that the connection ends (RFC 4511 §4.4.1).
    Extended(Outcome),
    /// Anything else.
    Other,
}

/// LDAPResult (RFC 4511 §4.1.9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// resultCode.
    pub code: u32,
    /// diagnosticMessage, printable and cut.
    pub diagnostic: String,
}

/// An entry: attribute descriptions as the server spells them, and their values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// In the order of the server.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// The values of an attribute. `;binary` says how a value is transferred, not which one it is (RFC 4522).
    pub fn values(&self, description: &str) -> impl Iterator<Item = &[u8]> {
        let wanted = without_binary(description).to_ascii_lowercase();
        let same = move |found: &str| without_binary(found).eq_ignore_ascii_case(&wanted);
        let found = self.attributes.iter().filter(move |(name, _)| same(name));
        found.flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }

    /// The same as text; what is none is left out.
    pub fn texts(&self, description: &str) -> impl Iterator<Item = &str> {
        self.values(description).filter_map(|value| std::str::from_utf8(value).ok())
    }
}

fn without_binary(description: &str) -> &str {
    let at = description.len().saturating_sub(";binary".len());
    match description.get(at..) {
        Some(option) if option.eq_ignore_ascii_case(";binary") => &description[..at],
        _ => description,
    }
}

/// A simple bind (RFC 4511 §4.2): name and password.
pub fn bind(id: u32, name: &str, password: &[u8]) -> Vec<u8> {
    let simple = der::tlv(tag::context_primitive(0), &[password]);
    message(id, &der::tlv(op::BIND, &[&der::small(3), &der::octets(name.as_bytes()), &simple]))
}

/// The end of the session.
pub fn unbind(id: u32) -> Vec<u8> {
    message(id, &der::tlv(op::UNBIND, &[]))
}

/// Asks for TLS on this connection.
pub fn start_tls(id: u32) -> Vec<u8> {
    message(id, &der::tlv(op::EXTENDED, &[&der::tlv(tag::context_primitive(0), &[START_TLS])]))
}

/// SearchRequest (RFC 4511 §4.5.1): the whole subtree, aliases never followed, for they may lead anywhere.
pub fn search(id: u32, search: &Search<'_>) -> Vec<u8> {
    let attributes: Vec<u8> = search.attributes.iter().flat_map(|name| der::octets(name.as_bytes())).collect();
    message(
        id,
        &der::tlv(
            op::SEARCH,
            &[
                &der::octets(search.base.as_bytes()),
                &der::tlv(ENUMERATED, &[&[2]]),
                &der::tlv(ENUMERATED, &[&[0]]),
                &integer(search.most),
                &integer(search.seconds),
                &der::tlv(BOOLEAN, &[&[0]]),
                &encoded(search.filter),
                &der::sequence(&[&attributes]),
            ],
        ),
    )
}

/// Filter (RFC 4511 §4.5.1.7).
fn encoded(filter: &Filter) -> Vec<u8> {
    let several = |of: &[Filter]| -> Vec<u8> { of.iter().flat_map(encoded).collect() };
    match filter {
        Filter::All(filters) => der::tlv(tag::context(0), &[&several(filters)]),
        Filter::Any(filters) => der::tlv(tag::context(1), &[&several(filters)]),
        Filter::Equal(attribute, value) => der::tlv(
            tag::context(3),
            &[&der::octets(attribute.as_bytes()), &der::octets(value.as_bytes())],
        ),
    }
}

fn message(id: u32, operation: &[u8]) -> Vec<u8> {
    der::sequence(&[&integer(id), operation])
}

/// A non-negative INTEGER in the shortest form.
fn integer(n: u32) -> Vec<u8> {
    let bytes = [&[0], &n.to_be_bytes()[..]].concat();
    let skip = (0..4).take_while(|at| bytes[*at] == 0 && bytes[at + 1] & 0x80 == 0).count();
    der::tlv(tag::INTEGER, &[&bytes[skip..]])
}

/// How many octets the message at the beginning of `bytes` has; `None`: that is not known yet. Lengths are definite
/// (RFC 4511 §5.1), and nothing is reserved for what is only announced.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, BerError> {
    length_within(bytes, LDAP_MESSAGE_MAX)
}

/// The same of a message that may have `most` octets.
pub fn length_within(bytes: &[u8], most: usize) -> Result<Option<usize>, BerError> {
    match bytes {
        [] | [tag::SEQUENCE] => Ok(None),
        [tag::SEQUENCE, first @ 0..=0x7f, ..] => Ok(Some(2 + usize::from(*first))),
        [tag::SEQUENCE, first @ 0x81..=0x84, rest @ ..] => {
            let count = usize::from(first & 0x7f);
            let Some(octets) = rest.get(..count) else { return Ok(None) };
            let inside = octets.iter().fold(0_usize, |n, octet| (n << 8) | usize::from(*octet));
            match inside.checked_add(2 + count).filter(|whole| *whole <= most) {
                Some(whole) => Ok(Some(whole)),
                None => Err(BerError::TooLarge),
            }
        }
        _ => Err(BerError::Malformed),
    }
}

/// Reads one whole message. Controls are not looked at.
pub fn read(bytes: &[u8]) -> Result<Message, BerError> {
    let mut inside = match Value::only(bytes)? {
        whole if whole.tag == tag::SEQUENCE => whole.inside(),
        _ => return Err(BerError::Unexpected),
    };
    let id = inside.expect(tag::INTEGER)?.small()?;
    let operation = inside.value()?;
    let said = match operation.tag {
        op::BOUND => Said::Bound(outcome(operation)?),
        op::ENTRY => Said::Entry(entry(operation)?),
        op::REFERENCE => Said::Elsewhere,
        op::DONE => Said::Done(outcome(operation)?),
        op::EXTENDED_DONE => Said::Extended(outcome(operation)?),
        _ => Said::Other,
    };
    Ok(Message { id, said })
}

fn outcome(operation: Value<'_>) -> Result<Outcome, BerError> {
    let mut inside = operation.inside();
    let code = inside.expect(ENUMERATED)?.small()?;
    inside.expect(tag::OCTET_STRING)?;
    let diagnostic = String::from_utf8_lossy(inside.expect(tag::OCTET_STRING)?.content).into_owned();
    let printable = diagnostic.chars().filter(|c| !c.is_control()).take(LDAP_DIAGNOSTIC_MAX);
    Ok(Outcome {
        code,
        diagnostic: printable.collect(),
    })
}

/// SearchResultEntry (RFC 4511 §4.5.2).
fn entry(operation: Value<'_>) -> Result<Entry, BerError> {
    let mut inside = operation.inside();
    inside.expect(tag::OCTET_STRING)?;
    let mut list = inside.sequence()?;
    let mut attributes = Vec::new();
    while let Some(attribute) = list.next_value()? {
        if attributes.len() == LDAP_ATTRIBUTES_MAX {
            return Err(BerError::TooLarge);
        }
        let mut parts = attribute.inside();
        let name = parts.expect(tag::OCTET_STRING)?;
        let name = std::str::from_utf8(name.content).map_err(|_| BerError::Malformed)?.to_owned();
        attributes.push((name, values(parts.expect(tag::SET)?.inside())?));
    }
    Ok(Entry { attributes })
}

/// What lies beyond the bound is left out: a person has few certificates.
fn values(mut set: Reader<'_>) -> Result<Vec<Vec<u8>>, BerError> {
    let mut found = Vec::new();
    while let Some(value) = set.next_value()? {
        if value.tag != tag::OCTET_STRING {
            return Err(BerError::Unexpected);
        }
        if found.len() < LDAP_VALUES_MAX {
            found.push(value.content.to_vec());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_the_standard_writes() {
        // RFC 4511 §5.1 has no vectors; these are the octets of ldapsearch, and its manual's.
        assert_eq!(bind(1, "", b""), b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00");
        assert_eq!(unbind(300), b"\x30\x06\x02\x02\x01\x2c\x42\x00");
        assert_eq!(start_tls(1), b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037");
        let filter = Filter::Any(vec![Filter::Equal("mail".into(), "a*)(b".into())]);
        let asked = search(
            2,
            &Search {
                base: "c=fr",
                filter: &filter,
                attributes: &["cn"],
                most: 200,
                seconds: 5,
            },
        );
        let expected = b"\x30\x32\x02\x01\x02\x63\x2d\x04\x04c=fr\x0a\x01\x02\x0a\x01\x00\x02\x02\x00\xc8\x02\x01\x05\x01\x01\x00\
            \xa1\x0f\xa3\x0d\x04\x04mail\x04\x05a*)(b\x30\x04\x04\x02cn";
        assert_eq!(asked, expected);
    }

    #[test]
    fn integers_are_the_shortest() {
        for (n, content) in [(0, &[0][..]), (127, &[127]), (128, &[0, 128]), (0x8000_0000, &[0, 128, 0, 0, 0])] {
            assert_eq!(&integer(n)[2..], content, "{n}");
        }
    }

    #[test]
    fn an_entry_is_read_and_its_binary_values_are_found_under_either_name() {
        let attribute = |name: &[u8], value: &[u8]| der::sequence(&[&der::octets(name), &der::tlv(tag::SET, &[&der::octets(value)])]);
        let list = [attribute(b"userCertificate;binary", b"\x30\x00"), attribute(b"MAIL", b"a@b.fr")].concat();
        let operation = der::tlv(op::ENTRY, &[&der::octets(b"cn=a"), &der::sequence(&[&list])]);
        let read = read(&message(7, &operation)).unwrap();
        let Said::Entry(entry) = read.said else { panic!("no entry") };
        assert_eq!(read.id, 7);
        assert_eq!(entry.values("usercertificate").collect::<Vec<_>>(), [b"\x30\x00"]);
        assert_eq!(entry.texts("mail").collect::<Vec<_>>(), ["a@b.fr"]);
        assert_eq!(entry.values("cn").count(), 0);
    }

    #[test]
    fn outcomes_are_read_and_what_they_tell_is_printable() {
        let operation = der::tlv(
            op::DONE,
            &[&der::tlv(ENUMERATED, &[&[4]]), &der::octets(b""), &der::octets(b"size\x1b[2J\r\n")],
        );
        let said = read(&message(1, &operation)).unwrap().said;
        let outcome = Outcome {
            code: 4,
            diagnostic: "size[2J".into(),
        };
        assert_eq!(said, Said::Done(outcome));
    }

    #[test]
    fn announced_lengths_are_bounded_and_never_indefinite() {
        for (bytes, length_) in [
            (&b""[..], Ok(None)),
            (b"\x30", Ok(None)),
            (b"\x30\x05", Ok(Some(7))),
            (b"\x30\x82\x01", Ok(None)),
            (b"\x30\x82\x01\x00", Ok(Some(260))),
            (b"\x30\x84\x7f\xff\xff\xff", Err(BerError::TooLarge)),
            (b"\x30\x80", Err(BerError::Malformed)),
            (b"\x30\x88\x00", Err(BerError::Malformed)),
            (b"HTTP", Err(BerError::Malformed)),
        ] {
            assert_eq!(length(bytes), length_, "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_malformed_is_an_error_and_never_a_panic() {
        for bytes in [
            &b"\x30\x00"[..],
            b"\x30\x03\x02\x01\x01",
            b"\x30\x05\x02\x01\xff\x65\x00",
            b"\x30\x05\x02\x01\x01\x65\x00",
            b"\x30\x07\x02\x01\x01\x64\x02\x04\x00",
        ] {
            assert!(read(bytes).is_err(), "{bytes:x?}");
        }
    }
}
