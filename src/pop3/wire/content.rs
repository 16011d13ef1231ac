//! Multi-line content: its end, the dots before lines that begin with one, and what TOP shows of it (RFC 1939 §3, §7).

use memchr::memmem;
use std::borrow::Cow;

/// What ends content: its last line end is the first of these.
const END: &[u8] = b"\r\n.\r\n";

/// Finds the end in octets that come piece by piece.
#[derive(Clone, Debug)]
pub struct EndFinder {
    /// The last octets of what came before; content begins on a new line.
    tail: Vec<u8>,
}

impl Default for EndFinder {
    fn default() -> Self {
        Self { tail: b"\r\n".to_vec() }
    }
}

impl EndFinder {
    /// How many of these octets belong to the content, the final dot and its line end included; `None`: all, and more.
    pub fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let seam = bytes.len().min(END.len() - 1);
        let joined = [&self.tail[..], &bytes[..seam]].concat();
        if let Some(at) = memmem::find(&joined, END) {
            return Some(at + END.len() - self.tail.len());
        }
        if let Some(at) = memmem::find(bytes, END) {
            return Some(at + END.len());
        }
        let last = if bytes.len() < END.len() { &joined } else { bytes };
        self.tail = last[last.len().saturating_sub(END.len() - 1)..].to_vec();
        None
    }
}

/// The message in content that has come to its end, copied only where it has dots before dots.
pub fn message_in(content: &[u8]) -> Cow<'_, [u8]> {
    let message = &content[..content.len().saturating_sub(3)];
    match message.starts_with(b".") || memmem::find(message, b"\r\n.").is_some() {
        true => Cow::Owned(unstuffed(message.to_vec())),
        false => Cow::Borrowed(message),
    }
}

/// The message in content that has come to its end: without the final dot, and without the dots before dots.
pub fn message_of(mut content: Vec<u8>) -> Vec<u8> {
    content.truncate(content.len().saturating_sub(3));
    unstuffed(content)
}

/// The same octets without the dots before dots.
pub fn unstuffed(mut content: Vec<u8>) -> Vec<u8> {
    let dots: Vec<usize> = content.first().filter(|first| **first == b'.').map(|_| 0).into_iter().collect();
    let dots: Vec<usize> = dots
        .into_iter()
        .chain(memmem::find_iter(&content, b"\r\n.").map(|at| at + 2))
        .collect();
    if dots.is_empty() {
        return content;
    }
    let mut to = dots[0];
    let ends = dots.iter().skip(1).copied().chain([content.len()]);
    for (dot, end) in dots.iter().zip(ends) {
        content.copy_within(dot + 1..end, to);
        to += end - dot - 1;
    }
    content.truncate(to);
    content
}

/// A message as content, the final dot included. A dot behind a bare LF is doubled too: programs that end lines there must
/// not take the rest of the message for the next reply.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 1024 + 64);
    for line in message.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !message.is_empty() && !message.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Where the header ends, its empty line included, searched from `from` on (the start of a line). `Err`: not yet; where to
/// search on. Line ends are read as tolerantly as any program reads them.
pub fn header_end(octets: &[u8], from: usize) -> Result<usize, usize> {
    let mut line = from;
    while let Some(length) = memchr::memchr(b'\n', &octets[line..]) {
        let end = line + length + 1;
        if matches!(&octets[line..end], b"\n" | b"\r\n") {
            return Ok(end);
        }
        line = end;
    }
    Err(line)
}

/// The header and so many lines of the body.
pub fn top(message: &[u8], lines: u32) -> &[u8] {
    let Ok(body) = header_end(message, 0) else { return message };
    let mut ends = memchr::memchr_iter(b'\n', &message[body..]);
    let end = match lines.checked_sub(1) {
        None => Some(body),
        Some(before) => usize::try_from(before).ok().and_then(|n| ends.nth(n)).map(|at| body + at + 1),
    };
    &message[..end.unwrap_or(message.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(content: &[u8], step: usize) -> Option<usize> {
        let mut finder = EndFinder::default();
        let mut before = 0;
        for piece in content.chunks(step) {
            if let Some(end) = finder.find(piece) {
                return Some(before + end);
            }
            before += piece.len();
        }
        None
    }

    #[test]
    fn the_end_is_a_dot_alone_however_it_is_split() {
        for (content, want) in [
            (&b".\r\n+OK"[..], Some(3)),
            (b"a\r\n.\r\n", Some(6)),
            (b"a\r\n..\r\n.\r\n.\r\n", Some(10)),
            (b"a\r\n\r\n.\r\n", Some(8)),
            (b"a\r\n.x\r\n", None),
            (b"a\n.\n", None),
            (b"a\n.\r\n", None),
            (b"a\r\n.\nb\r\n.\r\n", Some(11)),
            (b"a\r.\r\n", None),
            (b"", None),
        ] {
            for step in 1..12 {
                assert_eq!(end(content, step), want, "{:?} by {step}", String::from_utf8_lossy(content));
            }
        }
    }

    #[test]
    fn dots_come_and_go() {
        for message in [&b""[..], b"a\r\n", b".\r\n", b"..a\r\n.\r\n\r\n.b\r\n", b"a\r\nb.\r\n"] {
            assert_eq!(message_of(stuffed(message)), message);
            assert_eq!(message_in(&stuffed(message)), message);
            assert_eq!(end(&stuffed(message), 3), Some(stuffed(message).len()));
        }
        assert_eq!(stuffed(b"a\n.\nb"), b"a\n..\nb\r\n.\r\n");
        assert_eq!(unstuffed(b".a\r\n.b\r\nc.\r\n.".to_vec()), b"a\r\nb\r\nc.\r\n");
    }

    #[test]
    fn top_is_the_header_and_lines() {
        let message = b"A: b\r\n\r\n1\r\n2\r\n3";
        for (lines, want) in [
            (0, &b"A: b\r\n\r\n"[..]),
            (1, b"A: b\r\n\r\n1\r\n"),
            (2, b"A: b\r\n\r\n1\r\n2\r\n"),
            (3, message),
            (u32::MAX, message),
        ] {
            assert_eq!(top(message, lines), want, "{lines}");
        }
        assert_eq!(top(b"A: b", 0), b"A: b");
    }

    #[test]
    fn a_header_ends_at_the_first_empty_line() {
        for (octets, want) in [
            (&b"A: b\r\n\r\nx"[..], Ok(8)),
            (b"A: b\n\nx", Ok(6)),
            (b"\r\nx", Ok(2)),
            (b"A: b\r\n", Err(6)),
            (b"A: b\r\n\r", Err(6)),
            (b"A", Err(0)),
        ] {
            assert_eq!(header_end(octets, 0), want, "{octets:?}");
        }
    }
}
