//! FLAGS on their way to the client, with the verdicts that are known (`imap::keywords`).

use super::*;
use crate::imap::classes::Sealed;
use crate::imap::keywords;
use crate::imap::numbers::Ranges;
use std::collections::BTreeMap;

/// What is remembered of the flags of the mailbox that is open.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// Those that the provider has announced; `None`: none yet.
    listed: Option<Vec<u8>>,
    /// Ours have been announced too.
    announced: bool,
    /// UIDs of S/MIME messages by number: news of flags may name a message by its number alone.
    numbers: BTreeMap<u32, u32>,
    /// The response under way, where it is not over.
    under_way: Option<UnderWay>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    depth: usize,
    keyword: Option<&'static str>,
}

impl Flags {
    /// Another mailbox is open, or none.
    pub(super) fn forget_numbers(&mut self) {
        self.numbers.clear();
    }

    /// Names the keywords before the first message has one (RFC 9051 §7.3.5). None can be changed, so that none is among the
    /// permanent flags.
    fn announce(&mut self, core: &mut Core) {
        if let (false, Some(listed)) = (self.announced, &self.listed) {
            core.client_owned(keywords::announcement(listed));
            self.announced = true;
        }
    }

    /// What a plan says to the client.
    pub(super) fn say(&mut self, out: Vec<u8>, core: &mut Core) {
        if !self.announced && keywords::holds(&out) {
            self.announce(core);
        }
        core.client_owned(out);
    }

    /// The UID of an S/MIME message, where it was seen.
    pub(super) fn uid(&self, number: u32) -> Option<u32> {
        self.numbers.get(&number).copied()
    }

    fn learn(&mut self, number: u32, uid: u32) {
        if self.numbers.len() >= limits::UID_RANGES_MAX {
            self.numbers.clear();
        }
        self.numbers.insert(number, uid);
    }

    /// A message is gone: those behind it have other numbers (RFC 9051 §7.5.1).
    fn expunged(&mut self, number: u32) {
        let behind = self.numbers.split_off(&number);
        let moved = behind.into_iter().filter(|(n, _)| *n > number);
        self.numbers.extend(moved.map(|(n, uid)| (n - 1, uid)));
    }
}

impl Relay {
    /// The first piece of a FETCH response, its flags with what is known of the message. `collected`: a plan will see to what
    /// it learns only now.
    pub(super) fn flagged(&mut self, number: u32, piece: Piece, collected: bool, core: &mut Core) -> Piece {
        let Piece::Text { bytes, literal } = piece else { return piece };
        let found = keywords::scan(&bytes, 0);
        let keyword = self.keyword(number, found.uid, collected, core);
        self.flags.under_way = literal.is_some().then_some(UnderWay {
            depth: found.depth,
            keyword,
        });
        let bytes = self.with_keyword(bytes, &found, keyword, core);
        Piece::Text { bytes, literal }
    }

    /// A later piece of the same response.
    pub(super) fn flagged_later(&mut self, piece: Piece, core: &mut Core) -> Piece {
        let (Piece::Text { bytes, literal }, Some(under_way)) = (&piece, self.flags.under_way) else {
            return piece;
        };
        let found = keywords::scan(bytes, under_way.depth);
        self.flags.under_way = literal.is_some().then_some(UnderWay {
            depth: found.depth,
            ..under_way
        });
        match piece {
            Piece::Text { bytes, literal } => Piece::Text {
                bytes: self.with_keyword(bytes, &found, under_way.keyword, core),
                literal,
            },
            Piece::Literal { .. } => piece,
        }
    }

    fn with_keyword(&mut self, bytes: Vec<u8>, found: &keywords::Found, keyword: Option<&'static str>, core: &mut Core) -> Vec<u8> {
        let Some(range) = found.flags.clone() else { return bytes };
        if keyword.is_some() {
            self.flags.announce(core);
        }
        match keywords::told(&bytes[range.clone()], keyword) {
            Some(list) => [&bytes[..range.start], &list, &bytes[range.end..]].concat(),
            None => bytes,
        }
    }

    fn keyword(&mut self, number: u32, uid: Option<u32>, collected: bool, core: &Core) -> Option<&'static str> {
        let selected = self.spoken_of()?;
        let uid = uid.or_else(|| self.flags.numbers.get(&number).copied())?;
        let sealed = match selected.classes.of(uid) {
            Some(Sealed::No) => return None,
            Some(Sealed::Yes | Sealed::Packed) => true,
            None if collected => return None,
            None => false,
        };
        let keyword = core.shelf.grade(&selected.key(uid)).and_then(keywords::of);
        if sealed || keyword.is_some() {
            self.flags.learn(number, uid);
        }
        keyword
    }

    /// The messages that have this keyword of ours.
    pub(super) fn with_verdict(&self, name: &str, selected: &Selected, core: &Core) -> Ranges {
        let says = |uid: &u32| {
            let keyword = core.shelf.grade(&selected.key(*uid)).and_then(keywords::of);
            keyword.is_some_and(|keyword| keyword.eq_ignore_ascii_case(name))
        };
        let sealed = selected.classes.sealed();
        let named = self.flags.numbers.values().copied();
        sealed.iter().chain(named).filter(says).collect()
    }

    /// A response that is neither FETCH nor a status: what it says of flags and numbers; another line in its place.
    pub(super) fn told_otherwise(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        if let Some(number) = response::expunged(line) {
            self.flags.expunged(number);
        } else if line.get(..11).is_some_and(|start| start.eq_ignore_ascii_case(b"* VANISHED ")) {
            // By UID: from now on every answer names it.
            self.flags.forget_numbers();
        }
        let listed = keywords::listed(line)?;
        let choosing = self.outstanding.iter().any(|o| matches!(o.what, What::Select(..)));
        self.flags.announced &= !choosing;
        let anew = match (self.flags.announced, keywords::holds(line)) {
            (true, _) => Some(keywords::announcement(&listed)),
            (false, true) => Some([b"* FLAGS (", listed.as_slice(), b")\r\n"].concat()),
            (false, false) => None,
        };
        self.flags.listed = Some(listed);
        anew
    }
}
