"""A real keyring that is locked: what mail programs see meanwhile, how often somebody is asked, and that all opens without a new start."""
import smtplib
import unittest

from lab import base, imapline, keyring, mails, pki, servers, souspli

from common import need_product


class Desktop(souspli.Souspli):
    """A Souspli of a desktop session: its secrets rest in the session's keyring."""
    session = None

    def environment(self):
        return dict(self.session.environment(), RUST_BACKTRACE="1")


class KeyringCase(unittest.TestCase):
    """Alice's mailbox: 1 and 4 in clear, 2 and 3 sealed; her keyring locked, a window on her screen."""

    def setUp(self):
        need_product()
        if not keyring.available():
            self.skipTest("gnome-keyring is not installed")
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.folder = folder.path
        self.provider = servers.Provider(folder.path)
        self.addCleanup(self.provider.stop)
        self.provider.start()
        (folder.path / "k").mkdir()
        self.keyring = keyring.Keyring(folder.path / "k")
        self.addCleanup(self.keyring.stop)
        self.keyring.start()
        authority = pki.Authority(folder.path / "pki", "Autorité d'essai")
        alice, bob = (authority.doctor(n, f"Dr {n.capitalize()}", f"{n}@lab.test") for n in ("alice", "bob"))
        (folder.path / "s").mkdir()
        self.relay = Desktop(folder.path / "s", [self.provider.account("alice@lab.test")], [self.provider.tls.bundle])
        self.relay.session = self.keyring
        self.relay.furnish({"alice@lab.test": [alice]}, [bob], [authority.certificate])
        for number, sealed in enumerate((False, True, True, False), 1):
            letter = mails.letter("bob@lab.test", "alice@lab.test", f"Lettre {number}", "Bonjour,\n\nrésultat normal.\n")
            self.provider.store.append("alice@lab.test", mails.smime(letter, mails.signing(bob, "-nodetach"), mails.encrypting(alice)) if sealed else letter)
        self.keyring.lock()
        self.addCleanup(self.relay.stop)
        self.relay.start()

    def box(self):
        """A connection through Souspli with the mailbox open."""
        box = imapline.Imap(self.relay.imap, "alice@lab.test", "pw-alice")
        self.addCleanup(box.close)
        box.do("SELECT INBOX")
        return box

    def refused(self, box, command):
        """What came before a NO [UNAVAILABLE] that says what to do."""
        answers = []
        box.raw(b"r " + command.encode() + b"\r\n")
        while not (line := box.line()).startswith(b"r "):
            answers.append(line)
        self.assertRegex(line, rb"^r NO \[UNAVAILABLE\] .*trousseau.*\[SP-KEYRING-LOCKED\]")
        return b"".join(answers)

    def opened(self, box, numbers):
        """Those messages as they are read once the keys are there."""
        got = box.fetch(numbers, "UID RFC822.SIZE BODY.PEEK[]")
        for message in got.values():
            self.assertIn("résultat normal", mails.texts(mails.parse(message["BODY[]"])))
            self.assertEqual(int(message["RFC822.SIZE"]), len(message["BODY[]"]))
        return got


