//! Authorities of both realms, which never vouch for each other, and the rules of their profiles.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod forge;

use forge::{Authority as Issuer, ENTITY, NOW, attributes, dated, doctor, judged, opaque, signed, signer};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use souspli::base::{Address, Realm};
use souspli::keys::SoftwareKey;
use souspli::pki::authority::{Authority, Profile};
use souspli::pki::identity::{self, Named};
use souspli::pki::path::{PathError, Purpose, validate};
use souspli::pki::{Trust, oid};
use souspli::smime::PrivateKey;
use souspli::view::verdict::Grade;

const DOCTOR: &str = "a@lab.test";

fn of(issuer: &Issuer, realm: Realm) -> Authority {
    Authority {
        realm,
        ..Authority::of_user(issuer.certificate.clone())
    }
}

/// What is said of a letter by that key where this is trusted.
fn said(key: &SoftwareKey, trust: &Trust) -> (Grade, &'static str, Realm) {
    let info = signer(key, Some(&attributes(ENTITY)), ENTITY);
    let letter = signed(oid::DATA, Some(ENTITY), &[key.certificate()], &[info]);
    let verdict = judged(&opaque(&letter), &[], trust, DOCTOR);
    (verdict.grade, verdict.code, verdict.realm)
}

/// The banner, its lines joined.
fn text_of(key: &SoftwareKey, trust: &Trust) -> String {
    let info = signer(key, Some(&attributes(ENTITY)), ENTITY);
    let letter = signed(oid::DATA, Some(ENTITY), &[key.certificate()], &[info]);
    let verdict = judged(&opaque(&letter), &[], trust, DOCTOR);
    let text = souspli::view::banner::insert(b"Content-Type: text/plain; charset=utf-8\r\n\r\nBonjour\r\n", &verdict).unwrap();
    String::from_utf8(text).unwrap().replace("\r\n", " ")
}

fn under(issuer: &Issuer, profile: Profile) -> Trust {
    let authority = Authority {
        profile,
        ..of(issuer, Realm::Production)
    };
    Trust::among(vec![authority], Realm::Production)
}

/// As on the card of a physician: named by his number, without an address and without extended uses.
fn card() -> CertificateParams {
    let mut params = dated(2026, 2030);
    let names = [(4, "LE GALL"), (42, "Yann"), (12, "Médecin")];
    params.distinguished_name.push(DnType::CommonName, "810001234567");
    for (last, value) in names {
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, last]), value);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

#[test]
fn a_card_names_its_holder_by_number_where_the_rules_know_that() {
    let igc = Issuer::new("AC IGC-SANTE FORT PERSONNES");
    let key = igc.issues(&card());
    let said_under = |profile| {
        let (grade, code, _) = said(&key, &under(&igc, profile));
        (grade, code)
    };
    assert_eq!(said_under(Profile::IgcSante), (Grade::Unassured, "signer-without-address"));
    assert_eq!(said_under(Profile::Mail), (Grade::Unassured, "signer-is-not-sender"));
    assert_eq!(said_under(Profile::WebSmime), (Grade::Unassured, "certificate-wrong-usage"));
    let shown = text_of(&key, &under(&igc, Profile::IgcSante));
    assert!(shown.contains("« Dr Yann LE GALL, Médecin, RPPS 10001234567 »"), "{shown}");
    let address = Address::parse(DOCTOR).unwrap();
    let named = |key: &SoftwareKey| identity::named(key.certificate(), &address, Profile::IgcSante);
    assert_eq!(named(&key), Named::Number);
    assert_eq!(named(&igc.issues(&doctor("A@LAB.test"))), Named::Address);
    assert_eq!(named(&igc.issues(&doctor("b@lab.test"))), Named::Otherwise);
}

/// A pseudonym may be eleven digits, and a consumer's authority certifies any.
#[test]
fn a_number_is_one_of_health_professionals_where_the_authority_is_theirs() {
    let issuer = Issuer::new("Autorité");
    let mut params = card();
    params.subject_alt_names = doctor(DOCTOR).subject_alt_names;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    let key = issuer.issues(&params);
    for (profile, numbered) in [(Profile::IgcSante, true), (Profile::Mail, false), (Profile::WebSmime, false)] {
        let trust = under(&issuer, profile);
        assert_eq!(said(&key, &trust).0, Grade::Verified);
        let shown = text_of(&key, &trust);
        assert!(shown.contains("Yann LE GALL"), "{shown}");
        assert_eq!(shown.contains("RPPS 10001234567"), numbered, "{shown}");
    }
}

#[test]
fn each_profile_asks_what_its_rules_ask() {
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, EmailProtection, ServerAuth};
    let issuer = Issuer::new("Autorité");
    let outcome = |profile, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = doctor(DOCTOR);
        change(&mut params);
        let key = issuer.issues(&params);
        validate(key.certificate(), &[], &under(&issuer, profile), NOW, Purpose::Sign).map(|path| path.profile)
    };
    let uses = |uses: &[ExtendedKeyUsagePurpose]| {
        let uses = uses.to_vec();
        move |c: &mut CertificateParams| c.extended_key_usages = uses.clone()
    };
    let refused = Err(PathError::WrongUsage);
    let (mail, web, igc) = (Profile::Mail, Profile::WebSmime, Profile::IgcSante);
    for (given, by_mail, by_web, by_igc) in [
        (vec![EmailProtection], true, true, true),
        (vec![EmailProtection, ClientAuth], true, true, true),
        (vec![EmailProtection, ServerAuth], true, false, true),
        (vec![Any], true, false, true),
        (vec![], true, false, true),
        (vec![ClientAuth], false, false, false),
    ] {
        for (profile, holds) in [(mail, by_mail), (web, by_web), (igc, by_igc)] {
            let wanted = if holds { Ok(profile) } else { refused.clone() };
            assert_eq!(outcome(profile, &uses(&given)), wanted, "{profile:?} {given:?}");
        }
    }
    let silent = |c: &mut CertificateParams| c.key_usages.clear();
    assert_eq!(outcome(mail, &silent), Ok(mail));
    assert_eq!(outcome(web, &silent), refused);
    assert_eq!(outcome(igc, &silent), refused);
}

#[test]
fn trials_and_what_is_meant_never_mix() {
    let (meant, trial) = (Issuer::new("Ordre des médecins"), Issuer::new("Essais"));
    let known = vec![of(&meant, Realm::Production), of(&trial, Realm::Test)];
    let production = Trust::among(known.clone(), Realm::Production);
    let test = Trust::among(known, Realm::Test);
    let (real, tried) = (meant.issues(&doctor(DOCTOR)), trial.issues(&doctor(DOCTOR)));
    assert_eq!(said(&real, &production), (Grade::Verified, "signed", Realm::Production));
    assert_eq!(said(&tried, &production), (Grade::Unassured, "certificate-test", Realm::Production));
    assert_eq!(said(&tried, &test), (Grade::Verified, "signed", Realm::Test));
    assert_eq!(said(&real, &test), (Grade::Unassured, "certificate-not-test", Realm::Production));
}
