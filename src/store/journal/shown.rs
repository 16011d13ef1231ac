//! Entries as others read them: JSON, and lines of a table (RFC 4180) for spreadsheets.

use super::read::Noted;
use serde::Serialize;

/// An entry with its place, as one object.
#[derive(Serialize)]
struct Row<'a> {
    number: u64,
    #[serde(flatten)]
    entry: &'a super::JournalEntry,
    sealed: bool,
    hash: &'a str,
}

impl Noted {
    /// One line of JSON (docs/journal.md).
    pub fn json(&self) -> String {
        let row = Row {
            number: self.number,
            entry: &self.entry,
            sealed: self.is_sealed,
            hash: &self.hash,
        };
        // Strings, numbers and lists of them: nothing that JSON could not say.
        serde_json::to_string(&row).unwrap_or_default()
    }

    /// One line of a table, under [`crate::text::journal::CSV_HEAD`]; lists have blanks between their items.
    pub fn csv(&self) -> String {
        let entry = &self.entry;
        let yes = |is: bool| if is { "yes" } else { "" };
        let absent = || "";
        [
            cell(&self.number.to_string()),
            cell(&entry.time),
            // No spreadsheet may calculate with it.
            quoted(&entry.offset),
            cell(entry.event.as_str()),
            cell(&entry.account),
            cell(&entry.user),
            cell(entry.message.as_deref().unwrap_or_else(absent)),
            cell(&entry.certificates.join(" ")),
            cell(entry.card.as_deref().unwrap_or_else(absent)),
            cell(entry.rpps.as_deref().unwrap_or_else(absent)),
            cell(&entry.recipients.to_string()),
            cell(&entry.recipient_ids.join(" ")),
            cell(&entry.reply.map(|code| code.to_string()).unwrap_or_default()),
            cell(entry.digest.as_deref().unwrap_or_else(absent)),
            cell(yes(entry.taken_over)),
            cell(&entry.code),
            cell(yes(self.is_sealed)),
            cell(&self.hash),
        ]
        .join(",")
    }
}

/// A value; what a spreadsheet would take for a formula is made a text.
fn cell(value: &str) -> String {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_plain = !value.contains([',', '"', '\r', '\n']);
    match (is_formula, is_plain) {
        (false, true) => value.to_owned(),
        (true, _) => quoted(&format!("'{value}")),
        (false, false) => quoted(value),
    }
}

fn quoted(value: &str) -> String {
    match value.is_empty() {
        true => String::new(),
        false => format!("\"{}\"", value.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixTime;
    use crate::store::{Event, JournalEntry};
    use crate::text::journal::CSV_HEAD;

    #[test]
    fn a_row_has_as_many_cells_as_the_head_and_no_formula() {
        let noted = Noted {
            number: 7,
            hash: "00".into(),
            is_sealed: true,
            entry: JournalEntry {
                user: "=1+1".into(),
                account: "a,\"b\"@c.fr".into(),
                ..JournalEntry::of_home(UnixTime(0), Event::Key, "ok")
            },
        };
        let line = noted.csv();
        assert!(line.starts_with("7,1970-01-01T00:00:00Z,\""), "{line}");
        assert!(line.contains(",key,\"a,\"\"b\"\"@c.fr\",\"'=1+1\","), "{line}");
        assert!(line.ends_with(",ok,yes,00"), "{line}");
        let outside = line.split('"').step_by(2).collect::<String>();
        assert_eq!(outside.matches(',').count(), CSV_HEAD.matches(',').count());
        assert!(noted.json().starts_with(r#"{"number":7,"time":"1970-01-01T00:00:00Z""#));
        assert!(noted.json().ends_with(r#""code":"ok","sealed":true,"hash":"00"}"#));
    }
}
