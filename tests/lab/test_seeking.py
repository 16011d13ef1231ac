"""Searching in sealed mail tells the provider nothing of which messages match, and finds what it would find in the same mail in clear."""
import email.utils
import itertools
import random
import re
import threading
import unittest

from lab import base, cyrus, mails

from common import PracticeCase
from test_concurrency import Watched
from test_searching import ALICE, BOB, sealed, uids

WORDS = ("glucose", "tension", "bilan", "appel")
ROUNDS = 25


def inside(doctor, subject, text, *, signer=None):
    """The author's fields and the text under encryption, signed or not."""
    letter = mails.letter(f"Dr Robert <{BOB}>", ALICE, subject, text)
    letter = re.sub(rb"(?m)^(Content-Type: [^\r\n]*)", rb'\1; hp="cipher"', letter, count=1)
    steps = ([mails.signing(signer, "-nodetach")] if signer else []) + [mails.encrypting(doctor)]
    for step in steps:
        letter = mails.crlf(base.run("openssl", "cms", *step, stdin=letter))
    outside = f"From: {BOB}\r\nTo: {ALICE}\r\nSubject: [...]\r\nDate: {email.utils.formatdate(localtime=True)}\r\n".encode()
    return outside + re.sub(rb"^MIME-Version: 1\.0\r\n", b"", letter)


class SeekingCase(PracticeCase):
    """What the provider hears is kept; the policy is the default one."""
    options = {"rawlog": True}

    def fill(self, mailbox, messages):
        """A mailbox with these; a flag on every third."""
        self.direct("alice").do(f'CREATE "{mailbox}"')
        for number, message in enumerate(messages):
            flags, date = "\\Flagged" if number % 3 == 0 else "", f"{number + 1:2}-Feb-2026 10:00:00 +0100"
            self.direct("alice").do(f'APPEND "{mailbox}" ({flags}) "{date}" ', message)

    def opened(self, mailbox):
        """A connection that has read everything."""
        box = self.imap("alice", mailbox)
        box.fetch("1:*", "UID BODY.PEEK[]")
        return box

    def said(self):
        """The log of alice's Souspli."""
        return self.relay("alice").log.read_text(errors="replace")


