//! Signatures that are no proof: of nobody, of somebody else, over something else, or made without a key.

use crate::Attack;
use crate::forge::{attribute, attributes, signed};
use crate::practice::{BOB, Info, Practice, TEXT, apart, beside, entity, info, mail, now, opaque_by, person, timed};
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use souspli::keys::SoftwareKey;
use souspli::pki::algorithm::Digest;
use souspli::pki::{Certificate, der, oid};
use souspli::smime::{PrivateKey, SignatureScheme};

const OTHER: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n\r\nVirez mille euros.\r\n";

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [signers(p), contents(p), lying_attributes(p), without_a_key(p), odd_pss(p)]
        .into_iter()
        .flatten()
        .collect()
}

fn letter(certificates: &[&Certificate], infos: &[Vec<u8>]) -> Vec<u8> {
    mail(BOB, &entity("signed-data", &signed(oid::DATA, Some(TEXT), certificates, infos)))
}

fn signers(p: &Practice) -> Vec<Attack> {
    let (bob, eve, alike) = (p.bob.certificate(), p.eve.certificate(), p.false_bob.certificate());
    let both = [info(&p.bob, TEXT), info(&p.eve, TEXT)];
    let of_forger = || info(&p.false_bob, TEXT);
    let misnamed = named(&p.eve, bob.issuer_and_serial());
    let identifier = der::tlv(0x80, &[bob.subject_key_identifier().unwrap()]);
    let by_key_identifier = named(&p.eve, identifier.clone());
    let own_identifier = named(&p.bob, identifier);
    vec![
        Attack::new("nobody signed", "unsigned", letter(&[bob], &[])),
        Attack::new(
            "two persons signed",
            "signers-differ",
            letter(&[bob, p.carol.certificate()], &[both[0].clone(), info(&p.carol, TEXT)]),
        ),
        Attack::new(
            "Bob and a namesake at another address",
            "signer-is-not-sender",
            letter(&[bob, eve], &both),
        ),
        Attack::new(
            "Bob, and somebody whose signature is wrong",
            "altered",
            letter(&[bob, eve], &[both[0].clone(), info(&p.eve, OTHER)]),
        ),
        Attack::new(
            "Bob's certificate is not there",
            "signer-certificate-missing",
            letter(&[], &[info(&p.bob, TEXT)]),
        ),
        Attack::new(
            "only another certificate is there",
            "signer-certificate-missing",
            letter(&[eve], &[info(&p.bob, TEXT)]),
        ),
        Attack::new(
            "Bob by an authority of the same name",
            "certificate-not-trusted",
            letter(&[alike], &[of_forger()]),
        )
        .shows("Signataire non garanti : « Dr Bob Martin »"),
        Attack::new(
            "Bob by an authority of the same name, Bob's real certificate beside",
            "certificate-not-trusted",
            letter(&[bob, alike], &[of_forger()]),
        ),
        Attack::new(
            "the signer is named by Bob's serial, the key is Eve's",
            "altered",
            letter(&[bob, eve], &[misnamed]),
        ),
        Attack::new(
            "the signer is named by Bob's key identifier, the key is Eve's",
            "altered",
            letter(&[bob, eve], &[by_key_identifier]),
        ),
        Attack::new(
            "named by the key identifier, rightly",
            "signed",
            letter(&[eve, bob], &[own_identifier]),
        ),
    ]
}

