//! PKCS#12 files (RFC 7292): `read` whatever others wrote, `write` what any of them can read and nobody can guess open.

mod derivation;
mod read;
mod write;

pub use read::{Contents, read};
pub use write::{Entry, Weak, holds, in_clear, strength, write};
