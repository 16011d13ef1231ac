"""Bad input, lying providers, a full disk, a port in use, broken configurations: a clear error, bounded memory, nothing lost."""
import concurrent.futures
import contextlib
import re
import smtplib
import socket
import unittest

from lab import base, imapline, imapstub, mails, pki, souspli

from common import PracticeCase, fill, need_product, small_disk

# Resident memory that no bad input may make it pass, in KiB (1 GiB: see base::limits).
MEMORY_MAX = 1 << 20


class BadInputTest(PracticeCase):
    """What a client or a stored message can bring."""

    def tearDown(self):
        relay = self.relay("alice")
        self.assertIsNone(relay.process.poll(), "it ended")
        self.assertLess(relay.memory_kib(), MEMORY_MAX)
        self.assertNotIn(b"panicked", relay.log.read_bytes())
        self.imap("alice").close()

    def plain(self, port):
        connection = socket.create_connection((base.LOOPBACK, port), 30)
        self.addCleanup(connection.close)
        return connection

    def flood(self, port, piece, count=400):
        """Sends much without a line end, until the other side has had enough; what it said."""
        connection = self.plain(port)
        said = connection.recv(4096)
        try:
            for _ in range(count):
                connection.sendall(piece)
            connection.sendall(b"\r\n")
            while (more := connection.recv(4096)):
                said += more
                if len(said) > 4096 or re.search(rb"(?m)^(5\d\d|\* BYE|\S+ BAD|\* BAD)", said):
                    break
        except OSError:
            pass
        return said

    def test_oversize_lines(self):
        for port in (self.relay("alice").smtp, self.relay("alice").imap):
            self.flood(port, b"A" * 65536)

    def test_oversize_literals(self):
        for size in (1 << 31, 1 << 63, 10 ** 30):
            connection = self.plain(self.relay("alice").imap)
            connection.recv(4096)
            connection.sendall(b"a LOGIN {%d}\r\n" % size)
            self.assertRegex(connection.recv(4096), rb"(?i)^(a (NO|BAD)|\* (BYE|BAD))")

    def test_oversize_append(self):
        box = self.imap("alice")
        box.raw(b'x APPEND "INBOX" {9000000000}\r\n')
        self.assertRegex(box.line(), rb"(?i)^(x (NO|BAD)|\* (BYE|BAD))")

    def test_oversize_message(self):
        client = self.smtp("alice")
        code, _ = client.docmd("MAIL FROM:<alice@lab.test> SIZE=9000000000")
        self.assertEqual(552, code)

    def test_garbage_after_login(self):
        box = self.imap("alice")
        box.raw(bytes(range(256)) * 20 + b"\r\n")
        self.assertRegex(box.line(), rb"(?i)(BAD|BYE)")

    def test_nested_parentheses(self):
        box = self.imap("alice")
        box.raw(b"n FETCH 1 (" + b"(" * 50000 + b"\r\n")
        self.assertRegex(box.line(), rb"(?i)(BAD|BYE)")

    def test_garbage_in_smtp(self):
        client = self.smtp("alice")
        code, _ = client.docmd("\x01\x02\x03")
        self.assertGreaterEqual(code, 500)
        code, _ = client.docmd("MAIL FROM:<a\x00b@c>")
        self.assertGreaterEqual(code, 500)

    def stored_and_read(self, message):
        """Puts it in the store; what comes through."""
        uid = self.store.append("alice@lab.test", message)
        got = self.imap("alice").fetch(uid, "UID RFC822.SIZE BODYSTRUCTURE BODY.PEEK[]")[uid]
        self.assertEqual(int(got["RFC822.SIZE"]), len(got["BODY[]"]))
        return got["BODY[]"]

    def sealed(self, entity_of):
        alice, bob = self.practice.doctors["alice"], self.practice.doctors["bob"]
        return mails.smime(entity_of, mails.signing(bob, "-nodetach"), mails.encrypting(alice))

    def test_ten_thousand_nested_parts(self):
        deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10000))
        head = b"From: bob@lab.test\r\nTo: alice@lab.test\r\nSubject: profond\r\nMIME-Version: 1.0\r\n"
        self.stored_and_read(self.sealed(head + deep + b"\r\nfond\r\n"))

    def test_ten_thousand_parts(self):
        parts = b"".join(b"--b\r\n\r\n%d\r\n" % n for n in range(10000))
        head = b"From: bob@lab.test\r\nTo: alice@lab.test\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        self.stored_and_read(self.sealed(head + parts + b"--b--\r\n"))

    def test_damaged_messages_lose_nothing(self):
        """Truncated and altered CMS: told to the doctor, the original attached."""
        whole = self.sealed(mails.letter("bob@lab.test", "alice@lab.test", "abîmée", "Bonjour\n" * 200))
        head, body = whole.split(b"\r\n\r\n", 1)
        for share in (0, 10, 50, 90, 99):
            cut = head + b"\r\n\r\n" + body[:len(body) * share // 100]
            got = mails.parse(self.stored_and_read(cut))
            self.assertIn("abîmée", got["Subject"])
            self.assertTrue(attached_original(got), "the original must be attached")
        middle = len(body) // 2
        flipped = body[:middle] + (b"A" if body[middle:middle + 1] != b"A" else b"B") + body[middle + 1:]
        got = mails.parse(self.stored_and_read(head + b"\r\n\r\n" + flipped))
        self.assertNotIn("verified", str(got.items()).lower())

    def test_sealed_for_another_key(self):
        bob = self.practice.doctors["bob"]
        message = mails.smime(mails.letter("bob@lab.test", "alice@lab.test", "pas pour moi", "Bonjour\n"), mails.encrypting(bob))
        got = mails.parse(self.stored_and_read(message))
        self.assertTrue(attached_original(got), "the original must be attached")


def attached_original(message):
    """The parts of a View that hold what was stored."""
    return [p for p in message.walk() if p.get_filename() in ("original.eml", "original.eml.bin", "smime.p7m") and p.is_attachment()]


class LyingProviderTest(unittest.TestCase):
    """A provider that lies, is silent or leaves: an answer or an end within a bounded time, never a wrong content."""

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        authority = pki.Authority(cls.folder.path / "pki", "Autorité d'essai")
        cls.alice = authority.doctor("alice", "Dr Alice ESSAI", "alice@lab.test")
        clear = mails.letter("alice@lab.test", "alice@lab.test", "scellée", "Contenu entier.\n" * 100)
        cls.message = mails.smime(clear, mails.signing(cls.alice, "-nodetach"), mails.encrypting(cls.alice))
        cls.authority = authority

    def through(self, fault):
        """A Souspli in front of a stub with that fault."""
        stub = imapstub.Stub([self.message], fault).start()
        self.addCleanup(stub.stop)
        place = self.folder.path / (fault or "honest")
        place.mkdir()
        account = souspli.account("alice@lab.test", stub.port, stub.port, smtp_tls="plain", imap_tls="plain")
        relay = souspli.Souspli(place, [account], [])
        relay.furnish({"alice@lab.test": [self.alice]}, [], [self.authority.certificate])
        relay.start()
        self.addCleanup(relay.stop)
        return relay

    def read(self, relay, seconds=40):
        with contextlib.closing(imapline.Imap(relay.imap, "alice@lab.test", "pw-alice", seconds=seconds)) as box:
            box.do("SELECT INBOX")
            return box.fetch(1, "UID RFC822.SIZE BODY.PEEK[]")

    def test_an_honest_stub_is_read(self):
        got = self.read(self.through(None))[1]
        self.assertIn(b"Contenu entier.", got["BODY[]"])

    def what_was_read(self, relay):
        """What came within ten seconds; a provider that only keeps silent is waited for longer than that."""
        try:
            return self.read(relay, 10)
        except (base.LabError, OSError):
            return {}

    def test_each_fault(self):
        relays = {fault: self.through(fault) for fault in imapstub.FAULTS}
        with concurrent.futures.ThreadPoolExecutor(len(relays)) as several:
            answers = dict(zip(relays, several.map(self.what_was_read, relays.values())))
        for fault, relay in relays.items():
            with self.subTest(fault=fault):
                for answer in answers[fault].values():
                    if "RFC822.SIZE" in answer and "BODY[]" in answer:
                        self.assertEqual(int(answer["RFC822.SIZE"]), len(answer["BODY[]"]))
                self.assertIsNone(relay.process.poll(), "it ended")
                self.assertLess(relay.memory_kib(), MEMORY_MAX)
                self.assertNotIn(b"panicked", relay.log.read_bytes())


class StartTest(unittest.TestCase):
    """What keeps it from starting is said, with what to do."""

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)

    def relay(self, name):
        place = self.folder.path / name
        place.mkdir()
        return souspli.Souspli(place, [souspli.account("alice@lab.test", 1, 1)], [])

    def refused(self, relay, *words):
        """`run` must end with status 1 and say those words, in French."""
        done = relay.attempt("run", "--headless", "--config", relay.config, seconds=30)
        said = done.stderr.decode()
        self.assertEqual(1, done.returncode, said)
        self.assertEqual(b"", done.stdout, "ready only when it can be used")
        for word in words:
            self.assertIn(word, said)
        return said

    def test_port_in_use(self):
        relay = self.relay("port")
        with socket.create_server((base.LOOPBACK, 0)) as taken:
            port = taken.getsockname()[1]
            text = relay.config.read_text().replace('smtp = "127.0.0.1:0"', f'smtp = "127.0.0.1:{port}"')
            relay.config.write_text(text)
            self.refused(relay, str(port))

    def test_no_place_for_secrets(self):
        relay = self.relay("secrets")
        (relay.folder / "passphrase").unlink()
        done = relay.attempt("key", "list")
        self.assertEqual(1, done.returncode)

    def test_not_on_loopback(self):
        relay = self.relay("loopback")
        relay.config.write_text(relay.config.read_text().replace('imap = "127.0.0.1:0"', 'imap = "0.0.0.0:0"'))
        self.refused(relay)

    def test_each_broken_key_is_said_with_its_line(self):
        """Every key of the commented default, given a value of a wrong type, and every table an unknown key."""
        relay = self.relay("keys")
        good = relay.config.read_text()
        self.assertEqual(0, relay.attempt("check", "--config", relay.config).returncode)
        for number, line in enumerate(good.splitlines(), 1):
            found = re.match(r"\s*(\w+)\s*=", line)
            broken = f"{found.group(1)} = {{ non = -1 }}" if found else f"{line}\ninconnue = 1" if line.startswith("[") else None
            if broken is None:
                continue
            with self.subTest(line=line):
                lines = good.splitlines()
                lines[number - 1] = broken
                relay.config.write_text("\n".join(lines) + "\n")
                done = relay.attempt("check", "--config", relay.config)
                self.assertEqual(1, done.returncode)
                expected = number if found else number + 1
                self.assertRegex((done.stdout + done.stderr).decode(), rf"\b{expected}\b")

    def test_the_commented_default_is_whole(self):
        """Each key of config/souspli.toml, commented out or not, is known to the program."""
        default = base.ROOT / "config" / "souspli.toml"
        relay = self.relay("default")
        # A "#" with no space behind it is an example; the file says so at its top.
        relay.config.write_text(re.sub(r"(?m)^#(?=[\[a-z])", "", default.read_text()))
        done = relay.attempt("check", "--config", relay.config)
        self.assertEqual(0, done.returncode, done.stderr.decode())


