//! A small authority, people with keys, and SignedData put together by hand, so that any part of it can be wrong.

#![allow(dead_code)] // each test uses a part of it

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
};
use souspli::base::{Address, Secret, UnixTime};
use souspli::keys::SoftwareKey;
use souspli::pki::algorithm::Digest;
use souspli::pki::ber::{Reader, tag};
use souspli::pki::oid::{self, Oid};
use souspli::pki::{Certificate, Trust, der};
use souspli::smime::encrypt::{self, EncryptError, Material, Method};
use souspli::smime::{PrivateKey, SignatureScheme, open};
use souspli::view::verdict::{Verdict, judge};

pub const NOW: UnixTime = UnixTime(1_795_400_000);
pub const ENTITY: &[u8] = b"Content-Type: text/plain\r\n\r\nBonjour\r\n";

/// An entity encrypted, all of it at once.
pub fn encrypt(entity: &[u8], recipients: &[&Certificate], method: Method, material: Material) -> Result<Vec<u8>, EncryptError> {
    encrypt::encrypt(entity.to_vec(), recipients, method, material)?.to_vec()
}

/// An authority with its key.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub certificate: Certificate,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = dated(2026, 2036);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self::of(params)
    }

    pub fn of(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der().to_vec()).unwrap();
        Self { params, key, certificate }
    }

    /// An authority below this one.
    pub fn authorises(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = Certificate::from_der(params.signed_by(&key, &issuer).unwrap().der().to_vec()).unwrap();
        Self { params, key, certificate }
    }

    /// A certificate of these parameters for a public key whose private half nobody needs.
    pub fn vouches(&self, params: &CertificateParams, key: &impl PublicKeyData) -> Certificate {
        let issuer = Issuer::from_params(&self.params, &self.key);
        Certificate::from_der(params.signed_by(key, &issuer).unwrap().der().to_vec()).unwrap()
    }

    /// A key with a certificate of these parameters.
    pub fn issues(&self, params: &CertificateParams) -> SoftwareKey {
        self.certifies(params, &KeyPair::generate().unwrap())
    }

    /// A certificate of these parameters for that key.
    pub fn certifies(&self, params: &CertificateParams, key: &KeyPair) -> SoftwareKey {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = Certificate::from_der(params.signed_by(key, &issuer).unwrap().der().to_vec()).unwrap();
        SoftwareKey::new(certificate, Vec::new(), Secret::new(key.serialize_der())).unwrap()
    }

    pub fn trust(&self) -> Trust {
        Trust::of(vec![self.certificate.clone()])
    }
}

pub fn dated(first: i32, last: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(first, 1, 1);
    params.not_after = rcgen::date_time_ymd(last, 1, 1);
    params
}

/// What a doctor's certificate asks for.
pub fn doctor(address: &str) -> CertificateParams {
    let mut params = dated(2026, 2030);
    params.distinguished_name.push(DnType::CommonName, "Dr Martin");
    params.subject_alt_names = vec![SanType::Rfc822Name(address.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    params
}

/// An Attribute with these values.
pub fn attribute(kind: Oid, values: &[Vec<u8>]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), &der::set(values)])
}

/// contentType and messageDigest as they should be.
pub fn attributes(content: &[u8]) -> Vec<Vec<u8>> {
    let digest = Digest::Sha256.of(&[content]);
    vec![
        attribute(oid::CONTENT_TYPE, &[der::oid(oid::DATA)]),
        attribute(oid::MESSAGE_DIGEST, &[der::octets(&digest)]),
    ]
}

/// signingCertificateV2 (RFC 5035) that names a certificate.
pub fn names(certificate: &Certificate) -> Vec<u8> {
    let id = der::sequence(&[&der::octets(&Digest::Sha256.of(&[certificate.der()]))]);
    attribute(oid::SIGNING_CERTIFICATE_V2, &[der::sequence(&[&der::sequence(&[&id])])])
}

/// The same in the older form, over SHA-1 (RFC 2634 §5.4).
pub fn names_by_sha1(certificate: &Certificate) -> Vec<u8> {
    let id = der::sequence(&[&der::octets(&Digest::Sha1.of(&[certificate.der()]))]);
    attribute(oid::SIGNING_CERTIFICATE, &[der::sequence(&[&der::sequence(&[&id])])])
}

/// A SignerInfo of `key` over these attributes, or over the content itself without them.
pub fn signer(key: &SoftwareKey, attributes: Option<&[Vec<u8>]>, content: &[u8]) -> Vec<u8> {
    let set = attributes.map(der::set);
    let signature = key
        .sign(SignatureScheme::EcdsaP256Sha256, set.as_deref().unwrap_or(content))
        .unwrap();
    let mut tagged = set.unwrap_or_default();
    if let Some(first) = tagged.first_mut() {
        *first = 0xa0;
    }
    der::sequence(&[
        &der::small(1),
        &key.certificate().issuer_and_serial(),
        &der::algorithm(oid::SHA256, &[]),
        &tagged,
        &der::algorithm(oid::ECDSA_SHA256, &[]),
        &der::octets(&signature),
    ])
}

/// A ContentInfo of SignedData; `content` is left out when it stands beside.
pub fn signed(kind: Oid, content: Option<&[u8]>, certificates: &[&Certificate], signers: &[Vec<u8>]) -> Vec<u8> {
    let explicit = content.map(|c| der::tlv(0xa0, &[&der::octets(c)])).unwrap_or_default();
    let certificates: Vec<&[u8]> = certificates.iter().map(|c| c.der()).collect();
    let data = der::sequence(&[
        &der::small(1),
        &der::set(&[der::algorithm(oid::SHA256, &[])]),
        &der::sequence(&[&der::oid(kind), &explicit]),
        &der::tlv(0xa0, &certificates),
        &der::set(signers),
    ]);
    der::sequence(&[&der::oid(oid::SIGNED_DATA), &der::tlv(0xa0, &[&data])])
}

/// As a message in binary.
pub fn opaque(cms: &[u8]) -> Vec<u8> {
    let header = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    [&header[..], cms].concat()
}

/// The grade and code of a message that says it is from `from`.
pub fn judged(message: &[u8], keys: &[&dyn PrivateKey], trust: &Trust, from: &str) -> Verdict {
    judge(&open(message, keys, trust, NOW), &[Address::parse(from).unwrap()])
}

/// The structure of a sealed entity.
pub fn cms_of(sealed: &[u8]) -> Vec<u8> {
    let body: Vec<u8> = souspli::smime::field::split(sealed)
        .1
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    base64_simd::STANDARD.decode_to_vec(body).unwrap()
}

/// A structure with the values inside the one at `path` changed, every length made right.
pub fn rebuilt(cms: &[u8], path: &[usize], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let value = Reader::new(cms).value().unwrap();
    let mut parts = Vec::new();
    let mut inside = value.inside();
    while let Some(part) = inside.next_value().unwrap() {
        parts.push(part.raw.to_vec());
    }
    match path.split_first() {
        None => change(&mut parts),
        Some((at, rest)) => parts[*at] = rebuilt(&parts[*at], rest, change),
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    assert!(value.tag & tag::CONSTRUCTED != 0);
    der::tlv(value.tag, &parts)
}
