//! SoftHSM tokens in a folder of their own, and their keys used in this process, without ours around them.

use super::keyed::{Alone, point};
use super::practice::{Kept, Kind};
use base64_simd::STANDARD;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use souspli::config::parse::parse;
use souspli::keys::SoftwareKey;
use souspli::keys::card::words::OnCard;
use souspli::keys::card::{CardKey, Cards};
use souspli::smime::PrivateKey;
use std::fs;
use std::hint::black_box;
use std::io::{BufRead, stdin};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use tempfile::TempDir;

const PIN: &str = "1234";
const ID: &str = "01";
const PINENTRY: &str = "figures-pinentry";

/// True: this program was begun to ask for a PIN, and has answered.
pub fn has_asked() -> bool {
    let begun_as = std::env::args_os().next().map(PathBuf::from);
    let is_pinentry = begun_as.is_some_and(|program| program.file_name().is_some_and(|name| name == PINENTRY));
    if is_pinentry {
        println!("OK");
        for line in stdin().lock().lines().map_while(Result::ok) {
            if line == "GETPIN" {
                println!("D {PIN}");
            }
            println!("OK");
            if line == "BYE" {
                break;
            }
        }
    }
    is_pinentry
}

/// The folder with all tokens, and the module that shows them.
pub struct Tokens {
    folder: TempDir,
    module: PathBuf,
}

impl Tokens {
    /// `None`: not on this machine, or nobody has said where the configuration may be written.
    pub fn new() -> Option<Self> {
        let configuration = std::env::var_os("SOFTHSM2_CONF")?;
        let places = [
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
            "/usr/local/lib/softhsm/libsofthsm2.so",
        ];
        let module = places.iter().map(PathBuf::from).find(|place| place.is_file())?;
        let folder = TempDir::new().unwrap();
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nslots.removable = true\n",
            folder.path().display()
        );
        fs::write(&configuration, text).unwrap();
        Some(Self { folder, module })
    }

    /// A token of its own for this key.
    pub fn put(&self, kind: Kind, key: &SoftwareKey) -> Kept {
        let pem = self.folder.path().join("key.pem");
        let base64 = STANDARD.encode_to_string(key.pkcs8().expose());
        fs::write(&pem, format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")).unwrap();
        let name = kind.name();
        softhsm(&format!("--init-token --free --label {name} --so-pin 12345678 --pin {PIN}"), None);
        softhsm(&format!("--token {name} --label key --id {ID} --pin {PIN} --import"), Some(&pem));
        fs::remove_file(&pem).unwrap();
        self.let_derive(kind);
        // What is remembered of a letter would open it the second time.
        let configuration = format!(
            "\n[policy]\ncard_for_each_reading = true\n\n[card]\nmodule = \"{}\"\npinentry = \"{}\"\n",
            self.module.display(),
            self.pinentry().display()
        );
        let rules = parse(&configuration).unwrap().card;
        let cards = Arc::new(Cards::new(std::env::current_exe().unwrap(), &rules));
        let seen = cards.look().unwrap();
        let on = OnCard {
            card: seen.cards.into_iter().find(|card| card.label == name).unwrap().serial,
            id: vec![1],
        };
        Kept {
            key: CardKey::new(&cards, on, key.certificate().clone(), Vec::new()).to_bytes(),
            configuration,
        }
    }

    /// What `softhsm2-util` has forgotten to say of keys on curves.
    fn let_derive(&self, kind: Kind) {
        if let Kind::P256 = kind {
            let token = Token::open(&self.module, kind, true);
            token.session.update_attributes(token.key, &[Attribute::Derive(true)]).unwrap();
        }
    }

    /// A program that answers each question with the PIN: this one, by another name.
    fn pinentry(&self) -> PathBuf {
        let program = self.folder.path().join(PINENTRY);
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        program
    }

    /// The key of that token, in a session that stays open.
    pub fn alone(&self, kind: Kind) -> Alone {
        let token = Rc::new(Token::open(&self.module, kind, false));
        let signing = Rc::clone(&token);
        Alone {
            sign: Box::new(move || signing.sign()),
            open: Box::new(move || token.open_one()),
        }
    }
}

/// A token that is logged in, in this process.
struct Token {
    session: Session,
    key: ObjectHandle,
    kind: Kind,
    /// What the key is given to open: a wrapped content key, or somebody's point.
    given: Vec<u8>,
    _pkcs11: Pkcs11,
}

impl Token {
    fn open(module: &Path, kind: Kind, to_write: bool) -> Self {
        let pkcs11 = Pkcs11::new(module).unwrap();
        // A second token of this process finds the module begun.
        let _ = pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        let is_it = |slot: &Slot| pkcs11.get_token_info(*slot).is_ok_and(|info| info.label() == kind.name());
        let slot = pkcs11.get_slots_with_token().unwrap().into_iter().find(is_it).unwrap();
        let opened = if to_write {
            pkcs11.open_rw_session(slot)
        } else {
            pkcs11.open_ro_session(slot)
        };
        let session = opened.unwrap();
        session.login(UserType::User, Some(&AuthPin::from(PIN))).unwrap();
        let key = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap()[0];
        let given = match kind {
            Kind::Rsa2048 | Kind::Rsa3072 => {
                let public = session.find_objects(&[Attribute::Class(ObjectClass::PUBLIC_KEY)]).unwrap()[0];
                session.encrypt(&Mechanism::RsaPkcs, public, &[7; 32]).unwrap()
            }
            Kind::P256 => point(),
        };
        Self {
            session,
            key,
            kind,
            given,
            _pkcs11: pkcs11,
        }
    }

    fn sign(&self) {
        let mechanism = match self.kind {
            Kind::Rsa2048 | Kind::Rsa3072 => Mechanism::Sha256RsaPkcs,
            Kind::P256 => Mechanism::Ecdsa,
        };
        black_box(self.session.sign(&mechanism, self.key, &[9; 32]).unwrap());
    }

    fn open_one(&self) {
        match self.kind {
            Kind::Rsa2048 | Kind::Rsa3072 => drop(black_box(self.session.decrypt(&Mechanism::RsaPkcs, self.key, &self.given).unwrap())),
            Kind::P256 => self.agree(),
        }
    }

    fn agree(&self) {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::GENERIC_SECRET),
            Attribute::Token(false),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
            Attribute::ValueLen(32.into()),
        ];
        let mechanism = Mechanism::Ecdh1Derive(Ecdh1DeriveParams::new(EcKdf::null(), &self.given));
        let secret = self.session.derive_key(&mechanism, self.key, &template).unwrap();
        black_box(self.session.get_attributes(secret, &[AttributeType::Value]).unwrap());
        self.session.destroy_object(secret).unwrap();
    }
}

/// Runs `softhsm2-util`, in silence.
fn softhsm(arguments: &str, file: Option<&Path>) {
    let mut program = Command::new("softhsm2-util");
    let ran = program.args(arguments.split(' ')).args(file).stdout(Stdio::null()).status();
    assert!(ran.unwrap().success(), "softhsm2-util {arguments}");
}
