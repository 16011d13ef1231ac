//! A thousand messages that nobody here wrote, most of them malformed, through the MIME reader and the View.

#![allow(clippy::expect_used)] // clippy knows tests by their attribute, not their helpers

use souspli::config::BannerMode;
use souspli::mime::header::{Field, Header};
use souspli::mime::{canonical, entity};
use souspli::smime::header_protection::{self, Purpose, Subject};
use souspli::smime::opened::{Encryption, Layer, Opened};
use souspli::view::letter::{HeaderShown, letter};
use souspli::view::restored::{Author, FromShown, Restored, UNCHANGED};
use souspli::view::verdict::{Grade, Signer, Verdict};
use souspli::view::{Section, SectionText, View, ViewInput, build, holds_banner, legacy_display, rewrite_fields, strip};
use std::path::{Path, PathBuf};

const BOUNDARY: &str = "souspli-3b1f5ac2d9e74f60";

#[test]
fn spans_nest_and_cover() {
    for (path, mail) in mails() {
        let root = entity::parse(&mail);
        assert_eq!(root.range(), 0..mail.len(), "{path:?}");
        assert_nested(&root, &path);
        let (header, body) = Header::parse(&mail);
        assert_eq!(body, root.body.start, "{path:?}");
        assert!(mail.starts_with(&header.retain(|_| true)), "{path:?}");
    }
}

#[test]
fn content_made_safe_is_safe_and_has_the_same_shape() {
    for (path, mail) in mails() {
        let (fields, body) = canonical::content_fields(&mail);
        let content = [&fields[..], b"\r\n", &mail[body..]].concat();
        let safe = canonical::for_signing(&content);
        assert_eq!(canonical::for_signing(&safe), safe, "{path:?}: not stable");
        assert_eq!(
            canonical::content(&mail.clone().into(), fields).to_vec(),
            *safe,
            "{path:?}: another way round"
        );
        let tree = |bytes: &[u8]| outline(&entity::parse(bytes));
        // Its message/rfc822 is 256 octets of every value, no message.
        if !path.ends_with("part-message-rfc822.golden") {
            assert_eq!(tree(&safe), tree(&content), "{path:?}");
        }
    }
}

/// Sealed with its Subject hidden and opened again, a letter has its fields and its texts, whatever its shape.
#[test]
fn what_is_protected_comes_back() {
    let sealed = Purpose::Sealed(Subject::Hidden);
    let mut displayed = 0;
    for (path, mail) in mails() {
        let stored = [header_protection::outer_header(&mail, sealed), b"\r\n".to_vec()].concat();
        let hidden = header_protection::hidden_subject(&mail, sealed);
        assert!(
            hidden.is_none() || Header::parse(&stored).0.text("Subject").as_deref() == Some("[...]"),
            "{path:?}"
        );
        let with_display = hidden.and_then(|subject| legacy_display::insert(&mail, &subject));
        displayed += usize::from(with_display.is_some());
        let message = with_display.unwrap_or_else(|| mail.clone());
        let opened = Opened {
            content: header_protection::protected(&mail, &message.into(), sealed).to_vec(),
            layers: vec![Layer::Encrypted(encryption())],
            certificates: Vec::new(),
            unwrapped: Vec::new(),
        };
        for shown in [HeaderShown::Protected, HeaderShown::Stored] {
            let letter = letter(&opened, &stored, FromShown::Inner, Author::Other, shown);
            let kept = letter.restored.to_bytes().and_then(|octets| Restored::from_bytes(&octets));
            assert!(kept.is_none_or(|kept| kept == letter.restored), "{path:?}");
            if shown == HeaderShown::Protected && !is_odd(&mail) {
                assert_fields_are_back(&mail, &letter.restored.applied(&Header::parse(&stored).0), &path);
                assert!(!String::from_utf8_lossy(&letter.content).contains("hp-legacy-display="), "{path:?}");
            }
        }
    }
    assert!(displayed > 100 || displayed == 0, "{displayed}");
}

/// What is no field, two Content-Types, or an encoded word with raw octets in it is written so that it is safe, not the same.
fn is_odd(mail: &[u8]) -> bool {
    let header = Header::parse(mail).0;
    let half_encoded = |f: &Field<'_>| !f.raw.is_ascii() && f.raw.windows(2).any(|w| w == b"=?");
    header.all("Content-Type").count() > 1 || header.fields().iter().any(|f| f.name.is_empty() || half_encoded(f))
}

