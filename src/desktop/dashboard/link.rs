//! A link into the dashboard that waits in the home for `souspli dashboard` and the icon, and the port that is kept.

use crate::store::{Home, StoreError, atomic};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A port and a link are short.
const OCTETS_MAX: u64 = 4096;

/// The file of a home that says them; nobody else can read it.
#[derive(Clone, Debug)]
pub struct LinkFile(PathBuf);

/// What it says.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Said {
    port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<String>,
    /// What the relay that left the link proves itself by.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) proof: String,
}

impl LinkFile {
    /// That of this home.
    pub fn of(home: &Home) -> Self {
        Self(home.dashboard())
    }

    /// The port of the last time; 0: there was none.
    pub(super) fn port(&self) -> u16 {
        self.read().port
    }

    /// The port, and a link with what is proved by.
    pub(super) fn put(&self, port: u16, link: Option<(String, String)>) -> Result<(), StoreError> {
        let (link, proof) = link.unzip();
        let proof = proof.unwrap_or_default();
        // Numbers and strings: nothing that JSON could not say.
        let said = serde_json::to_vec(&Said { port, link, proof }).unwrap_or_default();
        atomic::write_unsynced(&self.0, &said)
    }

    pub(super) fn read(&self) -> Said {
        let octets = atomic::read(&self.0, OCTETS_MAX).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&octets).unwrap_or_default()
    }
}
