//! Every change by somebody else is seen, by whoever verifies and by who writes next.

use super::super::chain::Place;
use super::*;

#[test]
fn a_whole_journal_is_whole_and_every_change_to_it_is_seen() {
    let tampering: [(&str, &str, Break); 12] = [
        (
            "edited",
            "UPDATE entries SET entry = replace(entry, '\"ok\"', '\"no\"') WHERE number = 4",
            Break::Changed(4),
        ),
        ("taken out", "DELETE FROM entries WHERE number = 4", Break::Missing(4)),
        (
            "put in",
            "UPDATE entries SET number = -number WHERE number > 4; UPDATE entries SET number = 1 - number WHERE number < 0;
             INSERT INTO entries SELECT 5, entry, hash, seal FROM entries WHERE number = 4",
            Break::Forged(5),
        ),
        (
            "swapped",
            "UPDATE entries SET number = -3 WHERE number = 3; UPDATE entries SET number = 3 WHERE number = 4;
             UPDATE entries SET number = 4 WHERE number = -3",
            Break::Forged(3),
        ),
        (
            "without its seal and edited",
            "UPDATE entries SET seal = NULL, entry = '{}' WHERE number = 4",
            Break::Changed(4),
        ),
        (
            "another hash",
            "UPDATE entries SET seal = NULL, hash = zeroblob(32) WHERE number = 4",
            Break::Changed(4),
        ),
        (
            "a short hash",
            "UPDATE entries SET hash = zeroblob(3) WHERE number = 4",
            Break::Changed(4),
        ),
        (
            "another seal",
            "UPDATE entries SET seal = zeroblob(32) WHERE number = 4",
            Break::Forged(4),
        ),
        ("cut at the beginning", "DELETE FROM entries WHERE number < 4", Break::Beginning(4)),
        ("cut at the end", "DELETE FROM entries WHERE number > 7", Break::Shortened(10, 7)),
        ("emptied", "DELETE FROM entries", Break::Shortened(10, 0)),
        ("another table", "CREATE TABLE other (a)", Break::Unreadable),
    ];
    for (what, statement, wanted) in tampering {
        let desk = Desk::new();
        desk.write(10);
        assert_eq!(desk.verified(), (10, None));
        desk.tamper(statement);
        assert_eq!(desk.verified().1, Some(wanted), "{what}");
    }
}

#[test]
fn an_entry_that_tells_of_a_gap_hides_none() {
    let told = "'{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"journal\",\"code\":\"SP-JOURNAL-SHORTENED\",\"recipients\":0}'";
    let desk = Desk::new();
    desk.write(10);
    desk.tamper(&format!(
        "DELETE FROM entries WHERE number BETWEEN 4 AND 6; UPDATE entries SET entry = {told}, seal = NULL WHERE number = 7"
    ));
    assert_eq!(desk.verified().1, Some(Break::Missing(4)));
    let desk = Desk::new();
    desk.write(10);
    desk.tamper(&format!(
        "DELETE FROM entries WHERE number < 7; UPDATE entries SET entry = {told}, seal = NULL WHERE number = 7"
    ));
    assert_eq!(desk.verified().1, Some(Break::Beginning(7)));
}

#[test]
fn who_has_no_key_makes_no_chain() {
    let desk = Desk::new();
    desk.write(6);
    // All that can be made without the key: every hash anew, no seals.
    desk.forge_from(3);
    assert_eq!(desk.verified(), (6, Some(Break::Replaced(6))));
    fs::remove_file(desk.home.journal_head()).unwrap();
    assert_eq!(desk.verified(), (6, Some(Break::HeadGone)), "the first two have seals yet");
    desk.forge_from(1);
    fs::write(desk.home.master(), "{}").unwrap();
    assert_eq!(desk.verified(), (6, Some(Break::NothingSealed)));
    head::write(&desk.home, &Place::default(), &desk.secrets).unwrap();
    assert_eq!(
        desk.verified(),
        (6, Some(Break::NothingSealed)),
        "a head kept from the first moment"
    );
    fs::remove_file(desk.home.journal_head()).unwrap();
    let strange = Secrets::ephemeral().unwrap();
    Pen::default().write(&desk.home, Some(&strange), &entry(9, "ok")).unwrap();
    assert_eq!(desk.verified(), (7, Some(Break::Forged(7))));
}

