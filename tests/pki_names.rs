//! Names as certificates really carry them: other string types, several values in one RDN, forms that an authority may not
//! certify.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod forge;

use forge::{Authority, NOW, dated, doctor};
use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, GeneralSubtree, IsCa, Issuer, KeyPair, NameConstraints, SanType};
use souspli::pki::path::{PathError, Purpose, Trust, validate};
use souspli::pki::{Certificate, der, oid};
use souspli::smime::PrivateKey;

#[test]
fn an_issuer_written_otherwise_is_the_same() {
    let way = |root_name: DnValue, written: DnValue| {
        let named = |name: DnValue| {
            let mut params = dated(2026, 2036);
            params.distinguished_name.push(DnType::CountryName, "FR");
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params
        };
        let key = KeyPair::generate().unwrap();
        let of = |der: &[u8]| Certificate::from_der(der).unwrap();
        let root = of(named(root_name).self_signed(&key).unwrap().der());
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = doctor("a@lab.test")
            .signed_by(&leaf_key, &Issuer::from_params(&named(written), &key))
            .unwrap();
        validate(&of(leaf.der()), &[], &Trust::of(vec![root]), NOW, Purpose::Sign).map(|p| p.certificates.len())
    };
    let utf8 = |text: &str| DnValue::Utf8String(text.to_owned());
    let printable = |text: &str| DnValue::PrintableString(text.try_into().unwrap());
    let bmp = |text: &str| DnValue::BmpString(text.try_into().unwrap());
    assert_eq!(way(utf8("AC Racine"), printable("AC Racine")), Ok(2));
    assert_eq!(way(printable("AC  RACINE "), utf8("ac racine")), Ok(2));
    assert_eq!(way(bmp("AC Émise"), utf8("ac émise")), Ok(2));
    assert!(matches!(
        way(utf8("AC Racine"), utf8("AC Racines")),
        Err(PathError::UnknownAuthority { .. })
    ));
    assert!(matches!(
        way(utf8("AC\u{200b} Racine"), utf8("AC Racine")),
        Err(PathError::UnknownAuthority { .. })
    ));
}

#[test]
fn constraints_bind_every_form_of_name() {
    let way = |permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>, change: &dyn Fn(&mut CertificateParams)| {
        let mut root = dated(2026, 2036);
        root.distinguished_name.push(DnType::CommonName, "Autorité");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.name_constraints = Some(NameConstraints {
            permitted_subtrees: permitted,
            excluded_subtrees: excluded,
        });
        let authority = Authority::of(root);
        let mut leaf = doctor("a@lab.test");
        change(&mut leaf);
        let key = authority.issues(&leaf);
        validate(key.certificate(), &[], &authority.trust(), NOW, Purpose::Sign).is_ok()
    };
    let dns = |name: &str| vec![GeneralSubtree::DnsName(name.to_owned())];
    let with = |name: SanType| move |c: &mut CertificateParams| c.subject_alt_names.push(name.clone());
    let host = with(SanType::DnsName("lab.test".try_into().unwrap()));
    let address = with(SanType::IpAddress([127, 0, 0, 1].into()));
    let page = with(SanType::URI("https://lab.test/".try_into().unwrap()));
    // A form that is not in the certificate does not bind.
    assert!(way(dns("lab.test"), Vec::new(), &|_| {}));
    assert!(way(dns("lab.test"), Vec::new(), &page));
    assert!(!way(dns("autre.test"), Vec::new(), &host));
    assert!(!way(Vec::new(), dns("lab.test"), &host));
    let net = || vec![GeneralSubtree::IpAddress(rcgen::CidrSubnet::V4([127, 0, 0, 0], [255, 0, 0, 0]))];
    assert!(!way(Vec::new(), net(), &address));
    // An excluded directory cannot be left by writing its name otherwise.
    let directory = |name: &str| {
        let mut dn = rcgen::DistinguishedName::new();
        dn.push(DnType::OrganizationName, name);
        vec![GeneralSubtree::DirectoryName(dn)]
    };
    let within = |name: DnValue| {
        move |c: &mut CertificateParams| {
            c.distinguished_name = rcgen::DistinguishedName::new();
            c.distinguished_name.push(DnType::OrganizationName, name.clone());
            c.distinguished_name.push(DnType::CommonName, "Dr Martin");
        }
    };
    let shouted = within(DnValue::PrintableString("CABINET  NORD".try_into().unwrap()));
    assert!(!way(Vec::new(), directory("Cabinet Nord"), &shouted));
    assert!(way(directory("Cabinet Nord"), Vec::new(), &shouted));
    assert!(!way(directory("Cabinet Sud"), Vec::new(), &shouted));
    // An address in the subject is bound as one in subjectAltName.
    let in_subject = |c: &mut CertificateParams| {
        c.subject_alt_names.clear();
        let email = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
        c.distinguished_name
            .push(email, DnValue::Ia5String("eve@evil.test".try_into().unwrap()));
    };
    // One beyond ASCII is bound by its domain in ASCII (RFC 9598 §6).
    let beyond = |address: &str| {
        let other = (
            vec![1, 3, 6, 1, 5, 5, 7, 8, 9],
            rcgen::OtherNameValue::Utf8String(address.to_owned()),
        );
        move |c: &mut CertificateParams| c.subject_alt_names = vec![SanType::OtherName(other.clone())]
    };
    let evreux = || vec![GeneralSubtree::Rfc822Name("xn--vreux-9ra.fr".to_owned())];
    assert!(way(evreux(), Vec::new(), &beyond("zoé@évreux.fr")));
    assert!(!way(evreux(), Vec::new(), &beyond("zoé@evreux.fr")));
    assert!(!way(Vec::new(), evreux(), &beyond("zoé@ÉVREUX.fr")));
    // An address that cannot be read is bound too.
    let unreadable = |c: &mut CertificateParams| {
        c.subject_alt_names
            .push(SanType::Rfc822Name("a@lab.test,b@evil.test".try_into().unwrap()))
    };
    assert!(way(Vec::new(), Vec::new(), &unreadable));
    assert!(!way(
        vec![GeneralSubtree::Rfc822Name("lab.test".to_owned())],
        Vec::new(),
        &unreadable
    ));
    let mail = || vec![GeneralSubtree::Rfc822Name("lab.test".to_owned())];
    assert!(way(mail(), Vec::new(), &|_| {}));
    assert!(!way(mail(), Vec::new(), &in_subject));
}

