//! ENVELOPE, BODY and BODYSTRUCTURE of a View (RFC 9051 §7.5.2), from its octets and its tree alone.

use super::address;
use super::fetch::Extension;
use super::line::write_string;
use crate::mime::entity::{Entity, Kind};

/// `"(" date subject from sender reply-to to cc bcc in-reply-to message-id ")"`.
pub fn envelope(bytes: &[u8], entity: &Entity, out: &mut Vec<u8>) {
    let fields = Fields::of(bytes, entity);
    let from = fields.addresses("From");
    let or_from = |name: &str| {
        let own = fields.addresses(name);
        if own.is_empty() { from.clone() } else { own }
    };
    out.push(b'(');
    nstring(fields.value("Date").as_deref(), out);
    out.push(b' ');
    nstring(fields.value("Subject").as_deref(), out);
    let lists = [
        &from,
        &or_from("Sender"),
        &or_from("Reply-To"),
        &fields.addresses("To"),
        &fields.addresses("Cc"),
        &fields.addresses("Bcc"),
    ];
    for list in lists {
        out.push(b' ');
        address::write(list, out);
    }
    for name in ["In-Reply-To", "Message-ID"] {
        out.push(b' ');
        nstring(fields.value(name).as_deref(), out);
    }
    out.push(b')');
}

/// `body`; recursion ends where the tree does (`limits::MIME_DEPTH_MAX`).
pub fn structure(bytes: &[u8], entity: &Entity, extension: Extension, out: &mut Vec<u8>) {
    let fields = Fields::of(bytes, entity);
    out.push(b'(');
    match &entity.kind {
        Kind::Multipart(parts) => multipart(bytes, entity, parts, &fields, extension, out),
        Kind::Message(inner) if entity.media_type == "message/rfc822" => {
            single(bytes, entity, &fields, out);
            out.push(b' ');
            envelope(bytes, inner, out);
            out.push(b' ');
            structure(bytes, inner, extension, out);
            lines(bytes, entity, out);
        }
        Kind::Message(_) | Kind::Leaf => {
            single(bytes, entity, &fields, out);
            if entity.media_type.starts_with("text/") {
                lines(bytes, entity, out);
            }
        }
    }
    if extension == Extension::With {
        if !matches!(entity.kind, Kind::Multipart(_)) {
            out.push(b' ');
            nstring(fields.value("Content-MD5").as_deref(), out);
        }
        extensions(&fields, out);
    }
    out.push(b')');
}

fn multipart(bytes: &[u8], entity: &Entity, parts: &[Entity], fields: &Fields<'_>, extension: Extension, out: &mut Vec<u8>) {
    for part in parts {
        structure(bytes, part, extension, out);
    }
    if parts.is_empty() {
        // The grammar wants one body at least.
        out.extend_from_slice(b"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0");
        out.extend_from_slice(if extension == Extension::With { b" NIL NIL NIL NIL)" } else { b")" });
    }
    out.push(b' ');
    let subtype = entity.media_type.split_once('/').map_or("mixed", |(_, subtype)| subtype);
    write_string(subtype.as_bytes(), out);
    if extension == Extension::With {
        out.push(b' ');
        parameters(&fields.parameters("Content-Type"), out);
    }
}

/// `media-type SP body-fields` of what is not a multipart.
fn single(bytes: &[u8], entity: &Entity, fields: &Fields<'_>, out: &mut Vec<u8>) {
    let (media, subtype) = match entity.kind {
        // A leaf of these types lies too deep or has no boundary: it is shown as the octets that it is.
        Kind::Leaf if entity.media_type.starts_with("multipart/") || entity.media_type == "message/rfc822" => {
            ("application", "octet-stream")
        }
        _ => entity.media_type.split_once('/').unwrap_or(("text", "plain")),
    };
    write_string(media.as_bytes(), out);
    out.push(b' ');
    write_string(subtype.as_bytes(), out);
    out.push(b' ');
    let mut given = fields.parameters("Content-Type");
    if fields.value("Content-Type").is_none() && media == "text" {
        given.push((b"charset".to_vec(), b"us-ascii".to_vec()));
    }
    parameters(&given, out);
    for name in ["Content-ID", "Content-Description"] {
        out.push(b' ');
        nstring(fields.value(name).as_deref(), out);
    }
    out.push(b' ');
    let encoding = fields.value("Content-Transfer-Encoding").map(|value| first_token(&value));
    write_string(encoding.as_deref().filter(|e| !e.is_empty()).unwrap_or(b"7bit"), out);
    out.extend_from_slice(format!(" {}", body(bytes, entity).len()).as_bytes());
}

