//! Replies of a provider (RFC 1939 §3, RFC 2449 §3, §8): a status line, and content where a command has some.

use super::content::EndFinder;
use crate::base::limits::POP3_REPLY_MAX;

/// What a status line says; the text without its line end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply<'a> {
    /// `+OK`
    Ok(&'a [u8]),
    /// `-ERR`
    Err(&'a [u8]),
    /// `+ challenge` (RFC 5034 §4)
    Challenge,
    /// Anything else.
    Garbage,
}

impl<'a> Reply<'a> {
    /// Reads a line, line end included.
    pub fn of(line: &'a [u8]) -> Self {
        // A line that does not end as RFC 1939 §3 has it is another protocol's, or its content would have no end.
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return Self::Garbage;
        };
        let (word, text) = match memchr::memchr(b' ', line) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &b""[..]),
        };
        match word {
            b"+OK" => Self::Ok(text),
            b"-ERR" => Self::Err(text),
            b"+" => Self::Challenge,
            _ => Self::Garbage,
        }
    }
}

/// What a provider says, cut.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A line, line end included.
    Line(Vec<u8>),
    /// Some of the content, as it came.
    Content(Vec<u8>),
    /// The last of it, the final dot included.
    End(Vec<u8>),
}

/// A status line beyond the bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLong;

/// The octets of a provider.
#[derive(Debug, Default)]
pub struct Replies {
    buffer: Vec<u8>,
    content: Option<EndFinder>,
}

impl Replies {
    /// Takes what was sent.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What follows the line that was just heard is content: only who asked can know.
    pub fn expect_content(&mut self) {
        self.content = Some(EndFinder::default());
    }

    /// What was said next.
    pub fn next_heard(&mut self) -> Result<Option<Heard>, TooLong> {
        match &mut self.content {
            Some(_) if self.buffer.is_empty() => Ok(None),
            Some(finder) => Ok(Some(match finder.find(&self.buffer) {
                Some(end) => {
                    self.content = None;
                    Heard::End(self.buffer.drain(..end).collect())
                }
                None => Heard::Content(std::mem::take(&mut self.buffer)),
            })),
            None => match memchr::memchr(b'\n', &self.buffer) {
                Some(lf) if lf < POP3_REPLY_MAX => Ok(Some(Heard::Line(self.buffer.drain(..=lf).collect()))),
                None if self.buffer.len() < POP3_REPLY_MAX => Ok(None),
                Some(_) | None => Err(TooLong),
            },
        }
    }

    /// True when everything that was sent has been heard.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.content.is_none()
    }

    /// Forgets everything; true when there was something.
    pub fn discard(&mut self) -> bool {
        let there = !self.is_empty();
        *self = Self::default();
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_and_what_is_none() {
        for (line, want) in [
            (&b"+OK\r\n"[..], Reply::Ok(b"")),
            (b"+OK 2 320\r\n", Reply::Ok(b"2 320")),
            (b"-ERR [AUTH] no\r\n", Reply::Err(b"[AUTH] no")),
            (b"+ \r\n", Reply::Challenge),
            (b"+ eyJ9\r\n", Reply::Challenge),
            (b"+OK\n", Reply::Garbage),
            (b"+OKAY\r\n", Reply::Garbage),
            (b"* OK IMAP\r\n", Reply::Garbage),
            (b"220 smtp\r\n", Reply::Garbage),
            (b"\r\n", Reply::Garbage),
        ] {
            assert_eq!(Reply::of(line), want, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_line_has_a_bound_and_content_has_none() {
        let mut replies = Replies::default();
        replies.push(&[b'a'; POP3_REPLY_MAX]);
        assert_eq!(replies.next_heard(), Err(TooLong));
        let mut replies = Replies::default();
        replies.push(b"+OK\r\n");
        assert_eq!(replies.next_heard(), Ok(Some(Heard::Line(b"+OK\r\n".to_vec()))));
        replies.expect_content();
        let long = vec![b'a'; 1 << 20];
        replies.push(&long);
        assert_eq!(replies.next_heard(), Ok(Some(Heard::Content(long))));
        replies.push(b"\r\n.\r\n+OK");
        assert_eq!(replies.next_heard(), Ok(Some(Heard::End(b"\r\n.\r\n".to_vec()))));
        assert!(replies.discard());
    }
}
