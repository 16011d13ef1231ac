//! The master key of a home, and the keys made from it (HKDF-SHA256, RFC 5869), one for each purpose.
//!
//! It rests in the system's keyring, or under a passphrase where `SOUSPLI_PASSPHRASE_FILE` names one when the home is
//! made. A home remembers which. Nothing here ever replaces a master key: a keyring that is locked or empty is told.
//! The keyring may wait for the user: call [`Secrets::open`] and [`Secrets::unlock`] where blocking is allowed.

use super::keyring::{Keyring, SystemKeyring};
use super::passphrase::{Sealed, read_passphrase};
use super::seal::{seal, unseal};
use super::{Home, StoreError, atomic, hex};
use crate::base::Secret;
use aws_lc_rs::{constant_time, hkdf, hmac, rand};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use zeroize::Zeroizing;

/// The keys of a home. Copies share one master key: what opens one opens all.
#[derive(Clone, Debug)]
pub struct Secrets(Arc<Vault>);

#[derive(Debug)]
struct Vault {
    /// Once it is here it stays: a keyring that is locked later takes nothing back.
    master: OnceLock<Secret>,
    /// Where it is, until then.
    locked: Option<Locked>,
    /// What names are made with, by what they are for: made once, every letter asks for several.
    naming: Mutex<Vec<(Purpose, hmac::Key)>>,
}

/// A master key that rests in a keyring.
struct Locked {
    id: String,
    check: String,
    path: PathBuf,
    keyring: Box<dyn Keyring>,
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What a key is for; two purposes never share one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Sealing own private keys.
    OwnKeys,
    /// Naming secure threads.
    Threads,
    /// Naming what sealed letters were like.
    Letters,
    /// Naming messages of which something is remembered.
    Marks,
    /// Sealing the protected fields of opened messages.
    Fields,
    /// Sealing and naming the texts that are searched.
    Index,
    /// Boundaries of Views.
    Boundaries,
    /// Tokens in header fields of Views.
    Tokens,
    /// Naming messages and recipients in the journal.
    Journal,
    /// Sealing the chain of the journal.
    JournalSeals,
    /// Sealing passwords for providers and key files.
    Passwords,
    /// Sealing and naming what is known of correspondents.
    Book,
    /// Sealing and naming content keys that cards have unwrapped.
    ContentKeys,
}

/// `master.json`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "store", rename_all = "lowercase")]
enum Master {
    Keyring { id: String, check: String },
    Passphrase(Sealed),
}

impl Secrets {
    /// Opens the secrets of a home; makes them the first time.
    pub fn open(home: &Home) -> Result<Self, StoreError> {
        let secrets = Self::awaited(home)?;
        secrets.unlock()?;
        Ok(secrets)
    }

    /// The same, but that a keyring which holds the master key already is not asked yet: until [`Secrets::unlock`] every
    /// use is [`StoreError::KeyringLocked`].
    pub fn awaited(home: &Home) -> Result<Self, StoreError> {
        awaited_with(home, Box::new(SystemKeyring), passphrase_file().as_deref())
    }

    /// Asks the keyring, which may ask the user and wait for him.
    pub fn unlock(&self) -> Result<(), StoreError> {
        self.unlock_by(|locked| locked.keyring.read(&locked.id))
    }

    /// The same without a word to the user: it may be open by now.
    pub fn unlock_quietly(&self) -> Result<(), StoreError> {
        self.unlock_by(|locked| locked.keyring.read_quietly(&locked.id))
    }

    fn unlock_by(&self, read: impl FnOnce(&Locked) -> Result<Option<Secret>, StoreError>) -> Result<(), StoreError> {
        let Vault { master, locked, .. } = &*self.0;
        if let (None, Some(locked)) = (master.get(), locked) {
            let found = locked.checked(read(locked)?)?;
            // Whoever was first has read the same.
            let _ = master.set(found);
        }
        Ok(())
    }

    /// Whether the master key is here.
    pub fn is_open(&self) -> bool {
        self.0.master.get().is_some()
    }

    /// The key of a purpose, 32 octets.
    pub fn key(&self, purpose: Purpose) -> Result<Secret, StoreError> {
        derive(self.master()?, purpose.label())
    }

    /// HMAC-SHA256 (RFC 2104) over the parts, each with its length so that no two lists of parts are the same octets.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> Result<[u8; 32], StoreError> {
        mac(&self.naming(purpose)?, parts)
    }

    fn naming(&self, purpose: Purpose) -> Result<hmac::Key, StoreError> {
        let mut made = self.0.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = made.iter().find(|(of, _)| *of == purpose) {
            return Ok(key.clone());
        }
        let key = naming_key(&self.key(purpose)?);
        made.push((purpose, key.clone()));
        Ok(key)
    }

    /// Seals under [`Purpose::OwnKeys`]; `name` is the file's.
    pub fn seal(&self, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.key(Purpose::OwnKeys)?, name, plain)
    }

    /// Opens what [`Secrets::seal`] made; `None`: not of this home, of another name, or changed.
    pub fn unseal(&self, name: &[u8], sealed: &[u8]) -> Result<Option<Secret>, StoreError> {
        Ok(unseal(&self.key(Purpose::OwnKeys)?, name, sealed))
    }

    /// Secrets of a test, or of a command that keeps nothing.
    pub fn ephemeral() -> Result<Self, StoreError> {
        Ok(Self::of(random_key()?))
    }

    fn of(master: Secret) -> Self {
        Self(Arc::new(Vault {
            master: OnceLock::from(master),
            locked: None,
            naming: Mutex::default(),
        }))
    }

    fn master(&self) -> Result<&Secret, StoreError> {
        self.0.master.get().ok_or(StoreError::KeyringLocked)
    }
}

