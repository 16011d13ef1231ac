//! The mark in front of the Subject of a message whose sender nobody guarantees, or that was altered: a list of messages shows
//! no banner. It is found again in answers, forwards and quotes, whatever a mail program did to its blanks.
//!
//! Like the banner it says of itself whether the message came in clear; a mark that says nothing of it, or that is cut short,
//! is of a message that came encrypted.

use crate::text::unaccent;
use std::ops::Range;

/// Octets from the opening bracket to the closing one, folded and quoted anew as it may be.
const LENGTH_MAX: usize = 80;
const WORD: &str = "[Souspli";

/// Every mark: what is wrong, how the message came, and how that is written.
const MARKS: [(Doubt, Came, &str); 4] = [
    (Doubt::Unassured, Came::Encrypted, "[Souspli : non garanti]"),
    (Doubt::Unassured, Came::InClear, "[Souspli : non garanti, en clair]"),
    (Doubt::Altered, Came::Encrypted, "[Souspli : ALTÉRÉ]"),
    (Doubt::Altered, Came::InClear, "[Souspli : ALTÉRÉ, en clair]"),
];

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Who sent it is not guaranteed.
    Unassured,
    /// It may have been changed on its way.
    Altered,
}

/// How the message came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Came {
    /// Anybody could read it.
    InClear,
    /// Its text must not leave in clear.
    Encrypted,
}

/// A mark in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// What goes with it, the blanks behind it too; empty for one that is cut short.
    pub span: Range<usize>,
    /// What it says.
    pub came: Came,
}

/// What stands in front of the Subject, without the blank behind it.
pub fn mark(doubt: Doubt, came: Came) -> &'static str {
    let of = |(d, c, _): &&(Doubt, Came, &str)| *d == doubt && *c == came;
    MARKS.iter().find(of).map_or(MARKS[0].2, |(_, _, text)| text)
}

/// Every mark in a text, in order.
pub fn marks(text: &str) -> impl Iterator<Item = Mark> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(n) = text[at..].find(WORD) {
            let start = at + n;
            at = start + WORD.len();
            if let Some(mark) = mark_at(text, start) {
                at = at.max(mark.span.end);
                return Some(mark);
            }
        }
        None
    })
}

/// The text without marks; `None`: it has none that is whole.
pub fn without_marks(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut kept = 0;
    for mark in marks(text).filter(|mark| !mark.span.is_empty()) {
        out.push_str(&text[kept..mark.span.start]);
        kept = mark.span.end;
    }
    (kept > 0).then(|| out + &text[kept..])
}

/// Octets of the mark that the text begins with, and of the blanks behind it.
pub fn length(text: &str) -> Option<usize> {
    let begins = text.starts_with(WORD).then(|| mark_at(text, 0)).flatten();
    begins.map(|mark| mark.span.end).filter(|length| *length > 0)
}

/// What stands at the word of ours: the colon behind it makes it a mark, the banner has none.
fn mark_at(text: &str, start: usize) -> Option<Mark> {
    let window = &text[start..text.floor_char_boundary(start + LENGTH_MAX)];
    window[WORD.len()..].trim_start_matches(is_blank).strip_prefix(':')?;
    let cut = Mark {
        span: start..start,
        came: Came::Encrypted,
    };
    let Some(end) = window.find(']') else { return Some(cut) };
    let written = flat(&window[..=end]);
    let Some((_, came, _)) = MARKS.iter().find(|(_, _, text)| flat(text) == written) else {
        return Some(cut);
    };
    let after = &text[start + end + 1..];
    let blanks = after.len() - after.trim_start_matches([' ', '\t', '\u{a0}', '\u{202f}']).len();
    Some(Mark {
        span: start..start + end + 1 + blanks,
        came: *came,
    })
}

/// A quoted line begins with a sign of its own.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '>'
}

fn flat(text: &str) -> String {
    let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
    unaccent(&words.join(" ")).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_from_every_place_and_the_rest_stays() {
        for (before, after) in [
            ("[Souspli : non garanti] Bilan", "Bilan"),
            ("RE: [Souspli : non garanti] Bilan", "RE: Bilan"),
            ("Re: TR : [Souspli\u{a0}: ALTÉRÉ] [Souspli : non garanti]  Bilan", "Re: TR : Bilan"),
            ("[Souspli : ALTERE] x [Souspli : non\r\n> garanti, en clair] y", "x y"),
            ("[Souspli : non garanti]", ""),
            ("[cabinet] [Souspli : non garanti, en clair]Bilan", "[cabinet] Bilan"),
        ] {
            assert_eq!(without_marks(before).as_deref(), Some(after), "{before}");
        }
        for kept in [
            "Bilan",
            "[Souspli] x [/Souspli]",
            "[Souspli : autre chose] x",
            "[Souspli : non garanti",
            "[Souspli : non [x] y",
        ] {
            assert_eq!(without_marks(kept), None, "{kept}");
        }
    }

    #[test]
    fn what_a_mark_says_and_what_a_cut_one_says() {
        for (text, came) in [
            ("x", None),
            ("[Souspli] x", None),
            ("[Souspli : non garanti, en clair] x", Some(Came::InClear)),
            ("[Souspli : ALTÉRÉ, en clair] x", Some(Came::InClear)),
            ("[Souspli : non garanti] x", Some(Came::Encrypted)),
            ("[Souspli : non gar", Some(Came::Encrypted)),
            ("[Souspli : vérifié, en clair] x", Some(Came::Encrypted)),
            ("[Souspli : non garanti, en clair] [Souspli : non garanti]", Some(Came::Encrypted)),
        ] {
            assert_eq!(marks(text).map(|mark| mark.came).max(), came, "{text}");
        }
    }

    #[test]
    fn hostile_repetition_takes_linear_time() {
        for unit in ["[Souspli :", "[Souspli : non garanti]", "[Souspli [Souspli"] {
            let text = unit.repeat(50_000);
            assert_eq!(without_marks(&text).is_some(), unit.ends_with(']'));
        }
    }
}
