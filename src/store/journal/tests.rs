use super::file::{Book, OnDisk};
use super::*;
use crate::base::limits::{JOURNAL_BREAKS_MAX, JOURNAL_CUT_AT_ONCE, JOURNAL_PAGE_MAX, JOURNAL_WAITING_MAX};
use rusqlite::Connection;
use std::fs;

mod cuts;
mod lost;
mod touched;

#[test]
fn entries_come_back_in_order_by_pages_in_both_directions() {
    let desk = Desk::new();
    desk.write(25);
    let reader = Reader::open(&desk.home).unwrap().unwrap();
    let forth = all(&reader, &Query::default(), Order::OldestFirst, 7);
    assert_eq!(forth, (1..=25).collect::<Vec<u64>>());
    let back = all(&reader, &Query::default(), Order::NewestFirst, 7);
    assert_eq!(back, (1..=25).rev().collect::<Vec<u64>>());
    let one = all(&reader, &Query::default(), Order::NewestFirst, 25);
    assert_eq!(one.len(), 25);
}

#[test]
fn entries_are_found_by_what_is_asked() {
    let desk = Desk::new();
    let bob = Address::parse("bob@b.fr").unwrap();
    desk.write(3);
    desk.journal.record(&entry(100, "x")).unwrap();
    let sent = JournalEntry {
        recipient_ids: vec![desk.journal.recipient_id(&bob).unwrap()],
        message: Some(desk.journal.pseudonym("<1@x>").unwrap()),
        ..JournalEntry::of_home(UnixTime(200), Event::Refuse, "SP-X")
    };
    desk.journal.record(&sent).unwrap();
    let reader = Reader::open(&desk.home).unwrap().unwrap();
    let found = |query: Query| all(&reader, &query, Order::OldestFirst, 10);
    let default = Query::default;
    let queries = [
        (
            Query {
                since: Some(UnixTime(100)),
                ..default()
            },
            vec![4, 5],
        ),
        (
            Query {
                until: Some(UnixTime(100)),
                ..default()
            },
            vec![1, 2, 3],
        ),
        (
            Query {
                events: vec![Event::Refuse],
                ..default()
            },
            vec![5],
        ),
        (
            Query {
                account: Some("A@b.fr".into()),
                ..default()
            },
            vec![1, 2, 3, 4],
        ),
        (
            Query {
                code: Some("x".into()),
                ..default()
            },
            vec![4],
        ),
        (
            Query {
                message: Some(pseudonym(&desk.secrets, " <1@x>").unwrap()),
                ..default()
            },
            vec![5],
        ),
        (
            Query {
                recipient: Some(recipient_id(&desk.secrets, &bob).unwrap()),
                ..default()
            },
            vec![5],
        ),
        (
            Query {
                recipient: Some("no".into()),
                ..default()
            },
            vec![],
        ),
    ];
    for (query, wanted) in queries {
        assert_eq!(found(query.clone()), wanted, "{query:?}");
    }
}

