//! A home with a doctor's key and a colleague's certificate, and the relay at work in it, called as the drivers call it.
//!
//! The home lies in memory where the system has such a folder: what is measured is the program, not the disk.

use super::measure::Time;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use souspli::base::{Address, Asker, MessageKey, Place, Secret};
use souspli::config::{Account, parse::parse};
use souspli::keys::SoftwareKey;
use souspli::pki::Certificate;
use souspli::policy::{Envelope, Recipient, Submission};
use souspli::relay::Relay;
use souspli::relay::port::{Opening, Outgoing, Sealing, Silence};
use souspli::smime::Flow;
use souspli::store::{CertificateFolder, Home, KeysStore, Secrets};
use std::fs::File;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ALICE: &str = "alice@lab.test";
const BOB: &str = "bob@lab.test";

/// What a doctor's key is made of.
#[derive(Clone, Copy)]
pub enum Kind {
    Rsa2048,
    Rsa3072,
    P256,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::P256 => "P-256",
        }
    }

    fn pair(self) -> KeyPair {
        let made = match self {
            Self::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            Self::Rsa3072 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072),
            Self::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        };
        made.unwrap()
    }

    fn encrypts_by(self) -> KeyUsagePurpose {
        match self {
            Self::Rsa2048 | Self::Rsa3072 => KeyUsagePurpose::KeyEncipherment,
            Self::P256 => KeyUsagePurpose::KeyAgreement,
        }
    }
}

/// A doctor's own key as the home keeps it, and what its configuration says of cards.
pub struct Kept {
    pub key: Secret,
    pub configuration: String,
}

pub struct Practice {
    time: Time,
    _home: TempDir,
    runtime: Runtime,
    relay: Relay,
    account: Arc<Account>,
    uid: AtomicU32,
}

impl Practice {
    /// Both doctors have RSA-2048 keys in files; processor time.
    pub fn new() -> Self {
        let in_a_file = |key: &SoftwareKey| Kept {
            key: key.to_bytes(),
            configuration: String::new(),
        };
        Self::of(Kind::Rsa2048, Time::Processor, in_a_file)
    }

    /// Alice's key is put somewhere.
    pub fn of(kind: Kind, time: Time, put: impl FnOnce(&SoftwareKey) -> Kept) -> Self {
        let folder = if Path::new("/dev/shm").is_dir() {
            TempDir::new_in("/dev/shm")
        } else {
            TempDir::new()
        };
        let folder = folder.unwrap();
        let home = Home::open(folder.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let authority = authority();
        CertificateFolder::new(home.trust()).put(authority.as_ref().der()).unwrap();
        let (alice, bob) = (doctor(ALICE, kind, &authority), doctor(BOB, kind, &authority));
        let alice = put(&alice);
        KeysStore::new(&home, secrets.clone()).put(&address(ALICE), &alice.key).unwrap();
        let certificate = souspli::smime::PrivateKey::certificate(&bob).der().to_vec();
        CertificateFolder::new(home.certificates()).put(&certificate).unwrap();
        for folder in [home.keys(), home.certificates(), home.trust()] {
            settle(&folder);
        }
        let configuration = parse(&format!("{CONFIGURATION}{}", alice.configuration)).unwrap();
        let relay = Relay::open(configuration, &home, &secrets).unwrap();
        let account = relay.account_of(&address(ALICE)).unwrap();
        Self {
            time,
            _home: folder,
            runtime: runtime(),
            relay,
            account,
            uid: AtomicU32::new(1),
        }
    }

    /// The message as the provider would get it.
    pub fn seal(&self, message: &[u8]) -> Vec<u8> {
        self.sealed(&submission(message)).to_vec().unwrap()
    }

    fn sealed(&self, submission: &Submission) -> Flow {
        match self.runtime.block_on(self.relay.outgoing(&self.account, submission)) {
            Outgoing::Seal(mut sealed) => sealed.groups.remove(0).message,
            other => panic!("not sealed: {other:?}"),
        }
    }

    /// Messages per second, each read to its end as the driver does that hands it over.
    pub fn seal_rate(&self, message: &[u8], batch: usize) -> f64 {
        let submission = submission(message);
        let hand_over = || self.sealed(&submission).pieces().for_each(|piece| drop(black_box(piece.unwrap())));
        batch as f64 / self.time.of(|| (0..batch).for_each(|_| hand_over()))
    }

    /// Messages per second, each for the first time.
    pub fn open_rate(&self, sealed: &[u8], batch: usize) -> f64 {
        let stored: Vec<Vec<u8>> = (0..batch).map(|_| sealed.to_vec()).collect();
        batch as f64 / self.time.of(|| stored.into_iter().for_each(|stored| self.opened(stored)))
    }

    fn opened(&self, stored: Vec<u8>) {
        let key = MessageKey {
            account: ALICE.into(),
            place: Place::Mailbox {
                mailbox: "INBOX".into(),
                uidvalidity: 1,
                uid: self.uid.fetch_add(1, Ordering::Relaxed),
            },
        };
        let view = self
            .runtime
            .block_on(self.relay.view(&key, stored, Asker::Program, Silence::Kept))
            .unwrap();
        assert!(memchr::memmem::find(&view.bytes()[..4096], b"encrypted-signed").is_some() && view.size_preserved());
    }
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_time().build().unwrap()
}

/// As if the folder had been filled an hour ago: one that has just changed is read again for each message.
fn settle(folder: &Path) {
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::open(folder).unwrap().set_modified(hour_ago).unwrap();
}

const CONFIGURATION: &str = r##"
[[account]]
address = "alice@lab.test"
login = "alice@lab.test"
channel = "ordinary"
smtp = { host = "127.0.0.1", port = 1, tls = "implicit" }
imap = { host = "127.0.0.1", port = 1, tls = "implicit" }
"##;

/// A letter with a PDF, about so many octets in all.
pub fn letter(size: usize) -> Vec<u8> {
    let mut state = 1u32;
    let filler: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take((size - 700) / 78 * 57)
    .collect();
    let mut mail = format!(
        "From: {ALICE}\r\nTo: {BOB}\r\nSubject: #med# Compte rendu\r\nMessage-ID: <1@lab.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nCher confr=C3=A8re,\r\n\r\nvoici le compte rendu.\r\n--b\r\n\
         Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    .into_bytes();
    for line in base64_simd::STANDARD.encode_to_string(filler).as_bytes().chunks(76) {
        mail.extend_from_slice(line);
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(b"--b--\r\n");
    mail
}

fn submission(message: &[u8]) -> Submission {
    Submission {
        envelope: Envelope {
            from: Some(address(ALICE)),
            recipients: vec![Recipient::plain(address(BOB))],
            eight_bit: true,
            smtputf8: false,
            ret: None,
            envid: None,
        },
        message: message.to_vec().into(),
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Essai");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, Kind::Rsa2048.pair()).unwrap()
}

fn doctor(mail: &str, kind: Kind, authority: &CertifiedIssuer<'static, KeyPair>) -> SoftwareKey {
    let key = kind.pair();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, mail);
    params.subject_alt_names = vec![SanType::Rfc822Name(mail.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, kind.encrypts_by()];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    let der = params.signed_by(&key, authority).unwrap().der().to_vec();
    SoftwareKey::new(Certificate::from_der(der).unwrap(), Vec::new(), Secret::new(key.serialize_der())).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}
