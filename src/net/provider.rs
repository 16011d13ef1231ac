//! The two ends of TLS as the protocol drivers use them: towards providers as a client, towards mail programs as a server.

use super::NetError;
use super::port::{Acceptor, ClientIdentities, Upstreams};
use super::stream::{BoxedStream, beneath_tls};
use super::tls::{self, Believed};
use super::upstream;
use crate::base::limits::HANDSHAKE_SECONDS_MAX;
use crate::config::{Config, Roots, Server, ServerTls, Terms};
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Connections to providers, their certificates checked.
pub struct Providers {
    ordinary: TlsConnector,
    platform: Believed,
    space: Option<Believed>,
    identities: Option<Arc<dyn ClientIdentities>>,
}

/// The server side of TLS on loopback.
pub struct TlsServer {
    acceptor: RwLock<TlsAcceptor>,
}

impl Providers {
    /// With the roots of the platform beside those configured, and for the space of trust those of its own alone.
    pub fn new(config: &Config, identities: Arc<dyn ClientIdentities>) -> Result<Self, NetError> {
        let platform = tls::platform(&config.upstream_authorities)?;
        Ok(Self {
            ordinary: tls::speak(Arc::clone(&platform), None)?,
            platform,
            space: tls::pinned(&config.mssante.authorities)?,
            identities: Some(identities),
        })
    }

    /// For servers that are no providers: the roots of the platform beside these, and nobody that we could be known as.
    pub fn strangers(authorities: &[PathBuf]) -> Result<Self, NetError> {
        let platform = tls::platform(authorities)?;
        Ok(Self {
            ordinary: tls::speak(Arc::clone(&platform), None)?,
            platform,
            space: None,
            identities: None,
        })
    }

    fn connector(&self, server: &Server) -> Result<TlsConnector, Explanation> {
        let Terms { roots, certificate, .. } = &server.terms;
        let believed = match roots {
            Roots::Platform if certificate.is_none() => return Ok(self.ordinary.clone()),
            Roots::Platform => &self.platform,
            Roots::Space => match &self.space {
                Some(space) => space,
                // In clear there is nothing to check, and only this computer may be spoken to so.
                None if server.tls == ServerTls::Plain => return Ok(self.ordinary.clone()),
                None => return Err(NetError::NoSpaceAuthority { host: server.host.clone() }.explain()),
            },
        };
        let identity = match (certificate, &self.identities) {
            (Some((account, file)), Some(identities)) => Some(identities.identity(account, file)?),
            (None, _) | (_, None) => None,
        };
        tls::speak(Arc::clone(believed), identity).map_err(|e| e.explain())
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
        Box::pin(async move {
            let connector = self.connector(server)?;
            upstream::connect(server, &connector).await.map_err(|e| e.explain())
        })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move {
            let secured = upstream::starttls(plain, server, &self.connector(server)?).await;
            secured.map_err(|e| e.explain())
        })
    }
}

impl Acceptor for TlsServer {
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(self.begin(plain))
    }
}