#[test]
fn a_home_without_a_journal_has_none_and_gets_none_by_reading() {
    let desk = Desk::new();
    assert!(Reader::open(&desk.home).unwrap().is_none());
    assert!(!desk.home.journal().exists());
    assert_eq!(desk.verified(), (0, None));
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.write(2);
    let mut files = 0;
    for file in fs::read_dir(desk.home.root()).unwrap().flatten() {
        if file.file_name().to_string_lossy().starts_with("journal.") {
            files += 1;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }
    assert_eq!(files, 6, "the entries, their log, its index, the head, the reserve and its lock");
}

#[test]
fn neither_message_nor_recipient_is_named() {
    let desk = Desk::new();
    let patient = Address::parse("jeanne@patient.fr").unwrap();
    desk.journal
        .record(&JournalEntry {
            message: Some(desk.journal.pseudonym("<x@patient.fr>").unwrap()),
            recipient_ids: vec![desk.journal.recipient_id(&patient).unwrap()],
            ..entry(0, "ok")
        })
        .unwrap();
    for file in fs::read_dir(desk.home.root()).unwrap().flatten().filter(|f| f.path().is_file()) {
        let bytes = fs::read(file.path()).unwrap();
        assert_eq!(memchr::memmem::find(&bytes, b"patient"), None, "{file:?}");
    }
}

#[test]
fn a_damaged_file_is_set_aside_and_the_entry_is_written_all_the_same() {
    for (at, length) in [(0, 100), (0, 8192), (4096, 4096)] {
        let desk = Desk::new();
        desk.write(3);
        desk.close();
        let mut bytes = fs::read(desk.home.journal()).unwrap();
        let end = (at + length).min(bytes.len());
        bytes[at..end].fill(0x5a);
        fs::write(desk.home.journal(), &bytes).unwrap();
        assert_eq!(desk.verified().1, Some(Break::Unreadable));
        let journal = Journal::new(&desk.home, &desk.secrets);
        journal.record(&entry(9, "ok")).unwrap();
        assert_eq!(desk.codes(), ["SP-JOURNAL-GONE", "ok"]);
        assert_eq!(desk.verified().1, Some(Break::Told(4)));
        assert_eq!(desk.files("journal.damaged-"), 1, "for whoever can still read something in it");
        let later = UnixTime(i64::from(u32::MAX));
        journal.cut(6, later).unwrap();
        assert_eq!(desk.files("journal.damaged-"), 1, "a clock that jumped takes it neither");
        for days in [8, 0] {
            journal.record(&entry(later.0 - days * 86_400, "ok")).unwrap();
        }
        journal.cut(6, later).unwrap();
        assert_eq!(desk.files("journal.damaged-"), 0, "nor is that kept for longer");
    }
}

#[test]
fn a_journal_of_a_later_version_is_left_alone() {
    let desk = Desk::new();
    desk.write(1);
    desk.tamper("PRAGMA user_version = 2");
    let refused = Journal::new(&desk.home, &desk.secrets).record(&entry(9, "ok"));
    assert!(matches!(refused, Err(StoreError::NewerJournal(_))), "{refused:?}");
    assert_eq!(desk.files("journal.damaged-"), 0);
}

#[test]
fn what_the_disk_does_not_take_waits_for_the_next() {
    let desk = Desk::new();
    desk.write(1);
    let mut other = Book::open(&desk.home).unwrap();
    let held = other.change(OnDisk::Now).unwrap();
    let begun = std::time::Instant::now();
    assert!(desk.journal.record(&entry(1, "waits")).is_err());
    assert!(begun.elapsed().as_secs() < 5, "nobody waits long for it");
    drop(held);
    desk.journal.record(&entry(2, "next")).unwrap();
    assert_eq!(desk.codes(), ["ok", "waits", "next"]);
    assert_eq!(desk.verified(), (3, None));
}

#[test]
fn what_waits_is_bounded() {
    let desk = Desk::new();
    fs::create_dir(desk.home.journal()).unwrap();
    let mut pen = Pen::default();
    for n in 0..JOURNAL_WAITING_MAX as i64 + 5 {
        assert!(pen.write(&desk.home, None, &entry(n, "ok")).is_err());
        assert!(pen.waiting.len() <= JOURNAL_WAITING_MAX);
    }
}

#[test]
fn many_writers_make_one_chain() {
    let desk = Desk::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (home, secrets) = (&desk.home, &desk.secrets);
            scope.spawn(move || {
                let journal = Journal::new(home, secrets);
                for n in 0..15 {
                    match writer {
                        // Nobody writes for longer than the others wait, unless the computer has much else to do.
                        0 => while record(home, &entry(n, "ok")).is_err() {},
                        _ => drop(journal.record(&entry(n, "ok"))),
                    }
                }
                while journal.write_queued().is_err() {}
            });
        }
    });
    assert_eq!(desk.verified(), (60, None));
}

#[test]
fn a_journal_of_lines_is_taken_over_once() {
    let desk = Desk::new();
    let line = |code: &str| {
        format!("{{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"seal\",\"account\":\"a@b.fr\",\"recipients\":1,\"code\":\"{code}\"}}\n")
    };
    let root = desk.home.root();
    fs::write(root.join("journal.1.jsonl"), line("first") + &line("second")).unwrap();
    fs::write(root.join("journal.jsonl"), line("third") + "{\"time\":").unwrap();
    desk.write(1);
    let codes = ["first", "second", "taken-over", "third", "taken-over", "ok"];
    assert_eq!(desk.codes(), codes);
    let reader = Reader::open(&desk.home).unwrap().unwrap();
    let page = reader.page(&Query::default(), Order::OldestFirst, None, 10).unwrap();
    let marked: Vec<bool> = page.entries.iter().map(|noted| noted.entry.taken_over).collect();
    assert_eq!(marked, [true, true, false, true, false, false]);
    assert_eq!(
        (desk.files("journal.unread-"), desk.verified()),
        (1, (6, None)),
        "half a line is kept for a while"
    );
    assert!(!root.join("journal.1.jsonl").exists() && !root.join("journal.jsonl").exists());
    // As if the program had been ended before the file was removed.
    fs::write(root.join("journal.1.jsonl"), line("first") + &line("second")).unwrap();
    assert_eq!(desk.codes(), codes);
    assert!(!root.join("journal.1.jsonl").exists());
}

