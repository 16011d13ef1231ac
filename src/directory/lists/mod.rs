//! Revocation lists of the configured authorities: which there are, what is held of them, and how they are kept up to date.
//!
//! A certificate counts here when it leads to a configured authority, and only the hosts that the authorities and the configuration
//! name are contacted: a message makes Souspli contact nobody else.

mod download;
mod refresh;
mod rows;

pub use download::Outcome;
pub use refresh::{Event, Summary, Which};
pub use rows::{Row, RowState};

use crate::base::UnixTime;
use crate::config::{Revocation, StatusSource};
use crate::directory::ldap::LdapLists;
use crate::net::http::{Hosts, Url};
use crate::net::port::Upstreams;
use crate::pki::authority::Authority;
use crate::pki::name::DistinguishedName;
use crate::pki::path;
use crate::pki::revocation::{Held, List, Prefer, Rules, Sources, Status, Why, sources, status};
use crate::pki::{Certificate, Path, Purpose, Trust};
use crate::store::lists::{Answers, Watch};
use crate::store::{CertificateFolder, Home, Lists, StoreError};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Octets of lists, in KiB, that are read and sorted at once: what they need in memory is twice as much.
const READ_AT_ONCE_KIB: u32 = 24 << 10;

/// The lists of a home and the network behind them.
pub struct Published {
    lists: Arc<Lists>,
    /// The certificates that the user has imported.
    imported: CertificateFolder,
    settings: Revocation,
    pub(super) upstreams: Arc<dyn Upstreams>,
    directory: LdapLists,
    /// Ways whose sources are known, by the fingerprints of both ends.
    noted: Mutex<HashSet<[[u8; 32]; 2]>>,
    /// One round at a time.
    round: tokio::sync::Mutex<()>,
    reading: Arc<Semaphore>,
}

impl Published {
    /// Nothing is read or asked yet.
    pub fn new(home: &Home, settings: Revocation, upstreams: Arc<dyn Upstreams>) -> Self {
        Self {
            lists: Arc::new(Lists::new(home)),
            imported: CertificateFolder::new(home.certificates()),
            settings,
            directory: LdapLists::new(Arc::clone(&upstreams)),
            upstreams,
            noted: Mutex::default(),
            round: tokio::sync::Mutex::default(),
            reading: Arc::new(Semaphore::new(READ_AT_ONCE_KIB as usize)),
        }
    }

