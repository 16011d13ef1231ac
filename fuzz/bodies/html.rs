//! Any page, and any entity that nobody vouches for: pieces cover it in order, its text is no HTML that could come back, and
//! what is shown of it holds no HTML, no structure of its sender, and no token of ours.

use souspli::mime::entity::{Entity, Kind, parse};
use souspli::view::html::{Piece, escape, scan, to_text};
use souspli::view::page::{apart, plain, told};
use souspli::view::text_only::text_only;

/// Parts that a sender can make of few octets each get a header of ours.
const PART: usize = 400;

/// One input.
pub fn run(input: &[u8]) {
    let page = String::from_utf8_lossy(input);
    covered(&page);
    let text = to_text(&page);
    assert!(text.len() <= page.len() * 3 + 2);
    for text in [told(&page), plain(&page), apart(&page)] {
        assert!(text.len() <= page.len() * 4 + 40);
    }
    assert!(
        to_text(&escape(&text))
            .lines()
            .all(|line| !line.contains('\0') || text.contains('\0'))
    );
    for entity in [input.to_vec(), [b"Content-Type: text/html; charset=utf-8\r\n\r\n", input].concat()] {
        shown(&entity);
    }
}

/// Every octet belongs to one piece, and every attribute to its tag.
fn covered(page: &str) {
    let mut at = 0;
    for piece in scan(page) {
        let span = match piece {
            Piece::Text(span) | Piece::Hidden(span) => span,
            Piece::Tag(tag) => {
                assert!(
                    tag.attributes
                        .iter()
                        .all(|(place, _)| tag.span.start <= place.start && place.end <= tag.span.end)
                );
                tag.span
            }
        };
        assert!(span.start == at && span.end > at && page.is_char_boundary(at));
        at = span.end;
    }
    assert_eq!(at, page.len());
}

fn shown(entity: &[u8]) {
    let out = text_only(entity);
    assert_eq!(out, text_only(entity));
    let tree = parse(&out);
    let parts = tree.children();
    assert_eq!(tree.media_type, "multipart/mixed");
    assert!(parts.iter().all(harmless), "{}", String::from_utf8_lossy(&out));
    assert!(!out.windows(9).any(|w| w == b"[Souspli]"));
    assert!(out.len() <= entity.len() * 6 + (parts.len() + 1) * PART);
}

fn harmless(part: &Entity) -> bool {
    part.kind == Kind::Leaf && !part.media_type.contains("html") && !part.media_type.starts_with("multipart/")
}
