//! One language or both: the command line says everything twice, a page of the dashboard once.

use super::Explanation;
use super::dashboard::{Language, Words};
use std::fmt::Display;

/// In which words something is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tongue {
    /// French, then English.
    Both,
    /// One of them.
    One(Language),
}

impl Tongue {
    /// Both with a stroke between them, or one.
    pub fn words(self, fr: impl Display, en: impl Display) -> String {
        match self {
            Self::Both => format!("{fr} / {en}"),
            Self::One(Language::French) => fr.to_string(),
            Self::One(Language::English) => en.to_string(),
        }
    }

    /// The same of words that stay as they are.
    pub fn of(self, words: Words) -> String {
        self.words(words.of(Language::French), words.of(Language::English))
    }

    /// What happened, what to do, and the code.
    pub fn sentence(self, said: &Explanation) -> String {
        match self {
            Self::Both => said.to_string(),
            Self::One(language) => {
                let half = language.half(said);
                format!("{} {} [{}]", half.what, half.todo, said.code)
            }
        }
    }
}
