//! SignedData that is right somewhere and wrong in one place, octet by octet; judged without a home.

use crate::forge::{Authority, ENTITY, NOW, attribute, attributes, doctor, encrypt, judged, names, names_by_sha1, opaque, signed, signer};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SerialNumber};
use souspli::base::Address;
use souspli::keys::{SoftwareKey, material};
use souspli::pki::{Trust, der, oid};
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::smime::{OpenError, PrivateKey, open};
use souspli::view::verdict::{Grade, judge};
use std::ops::Range;

const DOCTOR: &str = "martin@cabinet.test";

struct Practice {
    authority: Authority,
    key: SoftwareKey,
    trust: Trust,
}

impl Practice {
    fn new() -> Self {
        let authority = Authority::new("Autorité");
        let key = authority.issues(&doctor(DOCTOR));
        let trust = authority.trust();
        Self { authority, key, trust }
    }

    fn code(&self, cms: &[u8]) -> &'static str {
        let verdict = judged(&opaque(cms), &[], &self.trust, DOCTOR);
        assert_eq!(
            verdict.grade == Grade::Verified,
            matches!(verdict.code, "signed" | "encrypted-signed")
        );
        verdict.code
    }

    /// With these attributes, rightly signed.
    fn with(&self, attributes: &[Vec<u8>]) -> &'static str {
        let info = signer(&self.key, Some(attributes), ENTITY);
        self.code(&signed(oid::DATA, Some(ENTITY), &[self.key.certificate()], &[info]))
    }
}

#[test]
fn attributes_that_lie_or_are_missing() {
    let p = Practice::new();
    let right = attributes(ENTITY);
    let named = |extra: Vec<u8>| [right.clone(), vec![extra]].concat();
    assert_eq!(p.with(&right), "signed");
    assert_eq!(p.with(&named(names(p.key.certificate()))), "signed");
    assert_eq!(p.with(&named(names_by_sha1(p.key.certificate()))), "signed");
    let kind = right[0].clone();
    let digest = right[1].clone();
    for (what, wrong) in [
        ("no messageDigest", vec![kind.clone()]),
        ("no contentType", vec![digest.clone()]),
        (
            "another contentType",
            vec![attribute(oid::CONTENT_TYPE, &[der::oid(oid::SIGNED_DATA)]), digest.clone()],
        ),
        (
            "two digests, one right",
            vec![
                kind.clone(),
                digest.clone(),
                attribute(oid::MESSAGE_DIGEST, &[der::octets(&[7; 32])]),
            ],
        ),
        (
            "a digest of two values, one right",
            vec![
                kind,
                attribute(oid::MESSAGE_DIGEST, &[der::octets(&[7; 32]), digest_value(&digest)]),
            ],
        ),
        (
            "the digest of another text",
            attributes(b"Content-Type: text/plain\r\n\r\nAdieu\r\n"),
        ),
        ("another certificate named", named(names(&p.authority.certificate))),
        (
            "another certificate named in the older form",
            named(names_by_sha1(&p.authority.certificate)),
        ),
    ] {
        assert_eq!(p.with(&wrong), "altered", "{what}");
    }
}

fn digest_value(attribute: &[u8]) -> Vec<u8> {
    attribute[attribute.len() - 34..].to_vec()
}

#[test]
fn content_that_is_no_mail() {
    let p = Practice::new();
    // A time stamp is signed, attributes and all, but nobody wrote a letter.
    const TIME_STAMP: oid::Oid = oid::Oid::new_unwrap("1.2.840.113549.1.9.16.1.4");
    let stamped = [attribute(oid::CONTENT_TYPE, &[der::oid(TIME_STAMP)]), attributes(ENTITY).remove(1)];
    let info = signer(&p.key, Some(&stamped), ENTITY);
    let certificates = [p.key.certificate()];
    assert_eq!(
        p.code(&signed(TIME_STAMP, Some(ENTITY), &certificates, std::slice::from_ref(&info))),
        "unsupported"
    );
    // The same as a detached signature beside a text.
    let verdict = judged(
        &beside(ENTITY, &signed(TIME_STAMP, None, &certificates, &[info])),
        &[],
        &p.trust,
        DOCTOR,
    );
    assert_eq!((verdict.grade, verdict.code), (Grade::Altered, "dishonest-structure"));
    // Signed attributes passed off as a content that was signed without attributes.
    let set = der::set(&attributes(ENTITY));
    let info = signer(&p.key, None, &set);
    assert_eq!(p.code(&signed(oid::DATA, Some(&set), &certificates, &[info])), "altered");
    // Without attributes at all a mail may be signed.
    let info = signer(&p.key, None, ENTITY);
    assert_eq!(p.code(&signed(oid::DATA, Some(ENTITY), &certificates, &[info])), "signed");
}

