//! What OCSP answers say, and whose are believed.

use crate::lists::Drawer;
use crate::made::{Answer, Authority, DAY, List, NOW, asked_by, compromised, entry_with, responder, server};
use souspli::pki::algorithm::Digest;
use souspli::pki::crl::Reason;
use souspli::pki::ocsp::{AnswerError, Asked, NONCE_OCTETS, Said, answer, request};
use souspli::pki::oid;
use souspli::pki::revocation::{Prefer, ProofKind, Rules, Status, Why, status};
use souspli::pki::{Certificate, der};

const NONCE: [u8; NONCE_OCTETS] = [7; NONCE_OCTETS];

struct Case {
    root: Authority,
    leaf: Certificate,
}

impl Case {
    fn new() -> Self {
        let root = Authority::new("Racine");
        let leaf = root.issues(7, vec![server("http://ocsp.lab.test/")]);
        Self { root, leaf }
    }

    fn good(&self) -> Answer<'static> {
        Answer::good(&self.leaf, &self.root.certificate)
    }

    fn read(&self, bytes: &[u8]) -> Result<Said, AnswerError> {
        answer(bytes, &self.leaf, &self.root.certificate, NOW, Some(&NONCE)).map(|a| a.said)
    }

    fn status(&self, bytes: &[u8]) -> Status {
        let held = Drawer {
            answers: vec![bytes.to_vec()],
            ..Drawer::default()
        };
        status(&self.root.path(&self.leaf, &[]), NOW, &held, &Rules::default())
    }
}

#[test]
fn good_revoked_unknown() {
    let case = Case::new();
    let good = case.root.answer(&case.good());
    assert_eq!(case.read(&good), Ok(Said::Good));
    let Status::Good(proof) = case.status(&good) else { panic!() };
    assert_eq!((proof.kind, proof.as_of), (ProofKind::Answer, NOW.plus(-3600)));

    let revoked = case.root.answer(&Answer {
        status: compromised(),
        ..case.good()
    });
    let Status::Revoked(said) = case.status(&revoked) else { panic!() };
    assert_eq!((said.since, said.reason), (NOW.plus(-DAY), Reason::KeyCompromise));

    let unknown = case.root.answer(&Answer {
        status: vec![0x82, 0],
        ..case.good()
    });
    assert_eq!(case.read(&unknown), Ok(Said::Unknown));
    assert!(matches!(case.status(&unknown), Status::Unknown(u) if u.why == Why::NotKnownThere));
}

/// Once under each hash: what it says of the revocation counts, wherever it stands.
#[test]
fn said_twice_and_revoked_once() {
    let case = Case::new();
    let good = case.good();
    let revoked = Answer {
        asked: asked_by(Digest::Sha256, oid::SHA256, &case.leaf, &case.root.certificate),
        status: compromised(),
        ..case.good()
    };
    for singles in [[good.single(), revoked.single()], [revoked.single(), good.single()]] {
        assert!(matches!(case.read(&case.root.answer_of(&good, &singles)), Ok(Said::Revoked(_))));
    }
}

#[test]
fn to_another_question() {
    let case = Case::new();
    let with = |nonce| case.root.answer(&Answer { nonce, ..case.good() });
    assert_eq!(case.read(&with(Some(&NONCE))), Ok(Said::Good));
    assert_eq!(case.read(&with(Some(&[8; 32]))), Err(AnswerError::OtherNonce));
    let other = case.root.issues(8, Vec::new());
    let about_another = case.root.answer(&Answer::good(&other, &case.root.certificate));
    assert_eq!(case.read(&about_another), Err(AnswerError::NotAbout));
    let of_another = case.root.answer(&Answer::good(&case.leaf, &Authority::new("Racine").certificate));
    assert_eq!(case.read(&of_another), Err(AnswerError::NotAbout));
    let by_sha256 = case.root.answer(&Answer {
        asked: asked_by(Digest::Sha256, oid::SHA256, &case.leaf, &case.root.certificate),
        ..case.good()
    });
    assert_eq!(case.read(&by_sha256), Ok(Said::Good));
}

#[test]
fn in_the_authority_s_place() {
    let case = Case::new();
    let delegate = case.root.authorises(responder());
    assert_eq!(case.read(&delegate.answer(&case.good())), Ok(Said::Good));

    let mut params = responder();
    params.extended_key_usages.clear();
    let nobody = case.root.authorises(params);
    assert_eq!(case.read(&nobody.answer(&case.good())), Err(AnswerError::WrongSigner));

    let elsewhere = case.root.below("Intermédiaire").authorises(responder());
    assert_eq!(
        case.read(&elsewhere.answer(&case.good())),
        Err(AnswerError::WrongSigner),
        "not by the authority itself"
    );
    let stranger = Authority::new("Racine").authorises(responder());
    assert_eq!(case.read(&stranger.answer(&case.good())), Err(AnswerError::WrongSigner));
    assert_eq!(
        case.read(&Authority::new("Racine").answer(&case.good())),
        Err(AnswerError::WrongSigner)
    );

    let mut params = responder();
    params.not_after = rcgen::date_time_ymd(2026, 2, 1);
    assert_eq!(
        case.read(&case.root.authorises(params).answer(&case.good())),
        Err(AnswerError::WrongSigner),
        "expired"
    );
}

