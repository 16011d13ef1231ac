//! What ties a message to others: the identifiers under which the store remembers that a thread was sealed.
//!
//! Pure extraction. Thread-Index and Thread-Topic are not read: programs copy them to unrelated messages.

use crate::base::limits::{ATTACHED_HEADER_MAX, MESSAGE_ID_MAX, THREAD_IDS_MAX};
use crate::mime::edit::{ENCODED_MAX, encoded_message, is_text};
use crate::mime::encode::transfer_decode;
use crate::mime::entity::{Entity, Kind, parse};
use crate::mime::header::Header;
use crate::mime::parameters::transfer_encoding;
use crate::mime::words;

/// The `msg-id`s of one message (RFC 5322 §3.6.4), raw with their angle brackets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ThreadIds {
    /// `Message-ID`: what to remember once this message has been sealed.
    pub own: Option<String>,
    /// What to ask the memory about, without repeats: what it answers or passes on, and what is attached to it.
    pub related: Vec<String>,
}

/// The nearest first: they matter most should the bound be reached.
const RELATED: [&str; 6] = [
    "In-Reply-To",
    "X-Forwarded-Message-Id",
    "Resent-Message-ID",
    "Original-Message-ID",
    "X-Original-Message-ID",
    "References",
];

/// The identifier of `message` itself.
pub fn own(message: &[u8]) -> Option<String> {
    let (header, _) = Header::parse(message);
    header.all("Message-ID").find_map(|f| msg_ids(f.value).into_iter().next())
}

/// Every identifier in `message`: in its header, in those of messages attached to it, in the reports of RFC 3464 and RFC 8098.
pub fn ids(message: &[u8]) -> ThreadIds {
    let mut related = Vec::new();
    related_in(&Header::parse(message).0, &RELATED, &mut related);
    attached(message, &parse(message), 0, &mut related);
    ThreadIds {
        own: own(message),
        related,
    }
}

fn related_in(header: &Header<'_>, names: &[&str], out: &mut Vec<String>) {
    for field in names.iter().flat_map(|name| header.all(name)) {
        // The parent stands last in References.
        for id in msg_ids(field.value).into_iter().rev() {
            if out.len() < THREAD_IDS_MAX && !out.contains(&id) {
                out.push(id);
            }
        }
    }
}

/// A message that is passed on in another one, whole or by its header only, is as secret there.
fn attached(bytes: &[u8], entity: &Entity, encoded: usize, out: &mut Vec<String>) {
    match &entity.kind {
        Kind::Multipart(parts) => parts.iter().for_each(|part| attached(bytes, part, encoded, out)),
        Kind::Message(inner) => {
            of_attached(&bytes[inner.header.clone()], out);
            attached(bytes, inner, encoded, out);
        }
        Kind::Leaf => {
            if let Some(message) = encoded_message(bytes, entity).filter(|_| encoded < ENCODED_MAX) {
                of_attached(&message, out);
                attached(&message, &parse(&message), encoded + 1, out);
            } else if !is_text(&entity.media_type) {
                let coding = transfer_encoding(&Header::parse(&bytes[entity.header.clone()]).0);
                let body = &bytes[entity.body.clone()];
                let start = transfer_decode(coding, &body[..body.len().min(ATTACHED_HEADER_MAX)]);
                start.iter().for_each(|octets| of_attached(octets, out));
            }
        }
    }
}

fn of_attached(header: &[u8], out: &mut Vec<String>) {
    let (header, _) = Header::parse(header);
    related_in(&header, &["Message-ID"], out);
    related_in(&header, &RELATED, out);
}

/// `msg-id = "<" id-left "@" id-right ">"`; folds inside are dropped. Outside of brackets only what holds an `@` is taken
/// for one, as some programs write it: a reply may quote it with brackets.
fn msg_ids(value: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    raw_ids(value, &mut out);
    // Against RFC 2047 §5, yet seen: a long field that was folded into encoded words.
    if memchr::memmem::find(value, b"=?").is_some() {
        raw_ids(words::decode(value).as_bytes(), &mut out);
    }
    out
}

