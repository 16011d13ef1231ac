//! What only this installation can write and recognise: boundaries of Views, marks of Views and of own copies.
//!
//! All are keyed by the home's master key and computed, never stored, so that a View has the same bytes after a restart.

use super::port::{MessageKey, Place};
use crate::store::{Purpose, Secrets, StoreError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use std::sync::{Arc, OnceLock};

/// The keys behind the marks.
#[derive(Debug)]
pub struct Seals {
    boundary: hmac::Key,
    nonce: hmac::Key,
    own: hmac::Key,
    evidence: hmac::Key,
    token: LessSafeKey,
}

/// The same once the home's keys are at hand.
#[derive(Debug)]
pub struct LockedSeals {
    secrets: Secrets,
    made: OnceLock<Seals>,
}

impl LockedSeals {
    /// Nothing is derived before the first use.
    pub fn new(secrets: &Secrets) -> Self {
        Self {
            secrets: secrets.clone(),
            made: OnceLock::new(),
        }
    }

    /// The keys; [`StoreError::KeyringLocked`] while they are awaited.
    pub fn at_hand(&self) -> Result<&Seals, StoreError> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = Seals::new(&self.secrets)?;
        Ok(self.made.get_or_init(|| made))
    }
}

/// Header field, inside the encryption, of a copy that its owner stored through this installation.
pub const OWN_FIELD: &str = "X-Souspli-Own";

impl Seals {
    /// One key for each kind of mark, derived from the home's master key.
    pub fn new(secrets: &Secrets) -> Result<Self, StoreError> {
        let mac = |purpose, label: &[u8]| Ok::<_, StoreError>(hmac::Key::new(hmac::HMAC_SHA256, &secrets.mac(purpose, &[label])?));
        let token = UnboundKey::new(&AES_256_GCM, &secrets.mac(Purpose::Tokens, &[b"token"])?).map_err(|_| StoreError::Crypto)?;
        Ok(Self {
            boundary: mac(Purpose::Boundaries, b"boundary")?,
            nonce: mac(Purpose::Tokens, b"nonce")?,
            own: mac(Purpose::Tokens, b"own")?,
            evidence: mac(Purpose::Marks, b"evidence")?,
            token: LessSafeKey::new(token),
        })
    }

    /// The boundary of a message's View. No sender can know it, so no content can hold it by design.
    pub fn boundary(&self, key: &MessageKey) -> String {
        let tag = hmac::sign(&self.boundary, &place(key));
        format!("=_sp_{}", hex(&tag.as_ref()[..20]))
    }

    /// What a View carries so that an upload of it elsewhere can be put back as stored: its place, sealed.
    /// The nonce is a MAC of the place: the same View always carries the same token, and no nonce serves two places.
    pub fn token(&self, key: &MessageKey) -> String {
        let mut sealed = place(key);
        let mac = hmac::sign(&self.nonce, &sealed);
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&mac.as_ref()[..12]);
        match self
            .token
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        {
            Ok(()) => hex(&[&nonce[..], &sealed].concat()),
            Err(_) => String::new(),
        }
    }

    /// The place that a token of ours names; `None` for anything else.
    pub fn place_of(&self, token: &str) -> Option<MessageKey> {
        // A long one stands on several lines.
        let token: String = token.split_ascii_whitespace().collect();
        let mut octets = unhex(&token)?;
        if octets.len() < 12 {
            return None;
        }
        let mut sealed = octets.split_off(12);
        let nonce: [u8; 12] = octets.try_into().ok()?;
        let place = self
            .token
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .ok()?;
        read_place(place)
    }

    /// A number of 52 bits that stands for what a verdict was said of.
    pub fn evidence(&self, parts: &[Vec<u8>]) -> u64 {
        let mut context = hmac::Context::with_key(&self.evidence);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        tag.as_ref().iter().take(8).fold(0, |n, octet| (n << 8) | u64::from(*octet)) >> 12
    }

    /// The mark of a copy that its owner stored here, over its content's stretches.
    pub fn own_mark(&self, content: &[impl AsRef<[u8]>]) -> String {
        let mut mac = hmac::Context::with_key(&self.own);
        content.iter().for_each(|stretch| mac.update(stretch.as_ref()));
        hex(mac.sign().as_ref())
    }

    /// Whether `mark` is ours for that content.
    pub fn is_own(&self, mark: &str, content: &[u8]) -> bool {
        unhex(mark.trim()).is_some_and(|tag| hmac::verify(&self.own, content, &tag).is_ok())
    }
}

