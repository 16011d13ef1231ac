//! Connections to a provider. Nothing is sent before TLS has been verified, but what STARTTLS itself needs.

use super::NetError;
use super::stream::{BoxedStream, Stream, beneath_tls};
use crate::base::limits::{CONNECT_SECONDS_MAX, HANDSHAKE_SECONDS_MAX};
use crate::config::parse::is_loopback_host;
use crate::config::{Reach, Server, ServerTls};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// Connects. The stream speaks TLS for [`ServerTls::Implicit`]; for [`ServerTls::StartTls`] it is still clear and
/// [`starttls`] must follow before any secret.
pub async fn connect(server: &Server, connector: &TlsConnector) -> Result<BoxedStream, NetError> {
    let clear = open(server).await?;
    match server.tls {
        ServerTls::Implicit => starttls(clear, server, connector).await,
        ServerTls::StartTls | ServerTls::Plain => Ok(clear),
    }
}

/// Connects; nothing but octets in clear passes yet.
pub async fn open(server: &Server) -> Result<BoxedStream, NetError> {
    let end = Instant::now() + Duration::from_secs(CONNECT_SECONDS_MAX);
    let addresses = resolve(server, end).await?;
    let tcp = reach(server, &addresses, end).await?;
    tcp.set_nodelay(true).map_err(|source| failed(server, source))?;
    Ok(boxed(tcp))
}

/// TLS over a stream on which the server has agreed to STARTTLS. The caller has thrown away whatever it had read beyond
/// that answer (command injection, RFC 3207 §6).
pub async fn starttls(stream: BoxedStream, server: &Server, connector: &TlsConnector) -> Result<BoxedStream, NetError> {
    let limit = Duration::from_secs(HANDSHAKE_SECONDS_MAX);
    Ok(handshake(stream, server, connector, limit).await?.0)
}

/// The same within `limit`, with the certificates that the server has shown, its own first, in DER.
pub async fn handshake(
    stream: BoxedStream,
    server: &Server,
    connector: &TlsConnector,
    limit: Duration,
) -> Result<(BoxedStream, Vec<Vec<u8>>), NetError> {
    let host = server.host.as_str();
    let bare = host.strip_suffix('.').unwrap_or(host);
    let name = ServerName::try_from(bare.to_owned()).map_err(|_| NetError::Name { host: host.to_owned() })?;
    match timeout(limit, connector.connect(name, beneath_tls(stream))).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let shown = shown.iter().map(|certificate| certificate.to_vec()).collect();
            Ok((boxed(stream), shown))
        }
        Ok(Err(source)) => Err(NetError::of_handshake(server, source)),
        Err(_) => Err(NetError::Tls {
            host: host.to_owned(),
            source: io::ErrorKind::TimedOut.into(),
        }),
    }
}

async fn resolve(server: &Server, end: Instant) -> Result<Vec<SocketAddr>, NetError> {
    let found = timeout_at(end, lookup_host((server.host.as_str(), server.port)))
        .await
        .map_err(|_| timed_out(server))?;
    let addresses: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(NetError::Name { host: server.host.clone() });
    }
    within_reach(server, addresses)
}

/// A name that leads into a private network would be shown a token (requirements A.3); this computer, only by its own name.
fn within_reach(server: &Server, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NetError> {
    if server.terms.reach == Reach::Public && !is_loopback_host(&server.host) {
        addresses.retain(|address| is_public(address.ip()));
    }
    match addresses.is_empty() {
        true => Err(NetError::Private { host: server.host.clone() }),
        false => Ok(addresses),
    }
}

/// RFC 1918, RFC 3927, RFC 4193, RFC 6598, and what is no address of another machine at all.
fn is_public(ip: IpAddr) -> bool {
    let v4 = |ip: Ipv4Addr| {
        let [a, b, ..] = ip.octets();
        let shared = a == 100 && (64..128).contains(&b);
        !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || ip.is_multicast() || shared || a == 0)
    };
    match ip {
        IpAddr::V4(ip) => v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => v4(ip),
            None => !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_multicast()),
        },
    }
}

/// One address after the other, each with its share of the time left: a dead IPv6 route must not use up that of IPv4.
async fn reach(server: &Server, addresses: &[SocketAddr], end: Instant) -> Result<TcpStream, NetError> {
    let mut last = timed_out(server);
    for (tried, address) in addresses.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(source)) => failed(server, source),
            Err(_) => timed_out(server),
        };
    }
    Err(last)
}

fn boxed(stream: impl Stream + 'static) -> BoxedStream {
    Box::new(stream)
}

fn failed(server: &Server, source: io::Error) -> NetError {
    NetError::Connect {
        host: server.host.clone(),
        port: server.port,
        source,
    }
}

