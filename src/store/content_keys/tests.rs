use super::*;
use crate::smime::port::{RecipientId, Wrapping};

const NOW: UnixTime = UnixTime(1_795_400_000);
const KEY: [u8; 32] = [0xa7; 32];

#[test]
fn a_content_key_outlives_a_restart_and_answers_its_own_question_only() {
    let (_guard, home, secrets) = home();
    let (alice, bob) = (certificate("Alice"), certificate("Bob"));
    keys(&home, &secrets).put(&alice, &wrapped(1), &secret(), NOW).unwrap();
    let later = keys(&home, &secrets);
    let of = |own: &Certificate, wrapped: &WrappedKey| later.of(own, wrapped, NOW).unwrap().map(|key| key.expose().to_vec());
    assert_eq!(of(&alice, &wrapped(1)), Some(KEY.to_vec()));
    assert_eq!((of(&alice, &wrapped(2)), of(&bob, &wrapped(1))), (None, None));
    let shorter = WrappedKey {
        length: Some(16),
        ..wrapped(1)
    };
    assert_eq!(of(&alice, &shorter), None);
    let strangers = keys(&home, &Secrets::ephemeral().unwrap());
    assert!(strangers.of(&alice, &wrapped(1), NOW).unwrap().is_none());
}

#[test]
fn nothing_on_disk_can_be_read_and_nothing_changed_opens() {
    let (_guard, home, secrets) = home();
    let own = certificate("Alice");
    for (n, octets) in [16, 24, 32].into_iter().enumerate() {
        let key = Secret::new(KEY[..octets].to_vec());
        keys(&home, &secrets).put(&own, &wrapped(n as u8), &key, NOW).unwrap();
    }
    let text = std::fs::read_to_string(home.content_keys()).unwrap();
    for clear in [hex::encode(&KEY), base64_simd::STANDARD.encode_to_string(KEY)] {
        assert!(!text.contains(&clear[..20]));
    }
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "the length tells the cipher");
    let opens = |line: &str| {
        std::fs::write(home.content_keys(), format!("title\n{line}\n")).unwrap();
        (0..3).any(|n| keys(&home, &secrets).of(&own, &wrapped(n), NOW).unwrap().is_some())
    };
    assert!(opens(lines[0]));
    for at in 0..lines[0].len() {
        let other = if lines[0].as_bytes()[at] == b'1' { "2" } else { "1" };
        let changed = [&lines[0][..at], other, &lines[0][at + 1..]].concat();
        assert!(!opens(&changed), "{at}");
    }
    let exchanged = [&lines[0][..32], &lines[1][32..]].concat();
    assert!(!opens(&exchanged));
}

#[test]
fn a_content_key_is_forgotten_after_its_time() {
    let (_guard, home, secrets) = home();
    let own = certificate("Alice");
    let days = |days: i64| NOW.plus(days * DAY);
    let long_running = keys(&home, &secrets);
    long_running.put(&own, &wrapped(1), &secret(), NOW).unwrap();
    // Read again, which does not make it younger.
    long_running.put(&own, &wrapped(1), &secret(), days(9)).unwrap();
    let known = |keys: &ContentKeys, now| keys.of(&own, &wrapped(1), now).unwrap().is_some();
    assert!(known(&long_running, days(9)) && known(&keys(&home, &secrets), days(9)));
    assert!(known(&long_running, days(-1)), "a clock that was a day ahead");
    assert!(!known(&long_running, days(10)) && !known(&long_running, days(-2)));
    let lines = || std::fs::read_to_string(home.content_keys()).unwrap().lines().count() - 1;
    assert_eq!(lines(), 1);
    long_running.put(&own, &wrapped(2), &secret(), days(10)).unwrap();
    assert_eq!(lines(), 1, "on disk too, though nobody has started it anew");
    assert!(!known(&keys(&home, &secrets), days(30)));
    assert_eq!(lines(), 0);
}

