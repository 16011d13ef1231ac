//! How an attempt ended, for the notice: who has nothing, under which status code (RFC 3463), in whose words.

use super::upstream::Attempt;
use crate::base::Address;
use crate::policy::Recipient;
use crate::relay::port::{Failed, GroupOutcome, Reason, SaidBy};
use crate::smtp::handover::{Refused, enhanced};
use crate::smtp::wire::Reply;
use crate::text::outgoing as text;

impl Attempt {
    /// The same, of these recipients.
    pub(super) fn of(&self, recipients: &[Recipient], host: &str) -> GroupOutcome {
        GroupOutcome {
            recipients: recipients.to_vec(),
            result: self.outcome(host),
        }
    }

    /// The provider's words where it spoke, else what happened.
    pub(super) fn outcome(&self, host: &str) -> Result<(), Failed> {
        let Some(why) = self.explain(host) else { return Ok(()) };
        let reason = match self {
            Attempt::Refused(Refused::Message(reply) | Refused::Closing(reply)) => by_provider(reply, host),
            Attempt::Refused(Refused::Recipients(_)) => Reason {
                status: "5.1.0".to_owned(),
                said: text::refused_with_another().fr.what,
                by: SaidBy::Souspli,
            },
            Attempt::NotTried => ours(&self.reply(host), why.fr.what),
            other => told(&other.reply(host)),
        };
        Err(Failed {
            named: self.named(host),
            ..Failed::all(why.code, reason)
        })
    }

    fn named(&self, host: &str) -> Vec<(Address, Reason)> {
        match self {
            Attempt::Refused(Refused::Recipients(list)) => list
                .iter()
                .map(|(address, reply)| (address.clone(), by_provider(reply, host)))
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn by_provider(reply: &Reply, host: &str) -> Reason {
    Reason {
        status: enhanced(reply, basic(reply.code)),
        said: format!("{} {}", reply.code, reply.text()),
        by: SaidBy::Provider(host.to_owned()),
    }
}

/// What the mail program would have been told, without the code at the start of its lines.
fn told(reply: &Reply) -> Reason {
    let words = reply
        .lines
        .iter()
        .map(|line| line.split_once(' ').map_or(line.as_str(), |(_, words)| words));
    ours(reply, words.collect::<Vec<_>>().join(" "))
}

fn ours(reply: &Reply, said: String) -> Reason {
    Reason {
        status: enhanced(reply, if reply.code >= 500 { "5.0.0" } else { "4.0.0" }),
        said,
        by: SaidBy::Souspli,
    }
}

/// What a basic code says by itself (RFC 5321 §4.2.3, RFC 3463 §3); the others say no more than for good or for now.
fn basic(code: u16) -> &'static str {
    match code {
        421 => "4.3.2",
        450 => "4.2.0",
        452 => "4.3.1",
        454 | 432 => "4.7.0",
        500..=504 => "5.5.0",
        521 => "5.3.2",
        530 | 534 | 535 => "5.7.0",
        551 => "5.1.6",
        552 => "5.2.2",
        553 => "5.1.3",
        556 => "5.1.10",
        code if code >= 500 => "5.0.0",
        _ => "4.0.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipient_has_the_code_of_its_own_reply() {
        let address = |text| Address::parse(text).unwrap();
        let refused = Refused::Recipients(vec![
            (address("a@y.fr"), Reply::new(550, "5.1.1 inconnu")),
            (address("b@y.fr"), Reply::new(452, "boite pleine")),
        ]);
        let failed = Attempt::Refused(refused).outcome("mail.test").unwrap_err();
        let status = |of| failed.reason(&address(of)).status.clone();
        assert_eq!([status("a@y.fr"), status("b@y.fr"), status("c@y.fr")], ["5.1.1", "4.3.1", "5.1.0"]);
        assert_eq!(failed.reason(&address("a@y.fr")).said, "550 5.1.1 inconnu");
    }

    #[test]
    fn a_code_is_never_of_another_class_than_its_reply() {
        for (code, text, status) in [
            (554, "5.7.1 non", "5.7.1"),
            (554, "4.7.1 non", "5.0.0"),
            (451, "5.7.1 non", "4.0.0"),
            (552, "plein", "5.2.2"),
            (550, "5.1.1", "5.1.1"),
            (550, "5.1.1111 x", "5.0.0"),
            (599, "", "5.0.0"),
        ] {
            let failed = Attempt::Refused(Refused::Message(Reply::new(code, text))).outcome("h").unwrap_err();
            assert_eq!(failed.others.status, status, "{code} {text}");
        }
        let unknown = Attempt::Unknown.outcome("mail.test").unwrap_err().others;
        assert_eq!((unknown.status.as_str(), unknown.by), ("4.4.2", SaidBy::Souspli));
        assert!(unknown.said.contains("peut-etre parti"), "{}", unknown.said);
    }
}
