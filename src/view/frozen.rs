//! A verdict said once stays said: what is remembered of it, and how it is said again.

use super::verdict::{Grade, Verdict};
use crate::text::verdict as said;

/// Every code that can be remembered, with its grade. The place in this list is what is stored: append only.
const CODES: [(&str, Grade); 20] = [
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
];

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
