//! Whatever a text, a page or an entity holds, no token of ours is left in it, and it does not grow.
use souspli::mime::{edit::text_of, entity};
use souspli::view::{html, lookalike};

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
}
