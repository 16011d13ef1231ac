"""SEARCH, SORT and THREAD also find what only the View of a sealed message shows, once it has been opened."""
import email.utils
import re

from lab import base, mails

from common import PracticeCase

ALICE, BOB = "alice@lab.test", "bob@lab.test"
# A letter is signed on the day that it says.
DATE = email.utils.formatdate(localtime=True)


def plain(subject, text):
    """An ordinary letter."""
    return mails.letter(BOB, ALICE, subject, text)


def sealed(doctors, subject, text, author="Dr Robert Chêne", to="alice", name="bilan.txt"):
    """A letter whose provider sees `[...]` from an address, the author's fields and the text inside."""
    inside = mails.letter(f"{author} <{BOB}>", ALICE, subject, text, attachments=[(name, "text/plain", b"annexe\r\n")])
    inside = re.sub(rb"(?m)^(Content-Type: multipart/mixed;)", rb'\1 hp="cipher";', inside, count=1)
    for step in (mails.signing(doctors["bob"], "-nodetach"), mails.encrypting(doctors[to])):
        inside = mails.crlf(base.run("openssl", "cms", *step, stdin=inside))
    outside = f"From: {BOB}\r\nTo: {ALICE}\r\nSubject: [...]\r\nDate: {DATE}\r\n".encode()
    return outside + re.sub(rb"^MIME-Version: 1\.0\r\n", b"", inside)


def uids(answers, name=b"SEARCH"):
    """The numbers of an untagged answer, those of THREAD too."""
    flat = re.findall(rb"\d+", b" ".join(str(a[1:]).encode() for a in answers if a and a[0] == name))
    return sorted(map(int, flat))