    pub(super) fn answers(&self) -> Answers {
        self.lists.answers()
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Revocation {
        &self.settings
    }

    /// What is known of a path at `at`, by what is held.
    pub fn status(&self, path: &Path, trust: &Trust, at: UnixTime) -> Status {
        let held = InHome { published: self, trust };
        status(path, at, &held, &self.rules())
    }

    /// Remembers where the status of a path's certificates is published, and who may sign it. True: there is something new to fetch.
    pub fn note(&self, path: &Path, trust: &Trust) -> Result<bool, StoreError> {
        let [first, .., anchor] = path.certificates.as_slice() else {
            return Ok(false);
        };
        let known = || self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let way = [first.fingerprint(), anchor.fingerprint()];
        if known().contains(&way) {
            return Ok(false);
        }
        let hosts = self.hosts_of(path, trust);
        let mut places = BTreeMap::new();
        for pair in path.certificates.windows(2) {
            self.places_of(&pair[0], &hosts, &mut places);
        }
        places.values_mut().for_each(|watch: &mut Watch| watch.met_under(anchor));
        let named = !places.is_empty();
        let new = named && !self.lists.watched().add(places)?.is_empty();
        // Where nothing is published nobody signs a list of it.
        let of_bundle = |a: &Authority| a.certificate == *anchor && !a.published.lists.is_empty();
        if named || !self.settings.lists.is_empty() || trust.authorities().any(of_bundle) {
            self.lists.remember_issuers(&path.certificates[1..])?;
        }
        // One whose places may not be contacted is looked at anew: the authorities may be others then.
        if !is_allowed(path, &hosts) {
            return Ok(new);
        }
        let mut known = known();
        if known.len() >= NOTED_MAX {
            known.clear();
        }
        known.insert(way);
        Ok(new)
    }

    /// The same of the certificates that the user has imported, before anything is sealed for one: one of each issuer that names
    /// the same places is enough.
    pub fn note_imported(&self, trust: &Trust, at: UnixTime) -> Result<(), StoreError> {
        let read = self
            .imported
            .list()?
            .into_iter()
            .filter_map(|stored| Certificate::from_der(stored.der).ok());
        let certificates: Vec<Certificate> = read.collect();
        let mut seen = HashSet::new();
        for certificate in &certificates {
            let named: Vec<String> = sources(certificate).locations().map(str::to_owned).collect();
            if named.is_empty() || !seen.insert((certificate.issuer(), named)) {
                continue;
            }
            if let Ok(path) = path::validate(certificate, &certificates, trust, at, Purpose::Any) {
                self.note(&path, trust)?;
            }
        }
        Ok(())
    }

    /// The hosts that may be contacted for a path: where the configuration names none, those that its certificates name, for it is
    /// a configured authority that says so.
    pub(super) fn hosts_of(&self, path: &Path, trust: &Trust) -> Arc<Hosts> {
        if !self.settings.hosts.is_empty() {
            return self.hosts(trust);
        }
        let said: Vec<Sources> = path.certificates.iter().map(sources).collect();
        let urls = said.iter().flat_map(|s| s.locations().chain(s.ocsp.iter().map(String::as_str)));
        Arc::new(self.known_hosts(trust).into_iter().chain(urls.filter_map(host_of)).collect())
    }

    /// The hosts that may be contacted under these authorities.
    pub(super) fn hosts(&self, trust: &Trust) -> Arc<Hosts> {
        Arc::new(self.known_hosts(trust).into_iter().collect())
    }

    /// Places that were met on ways to an authority that still counts.
    fn met<'a>(&self, trust: &'a Trust) -> impl Iterator<Item = (String, Watch)> + use<'a> {
        let all = self.lists.watched().all().into_iter();
        all.filter(|(_, watch)| watch.counts_under(trust))
    }

    fn known_hosts(&self, trust: &Trust) -> Vec<String> {
        let own = self.settings.lists.iter().filter_map(|url| host_of(url));
        let mut all: Vec<String> = self.settings.hosts.iter().cloned().chain(own).collect();
        if self.settings.hosts.is_empty() {
            // Of paths that led to an authority.
            all.extend(self.met(trust).filter_map(|(url, _)| host_of(&url)));
        }
        for authority in trust.authorities() {
            let said = sources(&authority.certificate);
            let published = &authority.published;
            let urls = said.locations().chain(said.ocsp.iter().map(String::as_str));
            let urls = urls.chain(published.lists.iter().map(String::as_str));
            all.extend(urls.chain(published.responder.as_deref()).filter_map(host_of));
        }
        all
    }

    pub(super) fn rules(&self) -> Rules {
        Rules {
            grace: self.settings.grace,
            prefer: match self.settings.prefer {
                StatusSource::Lists => Prefer::Lists,
                StatusSource::Ocsp => Prefer::Ocsp,
            },
        }
    }

    /// Every place that is asked, and whose list is expected there: those that certificates and authorities name, and the
    /// configured ones.
    pub(super) fn places(&self, trust: &Trust) -> BTreeMap<String, Watch> {
        let hosts = self.hosts(trust);
        let allowed = |url: &String| host_of(url).is_some_and(|host| hosts.allow(&host));
        let mut places: BTreeMap<String, Watch> = self.met(trust).filter(|(url, _)| allowed(url)).collect();
        for authority in trust.authorities() {
            self.places_of(&authority.certificate, &hosts, &mut places);
            places_of_bundle(authority, &mut places);
        }
        for list in self.lists.all() {
            let urls = list
                .head()
                .freshest
                .iter()
                .filter_map(|p| p.names.as_ref())
                .flat_map(|n| &n.locations);
            for url in urls.filter(|url| allowed(url)) {
                let watch = || {
                    Watch::of(
                        [&list.head().issuer],
                        &list.signer().certificates.first().map_or_else(String::new, |c| c.holder()),
                    )
                };
                places.entry(url.clone()).or_insert_with(watch);
            }
        }
        for url in &self.settings.lists {
            places.entry(url.clone()).or_default();
        }
        places
    }

    fn places_of(&self, certificate: &Certificate, hosts: &Hosts, places: &mut BTreeMap<String, Watch>) {
        let said = sources(certificate);
        for point in said.lists.iter().chain(&said.deltas) {
            let issuer = issuer_of(certificate);
            let issuers: Vec<&DistinguishedName> = match point.issuers.is_empty() {
                true => issuer.iter().collect(),
                false => point.issuers.iter().collect(),
            };
            let watch = Watch::of(issuers, certificate.issuer_common_name());
            let urls = point.names.iter().flat_map(|n| &n.locations);
            for url in urls.filter(|url| host_of(url).is_some_and(|host| hosts.allow(&host))) {
                places.entry(url.clone()).or_default().learn(&watch);
            }
        }
    }
}

