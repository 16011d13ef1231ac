//! Fields inside and outside (RFC 9788): whoever writes one of the two headers must not pass for the writer of the other.

use crate::Attack;
use crate::forge::signed;
use crate::practice::{BOB, EVE, Practice, entity, headed, mail, now, opaque_by, timed};
use souspli::base::UnixTime;
use souspli::keys::SoftwareKey;
use souspli::pki::oid;
use souspli::smime::PrivateKey;
use souspli::smime::encrypt::Cipher;

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [another_from(p), other_fields(p), hidden_words(p), other_days(p)]
        .into_iter()
        .flatten()
        .collect()
}

/// A letter with these fields inside.
fn letter(fields: &str, parameter: &str) -> Vec<u8> {
    let kind = format!("Content-Type: text/plain; charset=utf-8; {parameter}\r\n");
    let written = format!(
        "Date: {}\r\nTo: Alice <alice@lab.test>\r\nMessage-ID: <1@lab.test>\r\n",
        now().rfc5322()
    );
    format!("{fields}{written}{kind}\r\nRendez-vous lundi.\r\n").into_bytes()
}

fn another_from(p: &Practice) -> Vec<Attack> {
    let inside = |from: &str| letter(&format!("{from}\r\nSubject: Lettre\r\n"), "hp=cipher");
    let bobs = inside("From: Dr Bob Martin <bob@lab.test>");
    let wrapped = |kind: &str, from: &str| {
        let head = format!("Content-Type: message/rfc822{kind}\r\n\r\n");
        [head.into_bytes(), inside(from)].concat()
    };
    let outside = |from: &str, by: &SoftwareKey, entity: &[u8]| mail(from, &p.sealed_by(by, entity));
    let plain = |from: &str| {
        let text = String::from_utf8(wrapped("; forwarded=no", from)).unwrap();
        text.replace("; hp=cipher", "").into_bytes()
    };
    vec![
        Attack::new(
            "Bob inside and outside, Eve signs",
            "signer-is-not-sender",
            outside(BOB, &p.eve, &bobs),
        ),
        Attack::new(
            "Bob inside, Eve outside, Eve signs",
            "from-contradicted",
            outside(EVE, &p.eve, &bobs),
        )
        .shows("From: Eve <eve@evil.test>")
        .hides("From: Dr Bob"),
        Attack::new(
            "Eve inside, Bob outside, Eve signs",
            "from-differs",
            outside(BOB, &p.eve, &inside("From: Eve <eve@evil.test>")),
        )
        .shows("From: Eve <eve@evil.test>")
        .hides("From: Dr Bob"),
        Attack::new(
            "Bob inside, Eve outside, a false Bob signs",
            "from-contradicted",
            outside(EVE, &p.false_bob, &bobs),
        )
        .hides("From: Dr Bob"),
        Attack::new(
            "Bob inside, Eve outside, nobody signs",
            "from-contradicted",
            mail(EVE, &p.seals(&bobs, Cipher::Aes256Gcm)),
        )
        .hides("From: Dr Bob"),
        Attack::new(
            "Bob inside and outside, nobody signs",
            "encrypted-unsigned",
            mail(BOB, &p.seals(&bobs, Cipher::Aes256Gcm)),
        ),
        Attack::new(
            "two From inside",
            "from-contradicted",
            outside(EVE, &p.eve, &inside("From: eve@evil.test\r\nFrom: bob@lab.test")),
        )
        .hides("From: bob@lab.test"),
        Attack::new(
            "Bob's address in the name inside",
            "from-contradicted",
            outside(EVE, &p.eve, &inside("From: \"bob@lab.test\" <eve@evil.test>")),
        )
        .hides("From: \"bob@lab.test\""),
        Attack::new(
            "Bob wrapped by Eve",
            "from-contradicted",
            outside(EVE, &p.eve, &plain("From: Dr Bob Martin <bob@lab.test>")),
        )
        .shows("From: Eve <eve@evil.test>"),
        Attack::new(
            "Bob protected below the payload",
            "encrypted-signed",
            outside(
                EVE,
                &p.eve,
                &[
                    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
                    &bobs[..],
                    b"\r\n--b--\r\n",
                ]
                .concat(),
            ),
        )
        .shows("From: Eve <eve@evil.test>"),
    ]
}

