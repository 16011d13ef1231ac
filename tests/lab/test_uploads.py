"""Odd uploads: what a mail program or a careless hand makes of a draft or a Sent copy is stored sealed, or refused in words that fit."""
from lab import imapline

from common import Canary, PracticeCase

ALICE, BOB = "alice@lab.test", "bob@lab.test"


def head(*fields, subject="#med# Lettre"):
    """A header; the fields are given as text."""
    lines = (f"From: {ALICE}", f"To: {BOB}", f"Subject: {subject}", *fields)
    return "".join(line + "\r\n" for line in lines).encode()


class UploadTest(PracticeCase):
    """Each row is one APPEND through the running program; what the provider stores is searched for the letter."""

    def setUp(self):
        self.canary = Canary()
        self.body = f"\r\n{self.canary.body}\r\n".encode()

    def stored(self):
        """Everything that the provider holds of alice's."""
        return b"".join(self.store.stored(ALICE, "INBOX"))

    def upload(self, message):
        """Through Souspli."""
        self.imap("alice", None).do('APPEND "INBOX" (\\Seen) ', message)

    def test_stored_sealed(self):
        tagged, plain = head(), head(subject="Lettre")
        deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(100))
        for name, message in {
            "tagged": tagged + self.body, "without a sender": b"Subject: #med# x\r\n" + self.body, "nothing but a header": tagged[:-2] + b" " + self.body.strip() + b"\r\n",
            "Unix lines": (tagged + self.body).replace(b"\r\n", b"\n"), "a NUL": tagged + self.body + b"\0\r\n", "nested": tagged + deep + self.body,
            "a blind copy": head("Bcc: zoe@mssante.fr", subject="Lettre") + self.body,
            "a group of raw letters": head('Cc: Confrères: "Zoé, x" <zoe@mssante.fr>;', subject="Lettre") + self.body,
            "an address with a route": head("Bcc: zoe%mssante.fr@lab.test", subject="Lettre") + self.body,
            "large": tagged + b"\r\n" + (b"y" * 70 + b"\r\n") * 60_000 + self.body,
        }.items():
            with self.subTest(name):
                before = len(self.store.stored(ALICE, "INBOX"))
                self.upload(message)
                self.arrived("alice", before + 1)
                self.assertEqual([], self.canary.found_in(self.stored()))
        self.upload(plain + self.body)
        self.assertEqual([self.canary.body], self.canary.found_in(self.stored()), "the search finds what is there")

    def test_what_is_not_offered_stores_nothing(self):
        letter = head() + self.body
        for name, before, behind in (
            ("two at once", b'x APPEND "INBOX" {%d}\r\n' % len(letter), b" {%d}\r\n" % len(letter) + letter),
            ("in pieces", b'x APPEND "INBOX" CATENATE (TEXT {%d}\r\n' % len(letter), b")"),
            ("as UTF-8", b'x APPEND "INBOX" UTF8 (~{%d}\r\n' % len(letter), b")"),
            ("as octets", b'x APPEND "INBOX" ~{%d}\r\n' % len(letter), b""),
        ):
            with self.subTest(name):
                box = self.imap("alice", None)
                count = len(self.store.stored(ALICE, "INBOX"))
                box.raw(before)
                if box.line().startswith(b"+"):
                    box.raw(letter + behind + b"\r\n")
                    said = [box.line(), box.line()] if name == "two at once" else [box.line()]
                    self.assertRegex(said[-1], rb"^x (NO|BAD) ")
                self.assertEqual(count, len(self.store.stored(ALICE, "INBOX")))
                self.assertEqual([], self.canary.found_in(self.stored()))

    def test_a_copy_that_is_not_stored_is_no_letter_that_was_not_sent(self):
        with self.assertRaises(imapline.Refused) as refused:
            self.upload(head("pas un champ") + self.body)
        said = str(refused.exception)
        self.assertIn("Message non enregistre dans ce dossier.", said)
        self.assertIn("S'il a deja ete envoye, ne le renvoyez pas. [SP-HEADER]", said)
        self.assertNotIn("non envoye", said)
        self.assertEqual([], self.canary.found_in(self.stored()))
