//! Holds docs/codes.md: every `SP-` code of `src/text` with its French sentence. A code is what a doctor reads out on the
//! telephone; one that is not in the list helps nobody. `SOUSPLI_BLESS=1` writes the list anew.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "# Codes

Chaque refus et chaque avis de Souspli porte un code, le même dans toutes les versions et les deux langues. `{…}` tient la
place d’un nom. *Every refusal and notice of Souspli carries a code, the same over versions and languages. `{…}` stands for
a name. Written from the sources by `SOUSPLI_BLESS=1 cargo test --test codes`.*

| code | ce qui s’est passé | que faire | réessayer |
|---|---|---|---|
";

#[test]
fn every_code_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rows = BTreeMap::new();
    for path in text_files(&root.join("src/text")) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("\n#[cfg(test)]").next().unwrap();
        collect(code, &mut rows);
    }
    let wanted = HEAD.to_owned() + &rows.values().map(String::as_str).collect::<String>();
    let list = root.join("docs/codes.md");
    if std::env::var_os("SOUSPLI_BLESS").is_some() {
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(&list, &wanted).unwrap();
    }
    let found = fs::read_to_string(&list).unwrap_or_default().replace("\r\n", "\n");
    let missing: Vec<&String> = rows.values().filter(|row| !found.contains(row.as_str())).collect();
    assert!(
        missing.is_empty(),
        "run SOUSPLI_BLESS=1 cargo test --test codes; missing:\n{missing:#?}"
    );
    assert_eq!(
        found, wanted,
        "run SOUSPLI_BLESS=1 cargo test --test codes: a code is gone, or out of order"
    );
}

/// SMTP and IMAP carry ASCII: nothing in a sentence may become a question mark there.
#[test]
fn every_sentence_can_be_said_in_ascii() {
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes.md")).unwrap();
    for row in list.lines() {
        let asked = |text: &str| text.matches('?').count();
        assert_eq!(asked(&souspli::text::unaccent(row)), asked(row), "{row}");
    }
}

#[test]
fn the_reader_sees_codes_and_sentences() {
    let mut rows = BTreeMap::new();
    collect(
        "new(\"SP-A\", Retry::Later, (format!(\"Un \\\"x\\\" | {n}.\"), \"Deux \\\n      trois.\"), (\"a\", \"b\"))",
        &mut rows,
    );
    assert_eq!(rows["SP-A"], "| `SP-A` | Un \"x\" \\| {n}. | Deux trois. | plus tard |\n");
}

fn text_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "rs"));
    files.sort();
    files
}

/// A code, then the French pair: the next two strings. The first place a code is used in is the one shown.
fn collect(text: &str, rows: &mut BTreeMap<String, String>) {
    let mut rest = text;
    while let Some(at) = rest.find("\"SP-") {
        let (code, after) = literal(&rest[at..]);
        rest = after;
        let (what, after_what) = next_literal(after);
        let (todo, _) = next_literal(after_what);
        let until = after.find('"').unwrap_or(after.len());
        let row = format!(
            "| `{code}` | {} | {} | {} |\n",
            cell(&what),
            cell(&todo),
            retry(&after[..until], text)
        );
        rows.entry(code).or_insert(row);
    }
}

/// Said beside the code, or once for the whole file by a helper of it.
fn retry(between: &str, file: &str) -> &'static str {
    let words = [
        ("Retry::Never", "non"),
        ("Retry::Later", "plus tard"),
        ("Retry::AfterUser", "après cela"),
    ];
    let said = |text: &str| {
        words
            .iter()
            .filter(|(name, _)| text.contains(name))
            .map(|(_, word)| *word)
            .collect::<Vec<_>>()
    };
    match (said(between).as_slice(), said(file).as_slice()) {
        ([word], _) | ([], [word]) => word,
        _ => "—",
    }
}

fn next_literal(text: &str) -> (String, &str) {
    text.find('"').map_or((String::new(), text), |at| literal(&text[at..]))
}

/// The string literal at the start of `text` (a quote), unescaped, and what follows it.
fn literal(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (out, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n')) => out.push(' '),
                Some((_, other)) => out.push(other),
                None => break,
            },
            _ => out.push(c),
        }
    }
    (out, "")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