fn beside(text: &[u8], cms: &[u8]) -> Vec<u8> {
    let mut out = b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=bb\r\n\r\n--bb\r\n".to_vec();
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n--bb\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: binary\r\n\r\n");
    out.extend_from_slice(cms);
    out.extend_from_slice(b"\r\n--bb--\r\n");
    out
}

#[test]
fn what_is_put_around_a_right_signature() {
    let p = Practice::new();
    let certificates = [p.key.certificate()];
    let info = || signer(&p.key, Some(&attributes(ENTITY)), ENTITY);
    let right = signed(oid::DATA, Some(ENTITY), &certificates, &[info()]);
    // Octets behind the structure are no content.
    let trailing = [&right[..], b"trailing"].concat();
    assert_eq!(open(&opaque(&trailing), &[], &p.trust, NOW).unwrap().content, ENTITY);
    // The same signature around another content, in whole or in pieces.
    let other = b"Content-Type: text/plain\r\n\r\nAdieu!!\r\n";
    assert_eq!(p.code(&signed(oid::DATA, Some(other), &certificates, &[info()])), "altered");
    let pieces = der::tlv(0x24, &[&der::octets(&ENTITY[..7]), &der::octets(&ENTITY[7..])]);
    assert_eq!(p.code(&replaced(&right, &der::octets(ENTITY), &pieces)), "signed");
    let shuffled = der::tlv(0x24, &[&der::octets(&ENTITY[7..]), &der::octets(&ENTITY[..7])]);
    assert_eq!(p.code(&replaced(&right, &der::octets(ENTITY), &shuffled)), "altered");
    // Two contents.
    let twice = [der::octets(other), der::octets(ENTITY)].concat();
    assert_eq!(p.code(&replaced(&right, &der::octets(ENTITY), &twice)), "damaged");
    // A right signature by another person around a letter of the doctor's that was altered, and the other way round.
    let eve = p.authority.issues(&doctor("eve@cabinet.test"));
    let altered = opaque(&signed(oid::DATA, Some(other), &certificates, &[info()]));
    let around = signer(&eve, Some(&attributes(&altered)), &altered);
    assert_eq!(
        p.code(&signed(oid::DATA, Some(&altered), &[eve.certificate()], &[around])),
        "altered"
    );
    let by_eve = opaque(&signed(
        oid::DATA,
        Some(other),
        &[eve.certificate()],
        &[signer(&eve, Some(&attributes(other)), other)],
    ));
    let around = signer(&p.key, Some(&attributes(&by_eve)), &by_eve);
    assert_eq!(
        p.code(&signed(oid::DATA, Some(&by_eve), &certificates, &[around])),
        "signer-is-not-sender"
    );
}

/// One octet string inside the five structures of [`signed`] exchanged for another, their lengths made right.
fn replaced(cms: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = memchr::memmem::find(cms, old);
    let Some(at) = at else { panic!("not there") };
    rebuilt(cms, at, old.len(), new)
}

