//! The notice to a sender whose message reached some of its recipients only: a DSN (RFC 3462, RFC 3464).
//!
//! It names addresses and the provider's words, never the subject or anything of the content.

use super::port::GroupOutcome;
use crate::base::{Address, UnixTime};
use crate::mime::encode;
use crate::text::unaccent;

/// What the notice is about.
#[derive(Debug)]
pub struct Notice<'a> {
    /// Who sent, and gets the notice.
    pub sender: &'a Address,
    /// How each group ended.
    pub outcomes: &'a [GroupOutcome],
    /// The Message-ID of what was sent, as written.
    pub message_id: Option<&'a str>,
    /// Unique part of the notice's own Message-ID and boundary.
    pub unique: &'a str,
    /// Now.
    pub at: UnixTime,
}

/// Octets of one line of the notice (RFC 5322 §2.1.1: 998 with its name).
const LINE_MAX: usize = 900;

impl Notice<'_> {
    /// The whole message, CRLF line ends.
    pub fn message(&self) -> Vec<u8> {
        let boundary = format!("=_souspli_notice_{}", self.unique);
        let mut out = format!(
            "From: Souspli <{from}>\r\nTo: <{from}>\r\nDate: {date}\r\nMessage-ID: <{unique}@souspli.invalid>\r\n\
             Subject: =?utf-8?Q?Message_non_remis_=C3=A0_certains_destinataires?=\r\nAuto-Submitted: auto-replied\r\n",
            from = self.sender,
            date = self.at.rfc5322(),
            unique = self.unique,
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
        let list = |failed: bool| -> String {
            self.outcomes
                .iter()
                .filter(|o| o.result.is_err() == failed)
                .flat_map(|o| o.recipients.iter().map(move |r| (r, o.result.as_ref().err())))
                .map(|(r, error)| {
                    format!(
                        "  {}{}\r\n",
                        r.address,
                        error.map(|e| format!(" : {}", short(e))).unwrap_or_default()
                    )
                })
                .collect()
        };
        let (failed, done) = (list(true), list(false));
        format!(
            "Votre message chiffré n'a pas été remis à :\r\n\r\n{failed}\r\nIl a été remis à :\r\n\r\n{done}\r\n\
             Renvoyez-le seulement aux premiers : les autres l'ont déjà.\r\n\r\n\
             Your sealed message was not accepted for the first addresses above; the second ones have it.\r\n\
             Send it again to the first ones only.\r\n"
        )
    }

    fn status(&self) -> String {
        let mut out = String::from("Reporting-MTA: dns; souspli.invalid\r\n\r\n");
        for outcome in self.outcomes {
            let Err(reply) = &outcome.result else { continue };
            for recipient in &outcome.recipients {
                out += &format!(
                    "Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; {}\r\n\r\n",
                    recipient.address,
                    unaccent(&short(reply))
                );
            }
        }
        out
    }
}

/// The provider's words on one line, short enough for a letter.
fn short(reply: &str) -> String {
    reply.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Recipient;

    #[test]
    fn a_hostile_reply_stays_within_its_line() {
        let address = Address::parse("b@lab.test").unwrap();
        let reply = format!("550 non\r\nBcc: x@y\r\n\r\n{}", "long ".repeat(10_000));
        let outcome = GroupOutcome {
            recipients: vec![Recipient::plain(address.clone())],
            result: Err(reply),
        };
        let notice = Notice {
            sender: &Address::parse("a@lab.test").unwrap(),
            outcomes: &[outcome],
            message_id: Some(&format!("<{}@x>", "i".repeat(960))),
            unique: "u",
            at: UnixTime(0),
        };
        let text = String::from_utf8(notice.message()).unwrap();
        assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        assert!(!text.contains("\r\nBcc") && text.contains("Final-Recipient: rfc822; b@lab.test\r\n"));
        assert!(text.contains("Diagnostic-Code: smtp; 550 non"));
    }
}
