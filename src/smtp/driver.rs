//! The I/O of submission: one task per connection moves octets between the mail program, the session, the relay's
//! decision and the provider. It decides nothing itself.

mod budget;
mod groups;
mod in_hand;
mod login;
mod outcome;
mod patience;
mod probe;
mod upstream;

pub use self::budget::Budget;
use self::budget::Room;
pub use self::in_hand::InHand;
use self::login::Entry;
pub use self::patience::Patience;
pub use self::probe::Offers;
use self::upstream::{Attempt, Upstream};
use super::handover::{Form, GroupCopy, Refused};
use super::session::{Action, Event, Session, StartTls};
use super::wire::Reply;
use crate::config::Account;
use crate::net::BoxedStream;
use crate::net::port::{Acceptor, Upstreams};
use crate::policy::{Envelope, Submission};
use crate::relay::port::{Outgoing, Proofs, Sealing};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// What every submission connection shares.
pub struct Submissions {
    /// Accounts, decisions, sealing.
    pub sealing: Arc<dyn Sealing>,
    /// The way to the providers.
    pub upstreams: Arc<dyn Upstreams>,
    /// STARTTLS for the mail program; `None`: not offered (it is implicit, or there is none).
    pub client_tls: Option<Arc<dyn Acceptor>>,
    /// What providers are given where the mail program does not say it.
    pub proofs: Arc<dyn Proofs>,
    /// What the providers offer, as far as it is known.
    pub offers: Offers,
    /// Room in memory for messages.
    pub budget: Budget,
    /// How many are in hand.
    pub in_hand: InHand,
    /// How long is waited for whom.
    pub patience: Patience,
    /// Set when the program ends: idle connections are closed, submissions in hand are finished first.
    pub running: watch::Receiver<Running>,
}

/// Whether the program is to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Running {
    /// It is.
    On,
    /// It ends.
    Stopping,
}

/// Octets of one write or read.
const CHUNK: usize = 64 * 1024;

/// Serves one mail program until it leaves.
pub async fn serve(stream: BoxedStream, shared: Arc<Submissions>) -> io::Result<()> {
    let starttls = if shared.client_tls.is_some() {
        StartTls::Offered
    } else {
        StartTls::NotOffered
    };
    let (session, greeting) = Session::new(shared.offer().await, starttls);
    let mut connection = Connection {
        client: Some(stream),
        session,
        login: None,
        room: None,
        shared,
    };
    connection.run(greeting.into()).await
}

struct Connection {
    /// Absent only during a handshake, or after a failed one.
    client: Option<BoxedStream>,
    session: Session,
    login: Option<LoggedIn>,
    /// For the message that is on its way.
    room: Option<Room>,
    shared: Arc<Submissions>,
}

enum Read {
    Octets(usize),
    TimedOut,
    Stopping,
}

struct LoggedIn {
    account: Arc<Account>,
    entry: Entry,
    patience: Patience,
    /// Absent once the provider has left.
    upstream: Option<Upstream>,
}

