//! The configuration: its model and its grammar are pure; `load` reads the files.

mod directory;
pub mod fault;
pub mod load;
pub mod model;
pub mod parse;
mod reader;

pub use fault::{Fault, FaultKind};
pub use model::*;
