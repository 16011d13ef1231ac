//! A SEARCH, SORT or THREAD on its way: widened by the messages whose View has what the provider cannot find.

use super::*;
use crate::imap::numbers::{Ranges, SequenceSet};
use crate::imap::plan::Unwidened;
use crate::imap::search::{Key, Search, Seeking, Widened};
use crate::view::sought::Sought;

impl Relay {
    /// Passes a search; hands it back while the mailbox is being chosen whose UIDs it will name.
    pub(super) fn seek(&mut self, seeking: Seeking, mut command: Command, core: &mut Core) -> Option<Command> {
        let choosing = self.outstanding.iter().any(|o| matches!(o.what, What::Select(..) | What::Close));
        match Search::parse(seeking, &command) {
            Some(search) if choosing && search.keys().next().is_some() => return Some(command),
            Some(search) => command.line = self.widened(&search, command.line, core),
            None => core.shelf.not_widened(Unwidened::Unread),
        }
        self.pass(command, What::Other, core);
        None
    }

    fn widened(&self, search: &Search, line: Line, core: &Core) -> Line {
        let Some(selected) = &self.selected else { return line };
        let texts: Vec<&Sought> = search.texts().collect();
        let found = match texts.is_empty() {
            true => Vec::new(),
            false => core.shelf.sought(&selected.mailbox, &texts, &selected.classes.sealed()),
        };
        let mut found = found.into_iter();
        let widened = search.widened(&line, |key| match key {
            Key::Text(_) => found.next(),
            Key::Keyword(name) => self.with_verdict(name, selected, core),
        });
        match widened {
            Widened::AsItCame => line,
            Widened::Instead(longer) => longer,
            Widened::TooLong => {
                core.shelf.not_widened(Unwidened::TooLong);
                line
            }
        }
    }

    /// `VANISHED [(EARLIER)] known-uids` (RFC 7162 §3.2.10): what is gone need not be known any more.
    pub(super) fn note_vanished(&self, line: &[u8], core: &Core) {
        if let (Some(selected), Some(uids)) = (self.spoken_of(), vanished(line)) {
            core.shelf.vanished(&selected.mailbox, &uids);
        }
    }
}

fn vanished(line: &[u8]) -> Option<Ranges> {
    let line = Line::of(line);
    let mut cursor = line.cursor();
    cursor.byte(b'*')?;
    cursor.space()?;
    if !cursor.atom()?.eq_ignore_ascii_case(b"VANISHED") {
        return None;
    }
    cursor.space()?;
    if cursor.peek() == Some(b'(') {
        cursor.value()?;
        cursor.space()?;
    }
    SequenceSet::parse(cursor.atom()?)?.closed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vanished_is_read() {
        for (line, wanted) in [
            ("* VANISHED (EARLIER) 41,43:45\r\n", Some("41,43:45")),
            ("* vanished 7\r\n", Some("7")),
            ("* VANISHED\r\n", None),
            ("* VANISHED 1:*\r\n", None),
            ("* 7 EXPUNGE\r\n", None),
        ] {
            let found = vanished(line.as_bytes()).map(|uids| uids.sets(100).join(","));
            assert_eq!(found.as_deref(), wanted, "{line}");
        }
    }
}
