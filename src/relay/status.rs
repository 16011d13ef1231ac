//! Whether a certificate still stands: known when a letter is sent, looked up when one is read, and kept up to date in between.

use super::Relay;
use super::happened::Happened;
use super::identities::Identity;
use crate::base::limits::{LISTS_LOOKED_AT_SECONDS, LOOKUP_SECONDS_MAX, STATUS_QUESTIONS_MAX, STATUS_SECONDS_MAX};
use crate::config::StatusSource;
use crate::directory::lists::{Event, Outcome, Published, Summary, Which};
use crate::pki::Trust;
use crate::pki::path::{Path, Purpose, validate};
use crate::pki::revocation::{Age, ProofKind, Revoked, Status};
use crate::smime::open::Opened;
use crate::store::{Event as Noted, JournalEntry, StoreError};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

/// What is to be asked when there is time, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Paths of letters that were read, to be asked about by OCSP.
    questions: Mutex<Vec<Path>>,
    /// Somebody met a list that does not hold.
    lists: Notify,
    /// The user wants all of them now.
    all: Notify,
    questioned: Notify,
}

/// What may still be asked for one message, whose mail program waits.
pub(super) struct Questions {
    until: Instant,
    /// The certificates that were asked about, by fingerprint: who did not answer for them will not a moment later.
    asked: Mutex<HashSet<[u8; 32]>>,
}

impl Questions {
    /// Beginning now, the look-ups of certificates included.
    pub(super) fn of_now() -> Self {
        Self {
            until: Instant::now() + Duration::from_secs(LOOKUP_SECONDS_MAX + STATUS_SECONDS_MAX),
            asked: Mutex::default(),
        }
    }

    /// Whether it is the first question about this certificate.
    fn is_first(&self, path: &Path) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        path.certificates.first().is_some_and(|first| asked.insert(first.fingerprint()))
    }
}

impl Wanted {
    fn question(&self, path: &Path) {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        if questions.len() < STATUS_QUESTIONS_MAX && !questions.contains(path) {
            questions.push(path.clone());
            self.questioned.notify_one();
        }
    }

