//! The sockets of a session: reads, writes, deadlines. Everything that is decided is decided in `session`.

use super::capability::StartTls;
use super::known::Memory;
use super::session::{Action, Event, Session, Silent};
use super::shelf::{Found, Shelf};
use crate::base::limits::{KEY_WAIT_IN_SILENCE_SECONDS, PROVIDER_SILENCE_SECONDS};
use crate::base::{MessageKey, Secret};
use crate::config::{Account, Server};
use crate::net::BoxedStream;
use crate::net::port::{Acceptor, Upstreams};
use crate::relay::apart;
use crate::relay::budget::{Budget, Room};
use crate::relay::port::{Asker, NotProved, Opening, Pending, Proofs, Silence};
use crate::sasl::{self, Mechanism, Proved};
use crate::text::{Explanation, pop3 as text};
use crate::view::View;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};

/// What every connection shares.
#[derive(Clone)]
pub struct Services {
    /// Accounts, Views, what is stored.
    pub opening: Arc<dyn Opening>,
    /// The providers.
    pub upstreams: Arc<dyn Upstreams>,
    /// What they are given where the mail program does not say it.
    pub proofs: Arc<dyn Proofs>,
    /// STLS, where it is offered; `None` for a connection that has TLS already, or may not have it.
    pub starttls: Option<Arc<dyn Acceptor>>,
    /// What is known of messages.
    pub memory: Arc<Memory>,
    /// Room for large messages.
    pub budget: Arc<Budget>,
    /// How long is waited for whom.
    pub patience: Patience,
}

/// What is waited for at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// The mail program between two commands (RFC 1939 §3: ten minutes at least).
    pub client: Duration,
    /// The provider when it owes an answer: less than mail programs wait, so that they hear why.
    pub provider: Duration,
}

impl Patience {
    /// For a provider that may be silent so many seconds.
    pub fn of_seconds(seconds: u64) -> Self {
        Self {
            client: Duration::from_secs(30 * 60),
            provider: Duration::from_secs(seconds),
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::of_seconds(PROVIDER_SILENCE_SECONDS)
    }
}

/// Octets, read at once, whose reading may keep others waiting.
const MUCH: usize = 8 << 10;
/// Connecting, and TLS.
const CONNECT_TIME: Duration = Duration::from_secs(30);
/// How long a card is awaited: the mail program cannot be told so.
const KEY_WAIT: Duration = Duration::from_secs(KEY_WAIT_IN_SILENCE_SECONDS);
/// A write that nobody takes.
const WRITE_TIME: Duration = Duration::from_secs(5 * 60);

/// Serves one connection until either side ends it.
pub async fn serve(client: BoxedStream, services: Services) {
    let starttls = if services.starttls.is_some() {
        StartTls::Offered
    } else {
        StartTls::Absent
    };
    let shelf = Box::new(OpeningShelf(Arc::clone(&services.opening)));
    let (session, actions) = Session::new(shelf, Arc::clone(&services.memory), starttls);
    let mut connection = Connection {
        session,
        services,
        client: Some(client),
        upstream: None,
        account: None,
        room: None,
        job: None,
    };
    // How it ends matters to nobody: both sides see a closed connection.
    let _ = connection.run(actions).await;
}

struct Connection {
    session: Session,
    services: Services,
    client: Option<BoxedStream>,
    upstream: Option<BoxedStream>,
    account: Option<Arc<Account>>,
    room: Option<Room>,
    job: Option<Pending<'static, Happened>>,
}

/// What was waited for.
enum Happened {
    Client(usize),
    Upstream(usize),
    ClientSecured,
    Proved(sasl::Credentials, Result<BoxedStream, Explanation>),
    NotAdmitted(Explanation),
    Connected(Result<BoxedStream, Explanation>),
    Secured(Result<BoxedStream, Explanation>),
    Reserved(Room),
    Opened(Result<Arc<View>, Explanation>),
    TimedOut(Silent),
}

impl Connection {
    async fn run(&mut self, first: Vec<Action>) -> io::Result<()> {
        let (mut from_client, mut from_upstream) = (vec![0; 8 * 1024], vec![0; 64 * 1024]);
        let mut actions = first;
        loop {
            while !actions.is_empty() {
                actions = self.perform_all(actions).await?;
            }
            if !self.session.holds_message() {
                self.room = None;
            }
            if self.client.is_none() {
                return Ok(());
            }
            let happened = self.next(&mut from_client, &mut from_upstream).await?;
            actions = self.happened(happened, &from_client, &from_upstream);
        }
    }

