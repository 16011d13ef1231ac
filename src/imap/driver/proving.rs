//! Accounts that log in by themselves: the local password lets the mail program in, and the provider is given something else.

use super::{CONNECT_TIME, Connection, Happened};
use crate::base::limits::KEY_WAIT_SECONDS;
use crate::base::{Asker, Secret};
use crate::config::Account;
use crate::relay::port::NotProved;
use crate::sasl::Proved;
use crate::text::imap as text;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a card is awaited: the mail program is told so.
const KEY_WAIT: Duration = Duration::from_secs(KEY_WAIT_SECONDS);

impl Connection {
    pub(super) fn prove(&mut self, account: Arc<Account>) {
        // A token of the mail program's is no local password, nor is an empty one.
        let given = match self.session.offered() {
            Some((credentials, Proved::ByClient)) => Some(credentials.password().cloned().unwrap_or_else(|| Secret::from(""))),
            Some((_, Proved::Once | Proved::AtLast)) => None,
            None => Some(Secret::from("")),
        };
        let (proofs, upstreams) = (Arc::clone(&self.services.proofs), Arc::clone(&self.services.upstreams));
        // Somebody has just sat down; a mail program that is at work opens more connections by itself.
        let asker = match self.services.logins.of(account.address.folded()) {
            None => Asker::Reader,
            Some(_) => Asker::Program,
        };
        self.job = Some(Box::pin(async move {
            let Some(server) = account.imap.as_ref() else {
                return Happened::Connected(Err(text::no_server()));
            };
            match proofs.in_place_of(&account, given.as_ref()).await {
                Err(NotProved::Stranger(why)) => Happened::NotAdmitted(why),
                Err(NotProved::Nothing(why)) => Happened::Connected(Err(why)),
                Ok(proof) => {
                    // Its card is awaited while nobody waits at the other end.
                    if let Err(closed) = upstreams.ready(server, asker, KEY_WAIT).await {
                        return Happened::Connected(Err(closed));
                    }
                    let connected = timeout(CONNECT_TIME, upstreams.connect(server)).await;
                    Happened::Proved(proof, connected.unwrap_or_else(|_| Err(text::provider_silent())))
                }
            }
        }));
    }
}
