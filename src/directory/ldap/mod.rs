//! A directory of colleagues that speaks LDAP (RFC 4511): asked by address, then by name.
//!
//! The client is written here: that of the crate `ldap3` reads BER by recursion without a bound, so that a server could end the
//! program. Referrals are never followed; what a server can make this hold is bounded (`connection`).

mod connection;
mod error;
mod lists;
mod people;
pub mod wire;

pub use error::LdapError;
pub use lists::LdapLists;

use super::answer::{Answer, Known};
use super::passwords::Passwords;
use crate::base::Address;
use crate::base::limits::{DIRECTORY_PAUSE_SECONDS, LDAP_ADDRESSES_MAX, LDAP_ENTRIES_MAX};
use crate::config::DirectoryServer;
use crate::net::port::Upstreams;
use connection::{Connection, Found};
use people::{person, sought_names};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use wire::{Filter, Search};

/// One server.
pub struct LdapDirectory {
    /// As it is configured.
    pub server: DirectoryServer,
    upstreams: Arc<dyn Upstreams>,
    passwords: Passwords,
    requests: AtomicU64,
    /// Since when it cannot be reached, and why.
    away: Mutex<Option<(Instant, LdapError)>>,
}

/// What became of the question for each address.
type Answers = [Option<Result<Answer, LdapError>>];

impl LdapDirectory {
    /// Nothing is connected before the first question.
    pub fn new(server: DirectoryServer, upstreams: Arc<dyn Upstreams>, passwords: Passwords) -> Self {
        Self {
            server,
            upstreams,
            passwords,
            requests: AtomicU64::new(0),
            away: Mutex::default(),
        }
    }

    /// Requests that were sent since the start.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Connects, as for a question, and asks nothing.
    pub async fn reach(&self) -> Result<(), LdapError> {
        let connection = self.connect().await?;
        self.close(connection).await;
        Ok(())
    }

    /// Why it could not be reached a moment ago; who can do without its answer need not wait for it again.
    pub fn away(&self) -> Option<LdapError> {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = |since: &Instant| since.elapsed() < Duration::from_secs(DIRECTORY_PAUSE_SECONDS);
        away.as_ref().filter(|(since, _)| lately(since)).map(|(_, why)| why.clone())
    }

    fn note_away(&self, why: Option<&LdapError>) {
        let unreachable = |why: &&LdapError| matches!(why, LdapError::Net(_) | LdapError::Late | LdapError::Cut);
        let away = why.filter(unreachable).map(|why| (Instant::now(), why.clone()));
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = away;
    }

