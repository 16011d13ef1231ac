//! `[journal]`: how long it is kept.

use super::ldap::read_number;
use super::reader::{Faults, Section};

/// How long the journal is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalRules {
    /// Months of the calendar (requirements F.2).
    pub months: u32,
}

const MONTHS: u32 = 6;

impl Default for JournalRules {
    fn default() -> Self {
        Self { months: MONTHS }
    }
}

pub(super) fn read(mut section: Section<'_, '_>, faults: &mut Faults) -> JournalRules {
    let months = read_number(&mut section, "months", 1..=12, i64::from(MONTHS), faults);
    section.finish(faults);
    JournalRules {
        months: u32::try_from(months).unwrap_or(MONTHS),
    }
}
