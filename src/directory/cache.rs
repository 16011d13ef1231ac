//! What directories have answered, kept for a while: sealed, for the addresses that were looked up are those who are written to.

use super::answer::Answer;
use crate::base::{Address, UnixTime};
use crate::config::{DirectoryServer, Life};
use crate::store::{Home, Records, Secrets, StoreError};
use serde::{Deserialize, Serialize};

/// Answers of all directories.
#[derive(Clone, Debug)]
pub struct Cache {
    records: Records,
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cached {
    /// The address that was asked.
    pub address: String,
    /// Whose answer it is, as [`place`] says.
    place: [String; 3],
    /// When it was given, in seconds since 1970.
    pub asked: i64,
    /// When it was last of use.
    used: i64,
    /// What was said.
    pub answer: Answer,
}

/// What an answer is worth by now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Age {
    /// As good as a new one.
    Fresh,
    /// Better than none, where the directory does not answer.
    Stale,
    /// Nothing.
    Gone,
}

/// Of this age it is asked again in the background, so that nobody waits for it.
const DUE: (i64, i64) = (3, 4);
/// Between two notes that an answer was of use.
const NOTED_EVERY: i64 = 86_400;

impl Cache {
    /// Nothing is read before the first question.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            records: Records::cached(home, "lookups", secrets),
        }
    }

    /// The last answer of a directory, whatever its age.
    pub fn of(&self, directory: &DirectoryServer, address: &Address) -> Result<Option<Cached>, StoreError> {
        let record = self.records.of_name(&name(&place(directory), address.folded()))?;
        Ok(record.and_then(|record| serde_json::from_slice(record.expose()).ok()))
    }

    /// Keeps an answer, if it is a whole one.
    pub fn put(&self, directory: &DirectoryServer, address: &Address, answer: &Answer, now: UnixTime) -> Result<(), StoreError> {
        if answer.gap.is_some() {
            return Ok(());
        }
        self.write(&Cached {
            address: address.folded().to_owned(),
            place: place(directory),
            asked: now.0,
            used: now.0,
            answer: answer.clone(),
        })
    }

    /// Notes that an answer was of use: it is kept fresh for as long as it is.
    pub fn used(&self, cached: &Cached, now: UnixTime) {
        if cached.used + NOTED_EVERY <= now.0 {
            let noted = Cached {
                used: now.0,
                ..cached.clone()
            };
            // It would be asked again when it is needed, no more.
            let _ = self.write(&noted);
        }
    }

    /// Addresses whose certificates are to be asked again. What is of no use any more is forgotten.
    pub fn due(&self, directory: &DirectoryServer, now: UnixTime) -> Result<Vec<Address>, StoreError> {
        let mut due = Vec::new();
        for cached in self.all()?.iter().filter(|cached| cached.place == place(directory)) {
            let idle = now.0 - cached.used > directory.life.keep;
            if idle || cached.age(&directory.life, now) == Age::Gone {
                // Removed meanwhile by another process, or it stays until the next time.
                let _ = self.records.remove(&name(&cached.place, &cached.address));
            } else if !cached.answer.is_empty() && now.0 - cached.asked >= directory.life.fresh * DUE.0 / DUE.1 {
                due.extend(Address::parse(&cached.address));
            }
        }
        Ok(due)
    }

    /// Every answer that is kept.
    pub fn all(&self) -> Result<Vec<Cached>, StoreError> {
        let records = self.records.all()?;
        Ok(records.iter().filter_map(|r| serde_json::from_slice(r.expose()).ok()).collect())
    }

    fn write(&self, cached: &Cached) -> Result<(), StoreError> {
        // Strings, numbers and lists of them: nothing that JSON could not say.
        let record = serde_json::to_vec(cached).unwrap_or_default();
        self.records.put(&name(&cached.place, &cached.address), &record)
    }
}

impl Cached {
    /// What it is worth. An answer from the future, after a clock was set right, is asked again.
    pub fn age(&self, life: &Life, now: UnixTime) -> Age {
        let age = now.0 - self.asked;
        let fresh = if self.answer.is_empty() { life.absent } else { life.fresh };
        match age {
            0.. if age < fresh => Age::Fresh,
            _ if self.answer.is_empty() || age > life.keep => Age::Gone,
            _ => Age::Stale,
        }
    }