    /// Waits for whatever comes first.
    async fn next(&mut self, from_client: &mut [u8], from_upstream: &mut [u8]) -> io::Result<Happened> {
        let (wants_client, wants_upstream) = (self.session.wants_client(), self.session.wants_upstream());
        let working = self.job.is_some();
        let (silence, who) = match self.session.awaits_upstream() {
            true => (self.services.patience.provider, Silent::Upstream),
            false => (self.services.patience.client, Silent::Client),
        };
        tokio::select! {
            done = join(&mut self.job), if working => {
                self.job = None;
                Ok(done)
            }
            read = read(&mut self.client, from_client), if wants_client => Ok(Happened::Client(read?)),
            // A provider that resets the connection has closed it.
            read = read(&mut self.upstream, from_upstream), if wants_upstream => Ok(Happened::Upstream(read.unwrap_or(0))),
            () = sleep_until(Instant::now() + silence), if !working => Ok(Happened::TimedOut(who)),
        }
    }

    fn happened(&mut self, happened: Happened, from_client: &[u8], from_upstream: &[u8]) -> Vec<Action> {
        let event = match happened {
            Happened::Client(0) => Event::ClientClosed,
            Happened::Client(n) => Event::Client(&from_client[..n]),
            Happened::Upstream(0) => {
                self.upstream = None;
                Event::UpstreamClosed
            }
            Happened::Upstream(n) if n >= MUCH || self.session.holds_message() => {
                return apart(|| self.session.input(Event::Upstream(&from_upstream[..n])));
            }
            Happened::Upstream(n) => Event::Upstream(&from_upstream[..n]),
            Happened::ClientSecured => Event::ClientSecured,
            Happened::Proved(given, connected) => {
                let mut actions = self.session.input(Event::Proved(given));
                actions.extend(self.happened(Happened::Connected(connected), from_client, from_upstream));
                return actions;
            }
            Happened::NotAdmitted(explanation) => Event::NotAdmitted(explanation),
            Happened::Connected(Ok(channel)) => {
                self.upstream = Some(channel);
                match self.server() {
                    Some(server) => Event::Connected(server.tls),
                    None => Event::UpstreamClosed,
                }
            }
            Happened::Secured(Ok(channel)) => {
                self.upstream = Some(channel);
                Event::UpstreamSecured
            }
            Happened::Connected(Err(explanation)) | Happened::Secured(Err(explanation)) => Event::ConnectFailed(explanation),
            Happened::Reserved(room) => {
                self.room = Some(room);
                Event::Reserved
            }
            Happened::Opened(opened) => Event::Opened(opened),
            Happened::TimedOut(who) => Event::TimedOut(who),
        };
        self.session.input(event)
    }

    /// Carries actions out in order; what follows from them at once is returned.
    async fn perform_all(&mut self, actions: Vec<Action>) -> io::Result<Vec<Action>> {
        let mut after = Vec::new();
        for action in actions {
            if let Some(happened) = self.perform(action).await? {
                after.extend(self.happened(happened, &[], &[]));
            }
        }
        for channel in [&mut self.client, &mut self.upstream].into_iter().flatten() {
            // A provider that is gone is noticed where it is read.
            let _ = timeout(WRITE_TIME, channel.flush()).await;
        }
        Ok(after)
    }

    async fn perform(&mut self, action: Action) -> io::Result<Option<Happened>> {
        match action {
            Action::ToClient(bytes) => write(&mut self.client, &bytes).await?,
            Action::ToUpstream(bytes) => {
                if write(&mut self.upstream, &bytes).await.is_err() {
                    return Ok(Some(Happened::Upstream(0)));
                }
            }
            Action::SecureClient => return self.secure_client().await.map(Some),
            Action::Connect(login) => self.connect(&login),
            Action::SecureUpstream => self.secure_upstream(),
            Action::DropUpstream => (self.upstream, self.job) = (None, None),
            Action::Reserve(octets) => self.reserve(octets),
            Action::Open(key, stored) => self.open(key, stored),
            Action::Close => self.close().await,
        }
        Ok(None)
    }

    async fn secure_client(&mut self) -> io::Result<Happened> {
        let (Some(acceptor), Some(mut plain)) = (self.services.starttls.clone(), self.client.take()) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        plain.flush().await?;
        let secured = timeout(CONNECT_TIME, acceptor.accept(plain)).await.map_err(io::Error::from)??;
        self.client = Some(secured);
        Ok(Happened::ClientSecured)
    }

    fn server(&self) -> Option<&Server> {
        self.account.as_ref()?.pop3.as_ref()
    }

