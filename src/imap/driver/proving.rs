//! Accounts that log in by themselves: the local password lets the mail program in, and the provider is given something else.

use super::{CONNECT_TIME, Connection, Happened};
use crate::base::Secret;
use crate::config::Account;
use crate::relay::port::NotProved;
use crate::sasl::Proved;
use crate::text::imap as text;
use std::sync::Arc;
use tokio::time::timeout;

impl Connection {
    pub(super) fn prove(&mut self, account: Arc<Account>) {
        // A token of the mail program's is no local password, nor is an empty one.
        let given = match self.session.offered() {
            Some((credentials, Proved::ByClient)) => Some(credentials.password().cloned().unwrap_or_else(|| Secret::from(""))),
            Some((_, Proved::Once | Proved::AtLast)) => None,
            None => Some(Secret::from("")),
        };
        let (proofs, upstreams) = (Arc::clone(&self.services.proofs), Arc::clone(&self.services.upstreams));
        self.job = Some(Box::pin(async move {
            let Some(server) = account.imap.as_ref() else {
                return Happened::Connected(Err(text::no_server()));
            };
            match proofs.in_place_of(&account, given.as_ref()).await {
                Err(NotProved::Stranger(why)) => Happened::NotAdmitted(why),
                Err(NotProved::Nothing(why)) => Happened::Connected(Err(why)),
                Ok(proof) => {
                    let connected = timeout(CONNECT_TIME, upstreams.connect(server)).await;
                    Happened::Proved(proof, connected.unwrap_or_else(|_| Err(text::provider_silent())))
                }
            }
        }));
    }
}