impl Connection {
    async fn run(&mut self, mut actions: VecDeque<Action>) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        loop {
            while let Some(action) = actions.pop_front() {
                if let Action::Close = action {
                    return self.bye().await;
                }
                actions.extend(self.act(action).await?);
            }
            if !self.session.holds_message() {
                self.room = None;
            }
            let event = match self.next_read(&mut buffer).await? {
                // The mail program left; a message whose end was not seen goes nowhere.
                Read::Octets(0) => return self.bye().await,
                Read::Octets(octets) => Event::Bytes(&buffer[..octets]),
                Read::TimedOut => Event::TimedOut,
                Read::Stopping => Event::Stopping,
            };
            actions.extend(self.session.input(event));
        }
    }

    /// Only between submissions: while one is in hand nothing is read, and an end of the program waits for it.
    async fn next_read(&mut self, buffer: &mut [u8]) -> io::Result<Read> {
        let mut running = self.shared.running.clone();
        let patience = self.shared.patience.client;
        let client = self.client()?;
        tokio::select! {
            read = timeout(patience, client.read(buffer)) => match read {
                Ok(octets) => Ok(Read::Octets(octets?)),
                Err(_) => Ok(Read::TimedOut),
            },
            Ok(_) = running.wait_for(|running| *running == Running::Stopping) => Ok(Read::Stopping),
        }
    }

    async fn act(&mut self, action: Action) -> io::Result<Vec<Action>> {
        match action {
            Action::Send(octets) => {
                write(self.client()?, &octets).await?;
                Ok(Vec::new())
            }
            Action::StartTls => self.start_tls().await,
            Action::Login(credentials) => {
                let event = match self.shared.log_in(credentials).await {
                    Ok(login) => {
                        let offer = login.upstream.as_ref().map(|u| u.capabilities().clone()).unwrap_or_default();
                        let offer = offer.offered_to(&login.account);
                        self.login = Some(login);
                        Event::LoggedIn(offer)
                    }
                    Err(reply) => Event::LoginRefused(reply),
                };
                Ok(self.session.input(event))
            }
            Action::MakeRoom(octets) => {
                let event = if self.make_room(octets).await { Event::Room } else { Event::NoRoom };
                Ok(self.session.input(event))
            }
            Action::Submit(submission) => {
                let shared = Arc::clone(&self.shared);
                let held = shared.in_hand.one_more();
                let reply = self.submit(submission).await;
                drop(held);
                Ok(self.session.input(Event::Answered(reply)))
            }
            Action::Close => Ok(Vec::new()),
        }
    }

    fn client(&mut self) -> io::Result<&mut BoxedStream> {
        self.client.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Waits as long as it takes: the mail program is only read more slowly.
    async fn make_room(&mut self, octets: usize) -> bool {
        match &mut self.room {
            Some(room) => self.shared.budget.more(room, octets),
            None => {
                self.room = self.shared.budget.room(octets).await;
                self.room.is_some()
            }
        }
    }

    async fn start_tls(&mut self) -> io::Result<Vec<Action>> {
        let tls = self.shared.client_tls.clone().ok_or(io::ErrorKind::Unsupported)?;
        let clear = self.client.take().ok_or(io::ErrorKind::NotConnected)?;
        self.client = Some(timeout(patience::WRITE, tls.accept(clear)).await??);
        Ok(self.session.input(Event::TlsReady))
    }

    async fn submit(&mut self, submission: Submission) -> Reply {
        let shared = Arc::clone(&self.shared);
        let Some(login) = &mut self.login else {
            return Reply::new(530, "5.7.0 Authentification requise");
        };
        let account = Arc::clone(&login.account);
        let begun = Instant::now();
        let outgoing = shared.sealing.outgoing(&account, &submission).await;
        login.be_patient(shared.patience.after(begun.elapsed()));
        match outgoing {
            Outgoing::Refuse(explanation) => Reply::refusal(&explanation),
            Outgoing::PassThrough(record) => {
                let Submission { envelope, message } = &submission;
                let copy = GroupCopy {
                    recipients: &envelope.recipients,
                    message: &message.clone().into(),
                    form: Form::AsSubmitted,
                };
                let attempt = login.hand_over(&shared, envelope, &copy).await;
                let outcome = attempt.of(&envelope.recipients, &account.smtp.host);
                // What passes has one group: there is nothing to notify.
                shared.sealing.handed_over(&account, &record, &[outcome]).await;
                attempt.reply(&account.smtp.host)
            }
            Outgoing::Seal(sealed) => {
                // Of the clear text only what is sealed as it goes is still needed.
                let envelope = submission.envelope;
                drop(submission.message);
                login.hand_over_sealed(&shared, &envelope, sealed).await
            }
        }
    }

    async fn bye(&mut self) -> io::Result<()> {
        if let Some(upstream) = self.login.take().and_then(|login| login.upstream) {
            upstream.quit().await;
        }
        if let Some(client) = &mut self.client {
            // The mail program may have gone first.
            let _ = timeout(patience::WRITE, client.shutdown()).await;
        }
        Ok(())
    }
}

impl LoggedIn {
    fn be_patient(&mut self, patience: Patience) {
        self.patience = patience;
        if let Some(upstream) = &mut self.upstream {
            upstream.be_patient(patience);
        }
    }

    /// A connection that stood idle may be dead: then once more over a new one, as long as no content was given, in what is
    /// left of the patience.
    async fn hand_over(&mut self, shared: &Submissions, envelope: &Envelope, group: &GroupCopy<'_>) -> Attempt {
        let begun = Instant::now();
        if let Some(mut upstream) = self.upstream.take().filter(Upstream::is_usable) {
            let attempt = upstream.hand_over(&*shared.upstreams, envelope, group).await;
            if !matches!(attempt, Attempt::Gone | Attempt::Refused(Refused::Closing(_))) {
                self.upstream = Some(upstream);
                return attempt;
            }
        }
        let left = |begun: Instant| self.patience.after(begun.elapsed());
        match shared.open(&self.account, &self.entry, left(begun)).await {
            Ok(mut upstream) => {
                upstream.be_patient(left(begun));
                let attempt = upstream.hand_over(&*shared.upstreams, envelope, group).await;
                upstream.be_patient(self.patience);
                self.upstream = Some(upstream);
                attempt
            }
            Err(failure) => Attempt::NoConnection(failure),
        }
    }
}

/// Writes in pieces, each of which must get through in time.
async fn write(stream: &mut BoxedStream, octets: &[u8]) -> io::Result<()> {
    for piece in octets.chunks(CHUNK) {
        timeout(patience::WRITE, stream.write_all(piece)).await??;
    }
    timeout(patience::WRITE, stream.flush()).await?
}

#[cfg(test)]
mod tests;