#[test]
fn nothing_is_kept_where_nothing_is_wanted_or_what_is_no_key() {
    let (_guard, home, secrets) = home();
    let own = certificate("Alice");
    let none = ContentKeys::new(&home, &secrets, 0);
    none.put(&own, &wrapped(1), &secret(), NOW).unwrap();
    assert!(!none.keeps() && none.of(&own, &wrapped(1), NOW).unwrap().is_none());
    let too_long = Secret::new(vec![1; CONTENT_KEY_MAX + 1]);
    keys(&home, &secrets).put(&own, &wrapped(1), &too_long, NOW).unwrap();
    assert!(!home.content_keys().exists());
    let longest = Secret::new(vec![1; CONTENT_KEY_MAX]);
    let keys = keys(&home, &secrets);
    keys.put(&own, &wrapped(1), &longest, NOW).unwrap();
    assert_eq!(keys.of(&own, &wrapped(1), NOW).unwrap().unwrap().expose(), longest.expose());
}

#[test]
fn a_wipe_is_noticed_and_a_removed_key_takes_its_own_along() {
    let (_guard, home, secrets) = home();
    let (old, new) = (certificate("Alice"), certificate("Alice"));
    let running = keys(&home, &secrets);
    running.put(&old, &wrapped(1), &secret(), NOW).unwrap();
    running.put(&new, &wrapped(2), &secret(), NOW).unwrap();
    let known = || {
        let of = |own, n| running.of(own, &wrapped(n), NOW).unwrap().is_some();
        (of(&old, 1), of(&new, 2))
    };
    assert_eq!(known(), (true, true));
    forget(&home, &secrets, &old).unwrap();
    assert_eq!((known(), running.was_wiped()), ((false, true), false));
    wipe(&home).unwrap();
    assert!(running.was_wiped() && !running.was_wiped());
    assert_eq!(known(), (false, false));
}

#[test]
fn a_damaged_file_is_forgotten() {
    let (_guard, home, secrets) = home();
    let own = certificate("Alice");
    let keys = keys(&home, &secrets);
    std::fs::write(home.content_keys(), b"\xff\0 nothing\n\n:::\n 5:00:x\n").unwrap();
    assert!(keys.of(&own, &wrapped(1), NOW).unwrap().is_none());
    keys.put(&own, &wrapped(1), &secret(), NOW).unwrap();
    assert!(keys.of(&own, &wrapped(1), NOW).unwrap().is_some());
}

#[test]
fn the_number_is_bounded() {
    let (_guard, home, _) = home();
    let table = Table::<Kept>::open(&home, home.content_keys(), 8, |_| true).unwrap().forgetful();
    for n in 0..20 {
        let kept = Kept {
            since: n,
            by: [0; 8],
            sealed: "x".repeat(92),
        };
        table.put(&[n as u8; 16], kept, OnDisk::Soon).unwrap();
    }
    assert!(table.value(&[0; 16]).unwrap().is_none() && table.value(&[19; 16]).unwrap().is_some());
    assert!(std::fs::read_to_string(home.content_keys()).unwrap().lines().count() <= 9);
}

fn keys(home: &Home, secrets: &Secrets) -> ContentKeys {
    ContentKeys::new(home, secrets, 10)
}

fn secret() -> Secret {
    Secret::new(KEY.to_vec())
}

fn wrapped(n: u8) -> WrappedKey {
    WrappedKey {
        recipient: RecipientId::IssuerAndSerial(vec![1]),
        wrapping: Wrapping::RsaPkcs1,
        octets: vec![n; 256],
        length: Some(32),
    }
}

fn certificate(name: &str) -> Certificate {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::KeyPair::generate().unwrap();
    Certificate::from_der(params.self_signed(&key).unwrap().der().to_vec()).unwrap()
}

fn home() -> (tempfile::TempDir, Home, Secrets) {
    let guard = tempfile::tempdir().unwrap();
    let home = Home::open(guard.path()).unwrap();
    (guard, home, Secrets::ephemeral().unwrap())
}
