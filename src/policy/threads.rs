//! What ties a message to others: the identifiers under which the store remembers that a thread was sealed.
//!
//! Pure extraction. Thread-Index and Thread-Topic are not read: programs copy them to unrelated messages.

use crate::base::limits::{MESSAGE_ID_MAX, THREAD_IDS_MAX};
use crate::mime::header::Header;

/// The `msg-id`s of one message (RFC 5322 §3.6.4), raw with their angle brackets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ThreadIds {
    /// `Message-ID`: what to remember once this message has been sealed.
    pub own: Option<String>,
    /// In-Reply-To, X-Forwarded-Message-Id and References: what to ask the memory about, without repeats.
    pub related: Vec<String>,
}

/// The nearest first: they matter most should the bound be reached.
const RELATED: [&str; 3] = ["In-Reply-To", "X-Forwarded-Message-Id", "References"];

/// The identifiers in the header of `message`.
pub fn ids(message: &[u8]) -> ThreadIds {
    let (header, _) = Header::parse(message);
    let own = header.all("Message-ID").find_map(|f| msg_ids(f.value).into_iter().next());
    let mut related: Vec<String> = Vec::new();
    for name in RELATED {
        for field in header.all(name) {
            // The parent stands last in References.
            for id in msg_ids(field.value).into_iter().rev() {
                if related.len() < THREAD_IDS_MAX && !related.contains(&id) {
                    related.push(id);
                }
            }
        }
    }
    ThreadIds { own, related }
}

/// `msg-id = "<" id-left "@" id-right ">"`; folds inside are dropped. Outside of brackets only what holds an `@` is taken
/// for one, as some programs write it: a reply may quote it with brackets.
fn msg_ids(value: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some(open) = memchr::memchr(b'<', rest) {
        bare_ids(&rest[..open], &mut out);
        rest = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', rest) else { break };
        push_id(&rest[..close], &mut out);
        rest = &rest[close + 1..];
    }
    bare_ids(rest, &mut out);
    out
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
    fn identifiers_are_known_as_odd_programs_write_them() {
        for field in [
            "<a@x>",
            " <a\r\n @x>",
            "< a@x >",
            "a@x",
            "\r\n a@x",
            "\"Dr\" (lundi) a@x",
            "<> <a@x> <b@x>",
        ] {
            let message = format!("Message-ID:{field}\r\nIn-Reply-To:{field}\r\n\r\n");
            let ids = ids(message.as_bytes());
            assert_eq!(ids.own.as_deref(), Some("<a@x>"), "{field}");
            assert!(ids.related.contains(&"<a@x>".to_owned()), "{field}");
        }
    }
}
