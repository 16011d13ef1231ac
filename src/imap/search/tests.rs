use super::super::command::Command;
use super::super::frame::Side;
use super::super::line::lines;
use super::*;
use crate::view::sought::Within;
use proptest::prelude::*;

fn command(text: &str) -> Command {
    Command::parse(lines(Side::Client, text.as_bytes()).remove(0)).unwrap()
}

fn seeking(text: &str) -> Seeking {
    let upper = text.to_ascii_uppercase();
    match upper
        .split_ascii_whitespace()
        .nth(if upper.contains(" UID S") || upper.contains(" UID T") {
            2
        } else {
            1
        }) {
        Some("SORT") => Seeking::Sort,
        Some("THREAD") => Seeking::Thread,
        _ => Seeking::Search,
    }
}

fn whole(line: &Line) -> String {
    let mut out = Vec::new();
    line.write(&line.whole(), &mut out);
    String::from_utf8(out).unwrap()
}

/// The command with UID 4 to 6 for every key that `matches` names.
fn widened(text: &str, matches: impl Fn(&Key) -> bool) -> Option<String> {
    let command = command(text);
    let search = Search::parse(seeking(text), &command)?;
    let known = |key: &Key| matches(key).then(|| [(4, 6)].into_iter().collect());
    Some(match search.widened(&command.line, known) {
        Widened::AsItCame => text.to_owned(),
        Widened::Instead(line) => whole(&line),
        Widened::TooLong => "too long".to_owned(),
    })
}

#[test]
fn each_key_that_is_known_is_widened_where_it_stands() {
    for (text, wanted) in [
        ("a SEARCH SUBJECT x\r\n", "a SEARCH (OR SUBJECT x UID 4:6)\r\n"),
        (
            "a uid search return (min  count) charset utf-8 not subject \"x \\\" y\" unseen\r\n",
            "a uid search return (min  count) charset utf-8 not (OR subject \"x \\\" y\" UID 4:6) unseen\r\n",
        ),
        (
            "a SEARCH OR (FROM \"a\" SINCE 1-Feb-1994) (NOT (TO b CC c)) BCC d\r\n",
            "a SEARCH OR ((OR FROM \"a\" UID 4:6) SINCE 1-Feb-1994) (NOT ((OR TO b UID 4:6) (OR CC c UID 4:6))) (OR BCC d UID 4:6)\r\n",
        ),
        (
            "a SEARCH BODY {3+}\r\na)b TEXT {2}\r\n\" \r\n",
            "a SEARCH (OR BODY {3+}\r\na)b UID 4:6) (OR TEXT {2}\r\n\"  UID 4:6)\r\n",
        ),
        (
            "a SEARCH HEADER \"subject\" {1}\r\nx 1:*,5\r\n",
            "a SEARCH (OR HEADER \"subject\" {1}\r\nx UID 4:6) 1:*,5\r\n",
        ),
        (
            "a UID SORT RETURN () (REVERSE DATE) UTF-8 UID $ BODY x\r\n",
            "a UID SORT RETURN () (REVERSE DATE) UTF-8 UID $ (OR BODY x UID 4:6)\r\n",
        ),
        (
            "a THREAD REFERENCES us-ascii (SUBJECT x)\r\n",
            "a THREAD REFERENCES us-ascii ((OR SUBJECT x UID 4:6))\r\n",
        ),
        (
            "a SEARCH MODSEQ \"/flags/\\\\draft\" all 620162338 LARGER 5 OLDER 9 KEYWORD $Forwarded UNKEYWORD $x\r\n",
            "a SEARCH MODSEQ \"/flags/\\\\draft\" all 620162338 LARGER 5 OLDER 9 (UID 4:6 OR ALL KEYWORD $Forwarded) (NOT UID 4:6 OR ALL UNKEYWORD $x)\r\n",
        ),
    ] {
        assert_eq!(widened(text, |_| true).as_deref(), Some(wanted), "{text}");
        assert_eq!(widened(text, |_| false).as_deref(), Some(text));
    }
}

/// What others have stored under our names is no verdict: it is not found, also where no message has one.
#[test]
fn a_keyword_of_ours_is_found_here_alone() {
    let command = command("a SEARCH KEYWORD $SouspliVerified UNKEYWORD $SouspliAltered SUBJECT x\r\n");
    let search = Search::parse(Seeking::Search, &command).unwrap();
    let Widened::Instead(line) = search.widened(&command.line, |_| Some(Ranges::default())) else {
        panic!("as it came");
    };
    assert_eq!(
        whole(&line),
        "a SEARCH (NOT ALL OR ALL KEYWORD $SouspliVerified) (OR ALL UNKEYWORD $SouspliAltered) SUBJECT x\r\n"
    );
}

