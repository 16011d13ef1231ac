//! A small authority that publishes lists and answers, each put together by hand, so that any part of it can be wrong.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber, SigningKey,
};
use souspli::base::UnixTime;
use souspli::pki::algorithm::Digest;
use souspli::pki::ber::tag;
use souspli::pki::crl::Reason;
use souspli::pki::ocsp::Asked;
use souspli::pki::oid::{self, Oid};
use souspli::pki::{Certificate, Path, Purpose, Trust, der, path};

pub const NOW: UnixTime = UnixTime(1_795_400_000);
pub const DAY: i64 = 86_400;

pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub certificate: Certificate,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let params = authority(name);
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der().to_vec()).unwrap();
        Self { params, key, certificate }
    }

    pub fn below(&self, name: &str) -> Self {
        self.authorises(authority(name))
    }

    pub fn authorises(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = self.certifies(&params, &key);
        Self { params, key, certificate }
    }

    pub fn certifies(&self, params: &CertificateParams, key: &KeyPair) -> Certificate {
        let issuer = Issuer::from_params(&self.params, &self.key);
        Certificate::from_der(params.signed_by(key, &issuer).unwrap().der().to_vec()).unwrap()
    }

    /// A doctor's certificate under that number.
    pub fn issues(&self, serial: u64, extensions: Vec<CustomExtension>) -> Certificate {
        let mut params = doctor();
        params.serial_number = Some(SerialNumber::from(serial));
        params.custom_extensions = extensions;
        self.certifies(&params, &KeyPair::generate().unwrap())
    }

    pub fn trust(&self) -> Trust {
        Trust::of(vec![self.certificate.clone()])
    }

    /// The way from a certificate to this authority.
    pub fn path(&self, leaf: &Certificate, between: &[Certificate]) -> Path {
        path::validate(leaf, between, &self.trust(), NOW, Purpose::Sign).unwrap()
    }

    fn sign(&self, tbs: &[u8]) -> Vec<u8> {
        self.key.sign(tbs).unwrap()
    }

    pub fn list(&self, list: &List) -> Vec<u8> {
        let mut parts = vec![
            der::small(1),
            der::algorithm(oid::ECDSA_SHA256, &[]),
            list.issuer.clone().unwrap_or_else(|| self.certificate.subject().to_vec()),
            time(list.this_update),
        ];
        parts.extend(list.next_update.map(time));
        if !list.entries.is_empty() {
            parts.push(der::sequence(&[&list.entries.concat()]));
        }
        let extensions = list.extensions();
        if !extensions.is_empty() {
            parts.push(der::tlv(tag::context(0), &[&der::sequence(&[&extensions.concat()])]));
        }
        self.signed(&der::sequence(&[&parts.concat()]), &[])
    }

    fn signed(&self, tbs: &[u8], after: &[u8]) -> Vec<u8> {
        let algorithm = der::algorithm(oid::ECDSA_SHA256, &[]);
        der::sequence(&[tbs, &algorithm, &der::bits(&self.sign(tbs)), after])
    }

    /// An OCSP response signed by this key.
    pub fn answer(&self, answer: &Answer<'_>) -> Vec<u8> {
        self.answer_of(answer, &[answer.single()])
    }

    /// One with these words instead.
    pub fn answer_of(&self, answer: &Answer<'_>, singles: &[Vec<u8>]) -> Vec<u8> {
        let by_name = der::tlv(tag::context(1), &[self.certificate.subject()]);
        let singles = der::sequence(&[&singles.concat()]);
        let nonce = answer.nonce.map(|nonce| {
            let extension = der::sequence(&[&der::oid(oid::OCSP_NONCE), &der::octets(&der::octets(nonce))]);
            der::tlv(tag::context(1), &[&der::sequence(&[&extension])])
        });
        let data = der::sequence(&[&by_name, &generalized(answer.this_update), &singles, &nonce.unwrap_or_default()]);
        let certificates = der::tlv(tag::context(0), &[&der::sequence(&[self.certificate.der()])]);
        let basic = self.signed(&data, &certificates);
        let bytes = der::sequence(&[&der::oid(oid::OCSP_BASIC), &der::octets(&basic)]);
        der::sequence(&[&[0x0a, 1, 0], &der::tlv(tag::context(0), &[&bytes])])
    }
}

fn dated() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2036, 1, 1);
    params
}

