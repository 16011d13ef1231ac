//! A name as an authority is asked for it, from the text that a person writes: `C=FR, title=Médecin, CN=810001234567+SN=MARTIN+GN=Zoé`.
//!
//! In the order in which it is written, as the authorities' own papers have it and `openssl -subj` takes it, not backwards as
//! in RFC 4514; `+` joins what stands in one relative name, as IGC-Santé names professionals.

use crate::pki::ber::tag;
use crate::pki::der;
use crate::pki::oid::{self, Oid};
use crate::text::{Explain, Explanation, requests as words};

/// A Name (RFC 5280 §4.1.2.4) that was written by hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    der: Vec<u8>,
}

/// Why a text is no such name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubjectError {
    /// No `KEY=value`.
    #[error("`{0}` is no attribute")]
    NotAnAttribute(String),
    /// A key that is not known here.
    #[error("`{0}` is no attribute of a name")]
    Unknown(String),
    /// A value that is empty, too long, or not what this key takes.
    #[error("`{0}` has a value that it cannot have")]
    Value(String),
    /// No CN.
    #[error("no CN")]
    NoCommonName,
}

impl Explain for SubjectError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotAnAttribute(text) => words::not_an_attribute(text),
            Self::Unknown(key) => words::unknown_attribute(key),
            Self::Value(key) => words::attribute_value(key),
            Self::NoCommonName => words::no_common_name(),
        }
    }
}

/// What an attribute may hold.
#[derive(Clone, Copy)]
struct Kind {
    oid: Oid,
    tag: u8,
    /// Characters, by the upper bounds of RFC 5280 §A.1.
    max: usize,
}

const PRINTABLE_STRING: u8 = 0x13;

/// Attributes are many where somebody plays tricks.
const ATTRIBUTES_MAX: usize = 32;

fn kind(key: &str) -> Option<Kind> {
    let of = |oid, tag, max| Some(Kind { oid, tag, max });
    match key.to_ascii_lowercase().as_str() {
        "c" => of(oid::COUNTRY, PRINTABLE_STRING, 2),
        "o" => of(oid::ORGANIZATION, tag::UTF8_STRING, 64),
        "ou" => of(oid::ORGANIZATIONAL_UNIT, tag::UTF8_STRING, 64),
        "cn" => of(oid::COMMON_NAME, tag::UTF8_STRING, 64),
        "sn" | "surname" => of(oid::SURNAME, tag::UTF8_STRING, 64),
        "gn" | "givenname" => of(oid::GIVEN_NAME, tag::UTF8_STRING, 64),
        "t" | "title" => of(oid::TITLE, tag::UTF8_STRING, 64),
        "st" => of(oid::STATE, tag::UTF8_STRING, 128),
        "l" => of(oid::LOCALITY, tag::UTF8_STRING, 128),
        "serialnumber" => of(oid::SERIAL_NUMBER, PRINTABLE_STRING, 64),
        "e" | "emailaddress" => of(oid::EMAIL_ADDRESS, tag::IA5_STRING, 255),
        _ => None,
    }
}

impl Subject {
    /// Reads `KEY=value, KEY=value+KEY=value`, or the same with `/` before each; `\` before a sign makes it one of the value.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let (text, separator) = match text.trim().strip_prefix('/') {
            Some(rest) => (rest, '/'),
            None => (text.trim(), ','),
        };
        let mut names = Vec::new();
        let mut count = 0;
        for relative in split(text, separator) {
            let pairs: Vec<&str> = split(relative, '+');
            count += pairs.len();
            if count > ATTRIBUTES_MAX {
                return Err(SubjectError::NotAnAttribute("…".to_owned()));
            }
            names.push(pairs.into_iter().map(attribute).collect::<Result<Vec<_>, _>>()?);
        }
        if !names.iter().flatten().any(|(kind, _)| *kind == oid::COMMON_NAME) {
            return Err(SubjectError::NoCommonName);
        }
        let written = |pairs: Vec<(Oid, Vec<u8>)>| pairs.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>();
        let names: Vec<Vec<u8>> = names.into_iter().map(|pairs| der::set(&written(pairs))).collect();
        let parts: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        Ok(Self {
            der: der::sequence(&parts),
        })
    }

    /// The Name in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// AttributeTypeAndValue, and of which type it is.
