//! How the cards of the accounts stand, as it changes: PC/SC wakes, PKCS#11 says whose card it is, whoever subscribes hears of it.

use super::Relay;
use crate::base::Address;
use crate::base::limits::{CARD_FAULT_SECONDS, CARD_LOOKED_AT_MILLISECONDS, CARD_LOOKED_FOR_SECONDS};
use crate::keys::card::readers::Service;
use crate::keys::card::state::CardState;
use crate::text::Explanation;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How the card of an account stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardStatus {
    /// Whose mail it opens and signs.
    pub account: Address,
    /// Its serial number.
    pub card: String,
    /// Whose card it is.
    pub holder: String,
    /// How it stands.
    pub state: CardState,
}

/// Of every account that has one.
pub type CardStates = Arc<Vec<CardStatus>>;

impl CardStatus {
    /// In words, with what to do.
    pub fn explain(&self) -> Explanation {
        self.state.explain(&self.holder)
    }
}

impl Relay {
    /// How the cards stand, and to be woken when one stands otherwise.
    pub fn card_states(&self) -> watch::Receiver<CardStates> {
        self.card_states.subscribe()
    }

    /// Notices whatever becomes of cards and readers, and closes cards that nobody has used for long, for as long as the relay
    /// runs. Nothing is begun before an account has a card.
    pub async fn keep_cards(&self) {
        let cards = async {
            while self.own_cards().is_empty() {
                sleep(Duration::from_secs(CARD_LOOKED_FOR_SECONDS)).await;
            }
            tokio::join!(self.cards.follow_readers(), self.follow_cards());
        };
        tokio::join!(cards, self.close_files());
    }

    /// Keys that a card has opened leave memory with it. Nothing wakes for it before an account is held.
    async fn close_files(&self) {
        self.holds_something().await;
        loop {
            sleep(OPEN).await;
            self.notice_closed_files();
        }
    }

    async fn follow_cards(&self) {
        let (mut readers, mut changes) = (self.cards.readers(), self.cards.changes());
        let (mut next, mut again) = (Instant::now(), 0);
        loop {
            let is_due = tokio::select! {
                _ = readers.changed() => {
                    again = LOOKED_AGAIN;
                    true
                }
                _ = changes.changed() => false,
                () = sleep_until(next) => true,
            };
            if is_due {
                self.look_at_cards().await;
                next = Instant::now() + if again > 0 { OPEN } else { self.until_next_look() };
                again = again.saturating_sub(1);
            } else if self.cards.has_open() {
                // Nobody waits for long to learn that a card that is in use has gone.
                next = next.min(Instant::now() + OPEN);
            }
            self.tell_card_states(if again > 0 { Sight::Fresh } else { Sight::Settled });
        }
    }

    /// How long nobody looks, where nobody tells of a change.
    fn until_next_look(&self) -> Duration {
        let is_told = self.cards.readers().borrow().service == Service::Running;
        let states = self.own_cards();
        match () {
            () if self.cards.has_open() => OPEN,
            () if states.iter().any(|status| status.state.is_fault()) => Duration::from_secs(CARD_FAULT_SECONDS),
            () if is_told => Duration::from_secs(CARD_LOOKED_FOR_SECONDS * 12),
            () => Duration::from_secs(CARD_LOOKED_FOR_SECONDS),
        }
    }

    async fn look_at_cards(&self) {
        let cards = Arc::clone(&self.cards);
        let own: Vec<String> = self.own_cards().into_iter().map(|status| status.card).collect();
        // A module takes its time; a look that fails has forgotten the logins, and is told as the state of the cards.
        let looked = tokio::task::spawn_blocking(move || {
            cards.close_idle();
            drop(cards.look_for(&own));
        });
        drop(looked.await);
    }

    fn tell_card_states(&self, sight: Sight) {
        let (mut now, before) = (self.own_cards(), Arc::clone(&self.card_states.borrow()));
        if sight == Sight::Fresh {
            // A card that was put in a moment ago is not unreadable: its module has not read it yet.
            let unread = now.iter_mut().filter(|status| status.state == CardState::Unreadable);
            for status in unread {
                let same = |other: &&CardStatus| other.card == status.card && other.account == status.account;
                status.state = before.iter().find(same).map_or(CardState::Unknown, |other| other.state.clone());
            }
        }
        for status in now.iter().filter(|status| !before.contains(status)) {
            let said = status.explain();
            tracing::info!(account = %status.account, code = said.code, "{}", said.fr.what);
        }
        if now != *before {
            self.card_states.send_replace(Arc::new(now));
        }
    }

    /// The cards of accounts, as they were last seen; nobody is asked for anything.
    fn own_cards(&self) -> Vec<CardStatus> {
        // A keyring that is locked yet says nothing of them.
        let own = match self.gate.is_open() {
            true => self.identities.cards().unwrap_or_default(),
            false => Vec::new(),
        };
        let status = |(account, card, holder): (Address, String, String)| CardStatus {
            state: self.cards.state(&card),
            account,
            card,
            holder,
        };
        own.into_iter().map(status).collect()
    }
}

/// Whether what is seen of the cards may be half of it yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sight {
    Fresh,
    Settled,
}

/// How often cards are looked at once more after readers have changed: a module may know of it later than PC/SC tells.
const LOOKED_AGAIN: u32 = 2;
/// How long cards in use are not looked at.
const OPEN: Duration = Duration::from_millis(CARD_LOOKED_AT_MILLISECONDS);
