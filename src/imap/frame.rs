//! Lines and literals, before any grammar (RFC 9051 §2.2, §4.3): both directions, incremental, streaming.
//!
//! `literal = "{" number64 ["+"] "}" CRLF *CHAR8`, `literal8` with `~` before it. Literal octets are counted, never
//! looked at: what resembles a reply inside a message stays inside it.

use crate::base::limits;

/// Cuts a stream of octets into [`Piece`]s. Holds no more than one line and what was pushed beyond it.
#[derive(Debug)]
pub struct Framer {
    side: Side,
    buffer: Vec<u8>,
    start: usize,
    scanned: usize,
    state: State,
    line_octets: usize,
    literals: Literals,
}

/// Whose stream it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Commands: a line ends with CRLF and nothing else.
    Client,
    /// Responses: a bare LF is a line end too, and a status line announces no literal whatever its text ends with.
    Server,
}

/// What the framer hands out, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A line, or the part of one that ends with a literal's announcement; line end included.
    Text {
        /// The octets.
        bytes: Vec<u8>,
        /// The literal that follows; `None`: the line is complete.
        literal: Option<Announced>,
    },
    /// Octets of the literal that was announced.
    Literal {
        /// The octets.
        bytes: Vec<u8>,
        /// How many of this literal are still to come.
        left: u64,
    },
}

/// `{n}`, `{n+}`, `~{n}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Announced {
    /// Octets.
    pub size: u64,
    /// Whether the sender waits for `+`.
    pub sync: Sync,
    /// Which literal.
    pub form: Form,
}

/// Whether the sender waits (RFC 7888).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sync {
    /// `{n}`: a client waits for the server's `+`.
    Waits,
    /// `{n+}`: it does not.
    Flows,
}

/// `literal` or `literal8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `{n}`.
    Plain,
    /// `~{n}` (RFC 3516 §4.3.1).
    Binary,
}

/// Why a stream cannot be cut any further.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FrameError {
    /// More than `limits::IMAP_LINE_MAX`.
    #[error("the line is too long")]
    LineTooLong,
    /// A size that no number holds.
    #[error("the literal's size cannot be read")]
    LiteralSize,
    /// A CR or LF alone in a command.
    #[error("a bare CR or LF in a command")]
    BareLineEnd,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Text,
    Literal(u64),
    Lost(FrameError),
}

/// Whether the line at hand may announce literals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Literals {
    Unknown,
    Allowed,
    Never,
}

impl Framer {
    /// For one direction of one connection.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            state: State::Text,
            line_octets: 0,
            literals: Literals::Unknown,
        }
    }

    /// Takes what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        } else if self.start > 0 && self.start * 2 >= self.buffer.len() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next piece; `None`: more must be pushed first. After an error there is none: nobody knows where a line begins.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, FrameError> {
        let piece = match self.state {
            State::Literal(left) => Ok(self.literal(left)),
            State::Text => self.text(),
            State::Lost(error) => Err(error),
        };
        piece.inspect_err(|error| self.state = State::Lost(*error))
    }

    /// Forgets what was pushed and not handed out; true when there was something (RFC 9051 §6.2.1, STARTTLS).
    pub fn discard(&mut self) -> bool {
        let some = self.start < self.buffer.len();
        *self = Self::new(self.side);
        some
    }

    /// The announced literal will not come: its sender was told so before it was asked to go on.
    pub fn cancel_literal(&mut self) {
        (self.state, self.line_octets, self.literals) = (State::Text, 0, Literals::Unknown);
    }

    /// Gives large buffers back once they are empty: an idle connection stays small.
    pub fn shrink(&mut self) {
        if self.start == self.buffer.len() && self.buffer.capacity() > 16 * 1024 {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }

    fn literal(&mut self, left: u64) -> Option<Piece> {
        let here = self.buffer.len() - self.start;
        let take = usize::try_from(left).map_or(here, |left| left.min(here));
        if take == 0 && left > 0 {
            return None;
        }
        let bytes = self.take(take);
        let left = left - take as u64;
        self.state = if left == 0 { State::Text } else { State::Literal(left) };
        Some(Piece::Literal { bytes, left })
    }

    fn text(&mut self) -> Result<Option<Piece>, FrameError> {
        let fresh = &self.buffer[self.start + self.scanned..];
        let Some(end) = memchr::memchr(b'\n', fresh).map(|at| self.scanned + at + 1) else {
            self.scanned += fresh.len();
            return if self.line_octets + self.scanned > limits::IMAP_LINE_MAX {
                Err(FrameError::LineTooLong)
            } else {
                Ok(None)
            };
        };
        self.line_octets += end;
        if self.line_octets > limits::IMAP_LINE_MAX {
            return Err(FrameError::LineTooLong);
        }
        let bytes = self.take(end);
        self.scanned = 0;
        if self.side == Side::Client {
            check_line_end(&bytes)?;
        }
        if self.literals == Literals::Unknown {
            let never = self.side == Side::Server && is_status(&bytes);
            self.literals = if never { Literals::Never } else { Literals::Allowed };
        }
        let literal = if self.literals == Literals::Allowed {
            announced(&bytes)?
        } else {
            None
        };
        match literal {
            Some(literal) => self.state = State::Literal(literal.size),
            None => (self.line_octets, self.literals) = (0, Literals::Unknown),
        }
        Ok(Some(Piece::Text { bytes, literal }))
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        // The middle of a large literal moves on uncopied.
        if self.start == 0 && count == self.buffer.len() {
            return std::mem::take(&mut self.buffer);
        }
        let bytes = self.buffer[self.start..self.start + count].to_vec();
        self.start += count;
        bytes
    }
}

