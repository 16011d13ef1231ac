//! What is known of a mailbox that is searched, and what the log says of it: codes and numbers.

use crate::imap::classes::Mailbox;
use crate::imap::numbers::Ranges;
use crate::imap::plan::{Indexed as Texts, ProviderAlone};
use crate::relay::port::{Indexed, Opening};
use crate::text::imap as text;
use crate::view::sought::Sought;

/// The mailbox, as the index has it.
pub(super) fn place(mailbox: &Mailbox) -> Indexed<'_> {
    Indexed {
        account: &mailbox.account,
        mailbox: &mailbox.name,
        uidvalidity: mailbox.uidvalidity,
    }
}

/// What is known of these texts; the log is told how many S/MIME messages the answer does not cover.
pub(super) fn sought(opening: &dyn Opening, mailbox: &Mailbox, texts: &[&Sought], sealed: &Ranges) -> Option<Texts> {
    let known = opening.sought(&place(mailbox), texts)?;
    let covered: Ranges = known.covered.into_iter().collect();
    let uncovered = sealed.minus(&covered).count();
    if uncovered > 0 {
        let said = text::search_not_covered(uncovered);
        tracing::info!(code = said.code, uncovered, "{}", said.en.what);
    }
    let found = known.found.into_iter().map(Ranges::from_iter).collect();
    Some(Texts { covered, found })
}

/// The log is told that the provider alone has searched.
pub(super) fn provider_alone(why: ProviderAlone) {
    let said = match why {
        ProviderAlone::Unread => text::search_unread(),
        ProviderAlone::TooLong => text::search_too_long(),
        ProviderAlone::Refused => text::search_refused(),
    };
    tracing::info!(code = said.code, "{}", said.en.what);
}
