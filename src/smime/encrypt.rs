//! EnvelopedData and AuthEnvelopedData (RFC 5652 §6, RFC 5083) in DER: lengths are known beforehand, so nothing but the
//! recipients is made before it is read.

use crate::base::Secret;
use crate::pki::algorithm::{Curve, Digest, KeyKind};
use crate::pki::ber::tag;
use crate::pki::oid;
use crate::pki::{Certificate, der, public_keys};
use crate::smime::agree::{self, KeyWrap};
use crate::smime::encipher::{GCM_NONCE, GCM_TAG, cbc_len};
use crate::smime::flow::Flow;
use crate::smime::port::Derivation;
use crate::smime::reread;
use aws_lc_rs::agreement;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey};
use std::sync::Arc;

/// Content ciphers that are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cipher {
    /// EnvelopedData, read by every mail program. Always over a signature.
    #[default]
    Aes256Cbc,
    /// AuthEnvelopedData, only for those known to read it.
    Aes256Gcm,
}

/// How content keys reach RSA keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Transport {
    /// RSAES-PKCS1-v1_5, read by every mail program.
    #[default]
    Pkcs1,
    /// RSAES-OAEP with SHA-256.
    OaepSha256,
}

/// Cipher and key transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Method {
    /// Content.
    pub cipher: Cipher,
    /// Keys of RSA recipients.
    pub transport: Transport,
}

/// Fresh random values for **one** message: never used twice.
#[derive(Debug)]
pub struct Material {
    /// Content key, 32 octets.
    pub key: Secret,
    /// Initialisation vector; GCM takes the first twelve octets.
    pub iv: [u8; 16],
}

/// Why a message was not encrypted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncryptError {
    /// Nobody to encrypt to.
    #[error("there is no recipient")]
    NoRecipient,
    /// A key that cannot be encrypted to.
    #[error("a certificate cannot be encrypted to")]
    Unfit {
        /// Serial number of its certificate.
        serial: String,
    },
    /// The primitive failed.
    #[error("the cipher failed")]
    Failed,
}

impl crate::text::Explain for EncryptError {
    fn explain(&self) -> crate::text::Explanation {
        match self {
            Self::NoRecipient | Self::Failed => crate::text::keys::not_encrypted(),
            Self::Unfit { serial } => crate::text::keys::unfit_certificate(serial),
        }
    }
}

/// The complete entity, Content-* fields first.
pub fn encrypt(entity: impl Into<Flow>, recipients: &[&Certificate], method: Method, material: Material) -> Result<Flow, EncryptError> {
    let infos = recipient_infos(recipients, method.transport, &material)?;
    Ok(match method.cipher {
        Cipher::Aes256Cbc => enveloped(entity.into(), &infos, material),
        Cipher::Aes256Gcm => auth_enveloped(entity.into(), &infos, material),
    })
}

const CBC_HEADER: &str = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";
const GCM_HEADER: &str = "Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data; name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";

/// RecipientInfos in DER and the version they ask for (RFC 5652 §6.1).
struct Infos {
    set: Vec<u8>,
    version: u8,
}

fn recipient_infos(recipients: &[&Certificate], transport: Transport, material: &Material) -> Result<Infos, EncryptError> {
    let (infos, version) = infos_of(recipients, transport, material)?;
    Ok(Infos {
        set: der::set(&infos),
        version,
    })
}

/// One RecipientInfo for each of them, and the version that they ask for; read again by another hand.
pub(super) fn infos_of(recipients: &[&Certificate], transport: Transport, material: &Material) -> Result<(Vec<Vec<u8>>, u8), EncryptError> {
    let mut written: Vec<&Certificate> = Vec::new();
    let mut infos = Vec::new();
    let mut version = 0;
    for recipient in recipients {
        if written.contains(recipient) {
            continue;
        }
        written.push(recipient);
        let info = match recipient.public_key().kind {
            KeyKind::Rsa { .. } => transported(recipient, transport, material.key.expose()),
            KeyKind::Ec(curve @ (Curve::P256 | Curve::P384)) => {
                version = 2;
                agreed(recipient, curve, material.key.expose())
            }
            KeyKind::Ec(Curve::P521) | KeyKind::Ed25519 | KeyKind::X25519 | KeyKind::Other => None,
        };
        infos.push(info.ok_or_else(|| EncryptError::Unfit {
            serial: recipient.serial_hex(),
        })?);
    }
    if infos.is_empty() {
        return Err(EncryptError::NoRecipient);
    }
    if !reread::is_for(&der::set(&infos), &written) {
        return Err(EncryptError::Failed);
    }
    Ok((infos, version))
}

