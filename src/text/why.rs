//! Why the system refused something, in both languages.

use std::fmt;
use std::io::{self, ErrorKind};

/// A reason to stand in parentheses. What has no words here keeps the system's own, in both languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Why {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Why {
    /// The same thing in both languages.
    pub fn new(fr: impl fmt::Display, en: impl fmt::Display) -> Self {
        Self {
            fr: fr.to_string(),
            en: en.to_string(),
        }
    }
}

impl From<&io::Error> for Why {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::new("il n’existe pas", "it does not exist"),
            ErrorKind::PermissionDenied => Self::new("accès refusé", "access denied"),
            ErrorKind::IsADirectory => Self::new("c’est un dossier", "it is a folder"),
            ErrorKind::NotADirectory => Self::new("ce n’est pas un dossier", "it is no folder"),
            ErrorKind::AlreadyExists => Self::new("un fichier en occupe la place", "a file stands in its place"),
            ErrorKind::ReadOnlyFilesystem => Self::new("ce disque est en lecture seule", "this disk is read-only"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::new("le disque est plein", "the disk is full"),
            ErrorKind::AddrNotAvailable => Self::new("cet ordinateur n’a pas cette adresse", "this computer has no such address"),
            ErrorKind::TimedOut => Self::new("pas de réponse à temps", "no answer in time"),
            ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => Self::new("connexion coupée", "connection cut"),
            // The enum of the standard library grows.
            _ => Self::new(error, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_reasons_are_said_in_french_and_others_as_they_come() {
        let why = Why::from(&io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!((why.fr.as_str(), why.en.as_str()), ("accès refusé", "access denied"));
        let why = Why::from(&io::Error::other("odd"));
        assert_eq!((why.fr.as_str(), why.en.as_str()), ("odd", "odd"));
    }
}
