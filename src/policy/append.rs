//! Which messages that a mail program stores (Sent copies, drafts) must be sealed to their owner first.
//!
//! The envelope is not known here, so the header fields stand for it. The tag stays in the Subject: a draft is opened and
//! sent later, and the tag must still be there then.

use super::near::near;
use super::outgoing::{Banner, Rules, Thread, within_sealed_domain};
use super::{hidden, tag, visible};
use crate::config::Account;
use crate::smime::sealed::is_sealed;

/// Whether the message was sent sealed from here, by its Message-ID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// The journal does not know it.
    Unknown,
    /// Its submission was sealed.
    Sealed,
}

/// What is known about the message from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// By the journal.
    pub sent: Sent,
    /// By the thread memory.
    pub thread: Thread,
    /// Marks of a View or its banner in the text.
    pub banner: Banner,
}

/// What is to be done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    /// As it is.
    AsIs,
    /// Sealed to its owner.
    Sealed,
}

/// The fields that name recipients (RFC 5322 §3.6.3, §3.6.6).
const ADDRESSED: [&str; 6] = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"];

/// The rule for one uploaded message. What resembles the tag is sealed too: a refused draft would be lost work.
pub fn stored(message: &[u8], account: &Account, rules: Rules<'_>, known: Known) -> Stored {
    if is_sealed(message) {
        return Stored::AsIs;
    }
    let policy = rules.policy;
    let seal = account.always_encrypt
        || known.sent == Sent::Sealed
        || known.thread != Thread::Unknown
        || known.banner != Banner::Absent
        || tag::of_message(message, &policy.tag) != tag::Tag::None
        || hidden::hides_tag(message, &policy.tag)
        || hidden::begins_elsewhere(message, &policy.tag)
        || visible::addresses(message, &ADDRESSED)
            .iter()
            .chain(&visible::half_typed(message, &ADDRESSED))
            .any(|a| within_sealed_domain(a, rules).is_some() || near(a, &policy.domains).is_some());
    if seal { Stored::Sealed } else { Stored::AsIs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Policy;
    use crate::policy::Space;
    use crate::policy::outgoing::tests::account;

    const NOTHING: Known = Known {
        sent: Sent::Unknown,
        thread: Thread::Unknown,
        banner: Banner::Absent,
    };

    #[test]
    fn what_is_stored_sealed() {
        let (policy, space) = (Policy::default(), Space::default());
        let rules = Rules {
            policy: &policy,
            space: &space,
        };
        let plain = b"To: a@b.fr\r\nSubject: x\r\n\r\nbody #med#\r\n".as_slice();
        for (message, known, wanted) in [
            (plain, NOTHING, Stored::AsIs),
            (b"Subject: #med# x\r\n\r\n", NOTHING, Stored::Sealed),
            (b"Subject: #med x\r\n\r\n", NOTHING, Stored::Sealed),
            (b"Bcc: Dr <d@medecin.mssante.fr>\r\n\r\n", NOTHING, Stored::Sealed),
            (b"Cc: g:d@MSSANTE.fr;\r\n\r\n", NOTHING, Stored::Sealed),
            (b"Resent-To: d@mssante.fr\r\n\r\n", NOTHING, Stored::Sealed),
            // As they are saved while they are typed.
            (b"To: Dr Zoe d@mssante.fr\r\n\r\n", NOTHING, Stored::Sealed),
            (b"To: \"d@mssante.fr\"\r\n\r\n", NOTHING, Stored::Sealed),
            (b"To: =?utf-8?q?d=40medecin=2Emssante=2Efr?=\r\n\r\n", NOTHING, Stored::Sealed),
            ("To: d@mssante\u{3002}fr\r\n\r\n".as_bytes(), NOTHING, Stored::Sealed),
            (b"To: d@mssante.fr.example\r\n\r\n", NOTHING, Stored::AsIs),
            (b"To: d@\r\n\r\n", NOTHING, Stored::AsIs),
            (b"Subject: x\r\n Subject: #med# y\r\n\r\n", NOTHING, Stored::Sealed),
            (b"Subject: x\r\n\r\n#med# body", NOTHING, Stored::Sealed),
            (b"From: d@mssante.fr\r\n\r\n", NOTHING, Stored::AsIs),
            (
                plain,
                Known {
                    sent: Sent::Sealed,
                    ..NOTHING
                },
                Stored::Sealed,
            ),
            (
                plain,
                Known {
                    thread: Thread::Sealed,
                    ..NOTHING
                },
                Stored::Sealed,
            ),
            (
                plain,
                Known {
                    banner: Banner::Found,
                    ..NOTHING
                },
                Stored::Sealed,
            ),
        ] {
            assert_eq!(
                stored(message, &account(), rules, known),
                wanted,
                "{}",
                String::from_utf8_lossy(message)
            );
        }
        let careful = Account {
            always_encrypt: true,
            ..account()
        };
        assert_eq!(stored(plain, &careful, rules, NOTHING), Stored::Sealed);
    }
}
