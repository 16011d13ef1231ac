//! A message on its way out: no panic, what the policy lets pass in clear shows neither tag nor banner, and what is signed
//! is safe for every transport.

use souspli::mime::canonical::{content, content_fields, for_signing};
use souspli::policy::{hidden, sender, tag, threads};
use souspli::view::{Marks, marks, strip};

/// One input.
pub fn run(message: &[u8]) {
    let asked = tag::of_message(message, "#med#");
    let hidden = hidden::hides_tag(message, "#med#");
    let found = marks(message);
    let head = message.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(message.len());
    let body = &message[head..];
    let holds = |word: &[u8]| message.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word));
    // A token in a field of an inner header is nothing that was quoted.
    if body.windows(9).any(|w| w == b"[Souspli]") && !holds(b"--") && !holds(b"message/") {
        assert_ne!(found, Marks::Absent);
    }
    let line = message.split(|b| *b == b'\n').next().unwrap_or_default().to_ascii_lowercase();
    if line.starts_with(b"subject:") && line.windows(5).any(|w| w == b"#med#") && !line.windows(2).any(|w| w == b"=?") {
        assert!(asked != tag::Tag::None || hidden);
    }
    let _ = threads::ids(message);
    let _ = sender::under(message, |_| false);
    let _ = strip(message);
    let (fields, body) = content_fields(message);
    let entity = [&fields[..], b"\r\n", &message[body..]].concat();
    assert_eq!(content(&message.to_vec().into(), fields).to_vec(), *for_signing(&entity));
}
