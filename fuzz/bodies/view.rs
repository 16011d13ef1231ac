//! Any stored message with any content gives a View that agrees with itself, and twice the same.
use souspli::config::BannerMode;
use souspli::view::letter::HeaderShown;
use souspli::view::restored::UNCHANGED;
use souspli::view::verdict::{Grade, Verdict};
use souspli::view::{Section, SectionText, ViewInput, build, holds_banner, strip};

/// One input.
pub fn run(data: &[u8]) {
    let cut = memchr_cut(data);
    let (stored, content) = data.split_at(cut);
    let verdict = Verdict {
        grade: if data.len().is_multiple_of(2) {
            Grade::Unassured
        } else {
            Grade::Verified
        },
        code: "fuzz",
        french: "Expéditeur non garanti.".to_owned(),
        english: "Sender not assured.".to_owned(),
        signers: Vec::new(),
        encrypted: true,
        content_encryption: None,
        key_encryption: None,
        obsolete: Vec::new(),
        own: false,
        realm: souspli::base::Realm::Production,
    };
    let input = ViewInput {
        stored,
        size: stored.len(),
        content: Some(content),
        restored: &UNCHANGED,
        header: HeaderShown::Protected,
        report: None,
        verdict: &verdict,
        boundary: "fuzz-boundary",
        banner: BannerMode::Text,
        token: "t",
    };
    let view = build(&input);
    assert_eq!(view.bytes(), build(&input).bytes());
    assert!(!view.size_preserved() || view.bytes().len() == stored.len());
    let top = |text| {
        view.section(&Section { path: Vec::new(), text })
            .map(|s| s.into_owned())
            .unwrap_or_default()
    };
    assert_eq!([top(SectionText::Header), top(SectionText::Text)].concat(), view.bytes());
    assert!(holds_banner(view.bytes()));
    strip(view.bytes());
}

/// The first octet pair 0xff 0xff parts the two halves.
fn memchr_cut(data: &[u8]) -> usize {
    data.windows(2).position(|w| w == [0xff, 0xff]).unwrap_or(data.len() / 2)
}
