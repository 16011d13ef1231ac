//! Connections to providers that are logged in: with what the mail program gave, or with what Souspli has itself.

use super::upstream::{LoginFailure, Upstream, said};
use super::{LoggedIn, Patience, Submissions};
use crate::base::Asker;
use crate::config::Account;
use crate::sasl::{Credentials, Mechanism};
use crate::smtp::wire::Reply;
use crate::text::{Explanation, login as words, smtp as text};
use std::sync::Arc;
use tokio::time::Instant;

/// What an account's provider is given.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// What the mail program gave.
    Given(Credentials),
    /// What Souspli has: the mail program is known by a local password, or has not logged in at all (a companion).
    OfOurOwn,
}

impl Submissions {
    /// Lets a mail program in: the provider judges what it gave, or the local password does.
    pub(super) async fn log_in(&self, given: Credentials) -> Result<LoggedIn, Reply> {
        let account = self.sealing.account(&given.login);
        let account = account.ok_or_else(|| Reply::explained(535, "5.7.8", &text::unknown_login()))?;
        let entry = match account.logs_in_by_itself() {
            true => self.admit(&account, &given).await?,
            false => Entry::Given(given),
        };
        let login = self.log_in_as(Arc::clone(&account), entry, self.patience).await;
        login.map_err(|failure| failure.reply(&account.smtp.host))
    }

    /// A connection of that account.
    pub(super) async fn log_in_as(&self, account: Arc<Account>, entry: Entry, patience: Patience) -> Result<LoggedIn, LoginFailure> {
        let upstream = self.open(&account, &entry, patience).await?;
        Ok(LoggedIn {
            account,
            entry,
            patience,
            upstream: Some(upstream),
        })
    }

    async fn admit(&self, account: &Account, given: &Credentials) -> Result<Entry, Reply> {
        let refused = |why: &Explanation| Reply::explained(535, "5.7.8", why);
        if !matches!(given.mechanism, Mechanism::Plain | Mechanism::Login) {
            return Err(refused(&words::wrong_local_password()));
        }
        self.proofs.admits(account, &given.secret).await.map_err(|why| refused(&why))?;
        Ok(Entry::OfOurOwn)
    }

    /// Connects and logs in; once more with another token where the first was refused, for it may have ended meanwhile.
    pub(super) async fn open(&self, account: &Account, entry: &Entry, patience: Patience) -> Result<Upstream, LoginFailure> {
        let opened = match self.open_once(account, entry, patience).await {
            Err(LoginFailure::Refused(_) | LoginFailure::Away) if has_token(account, entry) => {
                self.open_once(account, entry, patience).await
            }
            other => other,
        };
        let upstream = opened.map_err(|failure| failure.told_of(account, entry))?;
        self.offers.learn(&account.smtp, upstream.capabilities());
        Ok(upstream)
    }

    async fn open_once(&self, account: &Account, entry: &Entry, patience: Patience) -> Result<Upstream, LoginFailure> {
        let credentials = match entry {
            Entry::Given(credentials) => credentials.clone(),
            Entry::OfOurOwn => self.proofs.proof(account).await.map_err(LoginFailure::NoProof)?,
        };
        let begun = Instant::now();
        // A card is awaited while nobody waits at the other end.
        let ready = self.upstreams.ready(&account.smtp, Asker::Sender, patience.card);
        ready.await.map_err(LoginFailure::Unready)?;
        Upstream::open(&*self.upstreams, &account.smtp, Some(credentials), patience.after(begun.elapsed())).await
    }
}

impl LoginFailure {
    /// What Souspli gave by itself is not the password that the mail program has.
    fn told_of(self, account: &Account, entry: &Entry) -> Self {
        match (self, entry) {
            (LoginFailure::Refused(reply), Entry::OfOurOwn) if reply.code >= 500 => {
                let refused = match account.token_command.is_empty() {
                    true => words::kept_proof_refused,
                    false => words::token_refused,
                };
                LoginFailure::ProofRefused(refused(&account.address, &said(&reply)))
            }
            (other, _) => other,
        }
    }
}

fn has_token(account: &Account, entry: &Entry) -> bool {
    matches!(entry, Entry::OfOurOwn) && !account.token_command.is_empty()
}
