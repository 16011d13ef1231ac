//! Authorities of both realms: what is meant and what is a trial never vouch for each other.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod forge;

use forge::{Authority as Issuer, ENTITY, attributes, doctor, judged, opaque, signed, signer};
use souspli::base::Realm;
use souspli::keys::SoftwareKey;
use souspli::pki::authority::Authority;
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
