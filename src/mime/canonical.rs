//! What is put inside a signature: the content entity of a message, safe for every transport (RFC 8551 §3.1).

use super::edit::LINE_MAX;
use super::encode::{base64_lines, is_whole, qp_encode, transfer_decode};
use super::entity::{Entity, Kind, parse};
use super::header::{Field, Header};
use super::octets::Octets;
use super::parameters::{TransferEncoding, transfer_encoding};
use super::safe::{is_garbage, safe_field};
use crate::base::limits;
use bytes::Bytes;
use std::borrow::Cow;

/// The entity as it is signed: the same octets when they are 7-bit safe, else 8-bit parts encoded anew.
///
/// A multipart/signed inside stays as it came, so that its own signature still fits. So does everything where there are
/// more parts than are looked at: an encoding over a delimiter would hide what follows it.
pub fn for_signing(entity: &[u8]) -> Cow<'_, [u8]> {
    if is_seven_bit(entity) {
        return Cow::Borrowed(entity);
    }
    let tree = parse(entity);
    if leaves(&tree) >= limits::MIME_PARTS_MAX {
        return Cow::Borrowed(entity);
    }
    let mut out = Written::default();
    write(entity, &tree, &mut out);
    Cow::Owned(out.stretches().concat())
}

/// What is signed of a message whose root has this header instead of its own (fields alone): [`for_signing`] of both. What
/// stays as it is is not copied.
pub fn content(message: &Bytes, mut fields: Vec<u8>) -> Octets {
    let (_, body) = Header::parse(message);
    fields.extend_from_slice(b"\r\n");
    let safe = is_seven_bit(&fields) && is_seven_bit(&message[body..]);
    let tree = (!safe).then(|| parse(message)).filter(|tree| leaves(tree) < limits::MIME_PARTS_MAX);
    let mut out = Written::default();
    match tree.filter(|tree| !is_opaque(tree)) {
        Some(tree) => rewrite(message, &tree, &Header::parse(&fields).0, &mut out),
        None => {
            out.anew = fields;
            out.keep(&message[body..]);
        }
    }
    let mut octets = Octets::default();
    for stretch in out.stretches() {
        match stretch {
            Cow::Borrowed(kept) => octets.push(message.slice_ref(kept)),
            Cow::Owned(anew) => octets.push(anew),
        }
    }
    octets
}

/// The fields that say what the body is, Content-Type always among them, and where that body begins.
pub fn content_fields(message: &[u8]) -> (Vec<u8>, usize) {
    let (header, body) = Header::parse(message);
    let mut out = Vec::new();
    if header.first("Content-Type").is_none() {
        let charset = charset_of(&message[body..]);
        out.extend_from_slice(format!("Content-Type: text/plain; charset={charset}\r\n").as_bytes());
    }
    for field in header.fields().iter().filter(|f| f.begins("Content-")) {
        push_field(&mut out, field.raw);
    }
    (out, body)
}

/// What a text that does not say it is written in, so that it reads as the mail program meant it.
fn charset_of(text: &[u8]) -> &'static str {
    match std::str::from_utf8(text) {
        Ok(text) if text.is_ascii() => "us-ascii",
        Ok(_) => "utf-8",
        Err(_) => "windows-1252",
    }
}

/// True when no transport has a reason to change the octets: ASCII without NUL, CRLF line ends, no line beyond 998.
pub fn is_seven_bit(octets: &[u8]) -> bool {
    let lines = memchr::memchr_iter(b'\n', octets).count();
    // As many CR as lines, all of which end in CRLF: none stands anywhere else.
    octets.is_ascii()
        && memchr::memchr(0, octets).is_none()
        && memchr::memchr_iter(b'\r', octets).count() == lines
        && (has_even_lines(octets, lines) || has_safe_lines(octets))
}

/// Octets of lines that are as long as the one before, as those of base64 are: shorter ones mostly are not.
const EVEN_FROM: usize = 60;

/// True when so many line ends are met, that of a long line looked for first where it is as long as the one before: where all
/// of them are met, none was passed over. False where that cannot be said.
fn has_even_lines(octets: &[u8], lines: usize) -> bool {
    let (mut start, mut width) = (0, 0);
    for _ in 0..lines {
        if width < EVEN_FROM || octets.get(start + width..start + width + 2) != Some(b"\r\n") {
            let Some(found) = memchr::memchr(b'\n', &octets[start..]) else {
                return false;
            };
            if found == 0 || octets[start + found - 1] != b'\r' || found - 1 > LINE_MAX {
                return false;
            }
            width = found - 1;
        }
        start += width + 2;
    }
    octets.len() - start <= LINE_MAX
}

/// The same line by line.
fn has_safe_lines(octets: &[u8]) -> bool {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', octets) {
        if end == start || octets[end - 1] != b'\r' || end - 1 - start > LINE_MAX {
            return false;
        }
        start = end + 1;
    }
    octets.len() - start <= LINE_MAX
}

