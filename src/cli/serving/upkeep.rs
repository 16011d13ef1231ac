//! What a relay looks after by itself while it serves: certificates, lists, cards, the journal, its memory.

use super::super::{memory, whitelist};
use crate::base::UnixTime;
use crate::base::limits::LISTS_JITTER_SECONDS;
use crate::config::Config;
use crate::desktop::setup;
use crate::directory::listed::ListServer;
use crate::net::local::LocalCertificate;
use crate::net::provider::{Providers, TlsServer};
use crate::net::tls;
use crate::relay::{Relay, clock};
use crate::store::Home;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinSet, spawn_blocking};

/// How often the end of the local certificate is looked at.
const CERTIFICATE_LOOKED_AT: Duration = Duration::from_secs(3600);
/// How often directories are asked for what grows old.
const DIRECTORIES_ASKED_AT: Duration = Duration::from_secs(3600);
/// How often the ends of own certificates are looked at.
const ENDINGS_LOOKED_AT: Duration = Duration::from_secs(3600);
/// How often it is looked whether something in the journal is too old.
const JOURNAL_CUT_AT: Duration = Duration::from_secs(3600);
/// How long what the journal has not taken waits to be tried again, where nothing new comes.
const JOURNAL_TRIED_AT: Duration = Duration::from_secs(30);

/// All that a relay looks after; it ends with what is returned.
pub(super) fn begin(
    home: &Home,
    config: &Config,
    relay: &Arc<Relay>,
    providers: &Arc<Providers>,
    (local, server): (UnixTime, Arc<TlsServer>),
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let reading = Arc::clone(relay);
    spawn_blocking(move || reading.read_ahead());
    let switched = home.clone();
    spawn_blocking(move || follow(&switched));
    let listed = config.mssante.whitelist.as_ref();
    if let Some(server) = listed.and_then(|url| ListServer::new(Arc::clone(providers) as _, url)) {
        tasks.spawn(whitelist::keep_fresh(home.clone(), server));
    }
    tasks.spawn(renew(home.clone(), local, server));
    tasks.spawn(refresh(Arc::clone(relay)));
    tasks.spawn(tell_endings(Arc::clone(relay)));
    tasks.spawn(cut_journal(Arc::clone(relay)));
    tasks.spawn(memory::give_back());
    tasks.spawn(write_journal(Arc::clone(relay)));
    let lists = Arc::clone(relay);
    tasks.spawn(async move { lists.keep_status(jitter()).await });
    let cards = Arc::clone(relay);
    tasks.spawn(async move { cards.keep_cards().await });
    tasks.spawn(Arc::clone(relay).keep_held());
    tasks
}

/// Not all computers of a town ask at eight o'clock.
fn jitter() -> Duration {
    let mut byte = [0];
    // Without randomness all of it.
    let share = aws_lc_rs::rand::fill(&mut byte).map_or(u64::from(u8::MAX), |()| u64::from(byte[0]));
    Duration::from_millis(LISTS_JITTER_SECONDS * 1000 * share / u64::from(u8::MAX))
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
        let _ = spawn_blocking(move || follow(&switched)).await;
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
        let _ = spawn_blocking(move || telling.tell_endings()).await;
        tokio::time::sleep(ENDINGS_LOOKED_AT).await;
    }
}

/// What the journal did not take it may take now, whether or not anybody sends or reads.
async fn write_journal(relay: Arc<Relay>) {
    loop {
        tokio::time::sleep(JOURNAL_TRIED_AT).await;
        let writing = Arc::clone(&relay);
        // One that panics would be told by the runtime.
        let _ = spawn_blocking(move || writing.write_journal()).await;
    }
}

/// What is older than the journal is kept goes, a day at a time.
async fn cut_journal(relay: Arc<Relay>) {
    loop {
        let cutting = Arc::clone(&relay);
        // It writes: not on the thread that serves the others. One that panics would be told by the runtime.
        let _ = spawn_blocking(move || cutting.cut_journal(clock())).await;
        tokio::time::sleep(JOURNAL_CUT_AT).await;
    }
}
