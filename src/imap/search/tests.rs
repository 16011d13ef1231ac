use super::super::command::Verb;
use super::super::frame::Side;
use super::super::line::lines;
use super::*;
use crate::base::limits;
use crate::view::sought::Within;

fn command(text: &str) -> Command {
    Command::parse(lines(Side::Client, text.as_bytes()).remove(0)).unwrap()
}

fn parse(command: &Command) -> Option<Search> {
    let Verb::Seek(by, seeking) = command.verb else {
        panic!("{command:?}")
    };
    Search::parse(by, seeking, command)
}

fn written(line: &Line, span: &Span) -> String {
    let mut out = Vec::new();
    line.write(span, &mut out);
    String::from_utf8(out).unwrap()
}

/// What is asked, and the criteria that the provider gets.
fn questions(text: &str) -> (Vec<String>, String) {
    let command = command(text);
    let search = parse(&command).unwrap();
    let mut criteria = Line::default();
    search.write_criteria(&command.line, &mut criteria);
    let asked = search.questions().iter().map(|span| written(&command.line, span)).collect();
    (asked, written(&criteria, &criteria.whole()))
}

#[test]
fn every_part_of_which_nothing_is_known_is_asked_once() {
    for (text, asked, criteria) in [
        ("a SEARCH SUBJECT x\r\n", &["SUBJECT x"][..], "SUBJECT x"),
        (
            "a uid search return (min  count) charset utf-8 unseen not subject \"x \\\" y\" unseen  1:*,5 deleted \r\n",
            &["subject \"x \\\" y\"", "unseen", "unseen  1:*,5 deleted"],
            "unseen not subject \"x \\\" y\" unseen  1:*,5 deleted",
        ),
        (
            "a SEARCH OR (FROM \"a\" SINCE 1-Feb-1994) (NOT (TO b CC c (NOT OR UID 5 SEEN))) FROM \"a\"\r\n",
            &["FROM \"a\"", "SINCE 1-Feb-1994", "TO b", "CC c", "(NOT OR UID 5 SEEN)"],
            "OR (FROM \"a\" SINCE 1-Feb-1994) (NOT (TO b CC c (NOT OR UID 5 SEEN))) FROM \"a\"",
        ),
        (
            "a SEARCH BODY {3+}\r\na)b OR TEXT {2}\r\n\"  LARGER {1}\r\n5\r\n",
            &["BODY {3+}\r\na)b", "TEXT {2}\r\n\" ", "LARGER {1}\r\n5"],
            "BODY {3+}\r\na)b OR TEXT {2}\r\n\"  LARGER {1}\r\n5",
        ),
        (
            "a UID SORT RETURN () (REVERSE DATE) UTF-8 UID $ BODY x KEYWORD $Forwarded\r\n",
            &["BODY x", "UID $", "KEYWORD $Forwarded"],
            "UID $ BODY x KEYWORD $Forwarded",
        ),
        (
            "a THREAD REFERENCES us-ascii (HEADER \"subject\" {1}\r\nx)\r\n",
            &["HEADER \"subject\" {1}\r\nx"],
            "(HEADER \"subject\" {1}\r\nx)",
        ),
        // What others have stored under our names is no verdict: it is not sought there.
        (
            "a SEARCH LARGER 5 KEYWORD $SouspliVerified OR UNKEYWORD $souspliAltered SEEN SUBJECT {1}\r\nx\r\n",
            &["SEEN", "SUBJECT {1}\r\nx", "LARGER 5"],
            "LARGER 5 (NOT ALL OR ALL KEYWORD $SouspliVerified) OR (OR ALL UNKEYWORD $souspliAltered) SEEN SUBJECT {1}\r\nx",
        ),
    ] {
        let (got, theirs) = questions(text);
        let mut sorted: Vec<&str> = got.iter().map(String::as_str).collect();
        let mut wanted = asked.to_vec();
        sorted.sort_unstable();
        wanted.sort_unstable();
        assert_eq!((sorted, theirs.as_str()), (wanted, criteria), "{text}");
    }
}

#[test]
fn what_names_no_text_and_no_verdict_is_the_providers() {
    for text in [
        "a SEARCH UNSEEN\r\n",
        "a SEARCH NOT (KEYWORD $x OR SEEN 5) HEADER Message-ID <a@b>\r\n",
        "a SEARCH SUBJECT \"\"\r\n",
        "a SORT (DATE) UTF-8 ALL\r\n",
    ] {
        assert!(!parse(&command(text)).unwrap().is_known_here(), "{text}");
    }
}

#[test]
fn verdicts_are_worked_out_here_alone() {
    let command = command("a SEARCH RETURN (ALL) UNKEYWORD $SouspliAltered KEYWORD $SouspliVerified UID 7\r\n");
    let search = parse(&command).unwrap();
    assert_eq!(search.verdicts().collect::<Vec<_>>(), ["$SouspliAltered", "$SouspliVerified"]);
    let ranges = |numbers: &[u32]| numbers.iter().copied().collect::<Ranges>();
    let found = search.found(&Facts {
        among: &ranges(&[5, 6, 7, 8]),
        texts: &[],
        verdicts: &[ranges(&[5, 9]), ranges(&[5, 7, 8, 9])],
        answers: &[ranges(&[5, 7, 9])],
    });
    assert_eq!(found, ranges(&[7]));
    let alone = search.alone(command);
    assert_eq!(
        written(&alone.line, &alone.line.whole()),
        "a SEARCH RETURN (ALL) (OR ALL UNKEYWORD $SouspliAltered) (NOT ALL OR ALL KEYWORD $SouspliVerified) UID 7\r\n"
    );
}

#[test]
fn texts_are_read_in_the_charset_of_the_command() {
    let latin = Command::parse(lines(Side::Client, b"a SEARCH CHARSET iso-8859-1 SUBJECT {3}\r\n\xc9t\xe9\r\n").remove(0)).unwrap();
    let search = parse(&latin).unwrap();
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
        let search = parse(&command).unwrap();
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
        "a SEARCH RETURN (PARTIAL 1:5) SUBJECT x\r\n",
        "a SEARCH CHARSET \"a b\" SUBJECT x\r\n",
        "a SEARCH UID x\r\n",
        "a SORT SUBJECT x\r\n",
        "a SORT (DATE) SUBJECT\r\n",
        "a THREAD RETURN (ALL) REFERENCES UTF-8 SUBJECT x\r\n",
        "a SEARCH SUBJECT \"x\r\n",
        &deep,
        &nots,
        &many,
    ] {
        assert_eq!(parse(&command(text)), None, "{text}");
    }
}
