//! What the providers offer, learnt before anybody logs in: EHLO comes before it is known whose mail it is.

use super::Submissions;
use super::patience::Patience;
use super::upstream::Upstream;
use crate::config::{Account, ClientCertificate, Server};
use crate::net::port::Upstreams;
use crate::smtp::capabilities::Capabilities;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// A mail program waits for this at most, once per provider.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);
/// A provider that did not answer is not asked again for so long.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);

/// What each provider offers, shared by all connections.
#[derive(Debug, Default)]
pub struct Offers {
    known: Mutex<BTreeMap<(String, u16), Offer>>,
    /// Held while providers are asked: a second mail program waits for the same answers.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
enum Offer {
    Known(Capabilities),
    UnknownUntil(Instant),
}

impl Offers {
    /// Keeps what a connection saw.
    pub(super) fn learn(&self, server: &Server, capabilities: &Capabilities) {
        self.keep(server, Offer::Known(capabilities.clone()));
    }

    fn keep(&self, server: &Server, offer: Offer) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((server.host.clone(), server.port), offer);
    }

    fn find(&self, server: &Server) -> Option<Offer> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(server.host.clone(), server.port)).cloned()
    }

    /// What was seen of it last.
    pub(super) fn known(&self, server: &Server) -> Option<Capabilities> {
        match self.find(server)? {
            Offer::Known(capabilities) => Some(capabilities),
            Offer::UnknownUntil(_) => None,
        }
    }

    fn must_ask(&self, server: &Server) -> bool {
        match self.find(server) {
            None => true,
            Some(Offer::Known(_)) => false,
            Some(Offer::UnknownUntil(moment)) => moment <= Instant::now(),
        }
    }
}

impl Submissions {
    /// What can be offered whichever account it will be. A provider that is not known counts as one that has no extension. One that
    /// is known by the first login only takes nothing from the others until then: its card may be away.
    pub(super) async fn offer(&self) -> Capabilities {
        let accounts = self.sealing.accounts();
        let asked = accounts.iter().filter(|account| !wants_card(account));
        let servers: Vec<Server> = asked.map(|account| account.smtp.clone()).collect();
        self.ask(&servers).await;
        let offers = accounts.iter().filter_map(|account| match self.offers.known(&account.smtp) {
            None if wants_card(account) => None,
            known => Some(known.unwrap_or_default().offered_to(account)),
        });
        offers.reduce(|all, one| all.common(&one)).unwrap_or_default()
    }

    async fn ask(&self, servers: &[Server]) {
        let _asking = self.offers.asking.lock().await;
        let mut probes = JoinSet::new();
        for server in servers.iter().filter(|server| self.offers.must_ask(server)) {
            self.offers.keep(server, Offer::UnknownUntil(Instant::now() + UNKNOWN_FOR));
            probes.spawn(probe(Arc::clone(&self.upstreams), server.clone()));
        }
        while let Some(probed) = probes.join_next().await {
            if let Ok((server, Some(capabilities))) = probed {
                self.offers.learn(&server, &capabilities);
            }
        }
    }
}

/// Nobody has logged in yet: no card is asked for anything.
fn wants_card(account: &Account) -> bool {
    account.client_certificate == Some(ClientCertificate::Card)
}

async fn probe(upstreams: Arc<dyn Upstreams>, server: Server) -> (Server, Option<Capabilities>) {
    let opened = timeout(PROBE_PATIENCE, Upstream::open(&*upstreams, &server, None, Patience::default())).await;
    let Ok(Ok(upstream)) = opened else { return (server, None) };
    let capabilities = upstream.capabilities().clone();
    upstream.quit().await;
    (server, Some(capabilities))
}
