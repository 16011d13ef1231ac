//! A whole search against a provider of a few lines, which knows some keys; what comes out is compared with what each message
//! says by itself.

use super::super::command::Verb;
use super::super::frame::Side;
use super::super::line::lines;
use super::*;
use crate::imap::numbers::SequenceSet;
use proptest::prelude::*;

/// A message at the provider: UID, whether it is flagged, whether what is stored has « x ».
#[derive(Clone, Copy, Debug)]
struct Stored {
    uid: u32,
    flagged: bool,
    x: bool,
}

/// Criteria, as they are written and as one message answers them.
#[derive(Clone, Debug)]
enum Key {
    All,
    Flagged,
    X,
    Verified,
    NotAltered,
    Uid(u32, u32),
    Numbers(u32, u32),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
    And(Vec<Key>),
}

impl Key {
    fn write(&self) -> String {
        match self {
            Key::All => "ALL".into(),
            Key::Flagged => "FLAGGED".into(),
            Key::X => "SUBJECT x".into(),
            Key::Verified => "KEYWORD $SouspliVerified".into(),
            Key::NotAltered => "UNKEYWORD $SouspliAltered".into(),
            Key::Uid(a, b) => format!("UID {a}:{b}"),
            Key::Numbers(a, b) => format!("{a}:{b}"),
            Key::Not(key) => format!("NOT {}", key.write()),
            Key::Or(one, other) => format!("OR {} {}", one.write(), other.write()),
            Key::And(keys) => format!("({})", keys.iter().map(Key::write).collect::<Vec<_>>().join(" ")),
        }
    }

    /// At the provider, where everybody may have stored our keywords.
    fn at_provider(&self, number: u32, message: Stored) -> bool {
        self.holds(number, message.uid, message.flagged, message.x, (true, true))
    }

    fn holds(&self, number: u32, uid: u32, flagged: bool, x: bool, verdict: (bool, bool)) -> bool {
        let of = |key: &Key| key.holds(number, uid, flagged, x, verdict);
        match self {
            Key::All => true,
            Key::Flagged => flagged,
            Key::X => x,
            Key::Verified => verdict.0,
            Key::NotAltered => !verdict.1,
            Key::Uid(a, b) => (*a..=*b).contains(&uid),
            Key::Numbers(a, b) => (*a..=*b).contains(&number),
            Key::Not(key) => !of(key),
            Key::Or(one, other) => of(one) || of(other),
            Key::And(keys) => keys.iter().all(of),
        }
    }
}

/// Reads what the provider is asked.
fn read(words: &mut std::iter::Peekable<std::vec::IntoIter<String>>) -> Key {
    let range = |text: &str| {
        let (a, b) = text.split_once(':').unwrap_or((text, text));
        (a.parse().unwrap(), b.parse().unwrap())
    };
    match words.next().unwrap().as_str() {
        "ALL" => Key::All,
        "FLAGGED" => Key::Flagged,
        "SUBJECT" => words.next().map(|_| Key::X).unwrap(),
        "KEYWORD" => words.next().map(|_| Key::Verified).unwrap(),
        "UNKEYWORD" => words.next().map(|_| Key::NotAltered).unwrap(),
        "UID" => {
            let set = words.next().unwrap();
            let one_of = |text: &str| {
                let (a, b) = range(text);
                Key::Uid(a, b)
            };
            let mut ranges = set.split(',').map(one_of);
            let first = ranges.next().unwrap();
            ranges.fold(first, |all, one| Key::Or(Box::new(all), Box::new(one)))
        }
        "NOT" => Key::Not(Box::new(read(words))),
        "OR" => Key::Or(Box::new(read(words)), Box::new(read(words))),
        "(" => {
            let mut keys = Vec::new();
            while words.next_if(|word| word == ")").is_none() {
                keys.push(read(words));
            }
            Key::And(keys)
        }
        numbers => {
            let (a, b) = range(numbers);
            Key::Numbers(a, b)
        }
    }
}

