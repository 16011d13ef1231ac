//! The memory that large messages may take together: a message that finds no room waits, whoever asks for it.

use crate::base::limits::{MESSAGE_ROOM_TIMES, MESSAGES_BUDGET};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room of one home's connections, in KiB.
#[derive(Debug)]
pub struct Budget {
    room: Arc<Semaphore>,
    all: usize,
}

/// Room for one message, given back when dropped.
#[derive(Debug)]
pub struct Room(#[allow(dead_code, reason = "held, not read")] Option<OwnedSemaphorePermit>);

impl Default for Budget {
    fn default() -> Self {
        Self::new(MESSAGES_BUDGET)
    }
}

impl Budget {
    /// Room for that many octets.
    pub fn new(octets: usize) -> Self {
        let all = octets >> 10;
        Self {
            room: Arc::new(Semaphore::new(all)),
            all,
        }
    }

    /// Waits until there is room for a message of that size and what is made of it. A message for which all the room is too
    /// little gets all of it: alone, but it comes.
    pub async fn room(&self, message: u64) -> Room {
        let wanted = usize::try_from(message >> 10)
            .unwrap_or(usize::MAX)
            .saturating_mul(MESSAGE_ROOM_TIMES);
        let wanted = u32::try_from(wanted.min(self.all)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        Room(Arc::clone(&self.room).acquire_many_owned(wanted).await.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    #[test]
    fn what_finds_no_room_waits_until_there_is_some() {
        let budget = Budget::new(10 << 20);
        let first = now(budget.room(2 << 20));
        assert!(first.is_some() && now(budget.room(2 << 20)).is_none() && now(budget.room(1 << 10)).is_some());
        drop(first);
        assert!(now(budget.room(u64::MAX)).is_some(), "the largest comes too, alone");
    }
}
