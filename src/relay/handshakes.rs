//! What providers' TLS knows an account's owner by (`client_certificate`): a file, or a key on a card, whose user is awaited before
//! anything is said to the provider. Who shows no certificate where one is configured does not connect.

use super::happened::Happened;
use super::{Relay, clock};
use crate::base::{Address, Asker};
use crate::config::ClientCertificate;
use crate::keys::HomeProofs;
use crate::keys::card::{CardKey, Wanted};
use crate::net::identity::ClientIdentity;
use crate::net::port::ClientIdentities;
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

/// A card may be pulled out between its PIN and the look at it; more often than this somebody plays.
const TRIES: usize = 3;

/// What a home's accounts are known by.
pub struct ClientKeys {
    files: Arc<HomeProofs>,
    cards: Arc<Relay>,
}

impl ClientKeys {
    /// Those of files, and those of cards.
    pub fn new(files: Arc<HomeProofs>, cards: Arc<Relay>) -> Self {
        Self { files, cards }
    }
}

impl ClientIdentities for ClientKeys {
    fn ready<'a>(
        &'a self,
        account: &'a Address,
        shown: &'a ClientCertificate,
        asker: Asker,
        patience: Duration,
    ) -> Pending<'a, Result<(), Explanation>> {
        Box::pin(async move {
            match shown {
                ClientCertificate::File(_) => Ok(()),
                ClientCertificate::Card => self.cards.open_card_of(account, asker, patience).await,
            }
        })
    }

    fn identity(&self, account: &Address, shown: &ClientCertificate) -> Result<ClientIdentity, Explanation> {
        block_in_place(|| match shown {
            ClientCertificate::File(file) => self.files.identity_of(account, file),
            ClientCertificate::Card => self.cards.on_card_now(account),
        })
    }
}

impl Relay {
    /// Waits until the card by which the account logs in is there and open.
    async fn open_card_of(&self, account: &Address, asker: Asker, patience: Duration) -> Result<(), Explanation> {
        let end = Instant::now() + patience;
        self.gate.pass(asker, patience).await?;
        for _ in 0..TRIES {
            // It may read keys, and asks the card: not on the thread that serves the others.
            let (key, gate) = block_in_place(|| self.identities.on_card(account, clock()))?;
            match block_in_place(|| self.shown_by(&key)) {
                Ok(_) => return Ok(()),
                Err(Wanted::Fault(why)) => return Err(why),
                Err(Wanted::Closed) => {
                    let passed = gate.pass(asker, end.saturating_duration_since(Instant::now())).await;
                    passed.inspect_err(|_| self.tell(Happened::CardWanted(account.clone())))?;
                }
            }
        }
        block_in_place(|| self.on_card_now(account)).map(|_| ())
    }

    /// Asks nobody.
    fn on_card_now(&self, account: &Address) -> Result<ClientIdentity, Explanation> {
        let (key, _) = self.identities.on_card(account, clock())?;
        self.shown_by(&key).map_err(|wanted| match wanted {
            Wanted::Closed => key.lock().still_closed(),
            Wanted::Fault(why) => why,
        })
    }

    /// With the authorities between it and the root, which servers may not have.
    fn shown_by(&self, key: &Arc<CardKey>) -> Result<ClientIdentity, Wanted> {
        let trust = self.authorities.trust().map_err(|error| Wanted::Fault(error.explain()))?;
        key.client_identity(trust.authorities().map(|authority| &authority.certificate))
    }
}
