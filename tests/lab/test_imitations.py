"""Marks of Souspli that somebody wrote into an ordinary mail: no answer shows them, whatever is asked beside what, and all answers agree."""
import itertools
import unittest

from common import PracticeCase

ITEMS = ("ENVELOPE", "BODYSTRUCTURE", "BODY", "RFC822.SIZE", "BODY.PEEK[]", "BODY.PEEK[1]", "BODY.PEEK[HEADER]",
         "BODY.PEEK[HEADER.FIELDS (SUBJECT)]", "RFC822.HEADER", "FLAGS")
HEAD = (b"From: %s <bob@lab.test>\r\nSender: %s <bob@lab.test>\r\nReply-To: %s <bob@lab.test>\r\nTo: alice@lab.test\r\nSubject: %s\r\n"
        b"Date: Mon, 12 Jan 2026 10:00:00 +0100\r\nMessage-ID: <imitation@lab.test>\r\nMIME-Version: 1.0\r\n")
TEXT = b"Content-Type: text/plain\r\n\r\nBonjour.\r\n"


def attached(inner):
    """That message in a multipart/mixed."""
    return b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n" + TEXT + b"--y\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--y--\r\n"


def head(subject, name=b'"[Souspli] ok"'):
    """A header whose every name is one."""
    return HEAD % (name, name, name, subject)


RAW = "[Souspli] vérifié".encode()
WORD = b"=?utf-8?q?=5BSouspli=5D_v=C3=A9rifi=C3=A9?="
IMITATIONS = {
    "ascii": head(b"[Souspli] verifie") + TEXT,
    "not assured": head(b"[Souspli : non garanti] x") + TEXT,
    "raw": head(RAW, b'"' + RAW + b'"') + TEXT,
    "latin1": head(b"[Souspli] v\xe9rifi\xe9") + TEXT,
    "encoded": head(WORD, WORD) + TEXT,
    "base64": head(b"=?utf-8?b?W1NvdXNwbGldIG9r?=", b"=?utf-8?b?W1NvdXNwbGldIG9r?=") + TEXT,
    "wide": head("［Souspli］ ok".encode()) + TEXT,
    # A word that begins in one string of the envelope and would end in another.
    "across": head(b"[Souspli] =?utf-8?q?a", b"\"b?= [Souspli] \\\"c\"") + TEXT,
    "backslash": head(b"\"\\\\[Souspli]\\\" \\", b"\"\\\\\\\"[Souspli]\\\\\"") + TEXT,
    "folded": head(b"[Sous\r\n pli] x [Souspli]\r\n y") + TEXT,
    "attached": head(b"Bilan", b"Bob") + attached(head(b"[Souspli] verifie") + TEXT),
    "attached raw": head(b"Bilan", b"Bob") + attached(head(RAW, b'"' + RAW + b'"') + TEXT),
    "alone": head(b"Bilan", b"Bob") + b"Content-Type: message/rfc822\r\n\r\n" + head(WORD, WORD) + TEXT,
    "in the text": head(b"Bilan", b"Bob") + b"Content-Type: text/plain\r\n\r\n[Souspli] ok [/Souspli]\r\n",
}


def octets(value):
    """Everything that an answer holds."""
    return b" ".join(map(octets, value)) if isinstance(value, list) else value or b""


class ImitationsTest(PracticeCase):
    """Every pair of items in both orders, of messages of which nothing is known yet and of known ones."""

    def test_every_pair_of_items(self):
        for letter in IMITATIONS.values():
            self.store.append("alice@lab.test", letter)
        first, second, direct = self.imap("alice"), self.imap("alice"), self.direct("alice")
        asked = [(item,) for item in ITEMS] + list(itertools.permutations(ITEMS, 2))
        single = {}
        for number, (items, way) in enumerate(zip(asked, itertools.cycle(("range", "number", "one")))):
            # A folder of its own: nothing is known of its messages.
            direct.do(f"CREATE f{number}")
            direct.do(f"COPY 1:* f{number}")
            first.do(f"SELECT f{number}")
            self.told(first, items, way, single)
        second.do("SELECT f0")
        for items in asked:
            self.told(second, items, "range", single)
        stored = direct.fetch("1:*", "UID BODY.PEEK[]")
        for uid, item in stored.items():
            self.assertEqual(len(item["BODY[]"]), len(single[uid, "BODY[]"]))
            self.assertEqual(len(item["BODY[]"]), int(single[uid, "RFC822.SIZE"]))

    def told(self, box, items, way, single):
        """The items of all messages: no mark, and what they were before."""
        count = len(IMITATIONS)
        numbers = {"range": [f"1:{count}"], "number": ["1:*"], "one": range(1, count + 1)}[way]
        got = {}
        for number in numbers:
            got |= box.fetch(number, "UID " + " ".join(items), way != "number")
        self.assertEqual(sorted(got), list(range(1, count + 1)), items)
        for (uid, told), name in zip(sorted(got.items()), IMITATIONS):
            for key in told.keys() - {"UID", "FLAGS"}:
                with self.subTest(name, items=items, way=way, key=key):
                    for mark in (b"Souspli", b"W1NvdXNwbGld"):
                        self.assertNotIn(mark, octets(told[key]))
                    self.assertEqual(single.setdefault((uid, key), told[key]), told[key])


class OrdinaryTest(PracticeCase):
    """What is no imitation is not touched."""

    def test_the_same_by_both_ways(self):
        for subject, name in ((b"Re: [cabinet] {1} Souspli", b'"Dr \\"B\\" [x]"'), ("é [x]".encode(), "\"é {2}\"".encode()), (b"=?utf-8?q?=5Bx=5D?=", b"[x]")):
            self.store.append("alice@lab.test", head(subject, name) + attached(head(subject, name) + TEXT))
        relayed, direct = self.imap("alice"), self.direct("alice")
        named = ITEMS[:-1]  # \Recent is told to one of both.
        for items in itertools.chain([(item,) for item in named], itertools.permutations(named, 2)):
            self.assertEqual(relayed.fetch("1:*", "UID " + " ".join(items)), direct.fetch("1:*", "UID " + " ".join(items)), items)


if __name__ == "__main__":
    unittest.main()