impl Locked {
    fn checked(&self, found: Option<Secret>) -> Result<Secret, StoreError> {
        let found = found.ok_or(StoreError::MasterKeyGone)?;
        let wanted = hex::decode(&self.check).ok_or_else(|| StoreError::Damaged(self.path.clone()))?;
        constant_time::verify_slices_are_equal(&check_of(&found)?, &wanted).map_err(|_| StoreError::MasterKeyGone)?;
        Ok(found)
    }
}

impl Purpose {
    /// Never changed: what was sealed or named with it would be lost.
    fn label(self) -> &'static str {
        match self {
            Purpose::OwnKeys => "souspli 1 own keys",
            Purpose::Threads => "souspli 1 threads",
            Purpose::Letters => "souspli 1 letters",
            Purpose::Marks => "souspli 1 marks",
            Purpose::Fields => "souspli 1 fields",
            Purpose::Index => "souspli 1 index",
            Purpose::Boundaries => "souspli 1 boundaries",
            Purpose::Tokens => "souspli 1 tokens",
            Purpose::Journal => "souspli 1 journal",
            Purpose::JournalSeals => "souspli 1 journal seals",
            Purpose::Passwords => "souspli 1 passwords",
            Purpose::Book => "souspli 1 book",
            Purpose::ContentKeys => "souspli 1 content keys",
        }
    }
}

fn passphrase_file() -> Option<PathBuf> {
    let named = std::env::var_os("SOUSPLI_PASSPHRASE_FILE").filter(|v| !v.is_empty());
    named.map(PathBuf::from)
}

fn awaited_with(home: &Home, keyring: Box<dyn Keyring>, passphrase: Option<&Path>) -> Result<Secrets, StoreError> {
    let master = match read_master(home)? {
        Some(master) => master,
        None => create(home, keyring.as_ref(), passphrase)?,
    };
    Ok(match master {
        Master::Keyring { id, check } => Secrets(Arc::new(Vault {
            master: OnceLock::new(),
            locked: Some(Locked {
                id,
                check,
                path: home.master(),
                keyring,
            }),
            naming: Mutex::default(),
        })),
        Master::Passphrase(sealed) => {
            let file = passphrase.ok_or(StoreError::PassphraseWanted)?;
            Secrets::of(sealed.open(&read_passphrase(file)?, &home.master())?)
        }
    })
}

/// The keyring is asked before the lock is taken: it may wait for the user.
fn create(home: &Home, keyring: &dyn Keyring, passphrase: Option<&Path>) -> Result<Master, StoreError> {
    refuse_orphans(home)?;
    let master = random_key()?;
    let made = match passphrase {
        Some(file) => Master::Passphrase(Sealed::new(&read_passphrase(file)?, &random()?, &master)?),
        None => {
            let id = hex::encode(&random::<16>()?);
            keyring.write(&id, &master)?;
            Master::Keyring {
                id,
                check: hex::encode(&check_of(&master)?),
            }
        }
    };
    let _lock = home.lock()?;
    if let Some(theirs) = read_master(home)? {
        // Another process was first; its key is the home's.
        if let Master::Keyring { id, .. } = &made {
            keyring.forget(id);
        }
        return Ok(theirs);
    }
    let text = serde_json::to_vec_pretty(&made).map_err(|_| StoreError::Crypto)?;
    atomic::write(&home.master(), &text)?;
    Ok(made)
}

/// Sealed keys without `master.json`: a new master key would make their loss look like a new start.
fn refuse_orphans(home: &Home) -> Result<(), StoreError> {
    let folder = home.keys();
    let mut entries = std::fs::read_dir(&folder).map_err(StoreError::read(&folder))?.flatten();
    if entries.any(|entry| entry.path().extension().is_some_and(|e| e == "sealed" || e == "requested")) {
        return Err(StoreError::Damaged(home.master()));
    }
    Ok(())
}

fn read_master(home: &Home) -> Result<Option<Master>, StoreError> {
    let path = home.master();
    let Some(bytes) = atomic::read(&path, 64 * 1024)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|_| StoreError::Damaged(path))
}

fn check_of(master: &Secret) -> Result<[u8; 32], StoreError> {
    mac(&naming_key(&derive(master, "souspli 1 check")?), &[])
}

fn derive(master: &Secret, label: &str) -> Result<Secret, StoreError> {
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"souspli");
    let mut key = Zeroizing::new([0; 32]);
    salt.extract(master.expose())
        .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .map_err(|_| StoreError::Crypto)?;
    Ok(Secret::new(key.to_vec()))
}

fn naming_key(key: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.expose())
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> Result<[u8; 32], StoreError> {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.sign().as_ref().try_into().map_err(|_| StoreError::Crypto)
}

fn random_key() -> Result<Secret, StoreError> {
    Ok(Secret::new(Zeroizing::new(random::<32>()?).to_vec()))
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| StoreError::Crypto)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
