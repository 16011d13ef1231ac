//! Homes with a passphrase, with a keyring, and with one that is locked.

use super::*;
use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;

#[test]
fn a_home_opens_with_its_passphrase_only() {
    let (folder, home) = home();
    let pass = folder.path().join("pass");
    fs::write(&pass, "correct horse\n").unwrap();
    let first = open_with(&home, NoKeyring, Some(&pass)).unwrap();
    let again = open_with(&home, NoKeyring, Some(&pass)).unwrap();
    assert_eq!(
        first.mac(Purpose::Marks, &[b"x"]).unwrap(),
        again.mac(Purpose::Marks, &[b"x"]).unwrap()
    );
    fs::write(&pass, "wrong").unwrap();
    assert!(matches!(open_with(&home, NoKeyring, Some(&pass)), Err(StoreError::WrongPassphrase)));
    assert!(matches!(open_with(&home, Fake::default(), None), Err(StoreError::PassphraseWanted)));
}

#[test]
fn without_keyring_and_passphrase_nothing_is_made() {
    let (_folder, home) = home();
    assert!(matches!(open_with(&home, NoKeyring, None), Err(StoreError::NoSecretStore)));
    assert!(!home.master().exists());
}

#[test]
fn a_keyring_that_is_locked_or_empty_is_never_a_new_start() {
    let (_folder, home) = home();
    let keyring = Fake::default();
    let first = open_with(&home, keyring.clone(), None).unwrap();
    let before = fs::read(home.master()).unwrap();
    assert!(matches!(open_with(&home, LockedKeyring, None), Err(StoreError::KeyringLocked)));
    assert!(matches!(open_with(&home, Fake::default(), None), Err(StoreError::MasterKeyGone)));
    for value in keyring.0.lock().unwrap().values_mut() {
        *value = Secret::new(vec![0; 32]);
    }
    assert!(matches!(open_with(&home, keyring.clone(), None), Err(StoreError::MasterKeyGone)));
    assert_eq!(fs::read(home.master()).unwrap(), before);
    assert!(first.key(Purpose::Tokens).is_ok());
}

#[test]
fn a_keyring_that_opens_later_opens_what_was_waiting() {
    let (_folder, home) = home();
    let keyring = Fake::default();
    let first = open_with(&home, keyring.clone(), None).unwrap();
    let held = std::mem::take(&mut *keyring.0.lock().unwrap());
    let waiting = awaited_with(&home, Box::new(keyring.clone()), None).unwrap();
    let copy = waiting.clone();
    assert!(matches!(waiting.unlock(), Err(StoreError::MasterKeyGone)));
    assert!(!copy.is_open() && matches!(copy.key(Purpose::Marks), Err(StoreError::KeyringLocked)));
    *keyring.0.lock().unwrap() = held;
    waiting.unlock().unwrap();
    keyring.0.lock().unwrap().clear();
    waiting.unlock().unwrap();
    assert_eq!(
        copy.mac(Purpose::Marks, &[b"x"]).unwrap(),
        first.mac(Purpose::Marks, &[b"x"]).unwrap()
    );
}

#[test]
fn sealed_keys_without_their_master_are_not_given_a_new_one() {
    let (_folder, home) = home();
    fs::write(home.keys().join("a.sealed"), "x").unwrap();
    assert!(matches!(open_with(&home, Fake::default(), None), Err(StoreError::Damaged(_))));
    fs::write(home.master(), "{").unwrap();
    assert!(matches!(open_with(&home, Fake::default(), None), Err(StoreError::Damaged(_))));
}

#[test]
fn purposes_and_parts_do_not_meet() {
    let secrets = Secrets::ephemeral().unwrap();
    let mac = |purpose, parts: &[&[u8]]| secrets.mac(purpose, parts).unwrap();
    assert_ne!(mac(Purpose::Marks, &[b"a"]), mac(Purpose::Threads, &[b"a"]));
    assert_ne!(mac(Purpose::Marks, &[b"ab", b"c"]), mac(Purpose::Marks, &[b"a", b"bc"]));
    assert_ne!(mac(Purpose::Marks, &[b"a", b""]), mac(Purpose::Marks, &[b"a"]));
}

/// RFC 5869 gives no vector for these labels: one is fixed here, since changing it would lose every sealed key.
#[test]
fn labels_never_change() {
    let master = Secret::new(vec![7; 32]);
    let key = derive(&master, Purpose::OwnKeys.label()).unwrap();
    assert_eq!(hex::encode(key.expose()), LABEL_VECTOR);
}

/// HMAC(HMAC("souspli", master), label | 01), computed by another program.
const LABEL_VECTOR: &str = "1bb779a285f0f778eedcb0203b5c2c05537459ec4d2aa7e7273f3d98144485d6";

fn open_with(home: &Home, keyring: impl Keyring + 'static, passphrase: Option<&Path>) -> Result<Secrets, StoreError> {
    let secrets = awaited_with(home, Box::new(keyring), passphrase)?;
    secrets.unlock()?;
    Ok(secrets)
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<HashMap<String, Secret>>>);
struct NoKeyring;
struct LockedKeyring;

impl Keyring for Fake {
    fn read(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        Ok(self.0.lock().unwrap().get(id).cloned())
    }
    fn read_quietly(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        self.read(id)
    }
    fn write(&self, id: &str, secret: &Secret) -> Result<(), StoreError> {
        self.0.lock().unwrap().insert(id.to_owned(), secret.clone());
        Ok(())
    }
    fn forget(&self, id: &str) {
        self.0.lock().unwrap().remove(id);
    }
}

impl Keyring for NoKeyring {
    fn read(&self, _: &str) -> Result<Option<Secret>, StoreError> {
        Err(StoreError::NoSecretStore)
    }
    fn read_quietly(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        self.read(id)
    }
    fn write(&self, _: &str, _: &Secret) -> Result<(), StoreError> {
        Err(StoreError::NoSecretStore)
    }
    fn forget(&self, _: &str) {}
}

impl Keyring for LockedKeyring {
    fn read(&self, _: &str) -> Result<Option<Secret>, StoreError> {
        Err(StoreError::KeyringLocked)
    }
    fn read_quietly(&self, id: &str) -> Result<Option<Secret>, StoreError> {
        self.read(id)
    }
    fn write(&self, _: &str, _: &Secret) -> Result<(), StoreError> {
        Err(StoreError::KeyringLocked)
    }
    fn forget(&self, _: &str) {}
}

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(&folder.path().join("home")).unwrap();
    (folder, home)
}
