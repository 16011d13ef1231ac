//! Bob's name and address in certificates that prove nothing.

use crate::Attack;
use crate::forge::{Authority, signed};
use crate::practice::{BOB, Practice, TEXT, authority, called, entity, info, mail, of_all_times, person, timed};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use souspli::base::UnixTime;
use souspli::keys::SoftwareKey;
use souspli::pki::{Certificate, oid};
use souspli::smime::PrivateKey;

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [leaves(p), chains(p)].into_iter().flatten().collect()
}

fn by(key: &SoftwareKey, others: &[&Certificate]) -> Vec<u8> {
    let certificates: Vec<&Certificate> = [key.certificate()].into_iter().chain(others.iter().copied()).collect();
    mail(
        BOB,
        &entity("signed-data", &signed(oid::DATA, Some(TEXT), &certificates, &[info(key, TEXT)])),
    )
}

fn leaves(p: &Practice) -> Vec<Attack> {
    let leaf = |name, code, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = person("bob@lab.test");
        change(&mut params);
        Attack::new(name, code, by(&p.authority.issues(&params), &[]))
    };
    // A certificate of these years, and a signature that says it is of that one.
    let claims = |name, code, (from, until): (i32, i32), year: i32| {
        let mut params = person("bob@lab.test");
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = p.authority.issues(&params);
        let day = UnixTime(rcgen::date_time_ymd(year, 6, 1).unix_timestamp());
        let claim = crate::forge::signer(&key, Some(&timed(TEXT, day)), TEXT);
        let cms = signed(oid::DATA, Some(TEXT), &[key.certificate()], &[claim]);
        Attack::new(name, code, mail(BOB, &entity("signed-data", &cms)))
    };
    vec![
        leaf("expired last year", "certificate-expired", &|c| {
            c.not_after = rcgen::date_time_ymd(2020, 1, 1)
        }),
        leaf("valid in days to come", "certificate-not-yet-valid", &|c| {
            c.not_before = rcgen::date_time_ymd(2080, 1, 1)
        }),
        claims("a key of old, on a day of old", "certificate-expired-since", (2000, 2020), 2015),
        claims("a key of old, on a day after its end", "certificate-expired", (2000, 2014), 2015),
        claims("a new key, on a day of old", "certificate-not-valid-then", (2016, 2090), 2015),
        leaf("a certificate for trials", "certificate-test", &|c| {
            c.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, "IGC-SANTE TEST");
        }),
        leaf("a key for agreement only", "certificate-wrong-usage", &|c| {
            c.key_usages = vec![KeyUsagePurpose::KeyAgreement]
        }),
        leaf("a key for certificates only", "certificate-wrong-usage", &|c| {
            c.key_usages = vec![KeyUsagePurpose::KeyCertSign]
        }),
        leaf("a certificate for servers", "certificate-wrong-usage", &|c| {
            c.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]
        }),
        leaf("a certificate for code and stamps", "certificate-wrong-usage", &|c| {
            c.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning, ExtendedKeyUsagePurpose::TimeStamping];
        }),
        leaf("a critical condition that nobody knows", "certificate-not-trusted", &|c| {
            let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            unknown.set_criticality(true);
            c.custom_extensions.push(unknown);
        }),
        leaf("without any address", "signer-is-not-sender", &|c| c.subject_alt_names.clear()),
        leaf("the address as a name only", "signer-is-not-sender", &|c| {
            c.subject_alt_names.clear();
            c.distinguished_name.push(rcgen::DnType::CommonName, "bob@lab.test");
        }),
        leaf("a NUL cuts the address", "signer-is-not-sender", &|c| {
            c.subject_alt_names = vec![rcgen::SanType::Rfc822Name("bob@lab.test\0.evil.test".try_into().unwrap())];
        }),
        leaf("two addresses in one", "signer-is-not-sender", &|c| {
            c.subject_alt_names = vec![rcgen::SanType::Rfc822Name("bob@lab.test,eve@evil.test".try_into().unwrap())];
        }),
        leaf("an address with brackets", "signer-is-not-sender", &|c| {
            c.subject_alt_names = vec![rcgen::SanType::Rfc822Name("<bob@lab.test>".try_into().unwrap())];
        }),
        // What is compared two by two must be few.
        leaf("a hundred addresses", "signed", &|c| c.subject_alt_names.extend(addresses(99))),
    ]
}

