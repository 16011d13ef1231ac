//! What resembles the tag and is not it: misplaced, misspelt, cut, or typed on the wrong keys.

use super::seen::{is_blank, is_turned, is_unseen, seen};
use super::{after_prefixes, match_fold};

/// What fingers find in place of `#`: the other signs of its key on French, Belgian, Swiss, Canadian and British keyboards, their
/// neighbours, and what programs make of a straight quote.
const KEYS: &str = "3\"'@*£§~&$%|!+=_^°µ“”‘’";
/// Of them so many at either side.
const KEYS_MAX: usize = 3;

/// The tag misplaced, cut by blanks, or misspelt at the start.
pub(super) fn resembles(text: &str, tag: &str) -> bool {
    let (text_seen, tag_seen) = (seen(text), seen(tag));
    if tag_seen.is_empty() {
        return false;
    }
    let turned: String = text_seen.chars().rev().collect();
    text_seen.contains(&tag_seen)
        || (is_turned(text) && turned.contains(&tag_seen))
        || misspelt(&seen(&text[after_prefixes(text)..]), &tag_seen)
        || cut_short(text, tag)
        || on_other_keys(text, &tag_seen)
        || cut_short_elsewhere(text, &tag_seen)
}

/// `#meds#`, `##med#`, `med#`, `#mde#`, `$med#`: the word of the tag or one letter away, between or beside its signs.
fn misspelt(text: &str, tag: &str) -> bool {
    let word = tag.trim_matches(is_sign);
    if word.is_empty() || word == tag {
        return false;
    }
    let body = text.trim_start_matches(is_sign);
    let opened = body.len() < text.len();
    let found: String = body.chars().take_while(|c| !is_sign(*c)).take(word.len() + 3).collect();
    let closed = body[found.len()..].starts_with(|c| tag.ends_with(c));
    match (opened, closed) {
        (true, true) => distance_at_most_one(&found, word) || same_letters(&found, word),
        (true, false) => is_dotted(body, word, tag),
        (false, true) => found == word || found.strip_prefix(word).is_some_and(|more| more.chars().count() == 1),
        _ => false,
    }
}

/// `#m.e.d#`.
fn is_dotted(body: &str, word: &str, tag: &str) -> bool {
    let closing = tag.chars().next_back().filter(|c| is_sign(*c));
    let inside = closing.and_then(|sign| body.split_once(sign)).map(|(inside, _)| inside);
    inside.is_some_and(|inside| inside.len() <= 3 * word.len() && inside.chars().filter(|c| !is_sign(*c)).eq(word.chars()))
}

/// `"med" `, `3med3`, `~#med`: the keys beside that of the sign, or the same without AltGr.
fn on_other_keys(text: &str, tag: &str) -> bool {
    let word = tag.trim_matches(is_sign);
    if !tag.starts_with('#') || word.is_empty() {
        return false;
    }
    let is_key = |c: char| c == '#' || KEYS.contains(c);
    let start = &text[after_prefixes(text)..];
    let body = start.trim_start_matches(is_key);
    let before = &start[..start.len() - body.len()];
    let Some(length) = match_fold(body, word).filter(|_| (1..=KEYS_MAX).contains(&before.chars().count())) else {
        return false;
    };
    let rest = &body[length..];
    rest.starts_with(is_key) || (before.contains('#') && rest.chars().next().is_none_or(is_blank))
}

/// `Bilan #med`, `Bilan med#, suite`: a word of its own, wherever it stands.
fn cut_short_elsewhere(text: &str, tag: &str) -> bool {
    let word = tag.trim_matches(is_sign);
    let (Some(open), Some(close)) = (tag.strip_suffix(is_sign), tag.strip_prefix(is_sign)) else {
        return false;
    };
    let is_cut = |token: &str| token == open || token == close;
    let tokens = text.split(|c: char| is_blank(c) && !is_unseen(c));
    open.trim_start_matches(is_sign) == word
        && tag.chars().count() == word.chars().count() + 2
        && tokens
            .map(seen)
            .any(|token| is_cut(&token) || is_cut(token.trim_end_matches([',', ';', '.', ':', '!', '?', ')'])))
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
}

/// `#med `, `#med:`, `#meds objet`: opened and never closed. Blanks count here, or `#medecine` would be one.
fn cut_short(text: &str, tag: &str) -> bool {
    let tag = seen(tag);
    let word = tag.trim_matches(is_sign);
    let start = &text[after_prefixes(text)..];
    let Some(sign) = tag.chars().next().filter(|c| is_sign(*c)) else {
        return false;
    };
    let body = start.trim_start_matches(|c: char| is_blank(c) || seen(c.encode_utf8(&mut [0; 4])).starts_with(sign));
    if word.is_empty() || body.len() == start.len() || !start[..start.len() - body.len()].chars().any(|c| !is_blank(c)) {
        return false;
    }
    let first: String = body.chars().take_while(|c| c.is_alphanumeric() || is_unseen(*c)).collect();
    let first = seen(&first);
    first == word || first.strip_prefix(word).is_some_and(|more| more.chars().count() == 1)
}

/// `#dem#`: every letter, in another order.
fn same_letters(a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

/// One letter put in, left out, changed, or two neighbours swapped.
fn distance_at_most_one(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    let same_end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (&a[..a.len() - same_end], &b[..b.len() - same_end]) {
        ([x, y], [v, w]) => x == w && y == v,
        (x, y) => x.len() <= 1 && y.len() <= 1,
    }
}
