"""The journal as its reader sees it: whole after kill -9 and between two processes, every change to it seen, cut in time, silent of all
that letters hold."""
import csv
import datetime
import hashlib
import io
import json
import os
import smtplib
import sqlite3
import threading
import unittest

from lab import base, browser, mails, pki

from common import Canary, PracticeCase, fill, small_disk

ALICE, BOB = "alice@lab.test", "bob@lab.test"


def entries(relay, *words):
    """What `journal --json` prints."""
    return [json.loads(line) for line in relay.cli("journal", "--json", *words).splitlines()]


def tampered(relay, statements):
    """Changes the file as somebody does who can write it."""
    with sqlite3.connect(relay.home / "journal.sqlite", isolation_level=None) as connection:
        connection.executescript(statements)
    connection.close()


class JournalCase(PracticeCase):
    """Alice writes to bob."""

    def setUp(self):
        self.alice = self.relay("alice")
        if self.alice.process.poll() is not None:
            self.alice.start_again()

    def send(self, subject="#med# Bilan"):
        """One sealed letter."""
        self.submit("alice", mails.letter(ALICE, BOB, subject, "Bonjour\n"), BOB)

    def verified(self, status=0):
        """What `journal --verify` says, in both languages."""
        done = self.alice.attempt("journal", "--verify")
        said = (done.stdout + done.stderr).decode()
        self.assertEqual(status, done.returncode, said)
        return said


class EntriesTest(JournalCase):
    def test_what_a_letter_leaves(self):
        before = len(entries(self.alice))
        canary = Canary()
        self.submit("alice", canary.letter("#med#", BOB), BOB)
        entry = entries(self.alice)[before:][-1]
        self.assertEqual(("seal", ALICE, 1, 250, "ok", True),
                         tuple(entry[key] for key in ("event", "account", "recipients", "reply", "code", "sealed")))
        self.assertEqual((2, 1), (len(entry["certificates"]), len(entry["recipient_ids"])))
        self.assertEqual(str(os.geteuid()), entry["user"].split()[0])
        self.assertRegex(entry["offset"], r"^[+-]\d\d:\d\d$")
        self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        files = [file for file in self.alice.home.glob("journal*")]
        self.assertEqual(0o600, max(file.stat().st_mode & 0o777 for file in files))
        told = b"".join(file.read_bytes() for file in files) + self.alice.cli("journal", "--json") + self.alice.cli("journal", "--csv")
        self.assertEqual([], canary.found_in(told))
        self.assertNotIn(BOB.encode(), told.lower())

    def test_the_hashes_are_those_of_the_page(self):
        """By docs/journal.md alone."""
        self.send()
        with sqlite3.connect(self.alice.home / "journal.sqlite") as connection:
            rows = connection.execute("SELECT number, entry, hash FROM entries ORDER BY number").fetchall()
        connection.close()
        self.assertGreater(len(rows), 3)
        before = bytes(32)
        for place, (number, entry, found) in enumerate(rows, 1):
            before = hashlib.sha256(b"souspli journal 1\0" + number.to_bytes(8, "big") + before + entry.encode()).digest()
            self.assertEqual((place, before), (number, found))
        self.assertIn(before.hex(), self.verified())

    def test_filters(self):
        self.send()
        with self.assertRaises(smtplib.SMTPException):
            self.submit("alice", mails.letter(ALICE, "nobody@lab.test", "#med# x", "y\n"), "nobody@lab.test")
        everything = entries(self.alice)
        refused = entries(self.alice, "--event", "refuse")
        self.assertEqual([e for e in everything if e["event"] == "refuse"], refused)
        self.assertTrue(refused and refused[-1]["code"].startswith("SP-"))
        self.assertEqual(refused[-1:], entries(self.alice, "--recipient", "nobody@lab.test")[-1:])
        self.assertEqual(len([e for e in everything if e["event"] in ("seal", "trust")]), len(entries(self.alice, "--event", "seal,trust")))
        self.assertEqual([], entries(self.alice, "--until", "2001-01-01"))
        self.assertEqual(everything, entries(self.alice, "--since", "2001-01-01", "--until", "2099-12-31T23:59:59+02:00"))
        self.assertEqual([], entries(self.alice, "--account", BOB))
        self.assertEqual(2, self.alice.attempt("journal", "--event", "lunch").returncode)
        table = list(csv.reader(io.StringIO(self.alice.cli("journal", "--csv").decode())))
        self.assertEqual(len(everything) + 1, len(table))
        self.assertEqual({len(table[0])}, {len(row) for row in table})

    def test_start_stop_and_another_configuration(self):
        self.alice.restart()
        self.alice.restart()
        text = self.alice.config.read_text()
        self.addCleanup(self.alice.config.write_text, text)
        self.alice.config.write_text(text + "\n[journal]\nmonths = 12\n")
        self.alice.restart()
        said = base.until(lambda: (e := entries(self.alice, "--event", "service"))[-1]["code"] == "configuration-changed" and e, 20, "its entry")
        self.assertEqual(["stopped", "started", "stopped", "started", "configuration-changed"], [e["code"] for e in said][-5:])
        self.assertNotEqual(said[-1]["digest"], said[-4]["digest"])
        self.verified()


