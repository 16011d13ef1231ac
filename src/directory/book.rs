//! The certificate book: what the home has, what directories have answered, and the directories themselves, as one.

use super::answer::{Answer, names};
use super::cache::{Age, Cache, Cached};
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
use tokio::task::JoinHandle;
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

/// Whether what is known here has been found wanting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WillDo {
    Perhaps,
    No,
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
            // While the keys of the home are awaited nothing of it can be read. Reading all of it takes a while.
            let due = tokio::task::block_in_place(|| self.cache.due(&server.server, clock())).unwrap_or_default();
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

    /// What the home has, and what directories have answered of late; and, by their place, those that have not, or whose answer
    /// will not do: whoever was revoked since may have another certificate by now.
    fn at_hand(&self, address: &Address, now: UnixTime, will_do: WillDo) -> (Gathered, Vec<usize>) {
        let mut gathered = self.of_home(address).unwrap_or_else(|away| Gathered {
            away: Some(away),
            ..Gathered::default()
        });
        let mut to_ask = Vec::new();
        for (place, server) in self.servers.iter().enumerate() {
            match self.cached(server, address, now) {
                Some((Age::Fresh, cached)) if will_do == WillDo::Perhaps || cached.is_news(&server.server.life, now) => {
                    self.cache.used(&cached, now);
                    gathered.add(&server.server, cached.answer, UnixTime(cached.asked));
                }
                _ => to_ask.push(place),
            }
        }
        (gathered, to_ask)
    }

    fn cached(&self, server: &LdapDirectory, address: &Address, now: UnixTime) -> Option<(Age, Cached)> {
        let cached = self.cache.of(&server.server, address).ok()??;
        Some((cached.age(&server.server.life, now), cached))
    }

    /// Asks every directory side by side for the addresses of which it has said nothing of late.
    async fn everywhere(&self, addresses: &[Address]) -> Vec<Lookup> {
        let now = clock();
        let (mut all, to_ask): (Vec<Gathered>, Vec<Vec<usize>>) = addresses.iter().map(|a| self.at_hand(a, now, WillDo::No)).unzip();
        let end = Instant::now() + Duration::from_secs(LOOKUP_SECONDS_MAX);
        let mut asked = Vec::new();
        for (place, server) in self.servers.iter().enumerate() {
            let mut question = Question::default();
            for (at, address) in addresses.iter().enumerate().filter(|(at, _)| to_ask[*at].contains(&place)) {
                match server
                    .away()
                    .filter(|_| matches!(self.cached(server, address, now), Some((Age::Fresh | Age::Stale, _))))
                {
                    Some(away) => self.join(&mut all[at], server, address, Err(away), now),
                    None => question.add(at, address),
                }
            }
            if !question.addresses.is_empty() {
                asked.push((server, question.ask(server)));
            }
        }
        for (server, (question, answers)) in asked {
            let answers = match timeout_at(end, answers).await {
                Ok(Ok(answers)) => answers,
                _ => vec![Err(LdapError::Late); question.addresses.len()],
            };
            self.keep(server, &question.addresses, &answers);
            for ((at, address), answer) in question.places.iter().zip(&question.addresses).zip(answers) {
                self.join(&mut all[*at], server, address, answer, now);
            }
        }
        all.into_iter()
            .zip(addresses)
            .map(|(gathered, address)| gathered.lookup(address))
            .collect()
    }

    /// Where a directory did not answer, what it said before is better than nothing; but it is not its last word.
    fn join(&self, to: &mut Gathered, of: &LdapDirectory, address: &Address, answer: Result<Answer, LdapError>, now: UnixTime) {
        match answer {
            Ok(answer) => to.add(&of.server, answer, now),
            Err(error) => {
                to.away = to.away.take().or_else(|| Some(error.explain(&of.server)));
                if let Some((Age::Fresh | Age::Stale, cached)) = self.cached(of, address, now) {
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
        let answer = move |address| self.at_hand(address, now, WillDo::Perhaps).0.lookup(address);
        Box::pin(async move { addresses.iter().map(answer).collect() })
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

    /// Each certificate once, under the source that comes first. Where those that were found are all made out to others, who
    /// may be meant is of more use.
    fn lookup(mut self, address: &Address) -> Lookup {
        let mut candidates: Vec<Candidate> = Vec::new();
        for candidate in self.candidates.drain(..) {
            if !candidates
                .iter()
                .any(|c| c.der == candidate.der && c.is_confirmed() == candidate.is_confirmed())
            {
                candidates.push(candidate);
            }
        }
        if !self.people.is_empty() && !candidates.iter().any(|c| c.is_confirmed() || names(&c.der, address)) {
            candidates.clear();
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

/// The addresses that one directory is asked for, and their places among all.
#[derive(Default)]
struct Question {
    places: Vec<usize>,
    addresses: Vec<Address>,
}

type Answers = JoinHandle<Vec<Result<Answer, LdapError>>>;

impl Question {
    fn add(&mut self, at: usize, address: &Address) {
        self.places.push(at);
        self.addresses.push(address.clone());
    }

    /// Begins to ask.
    fn ask(self, server: &Arc<LdapDirectory>) -> (Self, Answers) {
        let (server, addresses) = (Arc::clone(server), self.addresses.clone());
        (self, tokio::spawn(async move { server.ask(&addresses).await }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::answer::{Held, Known};
    use crate::store::CertificateFolder;

    const HOUR: i64 = 3600;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_deaf_directory_is_waited_for_once_where_something_older_will_do() {
        let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_guard, book) = book(deaf.local_addr().unwrap().port());
        let [bob, carol] = ["bob@lab.test", "carol@lab.test"].map(|a| Address::parse(a).unwrap());
        book.cache.put(server(&book), &bob, &somebody(), clock().plus(-25 * HOUR)).unwrap();
        assert_eq!(
            book.known(std::slice::from_ref(&bob)).await,
            [Lookup::NotFound],
            "too old to be believed unasked"
        );
        for seconds in [1, 0] {
            let began = Instant::now();
            let found = book.find(std::slice::from_ref(&bob)).await.remove(0);
            assert_eq!(began.elapsed().as_secs(), seconds);
            let Lookup::FoundPartly(candidates, away) = found else {
                panic!("{found:?}")
            };
            assert_eq!((candidates.len(), away.code), (1, "SP-LDAP-TIME"));
            assert!(candidates[0].as_of.unwrap() < clock().plus(-24 * HOUR));
        }
        // Who has nothing older is asked for all the same: it may be there again.
        let found = book.find(&[bob, carol]).await;
        assert!(matches!(&found[..], [Lookup::FoundPartly(..), Lookup::Unavailable(_)]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_answer_that_will_not_do_is_asked_anew_before_it_is_old() {
        let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_guard, book) = book(deaf.local_addr().unwrap().port());
        let bob = [Address::parse("bob@lab.test").unwrap()];
        for (hours, is_asked) in [(0, false), (2, true)] {
            book.cache
                .put(server(&book), &bob[0], &somebody(), clock().plus(-hours * HOUR))
                .unwrap();
            assert!(matches!(&book.known(&bob).await[..], [Lookup::Found(_)]));
            assert_eq!(matches!(&book.find(&bob).await[..], [Lookup::FoundPartly(..)]), is_asked, "{hours}");
        }
    }

    #[tokio::test]
    async fn who_may_be_meant_is_of_more_use_than_certificates_of_others() {
        let (_guard, book) = book(1);
        let bob = Address::parse("bob@lab.test").unwrap();
        let answer = Answer {
            people: vec![Known {
                name: "Bob".into(),
                addresses: Vec::new(),
                certificates: somebody().certificates,
            }],
            ..somebody()
        };
        book.cache.put(server(&book), &bob, &answer, clock()).unwrap();
        let asked = [bob.clone()];
        assert!(matches!(&book.known(&asked).await[..], [Lookup::Ambiguous(people)] if people[0].directory == "a"));
        book.cache.put(server(&book), &bob, &somebody(), clock()).unwrap();
        assert!(matches!(&book.known(&asked).await[..], [Lookup::Found(candidates)] if candidates.len() == 1));
        assert!(matches!(&book.find(&asked).await[..], [Lookup::Found(_)]), "nobody is asked");
    }

    fn server(book: &Book) -> &DirectoryServer {
        &book.servers[0].server
    }

    fn somebody() -> Answer {
        Answer {
            certificates: vec![Held {
                der: vec![0x30, 0],
                issuers: Vec::new(),
            }],
            ..Answer::default()
        }
    }

    fn book(port: u16) -> (tempfile::TempDir, Book) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let text = format!(
            "[[directory]]\nname = \"a\"\nurl = \"ldap://127.0.0.1:{port}\"\nstarttls = false\nbase = \"o=x\"\ntimeout_seconds = 1\n"
        );
        let config = crate::config::parse::parse(&text).unwrap();
        let imported = LocalDirectory::new(CertificateFolder::new(home.certificates()), |_| Default::default());
        let book = Book::new(imported, &home, &Secrets::ephemeral().unwrap(), &config);
        (guard, book)
    }
}
