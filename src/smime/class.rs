//! What the outer header announces (RFC 8551 §3.2, §3.5), read as tolerantly as mail programs write it.

use crate::smime::field::{self, Parameterized};

/// What a message says it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Not S/MIME.
    Plain,
    /// enveloped-data or authEnveloped-data.
    Enveloped,
    /// signed-data with its content inside.
    SignedOpaque,
    /// multipart/signed with a pkcs7-signature.
    SignedDetached,
    /// compressed-data.
    Compressed,
    /// pkcs7-mime that does not say which.
    Unspecified,
    /// Certificates only: nothing to open.
    CertificatesOnly,
}

impl Class {
    /// True for what is opened.
    pub fn is_smime(self) -> bool {
        !matches!(self, Self::Plain | Self::CertificatesOnly)
    }
}

/// Reads the header of a message or body part.
pub fn classify(header: &[u8]) -> Class {
    let Some(content_type) = field::field(header, "Content-Type").map(|v| field::parse(&v)) else {
        return Class::Plain;
    };
    match content_type.value.as_str() {
        "multipart/signed" if is_pkcs7_signature(content_type.parameter("protocol").unwrap_or_default()) => Class::SignedDetached,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => pkcs7_mime(&content_type, header),
        "application/octet-stream" if has_name(&content_type, header, ".p7m") => Class::Unspecified,
        _ => Class::Plain,
    }
}

/// Whether Content-Disposition could change what Content-Type alone says: old programs name the file there only.
pub fn needs_disposition(header: &[u8]) -> bool {
    let Some(content_type) = field::field(header, "Content-Type").map(|v| field::parse(&v)) else {
        return false;
    };
    let name = content_type.parameter("name");
    match content_type.value.as_str() {
        "application/octet-stream" => !name.is_some_and(|name| ends(name, ".p7m")),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => name.is_none() && pkcs7_mime(&content_type, header) == Class::Unspecified,
        _ => false,
    }
}

/// The media type of a detached signature.
pub fn is_pkcs7_signature(media_type: &str) -> bool {
    matches!(
        media_type.trim().to_lowercase().as_str(),
        "application/pkcs7-signature" | "application/x-pkcs7-signature"
    )
}

fn pkcs7_mime(content_type: &Parameterized, header: &[u8]) -> Class {
    match content_type.parameter("smime-type").map(|t| t.trim().to_lowercase()).as_deref() {
        Some("enveloped-data" | "authenveloped-data") => Class::Enveloped,
        Some("signed-data" | "signed-receipt") => Class::SignedOpaque,
        Some("compressed-data") => Class::Compressed,
        Some("certs-only") => Class::CertificatesOnly,
        // A name in Content-Type decides: what Content-Disposition says beside it is not always asked.
        _ if content_type
            .parameter("name")
            .map_or_else(|| has_name(content_type, header, ".p7c"), |name| ends(name, ".p7c")) =>
        {
            Class::CertificatesOnly
        }
        _ => Class::Unspecified,
    }
}

fn ends(name: &str, suffix: &str) -> bool {
    name.trim().to_lowercase().ends_with(suffix)
}

fn has_name(content_type: &Parameterized, header: &[u8], suffix: &str) -> bool {
    let ends = |name: &str| ends(name, suffix);
    content_type.parameter("name").is_some_and(ends)
        || field::field(header, "Content-Disposition").is_some_and(|v| field::parse(&v).parameter("filename").is_some_and(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_they_are_met() {
        for (header, class) in [
            (
                "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n",
                Class::Enveloped,
            ),
            (
                "CONTENT-TYPE: APPLICATION/X-PKCS7-MIME;\r\n smime-type=\"AuthEnveloped-Data\"\r\n\r\n",
                Class::Enveloped,
            ),
            (
                "Content-Type: application/pkcs7-mime; smime-type*0=signed-; smime-type*1=data\r\n\r\n",
                Class::SignedOpaque,
            ),
            (
                "Content-Type: application/pkcs7-mime; smime-type=compressed-data\n\n",
                Class::Compressed,
            ),
            ("Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\n", Class::Unspecified),
            (
                "Content-Type: application/pkcs7-mime; smime-type=certs-only; name=smime.p7c\r\n\r\n",
                Class::CertificatesOnly,
            ),
            (
                "Content-Type: application/pkcs7-mime; name=\"smime.P7C\"\r\n\r\n",
                Class::CertificatesOnly,
            ),
            (
                "Content-Type: application/octet-stream; name=\"SMIME.P7M\"\r\n\r\n",
                Class::Unspecified,
            ),
            (
                "Content-Type: application/octet-stream\r\nContent-Disposition: attachment;\r\n filename=smime.p7m\r\n\r\n",
                Class::Unspecified,
            ),
            ("Content-Type: application/octet-stream; name=smime.p7s\r\n\r\n", Class::Plain),
            (
                "Content-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\"; boundary=a\r\n\r\n",
                Class::SignedDetached,
            ),
            (
                "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=a\r\n\r\n",
                Class::Plain,
            ),
            ("Content-Type: multipart/mixed; boundary=a\r\n\r\n", Class::Plain),
            ("Subject: application/pkcs7-mime\r\n\r\n", Class::Plain),
        ] {
            assert_eq!(classify(header.as_bytes()), class, "{header}");
        }
    }

    #[test]
    fn content_disposition_is_asked_where_it_can_decide() {
        for (content_type, needed) in [
            ("application/octet-stream", true),
            ("application/octet-stream; name=a.bin", true),
            ("application/octet-stream; name=smime.p7m", false),
            ("application/pkcs7-mime", true),
            ("application/pkcs7-mime; name=smime.p7m", false),
            ("application/pkcs7-mime; smime-type=enveloped-data", false),
            ("text/plain", false),
        ] {
            let header = format!("Content-Type: {content_type}\r\n\r\n");
            assert_eq!(needs_disposition(header.as_bytes()), needed, "{content_type}");
            for name in ["smime.p7m", "smime.p7c", "x"] {
                let both = format!("Content-Type: {content_type}\r\nContent-Disposition: attachment; filename={name}\r\n\r\n");
                assert!(needed || classify(both.as_bytes()) == classify(header.as_bytes()), "{both}");
            }
        }
    }
}
