"""A POP3 server that lies, is silent or leaves: an answer or an end within a bounded time, never a wrong content, nothing deleted."""
import base64
import time
import unittest

from lab import base, mails, pki, pop3line, pop3stub, souspli

from common import need_product

# Resident memory that no bad input may make it pass, in KiB (1 GiB: see base::limits).
MEMORY_MAX = 1 << 20
# Seconds that the provider may be silent here, and that any answer may take.
SILENCE, PATIENCE = 2, 40
# Faults under which the message still comes, and opened.
HARMLESS = {"capa-refused", "list-garbage", "list-lies", "uidl-refused", "uidl-garbage", "uidl-duplicate", "top-refused", "top-lies",
            "long-line", "status-lies", "silent-at-quit", "close-at-quit"}


# Faults under which it comes, and cannot be what was sent.
DAMAGING = {"nul", "dot-alone"}


class StubCase(unittest.TestCase):
    """Alice's Souspli in front of a stub."""

    @classmethod
    def setUpClass(cls):
        need_product()
        cls.folder = base.Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.authority = pki.Authority(cls.folder.path / "pki", "Autorité d'essai")
        cls.alice = cls.authority.doctor("alice", "Dr Alice ESSAI", "alice@lab.test")
        cls.tls = pki.Tls(cls.folder.path / "tls")
        cls.message = cls.sealed("Contenu entier.\n" * 100)
        cls.plain = mails.letter("bob@lab.test", "alice@lab.test", "ordinaire", "Bonjour\n.\nfin\n")

    @classmethod
    def sealed(cls, text):
        letter = mails.letter("alice@lab.test", "alice@lab.test", "scellée", text)
        return mails.smime(letter, mails.signing(cls.alice, "-nodetach"), mails.encrypting(cls.alice))

    def stub(self, messages, fault=None, **options):
        stub = pop3stub.Stub(messages, fault, **options).start()
        self.addCleanup(stub.stop)
        return stub

    def relay(self, stub, name, tls="plain"):
        """A started Souspli in front of it."""
        place = self.folder.path / name
        place.mkdir()
        account = souspli.account("alice@lab.test", stub.port, stub.port, smtp_tls="plain", imap_tls="plain", pop3=(stub.port, tls))
        relay = souspli.Souspli(place, [account], [self.tls.bundle], pop3=True, silence=SILENCE)
        relay.furnish({"alice@lab.test": [self.alice]}, [], [self.authority.certificate])
        relay.start()
        self.addCleanup(relay.stop)
        return relay

    def open(self, relay):
        box = pop3line.Pop3(relay.pop3, "alice@lab.test", "pw-alice", seconds=PATIENCE)
        self.addCleanup(box.close)
        return box


class FaultsTest(StubCase):
    """Each fault by itself."""

    def test_an_honest_stub_is_read(self):
        stub = self.stub([self.message, self.plain])
        box = self.open(self.relay(stub, "honest"))
        self.assertEqual(2, len(box.sizes()))
        self.assertIn(b"Contenu entier.", box.message(1))
        self.assertEqual(mails.crlf(self.plain), box.message(2))
        box.do("QUIT")

    def test_each_fault(self):
        self.assertGreaterEqual(len(pop3stub.FAULTS), 20)
        stub = self.stub([self.message, self.plain])
        relay = self.relay(stub, "faults")
        for fault in pop3stub.FAULTS:
            with self.subTest(fault=fault):
                # Other names: what was learnt under another fault says nothing of these.
                stub.fault, stub.names, stub.heard = fault, [f"{fault}-1", f"{fault}-2"], []
                began, got, failed = time.monotonic(), {}, None
                try:
                    box = self.open(relay)
                    if fault != "endless-message":
                        got["sizes"] = box.sizes()
                    got["sealed"] = box.message(1)
                    if fault == "ahead":
                        box.do("NOOP")
                        got["after"] = box.do("STAT")
                    box.do("QUIT")
                except (base.LabError, OSError) as error:
                    failed = error
                self.assertLess(time.monotonic() - began, PATIENCE)
                self.check(relay, stub, fault, got, failed)

    def check(self, relay, stub, fault, got, failed):
        view = verdict(got.get("sealed", b""))
        if fault in HARMLESS:
            self.assertTrue(view.startswith("verified") and b"Contenu entier." in got["sealed"], failed)
        elif fault in DAMAGING:
            self.assertRegex(view, "^(altered|unopenable)")
        else:
            self.assertRegex(str(failed), r"SP-POP3-|the connection ended")
        self.assertTrue(view or "sealed" not in got, "never the ciphertext")
        self.assertNotIn("after", got, "the answer to a command is never what came ahead of it")
        self.assertFalse([line for line in stub.heard if line.startswith("DELE")])
        self.assertIsNone(relay.process.poll(), "it ended")
        self.assertLess(relay.memory_kib(), MEMORY_MAX)
        self.assertNotIn(b"panicked", relay.log.read_bytes())


