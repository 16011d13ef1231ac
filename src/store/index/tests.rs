use super::*;
use std::collections::BTreeMap;
use std::fs;

const INBOX: Indexed<'static> = Indexed {
    account: "a@b.fr",
    mailbox: "INBOX",
    uidvalidity: 1,
};

fn home() -> (tempfile::TempDir, Home, Secrets) {
    let guard = tempfile::tempdir().unwrap();
    let home = Home::open(guard.path()).unwrap();
    (guard, home, Secrets::ephemeral().unwrap())
}

fn texts(index: &Index, place: &Indexed<'_>) -> BTreeMap<u32, String> {
    let mut out = BTreeMap::new();
    index
        .each(place, |uid, text| {
            out.insert(uid, String::from_utf8(text.to_vec()).unwrap());
        })
        .unwrap();
    out
}

fn expected(texts: &[(u32, &str)]) -> BTreeMap<u32, String> {
    texts.iter().map(|(uid, text)| (*uid, (*text).to_owned())).collect()
}

#[test]
fn texts_outlive_a_restart_and_cannot_be_read() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    let sent = Indexed { mailbox: "Sent", ..INBOX };
    index.put(&INBOX, 7, b"Dupont").unwrap();
    index.put(&sent, 7, b"Durand").unwrap();
    index.put(&INBOX, 9, b"Martin").unwrap();
    index.put(&INBOX, 7, b"Dupond").unwrap();
    for index in [index, Index::new(&home, &secrets)] {
        assert_eq!(texts(&index, &INBOX), expected(&[(7, "Dupond"), (9, "Martin")]));
        assert_eq!(texts(&index, &sent), expected(&[(7, "Durand")]));
        assert_eq!(
            texts(
                &index,
                &Indexed {
                    account: "c@d.fr",
                    ..INBOX
                }
            ),
            expected(&[])
        );
    }
    let octets = fs::read(home.index()).unwrap();
    for plain in ["Dup", "INBOX", "a@b.fr"] {
        assert!(memchr::memmem::find(&octets, plain.as_bytes()).is_none(), "{plain}");
    }
    let strangers = Index::new(&home, &Secrets::ephemeral().unwrap());
    assert!(strangers.held().unwrap().is_empty());
}

#[test]
fn the_same_text_is_not_written_twice() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    index.put(&INBOX, 1, b"x").unwrap();
    let octets = fs::metadata(home.index()).unwrap().len();
    index.put(&INBOX, 1, b"x").unwrap();
    assert_eq!(fs::metadata(home.index()).unwrap().len(), octets);
}

#[test]
fn what_is_half_written_is_dropped_wherever_it_was_cut() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    index.put(&INBOX, 1, b"one").unwrap();
    let one = fs::metadata(home.index()).unwrap().len();
    index.put(&INBOX, 2, b"two").unwrap();
    let whole = fs::read(home.index()).unwrap();
    for cut in (0..whole.len()).step_by(7) {
        fs::write(home.index(), &whole[..cut]).unwrap();
        let index = Index::new(&home, &secrets);
        let known = if cut as u64 >= one { &[(1, "one")][..] } else { &[] };
        assert_eq!(texts(&index, &INBOX), expected(known), "cut at {cut}");
        index.put(&INBOX, 3, b"three").unwrap();
        for index in [index, Index::new(&home, &secrets)] {
            assert_eq!(texts(&index, &INBOX), expected(&[known, &[(3, "three")]].concat()), "cut at {cut}");
        }
    }
}

#[test]
fn what_was_changed_is_not_believed() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    index.put(&INBOX, 1, b"one").unwrap();
    let whole = fs::read(home.index()).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(home.index(), &changed).unwrap();
        let found = texts(&Index::new(&home, &secrets), &INBOX);
        // Of the first line nothing but its beginning and its end matters.
        assert!(found.is_empty() || (16..32).contains(&at), "octet {at}");
    }
}

