//! Paths to authorities, each case a small PKI made in memory: one thing is wrong in each.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, SanType,
};
use souspli::base::{Address, UnixTime};
use souspli::pki::Certificate;
use souspli::pki::path::{PathError, Purpose, Trust, validate};
use souspli::pki::select::{Candidate, Sorted, Source, Unfit, sorted};

const NOW: UnixTime = UnixTime(1_795_400_000);

fn year(n: i32) -> rcgen::CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(n, 1, 1);
    params.not_after = rcgen::date_time_ymd(n + 1, 1, 1);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = year(2026);
    params.not_after = rcgen::date_time_ymd(2036, 1, 1);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn person() -> CertificateParams {
    let mut params = year(2026);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    params.distinguished_name.push(DnType::CommonName, "Dr Martin");
    params.subject_alt_names = vec![SanType::Rfc822Name("Martin@cabinet.test".try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    params
}

/// Root, intermediate and leaf from their parameters.
fn chain(root: CertificateParams, middle: CertificateParams, leaf: CertificateParams) -> [Certificate; 3] {
    let keys = [(); 3].map(|()| KeyPair::generate().unwrap());
    let of = |der: &[u8]| Certificate::from_der(der).unwrap();
    let first = root.self_signed(&keys[0]).unwrap();
    let root_issuer = Issuer::from_params(&root, &keys[0]);
    let second = middle.signed_by(&keys[1], &root_issuer).unwrap();
    let middle_issuer = Issuer::from_params(&middle, &keys[1]);
    let third = leaf.signed_by(&keys[2], &middle_issuer).unwrap();
    [of(first.der()), of(second.der()), of(third.der())]
}

fn outcome([root, middle, leaf]: &[Certificate; 3], purpose: Purpose) -> Result<usize, PathError> {
    let trust = Trust::of(vec![root.clone()]);
    validate(leaf, std::slice::from_ref(middle), &trust, NOW, purpose).map(|p| p.certificates.len())
}

fn with(change: impl Fn(&mut CertificateParams, &mut CertificateParams, &mut CertificateParams)) -> Result<usize, PathError> {
    let (mut root, mut middle, mut leaf) = (authority("Racine"), authority("Intermédiaire"), person());
    change(&mut root, &mut middle, &mut leaf);
    outcome(&chain(root, middle, leaf), Purpose::Sign)
}

fn mail_constraints(subtree: &str) -> Option<NameConstraints> {
    Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::Rfc822Name(subtree.to_owned())],
        excluded_subtrees: Vec::new(),
    })
}

#[test]
fn one_thing_wrong_in_each() {
    assert_eq!(with(|_, _, _| {}), Ok(3));
    assert_eq!(
        with(|_, _, leaf| leaf.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
        Err(PathError::WrongUsage)
    );
    assert_eq!(with(|_, _, leaf| leaf.key_usages = Vec::new()), Ok(3));
    assert_eq!(
        with(|_, _, leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
        Err(PathError::WrongUsage)
    );
    assert_eq!(
        with(|_, _, leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any]),
        Ok(3)
    );
    assert_eq!(
        with(|_, middle, _| middle.is_ca = IsCa::ExplicitNoCa),
        Err(PathError::NotAnAuthority)
    );
    assert_eq!(
        with(|_, middle, _| middle.key_usages = vec![KeyUsagePurpose::DigitalSignature]),
        Err(PathError::NotAnAuthority)
    );
    assert_eq!(
        with(|root, _, _| root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))),
        Err(PathError::NotAnAuthority)
    );
    assert_eq!(with(|root, _, _| root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1))), Ok(3));
    assert_eq!(
        with(|_, middle, _| middle.not_after = rcgen::date_time_ymd(2026, 2, 1)),
        Err(PathError::AuthorityExpired)
    );
    assert!(matches!(
        with(|_, _, leaf| leaf.not_after = rcgen::date_time_ymd(2026, 2, 1)),
        Err(PathError::Expired { .. })
    ));
    assert!(matches!(
        with(|_, _, leaf| leaf.not_before = rcgen::date_time_ymd(2029, 2, 1)),
        Err(PathError::NotYetValid { .. })
    ));
    assert_eq!(
        with(|_, middle, _| middle.name_constraints = mail_constraints("cabinet.test")),
        Ok(3)
    );
    assert_eq!(
        with(|root, _, _| root.name_constraints = mail_constraints("autre.test")),
        Err(PathError::NameNotPermitted)
    );
    // Rights of an authority, claimed by who is none.
    assert_eq!(
        with(|_, _, leaf| leaf.key_usages.push(KeyUsagePurpose::KeyCertSign)),
        Err(PathError::Contradictory)
    );
    let unknown = || {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        vec![extension]
    };
    assert_eq!(
        with(|_, _, leaf| leaf.custom_extensions = unknown()),
        Err(PathError::UnknownExtension)
    );
    assert_eq!(
        with(|_, middle, _| middle.custom_extensions = unknown()),
        Err(PathError::UnknownExtension)
    );
}

#[test]
fn strangers_and_forgers() {
    let [root, middle, leaf] = chain(authority("Racine"), authority("Intermédiaire"), person());
    let [other_root, other_middle, _] = chain(authority("Racine"), authority("Intermédiaire"), person());
    let trust = |authorities: &[&Certificate]| Trust::of(authorities.iter().map(|c| (*c).clone()).collect());
    let way = |middle: &Certificate, trust: &Trust| validate(&leaf, std::slice::from_ref(middle), trust, NOW, Purpose::Sign);
    assert!(matches!(way(&middle, &Trust::default()), Err(PathError::UnknownAuthority { .. })));
    // The same names, other keys.
    assert_eq!(way(&middle, &trust(&[&other_root])), Err(PathError::BadSignature));
    assert_eq!(way(&other_middle, &trust(&[&root])), Err(PathError::BadSignature));
    // The right root among wrong ones; an intermediate as authority; the certificate itself.
    assert_eq!(way(&middle, &trust(&[&other_root, &root])).map(|p| p.certificates.len()), Ok(3));
    assert_eq!(way(&other_middle, &trust(&[&middle])).map(|p| p.certificates.len()), Ok(2));
    assert_eq!(way(&other_middle, &trust(&[&leaf])).map(|p| p.certificates.len()), Ok(1));
}

