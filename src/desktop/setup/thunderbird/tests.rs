//! Tests of one account switched and switched back.

use super::*;
use crate::base::Address;
use crate::config::ListenTls;

const SETTINGS: &str = r#"// Mozilla User Preferences
user_pref("mail.account.account1.identities", "id1,id2");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account2.identities", "id3");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.accountmanager.accounts", "account1,account2");
user_pref("mail.identity.id1.fcc_folder", "imap://zoe%40b.fr@imap.b.fr/Sent");
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id1.useremail", "Zoe@b.fr");
user_pref("mail.identity.id2.useremail", "other@b.fr");
user_pref("mail.identity.id3.fcc_folder", "imap://zoe%40b.fr@imap.b.fr.other/Sent");
user_pref("mail.identity.id3.smtpServer", "smtp1");
user_pref("mail.identity.id3.useremail", "else@c.fr");
user_pref("mail.server.server1.hostname", "imap.b.fr");
user_pref("mail.server.server1.port", 993);
user_pref("mail.server.server1.socketType", 3);
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.userName", "zoe@b.fr");
user_pref("mail.server.server2.hostname", "imap.c.fr");
user_pref("mail.server.server2.type", "imap");
user_pref("mail.smtpserver.smtp1.hostname", "smtp.b.fr");
user_pref("mail.smtpservers", "smtp1");
"#;

#[test]
fn switched_and_back_to_the_octet() {
    let bench = Bench::new();
    let switching = bench.switching("zoe@b.fr");
    assert_eq!(switching.standing(), Ok(Standing::Direct));
    switching.switch().unwrap();
    assert_eq!(std::fs::read_to_string(switching.copy().unwrap()).unwrap(), SETTINGS);
    let prefs = Prefs::read(&bench.text("prefs.js"));
    assert_eq!(
        prefs.text_of("mail.identity.id1.fcc_folder").as_deref(),
        Some("imap://zoe%40b.fr@127.0.0.1/Sent")
    );
    assert_eq!(prefs.raw("mail.server.server1.port"), Some("2143"));
    assert_eq!(prefs.raw("mail.server.server1.socketType"), Some("2"));
    assert_eq!(prefs.text_of("mail.identity.id1.smtpServer").as_deref(), Some("souspli1"));
    assert_eq!(prefs.text_of("mail.smtpservers").as_deref(), Some("smtp1,souspli1"));
    for name in [
        "mail.identity.id3.fcc_folder",
        "mail.identity.id3.smtpServer",
        "mail.smtpserver.smtp1.hostname",
        "mail.server.server2.hostname",
    ] {
        assert_eq!(prefs.raw(name), Prefs::read(SETTINGS).raw(name), "{name}");
    }
    assert!(bench.text(OVERRIDES).contains("127.0.0.1:2143:\t"));
    assert_eq!(switching.standing(), Ok(Standing::Switched));
    switching.undo().unwrap();
    assert_eq!(bench.text("prefs.js"), SETTINGS);
    assert!(!bench.text(OVERRIDES).contains("127.0.0.1"));
    assert_eq!(switching.undo().unwrap_err().code, "SP-TB-NOTHING-TO-UNDO");
}

#[test]
fn an_alias_sends_through_souspli_as_well() {
    let bench = Bench::new();
    // Another account has an identity of the same address, and the alias names no server: the first of the list is its own.
    bench.put(
        "prefs.js",
        &SETTINGS.replace("\"mail.account.account2.identities\", \"id3\"", "\"mail.account.account2.identities\", \"id3,id4\"").replace(
            "user_pref(\"mail.server.server1.hostname",
            "user_pref(\"mail.identity.id4.smtpServer\", \"smtp1\");\nuser_pref(\"mail.identity.id4.useremail\", \"zoe@b.fr\");\nuser_pref(\"mail.server.server1.hostname",
        ),
    );
    let before = bench.text("prefs.js");
    let switching = bench.switching("zoe@b.fr");
    switching.switch().unwrap();
    let prefs = Prefs::read(&bench.text("prefs.js"));
    for identity in ["id1", "id2", "id4"] {
        assert_eq!(
            prefs.text_of(&format!("mail.identity.{identity}.smtpServer")).as_deref(),
            Some("souspli1"),
            "{identity}"
        );
    }
    assert_eq!(prefs.text_of("mail.identity.id3.smtpServer").as_deref(), Some("smtp1"));
    assert_eq!(switching.standing(), Ok(Standing::Switched));
    switching.undo().unwrap();
    assert_eq!(bench.text("prefs.js"), before);
}

