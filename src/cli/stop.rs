//! `souspli stop`: ends the relays of this user; for an installer or an administrator, those of everybody. Windows only: elsewhere
//! there is SIGTERM.

use super::Failure;
use crate::base::limits::STOP_SECONDS_MAX;
use crate::text::command as say;
use crate::windows::ending::{Ended, end_all};
use std::time::Duration;

/// Longer than a relay waits for the submissions in hand, and for its cards.
const TIME: Duration = Duration::from_secs(STOP_SECONDS_MAX + 6);

pub(super) fn execute() -> Result<(), Failure> {
    match end_all(TIME).map_err(|e| Failure::system(&e))? {
        Ended::All => Ok(()),
        Ended::Not => Err(say::not_stopped().into()),
    }
}
