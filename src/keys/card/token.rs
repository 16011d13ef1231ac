//! A PKCS#11 module and the cards that it shows. Runs in the process of [`super::host`], on its one thread.
//!
//! A session for each operation: a failed one leaves a session that does nothing more (CKR_OPERATION_ACTIVE). One stays open beside
//! while a card is logged in, for the login ends with the last session.

use super::one_step::OneStep;
use super::way::Way;
use super::words::{Answer, CardSeen, Hash, Octets, OnCard, Padding, PinLeft, Refused, Request, Said, Scheme, Seen, Shown};
use crate::base::limits::{CARD_CERTIFICATE_MAX, CARD_CERTIFICATES_MAX, CARDS_MAX};
use crate::pki::der;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use std::collections::HashMap;
use std::path::Path;

/// A module that is loaded.
pub struct Module {
    pkcs11: Pkcs11,
    one_step: Option<OneStep>,
    /// Of the cards that are logged in.
    kept: HashMap<String, Session>,
}

impl Module {
    /// Loads it.
    pub fn load(path: &Path) -> Result<Self, Refused> {
        let pkcs11 = Pkcs11::new(path).map_err(|error| Refused::NotLoaded(error.to_string()))?;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(Refused::NotLoaded(name_of(&error))),
        }
        Ok(Self {
            pkcs11,
            one_step: OneStep::of(path),
            kept: HashMap::new(),
        })
    }

    /// Does what is asked.
    pub fn answer(&mut self, request: &Request) -> Said {
        match request {
            Request::Look => self.look().map(Answer::Seen),
            Request::Certificates { card } => self.certificates(card).map(Answer::Certificates),
            Request::Login { card, pin } => self.login(card, pin),
            Request::Logout { card } => {
                if let Some(session) = self.kept.remove(card) {
                    // A card that is gone has logged out by itself.
                    let _ = session.logout();
                }
                Ok(Answer::Done)
            }
            Request::Ways { card } => self.ways(card).map(Answer::Ways),
            Request::Sign { key, scheme, octets, pin } => self.sign(key, *scheme, octets, pin.as_ref()),
            Request::Decrypt { key, padding, octets } => self.decrypt(key, padding, octets),
            Request::Agree { key, point, length } => self.agree(key, point, *length),
        }
        .inspect_err(|why| {
            if let (Refused::Absent, Some(card)) = (why, request.card()) {
                self.kept.remove(card);
            }
        })
    }

    fn look(&mut self) -> Result<Seen, Refused> {
        let readers = self.pkcs11.get_all_slots().map_err(refused)?;
        let mut seen = Seen::default();
        for (_, token) in self.tokens()? {
            seen.cards.push(CardSeen {
                serial: token.serial_number().to_owned(),
                label: token.label().trim_end().to_owned(),
                model: token.model().trim_end().to_owned(),
                pin: left(&token),
                on_reader: token.protected_authentication_path(),
            });
        }
        seen.empty_readers = readers.len().saturating_sub(seen.cards.len());
        let is_reader = |slot: &Slot| self.pkcs11.get_slot_info(*slot).is_ok_and(|slot| slot.hardware_slot());
        seen.is_fixed = !readers.is_empty() && !readers.iter().any(is_reader);
        self.kept.retain(|serial, _| seen.cards.iter().any(|card| card.serial == *serial));
        Ok(seen)
    }

    /// Cards that somebody has made: an empty one of SoftHSM is always there.
    fn tokens(&self) -> Result<Vec<(Slot, TokenInfo)>, Refused> {
        let slots = self.pkcs11.get_slots_with_token().map_err(refused)?;
        let with_info = slots
            .into_iter()
            .filter_map(|slot| Some((slot, self.pkcs11.get_token_info(slot).ok()?)));
        Ok(with_info.filter(|(_, token)| token.token_initialized()).take(CARDS_MAX).collect())
    }

    fn token(&self, card: &str) -> Result<(Slot, TokenInfo), Refused> {
        let found = self.tokens()?.into_iter().find(|(_, token)| token.serial_number() == card);
        found.ok_or(Refused::Absent)
    }

    fn session(&self, card: &str) -> Result<Session, Refused> {
        let (slot, _) = self.token(card)?;
        self.pkcs11.open_ro_session(slot).map_err(refused)
    }

    fn certificates(&self, card: &str) -> Result<Vec<Shown>, Refused> {
        let session = self.session(card)?;
        let template = [
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::CertificateType(CertificateType::X_509),
        ];
        let found = session.find_objects(&template).map_err(refused)?;
        let read = |object: &ObjectHandle| {
            let wanted = [AttributeType::Id, AttributeType::Value];
            let attributes = session.get_attributes(*object, &wanted).ok()?;
            let id = attributes.iter().find_map(|a| match a {
                Attribute::Id(id) => Some(id.clone()),
                _ => None,
            })?;
            let der = value_of(&attributes).filter(|der| der.len() <= CARD_CERTIFICATE_MAX)?;
            Some(Shown { id, der })
        };
        Ok(found.iter().take(CARD_CERTIFICATES_MAX).filter_map(read).collect())
    }

    fn login(&mut self, card: &str, pin: &Octets) -> Said {
        let (slot, token) = self.token(card)?;
        let session = self.pkcs11.open_ro_session(slot).map_err(refused)?;
        let said = log_in(
            &session,
            UserType::User,
            Some(pin).filter(|_| !token.protected_authentication_path()),
        );
        match said {
            Ok(()) => {
                self.kept.insert(card.to_owned(), session);
                Ok(Answer::Done)
            }
            Err(Refused::PinWrong(_)) => {
                drop(session);
                let left = self.token(card).map_or(PinLeft::Fewer, |(_, token)| left(&token));
                Err(if left == PinLeft::Blocked {
                    Refused::PinBlocked
                } else {
                    Refused::PinWrong(left)
                })
            }
            Err(why) => Err(why),
        }
    }

    /// By the module's own word: the session that was kept may be dead.
    fn is_logged_in(&self, card: &str) -> bool {
        let info = self.kept.get(card).and_then(|session| session.get_session_info().ok());
        info.is_some_and(|info| matches!(info.session_state(), SessionState::RoUser | SessionState::RwUser))
    }

    /// Why a secret did not come out. Modules have many words for a padding that is wrong, and who sends letters must learn none
    /// of them (RFC 3218): while the card is there and logged in, it failed.
    fn of_secret(&self, card: &str, error: Error) -> Refused {
        match refused(error) {
            Refused::Unsupported => Refused::Unsupported,
            _ if self.token(card).is_err() => Refused::Absent,
            _ if self.is_logged_in(card) => Refused::Failed,
            _ => Refused::LoginFirst,
        }
    }

    /// The private key, in a session of its own.
    fn key(&self, key: &OnCard) -> Result<(Session, ObjectHandle), Refused> {
        let session = self.session(&key.card)?;
        let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(key.id.clone())];
        let found = session.find_objects(&template).map_err(refused)?;
        match found.first() {
            Some(object) => Ok((session, *object)),
            // Before a login private objects are not shown, nor after a card has lost it by a bad contact.
            None if !self.is_logged_in(&key.card) => Err(Refused::LoginFirst),
            None => Err(Refused::NoKey),
        }
    }

    fn mechanisms(&self, card: &str) -> Result<Vec<MechanismType>, Refused> {
        let (slot, _) = self.token(card)?;
        self.pkcs11.get_mechanism_list(slot).map_err(refused)
    }

    /// Of a card that is there and logged in: one that was out for a moment is neither.
    fn ways(&self, card: &str) -> Result<Vec<Scheme>, Refused> {
        let offered = self.mechanisms(card)?;
        if !self.is_logged_in(card) {
            return Err(Refused::LoginFirst);
        }
        let all = Scheme::ALL.into_iter();
        Ok(all.filter(|scheme| Way::of(*scheme, &offered).is_some()).collect())
    }

    fn sign(&self, key: &OnCard, scheme: Scheme, octets: &[u8], pin: Option<&Octets>) -> Said {
        let (session, object) = self.key(key)?;
        let each_time = asks_each_time(&session, object);
        if each_time && pin.is_none() {
            return Err(Refused::PinEachTime);
        }
        let way = Way::of(scheme, &self.mechanisms(&key.card)?).ok_or(Refused::Unsupported)?;
        let said = match (each_time, pin) {
            (true, Some(pin)) => {
                session.sign_init(&way.mechanism, object).map_err(refused)?;
                log_in(&session, UserType::ContextSpecific, Some(pin))?;
                session.sign_update(&way.input(octets)).and_then(|()| session.sign_final())
            }
            _ => session.sign(&way.mechanism, object, &way.input(octets)),
        };
        let signature = said.map_err(refused)?;
        let signature = match scheme {
            Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) => signature,
            Scheme::EcdsaP256 | Scheme::EcdsaP384 => ecdsa(&signature).ok_or(Refused::Failed)?,
        };
        Ok(Answer::Octets(signature.into()))
    }

    fn decrypt(&self, key: &OnCard, padding: &Padding, octets: &[u8]) -> Said {
        let (session, object) = self.key(key)?;
        let mechanism = match padding {
            Padding::Pkcs1 => Mechanism::RsaPkcs,
            Padding::Oaep(hash, mask, label) => Mechanism::RsaPkcsOaep(oaep(*hash, *mask, label)),
        };
        // In one step for RSA, so that no PIN can be given in between: such a key is for signatures.
        if asks_each_time(&session, object) {
            return Err(Refused::Unsupported);
        }
        let said = match &self.one_step {
            Some(one_step) => session
                .decrypt_init(&mechanism, object)
                .and_then(|()| one_step.decrypt(&session, octets)),
            None => session.decrypt(&mechanism, object, octets).map(Octets::from),
        };
        said.map(Answer::Octets).map_err(|error| self.of_secret(&key.card, error))
    }

    fn agree(&self, key: &OnCard, point: &[u8], length: usize) -> Said {
        let (session, object) = self.key(key)?;
        if asks_each_time(&session, object) {
            return Err(Refused::Unsupported);
        }
        let length = length.try_into().map_err(|_| Refused::Unsupported)?;
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::Token(false),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
            Attribute::ValueLen(length),
        ];
        let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), point));
        let value = session
            .derive_key(&mechanism, object, &template)
            .and_then(|secret| session.get_attributes(secret, &[AttributeType::Value]));
        let attributes = value.map_err(|error| self.of_secret(&key.card, error))?;
        value_of(&attributes)
            .map(|value| Answer::Octets(value.into()))
            .ok_or(Refused::Failed)
    }
}