    fn take(&self) -> Vec<Path> {
        std::mem::take(&mut self.questions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Relay {
    /// What is known of the certificates of this path, for who sends: where the lists do not tell, or OCSP is preferred, the
    /// authority's server is asked and awaited. Lists are never awaited; one that does not hold is fetched for the next time.
    pub(super) async fn status_of(&self, path: &Path, trust: &Trust, questions: &Questions) -> Status {
        self.note_sources(path, trust);
        let mut status = self.published.status(path, trust, self.now());
        if self.is_open(&status) && self.published.is_askable(path, trust, self.now()) && questions.is_first(path) {
            // What was answered in time is kept.
            let _ = timeout_at(questions.until, self.published.ask(path, trust, self.now())).await;
            status = self.published.status(path, trust, self.now());
        }
        if is_wanting(&status) {
            self.wanted.lists.notify_one();
        }
        status
    }

    /// The same for who reads: nobody is awaited. What is not known is asked for the next time.
    fn status_known(&self, path: &Path, trust: &Trust) -> Status {
        self.note_sources(path, trust);
        let status = self.published.status(path, trust, self.now());
        if self.is_open(&status) && self.published.is_askable(path, trust, self.now()) {
            self.wanted.question(path);
        }
        if is_wanting(&status) {
            self.wanted.lists.notify_one();
        }
        status
    }

    /// Whether an own certificate is taken back, as far as that is known here: nobody is awaited.
    pub(super) fn own_revoked(&self, own: &Identity) -> Option<Revoked> {
        let trust = self.trust().ok()?;
        let path = validate(own.key.certificate(), own.key.chain(), &trust, self.now(), Purpose::Any).ok()?;
        match self.status_known(&path, &trust) {
            Status::Revoked(revoked) => Some(revoked),
            Status::Good(_) | Status::NotPublished | Status::Unknown(_) => None,
        }
    }

    /// Says of every signer of an opened message whether the certificate still stands.
    pub(super) fn say_status(&self, opened: &mut Opened, trust: &Trust) {
        for signer in opened.signers_mut() {
            if let Some(Ok(path)) = &signer.path {
                signer.status = Some(self.status_known(path, trust));
            }
        }
    }

    /// Whether the authority's server is to be asked.
    fn is_open(&self, status: &Status) -> bool {
        match (status, self.published.settings().prefer) {
            (Status::Revoked(_) | Status::NotPublished, _) => false,
            (Status::Unknown(_), _) => true,
            (Status::Good(proof), StatusSource::Lists) => proof.age != Age::Fresh,
            (Status::Good(proof), StatusSource::Ocsp) => proof.kind != ProofKind::Answer || proof.age != Age::Fresh,
        }
    }

    fn note_sources(&self, path: &Path, trust: &Trust) {
        match self.published.note(path, trust) {
            Ok(true) => self.wanted.lists.notify_one(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "where certificates are revoked could not be written down"),
        }
    }

    /// Where the status of the certificates that the user has imported is published.
    pub(super) fn note_imported(&self) {
        let Ok(trust) = self.trust() else { return };
        match self.published.note_imported(&trust, self.now()) {
            Ok(()) => self.wanted.lists.notify_one(),
            Err(error) => tracing::warn!(%error, "where certificates are revoked could not be written down"),
        }
    }

    /// The lists behind this relay.
    pub fn published(&self) -> &Arc<Published> {
        &self.published
    }

    /// Keeps lists and answers up to date for as long as the relay runs: what is due at the times of the lists, what somebody
    /// misses at once.
    pub async fn keep_status(&self, jitter: Duration) {
        let mut which = Which::Due;
        let mut pause = jitter;
        loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = self.wanted.all.notified() => which = Which::All,
                () = self.wanted.lists.notified() => which = Which::Wanting,
                () = self.wanted.questioned.notified() => {
                    self.answer_questions().await;
                    continue;
                }
            }
            if let Err(error) = self.refresh_lists(std::mem::replace(&mut which, Which::Due)).await {
                tracing::warn!(%error, "revocation lists could not be looked at");
            }
            pause = Duration::from_secs(LISTS_LOOKED_AT_SECONDS);
        }
    }

    /// Has every list fetched now.
    pub fn want_all_lists(&self) {
        self.wanted.all.notify_one();
    }

    async fn answer_questions(&self) {
        let Ok(trust) = self.trust() else { return };
        for path in self.wanted.take() {
            self.published.ask(&path, &trust, self.now()).await;
        }
    }

    async fn refresh_lists(&self, which: Which) -> Result<(), StoreError> {
        self.refresh_seen(which, |_| {}).await.map(drop)
    }

    /// Fetches every list now, for somebody who looks on.
    pub async fn refresh_all(&self, see: impl Fn(&Event) + Send + Sync + 'static) -> Result<Summary, StoreError> {
        self.refresh_seen(Which::All, see).await
    }

    async fn refresh_seen(&self, which: Which, see: impl Fn(&Event) + Send + Sync + 'static) -> Result<Summary, StoreError> {
        let trust = self.trust()?;
        let see = Arc::new(move |event: Event| {
            log(&event);
            see(&event);
        });
        let summary = self.published.refresh(trust, which, self.now(), see).await;
        if summary.kept > 0 {
            self.note(&JournalEntry::of_home(self.now(), Noted::Trust, "lists-updated"));
        }
        self.tell(Happened::Changed);
        Ok(summary)
    }
}

/// Whether a list that is fetched now may tell.
fn is_wanting(status: &Status) -> bool {
    match status {
        Status::Unknown(_) => true,
        Status::Good(proof) => proof.kind != ProofKind::Answer && proof.age != Age::Fresh,
        Status::Revoked(_) | Status::NotPublished => false,
    }
}

/// Places of lists are public; whose certificates were met is not told.
fn log(event: &Event) {
    let Event::Done { url, outcome, .. } = event else { return };
    match outcome {
        Outcome::Kept(list) => tracing::info!(%url, entries = list.entries(), "a revocation list was updated"),
        Outcome::Failed(why) => tracing::warn!(%url, code = why.code, "a revocation list could not be updated"),
        Outcome::Unchanged | Outcome::Elsewhere => {}
    }
}
