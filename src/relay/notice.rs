//! The notice to a sender whose message reached some of its recipients only, or some of them not encrypted from end to end:
//! a DSN (RFC 3462, RFC 3464).
//!
//! It names addresses and the provider's words, never the subject or anything of the content.

use super::port::{Reason, SaidBy};
use crate::base::{Address, UnixTime};
use crate::mime::{encode, words};
use crate::policy::space::Member;
use crate::policy::{Recipient, Space};
use crate::text::outgoing::shown;
use crate::text::{notice as text, unaccent};

/// What the notice is about.
#[derive(Debug)]
pub struct Notice<'a> {
    /// Who sent, and gets the notice.
    pub sender: &'a Address,
    /// Every recipient, with what became of it.
    pub told: &'a [(&'a Recipient, Told)],
    /// The companion, and those who were written to through it.
    pub via: Option<(&'a Address, &'a [Address])>,
    /// The Message-ID of what was sent, as written.
    pub message_id: Option<&'a str>,
    /// Unique part of the notice's own Message-ID and boundary.
    pub unique: &'a str,
    /// Now.
    pub at: UnixTime,
}

/// What became of the message for one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// Accepted, encrypted.
    Sealed,
    /// Accepted, signed, over the channel of the space of trust.
    OverChannel,
    /// Accepted as it was written: S/MIME is closed to them.
    AsItIs,
    /// Not accepted.
    Failed(Reason),
}

/// Octets of one line of the notice (RFC 5322 §2.1.1: 998 with its name).
const LINE_MAX: usize = 900;

impl Notice<'_> {
    /// The whole message, CRLF line ends.
    pub fn message(&self) -> Vec<u8> {
        let boundary = format!("=_souspli_notice_{}", self.unique);
        let some = |which: fn(&Told) -> bool| self.told.iter().any(|(_, told)| which(told));
        let subject = if some(|told| matches!(told, Told::Failed(_))) {
            text::NOT_DELIVERED
        } else if some(|told| *told == Told::OverChannel) {
            text::OVER_CHANNEL
        } else {
            text::VIA_COMPANION
        };
        let mut out = format!(
            "From: Souspli <{from}>\r\nTo: <{from}>\r\nDate: {date}\r\nMessage-ID: <{unique}@souspli.invalid>\r\n\
             Subject: {subject}\r\nAuto-Submitted: auto-replied\r\n",
            from = self.sender,
            date = self.at.rfc5322(),
            unique = self.unique,
            subject = words::encode(subject),
        );
        if let Some(id) = self
            .message_id
            .filter(|id| id.len() <= LINE_MAX && id.bytes().all(|b| b.is_ascii_graphic()))
        {
            out += &format!("In-Reply-To:\r\n {id}\r\n");
        }
        out += &format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{boundary}\"\r\n\r\n\
             --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        );
        let mut out = out.into_bytes();
        out.extend_from_slice(&encode::qp_encode(self.text().as_bytes()));
        out.extend_from_slice(format!("\r\n--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\n{}", self.status()).as_bytes());
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        out
    }

    fn text(&self) -> String {
        let failed = self.list(|told| matches!(told, Told::Failed(_)));
        let channel = self.list(|told| *told == Told::OverChannel);
        let sealed = self.list(|told| *told == Told::Sealed);
        let mut out = String::new();
        if !failed.is_empty() {
            out += &text::not_delivered(&failed);
        }
        if !sealed.is_empty() {
            out += &text::delivered(&sealed);
        }
        if !channel.is_empty() {
            out += &text::over_channel(&channel);
        }
        let through = self.through();
        if let Some((companion, _)) = self.via.filter(|_| !through.is_empty()) {
            out += &text::via_companion(companion, &through);
        }
        if !failed.is_empty() {
            out += text::send_again();
        }
        out + &text::english(!failed.is_empty(), !channel.is_empty(), !through.is_empty())
    }

    /// Whoever has it through the companion.
    fn through(&self) -> String {
        let told = self.told.iter().filter(|(_, told)| !matches!(told, Told::Failed(_)));
        let through = told.filter(|(recipient, _)| self.is_through(recipient));
        through
            .map(|(recipient, _)| format!("  {}\r\n", shown(&recipient.address)))
            .collect()
    }

    fn is_through(&self, recipient: &Recipient) -> bool {
        self.via.is_some_and(|(_, through)| through.contains(&recipient.address))
    }

    fn list(&self, which: impl Fn(&Told) -> bool) -> String {
        let line = |(recipient, told): &(&Recipient, Told)| match told {
            Told::Failed(reason) => format!("  {} : {}\r\n", shown(&recipient.address), short(&reason.said)),
            Told::Sealed | Told::OverChannel | Told::AsItIs => format!("  {}\r\n", shown(&recipient.address)),
        };
        self.told.iter().filter(|(_, told)| which(told)).map(line).collect()
    }

    /// Who has it encrypted is not reported: nobody asked for that.
    fn status(&self) -> String {
        let mut out = format!("Reporting-MTA: dns; souspli.invalid\r\nArrival-Date: {}\r\n\r\n", self.at.rfc5322());
        for (recipient, told) in self.told {
            let fields = match told {
                Told::Sealed if !self.is_through(recipient) => continue,
                Told::Sealed | Told::OverChannel | Told::AsItIs => "Action: relayed\r\nStatus: 2.0.0\r\n".to_owned(),
                Told::Failed(reason) => self.failure(reason),
            };
            let original = recipient.orcpt.as_deref().filter(|_| !is_patient(&recipient.address));
            let original = original.and_then(original_recipient);
            out += &original.map(|field| format!("Original-Recipient: {field}\r\n")).unwrap_or_default();
            out += &format!("Final-Recipient: {}\r\n{fields}\r\n", final_recipient(&recipient.address));
        }
        out
    }

    fn failure(&self, reason: &Reason) -> String {
        let (server, kind) = match &reason.by {
            SaidBy::Provider(host) => (format!("Remote-MTA: dns; {host}\r\n"), "smtp"),
            SaidBy::Souspli => (String::new(), "x-souspli"),
        };
        let said = unaccent(&short(&reason.said));
        format!(
            "Action: failed\r\nStatus: {}\r\n{server}Diagnostic-Code: {kind}; {said}\r\n",
            reason.status
        )
    }
}

