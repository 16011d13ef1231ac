//! What a provider's line is (RFC 9051 §7), and the items of a FETCH response.

use super::frame::chomp;
use super::line::{Cursor, Line, Span, Value};

/// The beginning of a response, enough to know what to do with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response<'a> {
    /// `+ ...`.
    Continue(&'a [u8]),
    /// `tag OK|NO|BAD ...`.
    Tagged(&'a [u8], Status, &'a [u8]),
    /// `* OK|NO|BAD|PREAUTH|BYE ...`.
    Untagged(Status, &'a [u8]),
    /// `* n FETCH`.
    Fetch(u32),
    /// `* CAPABILITY`.
    Capability,
    /// `* ` and anything else.
    Other,
    /// No response at all.
    Garbage,
}

/// `resp-cond-state` and its kin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// OK.
    Ok,
    /// NO.
    No,
    /// BAD.
    Bad,
    /// PREAUTH.
    Preauth,
    /// BYE.
    Bye,
}

impl Status {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::No => "NO",
            Status::Bad => "BAD",
            Status::Preauth => "PREAUTH",
            Status::Bye => "BYE",
        }
    }

    fn parse(word: &[u8]) -> Option<Self> {
        [Status::Ok, Status::No, Status::Bad, Status::Preauth, Status::Bye]
            .into_iter()
            .find(|s| word.eq_ignore_ascii_case(s.as_str().as_bytes()))
    }
}

/// Looks at the first piece of a response.
pub fn look(first: &[u8]) -> Response<'_> {
    let text = chomp(first);
    if let Some(rest) = text.strip_prefix(b"+") {
        return Response::Continue(rest.strip_prefix(b" ").unwrap_or(rest));
    }
    let (head, rest) = word(text);
    let (second, after) = word(rest);
    if head != b"*" {
        return match Status::parse(second) {
            Some(status @ (Status::Ok | Status::No | Status::Bad)) if !head.is_empty() => Response::Tagged(head, status, after),
            _ => Response::Garbage,
        };
    }
    if let Some(status) = Status::parse(second) {
        return Response::Untagged(status, after);
    }
    if second.eq_ignore_ascii_case(b"CAPABILITY") {
        return Response::Capability;
    }
    match std::str::from_utf8(second).ok().and_then(|n| n.parse().ok()) {
        Some(number) if word(after).0.eq_ignore_ascii_case(b"FETCH") => Response::Fetch(number),
        _ => Response::Other,
    }
}

/// Sequence number and UID of a FETCH response that begins with its UID.
pub fn named_first(first: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(first.get(..first.len().min(64))?).ok()?;
    let (number, rest) = text.strip_prefix("* ")?.split_once(" FETCH (UID ")?;
    let uid = rest.split_once([' ', ')'])?.0;
    Some((number.parse().ok()?, uid.parse().ok()?))
}

/// The number of a message that is gone: `* n EXPUNGE`.
pub fn expunged(first: &[u8]) -> Option<u32> {
    let text = chomp(first).strip_prefix(b"* ")?;
    let (number, rest) = word(text);
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    rest.eq_ignore_ascii_case(b"EXPUNGE").then_some(number)
}

/// The number after a code, as in `[UIDVALIDITY 7]`.
pub fn code_number(text: &[u8], code: &str) -> Option<u32> {
    let (name, value) = word(code_of(text)?);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| name.eq_ignore_ascii_case(code.as_bytes()))?
        .trim()
        .parse()
        .ok()
}

/// Whether the text begins with this code.
pub fn has_code(text: &[u8], code: &str) -> bool {
    code_of(text).is_some_and(|inside| word(inside).0.eq_ignore_ascii_case(code.as_bytes()))
}

fn code_of(text: &[u8]) -> Option<&[u8]> {
    let inside = text.strip_prefix(b"[")?;
    memchr::memchr(b']', inside).map(|end| &inside[..end])
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// `* n FETCH (name value ...)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetched {
    /// The message sequence number.
    pub number: u32,
    /// What was said of it, in order.
    pub items: Vec<FetchedItem>,
}

/// One name and its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchedItem {
    /// As written, upper case: `BODY[HEADER.FIELDS (CONTENT-TYPE)]<0>`.
    pub name: String,
    /// Name and value, for what is passed on.
    pub span: Span,
    /// The value.
    pub value: Value,
}

impl Fetched {
    /// Reads a whole response; `None`: it is not of that form.
    pub fn parse(line: &Line) -> Option<Self> {
        let mut cursor = line.cursor();
        cursor.byte(b'*')?;
        cursor.space()?;
        let number = cursor.number()?;
        cursor.space()?;
        cursor.atom().filter(|word| word.eq_ignore_ascii_case(b"FETCH"))?;
        cursor.space()?;
        cursor.byte(b'(')?;
        let mut items = Vec::new();
        loop {
            let _ = cursor.space();
            if cursor.byte(b')').is_some() {
                // Some servers close once too often; nothing can be meant by it.
                return cursor.rest().iter().all(|b| b" )".contains(b)).then_some(Self { number, items });
            }
            items.push(item(&mut cursor)?);
        }
    }

    /// The item of this name.
    pub fn find(&self, name: &str) -> Option<&FetchedItem> {
        self.items.iter().find(|item| item.name == name)
    }

    /// Its UID, if said.
    pub fn uid(&self, line: &Line) -> Option<u32> {
        let value = line.string(&self.find("UID")?.value)?;
        std::str::from_utf8(&value).ok()?.parse().ok()
    }

