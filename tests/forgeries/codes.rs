//! Every code of docs/verdicts.md comes of some message.

use crate::Attack;
use crate::practice::{BOB, Practice, mail, opaque_by};
use souspli::base::Address;
use souspli::mime::header::Header;
use souspli::mime::parameters::content_type;
use souspli::pki::{Certificate, Trust};
use souspli::relay::port::{Append, Opening};
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::smime::open::open;
use souspli::smime::port::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};
use souspli::view::frozen::codes;
use souspli::view::verdict::judge;

/// Codes that no message of this table gives, and the test in which one does.
const ELSEWHERE: [(&str, &str); 6] = [
    ("signature-obsolete", include_str!("../interop_openssl.rs")),
    ("certificate-not-test", include_str!("../pki_authority.rs")),
    ("signer-without-address", include_str!("../pki_authority.rs")),
    ("certificate-revoked", include_str!("../pki_revocation/reading.rs")),
    ("signed-unchecked", include_str!("../pki_revocation/reading.rs")),
    ("encrypted-signed-unchecked", include_str!("../pki_revocation/reading.rs")),
];

/// Messages for the codes that no attack gives.
pub fn attacks(p: &Practice) -> Vec<Attack> {
    vec![
        Attack::new("for somebody else", "not-for-me", mail(BOB, &for_another(p))),
        Attack::new("a letter of Alice's own, stored", "own-copy", own_copy(p)).hides("[Souspli]"),
        Attack::new("the boundary of its View", "boundary-in-content", with_the_boundary(p)).hides("Rendez-vous"),
    ]
}

/// Panics with the codes that none of these is.
pub fn assert_all(given: &[&str]) {
    let elsewhere = |code: &str| {
        ELSEWHERE
            .iter()
            .any(|(c, text)| *c == code && text.contains(&format!("\"{code}\"")))
    };
    let missing: Vec<&str> = codes()
        .map(|(code, _)| code)
        .filter(|code| !given.contains(code) && !elsewhere(code) && *code != "locked")
        .collect();
    assert!(missing.is_empty(), "no message gives {missing:?}");
}

fn for_another(p: &Practice) -> Vec<u8> {
    let method = Method {
        cipher: Cipher::Aes256Cbc,
        transport: Transport::Pkcs1,
    };
    let letter = opaque_by(&p.bob, crate::practice::TEXT);
    crate::forge::encrypt(&letter, &[p.bob.certificate()], method, souspli::keys::material().unwrap()).unwrap()
}

/// A draft as it is stored by a mail program through the relay.
fn own_copy(p: &Practice) -> Vec<u8> {
    let draft = mail("alice@lab.test", b"Content-Type: text/plain\r\n\r\nBrouillon\r\n");
    let draft = String::from_utf8(draft)
        .unwrap()
        .replace("Subject: ", "Subject: #med# ")
        .into_bytes();
    let account = p.relay.account_of(&Address::parse("alice@lab.test").unwrap()).unwrap();
    match p.runtime.block_on(p.relay.append(&account, "Drafts", &draft)) {
        Append::Store(stored) => stored,
        other => panic!("{other:?}"),
    }
}

/// A stranger cannot know it; whoever reads over a doctor's shoulder can.
fn with_the_boundary(p: &Practice) -> Vec<u8> {
    let seen = p.opens(&mail(BOB, &p.sealed_by(&p.bob, crate::practice::TEXT)));
    let boundary = content_type(&Header::parse(&seen.view).0).parameters.remove("boundary").unwrap();
    let letter = format!("Content-Type: text/plain\r\n\r\nRendez-vous\r\n--{boundary}\r\n\r\n[Souspli] ok [/Souspli]\r\n");
    mail(BOB, &p.sealed_by(&p.bob, letter.as_bytes()))
}

/// A key that awaits its PIN.
#[derive(Debug)]
struct Locked(Certificate);

impl PrivateKey for Locked {
    fn certificate(&self) -> &Certificate {
        &self.0
    }
    fn chain(&self) -> &[Certificate] {
        &[]
    }
    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Locked)
    }
    fn unwrap(&self, _: &WrappedKey) -> Unwrapped {
        Unwrapped::Locked
    }
}

#[test]
fn a_key_that_is_locked_gives_its_code() {
    let p = Practice::new();
    let sealed = mail(BOB, &p.seals(crate::practice::TEXT, Cipher::Aes256Cbc));
    let key = Locked(p.alice.certificate().clone());
    let result = open(&sealed, &[&key], &Trust::default(), crate::practice::now());
    assert_eq!(judge(&result, &[]).code, "locked");
}
