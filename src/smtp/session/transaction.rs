//! One mail transaction (RFC 5321 §3.3): the envelope as it grows.
//!
//! A recipient that was not taken ends it: sent to the others, the message would be judged without the one whose domain
//! might ask for encryption.

use crate::base::limits::SMTP_RECIPIENTS_MAX;
use crate::policy::{Envelope, Recipient};
use crate::smtp::capabilities::Capabilities;
use crate::smtp::wire::Reply;
use crate::smtp::wire::command::Mail;
use crate::text::outgoing::too_large;
use crate::text::smtp as text;

/// Empty until MAIL.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    mail: Option<Mail>,
    recipients: Vec<Recipient>,
    dsn: bool,
    spoilt: bool,
}

/// What the mail program is told: a positive reply, or a refusal.
pub(super) type Answer = Result<&'static str, Reply>;

impl Transaction {
    /// True after MAIL.
    pub(super) fn is_open(&self) -> bool {
        self.mail.is_some()
    }

    /// `MAIL FROM`; what is not offered is not taken.
    pub(super) fn mail(&mut self, mail: Mail, offer: &Capabilities) -> Answer {
        if self.is_open() {
            return Err(Reply::new(503, "5.5.1 Une transaction est en cours"));
        }
        let unoffered = (mail.eight_bit && !offer.eight_bit)
            || (mail.smtputf8 && !offer.smtputf8)
            || ((mail.ret.is_some() || mail.envid.is_some()) && !offer.dsn);
        if unoffered {
            return Err(Reply::new(555, "5.5.4 Parametre non reconnu"));
        }
        if mail.size.is_some_and(|size| size > offer.submission_max()) {
            let refusal = too_large(offer.submission_max());
            return Err(Reply::explained(552, "5.3.4", &refusal));
        }
        if !mail.smtputf8 && mail.from.as_ref().is_some_and(|from| !from.as_str().is_ascii()) {
            return Err(needs_utf8());
        }
        self.dsn = offer.dsn;
        self.mail = Some(mail);
        Ok("250 2.1.0 OK")
    }

    /// `RCPT TO`.
    pub(super) fn rcpt(&mut self, recipient: Recipient) -> Answer {
        let taken = self.fits(&recipient);
        if taken.is_ok() {
            self.recipients.push(recipient);
        } else {
            self.spoil();
        }
        taken
    }

    /// A line that may have been a recipient could not be read.
    pub(super) fn spoil(&mut self) {
        self.spoilt |= self.is_open();
    }

    fn fits(&self, recipient: &Recipient) -> Answer {
        let Some(mail) = &self.mail else {
            return Err(Reply::new(503, "5.5.1 MAIL d'abord"));
        };
        if self.recipients.len() >= SMTP_RECIPIENTS_MAX {
            return Err(Reply::new(452, "4.5.3 Trop de destinataires"));
        }
        if (recipient.notify.is_some() || recipient.orcpt.is_some()) && !self.dsn {
            return Err(Reply::new(555, "5.5.4 Parametre non reconnu"));
        }
        if !mail.smtputf8 && !recipient.address.as_str().is_ascii() {
            return Err(needs_utf8());
        }
        Ok("250 2.1.5 OK")
    }

    /// Octets that the mail program has declared (RFC 1870 §6).
    pub(super) fn declared(&self) -> Option<usize> {
        usize::try_from(self.mail.as_ref()?.size?).ok()
    }

    /// Why DATA cannot follow.
    pub(super) fn unready(&self) -> Option<Reply> {
        match (self.is_open(), self.recipients.is_empty(), self.spoilt) {
            (false, _, _) => Some(Reply::new(503, "5.5.1 MAIL d'abord")),
            (true, true, _) => Some(Reply::new(554, "5.5.1 Aucun destinataire valable")),
            (true, false, true) => Some(Reply::explained(554, "5.5.1", &text::recipient_not_taken())),
            (true, false, false) => None,
        }
    }

    /// The envelope, complete.
    pub(super) fn envelope(self) -> Envelope {
        let Mail {
            from,
            eight_bit,
            smtputf8,
            ret,
            envid,
            size: _,
        } = self.mail.unwrap_or_default();
        Envelope {
            from,
            recipients: self.recipients,
            eight_bit,
            smtputf8,
            ret,
            envid,
        }
    }
}

fn needs_utf8() -> Reply {
    Reply::new(553, "5.6.7 Cette adresse demande SMTPUTF8")
}
