use super::*;
use crate::mime::encode;
use crate::view::tests::verdict;
use crate::view::{Section, SectionText};

const STORED: &str = "From: bob@x.fr\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\nX-Souspli-View: forged\r\nDate: d\r\n\r\n";
const MIXED: &str = "Content-Type: multipart/mixed; boundary=i\r\nSubject: inner\r\n\r\npreamble\r\n--i\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--i\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--i--\r\n";

fn stored(body: usize) -> Vec<u8> {
    let mut out = STORED.as_bytes().to_vec();
    while out.len() < STORED.len() + body {
        out.extend_from_slice(&[b'A'; 64]);
        out.extend_from_slice(b"\r\n");
    }
    out.truncate(STORED.len() + body);
    out
}

fn view(stored: &[u8], content: Option<&str>, verdict: &Verdict) -> View {
    build(&input(stored, content, verdict))
}

fn input<'a>(stored: &'a [u8], content: Option<&'a str>, verdict: &'a Verdict) -> ViewInput<'a> {
    ViewInput {
        stored,
        size: stored.len(),
        content: content.map(str::as_bytes),
        restored: &UNCHANGED,
        header: HeaderShown::Protected,
        verdict,
        report: None,
        boundary: "souspli-b",
        banner: BannerMode::Text,
        token: "tok",
    }
}

static UNCHANGED: std::sync::LazyLock<Restored> = std::sync::LazyLock::new(Restored::default);

fn text(view: &View) -> String {
    String::from_utf8_lossy(view.bytes()).into_owned()
}

#[test]
fn the_size_is_that_of_the_stored_message_for_every_remainder() {
    for body in 1500..1660 {
        let stored = stored(body);
        let view = view(&stored, Some(MIXED), &verdict());
        assert_eq!(view.bytes().len(), stored.len());
        assert!(view.bytes().ends_with(b"\r\n"), "POP3 would add a line end");
        assert!(view.size_preserved());
        assert_eq!(view.entity().children().len(), 2);
    }
}

#[test]
fn a_multipart_mixed_is_flattened_with_its_octets() {
    let view = view(&stored(3000), Some(MIXED), &Verdict { own: true, ..verdict() });
    let part = |n| {
        view.section(&Section {
            path: vec![n],
            text: SectionText::Whole,
        })
        .map(Cow::into_owned)
    };
    assert_eq!(part(1).as_deref(), Some(&b"Bonjour"[..]));
    assert_eq!(part(2).as_deref(), Some(&b"%PDF"[..]));
    assert_eq!(part(3), None);
    let text = text(&view);
    assert!(text.starts_with("From: bob@x.fr\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"souspli-b\"\r\nDate: d\r\nX-Souspli-Verdict: verified; code=signed-verified\r\nX-Souspli-View: tok\r\n"), "{text}");
    assert!(!text.contains("forged") && !text.contains("preamble") && !text.contains("inner"));
}

#[test]
fn what_does_not_fit_goes_in_order_and_then_the_size() {
    let all = assemble_len(3000);
    for (room, signer, banner, preserved) in [
        (all, true, true, true),
        (all - 1, false, true, true),
        (all - 170, false, false, true),
        (60, true, true, false),
    ] {
        let stored = stored(room);
        let view = view(&stored, Some(MIXED), &verdict());
        let text = text(&view);
        assert_eq!(
            (text.contains("X-Souspli-Signer"), text.contains("[Souspli]"), view.size_preserved()),
            (signer, banner, preserved),
            "{room}"
        );
        assert_eq!(view.bytes().len() == stored.len(), preserved);
    }
}

/// Octets of body that the View with all it can say takes, no padding left.
fn assemble_len(body: usize) -> usize {
    let stored = stored(body);
    let view = view(&stored, Some(MIXED), &verdict());
    let end = memmem::find(view.bytes(), b"\r\n--souspli-b--\r\n").unwrap() + 17;
    end - STORED.len()
}

#[test]
fn a_warning_is_spoken_whatever_the_setting() {
    for (grade, spoken) in [(Grade::Verified, false), (Grade::Unassured, true)] {
        let verdict = Verdict { grade, ..verdict() };
        let stored = stored(3000);
        let view = build(&ViewInput {
            banner: BannerMode::Headers,
            ..input(&stored, Some(MIXED), &verdict)
        });
        assert_eq!(text(&view).contains("[Souspli]"), spoken, "{grade:?}");
    }
}

