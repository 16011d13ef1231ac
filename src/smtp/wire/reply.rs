//! Replies (RFC 5321 §4.2): written for the mail program, read from the provider.

use crate::base::Retry;
use crate::base::limits::SMTP_REPLY_MAX;
use crate::text::{Explanation, unaccent};

/// A reply: a code and its lines, without the code and the line ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Three digits, 200 to 599.
    pub code: u16,
    /// At least one.
    pub lines: Vec<String>,
}

/// Cuts a provider's stream into replies.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: Vec<u8>,
    lines: Vec<String>,
    octets: usize,
}

/// What a provider sent is no reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the provider sent something that is no SMTP reply")]
pub struct NoReply;

impl Reply {
    /// One line, made printable ASCII.
    pub fn new(code: u16, text: &str) -> Self {
        Self {
            code,
            lines: vec![unaccent(text)],
        }
    }

    /// An explanation as a refusal; whether trying again makes sense gives the code and the enhanced code (RFC 3463).
    pub fn refusal(explanation: &Explanation) -> Self {
        let (code, enhanced) = match explanation.retry {
            Retry::Never => (550, "5.7.1"),
            Retry::Later => (451, "4.4.1"),
            Retry::AfterUser => (450, "4.7.1"),
        };
        Self::explained(code, enhanced, explanation)
    }

    /// An explanation under a given code, the enhanced code at the start of each line (RFC 2034 §4).
    pub fn explained(code: u16, enhanced: &str, explanation: &Explanation) -> Self {
        let lines = wrap(&explanation.wire(), LINE_MAX)
            .into_iter()
            .map(|line| format!("{enhanced} {line}"))
            .collect();
        Self { code, lines }
    }

    /// 2yz.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Its lines as one.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// The reply as sent.
    pub fn encode(&self) -> Vec<u8> {
        let last = self.lines.len().saturating_sub(1);
        let line = |(at, text): (usize, &String)| format!("{}{}{}\r\n", self.code, if at == last { ' ' } else { '-' }, unaccent(text));
        self.lines.iter().enumerate().map(line).collect::<String>().into_bytes()
    }
}

impl ReplyReader {
    /// Adds what was read.
    pub fn feed(&mut self, input: &[u8]) {
        self.buffer.extend_from_slice(input);
    }

    /// The next whole reply.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, NoReply> {
        while let Some(lf) = memchr::memchr(b'\n', &self.buffer) {
            let line: Vec<u8> = self.buffer.drain(..=lf).collect();
            self.octets += line.len();
            if self.octets > SMTP_REPLY_MAX {
                return Err(NoReply);
            }
            if let Some(reply) = self.line(&line)? {
                self.octets = 0;
                return Ok(Some(reply));
            }
        }
        if self.octets + self.buffer.len() > SMTP_REPLY_MAX {
            Err(NoReply)
        } else {
            Ok(None)
        }
    }

    /// True when octets wait that no reply has used.
    pub fn holds_more(&self) -> bool {
        !self.buffer.is_empty() || !self.lines.is_empty()
    }

    /// `Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF`.
    fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, NoReply> {
        let line = line.trim_ascii_end();
        let digits = line.get(..3).filter(|d| d.iter().all(u8::is_ascii_digit)).ok_or(NoReply)?;
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        if !(200..600).contains(&code) {
            return Err(NoReply);
        }
        let (more, text) = match line.get(3) {
            None => (false, &line[3..]),
            Some(b' ') => (false, &line[4..]),
            Some(b'-') => (true, &line[4..]),
            Some(_) => return Err(NoReply),
        };
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        Ok((!more).then(|| Reply {
            code,
            lines: std::mem::take(&mut self.lines),
        }))
    }
}

/// RFC 5321 §4.5.3.1.5 allows 512 octets with the codes and the line end.
const LINE_MAX: usize = 480;

/// Cuts ASCII text at blanks into lines of at most `most` octets.
fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').flat_map(|word| chunks(word, most)) {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.len() + 1 + word.len() > most);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

fn chunks(word: &str, most: usize) -> Vec<String> {
    word.as_bytes()
        .chunks(most)
        .map(|chunk| String::from_utf8_lossy(chunk).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<Option<Reply>, NoReply> {
        let mut reader = ReplyReader::default();
        for octet in input {
            reader.feed(&[*octet]);
        }
        reader.next_reply()
    }

    #[test]
    fn replies_are_read() {
        let reply = |code, lines: &[&str]| {
            Ok(Some(Reply {
                code,
                lines: lines.iter().map(|l| (*l).to_owned()).collect(),
            }))
        };
        assert_eq!(read(b"250 ok\r\n"), reply(250, &["ok"]));
        assert_eq!(read(b"250-a\r\n250-b\r\n250 c\r\nrest"), reply(250, &["a", "b", "c"]));
        assert_eq!(read(b"334 \r\n"), reply(334, &[""]));
        assert_eq!(read(b"354\r\n"), reply(354, &[""]));
        assert_eq!(read(b"250-a\r\n"), Ok(None));
        for bad in ["hello\r\n", "25 x\r\n", "999 x\r\n", "250_x\r\n", "\r\n", "100 x\r\n"] {
            assert_eq!(read(bad.as_bytes()), Err(NoReply), "{bad:?}");
        }
        assert_eq!(read(&vec![b'2'; SMTP_REPLY_MAX + 1]), Err(NoReply));
    }

    #[test]
    fn a_provider_cannot_write_lines_of_ours() {
        let reply = Reply {
            code: 550,
            lines: vec!["a\r\n250 ok".to_owned()],
        };
        assert_eq!(reply.encode(), b"550 a  250 ok\r\n");
    }

    #[test]
    fn long_explanations_become_lines_of_512_octets() {
        let text = format!("{} {}", "adresse@exemple.fr, ".repeat(60), "x".repeat(1200));
        let explanation = Explanation::new("SP-X", Retry::Never, (text, ""), ("", ""));
        let wire = Reply::refusal(&explanation).encode();
        assert!(
            wire.split_inclusive(|b| *b == b'\n')
                .all(|line| line.len() <= 512 && line.starts_with(b"550") && line.ends_with(b"\r\n"))
        );
        assert!(wire.windows(6).any(|w| w == b"[SP-X]"));
    }
}
