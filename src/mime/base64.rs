//! Base64 as it is nearly always met (RFC 2045 §6.8), fast: lines of the alphabet and nothing else, a block at a time.
//!
//! Padding and whatever else is odd is left to the caller, whose rules for it differ.

use base64_simd::{Out, STANDARD};

/// Characters decoded at once: they stay in the processor's nearest cache.
const BLOCK: usize = 8 * 1024;

/// Where a block is gathered, and what it becomes.
pub struct Blocks {
    characters: Vec<u8>,
    octets: Vec<u8>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            characters: Vec::with_capacity(BLOCK),
            octets: vec![0; BLOCK / 4 * 3],
        }
    }
}

impl Blocks {
    /// The octets of the next block, and of how much of the text it is made; `None`: what stands there is less than a
    /// block, or holds something else than the alphabet and line ends.
    pub fn next(&mut self, text: &[u8]) -> Option<(&[u8], usize)> {
        let used = self.gather(text)?;
        let octets = STANDARD.decode(&self.characters, Out::from_slice(&mut self.octets)).ok()?;
        // Three for each four: no padding among them.
        (octets.len() == BLOCK / 4 * 3).then_some((octets, used))
    }

    /// The octets of what is left after the last whole block, its padding included; `None`: something odd stands in it.
    pub fn last(&mut self, text: &[u8]) -> Option<&[u8]> {
        match self.gather(text) {
            None => STANDARD
                .decode(&self.characters, Out::from_slice(&mut self.octets))
                .ok()
                .map(|octets| &*octets),
            // A whole block that `next` has refused.
            Some(_) => None,
        }
    }

    /// Up to a block of characters, and of how much of the text; `None`: there were less, and all are gathered.
    fn gather(&mut self, text: &[u8]) -> Option<usize> {
        self.characters.clear();
        let mut at = 0;
        while self.characters.len() < BLOCK {
            let room = BLOCK - self.characters.len();
            let ahead = text.get(at..).filter(|ahead| !ahead.is_empty())?;
            let ahead = &ahead[..ahead.len().min(room)];
            let line = memchr::memchr(b'\n', ahead);
            let characters = &ahead[..line.unwrap_or(ahead.len())];
            self.characters
                .extend_from_slice(characters.strip_suffix(b"\r").unwrap_or(characters));
            at += line.map_or(ahead.len(), |n| n + 1);
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (usize, usize) {
        let (mut blocks, mut at, mut octets) = (Blocks::default(), 0, 0);
        while let Some((block, used)) = blocks.next(&text[at..]) {
            assert!(block.iter().all(|octet| *octet == 0));
            (at, octets) = (at + used, octets + block.len());
        }
        (at, octets)
    }

    #[test]
    fn whole_blocks_are_read_up_to_what_is_odd() {
        for end in ["\r\n", "\n", ""] {
            let text = format!("{}{end}", "A".repeat(76)).repeat(1000).into_bytes();
            let (used, octets) = read(&text);
            assert_eq!(octets, 76_000 / BLOCK * BLOCK / 4 * 3, "{end:?}");
            assert!(text[..used].iter().filter(|b| **b == b'A').count() == octets / 3 * 4);
            for odd in [b'=', b' ', b'-', b'\r', 0] {
                let mut text = text.clone();
                text[3 * BLOCK] = odd;
                let (used, octets) = read(&text);
                assert!(used <= 3 * BLOCK && octets >= 2 * (BLOCK / 4 * 3), "{end:?} {odd}");
            }
        }
        assert_eq!((read(b""), read(&[b'A'; BLOCK - 1])), ((0, 0), (0, 0)));
    }
}
