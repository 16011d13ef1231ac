//! The content of DATA, cut at any place: the same result, an end at CRLF.CRLF only, and what is kept survives a round.

use souspli::smtp::wire::data::{DataEncoder, unfit};
use souspli::smtp::wire::{Content, DataDecoder};

/// One input.
pub fn run(input: &[u8]) {
    let Some((cut, content)) = input.split_first() else { return };
    let whole = decode(content, content.len());
    assert_eq!(whole, decode(content, usize::from(*cut)));
    let (used, decoded) = whole;
    let before = [b"\r\n".as_slice(), content].concat();
    let first_end = before.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| at + 3);
    assert_eq!(decoded.is_some().then_some(used), first_end);
    if let Some(Content::Message(message)) = decoded {
        let (head, tail) = message.split_at(usize::from(*cut).min(message.len()));
        assert_eq!(unfit([head, tail].into_iter()), None);
        let (mut encoder, mut wire) = (DataEncoder::default(), Vec::new());
        encoder.feed(head, &mut wire);
        encoder.feed(tail, &mut wire);
        encoder.end(&mut wire);
        assert_eq!(decode(&wire, wire.len()), (wire.len(), Some(Content::Message(message))));
    }
}

fn decode(content: &[u8], cut: usize) -> (usize, Option<Content>) {
    let mut decoder = DataDecoder::new(1 << 20);
    let (head, tail) = content.split_at(cut.min(content.len()));
    match decoder.feed(head) {
        (used, Some(content)) => (used, Some(content)),
        (used, None) => {
            let (more, content) = decoder.feed(tail);
            (used + more, content)
        }
    }
}
