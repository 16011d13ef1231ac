//! What a provider's TLS knows us by: a certificate, and a key that signs the handshake, here or on a card.
//!
//! No session is taken up again where a certificate is shown (RFC 8446 §2.2, RFC 5077): its ticket would let somebody in for whom the
//! card is not there any more. What it would spare is one operation of the card, and no PIN.

use super::NetError;
use super::tls::provider;
use crate::base::Secret;
use crate::text::{Explanation, net as words};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::version::TLS12;
use rustls::{ClientConfig, OtherError, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion};
use std::fmt;
use std::sync::Arc;

/// A key and its certificates, the own one first.
pub struct ClientIdentity {
    /// In DER.
    pub chain: Vec<Vec<u8>>,
    /// What signs.
    pub key: ClientKey,
}

/// A key that signs handshakes.
#[derive(Debug)]
pub enum ClientKey {
    /// In this process: PKCS#8.
    Here(Secret),
    /// On a card.
    Outside(OutsideKey),
}

/// A key that is not in this process.
#[derive(Debug)]
pub struct OutsideKey {
    /// It.
    pub signs: Arc<dyn SigningKey>,
    /// Whether it signs as TLS 1.3 asks (RFC 8446 §4.2.3: no PKCS#1 v1.5).
    pub tls13: Tls13,
}

/// Whether TLS 1.3 can be offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls13 {
    /// It can.
    Offered,
    /// The server chooses the version before the certificate is asked for: with a key that cannot do it, it must not be chosen.
    Withheld,
}

/// Why a key that is not in this process did not sign: the error of a handshake, through rustls.
#[derive(Debug)]
pub struct NotSigned(pub Explanation);

impl fmt::Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl std::error::Error for NotSigned {}

impl From<NotSigned> for rustls::Error {
    fn from(not: NotSigned) -> Self {
        rustls::Error::Other(OtherError(Arc::new(not)))
    }
}

impl NotSigned {
    /// Why, where a handshake has failed of it.
    pub fn behind(error: &rustls::Error) -> Option<&Explanation> {
        match error {
            rustls::Error::Other(OtherError(inner)) => inner.downcast_ref::<Self>().map(|not| &not.0),
            // The enum of rustls grows.
            _ => None,
        }
    }
}

impl ClientIdentity {
    /// Whether its key is on a card.
    pub fn is_outside(&self) -> bool {
        matches!(self.key, ClientKey::Outside(_))
    }

    /// Whether TLS 1.3 can be offered with it.
    pub fn tls13(&self) -> Tls13 {
        match &self.key {
            ClientKey::Here(_) => Tls13::Offered,
            ClientKey::Outside(key) => key.tls13,
        }
    }

    /// What is offered with it.
    pub(super) fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        match self.tls13() {
            Tls13::Offered => rustls::DEFAULT_VERSIONS,
            Tls13::Withheld => ONLY_12,
        }
    }

    /// What shows it.
    pub(super) fn resolver(self) -> Result<Arc<dyn ResolvesClientCert>, NetError> {
        let chain = self.chain.into_iter().map(CertificateDer::from).collect();
        let certified = match self.key {
            ClientKey::Outside(key) => CertifiedKey::new(chain, key.signs),
            ClientKey::Here(key) => {
                let key = PrivatePkcs8KeyDer::from(key.expose().to_vec());
                CertifiedKey::from_der(chain, key.into(), &provider()).map_err(|error| NetError::Setup(error.to_string()))?
            }
        };
        let key = Arc::new(Firm(Arc::clone(&certified.key)));
        Ok(Arc::new(Shown(Arc::new(CertifiedKey::new(certified.cert, key)))))
    }
}

/// RFC 5246.
const ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];

/// The configuration in which each session begins anew.
pub(super) fn each_time_anew(mut config: ClientConfig) -> ClientConfig {
    config.resumption = Resumption::disabled();
    config
}

/// A key that signs, or fails the handshake: where a key finds no way among those that are offered, rustls shows an empty list of
/// certificates, and a server may let that pass.
#[derive(Debug)]
struct Firm(Arc<dyn SigningKey>);

impl SigningKey for Firm {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let found = self.0.choose_scheme(offered);
        Some(found.unwrap_or_else(|| Box::new(NoWay(offered.first().copied()))))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[derive(Debug)]
struct NoWay(Option<SignatureScheme>);

impl Signer for NoWay {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Err(NotSigned(words::no_way_to_sign()).into())
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.unwrap_or(SignatureScheme::RSA_PKCS1_SHA256)
    }
}

/// Shown to whoever asks: a list of authorities that leaves ours out is often one that is not complete.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
