//! How many letters are between their final dot and the answer: an end of the program waits for them, and says so.

use tokio::sync::watch::{Receiver, Sender};

/// The count, of all connections together.
#[derive(Debug, Default)]
pub struct InHand(Sender<usize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Held<'a>(&'a InHand);

impl InHand {
    /// To be woken as it changes.
    pub fn watched(&self) -> Receiver<usize> {
        self.0.subscribe()
    }

    pub(super) fn one_more(&self) -> Held<'_> {
        self.0.send_modify(|letters| *letters += 1);
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|letters| *letters = letters.saturating_sub(1));
    }
}