class SilenceTest(SeekingCase):
    """Two mailboxes that differ only in which sealed message holds the word, and in which one is signed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        doctors = cls.practice.doctors
        cls.logs = set(cls.rawlogs())
        for mailbox, with_word in (("Un", (1,)), ("Deux", (2, 4))):
            messages = [mails.letter(BOB, ALICE, "En clair", "glucose\n")]
            for number in range(1, 5):
                text = "Le glucose\n" if number in with_word else "La tension\n"
                messages.append(inside(doctors["alice"], "Objet", text, signer=doctors["bob"] if number in with_word else None))
            cls.fill(cls(), mailbox, messages)

    @classmethod
    def rawlogs(cls):
        """The files of what the provider heard."""
        return (cls.store.folder / "home").rglob("dovecot.rawlog/*.in")

    def heard(self, mailbox, searches):
        """What each search finds, and all that the provider hears behind SELECT."""
        self.opened(mailbox)
        before = set(self.rawlogs())
        box = self.imap("alice", mailbox)
        found = []
        for search in searches:
            answers = box.do(*search) if isinstance(search, tuple) else box.do(search)
            found.append([a for a in answers if a and a[0] in (b"SEARCH", b"ESEARCH", b"SORT", b"THREAD")])
        box.do("LOGOUT")
        new = set(self.rawlogs()) - before
        octets = base.until(lambda: (said := b"".join(f.read_bytes() for f in new)).rstrip().endswith(b"LOGOUT") and said, 20, "the end of the session")
        return found, octets.partition(mailbox.encode())[2]

    def test_the_provider_is_asked_the_same(self):
        searches = ["SEARCH BODY glucose", "UID SEARCH BODY glucose", "UID SEARCH NOT TEXT glucose", "SEARCH OR BODY glucose FLAGGED",
                    "UID SEARCH RETURN (MIN MAX COUNT ALL) BODY glucose UNDELETED", ("UID SEARCH CHARSET UTF-8 BODY ", "glucose".encode()),
                    "SORT (DATE) UTF-8 BODY glucose", "UID THREAD REFERENCES UTF-8 BODY glucose", "SEARCH KEYWORD $SouspliVerified",
                    "UID SEARCH UNKEYWORD $SouspliVerified BODY glucose", "UID SEARCH MODSEQ 1 BODY glucose"]
        one, told_of_one = self.heard("Un", searches)
        other, told_of_other = self.heard("Deux", searches)
        self.assertEqual([[b"SEARCH", b"1", b"2"]], one[0])
        self.assertEqual([[b"SEARCH", b"1", b"3", b"5"]], other[0])
        differ = [search for search, a, b in zip(searches, one, other) if a != b]
        # Where both texts and verdict are sought, both mailboxes have the same answer.
        self.assertEqual(len(searches) - 1, len(differ))
        self.assertIn(b"BODY glucose", told_of_one)
        self.assertEqual(told_of_one, told_of_other)

    def test_what_is_to_be_used_there_is_told_there(self):
        self.opened("Deux")
        box = self.imap("alice", "Deux")
        self.assertEqual([], [a for a in box.do("UID SEARCH RETURN (SAVE) BODY glucose") if a[0] == b"ESEARCH"])
        self.assertEqual([1, 3, 5], sorted(box.fetch("$", "FLAGS")))
        box.do("SEARCH RETURN (SAVE MIN) NOT BODY glucose")
        self.assertEqual([2], sorted(box.fetch("$", "UID", by_uid=False)))
        box.do("SEARCH RETURN (SAVE) BODY glucose NOT ALL")
        self.assertEqual([], sorted(box.fetch("$", "FLAGS")))


class Same:
    """The same letters in clear and, most of them, sealed: what the server finds in the ones is found in the others."""
    forms = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.choice, doctors = random.Random(7), cls.practice.doctors
        clear, some = [], []
        for number in range(16):
            subject, text = (" ".join(cls.choice.sample(WORDS, 2)) for _ in range(2))
            clear.append(mails.letter(f"Dr Robert <{BOB}>", ALICE, subject, text + "\n"))
            some.append(clear[-1] if number % 4 == 1 else inside(doctors["alice"], subject, text + "\n", signer=doctors["bob"]))
        cls.fill(cls(), "Clair", clear)
        cls.fill(cls(), "Scelle", some)

    def key(self, depth=0):
        """Criteria, at random."""
        word, low, high = self.choice.choice(WORDS), self.choice.randint(1, 9), self.choice.randint(9, 18)
        leaves = [f"SUBJECT {word}", f"BODY {word}", f'TEXT "{word}"', f"HEADER Subject {word}", "FLAGGED", "UNFLAGGED", "ALL", f"UID {low}:{high}", f"{low}:*",
                  f"{low}", "UNSEEN", "FROM robert", "TO nobody"]
        kind = self.choice.randrange(8 if depth < 3 else 5)
        if kind == 5:
            return f"NOT {self.key(depth + 1)}"
        if kind == 6:
            return f"OR {self.key(depth + 1)} {self.key(depth + 1)}"
        if kind == 7:
            return "(" + " ".join(self.key(depth + 1) for _ in range(self.choice.randint(1, 3))) + ")"
        return self.choice.choice(leaves)

    def test_what_is_found_in_clear_is_found_sealed(self):
        clear, some = self.direct("alice", "Clair"), self.opened("Scelle")
        for turn, form in zip(range(150), itertools.cycle(self.forms)):
            search = f"{form} {self.key()} {self.key()}"
            with self.subTest(turn=turn, search=search):
                wanted, found = (_answer(box.do(search)) for box in (clear, some))
                self.assertEqual(wanted, found)
        self.assertNotIn("SP-SEARCH", self.said())

    def test_threads(self):
        """Answers to a message that is not found move up."""
        doctors = self.practice.doctors
        self.direct("alice").do('CREATE "Fils"')
        for number, answers_to in enumerate((None, 0, 1, 1, None)):
            text = "glucose\n" if number != 1 else "rien\n"
            message = inside(doctors["alice"], "Objet", text)
            reference = f"References: <r{answers_to}@lab.test>\r\n" if answers_to is not None else ""
            message = message.replace(b"Subject: [...]", b"Subject: sujet %d" % (number == 4))
            self.store.append(ALICE, f"Message-ID: <r{number}@lab.test>\r\n{reference}".encode() + message, "Fils")
        box = self.opened("Fils")
        self.assertEqual([[b"THREAD", [b"1", [b"3"], [b"4"]], [b"5"]]], [a for a in box.do("UID THREAD REFERENCES UTF-8 BODY glucose") if a[0] == b"THREAD"])


class SameInDovecotTest(Same, SeekingCase):
    """Dovecot."""
    forms = ("SEARCH", "UID SEARCH", "UID SEARCH RETURN (MIN MAX COUNT ALL)", "SEARCH RETURN ()", "UID SORT (ARRIVAL) UTF-8",
             "SORT RETURN (COUNT ALL) (REVERSE ARRIVAL) UTF-8")


class SameInCyrusTest(Same, SeekingCase):
    """Cyrus."""
    options = {"store": "cyrus"}
    forms = ("SEARCH", "UID SEARCH", "UID SEARCH RETURN (MIN MAX COUNT ALL)", "UID SORT (ARRIVAL) UTF-8", "SORT (REVERSE ARRIVAL) UTF-8")

    @classmethod
    def setUpClass(cls):
        if not cyrus.available():
            raise unittest.SkipTest("Cyrus could not be had")
        super().setUpClass()


def _answer(answers):
    """Without the tag that ESEARCH repeats; its pairs come in any order."""
    out = []
    for name, *words in (a for a in answers if a[0] in (b"SEARCH", b"ESEARCH", b"SORT")):
        if name == b"ESEARCH":
            words = [word for word in words if not isinstance(word, list)]
            by_uid = words[:1] == [b"UID"]
            pairs = words[by_uid:]
            words = [by_uid, *sorted(zip(pairs[::2], pairs[1::2]))]
        out.append((name, *words))
    return out


class ForgettingTest(SeekingCase):
    """What is gone is not kept."""

    def kept(self):
        """Messages in the index."""
        said = self.relay("alice").cli("index").split(b"\t")
        return int(said[1]) if len(said) > 1 else 0

    def letters(self, mailbox, count=2):
        """A mailbox with sealed letters, read."""
        self.fill(mailbox, [sealed(self.practice.doctors, "Objet", "glucose\n") for _ in range(count)])
        return self.opened(mailbox)

    def test_expunged_by_the_program_that_has_read_it(self):
        box = self.letters("Un")
        box.fetch("1:*", "FLAGS")
        before = self.kept()
        box.do("STORE 1 +FLAGS (\\Deleted)")
        box.do("EXPUNGE")
        self.assertEqual(before - 1, self.kept())

    def test_expunged_by_another(self):
        self.letters("Deux")
        before, direct = self.kept(), self.direct("alice", "Deux")
        direct.do("STORE 2 +FLAGS (\\Deleted)")
        direct.do("EXPUNGE")
        self.assertEqual([1], uids(self.imap("alice", "Deux").do("UID SEARCH BODY glucose")))
        self.assertEqual(before - 1, self.kept())

    def test_mailboxes(self):
        for mailbox in ("Trois", "Trois/Dedans", "Troisieme", "Quatre"):
            self.letters(mailbox, 1)
        before, box = self.kept(), self.imap("alice")
        box.do('RENAME "Trois" "Cinq"')
        self.assertEqual(before - 2, self.kept(), "it and the one inside it, and no other one")
        self.assertEqual([1], uids(self.opened("Cinq").do("UID SEARCH BODY glucose")))
        box.do('DELETE "Quatre"')
        self.assertEqual(before - 2, self.kept())
        self.assertEqual([1], uids(self.imap("alice", "Troisieme").do("UID SEARCH BODY glucose")))

    def test_with_the_key(self):
        box, relay = self.letters("Six"), self.relay("alice")
        self.assertEqual([1, 2], uids(box.do("UID SEARCH BODY glucose")))
        for line in relay.cli("key", "list").splitlines():
            relay.cli("key", "remove", line.split(b"\t")[0].decode())
        self.assertEqual(0, self.kept())
        self.assertEqual([], uids(box.do("UID SEARCH BODY glucose")))
        box.fetch("1:*", "UID BODY.PEEK[]")
        self.assertEqual([], uids(box.do("UID SEARCH BODY glucose")))


class ConcurrentTest(SeekingCase):
    """A search while another program removes and adds."""

    def test_numbers_are_right_whoever_expunges(self):
        doctors, choice = self.practice.doctors, random.Random(5)
        ready = [inside(doctors["alice"], "Objet", "glucose\n" if number % 2 else "tension\n") for number in range(2)]
        self.direct("alice").do('CREATE "Ici"')
        has = {self.store.append(ALICE, ready[number % 2], "Ici"): number % 2 for number in range(12)}
        self.opened("Ici")
        box = Watched(self.relay("alice").imap, ALICE, "pw-alice", seen={})
        self.addCleanup(box.close)
        box.ask('SELECT "Ici"')
        box.ask("FETCH 1:* (UID)")
        going, trouble = threading.Event(), []
        going.set()

        def churn():
            try:
                direct = self.direct("alice", "Ici")
                for turn in range(ROUNDS):
                    there = sorted(direct.fetch("1:*", "UID"))
                    direct.do(f"UID STORE {choice.choice(there[:-1])} +FLAGS (\\Deleted)")
                    direct.do("EXPUNGE")
                    # Ordinary, so that what is not opened yet cannot be in doubt.
                    has[max(there) + 1] = turn % 2
                    word = "glucose" if turn % 2 else "tension"
                    direct.do('APPEND "Ici" ', mails.letter(BOB, ALICE, "Objet", word + "\n"))
            except Exception as error:  # pylint: disable=broad-exception-caught
                trouble.append(error)
            finally:
                going.clear()

        worker = threading.Thread(target=churn)
        worker.start()
        searched = 0
        while going.is_set() or searched < 20:
            command = ("SEARCH BODY glucose", "UID SEARCH BODY glucose", "SEARCH NOT BODY glucose")[searched % 3]
            answers, said = box.ask(command)
            self.assertIn(b" OK", said)
            found = uids(answers)
            if not command.startswith("UID"):
                found = [box.uids[number - 1] for number in found if box.uids[number - 1]]
            wanted = "NOT" not in command
            self.assertEqual([], [uid for uid in found if bool(has[uid]) != wanted], command)
            box.ask("NOOP")
            box.ask("FETCH 1:* (UID)")
            searched += 1
        worker.join()
        self.assertEqual([], trouble)
        box.ask("NOOP")
        box.ask("FETCH 1:* (UID)")
        answers, _ = box.ask("UID SEARCH BODY glucose")
        self.assertEqual([uid for uid in box.uids if has[uid]], uids(answers))
