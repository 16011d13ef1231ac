//! Content keys that a card has unwrapped once, sealed: what they open is read again without the card.
//!
//! A record answers one question, and that one only: its name is a MAC of all that a card's answer hangs on
//! (`WrappedKey::to_octets`, the card's certificate). Whoever puts the wrapped octets of one message into another asks another
//! question, or gets what the card itself would say.

use super::lines::OnDisk;
use super::seal::{seal, unseal};
use super::table::{Key, Table, Value};
use super::{Home, Purpose, Secrets, StoreError, hex};
use crate::base::limits::{CONTENT_KEY_MAX, CONTENT_KEYS_MAX};
use crate::base::{Secret, UnixTime};
use crate::pki::Certificate;
use crate::smime::port::WrappedKey;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use zeroize::Zeroizing;

const DAY: i64 = 86_400;

/// The content keys of a home. The file is read at the first use: where all keys are software nothing is ever read.
#[derive(Debug)]
pub struct ContentKeys {
    home: Home,
    secrets: Secrets,
    /// Seconds that a record lives; none: nothing is kept.
    life: i64,
    table: OnceLock<Table<Kept>>,
    /// The day on which what had outlived its time was looked for.
    tidied: AtomicI64,
}

/// What there was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// No content key.
    Nothing,
    /// One at least.
    Some,
}

/// One line: since when, by which own key, and the content key.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Kept {
    since: i64,
    by: Tag,
    sealed: String,
}

/// Names an own certificate without telling which.
type Tag = [u8; 8];

impl Value for Kept {}

impl ContentKeys {
    /// Those of this home, each remembered for so many days; 0: none is kept.
    pub fn new(home: &Home, secrets: &Secrets, days: u32) -> Self {
        Self {
            home: home.clone(),
            secrets: secrets.clone(),
            life: i64::from(days) * DAY,
            table: OnceLock::new(),
            tidied: AtomicI64::default(),
        }
    }

    /// Whether anything is to be kept.
    pub fn keeps(&self) -> bool {
        self.life > 0
    }

    /// What the key of this certificate has unwrapped; `None`: it is not known, or was not sealed here as the answer to this.
    pub fn of(&self, own: &Certificate, wrapped: &WrappedKey, now: UnixTime) -> Result<Option<Secret>, StoreError> {
        if !self.keeps() {
            return Ok(None);
        }
        let name = self.name(own, wrapped)?;
        let kept = self.table(now)?.value(&name)?;
        let Some(kept) = kept.filter(|kept| is_fresh(kept.since, self.life, now)) else {
            return Ok(None);
        };
        let sealed = base64_simd::STANDARD.decode_to_vec(kept.sealed.as_bytes()).unwrap_or_default();
        let plain = unseal(&self.secrets.key(Purpose::ContentKeys)?, &kept.bound(&name), &sealed);
        Ok(plain.as_ref().and_then(unpadded))
    }

    /// Keeps what the key of this certificate has unwrapped, unless it is known: its time runs from the card's answer.
    pub fn put(&self, own: &Certificate, wrapped: &WrappedKey, content_key: &Secret, now: UnixTime) -> Result<(), StoreError> {
        let Some(plain) = padded(content_key).filter(|_| self.keeps()) else {
            return Ok(());
        };
        if self.of(own, wrapped, now)?.is_some() {
            return Ok(());
        }
        let name = self.name(own, wrapped)?;
        let mut kept = Kept {
            since: now.0,
            by: tag(&self.secrets, own)?,
            sealed: String::new(),
        };
        let sealed = seal(&self.secrets.key(Purpose::ContentKeys)?, &kept.bound(&name), &plain)?;
        kept.sealed = base64_simd::STANDARD.encode_to_string(sealed);
        self.table(now)?.put(&name, kept, OnDisk::Soon)?;
        self.tidy(now)
    }