/// `MIME-Version` and `Content-*` (RFC 9788 §1.1: structural header fields).
pub fn is_structural(field: &Field<'_>) -> bool {
    field.begins("Content-") || field.is("MIME-Version")
}

fn leaves(entity: &Entity) -> usize {
    entity.children().iter().map(leaves).sum::<usize>().max(1)
}

fn push_field(out: &mut Vec<u8>, raw: &[u8]) {
    out.extend_from_slice(raw);
    if !raw.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
}

/// Stretches of what came, and what is written anew between them.
#[derive(Default)]
struct Written<'a> {
    done: Vec<Cow<'a, [u8]>>,
    anew: Vec<u8>,
}

impl<'a> Written<'a> {
    fn keep(&mut self, octets: &'a [u8]) {
        self.close();
        self.done.push(Cow::Borrowed(octets));
    }

    fn close(&mut self) {
        if !self.anew.is_empty() {
            self.done.push(Cow::Owned(std::mem::take(&mut self.anew)));
        }
    }

    fn stretches(mut self) -> Vec<Cow<'a, [u8]>> {
        self.close();
        self.done
    }
}

fn write<'a>(bytes: &'a [u8], entity: &Entity, out: &mut Written<'a>) {
    let octets = &bytes[entity.range()];
    if is_seven_bit(octets) || is_opaque(entity) {
        out.keep(octets);
    } else {
        rewrite(bytes, entity, &Header::parse(&bytes[entity.header.clone()]).0, out);
    }
}

/// What is signed already, or not understood, is not ours to redo.
fn is_opaque(entity: &Entity) -> bool {
    let media_type = entity.media_type.as_str();
    media_type == "multipart/signed" || (entity.kind == Kind::Leaf && media_type.starts_with("multipart/"))
}

/// The entity made safe, under that header.
fn rewrite<'a>(bytes: &'a [u8], entity: &Entity, header: &Header<'_>, out: &mut Written<'a>) {
    let body = &bytes[entity.body.clone()];
    match &entity.kind {
        Kind::Leaf => leaf(header, &entity.media_type, body, out),
        // Not a message in truth: its octets count more than its type.
        Kind::Message(inner) if has_garbage(&bytes[inner.header.clone()]) => {
            fields(header, "base64", &mut out.anew);
            out.anew.extend(base64_lines(body));
        }
        Kind::Message(inner) => {
            fields(header, "7bit", &mut out.anew);
            write(bytes, inner, out);
        }
        Kind::Multipart(parts) => {
            fields(header, "7bit", &mut out.anew);
            multipart(bytes, entity, parts, out);
        }
    }
}

/// The delimiters as they stand; a preamble or epilogue that is not 7-bit safe holds nothing that is shown, and goes.
fn multipart<'a>(bytes: &'a [u8], entity: &Entity, parts: &[Entity], out: &mut Written<'a>) {
    let mut at = entity.body.start;
    for part in parts {
        let between = &bytes[at..part.header.start];
        out.keep(if at == entity.body.start && !is_seven_bit(between) {
            last_line(between)
        } else {
            between
        });
        write(bytes, part, out);
        at = part.body.end;
    }
    let tail = &bytes[at..entity.body.end];
    let closing = memchr::memmem::find(tail, b"\n--").map_or(tail.len(), |n| super::header::line_end(tail, n + 1));
    out.keep(if is_seven_bit(tail) { tail } else { &tail[..closing] });
}

fn leaf<'a>(header: &Header<'_>, media_type: &str, body: &'a [u8], out: &mut Written<'a>) {
    let coding = transfer_encoding(header);
    let unsafe_body = Some(body).filter(|body| !is_seven_bit(body) && is_whole(coding, body));
    let Some(octets) = unsafe_body.and_then(|body| transfer_decode(coding, body)) else {
        // The body is safe, or written in an encoding that is not ours to redo, or in none.
        header.fields().iter().for_each(|f| push_safe(&mut out.anew, f));
        out.anew.extend_from_slice(b"\r\n");
        out.keep(body);
        return;
    };
    let text = media_type.starts_with("text/") && coding != TransferEncoding::Base64 && !octets.contains(&0);
    if text || coding == TransferEncoding::QuotedPrintable {
        fields(header, "quoted-printable", &mut out.anew);
        out.anew.extend(qp_encode(&octets));
    } else {
        fields(header, "base64", &mut out.anew);
        out.anew.extend(base64_lines(&octets));
    }
}

/// The fields with that transfer encoding, and the empty line.
fn fields(header: &Header<'_>, coding: &str, out: &mut Vec<u8>) {
    for field in header.fields().iter().filter(|f| !f.is("Content-Transfer-Encoding")) {
        push_safe(out, field);
    }
    out.extend_from_slice(format!("Content-Transfer-Encoding: {coding}\r\n\r\n").as_bytes());
}

fn push_safe(out: &mut Vec<u8>, field: &Field<'_>) {
    let safe = safe_field(field);
    if !safe.is_empty() {
        push_field(out, &safe);
    }
}

