//! Whether a message holds what was sealed or opened here: its marks, and where there are none its words and files.

use super::Relay;
use crate::config::Account;
use crate::policy::Submission;
use crate::policy::outgoing::{self, Banner, Need, Thread, Why};
use crate::policy::threads;
use crate::store::Recognised;
use crate::text::{Explain, Explanation};
use crate::view::likeness::{Likeness, likeness};
use crate::view::{Marks, marks};

impl Relay {
    /// What the policy asks, with what the home remembers.
    pub(crate) fn need(&self, account: &Account, submission: &Submission) -> Need {
        let ids = threads::ids(&submission.message);
        // Its own too: sent on as it is (Resent-To), or once more to others, it is the message that was sealed.
        let thread = self.thread(&[ids.related, ids.own.into_iter().collect()].concat());
        match self.need_with(account, submission, thread, marked(&submission.message)) {
            // The channel of the space of trust may carry what a domain asks for unencrypted.
            Need::Clear | Need::Sign | Need::Secure(Why::Domain(_)) => {
                self.need_with(account, submission, thread, self.like_a_letter(&submission.message))
            }
            need => need,
        }
    }

    fn need_with(&self, account: &Account, submission: &Submission, thread: Thread, banner: Banner) -> Need {
        let account = self.strictest(account, submission);
        outgoing::need(submission, &account, &self.config.policy, thread, banner)
    }

    /// Marks of ours; else what the memory of sealed letters says.
    pub(super) fn held(&self, message: &[u8]) -> Banner {
        match marked(message) {
            Banner::Absent => self.like_a_letter(message),
            found => found,
        }
    }

    /// A memory that cannot be read seals: the other error would leak.
    fn like_a_letter(&self, message: &[u8]) -> Banner {
        if !self.config.policy.recognise_letters {
            return Banner::Absent;
        }
        match self.letters.recognised(&likeness(message), self.now()) {
            Ok(None) => Banner::Absent,
            Ok(Some(Recognised::File)) => Banner::SameFile,
            Ok(Some(Recognised::Text)) | Err(_) => Banner::SameText,
        }
    }

    /// Before it leaves, or before it is shown: its words are known from now on.
    pub(super) fn remember_letter(&self, content: &[u8]) -> Result<(), Explanation> {
        if !self.config.policy.recognise_letters {
            return Ok(());
        }
        self.letters.remember(&likeness(content), self.now()).map_err(|e| e.explain())
    }

    /// What leaves in clear is no secret: where that cannot be kept, the next letter is sealed in vain.
    pub(super) fn remember_clear(&self, message: &[u8]) {
        if !self.config.policy.recognise_letters {
            return;
        }
        let Likeness { files, .. } = likeness(message);
        let files = Likeness { files, texts: Vec::new() };
        if let Err(error) = self.letters.remember_clear(&files, self.now()) {
            tracing::warn!(%error, "the memory of letters could not be written");
        }
    }
}

fn marked(message: &[u8]) -> Banner {
    match marks(message) {
        Marks::Sealed => Banner::Found,
        Marks::Absent | Marks::Clear => Banner::Absent,
    }
}
