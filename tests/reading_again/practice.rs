//! Alice's cards, her home, and the letters that Bob seals for her.

use crate::forge::{Authority, attributes, doctor, encrypt, opaque, signed, signer};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use souspli::base::{Address, Asker, MessageKey, Place, Secret};
use souspli::config::parse::parse;
use souspli::keys::{SoftwareKey, material};
use souspli::pki::{Certificate, oid};
use souspli::relay::port::{Opening, Silence};
use souspli::relay::{Identity, Relay};
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::smime::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};
use souspli::store::journal::{Order, Query, Reader};
use souspli::store::{CertificateFolder, Home, Secrets};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// A card of somebody's: counts what it is asked while it is there.
pub struct Card {
    key: SoftwareKey,
    operations: AtomicUsize,
    is_there: AtomicBool,
}

impl PrivateKey for Card {
    fn certificate(&self) -> &Certificate {
        self.key.certificate()
    }

    fn chain(&self) -> &[Certificate] {
        self.key.chain()
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Locked)
    }

    fn unwrap(&self, key: &WrappedKey) -> Unwrapped {
        if !self.is_there.load(Ordering::Relaxed) {
            return Unwrapped::Locked;
        }
        self.operations.fetch_add(1, Ordering::Relaxed);
        self.key.unwrap(key)
    }

    fn is_outside(&self) -> bool {
        true
    }
}

pub struct Letter {
    /// As the provider has it.
    pub stored: Vec<u8>,
    /// Its entity.
    pub sealed: Vec<u8>,
    pub content_key: Secret,
}

pub struct Practice {
    _folder: tempfile::TempDir,
    pub home: Home,
    pub secrets: Secrets,
    pub authority: Authority,
    bob: SoftwareKey,
    /// Alice's cards.
    pub rsa: Arc<Card>,
    curve: Arc<Card>,
}

impl Practice {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let mut params = of_all_times(CertificateParams::default());
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = Authority::of(params);
        CertificateFolder::new(home.trust()).put(authority.certificate.der()).unwrap();
        let card = |pair: &KeyPair| card(authority.certifies(&of_all_times(doctor("alice@lab.test")), pair));
        Self {
            bob: authority.issues(&of_all_times(doctor("bob@lab.test"))),
            rsa: card(&RSA),
            curve: card(&KeyPair::generate().unwrap()),
            authority,
            home,
            secrets: Secrets::ephemeral().unwrap(),
            _folder: folder,
        }
    }

    /// As after a start, with the cards known.
    pub fn relay(&self, rules: &str) -> Relay {
        let relay = Relay::open(parse(&format!("{rules}{ACCOUNT}")).unwrap(), &self.home, &self.secrets).unwrap();
        let cards = [&self.rsa, &self.curve].map(|card| Identity::new(alice(), Arc::<Card>::clone(card)));
        relay.replace_outside_keys(cards.into());
        relay
    }

    /// Sealed in one of the ways that are met.
    pub fn letter(&self, n: u32) -> Letter {
        let text = format!("Content-Type: text/plain\r\n\r\nLettre {n}\r\n");
        let signers = [signer(&self.bob, Some(&attributes(text.as_bytes())), text.as_bytes())];
        let signed = opaque(&signed(oid::DATA, Some(text.as_bytes()), &[self.bob.certificate()], &signers));
        match n % 5 {
            0 => self.sealed(Cipher::Aes256Cbc, Transport::Pkcs1, &[&self.rsa], &signed),
            1 => self.sealed(Cipher::Aes256Gcm, Transport::OaepSha256, &[&self.rsa], &signed),
            2 => self.sealed(Cipher::Aes256Cbc, Transport::Pkcs1, &[&self.curve], &signed),
            3 => self.sealed(Cipher::Aes256Cbc, Transport::Pkcs1, &[&self.rsa], text.as_bytes()),
            _ => self.sealed(
                Cipher::Aes256Cbc,
                Transport::Pkcs1,
                &[&self.curve, &self.rsa],
                b"Sans aucun en-t\xc3\xaate.",
            ),
        }
    }

    pub fn sealed(&self, cipher: Cipher, transport: Transport, to: &[&Arc<Card>], content: &[u8]) -> Letter {
        let material = material().unwrap();
        let content_key = material.key.clone();
        let recipients: Vec<&Certificate> = to.iter().map(|card| card.certificate()).collect();
        let sealed = encrypt(content, &recipients, Method { cipher, transport }, material).unwrap();
        Letter {
            stored: stored(&sealed),
            sealed,
            content_key,
        }
    }

    /// A key as somebody that can be sealed to.
    pub fn of(&self, key: &SoftwareKey) -> Arc<Card> {
        card(SoftwareKey::from_bytes(&key.to_bytes()).unwrap())
    }

    pub fn operations(&self) -> usize {
        [&self.rsa, &self.curve]
            .iter()
            .map(|card| card.operations.load(Ordering::Relaxed))
            .sum()
    }

    pub fn put_card(&self, is_there: bool) {
        [&self.rsa, &self.curve]
            .iter()
            .for_each(|card| card.is_there.store(is_there, Ordering::Relaxed));
    }

    pub async fn reads(&self, relay: &Relay, letters: &[Letter]) -> Vec<String> {
        let mut views = Vec::new();
        for (uid, letter) in (0..).zip(letters) {
            let view = self.sees(relay, uid, &letter.stored).await;
            assert!(
                ["code=encrypted-signed", "code=encrypted-unsigned"]
                    .iter()
                    .any(|code| view.contains(code)),
                "{view}"
            );
            views.push(view);
        }
        views
    }

    pub async fn sees(&self, relay: &Relay, uid: u32, stored: &[u8]) -> String {
        let view = relay
            .view(&place(uid), stored.to_vec(), Asker::Reader, Silence::Kept)
            .await
            .unwrap();
        String::from_utf8_lossy(view.bytes()).into_owned()
    }

    pub fn wipes(&self) {
        let done = Command::new(env!("CARGO_BIN_EXE_souspli"))
            .args(["key", "wipe", "--home"])
            .arg(self.home.root())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let journal = Reader::open(&self.home).unwrap().unwrap();
        let last = journal.page(&Query::default(), Order::NewestFirst, None, 1).unwrap();
        assert_eq!(last.entries[0].entry.code, "wiped");
    }
}

/// Making one takes a second in a slow build.
static RSA: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap());

const ACCOUNT: &str = r##"
[[account]]
address = "alice@lab.test"
smtp = { host = "127.0.0.1", port = 1, tls = "implicit" }
imap = { host = "127.0.0.1", port = 1, tls = "implicit" }
"##;

pub fn alice() -> Address {
    Address::parse("alice@lab.test").unwrap()
}

fn card(key: SoftwareKey) -> Arc<Card> {
    Arc::new(Card {
        key,
        operations: AtomicUsize::new(0),
        is_there: AtomicBool::new(true),
    })
}

pub fn of_all_times(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    params
}

pub fn place(uid: u32) -> MessageKey {
    MessageKey {
        account: "alice@lab.test".into(),
        place: Place::Mailbox {
            mailbox: "INBOX".into(),
            uidvalidity: 1,
            uid,
        },
    }
}

pub fn stored(sealed: &[u8]) -> Vec<u8> {
    [b"From: bob@lab.test\r\nSubject: Lettre\r\nMIME-Version: 1.0\r\n", sealed].concat()
}

pub fn entity(cms: &[u8]) -> Vec<u8> {
    let header = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    [&header[..], &souspli::mime::encode::base64_lines(cms)].concat()
}