fn rebuilt(bytes: &[u8], at: usize, length: usize, new: &[u8]) -> Vec<u8> {
    use souspli::pki::ber::Reader;
    let mut reader = Reader::new(bytes);
    let mut out = Vec::new();
    let mut start = 0;
    while let Ok(Some(value)) = reader.next_value() {
        let head = value.raw.len() - value.content.len();
        let end = start + value.raw.len();
        if at == start && length == value.raw.len() {
            out.extend_from_slice(new);
        } else if at > start && at < end {
            out.extend(der::tlv(value.tag, &[&rebuilt(value.content, at - start - head, length, new)]));
        } else {
            out.extend_from_slice(value.raw);
        }
        start = end;
    }
    out
}

#[test]
fn several_signers() {
    let p = Practice::new();
    let mut twin = doctor(DOCTOR);
    twin.distinguished_name.push(rcgen::DnType::CommonName, "Dr Martin, carte");
    let twin = p.authority.issues(&twin);
    let eve = p.authority.issues(&doctor("eve@cabinet.test"));
    let mut namesake = doctor("eve@cabinet.test");
    namesake.distinguished_name.push(rcgen::DnType::CommonName, "Eve");
    let namesake = p.authority.issues(&namesake);
    let right = |key| signer(key, Some(&attributes(ENTITY)), ENTITY);
    let wrong = |key| signer(key, Some(&attributes(b"x")), b"x");
    let code = |keys: &[&SoftwareKey], infos: &[Vec<u8>]| {
        let certificates: Vec<_> = keys.iter().map(|k| k.certificate()).collect();
        p.code(&signed(oid::DATA, Some(ENTITY), &certificates, infos))
    };
    assert_eq!(code(&[&p.key, &twin], &[right(&p.key), right(&twin)]), "signed");
    assert_eq!(code(&[&p.key, &twin], &[right(&p.key), wrong(&twin)]), "altered");
    assert_eq!(code(&[&p.key, &namesake], &[right(&p.key), right(&namesake)]), "signers-differ");
    // The same name on the card, another address.
    assert_eq!(code(&[&p.key, &eve], &[right(&p.key), right(&eve)]), "signer-is-not-sender");
    assert_eq!(code(&[&p.key], &[right(&p.key), right(&twin)]), "signer-certificate-missing");
    assert_eq!(code(&[&p.key], &[]), "unsigned");
    let crowd = vec![right(&p.key); souspli::base::limits::CMS_SIGNERS_MAX + 1];
    assert_eq!(code(&[&p.key], &crowd), "damaged");
}

#[test]
fn certificates_slipped_in() {
    let p = Practice::new();
    let pair = KeyPair::generate().unwrap();
    let serial = || Some(SerialNumber::from(4711_u64));
    let (mut honest, mut slipped) = (doctor(DOCTOR), doctor("eve@cabinet.test"));
    (honest.serial_number, slipped.serial_number) = (serial(), serial());
    let honest = p.authority.certifies(&honest, &pair);
    // The same key, issuer and serial, another address: the signed attribute names the certificate meant.
    let slipped_same_key = p.authority.certifies(&slipped, &pair);
    let named = [attributes(ENTITY), vec![names(honest.certificate())]].concat();
    let info = signer(&honest, Some(&named), ENTITY);
    let message = |first: &SoftwareKey, rest: &[&SoftwareKey]| {
        let certificates: Vec<_> = [first].into_iter().chain(rest.iter().copied()).map(|k| k.certificate()).collect();
        signed(oid::DATA, Some(ENTITY), &certificates, std::slice::from_ref(&info))
    };
    assert_eq!(p.code(&message(&honest, &[])), "signed");
    assert_eq!(p.code(&message(&slipped_same_key, &[])), "altered");
    assert_eq!(p.code(&message(&slipped_same_key, &[&honest])), "signed");
    // Another key under the same issuer and serial does not fit, and does not hide the one that does.
    let other_key = p.authority.issues(&slipped);
    assert_eq!(p.code(&message(&other_key, &[])), "altered");
    assert_eq!(p.code(&message(&other_key, &[&honest])), "signed");
}

