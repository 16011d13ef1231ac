use super::*;
use crate::text::Explain;

const ACCOUNT: &str = r#"
[[account]]
address = "alice@lab.test"
smtp = { host = "127.0.0.1", port = 20211, tls = "starttls" }
imap = { host = "imap.lab.test", port = 993, tls = "implicit" }
"#;

#[test]
fn the_commented_file_is_the_default() {
    let text = include_str!("../../config/souspli.toml");
    assert_eq!(parse(text), Ok(Config::default()));
    // Uncommented, every example is understood too.
    let shown: String = text.lines().map(|line| uncommented(line).to_owned() + "\n").collect();
    let config = parse(&shown).unwrap();
    assert_eq!(config.accounts.len(), 1);
    assert_eq!(config.accounts[0].login, config.accounts[0].address.as_str());
}

#[test]
fn the_policy_example_is_understood() {
    let text = include_str!("../../config/policy.example.toml");
    let (rules, defaults) = parse_machine(text).unwrap();
    assert_eq!(rules.missing_certificate, Some(MissingCertificate::Refuse));
    assert_eq!((rules.tag, defaults), (None, Defaults::default()));
    let shown: String = text.lines().map(|line| uncommented(line).to_owned() + "\n").collect();
    let (_, defaults) = parse_machine(&shown).unwrap();
    assert!(defaults.smtp.is_some() && defaults.imap.is_some() && defaults.channel.is_some() && defaults.language.is_some());
}

#[test]
fn an_account_in_full() {
    let text = format!("{ACCOUNT}login = \"al\"\nchannel = \"mssante\"\nalways_sign = true\nalways_encrypt = true\n");
    // Keys after the inline tables still belong to the account.
    let account = parse(&text).unwrap().accounts.remove(0);
    assert_eq!((account.login.as_str(), account.channel), ("al", Channel::Mssante));
    assert!(account.always_sign && account.always_encrypt);
    let wanted = Server {
        host: "127.0.0.1".to_owned(),
        port: 20211,
        tls: ServerTls::StartTls,
        terms: Terms {
            roots: Roots::Space,
            ..Terms::default()
        },
    };
    assert_eq!(account.smtp, wanted);
}

