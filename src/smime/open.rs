//! An S/MIME message opened: layer after layer, while the **whole** entity is S/MIME. What is nested inside another
//! multipart is left alone, so that no decrypted text ever stands beside foreign parts.

use crate::base::limits::{CMS_LAYERS_MAX, CMS_TRIES_MAX, DECOMPRESSED_MAX, DECOMPRESSED_SMALL, DECOMPRESSED_TIMES};
use crate::base::{Secret, UnixTime};
use crate::pki::Trust;
use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{Reader, Value, tag};
use crate::pki::oid;
use crate::smime::agree::KeyWrap;
use crate::smime::buffer::{Buffer, Found};
use crate::smime::cipher::CipherKind;
use crate::smime::class::{Class, classify, is_pkcs7_signature};
use crate::smime::envelope::Envelope;
pub use crate::smime::opened::{ByOutside, Encryption, Layer, OpenError, Opened};
use crate::smime::parts::{two_parts, with_crlf};
use crate::smime::port::{PrivateKey, Unwrapped, WrappedKey, Wrapping};
use crate::smime::verify::{self, Integrity, SignedData, SignerReport};
use crate::smime::{field, transfer};
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

/// How the body of that header is encoded.
fn encoding(header: &[u8], body: &[u8]) -> String {
    let encoding = field::field(header, "Content-Transfer-Encoding")
        .map(|v| field::parse(&v).value)
        .unwrap_or_default();
    // A body that begins like a SEQUENCE is no base64, whatever its header says.
    let binary = body.first() == Some(&tag::SEQUENCE) && body.get(1).is_some_and(|b| *b >= 0x80);
    if binary { "binary".to_owned() } else { encoding }
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
        let mut entity = Buffer::Received(message);
        // One more turn than layers: the last one must find nothing left to open.
        for _ in 0..=CMS_LAYERS_MAX {
            let (header, body) = field::split(entity.octets());
            let content = match classify(header) {
                Class::Plain | Class::CertificatesOnly => None,
                Class::SignedDetached => self.detached(header, body, opened)?.map(|content| entity.find(content)),
                Class::Enveloped | Class::SignedOpaque | Class::Compressed | Class::Unspecified => {
                    let (encoding, body) = (encoding(header, body), header.len());
                    entity = self.content_info(entity.decoded(body, &encoding), opened)?;
                    continue;
                }
            };
            match content {
                Some(content) => entity = entity.keep(content),
                None => {
                    opened.content = entity.into_vec();
                    return Ok(());
                }
            }
        }
        Err(OpenError::Damaged)
    }

    /// ContentInfo (RFC 5652 §3): what it is decides, not what the header called it.
    fn content_info<'m>(&self, cms: Buffer<'m>, opened: &mut Opened) -> Result<Buffer<'m>, OpenError> {
        let mut info = Reader::new(cms.octets()).sequence()?;
        let kind = info.oid()?;
        let content = Value::only(info.expect(tag::context(0))?.content)?;
        let content = match kind {
            oid::SIGNED_DATA => self.signed(content, opened)?,
            oid::COMPRESSED_DATA => Cow::Owned(compressed(content, self.inflated, opened)?),
            oid::ENVELOPED_DATA | oid::AUTH_ENVELOPED_DATA => {
                let (envelope, sealed) = Envelope::read(kind, content)?;
                let sealed = cms.find(sealed);
                return self.decrypted(&envelope, cms.keep(sealed), opened);
            }
            _ => return Err(OpenError::Unsupported),
        };
        let content = cms.find(content);
        Ok(cms.keep(content))
    }

    fn signed<'v>(&self, value: Value<'v>, opened: &mut Opened) -> Result<Cow<'v, [u8]>, OpenError> {
        let mut signed = SignedData::read(value)?;
        let alone = signed.is_unsigned() && !signed.certificates.is_empty();
        let missing = if alone { OpenError::CertificatesOnly } else { OpenError::Damaged };
        let content = signed.content.take().ok_or(missing)?;
        if signed.content_type != oid::DATA {
            // A time stamp, a receipt: signed, but not a mail (RFC 8551 §3.5.2).
            return Err(OpenError::Unsupported);
        }
        opened.layers.push(Layer::Signed(signed.verify(&content, self.trust, self.now)));
        opened.certificates.append(&mut signed.certificates);
        Ok(content)
    }

    /// multipart/signed (RFC 8551 §3.5.3). `None`: not two parts, so nobody signed anything.
    fn detached<'b>(&self, header: &[u8], body: &'b [u8], opened: &mut Opened) -> Result<Option<Cow<'b, [u8]>>, OpenError> {
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
        let bytes = transfer::decode(&encoding(signature_header, signature_body), signature_body);
        let mut info = Reader::new(&bytes).sequence()?;
        if info.oid()? != oid::SIGNED_DATA {
            return Err(OpenError::Damaged);
        }
        let mut signed = SignedData::read(Value::only(info.expect(tag::context(0))?.content)?)?;
        let honest = signed.content.is_none() && signed.content_type == oid::DATA;
        let (reports, content) = match honest {
            true => self.over_received(&signed, content),
            false => (signed.dishonest(self.trust, self.now), Cow::Borrowed(content)),
        };
        opened.layers.push(Layer::Signed(reports));
        opened.certificates.append(&mut signed.certificates);
        Ok(Some(content))
    }

    /// The signed bytes are those received; where line ends were changed to LF on the way, those of the standard.
    fn over_received<'b>(&self, signed: &SignedData<'_>, content: &'b [u8]) -> (Vec<SignerReport>, Cow<'b, [u8]>) {
        let reports = signed.verify(content, self.trust, self.now);
        if reports.iter().any(|r| r.integrity == Integrity::Altered) {
            let canonical = with_crlf(content);
            if canonical != content {
                let again = signed.verify(&canonical, self.trust, self.now);
                if again.iter().all(|r| r.integrity != Integrity::Altered) {
                    return (again, Cow::Owned(canonical));
                }
            }
        }
        (reports, Cow::Borrowed(content))
    }

    /// Tries every key on every RecipientInfo that names its certificate.
    fn decrypted<'m>(&self, envelope: &Envelope, mut sealed: Buffer<'m>, opened: &mut Opened) -> Result<Buffer<'m>, OpenError> {
        let Envelope { recipients, cipher, .. } = envelope;
        let named = |key: &dyn PrivateKey| recipients.unsupported.iter().any(|r| r.names(key.certificate()));
        let mut outcome = match self.keys.iter().any(|key| named(*key)) {
            true => OpenError::Unsupported,
            false => OpenError::NotForMe,
        };
        // In the order of the message: which of several own keys opened it does not hang on how they are kept.
        let pairs = recipients
            .keys
            .iter()
            .flat_map(|wrapped| self.keys.iter().map(move |key| (*key, wrapped)));
        let pairs = pairs.filter(|(key, wrapped)| wrapped.recipient.names(key.certificate()));
        let mut pairs = pairs.take(CMS_TRIES_MAX).peekable();
        while let Some((key, wrapped)) = pairs.next() {
            let content_key = match key.unwrap(wrapped) {
                Unwrapped::NotMine => continue,
                Unwrapped::Locked => {
                    outcome = worse(outcome, OpenError::Locked);
                    continue;
                }
                Unwrapped::Unsupported => {
                    outcome = worse(outcome, OpenError::Unsupported);
                    continue;
                }
                // The content is decrypted all the same: how long it took tells nobody which of the two was wrong.
                Unwrapped::Failed => None,
                Unwrapped::Key(content_key) => Some(content_key),
            };
            // What a wrong key was tried on is spoilt: only the last one gets the octets themselves.
            let mut attempt = match pairs.peek() {
                Some(_) => sealed.clone(),
                None => std::mem::replace(&mut sealed, Buffer::Received(&[])),
            };
            let stand_in = vec![0; cipher.key_len().unwrap_or(16)];
            let key_octets = content_key.as_ref().map_or(stand_in.as_slice(), Secret::expose);
            match (envelope.decrypt(key_octets, attempt.octets_mut()), content_key) {
                (Some(length), Some(content_key)) => {
                    let encryption = encryption(envelope, wrapped, key);
                    let plain = attempt.keep(Found::Within(0..length));
                    if key.is_outside() {
                        let is_right = encryption.authenticated || begins_like_an_entity(plain.octets());
                        opened.unwrapped.push(ByOutside {
                            certificate: key.certificate().clone(),
                            wrapped: wrapped.clone(),
                            content_key: Some(content_key).filter(|_| is_right),
                        });
                    }
                    opened.layers.push(Layer::Encrypted(encryption));
                    return Ok(plain);
                }
                _ => outcome = worse(outcome, OpenError::Undecryptable),
            }
        }
        Err(outcome)
    }
}

