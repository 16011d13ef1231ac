//! Any entity edited: nothing wanted, nothing changed; what is put into its texts is found there again and nowhere else; what
//! is safe for signing stays as it is; and transfer encodings give back what they were given.

use souspli::mime::canonical::{for_signing, is_seven_bit};
use souspli::mime::edit::{Change, Editor, Repertoire, TextPart, edit};
use souspli::mime::encode::{base64_decode, base64_lines, base64_wrapped, qp_decode, qp_encode};
use souspli::mime::entity::parse;

const WORD: &str = "Zyzomys";

/// One input.
pub fn run(input: &[u8]) {
    assert_eq!(edit(input, &mut Nothing), None);
    let mut counted = Marking::default();
    if let Some(marked) = edit(input, &mut counted) {
        let mut found = Counting::default();
        edit(&marked, &mut found);
        // Two of the marked texts may be one to a reader: an encoding without an end takes the rest.
        assert!(found.marked > 0 && found.marked <= counted.texts);
    }
    let once = for_signing(input);
    if is_seven_bit(&once) {
        assert_eq!(for_signing(&once), once);
    }
    assert_eq!(parse(input), parse(input));
    coded(input);
}

fn coded(octets: &[u8]) {
    assert_eq!(base64_decode(&base64_lines(octets)), octets);
    let columns = 4 * (1 + octets.len() % 200);
    assert_eq!(base64_decode(&base64_wrapped(octets, columns)), octets);
    assert!(
        base64_wrapped(octets, columns)
            .split(|b| *b == b'\n')
            .all(|line| line.len() <= columns + 1)
    );
    let written = qp_encode(octets);
    assert_eq!(qp_decode(&written), octets);
    assert!(written.is_ascii() && written.split(|b| *b == b'\n').all(|line| line.len() <= 77));
}

struct Nothing;

impl Editor for Nothing {
    fn text(&mut self, _: &TextPart<'_>) -> Change {
        Change::Keep
    }
}

#[derive(Default)]
struct Marking {
    texts: usize,
}

impl Editor for Marking {
    fn text(&mut self, part: &TextPart<'_>) -> Change {
        if part.repertoire == Repertoire::AsciiOnly {
            return Change::Keep;
        }
        self.texts += 1;
        Change::Text(format!("{WORD}\r\n{}", part.text))
    }
}

#[derive(Default)]
struct Counting {
    marked: usize,
}

impl Editor for Counting {
    fn text(&mut self, part: &TextPart<'_>) -> Change {
        self.marked += usize::from(part.text.starts_with(WORD));
        Change::Keep
    }
}
