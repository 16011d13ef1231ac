//! One list from its place into the home: what broke off goes on where it stopped, what comes is believed when its signature holds.

use super::Published;
use super::refresh::Event;
use crate::base::UnixTime;
use crate::base::limits::{LIST_HEADER_MAX, LIST_OCTETS_MAX};
use crate::net::http::{Client, Content, Got, Held, Part, Url};
use crate::pki::Trust;
use crate::pki::revocation::List;
use crate::store::lists::{KeptList, Origin, Refusal, Watch};
use crate::store::{StoreError, atomic};
use crate::text::{Explain, Explanation, revocation as say};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How it went.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A newer list is held.
    Kept(Arc<KeptList>),
    /// What is held is the newest there is.
    Unchanged,
    /// Another process is fetching it.
    Elsewhere,
    /// Nothing came that may be believed; what was held still is.
    Failed(Explanation),
}

/// Everything that fetching one list hangs on.
pub(super) struct Fetching<'a> {
    pub(super) published: &'a Published,
    pub(super) client: &'a Client,
    pub(super) trust: &'a Arc<Trust>,
    pub(super) now: UnixTime,
    pub(super) see: &'a (dyn Fn(Event) + Send + Sync),
}

impl Fetching<'_> {
    pub(super) async fn one(&self, place: &str, watch: &Watch) -> Outcome {
        match self.fetch(place, watch).await {
            Ok(outcome) => outcome,
            Err(why) => Outcome::Failed(why),
        }
    }

    async fn fetch(&self, place: &str, watch: &Watch) -> Result<Outcome, Explanation> {
        let Some(url) = Url::parse(place) else {
            return self.ask_directory(place, watch).await;
        };
        let lists = &self.published.lists;
        let path = lists.partial(place).map_err(|e| e.explain())?;
        let Some(mut partial) = Partial::open(&path).map_err(|e| e.explain())? else {
            return Ok(Outcome::Elsewhere);
        };
        let held = lists.of_url(place);
        let origin = held.as_ref().map(|list| list.origin());
        let question = Held {
            etag: origin.and_then(|o| o.etag.as_deref()),
            modified: origin.and_then(|o| o.modified.as_deref()),
            part: partial.part(),
        };
        match self.client.get(&url, question, LIST_OCTETS_MAX).await {
            Ok(Got::NotModified) if held.is_some() => Ok(Outcome::Unchanged),
            Ok(Got::NotModified) => Err(say::list_unreadable()),
            Ok(Got::Content(content)) => {
                let origin = self.download(place, content, &mut partial).await?;
                let whole = partial.whole().map_err(|e| e.explain())?;
                self.keep(whole, origin, watch).await
            }
            Err(error) => Err(error.explain()),
        }
    }

    /// What came is written down as it comes: whoever is stopped goes on from there.
    async fn download(&self, place: &str, mut content: Content, partial: &mut Partial) -> Result<Origin, Explanation> {
        let origin = Origin {
            url: place.to_owned(),
            etag: content.etag.clone(),
            modified: content.modified.clone(),
        };
        partial.begin(content.after, &origin).map_err(|e| e.explain())?;
        let (mut octets, mut told) = (content.after, 0);
        loop {
            match content.next().await {
                Ok(Some(piece)) => {
                    partial.write(&piece).map_err(|e| e.explain())?;
                    octets += piece.len() as u64;
                    if octets - told >= TOLD_EACH {
                        told = octets;
                        (self.see)(Event::came(place, octets, content.total));
                    }
                }
                Ok(None) => return Ok(origin),
                Err(error @ crate::net::http::HttpError::TooLarge { .. }) => {
                    partial.forget();
                    return Err(error.explain());
                }
                Err(error) => return Err(error.explain()),
            }
        }
    }

    async fn ask_directory(&self, place: &str, watch: &Watch) -> Result<Outcome, Explanation> {
        let der = self.published.directory.fetch(place).await?;
        let origin = Origin {
            url: place.to_owned(),
            ..Origin::default()
        };
        self.keep(der, origin, watch).await
    }

    /// Checked and sorted on a thread of its own, few octets of lists at a time.
    async fn keep(&self, der: Vec<u8>, origin: Origin, watch: &Watch) -> Result<Outcome, Explanation> {
        let kib = u32::try_from(der.len() >> 10).unwrap_or(u32::MAX).clamp(1, super::READ_AT_ONCE_KIB);
        let reading = Arc::clone(&self.published.reading);
        // The semaphore is never closed.
        let room = reading.acquire_many_owned(kib).await.ok();
        let (lists, trust) = (Arc::clone(&self.published.lists), Arc::clone(self.trust));
        let (watch, now) = (watch.clone(), self.now);
        let kept = tokio::task::spawn_blocking(move || {
            let _room = room;
            let held = lists.of_url(&origin.url);
            let kept = lists.keep(der, &origin, &watch, &trust, now);
            kept.map(|list| (is_the_same(held.as_deref(), &list), list))
        });
        match kept.await {
            Ok(Ok((true, _))) => Ok(Outcome::Unchanged),
            Ok(Ok((false, list))) => Ok(Outcome::Kept(list)),
            Ok(Err(refusal)) => Err(refusal.explain()),
            Err(_) => Err(Refusal::Unreadable.explain()),
        }
    }
}