    /// What it says of each address, in their order. What it has answered when its time is over counts.
    pub async fn ask(&self, addresses: &[Address]) -> Vec<Result<Answer, LdapError>> {
        let mut all = Vec::with_capacity(addresses.len());
        for some in addresses.chunks(LDAP_ADDRESSES_MAX) {
            let mut answers: Vec<Option<Result<Answer, LdapError>>> = some.iter().map(|_| None).collect();
            let failed = self.ask_some(some, &mut answers).await.err();
            self.note_away(failed.as_ref());
            let failed = failed.unwrap_or(LdapError::Cut);
            all.extend(answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(failed.clone()))));
        }
        all
    }

    /// Everybody of that name, whatever the address.
    pub async fn ask_name(&self, name: &str) -> Result<Answer, LdapError> {
        let filter = self.by_name(&people::splits(name), name);
        let mut results = [None];
        let mut connection = self.connect().await?;
        let searched = connection.search(&[self.search(&filter, &self.attributes())], &mut results).await;
        self.close(connection).await;
        searched?;
        let [result] = results;
        let mut answer = Answer::default();
        self.add_names(&mut answer, result.unwrap_or(Err(LdapError::Cut))?);
        Ok(answer)
    }

    async fn ask_some(&self, addresses: &[Address], answers: &mut Answers) -> Result<(), LdapError> {
        let mut connection = self.connect().await?;
        let asked = self.ask_over(&mut connection, addresses, answers).await;
        self.close(connection).await;
        asked
    }

    async fn connect(&self) -> Result<Connection, LdapError> {
        let password = match &self.server.bind {
            Some(bind) => Some((bind.dn.as_str(), self.passwords.of(&self.server, bind).await?)),
            None => None,
        };
        let bind = password.as_ref().map(|(dn, password)| (*dn, password));
        let end = Instant::now() + Duration::from_secs(self.server.timeout);
        Connection::open(&self.server.server, &*self.upstreams, bind, end).await
    }

    async fn close(&self, connection: Connection) {
        self.requests.fetch_add(u64::from(connection.requests), Ordering::Relaxed);
        tracing::debug!(directory = %self.server.name, requests = connection.requests, "ldap");
        connection.close().await;
    }

    async fn ask_over(&self, connection: &mut Connection, addresses: &[Address], answers: &mut Answers) -> Result<(), LdapError> {
        let attributes = self.attributes();
        let filters: Vec<Filter> = addresses.iter().map(|address| self.by_address(address)).collect();
        let searches: Vec<Search<'_>> = filters.iter().map(|filter| self.search(filter, &attributes)).collect();
        let mut results: Vec<_> = addresses.iter().map(|_| None).collect();
        let asked = connection.search(&searches, &mut results).await;
        let mut by_name = Vec::new();
        for (at, result) in results.into_iter().enumerate() {
            match result {
                Some(Ok(found)) => {
                    let answer = self.of_address(&addresses[at], found);
                    match self.names_of(&addresses[at], &answer) {
                        Some(filter) => by_name.push((at, filter, answer)),
                        None => answers[at] = Some(Ok(answer)),
                    }
                }
                Some(Err(error)) => answers[at] = Some(Err(error)),
                None => {}
            }
        }
        asked?;
        let searches: Vec<Search<'_>> = by_name.iter().map(|(_, filter, _)| self.search(filter, &attributes)).collect();
        let mut results: Vec<_> = by_name.iter().map(|_| None).collect();
        let asked = connection.search(&searches, &mut results).await;
        for ((at, _, mut answer), result) in by_name.into_iter().zip(results) {
            answers[at] = result.map(|found| {
                self.add_names(&mut answer, found?);
                Ok(answer)
            });
        }
        asked
    }

    fn search<'a>(&'a self, filter: &'a Filter, attributes: &'a [&'a str]) -> Search<'a> {
        Search {
            base: &self.server.base,
            filter,
            attributes,
            most: LDAP_ENTRIES_MAX as u32,
            seconds: u32::try_from(self.server.timeout).unwrap_or(u32::MAX),
        }
    }

    fn attributes(&self) -> Vec<&str> {
        let of = &self.server.attributes;
        let names = [&of.given_name, &of.surname, &of.full_name];
        of.mail.iter().chain(&of.certificate).chain(names).map(String::as_str).collect()
    }

    fn by_address(&self, address: &Address) -> Filter {
        let equal = |attribute: &String| Filter::Equal(attribute.clone(), address.folded().to_owned());
        Filter::Any(self.server.attributes.mail.iter().map(equal).collect())
    }

    /// What is asked when nobody has the address; `None`: nothing more.
    fn names_of(&self, address: &Address, answer: &Answer) -> Option<Filter> {
        if !self.server.by_name || !answer.is_empty() || answer.gap.is_some() {
            return None;
        }
        let (given, surname) = sought_names(address)?;
        let whole = format!("{given} {surname}");
        Some(self.by_name(&[(given, surname)], &whole))
    }

    fn by_name(&self, pairs: &[(String, String)], whole: &str) -> Filter {
        let of = &self.server.attributes;
        let both = |given: &str, surname: &str| {
            Filter::All(vec![
                Filter::Equal(of.given_name.clone(), given.to_owned()),
                Filter::Equal(of.surname.clone(), surname.to_owned()),
            ])
        };
        let either = pairs.iter().flat_map(|(one, other)| [both(one, other), both(other, one)]);
        Filter::Any(
            std::iter::once(Filter::Equal(of.full_name.clone(), whole.to_owned()))
                .chain(either)
                .collect(),
        )
    }

    fn of_address(&self, address: &Address, found: Found) -> Answer {
        let mut answer = Answer {
            gap: found.gap,
            ..Answer::default()
        };
        for person in found.entries.iter().map(|entry| person(entry, &self.server.attributes)) {
            if has_address(&person, address) {
                answer.add_of_address(address, person);
            }
        }
        answer
    }

    fn add_names(&self, answer: &mut Answer, found: Found) {
        answer.gap = answer.gap.or(found.gap);
        let people = found.entries.iter().map(|entry| person(entry, &self.server.attributes));
        people.for_each(|person| answer.add_of_name(person));
    }
}

/// A server may say anything: an entry of another address was not asked for. Some search by an attribute that they do not show.
fn has_address(person: &Known, address: &Address) -> bool {
    person.addresses.is_empty() || person.addresses.iter().any(|a| Address::parse(a).is_ok_and(|a| a == *address))
}
