"""The main flows of a mailbox through Souspli, in front of each server that the lab can run."""
import re
import unittest

import letters
from lab import cyrus, dovecot, imapline, mails, report

from common import PracticeCase

# {flow: {server: result}}, in the order in which the flows are first seen.
ROWS, VERSIONS = {}, {}
PROVIDER_LISTING = "UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject Date Message-ID Content-Type)]"


def flow(title):
    """A test whose result is a cell of docs/conformance.md."""
    def around(test):
        def noted(self):
            ROWS.setdefault(title, {})[self.name] = "no"
            ROWS[title][self.name] = test(self) or "yes"
        noted.__name__, noted.__doc__ = test.__name__, test.__doc__
        return noted
    return around


class Flows:
    """The same for each server; the tests do not depend on each other."""
    name = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        alice, bob = cls.practice.doctors["alice"], cls.practice.doctors["bob"]
        cls.pdf = mails.pdf(["Compte rendu"], 200_000)
        cls.letters = [("clair", letters.letter("clair", html=letters.HTML)), ("clair, lignes", letters.letter("clair, lignes", letters.LINES)),
                       *((f"scellé {n}", cls.sealed(f"scellé {n}", alice, bob)) for n in range(3)),
                       ("signé", mails.smime(letters.letter("signé"), mails.signing(bob))),
                       ("pas pour moi", mails.smime(letters.letter("pas pour moi"), mails.encrypting(bob)))]
        box = cls.raw("implicit", cls.store.imaps)
        for _, message in cls.letters:
            box.do('APPEND "INBOX" ', message)
        box.close()

    @classmethod
    def sealed(cls, subject, alice, bob):
        """A letter of bob's with its PDF."""
        clear = letters.letter(subject, html=letters.HTML, attachments=[("compte-rendu.pdf", "application/pdf", cls.pdf)])
        return mails.smime(clear, mails.signing(bob, "-nodetach"), mails.encrypting(alice, bob))

    @classmethod
    def raw(cls, secure, port):
        """A connection that no test closes."""
        return imapline.Imap(port, "alice@lab.test", "pw-alice", secure=secure)

    def new(self, mailbox, *messages):
        """An empty mailbox of that name at the provider, then with these messages."""
        box = self.direct("alice")
        box.do(f'CREATE "{mailbox}"')
        for message in messages:
            box.do(f'APPEND "{mailbox}" ', message)
        return self.imap("alice", mailbox)

    def one(self, subject="scellé 0"):
        """A sealed letter as it is stored."""
        return next(message for name, message in self.letters if name == subject)

    @flow("folders are the server's, special uses too")
    def test_folders(self):
        through, direct = self.imap("alice"), self.direct("alice")
        for command in ('LIST "" "*"', 'LIST (SPECIAL-USE) "" "*"', 'LIST "" "*" RETURN (SPECIAL-USE CHILDREN SUBSCRIBED)', 'LSUB "" "*"', "NAMESPACE",
                        "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)"):
            self.assertEqual(sorted(direct.do(command), key=repr), sorted(through.do(command), key=repr), command)

    @flow("a list says the size and the type of what is then opened")
    def test_listing(self):
        box = self.imap("alice")
        listed = box.fetch("1:*", PROVIDER_LISTING)
        self.assertEqual(len(self.letters), len(listed))
        for uid, items in listed.items():
            got = box.fetch(uid, "UID RFC822.SIZE BODY.PEEK[]")[uid]
            self.assertEqual(items["RFC822.SIZE"], got["RFC822.SIZE"])
            self.assertEqual(int(items["RFC822.SIZE"]), len(got["BODY[]"]))
            self.assertNotIn(b"pkcs7", items[next(k for k in items if k.startswith("BODY["))])

    @flow("sealed letters open with their PDF, whole and part by part")
    def test_opening(self):
        box = self.imap("alice")
        for uid, (name, _) in enumerate(self.letters, 1):
            if name.startswith("scellé"):
                got = box.fetch(uid, "UID BODY.PEEK[] BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[2]<10.100>")[uid]
                self.assertEqual(self.pdf, mails.attachment(mails.parse(got["BODY[]"]), "compte-rendu.pdf"))
                self.assertEqual(got["BODY[]"], got["BODY[HEADER]"] + got["BODY[TEXT]"])
                self.assertEqual(100, len(got["BODY[2]<10>"]))
        shown = mails.parse(box.fetch(len(self.letters), "UID BODY.PEEK[]")[len(self.letters)]["BODY[]"])
        self.assertIn("Ce message n’est pas chiffré pour une de vos clés.", mails.texts(shown))

    @flow("what is not S/MIME passes octet by octet")
    def test_passing(self):
        items = "UID RFC822.SIZE ENVELOPE BODYSTRUCTURE INTERNALDATE BODY.PEEK[] BODY.PEEK[1] BODY.PEEK[TEXT]<3.20>"
        self.assertEqual(self.direct("alice").fetch("1:2", items), self.imap("alice").fetch("1:2", items))
        self.assertEqual(self.letters[1][1], self.imap("alice").fetch(2, "UID BODY.PEEK[]")[2]["BODY[]"])

    @flow("two connections and a restart give the same octets")
    def test_again(self):
        def all_of_it():
            return {uid: got["BODY[]"] for uid, got in self.imap("alice").fetch("1:*", "UID BODY.PEEK[]").items()}
        first = all_of_it()
        self.assertEqual(first, all_of_it())
        self.relay("alice").restart()
        self.assertEqual(first, all_of_it())

    @flow("a letter is sent, its Sent copy stored sealed and found again")
    def test_sending(self):
        letter = mails.letter("alice@lab.test", "bob@lab.test", "#med# Réponse", letters.TEXT)
        before = len(self.store.stored("bob@lab.test"))
        self.submit("alice", letter, "bob@lab.test")
        self.assertIn(b"pkcs7-mime", self.arrived("bob", before + 1)[-1])
        self.assertIn("évolution favorable", mails.texts(mails.parse(self.newest("bob"))))
        box = self.imap("alice", "Sent")
        box.do('APPEND "Sent" (\\Seen) ', letter)
        self.assertRegex(box.tagged, rb"\[APPENDUID \d+ \d+\]")
        self.assertIn(b"pkcs7-mime", self.store.stored("alice@lab.test", "Sent")[-1])
        again = self.newest("alice", "Sent")
        self.assertIn("évolution favorable", mails.texts(mails.parse(again)))
        self.assertNotIn("[Souspli]", mails.texts(mails.parse(again)))

    @flow("a tagged draft is stored sealed")
    def test_draft(self):
        box = self.imap("alice")
        box.do('APPEND "Drafts" (\\Draft) ', mails.letter("alice@lab.test", "bob@lab.test", "#med# Brouillon", letters.TEXT))
        uid = int(re.search(rb"\[APPENDUID \d+ (\d+)\]", box.tagged)[1])
        self.assertIn(b"pkcs7-mime", self.store.stored("alice@lab.test", "Drafts")[-1])
        self.assertNotIn(b"favorable", self.store.stored("alice@lab.test", "Drafts")[-1])
        got = self.imap("alice", "Drafts").fetch(uid, "UID BODY.PEEK[]")[uid]["BODY[]"]
        self.assertIn("évolution favorable", mails.texts(mails.parse(got)))

    @flow("an opened letter dragged to another folder is stored as it was")
    def test_dragged(self):
        box = self.new("Dossier", self.one())
        box.do('APPEND "Junk" ', box.fetch(1, "UID BODY.PEEK[]")[1]["BODY[]"])
        self.assertEqual(self.one(), mails.crlf(self.store.stored("alice@lab.test", "Junk")[-1]))

    @flow("COPY and MOVE tell the new numbers; what was moved opens")
    def test_moving(self):
        box = self.new("Source", self.one("scellé 1"), self.one("scellé 2"))
        box.do('CREATE "But"')
        answers = box.do('UID COPY 1 "But"')
        self.assertRegex(box.tagged, rb"\[COPYUID \d+ 1 1\]")
        answers = box.do('UID MOVE 1:2 "But"')
        told = [a for a in answers if a[:1] == [b"OK"] and b"COPYUID" in a[1]]
        self.assertTrue(told or b"COPYUID" in box.tagged, answers)
        self.assertEqual(2, sum(a[1:] == [b"EXPUNGE"] for a in answers) or sum(a[:1] == [b"VANISHED"] for a in answers) * 2)
        got = self.imap("alice", "But").fetch("1:*", "UID RFC822.SIZE BODY.PEEK[]")
        self.assertEqual([True] * 3, [int(v["RFC822.SIZE"]) == len(v["BODY[]"]) and b"data-souspli" in v["BODY[]"] for v in got.values()])

    @flow("IDLE tells of new mail and of flags")
    def test_idle(self):
        box, other = self.new("Attente", self.one()), self.direct("alice", "Attente")
        box.raw(b"i IDLE\r\n")
        self.assertTrue(box.line().startswith(b"+"))
        other.do('APPEND "Attente" ', self.letters[0][1])
        self.until_line(box, rb"^\* 2 EXISTS")
        other.do("STORE 1 +FLAGS (\\Flagged)")
        self.until_line(box, rb"^\* 1 FETCH .*\\Flagged")
        box.raw(b"DONE\r\n")
        self.until_line(box, rb"^i OK")
        self.assertEqual(2, len(box.fetch("1:*", "UID BODY.PEEK[]")))

    def until_line(self, box, pattern):
        """Reads up to a response of that form; the connection's own time limit ends it."""
        while not re.match(pattern, box.line()):
            pass

    @flow("reading marks as read, peeking does not")
    def test_seen(self):
        box = self.new("Lu", self.one(), self.one(), self.letters[0][1])
        box.fetch("1,3", "UID BODY[TEXT]")
        box.fetch("2", "UID BODY.PEEK[]")
        flags = self.direct("alice", "Lu").fetch("1:3", "UID FLAGS")
        self.assertEqual([True, False, True], [b"\\Seen" in v["FLAGS"] for _, v in sorted(flags.items())])

    @flow("an expunge by another connection moves the numbers")
    def test_expunge(self):
        box, other = self.new("Purge", self.letters[0][1], self.one("scellé 0"), self.one("scellé 1")), self.direct("alice", "Purge")
        box.fetch("1:3", "UID BODY.PEEK[]")
        other.do("STORE 1 +FLAGS (\\Deleted)")
        other.do("EXPUNGE")
        box.do("NOOP")
        got = box.fetch("1:*", "UID BODY.PEEK[] ENVELOPE", by_uid=False)
        self.assertEqual({2, 3}, set(got))
        self.assertEqual(["scellé 0", "scellé 1"], [str(mails.parse(v["BODY[]"])["Subject"]) for _, v in sorted(got.items())])

    @flow("CONDSTORE: changes since, with content; a store that comes too late")
    def test_condstore(self):
        box = self.new("Changes", self.one("scellé 0"), self.letters[0][1], self.one("scellé 1"))
        box.do("SELECT Changes (CONDSTORE)")
        before = max(int(v["MODSEQ"][0]) for v in box.fetch("1:*", "UID MODSEQ").values())
        other = self.direct("alice", "Changes")
        other.do("STORE 1:2 +FLAGS (\\Flagged)")
        box.do("NOOP")
        got = {}
        for answer in box.do(f"UID FETCH 1:* (FLAGS RFC822.SIZE BODY.PEEK[]) (CHANGEDSINCE {before})"):
            if len(answer) > 2 and answer[1] == b"FETCH" and b"BODY[]" in answer[2]:
                got[int(answer[0])] = dict(zip(answer[2][::2], answer[2][1::2]))
        self.assertEqual({1, 2}, set(got))
        for items in got.values():
            self.assertIn(b"MODSEQ", items)
            self.assertEqual(int(items[b"RFC822.SIZE"]), len(items[b"BODY[]"]))
        box.do(f"STORE 1 (UNCHANGEDSINCE {before}) +FLAGS (\\Answered)")
        self.assertRegex(box.tagged, rb"\[MODIFIED 1\]")

    @flow("QRESYNC: what vanished and what changed is told on opening")
    def test_qresync(self):
        box = self.new("Resync", *[self.one()] * 3)
        answers = box.do("SELECT Resync (CONDSTORE)")
        validity = next(re.search(rb"UIDVALIDITY (\d+)", w)[1].decode() for a in answers for w in a if isinstance(w, bytes) and b"UIDVALIDITY" in w)
        before = max(int(v["MODSEQ"][0]) for v in box.fetch("1:*", "UID MODSEQ").values())
        other = self.direct("alice", "Resync")
        other.do("UID STORE 2 +FLAGS (\\Deleted)")
        other.do("EXPUNGE")
        other.do("UID STORE 3 +FLAGS (\\Flagged)")
        late = self.imap("alice", None)
        late.do("ENABLE QRESYNC")
        answers = late.do(f"SELECT Resync (QRESYNC ({validity} {before} 1:3))")
        self.assertIn([b"VANISHED", [b"EARLIER"], b"2"], answers)
        self.assertTrue(any(a[1:2] == [b"FETCH"] and b"\\Flagged" in repr(a).encode() for a in answers), answers)
        got = late.fetch("1:*", "UID RFC822.SIZE BODY.PEEK[]")
        self.assertEqual([True] * 2, [int(v["RFC822.SIZE"]) == len(v["BODY[]"]) for v in got.values()])

    @flow("SEARCH, SORT and THREAD are the server's")
    def test_searching(self):
        through, direct = self.imap("alice"), self.direct("alice")
        for command in ("SEARCH SUBJECT clair", "UID SEARCH RETURN (MIN MAX COUNT ALL) ALL", "UID SORT (REVERSE SUBJECT) UTF-8 ALL",
                        "UID SORT (ARRIVAL) UTF-8 ALL", "UID THREAD REFERENCES UTF-8 ALL", "SEARCH UID 1:3 NOT DELETED"):
            answers = [[a[:1] + [w for w in a[1:] if not (isinstance(w, list) and w[:1] == [b"TAG"])] for a in box.do(command)] for box in (direct, through)]
            self.assertEqual(*answers, command)

    @flow("folders are made, renamed, subscribed to and removed")
    def test_folder_changes(self):
        box = self.imap("alice")
        for command in ('CREATE "Patients"', 'SUBSCRIBE "Patients"', 'RENAME "Patients" "Malades"', 'LIST "" "Malades"', 'UNSUBSCRIBE "Patients"',
                        'DELETE "Malades"'):
            box.do(command)
        self.assertEqual([], [a for a in box.do('LIST "" "Malades"') if a[0] == b"LIST"])

    @flow("ten commands at once are answered, each with its own")
    def test_pipelined(self):
        box = self.imap("alice")
        box.raw(b"".join(b"p%d UID FETCH %d (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[1])\r\n" % (n, 1 + n % len(self.letters)) for n in range(10)))
        tags, bodies = [], 0
        while len(tags) < 10:
            line = box.line()
            bodies += line.startswith(b"* ") and b"BODY[1]" in line
            if line.startswith(b"p"):
                self.assertRegex(line, rb"^p\d+ OK")
                tags.append(line.split()[0])
        self.assertEqual((10, 10), (bodies, len(set(tags))))


class DovecotTest(Flows, PracticeCase):
    """Dovecot."""
    name = "Dovecot"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        VERSIONS[cls.name] = f"Dovecot {dovecot.version()}"


class CyrusTest(Flows, PracticeCase):
    """Cyrus."""
    name, options = "Cyrus", {"store": "cyrus"}

    @classmethod
    def setUpClass(cls):
        if not cyrus.available():
            raise unittest.SkipTest("Cyrus could not be had")
        super().setUpClass()
        VERSIONS[cls.name] = f"Cyrus {cyrus.version()}"


class ReportTest(unittest.TestCase):
    """docs/conformance.md, made of what the classes above saw."""

    def test_servers(self):
        if set(VERSIONS) != {"Cyrus", "Dovecot"}:
            self.skipTest("not both servers were run")
        rows = [[title, *(got.get(name, "-") for name in sorted(VERSIONS))] for title, got in sorted(ROWS.items())]
        report.section(self, "Servers", ", ".join(VERSIONS[n] for n in sorted(VERSIONS)), TEXT + report.table(["Through Souspli", *sorted(VERSIONS)], rows))


TEXT = """\
What tests/lab/test_servers.py does in front of each server, with sealed letters among others.

"""
