//! OCSPResponse as it came (RFC 6960 §4.2.1): read, not believed.

use super::responder::AnswerError;
use crate::base::UnixTime;
use crate::base::limits::{LIST_SIGNERS_MAX, OCSP_ANSWERS_MAX, OCSP_RESPONSE_MAX};
use crate::pki::algorithm::AlgorithmId;
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::cert::{Certificate, time};
use crate::pki::crl::{Entry, Reason, each};
use crate::pki::name::{self, DistinguishedName};
use crate::pki::oid;

/// BasicOCSPResponse.
pub(super) struct Basic<'a> {
    pub(super) signed: &'a [u8],
    pub(super) algorithm: AlgorithmId<'a>,
    pub(super) signature: &'a [u8],
    pub(super) responder: Responder<'a>,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) singles: Vec<Single<'a>>,
    pub(super) certificates: Vec<Certificate>,
}

/// ResponderID.
pub(super) enum Responder<'a> {
    Name(DistinguishedName),
    /// SHA-1 of its public key.
    Key(&'a [u8]),
}

/// SingleResponse.
pub(super) struct Single<'a> {
    pub(super) id: Value<'a>,
    pub(super) status: CertStatus,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
}

/// CertStatus.
#[derive(Clone, Copy)]
pub(super) enum CertStatus {
    Good,
    Revoked(Entry),
    Unknown,
}

/// The basic response inside; a server that refuses says so by a number.
pub(super) fn read(bytes: &[u8]) -> Result<Basic<'_>, AnswerError> {
    const ENUMERATED: u8 = 0x0a;
    if bytes.len() > OCSP_RESPONSE_MAX {
        return Err(AnswerError::Unreadable);
    }
    let mut outer = Reader::new(bytes).sequence()?;
    match outer.expect(ENUMERATED)?.content {
        [0] => {}
        [refused] => return Err(AnswerError::Refused(*refused)),
        _ => return Err(AnswerError::Unreadable),
    }
    let mut response = outer.expect(tag::context(0))?.inside().sequence()?;
    outer.end()?;
    if response.oid()? != oid::OCSP_BASIC {
        return Err(AnswerError::Unreadable);
    }
    Ok(basic(Value::only(response.expect(tag::OCTET_STRING)?.content)?)?)
}

fn basic(value: Value<'_>) -> Result<Basic<'_>, BerError> {
    let mut inside = value.inside();
    let data = inside.expect(tag::SEQUENCE)?;
    let algorithm = AlgorithmId::read(&mut inside)?;
    let signature = inside.expect(tag::BIT_STRING)?.bits()?;
    let certificates = inside.optional(tag::context(0))?.map(certificates).transpose()?;
    inside.end()?;

    let mut data_inside = data.inside();
    data_inside.optional(tag::context(0))?;
    let responder = responder(data_inside.value()?)?;
    time(data_inside.value()?)?;
    let singles = singles(data_inside.sequence()?)?;
    let extensions = data_inside.optional(tag::context(1))?;
    data_inside.end()?;
    Ok(Basic {
        signed: data.raw,
        algorithm,
        signature,
        responder,
        nonce: extensions.map(nonce).transpose()?.flatten(),
        singles,
        certificates: certificates.unwrap_or_default(),
    })
}

fn responder(value: Value<'_>) -> Result<Responder<'_>, BerError> {
    match value.tag {
        t if t == tag::context(1) => Ok(Responder::Name(name::comparable(Value::only(value.content)?)?)),
        t if t == tag::context(2) => Ok(Responder::Key(value.inside().expect(tag::OCTET_STRING)?.content)),
        _ => Err(BerError::Unexpected),
    }
}

fn certificates(explicit: Value<'_>) -> Result<Vec<Certificate>, BerError> {
    let mut found = Vec::new();
    let mut list = explicit.inside().sequence()?;
    while let Some(one) = list.next_value()? {
        if found.len() < LIST_SIGNERS_MAX {
            found.extend(Certificate::from_der(one.raw));
        }
    }
    Ok(found)
}

fn singles(mut list: Reader<'_>) -> Result<Vec<Single<'_>>, BerError> {
    let mut found = Vec::new();
    while let Some(one) = list.next_value()? {
        if found.len() == OCSP_ANSWERS_MAX {
            return Err(BerError::TooLarge);
        }
        found.push(single(one.inside())?);
    }
    Ok(found)
}

fn single(mut inside: Reader<'_>) -> Result<Single<'_>, BerError> {
    let id = inside.expect(tag::SEQUENCE)?;
    let status = cert_status(inside.value()?)?;
    let this_update = time(inside.value()?)?;
    let next_update = match inside.optional(tag::context(0))? {
        Some(explicit) => Some(time(explicit.inside().value()?)?),
        None => None,
    };
    if let Some(extensions) = inside.optional(tag::context(1))? {
        none_critical(extensions)?;
    }
    inside.end()?;
    Ok(Single {
        id,
        status,
        this_update,
        next_update,
    })
}

fn cert_status(value: Value<'_>) -> Result<CertStatus, BerError> {
    match value.tag {
        t if t == tag::context_primitive(0) => Ok(CertStatus::Good),
        t if t == tag::context(1) => revoked(value.inside()),
        t if t == tag::context_primitive(2) => Ok(CertStatus::Unknown),
        _ => Err(BerError::Unexpected),
    }
}

fn revoked(mut inside: Reader<'_>) -> Result<CertStatus, BerError> {
    let since = time(inside.value()?)?;
    let reason = match inside.optional(tag::context(0))?.map(|v| v.inside().value()).transpose()? {
        Some(Value { content: [number], .. }) => Reason::of(*number),
        Some(_) => return Err(BerError::Malformed),
        None => Reason::Unspecified,
    };
    Ok(CertStatus::Revoked(Entry { since, reason }))
}

fn nonce(extensions: Value<'_>) -> Result<Option<Vec<u8>>, BerError> {
    let mut found = None;
    each(extensions.inside(), |id, critical, value| match id {
        oid::OCSP_NONCE => {
            found = Some(Value::only(value)?.octets()?.into_owned());
            Ok(())
        }
        _ if critical => Err(BerError::Unexpected),
        _ => Ok(()),
    })?;
    Ok(found)
}

fn none_critical(extensions: Value<'_>) -> Result<(), BerError> {
    each(extensions.inside(), |_, critical, _| match critical {
        true => Err(BerError::Unexpected),
        false => Ok(()),
    })
}