#[test]
fn texts_are_read_in_the_charset_of_the_command() {
    let latin = Command::parse(lines(Side::Client, b"a SEARCH CHARSET iso-8859-1 SUBJECT {3}\r\n\xc9t\xe9\r\n").remove(0)).unwrap();
    let search = Search::parse(Seeking::Search, &latin).unwrap();
    assert_eq!(search.texts().next(), Sought::new(Within::Subject, "été").as_ref());
    for (text, wanted) in [
        ("a SEARCH CHARSET UTF-8 BODY {5}\r\nété\r\n", Some("Été")),
        ("a SEARCH BODY {5+}\r\nété\r\n", Some("été")),
        ("a SEARCH CHARSET x-none BODY abc\r\n", Some("abc")),
        ("a SEARCH CHARSET x-none BODY {5}\r\nété\r\n", None),
        ("a SEARCH BODY \"\"\r\n", None),
        ("a SEARCH HEADER Message-ID <a@b>\r\n", None),
    ] {
        let command = command(text);
        let search = Search::parse(Seeking::Search, &command).unwrap();
        let wanted = wanted.and_then(|text| Sought::new(Within::Body, text));
        assert_eq!(search.texts().next(), wanted.as_ref(), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let deep = format!("a SEARCH {}SUBJECT x{}\r\n", "(".repeat(300), ")".repeat(300));
    let nots = format!("a SEARCH {}SUBJECT x\r\n", "NOT ".repeat(300));
    let many = format!("a SEARCH{}\r\n", " SUBJECT x".repeat(limits::SEARCH_KEYS_MAX + 1));
    for text in [
        "a SEARCH\r\n",
        "a SEARCH \r\n",
        "a SEARCH XYZZY SUBJECT x\r\n",
        "a SEARCH FUZZY SUBJECT x\r\n",
        "a SEARCH SUBJECT\r\n",
        "a SEARCH SUBJECT (x)\r\n",
        "a SEARCH (SUBJECT x\r\n",
        "a SEARCH SUBJECT x)\r\n",
        "a SEARCH ()\r\n",
        "a SEARCH NOT\r\n",
        "a SEARCH OR SUBJECT x\r\n",
        "a SEARCH RETURN COUNT SUBJECT x\r\n",
        "a SEARCH UID x\r\n",
        "a SORT SUBJECT x\r\n",
        "a SORT (DATE) SUBJECT\r\n",
        "a SEARCH SUBJECT \"x\r\n",
        &deep,
        &nots,
        &many,
    ] {
        assert_eq!(widened(text, |_| true), None, "{text}");
    }
}

#[test]
fn a_line_that_servers_might_not_take_is_not_made() {
    let text = "a SEARCH SUBJECT x FROM y\r\n";
    let command = command(text);
    let search = Search::parse(Seeking::Search, &command).unwrap();
    let odd = |count: u32| move |_: &Key| Some((1..count).map(|n| n * 2).collect::<Ranges>());
    assert!(matches!(search.widened(&command.line, odd(700)), Widened::Instead(line) if line.text().len() < 8_000));
    assert_eq!(search.widened(&command.line, odd(1_000)), Widened::TooLong);
    assert_eq!(search.widened(&command.line, odd(10_000)), Widened::TooLong);
}

fn key() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("x".to_owned()),
        Just("\"a (\\\" b\"".to_owned()),
        Just("{4+}\r\n) {1".to_owned()),
        Just("{0}\r\n".to_owned())
    ];
    let leaf = prop_oneof![
        text.clone().prop_map(|t| format!("SUBJECT {t}")),
        text.clone().prop_map(|t| format!("body {t}")),
        text.prop_map(|t| format!("HEADER From {t}")),
        Just("UID 1:*".to_owned()),
        Just("1,3:5".to_owned()),
        Just("NOT KEYWORD $Junk".to_owned()),
        Just("SINCE \"1-Feb-1994\"".to_owned()),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|k| format!("NOT {k}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("OR {a} {b}")),
            proptest::collection::vec(inner, 1..4).prop_map(|keys| format!("({})", keys.join(" "))),
        ]
    })
}

fn is_text(key: &Key) -> bool {
    matches!(key, Key::Text(_))
}

proptest! {
    #[test]
    fn without_sets_nothing_changes_and_with_them_only_what_is_put_in(keys in proptest::collection::vec(key(), 1..4)) {
        let text = format!("a SEARCH {}\r\n", keys.join(" "));
        let command = command(&text);
        let search = Search::parse(Seeking::Search, &command).unwrap();
        prop_assert_eq!(search.widened(&command.line, |_| None), Widened::AsItCame);
        prop_assert_eq!(search.widened(&command.line, |key| is_text(key).then(Ranges::default)), Widened::AsItCame);
        let found = |key: &Key| is_text(key).then(|| [(70_007, 70_007)].into_iter().collect());
        if let Widened::Instead(line) = search.widened(&command.line, found) {
            let written = whole(&line);
            prop_assert_eq!(written.matches(" UID 70007)").count(), search.texts().count());
            prop_assert_eq!(written.replace(" UID 70007)", "").replace("(OR ", ""), text.replace("(OR ", ""));
            let again = Command { line, ..command.clone() };
            let keys: Vec<Key> = Search::parse(Seeking::Search, &again).unwrap().keys().cloned().collect();
            prop_assert_eq!(keys, search.keys().cloned().collect::<Vec<_>>());
        }
    }
}
