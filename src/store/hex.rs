//! Lower-case hexadecimal, for names and lines.

pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(b"0123456789abcdef"[usize::from(four)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// Lower case only: one value, one spelling, one file name.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_and_one_spelling() {
        assert_eq!(encode(&[0, 0xab, 0x1f]), "00ab1f");
        assert_eq!(decode("00ab1f"), Some(vec![0, 0xab, 0x1f]));
        for text in ["0", "0g", "AB", "é0", "+1"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
