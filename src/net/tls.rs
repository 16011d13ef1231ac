//! TLS 1.2 and 1.3 (RFC 5246, RFC 8446) with the cipher suites of rustls' aws-lc provider: towards the mail program, and
//! verified towards the providers.

use super::NetError;
use super::identity::{ClientIdentity, each_time_anew};
use super::local::LocalCertificate;
use crate::text::Why;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_platform_verifier::Verifier;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Speaks TLS to the mail program under the local certificate.
pub fn acceptor(local: &LocalCertificate) -> Result<TlsAcceptor, NetError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .with_no_client_auth()
        .with_single_cert(vec![local.certificate().clone()], local.key())
        .map_err(setup)?;
    // Nothing but answers comes after the handshake: a program that reads in one thread what another writes (imaplib2, hence
    // offlineimap) loses the command that it writes while a ticket is read, and waits for ever. On loopback they save nothing.
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Who says that a provider's server is what it says.
pub type Believed = Arc<dyn ServerCertVerifier>;

/// Speaks TLS to providers; trusts the platform's authorities and those of these PEM files.
pub fn connector(authorities: &[PathBuf]) -> Result<TlsConnector, NetError> {
    speak(platform(authorities)?, None)
}

/// The platform's authorities and those of these PEM files.
#[cfg(windows)]
pub fn platform(authorities: &[PathBuf]) -> Result<Believed, NetError> {
    let own = pinned(read_all(authorities)?.iter().map(|one| one.to_vec()).collect())?;
    let platform: Believed = Arc::new(Verifier::new(provider()).map_err(setup)?);
    Ok(match own {
        Some(own) => Arc::new(super::either::Either { own, platform }),
        None => platform,
    })
}

/// The platform's authorities and those of these PEM files.
#[cfg(not(windows))]
pub fn platform(authorities: &[PathBuf]) -> Result<Believed, NetError> {
    let roots = read_all(authorities)?;
    Ok(Arc::new(Verifier::new_with_extra_roots(roots, provider()).map_err(setup)?))
}

/// These authorities, in DER, and no other, never the platform's (requirements A.3); `None`: there are none.
pub fn pinned(authorities: Vec<Vec<u8>>) -> Result<Option<Believed>, NetError> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities {
        roots.add(CertificateDer::from(certificate)).map_err(setup)?;
    }
    if roots.is_empty() {
        return Ok(None);
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let verifier = verifier.map_err(|error| NetError::Setup(error.to_string()))?;
    Ok(Some(verifier))
}

/// Speaks TLS to providers that `believed` answers for, and shows them who we are where that is asked.
pub fn speak(believed: Believed, identity: Option<ClientIdentity>) -> Result<TlsConnector, NetError> {
    let versions = identity.as_ref().map_or(rustls::DEFAULT_VERSIONS, ClientIdentity::versions);
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(setup)?
        // "Dangerous" is the builder's word for any verifier that is not its own; these verify.
        .dangerous()
        .with_custom_certificate_verifier(believed);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => each_time_anew(config.with_client_cert_resolver(identity.resolver()?)),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The certificates of these PEM files, in DER.
pub fn authorities(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, NetError> {
    Ok(read_all(files)?.iter().map(|certificate| certificate.to_vec()).collect())
}

fn read_all(authorities: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let mut all = Vec::new();
    for path in authorities {
        all.extend(read_authorities(path)?);
    }
    Ok(all)
}

/// One cryptographic provider for every configuration, whatever the process default is.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A file without a certificate is an error: a typing mistake must not look like an unknown authority later.
fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let fault = |why: Why| NetError::Authorities {
        path: path.to_owned(),
        why,
    };
    let damaged = || {
        fault(Why::new(
            "un de ses certificats est illisible",
            "one of its certificates is unreadable",
        ))
    };
    let pem = std::fs::read(path).map_err(|error| fault(Why::from(&error)))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = read.map_err(|_| damaged())?;
    if certificates.is_empty() {
        return Err(fault(Why::new("aucun certificat PEM n’y figure", "it holds no PEM certificate")));
    }
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|_| damaged())?;
    }
    Ok(certificates)
}

fn setup(error: rustls::Error) -> NetError {
    NetError::Setup(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixTime;
    use crate::store::Home;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn no_ticket_comes_unasked_to_a_mail_program() {
        let guard = tempfile::tempdir().unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let local = LocalCertificate::open(&Home::open(guard.path()).unwrap(), UnixTime(now as i64)).unwrap();
        let (acceptor, connector) = (acceptor(&local).unwrap(), connector(&[local.file().to_owned()]).unwrap());
        let (near, far) = tokio::io::duplex(1 << 16);
        let client = async {
            let mut stream = connector.connect("localhost".try_into().unwrap(), near).await.unwrap();
            // Tickets would come ahead of the first answer.
            stream.read_exact(&mut [0; 4]).await.unwrap();
            let connection = stream.get_ref().1;
            assert_eq!(connection.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
            assert_eq!(connection.tls13_tickets_received(), 0);
        };
        let server = async { acceptor.accept(far).await.unwrap().write_all(b"* OK").await.unwrap() };
        tokio::join!(client, server);
    }

    #[test]
    fn a_file_that_is_no_authority_is_named() {
        let guard = tempfile::tempdir().unwrap();
        let file = guard.path().join("ca.pem");
        let rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for content in ["", "hello", rubbish] {
            std::fs::write(&file, content).unwrap();
            let error = connector(std::slice::from_ref(&file)).err();
            assert!(
                matches!(error, Some(NetError::Authorities { path, .. }) if path == file),
                "{content}"
            );
        }
        let absent = guard.path().join("absent.pem");
        assert!(matches!(connector(&[absent]), Err(NetError::Authorities { .. })));
    }
}