fn contents(p: &Practice) -> Vec<Attack> {
    let right = apart(&p.bob, TEXT);
    let altered = |text: &[u8]| mail(BOB, &beside(text, &right));
    let lf: Vec<u8> = TEXT.iter().copied().filter(|b| *b != b'\r').collect();
    let of_lf = apart(&p.bob, &lf);
    let blank = [TEXT.strip_suffix(b"\r\n").unwrap(), b" \r\n"].concat();
    let inside = signed(oid::DATA, Some(OTHER), &[p.bob.certificate()], &[info(&p.bob, OTHER)]);
    let empty = signed(oid::DATA, Some(b""), &[p.bob.certificate()], &[info(&p.bob, TEXT)]);
    let opaque = opaque_by(&p.bob, TEXT);
    let trailing = [&opaque[..], b"\r\nVirez mille euros.\r\n"].concat();
    vec![
        Attack::new("beside, as it should be", "signed", altered(TEXT)).shows("Rendez-vous lundi."),
        Attack::new(
            "beside, every line end a line feed on the way",
            "signed",
            mail(BOB, &beside(&lf, &right)),
        )
        .shows("Rendez-vous lundi."),
        Attack::new("beside another text", "altered", altered(OTHER)).hides("mille euros"),
        Attack::new("beside, one blank more", "altered", altered(&blank)),
        Attack::new("made over line feeds, shown with CRLF", "altered", mail(BOB, &beside(TEXT, &of_lf))),
        Attack::new(
            "beside, and a content inside",
            "dishonest-structure",
            mail(BOB, &beside(TEXT, &inside)),
        )
        .hides("mille euros"),
        Attack::new(
            "beside, and an empty content inside",
            "dishonest-structure",
            mail(BOB, &beside(TEXT, &empty)),
        ),
        Attack::new("text behind the structure", "signed", mail(BOB, &trailing)).hides("mille euros"),
        Attack::new(
            "inside, another text",
            "altered",
            mail(
                BOB,
                &entity(
                    "signed-data",
                    &signed(oid::DATA, Some(OTHER), &[p.bob.certificate()], &[info(&p.bob, TEXT)]),
                ),
            ),
        ),
    ]
}

fn lying_attributes(p: &Practice) -> Vec<Attack> {
    let with = |attributes: &[Vec<u8>]| letter(&[p.bob.certificate()], &[crate::forge::signer(&p.bob, Some(attributes), TEXT)]);
    let right = timed(TEXT, now());
    let wrong_digest = attribute(oid::MESSAGE_DIGEST, &[der::octets(&Digest::Sha256.of(&[OTHER]))]);
    let set = der::set(&attributes(TEXT));
    let swapped = signed(
        oid::DATA,
        Some(&set),
        &[p.bob.certificate()],
        &[crate::forge::signer(&p.bob, None, &set)],
    );
    let mut other_hash = Info::by(&p.bob, &right, SignatureScheme::EcdsaP256Sha256, ecdsa());
    other_hash.digest = oid::SHA512;
    let mut unknown_hash = Info::by(&p.bob, &right, SignatureScheme::EcdsaP256Sha256, ecdsa());
    unknown_hash.digest = oid::DATA;
    let mut changed_after = Info::by(&p.bob, &right, SignatureScheme::EcdsaP256Sha256, ecdsa());
    let later = timed(TEXT, now().plus(-400 * 86_400));
    changed_after.attributes = Some(&later);
    vec![
        Attack::new("no messageDigest", "altered", with(&[right[0].clone(), right[2].clone()])),
        Attack::new("no contentType", "altered", with(&right[1..])),
        Attack::new("no attributes in their place", "altered", with(&[])),
        Attack::new(
            "another contentType",
            "altered",
            with(&[attribute(oid::CONTENT_TYPE, &[der::oid(oid::SIGNED_DATA)]), right[1].clone()]),
        ),
        Attack::new("two messageDigests", "altered", with(&[right.clone(), vec![wrong_digest]].concat())),
        Attack::new(
            "the same messageDigest twice",
            "altered",
            with(&[right.clone(), vec![right[1].clone()]].concat()),
        ),
        Attack::new(
            "two days of signing, of which each reader picks one",
            "altered",
            with(&[right.clone(), vec![later[2].clone()]].concat()),
        ),
        Attack::new(
            "attributes passed off as the letter",
            "altered",
            mail(BOB, &entity("signed-data", &swapped)),
        ),
        Attack::new(
            "the hash is called another",
            "altered",
            letter(&[p.bob.certificate()], &[other_hash.der()]),
        ),
        Attack::new(
            "the hash is called something unknown",
            "signature-not-checked",
            letter(&[p.bob.certificate()], &[unknown_hash.der()]),
        ),
        Attack::new(
            "signingTime changed afterwards",
            "altered",
            letter(&[p.bob.certificate()], &[changed_after.der()]),
        ),
    ]
}