class FullDiskTest(unittest.TestCase):
    """A disk with no room: what was accepted is kept, the rest is refused, nothing is half written."""

    @classmethod
    def setUpClass(cls):
        small_disk(cls, 1)
        cls.practice.start()

    def test_sending_and_reading_on_a_full_disk(self):
        relay = self.practice.relays["alice"]
        base.until(lambda: b"started" in relay.cli("journal"), 20, "what the start writes")
        before = {f: f.read_bytes() for f in relay.home.rglob("*") if f.is_file()}
        fill(relay.home)
        sealed = mails.smime(mails.letter("bob@lab.test", "alice@lab.test", "s", "Texte entier.\n"),
                             mails.signing(self.practice.doctors["bob"]), mails.encrypting(self.practice.doctors["alice"]))
        self.practice.provider.store.append("alice@lab.test", sealed)
        box = imapline.Imap(relay.imap, "alice@lab.test", "pw-alice")
        self.addCleanup(box.close)
        box.do("SELECT INBOX")
        self.assertIn(b"Texte entier.", box.fetch("*", "UID BODY.PEEK[]").popitem()[1]["BODY[]"])
        # What cannot be remembered as sealed does not leave: its answer would be sent in clear.
        before_sending = len(self.practice.provider.smtp.accepted())
        with smtplib.SMTP(base.LOOPBACK, relay.smtp, timeout=60) as client:
            client.starttls(context=pki.unchecked_context())
            client.login("alice@lab.test", "pw-alice")
            with self.assertRaises(smtplib.SMTPResponseException) as refused:
                client.sendmail("alice@lab.test", ["bob@lab.test"], mails.letter("alice@lab.test", "bob@lab.test", "#med# s", "x\n"))
            for words in (b"Message non envoye.", b"Rien n'est parti.", b"[SP-DISK-FULL]"):
                self.assertIn(words, refused.exception.smtp_error)
            self.assertEqual(before_sending, len(self.practice.provider.smtp.accepted()))
            (relay.home / "filler").unlink()
            client.sendmail("alice@lab.test", ["bob@lab.test"], mails.letter("alice@lab.test", "bob@lab.test", "#med# s", "x\n"))
        events = [line.split(b"\t")[1] for line in relay.cli("journal").splitlines()]
        self.assertEqual([b"open", b"refuse", b"seal"], events[-3:], "what the full disk did not take waited")
        relay.cli("journal", "--verify")
        self.assertIsNone(relay.process.poll())
        for file, octets in before.items():
            if "key" in str(file) or "trust" in str(file) or "cert" in str(file):
                self.assertEqual(file.read_bytes(), octets, f"{file} was damaged")
