//! Certificates in whatever file they come: PEM, DER, PKCS#7 (`.p7b`, `.p7c`).

use crate::base::limits::{CMS_CERTIFICATES_MAX, CMS_PART_MAX};
use crate::pki::Certificate;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid;

/// Every certificate that can be read in `bytes`, in order, each once.
pub fn certificates_in(bytes: &[u8]) -> Vec<Certificate> {
    let mut found: Vec<Certificate> = Vec::new();
    for der in blocks(bytes) {
        for certificate in in_der(&der) {
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
    }
    found
}

/// The bytes of every PEM block, or of the whole as it stands.
fn blocks(bytes: &[u8]) -> Vec<Vec<u8>> {
    if !bytes.starts_with(&[tag::SEQUENCE]) {
        let text = String::from_utf8_lossy(bytes);
        if text.contains("-----BEGIN ") {
            return text.split("-----BEGIN ").skip(1).filter_map(block).collect();
        }
        return base64(&text).into_iter().collect();
    }
    vec![bytes.to_vec()]
}

/// What follows `-----BEGIN `; private keys are not looked at.
fn block(text: &str) -> Option<Vec<u8>> {
    let (label, rest) = text.split_once("-----")?;
    let (body, _) = rest.split_once("-----END")?;
    matches!(
        label,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" | "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA"
    )
    .then(|| base64(body))
    .flatten()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    base64_simd::STANDARD.decode_to_vec(packed).ok()
}

/// One certificate after the other (OpenSSL's trusted form has more behind), or a PKCS#7 of them.
fn in_der(der: &[u8]) -> Vec<Certificate> {
    let mut reader = Reader::new(der);
    let mut found = Vec::new();
    while let Ok(Some(value)) = reader.next_value() {
        if let Ok(certificate) = Certificate::from_der(value.raw) {
            found.push(certificate);
        } else if let Ok(several) = in_pkcs7(value) {
            found.extend(several);
        }
    }
    found
}

fn in_pkcs7(content_info: Value<'_>) -> Result<Vec<Certificate>, BerError> {
    let mut reader = content_info.inside();
    if reader.oid()? != oid::SIGNED_DATA {
        return Err(BerError::Unexpected);
    }
    let mut signed = reader.expect(tag::context(0))?.inside().sequence()?;
    signed.expect(tag::INTEGER)?;
    signed.expect(tag::SET)?;
    signed.expect(tag::SEQUENCE)?;
    Ok(signed.optional(tag::context(0))?.map(certificate_set).unwrap_or_default())
}

/// CertificateSet (RFC 5652 §10.2.3); what is no X.509 certificate is left out.
pub fn certificate_set(set: Value<'_>) -> Vec<Certificate> {
    let mut found = Vec::new();
    if set.raw.len() > CMS_PART_MAX {
        return found;
    }
    let mut reader = set.inside();
    while let Ok(Some(value)) = reader.next_value() {
        if found.len() == CMS_CERTIFICATES_MAX {
            break;
        }
        found.extend(Certificate::from_der(value.raw).ok());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_holds_no_certificate() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"-----BEGIN CERTIFICATE-----\nMIIB",
            b"-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----",
        ] {
            assert!(certificates_in(bytes).is_empty());
        }
    }
}
