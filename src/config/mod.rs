//! The configuration: its model and its grammar are pure; `load` reads the files.

pub mod model;

pub use model::*;
