//! Encoded words (RFC 2047), read leniently and written strictly.
//!
//! Mail programs show encoded words where the RFC allows none (glued to text, with blanks inside), so the tag must be seen
//! there too. mail-parser knows the charsets; the grammar here is ours because nothing that any program would show as the
//! tag may be missed.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

/// A header field's value as it is shown: unfolded (RFC 5322 §2.2.3), words decoded.
pub fn decode(value: &[u8]) -> String {
    let flat: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let mut out = String::new();
    let mut pending: Option<Word> = None;
    let mut rest = flat.as_slice();
    while !rest.is_empty() {
        let start = memchr::memmem::find(rest, b"=?").unwrap_or(rest.len());
        let (text, from) = rest.split_at(start);
        let Some((word, length)) = word(from) else {
            // No word here: the two octets `=?` are text.
            let plain = (start + 2).min(rest.len());
            flush(&mut pending, &mut out);
            out.push_str(&plain_text(&rest[..plain]));
            rest = &rest[plain..];
            continue;
        };
        // Blanks between two encoded words are not shown (RFC 2047 §6.2).
        let joined = pending.is_some() && text.iter().all(|b| matches!(b, b' ' | b'\t'));
        if !joined {
            flush(&mut pending, &mut out);
            out.push_str(&plain_text(text));
        }
        push_word(&mut pending, word, &mut out);
        rest = &from[length..];
    }
    flush(&mut pending, &mut out);
    out
}

/// Text as encoded words in UTF-8, folded, for the value of an unstructured field.
pub fn encode(text: &str) -> String {
    let mut words = Vec::new();
    let mut chunk = String::new();
    for c in text.chars() {
        // 45 octets make 60 of base64: with `=?utf-8?B??=` 72, below the 75 of RFC 2047 §2.
        if chunk.len() + c.len_utf8() > 45 {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(c);
    }
    words.push(chunk);
    let words: Vec<_> = words
        .iter()
        .map(|w| format!("=?utf-8?B?{}?=", base64_simd::STANDARD.encode_to_string(w)))
        .collect();
    words.join("\r\n ")
}

struct Word {
    charset: Vec<u8>,
    octets: Vec<u8>,
}

/// `"=?" charset ["*" language] "?" encoding "?" encoded-text "?="` at the start of `from`, and its length.
fn word(from: &[u8]) -> Option<(Word, usize)> {
    let inner = from.strip_prefix(b"=?")?;
    let charset_end = memchr::memchr(b'?', inner)?;
    let charset = inner[..charset_end].split(|b| *b == b'*').next()?.to_ascii_lowercase();
    let encoding = *inner.get(charset_end + 1)?;
    let text = inner.get(charset_end + 2..)?.strip_prefix(b"?")?;
    let text_end = memchr::memmem::find(text, b"?=")?;
    let octets = match encoding.to_ascii_lowercase() {
        b'b' => base64_decode(&text[..text_end])?,
        b'q' => q_octets(&text[..text_end]),
        _ => return None,
    };
    let length = 2 + charset_end + 3 + text_end + 2;
    Some((Word { charset, octets }, length))
}

/// The "Q" encoding (RFC 2047 §4.2); a `=` that starts no pair of digits stays.
fn q_octets(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&octet) = text.get(at) {
        let pair = text.get(at + 1..at + 3).and_then(|p| Some((hex(p[0])? << 4) | hex(p[1])?));
        match (octet, pair) {
            (b'=', Some(value)) => {
                out.push(value);
                at += 3;
                continue;
            }
            (b'_', _) => out.push(b' '),
            _ => out.push(octet),
        }
        at += 1;
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Adjacent words of one charset are decoded together: programs cut characters in two.
fn push_word(pending: &mut Option<Word>, word: Word, out: &mut String) {
    match pending {
        Some(held) if held.charset == word.charset => held.octets.extend_from_slice(&word.octets),
        _ => {
            flush(pending, out);
            *pending = Some(word);
        }
    }
}

fn flush(pending: &mut Option<Word>, out: &mut String) {
    let Some(word) = pending.take() else { return };
    match charset_decoder(&word.charset) {
        Some(decode) if word.charset != b"utf-8" => out.push_str(&decode(&word.octets)),
        _ => out.push_str(&plain_text(&word.octets)),
    }
}

/// UTF-8 (RFC 6532), else Latin-1: raw octets of old programs.
fn plain_text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_wherever_they_stand() {
        for (raw, shown) in [
            ("plain", "plain"),
            ("a\r\n b", "a b"),
            ("=?utf-8?B?I21lZCMgUsOpc3VsdGF0cw==?=", "#med# Résultats"),
            ("=?UTF-8?Q?=23med=23_x?=", "#med# x"),
            ("=?utf-8*fr?q?=23med=23?= x", "#med# x"),
            ("=?utf-8?q?=23m?=\r\n =?utf-8?q?ed=23?=", "#med#"),
            ("=?utf-8?q?R=C3?= =?utf-8?q?=A9f?=", "Réf"),
            ("=?iso-8859-1?q?R=E9f?=", "Réf"),
            ("=?windows-1252?B?gA==?=", "€"),
            ("x=?utf-8?q?y?=z", "xyz"),
            ("=?utf-8?q?with blank?=", "with blank"),
            ("=?utf-8?x?y?=", "=?utf-8?x?y?="),
            ("=?utf-8?q?=2?=", "=2"),
            ("=?", "=?"),
            ("=?=?utf-8?q?y?=", "=?y"),
            ("=?no-such?q?y?=", "y"),
        ] {
            assert_eq!(decode(raw.as_bytes()), shown, "{raw}");
        }
        assert_eq!(decode(b"R\xe9f"), "Réf");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = "Résultats d’analyses de Mme Été-Ångström, très longs, 日本語日本語日本語日本語日本語日本語日本語";
        let written = encode(text);
        assert_eq!(decode(written.as_bytes()), text);
        assert!(written.split("\r\n ").all(|word| word.len() <= 75));
    }
}
