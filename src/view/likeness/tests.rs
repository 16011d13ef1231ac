use super::*;

fn text(body: &str) -> Words {
    let mail = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{body}");
    likeness(mail.as_bytes()).texts.remove(0)
}

const LETTER: &str = "Chère consœur,\r\nje vous adresse M. Dupont pour une toux qui dure depuis deux mois.\r\n";

#[test]
fn a_letter_is_the_same_however_it_is_written() {
    let whole = text(LETTER).whole();
    assert!(whole.is_some());
    let html = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Chère consœur,</p><p>je&nbsp;vous <b>adresse</b> M. Dupont pour\r\nune toux qui dure depuis deux mois.";
    assert_eq!(likeness(html.as_bytes()).texts[0].whole(), whole);
    for other in [
        LETTER.replace("\r\n", "\r\n> "),
        LETTER.replace(" une toux", " \r\nune toux"),
        LETTER.to_uppercase(),
        format!("{LETTER}\r\nBien cordialement\r\nDr Zoé, 1 rue des Érables\r\n"),
        format!("{LETTER}--\u{20}\r\nDr Zoé\r\n"),
        format!("{LETTER}\r\nCe message et ses pièces jointes sont confidentiels et destinés à vous seul.\r\n"),
    ] {
        assert_eq!(text(&other).whole(), whole, "{other}");
    }
    assert_ne!(text(&LETTER.replace("Dupont", "Durand")).whole(), whole);
}

#[test]
fn what_is_in_every_letter_tells_nothing() {
    for body in [
        "Bonjour,\r\n\r\nVeuillez trouver ci-joint le document.\r\nBien cordialement,\r\nDr Zoé Martin, cabinet des Érables, 12 rue Longue, Nantes",
        "Ce courriel est confidentiel. S'il ne vous est pas destiné, merci de le détruire et de prévenir son expéditeur.",
        "Merci !\r\n-- \r\nDr Zoé Martin, médecin généraliste, cabinet des Érables, 12 rue Longue, 44000 Nantes, sur rendez-vous",
    ] {
        assert_eq!(text(body).whole(), None, "{body}");
    }
    let card = "Content-Type: text/vcard\r\nContent-Disposition: attachment; filename=a.vcf\r\n\r\n";
    let logo = "Content-Type: image/png\r\nContent-ID: <logo>\r\n\r\n";
    for head in [card, logo, "Content-Type: application/pdf\r\n\r\n"] {
        let octets = format!("{head}{}", "x".repeat(FILE_MIN - usize::from(head.contains("pdf"))));
        assert!(likeness(octets.as_bytes()).files.is_empty(), "{head}");
    }
}

#[test]
fn a_picture_in_the_text_is_a_file_unless_it_may_be_a_logo() {
    let picture = |head: &str, octets: usize| format!("Content-Type: image/jpeg\r\n{head}\r\n\u{ff}{}", "x".repeat(octets));
    for (head, octets, is_remembered) in [
        ("Content-ID: <a>\r\n", FILE_MIN, false),
        ("Content-ID: <a>\r\nContent-Disposition: inline\r\n", PICTURE_MIN - 3, false),
        ("Content-ID: <a>\r\n", PICTURE_MIN, true),
        ("Content-ID: <a>\r\nContent-Disposition: attachment\r\n", FILE_MIN, true),
        ("Content-Disposition: inline\r\n", FILE_MIN, true),
    ] {
        let found = likeness(picture(head, octets).as_bytes());
        assert_eq!(found.files.is_empty(), !is_remembered, "{head} {octets}");
        let again = likeness(picture("Content-Disposition: attachment\r\n", octets).as_bytes());
        assert!(
            again
                .files
                .iter()
                .chain(&again.asked_files)
                .any(|file| found.files.contains(file) || found.asked_files.contains(file))
        );
    }
}

#[test]
fn what_is_quoted_behind_a_signature_counts() {
    let quoted = LETTER.replace("\r\n", "\r\n> ");
    let answer = format!("Merci.\r\nCordialement\r\nDr Zoé\r\n\r\nLe 3 mai, Dr Bob a écrit :\r\n> {quoted}\r\n");
    let words = text(&answer);
    assert!(words.whole().unwrap().contains("pour une toux qui dure"));
    assert!(!words.whole().unwrap().contains("zoe"));
    assert!(words.stretches().any(|stretch| stretch.contains("dr zoe")));
    // Beside a letter of its own what it quotes is another's, and may have come in clear.
    let answer = format!("{LETTER}\r\nDe\u{a0}: Bob\r\nObjet : Réunion\r\n> La réunion est déplacée à jeudi.\r\n");
    assert_eq!(text(&answer).whole(), text(LETTER).whole());
}

#[test]
fn a_large_file_is_the_same_in_every_encoding() {
    let octets: Vec<u8> = (0..60_001u32).map(|n| (n * n / 7) as u8 | 0x80).collect();
    let head = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: ";
    let of = |encoding: &str, body: &[u8]| likeness(&[format!("{head}{encoding}\r\n\r\n").as_bytes(), body].concat()).files;
    let plain = of("8bit", &octets);
    assert_eq!(plain.len(), 1);
    for columns in [64, 76] {
        let body = crate::mime::encode::base64_wrapped(&octets, columns);
        assert_eq!(of("base64", &body), plain);
        let mail = [format!("{head}base64\r\n\r\n").as_bytes(), &body].concat();
        let decoded = Contents::of(&mail);
        assert!(decoded.body(&decoded.root).is_some_and(|body| body.is_plain_base64));
        assert_eq!(likeness_in(&decoded).files, plain);
    }
    let mut other = octets.clone();
    other[59_000] ^= 1;
    assert_ne!(of("base64", &crate::mime::encode::base64_lines(&other)), plain);
    // What may hold other files is looked into.
    let packed = [b"PK\x03\x04".as_slice(), &octets].concat();
    assert_eq!(of("base64", &crate::mime::encode::base64_lines(&packed)), of("8bit", &packed));
}

