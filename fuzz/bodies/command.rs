//! A mail program that says anything over IMAP: a command is read the same however it is split, is passed on octet for octet
//! with its literals, and a mailbox's name can be said again. What is to be put into a command stays inside it.

use souspli::imap::command::{AppendRequest, Command};
use souspli::imap::frame::{Framer, Side};
use souspli::imap::intake::{Intake, Taken};
use souspli::imap::line::{Line, write_string};

/// One input.
pub fn run(input: &[u8]) {
    let whole = taken(&[input]);
    let (head, tail) = input.split_at(input.len() / 3);
    assert_eq!(whole, taken(&[head, tail]));
    for each in &whole {
        if let Taken::Command(command) = each {
            read(command, input);
        }
    }
    string(input);
}

/// What is read until the stream cannot be cut any further; a client that waits for `+` gets it, a message its room.
fn taken(pieces: &[&[u8]]) -> Vec<Taken> {
    let mut intake = Intake::new();
    intake.known();
    let mut out = Vec::new();
    for piece in pieces {
        intake.push(piece);
        while let Ok(Some(taken)) = intake.take() {
            match taken {
                Taken::Large(_) => drop(intake.go_on()),
                taken => out.push(taken),
            }
        }
    }
    out
}

fn read(command: &Command, input: &[u8]) {
    assert!(!command.tag.is_empty() && !command.tag.contains([' ', '\r', '\n', '*', '+']));
    let mut written = Vec::new();
    command.line.write(&command.line.whole(), &mut written);
    assert!(input.windows(written.len()).any(|w| w == written), "not as it came");
    let rest = command.arguments().rest();
    assert!(rest.is_empty() || command.line.text().windows(rest.len()).any(|w| w == rest));
    let fragments = command.line.clone().fragments();
    let literals = fragments.iter().filter(|fragment| fragment.literal.is_some()).count();
    assert_eq!(literals, command.line.literal_count());
    if let Some(append) = AppendRequest::parse(command) {
        assert!(append.literal < command.line.literal_count());
    }
    let _ = command.mailbox();
}

/// Any octets as a string: one value, the same, and nothing behind it.
fn string(octets: &[u8]) {
    let mut said = Vec::new();
    write_string(octets, &mut said);
    said.extend_from_slice(b"\r\n");
    let mut framer = Framer::new(Side::Client);
    framer.push(&said);
    let mut line = Line::default();
    while let Ok(Some(piece)) = framer.next_piece() {
        line.push(piece);
    }
    let mut cursor = line.cursor();
    let value = cursor.value();
    assert_eq!(value.as_ref().and_then(|value| line.string(value)).as_deref(), Some(octets));
    assert!(cursor.is_end());
}
