//! The certificate book: what the home has, what directories have answered, and the directories themselves, as one.

use super::answer::Answer;
use super::cache::{Age, Cache};
use super::kept::Kept;
use super::ldap::{LdapDirectory, LdapError};
use super::local::LocalDirectory;
use super::passwords::Passwords;
use super::port::{Candidate, Directory, Lookup, Person};
use super::reach::Reach;
use crate::base::limits::{LDAP_ADDRESSES_MAX, LOOKUP_SECONDS_MAX};
use crate::base::{Address, UnixTime};
use crate::config::{Config, DirectoryServer};
use crate::relay::clock;
use crate::relay::port::Pending;
use crate::store::{Home, Secrets, StoreError};
use crate::text::{Explain, Explanation};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// All of it.
pub struct Book {
    imported: LocalDirectory,
    kept: Kept,
    cache: Cache,
    servers: Vec<Arc<LdapDirectory>>,
}

/// What was gathered for one address.
#[derive(Default)]
struct Gathered {
    candidates: Vec<Candidate>,
    people: Vec<Person>,
    away: Option<Explanation>,
}

impl Book {
    /// The book of a home, with the directories of its configuration.
    pub fn new(imported: LocalDirectory, home: &Home, secrets: &Secrets, config: &Config) -> Self {
        let reach = Arc::new(Reach::new(config.upstream_authorities.clone()));
        let passwords = Passwords::new(home, secrets);
        let server = |server: &DirectoryServer| Arc::new(LdapDirectory::new(server.clone(), reach.clone(), passwords.clone()));
        Self {
            imported,
            kept: Kept::new(home, secrets),
            cache: Cache::new(home, secrets),
            servers: config.directories.iter().map(server).collect(),
        }
    }

    /// What is harvested and confirmed.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// What directories have answered.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The directories.
    pub fn servers(&self) -> &[Arc<LdapDirectory>] {
        &self.servers
    }

    /// Asks anew, from every directory, what grows old and is of use: nobody waits for it later.
    pub async fn refresh(&self) {
        for server in &self.servers {
            // While the keys of the home are awaited nothing of it can be read.
            let due = self.cache.due(&server.server, clock()).unwrap_or_default();
            for some in due.chunks(LDAP_ADDRESSES_MAX) {
                let answers = server.ask(some).await;
                if let Some(Err(error)) = answers.iter().find(|answer| answer.is_err()) {
                    tracing::warn!(directory = %server.server.name, code = error.explain(&server.server).code, "not refreshed");
                }
                self.keep(server, some, &answers);
            }
        }
    }

    /// What the home has.
    fn of_home(&self, address: &Address) -> Result<Gathered, Explanation> {
        let mut gathered = Gathered::default();
        match self.imported.look(address) {
            Ok(found) => gathered.candidates.extend(found),
            Err(error) => return Err(error.explain()),
        }
        let kept = self.kept.of(address).map_err(|error: StoreError| error.explain())?;
        gathered.candidates.extend(kept.into_iter().flat_map(|kept| kept.candidates()));
        Ok(gathered)
    }

    /// What the home has, and what directories have answered of late. `asked`: those to be asked, by their place.
    fn at_hand(&self, address: &Address, now: UnixTime) -> (Gathered, Vec<usize>) {
        let mut gathered = self.of_home(address).unwrap_or_else(|away| Gathered {
            away: Some(away),
            ..Gathered::default()
        });
        let mut to_ask = Vec::new();
        for (place, server) in self.servers.iter().enumerate() {
            match self.cache.of(&server.server, address) {
                Ok(Some(cached)) if cached.age(&server.server.life, now) == Age::Fresh => {
                    self.cache.used(&cached, now);
                    gathered.add(&server.server, cached.answer, UnixTime(cached.asked));
                }
                _ => to_ask.push(place),
            }
        }
        (gathered, to_ask)
    }

