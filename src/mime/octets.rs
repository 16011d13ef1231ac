//! Octets in a row that stand in several places: stretches of a message as it came, and what was written anew.
//!
//! Joining and cloning copy nothing, so that a letter of 100 MB is held once, whatever is put around it.

use bytes::Bytes;
use std::fmt;

/// The stretches in order.
#[derive(Clone, Default)]
pub struct Octets(Vec<Bytes>);

impl Octets {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    /// Adds a stretch.
    pub fn push(&mut self, stretch: impl Into<Bytes>) {
        self.0.push(stretch.into());
    }

    /// The stretches.
    pub fn stretches(&self) -> &[Bytes] {
        &self.0
    }

    /// All of them in one place.
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Whether `word` stands somewhere, be it across two stretches.
    pub fn contains(&self, word: &[u8]) -> bool {
        let overlap = word.len().saturating_sub(1);
        let mut seam: Vec<u8> = Vec::new();
        self.0.iter().any(|stretch| {
            seam.extend_from_slice(&stretch[..overlap.min(stretch.len())]);
            let found = memchr::memmem::find(&seam, word)
                .or_else(|| memchr::memmem::find(stretch, word))
                .is_some();
            if stretch.len() >= overlap {
                seam.clear();
                seam.extend_from_slice(&stretch[stretch.len() - overlap..]);
            } else {
                seam.drain(..seam.len().saturating_sub(overlap));
            }
            found
        })
    }
}

impl<T: Into<Bytes>> From<T> for Octets {
    fn from(stretch: T) -> Self {
        Self(vec![stretch.into()])
    }
}

/// Their number only: they are a patient's letter.
impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stretches_are_one_text(stretches: Vec<Vec<u8>>, word in "[ab]{1,4}") {
            let mut octets = Octets::default();
            // Few letters, so that words are found.
            let stretches: Vec<Vec<u8>> = stretches.iter().map(|s| s.iter().map(|b| b'a' + b % 2).collect()).collect();
            stretches.iter().for_each(|s| octets.push(s.clone()));
            let whole = stretches.concat();
            prop_assert_eq!(octets.to_vec(), whole.clone());
            prop_assert_eq!((octets.len(), octets.is_empty()), (whole.len(), whole.is_empty()));
            prop_assert_eq!(octets.contains(word.as_bytes()), memchr::memmem::find(&whole, word.as_bytes()).is_some());
        }
    }
}
