//! Commands of a mail program (RFC 1939 §3, §5-§7; RFC 2449 §5; RFC 2595 §4; RFC 5034 §4).

use crate::base::Secret;

/// A command that is understood; there are no others.
#[derive(Clone, Debug)]
pub enum Command {
    /// What is offered.
    Capa,
    /// The login name.
    User(String),
    /// The password.
    Pass(Secret),
    /// A mechanism and its initial response; without any, which there are.
    Auth(Option<(String, Option<Secret>)>),
    /// A digest over the server's greeting.
    Apop,
    /// TLS from here.
    Stls,
    /// How many messages, how many octets.
    Stat,
    /// The size of each message, or of one.
    List(Option<u32>),
    /// The unique-id of each message, or of one.
    Uidl(Option<u32>),
    /// A message.
    Retr(u32),
    /// The header of a message and so many lines of its body.
    Top(u32, u32),
    /// To be deleted at QUIT.
    Dele(u32),
    /// Nothing is to be deleted.
    Rset,
    /// Nothing.
    Noop,
    /// The end.
    Quit,
}

/// Why a line is no command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// A keyword that is not known here.
    Unknown,
    /// A known one with arguments that it does not have.
    Arguments,
}

impl Command {
    /// Reads a line without its CRLF: `keyword *(SP argument)`.
    pub fn parse(line: &[u8]) -> Result<Self, Syntax> {
        let (keyword, rest) = match memchr::memchr(b' ', line) {
            Some(at) => (&line[..at], Some(&line[at + 1..])),
            None => (line, None),
        };
        let command = match keyword.to_ascii_uppercase().as_slice() {
            b"USER" => rest.and_then(name).map(Self::User),
            // All that follows is the password, spaces too (RFC 1939 §7).
            b"PASS" => rest.filter(|p| !p.is_empty()).map(|p| Self::Pass(Secret::new(p.to_vec()))),
            b"AUTH" => auth(rest),
            b"APOP" => Some(Self::Apop),
            b"CAPA" => alone(rest, Self::Capa),
            b"STLS" => alone(rest, Self::Stls),
            b"STAT" => alone(rest, Self::Stat),
            b"RSET" => alone(rest, Self::Rset),
            b"NOOP" => alone(rest, Self::Noop),
            b"QUIT" => alone(rest, Self::Quit),
            b"LIST" => optional(rest).map(Self::List),
            b"UIDL" => optional(rest).map(Self::Uidl),
            b"RETR" => rest.and_then(number).map(Self::Retr),
            b"DELE" => rest.and_then(number).map(Self::Dele),
            b"TOP" => rest.and_then(top),
            _ => return Err(Syntax::Unknown),
        };
        command.ok_or(Syntax::Arguments)
    }
}

/// A login name; a control character would end the line in which the provider is told it.
fn name(rest: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(rest).ok()?;
    (!name.is_empty() && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

fn auth(rest: Option<&[u8]>) -> Option<Command> {
    let words: Vec<&[u8]> = rest.unwrap_or_default().split(|b| *b == b' ').filter(|w| !w.is_empty()).collect();
    let mechanism = |word: &[u8]| String::from_utf8_lossy(word).to_ascii_uppercase();
    match words[..] {
        [] => Some(Command::Auth(None)),
        [word] => Some(Command::Auth(Some((mechanism(word), None)))),
        [word, initial] => Some(Command::Auth(Some((mechanism(word), Some(Secret::new(initial.to_vec())))))),
        _ => None,
    }
}

fn alone(rest: Option<&[u8]>, command: Command) -> Option<Command> {
    rest.unwrap_or_default().trim_ascii().is_empty().then_some(command)
}

fn optional(rest: Option<&[u8]>) -> Option<Option<u32>> {
    match rest.unwrap_or_default().trim_ascii() {
        b"" => Some(None),
        digits => number(digits).map(Some),
    }
}

/// A message-number: from 1 (RFC 1939 §5).
fn number(digits: &[u8]) -> Option<u32> {
    digits_of(digits).filter(|number| *number > 0)
}

/// `TOP msg n`; more lines than any message has are as good as all.
fn top(rest: &[u8]) -> Option<Command> {
    let rest = rest.trim_ascii();
    let space = memchr::memchr(b' ', rest)?;
    let (message, lines) = (number(&rest[..space])?, rest[space..].trim_ascii());
    let all = lines.len() >= 10 && lines.iter().all(u8::is_ascii_digit);
    let lines = digits_of(lines).or(all.then_some(u32::MAX))?;
    Some(Command::Top(message, lines))
}

fn digits_of(digits: &[u8]) -> Option<u32> {
    let digits = digits.trim_ascii();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        match Command::parse(line.as_bytes()) {
            Ok(Command::Pass(password)) => format!("Pass {:?}", String::from_utf8_lossy(password.expose())),
            Ok(Command::Auth(Some((name, Some(initial))))) => format!("Auth {name} {:?}", String::from_utf8_lossy(initial.expose())),
            Ok(command) => format!("{command:?}"),
            Err(syntax) => format!("{syntax:?}"),
        }
    }

    #[test]
    fn commands_as_programs_write_them() {
        for (line, want) in [
            ("CAPA", "Capa"),
            ("stat ", "Stat"),
            ("USER Dr. Martin@x.fr", "User(\"Dr. Martin@x.fr\")"),
            ("PASS  deux mots ", "Pass \" deux mots \""),
            ("AUTH", "Auth(None)"),
            ("AUTH plain", "Auth(Some((\"PLAIN\", None)))"),
            ("AUTH PLAIN AGEAYg==", "Auth PLAIN \"AGEAYg==\""),
            ("LIST", "List(None)"),
            ("LIST ", "List(None)"),
            ("list 12", "List(Some(12))"),
            ("UIDL 1", "Uidl(Some(1))"),
            ("RETR 007", "Retr(7)"),
            ("TOP 1 0", "Top(1, 0)"),
            ("TOP 1 99999999999", "Top(1, 4294967295)"),
            ("APOP a 0123", "Apop"),
        ] {
            assert_eq!(read(line), want, "{line:?}");
        }
    }

    #[test]
    fn what_is_no_command() {
        for line in ["", " ", "XTND XLST", "LAST", "UTF8", "LANG fr", "HELO", "RETR1", "\u{0}QUIT"] {
            assert_eq!(read(line), "Unknown", "{line:?}");
        }
        for line in [
            "RETR",
            "RETR 0",
            "RETR -1",
            "RETR +1",
            "RETR 1 2",
            "RETR 4294967296",
            "DELE a",
            "TOP 1",
            "TOP 1 -1",
            "TOP 1 1x",
            "LIST 1,2",
            "LIST 0",
            "QUIT now",
            "USER",
            "USER ",
            "USER a\u{1}b",
            "USER a\rPASS b",
            "PASS",
            "PASS ",
            "AUTH PLAIN a b",
        ] {
            assert_eq!(read(line), "Arguments", "{line:?}");
        }
    }
}