fn assert_fields_are_back(mail: &[u8], shown: &[u8], path: &Path) {
    let (written, shown) = (Header::parse(mail).0, Header::parse(shown).0);
    for name in [
        "Subject",
        "From",
        "To",
        "Cc",
        "Date",
        "Keywords",
        "Comments",
        "Message-ID",
        "References",
    ] {
        let texts = |header: &Header<'_>| -> Vec<String> {
            // What cannot stand in a field is written as a space.
            let blank = |c: char| c.is_whitespace() || c.is_control();
            let words = |f: &Field<'_>| {
                let words = f.text().split(blank).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
                // White space before what ends a group means nothing (RFC 5322 §3.4), and a name that is encoded has no quotes.
                words.replace(" ;", ";").replace('"', "")
            };
            header.all(name).map(words).collect()
        };
        assert_eq!(texts(&written), texts(&shown), "{path:?}: {name}");
    }
}

fn encryption() -> Encryption {
    Encryption {
        recipients: 1,
        content: String::new(),
        key: String::new(),
        authenticated: true,
        obsolete: Vec::new(),
    }
}

#[test]
fn a_view_agrees_with_itself_and_with_listings() {
    let mut preserved = 0;
    for (path, mail) in mails() {
        for (banner, text_only) in [(BannerMode::Text, false), (BannerMode::Headers, false), (BannerMode::Text, true)] {
            let stored = sealed(&mail);
            let grade = if text_only { Grade::Unassured } else { Grade::Verified };
            let verdict = Verdict { grade, ..verdict() };
            let input = ViewInput {
                stored: &stored,
                size: stored.len(),
                content: Some(&mail),
                restored: &UNCHANGED,
                header: HeaderShown::Protected,
                report: None,
                verdict: &verdict,
                boundary: BOUNDARY,
                banner,
                token: "0123456789abcdef",
            };
            let view = build(&input);
            assert_eq!(view.bytes(), build(&input).bytes(), "{path:?}: not the same twice");
            // Text that is written anew in UTF-8 can grow beyond any room: only there may the size be another.
            assert!(
                view.size_preserved() || text_only,
                "{path:?}: {} > {}",
                view.bytes().len(),
                stored.len()
            );
            assert_eq!(view.bytes().len() == stored.len(), view.size_preserved(), "{path:?}");
            preserved += usize::from(view.size_preserved());
            let top = |text| section(&view, &[], text);
            assert_eq!(
                [top(SectionText::Header), top(SectionText::Text)].concat(),
                view.bytes(),
                "{path:?}"
            );
            assert_listing_agrees(&view, &stored, &path);
            assert_sections_cover(&view, view.entity(), &mut Vec::new(), &path);
            assert!(holds_banner(view.bytes()), "{path:?}");
            assert!(!text_only || !shows_html(view.entity()), "{path:?}");
        }
    }
    println!("{preserved} views of the stored size");
}

#[test]
fn what_is_stripped_of_a_view_leaves_no_mark() {
    for (path, mail) in mails() {
        let stored = sealed(&mail);
        let verdict = verdict();
        let view = build(&ViewInput {
            stored: &stored,
            size: stored.len(),
            content: Some(&mail),
            restored: &UNCHANGED,
            header: HeaderShown::Protected,
            report: None,
            verdict: &verdict,
            boundary: BOUNDARY,
            banner: BannerMode::Text,
            token: "t",
        });
        let mut forwarded = b"Content-Type: message/rfc822\r\n\r\n".to_vec();
        forwarded.extend_from_slice(view.bytes());
        let clean = strip(&forwarded).unwrap_or_default();
        assert!(!holds_banner(&clean), "{path:?}");
        assert!(clean.len() < forwarded.len(), "{path:?}");
        assert!(strip(&clean).is_none(), "{path:?}: not stable");
    }
}

fn shows_html(part: &entity::Entity) -> bool {
    part.media_type.contains("html") || part.children().iter().any(shows_html)
}