/// A server that takes no conditions gives the same list again.
fn is_the_same(held: Option<&KeptList>, kept: &KeptList) -> bool {
    held.is_some_and(|held| held.head() == kept.head() && held.entries() == kept.entries())
}

/// Octets between two words on how far a list has come.
const TOLD_EACH: u64 = 128 << 10;

/// What has come of a list; one process at a time.
struct Partial {
    file: File,
    about: PathBuf,
    octets: u64,
    validator: Option<String>,
}

/// What a part is a part of.
#[derive(Serialize, Deserialize)]
struct About {
    validator: String,
}

impl Partial {
    /// `None`: another process writes it.
    fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).map_err(StoreError::write(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(StoreError::write(path)(error)),
        }
        let about = path.with_extension("about");
        let octets = file.metadata().map_err(StoreError::read(path))?.len();
        let validator = atomic::read(&about, LIST_HEADER_MAX).ok().flatten();
        let validator = validator
            .and_then(|b| serde_json::from_slice::<About>(&b).ok())
            .map(|a| a.validator);
        Ok(Some(Self {
            file,
            about,
            octets,
            validator,
        }))
    }

    fn part(&self) -> Option<Part<'_>> {
        let validator = self.validator.as_deref()?;
        (self.octets > 0).then_some(Part {
            octets: self.octets,
            validator,
        })
    }

    /// What comes now stands behind so many octets of what is there.
    fn begin(&mut self, after: u64, origin: &Origin) -> Result<(), StoreError> {
        let path = self.about.clone();
        let prepared = self.file.set_len(after).and_then(|()| self.file.seek(SeekFrom::Start(after)));
        prepared.map_err(StoreError::write(&path))?;
        // A weak ETag names what is alike, not what is the same (RFC 9110 §13.1.5).
        let strong = origin.etag.as_ref().filter(|e| !e.starts_with("W/"));
        let validator = strong.or(origin.modified.as_ref()).cloned();
        self.validator = validator.clone();
        match validator {
            Some(validator) => {
                let bytes = serde_json::to_vec(&About { validator }).unwrap_or_default();
                atomic::write(&self.about, &bytes)
            }
            None => {
                let _ = std::fs::remove_file(&self.about);
                Ok(())
            }
        }
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(piece).map_err(StoreError::write(&self.about))
    }

    /// All that came; the part is gone with it.
    fn whole(mut self) -> Result<Vec<u8>, StoreError> {
        use std::io::Read;
        let mut whole = Vec::new();
        let read = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| (&self.file).take(LIST_OCTETS_MAX).read_to_end(&mut whole));
        read.map_err(StoreError::read(&self.about))?;
        self.forget();
        Ok(whole)
    }

    /// Emptied, not removed: another process may wait for its lock.
    fn forget(&mut self) {
        let _ = self.file.set_len(0);
        let _ = std::fs::remove_file(&self.about);
    }
}
