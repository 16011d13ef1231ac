//! SignedData (RFC 5652 §5) over the bytes as received: what each signature proves, never more.

use crate::base::UnixTime;
use crate::base::limits::{CMS_NAMED_ALIKE_MAX, CMS_PART_MAX, CMS_SIGNERS_MAX, SIGNED_APART_SECONDS};
use crate::pki::algorithm::{AlgorithmId, Digest, KeyKind, Scheme, SignatureError};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid::{self, Oid};
use crate::pki::revocation::Status;
use crate::pki::{Certificate, Path, PathError, Purpose, Trust, bundle, cert, der, path};
use crate::smime::offer::Offer;
use crate::smime::port::RecipientId;
use crate::smime::recipient;
use std::borrow::Cow;

/// Whether a signature fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Integrity {
    /// The content is what was signed with this certificate's key.
    Intact,
    /// It is not, or the signed attributes lie.
    Altered,
    /// A detached signature with a content of its own.
    Dishonest,
    /// The algorithm cannot be checked here.
    Unsupported,
    /// The signer's certificate is not in the message.
    NoCertificate,
}

/// What is known of one signer.
#[derive(Clone, Debug)]
pub struct SignerReport {
    /// Its certificate, if the message has it.
    pub certificate: Option<Certificate>,
    /// Whether the signature fits.
    pub integrity: Integrity,
    /// The way to a configured authority, today; `None` without a certificate.
    pub path: Option<Result<Path, PathError>>,
    /// The same on the day that the signature claims; `None`: it claims none, or today's way fails on every day. It never makes up
    /// for what does not hold today.
    pub path_then: Option<Result<Path, PathError>>,
    /// Whether that certificate still stands; `None`: nobody has asked.
    pub status: Option<Status>,
    /// Whether the user has said that the holder of a certificate without an address is the sender.
    pub is_bound: bool,
    /// The signature as received.
    pub signature: Vec<u8>,
    /// signingTime as claimed.
    pub signing_time: Option<UnixTime>,
    /// As shown: `RSA-PSS-SHA-256`.
    pub algorithm: String,
    /// Obsolete algorithms in use, as shown.
    pub obsolete: Vec<String>,
    /// How the signer would be written to.
    pub offer: Offer,
}

/// A SignedData that was read but not verified.
#[derive(Debug)]
pub struct SignedData<'a> {
    /// eContentType.
    pub content_type: Oid,
    /// eContent; `None`: detached.
    pub content: Option<Cow<'a, [u8]>>,
    /// X.509 certificates that came along.
    pub certificates: Vec<Certificate>,
    signers: Vec<SignerInfo<'a>>,
}

#[derive(Debug)]
struct SignerInfo<'a> {
    sid: RecipientId,
    digest: Option<Digest>,
    attributes: Option<Value<'a>>,
    algorithm: AlgorithmId<'a>,
    signature: Cow<'a, [u8]>,
}

impl<'a> SignedData<'a> {
    /// Reads the content of a ContentInfo of type id-signedData.
    pub fn read(value: Value<'a>) -> Result<Self, BerError> {
        let mut inside = value.inside();
        inside.expect(tag::INTEGER)?;
        inside.expect(tag::SET)?;
        let mut encapsulated = inside.sequence()?;
        let content_type = encapsulated.oid()?;
        let content = encapsulated.optional(tag::context(0))?.map(content_octets).transpose()?;
        encapsulated.end()?;
        let certificates = inside.optional(tag::context(0))?.map(bundle::certificate_set).unwrap_or_default();
        inside.optional(tag::context(1))?;
        let signers = signers(inside.expect(tag::SET)?)?;
        inside.end()?;
        Ok(Self {
            content_type,
            content,
            certificates,
            signers,
        })
    }

    /// Nobody signed (certificates only, or stripped).
    pub fn is_unsigned(&self) -> bool {
        self.signers.is_empty()
    }

    /// Checks every signer over `content`.
    pub fn verify(&self, content: &[u8], trust: &Trust, now: UnixTime) -> Vec<SignerReport> {
        let mut hashes = Hashes {
            content,
            known: Vec::new(),
        };
        self.signers
            .iter()
            .map(|signer| self.report(signer, &mut hashes, trust, now))
            .collect()
    }

    /// What is said of signers whose content cannot be what they signed.
    pub fn dishonest(&self, trust: &Trust, now: UnixTime) -> Vec<SignerReport> {
        let mut reports = self.verify(&[], trust, now);
        reports.iter_mut().for_each(|r| r.integrity = Integrity::Dishonest);
        reports
    }

