//! The relay in service: what it is reached by, what it looks after, and the orderly end.

mod doors;
mod services;
mod upkeep;

use self::services::Shared;
use super::{Failure, last};
use crate::base::limits::STOP_SECONDS_MAX;
use crate::config::Config;
use crate::desktop::Lasting;
use crate::desktop::dashboard::Dashboard;
use crate::desktop::desk::{Desk, Followed};
use crate::keys::HomeProofs;
use crate::net::local::LocalCertificate;
use crate::net::provider::{Providers, TlsServer};
use crate::net::tls;
use crate::relay::handshakes::ClientKeys;
use crate::relay::{Relay, clock};
use crate::smtp::driver::Running;
use crate::store::{Home, Secrets};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long cards may take to log out at the end.
const CARDS_CLOSE: Duration = Duration::from_millis(500);

/// What runs.
pub(super) struct Serving {
    connections: JoinSet<()>,
    running: watch::Sender<Running>,
}

/// Why it has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    /// It was told to.
    Told,
    /// To go on with another configuration.
    ToBeginAgain,
}

impl Serving {
    /// Binds, says `ready`, serves, and ends within `STOP_SECONDS_MAX` of `end`, or of a wish to begin again.
    pub(super) async fn start(
        (home, secrets): (Home, Secrets),
        config: Config,
        relay: Relay,
        (lasting, desk): (&Arc<Lasting>, &Desk),
        end: impl Future<Output = ()>,
    ) -> Result<Ended, Failure> {
        let relay = Arc::new(relay);
        let local = LocalCertificate::open(&home, clock()).map_err(|e| Failure::from(&e))?;
        let (running, stopping) = watch::channel(Running::On);
        let shared = shared((&home, &secrets), &config, &relay, &local, stopping)?;
        let (services, in_hand) = services::all(&config, &shared);
        let doors = doors::open(services, lasting, shared.implicit(&config)).await?;
        lasting.opened(doors::places(&doors));
        let dashboard = Dashboard::bind(&config, Arc::clone(&relay), (&home, &secrets), shared.providers.clone(), lasting).await;
        let dashboard = dashboard.map_err(|e| Failure::door(&e))?;

        tokio::task::block_in_place(|| last::keep(lasting.places(), &home, &config));
        doors::say_ready(&lasting.doors(), dashboard.as_ref().and_then(Dashboard::invitation));
        lasting.stands();
        let mut serving = Self {
            connections: JoinSet::new(),
            running,
        };
        for door in doors {
            serving.connections.spawn(doors::accept(door, shared.stopping.clone()));
        }
        let following = tokio::spawn(desk.clone().follow(Followed {
            relay: Arc::clone(&relay),
            config: config.clone(),
            upstreams: shared.providers.clone(),
            away: shared.providers.away(),
            in_hand,
            pages: dashboard.as_ref().map(Dashboard::invitations),
        }));
        if let Some(dashboard) = dashboard {
            let mut stopping = shared.stopping.clone();
            let end = async move { drop(stopping.wait_for(|running| *running == Running::Stopping).await) };
            serving.connections.spawn(dashboard.serve(end));
        }
        let (beginning, its_home) = (Arc::clone(&relay), home.clone());
        let begun = tokio::task::spawn_blocking(move || beginning.note_start(&its_home));
        let upkeep = upkeep::begin(&home, &config, &relay, &shared.providers, (local.ends(), shared.tls));
        let ended = tokio::select! {
            () = end => Ended::Told,
            () = desk.quit_asked() => Ended::Told,
            () = lasting.wanted_again() => Ended::ToBeginAgain,
        };
        following.abort();
        if ended == Ended::Told {
            lasting.shut();
            desk.ends();
        }
        drop(upkeep);
        serving.end().await;
        close_cards(&relay).await;
        relay.forget_views();
        // An end that comes at once is not told ahead of the beginning.
        let _ = begun.await;
        relay.note_stop();
        Ok(ended)
    }

    /// No new connection; those in hand have until the deadline.
    async fn end(mut self) {
        let _ = self.running.send(Running::Stopping);
        let all = async { while self.connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(STOP_SECONDS_MAX), all).await;
    }
}

/// The way to the providers, and the local side's TLS.
fn shared(
    (home, secrets): (&Home, &Secrets),
    config: &Config,
    relay: &Arc<Relay>,
    local: &LocalCertificate,
    stopping: watch::Receiver<Running>,
) -> Result<Shared, Failure> {
    let acceptor = tls::acceptor(local).map_err(|e| Failure::from(&e))?;
    let proofs = Arc::new(HomeProofs::new(home, secrets));
    let shown = Arc::new(ClientKeys::new(proofs.clone(), Arc::clone(relay) as _));
    let providers = Providers::new(config, relay.operators()?, Some(shown)).map_err(|e| Failure::from(&e))?;
    providers.ask(Arc::clone(relay) as _);
    Ok(Shared {
        relay: Arc::clone(relay),
        providers: Arc::new(providers),
        proofs,
        tls: Arc::new(TlsServer::new(acceptor)),
        stopping,
    })
}

/// Logs out.
async fn close_cards(relay: &Arc<Relay>) {
    let closing = Arc::clone(relay);
    let (closed, is_closed) = tokio::sync::oneshot::channel();
    // A thread that the end of the program ends: a module that hangs keeps nobody.
    std::thread::spawn(move || {
        closing.cards().close();
        // Nobody waits any more for one that is late.
        let _ = closed.send(());
    });
    let _ = tokio::time::timeout(CARDS_CLOSE, is_closed).await;
}
