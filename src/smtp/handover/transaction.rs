//! One group's transaction with the provider: MAIL, every RCPT, DATA, the content. All recipients or none.

use super::{GroupCopy, Progress};
use crate::base::Address;
use crate::policy::{Envelope, Recipient};
use crate::smtp::capabilities::Capabilities;
use crate::smtp::wire::{Reply, data};
use crate::text::{Explain, Explanation, outgoing as text, provider};

/// What the group's message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// As submitted.
    AsSubmitted,
    /// Sealed: 7-bit, and a failure report must not return it (`RET=HDRS`).
    Sealed,
}

/// Why a group was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The provider refused these recipients.
    Recipients(Vec<(Address, Reply)>),
    /// The provider refused the sender or the message.
    Message(Reply),
    /// The provider closed (421) before any content was given.
    Closing(Reply),
    /// Larger than the provider takes.
    TooLarge(u64),
    /// Sealed, it is larger than the provider takes.
    TooLargeSealed(u64),
    /// 8-bit octets, and the provider takes none.
    EightBit,
    /// Addresses that are not ASCII, and the provider takes none.
    Utf8,
    /// The message holds octets that no message may hold.
    Unfit(data::Unfit),
}

/// What a reply leads to.
#[derive(Debug)]
pub(super) enum Next {
    Send(Vec<u8>),
    /// The message itself.
    Content,
    Wait,
    Done(Result<(), Refused>),
    /// The whole message was given, and this is neither yes nor no.
    NoOutcome,
}

#[derive(Debug)]
pub(super) struct Transaction {
    commands: Vec<String>,
    sent: usize,
    answered: usize,
    pipelining: bool,
    recipients: Vec<Address>,
    refused: Vec<(Address, Reply)>,
    sender_refused: Option<Reply>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Envelope,
    Data,
    Content,
    Reset(Refused),
}

impl Refused {
    /// What the mail program is told.
    pub fn reply(&self) -> Reply {
        let (code, enhanced) = match self {
            Refused::Recipients(list) => match list.iter().find(|(_, reply)| reply.code >= 500) {
                Some((_, reply)) => (550, enhanced(reply, "5.1.1")),
                None => (450, list.first().map_or("4.2.0".to_owned(), |(_, reply)| enhanced(reply, "4.2.0"))),
            },
            Refused::Message(reply) if reply.code >= 500 => (reply.code, enhanced(reply, "5.0.0")),
            // A closing server and one out of step look alike to the sender: later.
            Refused::Message(reply) | Refused::Closing(reply) => (451, enhanced(reply, "4.0.0")),
            Refused::TooLarge(_) | Refused::TooLargeSealed(_) => (552, "5.3.4".to_owned()),
            Refused::EightBit => (554, "5.6.3".to_owned()),
            Refused::Utf8 => (550, "5.6.7".to_owned()),
            Refused::Unfit(_) => (550, "5.6.0".to_owned()),
        };
        Reply::explained(code, &enhanced, &self.explain())
    }
}

impl Explain for Refused {
    fn explain(&self) -> Explanation {
        match self {
            Refused::Recipients(list) => recipients_refused(list),
            Refused::Message(reply) if reply.code >= 500 => text::message_refused(&said(reply)),
            Refused::Message(reply) | Refused::Closing(reply) => provider::message_deferred(&said(reply)),
            Refused::TooLarge(most) => text::too_large(*most),
            Refused::TooLargeSealed(most) => provider::too_large_sealed(*most),
            Refused::EightBit => text::provider_lacks("les messages sur 8 bits", "8-bit messages"),
            Refused::Utf8 => text::provider_lacks("les adresses accentuées", "addresses with accents"),
            Refused::Unfit(unfit) => unfit.explain(),
        }
    }
}

