//! What is known of the messages of a maildrop: unique-ids, which are S/MIME, and the sizes of their Views. A unique-id means
//! the same in every session (RFC 1939 §7); a message without one is known for the session only, by its number.

use super::wire::content;
use crate::base::limits::{HEADER_MAX, POP3_MESSAGES_MAX, POP3_UNIQUE_ID_MAX};
use crate::base::{MessageKey, Place};
use crate::smime::class::{Class, classify};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a header announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sealed {
    /// S/MIME: answered from its View.
    Yes,
    /// The same, and compressed: what is stored says nothing of its size.
    Packed,
    /// Anything else: passed as it is.
    No,
}

impl Sealed {
    /// Reads a header as it comes in content, dots before dots and all. What is beyond the bound of headers tells nothing, and
    /// what has no line end is half a field.
    pub fn of_content(header: &[u8]) -> Self {
        let header = &header[..header.len().min(HEADER_MAX)];
        let lines = memchr::memrchr(b'\n', header).map_or(0, |at| at + 1);
        match classify(&content::unstuffed(header[..lines].to_vec())) {
            Class::Compressed => Self::Packed,
            class if class.is_smime() => Self::Yes,
            _ => Self::No,
        }
    }
}

/// What is known of one message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Its class.
    pub sealed: Sealed,
    /// Octets of its View, once it has been opened.
    pub size: Option<u64>,
}

/// The memory that all connections share.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<MessageKey, Known>>);

/// The messages of the maildrop that is open.
#[derive(Debug)]
pub struct Maildrop {
    account: Arc<str>,
    shared: Arc<Memory>,
    /// `None`: not asked yet.
    names: Option<HashMap<u32, Arc<str>>>,
    own: HashMap<u32, Known>,
}

impl Memory {
    fn held(&self) -> MutexGuard<'_, HashMap<MessageKey, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Maildrop {
    /// Of this account.
    pub fn new(account: Arc<str>, shared: Arc<Memory>) -> Self {
        Self {
            account,
            shared,
            names: None,
            own: HashMap::new(),
        }
    }

    /// Whose it is.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Whether the provider's unique-ids are here, or known not to be had.
    pub fn is_named(&self) -> bool {
        self.names.is_some()
    }

    /// Takes the content of the reply to UIDL; `None`: there is none. A unique-id that two messages have is nobody's.
    pub fn name(&mut self, listing: Option<&[u8]>) {
        let mut names = HashMap::new();
        let mut seen: HashMap<Arc<str>, u32> = HashMap::new();
        for (number, name) in listing.into_iter().flat_map(unique_ids).take(POP3_MESSAGES_MAX) {
            let name: Arc<str> = name.into();
            match seen.get(&name) {
                Some(first) => drop(names.remove(first)),
                None => {
                    seen.insert(Arc::clone(&name), number);
                    names.insert(number, name);
                }
            }
        }
        self.names = Some(names);
    }

    /// What is known of a message.
    pub fn of(&self, number: u32) -> Option<Known> {
        match self.key_unseen(number) {
            Some(key) => self.shared.held().get(&key).copied(),
            None => self.own.get(&number).copied(),
        }
    }

    /// Keeps what has been seen of a message; a size that is known stays until another is seen.
    pub fn learn(&mut self, number: u32, sealed: Sealed, size: Option<u64>) {
        let size = size.or(self.of(number).and_then(|known| known.size));
        let known = Known { sealed, size };
        let Some(key) = self.key_unseen(number) else {
            self.own.insert(number, known);
            return;
        };
        let mut held = self.shared.held();
        if held.len() >= POP3_MESSAGES_MAX && !held.contains_key(&key) {
            held.clear();
        }
        held.insert(key, known);
    }

    /// Keeps the size of the View of an S/MIME message.
    pub fn learn_size(&mut self, number: u32, size: u64) {
        let sealed = self.of(number).map_or(Sealed::Yes, |known| known.sealed);
        self.learn(number, sealed, Some(size));
    }

    /// By what a message is known in every session; without a unique-id, by its octets.
    pub fn key(&self, number: u32, stored: &[u8]) -> MessageKey {
        self.key_unseen(number).unwrap_or_else(|| {
            let mut octets = [0; 32];
            octets.copy_from_slice(digest(&SHA256, stored).as_ref());
            MessageKey {
                account: Arc::clone(&self.account),
                place: Place::Nameless { digest: octets },
            }
        })
    }

    /// The same, as far as it is known without the octets.
    pub fn key_unseen(&self, number: u32) -> Option<MessageKey> {
        let unique_id = Arc::clone(self.names.as_ref()?.get(&number)?);
        Some(MessageKey {
            account: Arc::clone(&self.account),
            place: Place::Maildrop { unique_id },
        })
    }
}

/// `number SP unique-id` each; what is neither is passed over. RFC 1939 bounds a unique-id to 70 octets, servers do not.
fn unique_ids(listing: &[u8]) -> impl Iterator<Item = (u32, &str)> {
    listing.split(|b| *b == b'\n').filter_map(|line| {
        let (number, name) = std::str::from_utf8(line).ok()?.trim_ascii_end().split_once(' ')?;
        let graphic = !name.is_empty() && name.len() <= POP3_UNIQUE_ID_MAX && name.bytes().all(|b| b.is_ascii_graphic());
        Some((number.parse().ok()?, name)).filter(|_| graphic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildrop(shared: &Arc<Memory>, listing: &[u8]) -> Maildrop {
        let mut maildrop = Maildrop::new("a@b.fr".into(), Arc::clone(shared));
        maildrop.name(Some(listing));
        maildrop
    }

    #[test]
    fn a_unique_id_is_known_in_every_session_and_a_number_in_its_own() {
        let shared = Arc::new(Memory::default());
        let mut first = maildrop(&shared, b"1 aa\r\n2 bb\r\n");
        first.learn(1, Sealed::Yes, Some(7));
        first.learn(1, Sealed::Yes, None);
        first.learn(3, Sealed::No, None);
        let second = maildrop(&shared, b"2 aa\r\n");
        assert_eq!(
            second.of(2),
            Some(Known {
                sealed: Sealed::Yes,
                size: Some(7)
            })
        );
        assert_eq!((second.of(1), second.of(3)), (None, None));
        assert_eq!(first.of(3).map(|known| known.sealed), Some(Sealed::No));
    }

    #[test]
    fn a_unique_id_of_two_messages_names_neither() {
        let maildrop = maildrop(&Arc::default(), b"1 aa\r\n2 aa\r\n3 cc\r\n4 aa\r\nx yy\r\n5 a b\r\n6 \xe9\r\n");
        for number in [1, 2, 4, 5, 6] {
            assert_eq!(maildrop.key_unseen(number), None, "{number}");
            assert_ne!(maildrop.key(number, b"x"), maildrop.key(number, b"y"));
        }
        assert_eq!(maildrop.key(3, b"x"), maildrop.key(3, b"y"));
    }
}
