//! An S/MIME message opened: layer after layer, while the **whole** entity is S/MIME. What is nested inside another
//! multipart is left alone, so that no decrypted text ever stands beside foreign parts.

use crate::base::UnixTime;
use crate::base::limits::{CMS_LAYERS_MAX, DECOMPRESSED_MAX};
use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid::{self, Oid};
use crate::pki::{Certificate, Trust, der};
use crate::smime::cipher::{CipherKind, ContentCipher};
use crate::smime::class::{Class, classify, is_pkcs7_signature};
use crate::smime::port::{PrivateKey, Unwrapped, WrappedKey};
use crate::smime::verify::{self, Integrity, SignedData, SignerReport};
use crate::smime::{field, recipient, transfer};
use crate::text::{Explain, Explanation};
use std::borrow::Cow;
use std::io::Read;

/// What was inside.
#[derive(Debug, Default)]
pub struct Opened {
    /// The innermost entity, header included.
    pub content: Vec<u8>,
    /// Layers that were taken off, outermost first.
    pub layers: Vec<Layer>,
    /// Certificates that came along, to be learnt from.
    pub certificates: Vec<Certificate>,
}

/// One layer.
#[derive(Debug)]
pub enum Layer {
    /// EnvelopedData or AuthEnvelopedData.
    Encrypted(Encryption),
    /// SignedData with each of its signers; none: unsigned.
    Signed(Vec<SignerReport>),
    /// CompressedData.
    Compressed,
}

/// How it was encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encryption {
    /// As shown: `AES-256-CBC`.
    pub content: String,
    /// As shown: `RSA-PKCS1v1.5`.
    pub key: String,
    /// The cipher itself notices changes.
    pub authenticated: bool,
    /// Obsolete algorithms in use, as shown.
    pub obsolete: Vec<String>,
}

/// Why a message was not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// Encrypted for none of the keys.
    #[error("encrypted for none of our keys")]
    NotForMe,
    /// Encrypted for a key that awaits a PIN, a card or a password.
    #[error("the key is locked")]
    Locked,
    /// Not the structure it should have.
    #[error("the message is damaged")]
    Damaged,
    /// The key or the content did not decrypt: one error for all reasons.
    #[error("the message does not decrypt")]
    Undecryptable,
    /// By means that are not known here.
    #[error("the message uses unsupported algorithms")]
    Unsupported,
}

impl OpenError {
    /// Code of docs/verdicts.md.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotForMe => "not-for-me",
            Self::Locked => "locked",
            Self::Damaged => "damaged",
            Self::Undecryptable => "undecryptable",
            Self::Unsupported => "unsupported",
        }
    }
}

impl Explain for OpenError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotForMe => crate::text::verdict::not_for_me(),
            Self::Locked => crate::text::keys::locked(),
            Self::Damaged => crate::text::verdict::damaged(),
            Self::Undecryptable => crate::text::verdict::undecryptable(),
            Self::Unsupported => crate::text::verdict::unsupported(),
        }
    }
}

impl From<BerError> for OpenError {
    fn from(_: BerError) -> Self {
        Self::Damaged
    }
}

impl Opened {
    /// The outermost encryption.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.layers.iter().find_map(|l| match l {
            Layer::Encrypted(e) => Some(e),
            Layer::Signed(_) | Layer::Compressed => None,
        })
    }

    /// The signers nearest to the content, if they stand inside every encryption.
    pub fn inner_signers(&self) -> Option<&[SignerReport]> {
        for layer in self.layers.iter().rev() {
            match layer {
                Layer::Signed(signers) if !signers.is_empty() => return Some(signers),
                Layer::Signed(_) | Layer::Compressed => {}
                Layer::Encrypted(_) => return None,
            }
        }
        None
    }

    /// Every signer of every layer.
    pub fn signers(&self) -> impl Iterator<Item = &SignerReport> {
        self.layers.iter().flat_map(|l| match l {
            Layer::Signed(signers) => signers.as_slice(),
            Layer::Encrypted(_) | Layer::Compressed => &[],
        })
    }
}

/// Opens a whole message with whichever of `keys` it is for.
pub fn open(message: &[u8], keys: &[&dyn PrivateKey], trust: &Trust, now: UnixTime) -> Result<Opened, OpenError> {
    let session = Session { keys, trust, now };
    let mut opened = Opened::default();
    let mut entity = Cow::Borrowed(message);
    // One more turn than layers: the last one must find nothing left to open.
    for _ in 0..=CMS_LAYERS_MAX {
        let (header, body) = field::split(&entity);
        let class = classify(header);
        let inner = match class {
            Class::Plain | Class::CertificatesOnly => None,
            Class::SignedDetached => session.detached(header, body, &mut opened)?,
            Class::Enveloped | Class::SignedOpaque | Class::Compressed | Class::Unspecified => {
                Some(session.content_info(&decoded(header, body)?, &mut opened)?)
            }
        };
        match inner {
            Some(inner) => entity = Cow::Owned(inner),
            None => {
                opened.content = entity.into_owned();
                return Ok(opened);
            }
        }
    }
    Err(OpenError::Damaged)
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
}

