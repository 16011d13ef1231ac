//! Certificates: what they say, whether they lead to a configured authority, and which one to encrypt to.
//!
//! `ber` reads ASN.1 as it came, `der` writes it, `oid` names it; CMS (`smime`) stands on the same three.

pub mod algorithm;
pub mod authority;
pub mod ber;
pub mod bundle;
pub mod cert;
pub mod crl;
pub mod der;
pub mod extensions;
pub mod identity;
pub mod life;
pub mod name;
pub mod ocsp;
pub mod oid;
pub mod path;
pub mod public_keys;
pub mod request;
pub mod revocation;
pub mod rsa;
pub mod select;
pub mod subject;

pub use authority::{Authority, Profile, Realm};
pub use bundle::certificates_in;
pub use cert::Certificate;
pub use path::{Path, PathError, Purpose, Trust};
