//! Command lines (RFC 5321 §4.1.1) with the parameters of RFC 1870, 3461, 4954, 6152 and 6531.
//!
//! Addresses and DSN values keep the octets that were written: what is read here is written again for the provider.

use crate::base::{Address, Secret};
use crate::policy::Recipient;

/// One command, its line read.
#[derive(Clone, Debug)]
pub enum Command {
    /// `EHLO`.
    Ehlo,
    /// `HELO`.
    Helo,
    /// `STARTTLS` (RFC 3207).
    StartTls,
    /// `AUTH mechanism [initial-response]` (RFC 4954 §4): the mechanism in upper case, the response still in base64.
    Auth(String, Option<Secret>),
    /// `MAIL FROM`.
    Mail(Mail),
    /// `RCPT TO`.
    Rcpt(Recipient),
    /// `DATA`.
    Data,
    /// `BDAT` (RFC 3030), which is not offered; octets that are no commands follow it.
    Bdat,
    /// `RSET`.
    Rset,
    /// `NOOP`.
    Noop,
    /// `VRFY` or `EXPN`.
    Vrfy,
    /// `HELP`.
    Help,
    /// `QUIT`.
    Quit,
}

/// `MAIL FROM:<reverse-path>` with its parameters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mail {
    /// `None` is `<>`.
    pub from: Option<Address>,
    /// `SIZE=`; a number too large to count is the largest.
    pub size: Option<u64>,
    /// `BODY=8BITMIME`.
    pub eight_bit: bool,
    /// `SMTPUTF8`.
    pub smtputf8: bool,
    /// `RET=`, raw.
    pub ret: Option<String>,
    /// `ENVID=`, raw.
    pub envid: Option<String>,
}

/// Why a line is no command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Syntax {
    /// Not a command that is known here.
    #[error("500 5.5.2 Commande inconnue")]
    Unknown,
    /// A control character, a bare CR or LF, or octets that are no UTF-8.
    #[error("500 5.5.2 Ligne de commande incorrecte")]
    Line,
    /// The command is known, its arguments are not right.
    #[error("501 5.5.4 Argument incorrect")]
    Argument,
    /// No address that mail can go to.
    #[error("501 5.1.3 Adresse incorrecte")]
    Address,
    /// A parameter that is not offered.
    #[error("555 5.5.4 Parametre non reconnu")]
    Parameter,
}

impl Command {
    /// Reads a line, without its CRLF.
    pub fn parse(line: &[u8]) -> Result<Self, Syntax> {
        let text = std::str::from_utf8(line).map_err(|_| Syntax::Line)?;
        if text.chars().any(char::is_control) {
            return Err(Syntax::Line);
        }
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_matches(' ');
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if !rest.is_empty() => Ok(Command::Ehlo),
            "HELO" if !rest.is_empty() => Ok(Command::Helo),
            "EHLO" | "HELO" => Err(Syntax::Argument),
            "STARTTLS" => bare(rest, Command::StartTls),
            "AUTH" => auth(rest),
            "MAIL" => mail(rest).map(Command::Mail),
            "RCPT" => rcpt(rest).map(Command::Rcpt),
            "DATA" => bare(rest, Command::Data),
            "BDAT" => Ok(Command::Bdat),
            "RSET" => bare(rest, Command::Rset),
            "QUIT" => bare(rest, Command::Quit),
            "NOOP" => Ok(Command::Noop),
            "HELP" => Ok(Command::Help),
            "VRFY" | "EXPN" if !rest.is_empty() => Ok(Command::Vrfy),
            "VRFY" | "EXPN" => Err(Syntax::Argument),
            _ => Err(Syntax::Unknown),
        }
    }
}

fn bare(rest: &str, command: Command) -> Result<Command, Syntax> {
    if rest.is_empty() { Ok(command) } else { Err(Syntax::Argument) }
}

fn auth(rest: &str) -> Result<Command, Syntax> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let mechanism = words.next().ok_or(Syntax::Argument)?.to_ascii_uppercase();
    let initial = words.next().map(Secret::from);
    if words.next().is_some() {
        Err(Syntax::Argument)
    } else {
        Ok(Command::Auth(mechanism, initial))
    }
}

