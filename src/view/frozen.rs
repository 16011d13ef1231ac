//! A verdict said once stays said: what is remembered of it, and how it is said again.
//!
//! A provider that puts another message in the place of one that was verified must gain nothing: what was said is said again
//! of the same signatures by the same certificates only, and only where the day or the authorities can have changed it.

use super::letter::Agreement;
use super::restored::FromShown;
use super::verdict::{Grade, Verdict, judged};
use crate::base::{Address, Realm, UnixTime};
use crate::smime::open::{OpenError, Opened};
use crate::text::verdict as said;

/// Every code that can be remembered, with its grade. The place in this list is what is stored: append only.
const CODES: [(&str, Grade); 29] = [
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
    ("signed-another-day", Grade::Unassured),
    ("certificate-test", Grade::Unassured),
    ("certificate-not-test", Grade::Unassured),
    ("certificate-expired-since", Grade::Unassured),
    ("certificate-not-valid-then", Grade::Unassured),
    ("signer-without-address", Grade::Unassured),
    ("encrypted-signed-unchecked", Grade::Unchecked),
    ("signed-unchecked", Grade::Unchecked),
    ("certificate-revoked", Grade::Unassured),
];

/// Beside the place in that list: judged by authorities for trials, and said so whenever it is said again.
const TEST: u64 = 32;
const _: () = assert!(CODES.len() <= TEST as usize);

/// Codes that are made anew of a verdict that was remembered: the signer is the protected From, or is not, and the stored
/// message says another.
const ANOTHER_FROM: [(&str, Grade); 2] = [("from-differs", Grade::Unassured), ("from-contradicted", Grade::Unassured)];

/// Every code that there is, with its grade.
pub fn codes() -> impl Iterator<Item = (&'static str, Grade)> {
    let unopened = OpenError::ALL.map(|error| (error.code(), Grade::Unopenable));
    CODES.into_iter().chain(ANOTHER_FROM).chain(unopened)
}

impl Verdict {
    /// What stands for this verdict's code and realm; `None`: it is not remembered.
    pub fn index(&self) -> Option<u64> {
        let place = CODES.iter().position(|(code, _)| *code == self.code)?;
        Some(place as u64 | if self.realm == Realm::Test { TEST } else { 0 })
    }

    /// The verdict as it was first said of the same signatures, where the day and the authorities are all that lies between.
    pub fn regrade(&mut self, index: u64) {
        let first = usize::try_from(index & !TEST).ok().and_then(|i| CODES.get(i));
        if let Some(&(code, grade)) = first
            && sways(code, self.encrypted)
            && sways(self.code, self.encrypted)
        {
            self.say(grade, code);
            self.realm = if index & TEST == 0 { Realm::Production } else { Realm::Test };
        }
    }

    /// The verdict on a copy that its owner stored through this installation, whose mark has been checked.
    pub fn of_own_copy(mut self) -> Self {
        self.say(Grade::Verified, "own-copy");
        self.own = true;
        self
    }

    /// The verdict, made of the protected From, on a message whose outer From is another's: nobody is assured of it, and
    /// nobody is shown as its author without a signature of his own (RFC 9788 §4.4.2).
    pub fn of_another_from(mut self) -> Self {
        let [differs, contradicted] = ANOTHER_FROM;
        match self.grade {
            Grade::Verified | Grade::Unchecked => self.say(differs.1, differs.0),
            Grade::Unassured | Grade::Plain => self.say(contradicted.1, contradicted.0),
            Grade::Altered | Grade::Unopenable => {}
        }
        self
    }

    /// Whose From the View shows (RFC 9788 §4.4.3).
    pub fn from_shown(&self, agreement: Agreement) -> FromShown {
        match agreement {
            Agreement::Differs if self.code != ANOTHER_FROM[0].0 => FromShown::Outer,
            Agreement::Same | Agreement::Differs => FromShown::Inner,
        }
    }

    pub(super) fn say(&mut self, grade: Grade, code: &'static str) {
        let (french, english) = said::sentence(code);
        self.grade = grade;
        self.code = code;
        self.french = french.to_owned();
        self.english = english.to_owned();
    }
}

/// What a signer's certificate proves is another matter tomorrow; everything else follows from the message alone.
fn sways(code: &str, encrypted: bool) -> bool {
    match code {
        "encrypted-signed" | "encrypted-signed-unchecked" => encrypted,
        "signed" | "signed-unchecked" => !encrypted,
        "unknown-authority"
        | "certificate-expired"
        | "certificate-not-yet-valid"
        | "certificate-wrong-usage"
        | "certificate-not-trusted"
        | "certificate-test"
        | "certificate-not-test"
        | "certificate-expired-since"
        | "certificate-not-valid-then"
        | "certificate-revoked"
        | "signer-without-address"
        | "signed-another-day" => true,
        _ => false,
    }
}

/// What a verdict stands on, so that it is not said again of something else: who the message says it is from and when, and
/// each signature with its certificate. A signature that fits fits one content.
pub fn evidence(opened: &Opened, from: &[Address], date: Option<UnixTime>) -> Vec<Vec<u8>> {
    let date = date.map(|at| at.0.to_be_bytes().to_vec()).unwrap_or_default();
    let senders = from.iter().map(|address| address.folded().as_bytes().to_vec());
    let signed = judged(opened).flat_map(|signer| {
        let certificate = signer.certificate.as_ref().map(|c| c.fingerprint().to_vec());
        [certificate.unwrap_or_default(), signer.signature.clone()]
    });
    [date].into_iter().chain(senders).chain([Vec::new()]).chain(signed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_first_is_said_again() {
        let mut verdict = crate::view::tests::verdict();
        verdict.code = "encrypted-signed";
        let first = verdict.index().unwrap();
        verdict.say(Grade::Unassured, "certificate-expired");
        verdict.regrade(first);
        assert_eq!((verdict.grade, verdict.code), (Grade::Verified, "encrypted-signed"));
        // Once believed as a trial, never said again without that word.
        verdict.realm = Realm::Test;
        let tried = verdict.index().unwrap();
        verdict.realm = Realm::Production;
        verdict.say(Grade::Unassured, "certificate-test");
        verdict.regrade(tried);
        assert_eq!((verdict.code, verdict.realm), ("encrypted-signed", Realm::Test));
    }

    #[test]
    fn what_the_message_itself_proves_is_never_said_otherwise() {
        let index = |code| CODES.iter().position(|(c, _)| *c == code).unwrap() as u64;
        for (now, encrypted) in [
            ("altered", true),
            ("dishonest-structure", false),
            ("signer-is-not-sender", true),
            ("encrypted-unsigned", true),
            ("signed", false),
        ] {
            let mut verdict = crate::view::tests::verdict();
            let (code, grade) = CODES[usize::try_from(index(now)).unwrap()];
            verdict.say(grade, code);
            verdict.encrypted = encrypted;
            verdict.regrade(index("encrypted-signed"));
            assert_eq!((verdict.grade, verdict.code), (grade, code));
        }
    }
}
