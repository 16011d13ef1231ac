//! A key that is made here and the request for its certificate (PKCS#10). The key waits, sealed, for the answer of the authority,
//! which is known by its public key.

use super::SoftwareKey;
use crate::base::{Address, Secret, UnixTime};
use crate::keys::ImportError;
use crate::pki::algorithm::{KeyKind, PublicKey};
use crate::pki::ber::{Reader, tag};
use crate::pki::request::{self, KeyUse, Wanted};
use crate::pki::subject::Subject;
use crate::pki::{Certificate, der, name, oid};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

/// Kinds of keys that are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyType {
    /// Taken by every authority; not to be used beyond 2030 (ANSSI).
    Rsa2048,
    /// What ANSSI advises.
    Rsa3072,
    /// Slower, and no longer in use for it.
    Rsa4096,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

/// What a certificate is asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The key to be made.
    pub key_type: KeyType,
    /// Whom it is to name.
    pub subject: &'a Subject,
    /// His address.
    pub address: &'a Address,
    /// What for.
    pub key_use: KeyUse,
}

/// A key without a certificate.
#[derive(Debug)]
pub struct RequestedKey {
    pkcs8: Secret,
    csr: Vec<u8>,
    made: UnixTime,
}

enum Fresh {
    Rsa(rsa::KeyPair),
    Ec(KeyType, EcdsaKeyPair),
}

impl RequestedKey {
    /// Makes a key and signs the request with it. `Err`: the system gives no randomness.
    pub fn make(asked: &Asked<'_>, now: UnixTime) -> Result<Self, Unspecified> {
        let fresh = Fresh::make(asked.key_type)?;
        let info = request::info(&Wanted {
            subject: asked.subject,
            address: asked.address,
            key_use: asked.key_use,
            spki: &fresh.spki(),
            is_rsa: matches!(fresh, Fresh::Rsa(_)),
        });
        let signature = fresh.sign(&info)?;
        Ok(Self {
            csr: request::signed(&info, &fresh.algorithm(), &signature),
            pkcs8: fresh.pkcs8()?,
            made: now,
        })
    }

    /// The request in DER.
    pub fn csr(&self) -> &[u8] {
        &self.csr
    }

    /// When it was made.
    pub fn made(&self) -> UnixTime {
        self.made
    }

    /// Whom the request names, and the kind of its key, as shown.
    pub fn described(&self) -> (String, String) {
        let read = || {
            let mut info = Reader::new(&self.csr).sequence()?.sequence()?;
            info.expect(tag::INTEGER)?;
            let attributes = name::attributes(info.expect(tag::SEQUENCE)?)?;
            let kind = PublicKey::read(info.expect(tag::SEQUENCE)?)?.kind;
            let common = name::first(&attributes, oid::COMMON_NAME).unwrap_or("?").to_owned();
            let holder = match (name::first(&attributes, oid::GIVEN_NAME), name::first(&attributes, oid::SURNAME)) {
                (Some(given), Some(surname)) => format!("{given} {surname}"),
                _ => common,
            };
            Ok::<_, ImportError>((holder, kind))
        };
        let (holder, kind) = read().unwrap_or_else(|_| ("?".to_owned(), KeyKind::Other));
        (holder, kind.name().to_string())
    }

    /// Those of `certificates` that are of this key, with the chain among `others`; none of an authority.
    pub fn certified(&self, certificates: &[Certificate], others: &[Certificate]) -> Vec<SoftwareKey> {
        SoftwareKey::certified(&self.pkcs8, certificates, others)
    }

    /// For storage, **in clear**: the store encrypts it. SEQUENCE { 1, PKCS#8, time, request }.
    pub fn to_bytes(&self) -> Secret {
        let made = Zeroizing::new(der::octets(&self.made.0.to_be_bytes()));
        Secret::new(der::sequence(&[
            &der::small(1),
            &der::octets(self.pkcs8.expose()),
            &made,
            &self.csr,
        ]))
    }