fn lines(bytes: &[u8], entity: &Entity, out: &mut Vec<u8>) {
    let count = memchr::memchr_iter(b'\n', body(bytes, entity)).count();
    out.extend_from_slice(format!(" {count}").as_bytes());
}

/// `body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]`.
fn extensions(fields: &Fields<'_>, out: &mut Vec<u8>) {
    out.push(b' ');
    match fields.value("Content-Disposition").map(|value| first_token(&value)) {
        Some(kind) if !kind.is_empty() => {
            out.push(b'(');
            write_string(&kind, out);
            out.push(b' ');
            parameters(&fields.parameters("Content-Disposition"), out);
            out.push(b')');
        }
        _ => out.extend_from_slice(b"NIL"),
    }
    out.push(b' ');
    languages(fields.value("Content-Language").as_deref(), out);
    out.push(b' ');
    nstring(fields.value("Content-Location").as_deref(), out);
}

fn languages(value: Option<&[u8]>, out: &mut Vec<u8>) {
    let tags: Vec<&[u8]> = value
        .unwrap_or_default()
        .split(|b| *b == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|tag| !tag.is_empty())
        .collect();
    if tags.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for (i, tag) in tags.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        write_string(tag, out);
    }
    out.push(b')');
}

fn parameters(given: &[(Vec<u8>, Vec<u8>)], out: &mut Vec<u8>) {
    if given.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    for (i, (name, value)) in given.iter().enumerate() {
        out.push(if i == 0 { b'(' } else { b' ' });
        write_string(name, out);
        out.push(b' ');
        write_string(value, out);
    }
    out.push(b')');
}

fn nstring(value: Option<&[u8]>, out: &mut Vec<u8>) {
    match value {
        Some(value) => write_string(value, out),
        None => out.extend_from_slice(b"NIL"),
    }
}

fn body<'a>(bytes: &'a [u8], entity: &Entity) -> &'a [u8] {
    bytes.get(entity.body.clone()).unwrap_or_default()
}

/// The fields of one header, names and raw values.
struct Fields<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8], entity: &Entity) -> Self {
        let mut rest = bytes.get(entity.header.clone()).unwrap_or_default();
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let (field, after) = rest.split_at(field_len(rest));
            rest = after;
            if let Some(colon) = memchr::memchr(b':', field) {
                fields.push((field[..colon].trim_ascii_end(), &field[colon + 1..]));
            }
        }
        Self(fields)
    }

    /// The first field of this name, unfolded.
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        self.0
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| unfold(value))
    }

    fn addresses(&self, name: &str) -> Vec<address::Entry> {
        self.value(name).map(|value| address::parse(&value)).unwrap_or_default()
    }

    /// Parameters as written: RFC 2231 names keep their `*`.
    fn parameters(&self, name: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let mut out = Vec::new();
        for piece in pieces(&value).into_iter().skip(1) {
            let Some(equals) = memchr::memchr(b'=', &piece) else { continue };
            let name = piece[..equals].trim_ascii();
            if !name.is_empty() {
                out.push((name.to_vec(), unquote(piece[equals + 1..].trim_ascii())));
            }
        }
        out
    }
}

/// Octets of the field that begins here: up to the first line end that no white space follows.
fn field_len(rest: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', rest)
        .map(|at| at + 1)
        .find(|end| !matches!(rest.get(*end), Some(b' ' | b'\t')))
        .unwrap_or(rest.len())
}

fn unfold(value: &[u8]) -> Vec<u8> {
    let flat: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect();
    flat.trim_ascii().to_vec()
}

fn first_token(value: &[u8]) -> Vec<u8> {
    pieces(value)
        .into_iter()
        .next()
        .map(|p| p.trim_ascii().to_ascii_lowercase())
        .unwrap_or_default()
}

