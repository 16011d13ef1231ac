//! `[card]`: smart cards and their PIN.

use super::ldap::read_number;
use super::reader::{Faults, Section};
use std::path::PathBuf;

/// How cards are reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardRules {
    /// The PKCS#11 module; `None`: the first of the known ones that is installed.
    pub module: Option<PathBuf>,
    /// The program that asks for the PIN; `None`: the one called `pinentry`, or the terminal.
    pub pinentry: Option<PathBuf>,
    /// Seconds without an operation after which the PIN is asked again.
    pub idle: u64,
}

const MINUTE: i64 = 60;

impl Default for CardRules {
    fn default() -> Self {
        Self {
            module: None,
            pinentry: None,
            idle: 2 * 3600,
        }
    }
}

pub(super) fn read(mut section: Section<'_, '_>, faults: &mut Faults) -> CardRules {
    let module = section.text("module", faults).map(|at| PathBuf::from(at.value));
    let pinentry = section.text("pinentry", faults).map(|at| PathBuf::from(at.value));
    let idle = MINUTE * read_number(&mut section, "idle_minutes", 1..=720, 120, faults);
    section.finish(faults);
    CardRules {
        module,
        pinentry,
        idle: idle.unsigned_abs(),
    }
}
