//! What a text says once the escapes are taken out that belong to another place: a link (percent), a page (references), a
//! program's text (backslashes), a mailbox name (RFC 3501 §5.1.3), an encoded word that was cut or encoded twice.
//!
//! Only for asking whether something stands in it. Nothing is ever written as it is read here.

use super::encode::{base64_decode, hex};
use super::words::{self, octets_to_text};

/// Escapes inside escapes that are taken out.
const ROUNDS: usize = 3;
/// What somebody meant is no longer than what he wrote, but for a character of windows-1252 that becomes one of UTF-8; octets
/// that are none in the charset of a word become more with each round.
const GROWTH: usize = 3;
/// Octets of a token that may be base64 of a text: below that it is a word.
const CODED_MIN: usize = 8;
/// Letters of a reference by name.
const NAME_MAX: usize = 32;

/// Every text that this one may have been meant to be; none where it holds no escape.
pub fn readings(text: &str) -> Vec<String> {
    let mut out = tokens(text);
    let most = text.len() * GROWTH + NAME_MAX;
    let mut read = text.to_owned();
    for _ in 0..ROUNDS {
        let before = read.clone();
        for reader in [
            words_again,
            percent,
            references,
            hexadecimal,
            backslashes,
            utf7,
            mailbox_utf7,
            twice_utf8,
        ] {
            let next = reader(&read);
            if next != read && next.len() <= most {
                out.push(next.clone());
                read = next;
            }
        }
        if read == before {
            break;
        }
    }
    out
}

/// Each token that is base64 and nothing else.
fn tokens(text: &str) -> Vec<String> {
    let coded = |token: &&str| token.len() >= CODED_MIN && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    let decoded = text.split_whitespace().filter(coded).map(|token| base64_decode(token.as_bytes()));
    decoded.map(|octets| octets_to_text(&octets)).collect()
}

/// RFC 2047 once more, also where the last word does not end.
fn words_again(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let read = words::decode(text.as_bytes());
    if read == text {
        words::decode(format!("{text}?=").as_bytes())
    } else {
        read
    }
}

/// RFC 3986 §2.1, also as `escape()` of browsers wrote it (`%u0023`).
fn percent(text: &str) -> String {
    octets(text, b'%', |rest| wide(rest, b"u", 4).or_else(|| pair(rest)))
}

/// What is left of quoted-printable (RFC 2045 §6.7).
fn hexadecimal(text: &str) -> String {
    octets(text, b'=', pair)
}

/// `\#`, `\x23`, `\u0023`, `\u{23}`, `\043`.
fn backslashes(text: &str) -> String {
    octets(text, b'\\', |rest| {
        let braced = || {
            let inside = rest.strip_prefix(b"u{")?;
            let length = inside.iter().take(7).position(|b| *b == b'}')?;
            Some((length + 3, character(number(&inside[..length], 16)?)?))
        };
        let octal = || rest.get(..3).and_then(|digits| Some((3, character(number(digits, 8)?)?)));
        let plain = || rest.first().filter(|b| b.is_ascii_punctuation()).map(|b| (1, vec![*b]));
        wide(rest, b"u", 4)
            .or_else(|| wide(rest, b"x", 2))
            .or_else(braced)
            .or_else(octal)
            .or_else(plain)
    })
}

/// HTML, "character references": numbers, and the names that mail-parser knows.
fn references(text: &str) -> String {
    octets(text, b'&', reference)
}

fn reference(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let semicolon = |at: usize| at + usize::from(rest.get(at) == Some(&b';'));
    if let Some(digits) = rest.strip_prefix(b"#") {
        let (before, radix) = if digits.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'x')) {
            (1, 16)
        } else {
            (0, 10)
        };
        let digits = &digits[before..];
        let length = digits.iter().take_while(|b| char::from(**b).is_digit(radix)).count();
        return Some((semicolon(1 + before + length), character(number(&digits[..length], radix)?)?));
    }
    let length = rest.iter().take(NAME_MAX).take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = std::str::from_utf8(&rest[..length]).ok().filter(|name| !name.is_empty())?;
    let read = mail_parser::decoders::html::html_to_text(&format!("&{name};"));
    (!read.is_empty() && read.chars().count() <= 2).then(|| (semicolon(length), read.into_bytes()))
}

/// RFC 2152.
fn utf7(text: &str) -> String {
    octets(text, b'+', shifted)
}

