//! The listeners: bound once, kept over the rounds, and who is let in.

use super::super::Failure;
use super::services::{Serve, Service};
use crate::base::limits::CONNECTIONS_MAX;
use crate::desktop::{Doors, Lasting};
use crate::net::peer::{self, Whose};
use crate::net::provider::TlsServer;
use crate::net::stream::BoxedStream;
use crate::net::{NetError, listen};
use crate::smtp::driver::Running;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// After a connection that could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// One protocol's listener.
pub(super) struct Door {
    name: &'static str,
    listener: TcpListener,
    serve: Serve,
    implicit: Option<Arc<TlsServer>>,
    whose: Whose,
}

/// A listener for each of the services that has a place.
pub(super) async fn open(services: Vec<Service>, lasting: &Lasting, implicit: Option<&Arc<TlsServer>>) -> Result<Vec<Door>, Failure> {
    let mut doors = Vec::with_capacity(services.len());
    for Service { name, place, serve } in services {
        if let Some(address) = place {
            doors.push(Door {
                name,
                listener: listener(name, address, lasting).await?,
                serve,
                implicit: implicit.cloned(),
                whose: peer::is_same_user,
            });
        }
    }
    Ok(doors)
}

/// At a port that the round before had, by its listener.
async fn listener(name: &'static str, address: SocketAddr, lasting: &Lasting) -> Result<TcpListener, Failure> {
    let failed = |source| Failure::door(&NetError::Listen { address, source });
    let kept = match lasting.listener(name, address) {
        Some(kept) => kept,
        None => {
            let bound = listen::bind(address).await.map_err(|e| Failure::door(&e))?;
            bound.into_std().map_err(failed)?
        }
    };
    let listener = in_two(&kept).map_err(failed)?;
    lasting.keep(name, kept);
    Ok(listener)
}

/// A handle for this round.
fn in_two(kept: &std::net::TcpListener) -> io::Result<TcpListener> {
    kept.set_nonblocking(true)?;
    TcpListener::from_std(kept.try_clone()?)
}

/// Where each of them is.
pub(super) fn places(doors: &[Door]) -> Doors {
    let open = doors.iter().filter_map(|door| Some((door.name, door.listener.local_addr().ok()?)));
    open.collect()
}

/// One line on standard output, when and only when mail programs can connect. The mail is served whether or not somebody
/// reads it.
pub(super) fn say_ready(doors: &Doors, dashboard: Option<String>) {
    let mut line = String::from("ready");
    for name in ["smtp", "imap", "pop3"] {
        if let Some(address) = doors.get(name) {
            line += &format!(" {name}={address}");
        }
    }
    // A link is good for whoever reads it first: no log keeps one.
    if let Some(link) = dashboard.filter(|_| !is_journaled()) {
        line += &format!(" dashboard={link}");
    }
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "the line on standard output could not be written");
    }
}

/// Whether standard output is systemd's journal (systemd.exec(5), `JOURNAL_STREAM`).
#[cfg(target_os = "linux")]
fn is_journaled() -> bool {
    use std::os::unix::fs::MetadataExt;
    let said = std::env::var("JOURNAL_STREAM").ok();
    let own = std::fs::metadata("/proc/self/fd/1").ok();
    said.zip(own)
        .is_some_and(|(said, own)| said == format!("{}:{}", own.dev(), own.ino()))
}

#[cfg(not(target_os = "linux"))]
fn is_journaled() -> bool {
    false
}

/// Serves whoever comes in, until the relay stops.
pub(super) async fn accept(door: Door, mut stopping: watch::Receiver<Running>) {
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
        // One question at a time: whoever knocks a hundred times holds up neither those who are served nor the end.
        let is_served = tokio::select! {
            is_served = is_served(door.whose, &stream, remote) => is_served,
            _ = stopping.changed() => break,
        };
        if !is_served {
            continue;
        }
        let (serve, implicit) = (Arc::clone(&door.serve), door.implicit.clone());
        open.spawn(async move {
            if let Some(stream) = begun(stream, implicit).await {
                serve(stream).await;
            }
            drop(place);
        });
    }
    drop(door);
    while open.join_next().await.is_some() {}
}

/// Only the user who runs the relay is served (invariant 6).
async fn is_served(whose: Whose, stream: &TcpStream, remote: SocketAddr) -> bool {
    let Ok(local) = stream.local_addr() else { return false };
    let is_served = peer::ask(whose, local, remote).await.is_served();
    if !is_served {
        tracing::warn!("a connection of another user of this computer was refused");
    }
    is_served
}

/// Its first words.
async fn begun(stream: TcpStream, implicit: Option<Arc<TlsServer>>) -> Option<BoxedStream> {
    stream.set_nodelay(true).ok()?;
    match implicit {
        Some(tls) => tls.begin(Box::new(stream)).await.ok(),
        None => Some(Box::new(stream)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::peer::Peer;
    use std::sync::{Mutex, PoisonError, mpsc};
    use tokio::runtime::Builder;
    use tokio::sync::Notify;

    /// Held by the test for as long as the system is to say nothing.
    static SILENCE: Mutex<()> = Mutex::new(());
    static ASKED: Notify = Notify::const_new();

    fn late(_: SocketAddr, _: SocketAddr) -> Peer {
        ASKED.notify_one();
        drop(SILENCE.lock().unwrap_or_else(PoisonError::into_inner));
        Peer::Other
    }

    #[test]
    fn a_crowd_at_the_door_does_not_hold_up_the_end() {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(listen::bind("127.0.0.1:0".parse().unwrap())).unwrap();
        let at = listener.local_addr().unwrap();
        let door = Door {
            name: "smtp",
            listener,
            serve: Arc::new(|_| Box::pin(async {})),
            implicit: None,
            whose: late,
        };
        let silence = SILENCE.lock().unwrap();
        let (running, stopping) = watch::channel(Running::On);
        let (give, ended) = mpsc::channel();
        runtime.spawn(async move {
            accept(door, stopping).await;
            give.send(()).unwrap();
        });
        let crowd: Vec<_> = (0..8).map(|_| std::net::TcpStream::connect(at).unwrap()).collect();
        runtime.block_on(ASKED.notified());
        running.send(Running::Stopping).unwrap();
        // Not waited for by the runtime, whose threads are what is tried.
        let ended = ended.recv_timeout(Duration::from_secs(10));
        drop((silence, crowd));
        assert!(ended.is_ok());
    }
}
