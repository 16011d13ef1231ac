//! A certificate as it was received (RFC 5280 §4): the bytes are kept, everything else is read from them once.

use crate::base::UnixTime;
use crate::pki::algorithm::{AlgorithmId, Digest, PublicKey};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::name;
use crate::pki::oid::{self, Oid};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A certificate. Cloning is cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    fields: Fields,
    extensions: Extensions,
    subject_attributes: Vec<(Oid, String)>,
    issuer_attributes: Vec<(Oid, String)>,
}

/// Where the fields stand in the certificate's bytes.
struct Fields {
    tbs: Range<usize>,
    serial: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    spki: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    not_before: UnixTime,
    not_after: UnixTime,
}

/// What the extensions say (RFC 5280 §4.2).
#[derive(Default)]
struct Extensions {
    key_usage: Option<KeyUsage>,
    extended_key_usage: Option<Vec<Oid>>,
    is_ca: bool,
    path_length: Option<u32>,
    mailboxes: Vec<String>,
    subject_key_identifier: Option<Vec<u8>>,
    name_constraints: Option<NameConstraints>,
    unknown_critical: Vec<Oid>,
}

/// keyUsage (RFC 5280 §4.2.1.3): bit 0 is the highest of the first octet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// digitalSignature.
    pub const DIGITAL_SIGNATURE: Self = Self(1 << 15);
    /// nonRepudiation.
    pub const NON_REPUDIATION: Self = Self(1 << 14);
    /// keyEncipherment.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 13);
    /// dataEncipherment.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 12);
    /// keyAgreement.
    pub const KEY_AGREEMENT: Self = Self(1 << 11);
    /// keyCertSign.
    pub const KEY_CERT_SIGN: Self = Self(1 << 10);

    /// True when one of `others` is set.
    pub fn has_one_of(self, others: &[Self]) -> bool {
        others.iter().any(|o| self.0 & o.0 != 0)
    }
}

/// nameConstraints (RFC 5280 §4.2.1.10) as far as addresses go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// rfc822Name subtrees of permittedSubtrees; `None`: addresses are not constrained.
    pub permitted: Option<Vec<String>>,
    /// rfc822Name subtrees of excludedSubtrees.
    pub excluded: Vec<String>,
    /// Subtrees of distinguished names: permitted and excluded, as raw Names.
    pub permitted_directories: Option<Vec<Vec<u8>>>,
    /// Excluded distinguished names.
    pub excluded_directories: Vec<Vec<u8>>,
}

