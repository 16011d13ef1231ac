//! The certificate book as its owner sees and changes it: `souspli cert`.

use super::{Relay, clock};
use crate::base::limits::JOURNAL_CERTIFICATES_MAX;
use crate::base::{Address, UnixTime};
use crate::directory::answer::{Answer, Known};
use crate::directory::cache::Age;
use crate::directory::kept::{How, KeptCertificate};
use crate::directory::ldap::LdapDirectory;
use crate::directory::port::{Candidate, Directory, Lookup, Person, Source};
use crate::pki::revocation::Status;
use crate::pki::{Certificate, certificates_in, select};
use crate::smime::brought::certificates_brought;
use crate::store::{CertificateFolder, Event, Fingerprint, Home, JournalEntry, StoreError, StoredCertificate, journal};
use crate::text::{Explain, Explanation, directory as say, keys};

/// A certificate of the book, and whether one can write to its owner by it now.
#[derive(Debug)]
pub struct Row {
    /// Whose it is, as far as that is known: the addresses that it names, or that it is bound to.
    pub addresses: String,
    /// The certificate.
    pub certificate: Certificate,
    /// Where it came from, and when.
    pub candidate: Candidate,
    /// Why it will not do; `None`: it will.
    pub unfit: Option<Explanation>,
}

/// What was found for one address.
#[derive(Debug, Default)]
pub struct FoundFor {
    /// Certificates of the address, good or not.
    pub rows: Vec<Row>,
    /// People who may be meant, with what their certificates are good for.
    pub people: Vec<(Person, Vec<Row>)>,
    /// Who did not answer.
    pub away: Vec<Explanation>,
}

impl Relay {
    /// Every certificate of the book: imported, harvested, confirmed, and what directories have answered and is still kept.
    pub fn book(&self, imported: &CertificateFolder) -> Result<Vec<Row>, Explanation> {
        let told = |error: StoreError| error.explain();
        let mut rows = Vec::new();
        for stored in imported.list().map_err(told)? {
            rows.extend(self.row(None, Candidate::of_home(stored.der, Source::Imported)));
        }
        for kept in self.directory.kept().all().map_err(told)? {
            let address = kept.address.clone();
            let of_address = kept.candidates().into_iter();
            rows.extend(of_address.filter_map(|candidate| self.row(Some(&address), candidate)));
        }
        let servers = self.directory.servers();
        for cached in self.directory.cache().all().map_err(told)? {
            let of = servers.iter().find(|server| server.server.name == cached.directory());
            if of.is_some_and(|of| cached.age(&of.server.life, clock()) != Age::Gone) {
                let (name, as_of) = (cached.directory().to_owned(), UnixTime(cached.asked));
                let candidates = cached.answer.certificates.into_iter().map(|held| held.candidate(&name, as_of));
                rows.extend(candidates.filter_map(|candidate| self.row(Some(&cached.address), candidate)));
            }
        }
        rows.sort_by(|a, b| (&a.addresses, &a.candidate.source).cmp(&(&b.addresses, &b.candidate.source)));
        Ok(rows)
    }

    /// Asks every directory anew, and says of all that was found what it is good for. `name`: those of that name as well.
    pub async fn look_up(&self, address: &Address, name: Option<&str>) -> FoundFor {
        let mut found = FoundFor::default();
        for server in self.directory.servers() {
            if let Err(away) = self.ask_anew(server, address, name).await {
                found.away.push(away);
            }
        }
        let lookup = self.directory.known(std::slice::from_ref(address)).await.into_iter().next();
        match lookup {
            Some(Lookup::Found(candidates) | Lookup::FoundPartly(candidates, _)) => {
                found.rows = self.rows(address, candidates);
            }
            Some(Lookup::Unavailable(away)) => found.away.push(*away),
            Some(Lookup::Ambiguous(_) | Lookup::NotFound) | None => {}
        }
        found.people = self
            .people(address)
            .into_iter()
            .map(|person| self.with_rows(address, person))
            .collect();
        found
    }

    async fn ask_anew(&self, server: &LdapDirectory, address: &Address, name: Option<&str>) -> Result<(), Explanation> {
        let of = &server.server;
        let told = |error: crate::directory::ldap::LdapError| error.explain(of);
        let mut answer = server.ask(std::slice::from_ref(address)).await.remove(0).map_err(told)?;
        if let Some(name) = name {
            let namesakes = server.ask_name(name).await.map_err(told)?;
            answer.gap = answer.gap.or(namesakes.gap);
            let new: Vec<Known> = namesakes.people.into_iter().filter(|p| !answer.people.contains(p)).collect();
            answer.people.extend(new);
        }
        let gap = answer.gap.take();
        // What is confirmed next is looked for there.
        self.directory.cache().put(of, address, &answer, clock()).map_err(|e| e.explain())?;
        gap.map_or(Ok(()), |gap| Err(gap.explain(&of.name)))
    }