#[test]
fn a_journal_of_lines_is_taken_over_into_a_file_that_is_damaged() {
    let desk = Desk::new();
    fs::write(desk.home.journal(), [0x5a; 9000]).unwrap();
    let line = "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"seal\",\"code\":\"first\"}\n";
    fs::write(desk.home.root().join("journal.jsonl"), line).unwrap();
    desk.write(1);
    assert_eq!(desk.codes(), ["first", "taken-over", "ok"]);
    assert_eq!((desk.files("journal.damaged-"), desk.files("journal.taking")), (1, 0));
}

#[test]
fn an_entry_with_too_much_in_its_lists_is_written_without_them() {
    let desk = Desk::new();
    let long = JournalEntry {
        certificates: vec!["00".repeat(20); 2_000],
        recipients: 2_000,
        ..entry(0, "ok")
    };
    desk.journal.record(&long).unwrap();
    let reader = Reader::open(&desk.home).unwrap().unwrap();
    let page = reader.page(&Query::default(), Order::OldestFirst, None, JOURNAL_PAGE_MAX).unwrap();
    let kept = &page.entries[0].entry;
    assert_eq!((kept.certificates.len(), kept.recipients), (0, 2_000));
}

/// A home at work.
struct Desk {
    _guard: tempfile::TempDir,
    home: Home,
    secrets: Secrets,
    journal: Journal,
}

impl Desk {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let home = Home::open(guard.path()).unwrap();
        let secrets = Secrets::ephemeral().unwrap();
        let journal = Journal::new(&home, &secrets);
        Self {
            _guard: guard,
            home,
            secrets,
            journal,
        }
    }

    fn write(&self, entries: i64) {
        (0..entries).for_each(|n| self.journal.record(&entry(n, "ok")).unwrap());
    }

    fn verified(&self) -> (u64, Option<Break>) {
        let found = verify(&self.home, &self.secrets).unwrap();
        (found.entries, found.breaks.first().cloned())
    }

    fn codes(&self) -> Vec<String> {
        let reader = Reader::open(&self.home).unwrap().unwrap();
        let (mut codes, mut from) = (Vec::new(), None);
        loop {
            let page = reader.page(&Query::default(), Order::OldestFirst, from, JOURNAL_PAGE_MAX).unwrap();
            codes.extend(page.entries.into_iter().map(|noted| noted.entry.code));
            from = page.next;
            if from.is_none() {
                return codes;
            }
        }
    }

    /// The writer lets go of the file; what is in the log comes into it.
    fn close(&self) {
        *self.journal.pen() = Pen::default();
    }

    /// By somebody who can write the file.
    fn tamper(&self, statement: &str) {
        let connection = Connection::open(self.home.journal()).unwrap();
        connection.execute_batch(statement).unwrap();
    }

    /// Everything from that number on edited, with hashes that fit and no seals.
    fn forge_from(&self, number: i64) {
        let connection = Connection::open(self.home.journal()).unwrap();
        let previous = connection.query_row("SELECT hash FROM entries WHERE number = ?1", [number - 1], |row| row.get(0));
        let mut hash: chain::Digest = previous.unwrap_or_default();
        let last: i64 = connection
            .query_row("SELECT max(number) FROM entries", [], |row| row.get(0))
            .unwrap();
        for number in number..=last {
            let text = entry(number, "forged").json();
            hash = chain::link(number as u64, &hash, &text);
            connection
                .execute(
                    "UPDATE entries SET entry = ?2, hash = ?3, seal = NULL WHERE number = ?1",
                    (number, text, hash.as_slice()),
                )
                .unwrap();
        }
    }

    fn files(&self, prefix: &str) -> usize {
        let files = fs::read_dir(self.home.root()).unwrap().flatten();
        files.filter(|f| f.file_name().to_string_lossy().starts_with(prefix)).count()
    }
}

fn entry(at: i64, code: &str) -> JournalEntry {
    JournalEntry::new(UnixTime(at), Event::Seal, &Address::parse("a@b.fr").unwrap(), code)
}

fn all(reader: &Reader, query: &Query, order: Order, most: usize) -> Vec<u64> {
    let (mut numbers, mut from) = (Vec::new(), None);
    loop {
        let page = reader.page(query, order, from, most).unwrap();
        assert!(page.entries.len() <= most);
        numbers.extend(page.entries.iter().map(|noted| noted.number));
        from = page.next;
        if from.is_none() {
            return numbers;
        }
    }
}
