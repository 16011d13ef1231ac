//! `Content-Type` and `Content-Disposition`: a token and its parameters (RFC 2045 §5.1, RFC 2183 §2, RFC 2231).

use super::header::{Field, Header, unfold, without_line_end};
use super::{encode, words};
use crate::base::limits;
use std::collections::BTreeMap;

/// A token in lower case and its parameters, decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameterized {
    /// `text/plain`, `attachment`; empty when unreadable.
    pub value: String,
    /// Names in lower case; the first of two with one name counts.
    pub parameters: BTreeMap<String, String>,
}

/// What a Content-Transfer-Encoding says (RFC 2045 §6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransferEncoding {
    /// 7bit, 8bit, binary, or absent.
    Identity,
    /// quoted-printable.
    QuotedPrintable,
    /// base64.
    Base64,
    /// Anything else.
    Unknown,
}

impl Parameterized {
    /// Reads a field's value.
    pub fn parse(value: &[u8]) -> Self {
        let flat = unfold(value);
        let mut pieces = split(&flat).into_iter();
        let mut value = pieces.next().unwrap_or_default();
        value.retain(|c| !c.is_whitespace());
        value.make_ascii_lowercase();
        let raw = pieces.filter_map(|p| {
            let (name, value) = p.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.to_owned()))
        });
        Self {
            value,
            parameters: join(raw.collect()),
        }
    }

    /// One parameter, by its name in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The value as a field can carry it, in ASCII: parameters quoted, or by RFC 2231 where they are not ASCII. A value that is
    /// no type stays none, and a parameter whose name is none is left out: neither becomes what it was not read as.
    pub fn write(&self) -> String {
        let mut out = written_value(&self.value);
        for (name, value) in self.parameters.iter().filter(|(name, _)| is_token(name)) {
            if reads_as_it_is(value) {
                out.push_str(&format!(";\r\n {name}={}", quoted(value)));
            } else {
                out.push_str(&format!(";\r\n {name}*=utf-8''{}", percent(value)));
            }
        }
        out
    }
}

/// Quotes keep it: blanks at its ends are taken off, and encoded words undone, by many who read it.
fn reads_as_it_is(value: &str) -> bool {
    value.bytes().all(|b| (b' '..=b'~').contains(&b)) && value.trim() == value && !value.contains("=?")
}

fn written_value(value: &str) -> String {
    match value.split('/').all(is_token) {
        true => value.to_owned(),
        false => quoted(&value.replace(|c: char| !c.is_ascii() || c.is_ascii_control(), "?")),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// RFC 2045 §5.1, without what RFC 2231 gives a meaning to in a name.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=*'%".contains(&b))
}

/// A Content-Type field with these parameters beside its own: its octets as they came where they can stand before them.
pub fn labelled(field: &Field<'_>, labels: &[(&str, &str)]) -> Vec<u8> {
    let mut wanted = Parameterized::parse(field.value);
    for (name, value) in labels {
        wanted.parameters.insert((*name).to_owned(), (*value).to_owned());
    }
    let bare = without_line_end(field.raw).trim_ascii_end();
    let mut added = bare.strip_suffix(b";").unwrap_or(bare).to_vec();
    for (name, value) in labels {
        added.extend_from_slice(format!(";\r\n {name}=\"{value}\"").as_bytes());
    }
    added.extend_from_slice(b"\r\n");
    let reads = Header::parse(&added).0.first("Content-Type").map(|f| Parameterized::parse(f.value));
    if reads.as_ref() == Some(&wanted) {
        return added;
    }
    format!("Content-Type: {}\r\n", wanted.write()).into_bytes()
}

/// The Content-Type of a part; `text/plain` when absent or unreadable (RFC 2045 §5.2).
pub fn content_type(header: &Header<'_>) -> Parameterized {
    typed(header).unwrap_or_else(|| Parameterized {
        value: "text/plain".to_owned(),
        parameters: BTreeMap::new(),
    })
}

/// The Content-Type of a part, if it is there and readable.
pub fn typed(header: &Header<'_>) -> Option<Parameterized> {
    let read = Parameterized::parse(header.first("Content-Type")?.value);
    let (main, sub) = read.value.split_once('/')?;
    (!main.is_empty() && !sub.is_empty()).then_some(read)
}

/// The Content-Disposition of a part, if it has one.
pub fn disposition(header: &Header<'_>) -> Option<Parameterized> {
    header.first("Content-Disposition").map(|f| Parameterized::parse(f.value))
}

/// The Content-Transfer-Encoding of a part.
pub fn transfer_encoding(header: &Header<'_>) -> TransferEncoding {
    header
        .first("Content-Transfer-Encoding")
        .map_or(TransferEncoding::Identity, |field| stated_encoding(field.value))
}

/// What the value of one such field says.
pub fn stated_encoding(value: &[u8]) -> TransferEncoding {
    let written = value.trim_ascii();
    known_encoding(|name| written.eq_ignore_ascii_case(name.as_bytes()))
        .or_else(|| {
            let read = Parameterized::parse(value).value;
            known_encoding(|name| read == name)
        })
        .unwrap_or(TransferEncoding::Unknown)
}

fn known_encoding(is: impl Fn(&str) -> bool) -> Option<TransferEncoding> {
    const KNOWN: [(&str, TransferEncoding); 6] = [
        ("", TransferEncoding::Identity),
        ("7bit", TransferEncoding::Identity),
        ("8bit", TransferEncoding::Identity),
        ("binary", TransferEncoding::Identity),
        ("quoted-printable", TransferEncoding::QuotedPrintable),
        ("base64", TransferEncoding::Base64),
    ];
    KNOWN.iter().find(|(name, _)| is(name)).map(|(_, encoding)| *encoding)
}

/// Octets of a parameter for which there is room from the beginning.
const PIECE: usize = 32;

/// What decides how a part is read, and what it is: whoever writes many parameters before it hides none of these.
const DECISIVE: [&str; 10] = [
    "boundary",
    "charset",
    "name",
    "filename",
    "smime-type",
    "protocol",
    "hp",
    "hp-legacy-display",
    "protected-headers",
    "forwarded",
];

fn is_decisive(piece: &[u8]) -> bool {
    let name = piece.split(|b| matches!(b, b'=' | b'*')).next().unwrap_or_default();
    DECISIVE
        .iter()
        .any(|known| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes()))
}

