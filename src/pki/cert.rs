//! A certificate as it was received (RFC 5280 §4): the bytes are kept, everything else is read from them once.

use crate::base::addr::fold;
use crate::base::limits::CERTIFICATE_ADDRESSES_MAX;
use crate::base::{Address, UnixTime};
use crate::pki::algorithm::{AlgorithmId, Digest, PublicKey};
use crate::pki::ber::{BerError, Value, tag};
use crate::pki::extensions::{self, Extensions};
pub use crate::pki::extensions::{KeyUsage, NameConstraints, PolicyRules};
use crate::pki::name::{self, AlternativeNames, DistinguishedName};
use crate::pki::oid::{self, Oid};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A certificate. Cloning is cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    fields: Fields,
    extensions: Extensions,
    subject: Name,
    issuer: Name,
    emails: Vec<String>,
    fingerprint: OnceLock<[u8; 32]>,
}

/// A Name as it is shown and as it is compared.
struct Name {
    attributes: Vec<(Oid, String)>,
    comparable: DistinguishedName,
}

impl Name {
    fn read(raw: &[u8]) -> Result<Self, BerError> {
        let value = Value::only(raw)?;
        Ok(Self {
            comparable: name::comparable(value)?,
            attributes: name::attributes(value)?,
        })
    }
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

impl Certificate {
    /// Reads a certificate in DER.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, BerError> {
        let der = der.into();
        let (fields, extensions) = read(&der)?;
        let subject = Name::read(&der[fields.subject.clone()])?;
        let issuer = Name::read(&der[fields.issuer.clone()])?;
        let in_subject = name::emails(Value::only(&der[fields.subject.clone()])?)?;
        let emails = each_once(extensions.alternative_names.mailboxes.iter().cloned().chain(in_subject))?;
        PublicKey::read(Value::only(&der[fields.spki.clone()])?)?;
        Ok(Self(Arc::new(Inner {
            der,
            fields,
            extensions,
            subject,
            issuer,
            emails,
            fingerprint: OnceLock::new(),
        })))
    }

