//! Whether a message is sealed already, by what it holds and not by what it is called.

use crate::mime::header::Header;
use crate::mime::parameters::content_type;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid;

/// True when the body is one EnvelopedData (RFC 5652 §6.1) or AuthEnvelopedData (RFC 5083 §2.1) in base64 and nothing
/// else. Clear text behind or around it, a second Content-Type, or another content make it unsealed.
pub fn is_sealed(message: &[u8]) -> bool {
    let (header, body) = Header::parse(message);
    let once = |name| header.all(name).count() == 1;
    let announced = matches!(
        content_type(&header).value.as_str(),
        "application/pkcs7-mime" | "application/x-pkcs7-mime"
    );
    let coding = header.text("Content-Transfer-Encoding").unwrap_or_default();
    if !announced || !once("Content-Type") || !once("Content-Transfer-Encoding") || !coding.trim().eq_ignore_ascii_case("base64") {
        return false;
    }
    let packed: Vec<u8> = message[body..].iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    base64_simd::STANDARD
        .decode_to_vec(&packed)
        .is_ok_and(|cms| is_enveloped(&cms).unwrap_or(false))
}

fn is_enveloped(cms: &[u8]) -> Result<bool, BerError> {
    let mut info = Value::only(cms)?.inside();
    let kind = info.oid()?;
    if ![oid::ENVELOPED_DATA, oid::AUTH_ENVELOPED_DATA].contains(&kind) {
        return Ok(false);
    }
    let content = Value::only(info.expect(tag::context(0))?.content)?;
    info.end()?;
    let mut inside = content.inside();
    inside.expect(tag::INTEGER)?;
    inside.optional(tag::context(0))?;
    let recipients = inside.expect(tag::SET)?;
    Reader::new(recipients.content).value()?;
    inside.expect(tag::SEQUENCE)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::encode::base64_lines;

    const CALLED: &str = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n";

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// `ContentInfo { type, [0] { version, SET { recipient }, SEQUENCE {} } }`.
    fn cms(last_arc: u8, recipients: &[u8]) -> Vec<u8> {
        let kind = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last_arc];
        let inside = [der(0x02, &[0]), der(0x31, recipients), der(0x30, &[])].concat();
        der(0x30, &[kind.to_vec(), der(0xa0, &der(0x30, &inside))].concat())
    }

    fn message(header: &str, body: &[u8]) -> bool {
        is_sealed(&[header.as_bytes(), body].concat())
    }

    #[test]
    fn only_a_whole_envelope_counts() {
        let sealed = cms(3, &der(0x30, &[]));
        let lines = base64_lines(&sealed);
        assert!(message(CALLED, &lines));
        assert!(message(&CALLED.replace("pkcs7", "x-pkcs7"), &lines));
        for (what, header, body) in [
            ("signed only", CALLED.to_owned(), base64_lines(&cms(2, &der(0x30, &[])))),
            ("no recipient", CALLED.to_owned(), base64_lines(&cms(3, &[]))),
            (
                "text behind",
                CALLED.to_owned(),
                [&lines[..], b"\r\n\r\nBonjour, voici\r\n"].concat(),
            ),
            ("words behind", CALLED.to_owned(), [&lines[..], b"Bonjour\r\n"].concat()),
            (
                "octets behind",
                CALLED.to_owned(),
                base64_lines(&[&sealed[..], b"Bonjour"].concat()),
            ),
            ("cut short", CALLED.to_owned(), base64_lines(&sealed[..sealed.len() - 1])),
            ("clear", CALLED.to_owned(), b"Bonjour\r\n".to_vec()),
            ("two types", format!("Content-Type: text/plain\r\n{CALLED}"), lines.clone()),
            ("two codings", format!("Content-Transfer-Encoding: 7bit\r\n{CALLED}"), lines.clone()),
            ("another type", CALLED.replace("pkcs7-mime", "pdf"), lines.clone()),
            (
                "no coding",
                "Content-Type: application/pkcs7-mime\r\n\r\n".to_owned(),
                lines.clone(),
            ),
        ] {
            assert!(!message(&header, &body), "{what}");
        }
    }
}
