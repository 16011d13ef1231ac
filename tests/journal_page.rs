//! Holds docs/journal.md: every key and every event of an entry stands there, in the order in which they are printed.
#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

use souspli::base::{Address, UnixTime};
use souspli::store::journal::Noted;
use souspli::store::{Event, JournalEntry};
use souspli::text::journal::CSV_HEAD;
use std::fs;
use std::path::Path;

#[test]
fn the_page_names_every_key_and_every_event() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/journal.md")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&whole().json()).unwrap();
    let mut keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut told = first_cells(&page, "| key | what it is |");
    let mut columns: Vec<&str> = CSV_HEAD.split(',').collect();
    keys.sort_unstable();
    told.sort_unstable();
    columns.sort_unstable();
    assert_eq!((&told, &columns), (&keys, &keys));
    assert_eq!(first_cells(&page, "| event | what was done |"), Event::ALL.map(Event::as_str));
}

/// An entry that has something to say under every key.
fn whole() -> Noted {
    let some = || Some("00".to_owned());
    let account = Address::parse("a@b.fr").unwrap();
    Noted {
        number: 1,
        hash: "00".into(),
        is_sealed: true,
        entry: JournalEntry {
            offset: "+01:00".into(),
            user: "1000 alice".into(),
            message: some(),
            certificates: vec!["00".into()],
            card: some(),
            rpps: some(),
            recipient_ids: vec!["00".into()],
            reply: Some(250),
            digest: some(),
            taken_over: true,
            ..JournalEntry::new(UnixTime(0), Event::Seal, &account, "ok")
        },
    }
}

/// The words in the first column of the table under that head.
fn first_cells<'p>(page: &'p str, head: &str) -> Vec<&'p str> {
    let rows = page.lines().skip_while(|line| *line != head).skip(2);
    rows.map_while(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}
