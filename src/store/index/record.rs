//! One message of the index.
//!
//! `"SPix" | mailbox 16 | UIDVALIDITY 8 | place 16 | u32 octets | sealed`: the first three are MACs, which tell no name.
//! Nothing sealed: the message is forgotten. Sealed are `u32 UID | u16 octets | account | u16 octets | mailbox | u32 octets |
//! text | zeros`.

use crate::store::seal::SEAL_OVERHEAD;

/// Octets of a head on disk.
pub(super) const HEAD: usize = 4 + NAME + 4;
const NAME: usize = 16 + 8 + 16;
const MAGIC: &[u8; 4] = b"SPix";
/// Octets of a name that are kept, so that a record stays below what is believed of one.
const NAME_MAX: usize = 16 << 10;
/// Octets are sealed in multiples of this: the length of a record tells little of the length of a text.
const BLOCK: usize = 256;

/// Names a message, its mailbox and that one's UIDVALIDITY, without telling them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) mailbox: [u8; 16],
    pub(super) validity: [u8; 8],
    pub(super) place: [u8; 16],
}

impl Head {
    /// What a sealed record is bound to.
    pub(super) fn name(&self) -> Vec<u8> {
        [&self.mailbox[..], &self.validity, &self.place].concat()
    }

    pub(super) fn to_bytes(self, sealed: u32) -> Vec<u8> {
        [&MAGIC[..], &self.name(), &sealed.to_be_bytes()].concat()
    }

    /// The head, and how many sealed octets follow; `None`: nothing that was written here.
    pub(super) fn of(bytes: &[u8; HEAD]) -> Option<(Self, u32)> {
        let (magic, rest) = bytes.split_first_chunk()?;
        let (mailbox, rest) = rest.split_first_chunk()?;
        let (validity, rest) = rest.split_first_chunk()?;
        let (place, rest) = rest.split_first_chunk()?;
        let sealed = u32::from_be_bytes(rest.try_into().ok()?);
        let head = Self {
            mailbox: *mailbox,
            validity: *validity,
            place: *place,
        };
        (magic == MAGIC).then_some((head, sealed))
    }
}

/// What is sealed.
pub(super) struct Record<'a> {
    pub(super) uid: u32,
    pub(super) account: &'a str,
    pub(super) mailbox: &'a str,
    pub(super) text: &'a [u8],
}

impl<'a> Record<'a> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (account, mailbox) = (name(self.account), name(self.mailbox));
        let octets = 12 + account.len() + mailbox.len() + self.text.len();
        let mut out = Vec::with_capacity((octets + SEAL_OVERHEAD).next_multiple_of(BLOCK));
        out.extend_from_slice(&self.uid.to_be_bytes());
        for name in [account, mailbox] {
            out.extend_from_slice(&(name.len() as u16).to_be_bytes());
            out.extend_from_slice(name);
        }
        out.extend_from_slice(&(self.text.len() as u32).to_be_bytes());
        out.extend_from_slice(self.text);
        out.resize(octets.next_multiple_of(BLOCK), 0);
        out
    }

    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (uid, rest) = bytes.split_first_chunk()?;
        let (account, rest) = read_name(rest)?;
        let (mailbox, rest) = read_name(rest)?;
        let (length, rest) = rest.split_first_chunk()?;
        Some(Self {
            uid: u32::from_be_bytes(*uid),
            account,
            mailbox,
            text: rest.get(..u32::from_be_bytes(*length) as usize)?,
        })
    }
}

fn name(text: &str) -> &[u8] {
    &text.as_bytes()[..text.floor_char_boundary(NAME_MAX)]
}

fn read_name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(name).ok()?, rest))
}