    fn report(&self, signer: &SignerInfo<'_>, hashes: &mut Hashes<'_>, trust: &Trust, now: UnixTime) -> SignerReport {
        let scheme = Scheme::read(&signer.algorithm, signer.digest);
        let named = self.certificates.iter().filter(|c| signer.sid.names(c));
        let mut named = named.take(CMS_NAMED_ALIKE_MAX).peekable();
        let mut certificate = named.peek().copied();
        let mut integrity = self.attributes_fit(signer, hashes);
        if integrity == Integrity::Intact {
            integrity = Integrity::NoCertificate;
            for candidate in named {
                integrity = self.check(signer, scheme, candidate, hashes);
                certificate = Some(candidate);
                if integrity == Integrity::Intact {
                    break;
                }
            }
        }
        let signing_time = signer.attribute(oid::SIGNING_TIME).ok().flatten().and_then(|v| cert::time(v).ok());
        let way = |certificate: &Certificate, at| path::validate(certificate, &self.certificates, trust, at, Purpose::Sign);
        let path = certificate.map(|c| way(c, now));
        let claimed = signing_time.filter(|_| path.as_ref().is_some_and(hangs_on_the_day));
        SignerReport {
            integrity,
            path_then: certificate.zip(claimed).map(|(c, claimed)| way(c, moment_meant(c, claimed))),
            path,
            status: None,
            is_bound: false,
            signature: signer.signature.to_vec(),
            signing_time,
            algorithm: scheme.map_or_else(|_| "?".to_owned(), Scheme::name),
            obsolete: obsolete(signer, scheme, certificate),
            offer: signer.offer(),
            certificate: certificate.cloned(),
        }
    }

    /// messageDigest and contentType against the content (RFC 5652 §5.6), and no second signingTime (§11.3), before any key is
    /// looked at.
    fn attributes_fit(&self, signer: &SignerInfo<'_>, hashes: &mut Hashes<'_>) -> Integrity {
        if signer.attributes.is_none() {
            return match self.content_type == oid::DATA && !looks_like_attributes(hashes.content) {
                true => Integrity::Intact,
                false => Integrity::Altered,
            };
        }
        let Some(digest) = signer.digest else {
            return Integrity::Unsupported;
        };
        let type_fits = signer.attribute(oid::CONTENT_TYPE).ok().flatten().and_then(|v| v.oid().ok()) == Some(self.content_type);
        let claimed = signer.attribute(oid::MESSAGE_DIGEST).ok().flatten().and_then(|v| v.octets().ok());
        // Two times of signing, and each reader picks one.
        let one_time = signer.attribute(oid::SIGNING_TIME).is_ok();
        match type_fits && one_time && claimed.is_some_and(|c| *c == *hashes.of(digest)) {
            true => Integrity::Intact,
            false => Integrity::Altered,
        }
    }

    fn check(
        &self,
        signer: &SignerInfo<'_>,
        scheme: Result<Scheme, SignatureError>,
        certificate: &Certificate,
        hashes: &Hashes<'_>,
    ) -> Integrity {
        let Ok(scheme) = scheme else { return Integrity::Unsupported };
        let key = certificate.public_key();
        let messages = match signer.attributes {
            None => vec![Cow::Borrowed(hashes.content)],
            Some(attributes) => match signed_forms(attributes) {
                Ok(forms) => forms.into_iter().map(Cow::Owned).collect(),
                Err(_) => return Integrity::Altered,
            },
        };
        let mut last = SignatureError::Wrong;
        for message in messages {
            match scheme.verify(&key, &message, &signer.signature) {
                Ok(()) if signer.names_certificate(certificate) => return Integrity::Intact,
                Ok(()) => return Integrity::Altered,
                Err(error) => last = error,
            }
        }
        match last {
            SignatureError::Unsupported => Integrity::Unsupported,
            SignatureError::Wrong => Integrity::Altered,
        }
    }
}

impl<'a> SignerInfo<'a> {
    /// RFC 5652 §5.3.
    fn read(value: Value<'a>) -> Result<Self, BerError> {
        let mut inside = value.inside();
        inside.expect(tag::INTEGER)?;
        let sid = recipient::identifier(inside.value()?)?;
        let digest = Digest::from_oid(AlgorithmId::read(&mut inside)?.oid);
        let attributes = inside.optional(tag::context(0))?;
        let algorithm = AlgorithmId::read(&mut inside)?;
        let signature = inside.value()?.octets()?;
        inside.optional(tag::context(1))?;
        inside.end()?;
        Ok(Self {
            sid,
            digest,
            attributes,
            algorithm,
            signature,
        })
    }

    /// The one value of a signed attribute; an error when it stands twice or has several values (RFC 5652 §11).
    fn attribute(&self, kind: Oid) -> Result<Option<Value<'a>>, BerError> {
        let mut found = None;
        let mut list = self.attributes.map_or(Reader::new(&[]), |a| a.inside());
        while let Some(attribute) = list.next_value()? {
            let mut inside = attribute.inside();
            if inside.oid()? != kind {
                continue;
            }
            let mut values = inside.expect(tag::SET)?.inside();
            let value = values.value()?;
            values.end()?;
            if found.replace(value).is_some() {
                return Err(BerError::Malformed);
            }
        }
        Ok(found)
    }

    fn offer(&self) -> Offer {
        let said = |kind| self.attribute(kind).ok().flatten();
        Offer::read(said(oid::ENCRYPTION_KEY_PREFERENCE), said(oid::SMIME_CAPABILITIES))
    }

    /// signingCertificate and signingCertificateV2, where they are given, must name the certificate (RFC 5035 §3, §4): else
    /// another one was slipped in.
    fn names_certificate(&self, certificate: &Certificate) -> bool {
        [oid::SIGNING_CERTIFICATE, oid::SIGNING_CERTIFICATE_V2].iter().all(|kind| {
            let Ok(attribute) = self.attribute(*kind) else { return false };
            attribute.is_none_or(|value| {
                ess_certificate(*kind, value).is_ok_and(|(digest, hash)| digest.is_none_or(|d| d.of(&[certificate.der()]) == hash))
            })
        })
    }
}

