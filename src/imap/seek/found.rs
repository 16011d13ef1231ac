//! What the provider answers: `* SEARCH`, `* SORT` (RFC 9051 §7.3.4, RFC 5256 §4), `* THREAD`, a tree.

use crate::base::limits;
use crate::imap::line::{Cursor, Line};
use crate::imap::numbers::{Ranges, SequenceSet};
use crate::imap::response::Fetched;

/// An untagged response; `None` inside: it cannot be read.
#[derive(Debug)]
pub(super) enum Answer {
    Numbers(Option<Ranges>),
    /// With the tag of the question.
    Named(Vec<u8>, Option<Ranges>),
    Sorted(Option<Vec<u32>>),
    Threads(Option<Vec<Thread>>),
}

/// Messages of which each answers the one before, and what answers the last of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Thread {
    chain: Vec<u32>,
    branches: Vec<Thread>,
}

/// `None`: it is another response.
pub(super) fn read(line: &[u8]) -> Option<Answer> {
    let line = Line::of(line);
    let mut cursor = after_star(&line)?;
    let name = cursor.atom()?;
    match () {
        () if name.eq_ignore_ascii_case(b"SEARCH") => Some(Answer::Numbers(numbers(cursor).map(Ranges::from_iter))),
        () if name.eq_ignore_ascii_case(b"ESEARCH") => named(cursor),
        () if name.eq_ignore_ascii_case(b"SORT") => Some(Answer::Sorted(numbers(cursor))),
        () if name.eq_ignore_ascii_case(b"THREAD") => Some(Answer::Threads(threads(cursor))),
        () => None,
    }
}

pub(super) fn is_vanished(line: &[u8]) -> bool {
    let line = Line::of(line.get(..32).unwrap_or(line));
    let name = after_star(&line).and_then(|mut cursor| cursor.atom());
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"VANISHED"))
}

fn after_star(line: &Line) -> Option<Cursor<'_>> {
    let mut cursor = line.cursor();
    cursor.byte(b'*')?;
    cursor.space()?;
    Some(cursor)
}

/// `*(SP nz-number) [SP "(" "MODSEQ" SP mod-sequence-value ")"]` (RFC 7162 §3.1.5).
fn numbers(mut cursor: Cursor<'_>) -> Option<Vec<u32>> {
    let mut out = Vec::new();
    while cursor.space().is_some() {
        match cursor.number() {
            Some(number) if number > 0 => out.push(number),
            Some(_) => return None,
            None if cursor.peek() == Some(b'(') => {
                cursor.value()?;
            }
            None => break,
        }
    }
    cursor.is_end().then_some(out)
}

/// `SP "(" "TAG" SP string ")" [SP "UID"] *(SP name SP value)`: what `ALL` names; nothing: no message.
fn named(mut cursor: Cursor<'_>) -> Option<Answer> {
    cursor.space()?;
    cursor.byte(b'(')?;
    cursor.atom().filter(|word| word.eq_ignore_ascii_case(b"TAG"))?;
    cursor.space()?;
    let tag = cursor.astring()?.into_owned();
    cursor.byte(b')')?;
    let all = returned(cursor);
    Some(Answer::Named(tag, all))
}

fn returned(mut cursor: Cursor<'_>) -> Option<Ranges> {
    let mut all = Ranges::default();
    while cursor.space().is_some() && !cursor.is_end() {
        let name = cursor.atom()?;
        if name.eq_ignore_ascii_case(b"UID") {
            continue;
        }
        cursor.space()?;
        if name.eq_ignore_ascii_case(b"ALL") {
            all.add(&SequenceSet::parse(cursor.atom()?)?.closed()?);
        } else {
            cursor.value()?;
        }
    }
    cursor.is_end().then_some(all)
}

/// `[SP 1*thread-list]`.
fn threads(mut cursor: Cursor<'_>) -> Option<Vec<Thread>> {
    let mut out = Vec::new();
    loop {
        while cursor.space().is_some() {}
        if cursor.is_end() {
            return Some(out);
        }
        out.push(thread(&mut cursor, 0)?);
    }
}

/// `"(" (thread-members / thread-nested) ")"`.
fn thread(cursor: &mut Cursor<'_>, depth: usize) -> Option<Thread> {
    if depth > limits::SEARCH_NESTING_MAX {
        return None;
    }
    cursor.byte(b'(')?;
    let mut out = Thread::default();
    loop {
        while cursor.space().is_some() {}
        match cursor.peek()? {
            b')' => return cursor.byte(b')').map(|()| out),
            b'(' => out.branches.push(thread(cursor, depth + 1)?),
            _ if out.branches.is_empty() => out.chain.push(cursor.number().filter(|number| *number > 0)?),
            _ => return None,
        }
    }
}