/// What the provider says to one command; what it was asked is kept without its tag.
fn provider(mailbox: &[Stored], line: &Line, asked: &mut Vec<String>) -> (String, Vec<String>) {
    let text = String::from_utf8(line.text().to_vec()).unwrap();
    let (tag, command) = text.trim_end().split_once(' ').unwrap();
    asked.push(command.to_owned());
    let spaced = command.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced
        .split_whitespace()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
        .peekable();
    let by_uid = words.next_if(|word| word == "UID").is_some();
    let name = words.next().unwrap();
    if name == "FETCH" {
        let set = SequenceSet::parse(words.next().unwrap().as_bytes()).unwrap().closed().unwrap();
        let all = mailbox
            .iter()
            .zip(1..)
            .filter(|(m, n)| set.contains(if by_uid { m.uid } else { *n }));
        return (
            tag.to_owned(),
            all.map(|(m, n)| format!("* {n} FETCH (UID {} MODSEQ ({}))\r\n", m.uid, m.uid * 10))
                .collect(),
        );
    }
    let named = words.next_if(|word| word == "RETURN").is_some();
    if named && words.nth(1).unwrap() == "SAVE" {
        return (tag.to_owned(), Vec::new());
    }
    words.next_if(|word| word == ")");
    if name == "SORT" || words.peek().is_some_and(|word| word == "CHARSET") {
        while words.next().unwrap() != "UTF-8" {}
    }
    let mut keys = Vec::new();
    while words.peek().is_some() {
        keys.push(read(&mut words));
    }
    let all = Key::And(keys);
    let found = mailbox.iter().zip(1..).filter(|(m, n)| all.at_provider(*n, **m));
    let mut names: Vec<String> = found.map(|(m, n)| if by_uid { m.uid } else { n }.to_string()).collect();
    if name == "SORT" {
        names.reverse();
    }
    let answer = match (named, names.join(",").as_str()) {
        (true, "") => format!("* ESEARCH (TAG \"{tag}\")\r\n"),
        (true, set) => format!("* ESEARCH (TAG \"{tag}\") ALL {set}\r\n"),
        (false, _) => format!("* {name} {}\r\n", names.join(" ").trim()),
    };
    (tag.to_owned(), vec![answer])
}

fn begin(text: &str, known: Known) -> Result<Seek, ProviderAlone> {
    begin_with(text, known, Answering::Unnamed)
}

fn begin_with(text: &str, known: Known, answering: Answering) -> Result<Seek, ProviderAlone> {
    let command = Command::parse(lines(Side::Client, text.as_bytes()).remove(0)).unwrap();
    let Verb::Seek(by, seeking) = command.verb else { panic!("{text}") };
    let search = Search::parse(by, seeking, &command).unwrap();
    Seek::begin(command, search, known, Some(100), answering).map_err(|(_, why)| why)
}

/// What the client is told, which messages are gone, and what the provider was asked.
fn run(text: &str, mailbox: &[Stored], known: Known) -> (String, Ranges, Vec<String>) {
    let named = run_with(text, mailbox, known.clone(), Answering::Named);
    let (told, gone, asked) = run_with(text, mailbox, known, Answering::Unnamed);
    assert_eq!((&told, &gone), (&named.0, &named.1), "whichever way the provider answers");
    assert_eq!(
        asked,
        named.2.iter().map(|line| line.replace("RETURN (ALL) ", "")).collect::<Vec<_>>()
    );
    (told, gone, asked)
}

/// The provider gives several answers before it says that the first question is done, as Dovecot does.
fn run_with(text: &str, mailbox: &[Stored], known: Known, answering: Answering) -> (String, Ranges, Vec<String>) {
    let (mut seek, mut asked) = (begin_with(text, known, answering).unwrap(), Vec::new());
    loop {
        let mut sent = Vec::new();
        while let Some(line) = seek.next_line() {
            sent.push(provider(mailbox, &line, &mut asked));
        }
        for line in sent.iter().flat_map(|(_, lines)| lines) {
            let taken = seek.answer(line.as_bytes()) || seek.fetched(line.as_bytes());
            assert!(taken, "{line}");
        }
        for (tag, _) in sent {
            match seek.completed(tag.as_bytes(), Status::Ok, b"done") {
                None => {}
                Some(Outcome::Told(told, gone)) => return (String::from_utf8(told).unwrap(), gone, asked),
                Some(Outcome::Alone(..)) => panic!("{text}: alone"),
            }
        }
    }
}

