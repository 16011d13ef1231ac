//! The texts of opened messages, kept so that searches find them.

use super::Relay;
use super::later::Learnt;
use super::port::{Indexed, MessageKey, Place, SoughtUids};
use crate::imap::command::Inside;
use crate::imap::numbers::Ranges;
use crate::store::{Index, StoreError};
use crate::text::Explain;
use crate::view::Draft;
use crate::view::searchable::{Searchable, Seeker};
use crate::view::sought::Sought;
use crate::view::verdict::Grade;

/// Messages that are named one by one to the index, which takes some microseconds each.
const FORGOTTEN_BY_NAME_MAX: u64 = 1_000;

impl Relay {
    /// Reads the index ahead; removes it where the policy wants none.
    pub(super) fn begin_index(&self) {
        let done = match self.config.policy.search_index {
            true => self.index.read_ahead(),
            false => self.index.wipe(),
        };
        told(done);
    }

    /// Keeps the text of a View that was made for a message of a mailbox. Of what is not shown nothing is kept, for the
    /// warning in its place is none of its text. An index that cannot be written hides no mail.
    pub(super) fn keep_text(&self, key: &MessageKey, grade: Grade, view: &Draft) {
        if !matches!(key.place, Place::Mailbox { .. }) {
            return;
        }
        if !self.config.policy.search_index || matches!(grade, Grade::Altered | Grade::Unopenable) {
            return;
        }
        self.later.keep(key, Learnt::Text(Searchable::of(view)));
    }

    /// Texts that were removed are kept again as messages are opened: those in memory are forgotten.
    pub(super) fn notice_removed_texts(&self) {
        if self.config.policy.search_index && self.index.was_removed() {
            self.views.wipe();
        }
    }

    /// With what was learnt up to now.
    fn index_as_learnt(&self) -> &Index {
        self.later.settle();
        &self.index
    }

    /// The messages of a mailbox that have each of these texts.
    pub(super) fn uids_of(&self, place: &Indexed<'_>, texts: &[&Sought]) -> Option<SoughtUids> {
        if !self.config.policy.search_index {
            return None;
        }
        let seeker = Seeker::new(texts.iter().copied());
        let mut out = SoughtUids {
            found: vec![Vec::new(); texts.len()],
            covered: Vec::new(),
        };
        let read = self.index_as_learnt().each(place, |uid, text| {
            seeker.found(text).for_each(|index| out.found[index].push(uid));
            out.covered.push(uid);
        });
        told(read)?;
        Some(out)
    }

    /// Forgets what a mailbox held that is none any more. What parts its name from those inside it is the provider's to
    /// choose: letters and digits it is not.
    pub(super) fn forget_mailbox(&self, account: &str, gone: &str, inside: Inside) {
        if !self.config.policy.search_index {
            return;
        }
        let is_inside = |name: &str| {
            let rest = name.strip_prefix(gone).filter(|_| inside == Inside::Goes);
            rest.and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_alphanumeric())
        };
        let done = self
            .index_as_learnt()
            .forget_mailboxes(|of, name| of == account && (name == gone || is_inside(name)));
        told(done);
    }

    /// Forgets messages that are gone. Where they may be many it is looked which of them are known.
    pub(super) fn forget_texts(&self, place: &Indexed<'_>, uids: &Ranges) {
        if !self.config.policy.search_index {
            return;
        }
        if uids.count() <= FORGOTTEN_BY_NAME_MAX {
            told(self.index_as_learnt().forget(place, uids.iter()));
            return;
        }
        let mut gone = Vec::new();
        let read = self
            .index_as_learnt()
            .each(place, |uid, _| gone.extend(Some(uid).filter(|uid| uids.contains(*uid))));
        told(read.and_then(|()| self.index_as_learnt().forget(place, gone)));
    }
}

/// The log is told what could not be done.
fn told(done: Result<(), StoreError>) -> Option<()> {
    done.inspect_err(|error| tracing::warn!(code = error.explain().code, %error, "the index of texts"))
        .ok()
}
