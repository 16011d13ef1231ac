//! The content of DATA, both ways (RFC 5321 §4.5.2).
//!
//! Only CRLF.CRLF ends it. A CR or LF on its own is never taken for a line end and never repaired: another server might
//! read a second message there (SMTP smuggling), so the whole content is taken to its true end and then refused. So is a
//! NUL, which no message may hold (RFC 2045 §2.8): a server that drops it would see the end of data in `CRLF NUL . CRLF`.

use crate::text::{Explain, Explanation, outgoing as text};

const BARE: Fault = Fault::Unfit(Unfit::BareLineEnd);

/// Takes content apart from the stream, whatever the pieces it comes in.
#[derive(Debug)]
pub struct DataDecoder {
    state: State,
    message: Vec<u8>,
    most: usize,
    fault: Option<Fault>,
}

/// How the content ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// The message, dots unstuffed.
    Message(Vec<u8>),
    /// Not to be relayed; nothing of it was kept.
    Faulty(Fault),
}

/// Why content is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It holds what no message may hold.
    Unfit(Unfit),
    /// More octets than allowed.
    TooLarge,
    /// More octets than declared, and there is no room for them now.
    NoRoom,
}

/// Octets that another server might read as something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// A CR or LF that is not part of a CRLF.
    BareLineEnd,
    /// An octet 0.
    Nul,
}