    /// Whether it is too new to be asked again even where nothing in it will do.
    pub fn is_news(&self, life: &Life, now: UnixTime) -> bool {
        (0..life.absent).contains(&(now.0 - self.asked))
    }

    /// The name of the directory.
    pub fn directory(&self) -> &str {
        &self.place[0]
    }
}

/// A directory is another one when its name, its place or its branch has changed.
fn place(directory: &DirectoryServer) -> [String; 3] {
    let server = &directory.server;
    [
        directory.name.clone(),
        format!("{}:{}", server.host, server.port),
        directory.base.clone(),
    ]
}

fn name<'a>(place: &'a [String; 3], address: &'a str) -> [&'a [u8]; 5] {
    let [name, server, base] = place;
    [b"lookup", name.as_bytes(), server.as_bytes(), base.as_bytes(), address.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::answer::Held;

    const HOUR: i64 = 3600;

    #[test]
    fn an_answer_ages() {
        let (_guard, cache, directory, bob) = cache();
        let ages = |answer: &Answer, hours: &[i64]| -> Vec<Age> {
            cache.put(&directory, &bob, answer, UnixTime(0)).unwrap();
            let cached = cache.of(&directory, &bob).unwrap().unwrap();
            hours.iter().map(|h| cached.age(&directory.life, UnixTime(h * HOUR))).collect()
        };
        assert_eq!(
            ages(&somebody(), &[0, 23, 24, 24 * 30, 24 * 30 + 1, -1]),
            [Age::Fresh, Age::Fresh, Age::Stale, Age::Stale, Age::Gone, Age::Stale]
        );
        assert_eq!(ages(&Answer::default(), &[0, 1, -1]), [Age::Fresh, Age::Gone, Age::Gone]);
    }

    #[test]
    fn what_is_used_is_asked_again_in_time_and_the_rest_forgotten() {
        let (_guard, cache, directory, bob) = cache();
        let carol = Address::parse("carol@lab.test").unwrap();
        cache.put(&directory, &bob, &somebody(), UnixTime(0)).unwrap();
        cache.put(&directory, &carol, &Answer::default(), UnixTime(0)).unwrap();
        assert_eq!(cache.due(&directory, UnixTime(1)).unwrap(), []);
        assert_eq!(cache.due(&directory, UnixTime(18 * HOUR)).unwrap(), std::slice::from_ref(&bob));
        assert!(cache.of(&directory, &carol).unwrap().is_none(), "that there is nobody is forgotten");
        let month = 24 * HOUR * 30;
        cache.used(&cache.of(&directory, &bob).unwrap().unwrap(), UnixTime(month));
        assert_eq!(cache.due(&directory, UnixTime(month)).unwrap(), std::slice::from_ref(&bob));
        assert_eq!(cache.due(&directory, UnixTime(month + HOUR)).unwrap(), []);
        assert!(cache.all().unwrap().is_empty(), "too old to serve");
    }

    #[test]
    fn an_answer_with_a_gap_is_not_kept_and_another_branch_is_another_directory() {
        let (_guard, cache, directory, bob) = cache();
        let cut = Answer {
            gap: Some(crate::directory::answer::Gap::TooMany),
            ..somebody()
        };
        cache.put(&directory, &bob, &cut, UnixTime(0)).unwrap();
        assert!(cache.of(&directory, &bob).unwrap().is_none());
        cache.put(&directory, &bob, &somebody(), UnixTime(0)).unwrap();
        let other = DirectoryServer {
            base: "o=y".into(),
            ..directory.clone()
        };
        assert!(cache.of(&other, &bob).unwrap().is_none());
        assert_eq!(cache.of(&directory, &bob).unwrap().unwrap().answer, somebody());
    }

    fn somebody() -> Answer {
        Answer {
            certificates: vec![Held {
                der: vec![0x30, 0],
                issuers: vec![vec![0x30, 1]],
            }],
            ..Answer::default()
        }
    }

    fn cache() -> (tempfile::TempDir, Cache, DirectoryServer, Address) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let text = "[[directory]]\nname = \"a\"\nurl = \"ldaps://h\"\nbase = \"o=x\"\n";
        let directory = crate::config::parse::parse(text).unwrap().directories.remove(0);
        let cache = Cache::new(&home, &Secrets::ephemeral().unwrap());
        (guard, cache, directory, Address::parse("bob@lab.test").unwrap())
    }
}
