//! Search commands: the criteria that the provider gets are the client's octets but for keywords of ours, every question is a
//! stretch of them, and both can be read again.
use souspli::imap::command::{Command, Verb};
use souspli::imap::frame::{Framer, Piece, Side};
use souspli::imap::line::Line;
use souspli::imap::search::Search;

/// One input.
pub fn run(data: &[u8]) {
    let Some(command) = command(data) else { return };
    let Verb::Seek(by, seeking) = command.verb else { return };
    let Some(search) = Search::parse(by, seeking, &command) else {
        return;
    };
    let mut criteria = Line::default();
    search.write_criteria(&command.line, &mut criteria);
    let alone = search.alone(command.clone());
    if search.verdicts().count() == 0 {
        assert_eq!(alone, command);
        assert!(holds(&command.line, &criteria));
    }
    let again = Search::parse(by, seeking, &alone).expect("what is made can be read");
    assert!(again.texts().eq(search.texts()));
    assert_eq!(again.verdicts().count(), search.verdicts().count());
    for question in search.questions() {
        let mut line = Line::of(b"q SEARCH ");
        line.add_span(&command.line, question);
        line.add(b"\r\n");
        assert!(holds(&command.line, &line_of(&command.line, question)));
        let asked = Command::parse(line).expect("a question is a command");
        // The charset, without which a text may be none, is not repeated here.
        let again = Search::parse(by, souspli::imap::search::Seeking::Search, &asked).expect("a question can be read");
        assert!(again.verdicts().next().is_none());
    }
}

fn line_of(line: &Line, span: &souspli::imap::line::Span) -> Line {
    let mut out = Line::default();
    out.add_span(line, span);
    out
}

fn holds(whole: &Line, part: &Line) -> bool {
    let octets = |line: &Line| {
        let mut out = Vec::new();
        line.write(&line.whole(), &mut out);
        out
    };
    memchr::memmem::find(&octets(whole), &octets(part)).is_some()
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
