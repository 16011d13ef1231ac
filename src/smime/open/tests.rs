//! Whoever changes a ciphertext learns nothing of what became of it: one answer, and the same work, whatever went wrong.

use super::*;
use crate::pki::Certificate;
use crate::smime::encrypt::{Cipher, Material, Method, Transport, encrypt};
use crate::smime::envelope::work;
use crate::smime::port::{KeyError, SignatureScheme};
use std::cell::Cell;

const NOW: UnixTime = UnixTime(1_795_400_000);
const KEY: [u8; 32] = [7; 32];
/// Begins as a signed letter does, so that a changed one is no letter at all.
const SIGNED: &[u8] =
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n0\x80not a structure";

/// A key that says what it is told to say, and counts how often it is asked.
struct Told {
    certificate: Certificate,
    says: Box<dyn Fn() -> Unwrapped + Send + Sync>,
    asked: std::sync::atomic::AtomicUsize,
}

impl Told {
    fn new(certificate: &Certificate, says: impl Fn() -> Unwrapped + Send + Sync + 'static) -> Self {
        Self {
            certificate: certificate.clone(),
            says: Box::new(says),
            asked: Default::default(),
        }
    }
}

impl PrivateKey for Told {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }
    fn chain(&self) -> &[Certificate] {
        &[]
    }
    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Unsupported)
    }
    fn unwrap(&self, _: &WrappedKey) -> Unwrapped {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (self.says)()
    }
    fn is_outside(&self) -> bool {
        true
    }
}

fn right() -> Unwrapped {
    Unwrapped::Key(Secret::new(KEY.to_vec()))
}

/// What RSA gives for a wrong padding (RFC 3218 §2.3.2).
fn another() -> Unwrapped {
    Unwrapped::Key(Secret::new(vec![8; 32]))
}

fn too_short() -> Unwrapped {
    Unwrapped::Key(Secret::new(vec![7; 16]))
}

fn failed() -> Unwrapped {
    Unwrapped::Failed
}

fn certificate() -> Certificate {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Alice");
    let key = rcgen::KeyPair::generate().unwrap();
    Certificate::from_der(params.self_signed(&key).unwrap().der().to_vec()).unwrap()
}

fn sealed(certificate: &Certificate, cipher: Cipher) -> Vec<u8> {
    sealed_content(certificate, cipher, [SIGNED, &[b'x'; 4000]].concat())
}

fn sealed_content(certificate: &Certificate, cipher: Cipher, content: Vec<u8>) -> Vec<u8> {
    let material = Material {
        key: Secret::new(KEY.to_vec()),
        iv: [9; 16],
    };
    let method = Method {
        cipher,
        transport: Transport::Pkcs1,
    };
    let entity = encrypt(content, &[certificate], method, material).unwrap().to_vec().unwrap();
    let (header, body) = field::split(&entity);
    let header = String::from_utf8(header.to_vec()).unwrap().replace("base64", "binary");
    [header.as_bytes(), &transfer::decode("base64", body)].concat()
}

/// The error, how often the key was asked, how many octets were deciphered.
fn outcome(message: &[u8], certificate: &Certificate, says: fn() -> Unwrapped) -> (Option<OpenError>, usize, usize) {
    let key = Told::new(certificate, says);
    work::OCTETS.with(|octets| octets.set(0));
    let result = open(message, &[&key], &Trust::default(), NOW);
    (result.err(), key.asked.into_inner(), work::OCTETS.with(Cell::get))
}

#[test]
fn no_failure_is_told_from_another_by_its_answer_or_by_the_work_it_costs() {
    let certificate = certificate();
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let message = sealed(&certificate, cipher);
        // GCM's tag stands at the end.
        let end = message.len() - if cipher == Cipher::Aes256Gcm { 18 } else { 0 };
        let changed = |at: usize| {
            let mut changed = message.clone();
            changed[at] ^= 0x20;
            changed
        };
        let cases = [
            ("the content is no letter", message.clone(), right as fn() -> Unwrapped),
            ("the key does not unwrap", message.clone(), failed),
            ("a stand-in for a wrong padding", message.clone(), another),
            ("a key of another length", message.clone(), too_short),
            ("the padding of the content", changed(end - 17), right),
            ("a block in the midst", changed(end - 2000), right),
            // Not the first block: without its header any content is a text that nobody signed, and is shown as no more.
            ("both", changed(end - 17), failed),
        ];
        let outcomes: Vec<_> = cases
            .iter()
            .map(|(name, message, says)| (*name, outcome(message, &certificate, *says)))
            .collect();
        let (_, (_, _, octets)) = outcomes[0];
        assert!(octets > 4000, "{outcomes:?}");
        for (name, found) in &outcomes {
            // An authenticated content that is no letter was sealed so by its sender: nobody has tried anything.
            let error = match (cipher, *name) {
                (Cipher::Aes256Gcm, "the content is no letter") => OpenError::Damaged,
                _ => OpenError::Undecryptable,
            };
            assert_eq!(*found, (Some(error), 1, octets), "{name}");
        }
    }
}

/// What opened a message is told of keys outside this process alone, and only what is right beyond doubt.
#[test]
fn a_content_key_is_told_when_it_is_the_right_one() {
    let certificate = certificate();
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        for content in [
            &b"Content-Type: text/plain\r\n\r\nBonjour"[..],
            "Sans en-tête, à l’ancienne".as_bytes(),
            b"",
        ] {
            let message = sealed_content(&certificate, cipher, content.to_vec());
            let opened = open(&message, &[&Told::new(&certificate, right)], &Trust::default(), NOW).unwrap();
            let told: Vec<_> = opened
                .unwrapped
                .iter()
                .map(|by| by.content_key.as_ref().map(Secret::expose))
                .collect();
            assert_eq!((told, opened.content.as_slice()), (vec![Some(&KEY[..])], content));
        }
        // Of a message that does not open to its end nothing is told.
        assert!(outcome(&sealed(&certificate, cipher), &certificate, right).0.is_some());
    }
}

#[test]
fn a_stand_in_that_cbc_takes_for_right_is_not_told() {
    let certificate = certificate();
    let message = sealed_content(&certificate, Cipher::Aes256Cbc, vec![b'x'; 40]);
    let mut taken = 0;
    for n in 0..4000_u16 {
        let stand_in = move || Unwrapped::Key(Secret::new([[1, 2], n.to_be_bytes()].concat().repeat(8)));
        if let Ok(opened) = open(&message, &[&Told::new(&certificate, stand_in)], &Trust::default(), NOW) {
            taken += 1;
            assert!(opened.unwrapped.iter().all(|by| by.content_key.is_none()), "{n}");
        }
    }
    assert!(taken > 4, "{taken}");
}
