//! A search against whatever a provider says: it ends when every question is answered, it tells one tagged response, and what
//! it tells are numbers that the provider has named or that were known.
use souspli::imap::command::Verb;
use souspli::imap::frame::{Framer, Piece, Side};
use souspli::imap::intake::{Intake, Taken};
use souspli::imap::line::Line;
use souspli::imap::numbers::Ranges;
use souspli::imap::response::{Response, Status, look};
use souspli::imap::search::Search;
use souspli::imap::seek::{Answering, Known, Outcome, Seek};

/// One input: a command, an empty line, what the provider says. `!` in it: the next question is answered.
pub fn run(data: &[u8]) {
    let Some(at) = memchr::memmem::find(data, b"\r\n\r\n") else {
        return;
    };
    let (client, provider) = (&data[..at + 2], &data[at + 4..]);
    let Some((tag, Some(mut seek))) = begin(client) else { return };
    let mut asked: Vec<String> = Vec::new();
    let mut lines = lines(provider).into_iter();
    for _ in 0..10_000 {
        while let Some(line) = seek.next_line() {
            asked.push(tag_of(&line));
        }
        assert!(!asked.is_empty(), "nothing is under way, and nothing was told");
        let line = lines.next().unwrap_or_else(|| b"!\r\n".to_vec());
        match look(&line) {
            Response::Fetch(_) => drop(seek.fetched(&line)),
            Response::Other => drop(seek.answer(&line)),
            _ => {
                let tag_answered = asked.remove(0);
                let status = if line.starts_with(b"!no") { Status::No } else { Status::Ok };
                assert!(seek.has_asked(tag_answered.as_bytes()));
                if let Some(outcome) = seek.completed(tag_answered.as_bytes(), status, b"done") {
                    return over(outcome, &tag);
                }
            }
        }
    }
    panic!("it does not end");
}

fn begin(client: &[u8]) -> Option<(String, Option<Seek>)> {
    let mut intake = Intake::new();
    intake.known();
    intake.push(client);
    let Ok(Some(Taken::Command(command))) = intake.take() else {
        return None;
    };
    let Verb::Seek(by, seeking) = command.verb else { return None };
    let search = Search::parse(by, seeking, &command)?;
    let some: Ranges = [(3, 5), (9, 9)].into_iter().collect();
    let known = Known {
        messages: [(2, 6), (9, 12)].into_iter().collect(),
        texts: vec![some.clone(); search.texts().count()],
        verdicts: vec![some; search.verdicts().count()],
    };
    let tag = command.tag.clone();
    let answering = match tag.len() % 2 {
        0 => Answering::Named,
        _ => Answering::Unnamed,
    };
    let begun = search
        .is_known_here()
        .then(|| Seek::begin(command, search, known, Some(12), answering).ok())?;
    Some((tag, begun))
}

fn over(outcome: Outcome, tag: &str) {
    let told = match outcome {
        Outcome::Alone(command, _) => return assert_eq!(command.tag, tag),
        Outcome::Told(told, gone) => {
            assert!(gone.iter().all(|uid| uid <= 12));
            String::from_utf8(told).expect("words of ours")
        }
    };
    let mut lines = told.split_inclusive('\n');
    let last = lines.next_back().unwrap_or_default();
    assert!(last.starts_with(&format!("{tag} ")) && last.ends_with("done\r\n"), "{told:?}");
    assert!(lines.clone().count() <= 1 && lines.all(|line| line.starts_with("* ")), "{told:?}");
}

fn tag_of(line: &Line) -> String {
    let text = String::from_utf8_lossy(line.text()).into_owned();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The lines of a stream, those with literals left out.
fn lines(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut framer = Framer::new(Side::Server);
    framer.push(stream);
    let mut out = Vec::new();
    while let Ok(Some(piece)) = framer.next_piece() {
        if let Piece::Text { bytes, literal: None } = piece {
            out.push(bytes);
        }
    }
    out
}
