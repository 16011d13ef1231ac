//! Any payload of any stored message: its letter is shown without a panic, what changes in the header is kept and read again,
//! and what is written here is read here.
use souspli::mime::canonical::is_seven_bit;
use souspli::mime::header::Header;
use souspli::smime::header_protection::{Purpose, Subject, hidden_subject, outer_header, protected};
use souspli::smime::opened::{Encryption, Layer, Opened};
use souspli::view::Restored;
use souspli::view::legacy_display;
use souspli::view::letter::{HeaderShown, letter, senders};
use souspli::view::restored::{Author, FromShown};

/// One input.
pub fn run(data: &[u8]) {
    let cut = data.windows(2).position(|w| w == [0xff, 0xff]).unwrap_or(data.len() / 2);
    let (stored, content) = data.split_at(cut);
    read(stored, content.to_vec());
    let sealed = Purpose::Sealed(Subject::Hidden);
    let displayed = hidden_subject(data, sealed).and_then(|subject| legacy_display::insert(data, &subject));
    let message = displayed.unwrap_or_else(|| data.to_vec()).into();
    read(&outer_header(data, sealed), protected(data, &message, sealed).stretches().concat());
}

fn read(stored: &[u8], content: Vec<u8>) {
    let encryption = Encryption {
        recipients: 1,
        content: String::new(),
        key: String::new(),
        authenticated: true,
        obsolete: Vec::new(),
    };
    let opened = Opened {
        content,
        layers: vec![Layer::Encrypted(encryption)],
        certificates: Vec::new(),
        unwrapped: Vec::new(),
    };
    senders(Some(&opened), stored);
    for header in [HeaderShown::Protected, HeaderShown::Stored] {
        for from in [FromShown::Inner, FromShown::Outer] {
            for author in [Author::Owner, Author::Other] {
                of_letter(letter(&opened, stored, from, author, header).restored, stored);
            }
        }
    }
    Restored::from_bytes(stored);
}

fn of_letter(restored: Restored, stored: &[u8]) {
    assert!(restored.names().all(|name| is_seven_bit(restored.of(name).unwrap_or_default())));
    if let Some(octets) = restored.to_bytes() {
        assert_eq!(Restored::from_bytes(&octets).as_ref(), Some(&restored));
    }
    restored.applied(&Header::parse(stored).0);
}