#[test]
fn what_may_send_directly_is_not_said_to_be_switched() {
    for (name, value) in [
        ("mail.identity.id1.smtpServer", "\"smtp1\""),
        ("mail.identity.id2.smtpServer", "\"smtp1\""),
        ("mail.identity.id9.useremail", "\"ZOE@b.fr\""),
        ("mail.smtpserver.souspli1.hostname", "\"smtp.b.fr\""),
        ("mail.smtpserver.souspli1.port", "465"),
        ("mail.smtpservers", "\"smtp1\""),
        ("mail.server.server1.hostname", "\"imap.b.fr\""),
    ] {
        let bench = Bench::new();
        let switching = bench.switching("zoe@b.fr");
        switching.switch().unwrap();
        bench.set(name, value);
        assert_eq!(switching.standing(), Ok(Standing::Half { ours: true }), "{name}");
    }
}

#[test]
fn the_account_itself_comes_before_one_that_has_it_as_an_alias() {
    let bench = Bench::new();
    bench.put("prefs.js", &SETTINGS.replace("\"other@b.fr\"", "\"else@c.fr\""));
    bench.switching("else@c.fr").switch().unwrap();
    let prefs = Prefs::read(&bench.text("prefs.js"));
    assert_eq!(prefs.text_of("mail.server.server1.hostname").as_deref(), Some("imap.b.fr"));
    assert_eq!(prefs.text_of("mail.server.server2.hostname").as_deref(), Some("127.0.0.1"));
    assert_eq!(prefs.text_of("mail.identity.id2.smtpServer").as_deref(), Some("souspli1"));
    assert_eq!(prefs.text_of("mail.identity.id1.smtpServer").as_deref(), Some("smtp1"));
}

#[test]
fn what_its_user_changed_since_stays() {
    let bench = Bench::new();
    let switching = bench.switching("zoe@b.fr");
    switching.switch().unwrap();
    let changed = bench.text("prefs.js").replace(
        "souspli1\");\nuser_pref(\"mail.identity.id1.useremail",
        "smtp9\");\nuser_pref(\"mail.identity.id1.useremail",
    );
    bench.put("prefs.js", &format!("{changed}user_pref(\"new\", 1);\n"));
    switching.undo().unwrap();
    let prefs = Prefs::read(&bench.text("prefs.js"));
    assert_eq!(prefs.text_of("mail.identity.id1.smtpServer").as_deref(), Some("smtp9"));
    assert_eq!((prefs.raw("new"), prefs.raw("mail.server.server1.port")), (Some("1"), Some("993")));
}

#[test]
fn what_cannot_be_switched_changes_nothing() {
    let bench = Bench::new();
    assert_eq!(bench.switching("nobody@b.fr").switch().unwrap_err().code, "SP-TB-NO-ACCOUNT");
    bench.put("user.js", "user_pref(\"mail.server.server1.port\", 993);\n");
    assert_eq!(bench.switching("zoe@b.fr").switch().unwrap_err().code, "SP-TB-USER-JS");
    assert_eq!(bench.text("prefs.js"), SETTINGS);
    assert_eq!(bench.text(OVERRIDES), "");
}

#[test]
fn switched_twice_is_switched_once() {
    let bench = Bench::new();
    let switching = bench.switching("zoe@b.fr");
    switching.switch().unwrap();
    let once = bench.text("prefs.js");
    switching.switch().unwrap();
    assert_eq!(bench.text("prefs.js"), once);
    switching.undo().unwrap();
    assert_eq!(bench.text("prefs.js"), SETTINGS);
}

