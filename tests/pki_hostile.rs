//! Certificates made to mislead or to cost time: no wrong path, and an end in bounded time.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod forge;

use forge::{Authority, NOW, dated, doctor};
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};
use souspli::base::limits::PATH_CERTIFICATES_MAX;
use souspli::pki::path::{Path, PathError, Policies, Purpose, Question, Rule, answer, validate};
use souspli::pki::{Certificate, Trust, der, oid};
use souspli::smime::PrivateKey;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

fn authority(name: &str) -> CertificateParams {
    let mut params = dated(2026, 2036);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn found(leaf: &Certificate, others: &[Certificate], trust: &Trust) -> Result<Path, PathError> {
    validate(leaf, others, trust, NOW, Purpose::Sign)
}

/// Long for a program, and short for whoever waits for a message.
fn soon<T>(what: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let out = what();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    out
}

/// Authorities, each of which certified every other one, and a leaf of the first.
struct Mesh {
    certificates: Vec<Vec<Certificate>>,
    leaf: Certificate,
}

impl Mesh {
    fn of(size: usize) -> Self {
        let params: Vec<CertificateParams> = (0..size).map(|n| authority(&format!("AC {n}"))).collect();
        let keys: Vec<KeyPair> = (0..size).map(|_| KeyPair::generate().unwrap()).collect();
        let sign = |by: usize, of: usize| {
            let issuer = Issuer::from_params(&params[by], &keys[by]);
            Certificate::from_der(params[of].signed_by(&keys[of], &issuer).unwrap().der().to_vec()).unwrap()
        };
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = doctor("a@lab.test")
            .signed_by(&leaf_key, &Issuer::from_params(&params[0], &keys[0]))
            .unwrap();
        Self {
            certificates: (0..size).map(|by| (0..size).map(|of| sign(by, of)).collect()).collect(),
            leaf: Certificate::from_der(leaf.der().to_vec()).unwrap(),
        }
    }

    /// The certificate of `of` by itself.
    fn root(&self, of: usize) -> &Certificate {
        &self.certificates[of][of]
    }

    fn crossed(&self) -> Vec<Certificate> {
        let pairs = self.certificates.iter().enumerate();
        let all = pairs.flat_map(|(by, row)| row.iter().enumerate().filter(move |(of, _)| *of != by).map(|(_, c)| c.clone()));
        all.collect()
    }
}

static MESH: LazyLock<Mesh> = LazyLock::new(|| Mesh::of(6));

#[test]
fn authorities_that_certify_each_other_in_circles() {
    let mesh = Mesh::of(12);
    let crossed = mesh.crossed();
    assert!(soon(|| found(&mesh.leaf, &crossed, &Trust::default())).is_err());
    let stranger = Authority::new("Inconnue");
    assert!(soon(|| found(&mesh.leaf, &crossed, &stranger.trust())).is_err());
    let way = soon(|| found(&mesh.leaf, &crossed, &Trust::of(vec![mesh.root(1).clone()]))).unwrap();
    assert_eq!(way.certificates.len(), 3);
}

/// The one that is meant is found by its key identifier; where none of them is, the search ends.
#[test]
fn thousands_of_one_name() {
    let root = Authority::new("Racine");
    let middle = root.authorises(authority("Section"));
    let mut leaf = doctor("a@lab.test");
    leaf.use_authority_key_identifier_extension = true;
    let key = middle.issues(&leaf);
    let false_one = Authority::of(authority("Section")).certificate;
    let crowd = (0..5_000_u32).map(|n| {
        // Another serial number, so that each is another certificate.
        let mut octets = false_one.der().to_vec();
        let at = octets
            .windows(false_one.serial().len())
            .position(|w| w == false_one.serial())
            .unwrap();
        octets[at + 1..at + 5].copy_from_slice(&n.to_be_bytes());
        Certificate::from_der(octets).unwrap()
    });
    let crowd: Vec<Certificate> = crowd.collect();
    let all: Vec<Certificate> = crowd.iter().chain([&middle.certificate]).cloned().collect();
    assert!(soon(|| found(key.certificate(), &all, &root.trust())).is_ok());
    assert_eq!(soon(|| found(key.certificate(), &crowd, &root.trust())), Err(PathError::TooComplex));
}

#[test]
fn a_chain_has_an_end() {
    let outcome = |length: usize| {
        let root = Authority::new("Racine");
        let mut chain = vec![root.authorises(authority("AC 0"))];
        while chain.len() < length {
            let next = chain.last().unwrap().authorises(authority(&format!("AC {}", chain.len())));
            chain.push(next);
        }
        let key = chain.last().unwrap().issues(&doctor("a@lab.test"));
        let others: Vec<Certificate> = chain.iter().map(|a| a.certificate.clone()).collect();
        found(key.certificate(), &others, &root.trust()).map(|path| path.certificates.len())
    };
    assert_eq!(outcome(PATH_CERTIFICATES_MAX - 2), Ok(PATH_CERTIFICATES_MAX));
    assert_eq!(outcome(PATH_CERTIFICATES_MAX), Err(PathError::TooComplex));
}

#[test]
fn names_by_the_thousand_against_subtrees_by_the_thousand() {
    let host = |n: usize| format!("h{n}.lab.test");
    let mut root = authority("Racine");
    root.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: (0..1_000).map(|n| rcgen::GeneralSubtree::DnsName(format!("x{n}.test"))).collect(),
    });
    let root = Authority::of(root);
    let mut leaf = doctor("a@lab.test");
    leaf.subject_alt_names
        .extend((0..1_000).map(|n| SanType::DnsName(host(n).try_into().unwrap())));
    let key = root.issues(&leaf);
    assert_eq!(soon(|| found(key.certificate(), &[], &root.trust())), Err(PathError::TooComplex));
}

