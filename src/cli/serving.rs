//! The relay in service: listeners, connections, and the orderly end.

use super::{Failure, last, whitelist};
use crate::base::UnixTime;
use crate::base::limits::{CONNECTIONS_MAX, LISTS_JITTER_SECONDS, STOP_SECONDS_MAX};
use crate::config::{Config, ListenTls};
use crate::desktop::dashboard::Dashboard;
use crate::desktop::desk::{Desk, Followed};
use crate::desktop::{Doors, Lasting, setup};
use crate::directory::listed::ListServer;
use crate::imap;
use crate::keys::HomeProofs;
use crate::net::local::LocalCertificate;
use crate::net::provider::{Providers, TlsServer};
use crate::net::stream::BoxedStream;
use crate::net::{NetError, listen, peer, tls};
use crate::pop3;
use crate::relay::handshakes::ClientKeys;
use crate::relay::{Relay, clock};
use crate::smtp;
use crate::smtp::driver::Running;
use crate::store::{Home, Secrets};
use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

type Serve = Arc<dyn Fn(BoxedStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How often the end of the local certificate is looked at.
const CERTIFICATE_LOOKED_AT: Duration = Duration::from_secs(3600);
/// How often directories are asked for what grows old.
const DIRECTORIES_ASKED_AT: Duration = Duration::from_secs(3600);
/// How long cards may take to log out at the end.
const CARDS_CLOSE: Duration = Duration::from_millis(500);
/// How often the ends of own certificates are looked at.
const ENDINGS_LOOKED_AT: Duration = Duration::from_secs(3600);
/// How often it is looked whether something in the journal is too old.
const JOURNAL_CUT_AT: Duration = Duration::from_secs(3600);
/// After a connection that could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

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

/// One protocol's listener.
struct Door {
    listener: TcpListener,
    serve: Serve,
    implicit: Option<Arc<TlsServer>>,
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
        let acceptor = Arc::new(TlsServer::new(tls::acceptor(&local).map_err(|e| Failure::from(&e))?));
        let proofs = Arc::new(HomeProofs::new(&home, &secrets));
        let operators = relay.operators()?;
        let shown = Arc::new(ClientKeys::new(proofs.clone(), relay.clone()));
        let providers = Providers::new(&config, operators, Some(shown)).map_err(|e| Failure::from(&e))?;
        let providers = Arc::new(providers);
        providers.ask(relay.clone());
        let listing = providers.clone();
        let (running, stopping) = watch::channel(Running::On);
        let starttls = (config.listen.tls == ListenTls::StartTls).then(|| Arc::clone(&acceptor));
        let implicit = (config.listen.tls == ListenTls::Implicit).then(|| Arc::clone(&acceptor));

        let submissions = Arc::new(smtp::driver::Submissions {
            sealing: relay.clone(),
            upstreams: providers.clone(),
            client_tls: starttls.clone().map(|t| t as _),
            proofs: proofs.clone(),
            offers: smtp::driver::Offers::default(),
            budget: smtp::driver::Budget::default(),
            in_hand: smtp::driver::InHand::default(),
            patience: config.upstream_silence.map(smtp::driver::Patience::of_seconds).unwrap_or_default(),
            running: stopping.clone(),
        });
        let in_hand = submissions.in_hand.watched();
        let budget = Arc::default();
        let over_imap = imap::driver::Services {
            opening: relay.clone(),
            upstreams: providers.clone(),
            starttls: starttls.clone().map(|t| t as _),
            proofs: proofs.clone(),
            classes: Arc::default(),
            logins: Arc::default(),
            budget: Arc::clone(&budget),
        };
        let over_pop3 = pop3::driver::Services {
            opening: relay.clone(),
            upstreams: providers.clone(),
            starttls: starttls.map(|t| t as _),
            proofs,
            memory: Arc::default(),
            budget,
            patience: config.upstream_silence.map(pop3::driver::Patience::of_seconds).unwrap_or_default(),
        };
        // Without an account there is nothing to be reached.
        let place = |name, said: Option<SocketAddr>| Some((name, said.filter(|_| !config.accounts.is_empty())?));
        let smtp = door(
            place("smtp", config.listen.smtp),
            (lasting, &implicit),
            Arc::new(move |stream| {
                let shared = Arc::clone(&submissions);
                // How a connection ends is told to the mail program; what is left is a closed socket.
                Box::pin(async move { drop(smtp::driver::serve(stream, shared).await) })
            }),
        )
        .await?;
        let imap = reading(stopping.clone(), move |stream| imap::driver::serve(stream, over_imap.clone()));
        let imap = door(place("imap", config.listen.imap), (lasting, &implicit), imap).await?;
        let pop3 = reading(stopping.clone(), move |stream| pop3::driver::serve(stream, over_pop3.clone()));
        let pop3 = door(place("pop3", config.listen.pop3), (lasting, &implicit), pop3).await?;

        let named = [("smtp", &smtp), ("imap", &imap), ("pop3", &pop3)];
        lasting.opened(doors(&named));
        let dashboard = Dashboard::bind(&config, Arc::clone(&relay), (&home, &secrets), providers.clone(), lasting).await;
        let dashboard = dashboard.map_err(|e| Failure::door(&e))?;

        let invitation = dashboard.as_ref().and_then(Dashboard::invitation);
        tokio::task::block_in_place(|| last::keep(lasting.places(), &home, &config));
        say_ready(&lasting.doors(), invitation);
        lasting.stands();
        let mut serving = Self {
            connections: JoinSet::new(),
            running,
        };
        for door in [smtp, imap, pop3].into_iter().flatten() {
            serving.connections.spawn(accept(door, stopping.clone()));
        }
        let following = tokio::spawn(desk.clone().follow(Followed {
            relay: Arc::clone(&relay),
            config: config.clone(),
            upstreams: providers.clone(),
            away: providers.away(),
            in_hand,
            pages: dashboard.as_ref().map(Dashboard::invitations),
        }));
        if let Some(dashboard) = dashboard {
            let mut stopping = stopping.clone();
            let end = async move { drop(stopping.wait_for(|running| *running == Running::Stopping).await) };
            serving.connections.spawn(dashboard.serve(end));
        }
        let (beginning, its_home) = (Arc::clone(&relay), home.clone());
        let begun = tokio::task::spawn_blocking(move || beginning.note_start(&its_home));
        let reading = Arc::clone(&relay);
        tokio::task::spawn_blocking(move || reading.read_ahead());
        let listed = config.mssante.whitelist.as_ref().and_then(|url| ListServer::new(listing, url));
        let listing = listed.map(|server| tokio::spawn(whitelist::keep_fresh(home.clone(), server)));
        let switched = home.clone();
        tokio::task::spawn_blocking(move || follow(&switched));
        let renewal = tokio::spawn(renew(home, local.ends(), acceptor));
        let refreshing = tokio::spawn(refresh(Arc::clone(&relay)));
        let telling = tokio::spawn(tell_endings(Arc::clone(&relay)));
        let cutting = tokio::spawn(cut_journal(Arc::clone(&relay)));
        let lists = Arc::clone(&relay);
        let lists = tokio::spawn(async move { lists.keep_status(jitter()).await });
        let cards = Arc::clone(&relay);
        let cards = tokio::spawn(async move { cards.keep_cards().await });
        let held = tokio::spawn(Arc::clone(&relay).keep_held());
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
        cards.abort();
        held.abort();
        lists.abort();
        renewal.abort();
        refreshing.abort();
        telling.abort();
        cutting.abort();
        listing.inspect(JoinHandle::abort);
        serving.end().await;
        let closing = Arc::clone(&relay);
        let (closed, is_closed) = tokio::sync::oneshot::channel();
        // A thread that the end of the program ends: a module that hangs keeps nobody.
        std::thread::spawn(move || {
            closing.cards().close();
            // Nobody waits any more for one that is late.
            let _ = closed.send(());
        });
        let _ = tokio::time::timeout(CARDS_CLOSE, is_closed).await;
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

/// Not all computers of a town ask at eight o'clock.
fn jitter() -> Duration {
    let mut byte = [0];
    // Without randomness all of it.
    let share = aws_lc_rs::rand::fill(&mut byte).map_or(u64::from(u8::MAX), |()| u64::from(byte[0]));
    Duration::from_millis(LISTS_JITTER_SECONDS * 1000 * share / u64::from(u8::MAX))
}

/// At a port that the round before had, by its listener.
async fn door(
    place: Option<(&'static str, SocketAddr)>,
    (lasting, implicit): (&Lasting, &Option<Arc<TlsServer>>),
    serve: Serve,
) -> Result<Option<Door>, Failure> {
    let Some((name, address)) = place else { return Ok(None) };
    let kept = match lasting.listener(name, address) {
        Some(kept) => kept,
        None => listen::bind(address)
            .await
            .and_then(|bound| bound.into_std().map_err(|source| NetError::Listen { address, source }))
            .map_err(|e| Failure::door(&e))?,
    };
    let listener = in_two(&kept).map_err(|source| Failure::door(&NetError::Listen { address, source }))?;
    lasting.keep(name, kept);
    Ok(Some(Door {
        listener,
        serve,
        implicit: implicit.clone(),
    }))
}

/// A handle for this round.
fn in_two(kept: &std::net::TcpListener) -> io::Result<TcpListener> {
    kept.set_nonblocking(true)?;
    TcpListener::from_std(kept.try_clone()?)
}

fn doors(named: &[(&'static str, &Option<Door>)]) -> Doors {
    let open = named
        .iter()
        .filter_map(|(name, door)| Some((*name, door.as_ref()?.listener.local_addr().ok()?)));
    open.collect()
}

/// One line on standard output, when and only when mail programs can connect. The mail is served whether or not somebody
/// reads it.
fn say_ready(doors: &Doors, dashboard: Option<String>) {
    let mut line = String::from("ready");
    for name in ["smtp", "imap", "pop3"] {
        if let Some(address) = doors.get(name) {
            line += &format!(" {name}={address}");
        }
    }
    if let Some(link) = dashboard {
        line += &format!(" dashboard={link}");
    }
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "the line on standard output could not be written");
    }
}

/// The local certificate ends while a relay runs for a year: looked at by the clock of the day, which a computer that slept
/// keeps right.
async fn renew(home: Home, mut ends: UnixTime, server: Arc<TlsServer>) {
    loop {
        tokio::time::sleep(CERTIFICATE_LOOKED_AT).await;
        if LocalCertificate::is_due(ends, clock()) {
            let made = LocalCertificate::open(&home, clock()).and_then(|local| {
                server.replace(tls::acceptor(&local)?);
                Ok(local.ends())
            });
            match made {
                Ok(later) => ends = later,
                Err(error) => tracing::warn!(%error, "the local certificate could not be renewed"),
            }
        }
        // Each time: a profile that was open when the certificate became another had to wait. One that panics would be told by the runtime.
        let switched = home.clone();
        let _ = tokio::task::spawn_blocking(move || follow(&switched)).await;
    }
}

/// Profiles of mail programs that were switched to the relay take the certificate that counts now.
fn follow(home: &Home) {
    for why in setup::refresh(home) {
        tracing::warn!("{why}");
    }
}

/// Certificates that were looked up are asked anew before they are too old, so that no message waits for them.
async fn refresh(relay: Arc<Relay>) {
    loop {
        relay.refresh_directories().await;
        tokio::time::sleep(DIRECTORIES_ASKED_AT).await;
    }
}

/// That own certificates end soon: looked at by the clock of the day, told once for each of its days.
async fn tell_endings(relay: Arc<Relay>) {
    loop {
        let telling = Arc::clone(&relay);
        // It opens every key: not on the thread that serves the others. One that panics would be told by the runtime.
        let _ = tokio::task::spawn_blocking(move || telling.tell_endings()).await;
        tokio::time::sleep(ENDINGS_LOOKED_AT).await;
    }
}

/// What is older than the journal is kept goes, a day at a time.
async fn cut_journal(relay: Arc<Relay>) {
    loop {
        let cutting = Arc::clone(&relay);
        // It writes: not on the thread that serves the others. One that panics would be told by the runtime.
        let _ = tokio::task::spawn_blocking(move || cutting.cut_journal(clock())).await;
        tokio::time::sleep(JOURNAL_CUT_AT).await;
    }
}

async fn accept(door: Door, mut stopping: watch::Receiver<Running>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut open = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = door.listener.accept() => accepted,
            _ = stopping.changed() => break,
        };
        // A client that left at once, or no descriptor left: the listener goes on, without asking again and again.
        let Ok((stream, remote)) = accepted else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        while open.try_join_next().is_some() {}
        let (serve, implicit) = (Arc::clone(&door.serve), door.implicit.clone());
        open.spawn(async move {
            if let Some(stream) = admitted(stream, remote, implicit).await {
                serve(stream).await;
            }
            drop(place);
        });
    }
    drop(door);
    while open.join_next().await.is_some() {}
}

/// Only the user who runs the relay is served (invariant 6).
async fn admitted(stream: TcpStream, remote: SocketAddr, implicit: Option<Arc<TlsServer>>) -> Option<BoxedStream> {
    let local = stream.local_addr().ok()?;
    if !peer::is_same_user(local, remote).is_served() {
        tracing::warn!("a connection of another user of this computer was refused");
        return None;
    }
    stream.set_nodelay(true).ok()?;
    match implicit {
        Some(tls) => tls.begin(Box::new(stream)).await.ok(),
        None => Some(Box::new(stream)),
    }
}
