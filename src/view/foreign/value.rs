//! Marks of ours in what others wrote into a field that a list shows.

use super::lookalike;
use super::of_octets;
use crate::mime::words;

/// The value of a field, or several in quotes as an ENVELOPE holds them, without marks of ours, of the same length; `None`: it has
/// none.
pub fn defanged_value(value: &[u8]) -> Option<Vec<u8>> {
    // Of most values this can be said without reading them.
    let may_hold = value.iter().any(|b| matches!(b, b'[' | b'{' | 0xe2..)) || memchr::memmem::find(value, b"=?").is_some();
    if !may_hold || !holds_marks(value) {
        return None;
    }
    let mut out = value.to_vec();
    without_tokens(&mut out);
    if holds_marks(&out) {
        for place in words::places(&out) {
            out[place]
                .iter_mut()
                .filter(|b| !matches!(b, b'\r' | b'\n'))
                .for_each(|b| *b = b' ');
        }
        // What stood around them may be one word now.
        without_tokens(&mut out);
    }
    if holds_marks(&out) {
        // Letters of a charset that changes in the midst of it.
        out.iter_mut().filter(|b| !b.is_ascii()).for_each(|b| *b = b' ');
        without_tokens(&mut out);
    }
    Some(out)
}

fn holds_marks(value: &[u8]) -> bool {
    !lookalike::overwritten(&words::decode(value), false).is_empty()
}

/// Tokens that stand in it as they are.
fn without_tokens(value: &mut [u8]) {
    let text = words::octets_to_text(value);
    let changes = lookalike::overwritten(&text, false);
    for (at, octet) in of_octets(&text, value, changes).unwrap_or_default() {
        value[at] = octet;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_two_charsets_holds_no_mark_either() {
        for value in [
            "[S\u{43e}uspli] x =?utf-8?q?y?= "
                .as_bytes()
                .iter()
                .copied()
                .chain([0xff])
                .collect::<Vec<u8>>(),
            [b"\xff =?utf-8?q?y?= ".as_slice(), "［Souspli］".as_bytes()].concat(),
        ] {
            let out = defanged_value(&value).unwrap();
            assert_eq!((out.len(), defanged_value(&out)), (value.len(), None), "{}", value.escape_ascii());
        }
    }
}
