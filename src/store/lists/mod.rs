//! Revocation lists of the home. A list is kept when somebody whom a configured authority stands for signed it and it is not older
//! than the one that is held; what is held stays until then. What is on them is public.

mod answers;
mod file;
mod record;
mod watched;

pub use answers::Answers;
pub use file::{KeepError, KeptList, Origin};
pub use watched::{Watch, Watched};

use super::owner::create_private_folder;
use super::{CertificateFolder, FolderStamp, Home, StoreError, hex};
use crate::base::UnixTime;
use crate::base::limits::{CLOCK_SKEW_SECONDS, LIST_POOL_MAX, LISTS_MAX};
use crate::pki::crl::{Crl, Head, ListError, signer};
use crate::pki::name::DistinguishedName;
use crate::pki::revocation::List;
use crate::pki::{Certificate, Trust};
use crate::text::{Explain, Explanation, revocation as say};
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The lists of a home, shared with other processes.
#[derive(Debug)]
pub struct Lists {
    home: Home,
    folder: PathBuf,
    pool: CertificateFolder,
    open: Mutex<Open>,
    watched: Mutex<watched::Read>,
}

/// The files that are open.
#[derive(Debug, Default)]
struct Open {
    stamp: FolderStamp,
    files: HashMap<OsString, (FileStamp, Arc<KeptList>)>,
}

/// What tells one file from the one that takes its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct FileStamp {
    modified: Option<SystemTime>,
    octets: u64,
    #[cfg(unix)]
    inode: u64,
}

/// Why what came is not kept.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No list that can be read.
    #[error("no revocation list that can be read")]
    Unreadable,
    /// It has a critical extension that is not understood.
    #[error("the list asks what is not understood")]
    NotUnderstood,
    /// Signed by nobody who may.
    #[error(transparent)]
    Signer(#[from] ListError),
    /// The list of another issuer, or for other certificates, than the one that is held from the same place.
    #[error("the list of another issuer")]
    Another,
    /// Older than the one that is held.
    #[error("older than the one that is held")]
    Older {
        /// thisUpdate of the one that is held.
        held: UnixTime,
        /// thisUpdate of the one that came.
        came: UnixTime,
    },
    /// Of the future.
    #[error("of the future")]
    NotYet,
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for Refusal {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreadable => say::list_unreadable(),
            Self::NotUnderstood => say::list_not_understood(),
            Self::Signer(ListError::UnknownIssuer) => say::list_of_nobody(),
            Self::Signer(ListError::NotAllowed) => say::list_signer_not_allowed(),
            Self::Signer(ListError::Unsupported) => say::list_unsupported(),
            Self::Signer(ListError::Obsolete) => say::list_obsolete(),
            Self::Signer(ListError::BadSignature) => say::list_altered(),
            Self::Another => say::list_of_another(),
            Self::Older { held, came } => say::list_older(*held, *came),
            Self::NotYet => say::list_of_the_future(),
            Self::Store(error) => error.explain(),
        }
    }
}

impl Lists {
    /// Those of this home; nothing is read yet.
    pub fn new(home: &Home) -> Self {
        let folder = home.lists();
        Self {
            home: home.clone(),
            pool: CertificateFolder::new(folder.join("issuers")),
            folder,
            open: Mutex::default(),
            watched: Mutex::default(),
        }
    }

    /// Every list, in the order of the places that they come from.
    pub fn all(&self) -> Vec<Arc<KeptList>> {
        let mut all: Vec<_> = self.refreshed().files.values().map(|(_, list)| Arc::clone(list)).collect();
        all.sort_by(|a, b| a.origin().url.cmp(&b.origin().url));
        all
    }

    /// Those that bear this name as their issuer.
    pub fn of_issuer(&self, issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        let open = self.refreshed();
        let lists = open.files.values().map(|(_, list)| list);
        lists
            .filter(|list| list.head().issuer == *issuer)
            .map(|list| Arc::clone(list) as Arc<dyn List>)
            .collect()
    }

    /// The one that came from this place.
    pub fn of_url(&self, url: &str) -> Option<Arc<KeptList>> {
        let open = self.refreshed();
        let found = open.files.get(&name(url)).map(|(_, list)| Arc::clone(list));
        found.filter(|list| list.origin().url == url)
    }

