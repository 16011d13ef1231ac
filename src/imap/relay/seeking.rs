//! A SEARCH, SORT or THREAD on its way: passed, or worked out here where the index of texts knows more than the provider.

use super::*;
use crate::imap::numbers::{Ranges, SequenceSet};
use crate::imap::plan::{Indexed, ProviderAlone};
use crate::imap::search::{Search, Seeking};
use crate::imap::seek::{Answering, Known, Outcome};
use crate::view::sought::Sought;

impl Relay {
    /// Begins a search; hands it back while the mailbox is being chosen whose messages it will name, and while other answers
    /// are awaited, which could be taken for its own.
    pub(super) fn seek(&mut self, by: Addressing, seeking: Seeking, command: Command, core: &mut Core) -> Option<Command> {
        let choosing = self.outstanding.iter().any(|o| matches!(o.what, What::Select(..) | What::Close));
        let search = Search::parse(by, seeking, &command);
        match (search, &self.selected) {
            (None, _) => self.pass_alone(command, ProviderAlone::Unread, core),
            (Some(search), _) if !search.is_known_here() => self.pass(command, What::Other, core),
            (Some(_), _) if choosing => return Some(command),
            (Some(search), None) => self.pass(search.alone(command), What::Other, core),
            (Some(_), Some(_)) if self.client_waits() => return Some(command),
            (Some(search), Some(selected)) => match self.known(&search, selected, core) {
                known if known.messages.is_empty() => self.pass(search.alone(command), What::Other, core),
                known => match Seek::begin(command, search, known, selected.uid_next, self.answering()) {
                    Ok(seek) => {
                        self.work = Work::Seek(Box::new(seek));
                        self.ask(core);
                    }
                    Err((command, why)) => self.pass_alone(*command, why, core),
                },
            },
        }
        None
    }

    fn pass_alone(&mut self, command: Command, why: ProviderAlone, core: &mut Core) {
        core.shelf.provider_alone(why);
        self.pass(command, What::Other, core);
    }

    fn answering(&self) -> Answering {
        match self.capabilities.has("ESEARCH") {
            true => Answering::Named,
            false => Answering::Unnamed,
        }
    }

    fn known(&self, search: &Search, selected: &Selected, core: &Core) -> Known {
        let texts: Vec<&Sought> = search.texts().collect();
        let sealed = selected.classes.sealed();
        let Indexed { mut covered, found } = match texts.is_empty() {
            true => Indexed::default(),
            false => core.shelf.sought(&selected.mailbox, &texts, &sealed).unwrap_or_default(),
        };
        let verdicts: Vec<Ranges> = search.verdicts().map(|name| self.with_verdict(name, selected, core)).collect();
        if !verdicts.is_empty() {
            covered.add(&sealed);
        }
        verdicts.iter().for_each(|uids| covered.add(uids));
        Known {
            messages: covered,
            texts: found,
            verdicts,
        }
    }

    /// Sends what a search asks next, as far as the provider takes it.
    pub(super) fn ask(&mut self, core: &mut Core) {
        while self.sending.awaited.is_none()
            && let Work::Seek(seek) = &mut self.work
            && let Some(line) = seek.next_line()
        {
            self.sending.fragments = line.fragments();
            self.send(core);
        }
    }

    /// Whether this tagged response answers a question of a search.
    pub(super) fn has_asked(&self, tag: &[u8]) -> bool {
        matches!(&self.work, Work::Seek(seek) if seek.has_asked(tag))
    }

    /// Takes it.
    pub(super) fn asked(&mut self, tag: &[u8], status: Status, text: &[u8], core: &mut Core) {
        let Work::Seek(seek) = &mut self.work else { return };
        if self.sending.awaited.is_some() && seek.is_last(tag) {
            // Refused at its literal: the rest of it is not sent.
            self.sending.awaited = None;
            self.sending.fragments.clear();
        }
        match seek.completed(tag, status, text) {
            None => self.ask(core),
            Some(Outcome::Told(told, gone)) => {
                self.work = Work::None;
                core.client_owned(told);
                if let (Some(selected), false) = (&self.selected, gone.is_empty()) {
                    core.shelf.vanished(&selected.mailbox, &gone);
                }
                self.advance(core);
            }
            Some(Outcome::Alone(command, why)) => {
                self.work = Work::None;
                self.pass_alone(*command, why, core);
                self.advance(core);
            }
        }
    }

    /// What a search takes for itself; true: it is not for the client.
    pub(super) fn sought(&mut self, line: &[u8], ends: bool) -> bool {
        match &mut self.work {
            Work::Seek(seek) if ends => seek.answer(line),
            Work::Seek(_) | Work::None | Work::Fetch(..) | Work::Append(..) => false,
        }
    }

    /// The same of a FETCH response.
    pub(super) fn sought_by_fetch(&mut self, line: &[u8], ends: bool) -> bool {
        match &mut self.work {
            Work::Seek(seek) if ends => seek.fetched(line),
            Work::Seek(_) | Work::None | Work::Fetch(..) | Work::Append(..) => false,
        }
    }

    /// `* n EXPUNGE`, where it is known which message that was.
    pub(super) fn note_expunged(&self, line: &[u8], core: &Core) {
        let number = response::expunged(line);
        if let (Some(selected), Some(uid)) = (self.spoken_of(), number.and_then(|n| self.flags.uid(n))) {
            core.shelf.vanished(&selected.mailbox, &[uid].into_iter().collect());
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
