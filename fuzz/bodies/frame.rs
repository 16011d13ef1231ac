//! Whatever is sent: no octet is altered or lost order, how it is split changes nothing, and nothing panics.
use souspli::imap::frame::{Framer, Piece, Side};
use souspli::imap::intake::Intake;

fn all(side: Side, chunks: &[&[u8]]) -> Vec<u8> {
    let mut framer = Framer::new(side);
    let mut out = Vec::new();
    for chunk in chunks {
        framer.push(chunk);
        while let Ok(Some(piece)) = framer.next_piece() {
            let (Piece::Text { bytes, .. } | Piece::Literal { bytes, .. }) = piece;
            out.extend(bytes);
        }
    }
    out
}

/// One input.
pub fn run(data: &[u8]) {
    let whole = all(Side::Server, &[data]);
    assert!(data.starts_with(&whole));
    let (a, b) = data.split_at(data.len() / 2);
    assert_eq!(whole, all(Side::Server, &[a, b]));
    let mut intake = Intake::new();
    intake.push(data);
    while let Ok(Some(_)) = intake.take() {}
}
