//! The two worlds of certificates: those that are meant, and trials.

use serde::Deserialize;

/// Whether what an authority certifies is meant. Certificates of one realm prove nothing in the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Realm {
    /// Real persons and structures.
    #[default]
    Production,
    /// Trials: anybody may hold such a certificate, under any name.
    Test,
}

impl Realm {
    /// The word used in configuration, bundles and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Realm::Production => "production",
            Realm::Test => "test",
        }
    }
}
