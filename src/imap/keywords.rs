//! The verdict on a message as an IMAP keyword (RFC 9051 §2.3.2): virtual, in every FLAGS that the client is told, never at
//! the provider. Whoever has set a keyword of these names there, or wants to, does not get it: it is no verdict.

use super::frame::chomp;
use super::line::{Line, Value};
use crate::view::html::find_ignoring_case;
use crate::view::verdict::Grade;
use std::ops::Range;

/// Names of every keyword of ours begin so.
const PREFIX: &[u8] = b"$Souspli";

/// All of them.
const ALL: [&str; 5] = [
    "$SouspliVerified",
    "$SouspliUnchecked",
    "$SouspliUnassured",
    "$SouspliAltered",
    "$SouspliUnopenable",
];

/// The keyword that says it; `None`: the message is not S/MIME.
pub fn of(grade: Grade) -> Option<&'static str> {
    match grade {
        Grade::Verified => Some(ALL[0]),
        Grade::Unchecked => Some(ALL[1]),
        Grade::Unassured => Some(ALL[2]),
        Grade::Altered => Some(ALL[3]),
        Grade::Unopenable => Some(ALL[4]),
        Grade::Plain => None,
    }
}

/// A flag list in its parentheses with that keyword of ours and no other; `None`: it is so already.
pub fn told(list: &[u8], ours: Option<&str>) -> Option<Vec<u8>> {
    if ours.is_none() && !words(list).any(is_ours) {
        return None;
    }
    let mut flags = foreign(list);
    flags.extend(ours.map(str::as_bytes));
    let anew = [b"(", flags.join(&b' ').as_slice(), b")"].concat();
    (anew != list).then_some(anew)
}

/// True where a keyword of ours may stand.
pub fn holds(text: &[u8]) -> bool {
    memchr::memchr(b'$', text).is_some() && find_ignoring_case(text, PREFIX).is_some()
}

fn foreign(list: &[u8]) -> Vec<&[u8]> {
    words(list).filter(|flag| !is_ours(flag)).collect()
}

fn words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|b| b" ()".contains(b)).filter(|flag| !flag.is_empty())
}

/// True of a keyword of ours.
pub fn is_ours(flag: &[u8]) -> bool {
    flag.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// What one piece of a FETCH response says, and how deep in parentheses it ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The UID.
    pub uid: Option<u32>,
    /// Where the list after FLAGS stands, parentheses included.
    pub flags: Option<Range<usize>>,
    /// Open parentheses.
    pub depth: usize,
}

/// Looks through the text of a FETCH response up to its next literal.
pub fn scan(text: &[u8], depth: usize) -> Found {
    let mut found = Found { depth, ..Found::default() };
    let mut at = 0;
    while let Some(&octet) = text.get(at) {
        at += match octet {
            b'"' => quoted(&text[at..]),
            b'(' => {
                found.depth += 1;
                1
            }
            b')' => {
                found.depth = found.depth.saturating_sub(1);
                1
            }
            b' ' | b'\r' | b'\n' => 1,
            _ => {
                let length = text[at..].iter().position(|b| b" ()\"\r\n".contains(b)).unwrap_or(text.len() - at);
                let word = &text[at..at + length];
                if found.depth == 1 {
                    found.read(text, word, at + length);
                }
                length
            }
        };
    }
    found
}

impl Found {
    fn read(&mut self, text: &[u8], word: &[u8], end: usize) {
        let Some(value) = text[end..].strip_prefix(b" ") else { return };
        if word.eq_ignore_ascii_case(b"UID") {
            let digits = value.iter().position(|b| !b.is_ascii_digit()).unwrap_or(value.len());
            self.uid = std::str::from_utf8(&value[..digits]).ok().and_then(|n| n.parse().ok());
        } else if word.eq_ignore_ascii_case(b"FLAGS") && value.starts_with(b"(") {
            self.flags = memchr::memchr(b')', value).map(|length| end + 1..end + 2 + length);
        }
    }
}

fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(octet) = text.get(at) {
        match octet {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The flags of `* FLAGS (...)`, none of ours among them.
pub fn listed(line: &[u8]) -> Option<Vec<u8>> {
    let rest = chomp(line);
    let (head, list) = rest.split_at_checked(8)?;
    let flags = head.eq_ignore_ascii_case(b"* FLAGS ") && list.starts_with(b"(") && list.ends_with(b")");
    flags.then(|| foreign(list).join(&b' '))
}

/// `* FLAGS` with these flags and every keyword of ours.
pub fn announcement(flags: &[u8]) -> Vec<u8> {
    let gap: &[u8] = if flags.is_empty() { b"" } else { b" " };
    [b"* FLAGS (", flags, gap, ALL.join(" ").as_bytes(), b")\r\n"].concat()
}

/// `* OK [PERMANENTFLAGS (...)]` without keywords of ours, which nobody can set; `None`: it has none.
pub fn permanent(line: &[u8]) -> Option<Vec<u8>> {
    let code = find_ignoring_case(line, b"[PERMANENTFLAGS (").filter(|_| holds(line))?;
    let start = code + b"[PERMANENTFLAGS ".len();
    let end = start + memchr::memchr(b')', &line[start..])? + 1;
    let anew = told(&line[start..end], None)?;
    Some([&line[..start], &anew, &line[end..]].concat())
}

/// What is sent for a STORE that names keywords of ours; `None`: it names none, or is no STORE. A STORE that would do nothing
/// asks the flags, for its answer tells them, or nothing at all.
pub fn store(line: &Line) -> Option<Line> {
    if !holds(line.text()) || line.literal_count() > 0 {
        return None;
    }
    let mut cursor = line.cursor();
    let tag = cursor.atom()?;
    cursor.space()?;
    let mut by_uid: &[u8] = b"";
    let mut name = cursor.atom()?;
    if name.eq_ignore_ascii_case(b"UID") {
        by_uid = b"UID ";
        cursor.space()?;
        name = cursor.atom()?;
    }
    if !name.eq_ignore_ascii_case(b"STORE") {
        return None;
    }
    cursor.space()?;
    let set = cursor.atom()?;
    cursor.space()?;
    let modifiers = if cursor.peek() == Some(b'(') {
        let value = cursor.value()?;
        cursor.space()?;
        [b" ", line.span_text(value.span())].concat()
    } else {
        Vec::new()
    };
    let item = cursor.atom()?;
    cursor.space()?;
    let kept = foreign(cursor.rest()).join(&b' ');
    let silent = item.len() > 7 && item[item.len() - 7..].eq_ignore_ascii_case(b".SILENT");
    let replaces = !matches!(item.first(), Some(b'+' | b'-'));
    Some(Line::of(&match (kept.is_empty() && !replaces, silent) {
        (true, true) => [tag, b" NOOP\r\n"].concat(),
        (true, false) => [tag, b" ", by_uid, b"FETCH ", set, b" (UID FLAGS)\r\n"].concat(),
        (false, _) => [tag, b" ", by_uid, b"STORE ", set, &modifiers, b" ", item, b" (", &kept, b")\r\n"].concat(),
    }))
}

/// Takes keywords of ours out of the flags with which a message is to be stored; `list` is what stands behind the mailbox.
pub fn unflag(line: &mut Line, list: &Value) {
    if let Value::List(span) = list
        && let Some(anew) = told(line.span_text(span), None)
    {
        let span = span.clone();
        line.replace(&span, &anew);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_our_word_and_nobody_elses() {
        for (list, ours, want) in [
            ("(\\Seen)", None, None),
            ("(\\Seen $x)", Some(ALL[0]), Some("(\\Seen $x $SouspliVerified)")),
            ("()", Some(ALL[3]), Some("($SouspliAltered)")),
            ("($SouspliVerified \\Seen)", Some(ALL[2]), Some("(\\Seen $SouspliUnassured)")),
            ("($SOUSPLIverified)", None, Some("()")),
            ("($SouspliNew $souspli \\Seen)", None, Some("(\\Seen)")),
            ("($SouspliVerified)", Some(ALL[0]), None),
        ] {
            let got = told(list.as_bytes(), ours).map(|l| String::from_utf8(l).unwrap());
            assert_eq!(got.as_deref(), want, "{list}");
        }
    }

    #[test]
    fn flags_are_found_where_they_stand_and_nowhere_else() {
        for (text, depth, uid, flags) in [
            ("* 5 FETCH (UID 7 FLAGS (\\Seen))\r\n", 0, Some(7), Some("(\\Seen)")),
            ("* 5 FETCH (flags () uid 7)\r\n", 0, Some(7), Some("()")),
            (
                "* 5 FETCH (ENVELOPE (\"FLAGS (x)\" (\"\\\" UID 9\" FLAGS (a))) UID 7)\r\n",
                0,
                Some(7),
                None,
            ),
            ("* 5 FETCH (BODY[HEADER.FIELDS (FLAGS UID \"a)\")] {5}\r\n", 0, None, None),
            (
                " FLAGS (\\Seen $SouspliVerified) UID 3)\r\n",
                1,
                Some(3),
                Some("(\\Seen $SouspliVerified)"),
            ),
            ("* 5 FETCH (UID x FLAGS NIL", 0, None, None),
            ("* 5 FETCH (FLAGS (", 0, None, None),
            ("* 5 FETCH (X \"", 0, None, None),
        ] {
            let found = scan(text.as_bytes(), depth);
            let list = found.flags.map(|range| &text[range]);
            assert_eq!((found.uid, list), (uid, flags), "{text}");
        }
    }

    #[test]
    fn what_is_stored_has_none_of_ours() {
        for (text, want) in [
            ("1 STORE 5 +FLAGS (\\Seen)", None),
            ("1 SEARCH KEYWORD $SouspliVerified", None),
            ("1 STORE 5 +FLAGS ($SouspliVerified \\Seen)", Some("1 STORE 5 +FLAGS (\\Seen)")),
            (
                "1 uid store 5:7 flags.silent $souspliVerified",
                Some("1 UID STORE 5:7 flags.silent ()"),
            ),
            (
                "1 UID STORE 5 (UNCHANGEDSINCE 9) -FLAGS $SouspliAltered $a",
                Some("1 UID STORE 5 (UNCHANGEDSINCE 9) -FLAGS ($a)"),
            ),
            ("1 UID STORE 5 +FLAGS ($SouspliVerified)", Some("1 UID FETCH 5 (UID FLAGS)")),
            ("1 STORE 5 -FLAGS $SouspliVerified", Some("1 FETCH 5 (UID FLAGS)")),
            ("1 STORE 5 -FLAGS.SILENT ($SouspliVerified)", Some("1 NOOP")),
        ] {
            let got = store(&Line::of(format!("{text}\r\n").as_bytes()));
            let got = got.map(|line| String::from_utf8_lossy(line.text()).trim_end().to_owned());
            assert_eq!(got.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn what_a_mailbox_announces() {
        assert_eq!(listed(b"* FLAGS (\\Seen $SouspliVerified $x)\r\n"), Some(b"\\Seen $x".to_vec()));
        assert_eq!(listed(b"* LIST () \"/\" a\r\n"), None);
        let permanent = |text: &str| permanent(text.as_bytes()).map(|l| String::from_utf8(l).unwrap());
        assert_eq!(
            permanent("* OK [PERMANENTFLAGS (\\Seen $SouspliVerified \\*)] x\r\n").as_deref(),
            Some("* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n")
        );
        assert_eq!(permanent("* OK [PERMANENTFLAGS (\\Seen \\*)] $Souspli\r\n"), None);
        assert!(announcement(b"").starts_with(b"* FLAGS ($SouspliVerified "));
    }
}
