//! Reading without the card: what a card has opened once is opened again without it, until it is wiped, too old, or not wanted;
//! nobody who writes to its owner can make the memory say anything but what the card would say.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

mod forge;

use forge::{Authority, attributes, cms_of, doctor, encrypt, opaque, rebuilt, signed, signer};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use souspli::base::{Address, MessageKey, Place, Secret};
use souspli::config::parse::parse;
use souspli::keys::{SoftwareKey, material};
use souspli::pki::{Certificate, oid};
use souspli::relay::port::Opening;
use souspli::relay::{Identity, Relay};
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::smime::{KeyError, PrivateKey, SignatureScheme, Unwrapped, WrappedKey};
use souspli::store::{CertificateFolder, Home, KeysStore, Secrets};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

const LETTERS: u32 = 42;
/// Where the last number of AES-256-CBC stands in its AlgorithmIdentifier.
const LAST_OF_CIPHER: usize = 12;
const REMEMBERS: &str = "";
const FOR_EACH_READING: &str = "[policy]\ncard_for_each_reading = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn forty_two_messages_are_read_again_without_the_card() {
    let log = Log::begin();
    let practice = Practice::new();
    let letters: Vec<Letter> = (0..LETTERS).map(|n| practice.letter(n)).collect();
    let first = practice.reads(&practice.relay(REMEMBERS), &letters).await;
    assert_eq!(practice.operations(), 42);
    // As after a start, and the card is not even there.
    practice.put_card(false);
    let again = practice.relay(REMEMBERS);
    assert_eq!(practice.reads(&again, &letters).await, first);
    assert_eq!(practice.operations(), 42);
    // Without the memory the mail program sees the same octets.
    practice.put_card(true);
    assert_eq!(practice.reads(&practice.relay(FOR_EACH_READING), &letters).await, first);
    assert_eq!(practice.operations(), 84);
    // Neither what is kept nor what is said of it tells anything.
    for letter in &letters {
        let found = [
            traces_in_folder(practice.home.root(), &letter.content_key),
            log.traces(&letter.content_key),
        ]
        .concat();
        assert_eq!(found, Vec::<String>::new());
    }
    // The relay that is at work notices the wipe.
    practice.put_card(false);
    practice.wipes();
    assert_eq!(
        again.view(&place(0), letters[0].stored.clone()).await.unwrap_err().code,
        "SP-KEY-LOCKED"
    );
    assert!(again.cached(&place(1)).is_none());
    practice.put_card(true);
    assert_eq!(practice.reads(&again, &letters).await, first);
    assert_eq!(practice.operations(), 126);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_required_for_each_reading_is_asked_each_time() {
    let practice = Practice::new();
    let letters: Vec<Letter> = (0..5).map(|n| practice.letter(n)).collect();
    practice.reads(&practice.relay(REMEMBERS), &letters).await;
    assert!(practice.home.content_keys().exists() && practice.home.index().exists());
    for turn in 2..4 {
        let relay = practice.relay(FOR_EACH_READING);
        relay.read_ahead();
        practice.reads(&relay, &letters).await;
        assert_eq!(practice.operations(), turn * 5);
        // Nor their texts.
        relay.forget_views();
        assert!(!practice.home.index().exists());
        let kept = std::fs::read_to_string(practice.home.content_keys()).unwrap();
        assert_eq!(kept.lines().count(), 1, "its title");
    }
    let relay = practice.relay("[keys]\nremember_days = 0\n");
    practice.reads(&relay, &letters).await;
    assert_eq!(practice.operations(), 20);
    // Back to the usual: what was forgotten stays forgotten.
    practice.reads(&practice.relay(REMEMBERS), &letters).await;
    assert_eq!(practice.operations(), 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_did_not_open_leaves_nothing() {
    let practice = Practice::new();
    let genuine = practice.letter(0);
    let cms = cms_of(&genuine.sealed);
    let spoilt = [
        // The card gives a stand-in for a wrong padding, and for a key of another length (AES-128, AES-192).
        rebuilt(&cms, &[1, 0, 1, 0], |info| *info[3].last_mut().unwrap() ^= 1),
        rebuilt(&cms, &[1, 0, 2], |info| info[1][LAST_OF_CIPHER] = 0x02),
        rebuilt(&cms, &[1, 0, 2], |info| info[1][LAST_OF_CIPHER] = 0x16),
        rebuilt(&cms, &[1, 0, 2], |info| *info[2].last_mut().unwrap() ^= 1),
    ];
    for (turn, spoilt) in spoilt.iter().enumerate() {
        let stored = stored(&entity(spoilt));
        for reading in 0..3 {
            let view = practice.sees(&practice.relay(REMEMBERS), 1, &stored).await;
            // CBC takes one of 256 stand-ins for right.
            let is_noise = view.contains("code=undecryptable") || view.contains("code=encrypted-unsigned");
            assert!(is_noise && !view.contains("Lettre 0"), "{turn} {view}");
            assert_eq!(practice.operations(), turn * 3 + reading + 1, "{turn}");
        }
    }
    assert!(!practice.home.content_keys().exists());
}

/// Somebody who has seen a letter on its way writes others around its wrapped key. Whatever he does with it is shown the same
/// whether or not the letter was read before.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_key_in_another_message_is_shown_as_without_the_memory() {
    let practice = Practice::new();
    let genuine = practice.letter(0);
    let cms = cms_of(&genuine.sealed);
    let another = |path: &[usize], change: fn(&mut Vec<Vec<u8>>)| stored(&entity(&rebuilt(&cms, path, change)));
    let forged = [
        // A block in the midst, the last one, another vector; wrapped in another way.
        another(&[1, 0, 2], |info| info[2][100] ^= 0x20),
        another(&[1, 0, 2], |info| *info[2].last_mut().unwrap() ^= 1),
        another(&[1, 0, 2], |info| *info[1].last_mut().unwrap() ^= 1),
        another(&[1, 0, 1, 0], |info| info[2] = souspli::pki::der::algorithm(oid::OAEP, &[])),
    ];
    let mut without = Vec::new();
    for (uid, message) in (1..).zip(&forged) {
        without.push(practice.sees(&practice.relay(FOR_EACH_READING), uid, message).await);
    }
    practice.sees(&practice.relay(REMEMBERS), 0, &genuine.stored).await;
    let kept = std::fs::read_to_string(practice.home.content_keys()).unwrap();
    for ((uid, message), without) in (1..).zip(&forged).zip(&without) {
        let with = practice.sees(&practice.relay(REMEMBERS), uid, message).await;
        assert_eq!(with, *without, "{uid}");
        assert!(!with.contains("code=encrypted-signed"), "{uid}");
    }
    assert_eq!(std::fs::read_to_string(practice.home.content_keys()).unwrap(), kept);
}

/// Nobody is asked for a PIN because the memory cannot be read yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keyring_is_waited_for() {
    let mut practice = Practice::new();
    let letter = practice.letter(0);
    let master = format!("{{\"store\": \"keyring\", \"id\": \"{:032}\", \"check\": \"{:064}\"}}", 1, 2);
    std::fs::write(practice.home.master(), master).unwrap();
    practice.secrets = Secrets::awaited(&practice.home).unwrap();
    let relay = practice.relay(REMEMBERS);
    assert!(relay.is_locked());
    let waits = relay.view(&place(0), letter.stored).await.unwrap_err();
    assert_eq!((waits.code, practice.operations()), ("SP-KEYRING-LOCKED", 0));
}

