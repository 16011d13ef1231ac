//! Asking an authority's server about one certificate, and what it answers (RFC 6960, RFC 9654). Bytes only: who carries them is
//! `directory::ocsp`.

mod request;
mod responder;
mod response;

pub use request::{NONCE_OCTETS, request};
pub use responder::{Answer, AnswerError, Said, answer};

use crate::pki::algorithm::{AlgorithmId, Digest};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::cert::Certificate;
use crate::pki::der;
use crate::pki::oid;

/// CertID (RFC 6960 §4.1.1): of whom is asked, by hashes that name the issuer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    digest: Digest,
    name: Vec<u8>,
    key: Vec<u8>,
    serial: Vec<u8>,
}

impl Asked {
    /// `certificate`, which `issuer` issued. SHA-1 names here, it proves nothing: servers that answer from answers prepared ahead
    /// know no other (RFC 5019 §2.1.1).
    pub fn of(certificate: &Certificate, issuer: &Certificate) -> Self {
        Self::under(Digest::Sha1, certificate, issuer)
    }

    fn under(digest: Digest, certificate: &Certificate, issuer: &Certificate) -> Self {
        Self {
            digest,
            name: digest.of(&[issuer.subject()]),
            key: digest.of(&[issuer.public_key().bits]),
            serial: certificate.serial().to_vec(),
        }
    }

    /// As it is written.
    pub fn to_der(&self) -> Vec<u8> {
        let algorithm = match self.digest {
            Digest::Sha1 => oid::SHA1,
            Digest::Sha224 => oid::SHA224,
            Digest::Sha256 => oid::SHA256,
            Digest::Sha384 => oid::SHA384,
            Digest::Sha512 => oid::SHA512,
        };
        der::sequence(&[
            &der::algorithm(algorithm, &der::null()),
            &der::octets(&self.name),
            &der::octets(&self.key),
            &der::tlv(tag::INTEGER, &[&self.serial]),
        ])
    }

    /// Whether a CertID names this certificate of this issuer, by whatever hash.
    fn names(value: Value<'_>, certificate: &Certificate, issuer: &Certificate) -> Result<bool, BerError> {
        let mut inside = Reader::new(value.content);
        let Some(digest) = Digest::from_oid(AlgorithmId::read(&mut inside)?.oid) else {
            return Ok(false);
        };
        let wanted = Self::under(digest, certificate, issuer);
        let name = inside.expect(tag::OCTET_STRING)?.content;
        let key = inside.expect(tag::OCTET_STRING)?.content;
        let serial = inside.expect(tag::INTEGER)?.content;
        inside.end()?;
        Ok(name == wanted.name && key == wanted.key && serial == wanted.serial)
    }
}
