//! How long is waited, and for whom.
//!
//! RFC 5321 §4.5.3.2 lets a server think for ten minutes. Thunderbird gives up after 100 seconds without an answer, and the
//! doctor then sends once more what may have left: our words must come before.

use crate::base::limits::KEY_WAIT_IN_SILENCE_SECONDS;
use std::time::Duration;

/// What is waited for at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// The mail program between two commands (RFC 5321 §4.5.3.2.7).
    pub client: Duration,
    /// One reply of the provider before the end of data.
    pub reply: Duration,
    /// All the silences of the provider for one group together, the reply to the end of data among them. Octets that
    /// get through begin it anew.
    pub silence: Duration,
    /// After so long no further group is begun; the notice names its recipients.
    pub later_groups: Duration,
    /// The card that the provider's TLS asks for, before anything is said to the provider.
    pub card: Duration,
}

/// A write that makes no progress for this long has failed.
pub(super) const WRITE: Duration = Duration::from_secs(180);
/// The answer to RSET: the refusal that made it needed is waited for.
pub(super) const RESET: Duration = Duration::from_secs(5);
/// TCP and TLS (a name look-up and three round trips at worst).
pub(super) const CONNECT: Duration = Duration::from_secs(30);
/// A reply that was sent before the connection broke is here already.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(2);

impl Patience {
    /// For a mail program that gives up soon after so many seconds.
    pub fn of_seconds(seconds: u64) -> Self {
        let silence = Duration::from_secs(seconds);
        Self {
            client: Duration::from_secs(300),
            reply: silence * 2 / 3,
            silence,
            later_groups: silence * 2 / 3,
            card: Duration::from_secs(KEY_WAIT_IN_SILENCE_SECONDS).min(silence / 2),
        }
    }
}

impl Patience {
    /// What is left of it for the provider when the mail program has waited so long already, for a key.
    #[must_use]
    pub fn after(self, waited: Duration) -> Self {
        let left = |all: Duration| all.saturating_sub(waited).max(all / 3);
        Self {
            reply: left(self.reply),
            silence: left(self.silence),
            later_groups: left(self.later_groups),
            card: left(self.card),
            ..self
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::of_seconds(crate::base::limits::PROVIDER_SILENCE_SECONDS)
    }
}
