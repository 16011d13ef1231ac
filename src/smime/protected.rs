//! Header protection as it is read: RFC 9788, the `protected-headers="v1"` before it, and the wrapped message of RFC 8551 §3.1.
//!
//! Only the first is said by the author; the two others are inferred from the shape of the payload (RFC 9788 §4.10, §4.11).

use super::header_protection::{OUTER_FIELD, PARAMETER, is_cryptographic_layer};
use super::opened::{Layer, Opened};
use crate::mime::canonical::is_structural;
use crate::mime::entity::{Kind, parse};
use crate::mime::header::{Field, Header};
use crate::mime::parameters::Parameterized;

/// The fields that stand inside the signature or the envelope, and what they belong to.
#[derive(Clone, Debug)]
pub struct Protected<'a> {
    /// How they are protected.
    pub scheme: Scheme,
    /// What is shown: the payload, or the message that is wrapped in it.
    pub content: &'a [u8],
    header: Header<'a>,
}

/// A way of protecting fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// `hp="clear"` (RFC 9788 §2.1.1): every field that the author wrote is inside, and none was meant to be hidden.
    Clear,
    /// `hp="cipher"`: every field is inside, some of them there alone.
    Cipher,
    /// `protected-headers="v1"` (draft-autocrypt-lamps-protected-headers): some of them are.
    Older,
    /// The payload is the message itself (RFC 8551 §3.1, RFC 9788 §4.10.1).
    Wrapped,
}

impl<'a> Protected<'a> {
    /// The protected fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        let fields = self.header.fields().iter();
        fields.filter(|f| !f.name.is_empty() && !is_structural(f) && !f.is(OUTER_FIELD))
    }

    /// The header that holds them.
    pub fn header(&self) -> &Header<'a> {
        &self.header
    }
}

/// The protected fields of an opened message; `stored`: the message as it came.
pub fn read<'a>(opened: &'a Opened, stored: &[u8]) -> Option<Protected<'a>> {
    let layered = opened.layers.iter().any(|layer| match layer {
        Layer::Encrypted(_) => true,
        Layer::Signed(signers) => !signers.is_empty(),
        Layer::Compressed => false,
    });
    if !layered {
        return None;
    }
    let content = opened.content.as_slice();
    let header = Header::parse(content).0;
    let kind = media_type(&header)?;
    let scheme = match kind.parameter(PARAMETER) {
        Some(hp) if hp.eq_ignore_ascii_case("clear") => Scheme::Clear,
        Some(hp) if hp.eq_ignore_ascii_case("cipher") => Scheme::Cipher,
        Some(_) => return None,
        None if kind.parameter("protected-headers") == Some("v1") => Scheme::Older,
        None => return wrapped(content, &kind, stored),
    };
    Some(Protected { scheme, content, header })
}

/// A message as the whole payload, without cryptography of its own (RFC 9788 §4.10.1).
fn wrapped<'a>(content: &'a [u8], kind: &Parameterized, stored: &[u8]) -> Option<Protected<'a>> {
    let root = parse(content);
    let Kind::Message(message) = &root.kind else { return None };
    let octets = &content[message.range()];
    let header = Header::parse(octets).0;
    let inner = media_type(&header);
    let stated = inner.is_some_and(|inner| inner.parameter(PARAMETER).is_some());
    if stated || header.all("Content-Type").count() > 1 || is_cryptographic_layer(octets) {
        return None;
    }
    let whole = match kind.parameter("forwarded") {
        Some(forwarded) => forwarded.eq_ignore_ascii_case("no"),
        None => is_the_same_letter(&header, &Header::parse(stored).0),
    };
    whole.then_some(Protected {
        scheme: Scheme::Wrapped,
        content: octets,
        header,
    })
}

/// A message that is forwarded alone has the same shape as one that is wrapped. Its author is another, or its identity is:
/// then it is shown as what it is, a message inside a letter.
fn is_the_same_letter(inner: &Header<'_>, outer: &Header<'_>) -> bool {
    let authors = |header: &Header<'_>| header.addresses("From").into_iter().map(|(_, address)| address).collect::<Vec<_>>();
    let same = |name: &str| match (inner.first(name), outer.first(name)) {
        (Some(inner), Some(outer)) => Some(inner.unfolded() == outer.unfolded()),
        _ => None,
    };
    let author = authors(inner);
    !author.is_empty() && author == authors(outer) && same("Message-ID").or_else(|| same("Date")).unwrap_or(false)
}

