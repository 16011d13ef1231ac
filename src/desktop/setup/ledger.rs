//! What was changed in profiles of Thunderbird, kept in the home so that it can be changed back. Changed under the lock of the home only.

use super::place::SERVERS;
use super::prefs::Change;
use crate::base::limits::LEDGER_FILE_MAX;
use crate::store::{Home, StoreError, atomic};
use crate::text::{Explain, Explanation, setup as say};
use serde::{Deserialize, Serialize};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// One account of one profile that goes through Souspli.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) profile: PathBuf,
    pub(super) account: String,
    pub(super) changes: Vec<Change>,
    /// The doors whose certificate the profile takes.
    pub(super) doors: Vec<SocketAddr>,
    /// The settings as they were before the first change.
    #[serde(default)]
    pub(super) copy: Option<PathBuf>,
}

impl Entry {
    /// The outgoing server that was added.
    pub(super) fn outgoing(&self) -> Option<&str> {
        let added = |change: &'_ Change| change.name.starts_with("mail.smtpserver.") && change.before.is_none();
        let name = &self
            .changes
            .iter()
            .find(|change| added(change) && change.name.ends_with(".hostname"))?
            .name;
        name.strip_prefix("mail.smtpserver.")?.strip_suffix(".hostname")
    }

    /// Changed once more: what stood before our first change is what it is changed back to, but where its user has changed it since.
    pub(super) fn and(&mut self, later: Vec<Change>) {
        for change in later {
            match self.changes.iter_mut().find(|known| known.name == change.name) {
                // Of the list only our own server is ever taken out again.
                Some(known) if known.after == change.before || known.name == SERVERS => known.after = change.after,
                Some(known) => *known = change,
                None => self.changes.push(change),
            }
        }
    }

    pub(super) fn is_of(&self, profile: &Path, account: &str) -> bool {
        self.profile == profile && self.account == account
    }
}

/// All of them.
pub(super) struct Ledger(PathBuf);

impl Ledger {
    pub(super) fn of(home: &Home) -> Self {
        Self(home.thunderbird())
    }

    pub(super) fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        match atomic::read(&self.0, LEDGER_FILE_MAX)? {
            None => Ok(Vec::new()),
            Some(octets) => serde_json::from_slice(&octets).map_err(|_| StoreError::Damaged(self.0.clone())),
        }
    }

    pub(super) fn entry(&self, profile: &Path, account: &str) -> Result<Option<Entry>, StoreError> {
        let mut entries = self.entries()?.into_iter();
        Ok(entries.find(|entry| entry.is_of(profile, account)))
    }

    /// Before anything is changed: a damaged one is set aside, and told, and the next try begins a new one.
    pub(super) fn whole(&self) -> Result<Vec<Entry>, Explanation> {
        match self.entries() {
            Ok(entries) => Ok(entries),
            Err(StoreError::Damaged(_)) => Err(self
                .set_aside()
                .map_or_else(|error| error.explain(), |aside| say::ledger_damaged(&aside))),
            Err(error) => Err(error.explain()),
        }
    }

    /// Doors that other accounts of the profile go through.
    pub(super) fn doors_of_others(entries: &[Entry], profile: &Path, account: &str) -> Vec<SocketAddr> {
        let others = entries.iter().filter(|entry| entry.profile == profile && entry.account != account);
        others.flat_map(|entry| entry.doors.iter().copied()).collect()
    }

    pub(super) fn put(&self, entry: Entry) -> Result<(), StoreError> {
        let mut entries = self.entries()?;
        entries.retain(|known| !known.is_of(&entry.profile, &entry.account));
        entries.push(entry);
        self.write(&entries)
    }

    pub(super) fn remove(&self, profile: &Path, account: &str) -> Result<(), StoreError> {
        let mut entries = self.entries()?;
        entries.retain(|known| !known.is_of(profile, account));
        self.write(&entries)
    }

    /// A path that is no text cannot be said in JSON: then nothing is written, and nothing may be changed.
    fn write(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let octets = serde_json::to_vec(entries).map_err(|error| StoreError::write(&self.0)(error.into()))?;
        atomic::write(&self.0, &octets)
    }

    /// Under a name that nothing has yet: what is damaged twice is kept twice.
    fn set_aside(&self) -> Result<String, StoreError> {
        let mut names = (1..).map(|n| self.0.with_extension(format!("damaged-{n}")));
        let aside = names
            .find(|name| !name.exists())
            .unwrap_or_else(|| self.0.with_extension("damaged"));
        fs::rename(&self.0, &aside).map_err(StoreError::write(&aside))?;
        Ok(aside.display().to_string())
    }
}