fn oaep(hash: Hash, mask: Hash, label: &[u8]) -> PkcsOaepParams<'_> {
    let (hash, mask) = (
        match hash {
            Hash::Sha1 => MechanismType::SHA1,
            Hash::Sha224 => MechanismType::SHA224,
            Hash::Sha256 => MechanismType::SHA256,
            Hash::Sha384 => MechanismType::SHA384,
            Hash::Sha512 => MechanismType::SHA512,
        },
        match mask {
            Hash::Sha1 => PkcsMgfType::MGF1_SHA1,
            Hash::Sha224 => PkcsMgfType::MGF1_SHA224,
            Hash::Sha256 => PkcsMgfType::MGF1_SHA256,
            Hash::Sha384 => PkcsMgfType::MGF1_SHA384,
            Hash::Sha512 => PkcsMgfType::MGF1_SHA512,
        },
    );
    let source = match label {
        [] => PkcsOaepSource::empty(),
        label => PkcsOaepSource::data_specified(label),
    };
    PkcsOaepParams::new(hash, mask, source)
}

/// `r` and `s` side by side (PKCS#11) as X.509 has them: ECDSA-Sig-Value (RFC 3279 §2.2.3).
fn ecdsa(signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = signature
        .split_at_checked(signature.len() / 2)
        .filter(|(r, s)| r.len() == s.len() && !r.is_empty())?;
    Some(der::sequence(&[&der::unsigned(r), &der::unsigned(s)]))
}

