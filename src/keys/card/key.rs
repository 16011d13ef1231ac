//! A key of a card, as `smime::port` knows keys: its certificate is kept here, its private half never is.

use super::module::Silence;
use super::words::{self, Octets, OnCard, Padding, Refused, Request};
use super::{Cards, NotOpened};
use crate::base::Secret;
use crate::base::limits::CARD_WANTED_SECONDS;
use crate::keys::ImportError;
use crate::keys::pin::Again;
use crate::keys::software::or_random;
use crate::pki::algorithm::{Curve, KeyKind};
use crate::pki::ber::{Reader, tag};
use crate::pki::{Certificate, bundle, der};
use crate::smime::agree;
use crate::smime::port::{AgreementCurve, KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey, Wrapping};
use crate::text::{Explanation, card as say};
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
    /// One window at a time, whoever asks.
    asking: Mutex<()>,
}

/// What something that was typed as a PIN is instead, where that is known: then no card gets it.
pub type OtherThanPin<'a> = dyn Fn(&Secret) -> Option<Explanation> + 'a;

/// What became of a key that was wanted in vain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// It is closed: its user may open it.
    Closed,
    /// The card or its module is not well: this is why.
    Fault(Explanation),
}

impl CardLock {
    pub(super) fn new(cards: &Arc<Cards>, card: String, holder: String) -> Self {
        Self {
            cards: Arc::clone(cards),
            card,
            holder,
            wanted: Mutex::default(),
            asking: Mutex::default(),
        }
    }

    /// Serial number of the card.
    pub fn card(&self) -> &str {
        &self.card
    }

    /// Whether its keys can be used at once.
    pub fn is_open(&self) -> bool {
        self.cards.is_open(&self.card)
    }

    /// Something that it has opened was of use.
    pub fn touch(&self) {
        self.cards.touch(&self.card);
    }

    /// Whether it is in a reader and, as far as is known, works; open or not.
    pub fn works(&self) -> bool {
        self.cards.works(&self.card)
    }

    /// Asks the user; blocks.
    pub fn unlock(&self) -> Result<(), NotOpened> {
        self.unlock_unless(&|_| None)
    }

    /// The same; what is typed goes to the card unless it is known to be something `other`.
    pub fn unlock_unless(&self, other: &OtherThanPin<'_>) -> Result<(), NotOpened> {
        let _alone = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_open() {
            return Ok(());
        }
        self.cards.unlock(&self.card, &self.holder, other)
    }

    /// Asks for the PIN of one use.
    fn pin_of_one_use(&self) -> Result<Octets, Explanation> {
        let _alone = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.cards.present(&self.card, &self.holder)?;
        if seen.on_reader {
            // It is typed there.
            return Ok(Octets::from(Vec::new()));
        }
        let _asked = self.cards.sight.asked(&self.card);
        let pin = self.cards.pin(&seen, &self.holder, Again::EachTime)?;
        Ok(Octets::from(&pin))
    }

    /// What became of a key that was wanted in vain a moment ago. Several may have wanted it at once: each of them asks.
    pub fn wanted_of_late(&self) -> Option<Wanted> {
        let wanted = self.wanted().clone()?;
        (wanted.0.elapsed() < Duration::from_secs(CARD_WANTED_SECONDS)).then_some(wanted.1)
    }

    /// What became of a key that was wanted in vain since then, if one was.
    pub fn wanted_since(&self, since: Instant) -> Option<Wanted> {
        let wanted = self.wanted().clone()?;
        (wanted.0 >= since).then_some(wanted.1)
    }