/// Whether something of a letter is known again in another: a file of it, or a whole text.
fn is_known(sealed: &str, other: &str) -> bool {
    let (sealed, other) = (likeness(sealed.as_bytes()), likeness(other.as_bytes()));
    let wholes: Vec<String> = sealed.texts.iter().filter_map(Words::whole).collect();
    let mut files = other.files.iter().chain(&other.asked_files);
    files.any(|file| sealed.files.contains(file)) || other.texts.iter().filter_map(Words::whole).any(|whole| wholes.contains(&whole))
}

#[test]
fn a_file_is_the_same_under_every_type() {
    // Words alone do not tell it: too few, and what closes a letter before them.
    let lines = "Cordialement <a></a> K;4,1\r\n".repeat(30);
    let file = |kind: &str, place: &str, body: &str| format!("Content-Type: {kind}\r\n{place}\r\n{body}");
    let attached = "Content-Disposition: attachment; filename=a.hpr\r\n";
    for sealed in [
        "text/plain",
        "text/html",
        "application/xhtml+xml",
        "application/octet-stream",
        "application/pdf",
    ] {
        let sealed = file(sealed, attached, &lines);
        for kind in [
            "text/plain",
            "text/plain; charset=utf-8",
            "text/html",
            "text/csv",
            "application/octet-stream",
            "application/hprim",
            "application/xml",
            "application/pdf",
        ] {
            for body in [lines.clone(), lines.replace("\r\n", "\n"), lines.trim_end().to_owned()] {
                assert!(is_known(&sealed, &file(kind, attached, &body)), "{kind}");
                assert!(is_known(&file(kind, attached, &body), &sealed), "{kind}");
            }
            assert!(is_known(&sealed, &file(kind, "", &lines)), "{kind}");
            assert!(!is_known(&sealed, &file(kind, attached, &lines.replacen('K', "k", 1))), "{kind}");
        }
    }
    let letter = file("text/plain", "", &lines);
    assert!(likeness(letter.as_bytes()).files.is_empty());
    let named = file("text/plain; name=a.txt", "", &lines);
    assert_eq!(likeness(named.as_bytes()).files.len(), 2);
}

#[test]
fn a_text_in_a_file_is_known_by_its_words() {
    let body = LETTER.repeat(9);
    let file = format!("Content-Type: application/octet-stream; name=a.txt\r\n\r\n{body}");
    let text = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{}", body.replace("\r\n", " \r\n> "));
    assert!(is_known(&file, &text) && is_known(&text, &file));
    let page = format!(
        "Content-Type: application/octet-stream\r\n\r\n<p>{}</p>",
        body.replace(' ', "&nbsp;")
    );
    assert!(is_known(&page, &text) && is_known(&text, &page));
    let binary = format!("Content-Type: application/octet-stream\r\n\r\n\u{0}{body}");
    assert!(likeness(binary.as_bytes()).texts.is_empty());
}

#[test]
fn a_page_is_known_as_text_whatever_becomes_of_its_tags() {
    let rows = [
        ("Créatinine", "89"),
        ("Potassium", "4,1"),
        ("Sodium", "139"),
        ("INR", "2,5"),
        ("Urée", "5"),
        ("CRP", "12"),
        ("TSH", "3"),
    ];
    let page = |a: &str, b: &str, c: &str| {
        let rows: String = rows.iter().map(|(name, value)| format!("{a}{name}{b}{value}{c}")).collect();
        format!("Content-Type: text/html; charset=utf-8\r\n\r\n<p>Ré<b>sul</b>tats</p>{rows}")
    };
    for sealed in [
        page("<tr><td>", "</td><td>", "</td></tr>"),
        page("<tr><th>", "<td>", ""),
        page("<dt>", "</dt><dd>", "</dd>"),
        page("<option>", "<option>", ""),
        page("<div><span>", "</span><span>", "</span></div>"),
    ] {
        for between in ["\t", " ", "\r\n", " | "] {
            for bold in ["Résultats", "Ré*sul*tats"] {
                let lines: String = rows.iter().map(|(name, value)| format!("{name}{between}{value}\r\n")).collect();
                let text = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{bold}\r\n{lines}");
                // A program that shows bold by stars shows spans by nothing.
                if bold.contains('*') && !sealed.contains("span") {
                    continue;
                }
                if !bold.contains('*') && sealed.contains("span") {
                    continue;
                }
                assert!(is_known(&sealed, &text) && is_known(&text, &sealed), "{sealed} {text}");
            }
        }
    }
    // What an earlier version has remembered.
    let glued = likeness(page("<td>", "</td><td>", "</td>").as_bytes()).texts;
    assert!(glued.iter().any(|words| words.all.iter().any(|word| word.contains("creatinine89"))));
}

#[test]
fn hostile_texts_are_bounded() {
    let words = text(&"mot ".repeat(LIKENESS_WORDS_MAX * 2));
    assert_eq!(words.all.len(), LIKENESS_WORDS_MAX);
    let part = format!("--b\r\nContent-Type: a/b\r\n\r\n{}\r\n", "x".repeat(FILE_MIN));
    let many = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        part.repeat(LIKENESS_FILES_MAX + 9)
    );
    assert_eq!(likeness(many.as_bytes()).files.len(), LIKENESS_FILES_MAX);
}