/// The line without its line end.
pub fn chomp(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn check_line_end(line: &[u8]) -> Result<(), FrameError> {
    match line.strip_suffix(b"\r\n") {
        Some(text) if memchr::memchr(b'\r', text).is_none() => Ok(()),
        _ => Err(FrameError::BareLineEnd),
    }
}

/// Reads the announcement at the end of a line; text in braces that is no number announces nothing.
fn announced(line: &[u8]) -> Result<Option<Announced>, FrameError> {
    let Some(inside) = chomp(line).strip_suffix(b"}") else {
        return Ok(None);
    };
    let Some(open) = memchr::memrchr(b'{', inside) else {
        return Ok(None);
    };
    let (digits, sync) = match inside[open + 1..].strip_suffix(b"+") {
        Some(digits) => (digits, Sync::Flows),
        None => (&inside[open + 1..], Sync::Waits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let size = std::str::from_utf8(digits)
        .ok()
        .and_then(|d| d.parse().ok())
        .ok_or(FrameError::LiteralSize)?;
    let form = if open > 0 && inside[open - 1] == b'~' {
        Form::Binary
    } else {
        Form::Plain
    };
    Ok(Some(Announced { size, sync, form }))
}

/// Status responses end in free text (RFC 9051 §7.1): `* OK`, `+ ...`, and every tagged line.
fn is_status(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"* ") else { return true };
    let word = rest.split(|b| !b.is_ascii_alphabetic()).next().unwrap_or_default();
    ["OK", "NO", "BAD", "BYE", "PREAUTH"]
        .iter()
        .any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(side: Side, chunks: &[&[u8]]) -> Result<Vec<Piece>, FrameError> {
        let mut framer = Framer::new(side);
        let mut pieces: Vec<Piece> = Vec::new();
        for chunk in chunks {
            framer.push(chunk);
            while let Some(piece) = framer.next_piece()? {
                join(&mut pieces, piece);
            }
        }
        Ok(pieces)
    }

    /// Chunks of one literal are one piece again, so that two ways of splitting can be compared.
    fn join(pieces: &mut Vec<Piece>, piece: Piece) {
        if let (Some(Piece::Literal { bytes: before, left: open }), Piece::Literal { bytes, left }) = (pieces.last_mut(), &piece)
            && *open > 0
        {
            before.extend_from_slice(bytes);
            *open = *left;
            return;
        }
        pieces.push(piece);
    }

    fn text(bytes: &[u8], size: Option<u64>) -> Piece {
        let literal = size.map(|size| Announced {
            size,
            sync: Sync::Waits,
            form: Form::Plain,
        });
        Piece::Text {
            bytes: bytes.to_vec(),
            literal,
        }
    }

    fn literal(bytes: &[u8]) -> Piece {
        Piece::Literal {
            bytes: bytes.to_vec(),
            left: 0,
        }
    }

    #[test]
    fn octets_of_a_literal_are_not_lines() {
        let stream = b"* 1 FETCH (BODY[] {11}\r\na1 OK {3}\r\n)\r\na1 OK done {9}\r\n* 2 EXISTS\r\n";
        let want = vec![
            text(b"* 1 FETCH (BODY[] {11}\r\n", Some(11)),
            literal(b"a1 OK {3}\r\n"),
            text(b")\r\n", None),
            text(b"a1 OK done {9}\r\n", None),
            text(b"* 2 EXISTS\r\n", None),
        ];
        assert_eq!(cut(Side::Server, &[stream]).unwrap(), want);
    }

    #[test]
    fn after_an_error_nothing_is_taken_for_a_line() {
        for stream in ["* x {77777777777777777777777}\r\n", "a NOOP\n"] {
            let mut framer = Framer::new(Side::Client);
            framer.push(stream.as_bytes());
            let error = framer.next_piece().unwrap_err();
            framer.push(b"a LOGOUT\r\n");
            assert_eq!(framer.next_piece(), Err(error));
        }
    }

    #[test]
    fn announcements() {
        let some = |size, sync, form| Ok(Some(Announced { size, sync, form }));
        for (line, want) in [
            (&b"a {0}\r\n"[..], some(0, Sync::Waits, Form::Plain)),
            (b"a {5+}\r\n", some(5, Sync::Flows, Form::Plain)),
            (b"a ~{5}\r\n", some(5, Sync::Waits, Form::Binary)),
            (b"{7}\n", some(7, Sync::Waits, Form::Plain)),
            (b"a {}\r\n", Ok(None)),
            (b"a {+}\r\n", Ok(None)),
            (b"a {-1}\r\n", Ok(None)),
            (b"a {5} \r\n", Ok(None)),
            (b"a 5}\r\n", Ok(None)),
            (b"a {99999999999999999999999}\r\n", Err(FrameError::LiteralSize)),
        ] {
            assert_eq!(announced(line), want, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn an_empty_literal_is_a_piece() {
        let pieces = cut(Side::Client, &[b"a CREATE {0}\r\n\r\n"]).unwrap();
        assert_eq!(pieces, vec![text(b"a CREATE {0}\r\n", Some(0)), literal(b""), text(b"\r\n", None)]);
    }

    #[test]
    fn a_command_with_a_bare_line_end_is_refused() {
        for line in [&b"a NOOP\n"[..], b"a NOOP\rb NOOP\r\n", b"a \r\r\n"] {
            assert_eq!(cut(Side::Client, &[line]), Err(FrameError::BareLineEnd));
        }
        assert!(cut(Side::Server, &[b"* OK\n"]).is_ok());
    }

    #[test]
    fn an_endless_line_is_refused() {
        let flood = vec![b'x'; limits::IMAP_LINE_MAX + 1];
        assert_eq!(cut(Side::Server, &[&flood]), Err(FrameError::LineTooLong));
        let many: Vec<u8> = b"xxxxxxxxxxxxxx{0}\r\n"
            .iter()
            .copied()
            .cycle()
            .take(limits::IMAP_LINE_MAX + 64)
            .collect();
        let mut hostile = b"* LIST ".to_vec();
        hostile.extend_from_slice(&many);
        assert_eq!(cut(Side::Server, &[&hostile]), Err(FrameError::LineTooLong));
    }

    proptest! {
        #[test]
        fn how_the_network_splits_a_stream_changes_nothing(cuts in proptest::collection::vec(0usize..90, 0..8)) {
            let stream = &b"* 1 FETCH (UID 7 BODY[] {11}\r\na1 OK {3}\r\n X {0}\r\n)\r\n* OK {5}\r\na1 OK done\r\n* LIST () NIL {2}\r\nab\r\n"[..];
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &stream[w[0]..w[1]]).collect();
            prop_assert_eq!(cut(Side::Server, &chunks), cut(Side::Server, &[stream]));
        }

        #[test]
        fn no_stream_is_altered_and_none_panics(stream in proptest::collection::vec(prop_oneof![
            Just(b'{'), Just(b'}'), Just(b'1'), Just(b'+'), Just(b'\r'), Just(b'\n'), Just(b'*'), Just(b' '), any::<u8>()
        ], 0..200)) {
            let mut framer = Framer::new(Side::Server);
            framer.push(&stream);
            let mut out = Vec::new();
            while let Ok(Some(piece)) = framer.next_piece() {
                match piece { Piece::Text { bytes, .. } | Piece::Literal { bytes, .. } => out.extend(bytes) }
            }
            prop_assert!(stream.starts_with(&out));
        }
    }
}
