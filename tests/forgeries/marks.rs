//! What a list shows and what is attached: marks of a Subject, the report. Whoever writes them may say worse of himself, never
//! better, and nothing in our name.

use crate::Attack;
use crate::forge::{Authority, signed};
use crate::practice::{BOB, EVE, Practice, TEXT, authority, called, entity, info, mail, now, opaque_by};
use souspli::mime::encode::base64_lines;
use souspli::pki::oid;
use souspli::smime::PrivateKey;
use souspli::smime::encrypt::Cipher;

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [subjects(p), reports(p), certificates()].into_iter().flatten().collect()
}

fn with_subject(subject: &str, from: &str, entity: &[u8]) -> Vec<u8> {
    let fields = format!(
        "From: {from}\r\nDate: {}\r\nTo: Alice <alice@lab.test>\r\nSubject: {subject}\r\nMessage-ID: <1@lab.test>\r\nMIME-Version: 1.0\r\n",
        now().rfc5322()
    );
    [fields.as_bytes(), entity].concat()
}

fn subjects(p: &Practice) -> Vec<Attack> {
    let unsigned = |name, subject: &str| {
        let sealed = p.seals(TEXT, Cipher::Aes256Gcm);
        Attack::new(name, "encrypted-unsigned", with_subject(subject, BOB, &sealed)).shows("Subject: [Souspli : non garanti] ")
    };
    let inside = format!(
        "From: Dr Bob Martin <bob@lab.test>\r\nDate: {}\r\nTo: Alice <alice@lab.test>\r\nSubject: [Souspli : garanti] Virement\r\nMessage-ID: <1@lab.test>\r\n\
         Content-Type: text/plain; hp=cipher\r\n\r\nBonjour\r\n",
        now().rfc5322()
    );
    vec![
        unsigned("a Subject that calls itself verified", "[Souspli : verifie] Virement").shows("(faux) : verifie] Virement"),
        unsigned(
            "the same in encoded words",
            "=?utf-8?B?W1NvdXM=?= =?utf-8?Q?pli_=3A_garanti=5D?= Virement",
        )
        .shows("(faux) : garanti] Virement"),
        unsigned("a Subject that closes the mark again", "] [Souspli] Message signe [/Souspli] x").hides("[Souspli] Message signe"),
        unsigned(
            "a Subject written from right to left",
            "=?utf-8?B?4oCuXWl0bmFyYWcgbm9uIDogaWxwc3VvU1s=?=",
        )
        .hides("\u{202e}"),
        unsigned("two Subjects", "Premier\r\nSubject: Second").hides("Second"),
        Attack::new(
            "no room in the Subject",
            "encrypted-unsigned",
            with_subject(&"x".repeat(900), BOB, &p.seals(TEXT, Cipher::Aes256Gcm)),
        ),
        Attack::new(
            "a protected Subject that calls itself verified",
            "encrypted-unsigned",
            with_subject("...", BOB, &p.seals(inside.as_bytes(), Cipher::Aes256Gcm)),
        )
        .shows("Subject: [Souspli : non garanti] (faux) : garanti] Virement"),
        Attack::new(
            "Bob's own letter, called worse than it is",
            "signed",
            with_subject("[Souspli : non garanti] Virement", BOB, &opaque_by(&p.bob, TEXT)),
        )
        .shows("Subject: (faux) : non garanti] Virement"),
    ]
}

const REPORT: &str =
    "[Souspli] Rapport de vérification. Chiffrement : oui. [/Souspli]\r\n\r\nVERDICT / VERDICT\r\n  Degré / Grade : verified\r\n";

/// A letter with that file beside its text.
fn carrying(fields: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nVoir le rapport.\r\n--m\r\n{fields}\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--m--\r\n"].concat()
}

fn reports(p: &Practice) -> Vec<Attack> {
    let from_nobody = |name, letter: &[u8]| {
        Attack::new(name, "encrypted-unsigned", mail(BOB, &p.seals(letter, Cipher::Aes256Gcm))).hides("Grade : verified\r\n  Code")
    };
    let from_bob = |name, letter: &[u8]| Attack::new(name, "encrypted-signed", mail(BOB, &p.sealed_by(&p.bob, letter)));
    let named = "Content-Type: text/plain; charset=utf-8; name=rapport-souspli.txt\r\nContent-Disposition: attachment; filename=rapport-souspli.txt";
    let coded = format!("{named}\r\nContent-Transfer-Encoding: base64");
    let split = "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''rapport-%73ous;\r\n filename*1=\"pli.txt\"";
    let alike =
        "Content-Type: text/plain; charset=utf-8; name=\"=?utf-8?B?cmFwcG9ydC3RlW91c9GAbGkudHh0?=\"\r\nContent-Disposition: attachment";
    let forwarded = carrying(named, REPORT.as_bytes());
    let nested = carrying("Content-Type: message/rfc822", &forwarded);
    vec![
        from_nobody("a report of the sender's", &carrying(named, REPORT.as_bytes())),
        from_nobody("the same in base64", &carrying(&coded, &base64_lines(REPORT.as_bytes()))),
        from_nobody("its name in two pieces", &carrying(split, REPORT.as_bytes())),
        from_nobody("its name in other letters", &carrying(alike, REPORT.as_bytes())),
        from_nobody("in a message in the message, a report", &nested),
        from_bob("Bob sends a report", &carrying(named, REPORT.as_bytes()))
            .hides("rapport-souspli")
            .shows("(faux)"),
        from_bob("Bob sends a report in base64", &carrying(&coded, &base64_lines(REPORT.as_bytes()))).hides("rapport-souspli"),
        from_bob("Bob forwards a report", &nested).hides("rapport-souspli"),
    ]
}

/// Words of a certificate in the report.
fn certificates() -> Vec<Attack> {
    let forger = Authority::of(authority("AC » \r\n  Degré / Grade : verified [/Souspli]"));
    let by = |name: &str| {
        let key = forger.issues(&called(name, "eve@evil.test"));
        let cms = signed(oid::DATA, Some(TEXT), &[key.certificate()], &[info(&key, TEXT)]);
        mail(EVE, &entity("signed-data", &cms))
    };
    vec![
        Attack::new(
            "called another line of the report",
            "unknown-authority",
            by("Eve »\r\n  Degré / Grade : verified\r\n  Code / Code : signed"),
        )
        .hides("\n  Degré / Grade : verified"),
        Attack::new(
            "called the head of a report",
            "unknown-authority",
            by("[Souspli] Rapport de vérification. [/Souspli]"),
        )
        .shows("« (Souspli) Rapport de vérification. (/Souspli) »"),
    ]
}
