//! A key of a card, as `smime::port` knows keys: its certificate is kept here, its private half never is.

use super::module::Silence;
use super::words::{self, Octets, OnCard, Padding, PinLeft, Refused, Request};
use super::{Cards, NotOpened};
use crate::base::Secret;
use crate::base::limits::CARD_WANTED_SECONDS;
use crate::keys::ImportError;
use crate::keys::pin::{Again, PinQuestion};
use crate::keys::software::or_random;
use crate::pki::ber::{Reader, tag};
use crate::pki::{Certificate, bundle, der};
use crate::smime::agree;
use crate::smime::port::{AgreementCurve, KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey, Wrapping};
use crate::text::card::TriesLeft;
use crate::text::{Explain, Explanation};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A private key on a card.
pub struct CardKey {
    on: OnCard,
    certificate: Certificate,
    chain: Vec<Certificate>,
    lock: Arc<CardLock>,
}

/// What stands between a key and its use: the card in its reader, and its PIN.
pub struct CardLock {
    cards: Arc<Cards>,
    card: String,
    holder: String,
    wanted: Mutex<Option<(Instant, Wanted)>>,
}

/// What became of a key that was wanted in vain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// It is closed: its user may open it.
    Closed,
    /// The card or its module is not well: this is why.
    Fault(Explanation),
}

impl CardLock {
    /// Whether its keys can be used at once.
    pub fn is_open(&self) -> bool {
        self.cards.is_open(&self.card)
    }

    /// Asks the user; blocks.
    pub fn unlock(&self) -> Result<(), NotOpened> {
        if self.is_open() {
            return Ok(());
        }
        self.cards.unlock(&self.card, &self.holder)
    }

    /// What became of a key that was wanted in vain a moment ago. Several may have wanted it at once: each of them asks.
    pub fn wanted_of_late(&self) -> Option<Wanted> {
        let wanted = self.wanted().clone()?;
        (wanted.0.elapsed() < Duration::from_secs(CARD_WANTED_SECONDS)).then_some(wanted.1)
    }

    /// For whom the card is made.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    fn miss(&self, wanted: Wanted) {
        *self.wanted() = Some((Instant::now(), wanted));
    }

    fn wanted(&self) -> MutexGuard<'_, Option<(Instant, Wanted)>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CardLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardLock({})", self.card)
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardKey({:?})", self.certificate)
    }
}

impl CardKey {
    /// The key beside a certificate of a card.
    pub fn new(cards: &Arc<Cards>, on: OnCard, certificate: Certificate, chain: Vec<Certificate>) -> Self {
        let lock = CardLock {
            cards: Arc::clone(cards),
            card: on.card.clone(),
            holder: certificate.holder(),
            wanted: Mutex::default(),
        };
        Self {
            on,
            certificate,
            chain,
            lock: Arc::new(lock),
        }
    }

    /// For storage: SEQUENCE { 2, card, CKA_ID, certificate, chain }. Nothing in it is secret.
    pub fn to_bytes(&self) -> Secret {
        let chain: Vec<&[u8]> = self.chain.iter().map(Certificate::der).collect();
        Secret::new(der::sequence(&[
            &der::small(2),
            &der::octets(self.on.card.as_bytes()),
            &der::octets(&self.on.id),
            self.certificate.der(),
            &der::sequence(&chain),
        ]))
    }

    /// What [`CardKey::to_bytes`] wrote; `None`: it is another kind of key.
    pub fn from_bytes(bytes: &Secret, cards: &Arc<Cards>) -> Result<Option<Self>, ImportError> {
        let mut reader = Reader::new(bytes.expose()).sequence()?;
        if reader.expect(tag::INTEGER)?.small()? != 2 {
            return Ok(None);
        }
        let card = String::from_utf8(reader.expect(tag::OCTET_STRING)?.content.to_vec());
        let card = card.map_err(|_| ImportError::Unreadable)?;
        let id = reader.expect(tag::OCTET_STRING)?.content.to_vec();
        let certificate = Certificate::from_der(reader.expect(tag::SEQUENCE)?.raw)?;
        let chain = bundle::certificate_set(reader.expect(tag::SEQUENCE)?);
        Ok(Some(Self::new(cards, OnCard { card, id }, certificate, chain)))
    }

    /// What must be open for it to be used.
    pub fn lock(&self) -> &Arc<CardLock> {
        &self.lock
    }

    fn cards(&self) -> &Cards {
        &self.lock.cards
    }

