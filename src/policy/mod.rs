//! What must be sealed, and what may be sent: pure decisions.

pub mod append;
pub mod outgoing;
pub mod submission;
pub mod tag;
pub mod threads;

mod fields;
mod visible;
mod words;

pub use submission::{Envelope, Recipient, Submission};
