//! The authorities of a home as its owner changes them: `souspli trust add`, `remove`, and by hand in the dashboard; the liste blanche as it is
//! taken, from a file or from its keeper.

use super::authorities::Authorities;
use super::clock;
use crate::base::Realm;
use crate::directory::listed::ListServer;
use crate::directory::whitelist::Whitelist;
use crate::pki::Certificate;
use crate::pki::authority::{Origin, Profile, note};
use crate::store::whitelist::{KeptList, Shrunk, WhitelistFile};
use crate::store::{CertificateFolder, Event, Fingerprint, Home, JournalEntry, StoreError, journal};
use crate::text::{Explain, Explanation, keys, trust as say};

/// From now on this authority's word counts.
pub fn add(home: &Home, certificate: &Certificate, realm: Realm, profile: Profile) -> Result<(), StoreError> {
    let folder = CertificateFolder::new(home.trust());
    let fingerprint = Fingerprint::of(certificate.der());
    // The note first: nobody may take a trial for meant meanwhile.
    match note(realm, profile) {
        Some(note) => folder.put_note(&fingerprint, &note),
        None => folder.remove_note(&fingerprint),
    }?;
    folder.put(certificate.der())?;
    journaled(home, "added", Some(certificate))
}

/// From now on it does not. What comes with Souspli stays.
pub fn remove(home: &Home, fingerprint: &str) -> Result<(), Explanation> {
    let folder = CertificateFolder::new(home.trust());
    let wanted = Fingerprint::parse(fingerprint).ok_or_else(|| keys::no_such_certificate(fingerprint))?;
    let stored = folder.list().map_err(|e| e.explain())?;
    let known = stored.into_iter().find(|c| c.fingerprint == wanted);
    if known.is_none()
        && let Some(bundle) = bundle_of(home, wanted)?
    {
        return Err(say::not_yours_to_remove(&bundle));
    }
    folder.remove(&wanted).map_err(|e| e.explain())?;
    let certificate = known.and_then(|c| Certificate::from_der(c.der).ok());
    journaled(home, "removed", certificate.as_ref()).map_err(|e| e.explain())
}

/// The bundle that an authority which the user has not added is of.
fn bundle_of(home: &Home, wanted: Fingerprint) -> Result<Option<String>, Explanation> {
    let known = Authorities::of(home, Realm::default()).list().map_err(|e| e.explain())?;
    let mut all = known.authorities.into_iter();
    let found = all.find(|a| wanted == Fingerprint::of(a.certificate.der()));
    Ok(found.and_then(|authority| match authority.origin {
        Origin::BuiltIn(bundle) | Origin::Bundle(bundle) => Some(bundle),
        Origin::User => None,
    }))
}

/// The liste blanche as its keeper publishes it now.
pub async fn fetch_whitelist(home: &Home, server: &ListServer) -> Result<(), Explanation> {
    let list = server.fetch().await?;
    take_whitelist(home, list, server.host(), Shrunk::Refused)
}

/// Who is in the space of trust from now on.
pub fn take_whitelist(home: &Home, list: Whitelist, origin: &str, shrunk: Shrunk) -> Result<(), Explanation> {
    let kept = KeptList::of(list, clock(), origin);
    WhitelistFile::new(home).keep(&kept, shrunk).map_err(|e| e.explain())?;
    journaled(home, "whitelist", None).map_err(|e| e.explain())
}

/// Whom the doctor believes decides every verdict: the journal says since when.
fn journaled(home: &Home, code: &str, authority: Option<&Certificate>) -> Result<(), StoreError> {
    let entry = JournalEntry {
        certificates: authority.iter().map(|c| c.serial_hex()).collect(),
        ..JournalEntry::of_home(clock(), Event::Trust, code)
    };
    journal::record(home, &entry)
}
