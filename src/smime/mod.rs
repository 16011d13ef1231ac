//! S/MIME (RFC 8551) over CMS (RFC 5652): what is sealed, what is opened, and what a signature proves.
//!
//! `pki::ber` reads and `pki::der` writes; `port` is what a private key is asked; everything here is pure.

pub mod agree;
pub mod brought;
mod buffer;
pub mod cipher;
pub mod class;

mod encipher;
pub mod encrypt;
mod envelope;
pub mod field;
pub mod flow;
pub mod header_protection;
pub mod lockbox;
pub mod offer;

mod old_wrap;
pub mod open;
pub mod opened;
pub mod parts;
pub mod port;
pub mod protected;
pub mod pwri;
mod question;
pub mod recipient;
pub mod reread;
pub mod sealed;
pub mod sign;
pub mod transfer;
pub mod verify;

pub use class::{Class, classify};
pub use flow::Flow;
pub use open::{Encryption, OpenError, Opened, open};
pub use port::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};
