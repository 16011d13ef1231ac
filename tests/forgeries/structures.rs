//! What is signed is not what is shown, or not where it is looked for.

use crate::Attack;
use crate::forge::signed;
use crate::practice::{BOB, EVE, HTML, Practice, TEXT, apart, beside, entity, info, mail, opaque_by};
use souspli::mime::encode::base64_lines;
use souspli::pki::ber::{Reader, tag};
use souspli::pki::oid;
use souspli::smime::PrivateKey;
use souspli::smime::encrypt::Cipher;

const LURE: &str = "Content-Type: text/html\r\n\r\n<p>Virez mille euros.</p>\r\n";

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [multiparts(p), nesting(p), encodings(p)].into_iter().flatten().collect()
}

fn multiparts(p: &Practice) -> Vec<Attack> {
    let whole = beside(TEXT, &apart(&p.bob, TEXT));
    let text = String::from_utf8(whole.clone()).unwrap();
    let changed = |from: &str, to: &str| mail(BOB, text.replacen(from, to, 1).as_bytes());
    let wrapped = |kind: &str, parts: &[&[u8]]| {
        let mut out = format!("Content-Type: multipart/{kind}; boundary=ww\r\n\r\n").into_bytes();
        for part in parts {
            out.extend_from_slice(b"--ww\r\n");
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"--ww--\r\n");
        mail(BOB, &out)
    };
    let html = beside(HTML, &apart(&p.bob, HTML));
    vec![
        Attack::new(
            "a text before the first part",
            "signed",
            changed("boundary=bb\r\n\r\n", "boundary=bb\r\n\r\nVirez mille euros.\r\n"),
        )
        .hides("mille euros"),
        Attack::new(
            "a text behind the last part",
            "signed",
            mail(BOB, &[&whole[..], b"Virez mille euros.\r\n"].concat()),
        )
        .hides("mille euros"),
        Attack::new("a third part", "unsigned", changed("--bb--", &format!("--bb\r\n{LURE}--bb--"))),
        Attack::new(
            "a part before the signed one",
            "unsigned",
            changed("--bb\r\n", &format!("--bb\r\n{LURE}--bb\r\n")),
        ),
        Attack::new(
            "the signature alone",
            "unsigned",
            changed("--bb\r\nContent-Type: text", "Content-Type: text"),
        ),
        Attack::new("never closed", "unsigned", changed("--bb--\r\n", "")),
        Attack::new(
            "the signature is called something else",
            "unsigned",
            changed("application/pkcs7-signature; name", "application/octet-stream; name"),
        ),
        Attack::new(
            "the protocol is that of another art",
            "plain",
            changed("protocol=\"application/pkcs7-signature\"", "protocol=\"application/pgp-signature\""),
        ),
        Attack::new("no protocol", "plain", changed("protocol=\"application/pkcs7-signature\"; ", "")),
        Attack::new("another micalg", "signed", changed("micalg=sha-256", "micalg=md5")),
        Attack::new(
            "two Content-Types",
            "signed",
            mail(
                BOB,
                &[
                    &whole[..whole.len() - text.find("\r\n\r\n").map_or(0, |at| whole.len() - at)],
                    b"\r\nContent-Type: text/html",
                    &whole[text.find("\r\n\r\n").unwrap()..],
                ]
                .concat(),
            ),
        ),
        Attack::new("two boundaries", "signed", changed("boundary=bb", "boundary=bb; boundary=ww")),
        Attack::new(
            "signed, and a stranger's text before it",
            "plain",
            wrapped("mixed", &[LURE.as_bytes(), &whole]),
        ),
        Attack::new(
            "signed, as one of two alternatives",
            "plain",
            wrapped("alternative", &[LURE.as_bytes(), &whole]),
        ),
        Attack::new(
            "signed HTML below a stranger's style",
            "plain",
            wrapped("related", &[LURE.as_bytes(), &html]),
        ),
    ]
}