impl Session<'_> {
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
            oid::COMPRESSED_DATA => compressed(content, opened),
            _ => Err(OpenError::Unsupported),
        }
    }

    fn signed(&self, value: Value<'_>, opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
        let mut signed = SignedData::read(value)?;
        let content = signed.content.take().ok_or(OpenError::Damaged)?;
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
        let (reports, content) = match signed.content {
            Some(_) => (signed.dishonest(self.trust, self.now), content.to_vec()),
            None => self.over_received(&signed, content),
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
        for key in self.keys {
            if recipients.unsupported.iter().any(|r| r.names(key.certificate())) {
                outcome = worse(outcome, OpenError::Unsupported);
            }
            for wrapped in &recipients.keys {
                outcome = match key.unwrap(wrapped) {
                    Unwrapped::NotMine => continue,
                    Unwrapped::Locked => worse(outcome, OpenError::Locked),
                    Unwrapped::Unsupported => worse(outcome, OpenError::Unsupported),
                    Unwrapped::Failed => worse(outcome, OpenError::Undecryptable),
                    Unwrapped::Key(content_key) => match decrypt(content_key.expose()) {
                        None => worse(outcome, OpenError::Undecryptable),
                        Some(plain) => {
                            opened.layers.push(Layer::Encrypted(encryption(cipher, wrapped, *key)));
                            return Ok(plain);
                        }
                    },
                };
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
fn compressed(value: Value<'_>, opened: &mut Opened) -> Result<Vec<u8>, OpenError> {
    let mut inside = value.inside();
    inside.expect(tag::INTEGER)?;
    if AlgorithmId::read(&mut inside)?.oid != oid::ZLIB {
        return Err(OpenError::Unsupported);
    }
    let mut encapsulated = inside.sequence()?;
    encapsulated.oid()?;
    let octets = verify::content_octets(encapsulated.expect(tag::context(0))?)?;
    let mut out = Vec::new();
    let mut inflating = flate2::read::ZlibDecoder::new(&*octets).take(DECOMPRESSED_MAX as u64 + 1);
    inflating.read_to_end(&mut out).map_err(|_| OpenError::Damaged)?;
    if out.len() > DECOMPRESSED_MAX {
        return Err(OpenError::Damaged);
    }
    opened.layers.push(Layer::Compressed);
    Ok(out)
}

/// The two parts of a multipart, closed; preamble and epilogue are not looked at (RFC 2046 §5.1.1).
fn two_parts<'a>(header: &[u8], body: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let content_type = field::parse(&field::field(header, "Content-Type")?);
    let boundary = content_type.parameter("boundary").filter(|b| !b.is_empty())?.as_bytes();
    let mut parts = Vec::new();
    let mut started: Option<usize> = None;
    let mut line = 0;
    while line < body.len() {
        let next = memchr::memchr(b'\n', &body[line..]).map_or(body.len(), |n| line + n + 1);
        let end = delimiter(&body[line..next], boundary);
        if end.is_some() {
            parts.extend(started.map(|start| &body[start..before_line(body, start, line)]));
            started = Some(next);
        }
        if parts.len() > 2 {
            return None;
        }
        if end == Some(Delimiter::Closing) {
            return <[&[u8]; 2]>::try_from(parts).ok().map(|[a, b]| (a, b));
        }
        line = next;
    }
    None
}

#[derive(PartialEq, Eq)]
enum Delimiter {
    Next,
    Closing,
}

fn delimiter(line: &[u8], boundary: &[u8]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(Delimiter::Next),
        b"--" => Some(Delimiter::Closing),
        _ => None,
    }
}

/// The line end before a delimiter belongs to the delimiter.
fn before_line(body: &[u8], start: usize, line: usize) -> usize {
    let part = &body[start..line];
    start
        + part
            .strip_suffix(b"\r\n")
            .or(part.strip_suffix(b"\n"))
            .map_or(part.len(), <[u8]>::len)
}

fn with_crlf(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 32);
    let mut previous = 0;
    for at in memchr::memchr_iter(b'\n', content) {
        let line = &content[previous..at];
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
        previous = at + 1;
    }
    out.extend_from_slice(&content[previous..]);
    out
}
