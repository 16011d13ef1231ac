//! Search commands: without sets they stay as they came; with them the longer one is read again with the same keys, and
//! without what was put in it is the one that came.
use souspli::imap::command::Command;
use souspli::imap::frame::{Framer, Piece, Side};
use souspli::imap::line::Line;
use souspli::imap::numbers::Ranges;
use souspli::imap::search::{Key, Search, Seeking, Widened};

/// One input.
pub fn run(data: &[u8]) {
    let Some(command) = command(data) else { return };
    for seeking in [Seeking::Search, Seeking::Sort, Seeking::Thread] {
        let Some(search) = Search::parse(seeking, &command) else { continue };
        // A keyword of ours is answered here alone, also where nothing has it.
        let none = |key: &Key| matches!(key, Key::Text(_)).then(Ranges::default);
        assert_eq!(search.widened(&command.line, none), Widened::AsItCame);
        let set: Ranges = [(7, 9), (11, 11)].into_iter().collect();
        match search.widened(&command.line, |_| Some(set.clone())) {
            Widened::AsItCame => assert_eq!(search.keys().count(), 0),
            Widened::TooLong => {}
            Widened::Instead(line) => {
                assert!(line.octets() > command.line.octets());
                let again = Command { line, ..command.clone() };
                let again = Search::parse(seeking, &again).expect("what is made can be read");
                assert!(again.keys().eq(search.keys()));
            }
        }
    }
}

/// The first command of the stream that is complete.
fn command(data: &[u8]) -> Option<Command> {
    let mut framer = Framer::new(Side::Client);
    framer.push(data);
    let mut line = Line::default();
    loop {
        let piece = framer.next_piece().ok()??;
        let complete = matches!(piece, Piece::Text { literal: None, .. });
        line.push(piece);
        if complete {
            return Command::parse(line).ok();
        }
    }
}
