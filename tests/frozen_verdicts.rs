//! A verdict is said once and stays said, of the octets that it was said of: a server that puts others in their place, or
//! gives their unique-id to others (RFC 1939 §7 lets it, once they are gone), gets those judged anew.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute, not their helpers

mod forge;

use forge::{Authority, ENTITY, attributes, doctor, opaque, signed, signer};
use souspli::base::{Asker, MessageKey, Place};
use souspli::config::parse::parse;
use souspli::keys::SoftwareKey;
use souspli::pki::oid;
use souspli::relay::Relay;
use souspli::relay::port::{Opening, Silence};
use souspli::smime::PrivateKey;
use souspli::store::{CertificateFolder, Home, Secrets};

const CONFIGURATION: &str = r##"
[[account]]
address = "alice@lab.test"
smtp = { host = "127.0.0.1", port = 1, tls = "implicit" }
imap = { host = "127.0.0.1", port = 1, tls = "implicit" }
"##;

#[tokio::test(flavor = "multi_thread")]
async fn other_octets_at_the_same_place_are_judged_anew() {
    let authority = Authority::new("AC Essai");
    let bob = authority.issues(&doctor("bob@lab.test"));
    let home = Practice::new(&authority);
    for place in [
        Place::Maildrop { unique_id: "0001".into() },
        Place::Mailbox {
            mailbox: "INBOX".into(),
            uidvalidity: 1,
            uid: 1,
        },
    ] {
        let relay = home.relay();
        assert_eq!(code(&relay, &place, &letter(&bob, ENTITY)).await, "signed");
        // Within one run the View in memory must not be taken for theirs, after a restart the mark must not be.
        let forged = altered(&bob);
        assert_eq!(code(&relay, &place, &forged).await, "altered");
        assert_eq!(code(&home.relay(), &place, &forged).await, "altered");
        assert_eq!(code(&home.relay(), &place, &letter(&bob, ENTITY)).await, "signed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_octets_keep_their_verdict_when_their_authority_goes() {
    let authority = Authority::new("AC Essai");
    let bob = authority.issues(&doctor("bob@lab.test"));
    let home = Practice::new(&authority);
    let place = Place::Maildrop { unique_id: "0001".into() };
    let message = letter(&bob, ENTITY);
    assert_eq!(code(&home.relay(), &place, &message).await, "signed");
    std::fs::remove_dir_all(home.home.trust()).unwrap();
    std::fs::create_dir(home.home.trust()).unwrap();
    assert_eq!(code(&home.relay(), &place, &message).await, "signed");
    let other = Place::Maildrop { unique_id: "0002".into() };
    assert_eq!(code(&home.relay(), &other, &message).await, "unknown-authority");
}

struct Practice {
    _folder: tempfile::TempDir,
    home: Home,
    secrets: Secrets,
}

impl Practice {
    fn new(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        CertificateFolder::new(home.trust()).put(authority.certificate.der()).unwrap();
        Self {
            _folder: folder,
            home,
            secrets: Secrets::ephemeral().unwrap(),
        }
    }

    /// As after a start.
    fn relay(&self) -> Relay {
        Relay::open(parse(CONFIGURATION).unwrap(), &self.home, &self.secrets).unwrap()
    }
}

async fn code(relay: &Relay, place: &Place, message: &[u8]) -> String {
    let key = MessageKey {
        account: "alice@lab.test".into(),
        place: place.clone(),
    };
    let view = relay.view(&key, message.to_vec(), Asker::Program, Silence::Kept).await.unwrap();
    let text = String::from_utf8_lossy(view.bytes()).into_owned();
    let code = text.split("; code=").nth(1).unwrap();
    code.split([';', '\r']).next().unwrap().to_owned()
}

fn letter(from: &SoftwareKey, content: &[u8]) -> Vec<u8> {
    let signers = [signer(from, Some(&attributes(content)), content)];
    let cms = signed(oid::DATA, Some(content), &[from.certificate()], &signers);
    [b"From: bob@lab.test\r\n", &opaque(&cms)[..]].concat()
}

/// Another content under the signature of the first.
fn altered(from: &SoftwareKey) -> Vec<u8> {
    let other = [ENTITY, b"et autre chose\r\n"].concat();
    let signers = [signer(from, Some(&attributes(ENTITY)), ENTITY)];
    let cms = signed(oid::DATA, Some(&other), &[from.certificate()], &signers);
    [b"From: bob@lab.test\r\n", &opaque(&cms)[..]].concat()
}