    /// Forgets all of them; what there was.
    pub fn wipe(&self) -> Result<Held, StoreError> {
        let table = open(&self.home, |_| true)?;
        if table.is_empty()? {
            return Ok(Held::Nothing);
        }
        table.clear()?;
        Ok(Held::Some)
    }

    /// Whether all was wiped, here or by another process, since this was asked last. Costs one look at the folder, and nothing
    /// where none was ever asked for.
    pub fn was_wiped(&self) -> bool {
        self.table.get().is_some_and(Table::was_emptied)
    }

    /// A program may run for weeks.
    fn tidy(&self, now: UnixTime) -> Result<(), StoreError> {
        let today = now.0.div_euclid(DAY);
        if self.tidied.swap(today, Ordering::Relaxed) == today {
            return Ok(());
        }
        self.table(now)?.retain(|kept| is_fresh(kept.since, self.life, now))
    }

    fn table(&self, now: UnixTime) -> Result<&Table<Kept>, StoreError> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let life = self.life;
        let opened = open(&self.home, move |kept| is_fresh(kept.since, life, now))?;
        Ok(self.table.get_or_init(|| opened))
    }

    fn name(&self, own: &Certificate, wrapped: &WrappedKey) -> Result<Key, StoreError> {
        let mac = self
            .secrets
            .mac(Purpose::ContentKeys, &[b"wrapped", own.der(), &wrapped.to_octets()])?;
        mac.first_chunk().copied().ok_or(StoreError::Crypto)
    }
}

/// Forgets all of them, without any key. A running relay notices.
pub fn wipe(home: &Home) -> Result<(), StoreError> {
    open(home, |_| true)?.clear()
}

/// Forgets what the key of this certificate has unwrapped.
pub fn forget(home: &Home, secrets: &Secrets, own: &Certificate) -> Result<(), StoreError> {
    let tag = tag(secrets, own)?;
    open(home, |_| true)?.retain(|kept| kept.by != tag)
}

fn open(home: &Home, keep: impl Fn(&Kept) -> bool + Send + Sync + 'static) -> Result<Table<Kept>, StoreError> {
    Ok(Table::open(home, home.content_keys(), CONTENT_KEYS_MAX, keep)?.forgetful())
}

fn tag(secrets: &Secrets, own: &Certificate) -> Result<Tag, StoreError> {
    let mac = secrets.mac(Purpose::ContentKeys, &[b"by", own.der()])?;
    mac.first_chunk().copied().ok_or(StoreError::Crypto)
}

impl Kept {
    /// A line whose date or owner was changed does not open.
    fn bound(&self, name: &Key) -> Vec<u8> {
        [&name[..], &self.since.to_be_bytes(), &self.by].concat()
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.since, hex::encode(&self.by), self.sealed)
    }
}

impl FromStr for Kept {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().ok_or(());
        Ok(Self {
            since: part()?.parse().map_err(|_| ())?,
            by: hex::decode(part()?).and_then(|tag| tag.try_into().ok()).ok_or(())?,
            sealed: part()?.to_owned(),
        })
    }
}

/// A clock that was a day ahead is forgiven; what is said to come from farther in the future has no age, and is not used.
fn is_fresh(since: i64, life: i64, now: UnixTime) -> bool {
    (-DAY..life).contains(&now.0.saturating_sub(since))
}

/// Its length, the key, zeros: each record has the same size. `None`: too long to be a key of any cipher here.
fn padded(content_key: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let key = content_key.expose();
    let length = u8::try_from(key.len()).ok().filter(|_| key.len() <= CONTENT_KEY_MAX)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(1 + CONTENT_KEY_MAX));
    plain.push(length);
    plain.extend_from_slice(key);
    plain.resize(1 + CONTENT_KEY_MAX, 0);
    Some(plain)
}

fn unpadded(plain: &Secret) -> Option<Secret> {
    let (length, rest) = plain.expose().split_first()?;
    rest.get(..usize::from(*length)).map(|key| Secret::new(key.to_vec()))
}

#[cfg(test)]
mod tests;
