//! Where certificates of correspondents are found. `port` is what the relay asks, `book` answers: from imported files (`local`),
//! from what was harvested or confirmed (`kept`), from directories (`ldap`) and what they have said of late (`cache`).

pub mod answer;
pub mod book;
pub mod cache;
pub mod kept;
pub mod ldap;
pub mod listed;
pub mod lists;
pub mod local;
pub mod ocsp;
pub mod passwords;
pub mod port;
pub mod reach;
pub mod whitelist;

pub use book::Book;
pub use local::LocalDirectory;
pub use port::{Candidate, Directory, Lookup, Person, Source};
