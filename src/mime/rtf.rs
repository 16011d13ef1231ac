//! What an RTF says (RTF 1.9.1).
//!
//! Only for asking whether something stands in it: what is damaged gives what was read until there.

use super::encode::hex;

/// What a document begins with.
pub const SIGNATURE: &[u8] = b"{\\rtf";
/// Groups whose text is not the document's; what begins with `\*` is not either, but for the tags of HTML (MS-OXRTFEX §2.1.3.1.4).
const ASIDE: [&[u8]; 6] = [b"fonttbl", b"colortbl", b"stylesheet", b"listtable", b"info", b"pict"];
const TAGS: [&[u8]; 2] = [b"htmltag", b"mhtmltag"];

/// The text, without control words, groups and line ends of the source, in windows-1252. HTML that is encapsulated in it keeps its
/// tags.
pub fn text(rtf: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rtf.len());
    let mut rest = rtf;
    // Looked for once where it is missing: else the work would grow by the square.
    let mut ends = true;
    while let Some((&octet, after)) = rest.split_first() {
        rest = match octet {
            b'{' if ends && is_aside(after) => behind_group(after).unwrap_or_else(|| {
                ends = false;
                after
            }),
            b'{' | b'}' | b'\r' | b'\n' => after,
            b'\\' => control(after, &mut out),
            other => {
                out.push(other);
                after
            }
        };
    }
    out
}

/// Whether the group that begins here is one that nobody reads.
fn is_aside(group: &[u8]) -> bool {
    let hidden = group.strip_prefix(b"\\*").map(|rest| rest.trim_ascii_start());
    let Some(named) = hidden.unwrap_or(group).strip_prefix(b"\\") else {
        return false;
    };
    let word = &named[..named.iter().take_while(|b| b.is_ascii_alphabetic()).count()];
    match hidden {
        Some(_) => !TAGS.contains(&word),
        None => ASIDE.contains(&word),
    }
}

/// What follows the group whose content begins here; a group that does not end hides nothing.
fn behind_group(content: &[u8]) -> Option<&[u8]> {
    let mut depth = 1usize;
    let mut at = 0;
    while let Some(found) = content.get(at..).and_then(|rest| memchr::memchr3(b'{', b'}', b'\\', rest)) {
        at += found + 1;
        match content[at - 1] {
            b'\\' => at += 1,
            b'{' => depth += 1,
            _ if depth == 1 => return Some(&content[at..]),
            _ => depth -= 1,
        }
    }
    None
}

/// One control word or symbol; what follows it.
fn control<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let word = &rest[..rest.iter().take_while(|b| b.is_ascii_alphabetic()).count()];
    if word.is_empty() {
        return symbol(rest, out);
    }
    let after = &rest[word.len()..];
    let number = &after[..after.iter().take_while(|b| b.is_ascii_digit() || **b == b'-').count()];
    let after = &after[number.len()..];
    let after = after.strip_prefix(b" ").unwrap_or(after);
    match word {
        b"par" | b"line" | b"row" | b"sect" => out.push(b'\n'),
        b"tab" | b"cell" => out.push(b' '),
        b"u" => {
            out.push(character(number));
            return behind_substitute(after);
        }
        _ => {}
    }
    after
}

fn symbol<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    match rest {
        [b'\'', a, b, after @ ..] => {
            out.extend(hex(&[*a, *b]));
            after
        }
        [b'\\' | b'{' | b'}', after @ ..] => {
            out.push(rest[0]);
            after
        }
        [b'~', after @ ..] => {
            out.push(b' ');
            after
        }
        [_, after @ ..] => after,
        [] => rest,
    }
}

/// `\uN` in windows-1252; what it has not is between words.
fn character(number: &[u8]) -> u8 {
    let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<i32>().ok());
    match number {
        Some(0x153) => 0x9c,
        Some(0x152) => 0x8c,
        Some(code) => u8::try_from(code).ok().filter(|code| *code < 0x80 || *code >= 0xa0).unwrap_or(b' '),
        None => b' ',
    }
}

/// What programs without Unicode show in place of a character: one, as long as `\uc` does not say otherwise, which nobody does.
fn behind_substitute(rest: &[u8]) -> &[u8] {
    match rest {
        [b'\\', b'\'', _, _, after @ ..] => after,
        [b'\\' | b'{' | b'}' | b'\r' | b'\n', ..] | [] => rest,
        [_, after @ ..] => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_rtf_is_what_is_read() {
        for (rtf, wanted) in [
            ("{\\rtf1 [Sous\\b pli\\b0 ] \\'e9t\\'e9\\par}", "[Souspli] \u{e9}t\u{e9}\n"),
            ("{\\rtf1{\\*\\htmltag64 <p>}a\\{b\\\\c\\~d}", "<p>a{b\\c d"),
            ("{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}{\\*\\generator W {x\\}};}\\f0\\fs20 a}", "a"),
            ("{\\rtf1 d\\u233?j\\u224\\'e0 \\u8217?l\\u339 ?o}", "d\u{e9}j\u{e0}  l\u{9c}o"),
            ("{\\rtf1 {\\info no end, a", "no end, a"),
            ("\\", ""),
            ("\\'", ""),
            ("\\u", " "),
        ] {
            let wanted: Vec<u8> = wanted.chars().map(|c| c as u8).collect();
            let read = text(rtf.as_bytes());
            assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(&wanted), "{rtf}");
        }
    }
}