impl Certificate {
    /// Reads a certificate in DER.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, BerError> {
        let der = der.into();
        let (fields, extensions) = read(&der)?;
        let subject_attributes = name::attributes(Value::only(&der[fields.subject.clone()])?)?;
        let issuer_attributes = name::attributes(Value::only(&der[fields.issuer.clone()])?)?;
        PublicKey::read(Value::only(&der[fields.spki.clone()])?)?;
        Ok(Self(Arc::new(Inner {
            der,
            fields,
            extensions,
            subject_attributes,
            issuer_attributes,
        })))
    }

    /// The bytes as received.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.0.der[range.clone()]
    }

    /// Addresses: rfc822Name, SmtpUTF8Mailbox, then emailAddress of the subject.
    pub fn emails(&self) -> Vec<&str> {
        let of_subject = self.0.subject_attributes.iter().filter(|(kind, _)| *kind == oid::EMAIL_ADDRESS);
        let mut all: Vec<&str> = self.0.extensions.mailboxes.iter().map(String::as_str).collect();
        for (_, address) in of_subject.filter(|(_, v)| v.contains('@')) {
            if !all.iter().any(|a| same_mailbox(a, address)) {
                all.push(address);
            }
        }
        all
    }

    /// True when one of its addresses is this one, in any case.
    pub fn has_email(&self, address: &str) -> bool {
        self.emails().iter().any(|e| same_mailbox(e, address))
    }

    /// The name to show: first name and name where they are given, else the common name, else an address.
    pub fn holder(&self) -> String {
        let attributes = &self.0.subject_attributes;
        let of = |kind| name::first(attributes, kind);
        match (of(oid::GIVEN_NAME), of(oid::SURNAME), of(oid::COMMON_NAME)) {
            (Some(given), Some(surname), _) => format!("{given} {surname}"),
            (_, Some(surname), None) => surname.to_owned(),
            (_, _, Some(common)) => common.to_owned(),
            _ => self.emails().first().map_or_else(|| "?".to_owned(), |e| (*e).to_owned()),
        }
    }

    /// The RPPS number that a CPS card carries as its common name: `8` and eleven digits, or the digits alone.
    pub fn rpps(&self) -> Option<&str> {
        let common = name::first(&self.0.subject_attributes, oid::COMMON_NAME)?;
        let digits = common.bytes().all(|b| b.is_ascii_digit());
        match (digits, common.len()) {
            (true, 12) => common.strip_prefix('8'),
            (true, 11) => Some(common),
            _ => None,
        }
    }

    /// Common name of the issuer, else whatever it is called first.
    pub fn issuer_common_name(&self) -> &str {
        let attributes = &self.0.issuer_attributes;
        name::first(attributes, oid::COMMON_NAME)
            .or(attributes.last().map(|(_, v)| v.as_str()))
            .unwrap_or("?")
    }

    /// Serial number in hexadecimal, without the sign octet.
    pub fn serial_hex(&self) -> String {
        let serial = self.slice(&self.0.fields.serial);
        let shown = if serial.len() > 1 && serial[0] == 0 { &serial[1..] } else { serial };
        shown.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Content octets of the serial number.
    pub fn serial(&self) -> &[u8] {
        self.slice(&self.0.fields.serial)
    }

    /// notBefore.
    pub fn not_before(&self) -> UnixTime {
        self.0.fields.not_before
    }

    /// notAfter.
    pub fn not_after(&self) -> UnixTime {
        self.0.fields.not_after
    }

    /// keyUsage, if the extension is there.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.extensions.key_usage
    }

    /// extKeyUsage, if the extension is there.
    pub fn extended_key_usage(&self) -> Option<&[Oid]> {
        self.0.extensions.extended_key_usage.as_deref()
    }

    /// cA of basicConstraints.
    pub fn is_ca(&self) -> bool {
        self.0.extensions.is_ca
    }

    /// pathLenConstraint.
    pub fn path_length(&self) -> Option<u32> {
        self.0.extensions.path_length
    }

    /// nameConstraints.
    pub fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.extensions.name_constraints.as_ref()
    }

    /// Critical extensions that are not understood here.
    pub fn unknown_critical(&self) -> &[Oid] {
        &self.0.extensions.unknown_critical
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey<'_> {
        let spki = Value::only(self.slice(&self.0.fields.spki));
        // `from_der` has read it once.
        spki.and_then(PublicKey::read).unwrap_or(PublicKey {
            kind: crate::pki::algorithm::KeyKind::Other,
            bits: &[],
        })
    }

    /// SubjectPublicKeyInfo as received.
    pub fn spki(&self) -> &[u8] {
        self.slice(&self.0.fields.spki)
    }

    /// Raw Name of the subject.
    pub fn subject(&self) -> &[u8] {
        self.slice(&self.0.fields.subject)
    }

    /// Raw Name of the issuer.
    pub fn issuer(&self) -> &[u8] {
        self.slice(&self.0.fields.issuer)
    }

    /// IssuerAndSerialNumber (RFC 5652 §10.2.4) from the bytes as received.
    pub fn issuer_and_serial(&self) -> Vec<u8> {
        use crate::pki::der;
        der::sequence(&[self.issuer(), &der::tlv(tag::INTEGER, &[self.serial()])])
    }

    /// subjectKeyIdentifier.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_identifier.as_deref()
    }

    /// SHA-256 of the whole certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(&Digest::Sha256.of(&[self.der()]));
        out
    }

    /// What the issuer signed.
    pub fn tbs(&self) -> &[u8] {
        self.slice(&self.0.fields.tbs)
    }

    /// signatureAlgorithm.
    pub fn signature_algorithm(&self) -> Result<AlgorithmId<'_>, BerError> {
        AlgorithmId::from_value(Value::only(self.slice(&self.0.fields.algorithm))?)
    }

    /// The issuer's signature.
    pub fn signature(&self) -> &[u8] {
        self.slice(&self.0.fields.signature)
    }

    /// Issued under its own name.
    pub fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} by {})", self.serial_hex(), self.issuer_common_name())
    }
}