fn timed_out(server: &Server) -> NetError {
    NetError::TimedOut {
        host: server.host.clone(),
        port: server.port,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixTime;
    use crate::config::Roots;
    use crate::net::local::LocalCertificate;
    use crate::net::{listen, tls};
    use crate::store::Home;
    use crate::text::Explain;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn the_local_certificate_serves_its_names_and_no_other() {
        let (_guard, local) = local();
        let port = serve(&local).await;
        let trusting = tls::connector(&[local.file().to_owned()]).unwrap();
        for host in ["localhost", "127.0.0.1"] {
            let mut stream = connect(&server(host, port, ServerTls::Implicit), &trusting).await.unwrap();
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).await.unwrap();
            assert_eq!(&greeting, b"hi", "{host}");
        }
        let clear = connect(&server("127.0.0.1", port, ServerTls::StartTls), &trusting).await.unwrap();
        assert_eq!(
            code(starttls(clear, &server("imap.lab.test", port, ServerTls::StartTls), &trusting).await),
            "SP-TLS-WRONG-NAME"
        );
    }

    #[tokio::test]
    async fn an_unknown_authority_is_refused_before_anything_is_sent() {
        let ((_guard, local), (_other_guard, other)) = (local(), local());
        let port = serve(&local).await;
        let strict = tls::connector(&[other.file().to_owned()]).unwrap();
        let clear = connect(&server("127.0.0.1", port, ServerTls::StartTls), &strict).await.unwrap();
        let told = code(starttls(clear, &server("localhost", port, ServerTls::StartTls), &strict).await);
        // Both leaves have one name: the signature is what differs.
        assert!(["SP-TLS-UNKNOWN-ISSUER", "SP-TLS-CERTIFICATE"].contains(&told), "{told}");
    }

    #[tokio::test]
    async fn the_channel_of_the_space_believes_its_own_authorities_only() {
        let ((_guard, local), (_other_guard, other)) = (local(), local());
        let port = serve(&local).await;
        let mut of_space = server("localhost", port, ServerTls::Implicit);
        of_space.terms.roots = Roots::Space;
        let own = tls::speak(
            tls::pinned(tls::authorities(&[local.file().to_owned()]).unwrap()).unwrap().unwrap(),
            None,
        )
        .unwrap();
        assert!(connect(&of_space, &own).await.is_ok());
        let strict = tls::speak(
            tls::pinned(tls::authorities(&[other.file().to_owned()]).unwrap()).unwrap().unwrap(),
            None,
        )
        .unwrap();
        assert_eq!(code(connect(&of_space, &strict).await), "SP-TLS-NOT-IGC-SANTE");
        assert!(tls::pinned(Vec::new()).unwrap().is_none());
    }

    #[test]
    fn a_token_is_shown_in_no_private_network() {
        let reached = |host: &str, addresses: &[&str]| {
            let mut server = server(host, 587, ServerTls::StartTls);
            server.terms.reach = Reach::Public;
            let addresses = addresses.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 587)).collect();
            within_reach(&server, addresses).map(|found| found.len())
        };
        for private in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "127.0.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(
                matches!(reached("mail.mssante.fr", &[private]), Err(NetError::Private { .. })),
                "{private}"
            );
            assert_eq!(reached("mail.mssante.fr", &[private, "192.0.2.1"]).unwrap(), 1, "{private}");
        }
        assert_eq!(reached("mail.mssante.fr", &["192.0.2.1", "2001:db8::1"]).unwrap(), 2);
        assert_eq!(reached("localhost", &["127.0.0.1"]).unwrap(), 1);
    }

    #[tokio::test]
    async fn failures_to_connect_are_told_apart() {
        let (_guard, local) = local();
        let connector = tls::connector(&[local.file().to_owned()]).unwrap();
        let closed = listen::bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        assert_eq!(
            code(connect(&server("127.0.0.1", closed, ServerTls::Plain), &connector).await),
            "SP-NET-REFUSED"
        );
        assert_eq!(
            code(connect(&server("no.such.host.invalid", 1, ServerTls::Plain), &connector).await),
            "SP-NET-NAME"
        );
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_is_told() {
        let (_guard, local) = local();
        let connector = tls::connector(&[local.file().to_owned()]).unwrap();
        let listener = listen::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"220 mail ESMTP\r\n").await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        assert_eq!(
            code(connect(&server("localhost", port, ServerTls::Implicit), &connector).await),
            "SP-TLS-NOT-SPOKEN"
        );
    }

    fn local() -> (tempfile::TempDir, LocalCertificate) {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let local = LocalCertificate::open(&home, UnixTime(now as i64)).unwrap();
        (guard, local)
    }

    async fn serve(local: &LocalCertificate) -> u16 {
        let acceptor = tls::acceptor(local).unwrap();
        let listener = listen::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let _ = stream.write_all(b"hi").await;
                        let _ = stream.shutdown().await;
                    }
                });
            }
        });
        port
    }

    fn server(host: &str, port: u16, tls: ServerTls) -> Server {
        Server {
            host: host.to_owned(),
            port,
            tls,
            terms: crate::config::Terms::default(),
        }
    }

    fn code(result: Result<BoxedStream, NetError>) -> &'static str {
        match result {
            Ok(_) => "connected",
            Err(error) => error.explain().code,
        }
    }
}