/// RFC 3464 §2.3.2; an address that is not ASCII as RFC 6533 §3 writes it where only ASCII may stand.
fn final_recipient(address: &Address) -> String {
    if is_patient(address) {
        // The notice may lie with an ordinary provider: a patient's number is not for it.
        return "x-souspli; (patient)".to_owned();
    }
    let address = address.to_string();
    if address.is_ascii() {
        return format!("rfc822; {address}");
    }
    let plain = |c: char| {
        if c.is_ascii() {
            c.to_string()
        } else {
            format!("\\x{{{:X}}}", u32::from(c))
        }
    };
    format!("utf-8; {}", address.chars().map(plain).collect::<String>())
}

fn is_patient(address: &Address) -> bool {
    Space::default().member(address) == Member::Patient
}

/// `ORCPT=` without its xtext (RFC 3461 §4), as it may stand in a field.
fn original_recipient(orcpt: &str) -> Option<String> {
    let (kind, coded) = orcpt.split_once(';')?;
    let mut octets = Vec::new();
    let mut rest = coded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'+' {
            octets.push(encode::hex(rest.get(..2)?)?);
            rest = &rest[2..];
        } else {
            octets.push(*first);
        }
    }
    let address = String::from_utf8(octets).ok()?;
    let fits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    (fits(kind) && fits(&address) && address.len() <= LINE_MAX).then(|| format!("{kind}; {address}"))
}

/// The provider's words on one line, short enough for a letter.
fn short(reply: &str) -> String {
    reply.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(recipient: &Recipient, told: Told) -> String {
        let notice = Notice {
            sender: &Address::parse("a@lab.test").unwrap(),
            told: &[(recipient, told)],
            via: None,
            message_id: Some(&format!("<{}@x>", "i".repeat(960))),
            unique: "u",
            at: UnixTime(0),
        };
        String::from_utf8(notice.message()).unwrap()
    }

    fn failed(said: String) -> Told {
        Told::Failed(Reason {
            status: "5.1.1".to_owned(),
            said,
            by: SaidBy::Provider("smtp.lab.test".to_owned()),
        })
    }

    #[test]
    fn a_hostile_reply_stays_within_its_line() {
        let recipient = Recipient::plain(Address::parse("b@lab.test").unwrap());
        let text = message(&recipient, failed(format!("550 non\r\nBcc: x@y\r\n\r\n{}", "long ".repeat(10_000))));
        assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        assert!(!text.contains("\r\nBcc") && text.contains("Final-Recipient: rfc822; b@lab.test\r\n"));
        assert!(text.contains("Remote-MTA: dns; smtp.lab.test\r\nDiagnostic-Code: smtp; 550 non"));
    }

    #[test]
    fn the_recipient_is_named_as_the_sender_named_it() {
        let mut recipient = Recipient::plain(Address::parse("b@lab.test").unwrap());
        for (orcpt, field) in [
            (
                "rfc822;bob+2Btest@lab.test",
                Some("Original-Recipient: rfc822; bob+test@lab.test\r\n"),
            ),
            ("rfc822;bob+0D+0ABcc:x", None),
            ("rfc822;bob+2", None),
            ("bob", None),
        ] {
            recipient.orcpt = Some(orcpt.to_owned());
            let text = message(&recipient, failed("550 non".to_owned()));
            assert_eq!(text.contains("Original-Recipient"), field.is_some(), "{orcpt}");
            assert!(field.is_none_or(|field| text.contains(field)), "{orcpt}");
        }
        if let Ok(address) = Address::parse("zoé@lab.test") {
            let text = message(&Recipient::plain(address), failed("550 non".to_owned()));
            assert!(
                text.is_ascii() && text.contains("Final-Recipient: utf-8; zo\\x{E9}@lab.test\r\n"),
                "{text}"
            );
        }
    }

    #[test]
    fn over_the_channel_it_was_relayed() {
        let recipient = Recipient::plain(Address::parse("b@mssante.fr").unwrap());
        let text = message(&recipient, Told::OverChannel);
        assert!(
            text.contains("Final-Recipient: rfc822; b@mssante.fr\r\nAction: relayed\r\nStatus: 2.0.0\r\n"),
            "{text}"
        );
        assert!(!text.contains("Diagnostic-Code"));
    }
}
