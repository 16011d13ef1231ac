//! A stored message as it comes, held whole: bounded, and with room asked for where it is large (see `relay::budget`).

use super::wire::content;
use crate::base::limits::{LARGE_MESSAGE, MESSAGE_MAX};

/// The content so far, dots and all.
#[derive(Debug)]
pub struct Collected {
    raw: Vec<u8>,
    announced: Option<u64>,
    /// Octets that may be held without asking again.
    room: u64,
    fault: Option<TooLarge>,
}

/// A message above `MESSAGE_MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge;

impl Collected {
    /// Of a message whose size was announced, by a server that may lie.
    pub fn new(announced: Option<u64>) -> Self {
        Self {
            raw: Vec::new(),
            announced,
            room: LARGE_MESSAGE,
            fault: None,
        }
    }

    /// Takes more; the octets for which there must be room before the next.
    pub fn take(&mut self, piece: &[u8]) -> Option<u64> {
        if self.fault.is_none() {
            self.raw.extend_from_slice(piece);
        }
        let held = self.raw.len() as u64;
        if held > MESSAGE_MAX as u64 {
            (self.raw, self.fault) = (Vec::new(), Some(TooLarge));
            return None;
        }
        if held < self.room {
            return None;
        }
        // With some more for the dots before dots; whoever announced too little gets the most there is.
        let announced = self.announced.map(|size| size.saturating_add(size / 64));
        self.room = announced.filter(|size| *size > held).unwrap_or(u64::MAX);
        let wanted = self.room.min(MESSAGE_MAX as u64);
        self.raw.reserve(usize::try_from(wanted - held).unwrap_or_default());
        Some(wanted)
    }

    /// How many octets are held.
    pub fn octets(&self) -> u64 {
        self.raw.len() as u64
    }

    /// The content as it came.
    pub fn into_content(self) -> Vec<u8> {
        self.raw
    }

    /// The message, once its content has come to its end.
    pub fn message(self) -> Result<Vec<u8>, TooLarge> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(content::message_of(self.raw)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PIECE: [u8; 1 << 16] = [b'a'; 1 << 16];

    fn reserved(announced: Option<u64>, pieces: usize) -> Vec<u64> {
        let mut it = Collected::new(announced);
        (0..pieces).filter_map(|_| it.take(&PIECE)).collect()
    }

    #[test]
    fn room_is_asked_for_once_by_who_tells_the_truth() {
        let size = 4 << 20;
        assert!(reserved(Some(size), 15).is_empty());
        assert_eq!(reserved(Some(size), 64), [size + size / 64]);
        assert_eq!(reserved(Some(10), 64), [MESSAGE_MAX as u64]);
        assert_eq!(reserved(None, 64), [MESSAGE_MAX as u64]);
        assert_eq!(reserved(Some(2 << 20), 64), [(2 << 20) + (2 << 14), MESSAGE_MAX as u64]);
    }

    #[test]
    fn what_is_too_large_is_not_held() {
        let mut it = Collected::new(Some(u64::MAX));
        for _ in 0..=MESSAGE_MAX / PIECE.len() {
            it.take(&PIECE);
        }
        assert_eq!((it.raw.capacity(), it.take(&PIECE)), (0, None));
        assert_eq!(it.message(), Err(TooLarge));
    }
}