class WholeTest(JournalCase):
    def test_killed_while_it_writes(self):
        """Whoever was told 250 finds it in the journal, and the chain is whole, however the relay ended."""
        for sent in (1, 4, 7):
            before, done, stopped = len(entries(self.alice, "--event", "seal")), [], threading.Event()

            def work():
                try:
                    while not stopped.is_set():
                        self.send()
                        done.append(1)
                except (smtplib.SMTPException, OSError):
                    return

            workers = [threading.Thread(target=work) for _ in range(3)]
            for worker in workers:
                worker.start()
            base.until(lambda: len(done) >= sent, 60, "letters that were taken")
            self.alice.kill()
            stopped.set()
            for worker in workers:
                worker.join()
            self.verified()
            self.assertGreaterEqual(len(entries(self.alice, "--event", "seal")), before + len(done))
            self.alice.start_again()
            base.until(lambda: entries(self.alice)[-1]["event"] == "service", 20, "the entry of the start")
            self.assertIn("Le journal est entier.", self.verified())

    def test_two_processes(self):
        authority = self.practice.authority.certificate
        before = len(entries(self.alice))
        commands = threading.Thread(target=lambda: [self.alice.cli("trust", "add", authority) for _ in range(8)])
        commands.start()
        for _ in range(8):
            self.send()
        commands.join()
        numbers = [e["number"] for e in entries(self.alice)]
        self.assertEqual(list(range(1, len(numbers) + 1)), numbers)
        new = entries(self.alice)[before:]
        self.assertEqual((8, 8), (len([e for e in new if e["code"] == "added"]), len([e for e in new if e["event"] == "seal"])))
        self.verified()

    def test_a_file_that_another_holds(self):
        """Mail does not wait for it; what was done is written as soon as it can be."""
        before = len(entries(self.alice, "--event", "seal"))
        other = sqlite3.connect(self.alice.home / "journal.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        self.send()
        other.execute("ROLLBACK")
        other.close()
        self.assertEqual(before, len(entries(self.alice, "--event", "seal")))
        self.send()
        self.assertEqual(before + 2, len(entries(self.alice, "--event", "seal")))
        self.verified()


class TamperedTest(JournalCase):
    """By somebody who can write the file and has no key; each on a journal of its own."""

    def setUp(self):
        super().setUp()
        self.alice.stop()
        for file in self.alice.home.glob("journal*"):
            file.unlink()
        self.alice.start_again()
        for _ in range(4):
            self.send()
        self.alice.stop()
        self.entries = entries(self.alice)
        self.verified()

    def seen(self, code, french, english):
        said = self.verified(status=1)
        for words in (code, french, english):
            self.assertIn(words, said)

    def test_edited(self):
        tampered(self.alice, "UPDATE entries SET entry = replace(entry, 'seal', 'open') WHERE number = 3")
        self.seen("SP-JOURNAL-CHANGED", "La ligne 3 du journal", "Entry 3 of the journal")

    def test_taken_out(self):
        tampered(self.alice, "DELETE FROM entries WHERE number = 3")
        self.seen("SP-JOURNAL-MISSING", "La ligne 3 du journal a été retirée", "Entry 3 of the journal was taken out")

    def test_put_in(self):
        tampered(self.alice, "UPDATE entries SET number = -number WHERE number > 2; UPDATE entries SET number = 1 - number WHERE number < 0;"
                             "INSERT INTO entries SELECT 3, entry, hash, NULL FROM entries WHERE number = 2")
        self.seen("SP-JOURNAL-CHANGED", "La ligne 3 ", "Entry 3 ")

    def test_swapped(self):
        tampered(self.alice, "UPDATE entries SET number = -1 WHERE number = 2; UPDATE entries SET number = 2 WHERE number = 3;"
                             "UPDATE entries SET number = 3 WHERE number = -1")
        self.seen("SP-JOURNAL-FORGED", "la ligne 2 ", "entry 2 ")

    def test_cut_at_the_end(self):
        tampered(self.alice, "DELETE FROM entries WHERE number > 3")
        self.seen("SP-JOURNAL-ENDS-EARLY", "s’arrête à la ligne 3", "ends at entry 3")
        self.alice.start_again()
        self.send()
        self.seen("SP-JOURNAL-TOLD", "À la ligne 4,", "At entry 4 ")
        self.assertEqual("SP-JOURNAL-SHORTENED", entries(self.alice, "--event", "journal")[0]["code"])

    def test_removed_with_its_head(self):
        for file in self.alice.home.glob("journal*"):
            file.unlink()
        self.alice.cli("trust", "add", self.practice.authority.certificate)
        self.seen("SP-JOURNAL-NOTHING-SEALED", "n’est scellée", "is sealed")

    def test_damaged(self):
        """Set aside, and no letter waits for it."""
        journal = self.alice.home / "journal.sqlite"
        journal.write_bytes(b"\x5a" * journal.stat().st_size)
        self.seen("SP-JOURNAL-UNREADABLE", "endommagé", "damaged")
        self.alice.start_again()
        self.send()
        self.assertEqual(1, len(list(self.alice.home.glob("journal.damaged-*"))))
        self.assertIn("SP-JOURNAL-SET-ASIDE", self.alice.log.read_text())
        codes = [e["code"] for e in entries(self.alice)]
        self.assertEqual(("SP-JOURNAL-GONE", "ok"), (codes[0], codes[-1]))
        self.seen("SP-JOURNAL-TOLD", "À la ligne", "At entry")


class TimeTest(JournalCase):
    def test_lines_of_before_are_taken_over_and_six_months_are_kept(self):
        self.alice.stop()
        for file in self.alice.home.glob("journal*"):
            file.unlink()
        now = datetime.datetime.now(datetime.UTC)

        def line(days):
            at = (now - datetime.timedelta(days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            return json.dumps({"time": at, "event": "seal", "account": ALICE, "recipients": 1, "code": f"age-{days}"}) + "\n"

        (self.alice.home / "journal.1.jsonl").write_text(line(380) + line(300))
        (self.alice.home / "journal.jsonl").write_text(line(190) + line(170) + line(8))
        read = [e["code"] for e in entries(self.alice, "--event", "seal")]
        self.assertEqual(["age-380", "age-300", "age-190", "age-170", "age-8"], read)
        self.assertEqual([], list(self.alice.home.glob("*.jsonl")))
        self.alice.start_again()
        base.until(lambda: entries(self.alice)[-1]["code"] == "cut" or "cut" in [e["code"] for e in entries(self.alice)], 30, "the cut")
        kept = entries(self.alice, "--event", "seal")
        self.assertEqual([("age-170", True), ("age-8", True)], [(e["code"], e["taken_over"]) for e in kept])
        said = self.verified()
        self.assertIn("Effacées à leur terme", said)
        self.assertNotIn(b"age-300", (self.alice.home / "journal.sqlite").read_bytes())
        self.send()
        self.verified()


class InTheWayTest(JournalCase):
    """What stands in its way: letters go on, nothing is lost, and its reader is told."""

    def test_a_later_version_s_journal_is_left_alone_and_what_waits_is_told(self):
        self.send()
        self.alice.stop()
        before = [e["code"] for e in entries(self.alice)]
        tampered(self.alice, "PRAGMA user_version = 2")
        self.alice.start_again()
        self.send("#med# Pendant ce temps")
        own = browser.Browser(self.alice.cli("dashboard", "--print").decode().strip())
        own.enter()
        for page in ("/", "/journal"):
            self.assertIn("SP-JOURNAL-WAITS", own.page(page))
        ran = self.alice.attempt("doctor", "--json", "--config", self.alice.config)
        told = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual(["bad"], [one["standing"] for one in told if one["about"] == "journal"])
        self.alice.stop()
        tampered(self.alice, "PRAGMA user_version = 1")
        after = entries(self.alice)[len(before):]
        self.assertEqual(["started", "ok", "stopped"], [e["code"] for e in after if e["event"] in ("service", "seal")])
        self.alice.start_again()
        self.assertNotIn("SP-JOURNAL", browser_page(self.alice, "/"))
        self.verified()

    def test_a_folder_in_its_place_stops_no_letter_and_no_later_entry(self):
        self.alice.stop()
        (self.alice.home / "journal.taking.jsonl").mkdir()
        self.alice.start_again()
        before = len(entries(self.alice, "--event", "seal"))
        self.send()
        self.assertEqual(before + 1, len(entries(self.alice, "--event", "seal")))
        self.verified()

    def test_every_change_is_told_by_the_command_and_by_the_page(self):
        for _ in range(3):
            self.send()
        last = entries(self.alice)[-1]["number"]
        with sqlite3.connect(self.alice.home / "journal.sqlite") as connection:
            rows = connection.execute("SELECT number, entry FROM entries WHERE number IN (?, ?)", (last, last - 2)).fetchall()
        connection.close()
        tampered(self.alice, f"UPDATE entries SET entry = replace(entry, 'seal', 'sign') WHERE number IN ({last}, {last - 2})")
        said = self.verified(1)
        page = browser_post(self.alice, "/journal/verifier")
        for number in (last, last - 2):
            self.assertIn(f"ligne {number} du journal n’est plus", said)
            self.assertIn(f"ligne {number} du journal n’est plus", page)
        with sqlite3.connect(self.alice.home / "journal.sqlite", isolation_level=None) as connection:
            connection.executemany("UPDATE entries SET entry = ? WHERE number = ?", [(text, number) for number, text in rows])
        connection.close()
        self.verified()


class FullDiskTest(unittest.TestCase):
    """A disk that has no more room while letters leave, and a relay that ends before there is some again."""

    @classmethod
    def setUpClass(cls):
        small_disk(cls, 2)
        cls.alice = cls.practice.relays["alice"]
        cls.practice.start()

    def send(self):
        """Sealed letters, as many as the rest of the home has room for; how many have left."""
        before = len(self.practice.provider.smtp.accepted())
        for _ in range(5):
            with smtplib.SMTP(base.LOOPBACK, self.alice.smtp, timeout=60) as client:
                client.starttls(context=pki.unchecked_context())
                client.login(ALICE, "pw-alice")
                client.sendmail(ALICE, [BOB], mails.letter(ALICE, BOB, "#med# Bilan", "Bonjour\n"))
        return len(self.practice.provider.smtp.accepted()) - before

    def diagnosed(self, status):
        """What `souspli doctor` finds out of order."""
        done = self.alice.attempt("doctor", "--json", "--config", self.alice.config)
        self.assertEqual(status, done.returncode, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return {(one["about"], one["code"]) for one in found if one["standing"] == "bad"}

    def seals(self):
        return len(entries(self.alice, "--event", "seal"))

    def test_what_it_did_not_take_is_in_the_journal_after_the_next_start(self):
        for end in (self.alice.stop, self.alice.kill):
            with self.subTest(end.__name__):
                self.send()
                before = self.seals()
                fill(self.alice.home)
                left = self.send()
                self.assertEqual((5, before), (left, self.seals()), "nothing fits into the journal")
                waiting = self.alice.attempt("journal", "--verify")
                self.assertIn("5 ligne(s) du journal attendent", waiting.stderr.decode())
                self.assertEqual({("journal", "SP-JOURNAL-RESERVE"), ("Souspli's folder", "SP-DISK-FULL")}, self.diagnosed(1))
                end()
                (self.alice.home / "filler").unlink()
                self.alice.start_again()
                base.until(lambda: self.seals() == before + left, 20, "what the next start writes")
                done = self.alice.attempt("journal", "--verify")
                self.assertEqual((0, b""), (done.returncode, done.stderr))
                self.assertEqual(set(), self.diagnosed(0))
                self.assertEqual([], [file.name for file in self.alice.home.glob(".try*")])

    def test_what_not_even_the_reserve_takes_is_told_as_lost(self):
        self.send()
        reserve = self.alice.home / "journal.reserve"
        self.alice.stop()
        with open(reserve, "r+b") as file:
            file.truncate(600)
        fill(self.alice.home)
        # The last octets of the block that the file has anyway.
        self.alice.start_again()
        self.send()
        self.alice.kill()
        for _ in range(2):
            done = self.alice.attempt("journal", "--verify")
            self.assertEqual(1, done.returncode)
            self.assertIn("du journal sont perdues", done.stderr.decode())
        (self.alice.home / "filler").unlink()
        self.alice.start_again()
        base.until(lambda: entries(self.alice, "--code", "SP-JOURNAL-LOST"), 20, "what is lost is told")
        self.assertEqual(1, self.alice.attempt("journal", "--verify").returncode)
        self.assertIn("SP-JOURNAL-LOST", browser_page(self.alice, "/journal"))
        self.assertEqual(64 << 10, reserve.stat().st_size, "room is taken again")


def browser_page(relay, path):
    """A page of the dashboard."""
    own = browser.Browser(relay.cli("dashboard", "--print").decode().strip())
    own.enter()
    return own.page(path)


def browser_post(relay, path):
    """What a form without fields answers."""
    own = browser.Browser(relay.cli("dashboard", "--print").decode().strip())
    own.enter()
    return own.post(path, {"mot": own.word()}).text


if __name__ == "__main__":
    unittest.main()
