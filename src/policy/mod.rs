//! What must be sealed, and what may be sent: pure decisions.

pub mod append;
pub mod companion;
pub mod complete;
pub mod hidden;
pub mod near;
pub mod outgoing;
pub mod readable;
pub mod resolution;
pub mod sender;
pub mod space;
pub mod submission;
pub mod tag;
pub mod threads;

mod visible;

pub use space::Space;
pub use submission::{Envelope, Recipient, Submission};
