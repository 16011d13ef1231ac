//! TLS handshakes with providers that a key of a card signs (RFC 8446 §4.4.3, RFC 5246 §7.4.8): one operation of the card for each.

use super::key::{CardKey, Wanted};
use super::module::Silence;
use super::words::{Answer, Hash, Refused, Request, Scheme};
use crate::net::identity::{ClientIdentity, ClientKey, NotSigned, OutsideKey, Tls13};
use crate::pki::algorithm::{Curve, KeyKind};
use crate::pki::{Certificate, life};
use crate::smime::port::PrivateKey;
use crate::text::{Explanation, card as say};
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use std::sync::Arc;

/// A key of a card that is open, for the handshakes that follow at once.
#[derive(Debug)]
struct HandshakeKey {
    key: Arc<CardKey>,
    /// By what it signs, and what TLS calls that, the one that cards do best first.
    ways: Vec<(SignatureScheme, Scheme)>,
}

/// What TLS calls the ways of RSA. PKCS#1 v1.5 comes first: every card does it; TLS 1.3 offers none of these (RFC 8446 §4.2.3).
const RSA: [(SignatureScheme, Scheme); 6] = [
    (SignatureScheme::RSA_PKCS1_SHA256, Scheme::RsaPkcs1(Hash::Sha256)),
    (SignatureScheme::RSA_PKCS1_SHA384, Scheme::RsaPkcs1(Hash::Sha384)),
    (SignatureScheme::RSA_PKCS1_SHA512, Scheme::RsaPkcs1(Hash::Sha512)),
    (SignatureScheme::RSA_PSS_SHA256, Scheme::RsaPss(Hash::Sha256)),
    (SignatureScheme::RSA_PSS_SHA384, Scheme::RsaPss(Hash::Sha384)),
    (SignatureScheme::RSA_PSS_SHA512, Scheme::RsaPss(Hash::Sha512)),
];
/// Of curves: the hash goes with the curve in both versions.
const P256: [(SignatureScheme, Scheme); 1] = [(SignatureScheme::ECDSA_NISTP256_SHA256, Scheme::EcdsaP256)];
const P384: [(SignatureScheme, Scheme); 1] = [(SignatureScheme::ECDSA_NISTP384_SHA384, Scheme::EcdsaP384)];

/// What a kind of key could do.
fn ways_of(kind: KeyKind) -> &'static [(SignatureScheme, Scheme)] {
    match kind {
        KeyKind::Rsa { .. } => &RSA,
        KeyKind::Ec(Curve::P256) => &P256,
        KeyKind::Ec(Curve::P384) => &P384,
        _ => &[],
    }
}

impl CardKey {
    /// Whether a provider's TLS can know its owner by it, by its certificate.
    pub fn signs_handshakes(certificate: &Certificate) -> bool {
        life::logs_in(certificate) && !ways_of(certificate.public_key().kind).is_empty()
    }

    /// What the server of the next handshake knows its owner by, with those of `authorities` that stand in between; `Err`: the card is
    /// closed, or not well. Asks it whether it is there yet; blocks.
    pub fn client_identity<'a>(self: &'a Arc<Self>, authorities: impl Iterator<Item = &'a Certificate>) -> Result<ClientIdentity, Wanted> {
        let can = self.ways().map_err(|silence| self.in_vain(&silence))?;
        let known = ways_of(self.certificate().public_key().kind).iter().copied();
        let ways: Vec<_> = known.filter(|(_, scheme)| can.contains(scheme)).collect();
        let tls13 = match ways.iter().any(|(_, scheme)| !matches!(scheme, Scheme::RsaPkcs1(_))) {
            true => Tls13::Offered,
            false => Tls13::Withheld,
        };
        let signs = Arc::new(HandshakeKey {
            key: Arc::clone(self),
            ways,
        });
        Ok(ClientIdentity {
            chain: chain(self.certificate(), &self.chain().iter().chain(authorities).collect::<Vec<_>>()),
            key: ClientKey::Outside(OutsideKey { signs, tls13 }),
        })
    }

    fn ways(&self) -> Result<Vec<Scheme>, Silence> {
        if !self.lock().is_open() {
            return Err(Silence::Refused(Refused::LoginFirst));
        }
        let card = self.on().card.clone();
        match self.cards().used(&self.on().card, &Request::Ways { card })? {
            Answer::Ways(ways) => Ok(ways),
            _ => Err(Silence::Refused(Refused::Failed)),
        }
    }

    fn sign_handshake(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, Explanation> {
        let request = Request::Sign {
            key: self.on().clone(),
            scheme,
            octets: message.to_vec(),
            pin: None,
        };
        match self.operate(&request) {
            Ok(signature) => Ok(signature.expose().to_vec()),
            // Mail programs open connections by themselves, several at once: nobody types a PIN for each.
            Err(Silence::Refused(Refused::PinEachTime)) => Err(say::no_handshake_key(self.lock().holder())),
            Err(silence) => Err(match self.in_vain(&silence) {
                Wanted::Closed => self.lock().still_closed(),
                Wanted::Fault(why) => why,
            }),
        }
    }
}

/// From the certificate upwards as far as they are known, without the root (RFC 5246 §7.4.2: each certifies the one before it).
fn chain(own: &Certificate, others: &[&Certificate]) -> Vec<Vec<u8>> {
    let mut chain = vec![own];
    while let Some(issuer) = chain.last().and_then(|last| {
        let above = others.iter().find(|other| is_issued_by(last, other));
        above.filter(|above| !above.names_as_issuer(above) && !chain.contains(above))
    }) {
        chain.push(issuer);
    }
    chain.into_iter().map(|certificate| certificate.der().to_vec()).collect()
}