    /// What [`RequestedKey::to_bytes`] wrote.
    pub fn from_bytes(bytes: &Secret) -> Result<Self, ImportError> {
        let mut reader = Reader::new(bytes.expose()).sequence()?;
        if reader.expect(tag::INTEGER)?.small()? != 1 {
            return Err(ImportError::Unsupported);
        }
        let pkcs8 = Secret::new(reader.expect(tag::OCTET_STRING)?.content.to_vec());
        let made = reader.expect(tag::OCTET_STRING)?.content.try_into();
        let made = made.map_err(|_| ImportError::Unreadable)?;
        Ok(Self {
            pkcs8,
            made: UnixTime(i64::from_be_bytes(made)),
            csr: reader.expect(tag::SEQUENCE)?.raw.to_vec(),
        })
    }
}

impl Fresh {
    fn make(key_type: KeyType) -> Result<Self, Unspecified> {
        let size = match key_type {
            KeyType::Rsa2048 => KeySize::Rsa2048,
            KeyType::Rsa3072 => KeySize::Rsa3072,
            KeyType::Rsa4096 => KeySize::Rsa4096,
            KeyType::P256 => {
                let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?;
                return Ok(Self::Ec(key_type, pair));
            }
            KeyType::P384 => {
                let pair = EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?;
                return Ok(Self::Ec(key_type, pair));
            }
        };
        rsa::KeyPair::generate(size).map(Self::Rsa)
    }

    fn pkcs8(&self) -> Result<Secret, Unspecified> {
        Ok(Secret::new(match self {
            Self::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?.as_ref().to_vec(),
            Self::Ec(_, pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
        }))
    }

    /// SubjectPublicKeyInfo (RFC 3279 §2.3.1, RFC 5480 §2).
    fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => der::sequence(&[&der::algorithm(oid::RSA, &der::null()), &der::bits(pair.public_key().as_ref())]),
            Self::Ec(curve, pair) => {
                let curve = if *curve == KeyType::P384 { oid::P384 } else { oid::P256 };
                der::sequence(&[&der::algorithm(oid::EC, &der::oid(curve)), &der::bits(pair.public_key().as_ref())])
            }
        }
    }

    fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => der::algorithm(oid::SHA256_RSA, &der::null()),
            Self::Ec(KeyType::P384, _) => der::algorithm(oid::ECDSA_SHA384, &[]),
            Self::Ec(..) => der::algorithm(oid::ECDSA_SHA256, &[]),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            Self::Ec(_, pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::algorithm::{AlgorithmId, Scheme};

    #[test]
    fn a_request_rests_and_comes_back() {
        let subject = Subject::parse("C=FR, title=Médecin, CN=810001234567+SN=MARTIN+GN=Zoé").unwrap();
        let address = Address::parse("zoe@lab.test").unwrap();
        for (key_type, shown) in [(KeyType::Rsa2048, "RSA-2048"), (KeyType::P384, "P384")] {
            let asked = Asked {
                key_type,
                subject: &subject,
                address: &address,
                key_use: KeyUse::Both,
            };
            let made = RequestedKey::make(&asked, UnixTime(1_800_000_000)).unwrap();
            let kept = RequestedKey::from_bytes(&made.to_bytes()).unwrap();
            assert_eq!((kept.csr(), kept.made()), (made.csr(), UnixTime(1_800_000_000)));
            assert_eq!(kept.described().0, "Zoé MARTIN");
            assert!(kept.described().1.contains(shown), "{}", kept.described().1);
            // The signature is that of the key that is named.
            let mut request = Reader::new(kept.csr()).sequence().unwrap();
            let info = request.expect(tag::SEQUENCE).unwrap();
            let algorithm = AlgorithmId::read(&mut request).unwrap();
            let signature = request.expect(tag::BIT_STRING).unwrap().bits().unwrap();
            let mut inside = info.inside();
            inside.value().unwrap();
            inside.value().unwrap();
            let key = PublicKey::read(inside.value().unwrap()).unwrap();
            let scheme = Scheme::read(&algorithm, None).unwrap();
            scheme.verify(&key, info.raw, signature).unwrap();
            let bytes = made.to_bytes();
            for end in 0..bytes.expose().len() {
                assert!(
                    RequestedKey::from_bytes(&Secret::new(bytes.expose()[..end].to_vec())).is_err(),
                    "cut at {end}"
                );
            }
        }
    }
}