fn ranges(numbers: &[u32]) -> Ranges {
    numbers.iter().copied().collect()
}

const MAILBOX: [Stored; 5] = [
    Stored {
        uid: 3,
        flagged: true,
        x: true,
    },
    Stored {
        uid: 5,
        flagged: false,
        x: false,
    },
    Stored {
        uid: 6,
        flagged: true,
        x: false,
    },
    Stored {
        uid: 8,
        flagged: true,
        x: false,
    },
    Stored {
        uid: 9,
        flagged: false,
        x: true,
    },
];

/// 5, 6 and 8 were opened, and 6 and 8 have « x » inside.
fn known() -> Known {
    Known {
        messages: ranges(&[5, 6, 8]),
        texts: vec![ranges(&[6, 8])],
        verdicts: Vec::new(),
    }
}

#[test]
fn every_form_of_answer() {
    for (text, wanted) in [
        ("a SEARCH SUBJECT x\r\n", "* SEARCH 1 3 4 5\r\na OK done\r\n"),
        ("a UID SEARCH SUBJECT x\r\n", "* SEARCH 3 6 8 9\r\na OK done\r\n"),
        ("a UID SEARCH NOT SUBJECT x UID 5:6\r\n", "* SEARCH 5\r\na OK done\r\n"),
        ("a SEARCH SUBJECT x NOT ALL\r\n", "* SEARCH\r\na OK done\r\n"),
        ("a SORT (DATE) UTF-8 SUBJECT x FLAGGED\r\n", "* SORT 4 3 1\r\na OK done\r\n"),
        (
            "a UID SEARCH RETURN (COUNT MIN MAX) SUBJECT x FLAGGED\r\n",
            "* ESEARCH (TAG \"a\") UID MIN 3 MAX 8 COUNT 3\r\na OK done\r\n",
        ),
        (
            "a SEARCH RETURN () SUBJECT x\r\n",
            "* ESEARCH (TAG \"a\") ALL 1,3:5\r\na OK done\r\n",
        ),
        (
            "a SEARCH RETURN (MIN COUNT) SUBJECT x NOT ALL\r\n",
            "* ESEARCH (TAG \"a\") COUNT 0\r\na OK done\r\n",
        ),
        (
            "a UID SORT RETURN (ALL MIN MAX) (DATE) UTF-8 SUBJECT x FLAGGED\r\n",
            "* ESEARCH (TAG \"a\") UID MIN 8 MAX 3 ALL 8,6,3\r\na OK done\r\n",
        ),
        ("a UID SEARCH RETURN (SAVE) SUBJECT x\r\n", "a OK done\r\n"),
    ] {
        let (told, gone, _) = run(text, &MAILBOX, known());
        assert_eq!((told.as_str(), gone), (wanted, Ranges::default()), "{text}");
    }
}

#[test]
fn only_who_wants_to_use_a_result_at_the_provider_tells_it() {
    let asked = |text: &str, x: &[u32]| {
        let texts = vec![ranges(x)];
        run(text, &MAILBOX, Known { texts, ..known() }).2
    };
    for form in ["SEARCH", "UID SEARCH RETURN (MIN)", "UID SORT (DATE) UTF-8"] {
        let text = format!("a {form} OR SUBJECT x NOT FLAGGED\r\n");
        assert_eq!(asked(&text, &[6, 8]), asked(&text, &[5]), "{text}");
        assert_eq!(asked(&text, &[6, 8]), asked(&text, &[]), "{text}");
    }
    let last = |text: &str, x: &[u32]| asked(text, x).pop().unwrap();
    assert_eq!(
        last("a UID SEARCH RETURN (SAVE COUNT) SUBJECT x\r\n", &[6]),
        "UID SEARCH RETURN (SAVE) UID 3,6,9"
    );
    assert_eq!(last("a SEARCH RETURN (SAVE MAX) SUBJECT x\r\n", &[6]), "SEARCH RETURN (SAVE) 5");
    assert_eq!(
        last("a SEARCH RETURN (SAVE) SUBJECT x NOT ALL\r\n", &[6]),
        "SEARCH RETURN (SAVE) NOT ALL"
    );
}