    /// Asks every directory side by side for the addresses of which it has said nothing of late.
    async fn everywhere(&self, addresses: &[Address]) -> Vec<Lookup> {
        let now = clock();
        let (mut all, to_ask): (Vec<Gathered>, Vec<Vec<usize>>) = addresses.iter().map(|a| self.at_hand(a, now)).unzip();
        let end = Instant::now() + Duration::from_secs(LOOKUP_SECONDS_MAX);
        let mut asked = Vec::new();
        for (place, server) in self.servers.iter().enumerate() {
            let which: Vec<usize> = (0..addresses.len()).filter(|at| to_ask[*at].contains(&place)).collect();
            let some: Vec<Address> = which.iter().map(|at| addresses[*at].clone()).collect();
            if !some.is_empty() {
                let server = Arc::clone(server);
                let (theirs, count) = (some.clone(), some.len());
                let answers = tokio::spawn(async move { server.ask(&theirs).await });
                asked.push((place, which, some, answers, count));
            }
        }
        for (place, which, some, answers, count) in asked {
            let server = &self.servers[place];
            let answers = match timeout_at(end, answers).await {
                Ok(Ok(answers)) => answers,
                _ => vec![Err(LdapError::Late); count],
            };
            self.keep(server, &some, &answers);
            for ((at, address), answer) in which.into_iter().zip(&some).zip(answers) {
                self.join(&mut all[at], server, address, answer, now);
            }
        }
        all.into_iter().map(Gathered::lookup).collect()
    }

    /// Where a directory did not answer, what it said before is better than nothing; but it is not its last word.
    fn join(&self, to: &mut Gathered, of: &LdapDirectory, address: &Address, answer: Result<Answer, LdapError>, now: UnixTime) {
        match answer {
            Ok(answer) => to.add(&of.server, answer, now),
            Err(error) => {
                to.away = to.away.take().or_else(|| Some(error.explain(&of.server)));
                if let Ok(Some(cached)) = self.cache.of(&of.server, address)
                    && cached.age(&of.server.life, now) != Age::Gone
                {
                    to.add(&of.server, cached.answer, UnixTime(cached.asked));
                }
            }
        }
    }

    /// What the disk does not take is asked again.
    fn keep(&self, server: &LdapDirectory, addresses: &[Address], answers: &[Result<Answer, LdapError>]) {
        for (address, answer) in addresses.iter().zip(answers) {
            if let Ok(answer) = answer
                && let Err(error) = self.cache.put(&server.server, address, answer, clock())
            {
                tracing::warn!(%error, "an answer of a directory could not be kept");
                return;
            }
        }
    }
}

impl Directory for Book {
    fn known<'a>(&'a self, addresses: &'a [Address]) -> Pending<'a, Vec<Lookup>> {
        let now = clock();
        Box::pin(async move { addresses.iter().map(|address| self.at_hand(address, now).0.lookup()).collect() })
    }

    fn find<'a>(&'a self, addresses: &'a [Address]) -> Pending<'a, Vec<Lookup>> {
        Box::pin(self.everywhere(addresses))
    }
}

impl Gathered {
    fn add(&mut self, of: &DirectoryServer, answer: Answer, as_of: UnixTime) {
        let candidates = answer.certificates.into_iter().map(|held| held.candidate(&of.name, as_of));
        self.candidates.extend(candidates);
        self.people
            .extend(answer.people.into_iter().map(|known| known.person(&of.name, as_of)));
        self.away = self.away.take().or_else(|| answer.gap.map(|gap| gap.explain(&of.name)));
    }

    /// Each certificate once, under the source that comes first.
    fn lookup(mut self) -> Lookup {
        let mut candidates: Vec<Candidate> = Vec::new();
        for candidate in self.candidates.drain(..) {
            if !candidates
                .iter()
                .any(|c| c.der == candidate.der && c.is_confirmed() == candidate.is_confirmed())
            {
                candidates.push(candidate);
            }
        }
        match (candidates.is_empty(), self.away) {
            (false, None) => Lookup::Found(candidates),
            (false, Some(away)) => Lookup::FoundPartly(candidates, Box::new(away)),
            (true, Some(away)) => Lookup::Unavailable(Box::new(away)),
            (true, None) if self.people.is_empty() => Lookup::NotFound,
            (true, None) => Lookup::Ambiguous(self.people),
        }
    }
}