/// RFC 3501 §5.1.3. Without its end it might be a reference that is read in the next round.
fn mailbox_utf7(text: &str) -> String {
    octets(text, b'&', |rest| {
        shifted(rest).filter(|(length, _)| rest[..*length].ends_with(b"-"))
    })
}

/// UTF-16 in base64 up to what is none.
fn shifted(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+/,".contains(b)).count();
    let coded: Vec<u8> = rest[..length].iter().map(|b| if *b == b',' { b'/' } else { *b }).collect();
    let units: Vec<u16> = base64_decode(&coded)
        .chunks_exact(2)
        .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
        .collect();
    let read = String::from_utf16(&units).ok().filter(|read| !read.is_empty())?;
    Some((length + usize::from(rest.get(length) == Some(&b'-')), read.into_bytes()))
}

/// UTF-8 that was taken for Latin-1 and written as UTF-8 again.
fn twice_utf8(text: &str) -> String {
    let narrow: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    narrow
        .and_then(|octets| String::from_utf8(octets).ok())
        .unwrap_or_else(|| text.to_owned())
}

/// The text with every escape that `sign` begins replaced: `read` says how many octets behind the sign it takes, and what it
/// says. Escapes side by side are one text; what stands around them is none of it, and stays.
fn octets(text: &str, sign: u8, read: impl Fn(&[u8]) -> Option<(usize, Vec<u8>)>) -> String {
    let (mut out, mut said) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(at) = memchr::memchr(sign, rest.as_bytes()) {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        if !before.is_empty() {
            out.push_str(&octets_to_text(&std::mem::take(&mut said)));
            out.push_str(before);
        }
        let escape = read(behind.as_bytes()).and_then(|(length, more)| Some((behind.get(length..)?, more)));
        rest = match escape {
            Some((after, more)) => {
                said.extend(more);
                after
            }
            None => {
                out.push_str(&octets_to_text(&std::mem::take(&mut said)));
                out.push(char::from(sign));
                behind
            }
        };
    }
    out.push_str(&octets_to_text(&said));
    out.push_str(rest);
    out
}

fn pair(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    rest.get(..2).and_then(hex).map(|octet| (2, vec![octet]))
}

fn wide(rest: &[u8], lead: &[u8], digits: usize) -> Option<(usize, Vec<u8>)> {
    let digits = rest.strip_prefix(lead)?.get(..digits)?;
    Some((lead.len() + digits.len(), character(number(digits, 16)?)?))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

fn character(code: u32) -> Option<Vec<u8>> {
    char::from_u32(code).map(|c| c.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_among_the_readings() {
        for (written, meant) in [
            ("%23med%23 x", "#med# x"),
            ("%2523med%2523 x", "#med# x"),
            ("%u0023med%U0023", "#med%U0023"),
            ("&#35;med&#x23; x", "#med# x"),
            ("&#0035med&#35 x", "#med# x"),
            ("&amp;num;med&amp;num; x", "#med# x"),
            ("&num;med&num;", "#med#"),
            ("=23med=23 x", "#med# x"),
            ("=?utf-8?q?=23med=23_x", "#med# x"),
            ("=?utf-8?b?I21lZCMgeA==", "#med# x"),
            ("I21lZCMgeA==", "#med# x"),
            ("&ACM-med&ACM- x", "#med# x"),
            ("+ACM-med+ACM- x", "#med# x"),
            ("utf-8''%23med%23%20x", "utf-8''#med# x"),
            (r"\u0023med\x23 x", "#med# x"),
            (r"\043med\u{23} x", "#med# x"),
            (r"\#med\# x", "#med# x"),
            ("#mÃ©d#", "#méd#"),
            ("%26%2335%3Bmed=23", "#med#"),
            // What is no UTF-8 spoils only itself.
            ("%ff ＃m%65d＃", "ÿ ＃med＃"),
        ] {
            let found = readings(written);
            assert!(found.iter().any(|read| read == meant), "{written}: {found:?}");
        }
    }

    #[test]
    fn what_holds_no_escape_has_no_other_reading() {
        for text in ["", "Bilan", "Été 2026", "a + b", "R & D", "50 %", r"C:\", "1 = 2"] {
            assert_eq!(readings(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for unit in [
            "%",
            "&",
            "&#",
            "+A",
            "\\u{",
            "=?",
            "&amp",
            "+AAAAAAAAAA",
            "%25%32%35ff\u{fffd}",
            "=ff%2%25ff",
        ] {
            let text = unit.repeat(100_000);
            assert!(readings(&text).iter().all(|read| read.len() <= 3 * text.len()), "{unit}");
        }
    }
}