#[test]
fn what_was_touched_while_nobody_looked_is_not_sealed_over() {
    for (statement, code) in [
        ("DELETE FROM entries WHERE number > 4", "SP-JOURNAL-SHORTENED"),
        ("UPDATE entries SET hash = zeroblob(32) WHERE number = 6", "SP-JOURNAL-REPLACED"),
        ("DELETE FROM entries", "SP-JOURNAL-GONE"),
    ] {
        // By the relay at work, which knows what it wrote; and by the next one, which knows the head.
        for is_at_work in [true, false] {
            let desk = Desk::new();
            desk.write(6);
            desk.tamper(statement);
            let journal = if is_at_work {
                desk.journal.clone()
            } else {
                Journal::new(&desk.home, &desk.secrets)
            };
            journal.record(&entry(9, "ok")).unwrap();
            let codes = desk.codes();
            assert_eq!(codes[codes.len() - 2..], [code, "ok"], "{statement}");
            assert!(
                matches!(desk.verified().1, Some(Break::Told(_) | Break::Changed(_) | Break::Forged(_))),
                "{statement}"
            );
            journal.record(&entry(10, "ok")).unwrap();
            assert_eq!(desk.codes().len(), codes.len() + 1, "it is said once");
        }
    }
}

// Windows lets nobody take a file away that is open.
#[cfg(unix)]
#[test]
fn a_journal_that_was_removed_is_continued_and_says_so() {
    let desk = Desk::new();
    desk.write(5);
    for file in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        fs::remove_file(desk.home.root().join(file)).unwrap();
    }
    assert_eq!(desk.verified().1, Some(Break::Shortened(5, 0)));
    desk.journal.record(&entry(9, "ok")).unwrap();
    assert_eq!(desk.codes(), ["SP-JOURNAL-GONE", "ok"]);
    assert_eq!(desk.verified(), (2, Some(Break::Told(6))), "its numbers go on");
}

#[test]
fn a_head_of_before_misses_nothing_and_a_forged_one_is_seen() {
    let desk = Desk::new();
    desk.write(3);
    let head = fs::read(desk.home.journal_head()).unwrap();
    desk.write(2);
    // As after a power cut: it was not on the disk yet.
    fs::write(desk.home.journal_head(), &head).unwrap();
    assert_eq!(desk.verified(), (5, None));
    fs::write(desk.home.journal_head(), "x").unwrap();
    assert_eq!(desk.verified(), (5, Some(Break::HeadForged)));
    Journal::new(&desk.home, &desk.secrets).record(&entry(9, "ok")).unwrap();
    assert_eq!(desk.verified().1, Some(Break::Told(6)));
}

#[test]
fn entries_without_the_key_are_sealed_by_the_next() {
    let desk = Desk::new();
    record(&desk.home, &entry(0, "one")).unwrap();
    record(&desk.home, &entry(0, "two")).unwrap();
    let found = verify(&desk.home, &desk.secrets).unwrap();
    assert_eq!((found.unsealed, found.breaks.first().cloned()), (2, None), "no home has keys yet");
    fs::write(desk.home.master(), "{}").unwrap();
    assert_eq!(desk.verified().1, Some(Break::NothingSealed));
    desk.write(1);
    record(&desk.home, &entry(0, "four")).unwrap();
    let found = verify(&desk.home, &desk.secrets).unwrap();
    assert_eq!((found.entries, found.unsealed, found.breaks.first().cloned()), (4, 1, None));
    desk.forge_from(2);
    assert_eq!(desk.verified().1, Some(Break::Replaced(3)));
}
