//! MIME: header fields kept as they came, entities as trees of spans, and the few things that are built.

pub mod entity;