fn raw_ids(value: &[u8], out: &mut Vec<String>) {
    let mut rest = value;
    while let Some(open) = memchr::memchr(b'<', rest) {
        bare_ids(&rest[..open], out);
        rest = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', rest) else { break };
        push_id(&rest[..close], out);
        rest = &rest[close + 1..];
    }
    bare_ids(rest, out);
}

fn bare_ids(text: &[u8], out: &mut Vec<String>) {
    let words = text.split(|b| b.is_ascii_whitespace() || b"\"();,".contains(b));
    words.filter(|word| word.contains(&b'@')).for_each(|word| push_id(word, out));
}

fn push_id(written: &[u8], out: &mut Vec<String>) {
    let inner: Vec<u8> = written.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    if !inner.is_empty() && inner.len() <= MESSAGE_ID_MAX && !inner.contains(&b'<') {
        out.push(format!("<{}>", String::from_utf8_lossy(&inner)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_found_nearest_first() {
        let ids = ids(
            b"message-id: <me@x>\r\nReferences: <root@x>\r\n <mid@x> <up@x>\r\nIn-Reply-To: \"text\" <up@x>\r\n\
            X-Forwarded-Message-Id: <fw@x>\r\nThread-Index: <no@x>\r\n\r\nReferences: <body@x>\r\n",
        );
        assert_eq!(ids.own.as_deref(), Some("<me@x>"));
        assert_eq!(ids.related, ["<up@x>", "<fw@x>", "<mid@x>", "<root@x>"]);
    }

    #[test]
    fn what_is_hostile_is_bounded() {
        let many: String = (0..5_000).map(|n| format!(" <{n}@x>")).collect();
        assert_eq!(ids(format!("References:{many}\r\n\r\n").as_bytes()).related.len(), THREAD_IDS_MAX);
        assert_eq!(
            ids(format!("Message-ID: <{}>\r\n\r\n", "a".repeat(5_000)).as_bytes()),
            ThreadIds::default()
        );
        assert_eq!(ids(b"Message-ID: <a\r\nReferences: <> < > <<a>\r\n\r\n"), ThreadIds::default());
    }

    #[test]
    fn what_is_attached_is_known() {
        let mixed = |kind: &str, content: &str| {
            format!(
                "Message-ID: <me@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nvoir\r\n--b\r\n{kind}\r\n\r\n{content}\r\n--b--\r\n"
            )
        };
        let letter = "From: a@b\r\nMessage-ID: <in@x>\r\n\r\nletter";
        let coded = String::from_utf8(crate::mime::encode::base64_lines(letter.as_bytes())).unwrap();
        for (kind, content) in [
            ("Content-Type: message/rfc822", letter),
            ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", &coded),
            (
                "Content-Type: application/octet-stream; name=l.eml\r\nContent-Transfer-Encoding: base64",
                &coded,
            ),
            ("Content-Type: text/rfc822-headers", "Message-ID: <in@x>\r\nSubject: s"),
            (
                "Content-Type: message/disposition-notification",
                "Disposition: x\r\nOriginal-Message-ID: <in@x>",
            ),
        ] {
            let ids = ids(mixed(kind, content).as_bytes());
            assert_eq!(
                (ids.own.as_deref(), ids.related),
                (Some("<me@x>"), vec!["<in@x>".to_owned()]),
                "{kind}"
            );
        }
        assert!(
            ids(mixed("Content-Type: text/plain", "Message-ID: <in@x>\r\n").as_bytes())
                .related
                .is_empty()
        );
    }

    #[test]
    fn identifiers_are_known_as_odd_programs_write_them() {
        for field in [
            "<a@x>",
            " <a\r\n @x>",
            "< a@x >",
            "a@x",
            "\r\n a@x",
            "\"Dr\" (lundi) a@x",
            "<> <a@x> <b@x>",
            "=?utf-8?q?=3Ca=40x=3E?=",
            "=?utf-8?b?PGFA?=\r\n =?utf-8?b?eD4=?=",
        ] {
            let message = format!("Message-ID:{field}\r\nIn-Reply-To:{field}\r\n\r\n");
            let ids = ids(message.as_bytes());
            assert_eq!(ids.own.as_deref(), Some("<a@x>"), "{field}");
            assert!(ids.related.contains(&"<a@x>".to_owned()), "{field}");
        }
    }
}
