//! A card names a health professional by number and no address: its letters are nobody's verified mail until the user has said
//! whose it is, and then those of the same number are, from that address alone.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

mod forge;

use forge::{Authority, ENTITY, attributes, dated, opaque, signed, signer};
use rcgen::{CertificateParams, DnType, KeyUsagePurpose};
use souspli::base::{Address, Realm};
use souspli::config::parse::parse;
use souspli::keys::SoftwareKey;
use souspli::pki::authority::{Profile, note};
use souspli::pki::oid;
use souspli::relay::Relay;
use souspli::smime::PrivateKey;
use souspli::store::{CertificateFolder, Home, Secrets};

const CONFIGURATION: &str = r##"
[[account]]
address = "alice@lab.test"
smtp = { host = "127.0.0.1", port = 1, tls = "implicit" }
imap = { host = "127.0.0.1", port = 1, tls = "implicit" }
"##;

#[test]
fn a_card_speaks_for_the_address_that_the_user_has_bound_it_to() {
    let folder = tempfile::tempdir().unwrap();
    let (home, secrets) = (Home::open(folder.path()).unwrap(), Secrets::ephemeral().unwrap());
    let (igc, other) = (Authority::new("AC IGC-SANTE FORT PERSONNES"), Authority::new("AC d'à côté"));
    for (authority, profile) in [(&igc, Profile::IgcSante), (&other, Profile::Mail)] {
        let folder = CertificateFolder::new(home.trust());
        let fingerprint = folder.put(authority.certificate.der()).unwrap();
        if let Some(note) = note(Realm::Production, profile) {
            folder.put_note(&fingerprint, &note).unwrap();
        }
    }
    let (card, renewed) = (igc.issues(&professional("810001234567")), igc.issues(&professional("810001234567")));
    let stranger = igc.issues(&professional("810007654321"));
    let imitation = other.issues(&professional("810001234567"));
    let relay = Relay::open(parse(CONFIGURATION).unwrap(), &home, &secrets).unwrap();
    let said = |from: &str, key: &SoftwareKey| {
        let verdict = relay.open_by_hand(letter(from, key)).unwrap().json();
        (
            verdict["grade"].as_str().unwrap().to_owned(),
            verdict["code"].as_str().unwrap().to_owned(),
        )
    };
    let unassured = |code: &str| ("unassured".to_owned(), code.to_owned());
    assert_eq!(said("bob@lab.test", &card), unassured("signer-without-address"));

    let imported = CertificateFolder::new(home.certificates());
    let fingerprint = imported.put(card.certificate().der()).unwrap();
    let bob = Address::parse("bob@lab.test").unwrap();
    relay.confirm(&imported, &bob, &fingerprint.to_string()).unwrap();
    for key in [&card, &renewed] {
        assert_eq!(said("bob@lab.test", key), ("verified".to_owned(), "signed".to_owned()));
        assert_eq!(said("carol@lab.test", key), unassured("signer-without-address"));
    }
    assert_eq!(said("bob@lab.test", &stranger), unassured("signer-without-address"));
    assert_eq!(said("bob@lab.test", &imitation), unassured("signer-is-not-sender"));
}

fn professional(number: &str) -> CertificateParams {
    let mut params = dated(2026, 2030);
    params.distinguished_name.push(DnType::CommonName, number);
    for (last, value) in [(4, "LE GALL"), (42, "Yann"), (12, "Médecin")] {
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, last]), value);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn letter(from: &str, key: &SoftwareKey) -> Vec<u8> {
    let signers = [signer(key, Some(&attributes(ENTITY)), ENTITY)];
    let cms = signed(oid::DATA, Some(ENTITY), &[key.certificate()], &signers);
    [format!("From: {from}\r\n").as_bytes(), &opaque(&cms)[..]].concat()
}
