//! What a mail program uploads: Sent copies and drafts stored sealed to their owner, Views put back as they were stored.

use super::incoming::without_own_field;
use super::port::Append;
use super::{Relay, seals};
use crate::config::Account;
use crate::mime::canonical;
use crate::mime::header::Header;
use crate::policy::append::{Known, Sent, Stored, stored};
use crate::policy::outgoing::{Banner, Thread};
use crate::policy::readable::{self, HeaderFault};
use crate::policy::threads;
use crate::smime::sign::Form;
use crate::store::Event;
use crate::text::{Explanation, outgoing as say};
use crate::view::{Marks, marks, strip};

impl Relay {
    pub(super) async fn store_upload(&self, account: &Account, message: &[u8]) -> Append {
        let ids = threads::ids(message);
        let own: Vec<String> = ids.own.iter().cloned().collect();
        let sent = if self.thread(&own) == Thread::Sealed {
            Sent::Sealed
        } else {
            Sent::Unknown
        };
        let banner = if marks(message) == Marks::Sealed {
            Banner::Found
        } else {
            Banner::Absent
        };
        let known = Known {
            sent,
            thread: self.thread(&ids.related),
            banner,
        };
        if readable::is_too_long(message) {
            return Append::Refuse(say::header_unreadable());
        }
        if stored(message, account, &self.config.policy, known) == Stored::AsIs {
            return Append::AsIs;
        }
        match self.seal_for_owner(account, message, sent) {
            Ok(sealed) => {
                self.note(&self.entry(Event::Store, &account.address, ids.own.as_deref(), 0, "ok"));
                Append::Store(sealed)
            }
            Err(refusal) => Append::Refuse(refusal),
        }
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
        let entity = canonical::content_entity(message);
        let entity = canonical::for_signing(&entity);
        let mark = self.seals.own_mark(&without_own_field(&entity));
        let marked = [format!("{}: {mark}\r\n", seals::OWN_FIELD).as_bytes(), &entity].concat();
        let inner = match sent {
            Sent::Sealed => self.sign(account, &marked, Form::Opaque)?,
            Sent::Unknown => marked,
        };
        let reader = self.own_encryption_certificate(account)?;
        let sealed = self.encrypt(&inner, &[reader])?;
        let (header, _) = Header::parse(message);
        let mut out = header.retain(|f| !f.begins("Content-") && !f.is("MIME-Version") && !f.begins("X-Souspli-"));
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
        out.extend_from_slice(&sealed);
        Ok(out)
    }
}