#[test]
fn what_is_not_there_any_more_is_gone_and_what_is_not_there_yet_is_not() {
    let more = Known {
        messages: ranges(&[2, 5, 6, 7, 8, 100, 2_000]),
        texts: vec![ranges(&[2, 6, 7, 100])],
        ..known()
    };
    let (told, gone, asked) = run("a SEARCH SUBJECT x\r\n", &MAILBOX, more);
    assert_eq!((told.as_str(), gone), ("* SEARCH 1 3 5\r\na OK done\r\n", ranges(&[2, 7])));
    assert_eq!(asked[2], "FETCH 2:4 (UID)");
}

#[test]
fn mod_sequences_are_those_of_what_is_told() {
    for (text, wanted) in [
        ("a SEARCH MODSEQ 1 NOT SUBJECT x\r\n", "* SEARCH 2 (MODSEQ 50)\r\na OK done\r\n"),
        (
            "a UID SEARCH RETURN (MIN MAX) MODSEQ 1 SUBJECT x\r\n",
            "* ESEARCH (TAG \"a\") UID MIN 3 MAX 9 MODSEQ 90\r\na OK done\r\n",
        ),
        (
            "a UID SEARCH RETURN (MIN) MODSEQ 1 SUBJECT x\r\n",
            "* ESEARCH (TAG \"a\") UID MIN 3 MODSEQ 30\r\na OK done\r\n",
        ),
        (
            "a UID SEARCH RETURN (MIN COUNT) MODSEQ 1 SUBJECT x\r\n",
            "* ESEARCH (TAG \"a\") UID MIN 3 COUNT 4 MODSEQ 90\r\na OK done\r\n",
        ),
        ("a SEARCH MODSEQ 1 SUBJECT x NOT ALL\r\n", "* SEARCH\r\na OK done\r\n"),
    ] {
        // The provider of these tests knows no MODSEQ: all have one.
        let mut seek = begin(text, known()).unwrap();
        let mut told = None;
        while told.is_none() {
            let line = seek.next_line().unwrap();
            let line = Line::of(String::from_utf8_lossy(line.text()).replace("MODSEQ 1", "ALL").as_bytes());
            let (tag, lines) = provider(&MAILBOX, &line, &mut Vec::new());
            lines
                .iter()
                .for_each(|line| assert!(seek.answer(line.as_bytes()) || seek.fetched(line.as_bytes())));
            told = seek.completed(tag.as_bytes(), Status::Ok, b"done");
        }
        let Some(Outcome::Told(told, _)) = told else { panic!("{text}") };
        assert_eq!(String::from_utf8(told).unwrap(), wanted, "{text}");
    }
}

fn tag_of(line: &Line) -> String {
    let text = String::from_utf8_lossy(line.text()).into_owned();
    text.split(' ').next().unwrap().to_owned()
}

/// The criteria as they came, when numbers may mean other messages, when an answer is none, when a question is refused.
#[test]
fn what_goes_wrong_leaves_the_provider_alone() {
    for (first, second) in [
        ("* SEARCH 2 3 4\r\n", "* 3 EXPUNGE\r\n"),
        ("* SEARCH 2 3 4\r\n", "* VANISHED 6\r\n"),
        ("* SEARCH 2 3 4 5\r\n", ""),
        ("* SEARCH two\r\n", ""),
        ("", "NO"),
    ] {
        let mut seek = begin("a SEARCH SUBJECT x\r\n", known()).unwrap();
        let tag = tag_of(&seek.next_line().unwrap());
        for line in [first, second].iter().filter(|line| line.starts_with('*')) {
            // What is news is the client's too.
            assert_eq!(seek.answer(line.as_bytes()), line.starts_with("* SEARCH"), "{line}");
        }
        let status = if second == "NO" { Status::No } else { Status::Ok };
        let mut outcome = seek.completed(tag.as_bytes(), status, b"");
        while outcome.is_none() {
            let tag = tag_of(&seek.next_line().unwrap());
            outcome = seek.completed(tag.as_bytes(), Status::Ok, b"");
        }
        match outcome {
            Some(Outcome::Alone(command, ProviderAlone::Refused)) => assert_eq!(command.line.text(), b"a SEARCH SUBJECT x\r\n"),
            other => panic!("{first}{second}: {other:?}"),
        }
    }
}

