//! What a doctor reads of a letter whose signer's certificate is revoked, or of which nobody knows.

use crate::forge::{ENTITY, attributes, encrypt, opaque, signed, signer};
use crate::made::{Authority, DAY, List, doctor, entry, point};
use rcgen::{KeyPair, KeyUsagePurpose, SerialNumber};
use souspli::base::{Asker, MessageKey, Place, Secret, UnixTime};
use souspli::config::parse::parse;
use souspli::keys::SoftwareKey;
use souspli::pki::crl::Reason;
use souspli::pki::oid;
use souspli::relay::Relay;
use souspli::relay::port::{Opening, Silence};
use souspli::smime::PrivateKey;
use souspli::smime::encrypt::{Cipher, Method, Transport};
use souspli::store::lists::{Origin, Watch};
use souspli::store::{CertificateFolder, Home, KeysStore, Lists, Secrets};

const URL: &str = "http://crl.lab.test/ca.crl";
const CONFIGURATION: &str = r##"
[[account]]
address = "alice@lab.test"
smtp = { host = "127.0.0.1", port = 1, tls = "implicit" }
imap = { host = "127.0.0.1", port = 1, tls = "implicit" }
[revocation]
hosts = ["crl.lab.test"]
"##;

struct Practice {
    _folder: tempfile::TempDir,
    home: Home,
    secrets: Secrets,
    root: Authority,
    martin: SoftwareKey,
    alice: SoftwareKey,
}

fn now() -> UnixTime {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    UnixTime(now as i64)
}

impl Practice {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let root = Authority::new("AC Essai");
        CertificateFolder::new(home.trust()).put(root.certificate.der()).unwrap();
        let key = |params: &rcgen::CertificateParams| {
            let pair = KeyPair::generate().unwrap();
            SoftwareKey::new(root.certifies(params, &pair), Vec::new(), Secret::new(pair.serialize_der())).unwrap()
        };
        let mut params = doctor();
        params.serial_number = Some(SerialNumber::from(7));
        params.custom_extensions = vec![point(URL)];
        let martin = key(&params);
        let mut params = doctor();
        params.subject_alt_names = vec![rcgen::SanType::Rfc822Name("alice@lab.test".try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
        let alice = key(&params);
        let account = souspli::base::Address::parse("alice@lab.test").unwrap();
        KeysStore::new(&home, secrets.clone()).put(&account, &alice.to_bytes()).unwrap();
        Self {
            _folder: folder,
            home,
            secrets,
            root,
            martin,
            alice,
        }
    }

    fn publish(&self, list: List) {
        let list = List {
            this_update: now().plus(-DAY),
            next_update: list.next_update.map(|_| now().plus(DAY)),
            ..list
        };
        self.put(&list);
    }

    fn put(&self, list: &List) {
        let origin = Origin {
            url: URL.to_owned(),
            ..Origin::default()
        };
        let lists = Lists::new(&self.home);
        lists
            .keep(self.root.list(list), &origin, &Watch::default(), &self.root.trust(), now())
            .unwrap();
    }

    fn letter(&self) -> Vec<u8> {
        let signers = [signer(&self.martin, Some(&attributes(ENTITY)), ENTITY)];
        opaque(&signed(oid::DATA, Some(ENTITY), &[self.martin.certificate()], &signers))
    }

    /// Field and text of the View of a letter that arrives now.
    async fn read(&self, uid: &str, letter: &[u8]) -> String {
        let relay = Relay::open(parse(CONFIGURATION).unwrap(), &self.home, &self.secrets).unwrap();
        let key = MessageKey {
            account: "alice@lab.test".into(),
            place: Place::Maildrop { unique_id: uid.into() },
        };
        let stored = [b"From: martin@cabinet.test\r\n", letter].concat();
        let view = relay.view(&key, stored, Asker::Program, Silence::Kept).await.unwrap();
        String::from_utf8_lossy(view.bytes()).into_owned()
    }

    /// `souspli open --report`.
    fn report(&self) -> String {
        let relay = Relay::open(parse(CONFIGURATION).unwrap(), &self.home, &self.secrets).unwrap();
        let stored = [b"From: martin@cabinet.test\r\n", &*self.letter()].concat();
        relay.open_by_hand(stored).unwrap().report().to_owned()
    }

    async fn code(&self, uid: &str) -> String {
        code(&self.read(uid, &self.letter()).await)
    }
}

fn code(view: &str) -> String {
    let code = view.split("; code=").nth(1).unwrap();
    code.split([';', '\r']).next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn not_known_then_known_then_revoked() {
    let practice = Practice::new();
    let letter = practice.letter();
    let unknown = practice.read("1", &letter).await;
    assert_eq!(code(&unknown), "signed-unchecked");
    assert!(
        unknown.contains("X-Souspli-Verdict: unchecked;") && !unknown.contains("non garanti]"),
        "{unknown}"
    );

    practice.publish(List::default());
    assert_eq!(code(&practice.read("2", &letter).await), "signed");

    practice.publish(List {
        number: Some(6),
        entries: vec![entry(7, Reason::CessationOfOperation)],
        ..List::default()
    });
    let revoked = practice.read("3", &letter).await;
    assert_eq!(code(&revoked), "certificate-revoked");
    assert!(revoked.contains("X-Souspli-Verdict: unassured;"), "{revoked}");
    // What was read while the certificate stood is said again as it was.
    assert_eq!(code(&practice.read("1", &letter).await), "signed-unchecked");
    assert_eq!(code(&practice.read("2", &letter).await), "signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_has_ended_is_no_proof_and_within_its_grace_is_one() {
    let practice = Practice::new();
    let ended = |hours: i64, number| List {
        this_update: now().plus(-10 * DAY),
        next_update: Some(now().plus(-hours * 3600)),
        number: Some(number),
        ..List::default()
    };
    practice.put(&ended(30, 5));
    assert_eq!(practice.code("1").await, "signed-unchecked");
    practice.put(&ended(20, 6));
    assert_eq!(practice.code("2").await, "signed");
    let report = practice.report();
    assert!(report.contains("échue, dans le délai de tolérance / none"), "{report}");
    assert!(report.contains("ended, within the time of grace"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_as_well() {
    let practice = Practice::new();
    let method = Method {
        cipher: Cipher::Aes256Cbc,
        transport: Transport::Pkcs1,
    };
    let material = souspli::keys::material().unwrap();
    let letter = encrypt(&practice.letter(), &[practice.alice.certificate()], method, material).unwrap();
    assert_eq!(code(&practice.read("1", &letter).await), "encrypted-signed-unchecked");
}
