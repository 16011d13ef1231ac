//! A Subject of any octets: no panic, the whole tag is never overlooked, and what is cut out leaves one field.

use souspli::policy::tag::{Tag, of_message, removed, tag, without_tag};

/// One input.
pub fn run(value: &[u8]) {
    let asked = tag(value, "#med#");
    let lower = value.to_ascii_lowercase();
    if lower.windows(5).any(|w| w == b"#med#") && !lower.windows(2).any(|w| w == b"=?") {
        assert_ne!(asked, Tag::None);
    }
    if !value.contains(&b'\n') && !value.contains(&b'\r') {
        let field = [b"Subject:".as_slice(), value, b"\r\n"].concat();
        let cut = without_tag(&field, "#med#");
        assert!(cut.ends_with(b"\r\n"));
        // Every line but the first is a folded one: nothing became a field of its own.
        assert!(
            cut[..cut.len() - 2]
                .split(|b| *b == b'\n')
                .skip(1)
                .all(|line| line.starts_with(b" "))
        );
    }
    let message = [b"Subject:".as_slice(), value, b"\r\n\r\nbody\r\n"].concat();
    let _ = of_message(&message, "#med#");
    let _ = removed(&message, "#med#");
}
