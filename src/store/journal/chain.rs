//! The chain: each entry has a number and a hash over the hash before it, and, where the writer had the key of the home, a seal.
//! Who can write the file can make hashes; the seals he cannot.

use crate::store::{Purpose, Secrets, StoreError};
use aws_lc_rs::{constant_time, digest};

/// A hash, or a seal.
pub(super) type Digest = [u8; 32];

/// A place in the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    /// The number of the entry; 0: before the first.
    pub(super) number: u64,
    /// Its hash.
    pub(super) hash: Digest,
}

impl Place {
    /// The place of the entry that follows.
    pub(super) fn followed_by(&self, entry: &str) -> Self {
        let number = self.number.saturating_add(1);
        Self {
            number,
            hash: link(number, &self.hash, entry),
        }
    }
}

/// The hash of an entry: of its number, the hash before it, and its text as it is kept (docs/journal.md).
pub(super) fn link(number: u64, previous: &Digest, entry: &str) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"souspli journal 1\0");
    context.update(&number.to_be_bytes());
    context.update(previous);
    // Last, so that no two lists of parts are the same octets.
    context.update(entry.as_bytes());
    let mut hash = Digest::default();
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// What a seal stands for; no two are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sealed {
    /// An entry and all before it.
    Entry,
    /// How far the journal has come.
    Head,
}

impl Sealed {
    /// The seal of a place.
    pub(super) fn seal(self, place: &Place, secrets: &Secrets) -> Result<Digest, StoreError> {
        let kind: &[u8] = match self {
            Self::Entry => b"entry",
            Self::Head => b"head",
        };
        secrets.mac(Purpose::JournalSeals, &[kind, &place.number.to_be_bytes(), &place.hash])
    }

    /// Whether that is the seal of a place.
    pub(super) fn is(self, seal: &[u8], place: &Place, secrets: &Secrets) -> Result<bool, StoreError> {
        let wanted = self.seal(place, secrets)?;
        Ok(constant_time::verify_slices_are_equal(&wanted, seal).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_hangs_on_its_number_on_what_was_before_and_on_its_text() {
        let first = Place::default().followed_by("a");
        assert_eq!(first.number, 1);
        assert_eq!(first, Place::default().followed_by("a"));
        assert_ne!(first.hash, Place::default().followed_by("b").hash);
        assert_ne!(first.followed_by("a").hash, first.hash);
        assert_ne!(link(1, &first.hash, "a"), link(2, &first.hash, "a"));
    }

    #[test]
    fn a_seal_is_of_one_place_one_kind_and_one_home() {
        let (secrets, others) = (Secrets::ephemeral().unwrap(), Secrets::ephemeral().unwrap());
        let place = Place::default().followed_by("a");
        let seal = Sealed::Entry.seal(&place, &secrets).unwrap();
        assert!(Sealed::Entry.is(&seal, &place, &secrets).unwrap());
        assert!(!Sealed::Head.is(&seal, &place, &secrets).unwrap());
        assert!(!Sealed::Entry.is(&seal, &place.followed_by("b"), &secrets).unwrap());
        assert!(!Sealed::Entry.is(&seal, &place, &others).unwrap());
    }
}
