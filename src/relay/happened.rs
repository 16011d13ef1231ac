//! What happens at work that somebody who shows it wants to hear of at once. Who listens late asks `Relay::state`.

use super::Relay;
use crate::base::Address;
use crate::config::Account;
use crate::text::Explanation;
use tokio::sync::broadcast::{Receiver, Sender};

/// Something happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happened {
    /// The state is another one.
    Changed,
    /// A letter of this account was refused.
    Refused(Address),
    /// A mail program needed the card of this account, and it was not there or not opened.
    CardWanted(Address),
    /// An own certificate ends in so many days: told on its days, over restarts too.
    EndsSoon(Address, i64),
}

/// Who hears it.
#[derive(Debug)]
pub(super) struct Heard(Sender<Happened>);

impl Default for Heard {
    fn default() -> Self {
        Self(Sender::new(WAITING_MAX))
    }
}

/// Whoever lags behind so far asks for the state anew.
const WAITING_MAX: usize = 64;

impl Relay {
    /// What happens from now on.
    pub fn happenings(&self) -> Receiver<Happened> {
        self.heard.0.subscribe()
    }

    pub(super) fn tell(&self, happened: Happened) {
        // Without an icon nobody listens.
        let _ = self.heard.0.send(happened);
    }

    /// A letter was refused: for the state, and for who listens.
    pub(super) fn show_refusal(&self, account: &Account, why: &Explanation) {
        self.refusals.note(&account.address, self.now(), why);
        self.tell(Happened::Refused(account.address.clone()));
    }

    /// The user leaves: all that stands open by his PIN or his passphrase is closed, and what it had opened leaves memory. What is
    /// kept for longer is sealed under the key of the home - content keys, texts for searches, fields of lists - and has ends of
    /// its own.
    pub fn lock(&self) {
        self.cards.close();
        self.identities.held().close();
        self.notice_closed_files();
        self.later.settle();
        self.views.wipe();
    }

    /// Ends of tries to open the keyring.
    pub fn keyring_tries(&self) -> tokio::sync::watch::Receiver<u64> {
        self.gate.tries()
    }
}
