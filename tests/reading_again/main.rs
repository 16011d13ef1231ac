//! Reading without the card: what a card has opened once is opened again without it, until it is wiped, too old, or not wanted;
//! nobody who writes to its owner can make the memory say anything but what the card would say.

#![allow(clippy::unwrap_used, missing_docs)] // clippy knows tests by their attribute, not their helpers

#[path = "../forge/mod.rs"]
mod forge;
mod practice;
mod traces;

use forge::{cms_of, doctor, rebuilt};
use practice::{Card, Letter, Practice, alice, entity, of_all_times, place, stored};
use souspli::base::{Asker, Secret};
use souspli::pki::oid;
use souspli::relay::port::{Opening, Silence};
use souspli::smime::encrypt::{Cipher, Transport};
use souspli::store::{KeysStore, Secrets};
use std::sync::Arc;
use traces::{Log, in_folder};

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
            in_folder(practice.home.root(), &letter.content_key),
            log.traces(&letter.content_key),
        ]
        .concat();
        assert_eq!(found, Vec::<String>::new());
    }
    // The relay that is at work notices the wipe.
    practice.put_card(false);
    practice.wipes();
    assert_eq!(
        again
            .view(&place(0), letters[0].stored.clone(), Asker::Reader, Silence::Kept)
            .await
            .unwrap_err()
            .code,
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
    let waits = relay
        .view(&place(0), letter.stored, Asker::Reader, Silence::Kept)
        .await
        .unwrap_err();
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
        assert_eq!(in_folder(folder.path(), &Secret::new(key.clone())).len(), 1);
    }
}
