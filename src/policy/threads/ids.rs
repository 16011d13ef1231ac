//! Message identifiers (RFC 5322 §3.6.4) as they stand in fields, and as somebody may have meant them.

use crate::base::limits::MESSAGE_ID_MAX;
use crate::mime::{escapes, words};

/// Letters of a word that may be an identifier although nothing in it says so.
const WORD_MIN: usize = 6;
/// Such words of one field: text is asked about in vain, and must not push identifiers out.
const WORDS_MAX: usize = 50;

/// An identifier without what programs add, leave out or change of it: brackets, blanks and folds, quotes, the `mid:` of
/// RFC 2392, capitals. Two that differ in nothing else are one.
pub fn bare(id: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !c.is_control() && !"<>\"\\".contains(*c);
    let plain: String = id.chars().filter(kept).flat_map(char::to_lowercase).collect();
    let scheme = ["mid:", "mailto:", "news:"].iter().find_map(|scheme| plain.strip_prefix(scheme));
    scheme.map(str::to_owned).unwrap_or(plain)
}

/// `msg-id = "<" id-left "@" id-right ">"`; folds inside are dropped. Outside of brackets only what holds an `@` is taken
/// for one, as some programs write it.
pub(super) fn written(value: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    bracketed(value, &mut out);
    // Against RFC 2047 §5, yet seen: a long field that was folded into encoded words.
    if memchr::memmem::find(value, b"=?").is_some() {
        bracketed(words::decode(value).as_bytes(), &mut out);
    }
    out
}

/// All that may be meant for one, the surest last: a field that a program has escaped, cut at a bracket, or put words into.
pub(super) fn meant(value: &[u8]) -> Vec<String> {
    let text = words::decode(value);
    let mut out = Vec::new();
    for read in escapes::readings(&text).iter().chain([&text]) {
        loose(read, &mut out);
        bracketed(read.as_bytes(), &mut out);
        bracketed(without_comments(read).as_bytes(), &mut out);
    }
    out.extend(written(value));
    out
}

fn bracketed(value: &[u8], out: &mut Vec<String>) {
    let mut rest = value;
    while let Some(open) = memchr::memchr(b'<', rest) {
        unbracketed(&rest[..open], out);
        rest = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', rest) else { break };
        push(&rest[..close], out);
        rest = &rest[close + 1..];
    }
    unbracketed(rest, out);
}

fn unbracketed(text: &[u8], out: &mut Vec<String>) {
    let words = text.split(|b| b.is_ascii_whitespace() || b"\"();,".contains(b));
    words.filter(|word| word.contains(&b'@')).for_each(|word| push(word, out));
}

fn push(written: &[u8], out: &mut Vec<String>) {
    let inner: Vec<u8> = written.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    if !inner.is_empty() && inner.len() <= MESSAGE_ID_MAX && !inner.contains(&b'<') {
        out.push(format!("<{}>", String::from_utf8_lossy(&inner)));
    }
}

/// Every word, whatever stands around it: brackets that lack their other half, identifiers without `@`.
fn loose(text: &str, out: &mut Vec<String>) {
    let words = text.split(|c: char| c.is_whitespace() || "<>\"'();,[]{}".contains(c));
    let words = words.map(|word| word.trim_matches(|c: char| ".:".contains(c)));
    let words = words.filter(|word| word.len() >= WORD_MIN && word.len() <= MESSAGE_ID_MAX);
    out.extend(words.take(WORDS_MAX).map(|word| format!("<{word}>")));
}

/// RFC 5322 §3.2.2, one level of them.
fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('(') {
        out.push_str(before);
        let Some((_, after)) = inside.split_once(')') else {
            return out + "(" + inside;
        };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_known_however_it_is_written() {
        for field in [
            "&lt;A.b-1@x&gt;",
            "&#60;a.b-1@x&#x3e;",
            "%3Ca.b-1%40x%3E",
            "=?utf-8?q?=3Ca.b-1=40x?=\r\n =?utf-8?q?=3E?=",
            "<a.b-1(his)@x>",
            "(a comment) <a.b-1@x> (another)",
            "\"<a.b-1@x>\"",
            "<\"a.b-1\"@x>",
            "<a.b-1@x",
            "a.b-1@x>",
            "<a.b-1@x <c@y>",
            "<c@y>, <a.b-1@x>; <d@z>",
            "<c@y><a.b-1@x>",
            "<a.b-1@X>",
            "<a.\r\n b-1@x>",
            "<mid:a.b-1@x>",
            "votre message du 1er mai, a.b-1@x.",
            "[a.b-1@x]",
        ] {
            let found: Vec<String> = meant(field.as_bytes()).iter().map(|id| bare(id)).collect();
            assert!(found.contains(&"a.b-1@x".to_owned()), "{field}: {found:?}");
        }
        let found = meant(b"123456.ABC");
        assert!(found.iter().any(|id| bare(id) == "123456.abc"), "{found:?}");
    }

    #[test]
    fn hostile_fields_stay_bounded() {
        let text = "un mot de plus ".repeat(10_000);
        assert!(meant(text.as_bytes()).len() <= 2 * WORDS_MAX);
        meant("(".repeat(100_000).as_bytes());
    }
}
