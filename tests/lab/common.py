"""What the lab's tests share: a practice with Souspli in front of it, connections, the search for canaries."""
import base64
import os
import pathlib
import secrets
import smtplib
import subprocess
import unittest

from lab import base, dovecot, imapline, mails, pki, servers, souspli

CORPORA = pathlib.Path(os.environ.get("SOUSPLI_CORPORA", base.ROOT.parent / "shared" / "corpora"))


def need_product():
    """Skips when something that the test stands on is not there."""
    if souspli.binary() is None:
        raise unittest.SkipTest("souspli has not been built")
    if not dovecot.available():
        raise unittest.SkipTest("Dovecot is not installed")


def fill(folder):
    """Writes until the file system is full."""
    with open(pathlib.Path(folder) / "filler", "wb", buffering=0) as out:
        try:
            while True:
                os.write(out.fileno(), b"\0" * 4096)
        except OSError:
            pass


def small_disk(case, megabytes):
    """A practice, for a class of tests, in which Alice's home is a disk of that size; nothing runs yet."""
    need_product()
    if not base.is_root():
        raise unittest.SkipTest("a small file system can only be mounted by root")
    case.practice = servers.Practice()
    case.addClassCleanup(case.practice.stop)
    home = case.practice.relays["alice"].home
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(home)], capture_output=True).returncode:
        raise unittest.SkipTest("this machine lets nobody mount a file system")
    case.addClassCleanup(subprocess.run, ["umount", "-l", str(home)], check=True)


class PracticeCase(unittest.TestCase):
    """A class of tests with doctors alice and bob at one provider, a Souspli each."""
    options = {}

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.practice = servers.Practice(**cls.options)
        cls.addClassCleanup(cls.practice.stop)
        cls.practice.start()
        cls.provider, cls.store = cls.practice.provider, cls.practice.provider.store

    def relay(self, name):
        """That doctor's Souspli."""
        return self.practice.relays[name]

    def imap(self, name, mailbox="INBOX"):
        """A connection through Souspli."""
        box = imapline.Imap(self.relay(name).imap, f"{name}@lab.test", f"pw-{name}")
        self.addCleanup(box.close)
        if mailbox:
            box.do(f'SELECT "{mailbox}"')
        return box

    def direct(self, name, mailbox="INBOX"):
        """A connection to the provider."""
        box = imapline.Imap(self.store.imaps, f"{name}@lab.test", f"pw-{name}", secure="implicit")
        self.addCleanup(box.close)
        box.do(f'SELECT "{mailbox}"')
        return box

    def smtp(self, name):
        """A submission connection through Souspli, logged in."""
        client = smtplib.SMTP(base.LOOPBACK, self.relay(name).smtp, timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=pki.unchecked_context())
        client.login(f"{name}@lab.test", f"pw-{name}")
        return client

    def submit(self, name, message, *recipients):
        """Sends as a mail program does; smtplib's exceptions when refused."""
        self.smtp(name).sendmail(f"{name}@lab.test", list(recipients), message, mail_options=["BODY=8BITMIME"])

    def newest(self, name, mailbox="INBOX"):
        """The last message of a mailbox as the mail program gets it."""
        box = self.imap(name, mailbox)
        fetched = box.fetch("*", "UID BODY.PEEK[]")
        return fetched[max(fetched)]["BODY[]"]

    def arrived(self, name, count, mailbox="INBOX"):
        """What is stored for that doctor once there are `count` messages."""
        return base.until(lambda: len(got := self.store.stored(f"{name}@lab.test", mailbox)) >= count and got, 20, f"{count} messages for {name}")


class Canary:
    """Words that occur nowhere else, for a body, an attachment's name and a subject."""

    def __init__(self):
        self.body, self.name, self.subject = (f"Canari{secrets.token_hex(8)}" for _ in range(3))

    @property
    def words(self):
        """All of them."""
        return {self.body, self.name, self.subject}

    def letter(self, subject, to, sender="alice@lab.test", **more):
        """A letter that carries them."""
        pdf = mails.pdf(["x"])
        return mails.letter(sender, to, f"{subject} {self.subject}", f"Bonjour,\n\n{self.body}\n", attachments=[(f"{self.name}.pdf", "application/pdf", pdf)], **more)

    def found_in(self, octets):
        """Which of them occur, in clear, in base64 at any alignment, or broken by a soft line end."""
        joined = octets.replace(b"=\r\n", b"").replace(b"=\n", b"")
        packed = octets.replace(b"\r", b"").replace(b"\n", b"")
        return [word for word in sorted(self.words) if _occurs(word.encode(), joined, packed)]


def _occurs(word, joined, packed):
    if word.lower() in joined.lower():
        return True
    return any(piece in packed for piece in _base64_forms(word))


def _base64_forms(word):
    """What base64 of any text that holds the word must contain, for the three alignments."""
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + word).rstrip(b"=")
        # The first and last characters also depend on the neighbours.
        yield coded[(0, 2, 3)[shift]:-2]