/// Cuts at `;` outside quotes; quotes undone, comments and the white space around tokens left out. Of the pieces beyond
/// [`limits::PARAMETERS_MAX`] those that are decisive are kept.
fn split(value: &[u8]) -> Vec<String> {
    let begun = || Vec::with_capacity(PIECE);
    let mut pieces = vec![begun()];
    let (mut quoted, mut comment, mut blanks) = (false, 0usize, 0usize);
    let mut octets = value.iter().copied();
    while let Some(b) = octets.next() {
        let full = pieces.len() > limits::PARAMETERS_MAX + 1;
        let last = pieces.len() - 1;
        let piece = &mut pieces[last];
        match b {
            b'"' if comment == 0 => quoted = !quoted,
            b'\\' if quoted => piece.extend(octets.next()),
            _ if quoted => piece.push(b),
            b'(' => comment += 1,
            b')' if comment > 0 => comment -= 1,
            _ if comment > 0 => {}
            b' ' | b'\t' => blanks += 1,
            b';' if full && !is_decisive(piece) => piece.clear(),
            b';' => pieces.push(begun()),
            _ => {
                // A name with unquoted spaces, as careless senders write it.
                if blanks > 0 && b != b'=' && !piece.is_empty() && piece.last() != Some(&b'=') {
                    piece.push(b' ');
                }
                piece.push(b);
            }
        }
        if !matches!(b, b' ' | b'\t') {
            blanks = 0;
        }
    }
    let kept = |at: usize, piece: &[u8]| at <= limits::PARAMETERS_MAX || is_decisive(piece);
    let kept = pieces.into_iter().enumerate().filter(|(at, piece)| kept(*at, piece));
    kept.map(|(_, piece)| text_of(piece)).collect()
}

fn text_of(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap_or_else(|error| words::octets_to_text(error.as_bytes()))
}

/// Puts continuations (`name*0*=`) together and decodes them (RFC 2231 §3, §4).
fn join(raw: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut plain = BTreeMap::new();
    let mut pieces: BTreeMap<String, BTreeMap<u32, (bool, String)>> = BTreeMap::new();
    for (name, value) in raw {
        match name.split_once('*') {
            None => {
                plain.entry(name).or_insert_with(|| decoded(value));
            }
            Some((base, rest)) => {
                let number = rest.trim_end_matches('*').parse().unwrap_or(0);
                let encoded = rest.is_empty() || rest.ends_with('*');
                pieces.entry(base.to_owned()).or_default().entry(number).or_insert((encoded, value));
            }
        }
    }
    for (name, parts) in pieces {
        plain.insert(name, extended(parts));
    }
    plain
}

/// Encoded words stand where they may not, but they do (RFC 2047 §5).
fn decoded(value: String) -> String {
    match value.bytes().all(|b| b.is_ascii_graphic() && b != b'=') {
        true => value,
        false => words::decode(value.as_bytes()),
    }
}

fn extended(parts: BTreeMap<u32, (bool, String)>) -> String {
    let mut charset = String::from("utf-8");
    let mut octets = Vec::new();
    for (index, (_, (encoded, value))) in parts.into_iter().enumerate() {
        let mut rest = value.as_str();
        if index == 0 && encoded {
            let mut cut = value.splitn(3, '\'');
            if let (Some(set), Some(_), Some(text)) = (cut.next(), cut.next(), cut.next()) {
                charset = set.to_owned();
                rest = text;
            }
        }
        if encoded {
            unpercent(rest, &mut octets)
        } else {
            octets.extend_from_slice(rest.as_bytes())
        }
    }
    encode::charset_decode(&charset, &octets).unwrap_or_else(|| words::octets_to_text(&octets))
}

