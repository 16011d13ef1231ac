//! Where the protocol drivers meet sealing and opening: the domain's decisions joined to keys, directory and store.
//!
//! `port` is what a driver sees; `outgoing`, `incoming` and `append` are the three flows.

mod answers;
mod append;
pub mod authorities;
pub mod book;
mod bound;
pub mod budget;
mod card_states;
mod cards;
mod companion;
mod decided;
mod endings;
mod explain;
mod gate;
mod handed_over;
pub mod handshakes;
pub mod happened;
mod harvest;
mod headers;
mod held;
mod identities;
mod incoming;
mod known;
mod later;
pub mod notice;
mod noting;
mod operators;
mod outgoing;
pub mod port;
mod recalled;
mod recipients;
mod seals;
mod searching;
mod sender;
mod space;
pub mod state;
mod status;
pub mod trusting;
mod views;

pub use card_states::{CardStates, CardStatus};
pub use identities::Identity;
pub use incoming::OpenedByHand;
pub use noting::JournalStanding;

use crate::base::limits::{KEY_AT_START_SECONDS, VIEW_CACHE_MAX};
use crate::base::{Address, Asker, UnixTime};
use crate::config::{Account, Config};
use crate::directory::Book;
use crate::directory::lists::Published;
use crate::directory::local::{LocalDirectory, Reading};
use crate::directory::reach::Reach;
use crate::imap::command::Inside;
use crate::imap::numbers::Ranges;
use crate::keys::card::Cards;
use crate::pki::{Certificate, Trust};
use crate::policy::outgoing::Thread;
use crate::policy::{Submission, threads};
use crate::store::whitelist::WhitelistFile;
use crate::store::{
    CertificateFolder, ContentKeys, Event, Fields, HeldPlaces, Home, Index, Journal, JournalEntry, KeysStore, Letters, Look, Marks,
    Secrets, StoreError, Threads,
};
use crate::text::{Explanation, outgoing as say};
use crate::view::Restored;
use crate::view::sought::Sought;
use crate::view::verdict::Grade;
use answers::Answers;
use authorities::Authorities;
use gate::Gate;
use harvest::Harvested;
use headers::Unopened;
use held::Held;
use identities::Identities;
use later::Later;
use port::{
    Append, Group, GroupOutcome, Indexed, MessageKey, Opening, Outgoing, Pending, SealedRecord, Sealing, Silence, SoughtUids, Used,
};
use seals::LockedSeals;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;
use views::Views;

/// One home at work.
pub struct Relay {
    config: Config,
    accounts: Vec<Arc<Account>>,
    directory: Arc<Book>,
    authorities: Authorities,
    identities: Identities,
    answers: Answers,
    whitelist: WhitelistFile,
    threads: Threads,
    letters: Letters,
    marks: Marks,
    fields: Arc<Fields>,
    index: Arc<Index>,
    later: Later,
    content_keys: ContentKeys,
    unopened: Unopened,
    harvested: Harvested,
    journal: Journal,
    seals: LockedSeals,
    gate: Arc<Gate>,
    cards: Arc<Cards>,
    card_states: watch::Sender<CardStates>,
    card_turns: cards::Turns,
    views: Views,
    published: Arc<Published>,
    wanted: status::Wanted,
    refusals: state::Refusals,
    heard: happened::Heard,
}

impl Relay {
    /// Opens the stores of a home, whose keys may be locked yet.
    pub fn open(config: Config, home: &Home, secrets: &Secrets) -> Result<Self, StoreError> {
        let (fields, index) = (Arc::new(Fields::new(home, secrets)), Arc::new(Index::new(home, secrets)));
        let journal = Journal::new(home, secrets);
        let local = LocalDirectory::new(CertificateFolder::new(home.certificates()), reading);
        let reach = Arc::new(Reach::new(config.upstream_authorities.clone()));
        let published = Published::new(home, config.revocation.clone(), reach);
        let cards = Arc::new(Cards::new(std::env::current_exe().unwrap_or_default(), &config.card));
        let held = Held::new(HeldPlaces::new(home, secrets), Arc::clone(cards.pins()), &config, clock);
        Ok(Self {
            accounts: config.accounts.iter().cloned().map(Arc::new).collect(),
            authorities: Authorities::of(home, config.trust.environment),
            directory: Arc::new(Book::new(local, home, secrets, &config)),
            identities: Identities::new(KeysStore::new(home, secrets.clone()), Arc::clone(&cards), held),
            cards,
            card_states: watch::Sender::new(CardStates::default()),
            card_turns: cards::Turns::default(),
            answers: Answers::new(KeysStore::requested(home, secrets.clone())),
            whitelist: WhitelistFile::new(home),
            threads: Threads::open(home, secrets, clock())?,
            letters: Letters::open(home, secrets, clock())?,
            marks: Marks::open(home, secrets)?,
            later: Later::new(&fields, &index, &journal),
            content_keys: ContentKeys::new(home, secrets, recalled::days(&config)),
            fields,
            index,
            unopened: Unopened::default(),
            harvested: Harvested::default(),
            journal,
            seals: LockedSeals::new(secrets),
            gate: Gate::new(Arc::new(secrets.clone())),
            views: Views::new(VIEW_CACHE_MAX),
            published: Arc::new(published),
            wanted: status::Wanted::default(),
            refusals: state::Refusals::default(),
            heard: happened::Heard::default(),
            config,
        })
    }