#[test]
fn a_bad_verdict_stands_in_front_of_the_subject_unless_lists_have_told_it_otherwise() {
    let stored = stored(3000);
    for (grade, encrypted, header, subject) in [
        (Grade::Verified, true, HeaderShown::Protected, "s"),
        (Grade::Unassured, true, HeaderShown::Protected, "[Souspli : non garanti] s"),
        (
            Grade::Unassured,
            false,
            HeaderShown::Protected,
            "[Souspli : non garanti, en clair] s",
        ),
        (Grade::Unassured, true, HeaderShown::Stored, "s"),
        (Grade::Altered, true, HeaderShown::Protected, "[Souspli : ALTÉRÉ] s"),
        (Grade::Unopenable, true, HeaderShown::Protected, "s"),
    ] {
        let verdict = Verdict {
            grade,
            encrypted,
            ..verdict()
        };
        for banner in [BannerMode::Text, BannerMode::Headers] {
            let view = build(&ViewInput {
                header,
                banner,
                ..input(&stored, Some(MIXED), &verdict)
            });
            let shown = Header::parse(view.bytes()).0.text("Subject");
            assert_eq!((shown.as_deref(), view.grade()), (Some(subject), grade));
            // A list says it from what is kept.
            let listed = super::super::rewrite_fields(b"Subject: s\r\n\r\n", "b", view.restored(), |_| true);
            assert_eq!(Header::parse(&listed).0.text("Subject").as_deref(), Some(subject));
        }
    }
}

#[test]
fn attachments_alone_get_a_text_of_ours() {
    let pdf = "Content-Type: application/pdf\r\n\r\n%PDF";
    let view = view(&stored(3000), Some(pdf), &verdict());
    assert_eq!(
        view.entity().children().iter().map(|c| c.media_type.as_str()).collect::<Vec<_>>(),
        ["text/plain", "application/pdf"]
    );
    assert!(text(&view).contains("[/Souspli]\r\n\r\nMessage sans texte"));
}

#[test]
fn altered_content_is_never_shown_and_the_original_is_attached() {
    let altered = Verdict {
        grade: Grade::Altered,
        ..verdict()
    };
    let clear =
        b"Subject: s\r\nContent-Type: multipart/signed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>evil</b>\r\n--x--\r\n";
    let small = view(clear, Some("Content-Type: text/html\r\n\r\n<b>evil</b>"), &altered);
    assert!(!small.size_preserved());
    let [warning, original] = small.entity().children() else {
        panic!("{:?}", small.entity())
    };
    assert!(!String::from_utf8_lossy(&small.bytes()[warning.body.clone()]).contains("evil"));
    assert_eq!(original.media_type, "application/octet-stream");
    assert_eq!(encode::base64_decode(&small.bytes()[original.body.clone()]), clear);
}

#[test]
fn a_sealed_message_that_cannot_be_opened_keeps_its_size_when_it_is_long() {
    let failed = Verdict {
        grade: Grade::Unopenable,
        ..verdict()
    };
    let stored = stored(66 * 1000);
    let long = view(&stored, None, &failed);
    assert!(long.size_preserved() && long.bytes().len() == stored.len());
    let sealed = &long.entity().children()[1];
    let flat: Vec<u8> = long.bytes()[sealed.body.clone()].iter().copied().filter(|b| *b == b'A').collect();
    assert_eq!(flat.len(), 64 * 1000);
}

#[test]
fn our_boundary_in_the_content_hides_the_content() {
    let content = "Content-Type: text/plain\r\n\r\n--souspli-b--\r\nhidden";
    let view = view(&stored(3000), Some(content), &verdict());
    let text = text(&view);
    assert!(
        text.contains("X-Souspli-Verdict: altered; code=boundary-in-content") && !text.contains("hidden"),
        "{text}"
    );
    let mut stored = stored(300);
    stored.extend_from_slice(b"\r\n--souspli-b\r\n");
    let view = super::tests::view(
        &stored,
        None,
        &Verdict {
            grade: Grade::Unopenable,
            ..verdict()
        },
    );
    assert_eq!(view.entity().children().len(), 2);
    assert_eq!(view.entity().children()[1].media_type, "application/octet-stream");
}

#[test]
fn our_boundary_declared_in_disguise_hides_the_content() {
    let content = "Content-Type: multipart/alternative; boundary*=''souspli%2Db\r\n\r\nx";
    let quoted = "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: multipart/mixed; boundary=\"sous\\pli-b\"\r\n\r\nx\r\n--i\r\n\r\ny\r\n--i\r\n\r\nz\r\n--i--\r\n";
    for content in [content, quoted] {
        let text = text(&view(&stored(3000), Some(content), &verdict()));
        assert!(text.contains("code=boundary-in-content"), "{text}");
    }
}

#[test]
fn bare_line_feeds_become_line_ends() {
    let lf = STORED.replace("\r\n", "\n") + &"A".repeat(3000);
    let view = view(lf.as_bytes(), Some("Content-Type: text/plain\n\na\nb\n"), &verdict());
    assert!(view.size_preserved());
    assert!(text(&view).contains("\r\n\r\na\r\nb\r\n\r\n--souspli-b--"));
    assert_eq!(
        view.bytes().iter().filter(|b| **b == b'\n').count(),
        view.bytes().iter().filter(|b| **b == b'\r').count()
    );
}
