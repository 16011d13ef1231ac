//! The extensions of a certificate that a path or a choice depends on (RFC 5280 §4.2).

use crate::base::addr::fold;
use crate::base::limits::CERTIFICATE_EXTENSIONS_MAX;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::name::{self, AlternativeNames, DistinguishedName};
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
    pub(super) name_constraints: Option<NameConstraints>,
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
    /// rfc822Name, in lower case.
    pub mail: Vec<String>,
    /// directoryName.
    pub directories: Vec<DistinguishedName>,
    /// Tags of the forms that are not computed here: a name of such a form below makes the path refused.
    pub others: Vec<u8>,
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

/// False: a minimum or maximum, which no profile uses (RFC 5280 §4.2.1.10).
fn name_constraints(found: &mut Extensions, value: Value<'_>) -> Result<bool, BerError> {
    let mut inside = value.inside();
    let permitted = inside.optional(tag::context(0))?.map_or(Ok(Some(Subtrees::default())), subtrees)?;
    let excluded = inside.optional(tag::context(1))?.map_or(Ok(Some(Subtrees::default())), subtrees)?;
    inside.end()?;
    found.name_constraints = permitted
        .zip(excluded)
        .map(|(permitted, excluded)| NameConstraints { permitted, excluded });
    Ok(found.name_constraints.is_some())
}

fn subtrees(value: Value<'_>) -> Result<Option<Subtrees>, BerError> {
    let mut found = Subtrees::default();
    let mut list = value.inside();
    while let Some(subtree) = list.next_value()? {
        let mut inside = subtree.inside();
        let base = inside.value()?;
        if inside.end().is_err() {
            return Ok(None);
        }
        match name::form(base.tag) {
            name::MAILBOX => found.mail.push(fold(&String::from_utf8_lossy(base.content))),
            name::DIRECTORY => found.directories.push(name::comparable(Value::only(base.content)?)?),
            other => found.others.push(other),
        }
    }
    Ok(Some(found))
}