/// Signed by Bob as he wrote it; what somebody adds on the way, or he claims of others, is not shown.
fn other_fields(p: &Practice) -> Vec<Attack> {
    let from = "From: Dr Bob Martin <bob@lab.test>\r\nSubject: Lettre\r\n";
    let bobs = p.sealed_by(&p.bob, &letter(from, "hp=cipher"));
    let dated = format!("From: {BOB}\r\nDate: {}\r\n", now().rfc5322());
    let added = |fields: &str| headed(&format!("{dated}{fields}"), &bobs);
    let claims = |fields: &str| mail(BOB, &p.sealed_by(&p.bob, &letter(&format!("{from}{fields}"), "hp=cipher")));
    vec![
        Attack::new("an answer goes to Eve", "encrypted-signed", added("Reply-To: eve@evil.test\r\n")).hides("eve@evil.test"),
        Attack::new("a copy for Eve", "encrypted-signed", added("Cc: eve@evil.test\r\n")).hides("eve@evil.test"),
        Attack::new("resent by Eve", "encrypted-signed", added("Resent-From: eve@evil.test\r\n")).hides("eve@evil.test"),
        Attack::new(
            "an answer to another letter",
            "encrypted-signed",
            added("In-Reply-To: <evil@evil.test>\r\n"),
        )
        .hides("evil@evil.test"),
        Attack::new("another subject", "encrypted-signed", added("Subject: Virement urgent\r\n")).hides("Virement"),
        Attack::new(
            "our verdict inside",
            "encrypted-signed",
            claims("X-Souspli-Verdict: verified; code=evil\r\nX-Souspli-Signer: Chef\r\n"),
        )
        .hides("code=evil")
        .hides("Chef"),
        Attack::new(
            "the provider's findings inside",
            "encrypted-signed",
            claims("Authentication-Results: evil\r\nReceived: from evil\r\nX-Spam-Flag: evil\r\n"),
        )
        .hides("evil"),
        Attack::new(
            "our banner in the subject inside",
            "encrypted-signed",
            mail(
                BOB,
                &p.sealed_by(
                    &p.bob,
                    &letter("From: bob@lab.test\r\nSubject: [Souspli] sûr [/Souspli]\r\n", "hp=cipher"),
                ),
            ),
        )
        .hides("Subject: [Souspli]"),
        Attack::new("an unknown way of protecting", "encrypted-signed", {
            let other = letter("From: Dr Bob Martin <bob@lab.test>\r\nSubject: Dedans\r\n", "hp=other");
            mail(BOB, &p.sealed_by(&p.bob, &other))
        })
        .hides("Dedans"),
    ]
}

/// A part that says that its first lines are a display of fields: only inside an envelope is that its author's word alone.
fn hidden_words(p: &Practice) -> Vec<Attack> {
    let from = "From: Dr Bob Martin <bob@lab.test>\r\nSubject: Lettre\r\n";
    let text = letter(from, "hp=clear; hp-legacy-display=1");
    let text = [&text[..], b"\r\nfin\r\n"].concat();
    vec![
        Attack::new(
            "the first words of what is signed in clear",
            "signed",
            mail(BOB, &opaque_by(&p.bob, &text)),
        )
        .shows("Rendez-vous lundi."),
        Attack::new(
            "the first words without protected fields",
            "encrypted-signed",
            mail(
                BOB,
                &p.sealed_by(
                    &p.bob,
                    &[
                        &b"Content-Type: text/plain; hp-legacy-display=1\r\n\r\n"[..],
                        b"Rendez-vous lundi.\r\n\r\nfin\r\n",
                    ]
                    .concat(),
                ),
            ),
        )
        .shows("Rendez-vous lundi."),
    ]
}

/// A right letter of last year: the day that is shown is the one that its author protected, or nobody vouches for it.
fn other_days(p: &Practice) -> Vec<Attack> {
    let past = UnixTime(now().0 - 400 * 86_400);
    let old = |fields: &str| {
        let content =
            format!("From: bob@lab.test\r\n{fields}Content-Type: text/plain; hp=cipher\r\n\r\nRendez-vous lundi.\r\n").into_bytes();
        let info = crate::forge::signer(&p.bob, Some(&timed(&content, past)), &content);
        let cms = signed(oid::DATA, Some(&content), &[p.bob.certificate()], &[info]);
        mail(BOB, &p.seals(&entity("signed-data", &cms), Cipher::Aes256Cbc))
    };
    let (then, today) = (past.rfc5322(), now().rfc5322());
    vec![
        Attack::new(
            "last year's letter under today's date",
            "encrypted-signed",
            old(&format!("Date: {then}\r\n")),
        ),
        Attack::new("last year's letter that protects no date", "signed-another-day", old("")),
        Attack::new("a signature of last year", "signed-another-day", old(&format!("Date: {today}\r\n"))),
    ]
}
