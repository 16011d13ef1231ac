"""What the home remembers of sealed letters, when the home itself fails: an answer never leaves in clear for that, and mail is read."""
import contextlib
import secrets
import shutil
import smtplib
import subprocess
import unittest

from lab import base, imapline, mails

from common import fill
from test_sending import ALICE, BOB, SendingCase


class MemoryCase(SendingCase):
    """Letters, and answers that nothing but the memory knows for what they are."""

    def setUp(self):
        super().setUp()
        self.home = self.relay("alice").home

    def sealed(self):
        """The identifier of a letter that alice sent sealed."""
        identifier = f"<{secrets.token_hex(8)}@lab.test>"
        self.submit("alice", mails.letter(ALICE, BOB, "#med# Lettre", "x\n", message_id=identifier), BOB)
        return identifier

    def received(self):
        """The same of one that came sealed and lies unread."""
        identifier, doctors = f"<{secrets.token_hex(8)}@lab.test>", self.practice.doctors
        letter = mails.letter(BOB, ALICE, "s", "Texte entier.\n", message_id=identifier)
        self.store.append(ALICE, mails.smime(letter, mails.signing(doctors["bob"]), mails.encrypting(doctors["alice"])))
        return identifier

    def read(self):
        """The newest letter, by a mail program."""
        with contextlib.closing(imapline.Imap(self.relay("alice").imap, ALICE, "pw-alice")) as box:
            box.do("SELECT INBOX")
            return box.fetch("*", "UID BODY.PEEK[]").popitem()[1]["BODY[]"]

    def answer(self, identifier):
        """Whether an answer without quotation or tag left; never in clear."""
        self.smtp_server.forget()
        self.canary = type(self.canary)()
        try:
            self.submit("alice", self.canary.letter("Re: Lettre", BOB, In_Reply_To=identifier), BOB)
        except smtplib.SMTPResponseException as refused:
            self.assertRegex(refused.smtp_error, rb"\[SP-[A-Z-]+\]")
            left = False
        else:
            left = True
        self.assertEqual([], self.canary.found_in(self.smtp_server.received()))
        return left


class LostTest(MemoryCase):
    """Files that go away while it runs: a disk that is unplugged, hands that tidy up."""

    def test_a_home_that_is_gone(self):
        identifier, away = self.sealed(), self.home.with_name("away")
        shutil.move(self.home, away)
        self.assertFalse(self.answer(identifier))
        self.home.mkdir(0o700)  # what is left where a disk was mounted
        self.assertFalse(self.answer(identifier))
        shutil.rmtree(self.home)
        shutil.move(away, self.home)
        self.assertTrue(self.answer(identifier))

    def test_a_file_that_is_gone(self):
        for damage in (lambda file: file.unlink(), lambda file: file.write_bytes(b""), lambda file: file.write_bytes(file.read_bytes()[:-60])):
            identifier = self.sealed()
            self.assertTrue(self.answer(identifier))
            damage(self.home / "threads")
            self.assertTrue(self.answer(identifier))
            self.relay("alice").restart()
            self.assertTrue(self.answer(identifier))

    def test_a_file_that_cannot_be_read_hides_no_mail(self):
        for name in ("threads", "letters"):
            with self.subTest(name):
                self.sealed()
                identifier = self.received()
                (self.home / name).rename(self.home / "aside")
                (self.home / name).mkdir()
                self.assertIn(b"Texte entier.", self.read())
                self.answer(identifier)
                (self.home / name).rmdir()
                (self.home / "aside").rename(self.home / name)
                self.assertTrue(self.answer(identifier))


class FullTest(MemoryCase):
    """A disk without room while letters are read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not base.is_root():
            raise unittest.SkipTest("a small file system can only be mounted by root")
        relay = cls.practice.relays["alice"]
        relay.stop()
        held = relay.home.with_name("held")
        shutil.move(relay.home, held)
        relay.home.mkdir(0o700)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(relay.home)], capture_output=True).returncode:
            raise unittest.SkipTest("this machine lets nobody mount a file system")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", str(relay.home)], check=True)
        shutil.copytree(held, relay.home, dirs_exist_ok=True)
        relay.start()

    def test_what_was_read_meanwhile_is_remembered_once_there_is_room(self):
        identifier = self.received()
        fill(self.home)
        self.assertIn(b"Texte entier.", self.read())
        self.answer(identifier)
        (self.home / "filler").unlink()
        self.received()
        self.read()
        self.relay("alice").restart()
        self.assertTrue(self.answer(identifier))
