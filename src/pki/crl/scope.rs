//! Of which certificates and reasons a list speaks, and where a certificate says that its lists are (RFC 5280 §5.2.5, §4.2.1.13).

use crate::base::limits::LIST_POINTS_MAX;
use crate::pki::ber::{BerError, Value, tag};
use crate::pki::name::{self, DistinguishedName};
use crate::pki::{cert::Certificate, der};

/// issuingDistributionPoint (§5.2.5); all left out: everything of its issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// distributionPoint.
    pub names: Option<PointNames>,
    /// onlyContainsUserCerts, onlyContainsCACerts, onlyContainsAttributeCerts.
    pub only: Only,
    /// onlySomeReasons.
    pub reasons: Reasons,
    /// indirectCRL: certificates of other issuers too.
    pub indirect: bool,
}

/// Which kind of certificates a list is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    /// All.
    #[default]
    All,
    /// Those of persons and machines.
    Users,
    /// Those of authorities.
    Authorities,
    /// Attribute certificates: none of ours; also what contradicts itself.
    Others,
}

impl Only {
    /// Whether `certificate` is of the kind.
    pub fn includes(self, certificate: &Certificate) -> bool {
        match self {
            Self::All => true,
            Self::Users => !certificate.is_ca(),
            Self::Authorities => certificate.is_ca(),
            Self::Others => false,
        }
    }
}

/// ReasonFlags (§4.2.1.13): the first bit is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reasons(u16);

impl Reasons {
    /// Every reason.
    pub const ALL: Self = Self(0x7f80);
    /// None.
    pub const NONE: Self = Self(0);

    /// Those of both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of either.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any is here that is not in `others`.
    pub fn adds_to(self, others: Self) -> bool {
        self.0 & !others.0 != 0
    }

    fn read(value: Value<'_>) -> Result<Self, BerError> {
        match value.content {
            [_, one] => Ok(Self(u16::from(*one) << 8)),
            [_, one, two] => Ok(Self(u16::from_be_bytes([*one, *two]))),
            _ => Err(BerError::Malformed),
        }
        .map(|read| read.and(Self::ALL))
    }
}

impl Default for Reasons {
    fn default() -> Self {
        Self::ALL
    }
}

/// A DistributionPoint of a certificate (§4.2.1.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// distributionPoint.
    pub names: Option<PointNames>,
    /// reasons.
    pub reasons: Reasons,
    /// cRLIssuer.
    pub issuers: Vec<DistinguishedName>,
}

/// DistributionPointName, each name made comparable: a directory name, or a GeneralName as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointNames {
    /// directoryName, or a nameRelativeToCRLIssuer behind the issuer.
    pub directories: Vec<DistinguishedName>,
    /// uniformResourceIdentifier.
    pub locations: Vec<String>,
    /// Other forms, as they came.
    pub others: Vec<Vec<u8>>,
}

impl PointNames {
    /// True when one name stands in both.
    pub fn share_one_with(&self, other: &Self) -> bool {
        self.directories.iter().any(|d| other.directories.contains(d))
            || self.locations.iter().any(|l| other.locations.contains(l))
            || self.others.iter().any(|o| other.others.contains(o))
    }
}

/// `issuer`: whose list it is, to which a relative name belongs.
pub(super) fn read(value: Value<'_>, issuer: &DistinguishedName) -> Result<Scope, BerError> {
    let mut inside = value.inside();
    let names = inside.optional(tag::context(0))?.map(|v| point_names(v, issuer)).transpose()?;
    let mut flag = |n: u8| -> Result<bool, BerError> {
        let found = inside.optional(tag::context_primitive(n))?;
        Ok(found.is_some_and(|v| v.content != [0]))
    };
    let (users, authorities) = (flag(1)?, flag(2)?);
    let reasons = inside.optional(tag::context_primitive(3))?.map(Reasons::read).transpose()?;
    let mut flag = |n: u8| -> Result<bool, BerError> {
        let found = inside.optional(tag::context_primitive(n))?;
        Ok(found.is_some_and(|v| v.content != [0]))
    };
    let (indirect, attributes) = (flag(4)?, flag(5)?);
    inside.end()?;
    let only = match (users, authorities, attributes) {
        (false, false, false) => Only::All,
        (true, false, false) => Only::Users,
        (false, true, false) => Only::Authorities,
        _ => Only::Others,
    };
    Ok(Scope {
        names,
        only,
        reasons: reasons.unwrap_or_default(),
        indirect,
    })
}

/// CRLDistributionPoints; `issuer`: the issuer of the certificate, or of the list.
pub fn points(value: Value<'_>, issuer: &DistinguishedName) -> Result<Vec<Point>, BerError> {
    let mut found = Vec::new();
    let mut list = value.inside();
    while let Some(one) = list.next_value()? {
        if found.len() == LIST_POINTS_MAX {
            return Err(BerError::TooLarge);
        }
        found.push(point(one, issuer)?);
    }
    Ok(found)
}

fn point(value: Value<'_>, issuer: &DistinguishedName) -> Result<Point, BerError> {
    let mut inside = value.inside();
    let names = inside.optional(tag::context(0))?;
    let reasons = inside.optional(tag::context_primitive(1))?.map(Reasons::read).transpose()?;
    let issuers = inside.optional(tag::context(2))?.map(directories).transpose()?.unwrap_or_default();
    inside.end()?;
    let relative_to = issuers.first().unwrap_or(issuer);
    Ok(Point {
        names: names.map(|v| point_names(v, relative_to)).transpose()?,
        reasons: reasons.unwrap_or_default(),
        issuers,
    })
}

fn directories(names: Value<'_>) -> Result<Vec<DistinguishedName>, BerError> {
    Ok(general_names(names)?.directories)
}

/// DistributionPointName inside its explicit tag: fullName `[0]` or nameRelativeToCRLIssuer `[1]`.
fn point_names(explicit: Value<'_>, issuer: &DistinguishedName) -> Result<PointNames, BerError> {
    let choice = Value::only(explicit.content)?;
    if choice.tag == tag::context(0) {
        return general_names(choice);
    }
    if choice.tag != tag::context(1) {
        return Err(BerError::Unexpected);
    }
    let relative = der::sequence(&[&der::tlv(tag::SET, &[choice.content])]);
    let mut whole = issuer.clone();
    whole.extend(name::comparable(Value::only(&relative)?)?);
    Ok(PointNames {
        directories: vec![whole],
        ..PointNames::default()
    })
}

fn general_names(names: Value<'_>) -> Result<PointNames, BerError> {
    const LOCATION: u8 = tag::context_primitive(6);
    let mut found = PointNames::default();
    let mut inside = names.inside();
    let mut count = 0;
    while let Some(one) = inside.next_value()? {
        count += 1;
        if count > LIST_POINTS_MAX {
            return Err(BerError::TooLarge);
        }
        match one.tag {
            LOCATION => match std::str::from_utf8(one.content) {
                Ok(text) if text.is_ascii() => found.locations.push(text.to_owned()),
                _ => found.others.push(one.raw.to_vec()),
            },
            t if t == tag::context(name::DIRECTORY) => found.directories.push(name::comparable(Value::only(one.content)?)?),
            _ => found.others.push(one.raw.to_vec()),
        }
    }
    Ok(found)
}
