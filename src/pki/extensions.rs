//! The extensions of a certificate that a path or a choice depends on (RFC 5280 §4.2).

use crate::base::Address;
use crate::base::limits::{CERTIFICATE_EXTENSIONS_MAX, CERTIFICATE_NAMES_MAX, CERTIFICATE_POLICIES_MAX};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::name::{self, AlternativeNames, DistinguishedName, Form};
use crate::pki::oid::{self, Oid};

/// What the extensions say (RFC 5280 §4.2).
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<Vec<Oid>>,
    pub(super) is_ca: bool,
    pub(super) path_length: Option<u32>,
    pub(super) alternative_names: AlternativeNames,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<Vec<u8>>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) policies: Option<Vec<Oid>>,
    pub(super) policy_mappings: Vec<(Oid, Oid)>,
    pub(super) policy_rules: PolicyRules,
    pub(super) unknown_critical: Vec<Oid>,
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
    /// cRLSign.
    pub const CRL_SIGN: Self = Self(1 << 9);

    /// True when one of `others` is set.
    pub fn has_one_of(self, others: &[Self]) -> bool {
        others.iter().any(|o| self.0 & o.0 != 0)
    }
}

/// nameConstraints (RFC 5280 §4.2.1.10).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// permittedSubtrees.
    pub permitted: Subtrees,
    /// excludedSubtrees.
    pub excluded: Subtrees,
}

/// Subtrees by the form of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subtrees {
    /// rfc822Name: a mailbox, a host, or with a leading dot all below a domain; domains in lower case.
    pub mail: Vec<String>,
    /// directoryName.
    pub directories: Vec<DistinguishedName>,
    /// dNSName.
    pub hosts: Vec<String>,
    /// uniformResourceIdentifier: a host, or with a leading dot all below a domain.
    pub uris: Vec<String>,
    /// iPAddress: address and mask.
    pub addresses: Vec<Vec<u8>>,
    /// Forms that are not computed here, and those of subtrees that cannot be read: a name of such a form below makes the path
    /// refused.
    pub others: Vec<Form>,
}

/// policyConstraints and inhibitAnyPolicy (RFC 5280 §4.2.1.11, §4.2.1.14): after how many more certificates each rule holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyRules {
    /// requireExplicitPolicy.
    pub require_explicit: Option<u32>,
    /// inhibitPolicyMapping.
    pub inhibit_mapping: Option<u32>,
    /// inhibitAnyPolicy.
    pub inhibit_any: Option<u32>,
}

