//! What a client's command is: its tag, its name, and which of them are handled, passed or refused.

use super::fetch::Addressing;
use super::frame::Form;
use super::line::{Cursor, Line, Value};
use super::search::Seeking;

/// A complete command with its literals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Its tag.
    pub tag: String,
    /// What it is.
    pub verb: Verb,
    /// The line as it came.
    pub line: Line,
}

/// The commands that need more than passing on (RFC 9051 §6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verb {
    /// CAPABILITY.
    Capability,
    /// NOOP.
    Noop,
    /// LOGOUT.
    Logout,
    /// STARTTLS.
    StartTls,
    /// AUTHENTICATE.
    Authenticate,
    /// LOGIN.
    Login,
    /// ID (RFC 2971).
    Id,
    /// ENABLE.
    Enable,
    /// SELECT, EXAMINE.
    Select(Access),
    /// CLOSE, UNSELECT.
    Close,
    /// IDLE.
    Idle,
    /// APPEND.
    Append,
    /// FETCH, UID FETCH.
    Fetch(Addressing),
    /// SEARCH, SORT, THREAD.
    Seek(Addressing, Seeking),
    /// Passed as it is.
    Pass,
    /// Not offered, and refused: content would come or go by a road that is not looked at.
    Refused,
}

/// How a mailbox is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// SELECT.
    Write,
    /// EXAMINE.
    Read,
}

/// Commands without content, or whose content never leaves the provider.
const PASSED: &[&str] = &[
    "CHECK",
    "EXPUNGE",
    "STORE",
    "COPY",
    "MOVE",
    "CREATE",
    "DELETE",
    "RENAME",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST",
    "LSUB",
    "XLIST",
    "STATUS",
    "NAMESPACE",
    "GETACL",
    "SETACL",
    "DELETEACL",
    "LISTRIGHTS",
    "MYRIGHTS",
    "GETQUOTA",
    "GETQUOTAROOT",
    "SETQUOTA",
    "GETMETADATA",
    "SETMETADATA",
];

const PASSED_BY_UID: &[&str] = &["EXPUNGE", "STORE", "COPY", "MOVE"];

impl Command {
    /// Reads tag and name. `Err`: the tag to answer BAD with, `*` when there is none.
    pub fn parse(line: Line) -> Result<Self, String> {
        let mut cursor = line.cursor();
        let tag = cursor
            .atom()
            .filter(|tag| is_tag(tag))
            .map(|tag| String::from_utf8_lossy(tag).into_owned());
        let Some(tag) = tag else { return Err("*".to_owned()) };
        let verb = verb(&mut cursor);
        match verb {
            Some(Verb::Pass | Verb::Seek(..)) if asks_for_news(&mut cursor) => Ok(Self {
                tag,
                verb: Verb::Refused,
                line,
            }),
            Some(verb) => Ok(Self { tag, verb, line }),
            None => Err(tag),
        }
    }

    /// A reader that stands after the name.
    pub fn arguments(&self) -> Cursor<'_> {
        let mut cursor = self.line.cursor();
        let _ = cursor.atom();
        let _ = verb(&mut cursor);
        cursor
    }

    /// The mailbox that is the first argument, `INBOX` in upper case (RFC 9051 §5.1).
    pub fn mailbox(&self) -> Option<String> {
        let mut cursor = self.arguments();
        cursor.space()?;
        mailbox_name(&mut cursor)
    }

    /// The mailbox whose name means nothing any more once DELETE or RENAME is done, and those inside it after a RENAME.
    pub fn unnamed(&self) -> Option<(String, Inside)> {
        let mut cursor = self.line.cursor();
        cursor.atom()?;
        cursor.space()?;
        let inside = match cursor.atom()? {
            name if name.eq_ignore_ascii_case(b"DELETE") => Inside::Stays,
            name if name.eq_ignore_ascii_case(b"RENAME") => Inside::Goes,
            _ => return None,
        };
        Some((self.mailbox()?, inside))
    }
}

/// What becomes of the mailboxes inside one that is not any more (RFC 9051 §6.3.5, §6.3.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inside {
    /// They keep their names.
    Stays,
    /// They have other names too.
    Goes,
}