class LockedTest(KeyringCase):
    """Nobody is there, then somebody says no, then the keyring is opened."""

    def test_waiting_and_a_no(self):
        self.assertEqual(1, self.keyring.windows(), "asked once, at the start")
        waiting = self.box()
        waiting.raw(b"w1 UID FETCH 1:4 (UID BODY.PEEK[])\r\nw2 NOOP\r\nw3 UID FETCH 4 (BODY.PEEK[TEXT])\r\n")
        told = _until(waiting, b"* OK Souspli attend la cle")
        self.assertEqual(2, told.count(b"sultat normal"), "what is in clear comes at once")
        # Nobody else waits: another connection, a list of what is in clear.
        self.assertEqual({1, 4}, set(self.opened(self.box(), "1,4")))
        # Another program's download joins the window that is open.
        other = self.box()
        other.raw(b"o1 UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (Subject Content-Type)])\r\n")
        listed = _until(other, b"* OK Souspli attend la cle")
        self.assertEqual(2, listed.count(b"RFC822.SIZE"))
        self.assertEqual(1, self.keyring.windows())
        self.keyring.close_window()
        rest = _until(waiting, b"w3 ")
        self.assertRegex(rest, rb"(?s)(?:^|\n)w1 NO \[UNAVAILABLE\] .*w2 OK .*sultat normal")
        self.assertNotIn(b"pkcs7", rest + told)
        rest = _until(other, b"o1 ")
        self.assertIn(b"o1 NO [UNAVAILABLE]", rest)
        self.assertNotIn(b"pkcs7", rest + listed)
        self.assertEqual(1, self.keyring.windows())

    def test_after_a_no_only_a_reader_is_asked(self):
        self.keyring.close_window()
        box = self.box()
        self.refused(box, "UID FETCH 1:* (UID BODY.PEEK[])")
        asked = self.keyring.windows()
        for command in ("UID FETCH 1:* (UID BODY.PEEK[])", "UID FETCH 1:* (RFC822.SIZE)", "FETCH 2:3 (BODY.PEEK[HEADER])") * 4:
            self.assertNotIn(b"pkcs7", self.refused(box, command))
        self.assertEqual(asked, self.keyring.windows(), "a program asks nobody")
        self.refused(box, "UID FETCH 2 (BODY.PEEK[])")
        self.assertEqual(asked + 1, self.keyring.windows(), "somebody who reads does")
        for _ in range(20):
            self.refused(box, "UID FETCH 3 (BODY.PEEK[])")
        self.assertEqual(asked + 1, self.keyring.windows(), "twenty in a moment are a program")
        # A draft that may be for a tag is not stored in clear, and a letter is not sent.
        with self.assertRaisesRegex(imapline.Refused, "UNAVAILABLE"):
            box.do('APPEND "Drafts" ', mails.letter("alice@lab.test", "bob@lab.test", "#med# x", "y\n"))
        self.assertEqual([], self.provider.store.stored("alice@lab.test", "Drafts"))

    def test_it_opens_without_a_new_start(self):
        self.keyring.close_window()
        box = self.box()
        self.refused(box, "UID FETCH 2 (BODY.PEEK[])")
        self.keyring.unlock()
        asked = self.keyring.windows()
        # A download in the background is enough, a moment later: that it is open is seen without a question.
        first = self.opened(box, "1:*")
        self.assertEqual({1, 2, 3, 4}, set(first))
        self.assertEqual(asked, self.keyring.windows())
        self.assertEqual(first, self.opened(self.box(), "1:*"))
        self.relay.restart()
        self.assertEqual(first, self.opened(self.box(), "1:*"))


class SendingTest(KeyringCase):
    """A letter that is sent meanwhile: nothing leaves, and the doctor is told."""

    def test_nothing_leaves(self):
        self.keyring.close_window()
        client = smtplib.SMTP(base.LOOPBACK, self.relay.smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login("alice@lab.test", "pw-alice")
        letter = mails.letter("alice@lab.test", "bob@lab.test", "#med# Résultat", "Bonjour.\n")
        with self.assertRaises(smtplib.SMTPDataError) as refusal:
            client.sendmail("alice@lab.test", ["bob@lab.test"], letter)
        self.assertEqual(450, refusal.exception.smtp_code, refusal.exception.smtp_error)
        self.assertIn(b"SP-KEY-LOCKED", refusal.exception.smtp_error)
        self.keyring.unlock()
        client.sendmail("alice@lab.test", ["bob@lab.test"], letter)
        [arrived] = base.until(lambda: self.provider.store.stored("bob@lab.test"), 20, "the letter")
        self.assertIn(b"pkcs7-mime", arrived)


def _until(box, start):
    """Lines up to and with one that begins so."""
    lines = [box.line()]
    while not lines[-1].startswith(start):
        lines.append(box.line())
    return b"".join(lines)