pub(super) fn read(mut outer: Reader<'_>) -> Result<Extensions, BerError> {
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
        if seen.len() == CERTIFICATE_EXTENSIONS_MAX {
            return Err(BerError::TooLarge);
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
        oid::SUBJECT_ALT_NAME => found.alternative_names = name::alternative(Value::only(value)?.inside())?,
        oid::NAME_CONSTRAINTS => match name_constraints(Value::only(value)?)? {
            Some(constraints) => found.name_constraints = Some(constraints),
            // What an authority is bound by and cannot be computed counts as critical, whatever it says.
            None => found.unknown_critical.push(id),
        },
        oid::CERTIFICATE_POLICIES => found.policies = Some(policies(Value::only(value)?)?),
        oid::POLICY_MAPPINGS => found.policy_mappings = policy_mappings(Value::only(value)?)?,
        oid::POLICY_CONSTRAINTS => {
            let mut inside = Value::only(value)?.inside();
            found.policy_rules.require_explicit = inside.optional(tag::context_primitive(0))?.map(|v| v.small()).transpose()?;
            found.policy_rules.inhibit_mapping = inside.optional(tag::context_primitive(1))?.map(|v| v.small()).transpose()?;
            inside.end()?;
        }
        oid::INHIBIT_ANY_POLICY => found.policy_rules.inhibit_any = Some(Value::only(value)?.small()?),
        // Hints of which certificate is meant: never critical (RFC 5280 §4.2.1.1, §4.2.1.2).
        oid::SUBJECT_KEY_IDENTIFIER => {
            found.subject_key_identifier = Some(Value::only(value)?.content.to_vec());
            return Ok(false);
        }
        oid::AUTHORITY_KEY_IDENTIFIER => {
            let named = Value::only(value).and_then(|v| v.inside().optional(tag::context_primitive(0)));
            found.authority_key_identifier = named.ok().flatten().map(|v| v.content.to_vec());
            return Ok(false);
        }
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

/// SEQUENCE SIZE (1..MAX) OF KeyPurposeId.
fn key_purposes(value: Value<'_>) -> Result<Vec<Oid>, BerError> {
    let mut out = Vec::new();
    let mut inside = value.inside();
    while let Some(purpose) = inside.next_value()? {
        out.push(purpose.oid()?);
    }
    if out.is_empty() { Err(BerError::Malformed) } else { Ok(out) }
}

/// policyIdentifier of each PolicyInformation (RFC 5280 §4.2.1.4); qualifiers bind nobody.
fn policies(value: Value<'_>) -> Result<Vec<Oid>, BerError> {
    let mut out = Vec::new();
    let mut list = value.inside();
    while let Some(information) = list.next_value()? {
        if out.len() == CERTIFICATE_POLICIES_MAX {
            return Err(BerError::TooLarge);
        }
        out.push(information.inside().oid()?);
    }
    Ok(out)
}

/// issuerDomainPolicy and subjectDomainPolicy of each (RFC 5280 §4.2.1.5).
fn policy_mappings(value: Value<'_>) -> Result<Vec<(Oid, Oid)>, BerError> {
    let mut out = Vec::new();
    let mut list = value.inside();
    while let Some(mapping) = list.next_value()? {
        if out.len() == CERTIFICATE_POLICIES_MAX {
            return Err(BerError::TooLarge);
        }
        let mut inside = mapping.inside();
        out.push((inside.oid()?, inside.oid()?));
        inside.end()?;
    }
    Ok(out)
}

/// `None`: nothing at all, which no authority may write, or a minimum or maximum, which no profile uses (RFC 5280 §4.2.1.10).
fn name_constraints(value: Value<'_>) -> Result<Option<NameConstraints>, BerError> {
    let mut inside = value.inside();
    let permitted = inside.optional(tag::context(0))?;
    let excluded = inside.optional(tag::context(1))?;
    inside.end()?;
    if permitted.is_none() && excluded.is_none() {
        return Ok(None);
    }
    let permitted = permitted.map_or(Ok(Some(Subtrees::default())), subtrees)?;
    let excluded = excluded.map_or(Ok(Some(Subtrees::default())), subtrees)?;
    Ok(permitted
        .zip(excluded)
        .map(|(permitted, excluded)| NameConstraints { permitted, excluded }))
}

fn subtrees(value: Value<'_>) -> Result<Option<Subtrees>, BerError> {
    let mut found = Subtrees::default();
    let mut list = value.inside();
    if list.peek().is_none() {
        return Ok(None);
    }
    let mut count = 0;
    while let Some(subtree) = list.next_value()? {
        count += 1;
        if count > CERTIFICATE_NAMES_MAX {
            return Err(BerError::TooLarge);
        }
        let mut inside = subtree.inside();
        let base = inside.value()?;
        if inside.end().is_err() {
            return Ok(None);
        }
        found.take(base)?;
    }
    Ok(Some(found))
}

impl Subtrees {
    fn take(&mut self, base: Value<'_>) -> Result<(), BerError> {
        let form = Form::read(base);
        let text = || std::str::from_utf8(base.content).ok().filter(|t| t.is_ascii());
        let read = match form.tag {
            name::MAILBOX => text().and_then(mail_subtree).map(|s| self.mail.push(s)),
            name::DIRECTORY => {
                self.directories.push(name::comparable(Value::only(base.content)?)?);
                Some(())
            }
            name::HOST => text().and_then(host_or_all).map(|s| self.hosts.push(s)),
            name::URI => text().and_then(below_or_host).map(|s| self.uris.push(s)),
            name::ADDRESS => is_network(base.content).then(|| self.addresses.push(base.content.to_vec())),
            _ => None,
        };
        if read.is_none() && !self.others.contains(&form) {
            self.others.push(form);
        }
        Ok(())
    }
}

fn mail_subtree(text: &str) -> Option<String> {
    match text {
        mailbox if mailbox.contains('@') => Address::parse(mailbox).ok().map(|a| a.as_str().to_owned()),
        "" => Some(String::new()),
        domain => below_or_host(domain),
    }
}

fn host_or_all(text: &str) -> Option<String> {
    if text.is_empty() { Some(String::new()) } else { name::host(text) }
}

fn below_or_host(text: &str) -> Option<String> {
    match text.strip_prefix('.') {
        Some(domain) => name::host(domain).map(|domain| format!(".{domain}")),
        None => name::host(text),
    }
}

/// An address and a mask of as many octets, ones before zeros.
fn is_network(content: &[u8]) -> bool {
    let mask = &content[content.len() / 2..];
    let ones = mask.iter().take_while(|b| **b == 0xff).count();
    let rest = mask.get(ones..).unwrap_or_default();
    let [first, after @ ..] = rest else {
        return matches!(content.len(), 8 | 32);
    };
    matches!(content.len(), 8 | 32) && first.leading_ones() + first.trailing_zeros().min(8) >= 8 && after.iter().all(|b| *b == 0)
}
