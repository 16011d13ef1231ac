//! Where certificates of correspondents are found. `port` is what the relay asks; `local` answers from the home.

pub mod answer;
pub mod ldap;
pub mod lists;
pub mod local;
pub mod port;
pub mod whitelist;

pub use local::LocalDirectory;
pub use port::{Candidate, Directory, Lookup, Person, Source};
