//! The client's side: whole commands with their literals, bounded, asked for with `+` where the client waits.

use super::command::{Command, Verb};
use super::frame::{Announced, FrameError, Framer, Piece, Side, Sync, chomp};
use super::line::Line;
use crate::base::limits;

/// Reads commands.
#[derive(Debug)]
pub struct Intake {
    framer: Framer,
    line: Line,
    literal_octets: u64,
    stage: Stage,
    form: LineForm,
    /// Set while a command that was too large is read to its end and forgotten.
    refusing: Option<Refusal>,
    /// Set while a large literal waits for room; whether its sender waits too.
    held_back: Option<Sync>,
}

/// How much a client may send before it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Before its login: short commands.
    Stranger,
    /// After it: messages too.
    Known,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LineForm {
    Command,
    Raw,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// A command.
    Command(Command),
    /// `DONE`, which ends IDLE (RFC 2177).
    Done,
    /// The line that was asked for by [`Intake::expect_raw`].
    Raw(Vec<u8>),
    /// The client waits for `+`.
    Waits,
    /// So many octets of a message are to come, and come after [`Intake::go_on`].
    Large(u64),
    /// A command that is not taken; its tag, `*` when it has none.
    Refused(String, Refusal),
}

/// Why a command is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It has no name, or no tag.
    Unreadable,
    /// Its literals are too large.
    CommandTooLarge,
    /// The message is too large.
    MessageTooLarge,
}

impl Intake {
    /// For one connection.
    pub fn new() -> Self {
        Self {
            framer: Framer::new(Side::Client),
            line: Line::default(),
            literal_octets: 0,
            stage: Stage::Stranger,
            form: LineForm::Command,
            refusing: None,
            held_back: None,
        }
    }

