//! The two parts of a multipart/signed (RFC 1847 §2.1), as the bytes that were signed.

use crate::smime::field;

/// The two parts of a multipart, closed; preamble and epilogue are not looked at (RFC 2046 §5.1.1).
pub fn two_parts<'a>(header: &[u8], body: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let content_type = field::parse(&field::field(header, "Content-Type")?);
    let boundary = content_type.parameter("boundary").filter(|b| !b.is_empty())?.as_bytes();
    let mut parts = Vec::new();
    let mut started: Option<usize> = None;
    let mut line = 0;
    while line < body.len() {
        let next = memchr::memchr(b'\n', &body[line..]).map_or(body.len(), |n| line + n + 1);
        let end = delimiter(&body[line..next], boundary);
        if end.is_some() {
            parts.extend(started.map(|start| &body[start..before_line(body, start, line)]));
            started = Some(next);
        }
        if parts.len() > 2 {
            return None;
        }
        if end == Some(Delimiter::Closing) {
            return <[&[u8]; 2]>::try_from(parts).ok().map(|[a, b]| (a, b));
        }
        line = next;
    }
    None
}

#[derive(PartialEq, Eq)]
enum Delimiter {
    Next,
    Closing,
}

fn delimiter(line: &[u8], boundary: &[u8]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(Delimiter::Next),
        b"--" => Some(Delimiter::Closing),
        _ => None,
    }
}

/// The line end before a delimiter belongs to the delimiter.
fn before_line(body: &[u8], start: usize, line: usize) -> usize {
    let part = &body[start..line];
    start
        + part
            .strip_suffix(b"\r\n")
            .or(part.strip_suffix(b"\n"))
            .map_or(part.len(), <[u8]>::len)
}

/// Every line end made CRLF, as signatures are made (RFC 8551 §3.1.1).
pub fn with_crlf(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 32);
    let mut previous = 0;
    for at in memchr::memchr_iter(b'\n', content) {
        let line = &content[previous..at];
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
        previous = at + 1;
    }
    out.extend_from_slice(&content[previous..]);
    out
}