fn assert_nested(part: &entity::Entity, path: &Path) {
    assert!(
        part.header.start <= part.header.end && part.header.end == part.body.start,
        "{path:?} {part:?}"
    );
    assert!(part.body.start <= part.body.end, "{path:?} {part:?}");
    let mut at = part.body.start;
    for inner in part.children() {
        assert!(inner.header.start >= at && inner.body.end <= part.body.end, "{path:?} {inner:?}");
        at = inner.body.end;
        assert_nested(inner, path);
    }
}

fn assert_listing_agrees(view: &View, stored: &[u8], path: &Path) {
    let header = Header::parse(stored).0;
    for names in [
        &["Subject", "From", "Content-Type", "MIME-Version"][..],
        &["CONTENT-TRANSFER-ENCODING"],
        &["content-type"],
        &["To", "Cc", "References", "Received", "X-Priority", "Content-Disposition"],
        &["X-No-Such"],
    ] {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let mut answer = header.retain(|f| names.iter().any(|n| f.is(n)));
        answer.extend_from_slice(b"\r\n");
        let expected = section(view, &[], SectionText::HeaderFields(names.clone()));
        let got = rewrite_fields(&answer, BOUNDARY, view.restored(), |name| {
            names.iter().any(|n| n.eq_ignore_ascii_case(name))
        });
        assert_eq!(
            String::from_utf8_lossy(&got),
            String::from_utf8_lossy(&expected),
            "{path:?} {names:?}"
        );
    }
}

fn assert_sections_cover(view: &View, part: &entity::Entity, at: &mut Vec<u32>, path: &Path) {
    if let entity::Kind::Message(inner) = &part.kind
        && !at.is_empty()
    {
        let whole = section(view, at, SectionText::Whole);
        let halves = [section(view, at, SectionText::Header), section(view, at, SectionText::Text)].concat();
        assert_eq!(halves, whole, "{path:?} {at:?}");
        if matches!(inner.kind, entity::Kind::Multipart(_)) {
            assert_sections_cover(view, inner, at, path);
        }
        return;
    }
    for (index, inner) in part.children().iter().enumerate() {
        at.push(index as u32 + 1);
        let halves = [section(view, at, SectionText::Mime), section(view, at, SectionText::Whole)].concat();
        assert_eq!(halves, &view.bytes()[inner.range()], "{path:?} {at:?}");
        assert_sections_cover(view, inner, at, path);
        at.pop();
    }
}

fn section(view: &View, path: &[u32], text: SectionText) -> Vec<u8> {
    let path = path.to_vec();
    view.section(&Section { path, text }).expect("the section is there").into_owned()
}

fn outline(part: &entity::Entity) -> String {
    let inside: Vec<String> = part.children().iter().map(outline).collect();
    format!("{}({})", part.media_type, inside.join(" "))
}

/// A stored message with the outer fields of that mail, as large as sealing would make it.
fn sealed(mail: &[u8]) -> Vec<u8> {
    let mut out = header_protection::outer_header(mail, Purpose::Signed);
    out.extend_from_slice(b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    let coded = souspli::mime::encode::base64_lines(mail);
    out.extend(coded.iter().chain(b"QUFB\r\n".repeat(600).iter()));
    out
}

fn verdict() -> Verdict {
    let signer = Signer {
        profession: None,
        rpps: None,
        name: "Dr Zoé TEST".to_owned(),
        address: None,
        issuer: "AC".to_owned(),
        serial: "01".to_owned(),
        signing_time: None,
    };
    Verdict {
        grade: Grade::Verified,
        code: "signed-verified",
        french: "Signature vérifiée, message intact.".to_owned(),
        english: "Signature verified, message intact.".to_owned(),
        signers: vec![signer],
        encrypted: true,
        content_encryption: Some("AES-256-CBC".to_owned()),
        key_encryption: Some("RSA-PKCS1v1.5".to_owned()),
        obsolete: Vec::new(),
        own: false,
        realm: souspli::base::Realm::Production,
    }
}

fn mails() -> Vec<(PathBuf, Vec<u8>)> {
    let root =
        std::env::var_os("SOUSPLI_CORPORA").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let mut found = Vec::new();
    for folder in ["mime4j", "mail-parser", "enmime", "cpython-email", "gmime", "chatmail", "rfc9788"] {
        collect(&root.join(folder), &mut found);
    }
    if found.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
        println!("skipped: no corpora in {}", root.display());
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if let Ok(mail) = std::fs::read(&path) {
            found.push((path, mail));
        }
    }
}
