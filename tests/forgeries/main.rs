//! What nobody may be told is verified. Every attack is a stored message that a home opens as it opens any other; the table says
//! what the doctor must be told of it, and of each the View is read again as a mail program reads it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../forge/mod.rs"]
mod forge;

mod banners;
mod certificates;
mod ciphertexts;
mod codes;
mod marks;
mod oddities;
mod practice;
mod protected;
mod readings;
mod replaced;
mod reread;
mod senders;
mod signatures;
mod signed_data;
mod structures;

use practice::Practice;

/// One attack.
pub struct Attack {
    /// What is tried.
    pub name: &'static str,
    /// The message as the provider has it.
    pub message: Vec<u8>,
    /// Code of the verdict.
    pub code: &'static str,
    /// Words that must be shown, and words that must not.
    pub shows: Vec<&'static str>,
    pub hides: Vec<&'static str>,
}

impl Attack {
    pub fn new(name: &'static str, code: &'static str, message: Vec<u8>) -> Self {
        Self {
            name,
            message,
            code,
            shows: Vec::new(),
            hides: Vec::new(),
        }
    }

    pub fn shows(mut self, words: &'static str) -> Self {
        self.shows.push(words);
        self
    }

    pub fn hides(mut self, words: &'static str) -> Self {
        self.hides.push(words);
        self
    }
}

#[test]
fn nothing_forged_is_shown_as_genuine() {
    let practice = Practice::new();
    let mut faults = Vec::new();
    let mut names = Vec::new();
    let mut given = Vec::new();
    for attacks in [
        senders::attacks,
        signatures::attacks,
        certificates::attacks,
        structures::attacks,
        ciphertexts::attacks,
        banners::attacks,
        protected::attacks,
        marks::attacks,
        codes::attacks,
        oddities::attacks,
        readings::attacks,
    ] {
        for attack in attacks(&practice) {
            names.push(attack.name);
            given.push(attack.code);
            let seen = practice.opens(&attack.message);
            faults.extend(
                reread::faults(&attack, &seen)
                    .into_iter()
                    .map(|fault| format!("{}: {fault}", attack.name)),
            );
        }
    }
    println!("{} attacks", names.len());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    codes::assert_all(&given);
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two attacks have one name");
    assert!(names.len() >= 100, "{}", names.len());
}
