//! Certificates that the home keeps for good beside imported files: harvested from verified mail, or bound to an address by the
//! user. A record for each address, sealed: its name and what is in it tell who is written to.

use super::answer::Held;
use super::port::{Candidate, Source};
use crate::base::limits::PERSON_CERTIFICATES_MAX;
use crate::base::{Address, UnixTime};
use crate::pki::oid::{self, Oid};
use crate::store::{FolderStamp, Home, Records, Secrets, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Addresses whose record is held in memory: those of a morning.
const IN_MEMORY: usize = 64;

/// The kept certificates of a home.
#[derive(Clone, Debug)]
pub struct Kept {
    home: Home,
    records: Records,
    memory: Arc<Mutex<Memory>>,
}

/// What records said, for as long as nothing in their folder has changed.
#[derive(Debug, Default)]
struct Memory {
    folder: FolderStamp,
    said: BTreeMap<Address, Option<KeptOf>>,
}

/// What is kept of one address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeptOf {
    /// As it was written.
    pub address: String,
    /// Its certificates, the last one kept at the end.
    pub certificates: Vec<KeptCertificate>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeptCertificate {
    /// It, and what came along.
    #[serde(flatten)]
    pub held: Held,
    /// How it came here.
    pub how: How,
    /// Where from: the directory's name, or the account that read the message.
    pub from: String,
    /// When it was kept first, in seconds since 1970.
    pub since: i64,
    /// When it was seen last: signed with, or confirmed.
    pub seen: i64,
    /// What its owner's program said that it reads (SMIMECapabilities): object identifiers with dots, its favourite first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
}

/// How a certificate came to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// With a message that was verified.
    Harvested,
    /// Bound to the address by the user.
    Confirmed,
}

impl Kept {
    /// Nothing is read before the first question.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            home: home.clone(),
            records: Records::lasting(home, "correspondents", secrets),
            memory: Arc::default(),
        }
    }

    /// What is kept of an address.
    pub fn of(&self, address: &Address) -> Result<Option<KeptOf>, StoreError> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.records.are_unchanged(&memory.folder) {
            *memory = Memory {
                folder: self.records.stamp(),
                said: BTreeMap::new(),
            };
        }
        if let Some(said) = memory.said.get(address) {
            return Ok(said.clone());
        }
        let kept = self.read(address)?;
        if memory.said.len() >= IN_MEMORY {
            memory.said.clear();
        }
        memory.said.insert(address.clone(), kept.clone());
        Ok(kept)
    }

    fn read(&self, address: &Address) -> Result<Option<KeptOf>, StoreError> {
        let record = self.records.of_name(&name(address))?;
        Ok(record.and_then(|record| serde_json::from_slice(record.expose()).ok()))
    }

    /// Keeps a certificate. What was kept before stays: an older one that is valid longer, or better, is not shadowed. True:
    /// it was not known in this way.
    pub fn put(&self, address: &Address, new: KeptCertificate) -> Result<bool, StoreError> {
        let is_same = |c: &KeptCertificate| c.held.der == new.held.der && c.how == new.how;
        let known = self.of(address)?;
        if known
            .iter()
            .flat_map(|all| &all.certificates)
            .any(|c| is_same(c) && !c.is_news(&new))
        {
            return Ok(false);
        }
        // What another process keeps meanwhile must not be lost.
        let _lock = self.home.lock()?;
        let mut all = self.read(address)?.unwrap_or_else(|| KeptOf {
            address: address.as_str().to_owned(),
            certificates: Vec::new(),
        });
        let before = all.certificates.iter().position(is_same);
        let new = match before.map(|at| all.certificates.remove(at)) {
            Some(old) if !old.is_news(&new) => return Ok(false),
            Some(old) => KeptCertificate {
                since: old.since,
                seen: old.seen.max(new.seen),
                ..new
            },
            None => new,
        };
        let how = new.how;
        all.certificates.push(new);
        // The longest unseen go; what the user said himself does not.
        while all.certificates.len() > PERSON_CERTIFICATES_MAX {
            let harvested = |c: &&(usize, &KeptCertificate)| c.1.how == How::Harvested;
            let oldest = all.certificates.iter().enumerate().collect::<Vec<_>>();
            let oldest = oldest.iter().filter(harvested).min_by_key(|(_, c)| c.seen).map_or(0, |(at, _)| *at);
            all.certificates.remove(oldest);
        }
        self.write(address, &all, how)?;
        Ok(before.is_none())
    }

    /// Forgets what fits; true where something did.
    pub fn forget(&self, address: &Address, fits: impl Fn(&KeptCertificate) -> bool) -> Result<bool, StoreError> {
        let _lock = self.home.lock()?;
        let Some(mut all) = self.read(address)? else {
            return Ok(false);
        };
        let before = all.certificates.len();
        all.certificates.retain(|c| !fits(c));
        if all.certificates.len() == before {
            return Ok(false);
        }
        if all.certificates.is_empty() {
            self.records.remove(&name(address))?;
        } else {
            self.write(address, &all, How::Confirmed)?;
        }
        Ok(true)
    }

    /// Everything that is kept.
    pub fn all(&self) -> Result<Vec<KeptOf>, StoreError> {
        let records = self.records.all()?;
        let read = |record: &crate::base::Secret| serde_json::from_slice::<KeptOf>(record.expose()).ok();
        let mut all: Vec<KeptOf> = records.iter().filter_map(read).collect();
        all.sort_by(|a, b| a.address.cmp(&b.address));
        Ok(all)
    }

    /// What comes with mail comes again: who reads a full mailbox does not wait for the disk at each sender.
    fn write(&self, address: &Address, all: &KeptOf, how: How) -> Result<(), StoreError> {
        let records = match how {
            How::Harvested => &self.records.unhurried(),
            How::Confirmed => &self.records,
        };
        // Strings, numbers and lists of them: nothing that JSON could not say.
        records.put(&name(address), &serde_json::to_vec(all).unwrap_or_default())
    }
}