/// Signatures that need no private key where a check is careless.
fn without_a_key(p: &Practice) -> Vec<Attack> {
    let right = timed(TEXT, now());
    let with = |certificate: &Certificate, algorithm: Vec<u8>, signature: Vec<u8>| {
        let info = Info {
            sid: certificate.issuer_and_serial(),
            digest: oid::SHA256,
            attributes: Some(&right),
            algorithm,
            signature,
        };
        letter(&[certificate], &[info.der()])
    };
    let zero = der::sequence(&[&der::small(0), &der::small(0)]);
    let bob = p.bob.certificate();
    let modulus = modulus();
    let exponent_of = |e: u8| p.authority.vouches(&person("bob@lab.test"), &RsaPublic::new(&modulus, e));
    let padded = emsa_pkcs1(&Digest::Sha256.of(&[&der::set(&right)]), modulus.len());
    let rsa = || der::algorithm(oid::RSA, &der::null());
    vec![
        Attack::new("ECDSA of two zeroes", "altered", with(bob, ecdsa(), zero)),
        Attack::new("no octet of signature", "altered", with(bob, ecdsa(), Vec::new())),
        Attack::new("RSA where the key is EC", "signature-not-checked", with(bob, rsa(), vec![1; 256])),
        Attack::new("RSA of exponent one", "altered", with(&exponent_of(1), rsa(), padded)),
        Attack::new(
            "RSA of exponent three, rubbish behind the hash",
            "altered",
            with(&exponent_of(3), rsa(), cube::forged(&Digest::Sha256.of(&[&der::set(&right)]))),
        ),
        Attack::new("RSA of nought", "altered", with(&exponent_of(3), rsa(), vec![0; 256])),
    ]
}

fn odd_pss(p: &Practice) -> Vec<Attack> {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let key = p.authority.certifies(&person("bob@lab.test"), &pair);
    let right = timed(TEXT, now());
    let with = |parameters: Vec<u8>| {
        let info = Info::by(&key, &right, SignatureScheme::RsaPssSha256, der::algorithm(oid::PSS, &parameters));
        letter(&[key.certificate()], &[info.der()])
    };
    let hash = der::algorithm(oid::SHA256, &der::null());
    let mask = der::algorithm(oid::MGF1, &hash);
    let usual = |salt: u8, more: &[u8]| {
        let parts = [
            der::tlv(0xa0, &[&hash]),
            der::tlv(0xa1, &[&mask]),
            der::tlv(0xa2, &[&der::small(salt)]),
        ]
        .concat();
        der::sequence(&[&parts, more])
    };
    vec![
        Attack::new("PSS, as it should be", "signed", with(usual(32, &[]))),
        Attack::new("PSS of another salt length", "altered", with(usual(20, &[]))),
        Attack::new("PSS without parameters", "signature-not-checked", with(Vec::new())),
        Attack::new(
            "PSS of another trailer",
            "signature-not-checked",
            with(usual(32, &der::tlv(0xa3, &[&der::small(2)]))),
        ),
        Attack::new(
            "PSS with more than its parameters",
            "signature-not-checked",
            with(usual(32, &der::small(1))),
        ),
        Attack::new("PSS by default is SHA-1", "altered", with(der::sequence(&[]))),
    ]
}

pub fn ecdsa() -> Vec<u8> {
    der::algorithm(oid::ECDSA_SHA256, &[])
}

