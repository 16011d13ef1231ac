//! A verdict said once stays said: what is remembered of it, and how it is said again.

use super::letter::Agreement;
use super::restored::FromShown;
use super::verdict::{Grade, Verdict};
use crate::text::verdict as said;

/// Every code that can be remembered, with its grade. The place in this list is what is stored: append only.
const CODES: [(&str, Grade); 22] = [
    ("plain", Grade::Plain),
    ("encrypted-signed", Grade::Verified),
    ("signed", Grade::Verified),
    ("own-copy", Grade::Verified),
    ("encrypted-unsigned", Grade::Unassured),
    ("signed-outside-only", Grade::Unassured),
    ("unsigned", Grade::Unassured),
    ("signer-is-not-sender", Grade::Unassured),
    ("signers-differ", Grade::Unassured),
    ("unknown-authority", Grade::Unassured),
    ("certificate-expired", Grade::Unassured),
    ("certificate-not-yet-valid", Grade::Unassured),
    ("certificate-wrong-usage", Grade::Unassured),
    ("certificate-not-trusted", Grade::Unassured),
    ("signature-obsolete", Grade::Unassured),
    ("signature-not-checked", Grade::Unassured),
    ("signer-certificate-missing", Grade::Unassured),
    ("altered", Grade::Altered),
    ("dishonest-structure", Grade::Altered),
    ("boundary-in-content", Grade::Altered),
    (FROM_DIFFERS, Grade::Unassured),
    ("from-contradicted", Grade::Unassured),
];

/// The signer is the protected From, and the stored message says another.
const FROM_DIFFERS: &str = "from-differs";

impl Verdict {
    /// What stands for this verdict's code; `None`: it is not remembered.
    pub fn index(&self) -> Option<u64> {
        CODES.iter().position(|(code, _)| *code == self.code).map(|i| i as u64)
    }

    /// The verdict as it was first said. Whether only text is shown follows from the message alone and stays.
    pub fn regrade(&mut self, index: u64) {
        let first = usize::try_from(index).ok().and_then(|i| CODES.get(i));
        if let Some(&(code, grade)) = first
            && code != self.code
        {
            self.say(grade, code);
        }
    }

    /// The verdict on a copy that its owner stored through this installation, whose mark has been checked.
    pub fn of_own_copy(mut self) -> Self {
        self.say(Grade::Verified, "own-copy");
        self.own = true;
        self.text_only = false;
        self
    }

    /// The verdict, made of the protected From, on a message whose outer From is another's: nobody is assured of it, and
    /// nobody is shown as its author without a signature of his own (RFC 9788 §4.4.2).
    pub fn of_another_from(mut self) -> Self {
        match self.grade {
            Grade::Verified | Grade::Unchecked => self.say(Grade::Unassured, FROM_DIFFERS),
            Grade::Unassured | Grade::Plain => self.say(Grade::Unassured, "from-contradicted"),
            Grade::Altered | Grade::Unopenable => {}
        }
        self
    }

    /// Whose From the View shows (RFC 9788 §4.4.3): as it was said first, so that it never changes.
    pub fn from_shown(&self, agreement: Agreement) -> FromShown {
        match agreement {
            Agreement::Differs if self.code != FROM_DIFFERS => FromShown::Outer,
            Agreement::Same | Agreement::Differs => FromShown::Inner,
        }
    }

    fn say(&mut self, grade: Grade, code: &'static str) {
        let (french, english) = said::sentence(code);
        self.grade = grade;
        self.code = code;
        self.french = french.to_owned();
        self.english = english.to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_sentence_and_stands_in_the_documents() {
        let page = include_str!("../../docs/verdicts.md");
        for (code, grade) in CODES {
            assert!(
                code == "plain" || said::sentence(code) != said::sentence("plain"),
                "{code} has no sentence"
            );
            let row = page.lines().find(|l| l.contains(&format!("| `{code}` |")));
            assert!(
                row.is_some_and(|r| r.contains(grade.as_str())),
                "{code} is not in docs/verdicts.md as {}",
                grade.as_str()
            );
        }
    }

    #[test]
    fn what_was_said_first_is_said_again() {
        let mut verdict = crate::view::tests::verdict();
        verdict.code = "encrypted-signed";
        let first = verdict.index().unwrap();
        verdict.say(Grade::Unassured, "certificate-expired");
        verdict.regrade(first);
        assert_eq!((verdict.grade, verdict.code), (Grade::Verified, "encrypted-signed"));
    }
}
