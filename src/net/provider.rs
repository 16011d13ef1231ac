//! The two ends of TLS as the protocol drivers use them: towards providers as a client, towards mail programs as a server.

use super::port::{Acceptor, Upstreams};
use super::stream::{BoxedStream, beneath_tls};
use super::upstream;
use crate::base::limits::HANDSHAKE_SECONDS_MAX;
use crate::config::Server;
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::io;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Connections to providers, their certificates checked.
pub struct Providers {
    connector: TlsConnector,
}

/// The server side of TLS on loopback.
pub struct TlsServer {
    acceptor: RwLock<TlsAcceptor>,
}

impl Providers {
    /// With the roots of the platform and those configured in `connector`.
    pub fn new(connector: TlsConnector) -> Self {
        Self { connector }
    }
}

impl TlsServer {
    /// With the local certificate.
    pub fn new(acceptor: TlsAcceptor) -> Self {
        Self {
            acceptor: RwLock::new(acceptor),
        }
    }

    /// From now on with another certificate; connections that are open keep theirs.
    pub fn replace(&self, acceptor: TlsAcceptor) {
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
    }

    /// The handshake.
    pub async fn begin(&self, stream: BoxedStream) -> io::Result<BoxedStream> {
        let acceptor = self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
        let tls = timeout(Duration::from_secs(HANDSHAKE_SECONDS_MAX), acceptor.accept(beneath_tls(stream)))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Box::new(tls))
    }
}

impl Upstreams for Providers {
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move { upstream::connect(server, &self.connector).await.map_err(|e| e.explain()) })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move {
            let secured = upstream::starttls(plain, &server.host, &self.connector).await;
            secured.map_err(|e| e.explain())
        })
    }
}

impl Acceptor for TlsServer {
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(self.begin(plain))
    }
}