    /// Takes what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
    }

    /// The next thing that is complete.
    pub fn take(&mut self) -> Result<Option<Taken>, FrameError> {
        if self.held_back.is_some() {
            return Ok(None);
        }
        while let Some(piece) = self.framer.next_piece()? {
            if let Some(taken) = self.piece(piece) {
                return Ok(Some(taken));
            }
        }
        self.framer.shrink();
        Ok(None)
    }

    /// Whether nothing more is read for want of room.
    pub fn is_held_back(&self) -> bool {
        self.held_back.is_some()
    }

    /// There is room for the literal that was announced; whether its sender waits to be told.
    pub fn go_on(&mut self) -> Option<Sync> {
        self.held_back.take()
    }

    /// The next line is no command but what a challenge asked for.
    pub fn expect_raw(&mut self) {
        self.form = LineForm::Raw;
    }

    /// From now on messages may come.
    pub fn known(&mut self) {
        self.stage = Stage::Known;
    }

    /// Forgets what was sent ahead (RFC 9051 §6.2.1: nothing of before TLS counts after it).
    pub fn discard(&mut self) {
        self.framer.discard();
    }

    fn piece(&mut self, piece: Piece) -> Option<Taken> {
        match piece {
            Piece::Text {
                literal: Some(announced), ..
            } => {
                self.keep(piece);
                self.announced(announced)
            }
            Piece::Text { literal: None, .. } => {
                self.keep(piece);
                Some(self.complete())
            }
            Piece::Literal { .. } => {
                self.keep(piece);
                None
            }
        }
    }

    fn keep(&mut self, piece: Piece) {
        if self.refusing.is_none() {
            self.line.push(piece);
        }
    }

    fn announced(&mut self, announced: Announced) -> Option<Taken> {
        let (bound, refusal) = self.bound();
        self.literal_octets = self.literal_octets.saturating_add(announced.size);
        let fits = self.refusing.is_none() && self.literal_octets <= bound as u64;
        if fits && announced.size >= limits::LARGE_MESSAGE {
            self.held_back = Some(announced.sync);
            return Some(Taken::Large(announced.size));
        }
        match (fits, announced.sync) {
            (true, Sync::Waits) => Some(Taken::Waits),
            (true, Sync::Flows) => None,
            (false, Sync::Waits) => {
                self.framer.cancel_literal();
                let refusal = self.refusing.take().unwrap_or(refusal);
                Some(self.refuse(refusal))
            }
            (false, Sync::Flows) => {
                self.refusing = self.refusing.or(Some(refusal));
                None
            }
        }
    }

    fn bound(&self) -> (usize, Refusal) {
        let command = (limits::IMAP_COMMAND_LITERAL_MAX, Refusal::CommandTooLarge);
        if self.stage == Stage::Stranger {
            return command;
        }
        let head = Line::of(self.line.text().get(..self.line.text().len().min(512)).unwrap_or_default());
        match Command::parse(head) {
            Ok(Command { verb: Verb::Append, .. }) => (limits::MESSAGE_MAX + limits::IMAP_COMMAND_LITERAL_MAX, Refusal::MessageTooLarge),
            _ => command,
        }
    }

    fn complete(&mut self) -> Taken {
        if let Some(refusal) = self.refusing.take() {
            return self.refuse(refusal);
        }
        self.literal_octets = 0;
        let mut line = std::mem::take(&mut self.line);
        if self.form == LineForm::Raw {
            self.form = LineForm::Command;
            let raw = chomp(line.text()).to_vec();
            line.wipe();
            return Taken::Raw(raw);
        }
        if line.literal_count() == 0 && chomp(line.text()).eq_ignore_ascii_case(b"DONE") {
            return Taken::Done;
        }
        match Command::parse(line) {
            Ok(command) => Taken::Command(command),
            Err(tag) => Taken::Refused(tag, Refusal::Unreadable),
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> Taken {
        self.literal_octets = 0;
        self.form = LineForm::Command;
        let line = std::mem::take(&mut self.line);
        let head = Line::of(line.text().get(..line.text().len().min(512)).unwrap_or_default());
        let tag = Command::parse(head).map_or_else(|tag| tag, |command| command.tag);
        Taken::Refused(tag, refusal)
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stage: Stage, stream: &[u8]) -> Vec<Taken> {
        let mut intake = Intake::new();
        intake.stage = stage;
        intake.push(stream);
        std::iter::from_fn(|| intake.take().unwrap()).collect()
    }

    #[test]
    fn a_waiting_client_is_told_to_go_on() {
        let taken = all(Stage::Known, b"a CREATE {3}\r\nabc\r\nDONE\r\n");
        assert!(matches!(&taken[..], [Taken::Waits, Taken::Command(c), Taken::Done] if c.mailbox().unwrap() == "abc"));
    }

    #[test]
    fn a_large_message_waits_for_room() {
        for (sign, sync) in [("", Sync::Waits), ("+", Sync::Flows)] {
            let mut intake = Intake::new();
            intake.known();
            intake.push(format!("a APPEND x {{{}{sign}}}\r\n", 1 << 20).as_bytes());
            assert_eq!(intake.take().unwrap(), Some(Taken::Large(1 << 20)));
            intake.push(&vec![b'x'; 1 << 20]);
            intake.push(b"\r\n");
            assert_eq!(intake.take().unwrap(), None);
            assert!(intake.is_held_back());
            assert_eq!(intake.go_on(), Some(sync));
            assert!(matches!(intake.take().unwrap(), Some(Taken::Command(_))));
        }
    }

    #[test]
    fn what_is_too_large_is_not_held() {
        let flowing = [b"a LOGIN {70000+}\r\n", &vec![b'x'; 70_000][..], b" {2+}\r\nyy\r\nb NOOP\r\n"].concat();
        let taken = all(Stage::Stranger, &flowing);
        assert!(
            matches!(&taken[..], [Taken::Refused(tag, Refusal::CommandTooLarge), Taken::Command(_)] if tag == "a"),
            "{taken:?}"
        );
        let taken = all(Stage::Known, b"a APPEND x {4294967296}\r\nb NOOP\r\n");
        assert!(matches!(
            &taken[..],
            [Taken::Refused(_, Refusal::MessageTooLarge), Taken::Command(_)]
        ));
        let taken = all(Stage::Stranger, b"a APPEND x {70000}\r\nb NOOP\r\n");
        assert!(matches!(
            &taken[..],
            [Taken::Refused(_, Refusal::CommandTooLarge), Taken::Command(_)]
        ));
    }
}