#[test]
fn an_account_is_ones_own_or_somebody_elses() {
    let held = |lines: &str| parse(&format!("{ACCOUNT}{lines}"));
    let one = |lines: &str| held(lines).unwrap().accounts.remove(0);
    assert!(!one("").is_delegated());
    assert_eq!(one("held = \"a.p7m\"\n").held, Some(HeldAt::Own("a.p7m".into())));
    assert!(one("delegated = \"a.p7m\"\n").is_delegated());
    let codes = |lines: &str| {
        held(lines)
            .unwrap_err()
            .iter()
            .map(|fault| fault.explain().code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("held = \"a\"\ndelegated = \"b\"\n"), ["SP-CONFIG-HELD"]);
    assert_eq!(codes("delegated = \" \"\n"), ["SP-CONFIG-EMPTY-PATH"]);
}

#[test]
fn a_card_is_no_file() {
    let shown = |word: &str| {
        let account = parse(&format!("{ACCOUNT}client_certificate = \"{word}\"\n"))
            .unwrap()
            .accounts
            .remove(0);
        let of_server = account.smtp.terms.certificate.clone().map(|(_, shown)| shown);
        assert_eq!(of_server, account.client_certificate);
        account.client_certificate.unwrap()
    };
    assert_eq!(shown("card"), ClientCertificate::Card);
    for file in ["./card", "card.p12", "Card"] {
        assert_eq!(shown(file), ClientCertificate::File(file.into()));
    }
}

#[test]
fn who_reads_over_pop3_needs_no_imap() {
    let pop3 = parse(&ACCOUNT.replace("imap = {", "pop3 = {")).unwrap().accounts.remove(0);
    assert!(pop3.imap.is_none() && pop3.pop3.is_some());
    let neither = parse(&ACCOUNT.replace("imap = {", "#imap = {")).unwrap_err();
    assert_eq!(
        neither.iter().map(|fault| fault.explain().code).collect::<Vec<_>>(),
        ["SP-CONFIG-MISSING-KEY"]
    );
}

#[test]
fn what_is_left_out_has_its_default_and_off_is_off() {
    let config = parse("[listen]\nsmtp = \"[::1]:0\"\nimap = \"off\"\ntls = \"implicit\"").unwrap();
    assert_eq!(config.listen.smtp, Some("[::1]:0".parse().unwrap()));
    assert_eq!(config.listen.imap, None);
    assert_eq!(config.listen.tls, ListenTls::Implicit);
    assert_eq!(config.policy, Policy::default());
    assert!(config.policy.protect_subject);
    assert!(!parse("[policy]\nprotect_subject = false").unwrap().policy.protect_subject);
    assert!(config.policy.search_index);
    assert!(!parse("[policy]\nsearch_index = false").unwrap().policy.search_index);
    assert!(!config.policy.card_for_each_reading);
    assert!(
        parse("[policy]\ncard_for_each_reading = true")
            .unwrap()
            .policy
            .card_for_each_reading
    );
    let days = |text| parse(text).unwrap().keys.remember_days;
    assert_eq!((days(""), days("[keys]"), days("[keys]\nremember_days = 0")), (180, 180, 0));
    let months = |text| parse(text).unwrap().journal.months;
    assert_eq!((months(""), months("[journal]"), months("[journal]\nmonths = 12")), (6, 6, 12));
}

/// One row, one fault: the text, the line it is told at, its code.
#[test]
fn every_fault_has_its_line_and_code() {
    let rows: &[(&str, usize, &str)] = &[
        ("[listen]\nsmpt = \"127.0.0.1:1\"", 2, "SP-CONFIG-UNKNOWN-KEY"),
        ("\n[listne]\n", 2, "SP-CONFIG-UNKNOWN-KEY"),
        ("[listen]\nsmtp = 25", 2, "SP-CONFIG-TYPE"),
        ("listen = 3", 1, "SP-CONFIG-TYPE"),
        ("[journal]\nmonths = 0", 2, "SP-CONFIG-RANGE"),
        ("[journal]\nmonths = 13", 2, "SP-CONFIG-RANGE"),
        ("account = 3", 1, "SP-CONFIG-TYPE"),
        ("[listen]\nsmtp = \"localhost:25\"", 2, "SP-CONFIG-LISTEN"),
        ("[listen]\nsmtp = \"127.0.0.1\"", 2, "SP-CONFIG-LISTEN"),
        ("[listen]\nimap = \"127.0.0.1:70000\"", 2, "SP-CONFIG-LISTEN"),
        ("[listen]\n\nimap = \"0.0.0.0:143\"", 3, "SP-CONFIG-NOT-LOOPBACK"),
        ("[listen]\nimap = \"[::]:143\"", 2, "SP-CONFIG-NOT-LOOPBACK"),
        ("[listen]\nimap = \"192.168.1.2:143\"", 2, "SP-CONFIG-NOT-LOOPBACK"),
        ("[listen]\nimap = \"[::ffff:127.0.0.1]:143\"", 2, "SP-CONFIG-NOT-LOOPBACK"),
        ("[listen]\nimap = \"127.0.0.1:2587\"", 2, "SP-CONFIG-SAME-PORT"),
        ("[listen]\npop3 = \"127.0.0.1:2587\"", 2, "SP-CONFIG-SAME-PORT"),
        ("[listen]\npop3 = \"127.0.0.1:2143\"", 2, "SP-CONFIG-SAME-PORT"),
        (
            "[listen]\nsmtp = \"127.0.0.1:99\"\nimap = \"127.0.0.1:99\"",
            3,
            "SP-CONFIG-SAME-PORT",
        ),
        ("[listen]\nsmtp = \"127.0.0.1:2143\"\n", 2, "SP-CONFIG-SAME-PORT"),
        ("[listen]\npop3 = \"0.0.0.0:110\"", 2, "SP-CONFIG-NOT-LOOPBACK"),
        ("[listen]\npop3 = 110", 2, "SP-CONFIG-TYPE"),
        ("[listen]\ntls = \"none\"", 2, "SP-CONFIG-CHOICE"),
        ("[policy]\ntag = \"\"", 2, "SP-CONFIG-EMPTY-TAG"),
        ("[policy]\ntag = \" \\t\"", 2, "SP-CONFIG-EMPTY-TAG"),
        ("[policy]\ntag = \"\\u200b\\u00ad\"", 2, "SP-CONFIG-EMPTY-TAG"),
        ("[policy]\ntag = \"#med# \"", 2, "SP-CONFIG-TAG"),
        ("[policy]\ntag = \"#m\\u00a0ed#\"", 2, "SP-CONFIG-TAG"),
        ("[policy]\ntag = \"#med#\\r\\n\"", 2, "SP-CONFIG-TAG"),
        (
            "[policy]\ntag = \"#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#\"",
            2,
            "SP-CONFIG-LONG-TAG",
        ),
        ("[policy]\nmissing_certificate = \"clear\"", 2, "SP-CONFIG-CHOICE"),
        ("[policy]\nglued_tag = true", 2, "SP-CONFIG-TYPE"),
        ("[policy]\nprotect_subject = \"yes\"", 2, "SP-CONFIG-TYPE"),
        ("[policy]\nbanner = \"no\"", 2, "SP-CONFIG-CHOICE"),
        ("[policy]\ndomains = [\n\"a.fr\",\n\"a b\"]", 4, "SP-CONFIG-DOMAIN"),
        ("[policy]\ndomains = \"a.fr\"", 2, "SP-CONFIG-TYPE"),
        ("[policy]\nreads_gcm = [\"b@a.fr\", \"a b@c\"]", 2, "SP-CONFIG-ADDRESS"),
        ("[upstream]\nauthorities = [\"\"]", 2, "SP-CONFIG-EMPTY-PATH"),
        ("[upstream]\nsilence_seconds = 0", 2, "SP-CONFIG-SILENCE"),
        ("[upstream]\nsilence_seconds = 601", 2, "SP-CONFIG-SILENCE"),
        ("[policy]\ntag = \"#a#\"\ntag = \"#b#\"", 3, "SP-CONFIG-SYNTAX"),
        ("[policy\n", 1, "SP-CONFIG-SYNTAX"),
    ];
    for (text, line, code) in rows {
        assert_eq!(told(text), [(*line, *code)], "{text}");
    }
}

/// The same, inside an account: what replaces a line of [`ACCOUNT`].
#[test]
fn every_fault_of_an_account_has_its_line_and_code() {
    let rows: &[(&str, &str, usize, &str)] = &[
        ("alice@lab.test", "alice", 3, "SP-CONFIG-ADDRESS"),
        ("alice@lab.test", "Alice <alice@lab.test>", 3, "SP-CONFIG-ADDRESS"),
        ("alice@lab.test", "a\\r\\n@lab.test", 3, "SP-CONFIG-ADDRESS"),
        ("address = \"alice@lab.test\"", "login = \"a\"", 2, "SP-CONFIG-MISSING-KEY"),
        ("20211", "0", 4, "SP-CONFIG-PORT"),
        ("20211", "65536", 4, "SP-CONFIG-PORT"),
        ("20211", "-1", 4, "SP-CONFIG-PORT"),
        ("20211", "99999999999999999999", 4, "SP-CONFIG-PORT"),
        ("20211", "\"25\"", 4, "SP-CONFIG-TYPE"),
        ("port = 20211, ", "", 4, "SP-CONFIG-MISSING-KEY"),
        ("imap.lab.test", "", 5, "SP-CONFIG-HOST"),
        ("imap.lab.test", "https://imap.lab.test", 5, "SP-CONFIG-HOST"),
        ("imap.lab.test", "imap..test", 5, "SP-CONFIG-HOST"),
        ("\"implicit\"", "\"plain\"", 5, "SP-CONFIG-PLAIN"),
        ("\"implicit\"", "\"tls\"", 5, "SP-CONFIG-CHOICE"),
        ("tls = \"implicit\"", "pot = 1, tls = \"implicit\"", 5, "SP-CONFIG-UNKNOWN-KEY"),
        ("\nsmtp = {", "\nalways_sign = \"yes\"\nsmtp = {", 4, "SP-CONFIG-TYPE"),
        (
            "\nsmtp = {",
            "\npop3 = { host = \"a b\", port = 1, tls = \"implicit\" }\nsmtp = {",
            4,
            "SP-CONFIG-HOST",
        ),
        ("\nsmtp = {", "\npop3 = \"pop.lab.test\"\nsmtp = {", 4, "SP-CONFIG-TYPE"),
        (
            "\nsmtp = {",
            "\npop3 = { host = \"pop.lab.test\", port = 110, tls = \"plain\" }\nsmtp = {",
            4,
            "SP-CONFIG-PLAIN",
        ),
        ("\nsmtp = {", "\nlogin = \"\"\nsmtp = {", 4, "SP-CONFIG-LOGIN"),
        ("\nsmtp = {", "\nlogin = \"a\\u0000b\"\nsmtp = {", 4, "SP-CONFIG-LOGIN"),
        ("\nsmtp = {", "\npassword = \"x\"\nsmtp = {", 4, "SP-CONFIG-UNKNOWN-KEY"),
    ];
    for (from, to, line, code) in rows {
        let text = ACCOUNT.replacen(from, to, 1);
        assert_eq!(told(&text), [(*line, *code)], "{text}");
    }
}

#[test]
fn pop3_is_offered_where_it_is_asked_for() {
    assert_eq!(parse(ACCOUNT).unwrap().listen.pop3, None);
    let listening = format!("[listen]\npop3 = \"127.0.0.1:0\"\n{ACCOUNT}");
    assert_eq!(told(&listening), [(1, "SP-CONFIG-POP3")]);
    let served = format!("{listening}pop3 = {{ host = \"pop.lab.test\", port = 995, tls = \"implicit\" }}\n");
    let config = parse(&served).unwrap();
    assert_eq!(config.listen.pop3, Some("127.0.0.1:0".parse().unwrap()));
    assert_eq!(config.accounts[0].pop3.as_ref().map(|server| server.port), Some(995));
}

#[test]
fn two_accounts_differ_by_address_and_login() {
    let twice = format!("{ACCOUNT}{}", ACCOUNT.replace("alice@lab", "ALICE@Lab"));
    assert_eq!(told(&twice), [(7, "SP-CONFIG-SAME-ADDRESS")]);
    let login = format!("{ACCOUNT}{}login = \"Alice@lab.test\"\n", ACCOUNT.replace("alice", "bob"));
    assert_eq!(told(&login), [(7, "SP-CONFIG-SAME-LOGIN")]);
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let text = "[policy]\ntag = \"\"\nx = 1\n[listen]\nsmtp = \"0.0.0.0:1\"\ny = 2\n";
    let lines: Vec<usize> = told(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [2, 3, 5, 6]);
}

#[test]
fn a_file_cut_or_garbled_anywhere_is_told_and_never_a_panic() {
    let text = include_str!("../../config/souspli.toml").to_owned() + ACCOUNT;
    for (at, c) in text.char_indices() {
        let _ = parse(&text[..at]);
        let _ = parse(&format!("{}\u{0}[é{}", &text[..at], &text[at + c.len_utf8()..]));
    }
    let deep = format!("a = {}", "[".repeat(100_000));
    assert!(parse(&deep).is_err());
}

#[test]
fn plain_is_for_this_computer() {
    for (host, loopback) in [
        ("localhost", true),
        ("127.8.0.1", true),
        ("::1", true),
        ("127.0.0.1.evil.fr", false),
        ("lab.test", false),
    ] {
        assert_eq!(is_loopback_host(host), loopback, "{host}");
    }
}

#[test]
fn a_fault_says_its_line_in_both_languages() {
    let fault = Fault {
        line: 7,
        kind: FaultKind::EmptyTag,
    };
    let said = fault.explain();
    assert!(said.fr.what.starts_with("Ligne 7 : La balise"), "{}", said.fr.what);
    assert!(said.en.what.starts_with("Line 7: The tag"), "{}", said.en.what);
}

fn told(text: &str) -> Vec<(usize, &'static str)> {
    let faults = parse(text).expect_err(text);
    faults.iter().map(|fault| (fault.line, fault.explain().code)).collect()
}

fn uncommented(line: &str) -> &str {
    line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line)
}

#[test]
fn a_line_that_is_no_toml_is_told_once() {
    let text = ACCOUNT
        .replace("port = 993,", "port = 993")
        .replace("port = 20211,", "port = 20211");
    let lines: Vec<usize> = parse(&text).unwrap_err().iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [4, 5]);
}
