//! What lists that are held say of a path: states, scopes, deltas, signers.

use crate::made::{Authority, DAY, List as Written, NOW, authority, entry_with, extension, integer, point};
use souspli::base::UnixTime;
use souspli::pki::ber::tag;
use souspli::pki::crl::{Crl, ListError, Reason, signer};
use souspli::pki::name::DistinguishedName;
use souspli::pki::oid;
use souspli::pki::revocation::{Age, Held, List, Loaded, ProofKind, Rules, Status, Why, sources, status};
use souspli::pki::{Certificate, der};
use std::sync::Arc;

const URL: &str = "http://crl.lab.test/ca.crl";

#[derive(Default)]
pub struct Drawer {
    pub lists: Vec<Arc<dyn List>>,
    pub answers: Vec<Vec<u8>>,
    pub awaits: bool,
}

impl Held for Drawer {
    fn lists(&self, issuer: &DistinguishedName) -> Vec<Arc<dyn List>> {
        self.lists.iter().filter(|l| l.head().issuer == *issuer).cloned().collect()
    }

    fn answers(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        self.answers.clone()
    }

    fn awaits_word_of(&self, _: &Certificate) -> bool {
        self.awaits
    }
}

fn loaded(der: &[u8], root: &Authority, others: &[Certificate]) -> Arc<dyn List> {
    let crl = Crl::from_der(der).unwrap();
    let signer = signer(&crl, others, &root.trust(), NOW).unwrap();
    Arc::new(Loaded::of(&crl, signer).unwrap())
}

/// What is said of number 7 under these lists.
fn said_at(lists: &[Written], at: UnixTime) -> Status {
    let root = Authority::new("Racine");
    let leaf = root.issues(7, vec![point(URL)]);
    let held = Drawer {
        lists: lists.iter().map(|l| loaded(&root.list(l), &root, &[])).collect(),
        ..Drawer::default()
    };
    status(&root.path(&leaf, &[]), at, &held, &Rules::default())
}

fn said(lists: &[Written]) -> Status {
    said_at(lists, NOW)
}

