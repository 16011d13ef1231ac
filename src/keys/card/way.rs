//! By which mechanism of a module a signature is made, and what it is given. In the process of [`super::host`].

use super::words::{Hash, Scheme};
use crate::pki::der;
use crate::pki::oid::{self, Oid};
use aws_lc_rs::digest;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};

/// A mechanism, and what it is given.
pub(super) struct Way {
    pub(super) mechanism: Mechanism<'static>,
    input: Input,
}

enum Input {
    /// The card, or its module, hashes.
    AsItIs,
    /// The hash.
    Hashed(&'static digest::Algorithm),
    /// DigestInfo (RFC 8017 §9.2).
    Named(&'static digest::Algorithm, Oid),
}

impl Way {
    /// Mechanisms that hash are asked where there are any: what is hashed outside is padded outside, which cards refuse for some keys.
    /// `None`: the module does not do it, or nobody should.
    pub(super) fn of(scheme: Scheme, offered: &[MechanismType]) -> Option<Self> {
        let (whole, bare, input) = match scheme {
            Scheme::RsaPkcs1(hash) => {
                let (whole, algorithm, name) = match hash {
                    Hash::Sha256 => (Mechanism::Sha256RsaPkcs, &digest::SHA256, oid::SHA256),
                    Hash::Sha384 => (Mechanism::Sha384RsaPkcs, &digest::SHA384, oid::SHA384),
                    Hash::Sha512 => (Mechanism::Sha512RsaPkcs, &digest::SHA512, oid::SHA512),
                    Hash::Sha1 | Hash::Sha224 => return None,
                };
                (whole, Mechanism::RsaPkcs, Input::Named(algorithm, name))
            }
            Scheme::RsaPss(hash) => {
                let pss = |hash_alg, mgf, s_len: std::ffi::c_ulong| PkcsPssParams {
                    hash_alg,
                    mgf,
                    s_len: s_len.into(),
                };
                let (whole, parameters, algorithm): (fn(PkcsPssParams) -> Mechanism<'static>, _, _) = match hash {
                    Hash::Sha256 => (
                        Mechanism::Sha256RsaPkcsPss,
                        pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32),
                        &digest::SHA256,
                    ),
                    Hash::Sha384 => (
                        Mechanism::Sha384RsaPkcsPss,
                        pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48),
                        &digest::SHA384,
                    ),
                    Hash::Sha512 => (
                        Mechanism::Sha512RsaPkcsPss,
                        pss(MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
                        &digest::SHA512,
                    ),
                    Hash::Sha1 | Hash::Sha224 => return None,
                };
                (whole(parameters), Mechanism::RsaPkcsPss(parameters), Input::Hashed(algorithm))
            }
            Scheme::EcdsaP256 => (Mechanism::EcdsaSha256, Mechanism::Ecdsa, Input::Hashed(&digest::SHA256)),
            Scheme::EcdsaP384 => (Mechanism::EcdsaSha384, Mechanism::Ecdsa, Input::Hashed(&digest::SHA384)),
        };
        let ways = [(whole, Input::AsItIs), (bare, input)];
        let mut ways = ways.into_iter().map(|(mechanism, input)| Self { mechanism, input });
        ways.find(|way| offered.contains(&way.mechanism.mechanism_type()))
    }

    pub(super) fn input(&self, octets: &[u8]) -> Vec<u8> {
        match self.input {
            Input::AsItIs => octets.to_vec(),
            Input::Hashed(algorithm) => digest::digest(algorithm, octets).as_ref().to_vec(),
            Input::Named(algorithm, name) => {
                let name = der::algorithm(name, &der::null());
                der::sequence(&[&name, &der::octets(digest::digest(algorithm, octets).as_ref())])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [MechanismType; 3] = [MechanismType::RSA_PKCS, MechanismType::SHA256_RSA_PKCS, MechanismType::ECDSA];

    #[test]
    fn what_a_card_without_pss_signs_by() {
        let can = |scheme: &Scheme| Way::of(*scheme, &OFFERED).is_some();
        let pss = |scheme: &Scheme| matches!(scheme, Scheme::RsaPss(_));
        assert!(Scheme::ALL.iter().all(|scheme| can(scheme) != pss(scheme)));
        let way = |scheme| Way::of(scheme, &OFFERED).unwrap();
        assert_eq!(way(Scheme::RsaPkcs1(Hash::Sha256)).input(b"abc"), b"abc", "hashed by the card");
        assert_eq!(way(Scheme::EcdsaP384).input(b"abc").len(), 48);
    }

    /// RFC 8017 §9.2, note 1.
    #[test]
    fn what_is_padded_outside_says_which_hash_it_is() {
        let prefixed = |hash| Way::of(Scheme::RsaPkcs1(hash), &[MechanismType::RSA_PKCS]).unwrap().input(b"abc");
        for (hash, prefix, length) in [
            (Hash::Sha256, "3031300d060960864801650304020105000420", 32),
            (Hash::Sha384, "3041300d060960864801650304020205000430", 48),
            (Hash::Sha512, "3051300d060960864801650304020305000440", 64),
        ] {
            let info = prefixed(hash);
            let hex: String = info.iter().map(|octet| format!("{octet:02x}")).collect();
            assert!(hex.starts_with(prefix), "{hex}");
            assert_eq!(info.len(), prefix.len() / 2 + length);
        }
        assert!(Way::of(Scheme::RsaPkcs1(Hash::Sha1), &[MechanismType::RSA_PKCS]).is_none());
    }
}
