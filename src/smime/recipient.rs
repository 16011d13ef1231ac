//! RecipientInfos (RFC 5652 §6.2): content keys as they came, one per recipient that can be read.

use crate::base::limits::{CMS_PART_MAX, CMS_RECIPIENTS_MAX};
use crate::pki::algorithm::{self, AlgorithmId, Curve, Digest};
use crate::pki::ber::{BerError, Reader, Value, tag};
use crate::pki::oid::{self, Oid};
use crate::smime::agree::{self, KeyWrap};
use crate::smime::port::{AgreementCurve, Derivation, RecipientId, WrappedKey, Wrapping};

/// The wrapped keys of a SET OF RecipientInfo. Kinds and algorithms that are not known are left out, and counted.
#[derive(Clone, Debug, Default)]
pub struct Recipients {
    /// Known ones, in order.
    pub keys: Vec<WrappedKey>,
    /// Whom the others are for.
    pub unsupported: Vec<RecipientId>,
}

/// Reads RecipientInfos; `length` is that of the content key, where the content algorithm fixes it.
pub fn read(infos: Value<'_>, length: Option<usize>) -> Result<Recipients, BerError> {
    if infos.raw.len() > CMS_PART_MAX {
        return Err(BerError::TooLarge);
    }
    let mut found = Recipients::default();
    let mut list = infos.inside();
    while let Some(info) = list.next_value()? {
        if found.keys.len() + found.unsupported.len() >= CMS_RECIPIENTS_MAX {
            break;
        }
        match info.tag {
            tag::SEQUENCE => transport(info, length, &mut found)?,
            AGREEMENT => agreement(info, length, &mut found)?,
            // Passwords and shared keys are not used in mail.
            _ => {}
        }
    }
    Ok(found)
}

const AGREEMENT: u8 = tag::context(1);

/// KeyTransRecipientInfo (RFC 5652 §6.2.1).
fn transport(info: Value<'_>, length: Option<usize>, found: &mut Recipients) -> Result<(), BerError> {
    let mut inside = info.inside();
    inside.expect(tag::INTEGER)?;
    let recipient = identifier(inside.value()?)?;
    let algorithm = AlgorithmId::read(&mut inside)?;
    let octets = inside.value()?.octets()?.into_owned();
    let wrapping = match algorithm.oid {
        oid::RSA => Some(Wrapping::RsaPkcs1),
        oid::OAEP => oaep(&algorithm)?,
        _ => None,
    };
    match wrapping {
        Some(wrapping) => found.keys.push(WrappedKey {
            recipient,
            wrapping,
            octets,
            length,
        }),
        None => found.unsupported.push(recipient),
    }
    Ok(())
}

/// IssuerAndSerialNumber, or `[0]` SubjectKeyIdentifier, or `[0]` RecipientKeyIdentifier.
pub fn identifier(value: Value<'_>) -> Result<RecipientId, BerError> {
    match value.tag {
        tag::SEQUENCE => Ok(RecipientId::IssuerAndSerial(value.to_der()?)),
        t if t == tag::context_primitive(0) => Ok(RecipientId::SubjectKeyIdentifier(value.content.to_vec())),
        t if t == tag::context(0) => {
            let id = value.inside().expect(tag::OCTET_STRING)?.content.to_vec();
            Ok(RecipientId::SubjectKeyIdentifier(id))
        }
        _ => Err(BerError::Unexpected),
    }
}

/// RSAES-OAEP-params (RFC 4055 §4.1).
fn oaep(algorithm: &AlgorithmId<'_>) -> Result<Option<Wrapping>, BerError> {
    let mut reader = algorithm.parameters.map(|p| p.inside()).unwrap_or(Reader::new(&[]));
    let digest = match reader.optional(tag::context(0))? {
        Some(v) => Digest::from_oid(AlgorithmId::read(&mut v.inside())?.oid),
        None => Some(Digest::Sha1),
    };
    let mask = match reader.optional(tag::context(1))? {
        Some(v) => algorithm::mgf1(&AlgorithmId::read(&mut v.inside())?)?,
        None => Some(Digest::Sha1),
    };
    let label = match reader.optional(tag::context(2))? {
        Some(v) => label(&AlgorithmId::read(&mut v.inside())?)?,
        None => Some(Vec::new()),
    };
    Ok(digest
        .zip(mask)
        .zip(label)
        .map(|((digest, mask), label)| Wrapping::RsaOaep { digest, mask, label }))
}

fn label(source: &AlgorithmId<'_>) -> Result<Option<Vec<u8>>, BerError> {
    if source.oid != oid::P_SPECIFIED {
        return Ok(None);
    }
    source
        .parameters
        .map(|p| p.octets().map(|o| o.into_owned()))
        .transpose()
        .map(|l| Some(l.unwrap_or_default()))
}

