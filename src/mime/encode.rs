//! Content-Transfer-Encodings (RFC 2045 §6.7, §6.8) and charsets. Decoders take anything: what is no code is left out
//! (base64) or kept (quoted-printable).

use super::base64::Blocks;
use super::parameters::TransferEncoding;
use mail_parser::decoders::charsets::map::charset_decoder;
use std::borrow::Cow;

/// Characters of one line (RFC 2045 §6.8).
const LINE: usize = 76;

/// Base64 in lines of 76 characters, each ended by CRLF.
pub fn base64_lines(octets: &[u8]) -> Vec<u8> {
    base64_wrapped(octets, LINE)
}

/// Base64 in lines of that many characters (a multiple of 4, below 998), each ended by CRLF.
pub fn base64_wrapped(octets: &[u8], columns: usize) -> Vec<u8> {
    let coded = base64_simd::STANDARD.encode_type::<Vec<u8>>(octets);
    let columns = columns.max(4);
    let mut out = Vec::with_capacity(coded.len() + coded.len() / columns * 2 + 2);
    for line in coded.chunks(columns) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Base64 as it is met: anything outside the alphabet is skipped, the first `=` ends a group, a cut group gives what it can.
pub fn base64_decode(text: &[u8]) -> Vec<u8> {
    base64_read(text).0
}

/// The same, and whether the text is plain: letters and digits, `+`, `/`, CR and LF, padding at its end, and nothing else.
pub fn base64_read(text: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut blocks = Blocks::default();
    let mut rest = text;
    while let Some((octets, used)) = blocks.next(rest) {
        out.extend_from_slice(octets);
        rest = &rest[used..];
    }
    if let Some(octets) = blocks.last(rest) {
        out.extend_from_slice(octets);
        return (out, true);
    }
    let flat: Vec<u8> = rest.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    out.extend(base64_simd::STANDARD.decode_to_vec(&flat).unwrap_or_else(|_| base64_slow(&flat)));
    (out, false)
}

/// True when a body holds nothing that base64 leaves out: encoded anew it says the same. A program that only says that it is
/// base64, or somebody who wrote behind it, wrote for readers who show what they find.
pub fn is_whole(coding: TransferEncoding, body: &[u8]) -> bool {
    let of_base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/=\r\n\t ".contains(b);
    coding != TransferEncoding::Base64 || body.iter().all(of_base64)
}

/// Quoted-printable; what is not a valid escape stays as it is, trailing white space of a line goes (RFC 2045 §6.7 (3)).
pub fn qp_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&b| b == b'\n') {
        let bare = super::header::without_line_end(line);
        let trimmed = trim_end_blanks(bare);
        match trimmed.strip_suffix(b"=") {
            Some(soft) => qp_escapes(soft, &mut out),
            None => {
                qp_escapes(trimmed, &mut out);
                out.extend_from_slice(&line[bare.len()..]);
            }
        }
    }
    out
}

/// The Q encoding's escapes, on one line (RFC 2047 §4.2).
pub fn qp_decode_word(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    qp_escapes(text, &mut out);
    out
}

/// Quoted-printable of text: CRLF stays a line end, lone CR and LF are escaped, lines have at most 76 characters.
pub fn qp_encode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    loop {
        let cut = memchr::memmem::find(rest, b"\r\n");
        qp_line(&rest[..cut.unwrap_or(rest.len())], &mut out);
        let Some(cut) = cut else { break };
        out.extend_from_slice(b"\r\n");
        rest = &rest[cut + 2..];
    }
    out
}

/// A body decoded; `None`: the encoding is not known.
pub fn transfer_decode(coding: TransferEncoding, body: &[u8]) -> Option<Cow<'_, [u8]>> {
    match coding {
        TransferEncoding::Identity => Some(Cow::Borrowed(body)),
        TransferEncoding::QuotedPrintable => Some(Cow::Owned(qp_decode(body))),
        TransferEncoding::Base64 => Some(Cow::Owned(base64_decode(body))),
        TransferEncoding::Unknown => None,
    }
}