#[test]
fn a_delegate_that_is_revoked_says_nothing() {
    let case = Case::new();
    let mut params = responder();
    params.serial_number = Some(99.into());
    let delegate = case.root.authorises(params);
    let crl = case.root.list(&List {
        entries: vec![entry_with(99, &[])],
        ..List::default()
    });
    let crl = souspli::pki::crl::Crl::from_der(crl).unwrap();
    let signer = souspli::pki::crl::signer(&crl, &[], &case.root.trust(), NOW).unwrap();
    let loaded = souspli::pki::revocation::Loaded::of(&crl, signer).unwrap();
    // The list is for others, so that it does not answer for the certificate itself.
    let held = Drawer {
        answers: vec![delegate.answer(&Answer {
            status: compromised(),
            ..case.good()
        })],
        lists: vec![std::sync::Arc::new(loaded)],
        ..Drawer::default()
    };
    let path = case.root.path(&case.leaf, &[]);
    assert!(matches!(status(&path, NOW, &held, &Rules::default()), Status::Good(p) if p.kind == ProofKind::List));
}

#[test]
fn dates() {
    let case = Case::new();
    let at = |this: i64, next: Option<i64>| {
        case.status(&case.root.answer(&Answer {
            this_update: NOW.plus(this),
            next_update: next.map(|n| NOW.plus(n)),
            ..case.good()
        }))
    };
    assert!(matches!(at(-10, None), Status::Good(_)), "without an end: an hour");
    assert!(matches!(at(200, Some(900)), Status::Good(_)), "clocks differ a little");
    assert!(matches!(at(2000, Some(9000)), Status::Unknown(u) if u.why == Why::NotYet));
    assert!(matches!(at(-3 * DAY, Some(-2 * DAY)), Status::Unknown(u) if matches!(u.why, Why::Stale { .. })));
}

#[test]
fn a_server_that_refuses_and_what_is_no_answer() {
    let case = Case::new();
    assert_eq!(case.read(&der::sequence(&[&[0x0a, 1, 3]])), Err(AnswerError::Refused(3)));
    assert_eq!(case.read(b"<html>"), Err(AnswerError::Unreadable));
    let whole = case.root.answer(&case.good());
    for end in 0..whole.len() {
        assert!(case.read(&whole[..end]).is_err());
    }
    for at in 0..whole.len() {
        let mut turned = whole.clone();
        turned[at] ^= 0x55;
        let _ = case.read(&turned);
    }
}

#[test]
fn who_is_asked_first() {
    let case = Case::new();
    let crl = souspli::pki::crl::Crl::from_der(case.root.list(&List::default())).unwrap();
    let signer = souspli::pki::crl::signer(&crl, &[], &case.root.trust(), NOW).unwrap();
    let mut held = Drawer {
        answers: vec![case.root.answer(&case.good())],
        lists: vec![std::sync::Arc::new(souspli::pki::revocation::Loaded::of(&crl, signer).unwrap())],
        ..Drawer::default()
    };
    let path = case.root.path(&case.leaf, &[]);
    let kind = |held: &Drawer, prefer| match status(
        &path,
        NOW,
        held,
        &Rules {
            prefer,
            ..Rules::default()
        },
    ) {
        Status::Good(proof) => Some(proof.kind),
        Status::Revoked(_) => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(&held, Prefer::Lists), Some(ProofKind::List));
    assert_eq!(kind(&held, Prefer::Ocsp), Some(ProofKind::Answer));
    // Whoever says revoked is believed.
    held.answers = vec![case.root.answer(&Answer {
        status: compromised(),
        ..case.good()
    })];
    assert_eq!((kind(&held, Prefer::Lists), kind(&held, Prefer::Ocsp)), (None, None));
}

/// What openssl makes of it is seen in the lab; here that it is one SEQUENCE with the nonce of 32 octets.
#[test]
fn a_question() {
    let case = Case::new();
    let asked = request(&Asked::of(&case.leaf, &case.root.certificate), &NONCE);
    assert_eq!(asked[0], 0x30);
    let nonce = der::octets(&der::octets(&NONCE));
    assert!(asked.windows(nonce.len()).any(|w| w == nonce));
}
