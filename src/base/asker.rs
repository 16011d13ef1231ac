//! For whom a locked key is asked for.

/// Who waits for a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asker {
    /// Somebody who reads this message, or sends it, now.
    Person,
    /// A program that goes through a mailbox by itself: nobody may be there to answer.
    Program,
}
