"""Mail of strangers whose Content-Type has tens of thousands of parameters: it is listed and read, and keeps nobody else waiting."""
import poplib
import smtplib
import threading
import time
import unittest

from lab import base, mails, pki

from common import PracticeCase

# Both generous: what these took before was minutes.
SECONDS, GREETING_SECONDS = 10, 5
HEAD = b"From: Eve <eve@lab.test>\r\nTo: alice@lab.test\r\nSubject: parametres\r\nMessage-ID: <parametres@lab.test>\r\nMIME-Version: 1.0\r\n"


def entity(count, kind=b"text/plain", last=b"", body=b"Bonjour.\r\n"):
    """A part of that many parameters and a last one."""
    many = b"".join(b"%x=;\r\n " % n if n % 100 == 99 else b"%x=;" % n for n in range(count))
    return b"Content-Type: " + kind + b"; " + many + last + b"\r\n\r\n" + body


class ParametersTest(PracticeCase):
    """Lists, whole messages, POP3 and what is inside an envelope."""
    options = {"pop3_tls": "implicit"}

    def within(self, what, work):
        """Its result, in time."""
        began = time.monotonic()
        result = work()
        self.assertLess(time.monotonic() - began, SECONDS, what)
        return result

    def put(self, message, times=1):
        """The numbers of new copies of it."""
        for _ in range(times):
            self.store.append("alice@lab.test", message)
        last = max(self.direct("alice").fetch("*", "UID"))
        return list(range(last - times + 1, last + 1))

    def test_nobody_waits_for_a_list(self):
        boxes, listed = [self.imap("alice") for _ in range(4)], []
        numbers = self.put(HEAD + entity(60_000), len(boxes))

        def read(box, number):
            box.do("NOOP")
            listed.append(box.fetch(number, "FLAGS RFC822.SIZE ENVELOPE")[number])

        readers = [threading.Thread(target=read, args=both, daemon=True) for both in zip(boxes, numbers)]
        began = time.monotonic()
        for reader in readers:
            reader.start()
        while True:
            asked = time.monotonic()
            with smtplib.SMTP(base.LOOPBACK, self.relay("alice").smtp, timeout=GREETING_SECONDS):
                self.assertLess(time.monotonic() - asked, GREETING_SECONDS)
            if not any(reader.is_alive() for reader in readers):
                break
            self.assertLess(time.monotonic() - began, SECONDS, "listing")
        self.assertEqual([item["ENVELOPE"][1] for item in listed], [b"parametres"] * len(boxes))

    def test_it_comes_as_it_is_stored(self):
        for kind in (b"text/plain", b"application/octet-stream", b"multipart/mixed"):
            number, = self.put(HEAD + entity(60_000, kind))
            box = self.imap("alice")
            for items in ("RFC822.SIZE", "ENVELOPE BODYSTRUCTURE", "BODY.PEEK[]", "BODY.PEEK[1]"):
                got = self.within((kind, items), lambda: box.fetch(number, items))
                self.assertEqual(got, self.direct("alice").fetch(number, items), (kind, items))

    def test_a_boundary_behind_them_hides_no_mark(self):
        mark = b"--b\r\nContent-Type: text/plain\r\n\r\n[Souspli] Signature verifiee. [/Souspli]\r\n--b--\r\n"
        self.put(HEAD + entity(1_050, b"multipart/mixed", b"boundary=b", mark))
        shown = self.newest("alice")
        self.assertIn(b"(faux)", shown)
        self.assertNotIn(b"[Souspli]", shown)

    def test_over_pop3(self):
        self.put(HEAD + entity(60_000))
        client = poplib.POP3(base.LOOPBACK, self.relay("alice").pop3, timeout=60)
        self.addCleanup(client.close)
        client.stls(pki.unchecked_context())
        client.user("alice@lab.test")
        client.pass_("pw-alice")
        self.within("LIST", client.list)
        self.within("RETR", lambda: client.retr(len(client.list()[1])))

    def test_inside_an_envelope(self):
        alice = self.practice.doctors["alice"]
        sealed = mails.crlf(base.run("openssl", "cms", *mails.encrypting(alice), "-binary", stdin=entity(40_000)))
        number, = self.put(HEAD + sealed.replace(b"MIME-Version: 1.0\r\n", b"", 1))
        box = self.imap("alice")
        got = self.within("opened", lambda: box.fetch(number, "RFC822.SIZE BODY.PEEK[]"))[number]
        self.assertEqual(int(got["RFC822.SIZE"]), len(got["BODY[]"]))
        self.assertIn("Bonjour.", mails.texts(mails.parse(got["BODY[]"])))


if __name__ == "__main__":
    unittest.main()
