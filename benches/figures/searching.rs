//! A search in a mailbox of sealed messages that were all opened once.

use souspli::store::index::Indexed;
use souspli::store::{Home, Index, Secrets};
use souspli::view::searchable::Seeker;
use souspli::view::sought::{Sought, Within};

const MESSAGES: u32 = 10_000;
/// Octets of the text of each.
const TEXT: usize = 2_000;
const PLACE: Indexed<'static> = Indexed {
    account: "alice@lab.test",
    mailbox: "INBOX",
    uidvalidity: 1,
};

pub struct Indexing {
    _home: tempfile::TempDir,
    index: Index,
}

impl Indexing {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let index = Index::new(&home, &Secrets::ephemeral().unwrap());
        for uid in 1..=MESSAGES {
            index.put(&PLACE, uid, &text(uid)).unwrap();
        }
        Self { _home: folder, index }
    }

    /// Seconds that the four keys of a mail program's usual search take.
    pub fn search(&self) -> f64 {
        let sought = [Within::From, Within::Subject, Within::To, Within::Body].map(|within| Sought::new(within, "patient 77").unwrap());
        let seeker = Seeker::new(&sought);
        let mut found = 0;
        let seconds = crate::measure::seconds(|| {
            self.index.each(&PLACE, |_, text| found += seeker.found(text).count()).unwrap();
        });
        assert_eq!(found, 111);
        seconds
    }
}

/// As `view::searchable` writes it: six lengths, then fields and text.
fn text(uid: u32) -> Vec<u8> {
    let mut body = format!("LE PATIENT {uid} A ÉTÉ VU CE JOUR. ");
    while body.len() < TEXT {
        body.push_str("EXAMEN CLINIQUE SANS PARTICULARITÉ, TENSION 12/8, GLYCÉMIE À JEUN NORMALE. ");
    }
    let stretches = ["DR BOB <BOB@LAB.TEST>", "ALICE@LAB.TEST", "", "", "BILAN", &body];
    let lengths = stretches.iter().flat_map(|stretch| (stretch.len() as u32).to_be_bytes());
    lengths.chain(stretches.concat().into_bytes()).collect()
}
