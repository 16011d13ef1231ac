//! What is served at each of the ports, and with what.

use crate::config::{Config, ListenTls};
use crate::imap;
use crate::keys::HomeProofs;
use crate::net::provider::{Providers, TlsServer};
use crate::net::stream::BoxedStream;
use crate::pop3;
use crate::relay::Relay;
use crate::smtp;
use crate::smtp::driver::Running;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// Serves one connection to its end.
pub(super) type Serve = Arc<dyn Fn(BoxedStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// One protocol, where it is to be reached.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) place: Option<SocketAddr>,
    pub(super) serve: Serve,
}

/// What all of them share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) relay: Arc<Relay>,
    pub(super) providers: Arc<Providers>,
    pub(super) proofs: Arc<HomeProofs>,
    pub(super) tls: Arc<TlsServer>,
    pub(super) stopping: watch::Receiver<Running>,
}

/// SMTP, IMAP, POP3, and how many submissions are in hand.
pub(super) fn all(config: &Config, shared: &Shared) -> (Vec<Service>, watch::Receiver<usize>) {
    let submissions = Arc::new(submissions(config, shared));
    let in_hand = submissions.in_hand.watched();
    let smtp: Serve = Arc::new(move |stream| {
        let submissions = Arc::clone(&submissions);
        // How a connection ends is told to the mail program; what is left is a closed socket.
        Box::pin(async move { drop(smtp::driver::serve(stream, submissions).await) })
    });
    let (over_imap, over_pop3) = mailboxes(config, shared);
    let imap = reading(shared.stopping.clone(), move |stream| {
        imap::driver::serve(stream, over_imap.clone())
    });
    let pop3 = reading(shared.stopping.clone(), move |stream| {
        pop3::driver::serve(stream, over_pop3.clone())
    });
    // Without an account there is nothing to be reached.
    let place = |said: Option<SocketAddr>| said.filter(|_| !config.accounts.is_empty());
    let services = [
        ("smtp", config.listen.smtp, smtp),
        ("imap", config.listen.imap, imap),
        ("pop3", config.listen.pop3, pop3),
    ];
    let services = services.map(|(name, said, serve)| Service {
        name,
        place: place(said),
        serve,
    });
    (services.into(), in_hand)
}

fn submissions(config: &Config, shared: &Shared) -> smtp::driver::Submissions {
    smtp::driver::Submissions {
        sealing: shared.relay.clone(),
        upstreams: shared.providers.clone(),
        client_tls: shared.starttls(config).map(|t| t as _),
        proofs: shared.proofs.clone(),
        offers: smtp::driver::Offers::default(),
        budget: smtp::driver::Budget::default(),
        in_hand: smtp::driver::InHand::default(),
        patience: config.upstream_silence.map(smtp::driver::Patience::of_seconds).unwrap_or_default(),
        running: shared.stopping.clone(),
    }
}

/// Both ways of reading, in one budget.
fn mailboxes(config: &Config, shared: &Shared) -> (imap::driver::Services, pop3::driver::Services) {
    let budget = Arc::default();
    let over_imap = imap::driver::Services {
        opening: shared.relay.clone(),
        upstreams: shared.providers.clone(),
        starttls: shared.starttls(config).map(|t| t as _),
        proofs: shared.proofs.clone(),
        classes: Arc::default(),
        logins: Arc::default(),
        budget: Arc::clone(&budget),
    };
    let over_pop3 = pop3::driver::Services {
        opening: shared.relay.clone(),
        upstreams: shared.providers.clone(),
        starttls: shared.starttls(config).map(|t| t as _),
        proofs: shared.proofs.clone(),
        memory: Arc::default(),
        budget,
        patience: config.upstream_silence.map(pop3::driver::Patience::of_seconds).unwrap_or_default(),
    };
    (over_imap, over_pop3)
}

impl Shared {
    /// TLS that a mail program asks for in the conversation, where that is how it is offered.
    fn starttls(&self, config: &Config) -> Option<Arc<TlsServer>> {
        (config.listen.tls == ListenTls::StartTls).then(|| Arc::clone(&self.tls))
    }

    /// TLS from the first octet on, where that is how it is offered.
    pub(super) fn implicit(&self, config: &Config) -> Option<&Arc<TlsServer>> {
        (config.listen.tls == ListenTls::Implicit).then_some(&self.tls)
    }
}

/// Reading can be taken up again at any point: nothing is lost with the connection, and it ends with the program.
fn reading<F>(ended: watch::Receiver<Running>, serve: impl Fn(BoxedStream) -> F + Send + Sync + 'static) -> Serve
where
    F: Future<Output = ()> + Send + 'static,
{
    Arc::new(move |stream| {
        let (serve, mut ended) = (serve(stream), ended.clone());
        Box::pin(async move {
            tokio::select! {
                () = serve => {}
                _ = ended.wait_for(|running| *running == Running::Stopping) => {}
            }
        })
    })
}