/// The one Content-Type; two could say two things.
fn media_type(header: &Header<'_>) -> Option<Parameterized> {
    let mut fields = header.all("Content-Type");
    let kind = Parameterized::parse(fields.next()?.value);
    fields.next().is_none().then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smime::opened::Encryption;

    const STORED: &[u8] = b"From: Alice <a@x.fr>\r\nSubject: [...]\r\nMessage-ID: <1@x.fr>\r\nDate: d\r\n\r\n";

    fn opened(content: &str) -> Opened {
        let encryption = Encryption {
            recipients: 1,
            content: String::new(),
            key: String::new(),
            authenticated: false,
            obsolete: Vec::new(),
        };
        Opened {
            content: content.as_bytes().to_vec(),
            layers: vec![Layer::Encrypted(encryption)],
            certificates: Vec::new(),
            unwrapped: Vec::new(),
        }
    }

    fn scheme(content: &str) -> Option<Scheme> {
        read(&opened(content), STORED).map(|protected| protected.scheme)
    }

    #[test]
    fn schemes_are_told_apart() {
        for (kind, wanted) in [
            ("text/plain; hp=\"clear\"", Some(Scheme::Clear)),
            ("text/plain; HP=Cipher; protected-headers=v1", Some(Scheme::Cipher)),
            ("text/plain; protected-headers=\"v1\"", Some(Scheme::Older)),
            ("text/plain; hp=\"other\"; protected-headers=v1", None),
            ("text/plain; x-hp=clear", None),
            ("text/plain; hp=clear\r\nContent-Type: text/html", None),
            ("text/plain", None),
        ] {
            assert_eq!(scheme(&format!("Subject: s\r\nContent-Type: {kind}\r\n\r\nx")), wanted, "{kind}");
        }
        let content = "Content-Type: text/plain; hp=clear\r\nSubject: s\r\n\r\n";
        for layers in [vec![], vec![Layer::Compressed], vec![Layer::Signed(Vec::new())]] {
            let unprotected = Opened { layers, ..opened(content) };
            assert!(read(&unprotected, STORED).is_none());
        }
    }

    #[test]
    fn the_fields_are_those_of_the_author() {
        let opened = opened(
            "Subject: s\r\nHP-Outer: Subject: [...]\r\nMIME-Version: 1.0\r\nno field\r\nContent-Type: a/b; hp=cipher\r\nTo: b\r\n\r\n",
        );
        let protected = read(&opened, STORED).unwrap();
        let names: Vec<&str> = protected.fields().map(|f| f.name).collect();
        assert_eq!(names, ["Subject", "To"]);
    }

    /// RFC 9788 §4.10.1, and what tells a letter that was forwarded.
    #[test]
    fn a_forwarded_message_is_not_taken_for_a_wrapped_one() {
        let same = "From: \"Alice M.\" <A@x.fr>\r\nMessage-ID: <1@x.fr>\r\nSubject: s\r\n";
        for (kind, inner, wanted) in [
            ("", same, true),
            ("; forwarded=no", "From: c@y.fr\r\n", true),
            ("; forwarded=yes", same, false),
            ("", "From: c@y.fr\r\nMessage-ID: <1@x.fr>\r\n", false),
            ("", "From: a@x.fr\r\nMessage-ID: <2@x.fr>\r\nDate: d\r\n", false),
            ("", "From: a@x.fr\r\nDate: d\r\n", true),
            ("", "From: a@x.fr\r\nDate: e\r\n", false),
            ("", "From: a@x.fr\r\n", false),
            ("", "Message-ID: <1@x.fr>\r\n", false),
            ("", &format!("{same}Content-Type: text/plain; hp=clear\r\n"), false),
            ("", &format!("{same}Content-Type: multipart/signed; boundary=b\r\n"), false),
            ("", &format!("{same}Content-Type: application/pkcs7-mime\r\n"), false),
            ("\r\nContent-Transfer-Encoding: base64", same, false),
        ] {
            let found = scheme(&format!("Content-Type: message/rfc822{kind}\r\n\r\n{inner}\r\nbody"));
            assert_eq!(found.is_some(), wanted, "{kind} {inner}");
        }
        let opened = opened(&format!("Content-Type: message/rfc822\r\n\r\n{same}\r\nbody"));
        assert_eq!(read(&opened, STORED).unwrap().content, format!("{same}\r\nbody").as_bytes());
    }
}
