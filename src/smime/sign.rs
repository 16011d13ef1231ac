//! SignedData in two halves around the key: what must be signed, then the finished entity (RFC 5652 §5, RFC 8551 §3.5).

use crate::base::UnixTime;
use crate::mime::Octets;
use crate::pki::algorithm::Digest;
use crate::pki::ber::tag;
use crate::pki::oid::{self, Oid};
use crate::pki::{Certificate, der};
use crate::smime::flow::Flow;
use crate::smime::port::SignatureScheme;

/// Where the signed entity stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Inside application/pkcs7-mime; what is encrypted afterwards.
    Opaque,
    /// Beside its signature in multipart/signed; readable everywhere.
    Detached,
}

/// Who signs, and what correspondents learn with it.
#[derive(Clone, Debug)]
pub struct Signer<'a> {
    /// The signing certificate.
    pub certificate: &'a Certificate,
    /// Its issuers; roots are left out.
    pub chain: &'a [Certificate],
    /// The certificate to encrypt answers to; the signing one where it does both.
    pub encryption_certificate: Option<&'a Certificate>,
}

/// A signature in the making.
#[derive(Debug)]
pub struct ToSign {
    entity: Octets,
    form: Form,
    scheme: SignatureScheme,
    attributes: Vec<Vec<u8>>,
    to_be_signed: Vec<u8>,
    certificates: Vec<u8>,
    sid: Vec<u8>,
    fingerprint: String,
}

/// Prepares the signature over `entity`, byte for byte.
pub fn prepare(entity: impl Into<Octets>, signer: &Signer<'_>, form: Form, signing_time: UnixTime, scheme: SignatureScheme) -> ToSign {
    let entity = entity.into();
    let hash = scheme.digest().of(entity.stretches());
    let mut attributes = vec![
        attribute(oid::CONTENT_TYPE, &der::oid(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, &der::octets(&hash)),
        attribute(oid::SIGNING_TIME, &time(signing_time)),
        attribute(oid::SIGNING_CERTIFICATE_V2, &signing_certificate(signer.certificate)),
        attribute(oid::SMIME_CAPABILITIES, &capabilities()),
    ];
    if let Some(certificate) = signer.encryption_certificate {
        attributes.push(attribute(oid::ENCRYPTION_KEY_PREFERENCE, &key_preference(certificate)));
    }
    attributes.sort_unstable();
    let fingerprint = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    ToSign {
        entity,
        form,
        scheme,
        to_be_signed: der::set(&attributes),
        attributes,
        certificates: certificates(signer),
        sid: signer.certificate.issuer_and_serial(),
        fingerprint,
    }
}

impl ToSign {
    /// What the key signs, hashing included.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// How it signs.
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The complete entity, Content-* fields first.
    pub fn finish(self, signature: &[u8]) -> Flow {
        let signer_info = self.signer_info(signature);
        match self.form {
            Form::Opaque => self.opaque(&signer_info),
            Form::Detached => self.detached(&signer_info),
        }
    }

    fn signer_info(&self, signature: &[u8]) -> Vec<u8> {
        let attributes: Vec<&[u8]> = self.attributes.iter().map(Vec::as_slice).collect();
        der::sequence(&[
            &der::small(1),
            &self.sid,
            &digest_algorithm(self.scheme.digest()),
            &der::tlv(tag::context(0), &attributes),
            &signature_algorithm(self.scheme),
            &der::octets(signature),
        ])
    }

    /// What stands after encapContentInfo, and what before it inside SignedData.
    fn around(&self, signer_info: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let before = [der::small(1), der::set(&[digest_algorithm(self.scheme.digest())])].concat();
        let after = [self.certificates.as_slice(), &der::tlv(tag::SET, &[signer_info])].concat();
        (before, after)
    }

    fn opaque(self, signer_info: &[u8]) -> Flow {
        let (before, after) = self.around(signer_info);
        let mut cms = Flow::from(before_content(oid::SIGNED_DATA, &before, self.entity.len(), after.len()));
        cms.push(self.entity);
        cms.push(after);
        let mut flow = Flow::from(OPAQUE_HEADER.as_bytes());
        flow.push_base64(cms);
        flow
    }

    fn detached(self, signer_info: &[u8]) -> Flow {
        let (before, after) = self.around(signer_info);
        let encapsulated = der::sequence(&[&der::oid(oid::DATA)]);
        let signed = der::sequence(&[&before, &encapsulated, &after]);
        let info = der::sequence(&[&der::oid(oid::SIGNED_DATA), &der::tlv(tag::context(0), &[&signed])]);
        let boundary = self.boundary();
        let micalg = self.scheme.digest().name().to_lowercase();
        let mut flow = Flow::from(format!(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={micalg}; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n"
        ));
        flow.push(self.entity);
        flow.push(format!("\r\n--{boundary}\r\n{SIGNATURE_HEADER}"));
        flow.push_base64(info.into());
        flow.push(format!("--{boundary}--\r\n"));
        flow
    }

    /// From the content's hash, so that the same message is sealed the same way; lengthened while the content holds it.
    fn boundary(&self) -> String {
        let mut boundary = format!("=_signed-{}", self.fingerprint);
        while self.entity.contains(boundary.as_bytes()) {
            boundary.push_str("-x");
        }
        boundary
    }
}

const OPAQUE_HEADER: &str = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";
const SIGNATURE_HEADER: &str = "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
    Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n";

/// ContentInfo { SignedData { before, encapContentInfo { id-data, content }, after } }: all that stands before a content of
/// so many octets, when so many follow it.
fn before_content(kind: Oid, before: &[u8], content: usize, after: usize) -> Vec<u8> {
    let data = der::oid(oid::DATA);
    let string = der::head_len(content) + content;
    let explicit = der::head_len(string) + string;
    let encapsulated = data.len() + explicit;
    let signed = before.len() + der::head_len(encapsulated) + encapsulated + after;
    let kind = der::oid(kind);
    let outer = der::head_len(signed) + signed;
    let mut head = Vec::new();
    der::head(&mut head, tag::SEQUENCE, kind.len() + der::head_len(outer) + outer);
    head.extend_from_slice(&kind);
    der::head(&mut head, tag::context(0), outer);
    der::head(&mut head, tag::SEQUENCE, signed);
    head.extend_from_slice(before);
    der::head(&mut head, tag::SEQUENCE, encapsulated);
    head.extend_from_slice(&data);
    der::head(&mut head, tag::context(0), string);
    der::head(&mut head, tag::OCTET_STRING, content);
    head
}

fn attribute(kind: Oid, value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), &der::tlv(tag::SET, &[value])])
}

