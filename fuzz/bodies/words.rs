//! Encoded words and parameters: whatever stands in a field is read as text, what is written is ASCII in lines that every
//! transport takes, ends no field, and reads as what was meant.

use souspli::mime::header::Header;
use souspli::mime::{parameters::Parameterized, words};

/// RFC 5322 §2.1.1.
const LINE_MAX: usize = 998;

/// One input.
pub fn run(input: &[u8]) {
    let read = words::decode(input);
    assert_eq!(read, words::decode(input));
    // Four octets for one, and a sign for each that is none.
    assert!(read.len() <= input.len() * 4 + 4);
    text(&read);
    text(&String::from_utf8_lossy(input));
    parameters(input);
}

fn text(text: &str) {
    let meant: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for written in [words::encode(text), words::encode_phrase(text)] {
        in_a_field(&written);
        // Blanks at the ends of a field are none of its value (RFC 5322 §2.2).
        assert_eq!(
            words::decode(written.as_bytes()).trim_matches(' '),
            meant.trim_matches(' '),
            "{written:?}"
        );
    }
}

/// One field, in lines.
fn in_a_field(written: &str) {
    assert!(
        written.is_ascii() && !written.replace("\r\n ", "").contains(['\r', '\n']),
        "{written:?}"
    );
    assert!(
        written.split("\r\n").all(|line| line.len() < LINE_MAX - "Subject: ".len()),
        "{written:?}"
    );
    let field = format!("Subject: {written}\r\nX-Next: 1\r\n\r\n");
    assert_eq!(Header::parse(field.as_bytes()).0.fields().len(), 2, "{written:?}");
}

fn parameters(input: &[u8]) {
    let read = Parameterized::parse(input);
    let written = read.write();
    let again = Parameterized::parse(written.as_bytes());
    assert_eq!(again.write(), written);
}