fn asks_each_time(session: &Session, key: ObjectHandle) -> bool {
    let attributes = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]);
    attributes.is_ok_and(|all| all.contains(&Attribute::AlwaysAuthenticate(true)))
}

fn value_of(attributes: &[Attribute]) -> Option<Vec<u8>> {
    attributes.iter().find_map(|a| match a {
        Attribute::Value(value) => Some(value.clone()),
        _ => None,
    })
}

fn left(token: &TokenInfo) -> PinLeft {
    match (token.user_pin_locked(), token.user_pin_final_try(), token.user_pin_count_low()) {
        (true, _, _) => PinLeft::Blocked,
        (_, true, _) => PinLeft::One,
        (_, _, true) => PinLeft::Fewer,
        _ => PinLeft::All,
    }
}

/// One try. Whoever is logged in already stays so.
fn log_in(session: &Session, who: UserType, pin: Option<&Octets>) -> Result<(), Refused> {
    // Typed on the reader where none comes.
    let pin = pin.filter(|pin| !pin.expose().is_empty());
    let pin = pin.map(|pin| std::str::from_utf8(pin.expose()).map(AuthPin::from)).transpose();
    let pin = pin.map_err(|_| Refused::PinMalformed)?;
    match session.login(who, pin.as_ref()) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(error) => Err(refused(error)),
    }
}

fn refused(error: Error) -> Refused {
    let Error::Pkcs11(code, _) = &error else {
        return match error {
            Error::NullFunctionPointer | Error::NotSupported => Refused::Unsupported,
            other => Refused::Module(name_of(&other)),
        };
    };
    match code {
        RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SessionHandleInvalid
        | RvError::SessionClosed
        | RvError::SlotIdInvalid => Refused::Absent,
        RvError::UserNotLoggedIn => Refused::LoginFirst,
        RvError::PinIncorrect => Refused::PinWrong(PinLeft::Fewer),
        RvError::PinLenRange | RvError::PinInvalid => Refused::PinMalformed,
        RvError::PinLocked => Refused::PinBlocked,
        RvError::FunctionCanceled => Refused::Cancelled,
        RvError::MechanismInvalid | RvError::MechanismParamInvalid | RvError::KeyFunctionNotPermitted | RvError::FunctionNotSupported => {
            Refused::Unsupported
        }
        RvError::EncryptedDataInvalid
        | RvError::EncryptedDataLenRange
        | RvError::DataInvalid
        | RvError::DataLenRange
        | RvError::FunctionFailed => Refused::Failed,
        _ => Refused::Module(name_of(&error)),
    }
}

/// Its name without the standard's explanation of it.
fn name_of(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{function:?}: {code:?}"),
        other => other.to_string(),
    }
}
