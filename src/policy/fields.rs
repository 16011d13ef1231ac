//! Header fields as they stand in a message (RFC 5322 §2.2): enough to decide, nothing is changed or decoded.
//!
//! Reading is more lenient than writing: a line that is no field does not end the header, so that a tag or a banner mark
//! behind it still counts.

use std::ops::Range;

/// One header field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Name as written, without the blanks some programs put before the colon.
    pub name: &'a [u8],
    /// What follows the colon, folds and the last line end included.
    pub value: &'a [u8],
    /// Where the whole field stands in the message.
    pub span: Range<usize>,
}

impl Field<'_> {
    /// Field names have no case (RFC 5322 §1.2.2).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Every field of the header, up to the empty line or the end.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let span = next_span(message, at)?;
        at = span.end;
        let raw = &message[span.clone()];
        let colon = memchr::memchr(b':', raw);
        let (name, value) = colon.map_or((&raw[..0], raw), |colon| (raw[..colon].trim_ascii_end(), &raw[colon + 1..]));
        Some(Field { name, value, span })
    })
}

/// The message without the fields of these names; everything else byte for byte.
pub fn without(message: &[u8], names: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut kept = 0;
    for field in fields(message).filter(|field| names.iter().any(|name| field.is(name))) {
        out.extend_from_slice(&message[kept..field.span.start]);
        kept = field.span.end;
    }
    out.extend_from_slice(&message[kept..]);
    out
}

/// The field from `at` with its folded lines; `None` at the empty line or the end.
fn next_span(message: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = message.get(at..).filter(|rest| !rest.is_empty())?;
    if rest.starts_with(b"\r\n") || rest.starts_with(b"\n") {
        return None;
    }
    let mut end = at;
    loop {
        end = memchr::memchr(b'\n', &message[end..]).map_or(message.len(), |lf| end + lf + 1);
        if !matches!(message.get(end), Some(b' ' | b'\t')) {
            return Some(at..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"From : a@b\r\nno field\r\nSubject: one\r\n two\r\nbcc: x@y\r\n z\r\nTo:\r\n\r\nBcc: body\r\n";

    #[test]
    fn fields_are_spans_of_the_message() {
        let names: Vec<_> = fields(MESSAGE).map(|f| String::from_utf8_lossy(f.name).into_owned()).collect();
        assert_eq!(names, ["From", "", "Subject", "bcc", "To"]);
        assert_eq!(fields(MESSAGE).find(|f| f.is("subject")).unwrap().value, b" one\r\n two\r\n");
        assert_eq!(fields(b"\r\nSubject: x\r\n").count(), 0);
        assert_eq!(fields(b"").count(), 0);
        assert_eq!(fields(b"Subject: x").next().unwrap().value, b" x");
    }

    #[test]
    fn only_the_named_fields_go() {
        assert_eq!(
            without(MESSAGE, &["Bcc"]),
            b"From : a@b\r\nno field\r\nSubject: one\r\n two\r\nTo:\r\n\r\nBcc: body\r\n"
        );
        assert_eq!(without(MESSAGE, &["Date"]), MESSAGE);
    }
}
