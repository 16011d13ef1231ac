//! The platform's authorities beside those that are configured, where the platform itself cannot be given more: Windows takes some in
//! an engine of its own, which older systems (and Wine) do not have.

use super::tls::Believed;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// One of the two answers for the server.
#[derive(Debug)]
pub(super) struct Either {
    pub(super) own: Believed,
    pub(super) platform: Believed,
}

impl ServerCertVerifier for Either {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let ask = |whom: &Believed| whom.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        ask(&self.own).or_else(|first| {
            // Whoever knows the authority says what is wrong.
            ask(&self.platform).map_err(|second| if is_unknown(&second) { first } else { second })
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.own.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.own.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.own.supported_verify_schemes()
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixTime as Moment;
    use crate::net::local::LocalCertificate;
    use crate::net::tls;
    use crate::store::Home;

    const NOW: Moment = Moment(1_800_000_000);

    fn local() -> (tempfile::TempDir, LocalCertificate) {
        let guard = tempfile::tempdir().unwrap();
        let local = LocalCertificate::open(&Home::open(guard.path()).unwrap(), NOW).unwrap();
        (guard, local)
    }

    fn only(local: &LocalCertificate) -> Believed {
        tls::pinned(vec![local.certificate().to_vec()]).unwrap().unwrap()
    }

    #[test]
    fn whom_one_of_them_knows_is_believed_and_nobody_else() {
        let [(_a, one), (_b, two), (_c, three)] = [local(), local(), local()];
        let either = Either {
            own: only(&one),
            platform: only(&two),
        };
        let name = ServerName::try_from("localhost").unwrap();
        let at = |seconds: i64| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds as u64));
        let verified = |local: &LocalCertificate, seconds| either.verify_server_cert(local.certificate(), &[], &name, &[], at(seconds));
        assert!(verified(&one, NOW.0).is_ok() && verified(&two, NOW.0).is_ok());
        assert!(verified(&three, NOW.0).is_err(), "of the same name, by another key");
        for known in [&one, &two] {
            assert!(verified(known, NOW.0 + 10_000 * 86_400).is_err(), "past its end");
        }
    }
}
