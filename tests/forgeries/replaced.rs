//! A provider that gives another message under the number of one that was verified.

use crate::practice::{BOB, EVE, Practice, TEXT, mail, opaque_by};
use souspli::mime::header::Header;
use souspli::smime::encrypt::Cipher;

#[test]
fn a_verdict_is_not_inherited_by_what_takes_the_place() {
    let p = Practice::new();
    let honest = mail(BOB, &p.sealed_by(&p.bob, TEXT));
    let forged = [
        ("certificate-not-trusted", mail(BOB, &p.sealed_by(&p.false_bob, TEXT))),
        ("signer-is-not-sender", mail(BOB, &p.sealed_by(&p.eve, TEXT))),
        ("encrypted-unsigned", mail(BOB, &p.seals(TEXT, Cipher::Aes256Cbc))),
        ("signer-is-not-sender", mail(EVE, &p.sealed_by(&p.bob, TEXT))),
        ("signed", mail(BOB, &opaque_by(&p.bob, TEXT))),
    ];
    for (uid, (code, message)) in (1..).zip(&forged) {
        assert!(said(&p, uid, &honest).ends_with("encrypted-signed"));
        p.restarts();
        assert!(said(&p, uid, message).contains(&format!("code={code}")), "{code}");
        p.restarts();
        assert!(said(&p, uid, &honest).ends_with("encrypted-signed"));
    }
}

/// The verdict's field as a mail program gets it.
fn said(p: &Practice, uid: u32, stored: &[u8]) -> String {
    let view = p.fetches(uid, stored);
    Header::parse(view.bytes()).0.text("X-Souspli-Verdict").unwrap()
}