/// `APPEND mailbox [flags] [date] literal`: which literal is the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppendRequest {
    /// The mailbox.
    pub mailbox: String,
    /// The flags, where there are any.
    pub flags: Option<Value>,
    /// The message.
    pub literal: usize,
}

impl AppendRequest {
    /// Reads one APPEND of one message (RFC 9051 §6.3.12). `None`: several, by URL, in UTF8 form, or none at all.
    pub fn parse(command: &Command) -> Option<Self> {
        let mut cursor = command.arguments();
        cursor.space()?;
        let mailbox = mailbox_name(&mut cursor)?;
        cursor.space()?;
        let mut flags = None;
        if cursor.peek() == Some(b'(') {
            flags = Some(cursor.value()?);
            cursor.space()?;
        }
        if cursor.peek() == Some(b'"') {
            cursor.value()?;
            cursor.space()?;
        }
        let literal = command.line.literal_count().checked_sub(1)?;
        match cursor.value()? {
            Value::Literal(_, index) if index == literal => {}
            _ => return None,
        }
        let plain = command.line.announced(literal).is_some_and(|a| a.form == Form::Plain);
        (plain && cursor.is_end()).then_some(Self { mailbox, flags, literal })
    }
}

/// `None`: no name, or one that is not even UTF-8: two of them must not be taken for one.
fn mailbox_name(cursor: &mut Cursor<'_>) -> Option<String> {
    let name = String::from_utf8(cursor.astring()?.into_owned()).ok()?;
    Some(if name.eq_ignore_ascii_case("INBOX") {
        "INBOX".to_owned()
    } else {
        name
    })
}

/// `tag = 1*<any ASTRING-CHAR except "+">`; what it could not hold must not reach a response.
fn is_tag(tag: &[u8]) -> bool {
    !tag.is_empty() && tag.len() <= 256 && tag.iter().all(|b| b.is_ascii_graphic() && !b"(){%*\"\\+".contains(b))
}

/// `RETURN (UPDATE)` of a search (RFC 5267 §4.3): answers would come unasked, and CONTEXT= is withheld. `CONTEXT` alone
/// is a hint for the same.
fn asks_for_news(cursor: &mut Cursor<'_>) -> bool {
    let mut options = || {
        cursor.space()?;
        cursor.atom()?.eq_ignore_ascii_case(b"RETURN").then_some(())?;
        cursor.space()?;
        cursor.byte(b'(')?;
        loop {
            while cursor.space().is_some() {}
            let option = cursor.atom()?;
            if option.eq_ignore_ascii_case(b"UPDATE") || option.eq_ignore_ascii_case(b"CONTEXT") {
                return Some(());
            }
        }
    };
    options().is_some()
}

/// `None`: no name, or a name that no command has.
fn verb(cursor: &mut Cursor<'_>) -> Option<Verb> {
    cursor.space()?;
    let name = String::from_utf8_lossy(cursor.atom()?).to_ascii_uppercase();
    if name == "UID" {
        cursor.space()?;
        let name = String::from_utf8_lossy(cursor.atom()?).to_ascii_uppercase();
        return match name.as_str() {
            "FETCH" => Some(Verb::Fetch(Addressing::Uid)),
            "SEARCH" => Some(Verb::Seek(Addressing::Uid, Seeking::Search)),
            "SORT" => Some(Verb::Seek(Addressing::Uid, Seeking::Sort)),
            "THREAD" => Some(Verb::Seek(Addressing::Uid, Seeking::Thread)),
            name if PASSED_BY_UID.contains(&name) => Some(Verb::Pass),
            _ => Some(Verb::Refused),
        };
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return None;
    }
    Some(match name.as_str() {
        "CAPABILITY" => Verb::Capability,
        "NOOP" => Verb::Noop,
        "LOGOUT" => Verb::Logout,
        "STARTTLS" => Verb::StartTls,
        "AUTHENTICATE" => Verb::Authenticate,
        "LOGIN" => Verb::Login,
        "ID" => Verb::Id,
        "ENABLE" => Verb::Enable,
        "SELECT" => Verb::Select(Access::Write),
        "EXAMINE" => Verb::Select(Access::Read),
        "CLOSE" | "UNSELECT" => Verb::Close,
        "IDLE" => Verb::Idle,
        "APPEND" => Verb::Append,
        "FETCH" => Verb::Fetch(Addressing::Sequence),
        "SEARCH" => Verb::Seek(Addressing::Sequence, Seeking::Search),
        "SORT" => Verb::Seek(Addressing::Sequence, Seeking::Sort),
        "THREAD" => Verb::Seek(Addressing::Sequence, Seeking::Thread),
        name if PASSED.contains(&name) => Verb::Pass,
        _ => Verb::Refused,
    })
}

