//! An S/MIME message opened: layer after layer, while the **whole** entity is S/MIME. What is nested inside another
//! multipart is left alone, so that no decrypted text ever stands beside foreign parts.

use crate::base::UnixTime;
use crate::base::limits::{CMS_LAYERS_MAX, CMS_TRIES_MAX, DECOMPRESSED_MAX, DECOMPRESSED_SMALL, DECOMPRESSED_TIMES};
use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid::{self, Oid};
use crate::pki::{Trust, der};
use crate::smime::cipher::{CipherKind, ContentCipher};
use crate::smime::class::{Class, classify, is_pkcs7_signature};
pub use crate::smime::opened::{Encryption, Layer, OpenError, Opened};
use crate::smime::parts::{two_parts, with_crlf};
use crate::smime::port::{PrivateKey, Unwrapped, WrappedKey};
use crate::smime::verify::{self, Integrity, SignedData, SignerReport};
use crate::smime::{field, recipient, transfer};
use std::borrow::Cow;
use std::io::Read;

/// Opens a whole message with whichever of `keys` it is for.
pub fn open(message: &[u8], keys: &[&dyn PrivateKey], trust: &Trust, now: UnixTime) -> Result<Opened, OpenError> {
    let inflated = DECOMPRESSED_MAX.min(message.len().max(DECOMPRESSED_SMALL) * DECOMPRESSED_TIMES);
    let session = Session {
        keys,
        trust,
        now,
        inflated,
    };
    let mut opened = Opened::default();
    match session.open(message, &mut opened) {
        Ok(()) => Ok(opened),
        // What a changed ciphertext became is no matter: one error for whatever goes wrong inside (RFC 3218, EFAIL).
        Err(error) if error != OpenError::Locked && opened.layers.iter().any(Layer::is_malleable) => Err(OpenError::Undecryptable),
        Err(error) => Err(error),
    }
}

fn decoded<'a>(header: &[u8], body: &'a [u8]) -> Result<Cow<'a, [u8]>, OpenError> {
    let encoding = field::field(header, "Content-Transfer-Encoding")
        .map(|v| field::parse(&v).value)
        .unwrap_or_default();
    // A body that begins like a SEQUENCE is no base64, whatever its header says.
    let binary = body.first() == Some(&tag::SEQUENCE) && body.get(1).is_some_and(|b| *b >= 0x80);
    transfer::decode(if binary { "binary" } else { &encoding }, body).ok_or(OpenError::Damaged)
}

struct Session<'a> {
    keys: &'a [&'a dyn PrivateKey],
    trust: &'a Trust,
    now: UnixTime,
    /// Octets that any layer may become when it is decompressed.
    inflated: usize,
}

