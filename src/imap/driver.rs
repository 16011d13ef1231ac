//! The sockets of a session: reads, writes, deadlines. Everything that is decided is decided in `session`.

mod logins;
mod original;
mod proving;
mod searching;

pub use logins::{Login, Logins};

use super::capability::StartTls;
use super::classes::{ClassMemory, Mailbox};
use super::command::Inside;
use super::login::Credentials;
use super::numbers::Ranges;
use super::plan::{Indexed, ProviderAlone, Shelf};
use super::session::{Action, Event, Session, Silent, Stored};
use crate::base::limits::IMAP_TICK_SECONDS;
use crate::base::{Asker, MessageKey};
use crate::config::{Account, Server};
use crate::net::BoxedStream;
use crate::net::port::{Acceptor, Upstreams};
use crate::relay::apart;
use crate::relay::budget::{Budget, Room};
use crate::relay::port::{Append, Opening, Pending, Proofs, Silence};
use crate::sasl;
use crate::text::{Explanation, imap as text};
use crate::view::sought::Sought;
use crate::view::verdict::Grade;
use crate::view::{Restored, View};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
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
    /// STARTTLS, where it is offered; `None` for a connection that has TLS already, or may not have it.
    pub starttls: Option<Arc<dyn Acceptor>>,
    /// Which messages are S/MIME.
    pub classes: Arc<ClassMemory>,
    /// Room for large messages.
    pub budget: Arc<Budget>,
    /// Who is logged in.
    pub logins: Arc<Logins>,
}

/// A mail program may be silent so long: RFC 9051 §5.4 asks for 30 minutes at least.
const CLIENT_SILENCE: Duration = Duration::from_secs(35 * 60);
/// A provider that owes an answer may be silent so long: SEARCH and COPY take their time in large mailboxes.
const UPSTREAM_SILENCE: Duration = Duration::from_secs(5 * 60);
/// Connecting, and TLS.
const CONNECT_TIME: Duration = Duration::from_secs(30);
/// A write that nobody takes.
const WRITE_TIME: Duration = Duration::from_secs(5 * 60);
/// Octets, read at once, whose reading may keep others waiting.
const MUCH: usize = 8 << 10;
/// How often a waiting mail program is told that it is not forgotten.
const TICK: Duration = Duration::from_secs(IMAP_TICK_SECONDS);

/// Serves one connection until either side ends it.
pub async fn serve(client: BoxedStream, services: Services) {
    let starttls = if services.starttls.is_some() {
        StartTls::Offered
    } else {
        StartTls::Absent
    };
    let shelf = Box::new(OpeningShelf(Arc::clone(&services.opening)));
    let (session, actions) = Session::new(shelf, Arc::clone(&services.classes), starttls);
    let mut connection = Connection {
        session,
        services,
        client: Some(client),
        upstream: None,
        account: None,
        login: None,
        room: None,
        job: None,
    };
    // How it ends matters to nobody: both sides see a closed connection.
    let _ = connection.run(actions).await;
}

impl Services {
    /// What is stored behind a View that a mail program uploads; `None`: it is no View, or its original cannot be had.
    async fn original(&self, message: &[u8]) -> Option<Vec<u8>> {
        let key = self.opening.place(message)?;
        let credentials = self.logins.of(&key.account)?;
        let account = self.opening.account(&credentials.login)?;
        let credentials = match account.logs_in_by_itself() {
            true => credentials.proved_by(self.proofs.proof(&account).await.ok()?),
            false => credentials,
        };
        let original = original::original(self.upstreams.as_ref(), account.imap.as_ref()?, key, credentials).await?;
        self.opening.is_behind(message, &original).then_some(original)
    }
}

struct Connection {
    session: Session,
    services: Services,
    client: Option<BoxedStream>,
    upstream: Option<BoxedStream>,
    account: Option<Arc<Account>>,
    login: Option<Login>,
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
    Unlocked(Result<(), Explanation>),
    Opened(Result<Arc<View>, Explanation>),
    Appended(Stored),
    Tick,
    TimedOut(Silent),
}

