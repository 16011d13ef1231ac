//! What is known of a mailbox that is searched, and what the log says of it: codes and numbers.

use crate::imap::classes::Mailbox;
use crate::imap::numbers::Ranges;
use crate::imap::plan::Unwidened;
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

/// UIDs for each text; the log is told how many S/MIME messages the answer does not cover.
pub(super) fn sought(opening: &dyn Opening, mailbox: &Mailbox, texts: &[&Sought], sealed: &Ranges) -> Vec<Ranges> {
    let Some(known) = opening.sought(&place(mailbox), texts) else {
        return Vec::new();
    };
    let uncovered = sealed.minus(&known.covered.into_iter().collect()).count();
    if uncovered > 0 {
        let said = text::search_not_covered(uncovered);
        tracing::info!(code = said.code, uncovered, "{}", said.en.what);
    }
    known.found.into_iter().map(Ranges::from_iter).collect()
}

/// The log is told that a search went as it came.
pub(super) fn not_widened(why: Unwidened) {
    let said = match why {
        Unwidened::Unread => text::search_unread(),
        Unwidened::TooLong => text::search_too_long(),
    };
    tracing::info!(code = said.code, "{}", said.en.what);
}
