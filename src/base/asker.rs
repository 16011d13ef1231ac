//! For whom a locked key is asked for.

/// Who waits for a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asker {
    /// Somebody who reads this message, as it seems: a program that fetches them one by one looks the same.
    Reader,
    /// Somebody who sends a letter.
    Sender,
    /// A program that goes through a mailbox by itself: nobody may be there to answer.
    Program,
}