#[test]
fn certificates_that_may_not_sign() {
    let p = Practice::new();
    let code = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = doctor(DOCTOR);
        change(&mut params);
        let key = p.authority.issues(&params);
        let info = signer(&key, Some(&timed()), ENTITY);
        p.code(&signed(oid::DATA, Some(ENTITY), &[key.certificate()], &[info]))
    };
    assert_eq!(code(&|_| {}), "signed");
    assert_eq!(
        code(&|c| c.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
        "certificate-wrong-usage"
    );
    assert_eq!(code(&|c| c.key_usages = vec![KeyUsagePurpose::ContentCommitment]), "signed");
    assert_eq!(
        code(&|c| c.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]),
        "certificate-wrong-usage"
    );
    // It was valid at the time that the message claims; what a message claims proves nothing.
    assert_eq!(
        code(&|c| c.not_after = rcgen::date_time_ymd(2026, 3, 1)),
        "certificate-expired-since"
    );
    assert_eq!(code(&|c| c.not_after = rcgen::date_time_ymd(2026, 1, 20)), "certificate-expired");
    // Not yet at the time that it claims, but for what clocks explain; today it is.
    assert_eq!(
        code(&|c| c.not_before = rcgen::date_time_ymd(2026, 3, 1)),
        "certificate-not-valid-then"
    );
    assert_eq!(code(&|c| c.not_before = rcgen::date_time_ymd(2026, 2, 2)), "signed");
    assert_eq!(
        code(&|c| c.not_before = rcgen::date_time_ymd(2027, 3, 1)),
        "certificate-not-yet-valid"
    );
    // The authority's own key, which may issue certificates and not sign letters.
    let mut root = doctor(DOCTOR);
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = p.authority.issues(&root);
    let info = signer(&key, Some(&timed()), ENTITY);
    assert_eq!(
        p.code(&signed(oid::DATA, Some(ENTITY), &[key.certificate()], &[info])),
        "certificate-wrong-usage"
    );
}

/// signingTime of February 2026.
fn timed() -> Vec<Vec<u8>> {
    let time = attribute(oid::SIGNING_TIME, &[der::tlv(0x17, &[b"260201120000Z"])]);
    [attributes(ENTITY), vec![time]].concat()
}

#[test]
fn addresses_that_are_almost_the_senders() {
    let authority = Authority::new("Autorité");
    let verified = |address: &str, from: &str| {
        let key = authority.issues(&doctor(address));
        let info = signer(&key, Some(&attributes(ENTITY)), ENTITY);
        let message = opaque(&signed(oid::DATA, Some(ENTITY), &[key.certificate()], &[info]));
        judged(&message, &[], &authority.trust(), from).grade == Grade::Verified
    };
    for (address, from, same) in [
        ("martin@cabinet.test", "Martin@CABINET.test", true),
        ("martin@cabinet.test.evil.test", "martin@cabinet.test", false),
        ("martin@cabi\0net.test", "martin@cabinet.test", false),
        ("martin@cabinet.test\0.evil.test", "martin@cabinet.test", false),
        ("martin@cabinet.test\r\n", "martin@cabinet.test", false),
        ("martin@cabinet.test,eve@evil.test", "martin@cabinet.test", false),
        ("<martin@cabinet.test>", "martin@cabinet.test", false),
        ("kim@cabinet.test", "\u{212a}im@cabinet.test", false),
        ("martin@cabinet.test", "m\u{430}rtin@cabinet.test", false),
    ] {
        assert_eq!(verified(address, from), same, "{address:?} {from:?}");
    }
}

#[test]
fn encryption_and_signature_in_every_order() {
    let p = Practice::new();
    let method = |cipher| Method {
        cipher,
        transport: Transport::Pkcs1,
    };
    let seal = |entity: &[u8], cipher| encrypt(entity, &[p.key.certificate()], method(cipher), material().unwrap()).unwrap();
    let sign = |entity: &[u8]| {
        let info = signer(&p.key, Some(&attributes(entity)), entity);
        opaque(&signed(oid::DATA, Some(entity), &[p.key.certificate()], &[info]))
    };
    let (cbc, gcm) = (Cipher::Aes256Cbc, Cipher::Aes256Gcm);
    for (message, code, text_only) in [
        (seal(ENTITY, gcm), "encrypted-unsigned", true),
        (seal(ENTITY, cbc), "encrypted-unsigned", true),
        (sign(&seal(ENTITY, cbc)), "signed-outside-only", true),
        (seal(&sign(ENTITY), cbc), "encrypted-signed", false),
        (sign(&seal(&sign(ENTITY), cbc)), "encrypted-signed", false),
        (seal(&sign(&seal(ENTITY, cbc)), cbc), "signed-outside-only", true),
    ] {
        let verdict = judged(&message, &[&p.key], &p.trust, DOCTOR);
        assert_eq!((verdict.code, verdict.text_only()), (code, text_only));
        assert_eq!(open(&message, &[&p.key], &p.trust, NOW).unwrap().content, ENTITY);
    }
}

