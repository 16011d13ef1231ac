//! Where a certificate says that its status is published (RFC 5280 §4.2.1.13, §4.2.1.15, §4.2.2.1).

use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::cert::Certificate;
use crate::pki::crl::each;
use crate::pki::crl::scope::{self, Point};
use crate::pki::oid::{self, Oid};

/// The places, in the order of the certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// cRLDistributionPoints.
    pub lists: Vec<Point>,
    /// freshestCRL.
    pub deltas: Vec<Point>,
    /// OCSP servers of authorityInfoAccess.
    pub ocsp: Vec<String>,
    /// One of these extensions cannot be read: there is a place, and nobody knows which.
    pub unreadable: bool,
}

impl Sources {
    /// Where lists may be fetched.
    pub fn locations(&self) -> impl Iterator<Item = &str> {
        let points = self.lists.iter().chain(&self.deltas);
        points
            .filter_map(|p| p.names.as_ref())
            .flat_map(|n| n.locations.iter().map(String::as_str))
    }
}

/// Those of `certificate`.
pub fn sources(certificate: &Certificate) -> Sources {
    let mut found = Sources::default();
    for (id, value) in extensions(certificate).unwrap_or_default() {
        let read = match id {
            oid::CRL_DISTRIBUTION_POINTS => points(certificate, value).map(|p| found.lists = p),
            oid::FRESHEST_CRL => points(certificate, value).map(|p| found.deltas = p),
            oid::AUTHORITY_INFO_ACCESS => ocsp(value).map(|urls| found.ocsp = urls),
            _ => Ok(()),
        };
        found.unreadable |= read.is_err();
    }
    found
}

/// Whether the certificate has an extension, whatever it says.
pub(super) fn has(certificate: &Certificate, wanted: Oid) -> bool {
    extensions(certificate).unwrap_or_default().iter().any(|(id, _)| *id == wanted)
}

fn points(certificate: &Certificate, value: &[u8]) -> Result<Vec<Point>, BerError> {
    let issuer = crate::pki::name::comparable(Value::only(certificate.issuer())?)?;
    scope::points(Value::only(value)?, &issuer)
}

fn ocsp(value: &[u8]) -> Result<Vec<String>, BerError> {
    const LOCATION: u8 = tag::context_primitive(6);
    let mut found = Vec::new();
    let mut list = Value::only(value)?.inside();
    while let Some(access) = list.next_value()? {
        let mut inside = access.inside();
        let method = inside.oid()?;
        let place = inside.value()?;
        match std::str::from_utf8(place.content) {
            Ok(url) if method == oid::OCSP && place.tag == LOCATION && url.is_ascii() => found.push(url.to_owned()),
            _ => {}
        }
    }
    found.truncate(crate::base::limits::LIST_POINTS_MAX);
    Ok(found)
}

/// The extensions of a certificate that was read before: identifier and value.
fn extensions(certificate: &Certificate) -> Result<Vec<(Oid, &[u8])>, BerError> {
    let mut found = Vec::new();
    let mut inside = Value::only(certificate.tbs())?.inside();
    while let Some(field) = inside.next_value()? {
        if field.tag == tag::context(3) {
            each(Reader::new(field.content), |id, _, value| {
                found.push((id, value));
                Ok(())
            })?;
        }
    }
    Ok(found)
}
