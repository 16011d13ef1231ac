//! Encoded words in header fields (RFC 2047), both ways.

use super::encode;
use super::header::unfold;
use std::ops::Range;

/// Octets of one encoded word, delimiters included (RFC 2047 §2).
const WORD_MAX: usize = 75;
/// Octets of plain text that are left on one line (RFC 5322 §2.1.1 allows 998 with the name).
const PLAIN_MAX: usize = 900;

/// A field's value, unfolded, as text. Raw octets above 127, and words of a charset that is not known, are read as UTF-8
/// (RFC 6532), else as windows-1252.
pub fn decode(value: &[u8]) -> String {
    let flat = unfold(value);
    if memchr::memmem::find(&flat, b"=?").is_none() {
        return octets_to_text(&flat);
    }
    let mut out = String::new();
    let mut rest = flat.as_slice();
    let mut run: Option<Run> = None;
    while let Some((before, word, after)) = next_word(rest) {
        // White space between two words belongs to neither (RFC 2047 §6.2).
        if run.is_none() || !before.trim_ascii().is_empty() {
            Run::end(&mut run, &mut out);
            out.push_str(&octets_to_text(before));
        }
        Run::push(&mut run, word, &mut out);
        rest = after;
    }
    Run::end(&mut run, &mut out);
    out.push_str(&octets_to_text(rest));
    out
}

/// Where the encoded words of a field's value stand, the folding in the midst of one with it.
pub fn places(value: &[u8]) -> Vec<Range<usize>> {
    let (at, flat): (Vec<usize>, Vec<u8>) = value
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, b)| !matches!(b, b'\r' | b'\n'))
        .unzip();
    let mut found = Vec::new();
    let mut rest = flat.as_slice();
    while let Some((before, _, after)) = next_word(rest) {
        let start = flat.len() - rest.len() + before.len();
        let last = flat.len() - after.len() - 1;
        found.push(at[start]..at[last] + 1);
        rest = after;
    }
    found
}

/// The text as an unstructured field can carry it: as it is when plain ASCII, else encoded words of UTF-8, folded.
/// Controls become spaces, so that nothing can end the field.
pub fn encode(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = text.is_ascii() && !text.contains("=?") && text.len() <= PLAIN_MAX;
    if plain { text } else { encode_words(&text) }
}

/// The text as a display name can carry it (RFC 2047 §5 (3)): letters and digits as they are, else encoded words.
pub fn encode_phrase(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = text.len() <= PLAIN_MAX && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    if plain { text } else { encode_words(&text) }
}

/// Octets as text: UTF-8 when they are, else windows-1252, which leaves no octet out.
pub fn octets_to_text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => encode::windows_1252(octets),
    }
}

/// Neighbouring words of one charset are decoded together: senders cut them inside a character.
struct Run {
    charset: String,
    octets: Vec<u8>,
}

struct Word<'a> {
    charset: &'a str,
    octets: Vec<u8>,
}

impl Run {
    fn push(run: &mut Option<Run>, word: Word<'_>, out: &mut String) {
        match run {
            Some(open) if open.charset.eq_ignore_ascii_case(word.charset) => open.octets.extend(word.octets),
            _ => {
                Self::end(run, out);
                *run = Some(Run {
                    charset: word.charset.to_owned(),
                    octets: word.octets,
                });
            }
        }
    }

    fn end(run: &mut Option<Run>, out: &mut String) {
        if let Some(run) = run.take() {
            let text = encode::charset_decode(&run.charset, &run.octets);
            out.push_str(&text.unwrap_or_else(|| octets_to_text(&run.octets)));
        }
    }
}

/// `=?charset[*language]?encoding?text?=`: what stands before it, the word, what follows. Read wherever a mail program
/// would show it, glued to text or with blanks inside: a tag in it must not be missed.
fn next_word(text: &[u8]) -> Option<(&[u8], Word<'_>, &[u8])> {
    for start in memchr::memmem::find_iter(text, b"=?") {
        let inside = &text[start + 2..];
        let mut cut = inside.splitn(3, |&b| b == b'?');
        let (Some(charset), Some(coding), Some(tail)) = (cut.next(), cut.next(), cut.next()) else {
            return None;
        };
        let (Some(charset), true) = (charset_name(charset), matches!(coding, b"B" | b"b" | b"Q" | b"q")) else {
            continue;
        };
        // Where none ends here, none that begins later does: the search stays linear.
        let length = memchr::memmem::find(tail, b"?=")?;
        let octets = decode_word(coding, &tail[..length]);
        return Some((&text[..start], Word { charset, octets }, &tail[length + 2..]));
    }
    None
}

