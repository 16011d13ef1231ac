//! Keys that stay on cards: who needs one that is closed waits for its user, in front of the mail program's patience, and tries again.

use super::Relay;
use super::port::{Append, MessageKey, Outgoing, Silence};
use crate::base::Asker;
use crate::base::limits::{CARD_LOOKED_AT_MILLISECONDS, KEY_WAIT_IN_SILENCE_SECONDS, KEY_WAIT_SECONDS};
use crate::config::Account;
use crate::keys::card::{Cards, Wanted};
use crate::text::{Explanation, keys};
use crate::view::View;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// A card may be pulled out between its PIN and the operation; more often than this somebody plays.
const TRIES: usize = 3;

/// Why there is no View.
#[derive(Debug)]
pub(super) struct NotViewed {
    pub(super) why: Box<Explanation>,
    /// The message, where a key that is closed could open it.
    pub(super) stored: Option<Vec<u8>>,
}

impl From<Explanation> for NotViewed {
    fn from(why: Explanation) -> Self {
        Self {
            why: Box::new(why),
            stored: None,
        }
    }
}

/// How long who waits for a key is kept, whether or not he can be told so.
pub(super) fn patience(silence: Silence) -> Duration {
    Duration::from_secs(match silence {
        Silence::Broken => KEY_WAIT_SECONDS,
        Silence::Kept => KEY_WAIT_IN_SILENCE_SECONDS,
    })
}

impl Relay {
    /// The View; where a card is wanted for it, after its user was awaited.
    pub(super) async fn viewed(
        &self,
        key: &MessageKey,
        mut stored: Vec<u8>,
        asker: Asker,
        silence: Silence,
    ) -> Result<Arc<View>, Explanation> {
        for _ in 1..TRIES {
            match self.view_now(key, stored) {
                Err(NotViewed { why, stored: Some(back) }) => {
                    self.await_cards(*why, asker, silence).await?;
                    stored = back;
                }
                other => return other.map_err(|not| *not.why),
            }
        }
        self.view_now(key, stored).map_err(|not| *not.why)
    }

    /// Decides and seals; where a card is wanted for it, after its user was awaited.
    pub(super) async fn sealed_with_cards<F: Future<Output = Outgoing>>(&self, seal: impl Fn() -> F) -> Outgoing {
        for _ in 1..TRIES {
            match seal().await {
                Outgoing::Refuse(why) => {
                    if let Err(why) = self.await_cards(why, Asker::Sender, Silence::Kept).await {
                        return Outgoing::Refuse(why);
                    }
                }
                other => return other,
            }
        }
        seal().await
    }

    /// Stores an upload; where a card is wanted for its signature, after its user was awaited.
    pub(super) async fn stored_with_cards(&self, account: &Account, message: &[u8]) -> Append {
        let handle = tokio::runtime::Handle::current();
        // A card takes its time: never on the thread that serves the others.
        let store = || tokio::task::block_in_place(|| handle.block_on(self.store_upload(account, message)));
        for _ in 1..TRIES {
            match store() {
                Append::Refuse(why) => {
                    if let Err(why) = self.await_cards(why, Asker::Program, Silence::Broken).await {
                        return Append::Refuse(why);
                    }
                }
                other => return other,
            }
        }
        store()
    }

    /// Waits for every card that was wanted in vain; `Err`: there is none, or it did not open.
    pub(super) async fn await_cards(&self, otherwise: Explanation, asker: Asker, silence: Silence) -> Result<(), Explanation> {
        let missed = match is_locked(&otherwise) {
            true => self.identities.missed(),
            false => Vec::new(),
        };
        if missed.is_empty() {
            return Err(otherwise);
        }
        // A letter to several is opened by whichever card is there.
        let (mut opened, mut closed) = (false, None);
        for (card, wanted) in missed {
            let passed = match wanted {
                Wanted::Closed => card.pass(asker, patience(silence)).await,
                Wanted::Fault(why) => Err(why),
            };
            opened |= passed.is_ok();
            closed = closed.or(passed.err());
        }
        closed.filter(|_| !opened).map_or(Ok(()), Err)
    }

    /// The same in front of a terminal; blocks. True: something may go better now.
    pub fn open_cards_by_hand(&self) -> Result<bool, Explanation> {
        let missed = self.identities.missed();
        let (mut opened, mut closed) = (false, None);
        for (card, wanted) in &missed {
            let passed = match wanted {
                Wanted::Closed => card.open_by_hand(),
                Wanted::Fault(why) => Err(why.clone()),
            };
            opened |= passed.is_ok();
            closed = closed.or(passed.err());
        }
        closed.filter(|_| !opened).map_or(Ok(opened), Err)
    }

    /// The cards of this machine.
    pub fn cards(&self) -> &Arc<Cards> {
        &self.cards
    }

    /// Notices that a card is pulled out, and closes those that nobody has used for long, for as long as the relay runs.
    pub async fn keep_cards(&self) {
        loop {
            sleep(Duration::from_millis(CARD_LOOKED_AT_MILLISECONDS)).await;
            if self.cards.has_open() {
                let cards = Arc::clone(&self.cards);
                // A module takes its time; a look that fails has forgotten the logins.
                let looked = tokio::task::spawn_blocking(move || {
                    cards.close_idle();
                    cards.look().map(|_| ())
                });
                if let Ok(Err(why)) = looked.await {
                    tracing::warn!(code = why.code, "cards could not be looked at");
                }
            }
        }
    }
}

/// Whether it was for want of a key: whatever else went wrong, no card mends it.
fn is_locked(why: &Explanation) -> bool {
    why.code == keys::locked().code
}
