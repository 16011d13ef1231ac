//! What an entry says (requirements F.2): who, when, what, with which result. Never content, subjects or correspondents.

use super::who;
use crate::base::{Address, UnixTime};
use serde::{Deserialize, Serialize};

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JournalEntry {
    /// RFC 3339, UTC.
    pub time: String,
    /// What the clock on the wall was ahead of UTC: `+02:00`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub offset: String,
    /// What was done.
    pub event: Event,
    /// The doctor's own address; empty for what concerns no account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// The user of the system under whom it was done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// HMAC of the Message-ID, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Serial numbers of the certificates used, in hexadecimal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Serial number of the card whose key was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The number by which the register of professionals names the card's holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpps: Option<String>,
    /// Recipients it was for.
    #[serde(default)]
    pub recipients: usize,
    /// HMAC of each of their addresses, in hexadecimal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipient_ids: Vec<String>,
    /// The code of the provider's reply (RFC 5321 §4.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<u16>,
    /// What the entry is about, as a digest: a configuration, what was cut away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// From a journal of JSON lines, which nothing protected.
    #[serde(default, skip_serializing_if = "is_no")]
    pub taken_over: bool,
    /// `SP-` code of a refusal, code of a verdict, or `ok`.
    pub code: String,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A message was sealed and accepted by the provider.
    Seal,
    /// A message was sealed and accepted for some of its recipients.
    SealPartly,
    /// A message was signed, not encrypted, and accepted.
    Sign,
    /// A message left as it was written, through the companion account.
    Pass,
    /// A message was refused.
    Refuse,
    /// A message was opened.
    Open,
    /// A message was stored sealed for its owner (Sent, Drafts).
    Store,
    /// An own key was imported, made or removed.
    Key,
    /// An authority was added or removed.
    Trust,
    /// A correspondent's certificate was harvested, confirmed, or one of these removed.
    Certificate,
    /// The relay was started or stopped, or works by another configuration.
    Service,
    /// What was done to the journal itself.
    #[default]
    Journal,
}

impl Event {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Seal,
        Self::SealPartly,
        Self::Sign,
        Self::Pass,
        Self::Refuse,
        Self::Open,
        Self::Store,
        Self::Key,
        Self::Trust,
        Self::Certificate,
        Self::Service,
        Self::Journal,
    ];

    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Seal => "seal",
            Event::SealPartly => "seal-partly",
            Event::Sign => "sign",
            Event::Pass => "pass",
            Event::Refuse => "refuse",
            Event::Open => "open",
            Event::Store => "store",
            Event::Key => "key",
            Event::Trust => "trust",
            Event::Certificate => "certificate",
            Event::Service => "service",
            Event::Journal => "journal",
        }
    }

    /// By that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

impl JournalEntry {
    /// What the clock on the wall showed then; `None`: the system did not know.
    pub fn on_the_wall(&self) -> Option<UnixTime> {
        let at = UnixTime::from_rfc3339(&self.time)?;
        // What that clock would show at this moment is so much earlier as it is ahead.
        let shown_here = UnixTime::from_rfc3339(&format!("{}{}", self.time.strip_suffix('Z')?, self.offset))?;
        Some(at.plus(at.0 - shown_here.0))
    }

    /// An entry without message and certificates.
    pub fn new(time: UnixTime, event: Event, account: &Address, code: &str) -> Self {
        Self {
            account: account.as_str().to_owned(),
            ..Self::of_home(time, event, code)
        }
    }

    /// An entry that concerns no account.
    pub fn of_home(time: UnixTime, event: Event, code: &str) -> Self {
        Self {
            time: time.rfc3339(),
            offset: who::offset(time),
            event,
            user: who::user().to_owned(),
            code: code.to_owned(),
            ..Self::default()
        }
    }

    /// One line of JSON (docs/journal.md).
    pub fn json(&self) -> String {
        // Strings, numbers and lists of them: nothing that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether it must be on disk before the caller goes on: all but what was only read.
    pub(super) fn is_urgent(&self) -> bool {
        self.event != Event::Open
    }
}

fn is_no(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_on_the_wall_is_that_of_the_entry() {
        for (time, offset, shown) in [
            ("2026-07-01T22:30:00Z", "+02:00", Some("2026-07-02T00:30:00Z")),
            ("2026-11-23T10:00:00Z", "-03:30", Some("2026-11-23T06:30:00Z")),
            ("2026-11-23T10:00:00Z", "+00:00", Some("2026-11-23T10:00:00Z")),
            ("2026-11-23T10:00:00Z", "", None),
            ("x", "+00:00", None),
        ] {
            let entry = JournalEntry {
                time: time.to_owned(),
                offset: offset.to_owned(),
                ..JournalEntry::default()
            };
            assert_eq!(entry.on_the_wall().map(UnixTime::rfc3339).as_deref(), shown, "{time} {offset}");
        }
    }

    #[test]
    fn a_word_for_each_event_and_the_same_in_json() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(event));
            assert_eq!(serde_json::to_string(&event).unwrap(), format!("\"{}\"", event.as_str()));
        }
        assert_eq!(Event::parse("x"), None);
    }

    #[test]
    fn what_is_absent_is_not_said_and_old_lines_are_read() {
        let entry = JournalEntry::of_home(UnixTime(0), Event::Trust, "added");
        let bare = JournalEntry {
            offset: String::new(),
            user: String::new(),
            ..entry
        };
        let json = r#"{"time":"1970-01-01T00:00:00Z","event":"trust","recipients":0,"code":"added"}"#;
        assert_eq!(bare.json(), json);
        assert_eq!(serde_json::from_str::<JournalEntry>(json).unwrap(), bare);
    }
}
