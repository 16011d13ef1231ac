//! What users read. Every sentence says what happened, what to do, and whether to try again; French first, English beside it.
//!
//! One file per subject (`outgoing`, `incoming`, `imap`, `keys`, …), each a list of functions that take plain values and
//! return an [`Explanation`]. An error enum implements [`Explain`] beside its definition, so that imports point downwards.

pub mod assistant;
pub mod banner;
pub mod beginning;
pub mod card;
pub mod colleagues;
pub mod command;
pub mod config;
pub mod config_space;
pub mod dashboard;
pub mod diagnosis;
pub mod directory;
pub mod explain;
pub mod held;
pub mod http;
pub mod imap;
pub mod journal;
pub mod key_life;
pub mod keys;
pub mod login;
pub mod net;
pub mod notice;
pub mod outgoing;
pub mod outlook;
pub mod page;
pub mod pop3;
pub mod provider;
pub mod recipients;
pub mod report;
pub mod requests;
pub mod rescue;
pub mod revocation;
pub mod rule;
pub mod settings;
pub mod setup;
pub mod smtp;
pub mod space;
pub mod store;
pub mod subject;
mod tongue;
pub mod tray;
pub mod trial;

pub mod trust;
pub mod trusting;
pub mod verdict;
pub mod whitelist;
mod why;

pub use tongue::Tongue;
pub use why::Why;

use crate::base::Retry;
use std::fmt;

/// One language's half: *what happened* and *what to do*.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub todo: String,
}

/// A sentence for the user, with a code that stays the same over versions and languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// Stable, documented in docs/codes.md: `SP-` and a short word, as in `SP-NO-CERTIFICATE`.
    pub code: &'static str,
    /// French.
    pub fr: Said,
    /// English.
    pub en: Said,
    /// Whether trying again makes sense.
    pub retry: Retry,
}

/// Errors that a user can meet.
pub trait Explain {
    /// The sentence for this error.
    fn explain(&self) -> Explanation;
}

impl Explanation {
    /// Both languages as pairs *(what happened, what to do)*.
    pub fn new(
        code: &'static str,
        retry: Retry,
        fr: (impl Into<String>, impl Into<String>),
        en: (impl Into<String>, impl Into<String>),
    ) -> Self {
        let said = |what: String, todo: String| Said { what, todo };
        Self {
            code,
            retry,
            fr: said(fr.0.into(), fr.1.into()),
            en: said(en.0.into(), en.1.into()),
        }
    }

    /// One line of French for a protocol that carries ASCII only (SMTP without SMTPUTF8, IMAP status text).
    pub fn wire(&self) -> String {
        unaccent(&format!("{} {} [{}]", self.fr.what, self.fr.todo, self.code))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} [{}]", self.fr.what, self.fr.todo, self.code)?;
        write!(f, "{} {}", self.en.what, self.en.todo)
    }
}

/// The text in printable ASCII on one line: accents dropped, typographic signs replaced, controls made spaces.
pub fn unaccent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_open = false;
    for c in text.chars() {
        match c {
            ' ' | '\u{a0}' | '\u{202f}' if is_open => continue,
            ' '..='~' => out.push(c),
            'à' | 'â' | 'ä' | 'á' | 'ã' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' | 'í' => out.push('i'),
            'ô' | 'ö' | 'ó' | 'õ' => out.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => out.push('u'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            'À' | 'Â' | 'Ä' | 'Á' => out.push('A'),
            'É' | 'È' | 'Ê' | 'Ë' => out.push('E'),
            'Î' | 'Ï' => out.push('I'),
            'Ô' | 'Ö' => out.push('O'),
            'Ù' | 'Û' | 'Ü' => out.push('U'),
            'Ç' => out.push('C'),
            'œ' => out.push_str("oe"),
            'Œ' => out.push_str("OE"),
            'æ' => out.push_str("ae"),
            '’' | '‘' => out.push('\''),
            // French sets them off by spaces; straight ones stand close.
            '«' => {
                out.push('"');
                is_open = true;
                continue;
            }
            '»' => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('"');
            }
            '“' | '”' => out.push('"'),
            '–' | '—' => out.push('-'),
            '°' | 'º' => out.push('o'),
            '…' => out.push_str("..."),
            '\u{a0}' | '\u{202f}' | '\r' | '\n' | '\t' => out.push(' '),
            c if c.is_control() => out.push(' '),
            _ => out.push('?'),
        }
        is_open = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_text_is_one_line_of_ascii() {
        let e = Explanation::new(
            "SP-X",
            Retry::Never,
            ("Pas envoyé à « Zoé »\r\n250 ok.", "Réessayez…"),
            ("Not sent.", "Retry."),
        );
        assert_eq!(e.wire(), "Pas envoye a \"Zoe\"  250 ok. Reessayez... [SP-X]");
    }
}
