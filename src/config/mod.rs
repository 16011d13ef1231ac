//! The configuration: its model and its grammar are pure; `load` reads the files.

mod card;
pub mod fault;
mod ldap;
pub mod load;
pub mod model;
pub mod parse;
mod reader;
mod revocation;

pub use fault::{Fault, FaultKind};
pub use model::*;
