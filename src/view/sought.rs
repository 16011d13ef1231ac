//! What a search seeks in a message: where, and which text, folded so that case and form of writing do not matter.

use unicode_normalization::UnicodeNormalization;

/// Where a text is sought (RFC 9051 §6.4.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Within {
    /// `FROM`.
    From,
    /// `TO`.
    To,
    /// `CC`.
    Cc,
    /// `BCC`.
    Bcc,
    /// `SUBJECT`.
    Subject,
    /// `BODY`.
    Body,
    /// `TEXT`: any of them.
    Text,
}

/// A text that is sought, and where.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sought {
    within: Within,
    folded: String,
}

impl Sought {
    /// `None`: nothing of the text is left to seek.
    pub fn new(within: Within, text: &str) -> Option<Self> {
        let mut folded = String::with_capacity(text.len());
        fold(text, &mut folded);
        (!folded.trim().is_empty()).then_some(Self { within, folded })
    }

    /// Where.
    pub fn within(&self) -> Within {
        self.within
    }

    /// What, as [`fold`] writes it.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl Within {
    /// The field of that name, where it is one that can be sought.
    pub fn field(name: &[u8]) -> Option<Self> {
        const FIELDS: [(&[u8], Within); 5] = [
            (b"From", Within::From),
            (b"To", Within::To),
            (b"Cc", Within::Cc),
            (b"Bcc", Within::Bcc),
            (b"Subject", Within::Subject),
        ];
        let found = FIELDS.iter().find(|(field, _)| name.eq_ignore_ascii_case(field));
        found.map(|(_, within)| *within)
    }
}

/// Appends the text as it is compared: upper case, then NFKD, as i;unicode-casemap has it (RFC 5051 §2, with full case
/// mappings); blanks, line ends among them, are one space, since a text is wrapped anew on its way; unseen characters go.
pub fn fold(text: &str, out: &mut String) {
    let mut blank = false;
    let mut push = |c: char| {
        let is_blank = c.is_whitespace() || c.is_control();
        if !is_blank {
            out.push(c);
        } else if !blank {
            out.push(' ');
        }
        blank = is_blank;
    };
    for stretch in text.as_bytes().chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        // Cut between ASCII and the rest, it is still UTF-8.
        match std::str::from_utf8(stretch).unwrap_or_default() {
            plain if plain.is_ascii() => plain.chars().for_each(|c| push(c.to_ascii_uppercase())),
            other => other
                .chars()
                .filter(|c| !is_unseen(*c))
                .flat_map(char::to_uppercase)
                .nfkd()
                .for_each(&mut push),
        }
    }
}

/// Soft hyphens, joiners and marks of direction: nobody types them into a search.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_stands_in_a_text_is_found_in_it(before in "[a-zéß \r\n]{0,9}", sought in "[a-zA-Zéœß’ \r\n\u{301}\u{ad}\u{a0}]{1,9}", after in "[A-ZÉ \n]{0,9}") {
            let mut text = String::new();
            fold(&format!("{before}{sought}{after}"), &mut text);
            if let Some(sought) = Sought::new(Within::Body, &sought) {
                prop_assert!(text.contains(sought.folded()), "{text:?} {sought:?}");
            }
            fold(&sought, &mut text);
        }
    }

    #[test]
    fn the_same_words_are_the_same_text() {
        for (one, other) in [
            ("Résumé", "re\u{301}sume\u{301}"),
            ("ÉTÉ", "été"),
            ("compte\r\n  rendu", "Compte Rendu"),
            ("Straße", "STRASSE"),
            ("ﬁbrose\u{a0}1", "fibrose 1"),
            ("ordon\u{ad}nance", "ordonnance"),
            ("ΟΔΟΣ", "οδος"),
        ] {
            assert_eq!(Sought::new(Within::Body, one), Sought::new(Within::Body, other), "{one}");
        }
        assert_ne!(Sought::new(Within::Body, "été"), Sought::new(Within::Body, "ete"));
        assert_ne!(Sought::new(Within::Body, "x"), Sought::new(Within::Text, "x"));
        for nothing in ["", " ", "\u{200b}\r\n"] {
            assert_eq!(Sought::new(Within::Body, nothing), None);
        }
    }
}
