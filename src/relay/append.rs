//! What a mail program uploads: Sent copies and drafts stored sealed to their owner, Views put back as they were stored.

use super::port::{Append, MessageKey};
use super::{Relay, seals};
use crate::config::Account;
use crate::mime::header::Header;
use crate::mime::{Octets, parameters};
use crate::policy::append::{Known, Sent, Stored, stored};
use crate::policy::outgoing::Thread;
use crate::policy::readable::{self, HeaderFault};
use crate::policy::{Space, threads};
use crate::smime::Flow;
use crate::smime::encrypt::Cipher;
use crate::smime::header_protection::{self, Purpose};
use crate::smime::sealed::is_sealed;
use crate::smime::sign::Form;
use crate::text::imap::not_stored;
use crate::text::{Explain, Explanation, outgoing as say, subject};
use crate::view::header::MARK;
use crate::view::strip;
use bytes::Bytes;

impl Relay {
    pub(super) async fn store_upload(&self, account: &Account, message: &[u8]) -> Append {
        let ids = threads::ids(message);
        let own: Vec<String> = ids.own.iter().cloned().collect();
        // The memory knows letters that arrived as well: only what the owner wrote is a Sent copy.
        let sent = if self.is_from(message, account) && self.thread(&own) != Thread::Unknown {
            Sent::Sealed
        } else {
            Sent::Unknown
        };
        let known = Known {
            sent,
            thread: self.thread(&ids.related),
            banner: self.held(message),
        };
        if readable::is_too_long(message) {
            return Append::Refuse(not_stored(say::header_unreadable()));
        }
        // A list that cannot be read might name whoever it is for: the owner reads the sealed copy all the same.
        let as_it_is = |space: Space| stored(message, account, self.rules(&space), known) == Stored::AsIs;
        if is_sealed(message) || self.space().is_ok_and(as_it_is) {
            return Append::AsIs;
        }
        match self.seal_for_owner(account, message, sent) {
            Ok(sealed) => {
                self.note_stored(account, ids.own.as_deref());
                Append::Store(sealed)
            }
            Err(refusal) => Append::Refuse(not_stored(refusal)),
        }
    }

    /// The place that a View names, when it is a View: its boundary is that of the same place.
    pub(super) fn place_behind(&self, message: &[u8]) -> Option<MessageKey> {
        let (header, _) = Header::parse(message);
        let seals = self.seals.at_hand().ok()?;
        let key = seals.place_of(&header.text(MARK)?)?;
        let boundary = parameters::content_type(&header).parameters.remove("boundary")?;
        (boundary == seals.boundary(&key)).then_some(key)
    }

    /// Whether a View shows that message, by its author's fields or by those outside.
    pub(super) fn is_original_of(&self, view: &[u8], stored: &[u8]) -> bool {
        shows(view, stored) || self.shown_header(stored).is_ok_and(|header| shows(view, &header))
    }

    /// Encrypted to its owner alone. What was sent is signed as well; a draft is not: nobody has signed it yet
    /// (RFC 9787 §9). All fields stay, Bcc too: the owner must find them again.
    fn seal_for_owner(&self, account: &Account, message: &[u8], sent: Sent) -> Result<Vec<u8>, Explanation> {
        // A line that is no field might be the letter itself: it may neither stay outside nor be lost.
        if readable::fault(message) == Some(HeaderFault::NotAField) {
            return Err(say::header_unreadable());
        }
        let stripped = (sent == Sent::Sealed).then(|| strip(message)).flatten();
        let message = stripped.as_deref().unwrap_or(message);
        let purpose = Purpose::OwnCopy(self.subject());
        let entity = header_protection::protected(message, &Bytes::copy_from_slice(message), purpose);
        let inner = match sent {
            Sent::Sealed => self.sign(account, &self.signer(account, message)?, self.marked(entity)?, Form::Opaque)?,
            Sent::Unknown if self.is_from(message, account) => self.marked(entity)?.into(),
            // Somebody else's letter, kept here: the mark of the owner would vouch for it.
            Sent::Unknown => entity.into(),
        };
        let reader = self.own_encryption_certificate(account)?;
        let sealed = self.encrypt(inner, &[reader], Cipher::Aes256Cbc)?;
        let mut out = header_protection::outer_header(message, purpose);
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
        let mut stored = Flow::from(out);
        stored.append(sealed);
        stored.to_vec().map_err(|e| e.explain())
    }

    /// The entity with the mark by which this installation knows its owner's own copies again.
    fn marked(&self, entity: Octets) -> Result<Octets, Explanation> {
        let mark = self.seals.at_hand().map_err(|e| e.explain())?.own_mark(entity.stretches());
        let mut marked = Octets::from(format!("{}: {mark}\r\n", seals::OWN_FIELD));
        entity.stretches().iter().for_each(|stretch| marked.push(stretch.clone()));
        Ok(marked)
    }
}

/// Whether a View shows that message: the fields by which people know a message are the same.
pub(super) fn shows(view: &[u8], stored: &[u8]) -> bool {
    let (view, stored) = (Header::parse(view).0, Header::parse(stored).0);
    // The mark in front of the Subject is ours, and is none of the message.
    let subject = |header: &Header<'_>| header.text("Subject").map(|text| subject::without_marks(&text).unwrap_or(text));
    ["Message-ID", "Date", "From"]
        .iter()
        .all(|name| view.text(name) == stored.text(name))
        && subject(&view) == subject(&stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_shows_the_message_with_its_fields() {
        let stored = b"From: a\r\nSubject: s\r\nDate: d\r\nMessage-ID: <1@x>\r\nContent-Type: x/y\r\n\r\nsealed";
        assert!(shows(
            b"Subject: s\r\nFrom: a\r\nDate: d\r\nMessage-ID:\r\n <1@x>\r\n\r\nclear",
            stored
        ));
        assert!(shows(
            b"Subject: [Souspli : non garanti] s\r\nFrom: a\r\nDate: d\r\nMessage-ID: <1@x>\r\n\r\nclear",
            stored
        ));
        assert!(!shows(
            b"Subject: s\r\nFrom: a\r\nDate: d\r\nMessage-ID: <2@x>\r\n\r\nclear",
            stored
        ));
        assert!(!shows(b"Subject: s\r\nFrom: a\r\nDate: d\r\n\r\nclear", stored));
    }
}
