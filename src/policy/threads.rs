//! What ties a message to others: the identifiers under which the store remembers that a thread was sealed.
//!
//! Pure extraction. Thread-Index and Thread-Topic are not read: they are the same in everything that was made from one
//! template, and Outlook and Exchange write In-Reply-To and References beside them.

mod ids;

pub use self::ids::bare;

use crate::base::limits::{ATTACHED_HEADER_MAX, THREAD_IDS_MAX};
use crate::mime::Contents;
use crate::mime::edit::{ENCODED_MAX, is_text};
use crate::mime::entity::{Entity, Kind};
use crate::mime::header::Header;

/// The `msg-id`s of one message (RFC 5322 §3.6.4), raw with their angle brackets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ThreadIds {
    /// `Message-ID`: what to remember once this message has been sealed.
    pub own: Option<String>,
    /// What to ask the memory about, without repeats: what it answers or passes on, and what is attached to it.
    pub related: Vec<String>,
}

/// The nearest first: they matter most should the bound be reached.
const NEAREST: [&str; 2] = ["In-Reply-To", "X-Forwarded-Message-Id"];

/// What the name of a field that holds identifiers contains, its letters alone: programs have names of their own for it
/// (`X-Forwarded-Message-Id` of Thunderbird, `X-MS-Exchange-Parent-Message-Id`, `Original-Message-ID` of RFC 8098).
const HOLDS_IDS: [&str; 4] = ["messageid", "msgid", "inreplyto", "references"];

/// The identifier of `message` itself.
pub fn own(message: &[u8]) -> Option<String> {
    let (header, _) = Header::parse(message);
    header.all("Message-ID").find_map(|f| ids::written(f.value).into_iter().next())
}

/// Every identifier in `message`: in its header, in those of messages attached to it, in the reports of RFC 3464 and RFC 8098.
pub fn ids(message: &[u8]) -> ThreadIds {
    ids_in(&Contents::of(message))
}

/// The same of a message that has been read.
pub fn ids_in(message: &Contents<'_>) -> ThreadIds {
    let mut related = Vec::new();
    related_in(&Header::parse(message.octets).0, Own::LeftOut, &mut related);
    attached(message, &message.root, 0, &mut related);
    ThreadIds {
        own: own(message.octets),
        related,
    }
}

/// Whether a header's Message-ID is one of those it is related to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    LeftOut,
    Related,
}

fn related_in(header: &Header<'_>, own: Own, out: &mut Vec<String>) {
    let nearest = NEAREST.iter().flat_map(|name| header.all(name));
    let named = header
        .fields()
        .iter()
        .filter(|field| holds_ids(field.name) && (own == Own::Related || !field.is("Message-ID")));
    for field in nearest.chain(named) {
        // The parent stands last in References.
        for id in ids::meant(field.value).into_iter().rev() {
            if out.len() < THREAD_IDS_MAX && !out.contains(&id) {
                out.push(id);
            }
        }
    }
}

fn holds_ids(name: &str) -> bool {
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    HOLDS_IDS.iter().any(|held| letters.contains(held))
}

/// A message that is passed on in another one, whole or by its header only, is as secret there.
fn attached(message: &Contents<'_>, entity: &Entity, encoded: usize, out: &mut Vec<String>) {
    match &entity.kind {
        Kind::Multipart(parts) => parts.iter().for_each(|part| attached(message, part, encoded, out)),
        Kind::Message(inner) => {
            of_attached(message.at(&inner.header), out);
            attached(message, inner, encoded, out);
        }
        Kind::Leaf => {
            if let Some(inner) = message.attached_message(entity).filter(|_| encoded < ENCODED_MAX) {
                let inner = Contents::of(&inner);
                of_attached(inner.octets, out);
                attached(&inner, &inner.root, encoded + 1, out);
            } else if !is_text(&entity.media_type)
                && let Some(octets) = message.body(entity)
            {
                of_attached(&octets[..octets.len().min(ATTACHED_HEADER_MAX)], out);
            }
        }
    }
}

fn of_attached(header: &[u8], out: &mut Vec<String>) {
    related_in(&Header::parse(header).0, Own::Related, out);
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
