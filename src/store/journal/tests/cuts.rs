//! What is too old goes, and nothing else.

use super::*;

#[test]
fn what_is_too_old_goes_and_what_is_left_is_whole() {
    let desk = Desk::new();
    let now = UnixTime::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
    let day = |days: i64| now.plus(-days * 86_400);
    for days in [400, 190, 186, 184, 180, 150, 110, 70, 40, 1] {
        desk.journal.record(&entry(day(days).0, "ok")).unwrap();
    }
    assert!(desk.journal.cut(6, now).unwrap());
    assert!(!desk.journal.cut(6, now).unwrap(), "nothing is left to go today");
    let found = verify(&desk.home, &desk.secrets).unwrap();
    assert_eq!((found.entries, found.cut, found.breaks.first().cloned()), (8, 3, None));
    assert_eq!(found.first.unwrap().0, 4);
    assert_eq!(desk.codes()[6..], ["ok", "cut"]);
    assert!(desk.journal.cut(6, now.plus(2 * 86_400)).unwrap());
    assert_eq!(desk.verified(), (8, None), "a second cut follows upon the first");
    // The cut itself is no way to hide what went before its time.
    desk.tamper("DELETE FROM entries WHERE number < 10");
    assert_eq!(desk.verified().1, Some(Break::Beginning(10)));
}

#[test]
fn a_clock_that_was_wrong_neither_keeps_nor_takes_what_is_beside() {
    let desk = Desk::new();
    let now = UnixTime::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
    // The third was written under a clock of 2031, the last but one too; the fifth under one of 1970.
    for days in [400, 390, -1700, 380, 20_000, 9, -1700, 1] {
        desk.journal.record(&entry(now.plus(-days * 86_400).0, "ok")).unwrap();
    }
    desk.journal.cut(6, now).unwrap();
    let found = verify(&desk.home, &desk.secrets).unwrap();
    assert_eq!((found.entries, found.cut, found.breaks.first().cloned()), (4, 5, None));
}

#[test]
fn a_clock_that_jumped_ahead_takes_nothing_before_it_has_lasted() {
    let desk = Desk::new();
    let now = UnixTime::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
    let day = |days: i64| now.plus(days * 86_400);
    for days in -200..=0 {
        desk.journal.record(&entry(day(days).0, "ok")).unwrap();
    }
    // A year ahead, as a dead battery or a slip of the hand leaves it: the start is noted, letters are.
    for days in [365, 366, 367, 370] {
        desk.journal.record(&entry(day(days).0, "ahead")).unwrap();
        desk.journal.cut(6, day(days)).unwrap();
        let oldest = desk.codes().iter().filter(|code| *code == "ok").count();
        assert!((180..=190).contains(&oldest), "as of the day before it jumped: {oldest}");
    }
    // The clock is put right: as before.
    desk.journal.record(&entry(day(1).0, "right")).unwrap();
    desk.journal.cut(6, day(1)).unwrap();
    assert!(desk.codes().iter().filter(|code| *code == "ok").count() >= 180);
    // Or it was right, and its owner had been away: what is too old goes once a week has passed.
    for days in [365, 369, 373] {
        desk.journal.record(&entry(day(days).0, "ahead")).unwrap();
    }
    desk.journal.cut(6, day(373)).unwrap();
    assert!(!desk.codes().contains(&"ok".to_owned()));
}

#[test]
fn more_than_is_looked_at_behind_a_jump_takes_nothing() {
    let desk = Desk::new();
    let now = UnixTime::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
    desk.journal.record(&entry(now.0, "ok")).unwrap();
    let year_ahead = now.plus(365 * 86_400);
    // A mailbox read anew, each letter an entry.
    for n in 0..JOURNAL_CUT_AT_ONCE as i64 + 1 {
        desk.journal.pen().queue(&entry(year_ahead.plus(n / 100).0, "ahead"));
    }
    desk.journal.write_queued().unwrap();
    desk.journal.cut(6, year_ahead.plus(86_400)).unwrap();
    assert_eq!(desk.codes()[0], "ok");
}

#[test]
fn numbers_left_out_push_nothing_out() {
    let desk = Desk::new();
    let now = UnixTime::from_rfc3339("2026-11-23T10:00:00Z").unwrap();
    desk.journal.record(&entry(now.0, "ok")).unwrap();
    desk.tamper("INSERT INTO entries SELECT 500100, replace(entry, '\"ok\"', '\"far\"'), hash, NULL FROM entries WHERE number = 1");
    desk.journal.cut(6, now).unwrap();
    assert_eq!(desk.codes()[0], "ok");
}

#[test]
fn a_cut_that_nobody_with_the_key_has_made_is_none() {
    let desk = Desk::new();
    desk.write(6);
    let hash = Reader::open(&desk.home).unwrap().unwrap();
    let third = hash.page(&Query::default(), Order::OldestFirst, None, 3).unwrap().entries[2].clone();
    desk.tamper("DELETE FROM entries WHERE number < 4");
    let forged = JournalEntry {
        digest: Some(format!("3:{}", third.hash)),
        ..JournalEntry::of_home(UnixTime(9), Event::Journal, "cut")
    };
    record(&desk.home, &forged).unwrap();
    desk.write(1);
    assert_eq!(
        desk.verified().1,
        Some(Break::Beginning(4)),
        "not even under a seal that came later"
    );
}

#[test]
fn what_went_is_not_in_the_file_any_more() {
    let desk = Desk::new();
    for n in 0..300 {
        desk.journal.record(&entry(n, "SP-CANARY-OLD")).unwrap();
    }
    for days in [392, 399] {
        desk.journal.record(&entry(days * 86_400, "ok")).unwrap();
    }
    desk.journal.cut(1, UnixTime(400 * 86_400)).unwrap();
    for file in fs::read_dir(desk.home.root()).unwrap().flatten().filter(|f| f.path().is_file()) {
        let bytes = fs::read(file.path()).unwrap();
        assert_eq!(memchr::memmem::find(&bytes, b"SP-CANARY-OLD"), None, "{file:?}");
    }
    assert_eq!(desk.codes(), ["ok", "ok", "cut"]);
    assert_eq!(desk.verified(), (3, None));
}