/// Octets of a charset as text; `None`: the charset is not known.
pub fn charset_decode(charset: &str, octets: &[u8]) -> Option<String> {
    let name = charset.trim();
    if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8") {
        return Some(String::from_utf8_lossy(octets).into_owned());
    }
    // It was registered as `UNICODE-1-1-UTF-7` (RFC 1642), and old programs still say so.
    let seven = name.len() > 5 && name.get(name.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case("utf-7"));
    charset_decoder(if seven { b"utf-7" } else { name.as_bytes() }).map(|decode| decode(octets))
}

/// Octets of windows-1252, which holds Latin-1; the five free places become controls.
pub fn windows_1252(octets: &[u8]) -> String {
    charset_decode("windows-1252", octets).unwrap_or_else(|| octets.iter().map(|&b| b as char).collect())
}

/// Two hexadecimal digits.
pub fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| (b as char).to_digit(16);
    match digits {
        [a, b] => Some((digit(*a)? * 16 + digit(*b)?) as u8),
        _ => None,
    }
}

fn base64_slow(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for &b in text {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

fn qp_escapes(line: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(n) = memchr::memchr(b'=', &line[at..]) {
        out.extend_from_slice(&line[at..at + n]);
        at += n;
        match line.get(at + 1..at + 3).and_then(hex) {
            Some(b) => {
                out.push(b);
                at += 3;
            }
            None => {
                out.push(b'=');
                at += 1;
            }
        }
    }
    out.extend_from_slice(&line[at..]);
}

fn qp_line(line: &[u8], out: &mut Vec<u8>) {
    let mut column = 0;
    for (index, &b) in line.iter().enumerate() {
        let last = index + 1 == line.len();
        let blank = matches!(b, b' ' | b'\t');
        let literal = (b.is_ascii_graphic() && b != b'=') || (blank && !last);
        let width = if literal { 1 } else { 3 };
        // One column is kept for the `=` of a soft line break.
        if column + width > LINE - 1 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if literal {
            out.push(b);
        } else {
            out.extend_from_slice(format!("={b:02X}").as_bytes());
        }
        column += width;
    }
}

fn trim_end_blanks(line: &[u8]) -> &[u8] {
    let kept = line.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |n| n + 1);
    &line[..kept]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_read_as_it_is_met() {
        for (text, octets) in [
            ("", &b""[..]),
            ("Qm9u\r\nam91cg==\r\n", b"Bonjour"),
            ("Qm9uam91cg", b"Bonjour"),
            ("Qm9u!!am91cg==", b"Bonjour"),
            ("Qm9uag==b3Vy", b"Bonjour"),
            ("=", b""),
        ] {
            assert_eq!(base64_decode(text.as_bytes()), octets, "{text}");
            let long = "AAAA".repeat(10_000) + text;
            assert_eq!(base64_decode(long.as_bytes()), [&[0; 30_000], octets].concat(), "{text}");
        }
    }

    #[test]
    fn quoted_printable_is_read_as_it_is_met() {
        for (text, octets) in [
            ("caf=C3=A9", "café"),
            ("soft=\r\nbreak", "softbreak"),
            ("soft=  \r\nbreak  \r\nend", "softbreak\r\nend"),
            ("bad =zz =", "bad =zz "),
            ("low =c3=a9", "low é"),
            ("lf=\nx\n", "lfx\n"),
        ] {
            assert_eq!(qp_decode(text.as_bytes()), octets.as_bytes(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn quoted_printable_keeps_every_octet(octets: Vec<u8>) {
            let coded = qp_encode(&octets);
            prop_assert!(coded.split(|&b| b == b'\n').all(|l| l.len() <= 77 && l.is_ascii()));
            prop_assert_eq!(qp_decode(&coded), octets);
        }

        #[test]
        fn base64_keeps_every_octet(octets: Vec<u8>) {
            let coded = base64_lines(&octets);
            prop_assert!(coded.split(|&b| b == b'\n').all(|l| l.len() <= 77));
            prop_assert_eq!(base64_decode(&coded), octets);
        }
    }
}
