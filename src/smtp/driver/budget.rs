//! Room in memory for submissions: large ones wait for each other, small ones and those who wait hold next to nothing.
//!
//! Who waits for room has none yet, and who has room never waits for more: there is nothing to be deadlocked on.

use crate::base::limits::{MESSAGES_BUDGET, SEALING_GROWTH_PERCENT};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all submission connections share.
#[derive(Clone, Debug)]
pub struct Budget {
    free: Arc<Semaphore>,
    all: u32,
}

/// Room that is given back when dropped.
#[derive(Debug)]
pub(super) struct Room {
    permit: OwnedSemaphorePermit,
}

/// The semaphore counts in these.
const UNIT: usize = 1024;

impl Budget {
    /// Room for so many octets.
    pub fn new(octets: usize) -> Self {
        let all = u32::try_from(octets / UNIT).unwrap_or(u32::MAX);
        let permits = usize::try_from(all).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            all,
        }
    }

    /// Waits, in turn, until a message of so many octets and its sealed form can be held.
    pub(super) async fn room(&self, octets: usize) -> Option<Room> {
        let permit = Arc::clone(&self.free).acquire_many_owned(self.units(octets)).await.ok()?;
        Some(Room { permit })
    }

    /// More room for who has some already: now or not at all.
    pub(super) fn more(&self, room: &mut Room, octets: usize) -> bool {
        let held = u32::try_from(room.permit.num_permits()).unwrap_or(u32::MAX);
        let lacking = self.units(octets).saturating_sub(held);
        match Arc::clone(&self.free).try_acquire_many_owned(lacking) {
            Ok(more) => {
                room.permit.merge(more);
                true
            }
            Err(_) => false,
        }
    }

    /// A message larger than everything gets everything.
    fn units(&self, octets: usize) -> u32 {
        let with_sealed = octets as u64 * (100 + SEALING_GROWTH_PERCENT) / 100;
        u32::try_from(with_sealed / UNIT as u64 + 1).unwrap_or(u32::MAX).min(self.all)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MESSAGES_BUDGET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[tokio::test]
    async fn who_comes_late_waits_and_is_served() {
        let budget = Budget::new(3 << 20);
        let mut first = budget.room(500_000).await.unwrap();
        let mut waiting = pin!(budget.room(900_000));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(waiting.as_mut().poll(&mut context), Poll::Pending));
        assert!(!budget.more(&mut first, 900_000), "who has room does not wait");
        drop(first);
        let mut second = waiting.await.unwrap();
        assert!(budget.more(&mut second, 950_000));
        drop(second);
        assert!(
            budget.room(usize::MAX / 1000).await.is_some(),
            "more than there is gets all there is"
        );
    }
}
