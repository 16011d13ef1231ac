//! The same letter by other keys, in files and in tokens: how much of the time is not the key's. By the clock on the wall, for a
//! token works in another process.

use super::measure::{Side, Time, is_wanted, share};
use super::practice::{Kept, Kind, Practice};
use super::token::Tokens;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use souspli::keys::SoftwareKey;
use std::cell::RefCell;
use std::hint::black_box;

const KINDS: [Kind; 3] = [Kind::Rsa2048, Kind::Rsa3072, Kind::P256];
const BATCH: usize = 100;
const WORDS: &str = "share of the time outside the key";

/// What a letter asks of a key, and nothing else.
pub struct Alone {
    /// The signature over the attributes.
    pub sign: Box<dyn Fn()>,
    /// The content key's decryption, or the agreement on what wraps it.
    pub open: Box<dyn Fn()>,
}

/// All of them.
pub fn figures(letter: &[u8], rounds: usize) {
    let tokens = Tokens::new();
    if tokens.is_none() {
        eprintln!("no figures of tokens: SoftHSM is not installed, or SOFTHSM2_CONF does not name a file to write");
    }
    for kind in KINDS {
        if is_wanted(&figure("seal", kind, "file")) || is_wanted(&figure("open", kind, "file")) {
            in_a_file(kind, letter, rounds);
        }
        let asked = is_wanted(&figure("seal", kind, "token")) || is_wanted(&figure("open", kind, "token"));
        if let Some(tokens) = tokens.as_ref().filter(|_| asked) {
            in_a_token(tokens, kind, letter, rounds);
        }
    }
}

fn figure(what: &str, kind: Kind, place: &str) -> String {
    format!("{what} 50 KB, {} in a {place}: {WORDS}", kind.name())
}

fn in_a_file(kind: Kind, letter: &[u8], rounds: usize) {
    let alone = RefCell::new(None);
    let practice = Practice::of(kind, Time::Wall, |key| {
        *alone.borrow_mut() = Some(alone_in_a_file(kind, key));
        Kept {
            key: key.to_bytes(),
            configuration: String::new(),
        }
    });
    both(&practice, (kind, "file"), letter, &alone.into_inner().unwrap(), rounds);
}

fn in_a_token(tokens: &Tokens, kind: Kind, letter: &[u8], rounds: usize) {
    let practice = Practice::of(kind, Time::Wall, |key| tokens.put(kind, key));
    both(&practice, (kind, "token"), letter, &tokens.alone(kind), rounds);
}

fn both(practice: &Practice, (kind, place): (Kind, &str), letter: &[u8], alone: &Alone, rounds: usize) {
    let rate = |work: &dyn Fn()| BATCH as f64 / Time::Wall.of(|| (0..BATCH).for_each(|_| work()));
    let sealed = practice.seal(letter);
    let product = Side::new("sealed", "mails/s", || practice.seal_rate(letter, BATCH));
    share(
        &figure("seal", kind, place),
        product,
        Side::new("the key alone", "/s", || rate(&alone.sign)),
        rounds,
    );
    let product = Side::new("opened", "mails/s", || practice.open_rate(&sealed, BATCH));
    share(
        &figure("open", kind, place),
        product,
        Side::new("the key alone", "/s", || rate(&alone.open)),
        rounds,
    );
}

fn alone_in_a_file(kind: Kind, key: &SoftwareKey) -> Alone {
    let pkcs8 = key.pkcs8().expose();
    match kind {
        Kind::Rsa2048 | Kind::Rsa3072 => {
            let signing = KeyPair::from_pkcs8(pkcs8).unwrap();
            let private = PrivateDecryptingKey::from_pkcs8(pkcs8).unwrap();
            let size = signing.public_modulus_len();
            let mut wrapped = vec![0; size];
            let public = Pkcs1PublicEncryptingKey::new(private.public_key()).unwrap();
            public.encrypt(&[7; 32], &mut wrapped).unwrap();
            let decrypting = Pkcs1PrivateDecryptingKey::new(private).unwrap();
            Alone {
                sign: Box::new(move || {
                    let mut out = vec![0; size];
                    signing
                        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"attributes", &mut out)
                        .unwrap();
                    black_box(out);
                }),
                open: Box::new(move || drop(black_box(decrypting.decrypt(&wrapped, &mut vec![0; size]).unwrap().to_vec()))),
            }
        }
        Kind::P256 => {
            let signing = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap();
            let private = PrivateKey::from_private_key_der(&ECDH_P256, pkcs8).unwrap();
            let point = point();
            Alone {
                sign: Box::new(move || {
                    black_box(signing.sign(&SystemRandom::new(), b"attributes").unwrap());
                }),
                open: Box::new(move || {
                    let theirs = UnparsedPublicKey::new(&ECDH_P256, &point);
                    let secret = agree(&private, theirs, (), |secret| Ok(secret.to_vec()));
                    black_box(secret.unwrap());
                }),
            }
        }
    }
}

/// Somebody's ephemeral point.
pub fn point() -> Vec<u8> {
    let ephemeral = PrivateKey::generate(&ECDH_P256).unwrap();
    ephemeral.compute_public_key().unwrap().as_ref().to_vec()
}