/// Each way fails for another reason: the one that came nearest is told.
#[test]
fn of_many_ways_that_fail_the_nearest_is_told() {
    let root_key = KeyPair::generate().unwrap();
    let key = KeyPair::generate().unwrap();
    let root = authority("Racine");
    let by_root = Issuer::from_params(&root, &root_key);
    let of = |der: &[u8]| Certificate::from_der(der).unwrap();
    let middle = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = authority("Section");
        change(&mut params);
        of(params.signed_by(&key, &by_root).unwrap().der())
    };
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = of(person()
        .signed_by(&leaf_key, &Issuer::from_params(&authority("Section"), &key))
        .unwrap()
        .der());
    let forged = chain(authority("Racine"), authority("Section"), person())[1].clone();
    let no_authority = middle(&|m| m.is_ca = IsCa::ExplicitNoCa);
    let elsewhere = middle(&|m| m.name_constraints = mail_constraints("autre.test"));
    let expired = middle(&|m| m.not_after = rcgen::date_time_ymd(2026, 2, 1));
    let right = middle(&|_| {});
    let trust = Trust::of(vec![of(root.self_signed(&root_key).unwrap().der())]);
    let mut ways = Vec::new();
    for (next, wanted) in [
        (forged, PathError::BadSignature),
        (no_authority, PathError::NotAnAuthority),
        (elsewhere, PathError::NameNotPermitted),
        (expired, PathError::AuthorityExpired),
    ] {
        ways.insert(0, next);
        assert_eq!(validate(&leaf, &ways, &trust, NOW, Purpose::Sign), Err(wanted));
    }
    ways.push(right);
    assert!(validate(&leaf, &ways, &trust, NOW, Purpose::Sign).is_ok());
}

#[test]
fn a_signature_that_held_once_holds_for_nobody_else() {
    let [root, middle, leaf] = chain(authority("Racine"), authority("Intermédiaire"), person());
    let [other_root, other_middle, other_leaf] = chain(authority("Racine"), authority("Intermédiaire"), person());
    let trust = Trust::of(vec![root, other_root]);
    let way = |leaf: &Certificate, middle: &Certificate| {
        validate(leaf, std::slice::from_ref(middle), &trust, NOW, Purpose::Sign).map(|p| p.certificates.len())
    };
    let mut changed = leaf.der().to_vec();
    *changed.last_mut().unwrap() ^= 1;
    let changed = Certificate::from_der(changed).unwrap();
    for _ in 0..2 {
        assert_eq!(way(&leaf, &middle), Ok(3));
        assert_eq!(way(&changed, &middle), Err(PathError::BadSignature));
        assert_eq!(way(&other_leaf, &middle), Err(PathError::BadSignature));
        assert_eq!(way(&leaf, &other_middle), Err(PathError::BadSignature));
    }
}

#[test]
fn a_crowd_of_namesakes_costs_a_bounded_time() {
    let [root, middle, leaf] = chain(authority("A"), authority("A"), person());
    let crowd: Vec<Certificate> = (0..40)
        .map(|_| chain(authority("A"), authority("A"), person())[1].clone())
        .chain([middle])
        .collect();
    let trust = Trust::of(vec![chain(authority("A"), authority("A"), person())[0].clone(), root]);
    assert!(validate(&leaf, &crowd, &trust, NOW, Purpose::Sign).is_ok_and(|p| p.certificates.len() >= 2));
}

#[test]
fn the_newest_valid_certificate_of_the_address_is_chosen() {
    let mut newer = person();
    newer.not_before = rcgen::date_time_ymd(2026, 6, 1);
    let mut expired = person();
    expired.not_after = rcgen::date_time_ymd(2026, 8, 1);
    expired.not_before = rcgen::date_time_ymd(2026, 7, 1);
    let pki = [person(), newer, expired].map(|leaf| chain(authority("Racine"), authority("Intermédiaire"), leaf));
    let trust = Trust::of(pki.iter().map(|c| c[0].clone()).collect());
    let intermediates: Vec<Certificate> = pki.iter().map(|c| c[1].clone()).collect();
    let leaves: Vec<Certificate> = pki.iter().map(|c| c[2].clone()).collect();
    let address = Address::parse("martin@CABINET.test").unwrap();
    let sorted = |address: &Address, leaves: &[Certificate], source: Source| -> Sorted {
        let candidates = leaves.iter().map(|certificate| Candidate {
            certificate: certificate.clone(),
            source: source.clone(),
            as_of: None,
        });
        sorted(address, candidates.collect(), &intermediates, &trust, NOW)
    };
    let found = sorted(&address, &leaves, Source::Imported);
    let fitting: Vec<&Certificate> = found.fitting.iter().map(|(candidate, _)| &candidate.certificate).collect();
    assert_eq!(fitting, [&leaves[1], &leaves[0]]);
    assert!(matches!(found.refused[0].1, Unfit::Path(PathError::Expired { .. })));
    let stranger = Address::parse("martin@autre.test").unwrap();
    for source in [Source::Imported, Source::Confirmed] {
        let found = sorted(&stranger, &leaves, source);
        assert!(found.fitting.is_empty() && found.refused.iter().all(|(_, why)| *why == Unfit::Address));
    }
}