    /// Operates; a key that asks at each use is given the PIN for this one.
    fn operate(&self, request: impl Fn(Option<Octets>) -> Request) -> Result<Octets, Refusal> {
        if !self.lock.is_open() {
            self.lock.miss(Wanted::Closed);
            return Err(Refusal::Locked);
        }
        let card = &self.on.card;
        let said = match self.cards().operate(card, &request(None)) {
            Err(Silence::Refused(Refused::PinEachTime)) => {
                let question = PinQuestion {
                    card: self.lock.holder.clone(),
                    left: self.left(),
                    again: Again::EachTime,
                };
                let pin = self.cards().pins.ask(&question).map_err(|why| {
                    self.lock.miss(Wanted::Fault(why.explain()));
                    Refusal::Locked
                })?;
                self.cards().operate(card, &request(Some(Octets::from(&pin))))
            }
            other => other,
        };
        said.map_err(|silence| match silence {
            Silence::Refused(Refused::Unsupported | Refused::NoKey) => Refusal::Unsupported,
            Silence::Refused(Refused::Failed) => Refusal::Failed,
            Silence::Refused(Refused::LoginFirst | Refused::Absent) => {
                self.lock.miss(Wanted::Closed);
                Refusal::Locked
            }
            fault => {
                // Modules have many words for a card that was pulled out.
                let is_there = self.cards().present(card, &self.lock.holder).is_ok();
                let wanted = match is_there || !matches!(fault, Silence::Refused(_)) {
                    true => Wanted::Fault(self.cards().explained(&fault)),
                    false => Wanted::Closed,
                };
                self.lock.miss(wanted);
                Refusal::Locked
            }
        })
    }

    fn left(&self) -> TriesLeft {
        let seen = self.cards().present(&self.on.card, &self.lock.holder);
        match seen.map(|seen| seen.pin) {
            Ok(PinLeft::One) => TriesLeft::One,
            Ok(PinLeft::Fewer) => TriesLeft::Fewer,
            _ => TriesLeft::All,
        }
    }

    fn decrypted(&self, padding: &Padding, octets: &[u8]) -> Result<Octets, Refusal> {
        self.operate(|pin| Request::Decrypt {
            key: self.on.clone(),
            padding: padding.clone(),
            octets: octets.to_vec(),
            pin,
        })
    }
}

/// Why a key gave nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// The card, or its PIN, is awaited; or the card is not well: nothing final is said.
    Locked,
    Unsupported,
    Failed,
}

impl PrivateKey for CardKey {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.operate(|pin| Request::Sign {
            key: self.on.clone(),
            scheme: scheme.into(),
            octets: to_be_signed.to_vec(),
            pin,
        });
        signature.map(|octets| octets.expose().to_vec()).map_err(|refusal| match refusal {
            Refusal::Locked => KeyError::Locked,
            Refusal::Unsupported => KeyError::Unsupported,
            Refusal::Failed => KeyError::Failed,
        })
    }

    fn is_outside(&self) -> bool {
        true
    }

    fn unwrap(&self, key: &WrappedKey) -> Unwrapped {
        if !key.recipient.names(&self.certificate) {
            return Unwrapped::NotMine;
        }
        match &key.wrapping {
            Wrapping::RsaPkcs1 => match self.decrypted(&Padding::Pkcs1, &key.octets) {
                Ok(octets) => or_random(Some(octets.into()), key.length),
                // A wrong padding is told by no answer (RFC 3218 §2.3.2).
                Err(Refusal::Failed) => or_random(None, key.length),
                Err(Refusal::Locked) => Unwrapped::Locked,
                Err(Refusal::Unsupported) => Unwrapped::Unsupported,
            },
            Wrapping::RsaOaep { digest, mask, label } => {
                let padding = Padding::Oaep((*digest).into(), (*mask).into(), label.clone());
                told(self.decrypted(&padding, &key.octets).map(Secret::from))
            }
            Wrapping::Agreement {
                curve: AgreementCurve::Nist(curve),
                public_key,
                derivation,
                wrap,
                shared_info,
            } => {
                let agreed = self.operate(|pin| Request::Agree {
                    key: self.on.clone(),
                    point: public_key.clone(),
                    length: words::field_octets(*curve),
                    pin,
                });
                told(agreed.and_then(|secret| {
                    let kek = agree::derive(*derivation, secret.expose(), shared_info, wrap.key_len()).ok_or(Refusal::Failed)?;
                    agree::unwrap(*wrap, kek.expose(), &key.octets).ok_or(Refusal::Failed)
                }))
            }
            Wrapping::Agreement {
                curve: AgreementCurve::X25519,
                ..
            } => Unwrapped::Unsupported,
        }
    }
}

fn told(content_key: Result<Secret, Refusal>) -> Unwrapped {
    match content_key {
        Ok(key) => Unwrapped::Key(key),
        Err(Refusal::Locked) => Unwrapped::Locked,
        Err(Refusal::Unsupported) => Unwrapped::Unsupported,
        Err(Refusal::Failed) => Unwrapped::Failed,
    }
}