/// Those refused for good are named; the others only where there is none of them.
fn recipients_refused(list: &[(Address, Reply)]) -> Explanation {
    let named = |for_good: bool| -> (Vec<Address>, String) {
        let of = || list.iter().filter(|(_, reply)| (reply.code >= 500) == for_good);
        let words = of().next().map(|(_, reply)| said(reply)).unwrap_or_default();
        (of().map(|(address, _)| address.clone()).collect(), words)
    };
    match named(true) {
        (addresses, _) if addresses.is_empty() => {
            let (addresses, words) = named(false);
            provider::recipients_deferred(&addresses, &words)
        }
        (addresses, words) => text::recipients_refused(&addresses, &words),
    }
}

impl GroupCopy<'_> {
    /// What is larger than the provider says that it takes is not begun.
    pub fn too_large(&self, offered: &Capabilities) -> Option<Refused> {
        let most = offered.size.filter(|most| self.message.len() as u64 > *most)?;
        Some(match self.form {
            Form::AsSubmitted => Refused::TooLarge(most),
            Form::Sealed => Refused::TooLargeSealed(most),
        })
    }

    /// Why it would not be begun with a provider that offers this; `None`: it would.
    pub fn unfit_for(&self, envelope: &Envelope, offered: &Capabilities) -> Option<Refused> {
        self.parameters(envelope, offered).err()
    }

    /// The parameters of MAIL.
    fn parameters(&self, envelope: &Envelope, offered: &Capabilities) -> Result<String, Refused> {
        if let Some(refused) = self.too_large(offered) {
            return Err(refused);
        }
        let parameters = parameters(envelope, self, offered)?;
        match data::unfit(self.message.given()) {
            Some(unfit) => Err(Refused::Unfit(unfit)),
            None => Ok(parameters),
        }
    }
}

impl Transaction {
    pub(super) fn new(envelope: &Envelope, group: &GroupCopy<'_>, offered: &Capabilities) -> Result<Self, Refused> {
        let parameters = group.parameters(envelope, offered)?;
        let from = envelope.from.as_ref().map_or("", Address::as_str);
        let mut commands = vec![format!("MAIL FROM:<{from}>{parameters}\r\n")];
        commands.extend(group.recipients.iter().map(|recipient| rcpt(recipient, offered)));
        Ok(Self {
            commands,
            sent: 0,
            answered: 0,
            pipelining: offered.pipelining,
            recipients: group.recipients.iter().map(|r| r.address.clone()).collect(),
            refused: Vec::new(),
            sender_refused: None,
            stage: Stage::Envelope,
        })
    }

    pub(super) fn progress(&self) -> Progress {
        match self.stage {
            Stage::Content => Progress::Given,
            Stage::Envelope | Stage::Data | Stage::Reset(_) => Progress::Nothing,
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.stage, Stage::Reset(_))
    }

    /// Why the provider will not take it, once that is known.
    pub(super) fn refused(&self) -> Option<Refused> {
        match &self.stage {
            Stage::Reset(refused) => Some(refused.clone()),
            Stage::Envelope | Stage::Data | Stage::Content => None,
        }
    }

    /// All that may be sent without an answer: everything up to DATA with PIPELINING (RFC 2920), one command without.
    /// DATA itself waits: no content is given while a recipient may still be refused.
    pub(super) fn next_commands(&mut self) -> Vec<u8> {
        let until = if self.pipelining {
            self.commands.len()
        } else {
            (self.sent + 1).min(self.commands.len())
        };
        let out = self.commands[self.sent..until].concat();
        self.sent = until;
        out.into_bytes()
    }

    pub(super) fn reply(&mut self, reply: Reply) -> Next {
        match std::mem::replace(&mut self.stage, Stage::Envelope) {
            Stage::Envelope => self.envelope_reply(reply),
            Stage::Data if reply.code == 354 => {
                self.stage = Stage::Content;
                Next::Content
            }
            Stage::Data => self.reset(Refused::Message(reply)),
            Stage::Content if reply.is_positive() => Next::Done(Ok(())),
            Stage::Content if reply.code < 400 => Next::NoOutcome,
            Stage::Content => Next::Done(Err(Refused::Message(reply))),
            Stage::Reset(refused) => Next::Done(Err(refused)),
        }
    }