fn nesting(p: &Practice) -> Vec<Attack> {
    let from_bob = mail(BOB, &opaque_by(&p.bob, TEXT));
    let forwarded = [b"Content-Type: message/rfc822\r\n\r\n", &from_bob[..]].concat();
    let header = b"From: Dr Bob Martin <bob@lab.test>\r\nSubject: Lettre\r\nContent-Type: text/plain\r\n\r\nVirez mille euros.\r\n";
    let invented = [&b"Content-Type: message/rfc822\r\n\r\n"[..], header].concat();
    let layers = |n: usize, inner: &[u8]| (0..n).fold(inner.to_vec(), |inside, _| opaque_by(&p.bob, &inside));
    let stripped = entity("signed-data", &signed(oid::DATA, Some(&opaque_by(&p.bob, TEXT)), &[], &[]));
    let altered = entity(
        "signed-data",
        &signed(
            oid::DATA,
            Some(b"Content-Type: text/plain\r\n\r\nx\r\n"),
            &[p.bob.certificate()],
            &[info(&p.bob, TEXT)],
        ),
    );
    vec![
        Attack::new(
            "Bob's signed letter forwarded by Eve",
            "encrypted-signed",
            mail(EVE, &p.sealed_by(&p.eve, &forwarded)),
        )
        .shows("Signataire : Dr Bob Martin, eve@evil.test"),
        Attack::new(
            "Bob's signed letter forwarded by nobody",
            "encrypted-unsigned",
            mail(BOB, &p.seals(&forwarded, Cipher::Aes256Gcm)),
        ),
        Attack::new(
            "a letter of Bob's invented by Eve",
            "signer-is-not-sender",
            mail(BOB, &p.sealed_by(&p.eve, &invented)),
        ),
        Attack::new("an unsigned shell around Bob's signature", "signed", mail(BOB, &stripped)),
        Attack::new(
            "Bob signs around what was altered",
            "altered",
            mail(BOB, &opaque_by(&p.bob, &altered)),
        ),
        Attack::new(
            "Eve signs around what was altered",
            "altered",
            mail(EVE, &opaque_by(&p.eve, &altered)),
        ),
        Attack::new(
            "signed around the encryption only",
            "signed-outside-only",
            mail(BOB, &opaque_by(&p.bob, &p.seals(TEXT, Cipher::Aes256Cbc))),
        ),
        Attack::new("six signatures", "signed", mail(BOB, &layers(6, TEXT))),
        Attack::new("twenty signatures", "damaged", mail(BOB, &layers(20, TEXT))),
        Attack::new(
            "certificates only, called a letter",
            "unsigned",
            mail(
                BOB,
                &entity("signed-data", &signed(oid::DATA, Some(TEXT), &[p.bob.certificate()], &[])),
            ),
        ),
        Attack::new(
            "no content and no signer",
            "certificates-only",
            mail(BOB, &entity("signed-data", &signed(oid::DATA, None, &[p.bob.certificate()], &[]))),
        )
        .shows("« souspli cert import »")
        .hides("votre certificat actuel"),
    ]
}

fn encodings(p: &Practice) -> Vec<Attack> {
    let cms = signed(oid::DATA, Some(TEXT), &[p.bob.certificate()], &[info(&p.bob, TEXT)]);
    let named = |header: &str, body: Vec<u8>| mail(BOB, &[header.as_bytes(), &body].concat());
    let base64 = "Content-Transfer-Encoding: base64\r\n\r\n";
    let quoted: Vec<u8> = cms.iter().flat_map(|b| format!("={b:02X}").into_bytes()).collect();
    let quoted = quoted.chunks(72).flat_map(|line| [line, b"=\r\n"].concat()).collect();
    vec![
        Attack::new(
            "lengths longer than needed and indefinite ones",
            "signed",
            mail(BOB, &entity("signed-data", &loosened(&cms, 0))),
        ),
        Attack::new("called encrypted, is signed", "signed", mail(BOB, &entity("enveloped-data", &cms))),
        Attack::new(
            "a file of that name",
            "signed",
            named(
                &format!("Content-Type: application/octet-stream; name=smime.p7m\r\n{base64}"),
                base64_lines(&cms),
            ),
        ),
        Attack::new(
            "quoted-printable",
            "signed",
            named(
                "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
                quoted,
            ),
        ),
        Attack::new("cut short", "damaged", mail(BOB, &entity("signed-data", &cms[..cms.len() - 9]))),
        Attack::new(
            "something else under the name",
            "damaged",
            named(
                &format!("Content-Type: application/pkcs7-mime; name=smime.p7m\r\n{base64}"),
                base64_lines(TEXT),
            ),
        ),
        Attack::new(
            "the header ends in LF CRLF",
            "plain",
            mail(
                BOB,
                b"X: y\n\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nMIIB\r\n",
            ),
        ),
    ]
}

/// The same values: sequences down to the certificates in indefinite lengths, the others' lengths in five octets.
fn loosened(bytes: &[u8], depth: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Ok(Some(value)) = reader.next_value() {
        if value.tag & tag::CONSTRUCTED == 0 || depth > 2 {
            let length = u32::try_from(value.content.len()).unwrap().to_be_bytes();
            let head = [&[value.tag, 0x84][..], &length].concat();
            // Inside certificates and attributes nothing changes: others signed them.
            out.extend(if value.tag & tag::CONSTRUCTED == 0 {
                [&head[..], value.content].concat()
            } else {
                value.raw.to_vec()
            });
        } else {
            out.extend([&[value.tag, 0x80][..], &loosened(value.content, depth + 1), &[0, 0]].concat());
        }
    }
    out
}
