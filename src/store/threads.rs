//! Secure threads: which Message-IDs were sealed, so that a reply to one is sealed too (requirements K.4). Only an HMAC
//! and a date are kept, for 18 months.

use super::lines::OnDisk;
use super::table::{Key, Table};
use super::{Home, Purpose, Secrets, StoreError};
use crate::base::UnixTime;
use crate::base::limits::{THREAD_DAYS_MAX, THREADS_MAX};
use crate::policy::threads::bare;

/// The thread memory of a home.
#[derive(Debug)]
pub struct Threads {
    table: Table,
    secrets: Secrets,
}

impl Threads {
    /// Opens the memory; what is older than 18 months is forgotten when it is first read.
    pub fn open(home: &Home, secrets: &Secrets, now: UnixTime) -> Result<Self, StoreError> {
        let table = Table::open(home, home.threads(), THREADS_MAX, move |since| is_fresh(*since, now))?;
        Ok(Self {
            table,
            secrets: secrets.clone(),
        })
    }

    /// Reads it now, so that nobody waits for it later.
    pub fn read_ahead(&self) -> Result<(), StoreError> {
        self.table.read_ahead()
    }

    /// Remembers that this message was sealed, or came sealed. On disk when this returns.
    pub fn remember(&self, message_id: &str, now: UnixTime) -> Result<(), StoreError> {
        self.table.put(&self.key(message_id)?, now.0, OnDisk::Now)
    }

    /// Remembers that this message left over the channel of the space of trust, not encrypted for all. On disk when this returns.
    pub fn remember_over_channel(&self, message_id: &str, now: UnixTime) -> Result<(), StoreError> {
        self.table.put(&self.over_channel(message_id)?, now.0, OnDisk::Now)
    }

    /// The same as [`Threads::remember`] for a message that came: its View is at hand for as long as anybody can answer it.
    pub fn remember_received(&self, message_id: &str, now: UnixTime) -> Result<(), StoreError> {
        self.table.put(&self.key(message_id)?, now.0, OnDisk::Soon)
    }

    /// Gives the disk what it did not take before.
    pub fn write_what_waits(&self) {
        self.table.write_what_waits();
    }

    /// True when one of these (In-Reply-To, References) was sealed. An error is no `false`: the caller must not send in clear.
    pub fn knows<'a>(&self, message_ids: impl IntoIterator<Item = &'a str>, now: UnixTime) -> Result<bool, StoreError> {
        let mut names = Vec::new();
        for message_id in message_ids {
            // As written, too: that is how they were remembered once.
            let written = message_id.trim().trim_start_matches('<').trim_end_matches('>');
            names.push(self.key(message_id)?);
            if bare(message_id) != written {
                names.push(self.named(written)?);
            }
        }
        self.knows_one(&names, now)
    }

    /// True when one of these left over that channel. An error is no `false` here either.
    pub fn knows_over_channel<'a>(&self, message_ids: impl IntoIterator<Item = &'a str>, now: UnixTime) -> Result<bool, StoreError> {
        let names: Result<Vec<Key>, StoreError> = message_ids.into_iter().map(|id| self.over_channel(id)).collect();
        self.knows_one(&names?, now)
    }

    fn knows_one(&self, names: &[Key], now: UnixTime) -> Result<bool, StoreError> {
        let known = self.table.values(names)?;
        Ok(known.into_iter().flatten().any(|since| is_fresh(since, now)))
    }

    fn over_channel(&self, message_id: &str) -> Result<Key, StoreError> {
        let mac = self
            .secrets
            .mac(Purpose::Threads, &[b"over channel", bare(message_id).as_bytes()])?;
        mac.first_chunk().copied().ok_or(StoreError::Crypto)
    }

    fn key(&self, message_id: &str) -> Result<Key, StoreError> {
        self.named(&bare(message_id))
    }

    fn named(&self, name: &str) -> Result<Key, StoreError> {
        let mac = self.secrets.mac(Purpose::Threads, &[name.as_bytes()])?;
        mac.first_chunk().copied().ok_or(StoreError::Crypto)
    }
}

/// A date in the future (a clock that was wrong) counts as fresh: the error is on the side of sealing.
fn is_fresh(since: i64, now: UnixTime) -> bool {
    now.0.saturating_sub(since) <= THREAD_DAYS_MAX * 86_400
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_remembered_as_it_was_written_is_still_known() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let threads = Threads::open(&home, &Secrets::ephemeral().unwrap(), UnixTime(0)).unwrap();
        threads.table.put(&threads.named("A@b.fr").unwrap(), 0, OnDisk::Now).unwrap();
        assert!(threads.knows(["<A@b.fr>"], UnixTime(1)).unwrap());
    }

    #[test]
    fn a_reply_is_known_for_eighteen_months() {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let (day0, last) = (UnixTime(1_000_000_000), UnixTime(1_000_000_000 + THREAD_DAYS_MAX * 86_400));
        let threads = Threads::open(&home, &secrets, day0).unwrap();
        threads.remember("<a@b.fr>", day0).unwrap();
        assert!(threads.knows(["<x@y>", " a@b.fr "], last).unwrap());
        assert!(!threads.knows(["<a@b.fr>"], last.plus(1)).unwrap());
        assert!(threads.knows(["<A@B.fr>"], day0).unwrap(), "some programs change the case");
        assert!(Threads::open(&home, &secrets, last).unwrap().knows(["<a@b.fr>"], last).unwrap());
        threads.remember_over_channel("<c@d>", day0).unwrap();
        assert!(!threads.knows(["<c@d>"], last).unwrap() && threads.knows_over_channel(["<x@y>", "C@d"], last).unwrap());
        assert!(!threads.knows_over_channel(["<a@b.fr>"], last).unwrap());
        assert!(!std::fs::read_to_string(home.threads()).unwrap().contains("b.fr"));
        Threads::open(&home, &secrets, last.plus(1)).unwrap().read_ahead().unwrap();
        assert_eq!(
            std::fs::read_to_string(home.threads()).unwrap().lines().count(),
            1,
            "forgotten on disk too"
        );
    }
}