/// A CPS card: country, and common name (the national number), surname and first name in one relative name.
#[test]
fn the_holder_of_a_card() {
    for (common, surname, given, holder, rpps) in [
        ("899700218896", "MAXIMIN", "Zoé", "Zoé MAXIMIN", Some("99700218896")),
        ("10001234567", "LE GALL", "Yann", "Yann LE GALL", Some("10001234567")),
        ("Dr Martin", "MARTIN", "Paul", "Paul MARTIN", None),
        ("9997002188", "MARTIN", "Paul", "Paul MARTIN", None),
    ] {
        let value = |kind, text: &str| der::sequence(&[&der::oid(kind), &der::tlv(0x0c, &[text.as_bytes()])]);
        let person = der::set(&[
            value(oid::COMMON_NAME, common),
            value(oid::SURNAME, surname),
            value(oid::GIVEN_NAME, given),
        ]);
        let title = der::set(&[value(oid::TITLE, "Médecin")]);
        let certificate = with_subject(&der::sequence(&[&title, &person]));
        assert_eq!((certificate.holder().as_str(), certificate.rpps()), (holder, rpps));
        assert_eq!(certificate.profession(), Some("Médecin"));
        // The order within a relative name does not matter to who issued and who is meant.
        let id = der::sequence(&[certificate.subject(), &der::tlv(2, &[&[7]])]);
        let swapped = der::tlv(
            0x31,
            &[
                &value(oid::GIVEN_NAME, given),
                &value(oid::COMMON_NAME, common),
                &value(oid::SURNAME, surname),
            ],
        );
        let id_swapped = der::sequence(&[&der::sequence(&[&title, &swapped]), &der::tlv(2, &[&[7]])]);
        assert!(certificate.is_named_by(&id) && certificate.is_named_by(&id_swapped));
        assert!(!certificate.is_named_by(&der::sequence(&[certificate.subject(), &der::tlv(2, &[&[8]])])));
    }
}

#[test]
fn addresses_of_every_place() {
    let smtp_utf8 = vec![1, 3, 6, 1, 5, 5, 7, 8, 9];
    let mailbox = |text: &str| SanType::OtherName((smtp_utf8.clone(), rcgen::OtherNameValue::Utf8String(text.to_owned())));
    let mut params = doctor("Martin@lab.test");
    params.subject_alt_names.push(mailbox("zoé@lab.test"));
    params.subject_alt_names.push(mailbox("z\u{202e}oé@lab.test"));
    let email = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
    params
        .distinguished_name
        .push(email, DnValue::Ia5String("carte@lab.test".try_into().unwrap()));
    let key = Authority::new("Autorité").issues(&params);
    assert_eq!(key.certificate().emails(), ["Martin@lab.test", "zoé@lab.test", "carte@lab.test"]);
    assert!(key.certificate().has_email("ZOÉ@LAB.test"));
    // The domain in either spelling.
    let authority = Authority::new("Autorité");
    let ascii = authority.issues(&doctor("zoe@xn--vreux-9ra.fr"));
    assert!(ascii.certificate().has_email("Zoe@ÉVREUX.fr") && !ascii.certificate().has_email("zoe@evreux.fr"));
    let mut params = doctor("zoe@lab.test");
    params.subject_alt_names = vec![mailbox("zoé@évreux.fr")];
    let shown = authority.issues(&params);
    assert!(shown.certificate().has_email("zoé@xn--vreux-9ra.fr") && !shown.certificate().has_email("zoe@xn--vreux-9ra.fr"));
}

/// A certificate that nobody signed, by and for this name, serial number 7.
fn with_subject(name: &[u8]) -> Certificate {
    let point = der::bits(&[&[4][..], &[1; 64]].concat());
    let spki = der::sequence(&[&der::algorithm(oid::EC, &der::oid(oid::P256)), &point]);
    let algorithm = der::algorithm(oid::ECDSA_SHA256, &[]);
    let validity = der::sequence(&[&der::tlv(0x17, &[b"260101000000Z"]), &der::tlv(0x17, &[b"290101000000Z"])]);
    let tbs = der::sequence(&[
        &der::tlv(0xa0, &[&der::small(2)]),
        &der::small(7),
        &algorithm,
        name,
        &validity,
        name,
        &spki,
    ]);
    Certificate::from_der(der::sequence(&[&tbs, &algorithm, &der::bits(&[0; 8])])).unwrap()
}
