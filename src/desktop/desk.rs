//! Between the relay and the icon: follows what changes, tells the icon, rings, and does what is chosen in the menu.
//!
//! One desk lasts as long as the program; what it follows may be begun anew. Nothing is looked at more than once a second, and while
//! nothing happens once a minute.

use super::bell::{Bell, Ring};
use super::dashboard::Invitations;
use super::diagnosis::greet;
use super::menu::Choice;
use super::status::{Around, Matter, Phase, Status};
use super::{browser, notify};
use crate::base::{Address, Realm};
use crate::config::desktop::Notifications;
use crate::config::{Account, Config};
use crate::net::port::Upstreams;
use crate::net::reached::Away;
use crate::relay::happened::Happened;
use crate::relay::{Relay, clock};
use crate::text::dashboard::Language;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// Nothing changes faster than this for who looks at an icon.
const SETTLES: Duration = Duration::from_secs(1);
/// What nobody tells of - a day that ends, a key that a command has imported - is seen after this.
const LOOKED_AT: Duration = Duration::from_secs(60);
/// How often a server that does not answer is greeted, though no mail program wants it.
const GREETED_AT: Duration = Duration::from_secs(60);
/// How long what could not begin is left alone.
const TRIED_AT: Duration = Duration::from_secs(30);

/// What the icon and the relay share. Without an icon it is there and does nothing.
#[derive(Clone)]
pub struct Desk(Arc<Shared>);

struct Shared {
    status: Mutex<Status>,
    /// Wakes the thread of the icon; `None`: there is no icon.
    wake: Option<Box<dyn Fn() + Send + Sync>>,
    chosen: broadcast::Sender<Choice>,
    quit: watch::Sender<bool>,
    is_over: watch::Sender<bool>,
}

/// A relay in service, as far as the icon follows it.
pub struct Followed {
    /// The relay.
    pub relay: Arc<Relay>,
    /// What it was begun with.
    pub config: Config,
    /// The way to the providers.
    pub upstreams: Arc<dyn Upstreams>,
    /// Their servers that do not answer.
    pub away: watch::Receiver<Away>,
    /// Letters that are being sent.
    pub in_hand: watch::Receiver<usize>,
    /// Links into its dashboard, where it has one.
    pub pages: Option<Invitations>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("is_shown", &self.is_shown()).finish_non_exhaustive()
    }
}

impl Desk {
    /// For an icon that `wake` wakes.
    pub fn new(realm: Realm, wake: Option<Box<dyn Fn() + Send + Sync>>) -> Self {
        Self(Arc::new(Shared {
            status: Mutex::new(Status::starting(realm)),
            wake,
            chosen: broadcast::Sender::new(16),
            quit: watch::Sender::new(false),
            is_over: watch::Sender::new(false),
        }))
    }

    /// Without an icon.
    pub fn none() -> Self {
        Self::new(Realm::default(), None)
    }

    /// Whether there is an icon.
    pub fn is_shown(&self) -> bool {
        self.0.wake.is_some()
    }

    /// What the icon shows now.
    pub fn status(&self) -> Status {
        self.lock().clone()
    }

    /// The user chose it.
    pub fn choose(&self, choice: Choice) {
        if choice == Choice::Quit {
            self.0.quit.send_replace(true);
            self.ends();
        }
        // While nothing is followed nothing else can be done.
        let _ = self.0.chosen.send(choice);
    }

    /// The relay ends, whoever wanted it.
    pub fn ends(&self) {
        let ending = self.status().ending();
        self.show(ending);
    }

    /// Ready when the user wants the end.
    pub async fn quit_asked(&self) {
        // The sender is ours: it does not go.
        let _ = self.0.quit.subscribe().wait_for(|asked| *asked).await;
    }

    /// Whether he wanted it.
    pub fn is_to_quit(&self) -> bool {
        *self.0.quit.borrow()
    }

    /// The program ends: so does the icon.
    pub fn end(&self) {
        self.0.is_over.send_replace(true);
        self.wake();
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        *self.0.is_over.borrow()
    }

    /// Tells that it could not begin, and waits until it is to be tried again.
    pub async fn wait_to_begin(&self, realm: Realm, port: Option<u16>, language: Language) {
        let status = Status::not_started(realm, port);
        let is_new = *self.lock() != status;
        let mut chosen = self.0.chosen.subscribe();
        self.show(status);
        if is_new {
            ring([Ring::NotStarted], language).await;
        }
        let again = async { while !matches!(chosen.recv().await, Ok(Choice::Again | Choice::Quit)) {} };
        tokio::select! {
            () = again => {}
            () = self.quit_asked() => {}
            () = sleep(TRIED_AT) => {}
        }
    }

    /// Follows a relay for as long as it serves.
    pub async fn follow(self, followed: Followed) {
        if self.is_shown() {
            tokio::join!(self.watch(&followed), self.serve(&followed), find_again(&followed));
        }
    }