class SearchCase(PracticeCase):
    """1 and 4 ordinary, 2 and 3 sealed, 5 sealed to bob alone; in Sent, 1 sealed. The policy is the default one."""
    options = {"rawlog": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        doctors = cls.practice.doctors
        for message in (
            plain("Courrier ordinaire", "Le taux de glycémie, la tension\n"),
            sealed(doctors, "Bilan de Mme Glycine", "La glycémie à jeun\nest à 5,4\n"),
            sealed(doctors, "Consultation", "Tension normale\n", author="Dr Bob"),
            plain("Bilan", "rien\n"),
            sealed(doctors, "Bilan de Mme Glycine", "La glycémie\n", to="bob"),
        ):
            cls.store.append(ALICE, message)
        cls.store.append(ALICE, sealed(doctors, "Bilan de Mme Glycine", "La tension\n"), "Sent")

    def read(self, mailbox="INBOX"):
        """Opens each message once."""
        box = self.imap("alice", mailbox)
        box.fetch("1:*", "UID BODY.PEEK[]")
        return box

    def found(self, *criteria, box=None, command="UID SEARCH"):
        """What a search finds, in INBOX unless told."""
        first, *rest = criteria
        words = box or self.imap("alice")
        return uids(words.do(f"{command} {first}", *rest), command.split()[-1].encode())

    def said(self):
        """The log of alice's Souspli."""
        return self.relay("alice").log.read_text(errors="replace")


class SearchTest(SearchCase):
    """One mailbox from the first search to the last."""

    def test_1_what_was_not_opened_the_provider_cannot_find(self):
        self.assertEqual([], self.found("SUBJECT glycine"))
        # A list opens them, since the subject may be protected.
        self.imap("alice").fetch("1:*", "UID BODY.PEEK[HEADER.FIELDS (Subject)]")
        self.assertEqual([2], self.found("SUBJECT glycine"))

    def test_2_every_key(self):
        box = self.read()
        for wanted, criteria in (
            ([2], ("SUBJECT glycine",)),
            ([2], ('HEADER Subject "MME GLY"',)),
            ([2, 4], ("SUBJECT bilan",)),
            ([1, 2], ("CHARSET UTF-8 BODY ", "GLYCÉMIE".encode())),
            ([1, 2], ("CHARSET ISO-8859-1 TEXT ", "glycémie".encode("latin-1"))),
            ([2], ("CHARSET UTF-8 FROM ", "chêne".encode())),
            ([2], ('BODY "jeun est"',)),
            ([1, 3], ("BODY tension",)),
            ([1, 3, 4, 5], ("NOT SUBJECT glycine",)),
            ([2, 3], ('OR SUBJECT glycine (BODY tension NOT SUBJECT "courrier")',)),
            ([2], ("UID 1:2 SUBJECT glycine",)),
            ([], ("UID 3:* SUBJECT glycine",)),
            ([1, 2, 3, 4, 5], ("TO alice",)),
            ([], ("TEXT annexe",)),
            ([], ("TEXT souspli",)),
        ):
            with self.subTest(criteria=criteria):
                self.assertEqual(wanted, self.found(*criteria, box=box))

    def test_3_every_form(self):
        box = self.read()
        self.assertEqual([2], self.found("SUBJECT glycine", box=box, command="SEARCH"))
        for options, wanted in (("COUNT ALL", [b"COUNT", b"2", b"ALL", b"2,4"]), ("MIN MAX", [b"MIN", b"2", b"MAX", b"4"])):
            answer = box.do(f"UID SEARCH RETURN ({options}) SUBJECT bilan")[0]
            self.assertEqual([b"ESEARCH", b"UID"], [word for word in answer if not isinstance(word, list)][:2])
            self.assertEqual(sorted(wanted), sorted(answer[3:]))
        box.do("UID SEARCH RETURN (SAVE) SUBJECT glycine")
        self.assertEqual([2], sorted(box.fetch("$", "FLAGS")))
        self.assertEqual([2, 4], self.found("(SUBJECT) UTF-8 SUBJECT bilan", box=box, command="UID SORT"))
        self.assertEqual([2, 4], self.found("REFERENCES UTF-8 SUBJECT bilan", box=box, command="UID THREAD"))

    def test_4_each_mailbox_has_its_own(self):
        sent = self.read("Sent")
        self.assertEqual([1], self.found("SUBJECT glycine", box=sent))
        self.assertEqual([1], self.found("BODY tension", box=sent))
        self.assertEqual([], self.found("BODY jeun", box=sent))
        self.assertEqual([2], self.found("SUBJECT glycine"))

    def test_5_a_restart_opens_nothing_and_finds_the_same(self):
        self.read()
        self.relay("alice").restart()
        before = self.store.rawlogs("in").upper().count(b"BODY.PEEK[]")
        self.assertEqual([2], self.found("SUBJECT glycine"))
        self.assertEqual(before, self.store.rawlogs("in").upper().count(b"BODY.PEEK[]"))

    def test_6_what_is_kept_is_said_and_wiped_while_it_runs(self):
        relay, box = self.relay("alice"), self.read()
        self.read("Sent")
        account, messages, octets = relay.cli("index").decode().strip().split("\t")
        self.assertEqual((ALICE, "3"), (account, messages))
        self.assertGreaterEqual((relay.home / "index").stat().st_size, int(octets))
        relay.cli("index", "wipe")
        self.assertEqual(b"", relay.cli("index"))
        self.assertEqual([4], self.found("SUBJECT bilan", box=box))
        self.assertRegex(self.said(), r'SP-SEARCH-PARTLY.* uncovered=3')
        self.assertEqual([2, 4], self.found("SUBJECT bilan", box=self.read()), "read again, found again")
        relay.cli("index", "wipe")
        relay.cli("index", "wipe")

    def test_7_what_is_not_understood_is_left_to_the_provider(self):
        box = self.read()
        with self.assertRaises(Exception) as refused:
            box.do("UID SEARCH SUBJECT glycine XYZZY")
        self.assertIn("BAD", str(refused.exception))
        self.assertIn("SP-SEARCH-UNREAD", self.said())
        self.assertNotIn("lycine", self.said())

    def test_8_what_is_expunged_is_not_found(self):
        self.read()
        box, kept = self.imap("alice", None), lambda: int(self.relay("alice").cli("index").split(b"\t")[1])
        box.do("ENABLE QRESYNC")
        box.do("SELECT INBOX")
        before = kept()
        box.do("UID STORE 2 +FLAGS.SILENT (\\Deleted)")
        self.assertEqual([b"VANISHED", b"2"], next(a for a in box.do("UID EXPUNGE 2") if a[0] == b"VANISHED"))
        self.assertEqual(before - 1, kept())
        self.assertEqual([4], self.found("SUBJECT bilan", box=box))
        self.assertEqual([3], self.found("SUBJECT consultation", box=box))

    def test_9_another_uidvalidity_is_another_mailbox(self):
        self.direct("alice").do('CREATE "Dossier"')
        self.store.append(ALICE, sealed(self.practice.doctors, "Premier", "un\n"), "Dossier")
        self.assertEqual([1], self.found("SUBJECT premier", box=self.read("Dossier")))
        direct = self.direct("alice")
        direct.do('DELETE "Dossier"')
        direct.do('CREATE "Dossier"')
        self.store.append(ALICE, plain("Second", "deux\n"), "Dossier")
        self.assertEqual([], self.found("SUBJECT premier", box=self.imap("alice", "Dossier")))


class OffTest(SearchCase):
    """`search_index = false`: nothing is kept, and what was kept goes at the start."""
    options = {"rawlog": True, "policy": "search_index = true"}

    def test_nothing_is_kept(self):
        relay = self.relay("alice")
        self.assertEqual([2, 4], self.found("SUBJECT bilan", box=self.read()))
        index = relay.home / "index"
        self.assertTrue(index.exists())
        relay.config.write_text(relay.config.read_text().replace("search_index = true", "search_index = false"))
        relay.restart()
        base.until(lambda: not index.exists(), 20, "the end of the index")
        self.assertEqual([4], self.found("SUBJECT bilan", box=self.read()))
        self.assertFalse(index.exists())
        as_it_came = b"UID SEARCH SUBJECT bilan\r\n"
        base.until(lambda: as_it_came in self.store.rawlogs("in"), 20, "the search, as it came")
