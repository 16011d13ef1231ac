//! Whatever a text, a page or an entity holds, no token of ours is left in it, and it does not grow.
use souspli::mime::{edit::text_of, entity};
use souspli::view::{foreign, html, lookalike};

/// One input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let clean = lookalike::defanged(&text).unwrap_or_else(|| text.to_string());
    assert!(clean.len() <= text.len());
    assert_eq!(lookalike::defanged(&clean), None);
    assert!(!clean.contains("[Souspli]") && !clean.contains("[/Souspli]"));
    let mut page = b"Content-Type: text/html; charset=utf-8\r\n\r\n".to_vec();
    page.extend_from_slice(text.as_bytes());
    let clean = lookalike::neutralise(&page).unwrap_or(page);
    // A text with odd octets is written anew in quoted-printable.
    let page = text_of(&clean, &entity::parse(&clean)).map(|(page, _)| page).unwrap_or_default();
    let shown = html::to_text(&page);
    assert!(!shown.contains("[Souspli]") && !shown.contains("[/Souspli]"));
    let _ = lookalike::neutralise(data);
    in_place(data);
}

/// What passes unopened keeps its length, and is looked at once.
fn in_place(data: &[u8]) {
    for change in [foreign::defanged, foreign::defanged_header, foreign::defanged_value] {
        if let Some(clean) = change(data) {
            assert_eq!((clean.len(), change(&clean)), (data.len(), None));
        }
    }
}
