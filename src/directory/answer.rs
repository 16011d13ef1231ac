//! What one directory says of one address, before it is joined with what others say.

use super::port::{Candidate, Person, Source};
use crate::base::limits::PERSON_CERTIFICATES_MAX;
use crate::base::{Address, UnixTime};
use crate::pki::{Certificate, certificates_in};
use crate::text::{Explanation, directory as say};
use serde::{Deserialize, Serialize};

/// An answer; nothing in it: the directory has nobody of that address.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// Certificates of an entry that has the address; they name it, or others: then they will not do, and that can be told.
    pub certificates: Vec<Held>,
    /// Who may be meant: the address is in the entry and not in its certificates, or the entry was found by name.
    pub people: Vec<Known>,
    /// Why there may be more than this; such an answer is not kept.
    #[serde(skip)]
    pub gap: Option<Gap>,
}

/// Somebody whom a directory knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Known {
    /// As it calls him or her.
    pub name: String,
    /// The addresses that it gives.
    pub addresses: Vec<String>,
    /// The certificates that it gives.
    pub certificates: Vec<Held>,
}

/// A certificate of somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// As it came.
    #[serde(with = "base64")]
    pub der: Vec<u8>,
    /// Authorities that came along.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "base64_list")]
    pub issuers: Vec<Vec<u8>>,
}

/// Why a directory may have more than it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gap {
    /// It has more entries than it gives, or than are read.
    TooMany,
    /// The rest is with another server.
    Elsewhere,
}

impl Answer {
    /// Whether it names nobody at all.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.people.is_empty()
    }

    /// Adds somebody under whose entry the address stands. The word of a directory does not make a certificate that of an
    /// address: one that names none is for the user to confirm.
    pub fn add_of_address(&mut self, address: &Address, person: Known) {
        let (unnamed, named): (Vec<Held>, Vec<Held>) = person.certificates.into_iter().partition(|held| names_nobody(&held.der));
        let names_it = named.iter().any(|held| names(&held.der, address));
        self.certificates.extend(named);
        if !unnamed.is_empty() && !names_it {
            self.people.push(Known {
                certificates: unnamed,
                ..person
            });
        }
    }

    /// Adds somebody who was found by name.
    pub fn add_of_name(&mut self, person: Known) {
        if !person.certificates.is_empty() {
            self.people.push(person);
        }
    }
}

impl Known {
    /// As the user is shown who may be meant.
    pub fn person(self, directory: &str, as_of: UnixTime) -> Person {
        let candidates = self.certificates.into_iter().map(|held| held.candidate(directory, as_of));
        Person {
            name: self.name,
            directory: directory.to_owned(),
            addresses: self.addresses,
            candidates: candidates.collect(),
        }
    }
}

impl Held {
    /// As that directory has it.
    pub fn candidate(self, directory: &str, as_of: UnixTime) -> Candidate {
        Candidate {
            der: self.der,
            issuers: self.issuers,
            source: Source::Ldap {
                name: directory.to_owned(),
            },
            as_of: Some(as_of),
        }
    }
}

impl Gap {
    /// The sentence for it.
    pub fn explain(self, directory: &str) -> Explanation {
        match self {
            Self::TooMany => say::not_whole(directory),
            Self::Elsewhere => say::elsewhere(directory),
        }
    }
}

/// The certificates in the values of an entry, those of authorities beside those of the person.
pub fn held<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<Held> {
    let mut all: Vec<Certificate> = Vec::new();
    for certificate in values.flat_map(certificates_in) {
        if all.len() < PERSON_CERTIFICATES_MAX && !all.contains(&certificate) {
            all.push(certificate);
        }
    }
    let (authorities, own): (Vec<Certificate>, Vec<Certificate>) = all.into_iter().partition(Certificate::is_ca);
    let issuers: Vec<Vec<u8>> = authorities.iter().map(|c| c.der().to_vec()).collect();
    own.iter()
        .map(|certificate| Held {
            der: certificate.der().to_vec(),
            issuers: issuers.clone(),
        })
        .collect()
}

/// Whether a certificate is made out to an address.
pub(super) fn names(der: &[u8], address: &Address) -> bool {
    Certificate::from_der(der).is_ok_and(|certificate| certificate.has_email(address.as_str()))
}

fn names_nobody(der: &[u8]) -> bool {
    Certificate::from_der(der).is_ok_and(|certificate| certificate.emails().is_empty())
}

mod base64 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64_simd::STANDARD.encode_to_string(octets))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        base64_simd::STANDARD.decode_to_vec(text).map_err(D::Error::custom)
    }
}

mod base64_list {
    use super::base64;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct One(#[serde(with = "base64")] Vec<u8>);

    pub(super) fn serialize<S: Serializer>(list: &[Vec<u8>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(|octets| One(octets.clone())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Ok(Vec::<One>::deserialize(from)?.into_iter().map(|one| one.0).collect())
    }
}
