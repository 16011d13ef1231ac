//! A mail program that says anything: no panic, nothing is submitted before a login, and what is has whole lines.

use souspli::smtp::capabilities::Capabilities;
use souspli::smtp::session::{Action, Event, Session, StartTls};
use souspli::smtp::wire::Reply;

/// One input.
pub fn run(input: &[u8]) {
    let (mut session, _) = Session::new(Capabilities::default(), StartTls::Offered);
    let mut logged_in = false;
    for piece in input.chunks(97) {
        let mut actions = session.input(Event::Bytes(piece));
        while let Some(action) = actions.pop() {
            let event = match action {
                Action::Send(said) => {
                    assert!(said.ends_with(b"\r\n") && said.is_ascii());
                    continue;
                }
                Action::StartTls => {
                    logged_in = false;
                    Event::TlsReady
                }
                Action::Login(_) => {
                    logged_in = true;
                    Event::LoggedIn(Capabilities::default())
                }
                Action::MakeRoom(_) => Event::Room,
                Action::Submit(submission) => {
                    assert!(logged_in && !submission.envelope.recipients.is_empty());
                    let bare = |pair: &[u8]| (pair[0] == b'\r') != (pair[1] == b'\n');
                    assert!(!submission.message.windows(2).any(bare));
                    Event::Answered(Reply::new(250, "ok"))
                }
                Action::Close => return,
            };
            actions.extend(session.input(event));
        }
    }
}
