//! `souspli key wipe`: the keys of messages that cards have opened, and their end.

use super::{Cli, Failure};
use crate::pki::Certificate;
use crate::relay::clock;
use crate::store::{Event, Home, JournalEntry, Secrets, content_keys, journal};

/// Forgets all of them. No keyring is waited for, which may be gone, to forget what it seals.
pub(super) fn wipe(cli: &Cli) -> Result<(), Failure> {
    let home = cli.home()?;
    content_keys::wipe(&home).map_err(|e| Failure::from(&e))?;
    let entry = JournalEntry::of_home(clock(), Event::Key, "wiped");
    journal::record(&home, &entry).map_err(|e| Failure::from(&e))
}

/// Forgets those that a removed key has unwrapped; `None`: nobody can say any more which key it was.
pub(super) fn forget(home: &Home, secrets: &Secrets, removed: Option<&Certificate>) -> Result<(), Failure> {
    let done = match removed {
        Some(certificate) => content_keys::forget(home, secrets, certificate),
        None => content_keys::wipe(home),
    };
    done.map_err(|e| Failure::from(&e))
}
