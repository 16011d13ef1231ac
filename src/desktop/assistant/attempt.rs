//! Whether a provider's servers are what the account needs: they answer, speak TLS under their name, and know the user.

use super::talk::{Credentials, ImapTalk, SmtpTalk};
use crate::base::Secret;
use crate::base::limits::TRY_SECONDS;
use crate::config::Account;
use crate::desktop::diagnosis::Finding;
use crate::net::port::Upstreams;
use crate::text::dashboard::Words;
use crate::text::{Explanation, assistant as words, net};
use std::time::Duration;
use tokio::time::timeout;

/// Both servers, side by side. Without a password nobody logs in. The password is kept nowhere.
pub(in crate::desktop) async fn attempt(upstreams: &dyn Upstreams, account: &Account, password: Option<&Secret>) -> Vec<Finding> {
    let who = password.map(|password| Credentials {
        login: &account.login,
        password: password.expose(),
    });
    let (sending, reading) = tokio::join!(sending(upstreams, account, who), reading(upstreams, account, who));
    sending.into_iter().chain(reading).collect()
}

async fn sending(upstreams: &dyn Upstreams, account: &Account, who: Option<Credentials<'_>>) -> Vec<Finding> {
    let server = &account.smtp;
    let which = format!("{}:{}", server.host, server.port);
    let late = || net::timed_out(&server.host, server.port);
    let opened = within(SmtpTalk::open(upstreams, server), late).await;
    match opened {
        Err(why) => vec![Finding::bad(words::SENDING_ANSWERS, which, why)],
        Ok(mut talk) => {
            let login = match who {
                Some(who) => Some(within(talk.log_in(who), late).await),
                None => None,
            };
            findings(words::SENDING_ANSWERS, words::SENDING_KNOWS, which, login)
        }
    }
}

async fn reading(upstreams: &dyn Upstreams, account: &Account, who: Option<Credentials<'_>>) -> Vec<Finding> {
    let Some(server) = &account.imap else { return Vec::new() };
    let which = format!("{}:{}", server.host, server.port);
    let late = || net::timed_out(&server.host, server.port);
    let opened = within(ImapTalk::open(upstreams, server), late).await;
    match opened {
        Err(why) => vec![Finding::bad(words::READING_ANSWERS, which, why)],
        Ok(mut talk) => {
            let login = match who {
                Some(who) => Some(within(talk.log_in(who), late).await),
                None => None,
            };
            findings(words::READING_ANSWERS, words::READING_KNOWS, which, login)
        }
    }
}

fn findings(answers: Words, knows: Words, which: String, login: Option<Result<(), Explanation>>) -> Vec<Finding> {
    let mut all = vec![Finding::good(answers, which.clone())];
    all.extend(login.map(|login| Finding::of(knows, which, login)));
    all
}

async fn within<T>(work: impl Future<Output = Result<T, Explanation>>, late: impl FnOnce() -> Explanation) -> Result<T, Explanation> {
    match timeout(Duration::from_secs(TRY_SECONDS), work).await {
        Ok(done) => done,
        Err(_) => Err(late()),
    }
}
