//! The two ends of TLS as the protocol drivers use them: towards providers as a client, towards mail programs as a server.

use super::stream::BoxedStream;
use super::upstream;
use crate::config::Server;
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::io;
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Connections to providers, their certificates checked.
pub struct Providers {
    connector: TlsConnector,
}

/// The server side of TLS on loopback.
pub struct TlsServer {
    acceptor: TlsAcceptor,
}

/// A mail program that begins TLS finishes its handshake within this time.
const HANDSHAKE: Duration = Duration::from_secs(30);

impl Providers {
    /// With the roots of the platform and those configured in `connector`.
    pub fn new(connector: TlsConnector) -> Self {
        Self { connector }
    }
}

impl TlsServer {
    /// With the local certificate.
    pub fn new(acceptor: TlsAcceptor) -> Self {
        Self { acceptor }
    }

    /// The handshake.
    pub async fn begin(&self, stream: BoxedStream) -> io::Result<BoxedStream> {
        let tls = timeout(HANDSHAKE, self.acceptor.accept(stream))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Box::new(tls))
    }
}

impl crate::smtp::driver::Upstreams for Providers {
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(async move {
            let stream = upstream::connect(server, &self.connector).await.map_err(io::Error::other)?;
            Ok(stream)
        })
    }

    fn starttls<'a>(&'a self, stream: BoxedStream, server: &'a Server) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(async move {
            let stream = upstream::starttls(stream, &server.host, &self.connector)
                .await
                .map_err(io::Error::other)?;
            Ok(stream)
        })
    }
}

impl crate::smtp::driver::ClientTls for TlsServer {
    fn accept<'a>(&'a self, stream: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(self.begin(stream))
    }
}

impl crate::imap::driver::Upstreams for Providers {
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move {
            let stream = upstream::connect(server, &self.connector).await.map_err(|e| e.explain())?;
            Ok(stream)
        })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move {
            let stream = upstream::starttls(plain, &server.host, &self.connector)
                .await
                .map_err(|e| e.explain())?;
            Ok(stream)
        })
    }
}

impl crate::imap::driver::Acceptor for TlsServer {
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(self.begin(plain))
    }
}

impl crate::pop3::driver::Upstreams for Providers {
    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        crate::imap::driver::Upstreams::connect(self, server)
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        crate::imap::driver::Upstreams::secure(self, server, plain)
    }
}

impl crate::pop3::driver::Acceptor for TlsServer {
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(self.begin(plain))
    }
}
