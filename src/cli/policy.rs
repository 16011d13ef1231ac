//! `souspli policy [FILE]`: what binds every user of this computer, put where only administrators can change it. For the installer, and
//! on Windows only: elsewhere a file in /etc is enough.

use super::{Failure, faults};
use crate::config::machine::install;
use clap::Args;
use std::path::PathBuf;

/// The file, which is read as at each start before it takes the place of the one that is there; without one, what is there is looked at.
#[derive(Args, Debug)]
pub struct MachinePolicy {
    file: Option<PathBuf>,
}

impl MachinePolicy {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        install(self.file.as_deref()).map_err(|e| faults(&e))
    }
}