/// What holds today may not have held then, and the reverse; what fails for another reason fails on every day.
fn hangs_on_the_day(path: &Result<Path, PathError>) -> bool {
    matches!(path, Ok(_) | Err(PathError::Expired { .. } | PathError::AuthorityExpired))
}

/// A claim before the certificate began, by no more than clocks and time zones explain, is taken for its first moment: who has
/// just got one signs at once.
fn moment_meant(certificate: &Certificate, claimed: UnixTime) -> UnixTime {
    let begins = certificate.not_before();
    match claimed < begins && begins.0.abs_diff(claimed.0) <= SIGNED_APART_SECONDS {
        true => begins,
        false => claimed,
    }
}

/// Hash and its value of the first ESSCertID or ESSCertIDv2; `None`: a hash that is not known.
fn ess_certificate<'a>(kind: Oid, value: Value<'a>) -> Result<(Option<Digest>, &'a [u8]), BerError> {
    let mut id = value.inside().sequence()?.sequence()?;
    let digest = match id.optional(tag::SEQUENCE)? {
        Some(algorithm) => Digest::from_oid(AlgorithmId::from_value(algorithm)?.oid),
        None if kind == oid::SIGNING_CERTIFICATE => Some(Digest::Sha1),
        None => Some(Digest::Sha256),
    };
    Ok((digest, id.expect(tag::OCTET_STRING)?.content))
}

/// What may have been hashed: the attributes as received under the tag of a SET, then whole lengths, then DER's order.
/// Some write them unsorted and sign that; others sort, sign, and write them unsorted.
fn signed_forms(attributes: Value<'_>) -> Result<Vec<Vec<u8>>, BerError> {
    let mut received = attributes.raw.to_vec();
    received[0] = tag::SET;
    let definite = attributes.to_der()?;
    let children = children(Value::only(&definite)?)?;
    let mut whole = definite.clone();
    whole[0] = tag::SET;
    let mut forms = vec![received, whole, der::set(&children)];
    forms.dedup();
    Ok(forms)
}

fn children(set: Value<'_>) -> Result<Vec<Vec<u8>>, BerError> {
    let mut out = Vec::new();
    let mut inside = set.inside();
    while let Some(child) = inside.next_value()? {
        out.push(child.raw.to_vec());
    }
    Ok(out)
}

/// A signature over attributes would also fit a message made of those attributes.
fn looks_like_attributes(content: &[u8]) -> bool {
    Value::only(content).is_ok_and(|v| v.tag == tag::SET && v.inside().sequence().is_ok_and(|mut s| s.oid().is_ok()))
}

/// `[0] EXPLICIT OCTET STRING`, also in pieces.
pub fn content_octets(explicit: Value<'_>) -> Result<Cow<'_, [u8]>, BerError> {
    let value = Value::only(explicit.content)?;
    match value.tag & !tag::CONSTRUCTED {
        tag::OCTET_STRING => value.octets(),
        _ => Err(BerError::Unexpected),
    }
}

fn signers(set: Value<'_>) -> Result<Vec<SignerInfo<'_>>, BerError> {
    if set.raw.len() > CMS_PART_MAX {
        return Err(BerError::TooLarge);
    }
    let mut out = Vec::new();
    let mut inside = set.inside();
    while let Some(value) = inside.next_value()? {
        // All must verify, so none may be left out.
        if out.len() == CMS_SIGNERS_MAX {
            return Err(BerError::TooLarge);
        }
        out.push(SignerInfo::read(value)?);
    }
    Ok(out)
}

fn obsolete(signer: &SignerInfo<'_>, scheme: Result<Scheme, SignatureError>, certificate: Option<&Certificate>) -> Vec<String> {
    let mut out = Vec::new();
    let of_scheme = scheme.ok().and_then(Scheme::digest);
    if signer.digest == Some(Digest::Sha1) || of_scheme == Some(Digest::Sha1) {
        out.push("SHA-1".to_owned());
    }
    match certificate.map(|c| c.public_key().kind) {
        Some(kind @ KeyKind::Rsa { bits }) if bits < 2048 => out.push(kind.name()),
        _ => {}
    }
    out
}

/// Hashes of one content, each made once.
struct Hashes<'a> {
    content: &'a [u8],
    known: Vec<(Digest, Vec<u8>)>,
}

impl Hashes<'_> {
    fn of(&mut self, digest: Digest) -> &[u8] {
        let at = self.known.iter().position(|(d, _)| *d == digest).unwrap_or_else(|| {
            self.known.push((digest, digest.of(&[self.content])));
            self.known.len() - 1
        });
        &self.known[at].1
    }
}
