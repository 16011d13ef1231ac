//! Submission (RFC 6409): the server that a mail program sees, and the client that the provider sees.
//!
//! `wire` is grammar, `session` and `handover` are pure state machines, `driver` alone does I/O.

pub mod capabilities;
pub mod driver;
pub mod handover;
pub mod session;
pub mod wire;