impl Thread {
    /// Without the messages that are not among these: what answered one of them answers what that one answered. `None`:
    /// nothing is left.
    pub(super) fn among(self, kept: &Ranges) -> Option<Self> {
        let Self { mut chain, branches } = self;
        chain.retain(|number| kept.contains(*number));
        let mut left: Vec<Self> = Vec::new();
        for branch in branches.into_iter().filter_map(|branch| branch.among(kept)) {
            match branch.chain.is_empty() {
                true => left.extend(branch.branches),
                false => left.push(branch),
            }
        }
        if left.len() == 1
            && let Some(only) = left.pop()
        {
            chain.extend(only.chain);
            left = only.branches;
        }
        let thread = Self { chain, branches: left };
        (!thread.chain.is_empty() || !thread.branches.is_empty()).then_some(thread)
    }

    pub(super) fn write(&self, out: &mut String) {
        let chain: Vec<String> = self.chain.iter().map(u32::to_string).collect();
        out.push('(');
        out.push_str(&chain.join(" "));
        if !chain.is_empty() && !self.branches.is_empty() {
            out.push(' ');
        }
        self.branches.iter().for_each(|branch| branch.write(out));
        out.push(')');
    }
}

/// `MODSEQ (n)` of a FETCH response.
pub(super) fn modseq(line: &Line, fetched: &Fetched) -> Option<u64> {
    let value = line.span_text(fetched.find("MODSEQ")?.value.span());
    let digits = value.strip_prefix(b"(")?.strip_suffix(b")")?.trim_ascii();
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(text: &str, kept: &[u32]) -> Option<String> {
        let Some(Answer::Threads(threads)) = read(text.as_bytes()) else {
            panic!("{text}")
        };
        let kept: Ranges = kept.iter().copied().collect();
        let mut out = String::new();
        threads?.into_iter().filter_map(|t| t.among(&kept)).for_each(|t| t.write(&mut out));
        Some(out)
    }

    #[test]
    fn what_answered_a_message_that_is_left_out_moves_up() {
        let tree = "* THREAD (2)(3 6 (4 23)(44 7 96))((5)(8 9))\r\n";
        let all: Vec<u32> = (1..100).collect();
        for (kept, wanted) in [
            (&all[..], "(2)(3 6 (4 23)(44 7 96))((5)(8 9))"),
            (&[3, 4, 96], "(3 (4)(96))"),
            (&[4, 23, 96], "((4 23)(96))"),
            (&[6, 7, 96], "(6 7 96)"),
            (&[23], "(23)"),
            (&[9, 2], "(2)(9)"),
            (&[], ""),
        ] {
            assert_eq!(filtered(tree, kept).as_deref(), Some(wanted), "{kept:?}");
        }
        let nested = "* thread (1 (2 (3)(4))(5 (6)(7 (8)(9))))\r\n";
        assert_eq!(filtered(nested, &[1, 3, 4, 8, 9]).as_deref(), Some("(1 (3)(4)(8)(9))"));
        assert_eq!(filtered(nested, &[3, 4, 9]).as_deref(), Some("((3)(4)(9))"));
        assert_eq!(filtered("* THREAD\r\n", &all).as_deref(), Some(""));
    }

    #[test]
    fn what_cannot_be_read() {
        let deep = format!("* THREAD {}1{}\r\n", "(".repeat(300), ")".repeat(300));
        for text in [
            "* THREAD (1\r\n",
            "* THREAD 1\r\n",
            "* THREAD ((1)(2) 3)\r\n",
            "* THREAD (0)\r\n",
            &deep,
        ] {
            assert_eq!(filtered(text, &[1]), None, "{text}");
        }
        for text in [
            "* SEARCH 0\r\n",
            "* SEARCH x\r\n",
            "* SEARCH 1,2\r\n",
            "* SEARCH 1 (\r\n",
            "* SEARCH 4294967296\r\n",
        ] {
            assert!(matches!(read(text.as_bytes()), Some(Answer::Numbers(None))), "{text}");
        }
        assert!(matches!(read(b"* sort 3  1 2 (MODSEQ 9) \r\n"), Some(Answer::Sorted(Some(n))) if n == [3, 1, 2]));
        assert!(matches!(read(b"* SEARCH\r\n"), Some(Answer::Numbers(Some(n))) if n.is_empty()));
        for (text, wanted) in [
            ("* ESEARCH (TAG \"q\") UID ALL 3:5,9 MODSEQ 12\r\n", Some("3:5,9")),
            ("* esearch (tag q) count 0\r\n", Some("")),
            ("* ESEARCH (TAG \"q\")\r\n", Some("")),
            ("* ESEARCH (TAG \"q\") ALL 1:*\r\n", None),
            ("* ESEARCH (TAG \"q\") ALL\r\n", None),
            ("* ESEARCH (TAG \"q\") ALL 1 (\r\n", None),
        ] {
            let Some(Answer::Named(tag, found)) = read(text.as_bytes()) else {
                panic!("{text}")
            };
            assert_eq!(
                (tag.as_slice(), found.map(|all| all.sets(99).join(","))),
                (&b"q"[..], wanted.map(str::to_owned)),
                "{text}"
            );
        }
        assert!(read(b"* ESEARCH UID COUNT 0\r\n").is_none());
        assert!(read(b"* SEARCHES 1\r\n").is_none());
        assert!(is_vanished(b"* VANISHED 1:4\r\n") && !is_vanished(b"* 1 EXPUNGE\r\n"));
    }
}
