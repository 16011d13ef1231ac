//! A certificate request (PKCS#10, RFC 2986): what is wanted, and the key that signs it. Pure: the signature comes from outside.

use crate::base::Address;
use crate::pki::ber::tag;
use crate::pki::der;
use crate::pki::oid::{self, Oid};
use crate::pki::subject::Subject;

/// What a certificate is to be good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyUse {
    /// Signing and being encrypted to.
    Both,
    /// Signing only.
    Sign,
    /// Being encrypted to only.
    Encrypt,
}

/// What is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Whom it names.
    pub subject: &'a Subject,
    /// His address, which goes into the subjectAltName.
    pub address: &'a Address,
    /// What for.
    pub key_use: KeyUse,
    /// SubjectPublicKeyInfo.
    pub spki: &'a [u8],
    /// Whether it is an RSA key: it is encrypted to by transport, others by agreement.
    pub is_rsa: bool,
}

/// CertificationRequestInfo (RFC 2986 §4.1), to be signed.
pub fn info(wanted: &Wanted<'_>) -> Vec<u8> {
    let extensions = der::sequence(&[
        &alternative_name(wanted.address),
        &key_usage(wanted.key_use, wanted.is_rsa),
        &extension(oid::EXTENDED_KEY_USAGE, &[], &der::sequence(&[&der::oid(oid::EMAIL_PROTECTION)])),
    ]);
    let request = der::sequence(&[&der::oid(oid::EXTENSION_REQUEST), &der::set(&[extensions])]);
    let attributes = der::tlv(tag::context(0), &[&request]);
    der::sequence(&[&der::small(0), wanted.subject.der(), wanted.spki, &attributes])
}

/// CertificationRequest: what was signed, by which algorithm, the signature.
pub fn signed(info: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    der::sequence(&[info, algorithm, &der::bits(signature)])
}

/// As authorities take it (RFC 7468 §7).
pub fn armoured(request: &[u8]) -> String {
    let text = base64_simd::STANDARD.encode_to_string(request);
    let mut out = String::from("-----BEGIN CERTIFICATE REQUEST-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        out += line;
        out.push('\n');
        rest = more;
    }
    out + "-----END CERTIFICATE REQUEST-----\n"
}

/// rfc822Name, its domain in ASCII; SmtpUTF8Mailbox where the local part is none (RFC 9598 §3).
fn alternative_name(address: &Address) -> Vec<u8> {
    let mailbox = format!("{}@{}", address.local(), address.domain().as_str());
    let name = match mailbox.is_ascii() {
        true => der::tlv(tag::context_primitive(1), &[mailbox.as_bytes()]),
        false => {
            let value = der::tlv(tag::context(0), &[&der::tlv(tag::UTF8_STRING, &[mailbox.as_bytes()])]);
            der::tlv(tag::context(0), &[&der::oid(oid::SMTP_UTF8_MAILBOX), &value])
        }
    };
    extension(oid::SUBJECT_ALT_NAME, &[], &der::sequence(&[&name]))
}

/// keyUsage (RFC 8551 §4.4.2), critical.
fn key_usage(key_use: KeyUse, is_rsa: bool) -> Vec<u8> {
    let sign = 0b1100_0000_u8;
    let encrypt = if is_rsa { 0b0010_0000 } else { 0b0000_1000 };
    let bits = match key_use {
        KeyUse::Both => sign | encrypt,
        KeyUse::Sign => sign,
        KeyUse::Encrypt => encrypt,
    };
    let unused = bits.trailing_zeros() as u8;
    extension(oid::KEY_USAGE, CRITICAL, &der::tlv(tag::BIT_STRING, &[&[unused, bits]]))
}

/// BOOLEAN TRUE.
const CRITICAL: &[u8] = &[1, 1, 0xff];

fn extension(kind: Oid, critical: &[u8], value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), critical, &der::octets(value)])
}