fn why(status: Status) -> Why {
    match status {
        Status::Unknown(unknown) => unknown.why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn on_the_list_or_not() {
    assert!(matches!(said(&[Written::of(&[(8, Reason::KeyCompromise)])]), Status::Good(_)));
    assert!(matches!(said(&[Written::default()]), Status::Good(_)), "an empty list is one");
    let Status::Revoked(revoked) = said(&[Written::of(&[(6, Reason::Unspecified), (7, Reason::Superseded)])]) else {
        panic!()
    };
    assert_eq!(
        (revoked.since, revoked.reason, revoked.serial.as_str()),
        (NOW.plus(-2 * DAY), Reason::Superseded, "07")
    );
    assert_eq!(revoked.holder, "Dr Martin");
    assert_eq!(why(said(&[])), Why::NeverFetched);
}

#[test]
fn fresh_within_grace_stale() {
    let age = |after: i64| match said_at(&[Written::default()], NOW.plus(DAY + after)) {
        Status::Good(proof) => Some(proof.age),
        Status::Unknown(unknown) => {
            assert_eq!(unknown.why, Why::Stale { until: NOW.plus(DAY) });
            None
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        [0, 1, DAY, DAY + 1].map(age),
        [Some(Age::Fresh), Some(Age::Grace), Some(Age::Grace), None]
    );
    // Revoked stays revoked, however old the news.
    let old = said_at(&[Written::of(&[(7, Reason::Hold)])], NOW.plus(300 * DAY));
    assert!(matches!(old, Status::Revoked(_)));
}

#[test]
fn a_list_of_the_future_is_none() {
    let future = Written {
        this_update: NOW.plus(DAY),
        next_update: Some(NOW.plus(2 * DAY)),
        ..Written::default()
    };
    assert_eq!(why(said(&[future])), Why::NotYet);
}

#[test]
fn changes_since_a_list() {
    let base = Written::of(&[(7, Reason::Hold)]);
    let delta = |number, since, reason| Written {
        number: Some(number),
        base: Some(since),
        this_update: NOW.plus(-10),
        ..Written::of(&[(7, reason)])
    };
    let Status::Good(proof) = said(&[base.clone(), delta(6, 5, Reason::Removed)]) else {
        panic!("no longer held")
    };
    assert_eq!((proof.kind, proof.as_of), (ProofKind::Delta, NOW.plus(-10)));
    assert!(
        matches!(said(&[base.clone(), delta(5, 5, Reason::Removed)]), Status::Revoked(_)),
        "not newer"
    );
    assert!(
        matches!(said(&[base, delta(9, 6, Reason::Removed)]), Status::Revoked(_)),
        "to another list"
    );
    assert!(matches!(
        said(&[Written::default(), delta(6, 4, Reason::KeyCompromise)]),
        Status::Revoked(_)
    ));
    assert_eq!(
        why(said(&[delta(6, 5, Reason::KeyCompromise)])),
        Why::NotCovered,
        "changes to nothing"
    );
    let ended = Written {
        next_update: Some(NOW.plus(-2 * DAY)),
        this_update: NOW.plus(-3 * DAY),
        ..Written::default()
    };
    assert!(matches!(said(std::slice::from_ref(&ended)), Status::Unknown(_)));
    let other = Written {
        entries: Vec::new(),
        ..delta(6, 5, Reason::Hold)
    };
    assert!(matches!(said(&[ended, other]), Status::Good(_)), "its changes are of today");
}

/// A directory that is away for some days: the list of the week holds, the changes of the day have ended.
#[test]
fn a_revocation_among_changes_that_have_ended_is_not_forgotten() {
    let changes = |number, since, reason| Written {
        number: Some(number),
        base: Some(since),
        this_update: NOW.plus(-10 * DAY),
        next_update: Some(NOW.plus(-9 * DAY)),
        ..Written::of(&[(7, reason)])
    };
    let week = Written::default();
    assert!(matches!(
        said(&[week.clone(), changes(6, 5, Reason::KeyCompromise)]),
        Status::Revoked(_)
    ));
    assert!(
        matches!(said(&[week.clone(), changes(9, 8, Reason::KeyCompromise)]), Status::Revoked(_)),
        "to a list that nobody has"
    );
    assert!(
        matches!(said(&[week.clone(), changes(5, 4, Reason::Hold)]), Status::Good(_)),
        "not newer than the list"
    );
    let held = Written::of(&[(7, Reason::Hold)]);
    assert!(
        matches!(said(&[held, changes(6, 5, Reason::Removed)]), Status::Revoked(_)),
        "what has ended gives nothing back"
    );
    let today = Written {
        number: Some(7),
        base: Some(5),
        ..Written::default()
    };
    assert!(
        matches!(said(&[week, changes(6, 5, Reason::Hold), today]), Status::Good(_)),
        "newer changes to the same list say no more of it"
    );
}

/// One authority publishes its list at two places, and one of them was not asked again.
#[test]
fn an_older_list_of_the_same_says_nothing_beside_a_newer_one() {
    let before = Written {
        number: Some(4),
        this_update: NOW.plus(-9 * DAY),
        next_update: Some(NOW.plus(-8 * DAY)),
        ..Written::of(&[(7, Reason::Hold)])
    };
    assert!(matches!(said(std::slice::from_ref(&before)), Status::Revoked(_)));
    assert!(matches!(said(&[before.clone(), Written::default()]), Status::Good(_)));
    let future = Written {
        this_update: NOW.plus(DAY),
        ..Written::default()
    };
    assert!(
        matches!(said(&[before.clone(), future]), Status::Revoked(_)),
        "not by one of the future"
    );
    let back = Written {
        number: Some(3),
        ..Written::default()
    };
    assert!(matches!(said(&[before, back]), Status::Revoked(_)), "numbers only grow");
}

#[test]
fn what_is_critical_and_unknown_is_not_passed_over() {
    let unknown = oid::Oid::new_unwrap("1.3.6.1.4.1.99999.1");
    let list = Written {
        others: vec![extension(unknown, true, &der::null())],
        ..Written::default()
    };
    assert_eq!(why(said(&[list])), Why::Unreadable);
    let entries = Written {
        entries: vec![entry_with(9, &[extension(unknown, true, &der::null())])],
        ..Written::default()
    };
    let root = Authority::new("Racine");
    let crl = Crl::from_der(root.list(&entries)).unwrap();
    assert!(crl.entries().any(|e| e.is_err()));
}

#[test]
fn only_for_authorities_says_nothing_of_a_person() {
    let authorities = der::tlv(tag::context_primitive(2), &[&[0xff]]);
    let list = Written {
        others: vec![extension(oid::ISSUING_DISTRIBUTION_POINT, true, &der::sequence(&[&authorities]))],
        ..Written::default()
    };
    assert_eq!(why(said(&[list])), Why::NotCovered);
}

#[test]
fn who_may_sign() {
    let (root, stranger) = (Authority::new("Racine"), Authority::new("Racine"));
    let read = |by: &Authority, others: &[Certificate]| {
        let crl = Crl::from_der(by.list(&Written::default())).unwrap();
        signer(&crl, others, &root.trust(), NOW).map(|p| p.certificates.len())
    };
    assert_eq!(read(&root, &[]), Ok(1));
    // The same name, another key: its own certificate leads nowhere, and the true one did not sign.
    assert_eq!(
        read(&stranger, std::slice::from_ref(&stranger.certificate)),
        Err(ListError::BadSignature)
    );
    assert_eq!(read(&Authority::new("Autre"), &[]), Err(ListError::UnknownIssuer));
    let mut params = authority("Intermédiaire");
    params.key_usages.truncate(1);
    let silent = root.authorises(params);
    assert_eq!(read(&silent, std::slice::from_ref(&silent.certificate)), Err(ListError::NotAllowed));
}

#[test]
fn a_list_counts_for_the_authority_that_it_leads_to_only() {
    let (root, other) = (Authority::new("Racine"), Authority::new("Autre racine"));
    let (middle, twin) = (root.below("Intermédiaire"), other.below("Intermédiaire"));
    let leaf = middle.issues(7, vec![point(URL)]);
    let path = root.path(&leaf, std::slice::from_ref(&middle.certificate));
    let held = |list: Arc<dyn List>| Drawer {
        lists: vec![list, loaded(&root.list(&Written::default()), &root, &[])],
        ..Drawer::default()
    };
    let of_twin = loaded(&twin.list(&Written::default()), &other, std::slice::from_ref(&twin.certificate));
    assert_eq!(why(status(&path, NOW, &held(of_twin), &Rules::default())), Why::WrongSigner);
    let own = loaded(&middle.list(&Written::default()), &root, std::slice::from_ref(&middle.certificate));
    assert!(matches!(status(&path, NOW, &held(own), &Rules::default()), Status::Good(_)));
}

#[test]
fn an_authority_that_is_revoked_takes_its_certificates_along() {
    let root = Authority::new("Racine");
    let middle = root.below("Intermédiaire");
    let leaf = middle.issues(7, Vec::new());
    let mut entry = der::tlv(tag::INTEGER, &[middle.certificate.serial()]);
    entry.extend(crate::made::time(NOW.plus(-DAY)));
    let list = Written {
        entries: vec![der::sequence(&[&entry])],
        ..Written::default()
    };
    let held = Drawer {
        lists: vec![loaded(&root.list(&list), &root, &[])],
        ..Drawer::default()
    };
    let path = root.path(&leaf, std::slice::from_ref(&middle.certificate));
    let Status::Revoked(revoked) = status(&path, NOW, &held, &Rules::default()) else {
        panic!()
    };
    assert_eq!(revoked.holder, "Intermédiaire");
}

#[test]
fn nothing_published_unless_a_list_is_awaited() {
    let root = Authority::new("Racine");
    let path = root.path(&root.issues(7, Vec::new()), &[]);
    let mut held = Drawer::default();
    assert_eq!(status(&path, NOW, &held, &Rules::default()), Status::NotPublished);
    held.awaits = true;
    assert_eq!(why(status(&path, NOW, &held, &Rules::default())), Why::NeverFetched);
    held.lists = vec![loaded(&root.list(&Written::of(&[(7, Reason::Unspecified)])), &root, &[])];
    assert!(
        matches!(status(&path, NOW, &held, &Rules::default()), Status::Revoked(_)),
        "a list that no certificate names"
    );
}

#[test]
fn sources_of_a_certificate() {
    let root = Authority::new("Racine");
    let found = sources(&root.issues(7, vec![point(URL), crate::made::server("http://ocsp.lab.test/")]));
    assert_eq!(found.locations().collect::<Vec<_>>(), [URL]);
    assert_eq!(found.ocsp, ["http://ocsp.lab.test/"]);
    let garbage = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 31], vec![0x30, 3, 1]);
    let leaf = root.issues(7, vec![garbage]);
    assert!(sources(&leaf).unreadable);
    assert_eq!(
        why(status(&root.path(&leaf, &[]), NOW, &Drawer::default(), &Rules::default())),
        Why::NoUsableSource
    );
}

#[test]
fn cut_short_or_turned_round_it_is_an_error_and_no_more() {
    let root = Authority::new("Racine");
    let whole = root.list(&Written::of(&[(7, Reason::Hold), (300, Reason::KeyCompromise)]));
    for end in 0..whole.len() {
        assert!(Crl::from_der(&whole[..end]).is_err());
    }
    for at in 0..whole.len() {
        let mut turned = whole.clone();
        turned[at] ^= 0x55;
        if let Ok(crl) = Crl::from_der(turned) {
            crl.entries().for_each(drop);
            assert!(signer(&crl, &[], &root.trust(), NOW).is_err(), "octet {at}");
        }
    }
    assert_eq!(integer(128), [2, 2, 0, 128]);
}
