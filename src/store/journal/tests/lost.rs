//! What stands in the way of the journal: nothing is lost where it can be kept, and what is lost is told.

use super::*;

#[test]
fn what_the_disk_never_takes_is_laid_beside_and_taken_over() {
    let desk = Desk::new();
    fs::create_dir(desk.home.journal()).unwrap();
    let all = JOURNAL_WAITING_MAX as i64 + 5;
    for n in 0..all {
        assert!(desk.journal.record(&entry(n, "ok")).is_err());
    }
    assert_eq!(told(&desk), ["SP-JOURNAL-WAITS"]);
    assert!(desk.home.root().join("journal.jsonl").exists());
    fs::remove_dir(desk.home.journal()).unwrap();
    desk.journal.record(&entry(all, "last")).unwrap();
    let codes = desk.codes();
    assert_eq!(codes.iter().filter(|code| *code == "ok").count() as i64, all);
    assert_eq!(told(&desk), [] as [&str; 0]);
    assert_eq!(desk.verified().1, None);
}

#[test]
fn what_is_lost_is_told_and_stays_in_the_journal() {
    let desk = Desk::new();
    let lock = desk.home.root().join("lock");
    let _ = fs::remove_file(&lock);
    for name in [&desk.home.journal(), &lock] {
        fs::create_dir(name).unwrap();
    }
    for n in 0..JOURNAL_WAITING_MAX as i64 + 3 {
        assert!(desk.journal.record(&entry(n, "ok")).is_err());
    }
    assert_eq!(told(&desk), ["SP-JOURNAL-LOST", "SP-JOURNAL-WAITS"]);
    for name in [&desk.home.journal(), &lock] {
        fs::remove_dir(name).unwrap();
    }
    desk.journal.record(&entry(9, "last")).unwrap();
    assert_eq!(desk.codes().iter().filter(|code| *code == "SP-JOURNAL-LOST").count(), 1);
    assert_eq!(desk.codes().len(), JOURNAL_WAITING_MAX + 2);
    assert!(
        matches!(desk.verified().1, Some(Break::Told(_))),
        "a journal that lost something is not whole"
    );
    assert_eq!(told(&desk), ["SP-JOURNAL-LOST"], "for as long as the program runs");
}

#[test]
fn what_waits_at_the_end_is_laid_beside() {
    let desk = Desk::new();
    desk.write(1);
    desk.tamper("PRAGMA user_version = 2");
    desk.close();
    assert!(desk.journal.record(&entry(1, "later")).is_err());
    desk.journal.settle();
    // The later version comes back, whose journal it is.
    desk.tamper("PRAGMA user_version = 1");
    let next = Journal::new(&desk.home, &desk.secrets);
    next.record(&entry(2, "next")).unwrap();
    assert_eq!(desk.codes(), ["ok", "later", "next"]);
}

#[test]
fn half_a_line_beside_swallows_no_other() {
    let desk = Desk::new();
    desk.write(1);
    fs::write(desk.home.root().join("journal.jsonl"), "{\"time\":\"2026-01-01T0").unwrap();
    lines::lay(&desk.home, &entry(1, "later").json()).unwrap();
    desk.journal.record(&entry(2, "next")).unwrap();
    assert_eq!(desk.codes(), ["ok", "later", "taken-over", "next"]);
}

#[test]
fn a_folder_in_the_place_of_old_lines_stops_nothing() {
    for name in ["journal.taking.jsonl", "journal.jsonl", "journal.1.jsonl"] {
        let desk = Desk::new();
        fs::create_dir(desk.home.root().join(name)).unwrap();
        desk.write(2);
        assert_eq!(desk.codes(), ["ok", "ok"], "{name}");
        assert!(!desk.home.root().join(name).exists(), "{name}");
    }
}

#[test]
fn a_line_that_is_too_long_stops_nothing() {
    let desk = Desk::new();
    let line = |code: &str| format!("{{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"seal\",\"code\":\"{code}\"}}\n");
    fs::write(
        desk.home.root().join("journal.jsonl"),
        line(&"x".repeat(200 << 10)) + &line("short"),
    )
    .unwrap();
    desk.write(1);
    assert_eq!(desk.codes(), ["short", "taken-over", "ok"]);
    assert_eq!(desk.files("journal.unread-"), 1);
}

// Windows lets nobody take a file away that is open.
#[cfg(unix)]
#[test]
fn a_row_that_leaves_no_room_behind_it_is_damage() {
    for statement in [
        "INSERT INTO entries VALUES (9223372036854775807, 'x', zeroblob(32), NULL)",
        "INSERT INTO entries VALUES (3, printf('%.*c', 300000, 'x'), zeroblob(32), NULL)",
        "INSERT INTO entries VALUES (3, 'x', zeroblob(300000), NULL)",
    ] {
        let desk = Desk::new();
        desk.write(2);
        desk.tamper(statement);
        let journal = Journal::new(&desk.home, &desk.secrets);
        assert!(desk.verified().1.is_some(), "{statement}");
        for n in 0..3 {
            journal.record(&entry(n, "after")).unwrap();
        }
        assert_eq!(desk.codes().iter().filter(|code| *code == "after").count(), 3, "{statement}");
    }
}

#[test]
fn a_journal_that_somebody_holds_is_not_read_as_it_was_before() {
    let desk = Desk::new();
    desk.write(3);
    desk.close();
    let other = Connection::open(desk.home.journal()).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM entries WHERE number = 3; COMMIT")
        .unwrap();
    let read = Reader::open(&desk.home).map(|reader| reader.map(|reader| all(&reader, &Query::default(), Order::OldestFirst, 10)));
    assert!(
        matches!(&read, Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::ResourceBusy),
        "{read:?}"
    );
    drop(other);
    assert_eq!(desk.codes().len(), 2);
}