/// KeyTransRecipientInfo.
fn transported(recipient: &Certificate, transport: Transport, content_key: &[u8]) -> Option<Vec<u8>> {
    let key = public_keys::encrypting(recipient.spki())?;
    let mut out = vec![0; key.key_size_bytes()];
    let algorithm = match transport {
        Transport::Pkcs1 => {
            Pkcs1PublicEncryptingKey::new(key).ok()?.encrypt(content_key, &mut out).ok()?;
            der::algorithm(oid::RSA, &der::null())
        }
        Transport::OaepSha256 => {
            OaepPublicEncryptingKey::new(key)
                .ok()?
                .encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut out, None)
                .ok()?;
            oaep_sha256()
        }
    };
    Some(der::sequence(&[
        &der::small(0),
        &recipient.issuer_and_serial(),
        &algorithm,
        &der::octets(&out),
    ]))
}

fn oaep_sha256() -> Vec<u8> {
    let hash = der::algorithm(oid::SHA256, &der::null());
    let mask = der::algorithm(oid::MGF1, &hash);
    let parameters = der::sequence(&[&der::tlv(tag::context(0), &[&hash]), &der::tlv(tag::context(1), &[&mask])]);
    der::algorithm(oid::OAEP, &parameters)
}

/// KeyAgreeRecipientInfo: dhSinglePass-stdDH-sha256kdf, aes256-wrap (RFC 5753 §3.1.1).
fn agreed(recipient: &Certificate, curve: Curve, content_key: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match curve {
        Curve::P256 => &agreement::ECDH_P256,
        Curve::P384 => &agreement::ECDH_P384,
        Curve::P521 => &agreement::ECDH_P521,
    };
    let ephemeral = agreement::PrivateKey::generate(algorithm).ok()?;
    let point = ephemeral.compute_public_key().ok()?;
    let wrap = der::algorithm(oid::AES256_WRAP, &[]);
    let info = agree::shared_info(&wrap, None, KeyWrap::Aes256.key_len());
    let theirs = agreement::UnparsedPublicKey::new(algorithm, recipient.public_key().bits);
    let kek = agreement::agree(&ephemeral, theirs, (), |secret| {
        agree::derive(Derivation::X963(Digest::Sha256), secret, &info, KeyWrap::Aes256.key_len()).ok_or(())
    });
    let wrapped = agree::wrap(KeyWrap::Aes256, kek.ok()?.expose(), content_key)?;
    let originator = der::tlv(tag::context(1), &[&der::algorithm(oid::EC, &[]), &der::bits(point.as_ref())]);
    let keys = der::sequence(&[&der::sequence(&[&recipient.issuer_and_serial(), &der::octets(&wrapped)])]);
    Some(der::tlv(
        tag::context(1),
        &[
            &der::small(3),
            &der::tlv(tag::context(0), &[&originator]),
            &der::algorithm(oid::STD_DH_SHA256, &wrap),
            &keys,
        ],
    ))
}

/// Everything before the encrypted octets; `after` octets follow them.
fn head(kind: oid::Oid, infos: &Infos, algorithm: &[u8], content: usize, after: usize) -> Vec<u8> {
    let kind = der::oid(kind);
    let data = der::oid(oid::DATA);
    let encrypted = data.len() + algorithm.len() + der::head_len(content) + content;
    let version = der::small(infos.version);
    let body = version.len() + infos.set.len() + der::head_len(encrypted) + encrypted + after;
    let explicit = der::head_len(body) + body;
    let mut out = Vec::new();
    der::head(&mut out, tag::SEQUENCE, kind.len() + der::head_len(explicit) + explicit);
    out.extend_from_slice(&kind);
    der::head(&mut out, tag::context(0), explicit);
    der::head(&mut out, tag::SEQUENCE, body);
    out.extend_from_slice(&version);
    out.extend_from_slice(&infos.set);
    der::head(&mut out, tag::SEQUENCE, encrypted);
    out.extend_from_slice(&data);
    out.extend_from_slice(algorithm);
    der::head(&mut out, tag::context_primitive(0), content);
    out
}

fn enveloped(entity: Flow, infos: &Infos, material: Material) -> Flow {
    let algorithm = der::algorithm(oid::AES256_CBC, &der::octets(&material.iv));
    let mut cms = Flow::from(head(oid::ENVELOPED_DATA, infos, &algorithm, cbc_len(entity.len()), 0));
    cms.push_cbc(entity, Arc::new(material));
    in_base64(CBC_HEADER, cms)
}

fn in_base64(header: &'static str, cms: Flow) -> Flow {
    let mut flow = Flow::from(header.as_bytes());
    flow.push_base64(cms);
    flow
}

fn auth_enveloped(entity: Flow, infos: &Infos, material: Material) -> Flow {
    let parameters = der::sequence(&[&der::octets(&material.iv[..GCM_NONCE]), &der::small(GCM_TAG as u8)]);
    let algorithm = der::algorithm(oid::AES256_GCM, &parameters);
    let infos = Infos {
        set: infos.set.clone(),
        version: 0,
    };
    let mac = der::head_len(GCM_TAG) + GCM_TAG;
    let mut cms = Flow::from(head(oid::AUTH_ENVELOPED_DATA, &infos, &algorithm, entity.len(), mac));
    cms.push_gcm(entity, Arc::new(material));
    in_base64(GCM_HEADER, cms)
}
