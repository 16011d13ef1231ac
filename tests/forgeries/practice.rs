//! Alice's home, the people who write to her, and those who would like to be them.

use crate::forge::{Authority, attribute, attributes, doctor, encrypt, signed};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyUsagePurpose};
use souspli::base::{Address, Asker, MessageKey, Place, UnixTime};
use souspli::config::parse::parse;
use souspli::keys::{SoftwareKey, material};
use souspli::pki::{der, oid};
use souspli::relay::Relay;
use souspli::relay::port::{Opening, Silence};
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::smime::{PrivateKey, SignatureScheme};
use souspli::store::{CertificateFolder, Home, KeysStore, Secrets};
use souspli::view::View;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub const TEXT: &[u8] = b"Content-Type: text/plain; charset=utf-8\r\n\r\nRendez-vous lundi.\r\n";
pub const HTML: &[u8] = b"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>Rendez-vous <b>lundi</b>.</p></body></html>\r\n";
pub const BOB: &str = "Dr Bob Martin <bob@lab.test>";
pub const EVE: &str = "Eve <eve@evil.test>";

pub struct Practice {
    _folder: tempfile::TempDir,
    pub runtime: tokio::runtime::Runtime,
    pub relay: Relay,
    pub authority: Authority,
    /// The reader.
    pub alice: SoftwareKey,
    /// Whom she trusts.
    pub bob: SoftwareKey,
    /// A certificate of the same authority, another address.
    pub eve: SoftwareKey,
    /// Another address, another name.
    pub carol: SoftwareKey,
    /// Bob's name and address by an authority of the forger's own.
    pub false_bob: SoftwareKey,
}

/// What a home says of a message and shows of it.
pub struct Seen {
    pub verdict: serde_json::Value,
    pub view: Vec<u8>,
}

impl Practice {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let authority = Authority::of(of_all_times(authority("Ordre des médecins")));
        CertificateFolder::new(home.trust()).put(authority.certificate.der()).unwrap();
        let alice = authority.issues(&person("alice@lab.test"));
        let own = Address::parse("alice@lab.test").unwrap();
        KeysStore::new(&home, secrets.clone()).put(&own, &alice.to_bytes()).unwrap();
        let forger = Authority::of(of_all_times(self::authority("Ordre des médecins")));
        Self {
            relay: Relay::open(parse(CONFIGURATION).unwrap(), &home, &secrets).unwrap(),
            _folder: folder,
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap(),
            bob: authority.issues(&person("bob@lab.test")),
            eve: authority.issues(&person("eve@evil.test")),
            false_bob: forger.issues(&person("bob@lab.test")),
            carol: authority.issues(&called("Dr Carol Petit", "carol@lab.test")),
            authority,
            alice,
        }
    }

    /// As `souspli open` does.
    pub fn opens(&self, stored: &[u8]) -> Seen {
        let opened = self.relay.open_by_hand(stored.to_vec()).unwrap_or_else(|e| panic!("{}", e.fr.what));
        Seen {
            verdict: opened.json(),
            view: opened.bytes().to_vec(),
        }
    }

    /// As a mail program reads the message of that number.
    pub fn fetches(&self, uid: u32, stored: &[u8]) -> Arc<View> {
        let key = MessageKey {
            account: "alice@lab.test".into(),
            place: Place::Mailbox {
                mailbox: "INBOX".into(),
                uidvalidity: 1,
                uid,
            },
        };
        self.runtime
            .block_on(async { self.relay.view(&key, stored.to_vec(), Asker::Program, Silence::Kept).await })
            .unwrap()
    }

    /// Forgets what is in memory, as a restart does.
    pub fn restarts(&self) {
        self.relay.forget_views();
    }

    /// Encrypted to Alice.
    pub fn seals(&self, entity: &[u8], cipher: Cipher) -> Vec<u8> {
        let method = Method {
            cipher,
            transport: Transport::Pkcs1,
        };
        encrypt(entity, &[self.alice.certificate()], method, material().unwrap()).unwrap()
    }

    /// Signed by that key now, then encrypted to Alice as everybody does it.
    pub fn sealed_by(&self, key: &SoftwareKey, entity: &[u8]) -> Vec<u8> {
        self.seals(&opaque_by(key, entity), Cipher::Aes256Cbc)
    }
}

const CONFIGURATION: &str = r##"
[[account]]
address = "alice@lab.test"
login = "alice@lab.test"
channel = "ordinary"
smtp = { host = "127.0.0.1", port = 1, tls = "implicit" }
imap = { host = "127.0.0.1", port = 1, tls = "implicit" }
"##;

