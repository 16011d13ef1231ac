//! What is shown of an opened message: the letter without what header protection put into it, and its author's own fields.

use super::legacy_display;
use super::restored::{Author, FromShown, Restored};
use super::sender::{date_of, sender_of};
use crate::base::{Address, UnixTime};
use crate::mime::header::Header;
use crate::smime::opened::Opened;
use crate::smime::protected::{Protected, Scheme, read};
use std::borrow::Cow;

/// An opened message as its author wrote it.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The entity, header and body.
    pub content: Cow<'a, [u8]>,
    /// What stands in the View's header in place of fields of the stored message.
    pub restored: Restored,
}

/// Whose fields the View's header has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderShown {
    /// The author's, where they are protected.
    Protected,
    /// Those of the stored message: mail programs were told them before the message could be opened.
    Stored,
}

/// Who a message says it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Senders {
    /// Whom a signer is compared with: the protected From, else that of the stored message; `None`: it can mean two.
    pub from: Option<Address>,
    /// Whether From says the same inside and outside.
    pub agreement: Agreement,
    /// The moment that the message is said to be of; `None`: it can mean two.
    pub date: Option<UnixTime>,
}

/// Whether two From fields name the same address (RFC 9788 §4.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// They do, or there is one only.
    Same,
    /// They do not.
    Differs,
}

/// The letter in an opened message.
pub fn letter<'a>(opened: &'a Opened, stored: &[u8], from: FromShown, author: Author, header: HeaderShown) -> Letter<'a> {
    let Some(protected) = read(opened, stored) else {
        return Letter {
            content: Cow::Borrowed(&opened.content),
            restored: Restored::default(),
        };
    };
    let restored = Restored::between(&Header::parse(stored).0, &protected, from, author);
    let undisplayed = without_display(opened, &protected);
    let plain = Cow::Borrowed(protected.content);
    match header {
        HeaderShown::Protected => Letter {
            content: undisplayed.unwrap_or(plain),
            restored,
        },
        HeaderShown::Stored => Letter {
            content: match subject(&restored).filter(|_| undisplayed.is_none()) {
                Some(subject) => legacy_display::insert(&plain, &subject).map_or(plain, Cow::Owned),
                None => plain,
            },
            restored: Restored::default(),
        },
    }
}

/// Who wrote an opened message, and whether the provider's header says so too.
pub fn senders(opened: Option<&Opened>, stored: &[u8]) -> Senders {
    let outer = Header::parse(stored).0;
    let protected = opened.and_then(|opened| read(opened, stored));
    let inner = |name: &str| {
        protected
            .as_ref()
            .map(Protected::header)
            .filter(|inner| inner.first(name).is_some())
    };
    let date = date_of(inner("Date").unwrap_or(&outer));
    let shown = sender_of(&outer);
    let Some(inner) = inner("From") else {
        return Senders {
            from: shown,
            agreement: Agreement::Same,
            date,
        };
    };
    let from = sender_of(inner);
    let texts = |header: &Header<'_>| header.all("From").map(|f| f.text()).collect::<Vec<_>>();
    let same = if from.is_some() {
        from == shown
    } else {
        texts(inner) == texts(&outer)
    };
    Senders {
        from,
        agreement: if same { Agreement::Same } else { Agreement::Differs },
        date,
    }
}

/// A Subject that only the envelope holds is written above the text where a header cannot say it: only in an envelope can
/// somebody else not have written it, and only where it was meant to be hidden is it there (RFC 9788 §4.5.3.1).
fn without_display<'a>(opened: &Opened, protected: &Protected<'a>) -> Option<Cow<'a, [u8]>> {
    opened.encryption()?;
    match protected.scheme {
        Scheme::Cipher => legacy_display::remove(protected.content).map(Cow::Owned),
        Scheme::Older => legacy_display::remove_older(protected.content, protected.header()),
        Scheme::Clear | Scheme::Wrapped => None,
    }
}

