//! What the eye compares in a Subject: letters and signs, whatever they are written with.
//!
//! A phone or a word processor writes signs that nobody sees, full-width or decorated letters, and combining accents. Two
//! texts that look alike come out alike here; what differs for the eye as well (letters of other scripts) stays apart.

use crate::text::unaccent;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text without blanks, case and accents, compatibility characters as their plain ones (UAX #15, NFKD).
pub(super) fn seen(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_blank(*c) && !is_combining_mark(*c));
    let mut out = String::with_capacity(text.len());
    for c in plain.flat_map(char::to_lowercase) {
        push_plain(c, &mut out);
    }
    out
}

/// True when what turns the direction of writing stands in it: the eye may read it from its end.
pub(super) fn is_turned(text: &str) -> bool {
    text.contains(['\u{202d}', '\u{202e}'])
}

/// Spaces of every kind, no-break ones too, and characters that are not shown at all.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_unseen(c)
}

/// Unicode's Default_Ignorable_Code_Point, what marks the ends of annotations, and the Braille pattern without a dot.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Ligatures and signs that have a plain form without being composed of it.
fn push_plain(c: char, out: &mut String) {
    match c {
        '♯' | '⌗' => out.push('#'),
        c if c.is_ascii() => out.push(c),
        c => match unaccent(c.encode_utf8(&mut [0; 4])).as_str() {
            "?" => out.push(c),
            plain => out.push_str(plain),
        },
    }
}