/// What stands between semicolons, comments left out; quoted strings stay whole, with their quotes.
fn pieces(value: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![Vec::new()];
    let (mut quoted, mut comment) = (false, 0usize);
    let mut bytes = value.iter().copied();
    while let Some(b) = bytes.next() {
        let escaped = if b == b'\\' && (quoted || comment > 0) {
            bytes.next()
        } else {
            None
        };
        match b {
            b'"' if comment == 0 => quoted = !quoted,
            b'(' if !quoted => comment += 1,
            b')' if !quoted && comment > 0 => {
                comment -= 1;
                continue;
            }
            b';' if !quoted && comment == 0 => {
                out.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if comment == 0
            && let Some(piece) = out.last_mut()
        {
            piece.push(b);
            piece.extend(escaped);
        }
    }
    out
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inside) = value.strip_prefix(b"\"") else {
        return value.to_vec();
    };
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter().copied();
    while let Some(b) = bytes.next() {
        match b {
            b'"' => break,
            b'\\' => out.extend(bytes.next()),
            _ => out.push(b),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(bytes: &[u8], media_type: &str) -> Entity {
        let header = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        Entity {
            header: 0..header,
            body: header..bytes.len(),
            media_type: media_type.into(),
            kind: Kind::Leaf,
        }
    }

    fn render(bytes: &[u8], entity: &Entity, extension: Extension) -> String {
        let mut out = Vec::new();
        structure(bytes, entity, extension, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_text_part() {
        let bytes =
            b"Content-Type: text/plain; charset=\"utf-8\"; (x;) format=flowed\r\nContent-Disposition: inline;\r\n filename=\"a;\\\"b\"\r\n\
            Content-Transfer-Encoding: Quoted-Printable\r\nContent-Language: fr, en\r\n\r\nun\r\ndeux\r\ntrois";
        let entity = leaf(bytes, "text/plain");
        assert_eq!(
            render(bytes, &entity, Extension::Without),
            "(\"text\" \"plain\" (\"charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL \"quoted-printable\" 15 2)"
        );
        assert_eq!(
            render(bytes, &entity, Extension::With),
            "(\"text\" \"plain\" (\"charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL \"quoted-printable\" 15 2 NIL (\"inline\" (\"filename\" \"a;\\\"b\")) (\"fr\" \"en\") NIL)"
        );
    }

    #[test]
    fn what_says_nothing_is_ascii_text() {
        let bytes = b"\r\nx\r\n";
        let entity = Entity {
            header: 0..2,
            body: 2..5,
            media_type: "text/plain".into(),
            kind: Kind::Leaf,
        };
        assert_eq!(
            render(bytes, &entity, Extension::Without),
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1)"
        );
    }

    #[test]
    fn a_message_in_a_multipart() {
        let bytes = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhi\r\n--b--\r\n";
        let at = |text: &[u8]| bytes.windows(text.len()).position(|w| w == text).unwrap();
        let (head, inner) = (at(b"Content-Type: message"), at(b"Subject"));
        let end = at(b"\r\n--b--");
        let text = Entity {
            header: inner..inner + 14,
            body: inner + 14..end,
            media_type: "text/plain".into(),
            kind: Kind::Leaf,
        };
        let message = Entity {
            header: head..inner,
            body: inner..end,
            media_type: "message/rfc822".into(),
            kind: Kind::Message(Box::new(text)),
        };
        let outer = Entity {
            header: 0..45,
            body: 45..bytes.len(),
            media_type: "multipart/mixed".into(),
            kind: Kind::Multipart(vec![message]),
        };
        assert_eq!(
            render(bytes, &outer, Extension::With),
            "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 16 (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL) \
             (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 2 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) \
             \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)"
        );
    }

    #[test]
    fn an_envelope() {
        let bytes =
            b"From: Zoe <a@b.fr>\r\nSubject: =?utf-8?Q?caf=C3=A9?=\r\n =?utf-8?Q?x?=\r\nTo: u:;\r\nMessage-ID: <1@b>\r\nDate: \xe9\r\n\r\n";
        let mut out = Vec::new();
        envelope(bytes, &leaf(bytes, "text/plain"), &mut out);
        let zoe = "((\"Zoe\" NIL \"a\" \"b.fr\"))";
        let want = format!(
            " \"=?utf-8?Q?caf=C3=A9?= =?utf-8?Q?x?=\" {zoe} {zoe} {zoe} ((NIL NIL \"u\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL \"<1@b>\")"
        );
        assert_eq!(out, [b"({1}\r\n\xe9", want.as_bytes()].concat());
    }
}