impl Connection {
    async fn run(&mut self, first: Vec<Action>) -> io::Result<()> {
        let (mut from_client, mut from_upstream) = (vec![0; 16 * 1024], vec![0; 32 * 1024]);
        let mut actions = first;
        let mut last = Instant::now();
        let mut ticked = last;
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
            let waits = self.job.is_some();
            let happened = self.next(&mut from_client, &mut from_upstream, last, ticked + TICK).await?;
            if !matches!(happened, Happened::Tick) {
                last = Instant::now();
            }
            if !waits || matches!(happened, Happened::Tick) || self.job.is_none() {
                ticked = Instant::now();
            }
            actions = self.happened(happened, &from_client, &from_upstream);
        }
    }

    /// Waits for whatever comes first.
    async fn next(&mut self, from_client: &mut [u8], from_upstream: &mut [u8], last: Instant, tick: Instant) -> io::Result<Happened> {
        let (wants_client, wants_upstream) = (self.session.wants_client(), self.session.wants_upstream());
        let working = self.job.is_some();
        let (silence, who) = match self.session.awaits_upstream() {
            true => (UPSTREAM_SILENCE, Silent::Upstream),
            false => (CLIENT_SILENCE, Silent::Client),
        };
        tokio::select! {
            done = join(&mut self.job), if working => {
                self.job = None;
                Ok(done)
            }
            read = read(&mut self.client, from_client), if wants_client => match read? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                n => Ok(Happened::Client(n)),
            },
            // A provider that resets the connection has closed it.
            read = read(&mut self.upstream, from_upstream), if wants_upstream => Ok(Happened::Upstream(read.unwrap_or(0))),
            () = sleep_until(tick), if working => Ok(Happened::Tick),
            () = sleep_until(last + silence), if !working => Ok(Happened::TimedOut(who)),
        }
    }

    fn happened(&mut self, happened: Happened, from_client: &[u8], from_upstream: &[u8]) -> Vec<Action> {
        match happened {
            Happened::Client(n) => self.session.input(Event::Client(&from_client[..n])),
            Happened::Upstream(0) => {
                self.upstream = None;
                self.session.input(Event::UpstreamClosed)
            }
            Happened::Upstream(n) => {
                let (session, octets) = (&mut self.session, &from_upstream[..n]);
                match n >= MUCH || session.holds_message() {
                    true => apart(|| session.input(Event::Upstream(octets))),
                    false => session.input(Event::Upstream(octets)),
                }
            }
            Happened::ClientSecured => self.session.input(Event::ClientSecured),
            Happened::Proved(given, connected) => {
                let mut actions = self.session.input(Event::Proved(given));
                actions.extend(self.happened(Happened::Connected(connected), from_client, from_upstream));
                actions
            }
            Happened::NotAdmitted(explanation) => self.session.input(Event::NotAdmitted(explanation)),
            Happened::Connected(Ok(channel)) => {
                self.upstream = Some(channel);
                match self.server() {
                    Some(server) => {
                        let tls = server.tls;
                        self.session.input(Event::Connected(tls))
                    }
                    None => self.session.input(Event::UpstreamClosed),
                }
            }
            Happened::Secured(Ok(channel)) => {
                self.upstream = Some(channel);
                self.session.input(Event::UpstreamSecured)
            }
            Happened::Connected(Err(explanation)) | Happened::Secured(Err(explanation)) => {
                self.session.input(Event::ConnectFailed(explanation))
            }
            Happened::Reserved(room) => {
                self.room = Some(room);
                self.session.input(Event::Reserved)
            }
            Happened::Unlocked(outcome) => self.session.input(Event::Unlocked(outcome)),
            Happened::Opened(opened) => apart(|| self.session.input(Event::Opened(opened))),
            Happened::Appended(stored) => self.session.input(Event::Appended(stored)),
            Happened::Tick => self.session.input(Event::Tick),
            Happened::TimedOut(who) => self.session.input(Event::TimedOut(who)),
        }
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
            Action::LoggedIn(credentials) => self.logged_in(credentials),
            Action::Unlock(asker) => self.unlock(asker),
            Action::Reserve(octets) => self.reserve(octets),
            Action::Open(key, stored, asker) => self.open(key, stored, asker),
            Action::Append(mailbox, message) => self.append(mailbox, message),
            Action::Close => self.close().await,
        }
        Ok(None)
    }

    fn logged_in(&mut self, credentials: Credentials) {
        let Some(account) = &self.account else { return };
        let folded = Arc::<str>::from(account.address.folded());
        // A token is not kept: another one is had when it is wanted.
        let credentials = match account.logs_in_by_itself() {
            true => credentials.proved_by(sasl::Credentials::external(&account.login)),
            false => credentials,
        };
        if self.services.logins.of(&folded).is_none() {
            self.services.opening.somebody_came();
        }
        self.login = Some(self.services.logins.enter(folded, credentials));
    }

    fn unlock(&mut self, asker: Asker) {
        let opening = Arc::clone(&self.services.opening);
        self.job = Some(Box::pin(
            async move { Happened::Unlocked(opening.unlock(asker, Silence::Broken).await) },
        ));
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
        self.account.as_ref()?.imap.as_ref()
    }

    fn connect(&mut self, login: &str) {
        self.account = self.services.opening.account(login);
        let missing = match self.account {
            Some(_) => text::no_server,
            None => text::unknown_login,
        };
        if let Some(account) = self.account.clone().filter(|account| account.logs_in_by_itself()) {
            return self.prove(account);
        }
        let (server, upstreams) = (self.server().cloned(), Arc::clone(&self.services.upstreams));
        self.job = Some(Box::pin(async move {
            let Some(server) = server else {
                return Happened::Connected(Err(missing()));
            };
            let connected = timeout(CONNECT_TIME, upstreams.connect(&server)).await;
            Happened::Connected(connected.unwrap_or_else(|_| Err(text::provider_silent())))
        }));
    }

    fn secure_upstream(&mut self) {
        let (server, upstreams, plain) = (self.server().cloned(), Arc::clone(&self.services.upstreams), self.upstream.take());
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

    fn open(&mut self, key: MessageKey, stored: Vec<u8>, asker: Asker) {
        let opening = Arc::clone(&self.services.opening);
        self.job = Some(Box::pin(async move {
            Happened::Opened(opening.view(&key, stored, asker, Silence::Broken).await)
        }));
    }

    fn append(&mut self, mailbox: String, message: Arc<Vec<u8>>) {
        let (services, account) = (self.services.clone(), self.account.clone());
        self.job = Some(Box::pin(async move {
            let Some(account) = account else {
                return Happened::Appended(Stored::Refused(text::unknown_login()));
            };
            // A draft is saved every few minutes by the program itself.
            if let Err(locked) = services.opening.unlock(Asker::Program, Silence::Broken).await {
                return Happened::Appended(Stored::Refused(locked));
            }
            if let Some(original) = services.original(&message).await {
                return Happened::Appended(Stored::Instead(original));
            }
            Happened::Appended(match services.opening.append(&account, &mailbox, &message).await {
                Append::AsIs => Stored::AsIs,
                Append::Store(bytes) => Stored::Instead(bytes),
                Append::Refuse(explanation) => Stored::Refused(explanation),
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

/// Waits for octets, and takes with them what has come meanwhile: a list comes in many small records, and each answer to one
/// of them would be a write of its own.
async fn read(channel: &mut Option<BoxedStream>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(channel) = channel else {
        return std::future::pending().await;
    };
    let mut count = channel.read(buffer).await?;
    while count > 0 && count < buffer.len() {
        match now(channel.read(&mut buffer[count..])).await {
            // An end or an error comes again when it is waited for.
            None | Some(Ok(0) | Err(_)) => break,
            Some(Ok(more)) => count += more,
        }
    }
    Ok(count)
}

/// What a future says at once.
async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
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
    fn account(&self, login: &str) -> Option<Arc<str>> {
        self.0.account(login).map(|account| account.address.folded().into())
    }

    fn cached(&self, key: &MessageKey) -> Option<Arc<View>> {
        self.0.cached(key)
    }

    fn is_locked(&self) -> bool {
        self.0.is_locked()
    }

    fn boundary(&self, key: &MessageKey) -> Option<String> {
        self.0.boundary(key)
    }

    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64> {
        self.0.size(key, stored)
    }

    fn header(&self, key: &MessageKey) -> Option<Restored> {
        self.0.header(key)
    }

    fn grade(&self, key: &MessageKey) -> Option<Grade> {
        self.0.grade(key)
    }

    fn passed(&self, account: &str, message: &[u8]) {
        self.0.passed(account, message);
    }

    fn stored_header_told(&self, key: &MessageKey) {
        self.0.stored_header_told(key);
    }

    fn sought(&self, mailbox: &Mailbox, texts: &[&Sought], sealed: &Ranges) -> Option<Indexed> {
        searching::sought(self.0.as_ref(), mailbox, texts, sealed)
    }

    fn provider_alone(&self, why: ProviderAlone) {
        searching::provider_alone(why);
    }

    fn vanished(&self, mailbox: &Mailbox, uids: &Ranges) {
        self.0.vanished(&searching::place(mailbox), uids);
    }

    fn unnamed(&self, account: &str, mailbox: &str, inside: Inside) {
        self.0.unnamed(account, mailbox, inside);
    }
}
