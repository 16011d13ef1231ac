//! MIME: header fields kept as they came, entities as trees of spans, and the few things that are built.

pub mod base64;
pub mod calendar;
pub mod canonical;
pub mod contents;
pub mod edit;
pub mod encode;
pub mod entity;
pub mod escapes;
pub mod header;
pub mod octets;
pub mod overwrite;
pub mod packed;
pub mod parameters;
pub mod rtf;
pub mod safe;
pub mod words;

pub use contents::Contents;
pub use octets::Octets;