#[test]
fn what_was_half_is_mended_and_still_put_back() {
    let bench = Bench::new();
    let switching = bench.switching("zoe@b.fr");
    switching.switch().unwrap();
    let copy = switching.copy();
    bench.set("mail.identity.id1.smtpServer", "\"smtp1\"");
    bench.set("mail.identity.id2.smtpServer", "\"smtp1\"");
    bench.set("mail.smtpservers", "\"smtp1,souspli1,smtp2\"");
    switching.switch().unwrap();
    assert_eq!((switching.standing(), switching.copy()), (Ok(Standing::Switched), copy));
    assert!(!bench.text("prefs.js").contains("souspli2"));
    switching.undo().unwrap();
    let prefs = Prefs::read(&bench.text("prefs.js"));
    assert_eq!(prefs.text_of("mail.smtpservers").as_deref(), Some("smtp1,smtp2"));
    // The alias named no server before we led it; its user has named one since.
    assert_eq!(prefs.text_of("mail.identity.id2.smtpServer").as_deref(), Some("smtp1"));
    assert_eq!(prefs.text_of("mail.server.server1.hostname").as_deref(), Some("imap.b.fr"));
    assert_eq!(prefs.under("mail.smtpserver.souspli1").len(), 0);
}

#[test]
fn other_ports_change_what_it_was_before_by_nothing() {
    let bench = Bench::new();
    bench.switching("zoe@b.fr").switch().unwrap();
    let moved = Switching {
        told: Box::leak(Box::new(Told {
            imap: "127.0.0.1:3143".parse().unwrap(),
            smtp: "127.0.0.1:3587".parse().unwrap(),
            ..told_of("zoe@b.fr")
        })),
        ..bench.switching("zoe@b.fr")
    };
    assert_eq!(moved.standing(), Ok(Standing::Direct));
    moved.switch().unwrap();
    assert_eq!(moved.standing(), Ok(Standing::Switched));
    let trusted = bench.text(OVERRIDES);
    assert!(
        trusted.contains("127.0.0.1:3143:") && !trusted.contains("127.0.0.1:2143:"),
        "{trusted}"
    );
    moved.undo().unwrap();
    assert_eq!(bench.text("prefs.js"), SETTINGS);
}

#[test]
fn a_damaged_list_is_set_aside_and_nothing_changes() {
    for damaged in ["", "{", "[{\"profile\":1}]"] {
        let bench = Bench::new();
        let switching = bench.switching("zoe@b.fr");
        std::fs::write(bench.home.thunderbird(), damaged).unwrap();
        let why = switching.switch().unwrap_err();
        assert_eq!(why.code, "SP-TB-LEDGER");
        assert_eq!((bench.text("prefs.js").as_str(), bench.text(OVERRIDES).as_str()), (SETTINGS, ""));
        let aside = bench.home.thunderbird().with_extension("damaged-1");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), damaged);
        switching.switch().unwrap();
        switching.undo().unwrap();
        assert_eq!(bench.text("prefs.js"), SETTINGS);
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_remembered_is_not_changed() {
    use std::os::unix::ffi::OsStrExt;
    let mut bench = Bench::new();
    bench.switching("zoe@b.fr").switch().unwrap();
    let known = std::fs::read(bench.home.thunderbird()).unwrap();
    let folder = bench.profile.folder.with_file_name(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&folder).unwrap();
    bench.profile.folder = folder;
    bench.put("prefs.js", SETTINGS);
    assert_eq!(bench.switching("zoe@b.fr").switch().unwrap_err().code, "SP-STORE-WRITE");
    assert_eq!((bench.text("prefs.js").as_str(), bench.text(OVERRIDES).as_str()), (SETTINGS, ""));
    assert_eq!(
        std::fs::read(bench.home.thunderbird()).unwrap(),
        known,
        "the other profile can still be put back"
    );
}

