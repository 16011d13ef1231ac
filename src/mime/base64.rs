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
        let (mut at, mut width) = (0, 0);
        while self.characters.len() < BLOCK {
            let room = BLOCK - self.characters.len();
            let ahead = text.get(at..).filter(|ahead| !ahead.is_empty())?;
            // Lines are as long as the one before: where that is not so, the alphabet tells.
            if width > 0 && width <= room && ahead.get(width..width + 2) == Some(b"\r\n") {
                self.characters.extend_from_slice(&ahead[..width]);
                at += width + 2;
                continue;
            }
            let ahead = &ahead[..ahead.len().min(room)];
            let line = memchr::memchr(b'\n', ahead);
            let characters = &ahead[..line.unwrap_or(ahead.len())];
            let characters = characters.strip_suffix(b"\r").unwrap_or(characters);
            self.characters.extend_from_slice(characters);
            width = characters.len();
            at += line.map_or(ahead.len(), |n| n + 1);
        }
        Some(at)
    }
}

/// A file of which the middle is left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ends {
    /// Its octets in all.
    pub octets: usize,
    /// Its first octets.
    pub start: Vec<u8>,
    /// As many last ones.
    pub end: Vec<u8>,
}

/// What a text decodes to, without decoding its middle; `None`: it must be decoded whole, being short, or more than lines of
/// the alphabet and padding at the end.
pub fn ends(text: &[u8], each: usize) -> Option<Ends> {
    let text = text.trim_ascii();
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    let text = &text[..text.len() - padding];
    if text.len() < 8 * each || padding > 2 || memchr::memchr3(b'=', b' ', b'\t', text).is_some() {
        return None;
    }
    let line_ends = |text: &[u8]| memchr::memchr_iter(b'\r', text).count() + memchr::memchr_iter(b'\n', text).count();
    let characters = |text: &[u8]| text.len() - line_ends(text);
    let all = characters(text);
    if (all + padding) % 4 != 0 {
        return None;
    }
    // Twice as many hold them, whatever line ends stand between.
    let start = decoded(&text[..2 * each], 0)?;
    let tail = &text[text.len() - 2 * each..];
    let end = decoded(tail, (all - characters(tail)).wrapping_neg() % 4)?;
    Some(Ends {
        octets: all / 4 * 3 + [0, 0, 1, 2][all % 4],
        start: start.get(..each)?.to_vec(),
        end: end.get(end.len().checked_sub(each)?..)?.to_vec(),
    })
}

/// Whole groups of four, and what is left at the end; the first characters belong to a group before.
fn decoded(text: &[u8], skipped: usize) -> Option<Vec<u8>> {
    let mut characters = Vec::with_capacity(text.len());
    for stretch in text.split(|b| matches!(b, b'\r' | b'\n')) {
        characters.extend_from_slice(stretch);
    }
    let characters = characters.get(skipped..)?;
    let whole = if characters.len() % 4 == 1 {
        characters.len() - 1
    } else {
        characters.len()
    };
    base64_simd::forgiving_decode_to_vec(&characters[..whole]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::encode::{base64_decode, base64_wrapped};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ends_are_those_of_the_whole(octets in prop::collection::vec(any::<u8>(), 0..3000), columns in 4usize..40, lf: bool) {
            let mut text = base64_wrapped(&octets, columns * 4);
            if lf {
                text.retain(|b| *b != b'\r');
            }
            let whole = base64_decode(&text);
            let Some(Ends { octets: length, start, end }) = ends(&text, 200) else {
                prop_assert!(text.len() < 2 * 8 * 200);
                return Ok(());
            };
            prop_assert_eq!(length, octets.len());
            prop_assert_eq!(&start[..], &whole[..200]);
            prop_assert_eq!(&end[..], &whole[whole.len() - 200..]);
        }
    }

    #[test]
    fn what_is_odd_has_no_ends() {
        let text = "QUJD".repeat(1000);
        assert!(ends(text.as_bytes(), 200).is_some());
        for (at, odd) in [(9, " "), (9, "="), (2000, "\t"), (4000, "===")] {
            let mut text = text.clone();
            text.insert_str(at, odd);
            assert_eq!(ends(text.as_bytes(), 200), None, "{odd:?}");
        }
        assert_eq!(ends(&text.as_bytes()[..text.len() - 3], 200), None);
    }

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
