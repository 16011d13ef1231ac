//! The two ends of TLS as the protocol drivers use them: towards providers as a client, towards mail programs as a server.

use super::NetError;
use super::port::{Acceptor, ClientIdentities, Standing, Upstreams};
use super::stream::{BoxedStream, beneath_tls};
use super::tls::{self, Believed};
use super::upstream;
use crate::base::limits::HANDSHAKE_SECONDS_MAX;
use crate::config::{Config, Roots, Server, ServerTls, Terms};
use crate::relay::port::Pending;
use crate::text::{Explain, Explanation};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Connections to providers, their certificates checked.
pub struct Providers {
    ordinary: TlsConnector,
    platform: Believed,
    space: Option<Believed>,
    identities: Option<Arc<dyn ClientIdentities>>,
    standing: OnceLock<Arc<dyn Standing>>,
}

/// The server side of TLS on loopback.
pub struct TlsServer {
    acceptor: RwLock<TlsAcceptor>,
}

impl Providers {
    /// With the roots of the platform beside those configured, and for the space of trust those of its own, in DER, alone.
    pub fn new(config: &Config, space: Vec<Vec<u8>>, identities: Arc<dyn ClientIdentities>) -> Result<Self, NetError> {
        let platform = tls::platform(&config.upstream_authorities)?;
        Ok(Self {
            ordinary: tls::speak(Arc::clone(&platform), None)?,
            platform,
            space: tls::pinned(space)?,
            identities: Some(identities),
            standing: OnceLock::new(),
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
            standing: OnceLock::new(),
        })
    }

    /// From now on operators of the space of trust are asked about as well: who knows that may need connections himself.
    pub fn ask(&self, standing: Arc<dyn Standing>) {
        // The first one stays.
        let _ = self.standing.set(standing);
    }

    async fn secured(&self, server: &Server, clear: BoxedStream) -> Result<BoxedStream, Explanation> {
        let connector = self.connector(server)?;
        let (stream, shown) = upstream::handshake(clear, server, &connector).await.map_err(|e| e.explain())?;
        if let (Roots::Space, Some(standing)) = (server.terms.roots, self.standing.get()) {
            standing.stands(&server.host, shown).await?;
        }
        Ok(stream)
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
            if server.tls == ServerTls::StartTls {
                // What stands in the way of TLS is told before anything is tried.
                self.connector(server)?;
            }
            let clear = upstream::open(server).await.map_err(|e| e.explain())?;
            match server.tls {
                ServerTls::Implicit => self.secured(server, clear).await,
                ServerTls::StartTls | ServerTls::Plain => Ok(clear),
            }
        })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(self.secured(server, plain))
    }
}

impl Acceptor for TlsServer {
    fn accept<'a>(&'a self, plain: BoxedStream) -> Pending<'a, io::Result<BoxedStream>> {
        Box::pin(self.begin(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Address, UnixTime};
    use crate::net::listen;
    use crate::net::local::LocalCertificate;
    use crate::net::tls::ClientIdentity;
    use crate::store::Home;
    use crate::text::net as words;
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    struct Nobody;

    impl ClientIdentities for Nobody {
        fn identity(&self, _: &Address, file: &Path) -> Result<ClientIdentity, Explanation> {
            Err(words::unfit(&file.display().to_string()))
        }
    }

    /// Every server is revoked.
    struct Revoked;

    impl Standing for Revoked {
        fn stands<'a>(&'a self, host: &'a str, shown: Vec<Vec<u8>>) -> Pending<'a, Result<(), Explanation>> {
            assert!(!shown.is_empty());
            Box::pin(async move { Err(words::revoked(host)) })
        }
    }

    /// What a server hears after TLS, and what the client is told.
    async fn spoken_to(standing: Option<Revoked>) -> (Vec<u8>, Result<(), &'static str>) {
        let guard = tempfile::tempdir().unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let local = LocalCertificate::open(&Home::open(guard.path()).unwrap(), UnixTime(now as i64)).unwrap();
        let acceptor = tls::acceptor(&local).unwrap();
        let listener = listen::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let mut heard = Vec::new();
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read_to_end(&mut heard).await;
            }
            heard
        });
        let space = tls::authorities(&[local.file().to_owned()]).unwrap();
        let providers = Providers::new(&Config::default(), space, Arc::new(Nobody)).unwrap();
        if let Some(standing) = standing {
            providers.ask(Arc::new(standing));
        }
        let server = Server {
            host: "localhost".to_owned(),
            port,
            tls: ServerTls::Implicit,
            terms: Terms {
                roots: Roots::Space,
                ..Terms::default()
            },
        };
        let told = match providers.connect(&server).await {
            Ok(mut stream) => {
                stream.write_all(b"secret").await.unwrap();
                stream.shutdown().await.unwrap();
                Ok(())
            }
            Err(why) => Err(why.code),
        };
        (served.await.unwrap(), told)
    }

    #[tokio::test]
    async fn an_operator_that_is_revoked_hears_nothing() {
        assert_eq!(spoken_to(Some(Revoked)).await, (Vec::new(), Err("SP-TLS-REVOKED")));
        assert_eq!(spoken_to(None).await, (b"secret".to_vec(), Ok(())));
    }
}