class TruthTest(StubCase):
    """What a server says does not change what a message is."""

    def test_octets_injected_before_tls_are_not_believed(self):
        """The provider's side of CVE-2011-0411."""
        stub = self.stub([self.plain], "injected", tls=self.tls.server_context())
        relay = self.relay(stub, "injected", "starttls")
        with self.assertRaisesRegex(pop3line.Refused, "SP-POP3-GARBLED"):
            self.open(relay)
        self.assertEqual(["STLS"], stub.heard, "no password")
        stub.fault = None
        self.assertEqual(mails.crlf(self.plain), self.open(relay).message(1))

    def test_a_unique_id_that_is_given_to_another_message(self):
        """The verdict of the one is not said of the other, nor is the one shown in place of the other."""
        other = self.message[:1500] + (b"A" if self.message[1500:1501] != b"A" else b"B") + self.message[1501:]
        stub = self.stub([self.message])
        relay = self.relay(stub, "reused")
        self.assertTrue(verdict(self.open(relay).message(1)).startswith("verified"))
        for message, wanted in ((other, "altered|unopenable"), (self.sealed("Autre contenu.\n"), "verified")):
            for restarted in (False, True):
                stub.messages = [message]
                self.assertRegex(verdict(self.open(relay).message(1)), wanted)
                if not restarted:
                    relay.restart()
        self.assertIn(b"Autre contenu.", self.open(relay).message(1))

    def test_sizes_once_read_are_those_of_views(self):
        """Whatever the server says: one that counts line feeds, or nonsense."""
        box = self.open(self.relay(self.stub([self.message, self.plain], "list-lies"), "sizes"))
        length = len(box.message(1))
        self.assertEqual(length, box.sizes()[1])
        self.assertEqual(f"2 {length + len(self.plain) // 3}", box.do("STAT"))

    def test_tokens_are_passed_on(self):
        stub = self.stub([self.plain])
        relay = self.relay(stub, "tokens")
        for mechanism, response in (("XOAUTH2", "user=alice@lab.test\x01auth=Bearer t0ken\x01\x01"),
                                    ("OAUTHBEARER", "n,a=alice@lab.test,\x01host=h\x01auth=Bearer t0ken\x01\x01")):
            encoded = base64.b64encode(response.encode()).decode()
            box = pop3line.Pop3(relay.pop3)
            self.addCleanup(box.close)
            box.do(f"AUTH {mechanism} {encoded}")
            self.assertIn(f"AUTH {mechanism} {encoded}", stub.heard)
            self.assertEqual(1, len(box.sizes()))

    def test_nothing_is_read_that_was_not_asked_for(self):
        """A server that hides what was read once: RETR is the client's alone, LIST and TOP read by TOP."""
        stub = self.stub([self.message, self.plain])
        box = self.open(self.relay(stub, "unread"))
        box.sizes()
        box.content("TOP 1 0")
        self.assertFalse([line for line in stub.heard if line.startswith("RETR")])
        box.message(1)
        self.assertEqual(["RETR 1"], [line for line in stub.heard if line.startswith("RETR")])

    def test_large_messages_stay_within_bounds(self):
        """Sealed and ordinary, from a server that announces no size."""
        filler = mails.pdf(["x"], 6 << 20)
        letter = mails.letter("alice@lab.test", "alice@lab.test", "grosse", "Contenu entier.\n", attachments=[("a.pdf", "application/pdf", filler)])
        sealed = mails.smime(letter, mails.signing(self.alice, "-nodetach"), mails.encrypting(self.alice))
        relay = self.relay(self.stub([sealed, letter]), "large")
        box = self.open(relay)
        self.assertEqual(filler, mails.attachment(mails.parse(box.message(1)), "a.pdf"))
        self.assertEqual(mails.crlf(letter), box.message(2))
        self.assertLess(relay.memory_kib(), MEMORY_MAX)


def verdict(view):
    """The field that says it."""
    return mails.parse(view)["X-Souspli-Verdict"] or ""