impl Explain for Unfit {
    fn explain(&self) -> Explanation {
        match self {
            Unfit::BareLineEnd => text::bare_line_end(),
            Unfit::Nul => text::nul_octet(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    LineStart,
    Dot,
    DotCr,
    Line,
    Cr,
}

impl DataDecoder {
    /// A decoder for content of at most `most` octets.
    pub fn new(most: usize) -> Self {
        // The CRLF of the DATA command itself begins the first line.
        Self {
            state: State::LineStart,
            message: Vec::new(),
            most,
            fault: None,
        }
    }

    /// Takes octets; answers how many were used, and the content once its end has been seen.
    pub fn feed(&mut self, input: &[u8]) -> (usize, Option<Content>) {
        let mut at = 0;
        while at < input.len() {
            if self.state == State::Line {
                let run = memchr::memchr3(b'\r', b'\n', 0, &input[at..]).unwrap_or(input.len() - at);
                self.keep(&input[at..at + run]);
                at += run;
                if at == input.len() {
                    break;
                }
            }
            let octet = input[at];
            at += 1;
            if self.step(octet) {
                return (at, Some(self.end()));
            }
        }
        (at, None)
    }

    /// Octets of the message held so far.
    pub fn held(&self) -> usize {
        self.message.len()
    }

    /// Goes on to the end, keeping nothing.
    pub fn give_up(&mut self, fault: Fault) {
        self.spoil(fault);
    }

    /// True when this octet is the last of the end of data.
    fn step(&mut self, octet: u8) -> bool {
        self.state = match (self.state, octet) {
            (State::DotCr, b'\n') => return true,
            (State::LineStart, b'.') => State::Dot,
            (State::Dot, b'\r') => State::DotCr,
            (State::Cr, b'\n') => {
                self.keep(b"\r\n");
                State::LineStart
            }
            (State::Cr | State::DotCr, b'\r') => {
                self.spoil(BARE);
                State::Cr
            }
            (State::Cr | State::DotCr, _) | (_, b'\n') => {
                self.spoil(BARE);
                State::Line
            }
            (_, 0) => {
                self.spoil(Fault::Unfit(Unfit::Nul));
                State::Line
            }
            (_, b'\r') => State::Cr,
            _ => {
                self.keep(&[octet]);
                State::Line
            }
        };
        false
    }

    fn keep(&mut self, octets: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        if self.message.len() + octets.len() > self.most {
            return self.spoil(Fault::TooLarge);
        }
        self.message.extend_from_slice(octets);
    }

    fn spoil(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
        self.message = Vec::new();
    }

    fn end(&mut self) -> Content {
        match self.fault {
            Some(fault) => Content::Faulty(fault),
            None => Content::Message(std::mem::take(&mut self.message)),
        }
    }
}

/// Writes a message as it is sent after 354: dots stuffed, end of data added.
#[derive(Debug)]
pub struct DataEncoder {
    at_line_start: bool,
}

impl Default for DataEncoder {
    fn default() -> Self {
        Self { at_line_start: true }
    }
}

impl DataEncoder {
    /// The next octets of the message, put behind `out`.
    pub fn feed(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        if self.at_line_start && octets.starts_with(b".") {
            out.push(b'.');
        }
        let mut start = 0;
        for line_end in memchr::memmem::find_iter(octets, b"\n.") {
            out.extend_from_slice(&octets[start..=line_end]);
            out.push(b'.');
            start = line_end + 1;
        }
        out.extend_from_slice(&octets[start..]);
        self.at_line_start = octets.last().map_or(self.at_line_start, |last| *last == b'\n');
    }

    /// The end of data. A message without a final CRLF gets one, for the grammar leaves no other way.
    pub fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.at_line_start { b".\r\n" } else { b"\r\n.\r\n" });
    }
}

/// What keeps a message from being sent: a CR or LF that is not part of a CRLF, or a NUL.
pub fn unfit<'a>(stretches: impl Iterator<Item = &'a [u8]>) -> Option<Unfit> {
    let mut after_cr = false;
    for stretch in stretches.filter(|stretch| !stretch.is_empty()) {
        if after_cr && stretch[0] != b'\n' {
            return Some(Unfit::BareLineEnd);
        }
        let mut at = usize::from(after_cr);
        after_cr = false;
        while let Some(found) = memchr::memchr3(b'\r', b'\n', 0, &stretch[at..]) {
            at += found;
            match &stretch[at..] {
                [b'\r', b'\n', ..] => at += 2,
                [b'\r'] => {
                    after_cr = true;
                    at += 1;
                }
                [0, ..] => return Some(Unfit::Nul),
                _ => return Some(Unfit::BareLineEnd),
            }
        }
    }
    after_cr.then_some(Unfit::BareLineEnd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(input: &[u8], cuts: &[usize]) -> (Option<Content>, usize) {
        let mut decoder = DataDecoder::new(1 << 20);
        let mut bounds: Vec<usize> = cuts.iter().map(|c| c % (input.len() + 1)).collect();
        bounds.extend([0, input.len()]);
        bounds.sort_unstable();
        for pair in bounds.windows(2) {
            let (used, content) = decoder.feed(&input[pair[0]..pair[1]]);
            if content.is_some() {
                return (content, pair[0] + used);
            }
        }
        (None, input.len())
    }

    /// What is sent for a message that comes in two pieces; `None`: it must not be sent.
    fn encode(message: &[u8], cut: usize) -> Option<Vec<u8>> {
        let (head, tail) = message.split_at(cut % (message.len() + 1));
        let mut out = Vec::new();
        let mut encoder = DataEncoder::default();
        [head, tail].iter().for_each(|piece| encoder.feed(piece, &mut out));
        encoder.end(&mut out);
        unfit([head, tail].into_iter()).is_none().then_some(out)
    }

    fn message(text: &[u8]) -> Option<Content> {
        Some(Content::Message(text.to_vec()))
    }

    const BARE: Option<Content> = Some(Content::Faulty(super::BARE));
    const NUL: Option<Content> = Some(Content::Faulty(Fault::Unfit(Unfit::Nul)));

    #[test]
    fn only_crlf_dot_crlf_ends() {
        for (input, wanted, used) in [
            (b".\r\nQUIT\r\n".as_slice(), message(b""), 3),
            (b"a\r\n.\r\nMAIL", message(b"a\r\n"), 6),
            (b"..a\r\n...\r\n.b\r\n.\r\n", message(b".a\r\n..\r\nb\r\n"), 17),
            (b"a.\r\n.\r\n", message(b"a.\r\n"), 7),
            (b"\r\n.\r\n", message(b"\r\n"), 5),
            (b"a\r\n. \r\n.\r\n", message(b"a\r\n \r\n"), 10),
            (b"a\r\n.", None, 4),
            (b"a\r\n.\r", None, 5),
            (b"a\nb\r\n.\r\n", BARE, 8),
            (b"a\rb\r\n.\r\n", BARE, 8),
            (b".\rx\r\n.\r\n", BARE, 8),
            (b".\nx\r\n.\r\n", BARE, 8),
            (b"\n.\r\n\r\n.\r\n", BARE, 9),
            (b".\r\r\n.\r\n", BARE, 7),
            (b"a\0b\r\n.\r\n", NUL, 8),
            (b"\0.\r\n.\r\n", NUL, 7),
            (b".\0\r\n.\r\n", NUL, 7),
            (b"\n\0\r\n.\r\n", BARE, 7),
            (b"\0\n\r\n.\r\n", NUL, 7),
        ] {
            assert_eq!(decode(input, &[]), (wanted, used), "{:?}", String::from_utf8_lossy(input));
        }
    }

    #[test]
    fn look_alikes_never_make_two_messages() {
        let Some(corpora) = corpora() else { return };
        let text = std::fs::read_to_string(corpora.join("smtp-smuggling-tools/smtp-smuggling-sequences.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let sequences = json["sequences"].as_object().unwrap();
        assert_eq!(sequences.len(), 11);
        for (name, hex) in sequences {
            let hex = hex.as_str().unwrap();
            let sequence: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                .collect();
            let input = [b"Subject: x\r\n\r\none".as_slice(), &sequence, b"MAIL FROM:<evil@x>\r\n.\r\n"].concat();
            let (content, used) = decode(&input, &[]);
            assert_eq!(used, input.len(), "{name} ended the data");
            let wanted = if name.contains("NUL") { Unfit::Nul } else { Unfit::BareLineEnd };
            assert_eq!(content, Some(Content::Faulty(Fault::Unfit(wanted))), "{name}");
        }
    }

    fn corpora() -> Option<std::path::PathBuf> {
        let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
        let folder = std::env::var_os("SOUSPLI_CORPORA").map_or_else(beside, Into::into);
        if folder.is_dir() {
            return Some(folder);
        }
        assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
        println!("skipped: no corpora at {}", folder.display());
        None
    }

    #[test]
    fn what_is_too_large_is_read_to_its_end() {
        let mut decoder = DataDecoder::new(4);
        assert_eq!(decoder.feed(b"ab\r\n.\r\n"), (7, Some(Content::Message(b"ab\r\n".to_vec()))));
        let mut decoder = DataDecoder::new(4);
        assert_eq!(decoder.feed(b"abc\r\n.\r\n"), (8, Some(Content::Faulty(Fault::TooLarge))));
    }

    #[test]
    fn dots_are_stuffed_at_line_starts_only() {
        for (text, wanted) in [
            ("", ".\r\n"),
            ("a", "a\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            (".a\r\n.\r\nb.c\r\n", "..a\r\n..\r\nb.c\r\n.\r\n"),
        ] {
            for cut in 0..=text.len() {
                assert_eq!(encode(text.as_bytes(), cut).as_deref(), Some(wanted.as_bytes()), "{text:?}");
            }
        }
        for text in ["a\nb", "a\rb", "\r\r\n", "a\r", "\n", "a\0b", "\0", "\r\0\n"] {
            for cut in 0..=text.len() {
                assert_eq!(encode(text.as_bytes(), cut), None, "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(input in "[a.\0\r\n]{0,40}", cuts in proptest::collection::vec(0usize..64, 0..12)) {
            let whole = decode(input.as_bytes(), &[]);
            prop_assert_eq!(&decode(input.as_bytes(), &cuts), &whole);
            let end = format!("\r\n{input}").find("\r\n.\r\n").map(|at| at + 3);
            prop_assert_eq!(whole.0.map(|_| whole.1), end);
        }

        #[test]
        fn what_is_sent_is_what_was_taken(lines in proptest::collection::vec("[a.é]{0,6}", 0..8), cut: usize) {
            let text: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
            let wire = encode(text.as_bytes(), cut).unwrap();
            prop_assert_eq!(decode(&wire, &[]), (message(text.as_bytes()), wire.len()));
        }
    }
}
