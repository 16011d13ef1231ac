//! Souspli: a relay on the doctor's own PC that seals outgoing mail and opens incoming mail by S/MIME.
//!
//! ARCHITECTURE.md says what each module is, what it may import, and which invariants hold.

// `println` panics where nobody reads any more; what a command says goes through `cli::out`.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod base;
pub mod cli;
pub mod config;
pub mod desktop;
pub mod directory;
pub mod imap;
pub mod keys;
pub mod mime;
pub mod net;
pub mod pki;
pub mod policy;
pub mod pop3;
pub mod relay;
pub mod sasl;
pub mod smime;
pub mod smtp;
pub mod store;
pub mod text;
pub mod view;
#[cfg(windows)]
mod windows;

/// A letter is read and written in thousands of small buffers that live for it alone (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
