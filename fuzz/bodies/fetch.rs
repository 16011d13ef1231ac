//! FETCH from both sides: what a client asks is asked again the same, what a provider answers is written as it came;
//! and the structures of any message are IMAP.
use souspli::imap::fetch::{Addressing, Extension, FetchRequest};
use souspli::imap::line::Line;
use souspli::imap::response::Fetched;
use souspli::imap::structure;
use souspli::mime::entity;

/// One input.
pub fn run(data: &[u8]) {
    let line = Line::of(data);
    if let Some(request) = FetchRequest::parse(Addressing::Uid, &mut line.cursor()) {
        let mut asked = format!(" {} (", request.set_text).into_bytes();
        for (i, item) in request.items.iter().enumerate() {
            if i > 0 {
                asked.push(b' ');
            }
            item.ask(&mut asked);
        }
        asked.push(b')');
        let again = Line::of(&asked);
        let again = FetchRequest::parse(Addressing::Uid, &mut again.cursor()).expect("what is asked can be read");
        assert_eq!(again.items, request.items);
    }
    if let Some(fetched) = Fetched::parse(&line) {
        for item in &fetched.items {
            let mut out = Vec::new();
            line.write(&item.span, &mut out);
        }
    }
    let entity = entity::parse(data);
    let mut out = Vec::new();
    structure::envelope(data, &entity, &mut out);
    structure::structure(data, &entity, Extension::With, &mut out);
}