/// Whether every place that the certificates of a path name may be contacted.
fn is_allowed(path: &Path, hosts: &Hosts) -> bool {
    path.certificates.iter().all(|certificate| {
        let said = sources(certificate);
        // `ldap:///` names no host: it is never another one.
        said.locations().all(|url| host_of(url).is_none_or(|host| hosts.allow(&host)))
    })
}

fn places_of_bundle(authority: &Authority, places: &mut BTreeMap<String, Watch>) {
    let certificate = &authority.certificate;
    for url in &authority.published.lists {
        let watch = Watch::of([certificate.subject_name()], &certificate.holder());
        places.entry(url.clone()).or_default().learn(&watch);
    }
}

fn issuer_of(certificate: &Certificate) -> Option<DistinguishedName> {
    let value = crate::pki::ber::Value::only(certificate.issuer()).ok()?;
    crate::pki::name::comparable(value).ok()
}

/// The host of an `http:`, `https:`, `ldap:` or `ldaps:` URL, in lower case.
pub(super) fn host_of(url: &str) -> Option<String> {
    if let Some(url) = Url::parse(url) {
        return Some(url.host().to_owned());
    }
    let rest = url.strip_prefix("ldap://").or_else(|| url.strip_prefix("ldaps://"))?;
    let authority = rest.split(['/', '?']).next()?;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "389"));
    let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    (named && port.parse::<u16>().is_ok()).then(|| host.to_ascii_lowercase())
}

/// Certificates whose sources are remembered as known.
const NOTED_MAX: usize = 10_000;

/// What is held in the home, as the domain asks it.
struct InHome<'a> {
    published: &'a Published,
    trust: &'a Trust,
}

impl Held for InHome<'_> {
    fn lists(&self, issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        self.published.lists.of_issuer(issuer)
    }

    fn answers(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        self.published.lists.answers().find(certificate, issuer).into_iter().collect()
    }

    fn awaits_word_of(&self, issuer: &Certificate) -> bool {
        let is_missing = |url: &String| self.published.lists.of_url(url).is_none();
        let of_bundle = self.trust.authorities().filter(|a| a.certificate == *issuer).map(|a| &a.published);
        // The same list at each of its places.
        let mut awaited = of_bundle.filter(|p| p.responder.is_some() || !p.lists.is_empty());
        self.published.settings.lists.iter().any(is_missing) || awaited.any(|p| p.lists.iter().all(is_missing))
    }

    /// Where no place may be contacted, that is why; else what went wrong at the last try.
    fn missing(&self, sources: &Sources) -> Why {
        let urls: Vec<&str> = sources.locations().chain(sources.ocsp.iter().map(String::as_str)).collect();
        let hosts: Vec<String> = urls.iter().filter_map(|url| host_of(url)).collect();
        let allowed = self.published.hosts(self.trust);
        let is_closed = !self.published.settings.hosts.is_empty();
        if let Some(host) = hosts.first().filter(|_| is_closed && !hosts.iter().any(|h| allowed.allow(h))) {
            return Why::HostNotAllowed { host: host.clone() };
        }
        if hosts.is_empty() {
            return Why::NoUsableSource;
        }
        let watched = self.published.lists.watched().all();
        let failed = urls.iter().filter_map(|url| watched.get(*url)?.failed.as_deref());
        failed.map(why_of).max().unwrap_or(Why::NeverFetched)
    }
}

