//! One mail transaction (RFC 5321 §3.3): the envelope as it grows.

use crate::base::limits::SMTP_RECIPIENTS_MAX;
use crate::policy::{Envelope, Recipient};
use crate::smtp::capabilities::Capabilities;
use crate::smtp::wire::command::Mail;

/// Empty until MAIL.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    mail: Option<Mail>,
    recipients: Vec<Recipient>,
    dsn: bool,
}

impl Transaction {
    /// True after MAIL.
    pub(super) fn is_open(&self) -> bool {
        self.mail.is_some()
    }

    /// `MAIL FROM`; what is not offered is not taken.
    pub(super) fn mail(&mut self, mail: Mail, offer: &Capabilities) -> &'static str {
        if self.is_open() {
            return "503 5.5.1 Une transaction est en cours";
        }
        let unoffered = (mail.eight_bit && !offer.eight_bit)
            || (mail.smtputf8 && !offer.smtputf8)
            || ((mail.ret.is_some() || mail.envid.is_some()) && !offer.dsn);
        if unoffered {
            return "555 5.5.4 Parametre non reconnu";
        }
        if mail.size.is_some_and(|size| size > offer.submission_max()) {
            return "552 5.3.4 Message trop volumineux, chiffrement compris";
        }
        if !mail.smtputf8 && mail.from.as_ref().is_some_and(|from| !from.as_str().is_ascii()) {
            return NEEDS_UTF8;
        }
        self.dsn = offer.dsn;
        self.mail = Some(mail);
        "250 2.1.0 OK"
    }

    /// `RCPT TO`.
    pub(super) fn rcpt(&mut self, recipient: Recipient) -> &'static str {
        let Some(mail) = &self.mail else { return "503 5.5.1 MAIL d'abord" };
        if self.recipients.len() >= SMTP_RECIPIENTS_MAX {
            return "452 4.5.3 Trop de destinataires";
        }
        if (recipient.notify.is_some() || recipient.orcpt.is_some()) && !self.dsn {
            return "555 5.5.4 Parametre non reconnu";
        }
        if !mail.smtputf8 && !recipient.address.as_str().is_ascii() {
            return NEEDS_UTF8;
        }
        self.recipients.push(recipient);
        "250 2.1.5 OK"
    }

    /// Octets that the mail program has declared (RFC 1870 §6).
    pub(super) fn declared(&self) -> Option<usize> {
        usize::try_from(self.mail.as_ref()?.size?).ok()
    }

    /// Why DATA cannot follow.
    pub(super) fn unready(&self) -> Option<&'static str> {
        match (self.is_open(), self.recipients.is_empty()) {
            (false, _) => Some("503 5.5.1 MAIL d'abord"),
            (true, true) => Some("554 5.5.1 Aucun destinataire valable"),
            (true, false) => None,
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

const NEEDS_UTF8: &str = "553 5.6.7 Cette adresse demande SMTPUTF8";
