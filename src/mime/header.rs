//! Header fields as they came (RFC 5322 §2.2): read without changing an octet, so that removing one leaves the others.
//!
//! Tolerant: lines may end in LF, a line that is no field is kept without a name, the empty line may be missing.

use super::words;
use crate::base::{Address, limits};
use mail_parser::{HeaderValue, parsers::MessageStream};
use memchr::memchr;

/// Fields for which there is room from the beginning.
const USUAL: usize = 12;

/// The fields of one header, in order.
#[derive(Clone, Debug, Default)]
pub struct Header<'a> {
    fields: Vec<Field<'a>>,
}

/// One field, or a line that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// All its octets with the final line end.
    pub raw: &'a [u8],
    /// Its name as written; empty for what is not a field.
    pub name: &'a str,
    /// What follows the colon, folding included, without the final line end.
    pub value: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the header that a message or a part begins with; also the offset of its body.
    pub fn parse(message: &'a [u8]) -> (Self, usize) {
        let mut fields = Vec::with_capacity(USUAL);
        let mut at = 0;
        while at < message.len() {
            let line = &message[at..line_end(message, at)];
            if is_blank(line) {
                return (Self { fields }, at + line.len());
            }
            let end = folded_end(message, at + line.len());
            if end > limits::HEADER_MAX {
                let end = header_end(message, at);
                fields.push(Field::unnamed(&message[at..end]));
                return (Self { fields }, line_end_if_blank(message, end));
            }
            fields.push(Field::parse(&message[at..end]));
            at = end;
        }
        (Self { fields }, message.len())
    }

    /// Every field in order, lines that are no field included.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The fields of that name, in order.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> {
        self.fields.iter().filter(move |f| f.is(name))
    }

    /// The first field of that name.
    pub fn first(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|f| f.is(name))
    }

    /// The first field of that name, unfolded and decoded (RFC 2047).
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name).map(Field::text)
    }

    /// The octets of the fields that are kept, each unchanged; without the empty line.
    pub fn retain(&self, keep: impl Fn(&Field<'a>) -> bool) -> Vec<u8> {
        self.fields.iter().filter(|f| keep(f)).flat_map(|f| f.raw).copied().collect()
    }

    /// The mailboxes of every field of that name, with their display names (RFC 5322 §3.4); what is no address is left out.
    pub fn addresses(&self, name: &str) -> Vec<(Option<String>, Address)> {
        self.all(name).flat_map(Field::addresses).collect()
    }
}

impl<'a> Field<'a> {
    /// True when it has that name, whatever the case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// True when the name begins so, whatever the case.
    pub fn begins(&self, prefix: &str) -> bool {
        self.name
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    /// The value unfolded and decoded (RFC 2047).
    pub fn text(&self) -> String {
        words::decode(self.value)
    }

    /// The value unfolded, not decoded.
    pub fn unfolded(&self) -> Vec<u8> {
        unfold(self.value)
    }

    /// Its mailboxes (RFC 5322 §3.4), groups flattened.
    pub fn addresses(&self) -> Vec<(Option<String>, Address)> {
        self.entries().into_iter().flatten().collect()
    }

    /// Its one mailbox, with nothing beside it that is none.
    pub fn only_address(&self) -> Option<(Option<String>, Address)> {
        let mut entries = self.entries();
        if entries.len() == 1 { entries.pop().flatten() } else { None }
    }

    /// Everything that stands in an address list; `None` for what is no address.
    fn entries(&self) -> Vec<Option<(Option<String>, Address)>> {
        let mut value = self.unfolded();
        value.extend_from_slice(b"\r\n");
        let HeaderValue::Address(list) = MessageStream::new(&value).parse_address() else {
            return Vec::new();
        };
        let read = |a: mail_parser::Addr<'_>| {
            let address = written(a.name.as_deref(), a.address.as_deref()?.trim())?;
            Some((a.name.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()), address))
        };
        list.into_list().into_iter().map(read).collect()
    }

    fn parse(raw: &'a [u8]) -> Self {
        let Some(colon) = memchr(b':', raw) else {
            return Self::unnamed(raw);
        };
        // RFC 5322 §4.5 once allowed white space before the colon; receivers still take such a field for one.
        let name = raw[..colon].trim_ascii_end();
        match std::str::from_utf8(name) {
            Ok(name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()) => Self {
                raw,
                name,
                value: without_line_end(&raw[colon + 1..]),
            },
            _ => Self::unnamed(raw),
        }
    }

    fn unnamed(raw: &'a [u8]) -> Self {
        Self {
            raw,
            name: "",
            value: without_line_end(raw),
        }
    }
}

