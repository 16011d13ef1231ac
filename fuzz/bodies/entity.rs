//! Any octets are a tree whose spans nest; making them safe for signing ends, and gives ASCII where headers were.
use souspli::mime::{canonical, entity};

fn nested(part: &entity::Entity, length: usize) {
    assert!(part.header.start <= part.header.end && part.header.end == part.body.start);
    assert!(part.body.start <= part.body.end && part.body.end <= length);
    let mut at = part.body.start;
    for inner in part.children() {
        assert!(inner.header.start >= at && inner.body.end <= part.body.end);
        at = inner.body.end;
        nested(inner, length);
    }
}

/// One input.
pub fn run(data: &[u8]) {
    nested(&entity::parse(data), data.len());
    let once = canonical::for_signing(data);
    nested(&entity::parse(&once), once.len());
}