fn mail(rest: &str) -> Result<Mail, Syntax> {
    let (path, parameters) = path(rest, "FROM:")?;
    let from = if path.is_empty() { None } else { Some(mailbox(path)?) };
    let mut mail = Mail { from, ..Mail::default() };
    for (name, value) in each(parameters)? {
        match (name.as_str(), value) {
            ("SIZE", Some(size)) => set(&mut mail.size, octets(size)?)?,
            ("BODY", Some(body)) => mail.eight_bit = eight_bit(body)?,
            ("SMTPUTF8", None) => mail.smtputf8 = true,
            ("RET", Some(ret)) if ["FULL", "HDRS"].iter().any(|known| ret.eq_ignore_ascii_case(known)) => {
                set(&mut mail.ret, ret.to_owned())?
            }
            ("ENVID", Some(envid)) if envid.len() <= 100 && is_xtext(envid) => set(&mut mail.envid, envid.to_owned())?,
            // The identity of an earlier hop (RFC 4954 §5): there is none, this client is the first.
            ("AUTH", Some(_)) => {}
            ("SIZE" | "BODY" | "SMTPUTF8" | "RET" | "ENVID" | "AUTH", _) => return Err(Syntax::Argument),
            _ => return Err(Syntax::Parameter),
        }
    }
    Ok(mail)
}

fn rcpt(rest: &str) -> Result<Recipient, Syntax> {
    let (path, parameters) = path(rest, "TO:")?;
    let mut recipient = Recipient {
        address: mailbox(path)?,
        notify: None,
        orcpt: None,
    };
    for (name, value) in each(parameters)? {
        match (name.as_str(), value) {
            ("NOTIFY", Some(notify)) if is_notify(notify) => set(&mut recipient.notify, notify.to_owned())?,
            ("ORCPT", Some(orcpt)) if orcpt.len() <= 500 && is_orcpt(orcpt) => set(&mut recipient.orcpt, orcpt.to_owned())?,
            ("NOTIFY" | "ORCPT", _) => return Err(Syntax::Argument),
            _ => return Err(Syntax::Parameter),
        }
    }
    Ok(recipient)
}

/// `"<" [ A-d-l ":" ] Mailbox ">"` behind `FROM:` or `TO:` (blanks between are forgiven); the path without its brackets
/// and the parameters.
fn path<'a>(rest: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Syntax> {
    let head = rest.get(..keyword.len()).ok_or(Syntax::Argument)?;
    if !head.eq_ignore_ascii_case(keyword) {
        return Err(Syntax::Argument);
    }
    let inner = rest[keyword.len()..]
        .trim_start_matches(' ')
        .strip_prefix('<')
        .ok_or(Syntax::Argument)?;
    let close = closing_bracket(inner).ok_or(Syntax::Argument)?;
    let (path, parameters) = (&inner[..close], &inner[close + 1..]);
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(Syntax::Argument);
    }
    Ok((without_route(path), parameters))
}

/// The first `>` outside a quoted string.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// A source route is ignored (RFC 5321 §4.1.1.3).
fn without_route(path: &str) -> &str {
    match (path.strip_prefix('@'), path.split_once(':')) {
        (Some(_), Some((_, mailbox))) => mailbox,
        _ => path,
    }
}

fn mailbox(path: &str) -> Result<Address, Syntax> {
    Address::parse(path).map_err(|_| Syntax::Address)
}

/// `esmtp-keyword ["=" esmtp-value]`, keywords in upper case.
fn each(parameters: &str) -> Result<Vec<(String, Option<&str>)>, Syntax> {
    let words = parameters.split(' ').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let readable = !name.is_empty() && value != Some("") && word.bytes().all(|b| b.is_ascii_graphic());
            if readable {
                Ok((name.to_ascii_uppercase(), value))
            } else {
                Err(Syntax::Argument)
            }
        })
        .collect()
}

/// A parameter may stand once.
fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Syntax> {
    if place.replace(value).is_some() {
        Err(Syntax::Argument)
    } else {
        Ok(())
    }
}

fn octets(digits: &str) -> Result<u64, Syntax> {
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(digits.parse().unwrap_or(u64::MAX))
    } else {
        Err(Syntax::Argument)
    }
}

fn eight_bit(body: &str) -> Result<bool, Syntax> {
    match body.to_ascii_uppercase().as_str() {
        "8BITMIME" => Ok(true),
        "7BIT" => Ok(false),
        _ => Err(Syntax::Parameter),
    }
}

/// `xtext` (RFC 3461 §4): printable without `+` and `=`, except `+` and two upper case hexadecimal digits.
fn is_xtext(text: &str) -> bool {
    let hex = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let fine = match octet {
            b'+' => hex(octets.next()) && hex(octets.next()),
            b'=' => false,
            other => other.is_ascii_graphic(),
        };
        if !fine {
            return false;
        }
    }
    true
}

fn is_notify(value: &str) -> bool {
    let known = |word: &str| ["SUCCESS", "FAILURE", "DELAY"].iter().any(|known| word.eq_ignore_ascii_case(known));
    value.eq_ignore_ascii_case("NEVER") || value.split(',').all(known)
}