    /// Keys that are at hand from now on and rest elsewhere than in the home, in the place of those before.
    pub fn replace_outside_keys(&self, keys: Vec<Identity>) {
        self.identities.replace_outside(keys);
    }

    /// Asks for keys that are locked, once, before anybody needs them. A keyring that its user opens later is no fault; one that
    /// does not have the key, or is none, is told.
    pub fn ask_at_start(&self) -> Result<(), Explanation> {
        match self.gate.begin(Duration::from_secs(KEY_AT_START_SECONDS)) {
            Err(gate::Closed::Fault(why)) => Err(why),
            _ => Ok(()),
        }
    }

    /// The account that sends from `address`.
    pub fn account_of(&self, address: &Address) -> Result<Arc<Account>, Explanation> {
        let found = self.accounts.iter().find(|a| a.address == *address);
        found.cloned().ok_or_else(|| say::no_account(address))
    }

    /// Reads what is remembered of threads and messages: the first message of the day does not wait for it. What cannot be
    /// read is told to whom it concerns, then.
    pub fn read_ahead(&self) {
        if let Err(error) = self.threads.read_ahead().and_then(|()| self.marks.read_ahead()) {
            tracing::warn!(%error, "the memory of threads and messages could not be read");
        }
        self.look_at_files();
        self.begin_index();
        self.begin_content_keys();
        self.note_imported();
    }

    /// Asks directories anew for what grows old.
    pub async fn refresh_directories(&self) {
        self.directory.refresh().await;
    }

    /// Forgets every opened message; for the end of the service.
    pub fn forget_views(&self) {
        self.write_what_waits();
        self.later.settle();
        self.views.wipe();
    }

    fn by_login(&self, login: &str) -> Option<Arc<Account>> {
        self.accounts.iter().find(|a| a.login.eq_ignore_ascii_case(login)).cloned()
    }

    fn now(&self) -> UnixTime {
        clock()
    }

    fn trust(&self) -> Result<Arc<Trust>, StoreError> {
        self.authorities.trust()
    }

    /// Whether one of these messages was sealed. A memory that cannot be read seals: the other error would leak.
    fn thread(&self, ids: &[String]) -> Thread {
        let (ids, now) = (|| ids.iter().map(String::as_str), self.now());
        match (self.threads.knows(ids(), now), self.threads.knows_over_channel(ids(), now)) {
            (Ok(false), Ok(false)) => Thread::Unknown,
            (Ok(false), Ok(true)) => Thread::OverChannel,
            (Ok(true) | Err(_), _) | (_, Err(_)) => Thread::Sealed,
        }
    }

    /// What is done is done: an entry that cannot be written is told in the log, without content. A disk that takes one takes
    /// what it did not take before.
    fn note(&self, entry: &JournalEntry) {
        match apart(|| self.journal.record(entry)) {
            Ok(()) => self.write_what_waits(),
            Err(error) => tracing::error!(%error, "the journal could not be written"),
        }
    }

    fn write_what_waits(&self) {
        self.threads.write_what_waits();
        self.letters.write_what_waits();
    }

    fn entry(&self, event: Event, account: &Address, message_id: Option<&str>, recipients: usize, code: &str) -> JournalEntry {
        let message = message_id.and_then(|id| self.journal.pseudonym(id).ok());
        JournalEntry {
            message,
            recipients,
            ..JournalEntry::new(self.now(), event, account, code)
        }
    }
}