/// The order of a message is a stranger's to choose: what opens it without the card is found behind what does not.
#[tokio::test(flavor = "multi_thread")]
async fn among_several_recipients_the_one_that_is_remembered_is_found() {
    let practice = Practice::new();
    let genuine = practice.letter(0);
    let cms = cms_of(&genuine.sealed);
    let crowd = rebuilt(&cms, &[1, 0, 1], |infos| {
        let mut decoy = infos[0].clone();
        *decoy.last_mut().unwrap() ^= 1;
        infos.insert(0, decoy);
    });
    let stored = stored(&entity(&crowd));
    let first = practice.sees(&practice.relay(REMEMBERS), 1, &stored).await;
    assert!(first.contains("code=encrypted-signed"), "{first}");
    assert_eq!(practice.operations(), 2);
    // Nor is the card asked what stands in front of it.
    assert_eq!(practice.sees(&practice.relay(REMEMBERS), 1, &stored).await, first);
    assert_eq!(practice.operations(), 2);
    practice.put_card(false);
    assert_eq!(practice.sees(&practice.relay(REMEMBERS), 1, &stored).await, first);
    // The true one stands alone in another message: the same question.
    assert!(
        practice
            .sees(&practice.relay(REMEMBERS), 2, &genuine.stored)
            .await
            .contains("code=encrypted-signed")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_this_process_is_never_looked_up_and_goes_before_the_card() {
    let practice = Practice::new();
    let own = practice.authority.issues(&of_all_times(doctor("alice@lab.test")));
    KeysStore::new(&practice.home, practice.secrets.clone())
        .put(&alice(), &own.to_bytes())
        .unwrap();
    // In the place of the memory stands what can be neither read nor written.
    std::fs::create_dir(practice.home.content_keys()).unwrap();
    let log = Log::begin();
    let text = b"Content-Type: text/plain\r\n\r\n9-A";
    let sealed = |to: &[&Arc<Card>]| practice.sealed(Cipher::Aes256Cbc, Transport::Pkcs1, to, text).stored;
    let own = practice.of(&own);
    let alone = practice.sees(&practice.relay(REMEMBERS), 0, &sealed(&[&own])).await;
    assert!(
        alone.contains("9-A") && !log.text().contains("the memory of content keys"),
        "{alone}"
    );
    let both = practice.sees(&practice.relay(REMEMBERS), 1, &sealed(&[&practice.rsa, &own])).await;
    assert!(both.contains("9-A"), "{both}");
    assert_eq!(practice.operations(), 0);
    // A card is read with all the same.
    let of_card = practice.letter(0);
    assert!(
        practice
            .sees(&practice.relay(REMEMBERS), 2, &of_card.stored)
            .await
            .contains("code=encrypted-signed")
    );
    assert_eq!(practice.operations(), 1);
}

#[test]
fn traces_are_found_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let key: Vec<u8> = (100..132).collect();
    let in_base64 = |before: &str| base64_simd::STANDARD.encode_to_string([before.as_bytes(), &key].concat());
    let hex: String = key.iter().map(|b| format!("{b:02X}")).collect();
    let traces = [
        key.clone(),
        hex.into_bytes(),
        in_base64("").into(),
        in_base64("a").into(),
        in_base64("ab").into(),
    ];
    for trace in traces {
        std::fs::create_dir_all(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b"), [b"x", &trace[..], b"y"].concat()).unwrap();
        assert_eq!(traces_in_folder(folder.path(), &Secret::new(key.clone())).len(), 1);
    }
}

/// A card of somebody's: counts what it is asked while it is there.
struct Card {
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

struct Letter {
    /// As the provider has it.
    stored: Vec<u8>,
    /// Its entity.
    sealed: Vec<u8>,
    content_key: Secret,
}

struct Practice {
    _folder: tempfile::TempDir,
    home: Home,
    secrets: Secrets,
    authority: Authority,
    bob: SoftwareKey,
    /// Alice's cards.
    rsa: Arc<Card>,
    curve: Arc<Card>,
}

impl Practice {
    fn new() -> Self {
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
    fn relay(&self, rules: &str) -> Relay {
        let relay = Relay::open(parse(&format!("{rules}{ACCOUNT}")).unwrap(), &self.home, &self.secrets).unwrap();
        let cards = [&self.rsa, &self.curve].map(|card| Identity {
            account: alice(),
            key: Arc::<Card>::clone(card),
        });
        relay.replace_outside_keys(cards.into());
        relay
    }

    /// Sealed in one of the ways that are met.
    fn letter(&self, n: u32) -> Letter {
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

    fn sealed(&self, cipher: Cipher, transport: Transport, to: &[&Arc<Card>], content: &[u8]) -> Letter {
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
    fn of(&self, key: &SoftwareKey) -> Arc<Card> {
        card(SoftwareKey::from_bytes(&key.to_bytes()).unwrap())
    }

    fn operations(&self) -> usize {
        [&self.rsa, &self.curve]
            .iter()
            .map(|card| card.operations.load(Ordering::Relaxed))
            .sum()
    }

    fn put_card(&self, is_there: bool) {
        [&self.rsa, &self.curve]
            .iter()
            .for_each(|card| card.is_there.store(is_there, Ordering::Relaxed));
    }

    async fn reads(&self, relay: &Relay, letters: &[Letter]) -> Vec<String> {
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

    async fn sees(&self, relay: &Relay, uid: u32, stored: &[u8]) -> String {
        let view = relay.view(&place(uid), stored.to_vec()).await.unwrap();
        String::from_utf8_lossy(view.bytes()).into_owned()
    }

    fn wipes(&self) {
        let done = Command::new(env!("CARGO_BIN_EXE_souspli"))
            .args(["key", "wipe", "--home"])
            .arg(self.home.root())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let journal = std::fs::read_to_string(self.home.journal()).unwrap();
        assert!(journal.lines().last().unwrap().contains("\"wiped\""), "{journal}");
    }
}

/// What the program says in its most talkative log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            let writer = log.clone();
            let builder = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
            builder.with_writer(move || writer.clone()).init();
            log
        });
        LOG.clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn traces(&self, key: &Secret) -> Vec<String> {
        has_trace(&self.0.lock().unwrap(), key)
            .then(|| "the log".to_owned())
            .into_iter()
            .collect()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
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

fn alice() -> Address {
    Address::parse("alice@lab.test").unwrap()
}

fn card(key: SoftwareKey) -> Arc<Card> {
    Arc::new(Card {
        key,
        operations: AtomicUsize::new(0),
        is_there: AtomicBool::new(true),
    })
}

fn of_all_times(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    params
}

fn place(uid: u32) -> MessageKey {
    MessageKey {
        account: "alice@lab.test".into(),
        place: Place::Mailbox {
            mailbox: "INBOX".into(),
            uidvalidity: 1,
            uid,
        },
    }
}

fn stored(sealed: &[u8]) -> Vec<u8> {
    [b"From: bob@lab.test\r\nSubject: Lettre\r\nMIME-Version: 1.0\r\n", sealed].concat()
}

fn entity(cms: &[u8]) -> Vec<u8> {
    let header = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    [&header[..], &souspli::mime::encode::base64_lines(cms)].concat()
}

/// Files in which the key stands, as it is, in hexadecimal or in base64.
fn traces_in_folder(folder: &Path, key: &Secret) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(traces_in_folder(&path, key));
        } else if has_trace(&std::fs::read(&path).unwrap(), key) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn has_trace(octets: &[u8], key: &Secret) -> bool {
    let key = key.expose();
    let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
    let mut traces = vec![key.to_vec(), hex.to_uppercase().into(), hex.into()];
    // Wherever in a text of base64 it begins: but for the first and last signs, which what stands beside has a part in.
    for before in 0..3 {
        let text = base64_simd::STANDARD.encode_to_string([&[0; 2][..before], key].concat());
        traces.push(text[4..40].into());
    }
    traces.iter().any(|trace| memchr::memmem::find(octets, trace).is_some())
}
