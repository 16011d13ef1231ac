//! Keys that stay on cards: who needs one that is closed waits for its user, in front of the mail program's patience, and tries again.

use super::Relay;
use super::happened::Happened;
use super::identities::CardGate;
use super::port::{Append, MessageKey, Outgoing, Silence};
use crate::base::Asker;
use crate::base::limits::{KEY_WAIT_IN_SILENCE_SECONDS, KEY_WAIT_SECONDS};
use crate::config::Account;
use crate::keys::card::{Cards, Wanted};
use crate::text::{Explanation, keys, provider};
use crate::view::View;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A card may be pulled out between its PIN and the operation; more often than this somebody plays.
const TRIES: usize = 3;

/// Why there is no View.
#[derive(Debug)]
pub(super) struct NotViewed {
    pub(super) why: Box<Explanation>,
    /// The message, where a key that is closed could open it.
    pub(super) stored: Option<Vec<u8>>,
}

/// Two connections that open one letter at once ask the card once: the second finds what the first has opened.
#[derive(Debug, Default)]
pub(super) struct Turns([Mutex<()>; TURNS]);

/// Letters that share a turn by chance wait for each other, which their card would have them do anyway.
const TURNS: usize = 32;

impl Turns {
    /// The turn of a message, until it is dropped.
    pub(super) fn of(&self, key: &MessageKey) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        self.0[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let reader = self
            .accounts
            .iter()
            .find(|account| account.address.folded() == &*key.account)
            .map(Arc::as_ref);
        for _ in 1..TRIES {
            let since = Instant::now();
            match self.view_now(key, stored) {
                Err(NotViewed { why, stored: Some(back) }) => {
                    let missed = || self.identities.missed(since, reader.map(|account| &account.address));
                    self.await_cards(*why, (reader, missed), asker, silence).await?;
                    stored = back;
                }
                other => return other.map_err(|not| *not.why),
            }
        }
        self.view_now(key, stored).map_err(|not| *not.why)
    }

    /// Decides and seals; where a card is wanted for it, after its user was awaited.
    pub(super) async fn sealed_with_cards<F: Future<Output = Outgoing>>(&self, account: &Account, seal: impl Fn() -> F) -> Outgoing {
        for _ in 1..TRIES {
            let since = Instant::now();
            match seal().await {
                Outgoing::Refuse(why) => {
                    let missed = || self.identities.missed_of(&account.address, since);
                    if let Err(why) = self.await_cards(why, (Some(account), missed), Asker::Sender, Silence::Kept).await {
                        return Outgoing::Refuse(provider::not_sent(why));
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
            let since = Instant::now();
            match store() {
                Append::Refuse(why) => {
                    let missed = || self.identities.missed_of(&account.address, since);
                    if let Err(why) = self
                        .await_cards(why, (Some(account), missed), Asker::Program, Silence::Broken)
                        .await
                    {
                        return Append::Refuse(why);
                    }
                }
                other => return other,
            }
        }
        store()
    }

    /// Waits for the cards that were wanted in vain, one after the other, until one opens; `Err`: there is none, or none opened.
    async fn await_cards(
        &self,
        otherwise: Explanation,
        (whose, missed): (Option<&Account>, impl Fn() -> Vec<(CardGate, Wanted)>),
        asker: Asker,
        silence: Silence,
    ) -> Result<(), Explanation> {
        let missed = match is_locked(&otherwise) {
            true => missed(),
            false => Vec::new(),
        };
        let mut closed = None;
        for (card, wanted) in missed {
            let passed = match wanted {
                Wanted::Closed => card.pass(asker, patience(silence)).await,
                Wanted::Fault(why) => Err(why),
            };
            match passed {
                // A letter to several is opened by whichever card is there.
                Ok(()) => return Ok(()),
                Err(why) => closed = closed.or(Some(why)),
            }
        }
        if let (Some(_), Some(account)) = (&closed, whose) {
            self.tell(Happened::CardWanted(account.address.clone()));
        }
        Err(closed.unwrap_or(otherwise))
    }

    /// The same in front of a terminal; blocks. True: something may go better now.
    pub fn open_cards_by_hand(&self) -> Result<bool, Explanation> {
        let missed = self.identities.missed_of_late();
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
}

/// Whether it was for want of a key: whatever else went wrong, no card mends it.
fn is_locked(why: &Explanation) -> bool {
    why.code == keys::locked().code
}
