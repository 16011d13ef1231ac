"""SMTP smuggling: data ends at CRLF.CRLF and nowhere else, however the octets come; what leaves cannot be read in two ways."""
import itertools
import json
import os
import socket
import unittest

from lab import base, dovecot, mails, pki, postfix

from common import CORPORA, need_product
from faultlab import PEOPLE, Lab, strict, unread

HEAD = b"From: alice@lab.test\r\nTo: carol@lab.test\r\nSubject: ordinaire\r\n\r\nune"
# What a server that ends the data there would take for a second submission.
SECOND = b"MAIL FROM:<mallory@lab.test>\r\nRCPT TO:<dave@lab.test>\r\nDATA\r\nSubject: glisse\r\n\r\nclandestin"
END = b"\r\n.\r\n"


def sequences():
    """{name: octets}, each an end of data for some server somewhere."""
    text = (CORPORA / "smtp-smuggling-tools" / "smtp-smuggling-sequences.json").read_text()
    return {name: bytes.fromhex(octets) for name, octets in json.loads(text)["sequences"].items()}


def cuts(begin, end, pieces):
    """Every way to cut there into so many pieces: the places of the cuts."""
    return itertools.combinations(range(begin, end + 1), pieces - 1)


class Wire:
    """A submission connection whose segments are read one by one."""

    def __init__(self, lab, tls):
        self.socket = socket.create_connection((base.LOOPBACK, lab.relay.smtp), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ends = lab.relay.smtp, self.socket.getsockname()[1]
        self.lines = self.socket.makefile("rb")
        self.reply()
        if tls:
            self.do(b"EHLO pc")
            self.do(b"STARTTLS")
            self.socket = pki.unchecked_context().wrap_socket(self.socket)
            self.lines = self.socket.makefile("rb")
        self.do(b"EHLO pc")
        login = b"AGFsaWNlQGxhYi50ZXN0AHB3LWFsaWNl"
        assert self.do(b"AUTH PLAIN " + login).startswith(b"235"), "not logged in"

    def reply(self):
        """The next reply, its last line."""
        line = self.lines.readline()
        while line[3:4] == b"-":
            line = self.lines.readline()
        return line

    def do(self, line):
        """One command and its reply."""
        self.socket.sendall(line + b"\r\n")
        return self.reply()

    def segments(self, *pieces):
        """Sends each once the one before has been read: no two are seen at once."""
        for number, piece in enumerate(pieces):
            if number:
                while unread(*self.ends):
                    os.sched_yield()
            self.socket.sendall(piece)

    def begin(self):
        """An envelope."""
        for line in (b"MAIL FROM:<alice@lab.test>", b"RCPT TO:<carol@lab.test>", b"DATA"):
            answer = self.do(line)
        assert answer.startswith(b"354"), answer

    def close(self):
        """Without a word."""
        self.lines.close()
        self.socket.close()


class SmugglingTest(unittest.TestCase):
    """A mail program that was made to write such sequences; Postfix and Dovecot behind."""

    @classmethod
    def setUpClass(cls):
        need_product()
        if not postfix.available() or not dovecot.has_pop3():
            raise unittest.SkipTest("Postfix can only be started by root")
        if not CORPORA.is_dir():
            raise unittest.SkipTest("the corpora are missing")
        cls.lab = Lab(("alice", "sonia"), ("carol",))
        cls.addClassCleanup(cls.lab.stop)
        cls.lab.start()

    def setUp(self):
        self.lab.plan.arm()
        self.lab.plan.passed()
        self.tried = 0

    def nothing_left(self):
        """No transaction was begun with the provider, none of those words was handed over."""
        self.assertGreaterEqual(self.tried, 11 * 20)
        passed = self.lab.plan.passed()
        self.assertEqual([], self.lab.plan.taken)
        for word in (b"MAIL FROM", b"RCPT TO", b"mallory", b"glisse", b"clandestin"):
            self.assertNotIn(word, passed)
        self.assertEqual([], self.lab.stored("dave"))

    def refused(self, wire, pieces):
        """One submission in these segments: one answer, and the next command has its own."""
        self.tried += 1
        wire.begin()
        wire.segments(*pieces)
        answer = wire.reply()
        self.assertRegex(answer, rb"^550 5\.6\.0 .*\[SP-(LINE-END|NUL)\]", pieces)
        self.assertRegex(wire.do(b"NOOP"), b"^250", pieces)

    def each_sequence(self, tls, pieces):
        """Each sequence, cut at every place in and around it; into two, and in clear, at every place of the message."""
        wire = Wire(self.lab, tls)
        self.addCleanup(wire.close)
        self.assertEqual(11, len(sequences()))
        for name, sequence in sequences().items():
            whole = HEAD + sequence + SECOND + END
            begin, end = (1, len(whole) - 1) if pieces == 2 and not tls else (len(HEAD) - 1, len(HEAD) + len(sequence) + 1)
            for places in cuts(begin, end, pieces):
                with self.subTest(sequence=name, places=places):
                    bounds = [0, *places, len(whole)]
                    self.refused(wire, [whole[a:b] for a, b in itertools.pairwise(bounds)])
        self.nothing_left()

    def test_cut_in_two(self):
        for tls in (False, True):
            self.each_sequence(tls, 2)

    def test_cut_in_three(self):
        for tls in (False, True):
            self.each_sequence(tls, 3)

    def test_the_true_end_wherever_it_is_cut(self):
        """Each time one message, and it is the one that was written."""
        whole = HEAD + b"\r\n..\r\n..deux" + END
        count = 0
        for tls in (False, True):
            wire = Wire(self.lab, tls)
            self.addCleanup(wire.close)
            for pieces in (2, 3, 6):
                for places in cuts(len(whole) - len(END), len(whole) - 1 + (pieces == 6), pieces):
                    wire.begin()
                    wire.segments(*(whole[a:b] for a, b in itertools.pairwise([0, *places, len(whole)])))
                    self.assertRegex(wire.reply(), b"^250")
                    count += 1
        self.assertEqual([whole] * count, [taken.octets for taken in self.lab.plan.taken])
        stored = base.until(lambda: len(got := self.lab.stored("carol")) >= count and got, 60, "the letters")
        self.assertEqual(count, len(stored))
        for octets in stored:
            self.assertTrue(octets.endswith(b"\r\n\r\nune\r\n.\r\n.deux\r\n"), octets)
        self.lab.sweep("carol", "INBOX")

    def test_what_leaves_has_one_reading(self):
        """Dots at line starts, also where a write ends: sealed, signed, in clear; and as many letters arrive as were sent."""
        for sender, tag, letter in (("alice", "#med# ", "a"), ("alice", "", "b"), ("sonia", "", "c")):
            dots = ".\n..\n.x\n\n.\n" + "".join(f"{letter * (n % 61)}\n.\n" for n in range(6000)) + ".\n"
            message = mails.letter(PEOPLE[sender], PEOPLE["carol"], f"{tag}Points", dots)
            self.lab.smtp(sender).sendmail(PEOPLE[sender], [PEOPLE["carol"]], message)
            taken = self.lab.plan.taken[-1].octets
            self.assertTrue(strict(taken))
            self.assertEqual(tag == "", b"\r\n..\r\n..." in taken, f"{sender} {tag}")
        self.assertEqual(3, len(self.lab.plan.taken))
        base.until(lambda: len(self.lab.stored("carol")) == 3, 60, "the letters")

    def test_the_measure_of_what_leaves_can_fail(self):
        for good in (b"a\r\n.\r\n", b"..\r\n..a\r\n.\r\n"):
            self.assertTrue(strict(good), good)
        for bad in (b"a\n.\r\n.\r\n", b".\r\n.\r\n", b".a\r\n.\r\n", b"a\r.\r\n.\r\n", b"a\0\r\n.\r\n", b"a\r\n"):
            self.assertFalse(strict(bad), bad)
