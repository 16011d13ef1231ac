//! A wrapped key as octets that name it: two that a key may answer in two ways are never the same.

use crate::pki::algorithm::Curve;
use crate::pki::der;
use crate::smime::agree::KeyWrap;
use crate::smime::port::{AgreementCurve, Derivation, RecipientId, WrappedKey, Wrapping};

impl WrappedKey {
    /// All that a key's answer hangs on, no two alike: how it is wrapped, for whom, and how long it must be.
    pub fn to_octets(&self) -> Vec<u8> {
        let (kind, id) = match &self.recipient {
            RecipientId::IssuerAndSerial(id) => (0, id),
            RecipientId::SubjectKeyIdentifier(id) => (1, id),
        };
        let length = u64::try_from(self.length.unwrap_or_default()).unwrap_or(u64::MAX);
        der::sequence(&[
            &der::small(kind),
            &der::octets(id),
            &self.wrapping.to_octets(),
            &der::octets(&self.octets),
            &der::octets(&length.to_be_bytes()),
        ])
    }
}

impl Wrapping {
    fn to_octets(&self) -> Vec<u8> {
        match self {
            Self::RsaPkcs1 => der::sequence(&[&der::small(0)]),
            Self::RsaOaep { digest, mask, label } => der::sequence(&[
                &der::small(1),
                &der::octets(digest.name().as_bytes()),
                &der::octets(mask.name().as_bytes()),
                &der::octets(label),
            ]),
            Self::Agreement {
                curve,
                public_key,
                derivation,
                wrap,
                shared_info,
            } => {
                let curve = match curve {
                    AgreementCurve::Nist(Curve::P256) => 0,
                    AgreementCurve::Nist(Curve::P384) => 1,
                    AgreementCurve::Nist(Curve::P521) => 2,
                    AgreementCurve::X25519 => 3,
                };
                let (way, digest) = match derivation {
                    Derivation::X963(digest) => (0, digest),
                    Derivation::Hkdf(digest) => (1, digest),
                };
                let wrap = match wrap {
                    KeyWrap::Aes128 => 0,
                    KeyWrap::Aes192 => 1,
                    KeyWrap::Aes256 => 2,
                    KeyWrap::TripleDes => 3,
                };
                der::sequence(&[
                    &der::small(2),
                    &der::small(curve),
                    &der::octets(public_key),
                    &der::small(way),
                    &der::octets(digest.name().as_bytes()),
                    &der::small(wrap),
                    &der::octets(shared_info),
                ])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::algorithm::Digest;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_wrapped_keys_are_the_same_octets() {
        let transport = |recipient, wrapping, octets: &[u8], length| WrappedKey {
            recipient,
            wrapping,
            octets: octets.to_vec(),
            length,
        };
        let serial = || RecipientId::IssuerAndSerial(vec![1]);
        let oaep = |digest, mask, label: &[u8]| Wrapping::RsaOaep {
            digest,
            mask,
            label: label.to_vec(),
        };
        let agreement = |curve, public: u8, derivation, wrap, info: u8| Wrapping::Agreement {
            curve,
            public_key: vec![public],
            derivation,
            wrap,
            shared_info: vec![info],
        };
        let (sha1, sha256) = (Digest::Sha1, Digest::Sha256);
        let (p256, p384) = (AgreementCurve::Nist(Curve::P256), AgreementCurve::Nist(Curve::P384));
        let x963 = Derivation::X963(sha256);
        let all = [
            transport(serial(), Wrapping::RsaPkcs1, b"o", Some(32)),
            transport(RecipientId::SubjectKeyIdentifier(vec![1]), Wrapping::RsaPkcs1, b"o", Some(32)),
            transport(RecipientId::IssuerAndSerial(vec![2]), Wrapping::RsaPkcs1, b"o", Some(32)),
            transport(serial(), Wrapping::RsaPkcs1, b"O", Some(32)),
            transport(serial(), Wrapping::RsaPkcs1, b"o", Some(16)),
            transport(serial(), Wrapping::RsaPkcs1, b"o", None),
            transport(serial(), oaep(sha256, sha256, b""), b"o", Some(32)),
            transport(serial(), oaep(sha1, sha256, b""), b"o", Some(32)),
            transport(serial(), oaep(sha256, sha1, b""), b"o", Some(32)),
            transport(serial(), oaep(sha256, sha256, b"l"), b"o", Some(32)),
            transport(serial(), agreement(p256, 1, x963, KeyWrap::Aes256, 1), b"o", Some(32)),
            transport(serial(), agreement(p384, 1, x963, KeyWrap::Aes256, 1), b"o", Some(32)),
            transport(serial(), agreement(p256, 2, x963, KeyWrap::Aes256, 1), b"o", Some(32)),
            transport(serial(), agreement(p256, 1, x963, KeyWrap::Aes128, 1), b"o", Some(32)),
            transport(serial(), agreement(p256, 1, x963, KeyWrap::Aes256, 2), b"o", Some(32)),
            transport(
                serial(),
                agreement(p256, 1, Derivation::Hkdf(sha256), KeyWrap::Aes256, 1),
                b"o",
                Some(32),
            ),
            transport(
                serial(),
                agreement(p256, 1, Derivation::X963(sha1), KeyWrap::Aes256, 1),
                b"o",
                Some(32),
            ),
        ];
        let octets: BTreeSet<Vec<u8>> = all.iter().map(WrappedKey::to_octets).collect();
        assert_eq!(octets.len(), all.len());
        assert_eq!(all[0].to_octets(), all[0].clone().to_octets());
    }
}