fn unpercent(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(encode::hex);
        match hex {
            Some(b) => {
                out.push(b);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._".contains(&b) {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_every_form() {
        for (value, kind, name, expected) in [
            ("text/plain", "text/plain", "charset", None),
            ("Text / HTML; Charset=UTF-8", "text/html", "charset", Some("UTF-8")),
            (
                "multipart/mixed; boundary=\"a;b \\\" c\"",
                "multipart/mixed",
                "boundary",
                Some("a;b \" c"),
            ),
            ("a/b (no; way) ; x=1 (two)", "a/b", "x", Some("1")),
            ("a/b; x*=iso-8859-1'fr'caf%E9", "a/b", "x", Some("café")),
            ("a/b; x*0=\"un \"; x*1*=d%65ux; x*2=\" trois\"", "a/b", "x", Some("un deux trois")),
            ("a/b; x=\"=?utf-8?Q?=C3=A9t=C3=A9?=\"", "a/b", "x", Some("été")),
            ("a/b; x=1; x=2", "a/b", "x", Some("1")),
            ("a/b; x*=%", "a/b", "x", Some("%")),
            ("", "", "x", None),
        ] {
            let read = Parameterized::parse(value.as_bytes());
            assert_eq!((read.value.as_str(), read.parameter(name)), (kind, expected), "{value}");
        }
    }

    #[test]
    fn many_parameters_hide_none_that_decides_and_are_not_kept() {
        let many: String = (0..60_000).map(|n| format!(";a{n}=b")).collect();
        for (after, name, expected) in [
            ("; boundary=b", "boundary", Some("b")),
            ("; CHARSET = utf-8; charset=x", "charset", Some("utf-8")),
            ("; charset*0=ut; other=1; charset*1=f-8", "charset", Some("utf-8")),
            ("; other=1", "other", None),
        ] {
            let read = Parameterized::parse(format!("text/plain{many}{after}").as_bytes());
            assert_eq!(read.parameter(name), expected, "{after}");
            assert!(read.parameters.len() <= limits::PARAMETERS_MAX + 1);
            assert_eq!(read.parameter("a63"), Some("b"));
            assert_eq!(read.parameter("a64"), None);
        }
    }

    #[test]
    fn a_label_is_added_and_nothing_else_changes() {
        for (field, labelled_field) in [
            ("Content-Type: text/plain\r\n", "Content-Type: text/plain;\r\n hp=\"clear\"\r\n"),
            (
                "content-type : TEXT/plain; (x)\r\n charset=utf-8;\r\n",
                "content-type : TEXT/plain; (x)\r\n charset=utf-8;\r\n hp=\"clear\"\r\n",
            ),
            ("Content-Type: text\r\n", "Content-Type: text;\r\n hp=\"clear\"\r\n"),
            // What says something else already, and what an open quote or comment would swallow, is written anew.
            (
                "Content-Type: text/plain; hp=cipher; charset=utf-8\r\n",
                "Content-Type: text/plain;\r\n charset=\"utf-8\";\r\n hp=\"clear\"\r\n",
            ),
            (
                "Content-Type: a/b; x=\"open\r\n",
                "Content-Type: a/b;\r\n hp=\"clear\";\r\n x=\"open\"\r\n",
            ),
            ("Content-Type: a/b (open\r\n", "Content-Type: a/b;\r\n hp=\"clear\"\r\n"),
        ] {
            let header = Header::parse(field.as_bytes()).0;
            let got = labelled(header.first("Content-Type").unwrap(), &[("hp", "clear")]);
            assert_eq!(String::from_utf8(got).unwrap(), labelled_field);
        }
    }

    /// Quotes undone would make a page of what was read as no type, and a boundary of what was none.
    #[test]
    fn what_is_no_type_does_not_become_one() {
        for (value, written) in [
            ("\"text/html;boundary=b\"", "\"text/html;boundary=b\""),
            ("text/plain; \"x;boundary\"=b; y=1", "text/plain;\r\n y=\"1\""),
            ("texté/plain; é=1", "\"text?/plain\""),
            ("", "\"\""),
        ] {
            let read = Parameterized::parse(value.as_bytes());
            assert_eq!(read.write(), written);
            assert_eq!(Parameterized::parse(written.as_bytes()).write(), written);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let read = Parameterized::parse(
            "a/b; x*=utf-8''%C3%A9%0D%0A; y=\"q\\\"\\\\\"; z=\"a;b\"; u*=utf-8''a%20; v*=utf-8''=%3Futf-8%3FQ%3Fa%3F=".as_bytes(),
        );
        assert_eq!(Parameterized::parse(read.write().as_bytes()), read);
    }
}