/// What one certificate may hold is bounded before it is compared with anything: a message brings many of them.
#[test]
fn certificates_that_are_made_of_names() {
    let kinds: Vec<Vec<u8>> = (0..60_000_u32)
        .map(|n| {
            let [_, _, high, low] = n.to_be_bytes();
            let arcs = [42, high >> 4 & 0x7f, high & 0x7f, low >> 7, low & 0x7f];
            der::tlv(0xa0, &[&der::tlv(6, &[&arcs]), &der::tlv(0xa0, &[&der::null()])])
        })
        .collect();
    let each: Vec<Vec<u8>> = kinds.iter().map(|kind| der::sequence(&[kind])).collect();
    let made = |id: &[u64], value: &[u8]| {
        let mut params = authority("Racine");
        params.custom_extensions = vec![CustomExtension::from_oid_content(id, value.to_vec())];
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    };
    let named = made(&[2, 5, 29, 17], &der::sequence(&[&kinds.concat()]));
    let bound = made(&[2, 5, 29, 30], &der::sequence(&[&der::tlv(0xa0, &[&each.concat()])]));
    for octets in [named, bound] {
        assert!(soon(|| Certificate::from_der(octets)).is_err());
    }
    let mut params = authority("Racine");
    params.distinguished_name.push(DnType::OrganizationalUnitName, "x".repeat(20_000));
    let octets = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    assert!(Certificate::from_der(octets).is_err());
}

/// Each policy is mapped to each: as a tree, fifteen to the power of eleven.
#[test]
fn policies_that_multiply() {
    let policy = |n: u16| oid::Oid::new(&format!("1.2.3.{n}")).unwrap();
    let extension = |id: &[u64], content: Vec<u8>| CustomExtension::from_oid_content(id, content);
    let policies = || {
        let all: Vec<Vec<u8>> = (0..15).map(|n| der::sequence(&[&der::oid(policy(n))])).collect();
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        extension(&[2, 5, 29, 32], der::sequence(&all))
    };
    let mappings = || {
        let pair = |from, to| der::sequence(&[&der::oid(policy(from)), &der::oid(policy(to))]);
        let all: Vec<Vec<u8>> = (0..225).map(|n| pair(n / 15, n % 15)).collect();
        let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        extension(&[2, 5, 29, 33], der::sequence(&all))
    };
    let root = Authority::new("Racine");
    let mut chain: Vec<Authority> = Vec::new();
    for n in 0..10 {
        let mut params = authority(&format!("AC {n}"));
        params.custom_extensions = vec![policies(), mappings()];
        let next = chain.last().unwrap_or(&root).authorises(params);
        chain.push(next);
    }
    let mut leaf = doctor("a@lab.test");
    leaf.custom_extensions = vec![policies()];
    let key = chain.last().unwrap().issues(&leaf);
    let others: Vec<Certificate> = chain.iter().map(|a| a.certificate.clone()).collect();
    let asked = |acceptable: &[oid::Oid]| {
        let policies = Policies {
            acceptable: acceptable.to_vec(),
            explicit: Rule::On,
            ..Policies::default()
        };
        let (at, purpose) = (NOW, Purpose::Sign);
        let question = Question { at, purpose, policies };
        soon(|| answer(key.certificate(), &others, &root.trust(), &question)).map(|path| path.certificates.len())
    };
    assert_eq!(asked(&[]), Ok(12));
    assert_eq!(asked(&[policy(7)]), Ok(12));
    assert_eq!(asked(&[policy(99)]), Err(PathError::PolicyNotMet));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A way is found exactly where one leads from issuer to issuer to the root, in whatever order the certificates come.
    #[test]
    fn a_way_is_found_where_there_is_one(edges in proptest::collection::vec((0..6_usize, 0..6_usize), 0..12), root in 0..6_usize) {
        let edges: Vec<(usize, usize)> = edges.into_iter().filter(|(by, of)| by != of).collect();
        let others: Vec<Certificate> = edges.iter().map(|(by, of)| MESH.certificates[*by][*of].clone()).collect();
        let mut reached = vec![0];
        while let Some((by, _)) = edges.iter().find(|(by, of)| reached.contains(of) && !reached.contains(by)) {
            reached.push(*by);
        }
        let trust = Trust::of(vec![MESH.root(root).clone()]);
        let there = found(&MESH.leaf, &others, &trust);
        let back: Vec<Certificate> = others.iter().rev().cloned().collect();
        prop_assert_eq!(there.is_ok(), reached.contains(&root));
        prop_assert_eq!(there.is_ok(), found(&MESH.leaf, &back, &trust).is_ok());
        if let Ok(path) = there {
            prop_assert_eq!(path.certificates.last(), Some(MESH.root(root)));
            let chained = path.certificates.windows(2).all(|pair| pair[0].names_as_issuer(&pair[1]));
            prop_assert!(chained);
        }
    }

    /// Whatever bit is changed in a certificate of the way, there is no way any more.
    #[test]
    fn no_changed_certificate_is_on_a_way(which in 0..2_usize, at in any::<proptest::sample::Index>(), bit in 0..8_u8) {
        let (middle, leaf) = (&MESH.certificates[1][0], &MESH.leaf);
        let mut octets = [leaf, middle][which].der().to_vec();
        let at = at.index(octets.len());
        octets[at] ^= 1 << bit;
        let trust = Trust::of(vec![MESH.root(1).clone()]);
        prop_assert!(found(leaf, std::slice::from_ref(middle), &trust).is_ok());
        if let Ok(changed) = Certificate::from_der(octets) {
            let way = match which {
                0 => found(&changed, std::slice::from_ref(middle), &trust),
                _ => found(leaf, &[changed], &trust),
            };
            prop_assert!(way.is_err());
        }
    }
}