    /// What there is to say while it is closed.
    pub fn still_closed(&self) -> Explanation {
        self.cards.present(&self.card, &self.holder).err().unwrap_or_else(say::pin_awaited)
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
        let lock = cards.lock_of(&on.card, &certificate.holder());
        Self {
            on,
            certificate,
            chain,
            lock,
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

    pub(super) fn cards(&self) -> &Cards {
        &self.lock.cards
    }

    /// Where it is.
    pub(super) fn on(&self) -> &OnCard {
        &self.on
    }

    /// Operates, once the card is open.
    pub(super) fn operate(&self, request: &Request) -> Result<Octets, Silence> {
        match self.lock.is_open() {
            true => self.cards().operate(&self.on.card, request),
            false => Err(Silence::Refused(Refused::LoginFirst)),
        }
    }

    /// Signs; a key that asks at each use is given the PIN for this one.
    fn signed(&self, scheme: SignatureScheme, octets: &[u8]) -> Result<Octets, Silence> {
        let request = |pin| Request::Sign {
            key: self.on.clone(),
            scheme: scheme.into(),
            octets: octets.to_vec(),
            pin,
        };
        match self.operate(&request(None)) {
            Err(Silence::Refused(Refused::PinEachTime)) => match self.lock.pin_of_one_use() {
                Ok(pin) => self.operate(&request(Some(pin))),
                Err(why) => Err(Silence::Said(Box::new(why))),
            },
            other => other,
        }
    }

    /// Keeps why the card is wanted in vain, for whoever can do something about it.
    fn miss(&self, silence: &Silence) {
        self.lock.miss(self.in_vain(silence));
    }

    /// What its silence means for who wants it.
    pub(super) fn in_vain(&self, silence: &Silence) -> Wanted {
        let closed = match silence {
            Silence::Refused(Refused::LoginFirst | Refused::Absent) | Silence::GivenUp => true,
            // Modules have many words for a card that was pulled out.
            Silence::Refused(Refused::Module(_) | Refused::Failed) => self.cards().present(&self.on.card, &self.lock.holder).is_err(),
            _ => false,
        };
        match (closed, silence) {
            (true, _) => Wanted::Closed,
            (false, Silence::Refused(Refused::PinBlocked)) => Wanted::Fault(say::pin_blocked(&self.lock.holder)),
            (false, _) => Wanted::Fault(self.cards().explained(silence)),
        }
    }

    fn secret(&self, request: &Request) -> Result<Octets, Refusal> {
        self.operate(request).map_err(|silence| match silence {
            Silence::Refused(Refused::Unsupported | Refused::NoKey) => Refusal::Unsupported,
            Silence::Refused(Refused::Failed) => Refusal::Failed,
            other => {
                self.miss(&other);
                Refusal::Locked
            }
        })
    }

    fn decrypted(&self, padding: &Padding, octets: &[u8]) -> Result<Octets, Refusal> {
        // What has not the length of the modulus is no ciphertext of this key: the card is not troubled with it.
        let KeyKind::Rsa { bits } = self.certificate.public_key().kind else {
            return Err(Refusal::Unsupported);
        };
        let is_one = octets.len() == usize::try_from(bits.div_ceil(8)).unwrap_or_default();
        if !is_one || matches!(padding, Padding::Oaep(_, _, label) if label.len() > LABEL_MAX) {
            return Err(Refusal::Failed);
        }
        self.secret(&Request::Decrypt {
            key: self.on.clone(),
            padding: padding.clone(),
            octets: octets.to_vec(),
        })
    }

    fn agreed(&self, curve: Curve, point: &[u8]) -> Result<Octets, Refusal> {
        // Uncompressed at most (SEC 1 §2.3.3).
        if point.len() > 1 + 2 * words::field_octets(curve) {
            return Err(Refusal::Failed);
        }
        self.secret(&Request::Agree {
            key: self.on.clone(),
            point: point.to_vec(),
            length: words::field_octets(curve),
        })
    }
}

/// Octets of an OAEP label that a card is asked about; hardly anybody writes one.
const LABEL_MAX: usize = 256;

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

    fn card(&self) -> Option<&str> {
        Some(self.lock().card())
    }

    fn sign(&self, scheme: SignatureScheme, to_be_signed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.signed(scheme, to_be_signed);
        // Whatever it was, the sentence on cards says it better than one on keys of files.
        signature.map(|octets| octets.expose().to_vec()).map_err(|silence| {
            self.miss(&silence);
            KeyError::Locked
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
                let agreed = self.agreed(*curve, public_key);
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
