//! Words that every layer shares: addresses, time, secrets, limits. No I/O, no clock, no randomness.

pub mod addr;
pub mod clock;
pub mod limits;
pub mod message;
pub mod retry;
pub mod secret;

pub use addr::{Address, AddressError, Domain};
pub use clock::UnixTime;
pub use message::{MessageKey, Place};
pub use retry::Retry;
pub use secret::Secret;
