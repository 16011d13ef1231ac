//! What is kept on disk, all of it in the home: nothing here ever holds content, a subject or a password in clear.

pub mod atomic;
pub mod bundles;
pub mod certificates;
pub mod content_keys;
pub mod error;
pub mod fields;
pub mod folder;
pub mod held;
pub(crate) mod hex;
pub mod index;
pub mod journal;
mod keyring;
pub mod keys_store;
pub mod letters;
mod lines;
pub mod lists;
pub mod look;
pub mod marks;
pub(crate) mod owner;
mod passphrase;
pub mod passwords;
pub mod paths;
pub mod records;
#[cfg(windows)]
pub(crate) mod removal;
#[cfg(any(windows, test))]
mod rights;
pub mod seal;
pub mod secrets;
pub(crate) mod sole;
mod table;
pub mod threads;
pub mod whitelist;

pub use bundles::{BundleFile, BundleFolders, BundlesStamp};
pub use certificates::{CertificateFolder, Fingerprint, StoredCertificate};
pub use content_keys::ContentKeys;
pub use error::StoreError;
pub use fields::Fields;
pub use folder::FolderStamp;
pub use held::{Audience, Delegate, HeldPlaces, HeldRecord, HeldTurn};
pub use index::Index;
pub use journal::{Event, Journal, JournalEntry};
pub use keys_store::{KeyId, KeyNote, KeysStore, StoredKey};
pub use letters::{Letters, Recognised, Traits};
pub use lists::{KeptList, Lists};
pub use look::Look;
pub use marks::Marks;

pub use passwords::{Passwords, Whose};
pub use paths::Home;
pub use records::Records;
pub use secrets::{Purpose, Secrets};
pub use threads::Threads;