#[cfg(test)]
mod tests {
    use super::super::frame::Side;
    use super::super::line::lines;
    use super::*;

    fn command(text: &str) -> Result<Command, String> {
        Command::parse(lines(Side::Client, text.as_bytes()).remove(0))
    }

    #[test]
    fn names() {
        for (text, verb) in [
            ("1 uid fetch 1 FLAGS\r\n", Verb::Fetch(Addressing::Uid)),
            ("a examine INBOX\r\n", Verb::Select(Access::Read)),
            ("a UID SEARCH ALL\r\n", Verb::Seek(Addressing::Uid, Seeking::Search)),
            ("a UID REPLACE 1 x {0+}\r\n\r\n", Verb::Refused),
            ("a COMPRESS DEFLATE\r\n", Verb::Refused),
            ("a NOTIFY SET\r\n", Verb::Refused),
            ("a SEARCH RETURN (UPDATE COUNT) ALL\r\n", Verb::Refused),
            ("a uid sort return ( count update) (DATE) UTF-8 ALL\r\n", Verb::Refused),
            ("a UID SEARCH RETURN (CONTEXT) ALL\r\n", Verb::Refused),
            (
                "a SEARCH RETURN () SUBJECT UPDATE\r\n",
                Verb::Seek(Addressing::Sequence, Seeking::Search),
            ),
            (
                "a SEARCH RETURN (MIN MAX) TEXT \"(UPDATE\"\r\n",
                Verb::Seek(Addressing::Sequence, Seeking::Search),
            ),
            ("a XYZZY\r\n", Verb::Refused),
        ] {
            assert_eq!(command(text).unwrap().verb, verb, "{text}");
        }
    }

    #[test]
    fn what_is_no_command() {
        for (text, tag) in [
            ("\r\n", "*"),
            ("a\r\n", "a"),
            ("* NOOP\r\n", "*"),
            ("+a NOOP\r\n", "*"),
            ("a (\r\n", "a"),
            ("a%b NOOP\r\n", "*"),
            ("a UID\r\n", "a"),
        ] {
            assert_eq!(command(text).map(|c| c.verb), Err(tag.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_has_no_name_any_more() {
        for (text, want) in [
            ("a delete {5+}\r\ninbox\r\n", Some(("INBOX", Inside::Stays))),
            ("a RENAME \"a b\" c\r\n", Some(("a b", Inside::Goes))),
            ("a DELETEACL x y\r\n", None),
            ("a CREATE DELETE\r\n", None),
        ] {
            let got = command(text).unwrap().unnamed();
            assert_eq!(got.as_ref().map(|(name, inside)| (name.as_str(), *inside)), want, "{text}");
        }
    }

    #[test]
    fn one_message_in_one_literal_is_appended() {
        for (text, want) in [
            ("a APPEND \"Sent\" (\\Seen) {2+}\r\nhi\r\n", Some(("Sent", 0))),
            (
                "a APPEND {5+}\r\ninBOX \"17-Jul-1996 02:44:25 -0700\" {2+}\r\nhi\r\n",
                Some(("INBOX", 1)),
            ),
            ("a APPEND Sent () {0+}\r\n\r\n", Some(("Sent", 0))),
            ("a APPEND Sent {2+}\r\nhi {2+}\r\nho\r\n", None),
            ("a APPEND Sent (\\Seen) ~{2+}\r\nhi\r\n", None),
            ("a APPEND Sent CATENATE (TEXT {2+}\r\nhi)\r\n", None),
            ("a APPEND Sent UTF8 (~{2+}\r\nhi)\r\n", None),
            ("a APPEND Sent\r\n", None),
            ("a APPEND Sent \"hi\"\r\n", None),
        ] {
            let got = AppendRequest::parse(&command(text).unwrap());
            assert_eq!(got.as_ref().map(|a| (a.mailbox.as_str(), a.literal)), want, "{text:?}");
        }
    }
}