fn attribute(text: &str) -> Result<(Oid, Vec<u8>), SubjectError> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| SubjectError::NotAnAttribute(text.trim().to_owned()))?;
    let key = key.trim();
    let kind = kind(key).ok_or_else(|| SubjectError::Unknown(key.to_owned()))?;
    let value = unescaped(value.trim());
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    let fits = match kind.tag {
        _ if kind.oid == oid::COUNTRY => value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase()),
        PRINTABLE_STRING => value.chars().all(printable),
        tag::IA5_STRING => value.is_ascii(),
        _ => true,
    };
    let length = value.chars().count();
    if !fits || length == 0 || length > kind.max || value.chars().any(char::is_control) {
        return Err(SubjectError::Value(key.to_owned()));
    }
    let pair = der::sequence(&[&der::oid(kind.oid), &der::tlv(kind.tag, &[value.as_bytes()])]);
    Ok((kind.oid, pair))
}

/// At every `sign` that no `\` stands before.
fn split(text: &str, sign: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == sign => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::ber::{Reader, Value};
    use crate::pki::name;

    fn read(text: &str) -> Vec<(Oid, String)> {
        name::attributes(Value::only(Subject::parse(text).unwrap().der()).unwrap()).unwrap()
    }

    #[test]
    fn a_professional_stands_in_one_relative_name() {
        let subject = Subject::parse("C=FR, title=Médecin, CN=810001234567+SN=MARTIN+GN=Zoé").unwrap();
        let mut names = Reader::new(subject.der()).sequence().unwrap();
        let mut sizes = Vec::new();
        while let Some(relative) = names.next_value().unwrap() {
            let (mut pairs, mut count) = (relative.inside(), 0);
            while pairs.next_value().unwrap().is_some() {
                count += 1;
            }
            sizes.push(count);
        }
        assert_eq!(sizes, [1, 1, 3]);
        let found = read("/C=FR/title=Médecin/CN=810001234567+SN=MARTIN+GN=Zoé");
        assert_eq!(found, read("C=FR,title=Médecin,CN=810001234567+SN=MARTIN+GN=Zoé"));
        assert!(found.contains(&(oid::GIVEN_NAME, "Zoé".to_owned())));
    }

    #[test]
    fn signs_of_the_syntax_can_be_in_a_value() {
        let found = read(r"O=Cabinet Martin\, Durand, ST=Paris (75), CN=a\+b = c\\d");
        assert_eq!(
            found.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
            ["Cabinet Martin, Durand", "Paris (75)", r"a+b = c\d"]
        );
    }

    #[test]
    fn what_is_no_name_is_told() {
        let long = format!("CN={}", "x".repeat(65));
        let many = vec!["OU=x"; 40].join(",");
        for (text, error) in [
            ("", SubjectError::NotAnAttribute(String::new())),
            ("Dr Martin", SubjectError::NotAnAttribute("Dr Martin".to_owned())),
            ("CN=x, XY=1", SubjectError::Unknown("XY".to_owned())),
            ("CN=", SubjectError::Value("CN".to_owned())),
            ("CN=a\u{7}b", SubjectError::Value("CN".to_owned())),
            (&long, SubjectError::Value("CN".to_owned())),
            ("C=fr, CN=x", SubjectError::Value("C".to_owned())),
            ("C=FRA, CN=x", SubjectError::Value("C".to_owned())),
            ("E=zoé@lab.test, CN=x", SubjectError::Value("E".to_owned())),
            ("C=FR, O=x", SubjectError::NoCommonName),
            (&many, SubjectError::NotAnAttribute("…".to_owned())),
        ] {
            assert_eq!(Subject::parse(text), Err(error), "{text}");
        }
    }
}
