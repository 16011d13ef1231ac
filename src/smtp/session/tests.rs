//! What dialogs cannot say: time, bounds, and the pieces that octets come in.

use super::*;
use crate::base::limits::SMTP_RECIPIENTS_MAX;
use proptest::prelude::*;

/// Feeds octets and answers every question with success; what the mail program reads, and the submissions.
fn play(session: &mut Session, input: &[u8]) -> (String, Vec<Submission>) {
    let (mut said, mut submitted) = (String::new(), Vec::new());
    let mut actions = session.input(Event::Bytes(input));
    while !actions.is_empty() {
        let mut next = Vec::new();
        for action in actions {
            match action {
                Action::Send(octets) => said += &String::from_utf8(octets).unwrap(),
                Action::Login(_) => next.extend(session.input(Event::LoggedIn(Capabilities::default()))),
                Action::MakeRoom(_) => next.extend(session.input(Event::Room)),
                Action::StartTls => next.extend(session.input(Event::TlsReady)),
                Action::Submit(submission) => {
                    submitted.push(submission);
                    next.extend(session.input(Event::Answered(Reply::new(250, "ok"))));
                }
                Action::Close => said += "(closed)",
            }
        }
        actions = next;
    }
    (said, submitted)
}

fn logged_in() -> Session {
    let (mut session, _) = Session::new(Capabilities::default(), StartTls::NotOffered);
    let (said, _) = play(&mut session, b"EHLO x\r\nAUTH PLAIN AG1lAHB3\r\n");
    assert!(said.ends_with("235 2.7.0 Authentifie\r\n"), "{said}");
    session
}

#[test]
fn silence_in_the_middle_of_data_sends_nothing() {
    let mut session = logged_in();
    let (said, _) = play(&mut session, b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf\r\n");
    assert!(said.contains("\r\n354 "), "{said}");
    let actions = session.input(Event::TimedOut);
    assert!(
        matches!(&actions[..], [Action::Send(octets), Action::Close] if octets.starts_with(b"421 ")),
        "{actions:?}"
    );
    assert!(session.input(Event::Bytes(b"\r\n.\r\n")).is_empty());
}

/// Begins a message; what is asked for when it outgrows what nobody must ask for.
fn outgrow(session: &mut Session, mail: &str) -> Option<usize> {
    let begin = format!("{mail}\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    assert!(play(session, begin.as_bytes()).0.contains("\r\n354 "));
    asked(session.input(Event::Bytes(&vec![b'x'; MESSAGE_WITHOUT_ASKING + 1])))
}

fn asked(actions: Vec<Action>) -> Option<usize> {
    actions.into_iter().find_map(|action| match action {
        Action::MakeRoom(octets) => Some(octets),
        _ => None,
    })
}

#[test]
fn a_large_message_asks_for_room_once_and_waits() {
    let most = usize::try_from(Capabilities::default().submission_max()).unwrap();
    for (mail, wanted) in [
        ("MAIL FROM:<a@b> SIZE=8000000", 9_000_000),
        ("MAIL FROM:<a@b>", most),
        ("MAIL FROM:<a@b> SIZE=1", most),
    ] {
        let mut session = logged_in();
        assert_eq!(outgrow(&mut session, mail), Some(wanted), "{mail}");
        assert!(!session.wants_bytes() && session.holds_message());
        assert!(session.input(Event::Room).is_empty());
        let (said, submitted) = play(&mut session, b"y\r\n.\r\n");
        assert_eq!(
            (said.as_str(), submitted[0].message.len()),
            ("250 ok\r\n", MESSAGE_WITHOUT_ASKING + 4)
        );
        assert!(!session.holds_message());
    }
}

#[test]
fn who_declares_too_little_may_be_told_to_come_later() {
    let mut session = logged_in();
    assert_eq!(outgrow(&mut session, "MAIL FROM:<a@b> SIZE=600000"), Some(675_000));
    session.input(Event::Room);
    let more = asked(session.input(Event::Bytes(&[b'x'; 200_000])));
    assert_eq!(more.map(|octets| octets > 675_000), Some(true));
    session.input(Event::NoRoom);
    let (said, submitted) = play(&mut session, b"y\r\n.\r\nNOOP\r\n");
    assert!(said.starts_with("452 4.3.1 ") && said.ends_with("250 2.0.0 OK\r\n"), "{said}");
    assert!(submitted.is_empty());
}

#[test]
fn recipients_are_bounded() {
    let mut session = logged_in();
    play(&mut session, b"MAIL FROM:<a@b>\r\n");
    for n in 0..SMTP_RECIPIENTS_MAX {
        assert!(play(&mut session, format!("RCPT TO:<{n}@d>\r\n").as_bytes()).0.starts_with("250 "));
    }
    let (said, submitted) = play(&mut session, b"RCPT TO:<more@d>\r\nDATA\r\n");
    assert!(said.starts_with("452 4.5.3") && said.contains("\r\n554 5.5.1 ") && submitted.is_empty());
}

#[test]
fn a_line_without_end_is_not_kept() {
    let mut session = logged_in();
    for _ in 0..100 {
        assert_eq!(play(&mut session, &[b'a'; 4096]).0, "");
        assert!(session.buffer.len() <= SMTP_LINE_MAX + 4096);
    }
    assert_eq!(
        play(&mut session, b"\r\nNOOP\r\n").0,
        "500 5.5.2 Ligne de commande incorrecte\r\n250 2.0.0 OK\r\n"
    );
    let (mut fresh, _) = Session::new(Capabilities::default(), StartTls::NotOffered);
    play(&mut fresh, b"HELO x\r\nAUTH LOGIN\r\n");
    assert!(play(&mut fresh, b"bWU=\n").0.starts_with("500 "));
    assert!(play(&mut fresh, b"NOOP\r\n").0.starts_with("250 "), "the exchange did not end");
}

#[test]
fn a_tls_client_on_the_clear_port_is_told_to_go() {
    let (mut session, _) = Session::new(Capabilities::default(), StartTls::Offered);
    assert!(play(&mut session, &[0x16, 3, 1, 2]).0.ends_with("(closed)"));
}

const SCRIPT: &[u8] = b"MAIL FROM:<a@b>\r\nRCPT TO:<>\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\none\r\n..two\r\n.\r\nRSET\r\n\
    MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nbare\n.\r\n.\r\nNOOP\nMAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nQUIT\r\nNOOP\r\n";

proptest! {
    #[test]
    fn pieces_do_not_matter(cuts in proptest::collection::vec(0..SCRIPT.len(), 0..20)) {
        let whole = play(&mut logged_in(), SCRIPT);
        let mut bounds = cuts;
        bounds.extend([0, SCRIPT.len()]);
        bounds.sort_unstable();
        let mut session = logged_in();
        let (mut said, mut submitted) = (String::new(), Vec::new());
        for pair in bounds.windows(2) {
            let (more, submissions) = play(&mut session, &SCRIPT[pair[0]..pair[1]]);
            said += &more;
            submitted.extend(submissions);
        }
        prop_assert_eq!(said, whole.0);
        let messages = |list: &[Submission]| list.iter().map(|s| s.message.clone()).collect::<Vec<_>>();
        prop_assert_eq!(messages(&submitted), messages(&whole.1));
        prop_assert_eq!(messages(&submitted), vec![b"one\r\n.two\r\n".to_vec(), Vec::new()]);
    }

    #[test]
    fn any_octets_do(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        play(&mut logged_in(), &input);
    }
}
