//! What the protocol drivers ask of the relay, as traits, so that a driver can be run against a recorded answer.

use crate::base::{Address, Secret};
pub use crate::base::{Asker, MessageKey, Place};
use crate::config::Account;
use crate::imap::command::Inside;
use crate::imap::numbers::Ranges;
use crate::policy::{Recipient, Submission};
use crate::sasl::Credentials;
use crate::smime::Flow;
use crate::store::Traits;
pub use crate::store::index::Indexed;
use crate::text::Explanation;
use crate::view::sought::Sought;
use crate::view::verdict::Grade;
use crate::view::{Restored, View};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// An answer that may take a key, a card or a directory.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What becomes of a submission.
#[derive(Debug)]
pub enum Outgoing {
    /// As submitted: one transaction, every recipient, the same octets.
    PassThrough(SealedRecord),
    /// One transaction per group, in this order.
    Seal(SealedSubmission),
    /// The whole message is refused; nothing reached the provider.
    Refuse(Explanation),
}

/// A submission turned into what may leave.
#[derive(Debug)]
pub struct SealedSubmission {
    /// Those of the own channel first; To and Cc before each Bcc alone.
    pub groups: Vec<Group>,
    /// The account whose channel [`Way::Companion`] is.
    pub companion: Option<Arc<Account>>,
    /// What the thread memory and the journal keep once the provider has accepted it.
    pub record: SealedRecord,
}

/// One envelope: recipients that get the same octets.
#[derive(Clone, Debug)]
pub struct Group {
    /// Whose channel it takes.
    pub way: Way,
    /// Its recipients, with their DSN parameters.
    pub recipients: Vec<Recipient>,
    /// The sealed message, CRLF line ends, not dot-stuffed.
    pub message: Flow,
}

/// Which channel, and under whose address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Way {
    /// The account's own.
    #[default]
    Own,
    /// That of its companion in the space of trust (requirements K.7).
    Companion,
}

/// What identifies a message afterwards; holds no content.
#[derive(Clone, Debug, Default)]
pub struct SealedRecord {
    /// Its Message-ID as written, if it has one.
    pub message_id: Option<String>,
    /// Recipients who get nothing, by policy (`missing_certificate = "partial"`): the notice names them.
    pub left_out: Vec<LeftOut>,
    /// Recipients who get it signed over the channel of the space of trust, not encrypted from end to end (requirements K.1).
    pub over_channel: Vec<Address>,
    /// Recipients reached through the companion, and its address.
    pub via: Option<(Address, Vec<Address>)>,
    /// What its groups carry.
    pub protection: Protection,
    /// What it is known by where everybody can read it.
    pub traits: Traits,
    /// Which keys and certificates made it.
    pub used: Used,
}

/// The keys and certificates that made a message, for the journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Serial numbers, in hexadecimal: who signs, then the readers.
    pub certificates: Vec<String>,
    /// Serial number of the card that has signed.
    pub card: Option<String>,
    /// The number of its holder in the register of professionals.
    pub rpps: Option<String>,
}

/// A recipient who gets nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// Who.
    pub recipient: Recipient,
    /// Why, and what to do about it.
    pub why: Explanation,
}

/// How far a submission is protected as it leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protection {
    /// Signed and encrypted.
    #[default]
    Sealed,
    /// Signed.
    Signed,
    /// In clear, as submitted but for a banner of ours.
    Clear,
}

/// How a group ended at the provider.
#[derive(Clone, Debug)]
pub struct GroupOutcome {
    /// Its recipients.
    pub recipients: Vec<Recipient>,
    /// `Ok`: the provider said 250.
    pub result: Result<(), Failed>,
}

/// Why the recipients of a group have nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// What the mail program would be told (docs/codes.md).
    pub code: &'static str,
    /// Of those whom the provider refused by name.
    pub named: Vec<(Address, Reason)>,
    /// Of all others.
    pub others: Reason,
}

/// Why one recipient has nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// The enhanced status code (RFC 3463).
    pub status: String,
    /// In words.
    pub said: String,
    /// Whose words.
    pub by: SaidBy,
}

/// Who gave a reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SaidBy {
    /// The provider of that name: a reply of SMTP, its code first.
    Provider(String),
    /// Souspli.
    Souspli,
}

impl Failed {
    /// The same reason for everybody.
    pub fn all(code: &'static str, reason: Reason) -> Self {
        Self {
            code,
            named: Vec::new(),
            others: reason,
        }
    }

    /// The reason of one recipient.
    pub fn reason(&self, address: &Address) -> &Reason {
        let named = self.named.iter().find(|(of, _)| of == address);
        named.map_or(&self.others, |(_, reason)| reason)
    }
}

/// What becomes of a message that a mail program stores (IMAP APPEND).
#[derive(Debug)]
pub enum Append {
    /// The same octets.
    AsIs,
    /// These octets instead: sealed to its owner, or the stored original of a View.
    Store(Vec<u8>),
    /// Not stored.
    Refuse(Explanation),
}