/// The value on one line: line ends before white space removed (RFC 5322 §2.2.3), the ends trimmed.
pub fn unfold(value: &[u8]) -> Vec<u8> {
    if memchr::memchr2(b'\r', b'\n', value).is_none() {
        return value.trim_ascii().to_vec();
    }
    let flat: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    flat.trim_ascii().to_vec()
}

/// The octets without their last CRLF or LF.
pub fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Where the line that begins at `at` ends, its line end included.
pub fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1)
}

/// True for an empty line.
pub fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// An address of a list. Its reader leaves quoted pairs as they are, or takes a quoted local part that has some for a name (RFC 5322 §3.2.4).
fn written(name: Option<&str>, text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let quoted = |local: &str| Address::parse(&format!("\"{local}\"@{domain}")).ok();
    Address::parse(text).ok().or_else(|| match local {
        "" => quoted(&name?.replace('\\', "\\\\")),
        local if local.contains('\\') => quoted(local),
        _ => None,
    })
}

/// Where the field ends whose first line ends there.
fn folded_end(message: &[u8], first: usize) -> usize {
    let mut end = first;
    while end < message.len() && matches!(message[end], b' ' | b'\t') {
        end = line_end(message, end);
    }
    end
}

fn header_end(message: &[u8], mut at: usize) -> usize {
    while at < message.len() {
        let end = line_end(message, at);
        if is_blank(&message[at..end]) {
            break;
        }
        at = end;
    }
    at
}

fn line_end_if_blank(message: &[u8], at: usize) -> usize {
    if at < message.len() { line_end(message, at) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] =
        b"From: =?utf-8?Q?Zo=C3=A9?= <zoe@x.fr>, \"M, A\" <a@x.fr>\r\nSubject : #med#\r\n Bilan\r\ngarbage\r\nX: 1\n\r\nbody";

    #[test]
    fn fields_keep_every_octet() {
        let (header, body) = Header::parse(MAIL);
        assert_eq!(&MAIL[body..], b"body");
        assert_eq!(header.retain(|_| true), &MAIL[..body - 2]);
        assert_eq!(header.text("subject").as_deref(), Some("#med# Bilan"));
        assert_eq!(
            header.fields().iter().map(|f| f.name).collect::<Vec<_>>(),
            ["From", "Subject", "", "X"]
        );
        assert!(!header.retain(|f| !f.is("SUBJECT")).windows(5).any(|w| w == b"Bilan"));
    }

    #[test]
    fn a_quoted_pair_hides_nobody() {
        for from in ["\"al\\ice\"@x.fr", "A <\"al\\ice\"@x.fr>", "\"alice\"@x.fr"] {
            let message = format!("From: {from}\r\n\r\n");
            let list = Header::parse(message.as_bytes()).0.addresses("from");
            assert_eq!(list.first().map(|(_, address)| address.folded()), Some("alice@x.fr"), "{from}");
        }
    }

    #[test]
    fn addresses_come_with_their_names() {
        let list = Header::parse(MAIL).0.addresses("from");
        let list: Vec<_> = list.iter().map(|(n, a)| (n.as_deref(), a.as_str())).collect();
        assert_eq!(list, [(Some("Zoé"), "zoe@x.fr"), (Some("M, A"), "a@x.fr")]);
    }

    #[test]
    fn odd_headers_end_somewhere() {
        for (message, fields, body) in [
            (&b""[..], 0, 0),
            (b"\r\nbody", 0, 2),
            (b"\nbody", 0, 1),
            (b"A: 1", 1, 4),
            (b"A: 1\r\n", 1, 6),
            (b" folded nothing\r\nA: 1\r\n\r\n", 2, 25),
            (b": no name\r\n\r\n", 1, 13),
        ] {
            let (header, offset) = Header::parse(message);
            assert_eq!((header.fields().len(), offset), (fields, body), "{message:?}");
        }
    }

    #[test]
    fn a_header_beyond_the_limit_is_one_unnamed_rest() {
        let mut message = b"A: 1\r\n".to_vec();
        message.extend(b"B: 2\r\n".repeat(limits::HEADER_MAX / 6 + 10));
        message.extend_from_slice(b"\r\nbody");
        let (header, body) = Header::parse(&message);
        assert_eq!(&message[body..], b"body");
        assert_eq!(header.fields().last().map(|f| f.name), Some(""));
        assert_eq!(header.retain(|_| true).len(), body - 2);
    }
}
