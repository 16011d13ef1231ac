//! What is kept beside the file that holds an account's keys for several persons (`keys::held`): where it is, whom its owner has
//! let in, sealed; until when rescue mode lasts; and, of an account of somebody else, the certificates by which its mail is known.
//!
//! `held/ACCOUNT.p7m`, of which others get a copy elsewhere: in a folder of several persons one of them could lose it. `.record`
//! sealed, `.rescue` and `.seen` in clear: they hold no secret, and open nothing.

use super::owner::{create_private_folder, private};
use super::{Home, Secrets, StoreError, atomic, hex};
use crate::base::limits::{HELD_FILE_MAX, KEY_NOTE_MAX};
use crate::base::{Address, UnixTime};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of a home.
#[derive(Clone, Debug)]
pub struct HeldPlaces {
    home: Home,
    secrets: Secrets,
}

/// Whom the owner has let in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HeldRecord {
    /// SHA-256 of the certificates whose keys are in the file, in hexadecimal.
    pub keys: Vec<String>,
    /// Other persons.
    pub delegates: Vec<Delegate>,
    /// Whether a passphrase opens it.
    pub rescue: bool,
}

/// Somebody who may read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delegate {
    /// His certificate, DER in base64.
    pub certificate: String,
    /// Since when.
    pub since: i64,
    /// He is being taken out: said before the files change, and true until they have.
    #[serde(default)]
    pub is_leaving: bool,
}

/// Who else may read the file on a machine of several users.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Nobody.
    OwnerAlone,
    /// The group of its folder: it was put where others are to find it.
    Group,
}

/// Holds off other commands that change a held file, also while a user is asked; released when dropped.
#[derive(Debug)]
pub struct HeldTurn(#[allow(dead_code)] File);

impl HeldPlaces {
    /// Those of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            home: home.clone(),
            secrets: secrets.clone(),
        }
    }

    /// The home itself, for its journal.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The turn of one command; `None`: another has it.
    pub fn turn(&self) -> Result<Option<HeldTurn>, StoreError> {
        let folder = self.home.held();
        create_private_folder(&folder).map_err(StoreError::write(&folder))?;
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        let opened = private(options.read(true).write(true).create(true)).open(&path);
        let file = opened.map_err(StoreError::write(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(HeldTurn(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StoreError::write(&path)(error)),
        }
    }

    /// The file of an account: the owner's own, of which others get a copy elsewhere.
    pub fn file(&self, account: &Address) -> PathBuf {
        self.place(account, "p7m")
    }

    /// What the owner has noted; `None`: nothing yet.
    pub fn record(&self, account: &Address) -> Result<Option<HeldRecord>, StoreError> {
        let path = self.place(account, "record");
        let Some(sealed) = atomic::read(&path, HELD_FILE_MAX)? else {
            return Ok(None);
        };
        let opened = self.secrets.unseal(&bound(account), &sealed)?;
        let read = opened.and_then(|text| serde_json::from_slice(text.expose()).ok());
        read.map(Some).ok_or(StoreError::Damaged(path))
    }

    /// Notes it.
    pub fn put_record(&self, account: &Address, record: &HeldRecord) -> Result<(), StoreError> {
        let text = serde_json::to_vec(record).map_err(|_| StoreError::Crypto)?;
        let sealed = self.secrets.seal(&bound(account), &text)?;
        self.write(&self.place(account, "record"), &sealed)
    }

    /// Until when rescue mode was asked for; `None`: it was not, or the mark cannot be read.
    pub fn rescue_until(&self, account: &Address) -> Option<UnixTime> {
        let octets = atomic::read(&self.place(account, "rescue"), KEY_NOTE_MAX).ok()??;
        std::str::from_utf8(&octets).ok()?.trim().parse().ok().map(UnixTime)
    }

    /// Asks for rescue mode.
    pub fn open_rescue(&self, account: &Address, until: UnixTime) -> Result<(), StoreError> {
        self.write(&self.place(account, "rescue"), until.0.to_string().as_bytes())
    }

    /// Ends it; whether it was asked for.
    pub fn close_rescue(&self, account: &Address) -> Result<bool, StoreError> {
        absent_is_false(atomic::remove(&self.place(account, "rescue")))
    }

    /// The certificates of an owner who has let this home in, as a CertificateSet.
    pub fn seen(&self, account: &Address) -> Result<Option<Vec<u8>>, StoreError> {
        atomic::read(&self.place(account, "seen"), HELD_FILE_MAX)
    }

    /// Keeps them: his mail is known by them while the file is out of reach.
    pub fn put_seen(&self, account: &Address, certificates: &[u8]) -> Result<(), StoreError> {
        self.write(&self.place(account, "seen"), certificates)
    }

    /// Forgets them; whether there were any.
    pub fn forget_seen(&self, account: &Address) -> Result<bool, StoreError> {
        absent_is_false(atomic::remove(&self.place(account, "seen")))
    }

    fn write(&self, path: &Path, octets: &[u8]) -> Result<(), StoreError> {
        let folder = self.home.held();
        create_private_folder(&folder).map_err(StoreError::write(&folder))?;
        atomic::write(path, octets)
    }

    fn place(&self, account: &Address, extension: &str) -> PathBuf {
        self.home.held().join(format!("{}.{extension}", file_name(account)))
    }

    /// Puts a file in the place of another once `read_back` has found in it, as it came from the disk, what it must hold.
    pub fn replace<E: From<StoreError>>(
        &self,
        path: &Path,
        octets: &[u8],
        audience: Audience,
        read_back: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let folder = self.home.held();
        create_private_folder(&folder).map_err(StoreError::write(&folder))?;
        let beside = atomic::beside(path);
        let written = write_new(&beside, octets, audience).map_err(StoreError::write(&beside));
        let found = written.and_then(|()| atomic::read(&beside, HELD_FILE_MAX)).map_err(E::from);
        let checked = found.and_then(|found| read_back(&found.unwrap_or_default()));
        if let Err(error) = checked {
            // The first error is the one to tell; what stood there before is intact.
            let _ = atomic::remove(&beside);
            return Err(error);
        }
        atomic::rename(&beside, path).map_err(StoreError::write(path))?;
        atomic::sync_folder(path).map_err(StoreError::write(path))?;
        Ok(())
    }
}

/// Nothing that stands there is followed or replaced: a folder of several persons is not the owner's alone.
fn write_new(path: &Path, octets: &[u8], audience: Audience) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = private(options.write(true).create_new(true)).open(path)?;
    file.write_all(octets)?;
    open_to(&file, audience);
    file.sync_all()
}