impl Session<'_> {
    /// Layer after layer, until nothing is left to open.
    fn open(&self, message: &[u8], opened: &mut Opened) -> Result<(), OpenError> {
        let mut entity = Cow::Borrowed(message);
        // One more turn than layers: the last one must find nothing left to open.
        for _ in 0..=CMS_LAYERS_MAX {
            let (header, body) = field::split(&entity);
            let inner = match classify(header) {
                Class::Plain | Class::CertificatesOnly => None,
                Class::SignedDetached => self.detached(header, body, opened)?,
                Class::Enveloped | Class::SignedOpaque | Class::Compressed | Class::Unspecified => {
                    Some(self.content_info(&decoded(header, body)?, opened)?)
                }
            };
            match inner {
                Some(inner) => entity = Cow::Owned(inner),
                None => {
                    opened.content = entity.into_owned();
                    return Ok(());
                }
            }
        }
        Err(OpenError::Damaged)
    }

    /// ContentInfo (RFC 5652 §3): what it is decides, not what the header called it.
    fn content_info(&self, bytes: &[u8], opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
        let mut reader = Reader::new(bytes);
        let mut info = reader.sequence()?;
        let kind = info.oid()?;
        let content = Value::only(info.expect(tag::context(0))?.content)?;
        match kind {
            oid::SIGNED_DATA => self.signed(content, opened),
            oid::ENVELOPED_DATA => self.enveloped(content, opened),
            oid::AUTH_ENVELOPED_DATA => self.auth_enveloped(content, opened),
            oid::COMPRESSED_DATA => compressed(content, self.inflated, opened),
            _ => Err(OpenError::Unsupported),
        }
    }

    fn signed(&self, value: Value<'_>, opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
        let mut signed = SignedData::read(value)?;
        let content = signed.content.take().ok_or(OpenError::Damaged)?;
        if signed.content_type != oid::DATA {
            // A time stamp, a receipt: signed, but not a mail (RFC 8551 §3.5.2).
            return Err(OpenError::Unsupported);
        }
        opened.layers.push(Layer::Signed(signed.verify(&content, self.trust, self.now)));
        opened.certificates.append(&mut signed.certificates);
        Ok(content.into_owned())
    }

    /// multipart/signed (RFC 8551 §3.5.3). `None`: not two parts, so nobody signed anything.
    fn detached(&self, header: &[u8], body: &[u8], opened: &mut Opened) -> Result<Option<Vec<u8>>, OpenError> {
        let Some((content, signature)) = two_parts(header, body) else {
            return Ok(None);
        };
        let (signature_header, signature_body) = field::split(signature);
        let media_type = field::field(signature_header, "Content-Type")
            .map(|v| field::parse(&v).value)
            .unwrap_or_default();
        if !is_pkcs7_signature(&media_type) {
            return Ok(None);
        }
        let bytes = decoded(signature_header, signature_body)?;
        let mut info = Reader::new(&bytes).sequence()?;
        if info.oid()? != oid::SIGNED_DATA {
            return Err(OpenError::Damaged);
        }
        let mut signed = SignedData::read(Value::only(info.expect(tag::context(0))?.content)?)?;
        let honest = signed.content.is_none() && signed.content_type == oid::DATA;
        let (reports, content) = match honest {
            true => self.over_received(&signed, content),
            false => (signed.dishonest(self.trust, self.now), content.to_vec()),
        };
        opened.layers.push(Layer::Signed(reports));
        opened.certificates.append(&mut signed.certificates);
        Ok(Some(content))
    }

    /// The signed bytes are those received; where line ends were changed to LF on the way, those of the standard.
    fn over_received(&self, signed: &SignedData<'_>, content: &[u8]) -> (Vec<SignerReport>, Vec<u8>) {
        let reports = signed.verify(content, self.trust, self.now);
        if reports.iter().any(|r| r.integrity == Integrity::Altered) {
            let canonical = with_crlf(content);
            if canonical != content {
                let again = signed.verify(&canonical, self.trust, self.now);
                if again.iter().all(|r| r.integrity != Integrity::Altered) {
                    return (again, canonical);
                }
            }
        }
        (reports, content.to_vec())
    }

    /// EnvelopedData (RFC 5652 §6.1).
    fn enveloped(&self, value: Value<'_>, opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
        let mut inside = value.inside();
        inside.expect(tag::INTEGER)?;
        inside.optional(tag::context(0))?;
        let recipients = inside.expect(tag::SET)?;
        let content = EncryptedContent::read(&mut inside)?;
        if matches!(content.cipher.kind, CipherKind::AesGcm(_)) {
            // An authenticated cipher without its tag (RFC 5084 §3.2 forbids it).
            return Err(OpenError::Unsupported);
        }
        self.decrypted(recipients, &content.cipher, opened, |key| {
            content.cipher.decrypt_cbc(key, &content.octets)
        })
    }

    /// AuthEnvelopedData (RFC 5083 §2.1).
    fn auth_enveloped(&self, value: Value<'_>, opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
        let mut inside = value.inside();
        inside.expect(tag::INTEGER)?;
        inside.optional(tag::context(0))?;
        let recipients = inside.expect(tag::SET)?;
        let content = EncryptedContent::read(&mut inside)?;
        let aad = inside
            .optional(tag::context(1))?
            .map(authenticated_attributes)
            .transpose()?
            .unwrap_or_default();
        let mac = inside.expect(tag::OCTET_STRING)?.octets()?;
        self.decrypted(recipients, &content.cipher, opened, |key| {
            content.cipher.decrypt_gcm(key, &aad, &content.octets, &mac)
        })
    }

    fn decrypted(
        &self,
        recipients: Value<'_>,
        cipher: &ContentCipher,
        opened: &mut Opened,
        decrypt: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, OpenError> {
        let recipients = recipient::read(recipients, cipher.key_len())?;
        let mut outcome = OpenError::NotForMe;
        let mut tries = 0;
        for key in self.keys {
            if recipients.unsupported.iter().any(|r| r.names(key.certificate())) {
                outcome = worse(outcome, OpenError::Unsupported);
            }
            for wrapped in &recipients.keys {
                outcome = match key.unwrap(wrapped) {
                    Unwrapped::NotMine => continue,
                    Unwrapped::Locked => worse(outcome, OpenError::Locked),
                    Unwrapped::Unsupported => worse(outcome, OpenError::Unsupported),
                    Unwrapped::Failed => {
                        // The content is decrypted all the same: how long it took tells nobody which of the two was wrong.
                        std::hint::black_box(decrypt(&vec![0; cipher.key_len().unwrap_or(16)]));
                        worse(outcome, OpenError::Undecryptable)
                    }
                    Unwrapped::Key(content_key) => match decrypt(content_key.expose()) {
                        None => worse(outcome, OpenError::Undecryptable),
                        Some(plain) => {
                            opened.layers.push(Layer::Encrypted(encryption(cipher, wrapped, *key)));
                            return Ok(plain);
                        }
                    },
                };
                tries += 1;
                if tries == CMS_TRIES_MAX {
                    return Err(outcome);
                }
            }
        }
        Err(outcome)
    }
}