#[test]
fn a_door_is_trusted_for_as_long_as_an_account_goes_through_it() {
    let bench = Bench::new();
    let (one, other) = (bench.switching("zoe@b.fr"), bench.switching("else@c.fr"));
    one.switch().unwrap();
    other.switch().unwrap();
    one.undo().unwrap();
    assert!(bench.text(OVERRIDES).contains("127.0.0.1:2143:"));
    assert_eq!(other.standing(), Ok(Standing::Switched));
    let servers = Prefs::read(&bench.text("prefs.js")).text_of("mail.smtpservers");
    assert_eq!(servers.as_deref(), Some("smtp1,souspli2"), "the server that is gone is not listed");
    other.undo().unwrap();
    assert!(!bench.text(OVERRIDES).contains("127.0.0.1"));
    assert_eq!(
        Prefs::read(&bench.text("prefs.js")).text_of("mail.smtpservers").as_deref(),
        Some("smtp1")
    );
}

#[test]
fn one_that_fails_does_not_keep_the_others_from_the_new_certificate() {
    let mut bench = Bench::new();
    bench.switching("zoe@b.fr").switch().unwrap();
    std::fs::write(bench.profile.folder.join(OVERRIDES), [0xff]).unwrap();
    bench.profile.folder = bench.profile.folder.with_file_name("second");
    std::fs::create_dir(&bench.profile.folder).unwrap();
    bench.put("prefs.js", SETTINGS);
    bench.switching("zoe@b.fr").switch().unwrap();
    let trusted = bench.text(OVERRIDES);
    bench.put(OVERRIDES, &trusted.replace('A', "B"));
    let told = refresh(&bench.home);
    assert_eq!(told.iter().map(|why| why.code).collect::<Vec<_>>(), ["SP-TB-UNREADABLE"]);
    assert_eq!(bench.text(OVERRIDES), trusted);
}

#[cfg(unix)]
#[test]
fn what_changes_meanwhile_is_not_written_over_and_a_link_stays_a_link() {
    let bench = Bench::new();
    let elsewhere = bench.profile.folder.with_file_name("elsewhere.js");
    std::fs::rename(bench.profile.folder.join("prefs.js"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, bench.profile.folder.join("prefs.js")).unwrap();
    bench.switching("zoe@b.fr").switch().unwrap();
    assert!(bench.profile.folder.join("prefs.js").is_symlink());
    assert!(std::fs::read_to_string(&elsewhere).unwrap().contains("souspli1"));
    let files = Files::hold(&bench.profile).unwrap();
    assert_eq!(files.replace(PREFS, SETTINGS, "").unwrap_err().code, "SP-TB-RUNS");
}

struct Bench {
    _guard: tempfile::TempDir,
    home: Home,
    profile: Profile,
}

impl Bench {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let folder = guard.path().join("profile");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("prefs.js"), SETTINGS).unwrap();
        Self {
            home: Home::open(&guard.path().join("home")).unwrap(),
            profile: Profile {
                name: "x".to_owned(),
                folder,
            },
            _guard: guard,
        }
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.profile.folder.join(name)).unwrap_or_default()
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.profile.folder.join(name), text).unwrap();
    }

    fn set(&self, name: &str, value: &str) {
        let mut prefs = Prefs::read(&self.text("prefs.js"));
        prefs.apply(name, Some(value));
        self.put("prefs.js", &prefs.text());
    }

    fn switching(&self, address: &str) -> Switching<'_> {
        Switching {
            home: &self.home,
            profile: &self.profile,
            told: Box::leak(Box::new(told_of(address))),
        }
    }
}

fn told_of(address: &str) -> Told {
    Told {
        address: Address::parse(address).unwrap(),
        login: address.to_owned(),
        imap: "127.0.0.1:2143".parse().unwrap(),
        smtp: "127.0.0.1:2587".parse().unwrap(),
        tls: ListenTls::StartTls,
    }
}