    /// Those whom directories have named of late for an address.
    fn people(&self, address: &Address) -> Vec<Person> {
        let mut people = Vec::new();
        for server in self.directory.servers() {
            if let Ok(Some(cached)) = self.directory.cache().of(&server.server, address) {
                let Answer { people: known, .. } = cached.answer;
                people.extend(known.into_iter().map(|k| k.person(&server.server.name, UnixTime(cached.asked))));
            }
        }
        people
    }

    fn with_rows(&self, address: &Address, person: Person) -> (Person, Vec<Row>) {
        let rows = self.rows(address, person.candidates.clone());
        (person, rows)
    }

    fn rows(&self, address: &Address, candidates: Vec<Candidate>) -> Vec<Row> {
        let rows = candidates
            .into_iter()
            .filter_map(|candidate| self.row(Some(address.as_str()), candidate));
        rows.collect()
    }

    /// `None`: it cannot even be read.
    fn row(&self, address: Option<&str>, candidate: Candidate) -> Option<Row> {
        let certificate = Certificate::from_der(candidate.der.clone()).ok()?;
        let named = certificate.emails().join(" ");
        let unfit = self.unfit(address, &certificate, &candidate);
        Some(Row {
            addresses: address.map_or(named, str::to_owned),
            certificate,
            candidate,
            unfit,
        })
    }

    fn unfit(&self, address: Option<&str>, certificate: &Certificate, candidate: &Candidate) -> Option<Explanation> {
        if address.is_some_and(|a| !certificate.has_email(a) && !certificate.emails().is_empty()) {
            return Some(select::Unfit::Address.explain());
        }
        let trust = match self.trust() {
            Ok(trust) => trust,
            Err(error) => return Some(error.explain()),
        };
        let issuers: Vec<Certificate> = candidate
            .issuers
            .iter()
            .filter_map(|der| Certificate::from_der(der.clone()).ok())
            .collect();
        let path = match select::fits(certificate, &issuers, &trust, self.now()) {
            Ok(path) => path,
            Err(unfit) => return Some(unfit.explain()),
        };
        // What is known of it; nobody is asked for a table.
        match self.published.status(&path, &trust, self.now()) {
            Status::Revoked(revoked) => Some(revoked.explain()),
            Status::Unknown(unknown) => Some(unknown.explain()),
            Status::Good(_) | Status::NotPublished if certificate.emails().is_empty() && !candidate.is_confirmed() => {
                Some(say::to_confirm())
            }
            Status::Good(_) | Status::NotPublished => None,
        }
    }

    /// Binds a certificate that was found to an address, by the user's word. It stays in the journal.
    pub fn confirm(&self, imported: &CertificateFolder, address: &Address, fingerprint: &str) -> Result<Row, Explanation> {
        let (from, candidate, certificate) = self.named_for(imported, address, fingerprint)?;
        let now = clock().0;
        let kept = KeptCertificate {
            held: crate::directory::answer::Held {
                der: candidate.der.clone(),
                issuers: candidate.issuers.clone(),
            },
            how: How::Confirmed,
            from,
            since: now,
            seen: now,
            capabilities: Vec::new(),
        };
        self.directory.kept().put(address, kept).map_err(|e| e.explain())?;
        self.note(&JournalEntry {
            certificates: vec![certificate.serial_hex()],
            ..JournalEntry::of_home(clock(), Event::Certificate, "confirmed")
        });
        self.as_confirmed(address, candidate, UnixTime(now))
            .ok_or_else(|| say::not_found_to_confirm(fingerprint))
    }

    /// The row that [`Relay::confirm`] would make; nothing is bound.
    pub fn to_confirm(&self, imported: &CertificateFolder, address: &Address, fingerprint: &str) -> Result<Row, Explanation> {
        let (_, candidate, _) = self.named_for(imported, address, fingerprint)?;
        self.as_confirmed(address, candidate, clock())
            .ok_or_else(|| say::not_found_to_confirm(fingerprint))
    }

