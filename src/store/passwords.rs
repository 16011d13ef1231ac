//! Passwords of accounts. Those that Souspli gives, to a provider or to open a key file, are sealed under a key of the home; the
//! local one, which a mail program gives to Souspli, is only ever compared: stretched by Argon2id (RFC 9106).

use super::passphrase::Sealed;
use super::seal::{seal, unseal};
use super::{Home, Purpose, Secrets, StoreError, atomic, hex};
use crate::base::limits::{PASSPHRASE_FILE_MAX, SEALED_PASSWORD_MAX};
use crate::base::{Address, Secret};
use aws_lc_rs::{digest, rand};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The passwords of a home.
#[derive(Debug)]
pub struct Passwords {
    folder: PathBuf,
    secrets: Secrets,
    /// Each comparison takes 64 MiB: one at a time.
    comparing: Mutex<()>,
}

/// Who asks for a password that Souspli gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// The provider, of the account's login.
    Provider,
    /// The account's PKCS#12 file.
    Certificate,
}

impl Whose {
    fn label(self) -> &'static str {
        match self {
            Whose::Provider => "provider",
            Whose::Certificate => "certificate",
        }
    }
}

impl Passwords {
    /// Those of this home.
    pub fn new(home: &Home, secrets: &Secrets) -> Self {
        Self {
            folder: home.passwords(),
            secrets: secrets.clone(),
            comparing: Mutex::new(()),
        }
    }

    /// Seals and keeps one.
    pub fn put(&self, account: &Address, whose: Whose, password: &Secret) -> Result<(), StoreError> {
        let key = self.secrets.key(Purpose::Passwords)?;
        let sealed = seal(&key, &bound(account, whose), password.expose())?;
        atomic::write(&self.path(account, whose.label()), &sealed)
    }

    /// The one that is kept; `None`: there is none.
    pub fn of(&self, account: &Address, whose: Whose) -> Result<Option<Secret>, StoreError> {
        let path = self.path(account, whose.label());
        let Some(sealed) = atomic::read(&path, SEALED_PASSWORD_MAX)? else {
            return Ok(None);
        };
        let key = self.secrets.key(Purpose::Passwords)?;
        let opened = unseal(&key, &bound(account, whose), &sealed);
        opened.map(Some).ok_or(StoreError::Damaged(path))
    }

    /// Sets what the mail program is to give.
    pub fn set_local(&self, account: &Address, password: &Secret) -> Result<(), StoreError> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(|_| StoreError::Crypto)?;
        // What is sealed matters not: that it opens is the comparison.
        let kept = Sealed::new(password, &salt, &Secret::from(LOCAL))?;
        let text = serde_json::to_vec(&kept).map_err(|_| StoreError::Crypto)?;
        atomic::write(&self.path(account, LOCAL), &text)
    }

    /// Whether that is what the mail program is to give; `None`: nothing was set.
    pub fn is_local(&self, account: &Address, given: &Secret) -> Result<Option<bool>, StoreError> {
        let path = self.path(account, LOCAL);
        let Some(text) = atomic::read(&path, PASSPHRASE_FILE_MAX)? else {
            return Ok(None);
        };
        let kept: Sealed = serde_json::from_slice(&text).map_err(|_| StoreError::Damaged(path.clone()))?;
        let _turn = self.comparing.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.open(given, &path) {
            Ok(_) => Ok(Some(true)),
            Err(StoreError::WrongPassphrase) => Ok(Some(false)),
            Err(other) => Err(other),
        }
    }

    /// Forgets everything of an account; whether there was something.
    pub fn forget(&self, account: &Address) -> Result<bool, StoreError> {
        let mut found = false;
        for label in [Whose::Provider.label(), Whose::Certificate.label(), LOCAL] {
            match atomic::remove(&self.path(account, label)) {
                Ok(()) => found = true,
                Err(StoreError::Absent) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(found)
    }

    /// The address is no secret; as a name it might be too long.
    fn path(&self, account: &Address, label: &str) -> PathBuf {
        let name = digest::digest(&digest::SHA256, account.folded().as_bytes());
        self.folder.join(format!("{}.{label}", hex::encode(&name.as_ref()[..16])))
    }
}

const LOCAL: &str = "local";

fn bound(account: &Address, whose: Whose) -> Vec<u8> {
    [whose.label().as_bytes(), b" ", account.folded().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_password_is_given_for_what_it_was_kept() {
        let (_guard, passwords) = passwords();
        let (alice, bob) = (Address::parse("Alice@x.fr").unwrap(), Address::parse("bob@x.fr").unwrap());
        passwords.put(&alice, Whose::Provider, &Secret::from("mot de passe")).unwrap();
        let given = passwords.of(&Address::parse("alice@X.fr").unwrap(), Whose::Provider).unwrap();
        assert_eq!(given.unwrap().expose(), "mot de passe".as_bytes());
        assert!(passwords.of(&alice, Whose::Certificate).unwrap().is_none());
        assert!(passwords.of(&bob, Whose::Provider).unwrap().is_none());
        // A file under another name opens nothing.
        let (from, to) = (passwords.path(&alice, "provider"), passwords.path(&alice, "certificate"));
        std::fs::copy(from, to).unwrap();
        assert!(matches!(passwords.of(&alice, Whose::Certificate), Err(StoreError::Damaged(_))));
        assert!(passwords.forget(&alice).unwrap() && !passwords.forget(&alice).unwrap());
        assert!(passwords.of(&alice, Whose::Provider).unwrap().is_none());
    }

    #[test]
    fn the_local_password_is_compared_and_never_kept() {
        let (_guard, passwords) = passwords();
        let alice = Address::parse("alice@x.fr").unwrap();
        assert_eq!(passwords.is_local(&alice, &Secret::from("x")).unwrap(), None);
        passwords.set_local(&alice, &Secret::from("local secret")).unwrap();
        assert_eq!(passwords.is_local(&alice, &Secret::from("local secret")).unwrap(), Some(true));
        for wrong in ["", "local", "local secret "] {
            assert_eq!(passwords.is_local(&alice, &Secret::from(wrong)).unwrap(), Some(false), "{wrong}");
        }
        for entry in std::fs::read_dir(&passwords.folder).unwrap().flatten() {
            assert!(!String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).contains("secret"));
        }
    }

    fn passwords() -> (tempfile::TempDir, Passwords) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        (guard, Passwords::new(&home, &Secrets::ephemeral().unwrap()))
    }
}