    fn connect(&mut self, login: &str) {
        self.account = self.services.opening.account(login);
        if let Some(account) = self.account.clone().filter(|account| account.logs_in_by_itself()) {
            return self.prove(account);
        }
        let (server, upstreams) = (self.server().cloned(), Arc::clone(&self.services.upstreams));
        self.job = Some(Box::pin(async move {
            let Some(server) = server else {
                return Happened::Connected(Err(text::no_server()));
            };
            let connected = timeout(CONNECT_TIME, upstreams.connect(&server)).await;
            Happened::Connected(connected.unwrap_or_else(|_| Err(text::provider_silent())))
        }));
    }

    /// The local password lets the mail program in, and the provider is given something else.
    fn prove(&mut self, account: Arc<Account>) {
        // A token of the mail program's is no local password.
        let given = match self.session.offered() {
            Some((_, Proved::Once | Proved::AtLast)) => None,
            Some((given, Proved::ByClient)) if matches!(given.mechanism, Mechanism::Plain | Mechanism::Login) => Some(given.secret.clone()),
            Some((_, Proved::ByClient)) | None => Some(Secret::from("")),
        };
        let (proofs, upstreams) = (Arc::clone(&self.services.proofs), Arc::clone(&self.services.upstreams));
        self.job = Some(Box::pin(async move {
            let Some(server) = account.pop3.as_ref() else {
                return Happened::Connected(Err(text::no_server()));
            };
            match proofs.in_place_of(&account, given.as_ref()).await {
                Err(NotProved::Stranger(why)) => Happened::NotAdmitted(why),
                Err(NotProved::Nothing(why)) => Happened::Connected(Err(why)),
                Ok(proof) => {
                    // Its card is awaited while nobody waits at the other end.
                    if let Err(closed) = upstreams.ready(server, Asker::Program, KEY_WAIT).await {
                        return Happened::Connected(Err(closed));
                    }
                    let connected = timeout(CONNECT_TIME, upstreams.connect(server)).await;
                    Happened::Proved(proof, connected.unwrap_or_else(|_| Err(text::provider_silent())))
                }
            }
        }));
    }

    fn secure_upstream(&mut self) {
        let (server, plain) = (self.server().cloned(), self.upstream.take());
        let upstreams = Arc::clone(&self.services.upstreams);
        self.job = Some(Box::pin(async move {
            let (Some(server), Some(plain)) = (server, plain) else {
                return Happened::Secured(Err(text::provider_closed()));
            };
            let secured = timeout(CONNECT_TIME, upstreams.secure(&server, plain)).await;
            Happened::Secured(secured.unwrap_or_else(|_| Err(text::provider_silent())))
        }));
    }

    fn reserve(&mut self, octets: u64) {
        // Whoever waits for room holds none.
        self.room = None;
        let budget = Arc::clone(&self.services.budget);
        self.job = Some(Box::pin(async move { Happened::Reserved(budget.room(octets).await) }));
    }

    fn open(&mut self, key: MessageKey, stored: Vec<u8>) {
        let opening = Arc::clone(&self.services.opening);
        self.job = Some(Box::pin(async move {
            // Mail programs look for new mail by themselves: nobody may be there.
            Happened::Opened(match opening.unlock(Asker::Program, Silence::Kept).await {
                Ok(()) => opening.view(&key, stored, Asker::Program, Silence::Kept).await,
                Err(locked) => Err(locked),
            })
        }));
    }

    async fn close(&mut self) {
        if let Some(mut client) = self.client.take() {
            let _ = timeout(CONNECT_TIME, client.shutdown()).await;
        }
        (self.upstream, self.job) = (None, None);
    }
}

async fn join(job: &mut Option<Pending<'static, Happened>>) -> Happened {
    match job {
        Some(job) => job.await,
        None => std::future::pending().await,
    }
}

async fn read(channel: &mut Option<BoxedStream>, buffer: &mut [u8]) -> io::Result<usize> {
    match channel {
        Some(channel) => channel.read(buffer).await,
        None => std::future::pending().await,
    }
}

async fn write(channel: &mut Option<BoxedStream>, bytes: &[u8]) -> io::Result<()> {
    match channel {
        Some(channel) => timeout(WRITE_TIME, channel.write_all(bytes)).await.map_err(io::Error::from)?,
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

/// What the relay knows, as a session asks it.
struct OpeningShelf(Arc<dyn Opening>);

impl Shelf for OpeningShelf {
    fn account(&self, login: &str) -> Found {
        match self.0.account(login) {
            Some(account) if account.pop3.is_some() => Found::Account(account.address.folded().into()),
            Some(_) => Found::NoServer,
            None => Found::Nobody,
        }
    }

    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64> {
        self.0.size(key, stored)
    }

    fn passed(&self, account: &str, message: &[u8]) {
        self.0.passed(account, message);
    }
}
