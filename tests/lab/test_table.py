"""Hundreds of messages by many hands through `souspli open --json`: each line of tests/lab/verdicts says what must come out, and why.

The corpora's own messages; letters signed by every key of PKITS; and what OpenSSL, gpgsm, NSS and Python's cryptography make of a
letter by recipe, with keys made for the run. docs/verdict-table.md counts them."""
import collections
import concurrent.futures
import os
import threading
import unittest

from lab import base, peers, souspli

import recipes
import tables

DOCUMENT = base.ROOT / "docs" / "verdict-table.md"
LEAST = 500
GRADES = ("verified", "unassured", "altered", "unopenable", "plain")
# What a recipe needs beside openssl.
STACKS = {"gpgsm": lambda: base.program("gpgsm"), "nss": lambda: base.program("cmsutil"), "python": peers.has_cryptography}


class TableTest(unittest.TestCase):
    """The tables, read once."""

    @classmethod
    def setUpClass(cls):
        if souspli.binary() is None:
            raise unittest.SkipTest("souspli has not been built")
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.tables = {path.stem: tables.read(path) for path in sorted(tables.FOLDER.glob("*.txt"))}
        cls.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
        cls.addClassCleanup(cls.pool.shutdown)

    def opened(self, name, section, messages, **home):
        """Each line against what comes out; all that differ are told at once."""
        got = tables.Home(self.folder.path / name, section, **home).verdicts({row.place: octets for row, octets in messages})
        wrong = []
        for row, _ in messages:
            found = got[row.place]
            columns = (found["grade"], found["code"], tables.seen(found))
            if columns != (row.grade, row.code, row.seen):
                wrong.append(f"{row.place} {row.what}: {' | '.join(columns)}\n    but {row.grade} | {row.code} | {row.seen}: {row.why}")
        return wrong

    def none(self, wrong):
        """Nothing differs."""
        self.assertFalse(wrong, "\n".join(["", *wrong]))

    def sections(self, table):
        """Its sections; skipped where the corpora, or the means to change the day, are not here."""
        found = self.tables[table]
        if not all(section.corpus.is_dir() for section in found):
            self.skipTest(f"no corpora in {tables.CORPORA}")
        if not base.program("faketime"):
            self.skipTest("faketime is not installed")
        return found

    def corpus(self, table):
        """Every section of a table of files, side by side."""
        def section(number, each):
            return self.opened(f"{table}-{number}", each, [(row, tables.message(each, row)) for row in each.rows])
        begun = [self.pool.submit(section, *each) for each in enumerate(self.sections(table))]
        self.none([line for done in begun for line in done.result()])

    def test_four_stacks(self):
        self.corpus("four-stacks")

    def test_other_corpora(self):
        self.corpus("others")

    def test_pkits(self):
        """A letter by each of its keys that openssl can sign with: the verdict is on the path."""
        section, = self.sections("pkits")
        messages = self.pool.map(lambda row: (row, recipes.pkits(self.folder.path, section, row)), section.rows)
        self.none(self.opened("pkits", section, list(messages)))

    def test_made_by_four_stacks(self):
        """By recipe; the lines of a stack that is not here are left out, and told."""
        if not base.program("faketime"):
            self.skipTest("faketime is not installed")
        kitchen = recipes.Kitchen(self.folder.path)
        self.addCleanup(kitchen.stop)
        missing = {name for name, there in STACKS.items() if not there()}
        locks = collections.defaultdict(threading.Lock)
        sections = self.tables["made"]
        wanted = [(section, row) for section in sections for row in section.rows if not missing & set(row.what.split())]

        def made(pair):
            with locks[next((name for name in ("gpgsm", "nss") if name in pair[1].what.split()), pair[1].place)]:
                return pair[1], kitchen.message(*pair)
        # The slowest first.
        order = sorted(wanted, key=lambda pair: "gpgsm" not in pair[1].what)
        messages = list(self.pool.map(made, order))
        keys = [(kitchen.doctors[name].p12(), recipes.PASSWORD) for name in recipes.OWN]
        self.none(self.opened("made", sections[0], messages, keys=keys, authorities=[kitchen.authority.certificate]))
        if missing:
            self.skipTest(f"all but what these make: {', '.join(sorted(missing))}")

    def test_there_are_enough_and_each_has_a_reason(self):
        rows = [row for sections in self.tables.values() for section in sections for row in section.rows]
        self.assertGreaterEqual(len(rows), LEAST)
        for table, sections in self.tables.items():
            for section in sections:
                lines = [(row.what, tuple(sorted(row.options.items()))) for row in section.rows]
                twice = [what for what, count in collections.Counter(lines).items() if count > 1]
                self.assertEqual([], twice, f"{table}: {section.name}")
        for row in rows:
            self.assertIn(row.grade, GRADES, row.place)
            self.assertGreater(len(row.why), 4, row.place)

    def test_the_document_counts_them(self):
        """docs/verdict-table.md; SOUSPLI_WRITE_DOCS=1 writes it."""
        text = document(self.tables)
        if os.environ.get("SOUSPLI_WRITE_DOCS") == "1":
            DOCUMENT.write_text(text, encoding="utf-8")
        self.assertEqual(text, DOCUMENT.read_text(encoding="utf-8"), "SOUSPLI_WRITE_DOCS=1 python3 tests/lab/run.py test_table")


def document(found):
    """Counts by section and grade, and by code."""
    sections = [section for table in found.values() for section in table]
    rows = [row for section in sections for row in section.rows]
    head = "| messages | " + " | ".join(GRADES) + " | all |\n|---|" + "---:|" * (len(GRADES) + 1) + "\n"
    body = "".join(_counted(section.name, section.rows) for section in sections) + _counted("**all**", rows)
    codes = collections.Counter((GRADES.index(row.grade), row.code) for row in rows)
    listed = "".join(f"| {GRADES[grade]} | `{code}` | {count} |\n" for (grade, code), count in sorted(codes.items()))
    return (f"# Verdicts on {len(rows)} messages\n\nWritten by `SOUSPLI_WRITE_DOCS=1 python3 tests/lab/run.py test_table`, which opens each of them "
            "with `souspli open --json`.\nWhat must come out of each, and why, stands in `tests/lab/verdicts`; what a code says, in "
            "[verdicts.md](verdicts.md).\n\nThe corpora's files are opened on a fixed day. PKITS: a letter signed by each of its keys; the status of "
            "certificates is not\nasked yet, and hardly any of them has an address, so that a right path shows as `signer-is-not-sender`. The others "
            f"are\nmade for the run.\n\n{head}{body}\n| grade | code | messages |\n|---|---|---:|\n{listed}")


def _counted(name, rows):
    counts = collections.Counter(row.grade for row in rows)
    return f"| {name} | " + " | ".join(str(counts[grade] or "") for grade in GRADES) + f" | {len(rows)} |\n"
