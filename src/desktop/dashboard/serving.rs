//! Connections of the dashboard: of its own user alone, so many at once, and none that keeps for ever what it has begun.

use crate::base::limits::{DASHBOARD_BODY_SECONDS, DASHBOARD_CONNECTIONS_MAX, DASHBOARD_HEADER_SECONDS, DASHBOARD_UNREAD_MAX};
use crate::net::peer;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// After a connection that could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Serves until `end`, and then what has been asked.
pub(super) async fn serve(listener: TcpListener, routes: Router, end: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(DASHBOARD_CONNECTIONS_MAX));
    let (ending, ended) = watch::channel(());
    let mut open = JoinSet::new();
    let mut end = pin!(end);
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = &mut end => break,
            accepted = accepted => accepted,
        };
        let Ok((stream, remote)) = accepted else {
            sleep(ACCEPT_AGAIN).await;
            continue;
        };
        while open.try_join_next().is_some() {}
        let is_own = tokio::select! {
            () = &mut end => break,
            is_own = is_own(&stream, remote) => is_own,
        };
        if is_own {
            let (routes, ended) = (routes.clone(), ended.clone());
            open.spawn(async move {
                connection(stream, routes, ended).await;
                drop(place);
            });
        }
    }
    drop(listener);
    drop(ending);
    while open.join_next().await.is_some() {}
}

/// Only the user who runs the relay is served (invariant 6).
async fn is_own(stream: &TcpStream, remote: SocketAddr) -> bool {
    let Ok(local) = stream.local_addr() else { return false };
    let own = peer::ask(peer::is_same_user, local, remote).await.is_served();
    if !own {
        tracing::warn!("a connection of another user of this computer was refused");
    }
    own
}

async fn connection(stream: TcpStream, routes: Router, mut ended: watch::Receiver<()>) {
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(DASHBOARD_HEADER_SECONDS))
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
    );
    // What a browser does wrong, or that it went away, concerns nobody.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ended.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A body has so long to come.
pub(super) async fn hurry(request: Request, next: Next) -> Response {
    let end = Instant::now() + Duration::from_secs(DASHBOARD_BODY_SECONDS);
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let pieces = stream::unfold(Arc::clone(&body), move |body| async move {
        let piece = match timeout_at(end, async { body.lock().await.next().await }).await {
            Ok(piece) => piece?.map_err(io::Error::other),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        Some((piece, body))
    });
    let response = next.run(Request::from_parts(parts, Body::from_stream(pieces))).await;
    // A browser reads the answer to what was too large once it has sent it all.
    let mut left = DASHBOARD_UNREAD_MAX;
    let mut rest = body.lock().await;
    while let Ok(Some(Ok(piece))) = timeout_at(end, rest.next()).await {
        match left.checked_sub(piece.len()) {
            Some(fewer) => left = fewer,
            None => break,
        }
    }
    response
}