fn has_garbage(header: &[u8]) -> bool {
    Header::parse(header).0.fields().iter().any(|f| is_garbage(f))
}

fn last_line(lines: &[u8]) -> &[u8] {
    let bare = super::header::without_line_end(lines);
    let start = memchr::memrchr(b'\n', bare).map_or(0, |n| n + 1);
    &lines[start..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::edit::text_of;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn seven_bit_safe_is_what_each_octet_and_line_says(text in "(a{0,4}\r\n|a{0,4}\r\n|a{0,4}\r\n|a{0,4}\n|a\r|a{996,1000}\r\n|a|\u{0}|é){0,12}") {
            let octets = text.as_bytes();
            let lone = text.replace("\r\n", "").contains(['\r', '\n']);
            let long = text.split("\r\n").any(|line| line.len() > LINE_MAX);
            prop_assert_eq!(is_seven_bit(octets), text.is_ascii() && !lone && !long && !octets.contains(&0));
        }
    }

    #[test]
    fn seven_bit_safe_is_strict() {
        for (octets, safe) in [
            (&b"a\r\nb"[..], true),
            (b"", true),
            (b"a\nb", false),
            (b"a\rb\r\n", false),
            (b"a\0", false),
            (b"\xe9", false),
            (b"a\r", false),
            // As long as the line before, with a line end inside.
            (b"aaaa\r\na\n\ra\r\n", false),
            (b"aaaa\r\naa\r\n\r\n", true),
        ] {
            assert_eq!(is_seven_bit(octets), safe, "{octets:?}");
        }
        assert!(is_seven_bit(&[b'x'; 998]) && !is_seven_bit(&[b'x'; 999]));
    }

    #[test]
    fn safe_content_keeps_its_octets() {
        let safe = b"Content-Type: text/plain\r\n\r\nbonjour  \r\n";
        assert!(matches!(for_signing(safe), Cow::Borrowed(b) if b == safe));
    }

    #[test]
    fn eight_bit_leaves_are_encoded_and_nothing_else() {
        let mail = "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nété\r\n--b\r\nContent-Type: text/plain\r\n\r\nas  it is \r\n--b\r\nContent-Type: application/pdf; name=\"é.pdf\"\r\nContent-Transfer-Encoding: binary\r\n\r\n\u{e9}\n\0\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: é\r\n\r\nà\r\n--b--\r\n";
        let out = for_signing(mail.as_bytes());
        assert!(is_seven_bit(&out), "{}", String::from_utf8_lossy(&out));
        let tree = parse(&out);
        let [text, same, pdf, message] = tree.children() else {
            panic!("{tree:?}")
        };
        assert_eq!(text_of(&out, text).unwrap().0, "été");
        assert_eq!(&out[same.range()], b"Content-Type: text/plain\r\n\r\nas  it is ");
        let header = Header::parse(&out[pdf.header.clone()]).0;
        assert_eq!(
            &*transfer_decode(transfer_encoding(&header), &out[pdf.body.clone()]).unwrap(),
            "\u{e9}\n\0".as_bytes()
        );
        assert_eq!(crate::mime::parameters::content_type(&header).parameter("name"), Some("é.pdf"));
        let inner = &message.children()[0];
        assert_eq!(text_of(&out, inner).unwrap().0, "à");
        assert_eq!(Header::parse(&out[inner.header.clone()]).0.text("Subject").as_deref(), Some("é"));
    }

    #[test]
    fn what_is_beyond_the_limits_is_not_encoded_over() {
        let part = "--b\r\n\r\né\r\n";
        let wide = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n",
            part.repeat(limits::MIME_PARTS_MAX + 2)
        );
        let nest = |depth: usize| format!("Content-Type: multipart/mixed; boundary=n{depth}\r\n\r\n--n{depth}\r\n");
        let deep: String = (0..limits::MIME_DEPTH_MAX + 2).map(nest).collect::<String>() + "\r\né\r\n";
        for message in [wide, deep] {
            let out = for_signing(message.as_bytes());
            assert!(memchr::memmem::find(&out, "é".as_bytes()).is_some());
        }
    }

    #[test]
    fn what_a_text_does_not_say_is_found_out() {
        let mail = b"From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\nSubject: x\r\ncontent-language: fr\r\n\r\nbody";
        assert_eq!(
            content_fields(mail),
            (b"Content-Type: text/html\r\ncontent-language: fr\r\n".to_vec(), mail.len() - 4)
        );
        for (body, charset) in [(&b"x"[..], "us-ascii"), (b"\xc3\xa9", "utf-8"), (b"\xe9", "windows-1252")] {
            let mail = [b"A: 1\r\n\r\n", body].concat();
            let (fields, _) = content_fields(&mail);
            assert_eq!(fields, format!("Content-Type: text/plain; charset={charset}\r\n").as_bytes());
            let entity = content(&mail.into(), fields).to_vec();
            assert_eq!(text_of(&entity, &parse(&entity)).unwrap().0, if body == b"x" { "x" } else { "é" });
        }
    }
}
