//! Headers of two readings, authors of two names, and fields inside that say what they should not.

use crate::Attack;
use crate::practice::{BOB, Practice, TEXT, headed, mail, now, opaque_by};

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [headers(p), authors(p), protected(p)].into_iter().flatten().collect()
}

/// One header, and two readings of it.
fn headers(p: &Practice) -> Vec<Attack> {
    let signed_text = String::from_utf8(mail(BOB, &opaque_by(&p.bob, TEXT))).unwrap();
    let typed = |kind: &str| {
        signed_text
            .replacen("Content-Type: application/pkcs7-mime; smime-type=signed-data", kind, 1)
            .into_bytes()
    };
    let coded = |coding: &str| {
        signed_text
            .replacen("Encoding: base64", &format!("Encoding: {coding}"), 1)
            .into_bytes()
    };
    vec![
        Attack::new(
            "the type in a comment",
            "plain",
            typed("Content-Type: text/plain (application/pkcs7-mime)"),
        ),
        Attack::new(
            "the type behind a comment",
            "signed",
            typed("Content-Type: (x) application/pkcs7-mime; name=a"),
        ),
        Attack::new(
            "the type folded everywhere",
            "signed",
            typed("Content-Type\t:\r\n application/pkcs7-mime\r\n ;\r\n name=a"),
        ),
        Attack::new(
            "a type within a type",
            "plain",
            typed("Content-Type: text/html; x=application/pkcs7-mime"),
        ),
        Attack::new(
            "two types, a page first",
            "plain",
            typed("Content-Type: text/html\r\nContent-Type: application/pkcs7-mime"),
        ),
        Attack::new(
            "two types, a page behind",
            "signed",
            typed("Content-Type: application/pkcs7-mime\r\nContent-Type: text/html"),
        ),
        Attack::new(
            "two ways of being called signed",
            "signed",
            typed("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; smime-type=signed-data"),
        ),
        Attack::new("the coding in a comment", "signed", coded("base64 (8bit)")),
        Attack::new("the coding in capitals with blanks", "signed", coded("  BASE64  ")),
        Attack::new("two codings", "signed", coded("base64\r\nContent-Transfer-Encoding: 8bit")),
        Attack::new("a coding that nobody knows", "damaged", coded("x-uuencode")),
        Attack::new("signs between the letters of base64", "signed", {
            let (head, body) = signed_text.split_once("\r\n\r\n").unwrap();
            let body: String = body.chars().flat_map(|c| [c, '-']).collect();
            format!("{head}\r\n\r\n{body}").into_bytes()
        }),
        Attack::new("a line that is no field in the header", "signed", {
            typed("Virez mille euros.\r\nContent-Type: application/pkcs7-mime")
        })
        .hides("mille euros"),
    ]
}

/// From, as mail programs show it and as signatures are compared with it: all signed by Eve.
fn authors(p: &Practice) -> Vec<Attack> {
    let by_eve = p.sealed_by(&p.eve, TEXT);
    let today = now().rfc5322();
    let from = |name, value: &str| {
        let fields = format!("From: {value}\r\nDate: {today}\r\n");
        Attack::new(name, "signer-is-not-sender", headed(&fields, &by_eve))
    };
    vec![
        from("Bob's whole mailbox in the name", "\"Dr Bob <bob@lab.test>\" <eve@evil.test>"),
        from("Bob's address in UTF-7 in the name", "=?utf-7?q?bob+AEA-lab.test?= <eve@evil.test>"),
        from(
            "Bob's address in base64 in the name",
            "=?utf-8?b?Ym9iQGxhYi50ZXN0?= <eve@evil.test>",
        ),
        from(
            "Bob's address in a charset that nobody knows",
            "=?x-y?q?bob=40lab.test?= <eve@evil.test>",
        ),
        from(
            "Bob's address in two encoded words",
            "=?utf-8?q?bob=40?= =?utf-8?q?lab.test?= <eve@evil.test>",
        ),
        from(
            "Bob's address in brackets of an encoded word",
            "=?utf-8?q?=3Cbob=40lab.test=3E?= <eve@evil.test>",
        ),
        from("an encoded word for an address", "=?utf-8?q?bob=40lab.test?="),
        from("Bob's address before the brackets", "bob@lab.test <eve@evil.test>"),
        from("Bob's address behind the brackets", "<eve@evil.test> bob@lab.test"),
        from("Bob's address in a comment in the brackets", "<eve@evil.test(bob@lab.test)>"),
        from("Bob before a comma in quotes that do not end", "\"bob@lab.test, <eve@evil.test>"),
        from("a group without an end", "x: bob@lab.test, eve@evil.test"),
        from("an empty group before Eve", "bob@lab.test:;, eve@evil.test"),
        from("Bob's address over two lines", "bob@lab.test\r\n\t<eve@evil.test>"),
        from("a semicolon between Bob and Eve", "bob@lab.test; eve@evil.test"),
        from("Bob's address begun in quotes", "\"bob@lab.test, \"eve@evil.test"),
        from("the beginning of Eve's address in quotes", "\"st\"eve@evil.test"),
        from("Bob behind the brackets", "<eve@evil.test> Dr Bob Martin"),
        from("a bang for a route", "<lab.test!bob@evil.test>"),
        from("a percent for a route", "<bob%lab.test@evil.test>"),
        from("Bob's address with a small sign", "\"bob\u{fe6b}lab.test\" <eve@evil.test>"),
    ]
}

