//! Header fields that every transport takes as they are (RFC 5322 §2.1.1, §2.2): raw 8-bit octets put into encoded words
//! (RFC 2047) or parameters (RFC 2231), lines that are too long folded.
//!
//! In a field of addresses only names and comments are encoded (RFC 2047 §5): an address inside an encoded word is none.

use super::canonical::is_seven_bit;
use super::header::{Field, unfold};
use super::parameters::Parameterized;
use super::words;
use std::borrow::Cow;

/// Characters of a line before it is folded (RFC 5322 §2.1.1 recommends 78).
const COLUMNS: usize = 70;

/// What becomes of an address that is not ASCII (RFC 6532), for which nothing else can stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Foreign {
    /// It stays; whoever gets it was sent it so.
    Kept,
    /// It becomes a name: nothing else fits where only ASCII may stand.
    Encoded,
}

/// The field, safe, for what is sent; a line that is no field and not safe is left out.
pub fn safe_field<'a>(field: &Field<'a>) -> Cow<'a, [u8]> {
    safe(field, Foreign::Kept)
}

/// The same in ASCII whatever it costs, for what is told to a program that asked for nothing else (RFC 9051 §4.3).
pub fn ascii_field<'a>(field: &Field<'a>) -> Cow<'a, [u8]> {
    safe(field, Foreign::Encoded)
}

fn safe<'a>(field: &Field<'a>, foreign: Foreign) -> Cow<'a, [u8]> {
    if is_seven_bit(field.raw) {
        return Cow::Borrowed(field.raw);
    }
    if field.name.is_empty() {
        return Cow::Borrowed(if is_garbage(field) { b"" } else { field.raw });
    }
    if field.is("Content-Type") || field.is("Content-Disposition") {
        return Cow::Owned(format!("{}: {}\r\n", field.name, Parameterized::parse(field.value).write()).into_bytes());
    }
    let text = words::octets_to_text(&unfold(field.value));
    let tokens = Some(&text)
        .filter(|_| lists_addresses(field))
        .and_then(|text| List::of(text, foreign));
    let value = folded(&tokens.unwrap_or_else(|| runs(&text)));
    Cow::Owned(format!("{}: {value}\r\n", field.name).into_bytes())
}

/// A line that is no field and cannot be made safe.
pub(super) fn is_garbage(field: &Field<'_>) -> bool {
    field.name.is_empty() && (!field.raw.is_ascii() || field.raw.contains(&0))
}

/// RFC 5322 §3.6.2, §3.6.3, §3.6.6, RFC 8098 §2.1, and what programs write for them.
fn lists_addresses(field: &Field<'_>) -> bool {
    const NAMES: [&str; 10] = [
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Bcc",
        "Disposition-Notification-To",
        "Return-Receipt-To",
        "Mail-Followup-To",
        "Mail-Reply-To",
    ];
    let name = match field.begins("Resent-") {
        true => &field.name["Resent-".len()..],
        false => field.name,
    };
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Runs of words that need it are encoded, the others stay.
fn runs(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let end = |run: &mut Vec<&str>, out: &mut Vec<String>| {
        if !run.is_empty() {
            encoded(&std::mem::take(run).join(" "), out);
        }
    };
    for word in text.split_whitespace() {
        if is_plain(word) {
            end(&mut run, &mut out);
            out.push(word.to_owned());
        } else {
            run.push(word);
        }
    }
    end(&mut run, &mut out);
    out
}

fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.contains(|c: char| c.is_control())
}

/// Each encoded word by itself: that is where a line may be folded.
fn encoded(text: &str, out: &mut Vec<String>) {
    out.extend(words::encode(text).split("\r\n ").map(str::to_owned));
}

fn folded(tokens: &[String]) -> String {
    let mut out = String::new();
    let mut column = 0;
    for token in tokens {
        let glued = token.starts_with([',', ';', ':']);
        if column > 0 && !glued {
            let full = column + token.len() > COLUMNS;
            out.push_str(if full { "\r\n " } else { " " });
            column = if full { 1 } else { column + 1 };
        }
        column += token.len();
        out.push_str(token);
    }
    out
}

/// `address-list` (RFC 5322 §3.4) on its way into tokens between which a line may be folded.
struct List<'t> {
    foreign: Foreign,
    rest: &'t str,
    /// What may be a name, or an address without brackets.
    phrase: &'t str,
    /// The same with its quotes undone.
    said: String,
    out: Vec<String>,
}

impl<'t> List<'t> {
    /// `None`: quotes or brackets are open, and nobody can say what is an address.
    fn of(text: &'t str, foreign: Foreign) -> Option<Vec<String>> {
        let mut list = Self {
            foreign,
            rest: text,
            phrase: &text[..0],
            said: String::new(),
            out: Vec::new(),
        };
        let mut begin = text;
        while let Some(next) = list.rest.chars().next() {
            match next {
                '"' => list.quoted()?,
                '<' | '(' | ',' | ';' | ':' => {
                    list.phrase = &begin[..begin.len() - list.rest.len()];
                    list.name();
                    list.sign(next)?;
                    begin = list.rest;
                }
                // A domain literal may hold colons.
                '[' => list.literal(),
                other => {
                    list.said.push(other);
                    list.rest = &list.rest[other.len_utf8()..];
                }
            }
        }
        list.phrase = begin;
        list.name();
        Some(list.out)
    }