/// Whether this cannot be what a random key made of a ciphertext (RFC 3218 §2.3.2): CBC takes one of 256 such keys for right. A
/// header is text, and so is what some programs encrypt without one; of 64 random octets one in 2^80 is.
fn begins_like_an_entity(plain: &[u8]) -> bool {
    let head = &plain[..plain.len().min(ENTITY_BEGINS)];
    let is_text = |text: &str| !text.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t'));
    match std::str::from_utf8(head) {
        Ok(text) => is_text(text),
        // Cut within its last character.
        Err(error) if error.error_len().is_none() => {
            let (whole, _) = head.split_at(error.valid_up_to());
            std::str::from_utf8(whole).is_ok_and(is_text)
        }
        Err(_) => false,
    }
}

/// Octets that are looked at for it.
const ENTITY_BEGINS: usize = 64;

/// A locked key may still open it; what is unsupported says more than a failure, and that more than not for me.
fn worse(a: OpenError, b: OpenError) -> OpenError {
    let rank = |e| match e {
        OpenError::NotForMe => 0,
        OpenError::Damaged | OpenError::CertificatesOnly => 1,
        OpenError::Undecryptable => 2,
        OpenError::Unsupported => 3,
        OpenError::Locked => 4,
    };
    if rank(b) > rank(a) { b } else { a }
}

fn encryption(envelope: &Envelope, wrapped: &WrappedKey, key: &dyn PrivateKey) -> Encryption {
    use crate::pki::algorithm::KeyKind;
    let Envelope { recipients, cipher, .. } = envelope;
    let mut obsolete = Vec::new();
    if cipher.is_obsolete() {
        obsolete.push(cipher.name());
    }
    let old_wrap = matches!(&wrapped.wrapping, Wrapping::Agreement { wrap, .. } if *wrap == KeyWrap::TripleDes);
    if old_wrap && cipher.kind != CipherKind::TripleDesCbc {
        obsolete.push("3DES".to_owned());
    }
    match key.certificate().public_key().kind {
        kind @ KeyKind::Rsa { bits } if bits < 2048 => obsolete.push(kind.name()),
        _ => {}
    }
    let authenticated = matches!(cipher.kind, CipherKind::AesGcm(_));
    Encryption {
        content: cipher.name(),
        key: wrapped.name(),
        recipients: recipients.keys.len() + recipients.unsupported.len(),
        authenticated,
        obsolete,
    }
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

#[cfg(test)]
mod tests;
