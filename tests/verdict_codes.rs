//! Holds docs/verdicts.md: every code, with its grade and the sentences that are shown. `SOUSPLI_BLESS=1` writes the table anew.
#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use souspli::text::verdict::sentence;
use souspli::view::frozen::codes;
use souspli::view::verdict::Grade;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

const HEAD: &str = "| grade | code | français | English |\n|---|---|---|---|\n";

#[test]
fn the_page_has_every_code_with_its_sentences() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/verdicts.md");
    let page = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let start = page.find(HEAD).unwrap() + HEAD.len();
    let end = start + page[start..].find("\n\n").unwrap() + 1;
    let wanted = format!("{}{}{}", &page[..start], rows(), &page[end..]);
    if std::env::var_os("SOUSPLI_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
        return;
    }
    assert_eq!(page, wanted, "run SOUSPLI_BLESS=1 cargo test --test verdict_codes");
}

fn rows() -> String {
    let mut all: Vec<(&str, Grade)> = codes().collect();
    all.sort_by_key(|(_, grade)| *grade);
    let row = |(code, grade): &(&'static str, Grade)| {
        let (french, english) = sentence(code);
        format!("| {} | `{code}` | {french} | {english} |\n", grade.as_str())
    };
    all.iter().map(row).collect()
}

#[test]
fn every_sentence_is_of_a_code_and_is_short() {
    let source = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/text/verdict.rs")).unwrap();
    let body = source.split("pub fn sentence(").nth(1).unwrap().split("\n}\n").next().unwrap();
    let written: BTreeSet<&str> = body
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => ("))
        .map(|(code, _)| code)
        .collect();
    let known: BTreeSet<&str> = codes().map(|(code, _)| code).filter(|code| *code != "plain").collect();
    assert_eq!(written, known);
    let mut told = BTreeSet::new();
    for (code, _) in codes() {
        let (french, english) = sentence(code);
        assert!(french.chars().count() <= 110 && english.chars().count() <= 110, "{code}");
        assert!(told.insert(french) && told.insert(english), "{code}: said twice");
        assert_eq!(
            souspli::text::unaccent(french).matches('?').count(),
            french.matches('?').count(),
            "{code}"
        );
    }
}