    /// `quoted-string` (RFC 5322 §3.2.4).
    fn quoted(&mut self) -> Option<()> {
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => self.said.push(chars.next()?.1),
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(());
                }
                other => self.said.push(other),
            }
        }
        None
    }

    /// What is no name.
    fn push(&mut self, said: &str) {
        match said.is_ascii() || self.foreign == Foreign::Kept {
            true => self.out.push(said.to_owned()),
            false => encoded(said, &mut self.out),
        }
    }

    fn literal(&mut self) {
        let end = self.rest.find(']').map_or(self.rest.len(), |at| at + 1);
        self.said.push_str(&self.rest[..end]);
        self.rest = &self.rest[end..];
    }

    /// What stands between the names.
    fn sign(&mut self, sign: char) -> Option<()> {
        let length = match sign {
            '<' => self.rest.find('>')? + 1,
            '(' => return self.comment(),
            _ => 1,
        };
        let said = &self.rest[..length];
        if said.contains(char::is_control) {
            return None;
        }
        self.push(said);
        self.rest = &self.rest[length..];
        Some(())
    }

    /// RFC 5322 §3.2.2.
    fn comment(&mut self) -> Option<()> {
        let (mut depth, mut escaped) = (0usize, false);
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let inside = &self.rest[1..at];
                match is_plain(inside) {
                    true => self.out.push(format!("({inside})")),
                    false => self.out.push(format!("({})", words::encode(inside).replace("\r\n", ""))),
                }
                self.rest = &self.rest[at + 1..];
                return Some(());
            }
        }
        None
    }

    /// A name is encoded where it must be; an address that is not ASCII stays (RFC 6532), for nothing else can carry it.
    fn name(&mut self) {
        let (phrase, said) = (self.phrase.trim(), std::mem::take(&mut self.said));
        if phrase.is_empty() {
            return;
        }
        if is_plain(phrase) || (said.contains('@') && !phrase.contains(char::is_control)) {
            self.push(phrase);
        } else {
            self.out.extend(words::encode_phrase(said.trim()).split("\r\n ").map(str::to_owned));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::header::Header;
    use proptest::prelude::*;

    fn written(field: &str, foreign: Foreign) -> String {
        let raw = format!("{field}\r\n");
        let header = Header::parse(raw.as_bytes()).0;
        String::from_utf8(super::safe(&header.fields()[0], foreign).into_owned()).unwrap()
    }

    fn safe(field: &str) -> String {
        written(field, Foreign::Kept)
    }

    fn ascii(field: &str) -> String {
        written(field, Foreign::Encoded)
    }

    fn addresses(field: &str) -> Vec<(Option<String>, String)> {
        let header = Header::parse(field.as_bytes()).0;
        let read = header.fields()[0].addresses();
        read.into_iter().map(|(name, address)| (name, address.to_string())).collect()
    }

    #[test]
    fn addresses_stay_addresses_whatever_their_names_are_written_in() {
        for field in [
            "From: \"Zoé Martin\" <zoe@x.fr>",
            "From: \"Dr Zoé, Martin\" <zoe@x.fr>",
            "To: \"Hôpital Nord, service 3\" <a@x.fr>, b@x.fr,\r\n Été <c@x.fr>",
            "Cc: \"dit \\\"Zoé\\\" (ici)\" <a@x.fr>; Bob <b@x.fr>",
            "Resent-To: Confrères: a@x.fr, \"B, B\" <b@x.fr>;",
            "To: zoe@x.fr (Dr Zoé), b@x.fr",
            "To: Zoé <zoé@x.fr>, b@x.fr",
            "To: zoé@x.fr, \"a b\"@x.fr, É <a@[IPv6:::1]>",
        ] {
            assert_eq!(addresses(&safe(field)), addresses(field), "{}", safe(field));
            assert_eq!(safe(field).is_ascii(), !field.contains("zoé@"), "{}", safe(field));
            assert!(
                ascii(field).is_ascii() && (addresses(&ascii(field)) == addresses(field) || field.contains("zoé@")),
                "{}",
                ascii(field)
            );
        }
        let many = format!("To: {}", vec!["\"Zoé Martin, médecin\" <zoe@x.fr>"; 40].join(", "));
        assert!(safe(&many).split("\r\n").all(|line| line.len() <= 80), "{}", safe(&many));
        assert_eq!(addresses(&safe(&many)), addresses(&many));
    }

    #[test]
    fn what_is_no_list_of_addresses_keeps_its_signs() {
        for (field, wanted) in [
            (
                "Subject: dit \"été\" <hier>",
                "Subject: dit =?utf-8?Q?=22=C3=A9t=C3=A9=22?= <hier>\r\n",
            ),
            ("From: \"Zoé <a@x.fr>", "From: =?utf-8?Q?=22Zo=C3=A9?= <a@x.fr>\r\n"),
            ("From: Dr A <a@x.fr>", "From: Dr A <a@x.fr>\r\n"),
            ("été", ""),
        ] {
            assert_eq!(safe(field), wanted, "{field}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_two_fields_of_one(value in "[a-zé\"<>(),;:@\\\\\\[\\] \r\n]{0,60}") {
            let field = format!("To: é{}", value.replace(['\r', '\n'], "\r\n "));
            let written = safe(&field);
            let header = Header::parse(written.as_bytes()).0;
            prop_assert_eq!(header.fields().len(), 1, "{:?}", written);
            prop_assert!(header.fields()[0].is("To"));
        }
    }
}
