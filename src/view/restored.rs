//! The fields that a letter's author wrote, in place of those that stand outside (RFC 9788 §4): what changes in the header of
//! a stored message when it is shown, as a value that can be kept, so that a listing says what the View says.

use super::header::{defanged, push_lines, push_shown};
use super::lookalike;
use crate::base::limits::{RESTORED_MAX, RESTORED_NAMES_MAX};
use crate::mime::header::{Field, Header};
use crate::mime::safe::ascii_field;
use crate::mime::words;
use crate::smime::protected::{Protected, Scheme};
use zeroize::Zeroize;

/// The difference between the header of a stored message and that of its View; the default: none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Restored {
    changes: Vec<Change>,
}

/// The View has the header of the stored message.
pub static UNCHANGED: Restored = Restored { changes: Vec::new() };

/// All fields of one name.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Change {
    name: String,
    /// What stands there instead, CRLF line ends; empty: nothing.
    fields: Vec<u8>,
}

/// What was opened is not left behind in memory.
impl Drop for Change {
    fn drop(&mut self) {
        self.fields.zeroize();
    }
}

/// Whose From is shown (RFC 9788 §4.4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FromShown {
    /// The protected one.
    Inner,
    /// That of the stored message.
    Outer,
}

/// Whose fields they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Author {
    /// The owner's, in a copy stored by this installation: marks of ours in a draft stay, for they tell where its text is from.
    Owner,
    /// Anybody's: what looks like ours is not.
    Other,
}

/// What an author writes. Fields of the way (Received, Authentication-Results, those of filters) are the provider's: copies
/// of them inside are a sender's words.
const AUTHORED: [&str; 27] = [
    "Subject",
    "From",
    "Sender",
    "Reply-To",
    "Followup-To",
    "Mail-Followup-To",
    "Mail-Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Comments",
    "Keywords",
    "Thread-Topic",
    "Organization",
    "User-Agent",
    "X-Mailer",
    "Importance",
    "Priority",
    "X-Priority",
    "X-MSMail-Priority",
    "Sensitivity",
    "Disposition-Notification-To",
    "Return-Receipt-To",
];

/// Shown or acted on, and nobody's words when they stand outside only: a stranger may have added them (RFC 9788 §4.4.4, §4.6;
/// RFC 9787 §1.1.2).
const NEVER_OUTSIDE_ONLY: [&str; 22] = [
    "Subject",
    "Sender",
    "Reply-To",
    "Followup-To",
    "Mail-Followup-To",
    "Mail-Reply-To",
    "To",
    "Cc",
    "Bcc",
    "In-Reply-To",
    "References",
    "Comments",
    "Keywords",
    "Thread-Topic",
    "Disposition-Notification-To",
    "Return-Receipt-To",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Date",
    "Resent-Message-ID",
];

/// True for a field that a View may show otherwise than it is stored.
pub fn may_change(name: &str) -> bool {
    is_authored(name) || is_one_of(&NEVER_OUTSIDE_ONLY, name)
}

fn is_authored(name: &str) -> bool {
    is_one_of(&AUTHORED, name) || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-MSS-"))
}