    fn show(&self, status: Status) {
        let mut shown = self.lock();
        // What ends does not come back.
        if *shown != status && (status.phase == Phase::Ending || !self.is_to_quit()) {
            *shown = status;
            drop(shown);
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(wake) = &self.0.wake {
            wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.0.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn watch(&self, followed: &Followed) {
        let mut bell = Bell::default();
        let mut news = News::default();
        let mut heard = followed.relay.happenings();
        let (mut cards, mut keyring) = (followed.relay.card_states(), followed.relay.keyring_tries());
        let (mut away, mut in_hand) = (followed.away.clone(), followed.in_hand.clone());
        loop {
            let looked = Instant::now();
            let around = Around {
                in_hand: *in_hand.borrow_and_update(),
                away: away.borrow_and_update().clone(),
                wanted: news.wanted.clone(),
            };
            cards.mark_unchanged();
            keyring.mark_unchanged();
            let Some(status) = look(followed, around).await else { return };
            news.settle(&status);
            let now = clock();
            let mut rings: BTreeSet<Ring> = bell.heard(&status, now).into_iter().collect();
            rings.append(&mut news.rings);
            self.show(status);
            if followed.config.desktop.notifications == Notifications::Shown {
                ring(rings, followed.config.dashboard.language).await;
            }
            let pause = bell
                .rings_in(now)
                .map_or(LOOKED_AT, |seconds| LOOKED_AT.min(Duration::from_secs(seconds)));
            tokio::select! {
                happened = heard.recv() => match happened {
                    Ok(happened) => news.take(happened),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                Ok(()) = cards.changed() => {}
                Ok(()) = keyring.changed() => {}
                Ok(()) = away.changed() => {}
                Ok(()) = in_hand.changed() => {}
                () = sleep(pause) => {}
            }
            sleep_until(looked + SETTLES).await;
            while let Ok(happened) = heard.try_recv() {
                news.take(happened);
            }
        }
    }

    async fn serve(&self, followed: &Followed) {
        let mut chosen = self.0.chosen.subscribe();
        loop {
            match chosen.recv().await {
                Ok(choice) => act(choice, followed).await,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// What has happened since the last look.
#[derive(Default)]
struct News {
    wanted: BTreeSet<Address>,
    rings: BTreeSet<Ring>,
}

impl News {
    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Changed => {}
            Happened::Refused(_) => {
                self.rings.insert(Ring::Refused);
            }
            Happened::CardWanted(account) => {
                self.wanted.insert(account);
            }
            Happened::EndsSoon(_, days) => {
                self.rings.insert(Ring::EndsSoon(days));
            }
        }
    }

    /// A card that is there, or has another fault, is not awaited any more.
    fn settle(&mut self, status: &Status) {
        let awaited = |account: &Address| {
            let mut accounts = status.accounts.iter().filter(|known| known.address == *account);
            accounts.any(|known| known.matters.contains(&Matter::CardWanted))
        };
        self.wanted.retain(awaited);
    }
}

/// Own keys are opened for it: on a thread that may wait.
async fn look(followed: &Followed, around: Around) -> Option<Status> {
    let (relay, config) = (Arc::clone(&followed.relay), followed.config.clone());
    let looked = tokio::task::spawn_blocking(move || Status::of(&relay.state(), &config, &around, clock()));
    // A look that fails would be told by the runtime; the icon stays as it is.
    looked.await.ok()
}

async fn ring(rings: impl IntoIterator<Item = Ring>, language: Language) {
    for ring in rings {
        let said = ring.said(language);
        // Whoever shows them may be slow, or not there: nothing waits for it.
        drop(tokio::task::spawn_blocking(move || notify::show(&said)));
    }
}

async fn act(choice: Choice, followed: &Followed) {
    match choice {
        Choice::Dashboard => open(followed, "/"),
        // The accounts, each with its test letter.
        Choice::TestMessage => open(followed, "/comptes"),
        Choice::Diagnosis => open(followed, "/diagnostic"),
        Choice::Lists => {
            followed.relay.want_all_lists();
            let relay = Arc::clone(&followed.relay);
            // Silent directories take minutes, and whoever locks in the meantime is not to wait for them.
            tokio::spawn(async move { relay.refresh_directories().await });
        }
        Choice::Lock => {
            let relay = Arc::clone(&followed.relay);
            // A card takes its time.
            let _ = tokio::task::spawn_blocking(move || relay.lock()).await;
        }
        Choice::Again | Choice::Quit => {}
    }
}

/// The link itself stays out of the log.
fn open(followed: &Followed, page: &str) {
    let link = followed.pages.as_ref().and_then(|pages| pages.to(page));
    match link.map(|link| browser::open(&link)) {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!(%error, "the browser could not be opened"),
        None => tracing::warn!("there is no dashboard to open"),
    }
}

/// Servers that do not answer are greeted now and then, so that the icon does not say it for longer than it is true. Not those that
/// want a certificate: it may be on a card, and nobody has asked for it.
async fn find_again(followed: &Followed) {
    let mut away = followed.away.clone();
    while away.wait_for(|away| !away.is_empty()).await.is_ok() {
        sleep(GREETED_AT).await;
        let lost: Vec<(String, u16)> = away.borrow().keys().cloned().collect();
        let is_lost = |account: &&Account| account.servers().any(|server| lost.contains(&(server.host.clone(), server.port)));
        let accounts = followed.config.accounts.iter().filter(is_lost);
        join_all(accounts.map(|account| greet(account, &lost, &*followed.upstreams))).await;
    }
}
