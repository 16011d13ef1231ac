//! Entries of the journal, from whatever file: what is read is written as the same again, on one line, in as many cells as the head has.

use souspli::store::JournalEntry;
use souspli::store::journal::Noted;
use souspli::text::journal::CSV_HEAD;

/// One input.
pub fn run(input: &[u8]) {
    let Ok(entry) = serde_json::from_slice::<JournalEntry>(input) else {
        return;
    };
    let again = serde_json::from_str::<JournalEntry>(&entry.json());
    assert_eq!(again.ok().as_ref(), Some(&entry));
    let noted = Noted {
        number: u64::MAX,
        hash: String::new(),
        is_sealed: false,
        entry,
    };
    assert!(!noted.json().contains('\n'));
    let line = noted.csv();
    assert_eq!(line.matches('"').count() % 2, 0);
    let cells: Vec<&str> = line.split('"').step_by(2).collect();
    let outside = cells.concat();
    assert_eq!(outside.matches(',').count(), CSV_HEAD.matches(',').count());
    assert!(!outside.contains(['\n', '\r']));
    // Nothing that a spreadsheet would calculate.
    assert!(!outside.split(',').any(|cell| cell.starts_with(['=', '+', '-', '@'])));
}
