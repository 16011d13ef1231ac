//! The two ends of TLS as the protocol drivers use them: towards providers as a client, towards mail programs as a server.

use super::NetError;
use super::identity::Tls13;
use super::port::{Acceptor, ClientIdentities, Standing, Upstreams};
use super::reached::{Away, Reached, Step};
use super::stream::{BoxedStream, beneath_tls};
use super::tls::{self, Believed};
use super::upstream;
use crate::base::limits::{CARD_SECONDS, HANDSHAKE_SECONDS_MAX};
use crate::config::{Config, Roots, Server, ServerTls, Terms};
use crate::relay::port::{Asker, Pending};
use crate::text::{Explain, Explanation};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Connections to providers, their certificates checked.
pub struct Providers {
    ordinary: TlsConnector,
    platform: Believed,
    space: Option<Believed>,
    identities: Option<Arc<dyn ClientIdentities>>,
    standing: OnceLock<Arc<dyn Standing>>,
    reached: Reached,
}

/// The server side of TLS on loopback.
pub struct TlsServer {
    acceptor: RwLock<TlsAcceptor>,
}

impl Providers {
    /// With the roots of the platform beside those configured, and for the space of trust those of its own, in DER, alone. Without
    /// `identities` nobody logs in.
    pub fn new(config: &Config, space: Vec<Vec<u8>>, identities: Option<Arc<dyn ClientIdentities>>) -> Result<Self, NetError> {
        let platform = tls::platform(&config.upstream_authorities)?;
        Ok(Self {
            ordinary: tls::speak(Arc::clone(&platform), None)?,
            platform,
            space: tls::pinned(space)?,
            identities,
            standing: OnceLock::new(),
            reached: Reached::default(),
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
            reached: Reached::default(),
        })
    }

    /// From now on operators of the space of trust are asked about as well: who knows that may need connections himself.
    pub fn ask(&self, standing: Arc<dyn Standing>) {
        // The first one stays.
        let _ = self.standing.set(standing);
    }

    /// Which servers do not answer, and to be woken when another does not, or does again.
    pub fn away(&self) -> Receiver<Away> {
        self.reached.watched()
    }

    async fn connected(&self, server: &Server) -> Result<BoxedStream, Explanation> {
        let clear = upstream::open(server).await.map_err(|e| e.explain())?;
        match server.tls {
            ServerTls::Implicit => self.secured(server, clear).await,
            ServerTls::StartTls | ServerTls::Plain => Ok(clear),
        }
    }

    async fn secured(&self, server: &Server, clear: BoxedStream) -> Result<BoxedStream, Explanation> {
        let Speaking { connector, tls13, limit } = self.speaking(server)?;
        let (stream, shown) = upstream::handshake(clear, server, &connector, limit)
            .await
            .map_err(|e| e.with(tls13).explain())?;
        if let (Roots::Space, Some(standing)) = (server.terms.roots, self.standing.get()) {
            standing.stands(&server.host, shown).await?;
        }
        Ok(stream)
    }

    fn speaking(&self, server: &Server) -> Result<Speaking, Explanation> {
        let Terms { roots, certificate, .. } = &server.terms;
        let believed = match roots {
            Roots::Platform if certificate.is_none() => return Ok(Speaking::by(self.ordinary.clone())),
            Roots::Platform => &self.platform,
            Roots::Space => match &self.space {
                Some(space) => space,
                // In clear there is nothing to check, and only this computer may be spoken to so.
                None if server.tls == ServerTls::Plain => return Ok(Speaking::by(self.ordinary.clone())),
                None => return Err(NetError::NoSpaceAuthority { host: server.host.clone() }.explain()),
            },
        };
        let identity = match (certificate, &self.identities) {
            (Some((account, shown)), Some(identities)) => Some(identities.identity(account, shown)?),
            (None, _) | (_, None) => None,
        };
        let (tls13, limit) = match &identity {
            Some(identity) if identity.is_outside() => (identity.tls13(), HANDSHAKE + Duration::from_secs(CARD_SECONDS)),
            Some(_) | None => (Tls13::Offered, HANDSHAKE),
        };
        let connector = tls::speak(Arc::clone(believed), identity).map_err(|e| e.explain())?;
        Ok(Speaking { connector, tls13, limit })
    }
}

/// How TLS is spoken with a server.
struct Speaking {
    connector: TlsConnector,
    tls13: Tls13,
    limit: Duration,
}

impl Speaking {
    fn by(connector: TlsConnector) -> Self {
        Self {
            connector,
            tls13: Tls13::Offered,
            limit: HANDSHAKE,
        }
    }
}

/// What a handshake may take, but for a card.
const HANDSHAKE: Duration = Duration::from_secs(HANDSHAKE_SECONDS_MAX);

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
        let tls = timeout(HANDSHAKE, acceptor.accept(beneath_tls(stream)))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Box::new(tls))
    }
}

impl Upstreams for Providers {
    fn ready<'a>(&'a self, server: &'a Server, asker: Asker, patience: Duration) -> Pending<'a, Result<(), Explanation>> {
        Box::pin(async move {
            match (&server.terms.certificate, &self.identities) {
                (Some((account, shown)), Some(identities)) => identities.ready(account, shown, asker, patience).await,
                (None, _) | (_, None) => Ok(()),
            }
        })
    }

    fn connect<'a>(&'a self, server: &'a Server) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move {
            if server.tls == ServerTls::StartTls {
                // What stands in the way of TLS is told before anything is tried.
                self.speaking(server)?;
            }
            let connected = self.connected(server).await;
            self.reached.note(server, Step::Connecting, &connected);
            connected
        })
    }

    fn secure<'a>(&'a self, server: &'a Server, plain: BoxedStream) -> Pending<'a, Result<BoxedStream, Explanation>> {
        Box::pin(async move {
            let secured = self.secured(server, plain).await;
            self.reached.note(server, Step::Securing, &secured);
            secured
        })
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
    use crate::config::ClientCertificate;
    use crate::net::identity::ClientIdentity;
    use crate::net::listen;
    use crate::net::local::LocalCertificate;
    use crate::store::Home;
    use crate::text::net as words;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    struct Nobody;

    impl ClientIdentities for Nobody {
        fn ready<'a>(&'a self, _: &'a Address, _: &'a ClientCertificate, _: Asker, _: Duration) -> Pending<'a, Result<(), Explanation>> {
            Box::pin(async { Ok(()) })
        }

        fn identity(&self, account: &Address, _: &ClientCertificate) -> Result<ClientIdentity, Explanation> {
            Err(words::unfit(account.as_str()))
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
        let providers = Providers::new(&Config::default(), space, Some(Arc::new(Nobody))).unwrap();
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