    fn as_confirmed(&self, address: &Address, candidate: Candidate, at: UnixTime) -> Option<Row> {
        let confirmed = Candidate {
            source: Source::Confirmed,
            as_of: Some(at),
            ..candidate
        };
        self.row(Some(address.as_str()), confirmed)
    }

    /// The one certificate of that name among those that were found for an address or imported, and which directory has it.
    fn named_for(
        &self,
        imported: &CertificateFolder,
        address: &Address,
        fingerprint: &str,
    ) -> Result<(String, Candidate, Certificate), Explanation> {
        let found = self
            .people(address)
            .into_iter()
            .flat_map(|p| p.candidates.into_iter().map(move |c| (p.directory.clone(), c)));
        let of_home = imported.list().map_err(|e| e.explain())?.into_iter();
        let of_home = of_home.map(|stored| (String::new(), Candidate::of_home(stored.der, Source::Imported)));
        let mut named = found.chain(of_home).filter(|(_, c)| is_named(&c.der, fingerprint));
        let (from, candidate) = named.next().ok_or_else(|| say::not_found_to_confirm(fingerprint))?;
        if named.any(|(_, other)| other.der != candidate.der) {
            return Err(say::not_found_to_confirm(fingerprint));
        }
        let certificate = Certificate::from_der(candidate.der.clone()).map_err(|_| say::not_found_to_confirm(fingerprint))?;
        if !select::can_be_bound(address, &certificate) {
            return Err(say::of_another_address(address, &certificate.emails().join(", ")));
        }
        Ok((from, candidate, certificate))
    }

    /// Removes the certificate of that name wherever it is kept.
    pub fn remove(&self, imported: &CertificateFolder, fingerprint: &str) -> Result<(), Explanation> {
        let stored = imported.list().map_err(|e| e.explain())?;
        let named: Vec<&StoredCertificate> = stored.iter().filter(|c| c.fingerprint.begins_with(fingerprint)).collect();
        if named.len() > 1 {
            return Err(say::several(fingerprint));
        }
        for one in &named {
            imported.remove(&one.fingerprint).map_err(|e| e.explain())?;
            self.note_removed(&one.der);
        }
        match self.forget(fingerprint)? || !named.is_empty() {
            true => Ok(()),
            false => Err(keys::no_such_certificate(fingerprint)),
        }
    }

    /// Forgets the certificate of that name wherever it is kept beside the imported ones. True: it was there.
    fn forget(&self, fingerprint: &str) -> Result<bool, Explanation> {
        let kept = self.directory.kept();
        let mut forgotten = None;
        for of in kept.all().map_err(|e| e.explain())? {
            let Ok(address) = Address::parse(&of.address) else { continue };
            let named = |c: &KeptCertificate| is_named(&c.held.der, fingerprint);
            if kept.forget(&address, named).map_err(|e| e.explain())? {
                forgotten = of.certificates.into_iter().find(named).or(forgotten);
            }
        }
        if let Some(certificate) = &forgotten {
            self.note_removed(&certificate.held.der);
        }
        Ok(forgotten.is_some())
    }

    fn note_removed(&self, der: &[u8]) {
        let serial = Certificate::from_der(der.to_vec()).map(|c| c.serial_hex());
        self.note(&JournalEntry {
            certificates: serial.into_iter().collect(),
            ..JournalEntry::of_home(clock(), Event::Certificate, "removed")
        });
    }
}

/// Every certificate of a file as people give it: DER, PEM, PKCS#7; or a signed message, which is how colleagues give theirs.
pub fn certificates_of(octets: &[u8]) -> Vec<Certificate> {
    match certificates_in(octets) {
        none if none.is_empty() => certificates_brought(octets),
        some => some,
    }
}

/// Keeps certificates of correspondents; the journal says which.
pub fn import(home: &Home, certificates: &[Certificate]) -> Result<(), StoreError> {
    let folder = CertificateFolder::new(home.certificates());
    certificates.iter().try_for_each(|one| folder.put(one.der()).map(drop))?;
    for some in certificates.chunks(JOURNAL_CERTIFICATES_MAX) {
        let entry = JournalEntry {
            certificates: some.iter().map(Certificate::serial_hex).collect(),
            ..JournalEntry::of_home(clock(), Event::Certificate, "imported")
        };
        journal::record(home, &entry)?;
    }
    Ok(())
}

/// Fingerprints are given whole, or by their beginning as tables show it.
fn is_named(der: &[u8], fingerprint: &str) -> bool {
    Fingerprint::of(der).begins_with(fingerprint)
}