/// The name without the language of RFC 2231 §5.
fn charset_name(written: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(written.split(|&b| b == b'*').next()?).ok()?;
    (!name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_graphic())).then_some(name)
}

fn decode_word(coding: &[u8], text: &[u8]) -> Vec<u8> {
    if coding.eq_ignore_ascii_case(b"b") {
        return encode::base64_decode(text);
    }
    let spaced: Vec<u8> = text.iter().map(|&b| if b == b'_' { b' ' } else { b }).collect();
    encode::qp_decode_word(&spaced)
}

fn encode_words(text: &str) -> String {
    const START: &str = "=?utf-8?Q?";
    let mut words = Vec::new();
    let mut word = String::from(START);
    for c in text.chars() {
        let mut buffer = [0u8; 4];
        let coded: String = c.encode_utf8(&mut buffer).bytes().map(q_octet).collect();
        if word.len() + coded.len() + 2 > WORD_MAX {
            words.push(std::mem::replace(&mut word, START.to_owned()) + "?=");
        }
        word.push_str(&coded);
    }
    words.push(word + "?=");
    words.join("\r\n ")
}

fn q_octet(b: u8) -> String {
    match b {
        b' ' => "_".to_owned(),
        b if b.is_ascii_alphanumeric() || b"!*+-/".contains(&b) => (b as char).to_string(),
        b => format!("={b:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_as_they_are_met() {
        for (value, text) in [
            ("plain", "plain"),
            ("=?utf-8?B?I21lZCMgUsOpc3U=?=\r\n =?UTF-8?Q?ltats?= fin", "#med# Résultats fin"),
            ("=?iso-8859-1?q?caf=E9_noir?=", "café noir"),
            ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
            ("a =?utf-8*fr?Q?b?= c", "a b c"),
            ("=?utf-8?X?b?= =?", "=?utf-8?X?b?= =?"),
            ("=?no-such?Q?b?=", "b"),
            ("=?utf-8?Q??=", ""),
            ("=?utf-8?q?=23m?=\r\n =?utf-8?q?ed=23?=", "#med#"),
            ("x=?utf-8?q?y?=z", "xyz"),
            ("=?utf-8?q?with blank?=", "with blank"),
            ("=?utf-8?q?=2?=", "=2"),
            ("=?", "=?"),
            ("=?=?utf-8?q?y?=", "=?y"),
            ("=?windows-1252?B?gA==?=", "€"),
        ] {
            assert_eq!(decode(value.as_bytes()), text, "{value}");
        }
        assert_eq!(decode(b" caf\xe9"), "café");
        assert_eq!(decode("été".as_bytes()), "été");
    }

    #[test]
    fn encoded_text_comes_back_on_short_lines() {
        for text in [
            "Dr Martin",
            "Dr Zoé Müller-Lefèvre, médecin généraliste à Saint-Étienne, « cabinet des Érables »",
            "=?x?=",
        ] {
            let coded = encode(text);
            assert!(coded.is_ascii() && coded.split("\r\n").all(|l| l.len() <= 76), "{coded}");
            assert_eq!(decode(coded.as_bytes()), text);
        }
        assert_eq!(encode("a\r\nBcc: x"), "a  Bcc: x");
        assert!(encode(&"mot ".repeat(300)).split("\r\n").all(|l| l.len() <= 76));
    }

    #[test]
    fn a_long_word_is_read_and_hostile_ones_take_linear_time() {
        let long = format!("=?utf-8?q?{}=23med=23?=", "x".repeat(5_000));
        assert!(decode(long.as_bytes()).ends_with("#med#"));
        for unit in ["=?a?q?", "=?a?x?b?=", "=?=?", "=?a?q?b?="] {
            decode(unit.repeat(100_000).as_bytes());
        }
    }
}