    /// Whether FLAGS holds `\Seen`; `None`: not said.
    pub fn seen(&self, line: &Line) -> Option<bool> {
        let flags = line.span_text(self.find("FLAGS")?.value.span());
        Some(flags.split(|b| b" ()".contains(b)).any(|flag| flag.eq_ignore_ascii_case(b"\\Seen")))
    }
}

fn item(cursor: &mut Cursor<'_>) -> Option<FetchedItem> {
    let start = cursor.rest_span();
    let mut name = Vec::new();
    loop {
        match cursor.peek()? {
            b' ' => break,
            b'[' => bracket(cursor, &mut name)?,
            b'(' | b')' | b'"' | b'{' => return None,
            b => {
                name.push(b);
                cursor.byte(b)?;
            }
        }
    }
    cursor.space()?;
    let value = cursor.value()?;
    let name = String::from_utf8(name).ok()?.to_ascii_uppercase();
    (!name.is_empty()).then(|| FetchedItem {
        name,
        span: start.to(value.span()),
        value,
    })
}

/// `section = "[" [section-spec] "]"`; field names may be quoted, and quotes may hold a bracket.
fn bracket(cursor: &mut Cursor<'_>, name: &mut Vec<u8>) -> Option<()> {
    let mut quoted = false;
    loop {
        let b = cursor.peek()?;
        cursor.byte(b)?;
        match b {
            b'"' => quoted = !quoted,
            b => name.push(b),
        }
        if b == b']' && !quoted {
            return Some(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Side;
    use super::super::line::lines;
    use super::*;

    #[test]
    fn beginnings() {
        for (line, want) in [
            (&b"+ idling\r\n"[..], Response::Continue(b"idling")),
            (b"+\r\n", Response::Continue(b"")),
            (b"a1 OK\r\n", Response::Tagged(b"a1", Status::Ok, b"")),
            (b"a1 no [ALERT] x\r\n", Response::Tagged(b"a1", Status::No, b"[ALERT] x")),
            (b"* BYE x\r\n", Response::Untagged(Status::Bye, b"x")),
            (b"* 12 FETCH (BODY[] {3}\r\n", Response::Fetch(12)),
            (b"* 12 EXISTS\r\n", Response::Other),
            (b"* capability A\r\n", Response::Capability),
            (b"HTTP/1.1 400 Bad Request\r\n", Response::Garbage),
            (b"a1 BYE\r\n", Response::Garbage),
            (b"\r\n", Response::Garbage),
            (b" OK\r\n", Response::Garbage),
        ] {
            assert_eq!(look(line), want, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_response_that_begins_with_its_uid() {
        for (line, want) in [
            (&b"* 12 FETCH (UID 345 FLAGS ())\r\n"[..], Some((12, 345))),
            (b"* 1 FETCH (UID 2)\r\n", Some((1, 2))),
            (b"* 1 FETCH (FLAGS () UID 2)\r\n", None),
            (b"* 1 FETCH (UID 2", None),
            (b"* 1 FETCH (UID 99999999999 FLAGS ())\r\n", None),
            (b"* x FETCH (UID 2 \xff", None),
            (b"", None),
        ] {
            assert_eq!(named_first(line), want, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn codes() {
        assert_eq!(code_number(b"[UIDVALIDITY 7] x", "UIDVALIDITY"), Some(7));
        assert_eq!(code_number(b"[uidnext 7]", "UIDNEXT"), Some(7));
        for text in [
            &b"UIDVALIDITY 7"[..],
            b"[UIDVALIDITY x]",
            b"[UIDVALIDITY 7",
            b"[UIDVALIDITY]",
            b"[UIDNEXT 7]",
        ] {
            assert_eq!(code_number(text, "UIDVALIDITY"), None);
        }
        assert!(has_code(b"[READ-ONLY] x", "read-only"));
    }

    #[test]
    fn items_of_a_fetch_response() {
        let stream = b"* 3 FETCH (UID 9 BODY[HEADER.FIELDS (\"A\" \"b]\")]<0> {4}\r\n)(\r\n FLAGS (\\seen $x) X-GM-LABELS (\"a)\" b))\r\n";
        let line = lines(Side::Server, stream).remove(0);
        let fetched = Fetched::parse(&line).unwrap();
        let names: Vec<_> = fetched.items.iter().map(|i| i.name.as_str()).collect();
        assert_eq!(names, ["UID", "BODY[HEADER.FIELDS (A B])]<0>", "FLAGS", "X-GM-LABELS"]);
        assert_eq!((fetched.number, fetched.uid(&line), fetched.seen(&line)), (3, Some(9), Some(true)));
        assert_eq!(line.string(&fetched.items[1].value).unwrap(), &b")(\r\n"[..]);
        let mut out = Vec::new();
        line.write(&fetched.items[1].span, &mut out);
        assert_eq!(out, b"BODY[HEADER.FIELDS (\"A\" \"b]\")]<0> {4}\r\n)(\r\n");
    }

    #[test]
    fn what_is_no_fetch_response() {
        for text in [
            "* 1 FETCH (UID 9",
            "* 1 FETCH UID 9\r\n",
            "* 1 FETCH (UID)\r\n",
            "* 1 FETCH (UID 9) x\r\n",
            "* 1 FETCH (BODY[ x)\r\n",
            "* 1 FETCH ((a) b)\r\n",
        ] {
            assert_eq!(Fetched::parse(&Line::of(text.as_bytes())), None, "{text}");
        }
        assert!(Fetched::parse(&Line::of(b"* 1 FETCH (UID 9))\r\n")).is_some());
    }
}
