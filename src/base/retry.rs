//! Whether trying again makes sense; SMTP 4xx or 5xx, the IMAP response code and the tray's words follow from it.

/// What the user or the program may expect from doing the same thing again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// The same message would be refused again.
    Never,
    /// It may work later by itself (a server that is away).
    Later,
    /// It works once the user has done what the text says (unlock a key, insert a card).
    AfterUser,
}
