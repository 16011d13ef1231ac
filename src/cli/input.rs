//! What a command reads: files that were named, messages, passwords. Everything is bounded.

use super::Failure;
use crate::base::limits::{PASSWORD_FILE_MAX, STORED_MESSAGE_MAX};
use crate::base::{Address, Secret};
use crate::store::atomic;
use crate::text::{Why, command as say, key_life};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Standard input in a sentence.
const STANDARD_INPUT: &str = "stdin";
/// Notepad begins a text with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An address of the command line.
pub(super) fn address(word: &str) -> Result<Address, String> {
    Address::parse(word).map_err(|_| say::not_an_address(word).to_string())
}

/// A whole file of at most `max` octets.
pub(super) fn file(path: &Path, max: u64) -> Result<Vec<u8>, Failure> {
    let opened = File::open(path).map_err(|error| unreadable(path, &error))?;
    // A folder opens, and cannot be read; a device has no end.
    whole(opened, &path.display().to_string(), max)
}

/// A message, from its file or from standard input, as it is sent: line ends of the platform become CRLF (RFC 5322 §2.1).
pub(super) fn message(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    raw(path).map(with_crlf)
}

fn raw(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    match path {
        Some(path) => file(path, STORED_MESSAGE_MAX),
        None => whole(io::stdin().lock(), STANDARD_INPUT, STORED_MESSAGE_MAX),
    }
}

/// A message as a server stores it: one whose header has the line ends of the standard was saved as it is, and what looks like a
/// bare line end in its body may be an octet of a binary one (RFC 3030 §3).
pub(super) fn stored(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let raw = raw(path)?;
    let header = memchr::memmem::find(&raw, b"\r\n\r\n").map(|end| &raw[..end]);
    let as_stored = header.is_some_and(|header| !has_bare_line_feed(header));
    Ok(if as_stored { raw } else { with_crlf(raw) })
}

/// A password: the first line of a file, or one line of standard input, not shown where that is a terminal.
pub(super) fn password(path: Option<&Path>, what_for: &Path) -> Result<Secret, Failure> {
    match path {
        Some(path) => first_line(&Zeroizing::new(file(path, PASSWORD_FILE_MAX)?), &path.display().to_string()),
        None if io::stdin().is_terminal() => {
            let shown = what_for.display();
            asked(format!("Mot de passe de {shown} / password of {shown}: "))
        }
        None => {
            let mut line = Zeroizing::new(Vec::new());
            let read = io::stdin().lock().take(PASSWORD_FILE_MAX).read_until(b'\n', &mut line);
            read.map_err(|error| say::unreadable(STANDARD_INPUT, &Why::from(&error)))?;
            first_line(&line, STANDARD_INPUT)
        }
    }
}

/// A password that is chosen now: typed twice where it is typed.
pub(super) fn new_password(path: Option<&Path>, what_for: &Path) -> Result<Secret, Failure> {
    let first = password(path, what_for)?;
    if path.is_none() && io::stdin().is_terminal() {
        let again = asked(key_life::ONCE_MORE.to_owned())?;
        if again.expose() != first.expose() {
            return Err(key_life::passwords_differ().into());
        }
    }
    Ok(first)
}

/// A file to be written for the user, and whether what stands there may be lost.
pub(super) struct Target<'a> {
    path: &'a Path,
    replace: bool,
}

impl<'a> Target<'a> {
    /// Looked at before anything is asked or made; it counts again when it is written.
    pub(super) fn new(path: &'a Path, replace: bool) -> Result<Self, Failure> {
        match path.symlink_metadata() {
            Ok(_) if !replace => Err(key_life::file_exists(&path.display().to_string()).into()),
            _ => Ok(Self { path, replace }),
        }
    }

    /// Whole, for this user only.
    pub(super) fn write(&self, octets: &[u8]) -> Result<(), Failure> {
        let shown = self.path.display().to_string();
        if self.replace {
            return atomic::write(self.path, octets).map_err(|e| Failure::from(&e));
        }
        atomic::create(self.path, octets).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => key_life::file_exists(&shown).into(),
            _ => say::unwritable(&shown, &Why::from(&error)).into(),
        })
    }
}

fn asked(prompt: String) -> Result<Secret, Failure> {
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    let typed = typed.map_err(|error| say::unreadable(STANDARD_INPUT, &Why::from(&error)))?;
    Ok(Secret::from(typed.as_str()))
}

fn first_line(text: &[u8], from: &str) -> Result<Secret, Failure> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let line = text.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(line) => Ok(Secret::from(line)),
        Err(_) => Err(say::password_not_text(from).into()),
    }
}

fn whole(input: impl Read, name: &str, max: u64) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    let read = input.take(max.saturating_add(1)).read_to_end(&mut octets);
    read.map_err(|error| say::unreadable(name, &Why::from(&error)))?;
    if octets.len() as u64 > max {
        return Err(say::too_large(name, max).into());
    }
    Ok(octets)
}

/// A file or folder that the system does not let us read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    say::unreadable(&path.display().to_string(), &Why::from(error)).into()
}

fn has_bare_line_feed(octets: &[u8]) -> bool {
    bare_line_feeds(octets).next().is_some()
}

fn bare_line_feeds(octets: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'\n', octets).filter(|&at| at == 0 || octets[at - 1] != b'\r')
}

fn with_crlf(raw: Vec<u8>) -> Vec<u8> {
    let bare: Vec<usize> = bare_line_feeds(&raw).collect();
    if bare.is_empty() {
        return raw;
    }
    let mut out = Vec::with_capacity(raw.len() + bare.len());
    let mut start = 0;
    for at in bare {
        out.extend_from_slice(&raw[start..at]);
        out.extend_from_slice(b"\r\n");
        start = at + 1;
    }
    out.extend_from_slice(&raw[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_any_platform_becomes_a_message() {
        for (file, message) in [("a\nb\r\nc", "a\r\nb\r\nc"), ("\n\n", "\r\n\r\n"), ("a\r\n", "a\r\n"), ("", "")] {
            assert_eq!(with_crlf(file.as_bytes().to_vec()), message.as_bytes());
        }
    }

    #[test]
    fn a_password_is_the_first_line_as_any_editor_saves_it() {
        for (text, password) in [
            (&b"a b \r\nrest\n"[..], "a b "),
            (b"\xef\xbb\xbfmot\n", "mot"),
            ("clé\n".as_bytes(), "clé"),
            (b"", ""),
            (b"\n", ""),
        ] {
            assert_eq!(first_line(text, "x").unwrap().expose(), password.as_bytes(), "{text:?}");
        }
        assert!(
            first_line(b"cl\xe9\n", "x")
                .unwrap_err()
                .to_string()
                .contains("SP-PASSWORD-NOT-TEXT")
        );
    }

    #[test]
    fn no_file_is_read_without_end() {
        assert!(file(Path::new("/dev/zero"), 10).is_err() || cfg!(not(unix)));
        assert!(whole(&b"0123456789"[..], "x", 10).is_ok());
        assert!(
            whole(&b"0123456789a"[..], "x", 10)
                .unwrap_err()
                .to_string()
                .contains("SP-FILE-TOO-LARGE")
        );
    }
}
