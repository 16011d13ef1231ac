//! What a list says of itself (RFC 5280 §5.1, §5.2).

use super::scope::{self, Point, Scope};
use crate::base::UnixTime;
use crate::base::limits::CERTIFICATE_EXTENSIONS_MAX;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::cert::time;
use crate::pki::name::{self, DistinguishedName};
use crate::pki::oid::{self, Oid};
use std::cmp::Ordering;

/// Everything of a list but its entries and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// issuer, as names are compared.
    pub issuer: DistinguishedName,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate; RFC 5280 §5.1.2.5 asks for it, some leave it out.
    pub next_update: Option<UnixTime>,
    /// cRLNumber (§5.2.3).
    pub number: Option<Number>,
    /// BaseCRLNumber of a deltaCRLIndicator (§5.2.4): this list tells the changes since that one only.
    pub base: Option<Number>,
    /// issuingDistributionPoint (§5.2.5).
    pub scope: Scope,
    /// keyIdentifier of authorityKeyIdentifier (§5.2.1).
    pub authority_key: Option<Vec<u8>>,
    /// freshestCRL (§5.2.6): where the changes are.
    pub freshest: Vec<Point>,
    /// expiredCertsOnCRL (X.509 §9.5.2.8): since when certificates that expired stay on it.
    pub keeps_expired_since: Option<UnixTime>,
    /// A critical extension that is not understood: the list must not be used (§5.2).
    pub unknown_critical: bool,
}

/// An INTEGER that is not negative, of any length, without leading zeros.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Number(Vec<u8>);

impl Number {
    /// From the content octets of an INTEGER.
    pub fn read(content: &[u8]) -> Result<Self, BerError> {
        match content {
            [] => Err(BerError::Malformed),
            [first, ..] if first & 0x80 != 0 => Err(BerError::Malformed),
            // §5.2.3 allows 20.
            _ if content.len() > 64 => Err(BerError::TooLarge),
            _ => Ok(Self(content.iter().copied().skip_while(|b| *b == 0).collect())),
        }
    }

    /// As octets, the highest first.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// After version and signature of a TBSCertList; also its revokedCertificates.
pub(super) fn read<'a>(inner: &mut Reader<'a>) -> Result<(Head, Option<Value<'a>>), BerError> {
    let issuer = name::comparable(inner.expect(tag::SEQUENCE)?)?;
    let this_update = time(inner.value()?)?;
    let next_update = match inner.peek() {
        Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(time(inner.value()?)?),
        _ => None,
    };
    let entries = inner.optional(tag::SEQUENCE)?;
    let mut head = Head {
        issuer,
        this_update,
        next_update,
        number: None,
        base: None,
        scope: Scope::default(),
        authority_key: None,
        freshest: Vec::new(),
        keeps_expired_since: None,
        unknown_critical: false,
    };
    if let Some(extensions) = inner.optional(tag::context(0))? {
        each(extensions.inside(), |id, critical, value| {
            let known = extension(&mut head, id, value)?;
            head.unknown_critical |= critical && !known;
            Ok(())
        })?;
    }
    inner.end()?;
    Ok((head, entries))
}

/// False: not understood.
fn extension(head: &mut Head, id: Oid, value: &[u8]) -> Result<bool, BerError> {
    match id {
        oid::CRL_NUMBER => head.number = Some(integer(value)?),
        oid::DELTA_CRL_INDICATOR => head.base = Some(integer(value)?),
        oid::ISSUING_DISTRIBUTION_POINT => head.scope = scope::read(Value::only(value)?, &head.issuer)?,
        oid::AUTHORITY_KEY_IDENTIFIER => {
            let key = Value::only(value)?.inside().optional(tag::context_primitive(0))?;
            head.authority_key = key.map(|v| v.content.to_vec());
        }
        oid::FRESHEST_CRL => head.freshest = scope::points(Value::only(value)?, &head.issuer)?,
        oid::EXPIRED_CERTS_ON_CRL => head.keeps_expired_since = Some(time(Value::only(value)?)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn integer(value: &[u8]) -> Result<Number, BerError> {
    Number::read(Reader::new(value).expect(tag::INTEGER)?.content)
}

/// Walks the Extensions inside `outer` (RFC 5280 §4.2): identifier, critical, value; none stands twice.
pub(crate) fn each<'a>(mut outer: Reader<'a>, mut see: impl FnMut(Oid, bool, &'a [u8]) -> Result<(), BerError>) -> Result<(), BerError> {
    let mut seen = Vec::new();
    let mut list = outer.sequence()?;
    outer.end()?;
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
        see(id, critical, value)?;
    }
    Ok(())
}