/// A file system that knows no groups has rules of its own.
#[cfg(unix)]
fn open_to(file: &File, audience: Audience) {
    use std::os::unix::fs::PermissionsExt;
    if audience == Audience::Group {
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o640));
    }
}

/// A folder's list of who may enter holds for its files.
#[cfg(not(unix))]
fn open_to(_file: &File, _audience: Audience) {}

fn absent_is_false(removed: Result<(), StoreError>) -> Result<bool, StoreError> {
    match removed {
        Ok(()) => Ok(true),
        Err(StoreError::Absent) => Ok(false),
        Err(error) => Err(error),
    }
}

fn bound(account: &Address) -> Vec<u8> {
    [b"held record ".as_slice(), account.folded().as_bytes()].concat()
}

/// The address where any file system takes it; else its octets, or their digest: no two accounts have one name.
fn file_name(account: &Address) -> String {
    /// A name of 255 octets has room for what is added to it.
    const LENGTH: usize = 200;
    let folded = account.folded();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '-' | '_' | '+');
    if folded.chars().all(plain) && !folded.starts_with('.') && folded.len() <= LENGTH {
        return folded.to_string();
    }
    let octets = hex::encode(folded.as_bytes());
    match octets.len() <= LENGTH {
        true => octets,
        false => hex::encode(digest::digest(&digest::SHA256, folded.as_bytes()).as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> (tempfile::TempDir, HeldPlaces, Address) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let places = HeldPlaces::new(&home, &Secrets::ephemeral().unwrap());
        (guard, places, Address::parse("Alice@lab.test").unwrap())
    }

    #[test]
    fn a_record_is_sealed_and_is_that_of_its_account() {
        let (_guard, places, alice) = places();
        assert_eq!(places.record(&alice).unwrap(), None);
        let record = HeldRecord {
            delegates: vec![Delegate {
                certificate: "Y2VydGlmaWNhdGU=".into(),
                since: 7,
                is_leaving: false,
            }],
            rescue: true,
            ..HeldRecord::default()
        };
        places.put_record(&alice, &record).unwrap();
        assert_eq!(places.record(&alice).unwrap(), Some(record));
        let file = std::fs::read(places.place(&alice, "record")).unwrap();
        assert!(!file.windows(8).any(|w| w == b"Y2VydGlm"));
        let bob = Address::parse("bob@lab.test").unwrap();
        std::fs::write(places.place(&bob, "record"), file).unwrap();
        assert!(matches!(places.record(&bob), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn what_does_not_read_back_replaces_nothing() {
        let (_guard, places, alice) = places();
        let path = places.file(&alice);
        places
            .replace(&path, b"one", Audience::OwnerAlone, |found| {
                assert_eq!(found, b"one");
                Ok::<(), StoreError>(())
            })
            .unwrap();
        let refused = places.replace(&path, b"two", Audience::OwnerAlone, |_| Err(StoreError::Crypto));
        assert!(matches!(refused, Err(StoreError::Crypto)));
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            places
                .replace(&path, b"two", Audience::Group, |_| Ok::<(), StoreError>(()))
                .unwrap();
            assert_eq!(mode(&path), 0o640);
        }
    }

    #[test]
    fn no_two_accounts_have_one_file() {
        let of = |last: &str| Address::parse(&format!("{}!@{}.{last}", "a".repeat(50), "x".repeat(60))).unwrap();
        assert_ne!(file_name(&of("fr")), file_name(&of("de")));
        assert!(file_name(&of("fr")).len() <= 200);
    }

    #[test]
    fn one_command_at_a_time_changes_held_files() {
        let (_guard, places, _) = places();
        let turn = places.turn().unwrap();
        assert!(turn.is_some());
        assert!(places.turn().unwrap().is_none());
        drop(turn);
        assert!(places.turn().unwrap().is_some());
    }

    #[test]
    fn two_that_write_at_once_each_read_back_their_own() {
        let (_guard, places, alice) = places();
        let path = places.file(&alice);
        let inner = |found: &[u8]| {
            assert_eq!(found, b"two");
            Ok::<(), StoreError>(())
        };
        let outer = |found: &[u8]| {
            assert_eq!(found, b"one");
            places.replace(&path, b"two", Audience::OwnerAlone, inner)
        };
        places.replace(&path, b"one", Audience::OwnerAlone, outer).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn rescue_mode_is_asked_for_and_ends() {
        let (_guard, places, alice) = places();
        assert_eq!((places.rescue_until(&alice), places.close_rescue(&alice).unwrap()), (None, false));
        places.open_rescue(&alice, UnixTime(99)).unwrap();
        assert_eq!(places.rescue_until(&alice), Some(UnixTime(99)));
        assert!(places.close_rescue(&alice).unwrap());
        assert_eq!(places.rescue_until(&alice), None);
    }
}