/// A doctor's certificate that no test outlives; the name is Bob's whatever the address.
pub fn person(address: &str) -> CertificateParams {
    called("Dr Bob Martin", address)
}

pub fn called(name: &str, address: &str) -> CertificateParams {
    let mut params = of_all_times(doctor(address));
    params.distinguished_name.push(DnType::CommonName, name);
    // With a subjectKeyIdentifier.
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

pub fn authority(name: &str) -> CertificateParams {
    let mut params = of_all_times(CertificateParams::default());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

pub fn of_all_times(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    params
}

pub fn now() -> UnixTime {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    UnixTime(i64::try_from(seconds).unwrap())
}

/// contentType, messageDigest and signingTime.
pub fn timed(content: &[u8], at: UnixTime) -> Vec<Vec<u8>> {
    let civil = at.civil();
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        civil.year(),
        u8::from(civil.month()),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    let mut all = attributes(content);
    all.push(attribute(oid::SIGNING_TIME, &[der::tlv(0x18, &[text.as_bytes()])]));
    all
}

/// A SignerInfo made now.
pub fn info(key: &SoftwareKey, content: &[u8]) -> Vec<u8> {
    crate::forge::signer(key, Some(&timed(content, now())), content)
}

/// application/pkcs7-mime around a structure.
pub fn entity(kind: &str, cms: &[u8]) -> Vec<u8> {
    let head = format!("Content-Type: application/pkcs7-mime; smime-type={kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    [head.as_bytes(), &souspli::mime::encode::base64_lines(cms)].concat()
}

/// Signed by that key now, the content inside.
pub fn opaque_by(key: &SoftwareKey, content: &[u8]) -> Vec<u8> {
    let cms = signed(oid::DATA, Some(content), &[key.certificate()], &[info(key, content)]);
    entity("signed-data", &cms)
}

/// The structure of a detached signature made now.
pub fn apart(key: &SoftwareKey, content: &[u8]) -> Vec<u8> {
    signed(oid::DATA, None, &[key.certificate()], &[info(key, content)])
}

/// multipart/signed of a text and the structure beside it.
pub fn beside(content: &[u8], cms: &[u8]) -> Vec<u8> {
    let mut out =
        b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=bb\r\n\r\n--bb\r\n".to_vec();
    out.extend_from_slice(content);
    out.extend_from_slice(
        b"\r\n--bb\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    out.extend(souspli::mime::encode::base64_lines(cms));
    out.extend_from_slice(b"--bb--\r\n");
    out
}

/// A message of today from that person.
pub fn mail(from: &str, entity: &[u8]) -> Vec<u8> {
    headed(&format!("From: {from}\r\nDate: {}\r\n", now().rfc5322()), entity)
}

/// A message with these fields and those that every message has.
pub fn headed(fields: &str, entity: &[u8]) -> Vec<u8> {
    let rest = "To: Alice <alice@lab.test>\r\nSubject: Lettre\r\nMessage-ID: <1@lab.test>\r\nMIME-Version: 1.0\r\n";
    [fields.as_bytes(), rest.as_bytes(), entity].concat()
}

/// A SignerInfo in which one thing is chosen freely.
pub struct Info<'a> {
    pub sid: Vec<u8>,
    pub digest: oid::Oid,
    pub attributes: Option<&'a [Vec<u8>]>,
    pub algorithm: Vec<u8>,
    pub signature: Vec<u8>,
}

impl<'a> Info<'a> {
    /// Rightly signed over these attributes.
    pub fn by(key: &SoftwareKey, attributes: &'a [Vec<u8>], scheme: SignatureScheme, algorithm: Vec<u8>) -> Self {
        Self {
            sid: key.certificate().issuer_and_serial(),
            digest: oid::SHA256,
            attributes: Some(attributes),
            algorithm,
            signature: key.sign(scheme, &der::set(attributes)).unwrap(),
        }
    }

    pub fn der(&self) -> Vec<u8> {
        let mut tagged = self.attributes.map(der::set).unwrap_or_default();
        if let Some(first) = tagged.first_mut() {
            *first = 0xa0;
        }
        der::sequence(&[
            &der::small(1),
            &self.sid,
            &der::algorithm(self.digest, &[]),
            &tagged,
            &self.algorithm,
            &der::octets(&self.signature),
        ])
    }
}