/// A locked key may still open it; what is unsupported says more than a failure, and that more than not for me.
fn worse(a: OpenError, b: OpenError) -> OpenError {
    let rank = |e| match e {
        OpenError::NotForMe => 0,
        OpenError::Damaged => 1,
        OpenError::Undecryptable => 2,
        OpenError::Unsupported => 3,
        OpenError::Locked => 4,
    };
    if rank(b) > rank(a) { b } else { a }
}

fn encryption(cipher: &ContentCipher, wrapped: &WrappedKey, key: &dyn PrivateKey) -> Encryption {
    use crate::pki::algorithm::KeyKind;
    let mut obsolete = Vec::new();
    if cipher.is_obsolete() {
        obsolete.push(cipher.name());
    }
    match key.certificate().public_key().kind {
        kind @ KeyKind::Rsa { bits } if bits < 2048 => obsolete.push(kind.name()),
        _ => {}
    }
    let authenticated = matches!(cipher.kind, CipherKind::AesGcm(_));
    Encryption {
        content: cipher.name(),
        key: wrapped.name(),
        authenticated,
        obsolete,
    }
}

/// EncryptedContentInfo (RFC 5652 §6.1).
struct EncryptedContent<'a> {
    cipher: ContentCipher,
    octets: Cow<'a, [u8]>,
}

impl<'a> EncryptedContent<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, OpenError> {
        let mut inside = reader.sequence()?;
        let kind: Oid = inside.oid()?;
        let cipher = ContentCipher::read(&AlgorithmId::read(&mut inside)?)?.ok_or(OpenError::Unsupported)?;
        let octets = match inside.next_value()? {
            Some(v) if v.tag & !tag::CONSTRUCTED == tag::context_primitive(0) => v.octets()?,
            _ => return Err(OpenError::Damaged),
        };
        if kind != oid::DATA {
            return Err(OpenError::Unsupported);
        }
        Ok(Self { cipher, octets })
    }
}

/// authAttrs as they are authenticated: a SET in DER (RFC 5083 §2.2).
fn authenticated_attributes(attributes: Value<'_>) -> Result<Vec<u8>, BerError> {
    let definite = attributes.to_der()?;
    let mut children = Vec::new();
    let mut inside = Value::only(&definite)?.inside();
    while let Some(child) = inside.next_value()? {
        children.push(child.raw.to_vec());
    }
    Ok(der::set(&children))
}

/// CompressedData (RFC 3274), bounded.
fn compressed(value: Value<'_>, most: usize, opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
    let mut inside = value.inside();
    inside.expect(tag::INTEGER)?;
    if AlgorithmId::read(&mut inside)?.oid != oid::ZLIB {
        return Err(OpenError::Unsupported);
    }
    let mut encapsulated = inside.sequence()?;
    encapsulated.oid()?;
    let octets = verify::content_octets(encapsulated.expect(tag::context(0))?)?;
    let mut out = Vec::new();
    let mut inflating = flate2::read::ZlibDecoder::new(&*octets).take(most as u64 + 1);
    inflating.read_to_end(&mut out).map_err(|_| OpenError::Damaged)?;
    if out.len() > most {
        return Err(OpenError::Damaged);
    }
    opened.layers.push(Layer::Compressed);
    Ok(out)
}