/// Fields that stand inside the signature and say what they should not.
fn protected(p: &Practice) -> Vec<Attack> {
    let today = now().rfc5322();
    let inside = |fields: &str, parameter: &str| {
        format!("From: {BOB}\r\n{fields}Content-Type: text/plain; charset=utf-8; {parameter}\r\n\r\nRendez-vous lundi.\r\n\r\nfin\r\n")
            .into_bytes()
    };
    let dated = format!("Date: {today}\r\nTo: alice@lab.test\r\n");
    let sealed = |content: &[u8]| mail(BOB, &p.sealed_by(&p.bob, content));
    vec![
        Attack::new("signed in clear, and told to be confidential", "signed", {
            let content = inside(&format!("Subject: Dedans\r\nHP-Outer: Subject: [...]\r\n{dated}"), "hp=cipher");
            mail(BOB, &opaque_by(&p.bob, &content))
        })
        .shows("Subject: Dedans"),
        Attack::new("outer fields that lie", "encrypted-signed", {
            sealed(&inside(
                &format!("Subject: Dedans\r\nHP-Outer: From: eve@evil.test\r\nHP-Outer: Subject: x\r\n{dated}"),
                "hp=cipher",
            ))
        })
        .shows("Subject: Dedans")
        .hides("HP-Outer"),
        Attack::new("two dates inside", "signed-another-day", {
            sealed(&inside(&format!("Subject: s\r\nDate: {today}\r\n{dated}"), "hp=cipher"))
        }),
        Attack::new("a date of another year inside", "signed-another-day", {
            sealed(&inside("Date: Tue, 1 Jan 2019 00:00:00 +0000\r\n", "hp=cipher"))
        }),
        Attack::new("a subject of several lines inside", "encrypted-signed", {
            sealed(&inside(&format!("Subject: a\rFrom: chef@lab.test\r\n{dated}"), "hp=cipher"))
        })
        .hides("\rFrom"),
        Attack::new("a way of protecting said twice", "encrypted-signed", {
            sealed(&inside(&format!("Subject: Dedans\r\n{dated}"), "hp=other; hp=cipher"))
        })
        .hides("Dedans"),
        // RFC 9788 §4.5.3.1: only what says cipher has such lines.
        Attack::new("the first words of a clear letter that Eve has sealed", "encrypted-signed", {
            sealed(&inside(&format!("Subject: Dedans\r\n{dated}"), "hp=clear; hp-legacy-display=1"))
        })
        .shows("Rendez-vous lundi."),
        Attack::new("a page whose first words are said to be fields", "encrypted-signed", {
            let page = "<div class=\"header-protection-legacy-display\"><pre>x</pre></div><p>lundi";
            let content = format!("From: {BOB}\r\n{dated}Content-Type: text/html; hp=cipher\r\n\r\n{page}\r\n");
            sealed(content.as_bytes())
        })
        .shows("<pre>x"),
        Attack::new("wrapped, and wrapped again", "encrypted-signed", {
            let inner = [
                b"Content-Type: message/rfc822; forwarded=no\r\n\r\n",
                &inside(&format!("Subject: Dedans\r\n{dated}"), "x=y")[..],
            ]
            .concat();
            sealed(&[b"Content-Type: message/rfc822; forwarded=no\r\n\r\n", &inner[..]].concat())
        }),
    ]
}
