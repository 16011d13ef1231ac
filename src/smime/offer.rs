//! What a signer says of how he would be written to: the certificate that he prefers, what his program reads. Signed attributes;
//! of what came beside the signature nothing counts by itself.

use crate::base::Address;
use crate::base::limits::CAPABILITIES_MAX;
use crate::pki::Certificate;
use crate::pki::ber::{BerError, Value, tag};
use crate::pki::cert::KeyUsage;
use crate::pki::oid::Oid;
use crate::pki::select::can_be_encrypted_to;
use crate::smime::port::RecipientId;

/// The offer of a signer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    /// SMIMEEncryptionKeyPreference (RFC 8551 §2.5.3).
    pub preference: Option<RecipientId>,
    /// SMIMECapabilities (RFC 8551 §2.5.2), the favourite first; their parameters are not kept.
    pub capabilities: Vec<Oid>,
}

impl Offer {
    /// Reads both; what cannot be read was not said.
    pub fn read(preference: Option<Value<'_>>, capabilities: Option<Value<'_>>) -> Self {
        Self {
            preference: preference.and_then(|value| preferred(value).ok()),
            capabilities: capabilities.and_then(|value| known(value).ok()).unwrap_or_default(),
        }
    }

    /// The certificate to encrypt answers for `address` to, among those that came along (RFC 8551 §2.7): the one that is
    /// preferred; else the signer's own, if it does both; else the only one of the same holder and issuer. Whether it may be
    /// used is another question.
    pub fn encryption_certificate<'a>(
        &self,
        signer: &'a Certificate,
        came: &'a [Certificate],
        address: &Address,
    ) -> Option<&'a Certificate> {
        let mut all: Vec<&Certificate> = vec![signer];
        all.extend(came.iter().filter(|c| *c != signer));
        all.retain(|c| c.has_email(address.as_str()));
        if let Some(preference) = &self.preference {
            let mut named = all.into_iter().filter(|c| preference.names(c));
            return named.next();
        }
        all.retain(|c| is_for_encryption(c) && c.issuer() == signer.issuer());
        match all[..] {
            [first, ..] if first == signer => Some(first),
            [only] => Some(only),
            _ => None,
        }
    }
}

fn is_for_encryption(certificate: &Certificate) -> bool {
    let usages = [KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
    can_be_encrypted_to(certificate) && certificate.key_usage().is_none_or(|usage| usage.has_one_of(&usages))
}

/// `[0]` IssuerAndSerialNumber, `[1]` RecipientKeyIdentifier, `[2]` SubjectKeyIdentifier, all implicit.
fn preferred(value: Value<'_>) -> Result<RecipientId, BerError> {
    match value.tag {
        t if t == tag::context(0) => {
            let mut der = value.to_der()?;
            der[0] = tag::SEQUENCE;
            Ok(RecipientId::IssuerAndSerial(der))
        }
        t if t == tag::context(1) => {
            let id = value.inside().expect(tag::OCTET_STRING)?.content;
            Ok(RecipientId::SubjectKeyIdentifier(id.to_vec()))
        }
        t if t == tag::context_primitive(2) => Ok(RecipientId::SubjectKeyIdentifier(value.content.to_vec())),
        _ => Err(BerError::Unexpected),
    }
}

fn known(value: Value<'_>) -> Result<Vec<Oid>, BerError> {
    let mut list = value.inside();
    let mut found = Vec::new();
    while let Some(capability) = list.next_value()?.filter(|_| found.len() < CAPABILITIES_MAX) {
        found.push(capability.inside().oid()?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{der, oid};

    #[test]
    fn each_form_of_a_preference_is_read_and_rubbish_says_nothing() {
        let id = RecipientId::SubjectKeyIdentifier(vec![1, 2]);
        for (bytes, expected) in [
            (der::tlv(tag::context_primitive(2), &[&[1, 2]]), Some(id.clone())),
            (der::tlv(tag::context(1), &[&der::octets(&[1, 2])]), Some(id)),
            (
                der::tlv(tag::context(0), &[&der::sequence(&[]), &der::small(7)]),
                Some(RecipientId::IssuerAndSerial(der::sequence(&[&der::sequence(&[]), &der::small(7)]))),
            ),
            (der::tlv(tag::context(1), &[&der::small(7)]), None),
            (der::small(7), None),
        ] {
            assert_eq!(Offer::read(Value::only(&bytes).ok(), None).preference, expected);
        }
    }

    #[test]
    fn capabilities_are_read_in_their_order() {
        let capability = |id| der::sequence(&[&der::oid(id), &der::small(1)]);
        let list = der::sequence(&[&capability(oid::AES256_GCM), &capability(oid::AES128_CBC)]);
        let offer = Offer::read(None, Value::only(&list).ok());
        assert_eq!(offer.capabilities, [oid::AES256_GCM, oid::AES128_CBC]);
        let broken = der::sequence(&[&capability(oid::AES256_GCM), &der::small(1)]);
        assert!(Offer::read(None, Value::only(&broken).ok()).capabilities.is_empty());
    }
}