#[test]
fn what_another_process_does_is_noticed() {
    let (_guard, home, secrets) = home();
    let (relay, command) = (Index::new(&home, &secrets), Index::new(&home, &secrets));
    relay.put(&INBOX, 1, b"one").unwrap();
    command.put(&INBOX, 2, b"two").unwrap();
    assert_eq!(texts(&relay, &INBOX).len(), 2);
    let held = command.held().unwrap();
    assert_eq!((held.len(), held["a@b.fr"].messages), (1, 2));
    assert!(!relay.was_removed());
    command.wipe().unwrap();
    assert!(!home.index().exists());
    assert!(relay.was_removed() && !relay.was_removed());
    assert!(texts(&relay, &INBOX).is_empty());
    relay.put(&INBOX, 3, b"three").unwrap();
    command.wipe().unwrap();
    command.put(&INBOX, 4, b"four").unwrap();
    assert_eq!(texts(&relay, &INBOX), expected(&[(4, "four")]));
    assert!(relay.was_removed() && !relay.was_removed(), "also where there is another one");
    command.wipe().unwrap();
    command.wipe().unwrap();
}

#[test]
fn another_uidvalidity_ends_what_was_known() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    index.put(&INBOX, 1, b"one").unwrap();
    index.put(&Indexed { mailbox: "Sent", ..INBOX }, 1, b"sent").unwrap();
    let anew = Indexed { uidvalidity: 2, ..INBOX };
    assert!(texts(&index, &anew).is_empty());
    let held = Index::new(&home, &secrets).held().unwrap();
    assert_eq!(held["a@b.fr"].messages, 1, "gone from the disk too");
    index.put(&anew, 1, b"other").unwrap();
    assert_eq!(texts(&index, &anew), expected(&[(1, "other")]));
}

#[test]
fn what_is_forgotten_stays_forgotten() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    for uid in 1..=3 {
        index.put(&INBOX, uid, b"x").unwrap();
    }
    index.forget(&INBOX, [1, 3, 9]).unwrap();
    for index in [index, Index::new(&home, &secrets)] {
        assert_eq!(texts(&index, &INBOX), expected(&[(2, "x")]));
    }
}

#[test]
fn a_mailbox_that_is_gone_takes_its_texts_with_it() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    let other = Indexed {
        account: "c@d.fr",
        ..INBOX
    };
    let sent = Indexed { mailbox: "Sent", ..INBOX };
    for place in [&INBOX, &sent, &other] {
        index.put(place, 1, b"x").unwrap();
        index.put(place, 2, b"y").unwrap();
    }
    let before = fs::metadata(home.index()).unwrap().len();
    index
        .forget_mailboxes(|account, mailbox| account == "a@b.fr" && mailbox == "INBOX")
        .unwrap();
    assert!(fs::metadata(home.index()).unwrap().len() < before, "gone from the disk too");
    for index in [index, Index::new(&home, &secrets)] {
        assert_eq!(texts(&index, &INBOX), expected(&[]));
        assert_eq!(texts(&index, &sent), expected(&[(1, "x"), (2, "y")]));
        assert_eq!(texts(&index, &other), expected(&[(1, "x"), (2, "y")]));
    }
}

#[test]
fn the_oldest_go_when_it_is_full() {
    let (_guard, home, secrets) = home();
    for (octets, messages) in [(8_000, 1_000), (1 << 20, 16)] {
        let index = Index::bounded(&home, &secrets, octets, messages);
        for uid in 1..=60 {
            index.put(&INBOX, uid, b"text").unwrap();
            assert!(fs::metadata(home.index()).unwrap().len() <= octets);
            let known = texts(&index, &INBOX);
            assert!(known.contains_key(&uid) && known.len() <= messages);
        }
        let known = texts(&Index::bounded(&home, &secrets, octets, messages), &INBOX);
        assert!(known.len() >= 11 && known.keys().eq((61 - known.len() as u32..=60).collect::<Vec<_>>().iter()));
        index.wipe().unwrap();
    }
}

#[test]
fn what_counts_no_longer_goes_at_the_next_start() {
    let (_guard, home, secrets) = home();
    let index = Index::new(&home, &secrets);
    for n in 0..400 {
        index.put(&INBOX, 1, format!("{n}").as_bytes()).unwrap();
    }
    let before = fs::metadata(home.index()).unwrap().len();
    let index = Index::new(&home, &secrets);
    index.read_ahead().unwrap();
    assert!(fs::metadata(home.index()).unwrap().len() * 50 < before);
    assert_eq!(texts(&index, &INBOX), expected(&[(1, "399")]));
}