/// Sending, as `smtp::driver` sees it.
pub trait Sealing: Send + Sync {
    /// The account that a login name belongs to.
    fn account(&self, login: &str) -> Option<Arc<Account>>;
    /// Every account, for what must be said before a login (EHLO).
    fn accounts(&self) -> Vec<Arc<Account>>;
    /// Decides; seals. Nothing of the submission has left.
    fn outgoing<'a>(&'a self, account: &'a Account, submission: &'a Submission) -> Pending<'a, Outgoing>;
    /// Told after the provider has answered for every group that was tried, in order; what passes is one group. When an earlier group was
    /// accepted and a later one was not, the answer is the notice (a DSN, RFC 3464) to hand to the provider for the
    /// sender.
    fn handed_over<'a>(
        &'a self,
        account: &'a Account,
        record: &'a SealedRecord,
        outcomes: &'a [GroupOutcome],
    ) -> Pending<'a, Option<Group>>;
}

/// Why nothing is given to the provider.
#[derive(Debug)]
pub enum NotProved {
    /// The mail program has not given the local password.
    Stranger(Explanation),
    /// There is nothing to give.
    Nothing(Explanation),
}

/// What a mail program that gave no credentials for the provider is let in by, and what the provider is given in their place.
pub trait Proofs: Send + Sync {
    /// Whether that is the local password of an account that logs in by itself.
    fn admits<'a>(&'a self, account: &'a Account, given: &'a Secret) -> Pending<'a, Result<(), Explanation>>;
    /// What the provider knows the account's owner by; another one each time where it is a token.
    fn proof<'a>(&'a self, account: &'a Account) -> Pending<'a, Result<Credentials, Explanation>>;
    /// The proof, once the mail program has given the local password; `None`: it has given it before.
    fn in_place_of<'a>(&'a self, account: &'a Account, given: Option<&'a Secret>) -> Pending<'a, Result<Credentials, NotProved>> {
        Box::pin(async move {
            if let Some(given) = given {
                self.admits(account, given).await.map_err(NotProved::Stranger)?;
            }
            self.proof(account).await.map_err(NotProved::Nothing)
        })
    }
}

/// What is known of a mailbox that is searched.
#[derive(Debug, Default)]
pub struct SoughtUids {
    /// For each text, in order, the UIDs of messages that have it.
    pub found: Vec<Vec<u32>>,
    /// The UIDs of all messages whose text is known.
    pub covered: Vec<u32>,
}

/// Whether a mail program that waits can be told so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Silence {
    /// It hears from time to time that it is not forgotten.
    Broken,
    /// It hears nothing, and gives up sooner.
    Kept,
}

/// Receiving, as `imap::driver` sees it.
pub trait Opening: Send + Sync {
    /// The account that a login name belongs to.
    fn account(&self, login: &str) -> Option<Arc<Account>>;
    /// Told when a mail program opens its first session: somebody has sat down in front of it.
    fn somebody_came(&self);
    /// Whether nothing can be opened or told of S/MIME messages before [`Opening::unlock`].
    fn is_locked(&self) -> bool;
    /// Waits for the home's keys, where they are locked, as long as somebody who hears `silence` or not would wait.
    fn unlock(&self, asker: Asker, silence: Silence) -> Pending<'_, Result<(), Explanation>>;
    /// A View that is in memory.
    fn cached(&self, key: &MessageKey) -> Option<Arc<View>>;
    /// The View of a stored S/MIME message; a card is awaited as [`Opening::unlock`] awaits the home's keys. `Err`: a key is locked;
    /// nothing provisional is shown.
    fn view<'a>(
        &'a self,
        key: &'a MessageKey,
        stored: Vec<u8>,
        asker: Asker,
        silence: Silence,
    ) -> Pending<'a, Result<Arc<View>, Explanation>>;
    /// The boundary of that message's View, known without opening it; `None`: the home's keys are locked.
    fn boundary(&self, key: &MessageKey) -> Option<String>;
    /// RFC822.SIZE of the View of a message that is stored with that size; `None`: it has not been opened yet.
    fn size(&self, key: &MessageKey, stored: u64) -> Option<u64>;
    /// What the View of a message changes in its header; `None`: it has not been opened yet.
    fn header(&self, key: &MessageKey) -> Option<Restored>;
    /// What the View of a message says of it; `None`: it has not been opened yet.
    fn grade(&self, key: &MessageKey) -> Option<Grade>;
    /// A mail program was told the fields of the stored message, which could not be opened: its View will keep to them.
    fn stored_header_told(&self, key: &MessageKey);
    /// A message that is not S/MIME, or its beginning, passes to a mail program of that account: it may bring a certificate.
    fn passed(&self, _account: &str, _message: &[u8]) {}
    /// Which messages of a mailbox have each of these texts in their View, as far as that is known; `None`: nothing is kept.
    fn sought(&self, place: &Indexed<'_>, texts: &[&Sought]) -> Option<SoughtUids>;
    /// Messages of a mailbox are gone.
    fn vanished(&self, place: &Indexed<'_>, uids: &Ranges);
    /// A mailbox of an account is none any more, or has another name.
    fn unnamed(&self, account: &str, mailbox: &str, inside: Inside);
    /// Where the message behind a View that a mail program uploads is stored; `None`: the message is no View of ours.
    fn place(&self, message: &[u8]) -> Option<MessageKey>;
    /// Whether a View that is uploaded shows that stored message: a mark of ours that was copied into another message
    /// must not put the one in place of the other.
    fn is_behind(&self, view: &[u8], stored: &[u8]) -> bool;
    /// What is stored for an APPEND of `message` to `mailbox`.
    fn append<'a>(&'a self, account: &'a Account, mailbox: &'a str, message: &'a [u8]) -> Pending<'a, Append>;
}