/// The octets that stand for a message: every variable part with its length, so that no two places look alike. Two numbers
/// come first; for a maildrop, which has none, a length of the account that no address has sets it apart.
pub fn place(key: &MessageKey) -> Vec<u8> {
    let (numbers, kind, name): ([u32; 2], Option<u16>, &[u8]) = match &key.place {
        Place::Mailbox { mailbox, uidvalidity, uid } => ([*uidvalidity, *uid], None, mailbox.as_bytes()),
        Place::Maildrop { unique_id } => ([0, 0], Some(MAILDROP), unique_id.as_bytes()),
        Place::Nameless { digest } => ([0, 0], Some(NAMELESS), digest),
    };
    let mut out = Vec::with_capacity(key.account.len() + name.len() + 12);
    out.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    out.extend(kind.into_iter().flat_map(u16::to_be_bytes));
    out.extend_from_slice(&(key.account.len() as u16).to_be_bytes());
    out.extend_from_slice(key.account.as_bytes());
    out.extend_from_slice(name);
    out
}

/// An address has 254 octets at most (RFC 5321 §4.5.3.1.3).
const MAILDROP: u16 = u16::MAX;
const NAMELESS: u16 = u16::MAX - 1;

fn read_place(octets: &[u8]) -> Option<MessageKey> {
    let (uidvalidity, rest) = octets.split_first_chunk::<4>()?;
    let (uid, rest) = rest.split_first_chunk::<4>()?;
    let (first, after) = rest.split_first_chunk::<2>()?;
    let kind = u16::from_be_bytes(*first);
    let rest = if kind >= NAMELESS { after } else { rest };
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (account, name) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let text = |octets| Some(Arc::from(std::str::from_utf8(octets).ok()?));
    let place = match kind {
        MAILDROP => Place::Maildrop { unique_id: text(name)? },
        NAMELESS => Place::Nameless {
            digest: name.try_into().ok()?,
        },
        _ => Place::Mailbox {
            mailbox: text(name)?,
            uidvalidity: u32::from_be_bytes(*uidvalidity),
            uid: u32::from_be_bytes(*uid),
        },
    };
    Some(MessageKey {
        account: text(account)?,
        place,
    })
}

/// Names something once: 128 random bits; `None`: the system gives no randomness.
pub fn unique() -> Option<String> {
    let mut octets = [0; 16];
    aws_lc_rs::rand::fill(&mut octets).ok()?;
    Some(hex(&octets))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|o| format!("{o:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals(secrets: &Secrets) -> Seals {
        Seals::new(secrets).unwrap()
    }

    fn key(account: &str, mailbox: &str, uid: u32) -> MessageKey {
        MessageKey {
            account: account.into(),
            place: Place::Mailbox {
                mailbox: mailbox.into(),
                uidvalidity: 7,
                uid,
            },
        }
    }

    fn dropped(account: &str, unique_id: &str) -> MessageKey {
        let unique_id = unique_id.into();
        MessageKey {
            account: account.into(),
            place: Place::Maildrop { unique_id },
        }
    }

    #[test]
    fn a_token_names_its_place_to_this_installation_only() {
        let (ours, others) = (Secrets::ephemeral().unwrap(), Secrets::ephemeral().unwrap());
        let nameless = MessageKey {
            account: "alice@lab.test".into(),
            place: Place::Nameless { digest: [7; 32] },
        };
        for place in [
            key("alice@lab.test", "INBOX/Résultats", 42),
            dropped("alice@lab.test", "0000001a5f"),
            nameless,
        ] {
            let token = seals(&ours).token(&place);
            assert_eq!(seals(&ours).place_of(&token), Some(place.clone()));
            assert_eq!(seals(&ours).token(&place), token, "the same after a restart");
            assert_eq!(seals(&others).place_of(&token), None);
            let (first, rest) = token.split_at(8);
            assert_eq!(seals(&ours).place_of(&format!("{first}\r\n {rest}")), Some(place.clone()), "folded");
            let forged = format!("{}0", &token[..token.len() - 1]);
            assert!(forged == token || seals(&ours).place_of(&forged).is_none());
        }
        for text in ["", "zz", "00", "é0"] {
            assert_eq!(seals(&ours).place_of(text), None);
        }
    }

    #[test]
    fn places_do_not_run_into_each_other() {
        let s = seals(&Secrets::ephemeral().unwrap());
        assert_ne!(s.boundary(&key("a", "bc", 1)), s.boundary(&key("ab", "c", 1)));
        assert_ne!(s.boundary(&key("a", "b", 1)), s.boundary(&key("a", "b", 2)));
        assert_ne!(s.boundary(&dropped("a", "bc")), s.boundary(&dropped("ab", "c")));
    }

    #[test]
    fn an_own_copy_is_known_by_its_content() {
        let s = seals(&Secrets::ephemeral().unwrap());
        let mark = s.own_mark(&["dr", "aft"]);
        assert!(s.is_own(&mark, b"draft") && !s.is_own(&mark, b"other"));
        assert!(!seals(&Secrets::ephemeral().unwrap()).is_own(&mark, b"draft"));
    }
}