#[test]
fn an_answer_without_its_question_is_none() {
    let mut seek = begin_with("a SEARCH SUBJECT x\r\n", known(), Answering::Named).unwrap();
    let tags: Vec<String> = std::iter::from_fn(|| seek.next_line()).map(|line| tag_of(&line)).collect();
    assert!(!seek.answer(b"* ESEARCH (TAG \"another\") ALL 1\r\n") && seek.answer(b"* SEARCH 2 3 4\r\n"));
    assert!(seek.completed(tags[1].as_bytes(), Status::Ok, b"").is_none());
    let outcome = seek.completed(tags[0].as_bytes(), Status::Ok, b"");
    assert!(matches!(outcome, Some(Outcome::Alone(..))));
}

/// Before anything was answered, and where messages are named by UID, an EXPUNGE changes nothing.
#[test]
fn numbers_that_are_not_used_may_change() {
    let mut seek = begin("a UID SEARCH SUBJECT x\r\n", known()).unwrap();
    for (line, gone) in [("* SEARCH 2 3 4\r\n", true), ("* SEARCH\r\n", false)] {
        let tag = tag_of(&seek.next_line().unwrap());
        assert!(!gone || !seek.answer(b"* 1 EXPUNGE\r\n"));
        assert!(seek.answer(line.as_bytes()));
        assert!(seek.completed(tag.as_bytes(), Status::Ok, b"").is_none());
    }
    let tag = tag_of(&seek.next_line().unwrap());
    assert!(!seek.answer(b"* 1 EXPUNGE\r\n") && seek.answer(b"* SEARCH 9\r\n"));
    let told = seek.completed(tag.as_bytes(), Status::Ok, b"done");
    assert!(matches!(told, Some(Outcome::Told(told, _)) if told == b"* SEARCH 6 8 9\r\na OK done\r\n"));
}

#[test]
fn a_provider_that_names_the_whole_of_all_numbers_is_not_believed() {
    let mut seek = begin_with("a UID SEARCH SUBJECT x\r\n", known(), Answering::Named).unwrap();
    let tags: Vec<String> = std::iter::from_fn(|| seek.next_line()).map(|line| tag_of(&line)).collect();
    for tag in &tags {
        assert!(seek.answer(format!("* ESEARCH (TAG \"{tag}\") ALL 1:4294967295\r\n").as_bytes()));
    }
    let outcomes: Vec<_> = tags
        .iter()
        .filter_map(|tag| seek.completed(tag.as_bytes(), Status::Ok, b""))
        .collect();
    assert!(matches!(outcomes[..], [Outcome::Alone(..)]));
}

#[test]
fn questions_are_bounded() {
    let odd = |count: u32| Known {
        messages: (0..count).map(|n| 2 * n + 1).collect(),
        texts: vec![Ranges::default()],
        ..known()
    };
    let mut seek = begin_with("a UID SORT (DATE) UTF-8 SUBJECT x\r\n", odd(20_000), Answering::Named).unwrap();
    let mut ahead = 0;
    while let Some(line) = seek.next_line() {
        assert!(line.text().len() <= limits::SEARCH_LINE_MAX);
        ahead += line.octets();
    }
    assert!(ahead <= limits::SEARCH_AHEAD_MAX + limits::SEARCH_LINE_MAX && !seek.waiting.is_empty());
    assert_eq!(begin("a SEARCH SUBJECT x\r\n", odd(200_000)).err(), Some(ProviderAlone::TooLong));
    let long = format!("a SEARCH SUBJECT x{} SUBJECT x\r\n", " ".repeat(8_000));
    assert!(begin(&long, odd(5)).is_ok(), "what is long as it came harms nothing");
    let long = format!("a SEARCH OR SUBJECT x (ALL{} ALL)\r\n", " ".repeat(8_000));
    assert_eq!(begin(&long, odd(5)).err(), Some(ProviderAlone::TooLong));
    let long = format!("a SORT (DATE) UTF-8 SUBJECT x{} SUBJECT x\r\n", " ".repeat(8_000));
    assert_eq!(begin(&long, odd(5)).err(), Some(ProviderAlone::TooLong));
}

