//! Words that every layer shares: addresses, time, secrets, limits. No I/O, no clock, no randomness.

pub mod addr;
pub mod asker;
pub mod clock;
pub mod domain;
pub mod limits;
pub mod message;
pub mod realm;
pub mod retry;
pub mod secret;

pub use addr::{Address, AddressError};
pub use asker::Asker;
pub use clock::UnixTime;
pub use domain::Domain;
pub use message::{MessageKey, Place};
pub use realm::Realm;
pub use retry::Retry;
pub use secret::Secret;