/// Signed by that key, the signer called so.
fn named(key: &SoftwareKey, sid: Vec<u8>) -> Vec<u8> {
    let attributes = timed(TEXT, now());
    let mut info = Info::by(key, &attributes, SignatureScheme::EcdsaP256Sha256, ecdsa());
    info.sid = sid;
    info.der()
}

/// An RSA public key of nobody's.
struct RsaPublic(Vec<u8>);

impl RsaPublic {
    fn new(modulus: &[u8], exponent: u8) -> Self {
        Self(der::sequence(&[&der::tlv(0x02, &[&[0], modulus]), &der::small(exponent)]))
    }
}

impl PublicKeyData for RsaPublic {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// 2048 bits, odd: whose factors are does not matter.
fn modulus() -> Vec<u8> {
    let mut octets: Vec<u8> = (0..=255_u8).map(|i| i.wrapping_mul(181).wrapping_add(77)).collect();
    octets[0] |= 0x80;
    octets[255] |= 1;
    octets
}

/// DigestInfo of SHA-256 (RFC 8017 §9.2).
fn digest_info(hash: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::algorithm(oid::SHA256, &der::null()), &der::octets(hash)])
}

fn emsa_pkcs1(hash: &[u8], length: usize) -> Vec<u8> {
    let info = digest_info(hash);
    [vec![0, 1], vec![0xff; length - info.len() - 3], vec![0], info].concat()
}

/// Bleichenbacher 2006: a number whose cube begins like a right padding and ends in rubbish.
mod cube {
    use super::digest_info;

    pub fn forged(hash: &[u8]) -> Vec<u8> {
        let mut target = [vec![0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], digest_info(hash)].concat();
        target.resize(256, 0xff);
        let root = root(&limbs(&target));
        let cubed = times(&times(&root, &root), &root);
        assert_eq!(octets(&cubed)[..62], target[..62], "the beginning is right");
        octets(&root)
    }

    /// The largest number whose cube is not above `target`, bit by bit.
    fn root(target: &[u32]) -> Vec<u32> {
        let mut root = vec![0_u32; 22];
        for bit in (0..683).rev() {
            root[bit / 32] |= 1 << (bit % 32);
            if above(&times(&times(&root, &root), &root), target) {
                root[bit / 32] &= !(1 << (bit % 32));
            }
        }
        root
    }

    /// Little-endian limbs.
    fn limbs(octets: &[u8]) -> Vec<u32> {
        octets
            .rchunks(4)
            .map(|c| c.iter().fold(0, |n, b| (n << 8) | u32::from(*b)))
            .collect()
    }

    fn octets(limbs: &[u32]) -> Vec<u8> {
        let mut all: Vec<u8> = limbs.iter().rev().flat_map(|l| l.to_be_bytes()).collect();
        while all.len() > 256 && all[0] == 0 {
            all.remove(0);
        }
        let missing = 256 - all.len().min(256);
        [vec![0; missing], all].concat()
    }

    fn times(a: &[u32], b: &[u32]) -> Vec<u32> {
        let mut out = vec![0_u32; a.len() + b.len()];
        for (i, x) in a.iter().enumerate() {
            let mut carry = 0_u64;
            for (j, y) in b.iter().enumerate() {
                let sum = u64::from(out[i + j]) + u64::from(*x) * u64::from(*y) + carry;
                out[i + j] = sum as u32;
                carry = sum >> 32;
            }
            out[i + b.len()] = carry as u32;
        }
        out
    }

    fn above(a: &[u32], b: &[u32]) -> bool {
        let digit = |n: &[u32], i: usize| n.get(i).copied().unwrap_or(0);
        let length = a.len().max(b.len());
        (0..length)
            .rev()
            .map(|i| digit(a, i).cmp(&digit(b, i)))
            .find(|o| o.is_ne())
            .is_some_and(|o| o.is_gt())
    }
}