fn key() -> impl Strategy<Value = Key> {
    let leaf = prop_oneof![
        Just(Key::X),
        Just(Key::X),
        Just(Key::All),
        Just(Key::Flagged),
        Just(Key::Verified),
        Just(Key::NotAltered),
        (1u32..12, 0u32..6).prop_map(|(a, more)| Key::Uid(a, a + more)),
        (1u32..9, 0u32..6).prop_map(|(a, more)| Key::Numbers(a, a + more)),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|k| Key::Not(Box::new(k))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Key::Or(Box::new(a), Box::new(b))),
            proptest::collection::vec(inner, 1..4).prop_map(Key::And),
        ]
    })
}

/// A message, and what is known of it: whether it was opened, whether it has « x » inside, whether it is verified, altered.
type Fate = (bool, bool, bool, bool, bool, bool);

fn told(text: &str, mailbox: &[Stored], known: Known) -> Vec<u32> {
    let (told, ..) = run(text, mailbox, known);
    let answer = told.lines().next().unwrap().trim_start_matches("* ").to_owned();
    let mut found: Vec<u32> = answer.split(' ').skip(1).map(|n| n.parse().unwrap()).collect();
    if answer.starts_with("SORT") {
        found.reverse();
    }
    found
}

proptest! {
    /// Every message is found that matches by what is stored or by what was opened, and no other one.
    #[test]
    fn each_message_answers_for_itself(
        all in proptest::collection::vec(key(), 1..4),
        fates in proptest::collection::vec(any::<Fate>(), 0..9),
        more in proptest::collection::vec(11u32..20, 0..3),
        form in prop_oneof![Just("SEARCH"), Just("UID SEARCH"), Just("SORT (DATE) UTF-8"), Just("UID SORT (DATE) UTF-8")],
    ) {
        let all = Key::And(all);
        let criteria = all.write();
        let text = format!("a {form} {criteria} SUBJECT x\r\n");
        let wanted_by = Key::And(vec![all, Key::X]);
        let mailbox: Vec<Stored> = fates.iter().zip(1..).map(|(fate, n)| Stored { uid: n + n / 3, flagged: fate.0, x: fate.1 }).collect();
        let with = |has: &dyn Fn(&Fate) -> bool| -> Ranges {
            let some = fates.iter().zip(&mailbox).filter(|(fate, _)| fate.2 && has(fate));
            some.map(|(_, m)| m.uid).collect()
        };
        let texts = criteria.matches("SUBJECT").count() + 1;
        let verdicts = criteria.match_indices("KEYWORD $Souspli").map(|(at, _)| if criteria[at..].starts_with("KEYWORD $SouspliV") {
            with(&|fate| fate.4)
        } else {
            with(&|fate| fate.5)
        });
        let known = Known {
            messages: with(&|_| true).or(&ranges(&more)),
            texts: vec![with(&|fate| fate.3).or(&ranges(&more)); texts],
            verdicts: verdicts.collect(),
        };
        if known.messages.is_empty() {
            return Ok(());
        }
        let wanted: Vec<u32> = fates.iter().zip(&mailbox).zip(1..).filter(|((fate, m), number)| {
            let (opened, x, verified, altered) = (fate.2, fate.3, fate.4, fate.5);
            let verdict = (opened && verified, opened && altered);
            wanted_by.holds(*number, m.uid, m.flagged, m.x || (opened && x), verdict)
        }).map(|((_, m), number)| if form.starts_with("UID") { m.uid } else { number }).collect();
        prop_assert_eq!(told(&text, &mailbox, known), wanted, "{}", text);
    }
}