/// Where the initialisation vector, the encrypted content and the tag of GCM stand in what has no further attributes: none
/// of their framing, whose lengths a change would make another message of.
fn secrets_of(cms: &[u8], inner: &[u8], cipher: Cipher) -> (Range<usize>, Range<usize>, Range<usize>) {
    let (padded, vector, behind_vector, tag) = match cipher {
        Cipher::Aes256Cbc => ((inner.len() / 16 + 1) * 16, 16, 0, 0),
        _ => (inner.len(), 12, 3, 16),
    };
    let end = cms.len() - if tag > 0 { tag + 2 } else { 0 };
    let content = end - padded..end;
    assert_eq!(cms[content.start - 4..content.start - 2], [0x80, 0x82], "a length of two octets");
    let end = content.start - 4 - behind_vector;
    assert_eq!(cms[end - vector - 2..end - vector], [0x04, vector as u8], "the vector");
    (end - vector..end, content, cms.len() - tag..cms.len())
}

/// Whatever octet of the initialisation vector, the content or the tag is changed: one answer, and no other text.
#[test]
fn every_failure_to_decrypt_is_the_same() {
    let p = Practice::new();
    let info = signer(&p.key, Some(&attributes(ENTITY)), ENTITY);
    let inner = opaque(&signed(oid::DATA, Some(ENTITY), &[p.key.certificate()], &[info]));
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let method = Method {
            cipher,
            transport: Transport::Pkcs1,
        };
        let sealed = encrypt(&inner, &[p.key.certificate()], method, material().unwrap()).unwrap();
        let body = souspli::smime::field::split(&sealed).1;
        let lines: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        let cms = base64_simd::STANDARD.decode_to_vec(lines).unwrap();
        let (vector, content, tag) = secrets_of(&cms, &inner, cipher);
        for at in vector.chain(content).chain(tag) {
            let mut changed = cms.clone();
            changed[at] ^= 0x41;
            match open(&opaque(&changed), &[&p.key], &p.trust, NOW) {
                Err(error) => assert!(matches!(error, OpenError::Undecryptable), "{at} {error}"),
                Ok(opened) => {
                    // A cipher that does not notice leaves it to the signature, which stands over the text alone.
                    assert_eq!(cipher, Cipher::Aes256Cbc);
                    let whole = opened.content == ENTITY;
                    let verdict = judge(&Ok(opened), &[Address::parse(DOCTOR).unwrap()]);
                    assert!(whole || (verdict.grade != Grade::Verified && verdict.text_only()), "{at}");
                }
            }
        }
    }
}

/// A content that only its opening shows to be of no use answers as a key that does not fit.
#[test]
fn what_stands_inside_a_malleable_cipher_is_no_answer() {
    let p = Practice::new();
    let foreign = signed(oid::SIGNED_DATA, Some(ENTITY), &[], &[]);
    for inner in [opaque(&foreign), opaque(b"0\x03\x02\x01\x00")] {
        let method = Method {
            cipher: Cipher::Aes256Cbc,
            transport: Transport::Pkcs1,
        };
        let sealed = encrypt(&inner, &[p.key.certificate()], method, material().unwrap()).unwrap();
        assert_eq!(open(&sealed, &[&p.key], &p.trust, NOW).unwrap_err(), OpenError::Undecryptable);
    }
}