fn is_orcpt(value: &str) -> bool {
    value
        .split_once(';')
        .is_some_and(|(kind, address)| !kind.is_empty() && is_xtext(kind) && is_xtext(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mail(line: &str) -> Result<Mail, Syntax> {
        match Command::parse(line.as_bytes())? {
            Command::Mail(mail) => Ok(mail),
            other => panic!("{other:?}"),
        }
    }

    fn rcpt(line: &str) -> Result<Recipient, Syntax> {
        match Command::parse(line.as_bytes())? {
            Command::Rcpt(recipient) => Ok(recipient),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mail_keeps_what_was_written() {
        let got = mail("mail from: <\"a b\"@B.fr> size=12 BODY=8bitmime SMTPUTF8 RET=hdrs ENVID=a+2Bb AUTH=<>").unwrap();
        assert_eq!(got.from.as_ref().unwrap().as_str(), "\"a b\"@B.fr");
        assert_eq!((got.size, got.eight_bit, got.smtputf8), (Some(12), true, true));
        assert_eq!((got.ret.as_deref(), got.envid.as_deref()), (Some("hdrs"), Some("a+2Bb")));
        assert_eq!(mail("MAIL FROM:<>").unwrap(), Mail::default());
        assert_eq!(mail("MAIL FROM:<@x.fr,@y.fr:a@b.fr>").unwrap().from.unwrap().as_str(), "a@b.fr");
        assert_eq!(
            mail("MAIL FROM:<a@b.fr> SIZE=99999999999999999999999").unwrap().size,
            Some(u64::MAX)
        );
        assert_eq!(mail("MAIL FROM:<\"a>b\"@b.fr>").unwrap().from.unwrap().as_str(), "\"a>b\"@b.fr");
    }

    #[test]
    fn rcpt_keeps_what_was_written() {
        let got = rcpt("RCPT TO:<a@b.fr> NOTIFY=success,Failure ORCPT=rfc822;a+2Bx@b.fr").unwrap();
        assert_eq!(
            (got.notify.as_deref(), got.orcpt.as_deref()),
            (Some("success,Failure"), Some("rfc822;a+2Bx@b.fr"))
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, wanted) in [
            ("", Syntax::Unknown),
            ("GET / HTTP/1.1", Syntax::Unknown),
            ("EHLO", Syntax::Argument),
            ("DATA extra", Syntax::Argument),
            ("STARTTLS now", Syntax::Argument),
            ("AUTH", Syntax::Argument),
            ("AUTH PLAIN a b", Syntax::Argument),
            ("MAIL", Syntax::Argument),
            ("MAIL FROM:a@b.fr", Syntax::Argument),
            ("MAIL FROM:<a@b.fr", Syntax::Argument),
            ("MAIL FROM:<a@b.fr>SIZE=1", Syntax::Argument),
            ("MAIL FROM:<a@b.fr> SIZE=1x", Syntax::Argument),
            ("MAIL FROM:<a@b.fr> SIZE=1 SIZE=2", Syntax::Argument),
            ("MAIL FROM:<a@b.fr> BODY=BINARYMIME", Syntax::Parameter),
            ("MAIL FROM:<a@b.fr> REQUIRETLS", Syntax::Parameter),
            ("MAIL FROM:<a@b.fr> RET=ALL", Syntax::Argument),
            ("MAIL FROM:<a@b.fr> ENVID=a=b", Syntax::Argument),
            ("MAIL TO:<a@b.fr>", Syntax::Argument),
            ("MAIL FROM:é", Syntax::Argument),
            ("RCPT TO:<>", Syntax::Address),
            ("RCPT TO:<postmaster>", Syntax::Address),
            ("RCPT TO:<a b@c.fr>", Syntax::Address),
            ("RCPT TO:<a@b.fr> NOTIFY=NEVER,DELAY", Syntax::Argument),
            ("RCPT TO:<a@b.fr> ORCPT=a@b.fr", Syntax::Argument),
            ("NOOP\rQUIT", Syntax::Line),
            ("NOOP\0", Syntax::Line),
        ] {
            assert_eq!(Command::parse(line.as_bytes()).unwrap_err(), wanted, "{line:?}");
        }
        assert_eq!(Command::parse(b"NOOP \xff").unwrap_err(), Syntax::Line);
    }

    proptest! {
        #[test]
        fn what_is_taken_can_be_written_again(tail in "[ -~]{0,40}") {
            for line in [format!("MAIL FROM:<{tail}"), format!("RCPT TO:<{tail}")] {
                match Command::parse(line.as_bytes()) {
                    Ok(Command::Mail(Mail { from: Some(address), .. })) => prop_assert!(Address::parse(address.as_str()).is_ok()),
                    Ok(Command::Rcpt(r)) => {
                        let written = format!("{}>", r.address);
                        prop_assert_eq!(closing_bracket(&written), Some(written.len() - 1));
                    }
                    _ => {}
                }
            }
        }
    }
}
