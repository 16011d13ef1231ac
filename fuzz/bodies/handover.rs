//! A provider that says anything: no panic, and the letter is given only where it asked for it.

use souspli::base::Address;
use souspli::config::ServerTls;
use souspli::policy::{Envelope, Recipient};
use souspli::smime::Flow;
use souspli::smtp::handover::{Action, Event, Form, GroupCopy, Handover};

const LETTER: &[u8] = b"THE LETTER\r\n";

/// One input.
pub fn run(input: &[u8]) {
    let mut handover = Handover::new(ServerTls::Implicit, None);
    let Ok(address) = Address::parse("a@b.fr") else { return };
    let recipients = [Recipient::plain(address.clone()), Recipient::plain(address)];
    let envelope = Envelope {
        from: None,
        recipients: Vec::new(),
        eight_bit: false,
        smtputf8: false,
        ret: None,
        envid: None,
    };
    let letter = Flow::from(LETTER);
    let copy = GroupCopy {
        recipients: &recipients,
        message: &letter,
        form: Form::Sealed,
    };
    let mut asked = false;
    for piece in input.split_inclusive(|b| *b == b'\n') {
        asked |= piece.starts_with(b"354");
        let mut actions = handover.input(Event::Bytes(piece));
        while let Some(action) = actions.pop() {
            match action {
                Action::Send(octets) => assert!(!octets.windows(6).any(|w| w == b"LETTER")),
                Action::SendContent => assert!(asked),
                Action::Ready if handover.is_usable() => actions.extend(handover.begin(&envelope, &copy)),
                Action::Group(_) if handover.is_usable() => asked = false,
                Action::StartTls => actions.extend(handover.input(Event::TlsReady)),
                Action::Ready | Action::Group(_) | Action::LoginRefused(_) | Action::Failed(_) => {}
            }
        }
    }
}