fn name(address: &Address) -> [&[u8]; 2] {
    [b"kept", address.folded().as_bytes()]
}

/// Ciphers of content that a program may announce (RFC 8551 §2.7), by the names of [`KeptCertificate::capabilities`].
const CIPHERS: [Oid; 8] = [
    oid::AES256_GCM,
    oid::AES192_GCM,
    oid::AES128_GCM,
    oid::AES256_CBC,
    oid::AES192_CBC,
    oid::AES128_CBC,
    oid::DES_EDE3_CBC,
    oid::RC2_CBC,
];

impl KeptOf {
    /// Whether the last letter that was verified announced AES-256-GCM before any other cipher. That it can be read somewhere is
    /// not enough: who has several programs gets his letters in all of them, and many show an empty page for it.
    pub fn prefers_gcm(&self) -> bool {
        let last = self.certificates.iter().filter(|c| c.how == How::Harvested).max_by_key(|c| c.seen);
        let named = |id: &String| CIPHERS.iter().find(|cipher| cipher.to_string() == *id);
        last.and_then(|last| last.capabilities.iter().find_map(named)) == Some(&oid::AES256_GCM)
    }

    /// As candidates, what the user has confirmed first.
    pub fn candidates(self) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = self.certificates.into_iter().rev().map(KeptCertificate::candidate).collect();
        all.sort_by_key(|candidate| !candidate.is_confirmed());
        all
    }
}

impl KeptCertificate {
    fn candidate(self) -> Candidate {
        Candidate {
            der: self.held.der,
            issuers: self.held.issuers,
            source: match self.how {
                How::Harvested => Source::Harvested,
                How::Confirmed => Source::Confirmed,
            },
            as_of: Some(UnixTime(self.seen)),
        }
    }

    /// Whether it is worth a write: every message of somebody who writes daily would be one.
    fn is_news(&self, new: &Self) -> bool {
        const DAY: i64 = 86_400;
        new.seen >= self.seen + DAY || (new.seen >= self.seen && new.capabilities != self.capabilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_certificate_does_not_take_the_place_of_another() {
        let (_guard, kept, bob) = kept();
        assert!(kept.put(&bob, certificate(b"one", How::Harvested, 10)).unwrap());
        assert!(kept.put(&bob, certificate(b"two", How::Harvested, 20)).unwrap());
        assert!(!kept.put(&bob, certificate(b"one", How::Harvested, 30)).unwrap());
        assert!(kept.put(&bob, certificate(b"one", How::Confirmed, 5)).unwrap());
        let candidates = kept.of(&bob).unwrap().unwrap().candidates();
        let sources: Vec<(&[u8], &Source)> = candidates.iter().map(|c| (&c.der[..], &c.source)).collect();
        assert_eq!(
            sources,
            [
                (&b"one"[..], &Source::Confirmed),
                (b"two", &Source::Harvested),
                (b"one", &Source::Harvested)
            ]
        );
        assert!(kept.forget(&bob, |c| c.held.der == b"one").unwrap());
        assert_eq!(kept.all().unwrap()[0].certificates.len(), 1);
        assert!(kept.forget(&bob, |_| true).unwrap() && !kept.forget(&bob, |_| true).unwrap());
        assert!(kept.all().unwrap().is_empty());
    }

    #[test]
    fn somebody_with_many_certificates_keeps_the_last_and_what_was_confirmed() {
        let (_guard, kept, bob) = kept();
        kept.put(&bob, certificate(b"mine", How::Confirmed, 1)).unwrap();
        for n in 0..2 * PERSON_CERTIFICATES_MAX {
            kept.put(&bob, certificate(format!("{n}").as_bytes(), How::Harvested, 10 + n as i64))
                .unwrap();
        }
        let certificates = kept.of(&bob).unwrap().unwrap().certificates;
        assert_eq!(certificates.len(), PERSON_CERTIFICATES_MAX);
        assert_eq!(certificates[0].held.der, b"mine");
        assert_eq!(certificates.last().unwrap().held.der, b"63");
    }

    fn certificate(der: &[u8], how: How, seen: i64) -> KeptCertificate {
        KeptCertificate {
            held: Held {
                der: der.to_vec(),
                issuers: vec![b"ca".to_vec()],
            },
            how,
            from: "a".into(),
            since: seen,
            seen,
            capabilities: Vec::new(),
        }
    }

    fn kept() -> (tempfile::TempDir, Kept, Address) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let kept = Kept::new(&home, &Secrets::ephemeral().unwrap());
        (guard, kept, Address::parse("bob@lab.test").unwrap())
    }
}
