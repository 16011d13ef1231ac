//! Lines of a mail program (RFC 1939 §3), cut before any grammar.

use crate::base::limits::POP3_LINE_MAX;

/// What was sent and not yet read.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    overlong: bool,
}

/// A line that is not read: too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadLine;

impl Lines {
    /// Takes what was sent.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line without its line end. A bare LF is one, as servers take it from old programs: no content ever comes from a
    /// client, in which it could pass for another.
    pub fn next_line(&mut self) -> Option<Result<Vec<u8>, BadLine>> {
        let Some(lf) = memchr::memchr(b'\n', &self.buffer) else {
            if self.buffer.len() > POP3_LINE_MAX {
                self.overlong = true;
                self.buffer.clear();
            }
            return None;
        };
        let mut line: Vec<u8> = self.buffer.drain(..=lf).collect();
        let overlong = std::mem::take(&mut self.overlong) || line.len() > POP3_LINE_MAX;
        if overlong {
            return Some(Err(BadLine));
        }
        let end = line.len() - if line.ends_with(b"\r\n") { 2 } else { 1 };
        line.truncate(end);
        Some(Ok(line))
    }

    /// True while more may come: what is sent ahead waits here, and then in the socket.
    pub fn has_room(&self) -> bool {
        self.buffer.len() <= POP3_LINE_MAX
    }

    /// True when nothing waits to be obeyed.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// True for a TLS ClientHello on a connection in clear: nothing that it could read would help it.
    pub fn begins_tls(&self) -> bool {
        self.buffer.first() == Some(&0x16)
    }

    /// Forgets what was sent (RFC 2595 §4: before TLS it was anybody's).
    pub fn discard(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_an_end_and_a_bound() {
        let mut lines = Lines::default();
        lines.push(b"NOOP\r\nQU");
        assert_eq!(lines.next_line(), Some(Ok(b"NOOP".to_vec())));
        assert_eq!(lines.next_line(), None);
        lines.push(b"IT\n");
        assert_eq!(lines.next_line(), Some(Ok(b"QUIT".to_vec())));
        for _ in 0..100 {
            lines.push(&[b'a'; POP3_LINE_MAX]);
            assert_eq!(lines.next_line(), None);
            assert!(lines.buffer.len() <= POP3_LINE_MAX * 2);
        }
        lines.push(b"\r\nSTAT\r\n");
        assert_eq!(lines.next_line(), Some(Err(BadLine)));
        assert_eq!(lines.next_line(), Some(Ok(b"STAT".to_vec())));
    }
}