pub fn authority(name: &str) -> CertificateParams {
    let mut params = dated();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub fn doctor() -> CertificateParams {
    let mut params = dated();
    params.distinguished_name.push(DnType::CommonName, "Dr Martin");
    params.subject_alt_names = vec![SanType::Rfc822Name("martin@cabinet.test".try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    params
}

/// Whoever answers in an authority's place.
pub fn responder() -> CertificateParams {
    let mut params = dated();
    params.distinguished_name.push(DnType::CommonName, "Guichet");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    params
}

/// cRLDistributionPoints with one URL.
pub fn point(url: &str) -> CustomExtension {
    let name = der::tlv(tag::context(0), &[&der::tlv(tag::context_primitive(6), &[url.as_bytes()])]);
    let point = der::sequence(&[&der::tlv(tag::context(0), &[&name])]);
    CustomExtension::from_oid_content(&[2, 5, 29, 31], der::sequence(&[&point]))
}

/// authorityInfoAccess with one OCSP server.
pub fn server(url: &str) -> CustomExtension {
    let access = der::sequence(&[&der::oid(oid::OCSP), &der::tlv(tag::context_primitive(6), &[url.as_bytes()])]);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], der::sequence(&[&access]))
}

/// A list as it is to be written.
#[derive(Clone)]
pub struct List {
    pub issuer: Option<Vec<u8>>,
    pub this_update: UnixTime,
    pub next_update: Option<UnixTime>,
    pub number: Option<u8>,
    pub base: Option<u8>,
    pub entries: Vec<Vec<u8>>,
    pub others: Vec<Vec<u8>>,
}

impl Default for List {
    fn default() -> Self {
        Self {
            issuer: None,
            this_update: NOW.plus(-DAY),
            next_update: Some(NOW.plus(DAY)),
            number: Some(5),
            base: None,
            entries: Vec::new(),
            others: Vec::new(),
        }
    }
}

impl List {
    pub fn of(serials: &[(u64, Reason)]) -> Self {
        Self {
            entries: serials.iter().map(|(serial, reason)| entry(*serial, *reason)).collect(),
            ..Self::default()
        }
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let number = self.number.map(|n| extension(oid::CRL_NUMBER, false, &der::small(n)));
        let base = self.base.map(|n| extension(oid::DELTA_CRL_INDICATOR, true, &der::small(n)));
        number.into_iter().chain(base).chain(self.others.iter().cloned()).collect()
    }
}

pub fn extension(id: Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    der::sequence(&[&der::oid(id), flag, &der::octets(value)])
}

/// An entry of the day before yesterday.
pub fn entry(serial: u64, reason: Reason) -> Vec<u8> {
    entry_with(serial, &[extension(oid::REASON_CODE, false, &[0x0a, 1, reason as u8])])
}

pub fn entry_with(serial: u64, extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() {
        Vec::new()
    } else {
        der::sequence(&[&extensions.concat()])
    };
    der::sequence(&[&integer(serial), &time(NOW.plus(-2 * DAY)), &extensions])
}

pub fn integer(n: u64) -> Vec<u8> {
    let bytes = n.to_be_bytes();
    let skip = bytes.iter().take_while(|b| **b == 0).count().min(7);
    let sign: &[u8] = if bytes[skip] & 0x80 == 0 { &[] } else { &[0] };
    der::tlv(tag::INTEGER, &[sign, &bytes[skip..]])
}

/// An OCSP answer as it is to be written.
#[derive(Clone)]
pub struct Answer<'a> {
    pub asked: Vec<u8>,
    pub status: Vec<u8>,
    pub this_update: UnixTime,
    pub next_update: Option<UnixTime>,
    pub nonce: Option<&'a [u8]>,
}

impl Answer<'_> {
    pub fn good(certificate: &Certificate, issuer: &Certificate) -> Self {
        Self {
            asked: Asked::of(certificate, issuer).to_der(),
            status: vec![0x80, 0],
            this_update: NOW.plus(-3600),
            next_update: Some(NOW.plus(3600)),
            nonce: None,
        }
    }

    /// SingleResponse.
    pub fn single(&self) -> Vec<u8> {
        let mut single = vec![self.asked.clone(), self.status.clone(), generalized(self.this_update)];
        single.extend(self.next_update.map(|t| der::tlv(tag::context(0), &[&generalized(t)])));
        der::sequence(&[&single.concat()])
    }
}

/// RevokedInfo for a key that was compromised.
pub fn compromised() -> Vec<u8> {
    let reason = der::tlv(tag::context(0), &[&[0x0a, 1, 1]]);
    der::tlv(tag::context(1), &[&generalized(NOW.plus(-DAY)), &reason])
}

pub fn time(at: UnixTime) -> Vec<u8> {
    der::tlv(tag::UTC_TIME, &[&written(at).as_bytes()[2..]])
}

pub fn generalized(at: UnixTime) -> Vec<u8> {
    der::tlv(tag::GENERALIZED_TIME, &[written(at).as_bytes()])
}

fn written(at: UnixTime) -> String {
    let t = at.civil();
    let (month, day) = (u8::from(t.month()), t.day());
    format!(
        "{:04}{month:02}{day:02}{:02}{:02}{:02}Z",
        t.year(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// For a CertID by another hash.
pub fn asked_by(digest: Digest, id: Oid, certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    let (name, key) = (digest.of(&[issuer.subject()]), digest.of(&[issuer.public_key().bits]));
    let serial = der::tlv(tag::INTEGER, &[certificate.serial()]);
    der::sequence(&[&der::algorithm(id, &[]), &der::octets(&name), &der::octets(&key), &serial])
}