/// What waits for the disk, or computes, keeps no thread from those whom it serves.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    let flavour = Handle::try_current().map(|handle| handle.runtime_flavor());
    match flavour {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Sealing for Relay {
    fn account(&self, login: &str) -> Option<Arc<Account>> {
        self.by_login(login)
    }

    fn accounts(&self) -> Vec<Arc<Account>> {
        self.accounts.clone()
    }

    fn outgoing<'a>(&'a self, account: &'a Account, submission: &'a Submission) -> Pending<'a, Outgoing> {
        Box::pin(async move {
            // Sealing takes seconds of computing for the largest: never on the thread that serves the others.
            let handle = tokio::runtime::Handle::current();
            if self.unlock(Asker::Sender, Silence::Kept).await.is_err() {
                let why = say::key_locked();
                // The journal is locked too: its owner hears of it all the same.
                self.show_refusal(account, &why);
                return Outgoing::Refuse(why);
            }
            let seal = || async {
                tokio::task::block_in_place(|| {
                    let _look = Look::begin();
                    handle.block_on(self.submit(account, submission))
                })
            };
            let outgoing = self.sealed_with_cards(account, seal).await;
            if let Outgoing::Refuse(refusal) = &outgoing {
                let id = threads::own(&submission.message);
                let recipients = &submission.envelope.recipients;
                let entry = self.entry(Event::Refuse, &account.address, id.as_deref(), recipients.len(), refusal.code);
                self.note(&self.entry_for(entry, recipients.iter(), &Used::default(), None));
                self.show_refusal(account, refusal);
            }
            outgoing
        })
    }

    fn handed_over<'a>(
        &'a self,
        account: &'a Account,
        record: &'a SealedRecord,
        outcomes: &'a [GroupOutcome],
    ) -> Pending<'a, Option<Group>> {
        Box::pin(async move { self.after_handover(account, record, outcomes) })
    }
}

impl Opening for Relay {
    fn account(&self, login: &str) -> Option<Arc<Account>> {
        self.by_login(login)
    }

    fn somebody_came(&self) {
        self.gate.somebody_came();
        self.identities.somebody_came();
    }

    fn is_locked(&self) -> bool {
        !self.gate.is_open()
    }

    fn unlock(&self, asker: Asker, silence: Silence) -> Pending<'_, Result<(), Explanation>> {
        Box::pin(self.gate.pass(asker, cards::patience(silence)))
    }

    fn cached(&self, key: &MessageKey) -> Option<Arc<crate::view::View>> {
        self.notice_removed_texts();
        self.notice_wiped_keys();
        self.look_at_file(&key.account);
        self.known_view(key)
    }

    fn view<'a>(
        &'a self,
        key: &'a MessageKey,
        stored: Vec<u8>,
        asker: Asker,
        silence: Silence,
    ) -> Pending<'a, Result<Arc<crate::view::View>, Explanation>> {
        Box::pin(async move {
            self.look_at_file(&key.account);
            if !self.awaits_answer(&key.account) {
                return self.viewed(key, stored, asker, silence).await;
            }
            // The certificates that it brings, in what is stored or in what was sealed.
            tokio::task::block_in_place(|| self.look_for_answer(&key.account, &stored));
            let view = self.viewed(key, stored, asker, silence).await?;
            tokio::task::block_in_place(|| self.look_for_answer(&key.account, view.bytes()));
            Ok(view)
        })
    }

    fn boundary(&self, key: &MessageKey) -> Option<String> {
        Some(self.seals.at_hand().ok()?.boundary(key))
    }

    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64> {
        self.known_size(key, stored)
    }

    fn header(&self, key: &MessageKey) -> Option<Restored> {
        self.known_header(key)
    }

    fn grade(&self, key: &MessageKey) -> Option<Grade> {
        self.known_grade(key)
    }

    fn passed(&self, account: &str, message: &[u8]) {
        if self.awaits_answer(account) {
            tokio::task::block_in_place(|| self.look_for_answer(account, message));
        }
    }

    fn stored_header_told(&self, key: &MessageKey) {
        self.tell_stored_header(key);
    }

    fn sought(&self, place: &Indexed<'_>, texts: &[&Sought]) -> Option<SoughtUids> {
        tokio::task::block_in_place(|| self.uids_of(place, texts))
    }

    fn vanished(&self, place: &Indexed<'_>, uids: &Ranges) {
        tokio::task::block_in_place(|| self.forget_texts(place, uids));
    }

    fn unnamed(&self, account: &str, mailbox: &str, inside: Inside) {
        tokio::task::block_in_place(|| self.forget_mailbox(account, mailbox, inside));
    }

    fn place(&self, message: &[u8]) -> Option<MessageKey> {
        self.place_behind(message)
    }

    fn is_behind(&self, view: &[u8], stored: &[u8]) -> bool {
        tokio::task::block_in_place(|| self.is_original_of(view, stored))
    }

    fn append<'a>(&'a self, account: &'a Account, mailbox: &'a str, message: &'a [u8]) -> Pending<'a, Append> {
        Box::pin(async move {
            let _ = mailbox;
            self.stored_with_cards(account, message).await
        })
    }
}

/// The shells read the clock; the domain gets the time as a value.
pub(crate) fn clock() -> UnixTime {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|d| d.as_secs())
        .unwrap_or_default();
    UnixTime(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// For the index of the directory.
fn reading(der: &[u8]) -> Reading {
    let Ok(certificate) = Certificate::from_der(der) else {
        return Reading::default();
    };
    Reading {
        addresses: certificate.emails().iter().filter_map(|e| Address::parse(e).ok()).collect(),
        is_authority: certificate.is_ca(),
    }
}