    /// Keeps what came from a place, if it may be believed and is not older than what is held from there.
    pub fn keep(&self, der: Vec<u8>, origin: &Origin, expected: &Watch, trust: &Trust, now: UnixTime) -> Result<Arc<KeptList>, Refusal> {
        let crl = Crl::from_der(der).map_err(|_| Refusal::Unreadable)?;
        let head = crl.head();
        if head.unknown_critical {
            return Err(Refusal::NotUnderstood);
        }
        let signer = signer(&crl, &self.issuers(), trust, now)?;
        if head.this_update > now.plus(CLOCK_SKEW_SECONDS) {
            return Err(Refusal::NotYet);
        }
        if !expected.expects(&head.issuer) {
            return Err(Refusal::Another);
        }
        self.make_folder()?;
        // Two processes that fetch the same list: the older one must not come last.
        let _lock = self.home.lock()?;
        if let Some(held) = self.of_url(&origin.url) {
            replaces(head, held.head(), now)?;
        }
        let path = self.folder.join(name(&origin.url));
        file::write(&path, &crl, &signer, origin, now).map_err(|error| match error {
            KeepError::List(_) => Refusal::Unreadable,
            KeepError::Store(error) => Refusal::Store(error),
        })?;
        drop(crl);
        self.of_url(&origin.url).ok_or(Refusal::Unreadable)
    }

    /// Forgets the list of a place that nobody names any more.
    pub fn forget(&self, url: &str) -> Result<(), StoreError> {
        super::atomic::remove(&self.folder.join(name(url)))
    }

    /// Where what has come of a download is kept until the rest has.
    pub fn partial(&self, url: &str) -> Result<PathBuf, StoreError> {
        let folder = self.folder.join("partial");
        create_private_folder(&folder).map_err(StoreError::write(&folder))?;
        Ok(folder.join(Path::new(&name(url)).with_extension("part")))
    }

    /// What is named by the certificates that were met.
    pub fn watched(&self) -> Watched<'_> {
        Watched::new(&self.home, self.folder.join("watched.json"), &self.watched)
    }

    /// OCSP answers.
    pub fn answers(&self) -> Answers {
        Answers::new(self.folder.join("answers"))
    }

    /// Remembers who may have signed the lists of a path; returns without touching the disk for those that are known.
    pub fn remember_issuers(&self, issuers: &[Certificate]) -> Result<(), StoreError> {
        let known = self.issuers();
        for issuer in issuers.iter().filter(|i| !known.contains(i)) {
            if known.len() >= LIST_POOL_MAX {
                break;
            }
            let folder = self.folder.join("issuers");
            create_private_folder(&folder).map_err(StoreError::write(&folder))?;
            self.pool.put(issuer.der())?;
        }
        Ok(())
    }

    fn issuers(&self) -> Vec<Certificate> {
        let kept = self.pool.list().unwrap_or_default().into_iter().take(LIST_POOL_MAX);
        kept.filter_map(|c| Certificate::from_der(c.der).ok()).collect()
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        create_private_folder(&self.folder).map_err(StoreError::write(&self.folder))
    }

    /// The files as they are now; opened again are those that changed.
    fn refreshed(&self) -> MutexGuard<'_, Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.stamp.still_holds(&self.folder) {
            open.stamp = FolderStamp::of(&self.folder);
            let mut before = std::mem::take(&mut open.files);
            for (name, stamp) in found(&self.folder) {
                let same = before.remove(&name).filter(|(then, _)| *then == stamp);
                let list = same.or_else(|| file::open(&self.folder.join(&name)).map(|list| (stamp, Arc::new(list))));
                open.files.extend(list.map(|list| (name, list)));
            }
        }
        open
    }
}

/// A list takes the place of one of the same issuer and scope that is not newer (RFC 5280 §5.2.3: numbers only grow). An authority
/// may divide its lists otherwise one day: one that has ended keeps its place from no other of its issuer.
fn replaces(new: &Head, held: &Head, now: UnixTime) -> Result<(), Refusal> {
    let is_divided_alike = new.scope == held.scope || held.next_update.is_none_or(|end| end < now);
    if new.issuer != held.issuer || !is_divided_alike || new.base.is_some() != held.base.is_some() {
        return Err(Refusal::Another);
    }
    let numbers = new.number.as_ref().zip(held.number.as_ref());
    if new.this_update < held.this_update || numbers.is_some_and(|(new, held)| new < held) {
        return Err(Refusal::Older {
            held: held.this_update,
            came: new.this_update,
        });
    }
    Ok(())
}

/// Files of lists, by their names.
fn found(folder: &Path) -> Vec<(OsString, FileStamp)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let lists = entries.filter(|e| Path::new(&e.file_name()).extension().is_some_and(|x| x == "list"));
    lists
        .take(LISTS_MAX)
        .filter_map(|entry| Some((entry.file_name(), FileStamp::of(&entry.metadata().ok()?))))
        .collect()
}

impl FileStamp {
    fn of(found: &fs::Metadata) -> Self {
        Self {
            modified: found.modified().ok(),
            octets: found.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(found),
        }
    }
}

/// The file of a place.
fn name(url: &str) -> OsString {
    let digest = digest::digest(&digest::SHA256, url.as_bytes());
    format!("{}.list", hex::encode(&digest.as_ref()[..16])).into()
}