/// Time (RFC 5652 §11.3): UTCTime from 1950 to 2049.
fn time(at: UnixTime) -> Vec<u8> {
    let civil = at.civil();
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(civil.month()),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    match civil.year() {
        year @ 1950..=2049 => der::tlv(tag::UTC_TIME, &[format!("{:02}{rest}", year % 100).as_bytes()]),
        year => der::tlv(tag::GENERALIZED_TIME, &[format!("{year:04}{rest}").as_bytes()]),
    }
}

/// SigningCertificateV2 (RFC 5035 §3), SHA-256 being the default that DER leaves out.
fn signing_certificate(certificate: &Certificate) -> Vec<u8> {
    let issuer = der::sequence(&[&der::tlv(tag::context(4), &[certificate.issuer()])]);
    let issuer_serial = der::sequence(&[&issuer, &der::tlv(tag::INTEGER, &[certificate.serial()])]);
    let id = der::sequence(&[&der::octets(&certificate.fingerprint()), &issuer_serial]);
    der::sequence(&[&der::sequence(&[&id])])
}

/// SMIMECapabilities (RFC 8551 §2.5.2): what we would rather get, first.
fn capabilities() -> Vec<u8> {
    let known = [oid::AES256_CBC, oid::AES128_CBC, oid::AES256_GCM].map(|c| der::sequence(&[&der::oid(c)]));
    der::sequence(&[&known.concat()])
}

/// SMIMEEncryptionKeyPreference (RFC 8551 §2.5.3): `[0] IMPLICIT IssuerAndSerialNumber`.
fn key_preference(certificate: &Certificate) -> Vec<u8> {
    der::tlv(
        tag::context(0),
        &[certificate.issuer(), &der::tlv(tag::INTEGER, &[certificate.serial()])],
    )
}

fn certificates(signer: &Signer<'_>) -> Vec<u8> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let chain = signer.chain.iter().filter(|c| !c.is_self_issued());
    for certificate in std::iter::once(signer.certificate)
        .chain(signer.encryption_certificate)
        .chain(chain)
    {
        if !all.iter().any(|der| der == certificate.der()) {
            all.push(certificate.der().to_vec());
        }
    }
    let mut set = der::set(&all);
    set[0] = tag::context(0);
    set
}

fn digest_algorithm(digest: Digest) -> Vec<u8> {
    let id = match digest {
        Digest::Sha1 => oid::SHA1,
        Digest::Sha224 => oid::SHA224,
        Digest::Sha256 => oid::SHA256,
        Digest::Sha384 => oid::SHA384,
        Digest::Sha512 => oid::SHA512,
    };
    der::algorithm(id, &[])
}

fn signature_algorithm(scheme: SignatureScheme) -> Vec<u8> {
    match scheme {
        SignatureScheme::RsaPkcs1Sha256 => der::algorithm(oid::RSA, &der::null()),
        SignatureScheme::EcdsaP256Sha256 => der::algorithm(oid::ECDSA_SHA256, &[]),
        SignatureScheme::EcdsaP384Sha384 => der::algorithm(oid::ECDSA_SHA384, &[]),
        SignatureScheme::RsaPssSha256 => {
            let hash = der::algorithm(oid::SHA256, &der::null());
            let mask = der::algorithm(oid::MGF1, &hash);
            let salt = der::small(32);
            let parameters = der::sequence(&[
                &der::tlv(tag::context(0), &[&hash]),
                &der::tlv(tag::context(1), &[&mask]),
                &der::tlv(tag::context(2), &[&salt]),
            ]);
            der::algorithm(oid::PSS, &parameters)
        }
    }
}

impl SignatureScheme {
    /// Its hash.
    pub fn digest(self) -> Digest {
        match self {
            Self::RsaPkcs1Sha256 | Self::RsaPssSha256 | Self::EcdsaP256Sha256 => Digest::Sha256,
            Self::EcdsaP384Sha384 => Digest::Sha384,
        }
    }

    /// The scheme for a certificate's key, the one that is read most widely; `None`: such keys do not sign here.
    pub fn for_certificate(certificate: &Certificate) -> Option<Self> {
        use crate::pki::algorithm::{Curve, KeyKind};
        match certificate.public_key().kind {
            KeyKind::Rsa { .. } => Some(Self::RsaPkcs1Sha256),
            KeyKind::Ec(Curve::P256) => Some(Self::EcdsaP256Sha256),
            KeyKind::Ec(Curve::P384) => Some(Self::EcdsaP384Sha384),
            KeyKind::Ec(Curve::P521) | KeyKind::Ed25519 | KeyKind::X25519 | KeyKind::Other => None,
        }
    }
}