#[test]
fn every_break_is_told_up_to_a_bound() {
    let desk = Desk::new();
    desk.write(100);
    desk.tamper("UPDATE entries SET entry = replace(entry, 'ok', 'no') WHERE number IN (4, 9); DELETE FROM entries WHERE number = 20");
    let found = verify(&desk.home, &desk.secrets).unwrap();
    assert_eq!(found.breaks, [Break::Changed(4), Break::Changed(9), Break::Missing(20)]);
    desk.tamper("UPDATE entries SET entry = replace(entry, 'ok', 'no') WHERE number > 20");
    let found = verify(&desk.home, &desk.secrets).unwrap();
    assert_eq!(
        (found.breaks.len(), found.more),
        (JOURNAL_BREAKS_MAX, 82 - JOURNAL_BREAKS_MAX as u64)
    );
}

fn told(desk: &Desk) -> Vec<&'static str> {
    desk.journal.trouble().iter().map(|why| why.code).collect()
}

/// Somebody keeps the journal for himself: nothing is written into it, as on a full disk, but the reserve takes octets.
fn shut(desk: &Desk) {
    desk.tamper("PRAGMA user_version = 2");
    desk.close();
}

fn open_again(desk: &Desk) -> Journal {
    desk.tamper("PRAGMA user_version = 1");
    Journal::new(&desk.home, &desk.secrets)
}

#[test]
fn what_a_program_ended_by_force_could_not_write_stands_in_the_reserve() {
    let desk = Desk::new();
    desk.write(1);
    shut(&desk);
    for n in 1..4 {
        assert!(desk.journal.record(&entry(n, "kept")).is_err());
    }
    assert_eq!(reserve::Found::look(&desk.home).unwrap().entries.len(), 3, "before it is answered");
    desk.close();
    let next = open_again(&desk);
    next.record(&entry(9, "next")).unwrap();
    assert_eq!(desk.codes(), ["ok", "kept", "kept", "kept", "next"]);
    assert_eq!((desk.verified(), next.trouble()), ((5, None), Vec::new()));
    assert_eq!(
        reserve::Found::look(&desk.home).unwrap(),
        reserve::Found::default(),
        "and once only"
    );
}

#[test]
fn what_was_written_after_all_leaves_the_reserve() {
    let desk = Desk::new();
    desk.write(1);
    shut(&desk);
    assert!(desk.journal.record(&entry(1, "kept")).is_err());
    desk.tamper("PRAGMA user_version = 1");
    // Neither a command nor another program takes what one at work has.
    record(&desk.home, &entry(2, "command")).unwrap();
    desk.journal.write_queued().unwrap();
    assert_eq!(desk.codes(), ["ok", "command", "kept"]);
    desk.close();
    Journal::new(&desk.home, &desk.secrets).record(&entry(3, "next")).unwrap();
    assert_eq!(desk.codes(), ["ok", "command", "kept", "next"]);
}

#[test]
fn what_the_reserve_has_no_room_for_is_counted_there() {
    let desk = Desk::new();
    desk.write(1);
    shut(&desk);
    let all = JOURNAL_WAITING_MAX as i64;
    for n in 1..=all {
        assert!(desk.journal.record(&entry(n, "ok")).is_err());
    }
    let there = reserve::Found::look(&desk.home).unwrap();
    assert_eq!((there.lost.count, there.entries.len() as i64 + there.memory.count as i64), (0, all));
    assert!(there.memory.count > 0, "more than there is room for");
    // Ended by force.
    desk.close();
    desk.tamper("PRAGMA user_version = 1");
    let lost = there.memory.count;
    assert!(
        matches!(desk.verified().1, Some(Break::Lost(count, _)) if count == lost),
        "before the next start too"
    );
    let next = Journal::new(&desk.home, &desk.secrets);
    next.record(&entry(0, "next")).unwrap();
    assert_eq!(desk.codes().len() as u64, 1 + there.entries.len() as u64 + 2);
    assert_eq!(desk.codes().iter().filter(|code| *code == "SP-JOURNAL-LOST").count(), 1);
    assert!(matches!(desk.verified().1, Some(Break::Told(_))));
    assert_eq!(next.trouble().iter().map(|why| why.code).collect::<Vec<_>>(), ["SP-JOURNAL-LOST"]);
}

#[test]
fn half_a_line_in_the_reserve_is_one_that_is_lost() {
    let desk = Desk::new();
    desk.write(1);
    shut(&desk);
    assert!(desk.journal.record(&entry(1, "kept")).is_err());
    assert!(desk.journal.record(&entry(2, "half")).is_err());
    desk.close();
    let octets = fs::read(desk.home.journal_reserve()).unwrap();
    let at = memchr::memmem::find(&octets, b"half").unwrap();
    let mut torn = octets.clone();
    torn[at..].fill(b'\n');
    fs::write(desk.home.journal_reserve(), &torn).unwrap();
    open_again(&desk).record(&entry(9, "next")).unwrap();
    assert_eq!(desk.codes(), ["ok", "SP-JOURNAL-LOST", "kept", "next"]);
    let now = fs::read(desk.home.journal_reserve()).unwrap();
    assert_eq!(
        (now.len(), now.iter().all(|b| *b == b'\n')),
        (octets.len(), true),
        "of the same length, and empty"
    );
}
