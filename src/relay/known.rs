//! Whether a message holds what was sealed or opened here: its marks, and where there are none its words and files.

use super::Relay;
use crate::config::Account;
use crate::mime::Contents;
use crate::policy::outgoing::{self, Banner, Need, Refusal, Thread, Why};
use crate::policy::threads;
use crate::policy::{Space, Submission};
use crate::store::{Look, Recognised, StoreError, Traits};
use crate::text::{Explain, Explanation};
use crate::view::likeness::{Likeness, likeness_in};
use crate::view::{Marks, marks_in};

impl Relay {
    /// What the policy asks, with what the home remembers.
    pub(crate) fn need(&self, account: &Account, submission: &Submission) -> Need {
        self.judged(account, submission).0
    }

    /// The same, with what the message is like, unless it is refused.
    pub(super) fn judged(&self, account: &Account, submission: &Submission) -> (Need, Likeness) {
        let _look = Look::begin();
        // It may not leave in clear while nobody can say where it goes.
        let space = match self.space() {
            Ok(space) => space,
            Err(why) => return (Need::Refuse(Refusal::Unknowable(Box::new(why))), Likeness::default()),
        };
        if let Some(why) = self.reads_only(account, submission, &space) {
            return (Need::Refuse(Refusal::Unknowable(Box::new(why))), Likeness::default());
        }
        let message = Contents::of(&submission.message);
        let ids = threads::ids_in(&message);
        // Its own too: sent on as it is (Resent-To), or once more to others, it is the message that was sealed.
        let own: Vec<String> = ids.own.into_iter().collect();
        let thread = match (self.thread(&ids.related), self.thread(&own)) {
            (Thread::Sealed, _) | (_, Thread::Sealed) => Thread::Sealed,
            (Thread::Unknown, Thread::OverChannel) => Thread::ItselfOverChannel,
            (related, _) => related,
        };
        match self.need_with(account, submission, &space, (thread, marked(&message))) {
            // The channel of the space of trust may carry what a domain asks for unencrypted.
            Need::Clear | Need::Sign | Need::Secure(Why::Domain(_)) => {
                let like = self.like(&message);
                let need = match self.like_a_letter(&like) {
                    Ok(banner) => self.need_with(account, submission, &space, (thread, banner)),
                    // It may not leave in clear, and nobody can say that it is a secret.
                    Err(error) => Need::Refuse(Refusal::Unknowable(Box::new(error.explain()))),
                };
                (need, like)
            }
            need @ Need::Secure(_) => (need, self.like(&message)),
            need @ Need::Refuse(_) => (need, Likeness::default()),
        }
    }

    fn need_with(&self, account: &Account, submission: &Submission, space: &Space, (thread, banner): (Thread, Banner)) -> Need {
        let account = self.strictest(account, submission, space);
        outgoing::need(submission, &account, self.rules(space), thread, banner)
    }

    /// Marks of ours; else what the memory of sealed letters says.
    pub(super) fn held(&self, message: &[u8]) -> Banner {
        let message = Contents::of(message);
        match marked(&message) {
            // A memory that cannot be read seals: the owner reads it all the same.
            Banner::Absent => self.like_a_letter(&self.like(&message)).unwrap_or(Banner::SameText),
            found => found,
        }
    }

    /// What a message is known by; nothing where that is turned off.
    pub(super) fn like(&self, message: &Contents<'_>) -> Likeness {
        match self.config.policy.recognise_letters {
            true => likeness_in(message),
            false => Likeness::default(),
        }
    }

    fn like_a_letter(&self, message: &Likeness) -> Result<Banner, StoreError> {
        Ok(match self.letters.recognised(message, self.now())? {
            None => Banner::Absent,
            Some(Recognised::File) => Banner::SameFile,
            Some(Recognised::Text) => Banner::SameText,
        })
    }

    /// Before it leaves, or before it is shown: its words are known from now on.
    pub(super) fn remember_letter(&self, letter: &Likeness) -> Result<(), Explanation> {
        self.letters.remember(letter, self.now()).map_err(|e| e.explain())
    }

    /// What is to be remembered once it has left readable by all.
    pub(super) fn traits(&self, message: &Likeness) -> Traits {
        self.letters.traits(message).unwrap_or_default()
    }

    /// What has left in clear is no secret: where that cannot be kept, the next letter is sealed in vain. What the provider has
    /// refused has not left: it may be sealed the next time, and then it is one.
    pub(super) fn remember_clear(&self, message: &Traits) {
        if let Err(error) = self.letters.remember_clear(message, self.now()) {
            tracing::warn!(%error, "the memory of letters could not be written");
        }
    }
}

fn marked(message: &Contents<'_>) -> Banner {
    match marks_in(message) {
        Marks::Sealed => Banner::Found,
        Marks::Absent | Marks::Clear => Banner::Absent,
    }
}
