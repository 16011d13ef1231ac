//! The places that certificates which were met name for their revocation, and how it went there.

use super::FileStamp;
use crate::base::UnixTime;
use crate::base::limits::{LIST_HEADER_MAX, LISTS_MAX};
use crate::pki::name::DistinguishedName;
use crate::pki::{Certificate, Trust};
use crate::store::{Home, StoreError, atomic, hex};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The file of them, shared with other processes.
#[derive(Debug)]
pub struct Watched<'a> {
    home: &'a Home,
    path: PathBuf,
    read: &'a Mutex<Read>,
}

/// The file as it was read: it is asked for with each certificate, and changes seldom.
#[derive(Debug, Default)]
pub(super) struct Read {
    stamp: Option<FileStamp>,
    places: BTreeMap<String, Watch>,
}

/// One place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Names whose lists are expected there, as digests; none: anybody's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    issuers: BTreeSet<String>,
    /// The authorities at the end of the ways on which the place was met, as digests; none: it counts whoever is configured.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    anchors: BTreeSet<String>,
    /// Common name of the issuer, for people.
    #[serde(default)]
    pub authority: String,
    /// When it was last asked.
    #[serde(default)]
    pub tried: Option<i64>,
    /// The code of what went wrong then.
    #[serde(default)]
    pub failed: Option<String>,
}

impl Watch {
    /// Where the list of one of these issuers is expected.
    pub fn of<'n>(issuers: impl IntoIterator<Item = &'n DistinguishedName>, authority: &str) -> Self {
        Self {
            issuers: issuers.into_iter().map(digest_of).collect(),
            authority: authority.to_owned(),
            ..Self::default()
        }
    }

    /// Whose list is expected there, where that was not known yet: what went wrong at a place may have been noted before anybody
    /// was met who names it.
    pub fn learn(&mut self, other: &Self) {
        if self.issuers.is_empty() {
            self.issuers.clone_from(&other.issuers);
        }
        if self.authority.is_empty() {
            self.authority.clone_from(&other.authority);
        }
    }

    /// Whether a list of `issuer` is expected there.
    pub fn expects(&self, issuer: &DistinguishedName) -> bool {
        self.issuers.is_empty() || self.issuers.contains(&digest_of(issuer))
    }

    /// Whether it is known whose list is expected.
    pub fn names_one(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// Met on a way to this authority.
    pub fn met_under(&mut self, anchor: &Certificate) {
        self.anchors.insert(name_of(anchor));
    }

    /// Whether one of the authorities that it was met under still counts.
    pub fn counts_under(&self, trust: &Trust) -> bool {
        self.anchors.is_empty() || trust.authorities().any(|a| self.anchors.contains(&name_of(&a.certificate)))
    }

    /// Whether a certificate that was met names the place: one that an authority names of itself alone may concern nobody here.
    pub fn was_met(&self) -> bool {
        !self.anchors.is_empty()
    }

    fn adds_to(&self, known: &Self) -> bool {
        !self.issuers.is_subset(&known.issuers) || !self.anchors.is_subset(&known.anchors)
    }
}

fn name_of(anchor: &Certificate) -> String {
    hex::encode(&anchor.fingerprint()[..16])
}

fn digest_of(name: &DistinguishedName) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for rdn in name {
        context.update(&(rdn.len() as u64).to_be_bytes());
        context.update(rdn);
    }
    hex::encode(&context.finish().as_ref()[..16])
}

impl<'a> Watched<'a> {
    pub(super) fn new(home: &'a Home, path: PathBuf, read: &'a Mutex<Read>) -> Self {
        Self { home, path, read }
    }

    /// Every place. A file that cannot be read is none: it is written anew by the next certificate.
    pub fn all(&self) -> BTreeMap<String, Watch> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Before it is read: what changes meanwhile is read the next time. It is replaced whole, and so is another file then.
        let stamp = fs::metadata(&self.path).ok().map(|found| FileStamp::of(&found));
        if stamp.is_none() || read.stamp != stamp {
            let bytes = atomic::read(&self.path, LIST_HEADER_MAX).ok().flatten();
            let places = bytes.and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default();
            *read = Read { stamp, places };
        }
        read.places.clone()
    }

    /// Adds places; says which are new. The first ones stay when there are too many: they are those of the doctor's own authorities.
    pub fn add(&self, places: impl IntoIterator<Item = (String, Watch)>) -> Result<Vec<String>, StoreError> {
        let _lock = self.home.lock()?;
        let mut all = self.all();
        let mut new = Vec::new();
        for (url, watch) in places {
            let known = all.get(&url);
            if known.is_some_and(|known| !watch.adds_to(known)) || (known.is_none() && all.len() >= LISTS_MAX) {
                continue;
            }
            let entry = all.entry(url.clone()).or_default();
            entry.issuers.extend(watch.issuers);
            entry.anchors.extend(watch.anchors);
            entry.authority = watch.authority;
            new.push(url);
        }
        if !new.is_empty() {
            self.write(&all)?;
        }
        Ok(new)
    }

    /// How it went at a place; `None`: well.
    pub fn note(&self, url: &str, at: UnixTime, failed: Option<&str>) -> Result<(), StoreError> {
        let _lock = self.home.lock()?;
        let mut all = self.all();
        let entry = all.entry(url.to_owned()).or_default();
        entry.tried = Some(at.0);
        entry.failed = failed.map(str::to_owned);
        self.write(&all)
    }

    fn write(&self, all: &BTreeMap<String, Watch>) -> Result<(), StoreError> {
        if let Some(folder) = self.path.parent() {
            super::create_private_folder(folder).map_err(StoreError::write(folder))?;
        }
        let bytes = serde_json::to_vec_pretty(all).map_err(|_| StoreError::TooLarge(self.path.clone()))?;
        atomic::write(&self.path, &bytes)
    }
}