/// A code of [`crate::store::lists::Refusal`] as the status of what it would have told of.
fn why_of(code: &str) -> Why {
    match code {
        "SP-LIST-UNREADABLE" | "SP-LIST-NOT-UNDERSTOOD" => Why::Unreadable,
        "SP-LIST-UNKNOWN-AUTHORITY"
        | "SP-LIST-NOT-ALLOWED"
        | "SP-LIST-UNSUPPORTED"
        | "SP-LIST-OBSOLETE"
        | "SP-LIST-ALTERED"
        | "SP-LIST-OF-ANOTHER" => Why::WrongSigner,
        "SP-LIST-NOT-YET" => Why::NotYet,
        _ => Why::NeverFetched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Realm;
    use crate::directory::reach::Reach;
    use crate::pki::authority::bundle;

    /// The root's certificates name no place; its bundle does.
    #[test]
    fn what_a_bundle_says_is_published_is_awaited() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let published = Published::new(&home, Revocation::default(), Arc::new(Reach::new(Vec::new())));
        let of = |lists: &[&str], responder: Option<&str>| {
            let mut authorities = bundle::newest(bundle::built_in());
            for authority in &mut authorities {
                authority.published.lists = lists.iter().map(|url| (*url).to_owned()).collect();
                authority.published.responder = responder.map(str::to_owned);
            }
            let trust = Trust::among(authorities, Realm::Production);
            let root = trust.authorities().next().unwrap();
            let path = Path {
                certificates: vec![root.certificate.clone(); 2],
                realm: root.realm,
                profile: root.profile,
            };
            let status = published.status(&path, &trust, UnixTime(1_795_400_000));
            (
                matches!(status, Status::NotPublished),
                published.is_askable(&path, &trust, UnixTime(0)),
            )
        };
        assert_eq!(of(&[], None), (true, false));
        assert_eq!(of(&["http://crl.lab.test/a.crl"], None), (false, false));
        assert_eq!(of(&[], Some("http://ocsp.lab.test/")), (false, true));
    }

    /// Nobody of an authority that was removed is contacted any more.
    #[test]
    fn places_go_with_their_authority() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let published = Published::new(&home, Revocation::default(), Arc::new(Reach::new(Vec::new())));
        let certificates = bundle::newest(bundle::built_in()).into_iter().map(|a| a.certificate);
        let certificates: Vec<Certificate> = certificates.collect();
        let trust_in = |named: &[Certificate]| Trust::among(named.iter().cloned().map(Authority::of_user).collect(), Realm::Test);
        // The authority of organisations names a list; its root none.
        let (root, middle) = (&certificates[1], &certificates[2]);
        let path = Path {
            certificates: vec![middle.clone(), root.clone()],
            realm: Realm::Test,
            profile: Default::default(),
        };
        let (with, without) = (trust_in(std::slice::from_ref(root)), trust_in(&[]));
        assert!(published.note(&path, &with).unwrap());
        assert!(!published.note(&path, &with).unwrap());
        assert!(!published.places(&with).is_empty());
        assert!(published.places(&without).is_empty());
        assert!(!published.hosts(&without).allow("igc-sante.esante.gouv.fr"));
        assert!(!published.places(&with).is_empty());
    }

    #[test]
    fn hosts_of_urls() {
        for (url, host) in [
            ("http://A.test/x", Some("a.test")),
            (
                "ldap://Dir.Lab.test/cn=x,o=y?certificateRevocationList;binary?base?objectclass=pkiCA",
                Some("dir.lab.test"),
            ),
            ("ldap://dir.lab.test:3389", Some("dir.lab.test")),
            ("ldap:///cn=x", None),
            ("ldap://user@evil.test/", None),
            ("ftp://a.test/", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