    /// The bytes as received.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.0.der[range.clone()]
    }

    /// Addresses: rfc822Name, SmtpUTF8Mailbox, then emailAddress of the subject (RFC 8550 §3). What is no address, or could
    /// be read as another one, is left out.
    pub fn emails(&self) -> Vec<&str> {
        self.0.emails.iter().map(String::as_str).collect()
    }

    /// True when one of its addresses is this one, in any case.
    pub fn has_email(&self, address: &str) -> bool {
        self.0.emails.iter().any(|e| same_mailbox(e, address))
    }

    /// The name to show: first name and name where they are given, else the common name, else an address.
    pub fn holder(&self) -> String {
        let attributes = &self.0.subject.attributes;
        let of = |kind| name::first(attributes, kind);
        match (of(oid::GIVEN_NAME), of(oid::SURNAME), of(oid::COMMON_NAME)) {
            (Some(given), Some(surname), _) => format!("{given} {surname}"),
            (_, Some(surname), None) => surname.to_owned(),
            (_, _, Some(common)) => common.to_owned(),
            _ => self.emails().first().map_or_else(|| "?".to_owned(), |e| (*e).to_owned()),
        }
    }

    /// The profession, where the certificate names one (`title`).
    pub fn profession(&self) -> Option<&str> {
        name::first(&self.0.subject.attributes, oid::TITLE)
    }

    /// The RPPS number that a CPS card carries as its common name: `8` and eleven digits, or the digits alone.
    pub fn rpps(&self) -> Option<&str> {
        let common = name::first(&self.0.subject.attributes, oid::COMMON_NAME)?;
        let digits = common.bytes().all(|b| b.is_ascii_digit());
        match (digits, common.len()) {
            (true, 12) => common.strip_prefix('8'),
            (true, 11) => Some(common),
            _ => None,
        }
    }

    /// The attributes of the subject in order.
    pub fn subject_attributes(&self) -> &[(Oid, String)] {
        &self.0.subject.attributes
    }

    /// The attributes of the issuer in order.
    pub fn issuer_attributes(&self) -> &[(Oid, String)] {
        &self.0.issuer.attributes
    }

    /// Common name of the issuer, else whatever it is called first.
    pub fn issuer_common_name(&self) -> &str {
        let attributes = &self.0.issuer.attributes;
        name::first(attributes, oid::COMMON_NAME)
            .or(attributes.last().map(|(_, v)| v.as_str()))
            .unwrap_or("?")
    }

    /// Serial number in hexadecimal, without the sign octet.
    pub fn serial_hex(&self) -> String {
        let serial = self.slice(&self.0.fields.serial);
        let shown = if serial.len() > 1 && serial[0] == 0 { &serial[1..] } else { serial };
        let digit = |four: u8| char::from_digit(u32::from(four), 16);
        shown.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(digit).collect()
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

    /// The policies that it follows, if certificatePolicies is there.
    pub fn policies(&self) -> Option<&[Oid]> {
        self.0.extensions.policies.as_deref()
    }

    /// policyMappings: a policy of the issuer, and what it is called here.
    pub fn policy_mappings(&self) -> &[(Oid, Oid)] {
        &self.0.extensions.policy_mappings
    }

    /// policyConstraints and inhibitAnyPolicy.
    pub fn policy_rules(&self) -> PolicyRules {
        self.0.extensions.policy_rules
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

    /// The subject as names are compared (RFC 5280 §7.1).
    pub fn subject_name(&self) -> &DistinguishedName {
        &self.0.subject.comparable
    }

    /// The issuer as names are compared.
    pub fn issuer_name(&self) -> &DistinguishedName {
        &self.0.issuer.comparable
    }

    /// What it is called in subjectAltName.
    pub fn alternative_names(&self) -> &AlternativeNames {
        &self.0.extensions.alternative_names
    }

    /// True when `other` bears the name of the issuer: it may have issued this one.
    pub fn names_as_issuer(&self, other: &Certificate) -> bool {
        self.0.issuer.comparable == other.0.subject.comparable
    }

    /// True when an IssuerAndSerialNumber names this certificate, in whatever string types its writer put the issuer.
    pub fn is_named_by(&self, issuer_and_serial: &[u8]) -> bool {
        let read = || {
            let mut inside = Value::only(issuer_and_serial)?.inside();
            let issuer = inside.expect(tag::SEQUENCE)?;
            let is_serial = inside.expect(tag::INTEGER)?.content == self.serial();
            // Mostly octet for octet; else as names are compared.
            let is_issuer = || Ok::<_, BerError>(issuer.raw == self.issuer() || name::comparable(issuer)? == self.0.issuer.comparable);
            Ok::<_, BerError>(is_serial && is_issuer()?)
        };
        read().unwrap_or(false)
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

    /// keyIdentifier of authorityKeyIdentifier.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_identifier.as_deref()
    }

    /// SHA-256 of the whole certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        *self.0.fingerprint.get_or_init(|| {
            let mut out = [0; 32];
            out.copy_from_slice(&Digest::Sha256.of(&[self.der()]));
            out
        })
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
        self.names_as_issuer(self)
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
    let (a, b) = (a.trim(), b.trim());
    if a == b {
        return true;
    }
    match (Address::parse(a), Address::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => fold(a) == fold(b),
    }
}

fn each_once(addresses: impl Iterator<Item = String>) -> Result<Vec<String>, BerError> {
    let mut all: Vec<String> = Vec::new();
    for (number, address) in addresses.enumerate() {
        if number == CERTIFICATE_ADDRESSES_MAX {
            return Err(BerError::TooLarge);
        }
        if !all.iter().any(|a| same_mailbox(a, &address)) {
            all.push(address);
        }
    }
    Ok(all)
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
        .map(|v| extensions::read(v.inside()))
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