/// By name, and by the identifier of its key where both say one: authorities are renewed under their name.
fn is_issued_by(certificate: &Certificate, other: &Certificate) -> bool {
    let keys = (certificate.authority_key_identifier(), other.subject_key_identifier());
    certificate.names_as_issuer(other) && !matches!(keys, (Some(wanted), Some(own)) if wanted != own)
}

impl SigningKey for HandshakeKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let way = self.ways.iter().find(|(scheme, _)| offered.contains(scheme))?;
        Some(Box::new(OneSignature {
            key: Arc::clone(&self.key),
            way: *way,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.key.certificate().public_key().kind {
            KeyKind::Ec(_) => SignatureAlgorithm::ECDSA,
            _ => SignatureAlgorithm::RSA,
        }
    }
}

/// The signature of one handshake.
#[derive(Debug)]
struct OneSignature {
    key: Arc<CardKey>,
    way: (SignatureScheme, Scheme),
}

impl Signer for OneSignature {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        // A card takes its time: not on the thread that serves the others.
        let signed = tokio::task::block_in_place(|| self.key.sign_handshake(self.way.1, message));
        signed.map_err(|why| NotSigned(why).into())
    }

    fn scheme(&self) -> SignatureScheme {
        self.way.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::card::Cards;
    use crate::keys::card::words::OnCard;
    use crate::net::{NetError, tls};
    use crate::text::Explain;
    use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose as Purpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
    use rustls::server::WebPkiClientVerifier;
    use rustls::{RootCertStore, ServerConfig};
    use tokio_rustls::TlsAcceptor;

    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn authority(name: &str) -> (CertificateParams, KeyPair) {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        (params, KeyPair::generate().unwrap())
    }

    fn read(certificate: &rcgen::Certificate) -> Certificate {
        Certificate::from_der(certificate.der().to_vec()).unwrap()
    }

    fn leaf(usage: KeyUsagePurpose, purposes: &[Purpose]) -> Certificate {
        let mut params = named("leaf");
        params.key_usages = vec![usage];
        params.extended_key_usages = purposes.to_vec();
        read(&params.self_signed(&KeyPair::generate().unwrap()).unwrap())
    }

    fn on_card(certificate: Certificate, chain: Vec<Certificate>) -> Arc<CardKey> {
        let on = OnCard {
            card: "1".to_owned(),
            id: vec![1],
        };
        Arc::new(CardKey::new(&Cards::out_of_reach(), on, certificate, chain))
    }

    #[test]
    fn of_a_cps_the_authentication_key_logs_in() {
        let (digital, content) = (KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment);
        assert!(CardKey::signs_handshakes(&leaf(digital, &[Purpose::ClientAuth])));
        assert!(CardKey::signs_handshakes(&leaf(digital, &[])));
        assert!(!CardKey::signs_handshakes(&leaf(digital, &[Purpose::EmailProtection])));
        assert!(!CardKey::signs_handshakes(&leaf(content, &[Purpose::ClientAuth])));
    }

    #[test]
    fn the_chain_climbs_in_order_and_leaves_the_root_out() {
        let ((root, root_key), (middle, middle_key)) = (authority("root"), authority("middle"));
        let root_itself = read(&root.self_signed(&root_key).unwrap());
        let root = Issuer::new(root, root_key);
        let middle_itself = read(&middle.signed_by(&middle_key, &root).unwrap());
        let own_key = KeyPair::generate().unwrap();
        let own = read(&named("own").signed_by(&own_key, &Issuer::new(middle, middle_key)).unwrap());
        let stranger = leaf(KeyUsagePurpose::KeyCertSign, &[]);
        let others = [stranger, root_itself, middle_itself.clone()];
        let others: Vec<&Certificate> = others.iter().collect();
        assert_eq!(chain(&own, &others), [own.der().to_vec(), middle_itself.der().to_vec()]);
    }

    /// rustls shows an empty list of certificates where no scheme is found, and a server may let that pass.
    #[tokio::test]
    async fn without_a_way_to_sign_there_is_no_handshake() {
        let key = on_card(leaf(KeyUsagePurpose::DigitalSignature, &[Purpose::ClientAuth]), Vec::new());
        let identity = ClientIdentity {
            chain: chain(key.certificate(), &[]),
            key: ClientKey::Outside(OutsideKey {
                signs: Arc::new(HandshakeKey { key, ways: Vec::new() }),
                tls13: Tls13::Offered,
            }),
        };
        let mut params = named("server");
        params.subject_alt_names = vec![rcgen::SanType::DnsName("localhost".try_into().unwrap())];
        let server_key = KeyPair::generate().unwrap();
        let server = params.self_signed(&server_key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(server.der().clone()).unwrap();
        let anybody = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), tls::provider());
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(anybody.allow_unauthenticated().build().unwrap())
            .with_single_cert(
                vec![server.der().clone()],
                PrivatePkcs8KeyDer::from_pem_slice(server_key.serialize_pem().as_bytes())
                    .unwrap()
                    .into(),
            )
            .unwrap();
        let believed = tls::pinned(vec![server.der().to_vec()]).unwrap().unwrap();
        let connector = tls::speak(believed, Some(identity)).unwrap();
        let (near, far) = tokio::io::duplex(1 << 16);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (made, met) = tokio::join!(connector.connect("localhost".try_into().unwrap(), near), acceptor.accept(far));
        assert!(met.is_err());
        let server = crate::config::Server {
            host: "localhost".to_owned(),
            port: 0,
            tls: crate::config::ServerTls::Implicit,
            terms: crate::config::Terms::default(),
        };
        let why = NetError::of_handshake(&server, made.unwrap_err()).explain();
        assert_eq!(why.code, "SP-TLS-NO-WAY");
    }
}
