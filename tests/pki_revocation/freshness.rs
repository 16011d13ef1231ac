//! Lists and answers of a day in 2020 that nobody in this project made (certvalidator's "freshness").

use crate::corpus;
use crate::lists::Drawer;
use souspli::base::UnixTime;
use souspli::pki::crl::{Crl, signer};
use souspli::pki::revocation::{Age, Loaded, Rules, Status, Why, status};
use souspli::pki::{Certificate, Purpose, Trust, certificates_in, path};
use std::fs;
use std::sync::Arc;

/// 2020-10-01 00:05 UTC.
const THEN: UnixTime = UnixTime(1_601_510_700);

#[test]
fn a_day_in_2020() {
    let Some(folder) = corpus("certvalidator").map(|c| c.join("freshness")) else {
        return;
    };
    let certificate = |name: &str| -> Certificate {
        let found = certificates_in(&fs::read(folder.join(format!("certs/{name}.crt"))).unwrap());
        found.into_iter().next().unwrap()
    };
    let (root, middle, alice) = (certificate("root"), certificate("interm"), certificate("alice"));
    let trust = Trust::of(vec![root]);
    let crl = Crl::from_der(fs::read(folder.join("root-2020-10-01.crl")).unwrap()).unwrap();
    let by = signer(&crl, &[], &trust, THEN).unwrap();
    let held = |answer: &str| Drawer {
        lists: vec![Arc::new(Loaded::of(&crl, by.clone()).unwrap())],
        answers: vec![fs::read(folder.join(answer)).unwrap()],
        ..Drawer::default()
    };
    let found = path::validate(&alice, &[middle], &trust, THEN, Purpose::Any).unwrap();
    let strict = Rules {
        grace: 0,
        ..Rules::default()
    };
    let said = |answer: &str, at: UnixTime, rules: &Rules| status(&found, at, &held(answer), rules);
    assert!(matches!(said("alice-2020-10-01.ors", THEN, &strict), Status::Good(p) if p.age == Age::Fresh));
    let later = THEN.plus(3600);
    assert!(matches!(said("alice-2020-10-01.ors", later, &strict), Status::Unknown(u) if matches!(u.why, Why::Stale { .. })));
    assert!(matches!(said("alice-2020-10-01.ors", later, &Rules::default()), Status::Good(p) if p.age == Age::Grace));
    // An answer of November, in October.
    assert!(matches!(said("alice-2020-11-29.ors", THEN, &strict), Status::Unknown(u) if u.why == Why::NotYet));
    // In December she is revoked.
    let december = UnixTime(1_607_558_700);
    let crl = Crl::from_der(fs::read(folder.join("root-2020-12-10.crl")).unwrap()).unwrap();
    let drawer = Drawer {
        lists: vec![Arc::new(Loaded::of(&crl, by.clone()).unwrap())],
        answers: vec![fs::read(folder.join("alice-2020-12-10.ors")).unwrap()],
        ..Drawer::default()
    };
    let Status::Revoked(revoked) = status(&found, december, &drawer, &strict) else {
        panic!()
    };
    assert_eq!((revoked.holder.as_str(), revoked.since), ("Alice", UnixTime(1_606_780_800)));
}
