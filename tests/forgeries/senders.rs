//! A right signature, and a sender shown who did not make it.

use crate::Attack;
use crate::forge::signed;
use crate::practice::{BOB, EVE, Practice, TEXT, entity, headed, info, mail, now, opaque_by, timed};
use souspli::base::UnixTime;
use souspli::pki::oid;
use souspli::smime::PrivateKey;
use souspli::smime::encrypt::Cipher;

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [shown_as_bob(p), beside_each_other(p), replayed(p)].into_iter().flatten().collect()
}

/// All signed by Eve, whose certificate is right, and made to look like Bob's.
fn shown_as_bob(p: &Practice) -> Vec<Attack> {
    let by_eve = p.sealed_by(&p.eve, TEXT);
    let tricks = [
        ("From is Bob's", "From: Dr Bob Martin <bob@lab.test>"),
        ("the display name is Bob's address", "From: \"bob@lab.test\" <eve@evil.test>"),
        (
            "the display name is Bob's address in an encoded word",
            "From: =?utf-8?q?bob=40lab.test?= <eve@evil.test>",
        ),
        (
            "the display name is Bob's address with a wide sign",
            "From: \"bob\u{ff20}lab.test\" <eve@evil.test>",
        ),
        (
            "the display name is Bob's address and more",
            "From: Dr Bob Martin bob@lab.test <eve@evil.test>",
        ),
        ("a comment holds Bob's address", "From: eve@evil.test (bob@lab.test)"),
        ("two addresses in brackets", "From: <bob@lab.test> <eve@evil.test>"),
        ("two mailboxes", "From: bob@lab.test, eve@evil.test"),
        ("two mailboxes, Eve first", "From: eve@evil.test, bob@lab.test"),
        ("a group", "From: Cabinet: bob@lab.test, eve@evil.test;"),
        ("a group named like an address", "From: bob@lab.test: eve@evil.test;"),
        ("a source route", "From: <@lab.test:eve@evil.test>"),
        ("a quoted local part", "From: \"bob@lab.test\"@evil.test"),
        ("two From fields", "From: bob@lab.test\r\nFrom: eve@evil.test"),
        ("two From fields, Eve first", "From: eve@evil.test\r\nFrom: bob@lab.test"),
        ("a From with a blank before the colon", "From : bob@lab.test\r\nFrom: eve@evil.test"),
        ("a NUL behind Bob's address", "From: bob@lab.test\0 <eve@evil.test>"),
        ("no From, a Sender", "Sender: eve@evil.test"),
        ("Sender is the signer, From is not", "From: bob@lab.test\r\nSender: eve@evil.test"),
        ("From is empty", "From: \r\nReply-To: bob@lab.test"),
        ("a domain that ends otherwise", "From: bob@lab.test.evil.test"),
    ];
    tricks
        .map(|(name, fields)| Attack::new(name, "signer-is-not-sender", dated(fields, &by_eve)))
        .into()
}

/// Eve writes under her own address, and what stands beside it names Bob: she is named.
fn beside_each_other(p: &Practice) -> Vec<Attack> {
    let by_eve = p.sealed_by(&p.eve, TEXT);
    let inner = [b"From: Dr Bob Martin <bob@lab.test>\r\nSubject: Ordonnance\r\n", TEXT].concat();
    let near_bob = "From: b\u{43e}b@lab.test";
    vec![
        Attack::new(
            "Bob's name, Eve's address",
            "encrypted-signed",
            mail("Dr Bob Martin <eve@evil.test>", &by_eve),
        )
        .shows("Signataire : Dr Bob Martin, eve@evil.test"),
        Attack::new(
            "Sender is Bob, From is the signer",
            "encrypted-signed",
            dated("From: eve@evil.test\r\nSender: bob@lab.test", &by_eve),
        )
        .shows("eve@evil.test, le"),
        Attack::new(
            "a bare CR makes one field two",
            "encrypted-signed",
            dated("X: a\rFrom: Chef <chef@lab.test>\r\nFrom: eve@evil.test", &by_eve),
        )
        .shows("X: a From: Chef <chef@lab.test>\r\n")
        .hides("\rFrom"),
        Attack::new(
            "Bob's From behind the signature",
            "signer-is-not-sender",
            mail(BOB, &p.sealed_by(&p.eve, &inner)),
        ),
        Attack::new(
            "a letter of Bob's address is another alphabet's",
            "signer-is-not-sender",
            dated(near_bob, &p.sealed_by(&p.bob, TEXT)),
        ),
    ]
}

/// Bob did sign it: once, for somebody.
fn replayed(p: &Practice) -> Vec<Attack> {
    let signed_at = |at: UnixTime| {
        let signer = crate::forge::signer(&p.bob, Some(&timed(TEXT, at)), TEXT);
        entity("signed-data", &signed(oid::DATA, Some(TEXT), &[p.bob.certificate()], &[signer]))
    };
    let old = || p.seals(&signed_at(now().plus(-90 * 86_400)), Cipher::Aes256Cbc);
    let ahead = p.seals(&signed_at(now().plus(3 * 86_400)), Cipher::Aes256Cbc);
    let another_day = |name, message| {
        Attack::new(name, "signed-another-day", message).shows("Signataire non garanti : « Dr Bob Martin », bob@lab.test, le ")
    };
    let today = now().rfc5322();
    vec![
        another_day("an old letter under today's date", mail(BOB, &old())),
        another_day("an old letter without a date", headed(&format!("From: {BOB}\r\n"), &old())),
        another_day(
            "an old letter under two dates",
            headed(&format!("From: {BOB}\r\nDate: {today}\r\nDate: {today}\r\n"), &old()),
        ),
        another_day(
            "an old letter under a date that is none",
            headed(&format!("From: {BOB}\r\nDate: hier\r\n"), &old()),
        ),
        another_day(
            "an old letter under a date of two years",
            headed(
                &format!("From: {BOB}\r\nDate: {} {today}\r\n", now().plus(-90 * 86_400).rfc5322()),
                &old(),
            ),
        ),
        another_day("signed in days to come", mail(BOB, &ahead)),
        another_day("an old clear letter", mail(BOB, &signed_at(now().plus(-90 * 86_400)))),
        // Eve was the recipient and seals it again for Alice: Bob did write it, the date is his.
        Attack::new(
            "a letter to Eve sealed again for Alice",
            "encrypted-signed",
            mail(BOB, &p.seals(&opaque_by(&p.bob, TEXT), Cipher::Aes256Cbc)),
        ),
        Attack::new(
            "Eve signs around Bob's letter as her own",
            "signer-is-not-sender",
            mail(EVE, &p.seals(&opaque_by(&p.eve, &opaque_by(&p.bob, TEXT)), Cipher::Aes256Cbc)),
        ),
        Attack::new(
            "Eve signs Bob's text under Bob's name",
            "signer-is-not-sender",
            mail(
                BOB,
                &entity(
                    "signed-data",
                    &signed(oid::DATA, Some(TEXT), &[p.eve.certificate()], &[info(&p.eve, TEXT)]),
                ),
            ),
        ),
    ]
}

/// A message of today with these fields.
fn dated(fields: &str, entity: &[u8]) -> Vec<u8> {
    headed(&format!("{fields}\r\nDate: {}\r\n", now().rfc5322()), entity)
}
