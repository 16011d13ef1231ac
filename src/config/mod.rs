//! The configuration: its model and its grammar are pure; `load` and `machine` read the files.

pub mod autoconfig;
mod card;
mod dashboard;
mod defaults;
pub mod desktop;
pub mod distributed;
pub mod edit;
pub mod fault;
mod journal;
mod ldap;
pub mod load;
pub(crate) mod machine;
pub mod model;
pub mod parse;
mod reader;
mod revocation;
pub mod setting;

pub use fault::{Fault, FaultKind};
pub use model::*;