fn addresses(count: usize) -> impl Iterator<Item = rcgen::SanType> {
    (0..count).map(|n| rcgen::SanType::Rfc822Name(format!("bob{n}@lab.test").try_into().unwrap()))
}

/// Nobody has as many; to compare them two by two would take hours.
#[test]
fn a_certificate_of_too_many_names_is_not_read() {
    let reads = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = person("bob@lab.test");
        change(&mut params);
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        Certificate::from_der(der).is_ok()
    };
    let extension = |n: u64| CustomExtension::from_oid_content(&[1, 2, 3, n], vec![5, 0]);
    for (count, read) in [(90, true), (101, false)] {
        assert_eq!(reads(&|c| c.subject_alt_names.extend(addresses(count))), read);
        assert_eq!(reads(&|c| c.custom_extensions.extend((1..=count as u64).map(extension))), read);
    }
}

fn chains(p: &Practice) -> Vec<Attack> {
    let below = |authority: &Authority| authority.issues(&person("bob@lab.test"));
    let through = |name, code, params: CertificateParams| {
        let middle = p.authority.authorises(params);
        Attack::new(name, code, by(&below(&middle), &[&middle.certificate]))
    };
    let mut no_authority = called("Dr Eve", "eve@evil.test");
    no_authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let mut no_usage = authority("Intermédiaire");
    no_usage.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let mut old = authority("Intermédiaire");
    old.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let mut for_servers = authority("Intermédiaire");
    for_servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut elsewhere = authority("Intermédiaire");
    elsewhere.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::Rfc822Name("evil.test".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let mut excluded = authority("Intermédiaire");
    excluded.name_constraints = Some(NameConstraints {
        permitted_subtrees: Vec::new(),
        excluded_subtrees: vec![GeneralSubtree::Rfc822Name("lab.test".to_owned())],
    });
    let mut last = authority("Dernière");
    last.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let last = p.authority.authorises(last);
    let one_more = last.authorises(authority("Une de trop"));
    let stranger = Authority::of(of_all_times(authority("Inconnue")));
    // Issued by the forger under the name of the real authority.
    let impostor = Authority::of(authority("Ordre des médecins"));
    let own_word = Authority::of(authority("Dr Bob Martin"));
    vec![
        through("an authority below, as it should be", "signed", authority("Intermédiaire")),
        through("issued by a doctor's certificate", "certificate-not-trusted", no_authority),
        through("issued by an authority that may not", "certificate-not-trusted", no_usage),
        through("issued by an authority that has expired", "certificate-not-trusted", old),
        through("issued by an authority for servers", "certificate-not-trusted", for_servers),
        through("issued by an authority for other addresses", "certificate-not-trusted", elsewhere),
        through(
            "issued by an authority for all but these addresses",
            "certificate-not-trusted",
            excluded,
        ),
        Attack::new(
            "one authority more than allowed",
            "certificate-not-trusted",
            by(&below(&one_more), &[&one_more.certificate, &last.certificate]),
        ),
        Attack::new(
            "an authority that nobody knows",
            "unknown-authority",
            by(&below(&stranger), &[&stranger.certificate]),
        ),
        Attack::new(
            "an authority that calls itself the real one",
            "certificate-not-trusted",
            by(&below(&impostor), &[&impostor.certificate]),
        ),
        Attack::new("the chain is not there", "unknown-authority", by(&below(&last), &[])),
        Attack::new(
            "signed by itself",
            "unknown-authority",
            by(&below(&own_word), &[&own_word.certificate]),
        ),
    ]
}