/// The names of the author's fields, each once, in order.
fn authored<'p>(protected: &'p Protected<'_>) -> Vec<&'p str> {
    let mut names: Vec<&str> = Vec::new();
    for field in protected.fields().filter(|f| is_authored(f.name)) {
        if names.len() < RESTORED_NAMES_MAX && !is_one_of(&names, field.name) {
            names.push(field.name);
        }
    }
    names
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

impl Restored {
    /// What the protected fields change in the header of the stored message.
    pub fn between(outer: &Header<'_>, protected: &Protected<'_>, from: FromShown, author: Author) -> Self {
        let mut restored = Self::default();
        for name in authored(protected) {
            if from == FromShown::Inner || !name.eq_ignore_ascii_case("From") {
                let fields: Vec<&Field<'_>> = protected.fields().filter(|f| f.is(name)).collect();
                restored.put(outer, name, &fields, author);
            }
        }
        // The older scheme protects what its program thought of, often the Subject alone.
        if protected.scheme != Scheme::Older {
            for name in NEVER_OUTSIDE_ONLY {
                if outer.first(name).is_some() && protected.header().first(name).is_none() {
                    restored.put(outer, name, &[], author);
                }
            }
        }
        restored
    }

    /// The same with words of ours in front of the Subject that is shown.
    pub fn marked(&self, outer: &Header<'_>, mark: &str) -> Self {
        let own = self.of("Subject").map(|fields| Header::parse(fields).0.text("Subject"));
        let subject = own.unwrap_or_else(|| outer.text("Subject")).unwrap_or_default();
        let subject = lookalike::defanged(&subject).unwrap_or(subject);
        let value = words::encode(format!("{mark} {}", subject.trim()).trim_end());
        let mut marked = self.clone();
        marked.changes.retain(|change| !change.name.eq_ignore_ascii_case("Subject"));
        marked.changes.push(Change {
            name: "Subject".to_owned(),
            fields: format!("Subject: {value}\r\n").into_bytes(),
        });
        marked
    }

    fn put(&mut self, outer: &Header<'_>, name: &str, fields: &[&Field<'_>], author: Author) {
        let same = outer.all(name).map(Field::unfolded).eq(fields.iter().map(|f| f.unfolded()));
        // A mark that stands outside, too, would pass for a stranger's.
        let marked = author == Author::Owner && fields.iter().any(|field| defanged(field).is_some());
        if same && !marked {
            return;
        }
        let mut out = Vec::new();
        for field in fields {
            if let Some(safe) = Header::parse(&ascii_field(field)).0.fields().first() {
                match author {
                    Author::Owner => push_lines(&mut out, safe),
                    Author::Other => push_shown(&mut out, safe),
                }
            }
        }
        self.changes.push(Change {
            name: name.to_owned(),
            fields: out,
        });
    }

    /// What stands in the place of the fields of that name; `None`: they stay.
    pub fn of(&self, name: &str) -> Option<&[u8]> {
        let change = self.changes.iter().find(|c| c.name.eq_ignore_ascii_case(name));
        change.map(|c| c.fields.as_slice())
    }

    /// The names of the fields that change, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(|c| c.name.as_str())
    }

    /// True when the View has the fields of the stored message.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The header of a stored message with the changes made; without the empty line.
    pub fn applied(&self, header: &Header<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        self.apply(header, |_| true, &mut out, |field, out| push_shown(out, field));
        out
    }

    /// Gives each field that stays to `keep`; puts the others where the first of their name stood, and those that have no
    /// such place, if they are `asked`, at the end.
    pub fn apply(
        &self,
        header: &Header<'_>,
        asked: impl Fn(&str) -> bool,
        out: &mut Vec<u8>,
        mut keep: impl FnMut(&Field<'_>, &mut Vec<u8>),
    ) {
        let mut placed: Vec<&str> = Vec::new();
        for field in header.fields() {
            match self.changes.iter().find(|c| field.is(&c.name)) {
                None => keep(field, out),
                Some(change) if placed.contains(&change.name.as_str()) => {}
                Some(change) => {
                    placed.push(&change.name);
                    out.extend_from_slice(&change.fields);
                }
            }
        }
        for change in self.changes.iter().filter(|c| !placed.contains(&c.name.as_str()) && asked(&c.name)) {
            out.extend_from_slice(&change.fields);
        }
    }

    /// As it is kept: each name and its fields, with their lengths. `None`: too long to be kept.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for change in &self.changes {
            out.push(u8::try_from(change.name.len()).ok()?);
            out.extend_from_slice(change.name.as_bytes());
            out.extend_from_slice(&u32::try_from(change.fields.len()).ok()?.to_be_bytes());
            out.extend_from_slice(&change.fields);
        }
        (out.len() <= RESTORED_MAX).then_some(out)
    }

    /// Reads what [`Restored::to_bytes`] wrote; zeros behind it fill it up.
    pub fn from_bytes(mut octets: &[u8]) -> Option<Self> {
        let mut restored = Self::default();
        while let Some((&length, rest)) = octets.split_first().filter(|(length, _)| **length > 0) {
            let (name, rest) = rest.split_at_checked(usize::from(length))?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let (fields, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            restored.changes.push(Change {
                name: std::str::from_utf8(name).ok()?.to_owned(),
                fields: fields.to_vec(),
            });
            octets = rest;
        }
        octets.iter().all(|b| *b == 0).then_some(restored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smime::opened::{Encryption, Layer, Opened};
    use crate::smime::protected::read;

    const OUTER: &str = "Received: by x\r\nFrom: a@x.fr\r\nSubject: [...]\r\nTo: b@x.fr,\r\n c@x.fr\r\nCc: eve@evil.test\r\nResent-To: eve@evil.test\r\n\
        X-Spam-Flag: YES\r\nDate: d\r\nSubject: two\r\nX-MSS-NIL: 1\r\n\r\n";

    fn restored(inner: &str, parameter: &str, from: FromShown) -> Restored {
        let encryption = Encryption {
            recipients: 1,
            content: String::new(),
            key: String::new(),
            authenticated: true,
            obsolete: Vec::new(),
        };
        let opened = Opened {
            content: format!("{inner}Content-Type: text/plain; {parameter}\r\n\r\nx").into_bytes(),
            layers: vec![Layer::Encrypted(encryption)],
            certificates: Vec::new(),
            unwrapped: Vec::new(),
        };
        let protected = read(&opened, OUTER.as_bytes()).unwrap();
        Restored::between(&Header::parse(OUTER.as_bytes()).0, &protected, from, Author::Other)
    }

    fn applied(restored: &Restored) -> String {
        String::from_utf8(restored.applied(&Header::parse(OUTER.as_bytes()).0)).unwrap()
    }

    const INNER: &str = "From: Alice <a@x.fr>\r\nSubject: Bilan\r\n de M.\r\nKeywords: dos\r\nTo: b@x.fr, c@x.fr\r\nX-Spam-Flag: NO\r\nReceived: by y\r\nX-MSS-NIL: 2\r\n";

    #[test]
    fn the_authors_fields_stand_in_their_places() {
        let stated = restored(INNER, "hp=cipher", FromShown::Inner);
        assert_eq!(
            applied(&stated),
            "Received: by x\r\nFrom: Alice <a@x.fr>\r\nSubject: Bilan\r\n de M.\r\nTo: b@x.fr,\r\n c@x.fr\r\nX-Spam-Flag: YES\r\nDate: d\r\n\
             X-MSS-NIL: 2\r\nKeywords: dos\r\n"
        );
        let outer = applied(&restored(INNER, "hp=cipher", FromShown::Outer));
        assert!(outer.contains("From: a@x.fr\r\n"), "{outer}");
        // What the older scheme leaves outside stays.
        let older = applied(&restored("Subject: Bilan\r\n", "protected-headers=v1", FromShown::Inner));
        assert_eq!(
            older,
            OUTER
                .replace("[...]", "Bilan")
                .replace("Subject: two\r\n", "")
                .trim_end()
                .to_owned()
                + "\r\n"
        );
    }

    #[test]
    fn as_many_names_as_a_letter_may_have_and_no_more() {
        let many: String = (0..50_000).map(|n| format!("X-MSS-{n}: a\r\n")).collect();
        let restored = restored(&format!("Subject: Bilan\r\n{many}Keywords: dos\r\n"), "hp=cipher", FromShown::Inner);
        let authored = restored.names().filter(|name| name.starts_with("X-MSS-")).count();
        assert_eq!((authored, restored.of("Subject").is_some()), (RESTORED_NAMES_MAX - 1, true));
    }

    #[test]
    fn fields_of_every_kind_are_safe() {
        let text = applied(&restored(
            "Subject: caf\u{e9}\u{0}\rX: y\r\nMessage-ID: <1>\n\tfold\r\n",
            "hp=cipher",
            FromShown::Inner,
        ));
        assert!(crate::mime::canonical::is_seven_bit(text.as_bytes()), "{text:?}");
        assert!(!text.contains("\nX:") && text.contains("Message-ID: <1> fold\r\n"), "{text:?}");
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else() {
        let stated = restored(INNER, "hp=cipher", FromShown::Inner);
        let mut octets = stated.to_bytes().unwrap();
        octets.extend([0; 7]);
        assert_eq!(Restored::from_bytes(&octets), Some(stated.clone()));
        assert_eq!(Restored::from_bytes(&[]), Some(Restored::default()));
        for cut in 1..octets.len() - 8 {
            assert_ne!(Restored::from_bytes(&octets[..cut]), Some(stated.clone()));
        }
        let long = format!("Subject: {}\r\n", "x ".repeat(RESTORED_MAX));
        assert_eq!(restored(&long, "hp=cipher", FromShown::Inner).to_bytes(), None);
    }
}