/// KeyAgreeRecipientInfo (RFC 5652 §6.2.2, RFC 5753).
fn agreement(info: Value<'_>, length: Option<usize>, found: &mut Recipients) -> Result<(), BerError> {
    let mut inside = info.inside();
    inside.expect(tag::INTEGER)?;
    let originator = inside.expect(tag::context(0))?.inside().value()?;
    let ukm = inside
        .optional(tag::context(1))?
        .map(|v| v.inside().value()?.octets())
        .transpose()?;
    let scheme = AlgorithmId::read(&mut inside)?;
    let wrapping = agreed(originator, &scheme, ukm.as_deref())?;
    let mut keys = inside.sequence()?;
    while let Some(key) = keys.next_value()? {
        let mut inside = key.inside();
        let recipient = identifier(inside.value()?)?;
        let octets = inside.value()?.octets()?.into_owned();
        match &wrapping {
            Some(wrapping) => found.keys.push(WrappedKey {
                recipient,
                wrapping: wrapping.clone(),
                octets,
                length,
            }),
            None => found.unsupported.push(recipient),
        }
    }
    Ok(())
}

fn agreed(originator: Value<'_>, scheme: &AlgorithmId<'_>, ukm: Option<&[u8]>) -> Result<Option<Wrapping>, BerError> {
    if originator.tag != tag::context(1) {
        return Ok(None);
    }
    let mut inside = originator.inside();
    let algorithm = AlgorithmId::read(&mut inside)?;
    let public_key = inside.expect(tag::BIT_STRING)?.bits()?;
    let Some(wrap_value) = scheme.parameters else { return Ok(None) };
    let wrap = KeyWrap::from_oid(AlgorithmId::from_value(wrap_value)?.oid);
    let parts = curve(&algorithm, public_key).zip(derivation(scheme.oid)).zip(wrap);
    let Some(((curve, derivation), wrap)) = parts else {
        return Ok(None);
    };
    let shared_info = agree::shared_info(&wrap_value.to_der()?, ukm, wrap.key_len());
    Ok(Some(Wrapping::Agreement {
        curve,
        public_key: public_key.to_vec(),
        derivation,
        wrap,
        shared_info,
    }))
}

/// The curve's name is mostly left out of an originator's key: the length of the point tells.
fn curve(algorithm: &AlgorithmId<'_>, public_key: &[u8]) -> Option<AgreementCurve> {
    match (algorithm.oid, public_key.len()) {
        (oid::EC, 65) => Some(AgreementCurve::Nist(Curve::P256)),
        (oid::EC, 97) => Some(AgreementCurve::Nist(Curve::P384)),
        (oid::EC, 133) => Some(AgreementCurve::Nist(Curve::P521)),
        (oid::X25519, 32) => Some(AgreementCurve::X25519),
        _ => None,
    }
}

fn derivation(scheme: Oid) -> Option<Derivation> {
    match scheme {
        oid::STD_DH_SHA1 | oid::COFACTOR_DH_SHA1 => Some(Derivation::X963(Digest::Sha1)),
        oid::STD_DH_SHA224 | oid::COFACTOR_DH_SHA224 => Some(Derivation::X963(Digest::Sha224)),
        oid::STD_DH_SHA256 | oid::COFACTOR_DH_SHA256 => Some(Derivation::X963(Digest::Sha256)),
        oid::STD_DH_SHA384 | oid::COFACTOR_DH_SHA384 => Some(Derivation::X963(Digest::Sha384)),
        oid::STD_DH_SHA512 | oid::COFACTOR_DH_SHA512 => Some(Derivation::X963(Digest::Sha512)),
        oid::STD_DH_HKDF_SHA256 => Some(Derivation::Hkdf(Digest::Sha256)),
        oid::STD_DH_HKDF_SHA384 => Some(Derivation::Hkdf(Digest::Sha384)),
        oid::STD_DH_HKDF_SHA512 => Some(Derivation::Hkdf(Digest::Sha512)),
        _ => None,
    }
}

impl WrappedKey {
    /// How it is wrapped, as shown: `RSA-OAEP-SHA256`.
    pub fn name(&self) -> String {
        match &self.wrapping {
            Wrapping::RsaPkcs1 => "RSA-PKCS1v1.5".to_owned(),
            Wrapping::RsaOaep { digest, .. } => format!("RSA-OAEP-{}", digest.name().replace('-', "")),
            Wrapping::Agreement { curve, .. } => match curve {
                AgreementCurve::Nist(Curve::P256) => "ECDH-P256".to_owned(),
                AgreementCurve::Nist(Curve::P384) => "ECDH-P384".to_owned(),
                AgreementCurve::Nist(Curve::P521) => "ECDH-P521".to_owned(),
                AgreementCurve::X25519 => "ECDH-X25519".to_owned(),
            },
        }
    }
}
