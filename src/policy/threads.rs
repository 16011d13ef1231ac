//! What ties a message to others: the identifiers under which the store remembers that a thread was sealed.
//!
//! Pure extraction. Thread-Index and Thread-Topic are not read: programs copy them to unrelated messages.

use super::fields::fields;
use crate::base::limits::{MESSAGE_ID_MAX, THREAD_IDS_MAX};

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
    let own = fields(message)
        .find(|f| f.is("Message-ID"))
        .and_then(|f| msg_ids(f.value).into_iter().next());
    let mut related: Vec<String> = Vec::new();
    for name in RELATED {
        for field in fields(message).filter(|f| f.is(name)) {
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

/// `msg-id = "<" id-left "@" id-right ">"`; folds inside are dropped, the `@` is not asked for.
fn msg_ids(value: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some(open) = memchr::memchr(b'<', rest) {
        rest = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', rest) else { break };
        let inner: Vec<u8> = rest[..close].iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        rest = &rest[close + 1..];
        if !inner.is_empty() && inner.len() <= MESSAGE_ID_MAX && !inner.contains(&b'<') {
            out.push(format!("<{}>", String::from_utf8_lossy(&inner)));
        }
    }
    out
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
}