    fn envelope_reply(&mut self, reply: Reply) -> Next {
        let at = self.answered;
        self.answered += 1;
        match (at, reply.is_positive()) {
            (_, true) => {}
            (0, false) => self.sender_refused = Some(reply),
            (_, false) => self
                .refused
                .extend(self.recipients.get(at - 1).map(|address| (address.clone(), reply))),
        }
        if self.answered < self.sent {
            return Next::Wait;
        }
        if let Some(reply) = self.sender_refused.take() {
            return self.reset(Refused::Message(reply));
        }
        if self.sent < self.commands.len() {
            return Next::Send(self.next_commands());
        }
        if !self.refused.is_empty() {
            let refused = std::mem::take(&mut self.refused);
            return self.reset(Refused::Recipients(refused));
        }
        self.stage = Stage::Data;
        Next::Send(b"DATA\r\n".to_vec())
    }

    fn reset(&mut self, refused: Refused) -> Next {
        self.stage = Stage::Reset(refused);
        Next::Send(b"RSET\r\n".to_vec())
    }
}

/// The parameters of MAIL that the provider offers. A DSN parameter that it does not offer is left out (RFC 3461 §5.2.2).
fn parameters(envelope: &Envelope, group: &GroupCopy<'_>, offered: &Capabilities) -> Result<String, Refused> {
    let mut out = String::new();
    if offered.declares_size {
        out += &format!(" SIZE={}", group.message.len());
    }
    // What is sealed is 7-bit but for an outer header in UTF-8.
    let wide = !group.message.given().all(<[u8]>::is_ascii);
    let declared = match group.form {
        Form::AsSubmitted => envelope.eight_bit,
        Form::Sealed => wide,
    };
    match (declared, offered.eight_bit) {
        (true, true) => out += " BODY=8BITMIME",
        (true, false) if wide => return Err(Refused::EightBit),
        _ => {}
    }
    let addresses = envelope.from.iter().chain(group.recipients.iter().map(|r| &r.address));
    let needed = wide || group.form == Form::AsSubmitted || addresses.into_iter().any(|address| !address.as_str().is_ascii());
    match (envelope.smtputf8, offered.smtputf8) {
        (true, true) if needed => out += " SMTPUTF8",
        (true, false) if needed => return Err(Refused::Utf8),
        _ => {}
    }
    if offered.dsn {
        let ret = if group.form == Form::Sealed {
            Some("HDRS")
        } else {
            envelope.ret.as_deref()
        };
        out += &ret.map(|ret| format!(" RET={ret}")).unwrap_or_default();
        out += &envelope.envid.as_ref().map(|envid| format!(" ENVID={envid}")).unwrap_or_default();
    }
    Ok(out)
}

fn rcpt(recipient: &Recipient, offered: &Capabilities) -> String {
    let mut out = format!("RCPT TO:<{}>", recipient.address);
    if offered.dsn {
        out += &recipient
            .notify
            .as_ref()
            .map(|notify| format!(" NOTIFY={notify}"))
            .unwrap_or_default();
        out += &recipient.orcpt.as_ref().map(|orcpt| format!(" ORCPT={orcpt}")).unwrap_or_default();
    }
    out + "\r\n"
}

/// The provider's enhanced code (RFC 2034) where it is of the reply's own class.
pub fn enhanced(reply: &Reply, otherwise: &str) -> String {
    let first = reply.lines.first().and_then(|line| line.split(' ').next()).unwrap_or_default();
    let numbers: Vec<_> = first.split('.').collect();
    let shaped = numbers.len() == 3
        && numbers
            .iter()
            .all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    if shaped && otherwise.starts_with(numbers[0]) {
        first.to_owned()
    } else {
        otherwise.to_owned()
    }
}

/// The provider's words, short enough for a window.
fn said(reply: &Reply) -> String {
    format!("{} {}", reply.code, reply.text()).chars().take(300).collect()
}
