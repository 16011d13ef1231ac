//! Certificates that a message brings, in whatever way: in a signature, in a certs-only part (RFC 8551 §3.8), as a file, or pasted
//! into its text. Whether one is to be believed is asked when it is used.

use crate::base::limits::CMS_CERTIFICATES_MAX;
use crate::mime::encode::transfer_decode;
use crate::mime::entity::{self, Entity};
use crate::mime::header::Header;
use crate::mime::parameters::{content_type, disposition, transfer_encoding};
use crate::pki::{Certificate, certificates_in};

/// Media types of certificates and of what holds some.
const TYPES: &[&str] = &[
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pkix-cert",
    "application/x-x509-ca-cert",
    "application/x-x509-user-cert",
    "application/x-x509-email-cert",
    "application/x-pkcs7-certificates",
    "application/x-pkcs7-certreqresp",
    "application/x-pem-file",
];
/// Ends of the names of their files.
const ENDS: &[&str] = &[".cer", ".crt", ".der", ".pem", ".p7b", ".p7c", ".p7s", ".p7m"];

/// Every certificate in a message, each once, as many as a signature may bring.
pub fn certificates_brought(message: &[u8]) -> Vec<Certificate> {
    let mut found: Vec<Certificate> = Vec::new();
    let mut open = vec![entity::parse(message)];
    while let Some(part) = open.pop() {
        for certificate in in_part(message, &part) {
            if found.len() == CMS_CERTIFICATES_MAX {
                return found;
            }
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
        open.extend_from_slice(part.children());
    }
    found
}

fn in_part(message: &[u8], part: &Entity) -> Vec<Certificate> {
    let (header, _) = Header::parse(&message[part.header.clone()]);
    let is_text = part.media_type == "text/plain";
    if !is_text && !TYPES.contains(&part.media_type.as_str()) && !is_named(&header) {
        return Vec::new();
    }
    let Some(octets) = transfer_decode(transfer_encoding(&header), &message[part.body.clone()]) else {
        return Vec::new();
    };
    // A text is one only where it says so.
    if is_text && memchr::memmem::find(&octets, b"-----BEGIN ").is_none() {
        return Vec::new();
    }
    certificates_in(&octets)
}

fn is_named(header: &Header<'_>) -> bool {
    let ends = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        ENDS.iter().any(|end| name.ends_with(end))
    };
    content_type(header).parameter("name").is_some_and(ends)
        || disposition(header).is_some_and(|disposition| disposition.parameter("filename").is_some_and(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_certificates_brings_none() {
        for message in [
            &b""[..],
            b"Subject: x\r\n\r\nBonjour.\r\n",
            b"Content-Type: application/pkix-cert\r\n\r\nnot one\r\n",
            b"Content-Type: text/plain\r\n\r\n-----BEGIN CERTIFICATE-----\r\n%%\r\n-----END CERTIFICATE-----\r\n",
        ] {
            assert!(certificates_brought(message).is_empty());
        }
    }

    #[test]
    fn it_is_found_however_it_comes() {
        let authority = include_str!("../../config/authorities/igc-sante.toml");
        let begin = authority.find("-----BEGIN CERTIFICATE-----").unwrap();
        let end = authority.find("-----END CERTIFICATE-----").unwrap() + 25;
        let pem = &authority[begin..end];
        let der: String = pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .map(|line| line.trim().to_owned() + "\r\n")
            .collect();
        for head in [
            "Content-Type: application/pkix-cert\r\nContent-Transfer-Encoding: base64",
            "Content-Type: application/octet-stream; name=\"a.cer\"\r\nContent-Transfer-Encoding: base64",
            "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=A.CRT\r\nContent-Transfer-Encoding: base64",
        ] {
            let message =
                format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nVoici.\r\n--b\r\n{head}\r\n\r\n{der}--b--\r\n");
            assert_eq!(certificates_brought(message.as_bytes()).len(), 1, "{head}");
        }
        let text = format!("Subject: x\r\n\r\nVoici :\r\n\r\n{}\r\n", pem.replace('\n', "\r\n"));
        assert_eq!(certificates_brought(text.as_bytes()).len(), 1);
        let unnamed = format!("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n{der}");
        assert!(certificates_brought(unnamed.as_bytes()).is_empty());
    }
}