fn subject(restored: &Restored) -> Option<String> {
    let fields = restored.of("Subject")?;
    Header::parse(fields).0.text("Subject")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smime::opened::{Encryption, Layer};

    const STORED: &[u8] = b"From: Alice <a@x.fr>\r\nSubject: [...]\r\n\r\n";
    const SHOWN: &str = "Subject: Bilan\r\n\r\nBonjour";

    fn opened(content: &str, encrypted: bool) -> Opened {
        let encryption = Encryption {
            recipients: 1,
            content: String::new(),
            key: String::new(),
            authenticated: true,
            obsolete: Vec::new(),
        };
        let signer = crate::smime::verify::SignerReport {
            integrity: crate::smime::verify::Integrity::Intact,
            certificate: None,
            path: None,
            path_then: None,
            status: None,
            is_bound: false,
            signing_time: None,
            algorithm: String::new(),
            signature: Vec::new(),
            obsolete: Vec::new(),
            offer: crate::smime::offer::Offer::default(),
        };
        Opened {
            content: content.as_bytes().to_vec(),
            layers: vec![if encrypted {
                Layer::Encrypted(encryption)
            } else {
                Layer::Signed(vec![signer])
            }],
            certificates: Vec::new(),
            unwrapped: Vec::new(),
        }
    }

    fn body(opened: &Opened, header: HeaderShown) -> (String, bool) {
        let letter = letter(opened, STORED, FromShown::Inner, Author::Other, header);
        let text = String::from_utf8(letter.content.into_owned()).unwrap();
        (text.split_once("\r\n\r\n").unwrap().1.to_owned(), letter.restored.is_empty())
    }

    #[test]
    fn the_display_goes_where_the_header_says_it() {
        let labelled = format!("Subject: Bilan\r\nContent-Type: text/plain; hp=cipher; hp-legacy-display=1\r\n\r\n{SHOWN}");
        let bare = "Subject: Bilan\r\nContent-Type: text/plain; hp=cipher\r\n\r\nBonjour";
        assert_eq!(
            body(&opened(&labelled, true), HeaderShown::Protected),
            ("Bonjour".to_owned(), false)
        );
        // What was signed in clear anybody could have read and cut.
        assert_eq!(body(&opened(&labelled, false), HeaderShown::Protected), (SHOWN.to_owned(), false));
        // Where the header was told without it, the text says it, once.
        assert_eq!(body(&opened(&labelled, true), HeaderShown::Stored), (SHOWN.to_owned(), true));
        assert_eq!(body(&opened(bare, true), HeaderShown::Stored), (SHOWN.to_owned(), true));
        let unprotected = "Subject: Bilan\r\nContent-Type: text/plain; hp-legacy-display=1\r\n\r\nSubject: x\r\n\r\ny";
        assert_eq!(
            body(&opened(unprotected, true), HeaderShown::Protected),
            ("Subject: x\r\n\r\ny".to_owned(), true)
        );
    }

    #[test]
    fn two_from_fields_are_compared_by_their_addresses() {
        let outer = |from: &str| format!("{from}Subject: s\r\n\r\n");
        let alice = Some("a@x.fr");
        for (inner, outer_fields, from, agreement) in [
            ("From: Dr Alice <A@X.fr>\r\n", "From: a@x.fr\r\n", Some("A@X.fr"), Agreement::Same),
            ("From: a@x.fr\r\n", "From: eve@evil.test\r\n", alice, Agreement::Differs),
            (
                "From: a@x.fr\r\n",
                "From: a@x.fr\r\nFrom: eve@evil.test\r\n",
                alice,
                Agreement::Differs,
            ),
            (
                "From: a@x.fr\r\n",
                "From: \"eve@evil.test\" <a@x.fr>\r\n",
                alice,
                Agreement::Differs,
            ),
            ("From: a@x.fr\r\n", "", alice, Agreement::Differs),
            ("", "From: a@x.fr\r\n", alice, Agreement::Same),
            ("From: a@x.fr, b@x.fr\r\n", "From: a@x.fr,\r\n b@x.fr\r\n", None, Agreement::Same),
            ("From: a@x.fr, b@x.fr\r\n", "From: a@x.fr\r\n", None, Agreement::Differs),
        ] {
            let opened = opened(&format!("{inner}Content-Type: text/plain; hp=clear\r\n\r\n"), false);
            let found = senders(Some(&opened), outer(outer_fields).as_bytes());
            assert_eq!(
                (found.from.as_ref().map(Address::as_str), found.agreement),
                (from, agreement),
                "{inner} {outer_fields}"
            );
        }
        assert_eq!(senders(None, STORED).from.unwrap().as_str(), "a@x.fr");
    }
}
