//! Souspli: a relay on the doctor's own PC that seals outgoing mail and opens incoming mail by S/MIME.
//!
//! ARCHITECTURE.md says what each module is, what it may import, and which invariants hold.

pub mod base;
pub mod config;
pub mod directory;
pub mod imap;
pub mod keys;
pub mod mime;
pub mod pki;
pub mod mime;
pub mod net;
pub mod policy;
pub mod relay;
pub mod smime;
pub mod store;
pub mod smtp;
pub mod text;
pub mod view;