/// Two spellings of one mailbox. The local part too is compared in any case: no provider tells such mailboxes apart.
pub fn same_mailbox(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn read(der: &[u8]) -> Result<(Fields, Extensions), BerError> {
    let whole = Value::only(der)?;
    if whole.tag != tag::SEQUENCE {
        return Err(BerError::Unexpected);
    }
    let mut outer = whole.inside();
    let tbs = outer.expect(tag::SEQUENCE)?;
    let algorithm = outer.expect(tag::SEQUENCE)?;
    let signature = outer.expect(tag::BIT_STRING)?.bits()?;
    outer.end()?;

    let mut inner = tbs.inside();
    inner.optional(tag::context(0))?;
    let serial = inner.expect(tag::INTEGER)?;
    if inner.expect(tag::SEQUENCE)?.raw != algorithm.raw {
        return Err(BerError::Malformed);
    }
    let issuer = inner.expect(tag::SEQUENCE)?;
    let mut validity = inner.sequence()?;
    let (not_before, not_after) = (time(validity.value()?)?, time(validity.value()?)?);
    let subject = inner.expect(tag::SEQUENCE)?;
    let spki = inner.expect(tag::SEQUENCE)?;
    inner.optional(tag::context_primitive(1))?;
    inner.optional(tag::context_primitive(2))?;
    let extensions = inner
        .optional(tag::context(3))?
        .map(|v| extensions(v.inside()))
        .transpose()?
        .unwrap_or_default();
    inner.end()?;

    let at = |part: &[u8]| span(der, part);
    let fields = Fields {
        tbs: at(tbs.raw),
        serial: at(serial.content),
        issuer: at(issuer.raw),
        subject: at(subject.raw),
        spki: at(spki.raw),
        algorithm: at(algorithm.raw),
        signature: at(signature),
        not_before,
        not_after,
    };
    Ok((fields, extensions))
}

/// Where a slice of `whole` stands in it.
fn span(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// UTCTime or GeneralizedTime in the forms of DER (RFC 5280 §4.1.2.5); also for signingTime.
pub fn time(value: Value<'_>) -> Result<UnixTime, BerError> {
    let text = std::str::from_utf8(value.content).map_err(|_| BerError::Malformed)?;
    let digits = text.strip_suffix('Z').ok_or(BerError::Malformed)?;
    let full = match value.tag {
        tag::UTC_TIME => {
            let year = digits.get(..2).and_then(|y| y.parse::<u32>().ok()).ok_or(BerError::Malformed)?;
            format!("{}{digits}", if year >= 50 { "19" } else { "20" })
        }
        tag::GENERALIZED_TIME => digits.to_owned(),
        _ => return Err(BerError::Unexpected),
    };
    civil(&full).ok_or(BerError::Malformed)
}

/// `YYYYMMDDHHMM[SS]`.
fn civil(text: &str) -> Option<UnixTime> {
    if !matches!(text.len(), 12 | 14) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |range: Range<usize>| text.get(range).map_or(Some(0), |t| t.parse::<u8>().ok());
    let month = time::Month::try_from(part(4..6)?).ok()?;
    let date = time::Date::from_calendar_date(text[..4].parse().ok()?, month, part(6..8)?).ok()?;
    let moment = date.with_hms(part(8..10)?, part(10..12)?, part(12..14)?).ok()?;
    Some(UnixTime(moment.assume_utc().unix_timestamp()))
}

fn extensions(mut outer: Reader<'_>) -> Result<Extensions, BerError> {
    let mut found = Extensions::default();
    let mut seen = Vec::new();
    let mut list = outer.sequence()?;
    while let Some(extension) = list.next_value()? {
        let mut inside = extension.inside();
        let id = inside.oid()?;
        let critical = inside.optional(tag::BOOLEAN)?.is_some_and(|v| v.content != [0]);
        let value = inside.expect(tag::OCTET_STRING)?.content;
        if seen.contains(&id) {
            return Err(BerError::Malformed);
        }
        seen.push(id);
        if !read_extension(&mut found, id, value)? && critical {
            found.unknown_critical.push(id);
        }
    }
    Ok(found)
}

/// False: not understood.
fn read_extension(found: &mut Extensions, id: Oid, value: &[u8]) -> Result<bool, BerError> {
    match id {
        oid::KEY_USAGE => found.key_usage = Some(key_usage(Value::only(value)?)?),
        oid::EXTENDED_KEY_USAGE => found.extended_key_usage = Some(key_purposes(Value::only(value)?)?),
        oid::BASIC_CONSTRAINTS => {
            let mut inside = Value::only(value)?.inside();
            found.is_ca = inside.optional(tag::BOOLEAN)?.is_some_and(|v| v.content != [0]);
            found.path_length = inside.optional(tag::INTEGER)?.map(|v| v.small()).transpose()?;
        }
        oid::SUBJECT_ALT_NAME => found.mailboxes = name::mailboxes(Value::only(value)?.inside())?,
        oid::SUBJECT_KEY_IDENTIFIER => found.subject_key_identifier = Some(Value::only(value)?.content.to_vec()),
        oid::NAME_CONSTRAINTS => return name_constraints(found, Value::only(value)?),
        // Policies are not asked for, so any will do (RFC 5280 §6.1: the initial set is any-policy).
        oid::CERTIFICATE_POLICIES => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn key_usage(value: Value<'_>) -> Result<KeyUsage, BerError> {
    match value.content {
        [_, one] if value.tag == tag::BIT_STRING => Ok(KeyUsage(u16::from(*one) << 8)),
        [_, one, two] if value.tag == tag::BIT_STRING => Ok(KeyUsage(u16::from_be_bytes([*one, *two]))),
        [0] if value.tag == tag::BIT_STRING => Ok(KeyUsage(0)),
        _ => Err(BerError::Malformed),
    }
}

fn key_purposes(value: Value<'_>) -> Result<Vec<Oid>, BerError> {
    let mut out = Vec::new();
    let mut inside = value.inside();
    while let Some(purpose) = inside.next_value()? {
        out.push(purpose.oid()?);
    }
    Ok(out)
}

/// Subtrees of addresses and directory names are honoured; other forms that a mail certificate cannot carry are read past.
fn name_constraints(found: &mut Extensions, value: Value<'_>) -> Result<bool, BerError> {
    let mut constraints = NameConstraints::default();
    let mut inside = value.inside();
    if let Some(list) = inside.optional(tag::context(0))? {
        let (mail, directories) = subtrees(list.inside())?;
        constraints.permitted = (!mail.is_empty()).then_some(mail);
        constraints.permitted_directories = (!directories.is_empty()).then_some(directories);
    }
    if let Some(list) = inside.optional(tag::context(1))? {
        (constraints.excluded, constraints.excluded_directories) = subtrees(list.inside())?;
    }
    inside.end()?;
    found.name_constraints = Some(constraints);
    Ok(true)
}

type Subtrees = (Vec<String>, Vec<Vec<u8>>);

fn subtrees(mut list: Reader<'_>) -> Result<Subtrees, BerError> {
    let (mut mail, mut directories) = (Vec::new(), Vec::new());
    while let Some(subtree) = list.next_value()? {
        let base = subtree.inside().value()?;
        if base.tag == tag::context_primitive(1) {
            mail.push(name::text(base).to_lowercase());
        } else if base.tag == tag::context(4) {
            directories.push(base.content.to_vec());
        }
    }
    Ok((mail, directories))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::der;

    #[test]
    fn times_of_both_forms() {
        for (tag, text, expected) in [
            (tag::UTC_TIME, "700101000000Z", Some(0)),
            (tag::UTC_TIME, "490101000000Z", Some(2_493_072_000)),
            (tag::GENERALIZED_TIME, "20520927000000Z", Some(2_611_008_000)),
            (tag::GENERALIZED_TIME, "20520927000000", None),
            (tag::UTC_TIME, "701301000000Z", None),
            (tag::UTC_TIME, "é0101000000Z", None),
        ] {
            let bytes = der::tlv(tag, &[text.as_bytes()]);
            assert_eq!(time(Value::only(&bytes).unwrap()).ok(), expected.map(UnixTime), "{text}");
        }
    }
}
