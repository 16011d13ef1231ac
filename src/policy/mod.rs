//! What must be sealed, and what may be sent: pure decisions.

pub mod submission;

pub use submission::{Envelope, Recipient, Submission};
